#!/usr/bin/env python3
"""Tag new text with the themes of a trained model.

examples:
  python predict.py articles/                               a table on the terminal
  python predict.py articles/ --output tags.jsonl           a record per paragraph
  python predict.py articles/ --output tags.html            a page to read, paragraphs coloured by theme
  python predict.py news.csv --text-column isi --id-column id --level article --output tags.csv
  python predict.py --text "ASN harus jujur dan tepat waktu"
  cat article.txt | python predict.py - > tags.jsonl
  python predict.py s3://news/2026 --ray auto --output s3://news/tags      on a Ray cluster (docs/cluster.md)
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tema.articles import Article, make_article, paragraph_lines
from tema.cli import DONE, SET_ASIDE, is_quiet, run
from tema.errors import InputError

if TYPE_CHECKING:
    from tema.readers import SetAside
    from tema.tagging import Tagger
    from tema.writers import Writer


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    # what to read
    parser.add_argument(
        "inputs", nargs="*", metavar="INPUT", help="files, folders, globs or - (stdin): .txt .html .csv .tsv .jsonl .parquet"
    )
    parser.add_argument("--text", help="tag this text instead of files")
    parser.add_argument("--text-column", default="text", help="column of tables that holds the article (default: %(default)s)")
    parser.add_argument("--id-column", help="column of tables that holds the article's id (default: file name and row)")
    parser.add_argument("--title-column", help="column of tables that holds the headline (default: the text's own first line)")
    # how to tag
    parser.add_argument("--model", default="models/themes", help="folder of a trained model (default: %(default)s)")
    parser.add_argument(
        "--uncalibrated", action="store_true", help="scores as transformers' pipeline gives them, before calibration"
    )
    parser.add_argument(
        "--engine", choices=["auto", "openvino", "onnx", "torch"], default="auto",
        help="what runs the model; auto: the fastest exported form on a CPU, torch on a GPU (default: %(default)s)",
    )  # fmt: skip
    # what to write
    parser.add_argument(
        "--output",
        help="file to write, .jsonl .csv .parquet .html or .labelstudio.json (default: a table on a terminal, .jsonl on a pipe)",
    )
    parser.add_argument(
        "--level", choices=["paragraph", "article"], default="paragraph", help="one record per (default: %(default)s)"
    )
    parser.add_argument("--resume", action="store_true", help="go on with a .jsonl output that was broken off")
    # on many machines (docs/cluster.md)
    parser.add_argument(
        "--ray", nargs="?", const="local", metavar="ADDRESS",
        help="run on Ray Data: on the cluster at ADDRESS (auto: the one this machine belongs to), else on all cores here; "
        "INPUT may be an object-store address, --output is a folder of Parquet files",
    )  # fmt: skip
    parser.add_argument("--workers", type=int, help="with --ray: how many models run at a time (default: one per core)")
    arguments = parser.parse_args()
    if bool(arguments.inputs) == (arguments.text is not None):
        parser.error("give INPUT files, or --text")
    if arguments.resume and not arguments.output:
        parser.error("--resume needs --output")
    if arguments.ray and (not arguments.output or arguments.text is not None or arguments.resume):
        parser.error("--ray takes INPUT files and needs --output, a new folder; it cannot resume")
    if arguments.workers is not None and (not arguments.ray or arguments.workers < 1):
        parser.error("--workers goes with --ray and is at least 1")
    return arguments


def main() -> int:
    arguments = parse_arguments()
    if arguments.ray:
        return _tag_on_cluster(arguments)

    from tema.readers import Reader
    from tema.tagging import Tagger
    from tema.writers import articles_done, check_output, open_writer

    if arguments.output:
        check_output(arguments.output, arguments.level, arguments.resume)
    reader = Reader(arguments.text_column, arguments.id_column, arguments.output, arguments.title_column)
    articles = iter(_given_text(arguments.text) if arguments.text is not None else reader.read(arguments.inputs))
    first = next(articles, None)  # a missing input stops here, before the model is loaded
    tagger = Tagger(arguments.model, not arguments.uncalibrated, arguments.engine)
    if tagger.bundle.is_standin:
        print(tagger.bundle.encoder_note, file=sys.stderr)
    done = articles_done(arguments.output, arguments.level, tagger.theme_ids) if arguments.resume else None
    writer = open_writer(arguments.output, arguments.level, tagger.bundle, arguments.resume)
    waiting = (article for article in _chained(first, articles) if not _is_done(article, done))
    try:
        said = _tag_all(tagger, waiting, writer, arguments.level)
    finally:
        _tell(reader.set_aside)
    if arguments.output and not is_quiet():
        print(f"{arguments.output}: {said}", file=sys.stderr)
    return SET_ASIDE if reader.set_aside else DONE


def _tag_on_cluster(arguments: argparse.Namespace) -> int:
    from tema.cluster import ClusterJob, tag_on_cluster

    job = ClusterJob(
        arguments.inputs, Path(arguments.model), arguments.output, arguments.level, arguments.text_column, arguments.id_column,
        arguments.title_column, arguments.engine, not arguments.uncalibrated, arguments.ray, arguments.workers,
    )  # fmt: skip
    left_out = tag_on_cluster(job)
    _tell(left_out)
    return SET_ASIDE if left_out else DONE


def _tell(left_out: Sequence[SetAside]) -> None:
    for note in left_out:
        print(f"set aside: {note.source}: {note.reason}", file=sys.stderr)


def _tag_all(tagger: Tagger, articles: Iterable[Article], writer: Writer, level: str) -> str:
    """Tag and write everything; what came out, in words."""
    from tema.tagging import records

    n_articles = n_paragraphs = n_doubtful = 0
    for tagged in tagger.tag(_with_progress(articles)):
        for record in records(tagged, tagger.theme_ids, level):
            writer.write(record)
        n_articles += 1
        n_paragraphs += len(tagged.tags)
        n_doubtful += sum(tags.needs_review for tags in tagged.tags)
    writer.close()
    return f"{n_articles} articles, {n_paragraphs} paragraphs, of which {n_doubtful} need review"


def _given_text(text: str) -> Iterable[Article]:
    from tema.readers import whole

    if not paragraph_lines(text):
        raise InputError("--text: the text is empty")
    article = make_article("text", "--text", whole(text))
    if len(article.paragraphs) == 1:  # somebody asks about this line, whatever it looks like
        return [replace(article, paragraphs=(replace(article.paragraphs[0], kind="body"),))]
    return [article]


def _chained(first: Article | None, rest: Iterator[Article]) -> Iterator[Article]:
    if first is not None:
        yield first
    yield from rest


def _is_done(article: Article, done: dict[str, int] | None) -> bool:
    """Whether a broken-off run had written this article; each written one counts once."""
    if not done or not done.get(article.source):
        return False
    done[article.source] -= 1
    return True


def _with_progress(articles: Iterable[Article]) -> Iterable[Article]:
    """A bar after two seconds, on a terminal."""
    from tqdm import tqdm

    return tqdm(articles, unit=" articles", desc="tagging", delay=2, disable=is_quiet(), file=sys.stderr)


if __name__ == "__main__":
    run(main)
