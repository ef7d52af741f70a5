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
        self._stream.flush()
        finish(self._stream.fileno(), self._path)
        self._stream.close()

    def _show_open(self) -> None:
        if not self._open:
            return
        title = next((record["text"] for record in self._open if record["kind"] == "headline"), "")
        counts = Counter(theme for record in self._open for theme in record["themes"])
        self._show(self._open[0], title, counts, len(self._open), [self._line(record) for record in self._open])
        self._open.clear()

    def _show(self, record: dict[str, Any], title: str, counts: dict[str, int], n: int, lines: list[dict[str, Any]]) -> None:
        carried = [(number, theme) for number, theme in self._themes.values() if counts.get(theme.id)]
        chips = [(theme, counts[theme.id]) for _, theme in carried]
        numbers = [number for number, _ in carried]
        doubtful = not lines and record["needs_review"]
        name = title or record["article_id"]
        self._stream.write(self._parts.article(name, record["source"], chips, numbers, n, doubtful, lines))

    def _line(self, record: dict[str, Any]) -> dict[str, Any]:
        carried = [self._themes[theme] for theme in record["themes"]]
        return {
            "text": record["text"],
            "kind": record["kind"],
            "themes": [(theme, record["scores"][theme.id]) for _, theme in carried],
            "numbers": [number for number, _ in carried],
            "review": record["needs_review"],
            "bar": _bar([theme.color for _, theme in carried]),
        }


def _bar(colours: Sequence[str]) -> str:
    """A CSS gradient with an equal stretch of each colour, from top to bottom; empty without any."""
    n = len(colours)
    stretches = (f"{colour} {100 * i // n}% {100 * (i + 1) // n}%" for i, colour in enumerate(colours))
    return f"linear-gradient({', '.join(stretches)})" if n else ""
