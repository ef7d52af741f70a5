"""The settings of a training run: a YAML recipe plus `key=value` overrides in, one validated, frozen `Settings` out.

Every key changes something; an unknown key is refused with the nearest right name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tema.errors import SettingsError, nearest

Fraction = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class _Loader(yaml.SafeLoader):
    """The safe loader, but 2e-4 is a number as in YAML 1.2."""


_Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"^[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789"))


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class DataSettings(_Section):
    """Where the labelled text is: a folder of article files, or one flat table with a text and label columns."""

    articles: str | None = Field("data/articles", description="folder (or file) of labelled articles, one JSON a line")
    table: str | None = Field(None, description="a flat .csv, .tsv, .jsonl or .parquet table instead of articles")
    text_column: str = Field("text", description="the table's text column")
    label_column: str | None = Field(None, description="its label column: one label, a list, or labels joined by |")
    label_columns: tuple[str, ...] = Field((), description="or one 0/1 column per label")
    group_column: str | None = Field(None, description="rows with the same value stay on one side of every split")
    split_column: str | None = Field(None, description="a column that says train, validation or test for each row")
    themes: str | None = Field("data/themes.yaml", description="the themes; null: take the labels found in the data")

    @model_validator(mode="after")
    def _one_source(self) -> DataSettings:
        if (self.articles is None) == (self.table is None):
            raise ValueError("exactly one of data.articles and data.table must be given, and the other null")
        if self.table is not None and (self.label_column is None) == (not self.label_columns):
            raise ValueError("data.table needs either data.label_column or data.label_columns")
        return self


class SplitSettings(_Section):
    """How articles are divided; see `tema.splits`."""

    test: Fraction = Field(0.15, description="share of articles that only the final scores see")
    validation: Fraction = Field(0.12, description="share of articles that choose the epoch and the thresholds")
    near_duplicate: Fraction = Field(0.7, description="word 4-gram Jaccard similarity above which texts stay together")

    @model_validator(mode="after")
    def _room_for_training(self) -> SplitSettings:
        if self.test + self.validation > 0.8:
            raise ValueError("split.test and split.validation together leave less than a fifth for training")
        return self


class EncoderSettings(_Section):
    """Which encoder is fine-tuned; see `tema.encoders`."""

    name: str = Field("indobenchmark/indobert-base-p1", description="hub name, local folder, or 'embedded'")
    revision: str | None = Field(None, description="branch, tag or commit on the hub")
    offline: Literal["embedded"] | None = Field("embedded", description="stand-in when the hub is out of reach; null: stop")
    max_length: Annotated[int, Field(ge=16)] = Field(256, description="longest window in tokens")
    lowercase: bool = Field(True, description="read everything in lower case, so that headlines in capitals are read like text")
    normalise: bool = Field(True, description="batch-normalise the sentence vector in training (folded away when saved)")


class TrainingSettings(_Section):
    """How it is fine-tuned; see `tema.training`."""

    epochs: Count = Field(6, description="passes over the training paragraphs at most")
    batch_size: Count = Field(16, description="paragraphs per optimiser step")
    learning_rate: Positive = Field(1e-4, description="peak learning rate of the encoder")
    head_learning_rate: Positive = Field(1e-3, description="peak learning rate of the layers that are new")
    weight_decay: Annotated[float, Field(ge=0)] = Field(0.01, description="AdamW weight decay")
    warmup: Annotated[float, Field(ge=0, lt=1)] = Field(0.1, description="share of the steps that warm up")
    positive_weight: Positive = Field(2.0, description="weight of a given theme against an absent one (multilabel)")
    negative_focus: Annotated[float, Field(ge=0)] = Field(
        0.0, description="exponent by which absent themes count less the surer the model is of them; 0: all alike (multilabel)"
    )
    dropout: Annotated[float, Field(ge=0, lt=1)] = Field(0.0, description="dropout inside the encoder while training")
    noise: Annotated[float, Field(ge=0, le=1)] = Field(0.0, description="share of lines damaged in each epoch; see tema/noise.py")
    patience: Count = Field(3, description="epochs without a better validation score before stopping")
    precision: Literal["auto", "fp32", "bf16"] = Field("auto", description="auto: bf16 where the processor is good at it")


class Settings(_Section):
    """Everything that decides a training run; saved resolved as `settings.yaml` in the model folder."""

    task: Literal["multilabel", "multiclass"] = Field("multilabel", description="any number of labels, or exactly one")
    seed: Annotated[int, Field(ge=0)] = Field(13, description="governs splits, initial weights, order and dropout")
    output: str = Field("models/themes", description="folder of the saved model")
    data: DataSettings = Field(default_factory=DataSettings)
    split: SplitSettings = Field(default_factory=SplitSettings)
    encoder: EncoderSettings = Field(default_factory=EncoderSettings)
    training: TrainingSettings = Field(default_factory=TrainingSettings)


def load_settings(path: str | Path, overrides: Sequence[str] = ()) -> Settings:
    """Read a YAML recipe and apply overrides such as `training.epochs=3` (values are YAML).

    Raises SettingsError that names the file, the key, its value and, for an unknown key, the nearest right one.
    """
    values = _read_yaml(Path(path))
    for override in overrides:
        _apply(values, override)
    try:
        return Settings.model_validate(_tuples(values))
    except ValidationError as error:
        raise SettingsError(_explain(error, str(path))) from None


def settings_yaml(settings: Settings) -> str:
    """The resolved settings as YAML that `load_settings` reads back to an equal value."""
    return yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except FileNotFoundError:
        there = sorted(p.name for p in path.parent.glob("*.yaml")) if path.parent.is_dir() else []
        raise SettingsError(f"{path}: no such settings file.{nearest(path.name, there)}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise SettingsError(f"{path}: not valid YAML: {error}") from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise SettingsError(f"{path}: expected keys and values, found {type(values).__name__}")
    return values


def _apply(values: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise SettingsError(f"--set {override}: expected key=value, for example --set training.epochs=3")
    *parents, last = key.strip().split(".")
    for parent in parents:
        below = values.setdefault(parent, {})
        if not isinstance(below, dict):
            raise SettingsError(f"--set {override}: {parent!r} is a single value, not a section")
        values = below
    try:
        values[last] = yaml.load(text, _Loader)
    except yaml.YAMLError:
        raise SettingsError(f"--set {override}: {text!r} is not a YAML value") from None


def _tuples(values: Any) -> Any:
    """YAML has lists; the strict, frozen model wants tuples."""
    if isinstance(values, dict):
        return {key: _tuples(value) for key, value in values.items()}
    return tuple(_tuples(value) for value in values) if isinstance(values, list) else values


def _known_keys(location: tuple[str | int, ...]) -> list[str]:
    section: Any = Settings
    for part in location[:-1]:
        section = section.model_fields[str(part)].annotation
    return list(section.model_fields)


def _explain(error: ValidationError, path: str) -> str:
    lines = []
    for problem in error.errors():
        location, key = problem["loc"], ".".join(map(str, problem["loc"]))
        if problem["type"] == "extra_forbidden":
            known = _known_keys(location)
            lines.append(
                f"{path}: unknown settings key {key!r}.{nearest(str(location[-1]), known)} Known here: {', '.join(known)}."
            )
        else:
            message = problem["msg"].removeprefix("Value error, ")
            value = "" if isinstance(problem["input"], dict) else f" (found {problem['input']!r})"
            lines.append(f"{path}: {key or 'settings'}: {message}{value}")
    return "\n".join(lines)
