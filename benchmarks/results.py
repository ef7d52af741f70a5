"""Where measurements go: a table in, printed and kept in RESULTS.md; and the machine they were taken on, by its features."""

from __future__ import annotations

import os
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
_FEATURES = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8")


def machine() -> str:
    """The machine by its features."""
    info = Path("/proc/cpuinfo")
    flags = set(info.read_text(encoding="utf-8").split()) if info.exists() else set()
    return f"{os.cpu_count()} cores, {' '.join(flag for flag in _FEATURES if flag in flags) or 'unknown instruction sets'}"


def record(command: str, text: str, path: Path | None) -> None:
    """Print a result and put it into `path` (None: only print) under a heading that is the command, in place of an older one."""
    print(text)
    if path is None:
        return
    heading = f"## `{command}`\n"
    before, found, rest = path.read_text(encoding="utf-8").partition(heading) if path.exists() else ("", "", "")
    after = rest[rest.find("\n## ") + 1 :] if "\n## " in rest else ""
    before = before if found else before.rstrip("\n") + "\n\n"
    path.write_text(f"{before}{heading}\n{text.strip()}\n" + (f"\n{after}" if after else ""), encoding="utf-8")
