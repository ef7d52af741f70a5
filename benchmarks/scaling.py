"""How tagging grows: `python -m benchmarks.scaling --model models/themes`.

predict.py tags folders of more and more paragraphs (corpus sentences, none twice) in a process of its own, whose peak memory and
rate are taken; then the same archive goes through Ray with one worker and with two.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.results import RESULTS, machine, record
from tema.corpus import Corpus, load_corpus
from tema.settings import DataSettings

_PARAGRAPHS = 12  # per article
_FILES = 8
_MEASURED = "import resource, runpy, sys; sys.argv = sys.argv[1:]\ntry: runpy.run_path(sys.argv[0], run_name='__main__')\n"
_MEASURED += "finally: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"


def archive(corpus: Corpus, folder: Path, paragraphs: int) -> None:
    """Write articles of twelve sentences each into .jsonl files."""
    lines = [line.text for article in corpus.articles for line in article.lines if line.kind == "body"]
    sentences = [s for text in lines for s in re.split(r"(?<=[.!?])\s+", text) if 3 <= len(s.split()) <= 12]
    numbered = (f"{sentence} ({i})" for i, sentence in enumerate(itertools.cycle(sentences)))
    folder.mkdir()
    for number in range(_FILES):
        with (folder / f"{number}.jsonl").open("w", encoding="utf-8") as stream:
            for _ in range(max(1, paragraphs // _PARAGRAPHS // _FILES)):
                text = "\n".join(itertools.islice(numbered, _PARAGRAPHS))
                stream.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")


def measured(model: Path, folder: Path, output: Path) -> tuple[int, float, float]:
    """Paragraphs, seconds and peak memory in MB of predict.py on a folder."""
    command = [sys.executable, "-c", _MEASURED, "predict.py", str(folder), "--model", str(model), "--output", str(output)]
    started = time.perf_counter()
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    unit = 1024 if sys.platform == "linux" else 1024**2
    with output.open(encoding="utf-8") as rows:
        return sum(1 for _ in rows), seconds, int(run.stderr.split()[-1]) / unit


def on_ray(model: Path, folder: Path, output: Path, workers: int) -> float:
    """Seconds of predict.py --ray."""
    command = [sys.executable, "predict.py", folder, "--model", model, "--ray", "--workers", workers, "--output", output]
    started = time.perf_counter()
    subprocess.run([*map(str, command)], check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("models/themes"))
    parser.add_argument("--paragraphs", type=int, nargs="+", default=[10_000, 200_000])
    parser.add_argument("--ray-paragraphs", type=int, default=40_000, help="0: leave Ray out")
    parser.add_argument("--results", type=Path, default=RESULTS, help="file that keeps the result")
    arguments = parser.parse_args()
    corpus = load_corpus(DataSettings())
    rows = ["| predict.py | paragraphs | paragraphs/s | peak memory, MB |", "|---|---|---|---|"]
    with tempfile.TemporaryDirectory() as scratch:
        for size in arguments.paragraphs:
            folder = Path(scratch, f"archive-{size}")
            archive(corpus, folder, size)
            n, seconds, memory = measured(arguments.model, folder, Path(scratch, f"{size}.jsonl"))
            rows.append(f"| one process | {n} | {n / seconds:.0f} | {memory:.0f} |")
        if arguments.ray_paragraphs:
            folder = Path(scratch, "archive-ray")
            archive(corpus, folder, arguments.ray_paragraphs)
            for workers in (1, 2):
                seconds = on_ray(arguments.model, folder, Path(scratch, f"ray-{workers}"), workers)
                rate = arguments.ray_paragraphs / seconds
                rows.append(f"| Ray, {workers} worker(s) of one core | {arguments.ray_paragraphs} | {rate:.0f} | |")
    record("python -m benchmarks.scaling", f"{machine()}.\n\n" + "\n".join(rows), arguments.results)


if __name__ == "__main__":
    main()
