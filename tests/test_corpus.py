"""Labelled text: what is right is read, what is wrong is told with its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import make_labelled_articles, themes_file

from tema.corpus import examples, load_corpus
from tema.errors import CorpusError
from tema.settings import load_settings
from tema.themes import load_themes, themes_yaml

Write = Callable[[str, str | bytes], Path]
CONFIG = Path(__file__).resolve().parents[1] / "configs" / "quick.yaml"


def article(key: str, *lines: tuple[str, list[str]], kind: str = "body") -> str:
    rows = [{"text": text, "kind": kind, "themes": themes} for text, themes in lines]
    return json.dumps({"article_id": key, "title": "t", "lines": rows, "meta": {}})


def load(tmp_path: Path, task: str = "multilabel", **data: Any) -> Any:
    overrides = [f"data.{key}={json.dumps(value)}" for key, value in data.items()]
    return load_corpus(load_settings(CONFIG, overrides).data, task)


def load_articles(tmp_path: Path, *rows: str) -> Any:
    (tmp_path / "a.jsonl").write_text("\n".join(rows), encoding="utf-8")
    return load(tmp_path, articles=str(tmp_path / "a.jsonl"), themes=str(themes_file(tmp_path)))


def test_load_when_articles_are_right_then_examples_have_labels_in_theme_order(tmp_path: Path) -> None:
    corpus = load(tmp_path, articles=str(make_labelled_articles(tmp_path / "articles")), themes=str(themes_file(tmp_path)))
    lines = examples(corpus, [3])
    assert corpus.theme_ids == ["integrity", "discipline", "neutrality"]
    assert lines.labels.shape == (6, 3)  # the article's seventh line is boilerplate
    assert [("netral" in text) for text in lines.texts] == lines.labels[:, 2].tolist()


def test_load_when_label_is_unknown_then_row_label_and_nearest(tmp_path: Path) -> None:
    with pytest.raises(
        CorpusError, match=r"a.jsonl:2 line 1: unknown label 'integrty'. Did you mean 'integrity'\? Known: integrity,"
    ):
        load_articles(tmp_path, article("a", ("x", [])), article("b", ("y", ["integrty"])))


def test_load_when_article_id_comes_twice_then_both_places(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"a.jsonl:2: article_id 'a' was given before at .*a.jsonl:1"):
        load_articles(tmp_path, article("a", ("x", [])), article("a", ("y", [])))


def test_load_when_the_same_article_has_two_ids_then_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="the same article twice"):
        load_articles(tmp_path, article("a", ("x", []), ("y", [])), article("b", ("x", []), ("y", [])))


def test_load_when_theme_has_two_positives_then_refused(tmp_path: Path) -> None:
    rows = [article(str(i), (f"x{i}", ["integrity", "discipline"])) for i in range(3)]
    rows += [article(f"n{i}", (f"n{i}", ["neutrality"])) for i in range(2)]
    with pytest.raises(CorpusError, match="theme 'neutrality' has 2 positive examples, at least 3 are needed"):
        load_articles(tmp_path, *rows)


def test_load_when_all_labels_are_empty_then_said(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="all labels are empty"):
        load_articles(tmp_path, article("a", ("x", [])), article("b", ("y", [])))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("{", "a.jsonl:1: not valid JSON"),
        ("[]", "expected an object with article_id"),
        ('{"article_id": 1, "title": "", "lines": []}', "'article_id' must be a str, found 1"),
        (article("a", ("x", []), kind="footer"), "kind 'footer' is not one of headline, body, boilerplate"),
        (article("a", (" ", [])), "expected an object with a text that is not empty"),
        (article("a", ("x", ["integrity"]), kind="boilerplate"), "boilerplate carries no theme"),
    ],
)
def test_load_when_row_is_malformed_then_file_and_line_are_told(tmp_path: Path, row: str, words: str) -> None:
    with pytest.raises(CorpusError, match=words):
        load_articles(tmp_path, row)


def test_load_when_folder_is_missing_then_said(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no labelled articles .* name them with data.articles"):
        load(tmp_path, articles=str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        (
            "text,label\n" + "".join(f"t{i},{label}\n" for i, label in enumerate(["a|b", "a", "b", "", "a", "b"])),
            {"label_column": "label"},
        ),
        (
            "text,a,b\n" + "".join(f"t{i},{row}\n" for i, row in enumerate(["1,1", "1,0", "0,1", "0,0", "1,0", "0,1"])),
            {"label_columns": ["a", "b"]},
        ),
    ],
    ids=["separated list", "0/1 columns"],
)
def test_load_when_table_is_flat_then_labels_are_the_same(
    write: Write, tmp_path: Path, content: str, columns: dict[str, Any]
) -> None:
    corpus = load(tmp_path, articles=None, table=str(write("t.csv", content)), themes=None, **columns)
    assert examples(corpus, range(6)).labels.astype(int).tolist() == [[1, 1], [1, 0], [0, 1], [0, 0], [1, 0], [0, 1]]


def test_load_when_multiclass_row_has_two_labels_then_refused(write: Write, tmp_path: Path) -> None:
    table = str(write("t.jsonl", '{"text": "x", "label": ["a", "b"]}\n'))
    with pytest.raises(CorpusError, match="t.jsonl row 1: task multiclass needs exactly one label, found .'a', 'b'."):
        load(tmp_path, "multiclass", articles=None, table=table, label_column="label", themes=None)


def test_load_when_label_column_is_missing_then_named(write: Write, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no column 'lable'. Did you mean 'label'\?"):
        load(tmp_path, articles=None, table=str(write("t.csv", "text,label\nx,a\n")), label_column="lable", themes=None)


def test_load_when_0_1_column_holds_words_then_named(write: Write, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="row 1: label column 'a' must be 0 or 1, found 'yes'"):
        load(tmp_path, articles=None, table=str(write("t.csv", "text,a\nx,yes\n")), label_columns=["a"], themes=None)


def test_load_when_multiclass_articles_have_lines_without_a_label_then_refused(tmp_path: Path) -> None:
    rows = "\n".join(article(str(i), (f"x{i}", ["integrity"]), (f"y{i}", [])) for i in range(3))
    (tmp_path / "a.jsonl").write_text(rows, encoding="utf-8")
    with pytest.raises(CorpusError, match="a.jsonl:1: task multiclass needs exactly one label, found .. on 'y0'"):
        load(tmp_path, "multiclass", articles=str(tmp_path / "a.jsonl"), themes=str(themes_file(tmp_path)))


def test_load_when_labels_are_odd_words_then_their_themes_file_can_be_read_again(write: Write, tmp_path: Path) -> None:
    labels = ["Kejujuran (integritas)", "Pelayanan: publik", "#jujur", "+", "Épice"]
    table = write(
        "t.jsonl", "".join(json.dumps({"text": f"t{i}", "label": [label]}) + "\n" for label in labels for i in range(3))
    )
    corpus = load(tmp_path, articles=None, table=str(table), label_column="label", themes=None)
    (tmp_path / "themes.yaml").write_text(themes_yaml(corpus.themes), encoding="utf-8")
    assert [theme.id for theme in load_themes(tmp_path / "themes.yaml")] == sorted(labels)


def test_load_when_rows_have_a_group_and_a_side_then_groups_are_articles_with_a_side(write: Write, tmp_path: Path) -> None:
    rows = "text,label,doc,side\n" + "".join(f"t{i},a,d{i // 2},{'train' if i < 4 else 'test'}\n" for i in range(6))
    options: dict[str, Any] = {
        "articles": None,
        "table": str(write("t.csv", rows)),
        "label_column": "label",
        "group_column": "doc",
        "themes": None,
    }
    corpus = load(tmp_path, **options, split_column="side")
    assert [(a.article_id, len(a.lines), a.side) for a in corpus.articles] == [
        ("d0", 2, "train"),
        ("d1", 2, "train"),
        ("d2", 2, "test"),
    ]
    with pytest.raises(CorpusError, match="side is 'dev', expected one of train, validation, test"):
        load(tmp_path, **{**options, "table": str(write("u.csv", rows.replace("test", "dev")))}, split_column="side")


def test_load_when_table_label_is_unknown_then_row_label_and_nearest(write: Write, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"t.csv row 1: unknown label 'disiplin'. Did you mean 'discipline'\?"):
        load(
            tmp_path,
            articles=None,
            table=str(write("t.csv", "text,label\nx,disiplin\n")),
            label_column="label",
            themes=str(themes_file(tmp_path)),
        )


def test_load_themes_when_colour_is_no_colour_then_said(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("themes: [{id: a}, {id: b, color: 'red;background:url(//x)'}]", encoding="utf-8")
    with pytest.raises(CorpusError, match="theme 2 .b.: 'color' must be written like"):
        load_themes(tmp_path / "t.yaml")


def test_load_themes_when_they_have_no_colours_then_neighbours_differ(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("themes: [{id: a}, {id: b}, {id: c}]", encoding="utf-8")
    assert len({theme.color for theme in load_themes(tmp_path / "t.yaml")}) == 3


@pytest.mark.parametrize(
    "content", ["themes: 5", "themes: [{id: a, name: [b]}]", "themes: [{id: a, cues: 5}]", "- x", "themes: [{name: a}]"]
)
def test_load_themes_when_file_is_malformed_then_said(tmp_path: Path, content: str) -> None:
    (tmp_path / "t.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(CorpusError, match="t.yaml"):
        load_themes(tmp_path / "t.yaml")
