"""Every key changes something or does not exist; wrong keys and values are told in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tema.errors import SettingsError
from tema.settings import load_settings, settings_yaml

CONFIGS = Path(__file__).resolve().parents[1] / "configs"


@pytest.mark.parametrize("recipe", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.name)
def test_load_when_recipe_is_shipped_then_it_is_valid_and_reads_back_equal(recipe: Path, tmp_path: Path) -> None:
    settings = load_settings(recipe)
    again = tmp_path / "again.yaml"
    again.write_text(settings_yaml(settings), encoding="utf-8")
    assert load_settings(again) == settings


def test_load_when_override_given_then_it_wins() -> None:
    settings = load_settings(
        CONFIGS / "default.yaml", ["training.epochs=3", "training.learning_rate=3e-5", "encoder.offline=null"]
    )
    assert settings.training.epochs == 3
    assert settings.training.learning_rate == 3e-5
    assert settings.encoder.offline is None


def test_load_when_revision_looks_like_a_number_in_quotes_then_it_stays_text() -> None:
    assert load_settings(CONFIGS / "default.yaml", ['encoder.revision="12e4567"']).encoder.revision == "12e4567"


def test_load_when_key_is_misspelt_then_nearest_is_named() -> None:
    with pytest.raises(SettingsError, match=r"unknown settings key 'training.epoch'. Did you mean 'epochs'\?"):
        load_settings(CONFIGS / "default.yaml", ["training.epoch=3"])


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("training.epochs=three", "training.epochs: Input should be a valid integer .found 'three'"),
        ("training.epochs=0", "training.epochs: Input should be greater than or equal to 1"),
        ("seed=1.5", "seed: Input should be a valid integer"),
        ("split.test=1.2", "split.test: Input should be less than 1"),
        ("task=ranking", "task: Input should be 'multilabel' or 'multiclass' .found 'ranking'"),
        ("data.articles=null", "exactly one of data.articles and data.table"),
        ("training.epochs", "expected key=value"),
        ("seed.deep=1", "'seed' is a single value, not a section"),
    ],
)
def test_load_when_value_does_not_fit_then_key_and_value_are_named(override: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        load_settings(CONFIGS / "default.yaml", [override])


def test_load_when_file_is_missing_then_nearest_file_is_named() -> None:
    with pytest.raises(SettingsError, match=r"no such settings file. Did you mean 'default.yaml'\?"):
        load_settings(CONFIGS / "defualt.yaml")
