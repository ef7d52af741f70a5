"""Inputs of predict.py (files, folders, globs, stdin) → a stream of `Article`s; nothing is held but the current one.

An input that cannot be read is set aside with its reason and the rest goes on; an input that does not exist stops the run
before it starts.
"""

from __future__ import annotations

import csv
import glob
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tema.articles import Article, make_article
from tema.errors import InputError, nearest

TEXTS, PAGES, TABLES = (".txt",), (".html", ".htm"), (".csv", ".tsv", ".jsonl", ".parquet")
ENDINGS = TEXTS + PAGES + TABLES
NumberedRow = tuple[int, Mapping[str, Any] | str]
_MAX_FIELD = 1 << 28  # csv's own limit of 128 KiB would refuse long articles


@dataclass(frozen=True)
class SetAside:
    """An input that was left out, and why."""

    source: str
    reason: str


@dataclass
class Reader:
    """Streams articles; what had to be left out collects in `set_aside`.

    `text_column` and `id_column` name the columns of tables; without `id_column` the row number is the id. `output` is where the
    tags go; it is never read as an input.
    """

    text_column: str = "text"
    id_column: str | None = None
    output: str | None = None
    set_aside: list[SetAside] = field(default_factory=list)

    def read(self, inputs: Sequence[str]) -> Iterator[Article]:
        """Yield the articles of files, folders, globs and `-` (stdin) in order. Raises InputError for a missing input."""
        seen: set[Path] = set()
        for name in list(expand(inputs)):
            if name == "-":
                yield from self._stream(sys.stdin.buffer.read(), "-", "stdin")
                continue
            path = Path(name)
            resolved = path.resolve()
            if self.output is not None and resolved == Path(self.output).resolve():
                if name in inputs:
                    raise InputError(f"{name}: is both an input and the output; choose another place with --output")
                continue  # the output of an earlier run, found in a folder
            if resolved in seen:
                print(f"{name}: given twice, read once", file=sys.stderr)
                continue
            seen.add(resolved)
            yield from self.read_file(path, name in inputs)

    def read_file(self, path: Path, named: bool = False) -> Iterator[Article]:
        """Yield the articles of one file. A table without the text column is set aside, or, when named, an InputError."""
        try:
            if path.suffix.lower() in TABLES:
                yield from self._table(path)
            else:
                yield from self._stream(path.read_bytes(), str(path), path.stem, path.suffix.lower() in PAGES)
        except OSError as error:
            self._leave_out(str(path), f"cannot be read: {error.strerror or error}")
        except InputError as error:  # found in a folder among others: the rest goes on
            if named:
                raise
            self._leave_out(str(path), str(error).removeprefix(f"{path}: "))

    def _stream(self, data: bytes, source: str, article_id: str, page: bool = False) -> Iterator[Article]:
        try:
            text = decode(data)
        except UnicodeError as error:
            self._leave_out(source, str(error))
            return
        title, links = "", frozenset[str]()
        if page:
            title, text, links = extract_page(text)
        if not text.strip():
            reason = "no article text found in the page" if page and data.strip() else "empty"
            self._leave_out(source, reason)
            return
        yield make_article(article_id, source, text, title, links)

    def _table(self, path: Path) -> Iterator[Article]:
        for number, row in read_rows(path, (self.text_column, self.id_column), self._leave_out):
            if isinstance(row, str):  # a broken row: the reason
                self._leave_out(f"{path}:{number}", row)
                continue
            text = row.get(self.text_column)
            if not isinstance(text, str) or not text.strip("\ufeff \t\r\n"):
                self._leave_out(f"{path}:{number}", f"no text in {self.text_column!r} (found {text!r:.60})")
                continue
            text = text.encode("utf-8", "replace").decode()  # JSON can spell half a character, which no file can hold
            key = row.get(self.id_column) if self.id_column else None
            yield make_article(str(key) if key not in (None, "") else f"{path.stem}:{number}", f"{path}:{number}", text)

    def _leave_out(self, source: str, reason: str) -> None:
        self.set_aside.append(SetAside(source, reason))


def decode(data: bytes) -> str:
    """Bytes → text: UTF-8 (UTF-16 with its mark), then Windows-1252. Raises UnicodeError that says what was tried."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    if b"\x00" in data[:4096]:
        raise UnicodeError("not text: it holds NUL bytes; save it as UTF-8")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnicodeError("neither UTF-8 nor Windows-1252 text; save it as UTF-8")


_TITLE_WORDS = 4  # a shorter heading may be a rubric
_LINK = re.compile(r"\[([^\[\]]+)\]\([^()\s]*\)")  # as trafilatura writes links


def extract_page(html: str) -> tuple[str, str, frozenset[str]]:
    """An HTML page → its title, the text of its article (a line per paragraph; trafilatura, favouring recall), and those lines
    that are nothing but a link to another page."""
    import trafilatura
    from trafilatura.utils import load_html

    tree = load_html(html)
    document = trafilatura.bare_extraction(
        tree, favor_recall=True, include_comments=False, include_tables=False, include_links=True, with_metadata=True
    )
    if document is None:
        return "", "", frozenset()
    lines = (document.text or "").split("\n")
    links = frozenset(match[1].strip() for line in lines if (match := _LINK.fullmatch(line.strip("-–• \t"))))
    lines = [_LINK.sub(r"\1", line) for line in lines]
    found = document.title or ""
    title = _own_title(tree, found)
    if title != found and title not in lines and lines[0] == found:
        del lines[0]  # the standing head, whose place `make_article` gives to the title
    return title, "\n".join(lines), links


def _own_title(tree: Any, found: str) -> str:
    """The title that trafilatura found in a page or, when that is a standing head such as "Berita Daerah", the heading with which
    the page's own title begins."""
    named = " ".join((tree.findtext(".//title") or "").split())
    headings = (" ".join(heading.text_content().split()) for heading in tree.iter("h1", "h2", "h3"))
    own = (text for text in headings if len(text.split()) >= _TITLE_WORDS and named.startswith(text))
    return found if found and named.startswith(found) else next(own, found)


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
    with path.open(encoding=encoding, newline="") as stream:
        yield from (_json_rows(stream, path, wanted) if kind == ".jsonl" else _csv_rows(stream, path, wanted))


def _csv_rows(stream: IO[str], path: Path, wanted: Sequence[str]) -> Iterator[NumberedRow]:
    csv.field_size_limit(_MAX_FIELD)
    rows = csv.reader(stream, delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
    header = next(rows, [])
    require_columns(path, header, wanted)
    for number, row in enumerate(rows, 1):
        if row and len(row) != len(header):
            yield number, f"expected {len(header)} columns, found {len(row)}"
        elif row:
            yield number, dict(zip(header, row, strict=True))


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
            raise InputError(f"{path}: no column {column!r}.{nearest(column, there)} It has: {have}. Name it with --text-column.")


def _encoding(path: Path) -> str:
    """Which encoding a table is in, from its whole content, read in pieces."""
    with path.open("rb") as stream:
        marked = stream.read(2) in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
        try:
            with path.open(encoding=encoding, newline="") as text:
                while piece := text.read(1 << 20):
                    if "\x00" in piece:
                        raise UnicodeError("not text: it holds NUL bytes; save it as UTF-8")
            return encoding
        except UnicodeDecodeError:
            continue
    raise UnicodeError("neither UTF-8 nor Windows-1252 text; save it as UTF-8")


def expand(inputs: Sequence[str]) -> Iterator[str]:
    """Folders and globs → files that can be read, sorted by path. Raises InputError for a name without one."""
    for name in inputs:
        if len(name) > 1000:
            raise InputError(f"{name[:60]}...: too long for a file name; give a text with --text")
        path = Path(name)
        if name == "-" or path.is_file():
            if name != "-" and path.suffix.lower() not in ENDINGS:
                raise InputError(
                    f"{name}: cannot read a {path.suffix or 'file without an ending'}; expected {', '.join(ENDINGS)}"
                )
            yield name
        elif path.is_dir():
            found = sorted(str(p) for p in path.rglob("*") if p.suffix.lower() in ENDINGS and p.is_file())
            if not found:
                raise InputError(f"{name}: no {', '.join(ENDINGS)} file in this folder")
            yield from found
        else:
            found = sorted(p for p in glob.glob(name, recursive=True) if Path(p).suffix.lower() in ENDINGS)
            if not found:
                beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
                raise InputError(f"{name}: no such file, folder or match.{nearest(path.name, beside)}")
            yield from found
