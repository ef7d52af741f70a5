"""Paragraph records → tasks for Label Studio with the given themes as predictions, so that people correct rather than start anew.

The project's labelling interface is the one in docs/labelling.md, with a choice per theme (https://labelstud.io/guide/predictions).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tema.writers import finish, partial


class TaskWriter:
    """A JSON list with a task per paragraph, written as the records come; `model_version` is shown beside the predictions."""

    def __init__(self, path: Path, model_version: str) -> None:
        self._path, self._model_version, self._between = path, model_version, "[\n"
        self._stream = partial(path).open("w", encoding="utf-8")

    def write(self, record: dict[str, Any]) -> None:
        """Add one paragraph."""
        self._stream.write(self._between + json.dumps(task(record, self._model_version), ensure_ascii=False))
        self._between = ",\n"

    def close(self) -> None:
        """Finish: the list takes its place."""
        self._stream.write("\n]\n" if self._between != "[\n" else "[]\n")
        finish(self._stream, self._path)


def task(record: dict[str, Any], model_version: str) -> dict[str, Any]:
    """A paragraph record as a task.

    The prediction's score is the probability of its least certain decision, 0…1; sorted by it, the doubtful ones come first.
    """
    data = {name: record[name] for name in ("article_id", "source", "paragraph", "text", "kind", "needs_review")}
    given = set(record["themes"])
    certainty = min(score if theme in given else 1 - score for theme, score in record["scores"].items())
    choices = {"from_name": "themes", "to_name": "text", "type": "choices", "value": {"choices": record["themes"]}}
    result = [choices] if given else []
    return {"data": data, "predictions": [{"model_version": model_version, "score": round(certainty, 6), "result": result}]}
