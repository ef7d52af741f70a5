"""Tasks for Label Studio, and the way back that docs/labelling.md describes."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from conftest import ROOT

from tema.corpus import load_corpus
from tema.label_studio import TaskWriter, task
from tema.settings import load_settings
from tema.themes import load_themes
from tema.writers import partial

THEME_IDS = [theme.id for theme in load_themes(ROOT / "data" / "themes.yaml")]
GUIDE = (ROOT / "docs" / "labelling.md").read_text(encoding="utf-8")


def paragraph(number: int, themes: list[str], **scores: float) -> dict[str, Any]:
    return {
        "article_id": "a", "source": "a.txt", "paragraph": number, "text": f"Kalimat {number}", "kind": "body",
        "themes": themes, "scores": scores, "needs_review": False,
    }  # fmt: skip


def test_task_when_themes_are_given_then_they_are_choices_and_the_least_certain_decision_scores() -> None:
    made = task(paragraph(3, ["integrity"], integrity=0.9, discipline=0.25), "themes")
    assert made["data"] == {
        "article_id": "a", "source": "a.txt", "paragraph": 3, "text": "Kalimat 3", "kind": "body", "needs_review": False,
    }  # fmt: skip
    (prediction,) = made["predictions"]
    assert (prediction["model_version"], prediction["score"]) == ("themes", 0.75)
    (result,) = prediction["result"]
    assert (result["from_name"], result["to_name"], result["type"]) == ("themes", "text", "choices")
    assert result["value"] == {"choices": ["integrity"]}


def test_task_when_no_theme_is_given_then_prediction_is_empty() -> None:
    (prediction,) = task(paragraph(0, [], integrity=0.4, discipline=0.1), "themes")["predictions"]
    assert prediction["result"] == []
    assert prediction["score"] == 0.6


def test_tasks_when_written_then_one_json_list(tmp_path: Path) -> None:
    path = tmp_path / "o.labelstudio.json"
    for n in (0, 1, 3):
        writer = TaskWriter(path, "themes")
        for number in range(n):
            writer.write(paragraph(number, [], integrity=0.1))
        writer.close()
        tasks = json.loads(path.read_text(encoding="utf-8"))
        assert [t["data"]["paragraph"] for t in tasks] == list(range(n))
        assert not partial(path).exists()


def test_guide_when_read_then_its_interface_offers_every_theme() -> None:
    assert re.findall(r'<Choice value="(\w+)"/>', GUIDE) == THEME_IDS
    assert '<Choices name="themes" toName="text"' in GUIDE
    assert '<Text name="text" value="$text"/>' in GUIDE


def test_guide_when_its_conversion_is_run_then_the_table_can_be_trained_on(tmp_path: Path) -> None:
    first, second, *rest = THEME_IDS
    cells = [json.dumps({"choices": [first, second]}), "", *rest]  # as Label Studio 1.x exports two choices, none, and one
    with (tmp_path / "export.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["article_id", "text", "kind", "themes"])
        writer.writerows([f"a{i}", f"Kalimat yang ke-{i}, begitu.", "body", cells[i % len(cells)]] for i in range(90))
        writer.writerow(["a0", "Baca juga: harga cabai", "boilerplate", ""])
    code = re.findall(r"<<'PY'\n(.*?)\nPY", GUIDE, re.S)[0]
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    command = GUIDE[GUIDE.index("\npython train.py") :].split("```")[0]
    options = [
        option.replace("corrected.jsonl", str(tmp_path / "corrected.jsonl")) for option in re.findall(r"--set (\S+)", command)
    ]
    settings = load_settings(ROOT / "configs" / "default.yaml", [*options, f"data.themes={ROOT / 'data' / 'themes.yaml'}"])
    corpus = load_corpus(settings.data, settings.task)
    assert [sorted(article.lines[0].themes) for article in corpus.articles[:3]] == [sorted([first, second]), [], [rest[0]]]
    assert sum(len(article.lines) for article in corpus.articles) == 90
