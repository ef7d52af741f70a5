"""Tables (.csv, .tsv, .jsonl, .parquet) → their rows, one at a time; a broken row comes as the reason why."""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from tema.errors import InputError, nearest

STRAY_BYTES = "windows-1252"  # how `open` and `decode` are told to read bytes that are not UTF-8
TABLES = (".csv", ".tsv", ".jsonl", ".parquet")
NumberedRow = tuple[int, Mapping[str, Any] | str]
_MAX_FIELD = 1 << 28  # csv's own limit of 128 KiB would refuse long articles
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_DELIMITERS = ",;\t"  # Excel writes semicolons where the comma divides decimals, as in Indonesia


def read_rows(path: Path, columns: Sequence[str | None], leave_out: Callable[[str, str], object]) -> Iterator[NumberedRow]:
    """The rows of a .csv, .tsv, .jsonl or .parquet table in order, numbered from 1; a broken row comes as the reason, a str.

    Raises InputError when a named column is missing. A table that is empty or unreadable goes to `leave_out`.
    """
    kind = path.suffix.lower()
    if path.stat().st_size == 0:
        leave_out(str(path), "empty")
        return
    wanted = [column for column in columns if column]
    if kind == ".parquet":
        yield from _parquet_rows(path, wanted, leave_out)
        return
    try:
        encoding = _encoding(path)
    except UnicodeError as error:
        leave_out(str(path), str(error))
        return
    with path.open(encoding=encoding, errors=STRAY_BYTES, newline="") as stream:
        yield from (_json_rows(stream, path, wanted) if kind == ".jsonl" else _csv_rows(stream, path, wanted))


def _csv_rows(stream: IO[str], path: Path, wanted: Sequence[str]) -> Iterator[NumberedRow]:
    csv.field_size_limit(_MAX_FIELD)
    delimiter = "\t" if path.suffix.lower() == ".tsv" else _delimiter(stream)
    rows = map(_split, stream) if delimiter == "\t" and _has_a_row_a_line(stream) else csv.reader(stream, delimiter=delimiter)
    header = next(rows, [])
    require_columns(path, header, wanted)
    for number, row in enumerate(rows, 1):
        if row and len(row) != len(header):
            yield number, f"expected {len(header)} columns, found {len(row)}"
        elif row:
            yield number, dict(zip(header, row, strict=True))


def _has_a_row_a_line(stream: IO[str]) -> bool:
    """Whether all lines of a tab-separated table hold as many tabs as its header, and any: no cell is broken over lines."""
    tabs = {line.count("\t") for line in stream if line.strip("\r\n")}
    stream.seek(0)
    return len(tabs) == 1 and 0 not in tabs


def _split(line: str) -> list[str]:
    """The cells of one line between tabs; a quotation mark that is not closed in its cell is part of the text."""
    line = line.rstrip("\r\n")
    cells = line.split("\t") if line else []
    return [cell[1:-1].replace('""', '"') if _QUOTED.fullmatch(cell) else cell for cell in cells]


def _delimiter(stream: IO[str]) -> str:
    """What divides the header into the most columns; the comma in doubt."""
    header = stream.readline()
    stream.seek(0)
    return max(_DELIMITERS, key=lambda delimiter: len(next(csv.reader([header], delimiter=delimiter), [])))


def _json_rows(stream: IO[str], path: Path, wanted: Sequence[str]) -> Iterator[NumberedRow]:
    for number, line in enumerate(stream, 1):
        if line.strip():
            yield number, _json_row(line, wanted)


def _json_row(line: str, wanted: Sequence[str]) -> Mapping[str, Any] | str:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        return f"not valid JSON: {error.msg} at column {error.colno}"
    except (ValueError, RecursionError) as error:
        return f"not usable JSON: {error}"
    if not isinstance(row, dict):
        return f"expected a JSON object, found {type(row).__name__}"
    missing = [column for column in wanted if column not in row]
    return f"no {missing[0]!r} among {sorted(row)}.{nearest(missing[0], row)}" if missing else row


def _parquet_rows(path: Path, wanted: Sequence[str], leave_out: Callable[[str, str], object]) -> Iterator[NumberedRow]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        leave_out(str(path), f"not a Parquet file: {error}")
        return
    with file:
        require_columns(path, file.schema_arrow.names, wanted)
        number = 0
        try:
            for batch in file.iter_batches(batch_size=256):
                for row in batch.to_pylist():
                    number += 1
                    yield number, row
        except (pa.ArrowInvalid, OSError) as error:
            leave_out(str(path), f"broken after row {number}: {error}")


def require_columns(path: Path, there: Sequence[str], wanted: Sequence[str]) -> None:
    """Raises InputError that lists the columns a table has and the nearest to the missing one."""
    for column in wanted:
        if column not in there:
            have = ", ".join(there) or "none"
            raise InputError(
                f"{path}: no column {column!r}.{nearest(column, there)} It has: {have}. "
                "Name it with --text-column, --id-column or --title-column."
            )


def _encoding(path: Path) -> str:
    """Which encoding a table is in. Raises UnicodeError when NUL bytes stand anywhere in it."""
    with path.open("rb") as stream:
        marked = stream.read(2) in (b"\xff\xfe", b"\xfe\xff")
        if not marked and any(b"\x00" in piece for piece in iter(lambda: stream.read(1 << 20), b"")):
            raise UnicodeError("not text: it holds NUL bytes; save it as UTF-8")
    return "utf-16" if marked else "utf-8-sig"


def _stray(error: UnicodeError) -> tuple[str, int]:
    """A byte that is not UTF-8 was written by a program that knew Windows-1252; a character cut off at the end is lost."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    cut = error.end == len(error.object) and error.end - error.start > 1
    return "\ufffd" if cut else error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(STRAY_BYTES, _stray)
