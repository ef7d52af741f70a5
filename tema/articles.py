"""Articles and their paragraphs: the text of one article in, an `Article` of `Paragraph`s with their kinds out.

A paragraph is a line that is not blank. Its kind is decided from the line itself and its neighbours: *boilerplate* is what a
site puts around or between the writer's words (read-also links, bylines, counters, captions, comment forms), a
*headline* is the title or a subhead, everything else is *body*. When in doubt a line is body: losing a paragraph costs
more than tagging a byline.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from tema.boilerplate import could_be_headline, is_boilerplate

Kind = Literal["headline", "body", "boilerplate"]
KINDS: tuple[str, ...] = get_args(Kind)

# A label that stands alone above links to other articles.
_LINK_LABEL = re.compile(
    r"[\W_]*(?:(?:baca|lihat|simak|tonton)\s*(?:juga|pula|lagi)|"
    r"(?:baca )?(?:berita|artikel|bacaan|konten|opini|kolom|post(?:ingan)?|tulisan|kabar)(?: \w+)?\s+"
    r"(?:terkait|lain(?:nya)?|populer|terpopuler|rekomendasi|pilihan)|"
    r"rekomendasi(?: untuk anda)?|terpopuler|pilihan editor|jangan lewatkan)[\W_]*",
    re.IGNORECASE,
)
_BULLETS = ("- ", "* ", "> ", "• ")


@dataclass(frozen=True)
class Paragraph:
    """One line of an article, as read but for white space around it."""

    text: str
    kind: Kind


@dataclass(frozen=True)
class Article:
    """One article; `title` is its first headline, or empty."""

    article_id: str
    source: str
    title: str
    paragraphs: tuple[Paragraph, ...]


def make_article(article_id: str, source: str, text: str, title: str = "", links: frozenset[str] = frozenset()) -> Article:
    """Divide a text into paragraphs with kinds. A known `title` that the text does not repeat is put in front; lines in `links`
    are known to be links to other pages, so boilerplate."""
    lines = paragraph_lines(text)
    title = next((line for line in lines[:3] if _is_title(line, title)), " ".join(title.split()))
    if title and title not in lines[:3]:
        lines.insert(0, title)
    paragraphs = tuple(map(Paragraph, lines, line_kinds(lines, title, links)))
    first = next((paragraph.text for paragraph in paragraphs if paragraph.kind == "headline"), "")
    return Article(article_id, source, title or first, paragraphs)


def paragraph_lines(text: str) -> list[str]:
    """The non-blank lines of a text, without the white space around them."""
    return [line.strip() for line in re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff")) if line.strip()]


def line_kinds(lines: Sequence[str], title: str = "", links: frozenset[str] = frozenset()) -> list[Kind]:
    """The kind of each line of one article, in order."""
    kinds: list[Kind] = ["boilerplate" if line != title and (is_boilerplate(line) or line in links) else "body" for line in lines]
    _mark_linked_titles(lines, kinds)
    if len(lines) == 1:
        return kinds
    if kinds[:1] == ["boilerplate"] and lines[0] not in links and could_be_headline(lines[0]) and _in_title_case(lines[0]):
        kinds[0] = "body"
    headed = False
    for i, line in enumerate(lines):
        if kinds[i] != "body":
            continue
        if line == title or (not headed and _looks_like_title(line)) or (headed and _looks_like_subhead(lines, kinds, i)):
            kinds[i] = "headline"
        headed = True
    _mark_signatures(lines, kinds)
    return kinds


def _mark_linked_titles(lines: Sequence[str], kinds: list[Kind]) -> None:
    """After a label such as "BACA JUGA" alone on its line, the titles that follow are links too."""
    for i, line in enumerate(lines):
        if _LINK_LABEL.fullmatch(line):
            kinds[i] = "boilerplate"
            for j in range(i + 1, min(len(lines), i + 7)):
                if not _looks_like_link(lines[j]) or (
                    j > i + 1 and not (_in_title_case(lines[j]) or lines[j].startswith(_BULLETS))
                ):
                    break
                kinds[j] = "boilerplate"


def _mark_signatures(lines: Sequence[str], kinds: list[Kind]) -> None:
    """A few words without an end, right under the title or as the last line, are the outlet or the office that signs."""
    if len(lines) < 3:
        return
    places = {len(lines) - 1}
    if "headline" in kinds:
        places.add(min(kinds.index("headline") + 1, len(lines) - 1))
    for i in places:
        if kinds[i] == "body" and len(lines[i].split()) <= 5 and re.search(r"^[A-Z].*[\w)]$", lines[i]):
            kinds[i] = "boilerplate"


def _looks_like_link(line: str) -> bool:
    return len(line.split()) <= 22 and not re.search(r"[.,;”\"]$", line)


def _in_title_case(line: str) -> bool:
    words = [word for word in re.findall(r"[^\W\d_]+", line) if len(word) > 3]
    return sum(word[0].isupper() for word in words) >= 0.6 * len(words)


def _is_title(line: str, title: str) -> bool:
    """Whether a line is a page's title; pages like to add their site's name: "Sekda Minta Pegawai Jujur - Portal Kita"."""
    rest = " ".join(title.split()).removeprefix(line)
    return len(rest) < len(title) and (not rest or bool(re.match(r"\s+[-–—|»•:]", rest)))


def _looks_like_title(line: str) -> bool:
    return 2 <= len(line.split()) <= 24 and not re.search(r"(?<!\.)\.$|[,;:]$|\w\s+[–—-]\s+\w.{80}", line)


def _looks_like_subhead(lines: Sequence[str], kinds: Sequence[Kind], i: int) -> bool:
    """A short line without a full stop or quotation between body lines; not one half of a broken sentence."""
    line = lines[i]
    words = line.split()
    if not 2 <= len(words) <= 12 or re.search(r"[.,;:!…”\"“'’)]$|[.!?] |^[\"“'‘•*-]|^\d+[.)]|^\(?[a-z]", line):
        return False
    following = next((lines[j] for j in range(i + 1, len(lines)) if kinds[j] == "body"), "")
    before = next((lines[j] for j in range(i - 1, -1, -1) if kinds[j] != "boilerplate"), "")
    return bool(following) and not following[0].islower() and bool(re.search(r"[.!?”\"'’)]\W*$", before))
