"""The report holds the numbers, opens without the network, and escapes what articles contain."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tema.comparison import Comparison
from tema.corpus import Corpus, LabelledArticle, LabelledLine, examples
from tema.encoders import Origin
from tema.evaluation import Prediction
from tema.job import Outcome
from tema.report import report, review_errors, worst_mistakes
from tema.themes import Theme

HOSTILE = "<script>alert(1)</script> pegawai jujur"


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    lines = [LabelledLine(HOSTILE if i == 3 else f"baris {i}", "body", frozenset({"a"} if i % 3 == 0 else ())) for i in range(12)]
    articles = [LabelledArticle(f"x{k}", "judul", tuple(lines[3 * k : 3 * k + 3]), "here") for k in range(4)]
    return Corpus((Theme("a", "Alfa"), Theme("b", "Beta")), tuple(articles))


@pytest.fixture(scope="module")
def comparison(corpus: Corpus) -> Comparison:
    lines = examples(corpus, range(4))
    rng = np.random.default_rng(0)
    said = np.where(lines.labels, 0.8, 0.1) + rng.uniform(-0.05, 0.05, lines.labels.shape)
    said[3, 0], said[4, 1] = 0.01, 0.99  # the line with markup is missed, the next is given what it does not carry
    return Comparison(lines, {"ours": Prediction(said > 0.5, said), "empty": Prediction(said > 2, said * 0)})


def page(corpus: Corpus, comparison: Comparison, reason: str | None) -> str:
    outcome = Outcome(
        comparison.scores(corpus.theme_ids, 0), comparison.differences(0), Origin("asked", "loaded", None, reason), Path("m")
    )
    epochs = [{"epoch": 1.0, "loss": 0.5, "validation_loss": 0.4, "validation_f1": 0.3}]
    return report("m: test report", corpus, comparison, outcome, epochs)


def test_report_when_written_then_scores_and_pictures_are_in_it(corpus: Corpus, comparison: Comparison) -> None:
    html = page(corpus, comparison, None)
    micro = str(comparison.scores(corpus.theme_ids, 0)["ours"].micro.f1)
    assert micro in html
    assert html.count("<svg") == 5
    assert "Alfa" in html


def test_report_when_written_then_says_what_the_corpus_holds(corpus: Corpus, comparison: Comparison) -> None:
    html = page(corpus, comparison, None)
    assert "4 articles, 12 labelled lines, 2 themes; 67% of the lines carry none, 0% several." in html
    assert "<td>Alfa</td><td>4</td><td>4</td>" in html


def test_report_when_opened_offline_then_nothing_is_fetched(corpus: Corpus, comparison: Comparison) -> None:
    html = page(corpus, comparison, None)
    assert not re.findall(r"(?:src|href)=[\"']https?:|url\(\s*[\"']?http|@import", html)
    assert 'name="viewport"' in html


def test_report_when_an_article_holds_markup_then_escaped(corpus: Corpus, comparison: Comparison) -> None:
    html = page(corpus, comparison, None)
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_report_when_a_stand_in_was_trained_then_said_before_anything_else(corpus: Corpus, comparison: Comparison) -> None:
    body = page(corpus, comparison, "the hub is out of reach").split("<body>")[1]
    assert body.strip().startswith('<p class="note">STAND-IN ENCODER')


def test_worst_mistakes_when_two_lines_are_wrong_then_these_two(corpus: Corpus, comparison: Comparison) -> None:
    found = {mistake.text: mistake for mistake in worst_mistakes(corpus, comparison, 10)}
    assert set(found) == {HOSTILE, "baris 4"}
    assert [theme.id for theme in found[HOSTILE].missed] == ["a"]
    assert [theme.id for theme in found["baris 4"].given] == ["b"]


def test_review_when_mistakes_are_sure_ones_then_they_are_among_the_kept(comparison: Comparison) -> None:
    errors = review_errors(comparison)
    assert errors["kept"] == pytest.approx(2 / 9)
    assert errors["set_aside"] == 0
