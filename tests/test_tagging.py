"""Tags do not depend on batches or company; long texts are read in windows; every paragraph comes out once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tema.articles import Article, make_article
from tema.tagging import Tagger, article_record, paragraph_records


@pytest.fixture(scope="module", params=["openvino", "torch"])
def tagger(request: pytest.FixtureRequest, model: Path) -> Tagger:
    tagger = Tagger(model, engine=request.param)
    assert tagger.engine.name == request.param
    return tagger


def scores(tagger: Tagger, texts: list[str]) -> np.ndarray:
    return np.array([tags.scores for tags in tagger.tag_texts(texts)])


def test_tag_when_theme_was_learned_then_given_and_else_not(tagger: Tagger) -> None:
    tags = tagger.tag_texts(
        ["bupati kata jujur pada warga desa", "camat ujar netral untuk warga kota hari ini", "rapat pagi hari ini di kantor desa"]
    )
    assert [set(tag.themes) for tag in tags] == [{"integrity"}, {"neutrality"}, set()]


def test_tag_when_order_or_company_changes_then_no_probability_moves(tagger: Tagger) -> None:
    texts = [f"{'bupati camat sekda ' * (i % 9 + 1)} jujur {i}" for i in range(60)]
    together = scores(tagger, texts)
    order = np.random.default_rng(0).permutation(60)
    assert np.abs(scores(tagger, [texts[i] for i in order]) - together[order]).max() < 1e-4
    assert np.abs(np.concatenate([scores(tagger, [text]) for text in texts[:9]]) - together[:9]).max() < 1e-4


def test_tag_when_theme_stands_beyond_the_window_then_still_seen(tagger: Tagger) -> None:
    # the word stands at place 27 of the fourth window: the made lines are short, the tiny encoder knows no late places
    filler = "bupati camat sekda pegawai kantor rapat " * 28
    assert "neutrality" in tagger.tag_texts([filler + "netral"])[0].themes
    assert "neutrality" not in tagger.tag_texts([filler])[0].themes


def test_tag_when_line_is_boilerplate_then_kept_with_no_themes(tagger: Tagger) -> None:
    article = make_article("a", "-", "Judul Berita Pagi Ini\nBaca juga: jujur netral disiplin\nBupati ujar jujur pada warga.")
    records = list(paragraph_records(next(tagger.tag([article])), tagger.theme_ids))
    assert [record["kind"] for record in records] == ["headline", "boilerplate", "body"]
    assert records[1]["themes"] == []
    assert set(records[1]["scores"].values()) == {0.0}
    assert records[2]["themes"] == ["integrity"]


def test_article_record_when_made_then_it_counts_paragraphs_per_theme(tagger: Tagger) -> None:
    article = make_article("a", "s", "Rapat Pagi Hari Ini\nBupati ujar jujur.\nCamat kata jujur.\nSekda ujar netral.")
    record = article_record(next(tagger.tag([article])), tagger.theme_ids)
    assert list(record) == ["article_id", "source", "title", "themes", "scores", "paragraphs", "theme_paragraphs", "needs_review"]
    assert record["theme_paragraphs"] == {"integrity": 2, "neutrality": 1}
    assert record["themes"] == ["integrity", "neutrality"]
    assert (record["title"], record["paragraphs"]) == ("Rapat Pagi Hari Ini", 4)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(max_size=60), max_size=8))
def test_tag_when_given_any_articles_then_every_paragraph_is_out_once_in_order_unchanged(
    tagger: Tagger, texts: list[str]
) -> None:
    articles = [make_article(str(i), "-", text) for i, text in enumerate(texts)]
    out = [record["text"] for tagged in tagger.tag(articles) for record in paragraph_records(tagged, tagger.theme_ids)]
    assert out == [paragraph.text for article in articles for paragraph in article.paragraphs]


def test_tag_when_articles_stream_then_few_are_taken_ahead(tagger: Tagger) -> None:
    taken = 0

    def stream() -> Iterator[Article]:
        nonlocal taken
        for i in range(5000):
            taken += 1
            yield make_article(str(i), "-", "Bupati jujur.\nCamat netral.")

    next(tagger.tag(stream()))
    assert taken < 1000
