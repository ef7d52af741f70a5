"""Records in every format; broken-off output can be continued."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tema.bundle import Bundle
from tema.calibration import Calibration
from tema.errors import OutputError
from tema.themes import Theme
from tema.writers import articles_done, check_output, open_writer, partial

MODEL = Bundle(
    Path("models/themes"), (Theme("integrity", "Integritas"), Theme("discipline", "Disiplin")),
    Calibration("multilabel", [1.0, 1.0], [0.0, 0.0], [0.5, 0.5], 0.1), "STAND-IN ENCODER", True, 512,
)  # fmt: skip


THEMES = [theme.id for theme in MODEL.themes]


def paragraph(key: str, number: int, text: str = 'Satu, "dua"\u2028tiga') -> dict[str, Any]:
    return {
        "article_id": key, "source": f"{key}.txt", "paragraph": number, "text": text, "kind": "body",
        "themes": ["integrity", "discipline"], "scores": {"integrity": 0.75, "discipline": 0.5}, "needs_review": True,
    }  # fmt: skip


ARTICLE = {
    "article_id": "a", "source": "a.txt", "title": "Judul", "themes": ["discipline"],
    "scores": {"integrity": 0.25, "discipline": 0.5},
    "paragraphs": 4, "theme_paragraphs": {"discipline": 2}, "needs_review": False,
}  # fmt: skip


def write(path: Path, level: str, *records: dict[str, Any]) -> None:
    writer = open_writer(str(path), level, MODEL)
    for record in records:
        writer.write(record)
    assert not path.exists()
    writer.close()
    assert not partial(path).exists()


@pytest.mark.parametrize(("level", "record"), [("paragraph", paragraph("a", 0)), ("article", ARTICLE)])
def test_jsonl_and_parquet_when_written_then_read_back_equal(tmp_path: Path, level: str, record: dict[str, Any]) -> None:
    write(tmp_path / "o.jsonl", level, record)
    write(tmp_path / "o.parquet", level, record)
    lines = (tmp_path / "o.jsonl").read_text(encoding="utf-8").split("\n")
    assert [json.loads(line) for line in lines if line] == [record]
    (row,) = pq.read_table(tmp_path / "o.parquet").to_pylist(maps_as_pydicts="strict")
    assert row == record


def test_csv_when_written_then_a_column_per_score_and_lists_joined(tmp_path: Path) -> None:
    write(tmp_path / "o.csv", "paragraph", paragraph("a", 0))
    (row,) = csv.DictReader((tmp_path / "o.csv").open(encoding="utf-8-sig", newline=""))
    assert row["text"] == 'Satu, "dua"\u2028tiga'
    assert (row["themes"], row["score_integrity"], row["needs_review"]) == ("integrity|discipline", "0.75", "True")


def test_csv_when_articles_then_counts_are_spelled(tmp_path: Path) -> None:
    write(tmp_path / "o.csv", "article", ARTICLE)
    (row,) = csv.DictReader((tmp_path / "o.csv").open(encoding="utf-8-sig", newline=""))
    assert (row["title"], row["theme_paragraphs"], row["score_discipline"]) == ("Judul", "discipline=2", "0.5")


def test_open_when_ending_is_unknown_then_known_ones_are_listed(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot write .xlsx; expected .jsonl, .csv, .parquet, .html, .labelstudio.json"):
        open_writer(str(tmp_path / "o.xlsx"), "paragraph", MODEL)


def test_open_when_folder_is_missing_then_said(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written: No such file or directory"):
        open_writer(str(tmp_path / "none" / "o.jsonl"), "paragraph", MODEL)


def test_articles_done_when_last_line_is_broken_then_its_article_is_cut_off(tmp_path: Path) -> None:
    rows = [paragraph("a", 0), paragraph("a", 1), paragraph("b", 0), paragraph("b", 1)]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    path = tmp_path / "o.jsonl"
    partial(path).write_text(text[:-20], encoding="utf-8")
    assert articles_done(str(path), "paragraph", THEMES) == {"a.txt": 1}
    assert [json.loads(line)["article_id"] for line in partial(path).read_text(encoding="utf-8").splitlines()] == ["a", "a"]


def test_articles_done_when_output_was_finished_then_its_last_article_stays(tmp_path: Path) -> None:
    path = tmp_path / "o.jsonl"
    text = "".join(json.dumps(row) + "\n" for row in [paragraph("a", 0), paragraph("b", 0), paragraph("b", 1)])
    path.write_text(text, encoding="utf-8")
    assert articles_done(str(path), "paragraph", THEMES) == {"a.txt": 1, "b.txt": 1}
    assert partial(path).read_text(encoding="utf-8") == text


def test_articles_done_when_level_is_article_then_whole_lines_count(tmp_path: Path) -> None:
    path = tmp_path / "o.jsonl"
    partial(path).write_text(json.dumps(ARTICLE) + "\n" + '{"article_id": "b", "sour', encoding="utf-8")
    assert articles_done(str(path), "article", THEMES) == {"a.txt": 1}
    assert partial(path).read_text(encoding="utf-8") == json.dumps(ARTICLE) + "\n"


@pytest.mark.parametrize("content", ['{"text": "my own data"}\n', json.dumps(ARTICLE) + "\n", "not json\n"])
def test_articles_done_when_file_is_not_of_this_level_then_refused_and_untouched(tmp_path: Path, content: str) -> None:
    path = tmp_path / "o.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(OutputError, match="o.jsonl:1: not a paragraph record of predict.py"):
        articles_done(str(path), "paragraph", THEMES)
    assert path.read_text(encoding="utf-8") == content


@pytest.mark.parametrize(("level", "record"), [("paragraph", paragraph("a", 0)), ("article", ARTICLE)])
def test_articles_done_when_another_model_wrote_the_tags_then_refused_and_untouched(
    tmp_path: Path, level: str, record: dict[str, Any]
) -> None:
    path = tmp_path / "o.jsonl"
    path.write_text(json.dumps(record) + "\n", encoding="utf-8")
    with pytest.raises(OutputError, match="o.jsonl:1: tagged with other themes than this model's"):
        articles_done(str(path), level, ["honesty", "discipline"])
    assert path.read_text(encoding="utf-8") == json.dumps(record) + "\n"


def test_open_when_a_broken_off_run_is_not_resumed_then_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    partial(tmp_path / "o.jsonl").write_text("{", encoding="utf-8")
    open_writer(str(tmp_path / "o.jsonl"), "paragraph", MODEL)
    assert "written anew; --resume goes on with it instead" in capsys.readouterr().err


def test_check_output_when_csv_is_to_be_resumed_then_refused() -> None:
    with pytest.raises(OutputError, match="only .jsonl output can be resumed"):
        check_output("tags.csv", "paragraph", resume=True)


def test_check_output_when_place_is_a_folder_then_refused(tmp_path: Path) -> None:
    (tmp_path / "tags.html").mkdir()
    with pytest.raises(OutputError, match="tags.html: is a folder"):
        check_output(str(tmp_path / "tags.html"), "paragraph", resume=False)


def test_check_output_when_tasks_are_to_be_articles_then_refused() -> None:
    with pytest.raises(OutputError, match="tasks are paragraphs"):
        check_output("tags.labelstudio.json", "article", resume=False)
    with pytest.raises(OutputError, match=r"cannot write .json;"):
        check_output("tags.json", "paragraph", resume=False)


def test_open_when_ending_is_html_then_a_page_that_names_the_stand_in(tmp_path: Path) -> None:
    write(tmp_path / "o.html", "paragraph", paragraph("a", 0))
    html = (tmp_path / "o.html").read_text(encoding="utf-8")
    assert "STAND-IN ENCODER." in html
    assert "Disiplin 0.50" in html


def test_open_when_ending_is_labelstudio_then_tasks_that_name_the_model(tmp_path: Path) -> None:
    write(tmp_path / "o.labelstudio.json", "paragraph", paragraph("a", 0))
    (task,) = json.loads((tmp_path / "o.labelstudio.json").read_text(encoding="utf-8"))
    assert task["predictions"][0]["model_version"] == "themes"
