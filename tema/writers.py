"""Records → .jsonl, .csv, .parquet or a table on a terminal, one article at a time.

Pages to read are written by `tema.page`, tasks for Label Studio by `tema.label_studio`. A file is written beside its destination
(`NAME.partial`) and renamed when it is whole, so that a finished name is a finished job. A .jsonl file that was broken off can
be continued: what its whole lines hold is not tagged again.
"""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

from tema.errors import OutputError

if TYPE_CHECKING:
    import pyarrow as pa

    from tema.bundle import Bundle

FORMATS = (".jsonl", ".csv", ".parquet", ".html", ".labelstudio.json")
_ROW_GROUP = 4096  # Parquet rows held before they are written


class Writer(Protocol):
    """Takes records as they come."""

    def write(self, record: dict[str, Any]) -> None:
        """Add one record."""

    def close(self) -> None:
        """Finish: what was written takes its place. Not called when the job breaks off."""


def open_writer(output: str | None, level: str, model: Bundle, resume: bool = False) -> Writer:
    """The writer that an output's ending names; without an output a table on a terminal, else .jsonl on stdout.

    Raises OutputError for an ending that is not known or a place that cannot be written.
    """
    if output is None:
        terminal = sys.stdout.isatty()
        if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal shows what it can, a pipe gets UTF-8
            sys.stdout.reconfigure(encoding=None if terminal else "utf-8", errors="replace" if terminal else "strict")
        return TableWriter(level) if terminal else _JsonLines(None, resume)
    check_output(output, level, resume)
    try:
        return _open_file(Path(output), _ending(output), level, model, resume)
    except OSError as error:
        raise OutputError(f"{output}: cannot be written: {error.strerror or error}; choose another place with --output") from None


def _open_file(path: Path, ending: str, level: str, model: Bundle, resume: bool) -> Writer:
    theme_ids = [theme.id for theme in model.themes]
    if ending == ".jsonl":
        if not resume and partial(path).exists():
            print(f"{partial(path)}: left by a broken-off run, written anew; --resume goes on with it instead", file=sys.stderr)
        return _JsonLines(path, resume)
    if ending == ".csv":
        return _Csv(path, level, theme_ids)
    if ending == ".parquet":
        return _Parquet(path, level, theme_ids)
    if ending == ".html":
        from tema.page import PageWriter

        return PageWriter(path, model.themes, model.encoder_note if model.is_standin else "")
    from tema.label_studio import TaskWriter

    return TaskWriter(path, model.folder.resolve().name)


def _ending(output: str) -> str:
    return next((ending for ending in FORMATS if Path(output).name.endswith(ending)), Path(output).suffix)


def check_output(output: str, level: str, resume: bool) -> None:
    """Raises OutputError for a folder, and for an ending that cannot be written, not at this level, or not be resumed."""
    ending = _ending(output)
    if ending not in FORMATS:
        raise OutputError(f"{output}: cannot write {ending or 'a file without an ending'}; expected {', '.join(FORMATS)}")
    if ending == ".labelstudio.json" and level != "paragraph":
        raise OutputError(f"{output}: Label Studio's tasks are paragraphs; leave --level article out, or choose another ending")
    if Path(output).is_dir():
        raise OutputError(f"{output}: is a folder; name a file with --output")
    if resume and ending != ".jsonl":
        raise OutputError(f"{output}: only .jsonl output can be resumed; convert it afterwards or leave --resume out")


def partial(path: Path) -> Path:
    """Where an output is written until it is whole."""
    return path.with_name(path.name + ".partial")


def articles_done(output: str, level: str, theme_ids: Sequence[str]) -> Counter[str]:
    """How many whole articles per source a broken-off or finished .jsonl output holds; a broken last article is cut off.

    At paragraph level the last article of an unfinished output counts as broken off, for its last paragraph may be missing.
    Raises OutputError, and leaves the file as it is, when it holds anything but tags of this level and of these themes.
    """
    path = Path(output)
    there = partial(path) if partial(path).exists() else path
    done: Counter[str] = Counter()
    if not there.exists():
        return done
    keep = position = 0
    current: str | None = None
    with there.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if not line.endswith(b"\n"):
                break
            record = _written_record(line, f"{there}:{number}", level)
            if list(record["scores"]) != list(theme_ids):
                raise OutputError(
                    f"{there}:{number}: tagged with other themes than this model's, so this output cannot be resumed; "
                    "give the model that began it, or name another output"
                )
            if level == "article":
                done[record["source"]] += 1
                keep = position + len(line)
            elif record["paragraph"] == 0:
                if current is not None:
                    done[current] += 1
                current, keep = record["source"], position
            position += len(line)
    if there == path and current is not None:  # finished: its last article is whole
        done[current] += 1
        keep = position
    os.truncate(there, keep)
    there.replace(partial(path))
    return done


def _written_record(line: bytes, place: str, level: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
        of_level = ("paragraph" in record) == (level == "paragraph")
        if of_level and isinstance(record["source"], str) and isinstance(record["scores"], dict):
            return dict(record)
    except (ValueError, KeyError, TypeError):
        pass
    raise OutputError(
        f"{place}: not a {level} record of predict.py, so this output cannot be resumed; name another with --output"
    )


class _JsonLines:
    def __init__(self, path: Path | None, resume: bool) -> None:
        self._path = path
        self._stream = partial(path).open("a" if resume else "w", encoding="utf-8") if path else sys.stdout

    def write(self, record: dict[str, Any]) -> None:
        self._stream.write(json.dumps(record, ensure_ascii=False) + "\n")

    def close(self) -> None:
        if self._path:
            finish(self._stream, self._path)
        else:
            self._stream.flush()


class _Csv:
    """Lists are joined by `|`; every theme's score has a column of its own, `score_<id>`."""

    def __init__(self, path: Path, level: str, theme_ids: Sequence[str]) -> None:
        self._path = path
        self._stream = partial(path).open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._stream)
        self._writer.writerow(_columns(level, theme_ids))

    def write(self, record: dict[str, Any]) -> None:
        self._writer.writerow([value for _, value in _flat(record)])

    def close(self) -> None:
        finish(self._stream, self._path)


class _Parquet:
    """The records' own shape: `themes` a list, `scores` a struct with a float per theme, `theme_paragraphs` a map."""

    def __init__(self, path: Path, level: str, theme_ids: Sequence[str]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._path, self._pa, self._rows = path, pa, list[dict[str, Any]]()
        self._schema = parquet_schema(level, theme_ids)
        self._writer = pq.ParquetWriter(partial(path), self._schema)

    def write(self, record: dict[str, Any]) -> None:
        self._rows.append(parquet_row(record))
        if len(self._rows) >= _ROW_GROUP:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()
        with partial(self._path).open("rb") as stream:
            finish(stream, self._path)

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(self._pa.Table.from_pylist(self._rows, schema=self._schema))
            self._rows.clear()


def parquet_schema(level: str, theme_ids: Sequence[str]) -> pa.Schema:
    """The columns of Parquet output."""
    import pyarrow as pa

    themes = [("themes", pa.list_(pa.string())), ("scores", pa.struct([(theme, pa.float64()) for theme in theme_ids]))]
    fields = {
        "paragraph": [("paragraph", pa.int32()), ("text", pa.string()), ("kind", pa.string()), *themes],
        "article": [
            ("title", pa.string()),
            *themes,
            ("paragraphs", pa.int32()),
            ("theme_paragraphs", pa.map_(pa.string(), pa.int32())),
        ],
    }[level]
    return pa.schema([("article_id", pa.string()), ("source", pa.string()), *fields, ("needs_review", pa.bool_())])


def parquet_row(record: dict[str, Any]) -> dict[str, Any]:
    """A record as Arrow takes it: maps are lists of pairs."""
    if "theme_paragraphs" not in record:
        return record
    return {**record, "theme_paragraphs": list(record["theme_paragraphs"].items())}


class TableWriter:
    """A line per record for people: what it is, its themes, its first words."""

    def __init__(self, level: str) -> None:
        from rich.console import Console

        self._console = Console(highlight=False)
        self._level = level
        self._source: str | None = None

    def write(self, record: dict[str, Any]) -> None:
        from rich.markup import escape

        themes = ", ".join(f"{theme} {record['scores'][theme]:.2f}" for theme in record["themes"])
        review = " [yellow]review[/]" if record["needs_review"] else ""
        if self._level == "article":
            counts = ", ".join(f"{theme} {count}" for theme, count in record["theme_paragraphs"].items())
            self._console.print(f"[bold]{escape(record['title'] or record['article_id'])}[/] ({record['paragraphs']} paragraphs)")
            self._console.print(f"  {counts or 'no theme'}{review}")
            return
        if record["source"] != self._source or record["paragraph"] == 0:
            self._source = record["source"]
            self._console.print(f"\n[bold]{escape(record['article_id'])}[/]  [dim]{escape(record['source'])}[/]")
        shown = record["text"] if len(record["text"]) <= 160 else record["text"][:157] + "..."
        style = "dim" if record["kind"] == "boilerplate" else "bold" if record["kind"] == "headline" else ""
        self._console.print(f"[{style}]{escape(shown)}[/]" if style else escape(shown))
        if themes or review:
            self._console.print(f"    [green]{themes}[/]{review}")

    def close(self) -> None:
        """Nothing is held back."""


def _columns(level: str, theme_ids: Sequence[str]) -> list[str]:
    scores = [f"score_{theme}" for theme in theme_ids]
    if level == "paragraph":
        return ["article_id", "source", "paragraph", "text", "kind", "themes", *scores, "needs_review"]
    return ["article_id", "source", "title", "themes", *scores, "paragraphs", "theme_paragraphs", "needs_review"]


def _flat(record: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in record.items():
        if key == "scores":
            yield from value.items()
        elif key == "themes":
            yield key, "|".join(value)
        elif key == "theme_paragraphs":
            yield key, "|".join(f"{theme}={count}" for theme, count in value.items())
        else:
            yield key, value


def finish(stream: IO[Any], path: Path) -> None:
    """What was written beside `path`, and is open as `stream`, goes to the disk and takes its place."""
    stream.flush()
    os.fsync(stream.fileno())
    partial(path).replace(path)
    stream.close()
