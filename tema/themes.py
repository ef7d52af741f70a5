"""The themes: `themes.yaml` in, a tuple of `Theme` out, in the order of the model's outputs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tema.errors import CorpusError

# for themes without a colour of their own, in order (Okabe and Ito's, which the colour-blind can tell apart)
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c8400", "#5b6877")


@dataclass(frozen=True)
class Theme:
    """One theme: a stable id, its names, what it means, the ASN core value that it refines, and a colour.

    `cues` are words that usually name the theme; they serve the audit and the keyword baseline, never the model.
    """

    id: str
    name: str
    name_en: str = ""
    definition: str = ""
    core_value: str = ""
    color: str = PALETTE[-1]
    cues: tuple[str, ...] = ()


def load_themes(path: str | Path) -> tuple[Theme, ...]:
    """Read themes from YAML (`themes:` a list of mappings). Raises CorpusError naming the file and the entry."""
    path = Path(path)
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))["themes"]
    except FileNotFoundError:
        raise CorpusError(f"{path}: no such themes file") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError, KeyError) as error:
        raise CorpusError(f"{path}: not a themes file (a list under the key 'themes'): {error!r}") from None
    if not isinstance(entries, list):
        raise CorpusError(f"{path}: 'themes' must be a list, found {entries!r:.60}")
    themes = tuple(_theme(entry, f"{path}: theme {number}", number) for number, entry in enumerate(entries, 1))
    ids = [theme.id for theme in themes]
    if len(ids) < 1 or len(set(ids)) < len(ids):
        raise CorpusError(f"{path}: expected at least one theme and no id twice, found {ids}")
    return themes


def themes_yaml(themes: tuple[Theme, ...]) -> str:
    """The themes as YAML that `load_themes` reads back to an equal value."""
    entries = [
        {
            "id": theme.id,
            "name": {"id": theme.name, "en": theme.name_en},
            "definition": theme.definition,
            "core_value": theme.core_value,
            "color": theme.color,
            "cues": list(theme.cues),
        }
        for theme in themes
    ]
    return yaml.safe_dump({"themes": entries}, sort_keys=False, allow_unicode=True, width=110)


def colour(number: int) -> str:
    """The palette's colour for the theme of this number, counted from 1."""
    return PALETTE[(number - 1) % len(PALETTE)]


def _theme(entry: Any, place: str, number: int) -> Theme:
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str) or not entry["id"].strip():
        raise CorpusError(f"{place}: expected a mapping with an 'id', found {entry!r}")
    names = entry.get("name") or {}
    if isinstance(names, str):
        names = {"id": names}
    if not isinstance(names, dict) or not isinstance(entry.get("cues") or [], list):
        raise CorpusError(f"{place} ({entry['id']}): 'name' must be a text or id/en pairs, 'cues' a list")
    unknown = set(entry) - {"id", "name", "definition", "core_value", "color", "cues"}
    if unknown:
        raise CorpusError(f"{place} ({entry['id']}): unknown keys {sorted(unknown)}")
    color = str(entry.get("color") or colour(number))
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", color):
        raise CorpusError(f"{place} ({entry['id']}): 'color' must be written like \"#1f6f8b\", found {color!r:.60}")
    return Theme(
        id=entry["id"],
        name=names.get("id") or entry["id"],
        name_en=names.get("en") or entry["id"],
        definition=" ".join(str(entry.get("definition") or "").split()),
        core_value=str(entry.get("core_value") or ""),
        color=color,
        cues=tuple(entry.get("cues") or ()),
    )
