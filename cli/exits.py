"""Exit codes, and how an error becomes one line and one of them."""

from __future__ import annotations

import contextlib
import os
import sys
from enum import IntEnum

from combkit.instances.errors import CombkitError, InvalidSolutionError, SolverError

__all__ = ["Exit", "code_of", "complain", "debugging", "note"]


class Exit(IntEnum):
    """What the process exit code says."""

    OK = 0
    #: No (checked) solution within the limits, or an internal error.
    NOTHING = 1
    #: Bad usage or bad input.
    USAGE = 2
    #: Ctrl-C or SIGTERM before anything was found.
    INTERRUPTED = 130


def debugging() -> bool:
    """Whether the user wants to see tracebacks."""
    return os.environ.get("COMBKIT_DEBUG", "0") not in ("", "0")


def code_of(error: BaseException) -> Exit:
    """Return the exit code of an error: 2 where the caller can mend it."""
    if isinstance(error, KeyboardInterrupt):
        return Exit.INTERRUPTED
    if isinstance(error, InvalidSolutionError | SolverError):
        return Exit.NOTHING
    if isinstance(error, CombkitError | OSError):
        return Exit.USAGE
    return Exit.NOTHING


def complain(error: BaseException) -> Exit:
    """Print an error as one line on stderr and return its exit code."""
    if isinstance(error, KeyboardInterrupt):
        note("interrupted")
    elif isinstance(error, CombkitError):
        note(f"error: {error}")
    elif isinstance(error, OSError):
        where = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
        note(f"error: {where}{error.strerror or error}")
    elif isinstance(error, MemoryError):
        note("error: out of memory")
    else:
        hint = "" if debugging() else " (COMBKIT_DEBUG=1 shows the traceback)"
        note(f"internal error: {type(error).__name__}: {error}{hint}")
    if debugging() and not isinstance(error, KeyboardInterrupt):
        import traceback

        traceback.print_exception(error)
    return code_of(error)


def note(message: str) -> None:
    """Print one line on stderr, whatever line breaks the message carries."""
    line = " ".join(message.split("\n"))
    with contextlib.suppress(OSError):
        print(f"combkit: {line}", file=sys.stderr, flush=True)
