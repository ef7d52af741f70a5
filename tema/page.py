"""Records → one page of HTML to read, offline or on a phone: paragraphs coloured by theme, a summary per article, filters.

The page is written article by article, so memory does not grow with it; a browser holds some thousands of articles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tema.themes import Theme
from tema.writers import finish, partial

MARK = '<meta name="generator" content="Tema">'  # in the page's head, so that it is never read as an article
_TEMPLATE = Path(__file__).with_name("page.html.j2")


class PageWriter:
    """Takes records of either level; `note` stands at the head of the page when it is not empty."""

    def __init__(self, path: Path, themes: Sequence[Theme], note: str) -> None:
        import jinja2

        environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
        template: Any = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
        self._parts: Any = template.module
        self._path, self._themes = path, {theme.id: (number, theme) for number, theme in enumerate(themes)}
        self._open: list[dict[str, Any]] = []  # paragraphs of the article that is being read
        self._stream = partial(path).open("w", encoding="utf-8")
        self._stream.write(self._parts.head(themes, note, MARK))

    def write(self, record: dict[str, Any]) -> None:
        """Add one record; an article is shown when its last paragraph has come."""
        if "paragraph" not in record:
            self._show(record, record["title"], record["theme_paragraphs"], record["paragraphs"], [])
            return
        if record["paragraph"] == 0:
            self._show_open()
        self._open.append(record)

    def close(self) -> None:
        """Finish: the page takes its place."""
        self._show_open()
        self._stream.write(self._parts.foot())
        finish(self._stream, self._path)

    def _show_open(self) -> None:
        if not self._open:
            return
        title = next((record["text"] for record in self._open if record["kind"] == "headline"), "")
        counts = Counter(theme for record in self._open for theme in record["themes"])
        self._show(self._open[0], title, counts, len(self._open), [self._line(record) for record in self._open])
        self._open.clear()

    def _show(self, record: dict[str, Any], title: str, counts: dict[str, int], n: int, lines: list[dict[str, Any]]) -> None:
        carried = [(number, theme, counts[theme.id]) for number, theme in self._themes.values() if counts.get(theme.id)]
        doubtful = not lines and record["needs_review"]
        self._stream.write(self._parts.article(title or record["article_id"], record["source"], carried, n, doubtful, lines))

    def _line(self, record: dict[str, Any]) -> dict[str, Any]:
        return {
            "text": record["text"],
            "kind": record["kind"],
            "themes": [(*self._themes[theme], record["scores"][theme]) for theme in record["themes"]],
            "review": record["needs_review"],
            "bar": _bar([self._themes[theme][1].color for theme in record["themes"]]),
        }


def _bar(colours: Sequence[str]) -> str:
    """A CSS gradient with an equal stretch of each colour, from top to bottom; empty without any."""
    n = len(colours)
    stretches = (f"{colour} {100 * i // n}% {100 * (i + 1) // n}%" for i, colour in enumerate(colours))
    return f"linear-gradient({', '.join(stretches)})" if n else ""
