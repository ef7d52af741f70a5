"""The encoder to fine-tune: settings in, a local folder that transformers can load out, with its origin.

Three ways lead to one folder layout (config.json, weights, tokenizer): a hub name is downloaded, a local folder is taken as it
is, and the embedded stand-in is written out by `tema.embedded`.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tema.errors import EncoderError
from tema.settings import EncoderSettings

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

HUB_SECONDS = 8.0  # how long an unreachable hub may keep the user waiting
EMBEDDED = "embedded"


@dataclass(frozen=True)
class Origin:
    """Where an encoder came from: the name asked for, the one loaded, its commit on the hub, and why a stand-in was taken."""

    asked: str
    loaded: str
    commit: str | None = None
    standin_reason: str | None = None

    @property
    def note(self) -> str:
        """One line for people, said wherever scores are shown."""
        if self.standin_reason:
            return (
                f"STAND-IN ENCODER: {self.loaded} was fine-tuned in place of {self.asked} ({self.standin_reason}); "
                "expect other scores with the encoder you asked for"
            )
        return f"encoder {self.loaded}" + (f" at commit {self.commit}" if self.commit else "")

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "note": self.note}


@contextlib.contextmanager
def encoder_folder(settings: EncoderSettings, texts: Sequence[str], scratch: Path) -> Iterator[tuple[Path, Origin]]:
    """The folder of the encoder that the settings name; the stand-in is written under `scratch`.

    `texts` (training texts) tell the stand-in which word pieces to keep. Raises EncoderError when there is no encoder
    to be had, with what to do.
    """
    if settings.name == EMBEDDED:
        yield _embedded(settings, texts, scratch, None)
    elif Path(settings.name).is_dir():
        yield Path(settings.name), Origin(settings.name, settings.name)
    else:
        try:
            folder, commit = _within(HUB_SECONDS, lambda: resolve_commit(settings.name, settings.revision))
        except _HubUnreachableError as error:
            if settings.offline is None:
                raise EncoderError(
                    f"encoder {settings.name!r}: the model hub is out of reach ({error}) and encoder.offline is null. "
                    "Connect, or download the model elsewhere and set encoder.name to its folder, "
                    "or allow the stand-in with --set encoder.offline=embedded"
                ) from None
            yield _embedded(settings, texts, scratch, f"the model hub is out of reach: {error}")
            return
        yield folder or download(settings.name, commit), Origin(settings.name, settings.name, commit)


class _HubUnreachableError(Exception):
    """The hub did not answer."""


def resolve_commit(name: str, revision: str | None) -> tuple[Path | None, str]:
    """Ask the hub for the commit of a model. Returns (None, commit), or (cached folder, commit) when only the cache answers.

    Raises EncoderError when the hub says that there is no such model, _HubUnreachableError when it says nothing.
    """
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return None, str(HfApi().model_info(name, revision=revision, timeout=HUB_SECONDS / 2).sha)
    except HFValidationError:
        raise EncoderError(
            f"encoder.name {name!r} is neither a folder on this machine nor a hub name such as owner/model"
        ) from None
    except HfHubHTTPError as error:
        status = getattr(error.response, "status_code", 0)
        if status in (401, 403, 404):
            raise EncoderError(
                f"encoder.name {name!r} (revision {revision or 'main'}): not on the hub, or not open to you; check the spelling"
            ) from None
        reason: Exception = error
    except Exception as error:  # whichever way the connection fails: socket, proxy, TLS or offline mode
        reason = error
    try:
        folder = Path(snapshot_download(name, revision=revision, local_files_only=True))
        return folder, folder.name
    except (LocalEntryNotFoundError, OSError, ValueError):
        raise _HubUnreachableError(type(reason).__name__) from None


def download(name: str, commit: str) -> Path:
    """Fetch one commit of a model: configuration, tokenizer and one form of the weights. Raises EncoderError."""
    from huggingface_hub import HfApi, snapshot_download

    try:
        files = HfApi().list_repo_files(name, revision=commit)
        weights = "*.safetensors" if any(file.endswith(".safetensors") for file in files) else "pytorch_model*.bin"
        kept = [f for f in files if f.endswith((".json", ".txt", ".model")) and "/" not in f]
        return Path(snapshot_download(name, revision=commit, allow_patterns=[weights, *kept]))
    except Exception as error:  # the client raises many kinds; all mean that the download failed
        raise EncoderError(
            f"encoder {name!r}: the download broke off ({error}); try again, it goes on where it stopped"
        ) from None


def load_encoder(
    folder: Path, settings: EncoderSettings, labels: Sequence[str], task: str
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """A classifier with a fresh head over the encoder in `folder`, and its tokenizer.

    The tokenizer's maximum length is the shorter of `encoder.max_length` and what the encoder's positions allow (IndoBERT's
    own tokenizer_config.json is empty and names none). Raises EncoderError when the folder is not a usable encoder.
    """
    from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder)
        config = AutoConfig.from_pretrained(
            folder,
            num_labels=len(labels),
            id2label=dict(enumerate(labels)),
            label2id={label: i for i, label in enumerate(labels)},
            problem_type="multi_label_classification" if task == "multilabel" else "single_label_classification",
        )
        model = AutoModelForSequenceClassification.from_pretrained(folder, config=config)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise EncoderError(f"{folder}: not an encoder that transformers can load: {str(error).splitlines()[0]}") from None
    if not tokenizer.is_fast:
        raise EncoderError(f"{folder}: its tokenizer has no fast version (tokenizer.json); convert it with transformers first")
    if settings.lowercase:
        lower_case(tokenizer)
    tokenizer.model_max_length = min(settings.max_length, longest_input(config))
    return model, tokenizer


def lower_case(tokenizer: PreTrainedTokenizerBase) -> None:
    """Make a tokenizer read capitals as small letters, if it does not already; saved with it."""
    from tokenizers import normalizers

    backend = tokenizer.backend_tokenizer
    if backend.normalizer is None:
        backend.normalizer = normalizers.Lowercase()
    elif backend.normalizer.normalize_str("A") != "a":
        backend.normalizer = normalizers.Sequence([backend.normalizer, normalizers.Lowercase()])


def longest_input(config: Any) -> int:
    """How many tokens the positions of an encoder allow, special tokens included."""
    positions = int(getattr(config, "max_position_embeddings", 512) or 512)
    roberta_like = config.model_type in ("roberta", "xlm-roberta", "camembert", "xlm-roberta-xl", "mpnet")
    return positions - (int(config.pad_token_id or 0) + 1 if roberta_like else 0)


def _embedded(settings: EncoderSettings, texts: Sequence[str], scratch: Path, reason: str | None) -> tuple[Path, Origin]:
    from tema.embedded import SOURCE, write_encoder

    folder = scratch / "embedded-encoder"
    write_encoder(folder, texts, lowercase=settings.lowercase)
    return folder, Origin(settings.name, SOURCE, None, reason)


def _within(seconds: float, job: Callable[[], Any]) -> Any:
    """The result of `job`, or _HubUnreachableError once the time is up (name look-ups have no timeout of their own)."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(job())
        except BaseException as error:
            outcome.append(error)

    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    worker.join(seconds)
    if not outcome:
        raise _HubUnreachableError(f"no answer within {seconds:.0f} seconds")
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]
