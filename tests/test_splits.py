"""Articles and near-duplicates stay on one side; the seed governs the division."""

from __future__ import annotations

from pathlib import Path

from conftest import make_labelled_articles, themes_file

from tema.corpus import Corpus, LabelledArticle, LabelledLine, load_corpus
from tema.settings import SplitSettings, load_settings
from tema.splits import duplicate_groups, fold_splits, split_articles
from tema.themes import Theme

CONFIG = Path(__file__).resolve().parents[1] / "configs" / "quick.yaml"
SPLIT = SplitSettings()
LONG = "Bupati meminta seluruh pegawai menolak pemberian dalam bentuk apa pun dari rekanan proyek pemerintah daerah"


def made_corpus(tmp_path: Path, n_articles: int = 40) -> Corpus:
    folder = make_labelled_articles(tmp_path / "articles", n_articles)
    data = load_settings(CONFIG, [f"data.articles={folder}", f"data.themes={themes_file(tmp_path)}"]).data
    return load_corpus(data)


def lines_corpus(*articles: list[str]) -> Corpus:
    made = [
        LabelledArticle(str(i), "", tuple(LabelledLine(text, "body", frozenset({"a"})) for text in texts), f"row {i}")
        for i, texts in enumerate(articles)
    ]
    return Corpus((Theme("a", "a"),), tuple(made))


def test_split_when_done_then_every_article_is_on_one_side(tmp_path: Path) -> None:
    corpus = made_corpus(tmp_path)
    split = split_articles(corpus, SPLIT, 1)
    assert sorted(split.train + split.validation + split.test) == list(range(40))
    assert min(len(split.validation), len(split.test)) >= 4


def test_split_when_seed_is_the_same_then_same_and_when_other_then_other(tmp_path: Path) -> None:
    corpus = made_corpus(tmp_path)
    assert split_articles(corpus, SPLIT, 1) == split_articles(corpus, SPLIT, 1)
    assert split_articles(corpus, SPLIT, 1) != split_articles(corpus, SPLIT, 2)


def test_groups_when_articles_share_a_near_duplicate_line_then_one_group() -> None:
    other = "Camat menyerahkan laporan panen kepada kepala dinas pertanian di balai desa kemarin sore"
    groups = duplicate_groups(lines_corpus([LONG, "x"], [other], [LONG + " tersebut", "y"]), 0.7)
    assert groups[0] == groups[2] != groups[1]


def test_groups_when_lines_are_short_or_only_alike_in_topic_then_apart() -> None:
    groups = duplicate_groups(
        lines_corpus(
            ["Baca juga ini", "x"], ["Baca juga ini", "y"], [LONG], [LONG.replace("pegawai", "guru honorer di sekolah")]
        ),
        0.7,
    )
    assert len(set(groups.tolist())) == 4


def test_split_when_near_duplicates_abound_then_none_is_divided() -> None:
    pairs = [
        [f"Pegawai nomor {i} datang pukul tujuh lebih {i} menit lalu menolak amplop {i} dari rekanan {i} di loket {i}"]
        for i in range(20)
    ]
    corpus = lines_corpus(*pairs, *pairs)
    split = split_articles(corpus, SPLIT, 3)
    for side in (split.train, split.validation, split.test):
        assert {i % 20 for i in side} & {i % 20 for i in range(40) if i not in side} == set()


def test_folds_when_made_then_each_article_is_tested_once_and_never_trained_on_then(tmp_path: Path) -> None:
    splits = fold_splits(made_corpus(tmp_path), SPLIT, 4, 1)
    assert sorted(i for split in splits for i in split.test) == list(range(40))
    for split in splits:
        assert sorted(split.train + split.validation + split.test) == list(range(40))


def test_groups_when_pairs_are_only_just_near_duplicates_then_nearly_all_are_found() -> None:
    words = [f"kata{i}" for i in range(4000)]
    texts = [" ".join(words[i * 40 : i * 40 + 40]) for i in range(60)]
    changed = [text.replace(f"kata{i * 40 + 20} ", "lain ") for i, text in enumerate(texts)]  # 33 of 41 shingles in common: 0.80
    groups = duplicate_groups(lines_corpus(*[[text] for text in texts + changed]), 0.7)
    assert sum(groups[i] == groups[i + 60] for i in range(60)) >= 58


def test_groups_when_single_short_rows_are_identical_then_one_group() -> None:
    groups = duplicate_groups(lines_corpus(["hotel bersih"], ["Hotel bersih"], ["hotel kotor"]), 0.7)
    assert groups[0] == groups[1] != groups[2]
