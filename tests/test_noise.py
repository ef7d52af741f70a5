"""Damage changes what it says it changes, and nothing else."""

from __future__ import annotations

import random

import pytest

from tema.noise import NOISES, damaged

TEXT = 'Bupati berkata, "ASN harus jujur, disiplin, dan netral." Hadir pula camat, lurah, dan staf. ' * 5


@pytest.mark.parametrize("name", NOISES)
def test_noise_when_applied_then_text_differs_and_same_seed_gives_the_same(name: str) -> None:
    noise = NOISES[name]
    once = noise(TEXT, random.Random(1))
    assert once != TEXT
    assert once == noise(TEXT, random.Random(1))


def test_noise_when_spaces_drop_then_only_spaces_after_commas_and_stops_are_lost() -> None:
    broken = NOISES["dropped spaces"](TEXT, random.Random(1))
    assert broken.replace(" ", "") == TEXT.replace(" ", "")
    assert "ASN harus" in broken


def test_noise_when_typos_then_about_two_letters_in_a_hundred() -> None:
    letters = "abcdefghij" * 2000
    lost_or_won = NOISES["typos"](letters, random.Random(1))
    changed = sum(a != b for a, b in zip(letters[:200], lost_or_won[:200], strict=True))
    assert changed > 0
    assert abs(len(lost_or_won) - len(letters)) < 100


@pytest.mark.parametrize("lowercase", [False, True])
def test_damaged_when_drawn_often_then_typos_always_and_case_only_where_it_is_read(lowercase: bool) -> None:
    generator = random.Random(2)
    drawn = [damaged(TEXT, generator, lowercase) for _ in range(100)]
    assert TEXT not in drawn
    assert 20 < sum('"' not in text for text in drawn) < 80
    assert 20 < sum(text.count(", ") < TEXT.count(", ") / 2 for text in drawn) < 80
    assert any(text.isupper() for text in drawn) is not lowercase
    assert all(len(text) > 0.9 * len(TEXT) for text in drawn)  # never truncated
