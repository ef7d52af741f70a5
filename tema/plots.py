"""Pictures of a comparison: predictions and logs in, SVG text out, for a page that opens offline."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tema.calibration import expected_errors
from tema.comparison import Comparison
from tema.evaluation import reliability

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tema.themes import Theme

_COLUMNS = 3
_INK = "#2456a6"


def precision_recall(comparison: Comparison, themes: Sequence[Theme]) -> str:
    """A precision-recall curve per theme, of the first model and, thin, of the second."""
    from sklearn.metrics import precision_recall_curve

    names = list(comparison.predictions)[:2]

    def draw(axes: Any, j: int) -> None:
        for name, style in zip(names, ({"color": _INK, "lw": 2}, {"color": "#999999", "lw": 1}), strict=False):
            gold, scores = comparison.lines.labels[:, j], comparison.predictions[name].probabilities[:, j]
            precision, recall, _ = precision_recall_curve(gold, scores)
            axes.plot(recall, precision, drawstyle="steps-post", label=name, **style)
        axes.set(xlim=(0, 1), ylim=(0, 1.02))

    return _small_multiples(draw, themes, "recall", "precision")


def reliabilities(comparison: Comparison, themes: Sequence[Theme]) -> str:
    """A reliability diagram per theme: how often a theme was true against the probability that was said."""

    def draw(axes: Any, j: int) -> None:
        probabilities = comparison.predictions[comparison.main].probabilities[:, j]
        said, true, n = reliability(probabilities, comparison.lines.labels[:, j]).T
        axes.plot([0, 1], [0, 1], color="#bbbbbb", lw=1)
        axes.plot(said, true, color=_INK, lw=1)
        axes.scatter(said, true, s=8 + 40 * n / n.max(), color=_INK)
        axes.set(xlim=(0, 1), ylim=(0, 1.02))

    return _small_multiples(draw, themes, "probability said", "share true")


def confusions(comparison: Comparison, themes: Sequence[Theme]) -> str:
    """Which theme is given (columns) on lines where another is missed (rows); how often."""
    gold, given = comparison.lines.labels, comparison.predictions[comparison.main].given
    counts = (gold & ~given).astype(int).T @ (given & ~gold).astype(int)
    figure, axes = _figure(6.4, 5.6)
    names = [theme.name for theme in themes]
    axes.imshow(counts, cmap="Blues")
    axes.set_xticks(range(len(names)), names, rotation=60, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel="given instead", ylabel="missed")
    for (i, j), count in np.ndenumerate(counts):
        if count:
            axes.text(j, i, str(count), ha="center", va="center", color="white" if count > counts.max() * 0.6 else "black")
    return _svg(figure)


def risk_coverage(comparison: Comparison) -> str:
    """The share of lines with a mistake among those kept, as the most doubtful are set aside for a person."""
    kept, risk = risk_by_coverage(comparison)
    figure, axes = _figure(6.4, 3.2)
    axes.plot(kept, risk, color=_INK, lw=2)
    axes.axvline(0.8, color="#bbbbbb", lw=1)
    axes.set(xlim=(0, 1), ylim=(0, None), xlabel="share of lines kept, most certain first", ylabel="share of them with a mistake")
    return _svg(figure)


def risk_by_coverage(comparison: Comparison) -> tuple[np.ndarray, np.ndarray]:
    """(coverage, risk), each (n,): of the most certain share of lines, the share with any label wrong."""
    said = comparison.predictions[comparison.main]
    wrong = (said.given != comparison.lines.labels).any(axis=1)
    order = np.argsort(expected_errors(said.probabilities, said.given), kind="stable")
    n = np.arange(1, len(order) + 1)
    return n / len(order), np.cumsum(wrong[order]) / n


def training(epochs: Sequence[dict[str, float]]) -> str:
    """Losses and validation score by epoch."""
    figure, axes = _figure(6.4, 3.2)
    number = [row["epoch"] for row in epochs]
    for key, label, color in (("loss", "training loss", "#999999"), ("validation_loss", "validation loss", "#b5542b")):
        axes.plot(number, [row[key] for row in epochs], marker="o", color=color, label=label)
    axes.plot(number, [row["validation_f1"] for row in epochs], marker="o", color=_INK, label="best validation F1")
    axes.set(xlabel="epoch", ylim=(0, None), xticks=number)
    axes.legend(frameon=False)
    return _svg(figure)


def _small_multiples(draw: Any, themes: Sequence[Theme], x: str, y: str) -> str:
    from matplotlib.figure import Figure

    rows = -(-len(themes) // _COLUMNS)
    figure = Figure(figsize=(2.7 * _COLUMNS, 2.4 * rows), layout="constrained")
    grid = figure.subplots(rows, _COLUMNS, squeeze=False, sharex=True, sharey=True)
    for j, axes in enumerate(grid.flat):
        if j < len(themes):
            draw(axes, j)
            axes.set_title(themes[j].name, fontsize=10)
        else:
            axes.set_axis_off()
    figure.supxlabel(x, fontsize=10)
    figure.supylabel(y, fontsize=10)
    return _svg(figure)


def _figure(width: float, height: float) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def _svg(figure: Figure) -> str:
    """The figure as an <svg> element that scales with the page."""
    import matplotlib

    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "tema"}):
        stream = io.StringIO()
        figure.savefig(stream, format="svg", metadata={"Date": None})
    text = stream.getvalue()
    return re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', 'width="100%"', text[text.index("<svg") :], count=1)
