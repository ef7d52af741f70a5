"""The ways in which text arrives damaged: a clean text and a random generator in, the damaged text out.

Training damages a share of its lines afresh in every epoch (`training.noise`), and `benchmarks/robustness.py` measures what each
kind costs a finished model.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

TYPO_SHARE = 0.02  # of characters
_KEPT_SHARE = 0.8  # of a truncated paragraph's characters
_QUOTES = re.compile(r"[\"“”„'‘’`]")

Noise = Callable[[str, random.Random], str]


def lower_case(text: str, _: random.Random) -> str:
    """Everything in lower case."""
    return text.lower()


def upper_case(text: str, _: random.Random) -> str:
    """Everything in capitals."""
    return text.upper()


def dropped_spaces(text: str, generator: random.Random) -> str:
    """Most spaces after commas and full stops lost."""
    return re.sub(r"(?<=[,.]) ", lambda space: "" if generator.random() < 0.8 else space[0], text)


def stripped_quotes(text: str, _: random.Random) -> str:
    """No quotation mark left."""
    return _QUOTES.sub("", text)


def typos(text: str, generator: random.Random) -> str:
    """Two letters in a hundred lost, doubled, or swapped with the next."""
    letters = list(text)
    for i in range(len(letters) - 1):
        if letters[i].isalpha() and generator.random() < TYPO_SHARE:
            kind = generator.randrange(3)
            if kind == 0:
                letters[i] = ""
            elif kind == 1:
                letters[i] *= 2
            else:
                letters[i], letters[i + 1] = letters[i + 1], letters[i]
    return "".join(letters)


def truncated(text: str, _: random.Random) -> str:
    """The last fifth of the paragraph lost."""
    return text[: max(1, int(_KEPT_SHARE * len(text)))]


NOISES: dict[str, Noise] = {
    "lower case": lower_case,
    "upper case": upper_case,
    "dropped spaces": dropped_spaces,
    "stripped quotes": stripped_quotes,
    "typos": typos,
    "truncated": truncated,
}
_LEARNED = ("dropped spaces", "stripped quotes")  # and typos always; a truncated line may have lost its theme
_LEARNED_CASE = ("lower case", "upper case")


def damaged(text: str, generator: random.Random, lowercase: bool) -> str:
    """Typos, and with even odds each other kind of damage that leaves the themes as they are; of case only where the encoder
    sees it."""
    for name in _LEARNED if lowercase else _LEARNED + _LEARNED_CASE:
        if generator.random() < 0.5:
            text = NOISES[name](text, generator)
    return typos(text, generator)
