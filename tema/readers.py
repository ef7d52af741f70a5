"""Inputs of predict.py (files, folders, globs, stdin) → a stream of `Article`s; nothing is held but the current one.

An input that cannot be read is set aside with its reason and the rest goes on; an input that does not exist stops the run
before it starts.
"""

from __future__ import annotations

import glob
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tema.articles import Article, make_article, paragraph_lines
from tema.errors import InputError, nearest
from tema.page import MARK
from tema.tables import STRAY_BYTES, TABLES, read_rows

TEXTS, PAGES = (".txt",), (".html", ".htm")
ENDINGS = TEXTS + PAGES + TABLES
_MOST_LOST = 0.1  # of a text's characters
_OF_TAGS = {"article_id", "source", "themes", "needs_review"}  # columns


@dataclass(frozen=True)
class SetAside:
    """An input that was left out, and why."""

    source: str
    reason: str


@dataclass
class Reader:
    """Streams articles; what had to be left out collects in `set_aside`.

    `text_column`, `id_column` and `title_column` name the columns of tables; without an id column the row number is the id,
    without a title column an article has the headline that its text begins with. `output` is where the tags go; it is never
    read as an input.
    """

    text_column: str = "text"
    id_column: str | None = None
    output: str | None = None
    title_column: str | None = None
    set_aside: list[SetAside] = field(default_factory=list)

    def read(self, inputs: Sequence[str]) -> Iterator[Article]:
        """Yield the articles of files, folders, globs and `-` (stdin) in order. Raises InputError for a missing input."""
        names, seen = list(expand(inputs)), set[Path]()
        later_tables = (Path(name) for name in names[1:] if name in inputs and Path(name).suffix.lower() in TABLES)
        for path in later_tables:  # a missing column stops the run before it starts; the first input shows its own
            next(read_rows(path, self._columns, lambda *_: None), None)
        for name in names:
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

    @property
    def _columns(self) -> tuple[str | None, ...]:
        return self.text_column, self.id_column, self.title_column

    def read_file(self, path: Path, named: bool = False) -> Iterator[Article]:
        """Yield the articles of one file. A table without the text column is set aside, or, when named, an InputError."""
        try:
            if path.suffix.lower() in TABLES:
                yield from self._table(path, named)
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
        if page and MARK in text[:1000]:
            self._leave_out(source, "a page of tags that predict.py wrote, not an article")
            return
        if page:
            title, text, links = extract_page(text)
        if not paragraph_lines(text):
            reason = "no article text found in the page" if page and data.strip() else "empty"
            self._leave_out(source, reason)
            return
        yield make_article(whole(article_id), whole(source), text, title, links)

    def _table(self, path: Path, named: bool) -> Iterator[Article]:
        for number, row in read_rows(path, self._columns, self._leave_out):
            if isinstance(row, str):  # a broken row: the reason
                self._leave_out(f"{path}:{number}", row)
                continue
            if not named and row.keys() >= _OF_TAGS:
                self._leave_out(str(path), "a table of tags that predict.py wrote, not articles; named by itself it is read")
                return
            text = row.get(self.text_column)
            if not isinstance(text, str) or not paragraph_lines(text):
                self._leave_out(f"{path}:{number}", f"no text in {self.text_column!r} (found {text!r:.60})")
                continue
            key = row.get(self.id_column) if self.id_column else None
            name = str(key) if key not in (None, "") else f"{path.stem}:{number}"
            title = row.get(self.title_column) if self.title_column else None
            yield make_article(whole(name), whole(f"{path}:{number}"), whole(text), whole(str(title or "")))

    def _leave_out(self, source: str, reason: str) -> None:
        self.set_aside.append(SetAside(source, reason))


def whole(text: str) -> str:
    """A text without halves of characters, which JSON, names of files and command lines can hold, and no output can."""
    return text.encode("utf-8", "replace").decode()


def decode(data: bytes) -> str:
    """Bytes → text: UTF-16 with its mark, else UTF-8, and Windows-1252 where a byte is not. Raises UnicodeError that says what
    was tried for what is no text."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", STRAY_BYTES)
    if b"\x00" in data[:4096]:
        raise UnicodeError("not text: it holds NUL bytes; save it as UTF-8")
    text = data.decode("utf-8-sig", STRAY_BYTES)
    if text.count("\ufffd") > _MOST_LOST * len(text):
        raise UnicodeError("neither UTF-8 nor Windows-1252 text; save it as UTF-8")
    return text


_TITLE_WORDS = 4  # a shorter heading may be a rubric
_MOST = 0.6  # of the characters
_ADDRESS = r"\((?:<[^<>]*>|[^()\s]*)\)"  # as trafilatura writes it after a link's words
_LINK = re.compile(rf"\[([^\[\]]+)\]{_ADDRESS}")
_INLINE = re.compile(rf"\s*((?:baca|lihat|simak)\s+(?:juga|pula)\b[^\[\]\w]{{0,4}}\[[^\[\]]+\]{_ADDRESS})\s*", re.IGNORECASE)


def extract_page(html: str) -> tuple[str, str, frozenset[str]]:
    """An HTML page → its title, the text of its article (a line per paragraph), and those lines that are furniture: nothing but a
    link to another page, or before or after all that a stricter reading takes for the article.

    trafilatura reads the parsed page twice, favouring recall and as it does by itself: the first loses no paragraph, the second
    hardly takes in what stands around the article.
    """
    from trafilatura.utils import load_html

    tree = load_html(html)
    title, lines = _extracted(tree, recall=True)
    if not lines:
        return "", "", frozenset()
    _, strict = _extracted(tree, recall=False)
    plain = {line: _LINK.sub(_without_address, line) for line in lines}
    links = {plain[line].strip("-–• \t") for line in lines if _LINK.fullmatch(line.strip("-–• \t"))}
    lines = [plain[line] for line in lines]
    around = _around(lines, {_LINK.sub(_without_address, line) for line in strict})
    own = _own_title(tree, title)
    if own != title and own not in lines and lines and lines[0] == title:
        del lines[0]  # the standing head, whose place `make_article` gives to the title
    return own, "\n".join(lines), frozenset(links | around - {own, title})


def _extracted(tree: Any, recall: bool) -> tuple[str, list[str]]:
    """The title (sought with `recall` alone) and the lines, with links as in Markdown, that trafilatura finds in a parsed page,
    which it leaves as it is; a read-also link within a paragraph gets a line of its own."""
    import trafilatura

    document = trafilatura.bare_extraction(
        tree, favor_recall=recall, include_comments=False, include_tables=False, include_links=True, with_metadata=recall
    )
    if document is None:
        return "", []
    return document.title or "", [line for line in _INLINE.sub(r"\n\1\n", document.text or "").split("\n") if line.strip()]


def _without_address(link: re.Match[str]) -> str:
    """The words of a link, apart from what follows it without a blank."""
    return link[1] + (" " if link.string[link.end() : link.end() + 1].isalnum() else "")


def _around(lines: list[str], strict: set[str]) -> set[str]:
    """The lines before the first and after the last that a stricter reading has too, if it has most of the text."""
    common = [i for i, line in enumerate(lines) if line in strict]
    if not common or sum(len(lines[i]) for i in common) < _MOST * sum(map(len, lines)):
        return set()
    return {line for line in lines[: common[0]] + lines[common[-1] + 1 :] if line not in strict}


def _own_title(tree: Any, found: str) -> str:
    """The title that trafilatura found in a page or, when that is a standing head such as "Berita Daerah", the heading with which
    the page's own title begins."""
    named = " ".join((tree.findtext(".//title") or "").split())
    headings = (" ".join(heading.text_content().split()) for heading in tree.iter("h1", "h2", "h3"))
    own = (text for text in headings if len(text.split()) >= _TITLE_WORDS and named.startswith(text))
    return found if found and named.startswith(found) else next(own, found)


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
            files = sorted(str(p) for p in path.rglob("*") if p.is_file())
            found = [file for file in files if Path(file).suffix.lower() in ENDINGS]
            if not found:
                raise InputError(f"{name}: no {', '.join(ENDINGS)} file in this folder")
            if left := len(files) - len(found):
                print(f"{name}: files of other kinds are not read: {left} (expected {', '.join(ENDINGS)})", file=sys.stderr)
            yield from found
        else:
            found = sorted(p for p in glob.glob(name, recursive=True) if Path(p).suffix.lower() in ENDINGS)
            if not found:
                beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
                raise InputError(f"{name}: no such file, folder or match.{nearest(path.name, beside)}")
            yield from found
