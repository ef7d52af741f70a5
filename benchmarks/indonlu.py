"""The training pipeline on two public Indonesian datasets: `python -m benchmarks.indonlu smsa FOLDER` (or `hoasa FOLDER`).

FOLDER holds IndoNLU's files (Wilie et al., AACL-IJCNLP 2020): `*train*`, `*valid*` and `*test*`, .tsv for SmSA (sentiment of a
text, three classes), .csv for HoASA (ten aspects of a hotel review, each positive, negative, both or neither). They are
converted to a flat table (`--table` keeps it for train.py); the recipe `configs/smsa.yaml` or `configs/hoasa.yaml` is trained
with each seed on train, chooses on valid and is saved as train.py saves it; the test figures of the saved model are printed
beside baselines on the same rows and the published table, with its size and tagging speed.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import f1_score

from benchmarks.saved import prediction
from tema.baselines import tfidf
from tema.corpus import Corpus, load_corpus
from tema.evaluation import Prediction
from tema.job import Sides, divided, train_and_save
from tema.peers import PEERS
from tema.settings import Settings, load_settings
from tema.splits import split_articles
from tema.tagging import Tagger

SIDES = {"train": "train", "valid": "validation", "test": "test"}
# test macro-F1 in the table of NusaBERT's README, which repeats IndoNLU's
PUBLISHED = {
    "mBERT": (84.14, 84.63),
    "XLM-R base": (91.39, 91.57),
    "XLM-R large": (92.35, 94.27),
    "IndoBERT-lite base p1": (90.85, 88.07),
    "IndoBERT base p1": (87.73, 92.07),
    "IndoBERT base p2": (87.66, 92.70),
    "IndoBERT large p1": (92.72, 93.75),
    "IndoBERT large p2": (92.03, 93.38),
}
DATASETS = ("smsa", "hoasa")


def table_rows(dataset: str, folder: Path) -> Iterator[dict[str, object]]:
    """Rows of a flat table: text, labels (a list) and split. Raises SystemExit when a file is missing."""
    ending = ".tsv" if dataset == "smsa" else ".csv"
    for name, side in SIDES.items():
        files = sorted(folder.glob(f"*{name}*{ending}"))
        if not files:
            raise SystemExit(f"{folder}: no {ending} file with {name!r} in its name; put IndoNLU's {dataset} files there")
        with files[0].open(encoding="utf-8", newline="") as stream:
            rows = _smsa(stream) if dataset == "smsa" else _hoasa(stream)
            yield from ({**row, "split": side} for row in rows)


def _smsa(stream: Iterator[str]) -> Iterator[dict[str, object]]:
    for text, label in csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE):
        yield {"text": text, "labels": [label]}


def _hoasa(stream: Iterator[str]) -> Iterator[dict[str, object]]:
    for row in csv.DictReader(stream):
        text = row.pop("review")
        signs = {aspect: value.split("_") for aspect, value in row.items() if value != "neut"}
        yield {"text": text, "labels": [f"{aspect}={sign}" for aspect, found in signs.items() for sign in sorted(found)]}


def classes(labels: Sequence[str], marked: np.ndarray) -> np.ndarray:
    """The class of every aspect of every review, (n, aspects) int: 0 neutral, 1 positive, 2 negative, 3 both."""
    aspects = sorted({label.split("=")[0] for label in labels})
    column = {label: j for j, label in enumerate(labels)}
    return np.stack([marked[:, column[f"{a}=pos"]] + 2 * marked[:, column[f"{a}=neg"]] for a in aspects], axis=1)


def likelier_sign(labels: Sequence[str], said: Prediction) -> np.ndarray:
    """What is given, (n, labels) bool, but of an aspect's two signs the likelier one: both together stand at 9 of the 22,830
    aspects of HoASA's training reviews and at none of its validation reviews."""
    given, probabilities = said.given.copy(), said.probabilities
    for aspect in {label.split("=")[0] for label in labels}:
        neg, pos = labels.index(f"{aspect}=neg"), labels.index(f"{aspect}=pos")
        both, less = given[:, neg] & given[:, pos], probabilities[:, neg] < probabilities[:, pos]
        given[both & less, neg] = False
        given[both & ~less, pos] = False
    return given


def measures(dataset: str, labels: Sequence[str], gold: np.ndarray, given: np.ndarray) -> dict[str, float]:
    """Figures in percent: SmSA macro-F1 over classes; HoASA macro-F1 over four classes with all aspects pooled (as in the
    published table), and the mean over aspects of each aspect's own macro-F1."""
    if dataset == "smsa":
        return {"macro-F1": 100 * float(f1_score(gold.argmax(1), given.argmax(1), average="macro"))}
    true, said = classes(labels, gold.astype(int)), classes(labels, given.astype(int))
    aspects = [f1_score(true[:, j], said[:, j], average="macro") for j in range(true.shape[1])]
    return {
        "macro-F1, aspects pooled": 100 * float(f1_score(true.ravel(), said.ravel(), average="macro")),
        "mean macro-F1 of the aspects": 100 * float(np.mean(aspects)),
    }


Model = Callable[[Settings, Corpus, Sides], Prediction]


def _ours(settings: Settings, corpus: Corpus, sides: Sides) -> Prediction:
    """The saved model's answers, in the exported form that predict.py would choose here."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "model")
        checkpoints, output = folder.with_name("checkpoints"), settings.model_copy(update={"output": str(folder)})
        train_and_save(output, corpus, split_articles(corpus, settings.split, settings.seed), {}, checkpoints, False, True)
        tagger = Tagger(folder)
        started = time.monotonic()
        tags = tagger.tag_texts(sides.test.texts)
        rate = len(tags) / (time.monotonic() - started)
        size = (folder / "model.safetensors").stat().st_size / 1e6
        print(f"trained weights {size:.1f} MB; {tagger.engine.name} tags {rate:.0f} rows a second", flush=True)
    return prediction(tags, corpus.theme_ids)


def _tfidf(settings: Settings, corpus: Corpus, sides: Sides) -> Prediction:
    return tfidf(sides.train, sides.validation, sides.test, settings)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", choices=DATASETS)
    parser.add_argument("folder", type=Path, help="folder of IndoNLU's files")
    parser.add_argument("--table", type=Path, help="only write the flat table there (.jsonl), for train.py --set data.table=…")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override a setting of the recipe")
    parser.add_argument("--seeds", type=int, nargs="+", default=[13, 14, 15])
    parser.add_argument("--peers", nargs="*", choices=list(PEERS), default=[], help="also these, with the first seed")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        table = arguments.table or Path(scratch, f"{arguments.dataset}.jsonl")
        rows = (json.dumps(row, ensure_ascii=False) for row in table_rows(arguments.dataset, arguments.folder))
        table.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
        if not arguments.table:
            _measure(arguments, table)


def _measure(arguments: argparse.Namespace, table: Path) -> None:
    recipe = f"configs/{arguments.dataset}.yaml"
    settings = load_settings(recipe, [f"data.table={json.dumps(str(table))}", *arguments.set])
    corpus = load_corpus(settings.data, settings.task)
    sides = divided(corpus, split_articles(corpus, settings.split, settings.seed))
    print(f"{len(sides.train)} train, {len(sides.validation)} validation, {len(sides.test)} test rows", flush=True)
    models: dict[str, tuple[Model, list[int]]] = {
        "Tema's recipe": (_ours, arguments.seeds),
        "TF-IDF + logistic regression": (_tfidf, arguments.seeds[:1]),
        **{name: (PEERS[name], arguments.seeds[:1]) for name in arguments.peers},
    }
    table_lines = []
    for name, (model, seeds) in models.items():
        found, started = [], time.monotonic()
        for seed in seeds:
            said = model(settings.model_copy(update={"seed": seed}), corpus, sides)
            given = likelier_sign(corpus.theme_ids, said) if arguments.dataset == "hoasa" else said.given
            found.append(measures(arguments.dataset, corpus.theme_ids, sides.test.labels, given))
            shown = ", ".join(f"{measure} {value:.2f}" for measure, value in found[-1].items())
            print(f"{name}, seed {seed}: {shown}", flush=True)
        minutes = (time.monotonic() - started) / 60 / len(seeds)
        figures = " | ".join(_spread([row[measure] for row in found]) for measure in found[0])
        table_lines.append(f"| {name} | {figures} | {len(seeds)} | {minutes:.1f} |")
    print(f"\n| test | {' | '.join(found[0])} | seeds | minutes each |\n|{'---|' * (len(found[0]) + 3)}")
    print("\n".join(table_lines))
    column = DATASETS.index(arguments.dataset)
    blank = " |" * (len(found[0]) + 1)
    print("\n".join(f"| {name} (published) | {figures[column]:.2f} |{blank}" for name, figures in PUBLISHED.items()))


def _spread(values: Sequence[float]) -> str:
    """Mean, with the standard deviation over seeds."""
    return f"{statistics.mean(values):.2f}" + (f" ± {statistics.stdev(values):.2f}" if len(values) > 1 else "")


if __name__ == "__main__":
    main()
