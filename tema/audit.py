"""The corpus, measured and held against its limits: labelled articles and readings in, a list of findings out.

`python -m tema.corpus audit` prints every finding and exits with 1 when a limit is broken. Agreement is recomputed from the raw
readings in `data/annotations/` (writer and annotator; see data/README.md for what it can and cannot show).
"""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tema.articles import line_kinds
from tema.baselines import cue_pattern
from tema.corpus import Corpus, LabelledArticle, LabelledLine, parse_article
from tema.errors import CorpusError
from tema.splits import jaccard, word_shingles
from tema.themes import Theme, load_themes

PROVINCES = 38
NEAR_DUPLICATE = 0.7


@dataclass(frozen=True)
class Finding:
    """One number with the limits it must keep; None: no limit."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None

    @property
    def holds(self) -> bool:
        return (self.low is None or self.value >= self.low) and (self.high is None or self.value <= self.high)

    def __str__(self) -> str:
        limits = " ".join(
            f"{word} {limit:g}" for word, limit in (("at least", self.low), ("at most", self.high)) if limit is not None
        )
        shown = f"{self.value:.0f}" if float(self.value).is_integer() else f"{self.value:.3f}"
        mark = "" if not limits else "  ok" if self.holds else "  BROKEN"
        return f"{self.name:58} {shown:>9}  {limits}{mark}"


def read_checked(folder: Path, themes: Sequence[Theme]) -> tuple[Corpus, list[str]]:
    """The articles that can be read and one message with file and line for each that cannot."""
    errors: list[str] = []
    articles: list[LabelledArticle] = []
    known = [theme.id for theme in themes]
    for file in sorted(folder.glob("*.jsonl")):
        rows = file.read_text(encoding="utf-8").splitlines()
        for number, row in enumerate(rows, 1):
            try:
                articles.append(parse_article(row, f"{file}:{number}", known))
            except CorpusError as error:
                errors.append(str(error))
    repeated = [key for key, count in Counter(article.article_id for article in articles).items() if count > 1]
    errors += [f"article_id {key!r} occurs more than once" for key in repeated]
    return Corpus(tuple(themes), tuple(articles)), errors


def composition(corpus: Corpus) -> list[Finding]:
    """How large and how varied the corpus is."""
    lines = sum(len(article.lines) for article in corpus.articles)
    manners = Counter(article.meta.get("manner") for article in corpus.articles)
    n = max(1, len(corpus.articles))
    findings = [
        Finding("articles", len(corpus.articles), 400),
        Finding("lines", lines, 3600),
        Finding("share of press-office articles", manners["press"] / n, 0.55, 0.68),
        Finding("share of articles that show conduct", manners["conduct"] / n, 0.28, 0.4),
        Finding("share of articles about something else", manners["off"] / n, 0.05),
    ]
    for key, low in (
        ("province", PROVINCES),
        ("occasion", 40),
        ("institution", 20),
        ("outlet", 8),
        ("year", 12),
        ("language", 8),
    ):
        values = {article.meta[key] for article in corpus.articles if article.meta.get(key)}
        findings.append(Finding(f"different values of {key}", len(values), low))
    years = [int(article.meta["year"]) for article in corpus.articles if article.meta.get("year")]
    return findings + [Finding("first year", min(years, default=0)), Finding("last year", max(years, default=0))]


def labelling(corpus: Corpus) -> list[Finding]:
    """How themes spread over body lines, and how often the words that name them would mislead."""
    body = body_lines(corpus)
    bearing = [line for line in body if line.themes]
    silent = [line for line in body if not line.themes]
    cues = {theme.id: cue_pattern(theme) for theme in corpus.themes}
    pairs = [(line.text, theme) for line in bearing for theme in line.themes]
    support = Counter(theme for _, theme in pairs)
    misled = sum(any(cue.search(line.text) for cue in cues.values()) for line in silent)
    uncued = sum(not cues[theme].search(text) for text, theme in pairs)
    return [
        *(Finding(f"body lines with {theme}", support[theme], 250) for theme in corpus.theme_ids),
        Finding("share of body lines with no theme", len(silent) / max(1, len(body)), 0.25, 0.35),
        Finding("share of those with a misleading cue word", misled / max(1, len(silent)), 1 / 3),
        Finding("share of theme-bearing lines with several themes", share(len(line.themes) > 1 for line in bearing), 0.4, 0.5),
        Finding("share of (line, theme) pairs without a cue word", uncued / max(1, len(pairs)), 0.35, 0.5),
    ]


def variety(corpus: Corpus) -> tuple[list[Finding], list[str]]:
    """Repetition, vocabulary and lengths; the findings and lines of text to show beside them."""
    texts = [line.text for line in body_lines(corpus)]
    words = [re.findall(r"\w+", text.lower()) for text in texts]
    openings = Counter(" ".join(w[:3]) for w in words)
    grams = Counter(" ".join(w[i : i + 5]) for w in words for i in range(len(w) - 4))
    most, count = openings.most_common(1)[0] if openings else ("", 0)
    pair, similarity = nearest_articles(corpus)
    lengths = np.array([len(w) for w in words] or [0])
    findings = [
        Finding(f"share of the commonest three-word opening ({most!r})", count / max(1, len(texts)), None, 0.01),
        Finding(f"similarity of the two nearest articles {pair}", similarity, None, NEAR_DUPLICATE),
        Finding("share of lines whose kind the rules find", kinds_found(corpus), 0.95),
        *(
            Finding(f"words in a body line, {q} % quantile", float(np.quantile(lengths, q / 100)))
            for q in (5, 25, 50, 75, 95, 100)
        ),
    ]
    shown = [
        "openings: " + ", ".join(f"{text} ({n})" for text, n in openings.most_common(10)),
        "5-grams: " + ", ".join(f"{text} ({n})" for text, n in grams.most_common(10)),
        "vocabulary after each fifth of the lines: " + ", ".join(map(str, vocabulary_growth(words))),
    ]
    return findings, shown


def kinds_found(corpus: Corpus) -> float:
    """Share of all lines whose labelled kind is the one that reading a plain text would give them."""
    return share(
        kind == line.kind
        for article in corpus.articles
        for kind, line in zip(line_kinds([line.text for line in article.lines]), article.lines, strict=True)
    )


def nearest_articles(corpus: Corpus) -> tuple[str, float]:
    """The two articles most alike by word 4-grams (MinHash candidates, exact Jaccard), and how alike, 0…1."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=0.3, num_perm=64)
    shingles: list[frozenset[str]] = []
    best = ("none", 0.0)
    for number, article in enumerate(corpus.articles):
        grams = word_shingles(" ".join(line.text for line in article.lines if line.kind != "boilerplate"))
        sketch = MinHash(num_perm=64, seed=1)
        sketch.update_batch([gram.encode() for gram in grams])
        for other in index.query(sketch):
            alike = jaccard(grams, shingles[other])
            if alike > best[1]:
                best = (f"{corpus.articles[other].article_id}, {article.article_id}", alike)
        index.insert(number, sketch)
        shingles.append(grams)
    return best


def vocabulary_growth(words: Sequence[Sequence[str]]) -> list[int]:
    """Different words after each fifth of the lines."""
    seen: set[str] = set()
    growth = []
    for part in np.array_split(np.arange(len(words)), 5):
        seen.update(word for i in part for word in words[i])
        growth.append(len(seen))
    return growth


def co_occurrence(corpus: Corpus) -> np.ndarray:
    """How many body lines carry both themes, (n_themes, n_themes) int; the diagonal is each theme's support."""
    column = {theme: j for j, theme in enumerate(corpus.theme_ids)}
    counts = np.zeros((len(column), len(column)), dtype=int)
    for line in body_lines(corpus):
        for a, b in itertools.product(line.themes, repeat=2):
            counts[column[a], column[b]] += 1
    return counts


@dataclass(frozen=True)
class Agreement:
    """Of two readings on one theme: Krippendorff's alpha (nominal) and the F1 of one against the other."""

    theme: str
    alpha: float
    f1: float


def agreement(corpus: Corpus, annotations: Path) -> list[Agreement]:
    """Agreement of writer and annotator per theme. Raises CorpusError when a reading does not fit the corpus."""
    import krippendorff

    readings = [read_reading(annotations / f"{reader}.jsonl", corpus) for reader in ("writer", "annotator")]
    places = sorted(readings[0].keys() & readings[1].keys())
    rows = []
    for theme in corpus.theme_ids:
        values = np.array([[theme in reading[place] for place in places] for reading in readings], dtype=int)
        both, either = int((values[0] & values[1]).sum()), int(values.sum())
        alpha = (
            krippendorff.alpha(reliability_data=values, level_of_measurement="nominal") if len(set(values.ravel())) > 1 else 1.0
        )
        rows.append(Agreement(theme, float(alpha), 2 * both / either if either else 1.0))
    return rows


def read_reading(path: Path, corpus: Corpus) -> dict[tuple[str, int], frozenset[str]]:
    """One reader's labels by (article_id, line number from 0). Raises CorpusError for a line that the corpus does not have."""
    sizes = {article.article_id: len(article.lines) for article in corpus.articles}
    labels = {}
    for number, row in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        record = json.loads(row)
        if not 0 <= record["line"] < sizes.get(record["article_id"], 0):
            raise CorpusError(f"{path}:{number}: no line {record['line']} in article {record['article_id']!r}")
        labels[record["article_id"], record["line"]] = frozenset(record["themes"])
    return labels


def body_lines(corpus: Corpus) -> list[LabelledLine]:
    """Every body line of the corpus."""
    return [line for article in corpus.articles for line in article.lines if line.kind == "body"]


def share(flags: Iterator[bool]) -> float:
    """Share of true ones, 0…1; 0 of nothing."""
    values = list(flags)
    return sum(values) / len(values) if values else 0.0


def audit(data: Path) -> bool:
    """Print everything; whether every limit holds."""
    themes = load_themes(data / "themes.yaml")
    corpus, errors = read_checked(data / "articles", themes)
    for message in errors:
        print(f"SCHEMA {message}")
    varied, shown = variety(corpus)
    findings = [*composition(corpus), *labelling(corpus), *varied]
    agreed = agreement(corpus, data / "annotations")
    findings.append(Finding("mean Krippendorff's alpha of writer and annotator", float(np.mean([a.alpha for a in agreed])), 0.6))
    print("\n".join(map(str, findings)))
    print("\nagreement of writer and annotator (readers of the same kind: people would agree less)")
    print("\n".join(f"  {row.theme:16} alpha {row.alpha:.3f}  F1 {row.f1:.3f}" for row in agreed))
    print("\nlines that carry both themes")
    for theme, row in zip(corpus.theme_ids, co_occurrence(corpus), strict=True):
        print(f"  {theme:16}" + "".join(f"{count:>5}" for count in row))
    print("\n" + "\n".join(shown))
    return not errors and all(finding.holds for finding in findings)


def draw(data: Path) -> None:
    """Draw support, co-occurrence and lengths into `corpus.png`."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    themes = load_themes(data / "themes.yaml")
    corpus, _ = read_checked(data / "articles", themes)
    counts = co_occurrence(corpus)
    names = [theme.name_en for theme in themes]
    figure, (left, middle, right) = pyplot.subplots(1, 3, figsize=(15, 4.6), width_ratios=[1, 1.25, 1], layout="constrained")
    left.barh(names, np.diag(counts), color=[theme.color for theme in themes])
    left.invert_yaxis()
    left.set_title("body lines with the theme")
    off_diagonal = np.where(np.eye(len(names), dtype=bool), 0, counts)
    middle.imshow(off_diagonal, cmap="Blues")
    middle.set_xticks(range(len(names)), names, rotation=60, ha="right")
    middle.set_yticks(range(len(names)), names)
    for i, j in itertools.product(range(len(names)), repeat=2):
        if i != j:
            shade = "white" if off_diagonal[i, j] > off_diagonal.max() * 0.6 else "black"
            middle.text(j, i, str(counts[i, j]), ha="center", va="center", fontsize=7, color=shade)
    middle.set_title("body lines with both themes")
    right.hist([len(line.text.split()) for line in body_lines(corpus)], bins=range(0, 165, 5), color="#2456a6")
    right.set_title("words in a body line")
    figure.savefig(data / "corpus.png", dpi=80)
