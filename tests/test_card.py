"""The model card is one that the hub's own client reads, with the run's scores in its metadata."""

from __future__ import annotations

import json
from pathlib import Path

from huggingface_hub import ModelCard


def test_card_when_read_by_the_hubs_client_then_metadata_holds_task_and_scores(model: Path) -> None:
    card = ModelCard.load(model / "README.md")
    scores = json.loads((model / "metrics.json").read_text(encoding="utf-8"))["scores"]["fine-tuned encoder"]
    found = {result.metric_type: result.metric_value for result in card.data.eval_results}
    assert found == {f"f1-{average}": round(scores[average]["f1"]["value"], 4) for average in ("micro", "macro")}
    assert (card.data.language, card.data.pipeline_tag, card.data.library_name) == ("id", "text-classification", "transformers")
    assert card.data.base_model is None  # trained from a folder, which the hub does not know


def test_card_when_read_then_tells_use_scores_and_limits(model: Path) -> None:
    text = ModelCard.load(model / "README.md").text
    for heading in ("## Use", "## Scores on test articles", "## Limits", "## Licences"):
        assert heading in text
