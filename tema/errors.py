"""What a user can get wrong, one exception type per kind; the scripts print the message and exit with 1."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class TemaError(Exception):
    """A problem that the user can mend; its text names the place, the value, what was expected and what to do."""


class SettingsError(TemaError):
    """A settings key or value that does not exist or does not fit."""


class InputError(TemaError):
    """An input of predict.py that cannot be read."""


class CorpusError(TemaError):
    """Labelled data that cannot be trained on."""


class EncoderError(TemaError):
    """An encoder that cannot be found or loaded."""


class ModelError(TemaError):
    """A saved model that is missing, incomplete or altered."""


class OutputError(TemaError):
    """An output that cannot be written."""


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint such as " Did you mean 'epochs'?" when one of `known` is close to `word`, else the empty string."""
    folded = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), folded, n=1, cutoff=0.5)
    return f" Did you mean {folded[close[0]]!r}?" if close else ""
