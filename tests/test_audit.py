"""The audit finds what is broken, and the project's own corpus keeps every limit."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT

from tema.audit import Finding, agreement, co_occurrence, labelling, nearest_articles, read_checked, variety
from tema.baselines import cue_pattern
from tema.corpus import Corpus, LabelledArticle, LabelledLine
from tema.errors import CorpusError
from tema.themes import Theme

THEMES = (Theme("a", "A", cues=("jujur", "kode etik")), Theme("b", "B", cues=("disiplin",)))


def made(*articles: list[tuple[str, str]]) -> Corpus:
    rows = [
        LabelledArticle(
            f"x{i}", "", tuple(LabelledLine(text, "body", frozenset(themes.split())) for text, themes in lines), "here"
        )
        for i, lines in enumerate(articles)
    ]
    return Corpus(THEMES, tuple(rows))


def value(findings: list[Finding], name: str) -> float:
    return next(finding.value for finding in findings if finding.name.startswith(name))


def test_audit_when_run_on_the_projects_corpus_then_every_limit_holds_within_30_seconds() -> None:
    started = time.monotonic()
    result = subprocess.run([sys.executable, "-m", "tema.corpus", "audit"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert "BROKEN" not in result.stdout
    assert result.returncode == 0, result.stdout + result.stderr
    assert time.monotonic() - started < 30


def test_corpus_when_compared_with_what_it_is_scored_on_then_no_line_stands_in_both() -> None:
    learned, transfer, plain = (
        {
            " ".join(re.findall(r"\w+", line["text"].lower()))
            for path in (ROOT / "data" / folder).glob("*.jsonl")
            for article in map(json.loads, path.read_text(encoding="utf-8").splitlines())
            for line in article["lines"]
            if line["kind"] != "boilerplate"
        }
        for folder in ("articles", "transfer", "plain")
    )
    assert len(plain) == 180
    assert len(transfer) > 400
    assert not learned & (transfer | plain)


def test_audit_when_a_limit_is_broken_then_exit_1_and_the_finding_says_so(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "annotations").mkdir()
    line = {"text": "ASN harus jujur dan menolak amplop", "kind": "body", "themes": ["integrity"]}
    row = {"article_id": "x", "title": "t", "lines": [line], "meta": {}}
    (tmp_path / "articles" / "a.jsonl").write_text(json.dumps(row) + "\n{oops\n", encoding="utf-8")
    (tmp_path / "themes.yaml").write_text((ROOT / "data" / "themes.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    for reader in ("writer", "annotator"):
        (tmp_path / "annotations" / f"{reader}.jsonl").write_text('{"article_id": "x", "line": 0, "themes": ["integrity"]}\n')
    command = [sys.executable, "-m", "tema.corpus", "audit", "--data", str(tmp_path)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert result.returncode == 1, result.stderr
    assert "a.jsonl:2: not valid JSON" in result.stdout
    assert any("at least 400  BROKEN" in line for line in result.stdout.splitlines() if line.startswith("articles "))


def test_finding_when_value_leaves_its_limits_then_it_does_not_hold() -> None:
    assert Finding("x", 0.3, 0.25, 0.35).holds
    assert not Finding("x", 0.2, 0.25, 0.35).holds
    assert not Finding("x", 0.4, 0.25, 0.35).holds


def test_cue_when_word_begins_with_it_then_found_and_in_mid_word_not() -> None:
    pattern = cue_pattern(THEMES[0])
    assert pattern.search("Kejujuran? Jujurlah!")
    assert not pattern.search("sejujurnya")


def test_labelling_when_lines_are_known_then_shares_are_right() -> None:
    corpus = made(
        [("jujur selalu", "a"), ("amplop kembali", "a"), ("disiplin dan jujur", "a b"), ("ilmu disiplin", ""), ("hujan", "")]
    )
    findings = labelling(corpus)
    assert value(findings, "body lines with a") == 3
    assert value(findings, "share of body lines with no theme") == 0.4
    assert value(findings, "share of those with a misleading cue word") == 0.5
    assert value(findings, "share of theme-bearing lines with several themes") == pytest.approx(1 / 3)
    assert value(findings, "share of (line, theme) pairs without a cue word") == 0.25


def test_variety_when_openings_repeat_then_share_is_over_the_limit() -> None:
    findings, _ = variety(made([("Dalam kesempatan itu ia datang", ""), ("Dalam kesempatan itu ia pergi", "")]))
    assert not next(finding for finding in findings if "opening" in finding.name).holds


def test_nearest_when_an_article_is_copied_with_a_word_changed_then_found() -> None:
    text = (
        "Bupati meminta semua pegawai hadir sebelum pukul tujuh pagi dan menyalakan loket agar warga tidak menunggu lama di teras"
    )
    other = "Panen raya di kecamatan itu molor dua pekan karena hujan turun terus"
    pair, alike = nearest_articles(made([(text, "")], [(other, "")], [(text + " kantor", "")]))
    assert pair == "x0, x2"
    assert alike > 0.9


def test_co_occurrence_when_counted_then_symmetric_with_support_on_the_diagonal() -> None:
    assert co_occurrence(made([("x", "a"), ("y", "a b")])).tolist() == [[2, 1], [1, 1]]


def test_agreement_when_readers_differ_on_one_theme_then_only_its_alpha_falls(tmp_path: Path) -> None:
    corpus = made([("x", ""), ("y", ""), ("z", ""), ("w", "")])
    readings = {"writer": ["a", "b", "a b", ""], "annotator": ["a", "", "a b", "b"]}
    for reader, labels in readings.items():
        rows = [json.dumps({"article_id": "x0", "line": i, "themes": themes.split()}) for i, themes in enumerate(labels)]
        (tmp_path / f"{reader}.jsonl").write_text("\n".join(rows), encoding="utf-8")
    first, second = agreement(corpus, tmp_path)
    assert (first.alpha, first.f1) == (1, 1)
    assert second.alpha == pytest.approx(1 - 7 / 8)  # observed disagreement 2/4 over expected 4/7
    assert second.f1 == 0.5


def test_agreement_when_a_reading_names_a_line_that_is_not_there_then_refused(tmp_path: Path) -> None:
    (tmp_path / "writer.jsonl").write_text('{"article_id": "x0", "line": 9, "themes": []}\n', encoding="utf-8")
    with pytest.raises(CorpusError, match="writer.jsonl:1: no line 9 in article 'x0'"):
        agreement(made([("x", "")]), tmp_path)


def test_read_checked_when_an_id_comes_twice_then_told(tmp_path: Path) -> None:
    row = json.dumps({"article_id": "x", "title": "t", "lines": [{"text": "y", "kind": "body", "themes": []}], "meta": {}})
    (tmp_path / "a.jsonl").write_text(f"{row}\n{row}\n", encoding="utf-8")
    assert read_checked(tmp_path, THEMES)[1] == ["article_id 'x' occurs more than once"]
