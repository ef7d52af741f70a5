"""The page to read: everything shown, nothing executed, nothing fetched."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tema.page import PageWriter
from tema.themes import Theme
from tema.writers import partial

THEMES = (Theme("integrity", "Integritas", color="#112233"), Theme("jam kerja & <b>", "Disiplin", color="#445566"))


def paragraph(key: str, number: int, text: str, themes: list[str], kind: str = "body", review: bool = False) -> dict[str, Any]:
    scores = {theme.id: 0.75 if theme.id in themes else 0.25 for theme in THEMES}
    return {
        "article_id": key, "source": f"{key}.txt", "paragraph": number, "text": text, "kind": kind,
        "themes": themes, "scores": scores, "needs_review": review,
    }  # fmt: skip


RECORDS = [
    paragraph("a", 0, "Sekda: Jujur dan Tepat Waktu", ["integrity", "jam kerja & <b>"], "headline"),
    paragraph("a", 1, "Apel pagi <script>alert(1)</script> & rapat", [], review=True),
    paragraph("a", 2, "Baca juga: harga cabai", [], "boilerplate"),
    paragraph("b", 0, "Uang dikembalikan.", ["integrity"]),
]


def page(path: Path, records: list[dict[str, Any]], note: str = "") -> str:
    writer = PageWriter(path, THEMES, note)
    for record in records:
        writer.write(record)
    assert not path.exists()
    writer.close()
    assert not partial(path).exists()
    return path.read_text(encoding="utf-8")


def test_page_when_paragraphs_are_written_then_each_stands_once_under_its_article(tmp_path: Path) -> None:
    html = page(tmp_path / "o.html", RECORDS)
    first, second = html.split("<article>")[1:]
    assert re.findall(r"<h2>(.*?)</h2>", html) == ["Sekda: Jujur dan Tepat Waktu", "b"]  # without a headline the id
    assert first.count('class="line') == 3
    assert second.count('class="line') == 1
    assert "3 paragraphs" in first
    assert "1 paragraph<" in second
    assert first.count("needs review") == 1
    assert "Integritas 0.75" in second


def test_page_when_paragraph_has_two_themes_then_its_bar_has_both_colours(tmp_path: Path) -> None:
    html = page(tmp_path / "o.html", RECORDS)
    assert "--bar:linear-gradient(#112233 0% 50%, #445566 50% 100%)" in html
    assert "--bar:linear-gradient(#112233 0% 100%)" in html


def test_page_when_text_holds_markup_then_it_is_shown_and_not_run(tmp_path: Path) -> None:
    html = page(tmp_path / "o.html", RECORDS)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; rapat" in html
    assert html.count("<script") == 1
    assert not re.findall(r"(?:src|href)=|url\(|@import", html)


def test_page_when_level_is_article_then_counts_are_shown(tmp_path: Path) -> None:
    record = {
        "article_id": "a", "source": "a.txt", "title": "Judul", "themes": ["jam kerja & <b>"], "scores": {}, "paragraphs": 4,
        "theme_paragraphs": {"jam kerja & <b>": 2}, "needs_review": True,
    }  # fmt: skip
    html = page(tmp_path / "o.html", [record])
    assert "<h2>Judul</h2>" in html
    assert "Disiplin 2" in html
    assert "4 paragraphs" in html
    assert 'data-themes="1" data-review' in html


def test_page_when_model_is_a_stand_in_then_it_says_so_first(tmp_path: Path) -> None:
    html = page(tmp_path / "o.html", RECORDS, "STAND-IN ENCODER: small")
    assert html.index("STAND-IN ENCODER: small.") < html.index("<article>")


def test_page_when_nothing_was_read_then_whole_and_empty(tmp_path: Path) -> None:
    html = page(tmp_path / "o.html", [])
    assert "<article>" not in html
    assert html.rstrip().endswith("</html>")


def shown_after(browser_page: Path, *actions: str) -> str:
    """What the page says it shows after scripted clicks and words, in a headless browser."""
    script = "".join(f"{action};" for action in actions) + "filter(); document.title = shown.textContent"
    browser_page.write_text(browser_page.read_text(encoding="utf-8") + f"<script>{script}</script>", encoding="utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--dump-dom"]
    run = subprocess.run(["chromium", *flags, browser_page.as_uri()], capture_output=True, text=True, timeout=120, check=True)
    return re.findall(r"<title>(.*?)</title>", run.stdout)[0]


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs the browser chromium")
@pytest.mark.parametrize(
    ("actions", "shown"),
    [
        ([], "2 articles, 4 lines"),
        (["buttons[0].click()"], "2 articles, 2 lines"),
        (["buttons[1].click()"], "1 article, 1 line"),
        (["buttons[1].click()", "buttons[1].click()"], "2 articles, 4 lines"),
        (["document.getElementById('doubtful').click()"], "1 article, 1 line"),
        (["document.getElementById('bare').click()"], "2 articles, 2 lines"),
        (["document.getElementById('furniture').click()"], "2 articles, 3 lines"),
        (["filters.querySelector('[type=search]').value = 'rapat apel'"], "1 article, 1 line"),
        (["filters.querySelector('[type=search]').value = 'integritas'"], "0 articles, 0 lines"),
    ],
)
def test_page_when_filtered_then_only_the_lines_asked_for_remain(tmp_path: Path, actions: list[str], shown: str) -> None:
    page(tmp_path / "o.html", RECORDS)
    assert shown_after(tmp_path / "o.html", *actions) == shown


def test_page_when_written_then_every_line_bears_what_the_filters_ask_for(tmp_path: Path) -> None:
    html = page(tmp_path / "o.html", RECORDS)
    marks = re.findall(r'<div class="line (\w+)" data-themes="([\d ]*)"( data-review)?', html)
    assert marks == [("headline", "0 1", ""), ("body", "", " data-review"), ("boilerplate", "", ""), ("body", "0", "")]
    assert re.findall(r'data-theme="(\d)"', html) == ["0", "1"]
