"""What both scripts share: exit codes, messages for people, quietness on a pipe."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Callable

from tema.errors import TemaError

DONE, USER_ERROR, SET_ASIDE, INTERRUPTED = 0, 1, 3, 130


def run(main: Callable[[], int]) -> None:
    """Run a script's main and leave with its exit code; a user's mistake is told in words, never as a traceback."""
    _hush_libraries()
    try:
        code = main()
    except TemaError as error:
        print(f"error: {error}", file=sys.stderr)
        code = USER_ERROR
    except KeyboardInterrupt:
        print("\ninterrupted; a run that writes a model or a .jsonl file goes on with --resume", file=sys.stderr)
        code = INTERRUPTED
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = DONE
    except OSError as error:  # a full disk, a lost drive; what can be foreseen is told better where it happens
        print(f"error: {error.filename or 'input or output'}: {error.strerror or error}", file=sys.stderr)
        code = USER_ERROR
    sys.stdout.flush()
    sys.exit(code)


def is_quiet() -> bool:
    """No progress bars when the messages do not go to a terminal, or another process of torchrun draws them."""
    return not sys.stderr.isatty() or not is_first_process()


def is_first_process() -> bool:
    """Whether this is the process that speaks and saves; torchrun starts several and numbers them."""
    return os.environ.get("RANK", "0") == "0"


def n_processes() -> int:
    """How many processes torchrun started."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def _hush_libraries() -> None:
    """Libraries talk to developers; their warnings help no user of these scripts."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    warnings.filterwarnings("ignore")
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    for name in ("trafilatura", "htmldate", "datasets", "huggingface_hub", "transformers"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
