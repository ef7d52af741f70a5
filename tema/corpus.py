"""Labelled text: article files or a flat table in, a checked `Corpus` out.

`data/articles/*.jsonl` hold one article a line: `{"article_id", "title", "lines": [{"text", "kind", "themes"}], "meta"}`.
A flat table is read as articles too: rows with the same value in the group column are one article, else each row is.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tema.articles import KINDS
from tema.errors import CorpusError, InputError, nearest
from tema.settings import DataSettings
from tema.tables import read_rows
from tema.themes import Theme, colour, load_themes

FEWEST_POSITIVES = 3
SIDES = ("train", "validation", "test")


@dataclass(frozen=True)
class LabelledLine:
    """One line of an article with the ids of its themes."""

    text: str
    kind: str
    themes: frozenset[str]


@dataclass(frozen=True)
class LabelledArticle:
    """One labelled article; `place` says where it was read (file and line), `side` is a split fixed by the data."""

    article_id: str
    title: str
    lines: tuple[LabelledLine, ...]
    place: str
    meta: Mapping[str, Any] = field(default_factory=dict)
    side: str | None = None


@dataclass(frozen=True)
class Corpus:
    """Labelled articles and the themes that their labels come from, in the order of the model's outputs."""

    themes: tuple[Theme, ...]
    articles: tuple[LabelledArticle, ...]

    @property
    def theme_ids(self) -> list[str]:
        return [theme.id for theme in self.themes]


@dataclass(frozen=True)
class Examples:
    """Lines ready for a model: texts, `labels` (n, n_themes) bool, `articles` (n,) the number of each line's article in the
    corpus, `lines` (n,) its number in the article, from 0."""

    texts: list[str]
    labels: np.ndarray
    articles: np.ndarray
    lines: np.ndarray

    def __len__(self) -> int:
        return len(self.texts)


def load_corpus(data: DataSettings, task: str = "multilabel") -> Corpus:
    """Read and check the labelled text that the settings name.

    Raises CorpusError for unknown labels, an article given twice, a theme with too few examples, and files that cannot be read.
    """
    themes = load_themes(data.themes) if data.themes else None
    known = [theme.id for theme in themes] if themes else None
    if data.table is not None:
        articles = tuple(_read_table(Path(data.table), data, known))
    else:
        articles = tuple(read_articles(Path(data.articles or ""), known))
    if themes is None:
        found = sorted({theme for article in articles for line in article.lines for theme in line.themes})
        themes = tuple(Theme(name, name, color=colour(number)) for number, name in enumerate(found, 1))
    corpus = Corpus(themes, articles)
    _check_labels(corpus, task)
    _check_repeats(corpus)
    _check_support(corpus)
    return corpus


def examples(corpus: Corpus, chosen: Sequence[int]) -> Examples:
    """The lines of the chosen articles as arrays, without boilerplate: tagging never shows it to the encoder either."""
    column = {theme: j for j, theme in enumerate(corpus.theme_ids)}
    found = [(i, at, line) for i in chosen for at, line in enumerate(corpus.articles[i].lines) if line.kind != "boilerplate"]
    labels = np.zeros((len(found), len(column)), dtype=bool)
    for row, (_, _, line) in enumerate(found):
        labels[row, [column[theme] for theme in line.themes]] = True
    places = np.array([(i, at) for i, at, _ in found], dtype=np.int64).reshape(-1, 2)
    return Examples([line.text for _, _, line in found], labels, places[:, 0], places[:, 1])


def read_articles(path: Path, known: Sequence[str] | None) -> Iterator[LabelledArticle]:
    """The labelled articles of one .jsonl file or of every one in a folder. Raises CorpusError with file and line."""
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    if not path.exists() or not files:
        raise CorpusError(f"{path}: no labelled articles (.jsonl) there; name them with data.articles")
    for file in files:
        try:
            rows = file.read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise CorpusError(f"{file}: cannot be read: {error}") from None
        for number, row in enumerate(rows, 1):
            if row.strip():
                yield parse_article(row, f"{file}:{number}", known)


def parse_article(row: str, place: str, known: Sequence[str] | None) -> LabelledArticle:
    """One line of an article file. Raises CorpusError that names `place`."""
    try:
        record = json.loads(row)
    except json.JSONDecodeError as error:
        raise CorpusError(f"{place}: not valid JSON: {error.msg} at column {error.colno}") from None
    if not isinstance(record, dict):
        raise CorpusError(f"{place}: expected an object with article_id, title and lines, found {type(record).__name__}")
    for key, kind in (("article_id", str), ("title", str), ("lines", list)):
        if not isinstance(record.get(key), kind):
            raise CorpusError(f"{place}: {key!r} must be a {kind.__name__}, found {record.get(key)!r:.60}")
    lines = tuple(_line(line, f"{place} line {i}", known) for i, line in enumerate(record["lines"], 1))
    meta = record.get("meta")
    return LabelledArticle(record["article_id"], record["title"], lines, place, meta if isinstance(meta, dict) else {})


def _line(line: Any, place: str, known: Sequence[str] | None) -> LabelledLine:
    if not isinstance(line, dict) or not isinstance(line.get("text"), str) or not line["text"].strip():
        raise CorpusError(f"{place}: expected an object with a text that is not empty, found {line!r:.60}")
    if line.get("kind") not in KINDS:
        raise CorpusError(f"{place}: kind {line.get('kind')!r} is not one of {', '.join(KINDS)}")
    labels = line.get("themes")
    if not isinstance(labels, list):
        raise CorpusError(f"{place}: 'themes' must be a list, found {labels!r:.60}")
    themes = _known_labels(labels, place, known)
    if themes and line["kind"] == "boilerplate":
        raise CorpusError(f"{place}: boilerplate carries no theme, found {labels}")
    return LabelledLine(line["text"], line["kind"], themes)


def _known_labels(labels: Sequence[Any], place: str, known: Sequence[str] | None) -> frozenset[str]:
    for label in labels:
        if known is not None and label not in known:
            raise CorpusError(
                f"{place}: unknown label {label!r}.{nearest(str(label), known)} Known: {', '.join(known)} (data.themes; null: "
                "the labels found in the data)."
            )
    return frozenset(map(str, labels))


def _read_table(path: Path, data: DataSettings, known: Sequence[str] | None) -> Iterator[LabelledArticle]:
    if not path.is_file():
        raise CorpusError(f"{path}: no such table; name it with data.table")
    problems: list[str] = []
    columns = [data.text_column, data.label_column, *data.label_columns, data.group_column, data.split_column]
    grouped: dict[str, list[LabelledLine]] = {}
    where: dict[str, tuple[str, str | None]] = {}
    try:
        for number, row in read_rows(path, columns, lambda source, reason: problems.append(f"{source}: {reason}")):
            place = f"{path} row {number}"
            if isinstance(row, str):
                raise CorpusError(f"{place}: {row}")
            line, side = _row(row, place, data, known)
            group = str(row[data.group_column]) if data.group_column else str(number)
            grouped.setdefault(group, []).append(line)
            if where.setdefault(group, (place, side))[1] != side:
                raise CorpusError(f"{place}: group {group!r} is on two sides of the split, {where[group][1]!r} and {side!r}")
    except InputError as error:
        raise CorpusError(str(error).replace("--text-column", "data.text_column and its neighbours")) from None
    if problems:
        raise CorpusError("; ".join(problems))
    for group, lines in grouped.items():
        place, side = where[group]
        yield LabelledArticle(group, "", tuple(lines), place, side=side)


def _row(row: Mapping[str, Any], place: str, data: DataSettings, known: Sequence[str] | None) -> tuple[LabelledLine, str | None]:
    text = row[data.text_column]
    if not isinstance(text, str) or not text.strip():
        raise CorpusError(f"{place}: no text in column {data.text_column!r} (found {text!r:.60})")
    labels = _known_labels(_row_labels(row, place, data), place, known)
    side = str(row[data.split_column]) if data.split_column else None
    if side is not None and side not in SIDES:
        raise CorpusError(f"{place}: {data.split_column} is {side!r}, expected one of {', '.join(SIDES)}")
    return LabelledLine(text, "body", labels), side


def _row_labels(row: Mapping[str, Any], place: str, data: DataSettings) -> list[str]:
    if data.label_columns:
        values = {column: str(row[column]).strip().lower() for column in data.label_columns}
        for column, value in values.items():
            if value not in ("0", "1", "true", "false", "0.0", "1.0", ""):
                raise CorpusError(f"{place}: label column {column!r} must be 0 or 1, found {row[column]!r}")
        return [column for column, value in values.items() if value in ("1", "true", "1.0")]
    value = row[data.label_column or ""]
    if isinstance(value, (list, tuple)):
        return [str(label) for label in value]
    return [part.strip() for part in str(value if value is not None else "").split("|") if part.strip()]


def _check_labels(corpus: Corpus, task: str) -> None:
    for name in corpus.theme_ids:
        if not name.isprintable():
            raise CorpusError(f"label {name!r} holds characters that cannot be shown; rename it")
    if task != "multiclass":
        return
    for article in corpus.articles:
        for line in article.lines:
            if line.kind != "boilerplate" and len(line.themes) != 1:
                found = sorted(line.themes)
                raise CorpusError(
                    f"{article.place}: task multiclass needs exactly one label, found {found} on {line.text[:40]!r}"
                )


def _check_repeats(corpus: Corpus) -> None:
    ids: dict[str, str] = {}
    texts: dict[tuple[str, ...], str] = {}
    for article in corpus.articles:
        if article.article_id in ids:
            raise CorpusError(
                f"{article.place}: article_id {article.article_id!r} was given before at {ids[article.article_id]}; "
                "the same article twice would leak between splits: remove one or rename it"
            )
        ids[article.article_id] = article.place
        content = tuple(line.text for line in article.lines)
        if len(content) > 1 and content in texts:
            raise CorpusError(f"{article.place}: the same article twice: its text stands at {texts[content]} already; remove one")
        texts[content] = article.place


def _check_support(corpus: Corpus) -> None:
    support = Counter(theme for article in corpus.articles for line in article.lines for theme in line.themes)
    if not corpus.articles:
        raise CorpusError("no labelled articles found")
    if not support:
        raise CorpusError("all labels are empty: no line carries a theme, so there is nothing to learn; check the label column")
    for theme in corpus.theme_ids:
        if support[theme] < FEWEST_POSITIVES:
            raise CorpusError(
                f"theme {theme!r} has {support[theme]} positive examples, at least {FEWEST_POSITIVES} are needed: "
                "label more lines with it or remove it from the themes"
            )


def main() -> int:
    """`python -m tema.corpus audit` measures the project's own corpus (`tema.audit`), `suspects` lists labels that look wrong."""
    import argparse

    parser = argparse.ArgumentParser(prog="python -m tema.corpus", description="Measure the labelled corpus.")
    parser.add_argument(
        "command",
        choices=["audit", "picture", "suspects"],
        help="audit: check every limit; picture: draw data/corpus.png; suspects: print the lines whose labels look wrong",
    )
    parser.add_argument(
        "--data", type=Path, default=Path("data"), help="for audit and picture: folder with articles, annotations and themes.yaml"
    )
    parser.add_argument("--folds", type=Path, default=Path("models/themes-folds"), help="what `train.py --folds` wrote")
    parser.add_argument("--most", type=int, default=150, help="how many suspects (default: %(default)s)")
    arguments = parser.parse_args()

    if arguments.command == "suspects":
        from tema.folds import read_folds
        from tema.suspects import show, suspects

        corpus, comparison = read_folds(arguments.folds)
        show(suspects(corpus, comparison, arguments.most))
        return 0

    from tema.audit import audit, draw

    if arguments.command == "picture":
        draw(arguments.data)
        return 0
    return 0 if audit(arguments.data) else 1


if __name__ == "__main__":
    from tema.cli import run

    run(main)
