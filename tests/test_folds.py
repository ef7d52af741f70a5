"""Cross-validation: every line is predicted once by a model that never saw its article; a broken-off run goes on; suspects."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import run_script

from tema.comparison import Comparison, joined, read_rows, write_rows
from tema.corpus import Corpus, examples, load_corpus
from tema.errors import InputError, OutputError
from tema.evaluation import Prediction
from tema.folds import cross_validate, read_folds
from tema.job import Sides
from tema.peers import plain_fine_tuning, setfit
from tema.settings import Settings, load_settings
from tema.splits import split_articles
from tema.suspects import suspects


@pytest.fixture(scope="module")
def settings(workshop: Path) -> Settings:
    return load_settings(workshop / "tiny.yaml", ["training.epochs=5"])


@pytest.fixture(scope="module")
def corpus(settings: Settings) -> Corpus:
    return load_corpus(settings.data)


def guessed(corpus: Corpus, articles: list[int]) -> Comparison:
    lines = examples(corpus, articles)
    rng = np.random.default_rng(0)
    return Comparison(lines, {name: Prediction(lines.labels, rng.random(lines.labels.shape).round(6)) for name in ("a", "b")})


def test_folds_when_run_then_every_line_once_and_scores_beside_peers(workshop: Path, tmp_path: Path) -> None:
    result = run_script(
        "train.py", "--config", workshop / "tiny.yaml", "--output", tmp_path / "m", "--folds", "3",
        "--set", "training.epochs=4", "--peers",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "SetFit" in result.stdout
    assert "lead over plain fine-tuning" in result.stdout
    folder = tmp_path / "m-folds"
    rows = [json.loads(row) for file in folder.glob("fold-*.jsonl") for row in file.read_text().splitlines()]
    places = [(row["article_id"], row["line"]) for row in rows]
    assert len(places) == len(set(places)) == 300
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert (
        metrics["scores"]["fine-tuned encoder"]["micro"]["f1"]["value"]
        > metrics["scores"]["always empty"]["micro"]["f1"]["value"]
    )
    assert set(metrics["differences"]) == set(metrics["scores"]) - {"fine-tuned encoder"}


def test_folds_when_broken_off_then_resume_keeps_the_finished_ones(settings: Settings, corpus: Corpus, tmp_path: Path) -> None:
    seen: list[int] = []

    def breaks(_: Settings, __: Corpus, sides: Sides) -> Prediction:
        seen.append(len(sides.test))
        if len(seen) == 2:
            raise KeyboardInterrupt
        return Prediction(sides.test.labels, sides.test.labels.astype(float))

    with pytest.raises(KeyboardInterrupt):
        cross_validate(settings, corpus, 3, {"peer": breaks}, tmp_path / "f", False, True)
    with pytest.raises(OutputError, match="no finished cross-validation"):
        read_folds(tmp_path / "f")
    cross_validate(settings, corpus, 3, {"peer": breaks}, tmp_path / "f", True, True)
    assert len(seen) == 4  # one whole, one broken, two after
    assert len(read_folds(tmp_path / "f")[1].lines) == 300
    for folds, peers in ((5, {"peer": breaks}), (3, {})):
        with pytest.raises(OutputError, match="other settings, data, folds or peers"):
            cross_validate(settings, corpus, folds, peers, tmp_path / "f", True, True)


def test_folds_when_resumed_with_other_settings_then_refused(settings: Settings, corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_text("other", encoding="utf-8")
    with pytest.raises(OutputError, match="other settings, data, folds or peers"):
        cross_validate(settings, corpus, 3, {}, tmp_path, True, True)


def test_folds_when_folder_is_somebody_elses_then_left_alone(settings: Settings, corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="will not be overwritten"):
        cross_validate(settings, corpus, 3, {}, tmp_path, False, True)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_rows_when_written_and_read_then_the_same(corpus: Corpus, tmp_path: Path) -> None:
    before = joined([guessed(corpus, [3, 1]), guessed(corpus, [2])])
    write_rows(tmp_path / "rows.jsonl", corpus, before)
    after = read_rows(tmp_path / "rows.jsonl", corpus)
    assert after.lines.texts == before.lines.texts
    for name, said in before.predictions.items():
        assert np.array_equal(after.predictions[name].given, said.given)
        assert np.allclose(after.predictions[name].probabilities, said.probabilities)


def test_rows_when_the_corpus_has_changed_then_said(corpus: Corpus, tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", corpus, guessed(corpus, [0]))
    with pytest.raises(InputError, match="row 1: the corpus has no line 0 of article 't00'"):
        read_rows(tmp_path / "rows.jsonl", Corpus(corpus.themes, corpus.articles[1:]))


def test_suspects_when_two_labels_are_wrong_then_they_come_first(corpus: Corpus) -> None:
    lines = examples(corpus, range(10))
    probabilities = np.where(lines.labels, 0.9, 0.1)
    wrong = lines.labels.copy()
    wrong[4, 0], wrong[7, 1] = ~wrong[4, 0], ~wrong[7, 1]
    comparison = Comparison(type(lines)(lines.texts, wrong, lines.articles, lines.lines), {"m": Prediction(wrong, probabilities)})
    found = suspects(corpus, comparison, 2)
    assert {found[0].text, found[1].text} == {lines.texts[4], lines.texts[7]}
    assert all(len(suspect.missing) + len(suspect.unfounded) == 1 for suspect in found)


def test_peers_when_words_decide_then_they_learn_something(settings: Settings, corpus: Corpus) -> None:
    split = split_articles(corpus, settings.split, 1)
    sides = Sides(*(examples(corpus, side) for side in (split.train, split.validation, split.test)))
    for peer in (plain_fine_tuning, setfit):
        said = peer(settings, corpus, sides)
        assert said.given.shape == sides.test.labels.shape
        assert said.probabilities.std() > 0
