"""The argument parser, and the types of arguments that several commands share."""

from __future__ import annotations

import argparse
import math
from typing import Any, NoReturn

from combkit.instances.errors import UsageError

__all__ = [
    "Parser",
    "examples",
    "fraction",
    "natural",
    "number",
    "positive",
    "positive_number",
    "seconds",
]


class Parser(argparse.ArgumentParser):
    """A parser that raises ``UsageError`` and never guesses abbreviations."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """Raise the error instead of printing usage and leaving."""
        raise UsageError(f"{message} (see {self.prog} --help)")


def examples(*lines: str) -> str:
    """Return the epilog that lists examples."""
    return "\n".join(["examples:", *(f"  {line}" for line in lines)])


def positive(text: str) -> int:
    """Parse a positive integer."""
    value = _integer(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive integer")
    return value


def natural(text: str) -> int:
    """Parse a non-negative integer."""
    value = _integer(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is not a non-negative integer")
    return value


def seconds(text: str) -> float:
    """Parse a time limit; ``none`` and ``inf`` mean no limit."""
    value = math.inf if text.lower() == "none" else _number(text)
    if math.isnan(value) or value < 0:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds")
    return value


def fraction(text: str) -> float:
    """Parse a relative gap."""
    value = _number(text)
    if not (math.isfinite(value) and value >= 0):
        raise argparse.ArgumentTypeError(f"{text} is not a non-negative number")
    return value


def number(text: str) -> float:
    """Parse a finite number."""
    value = _number(text)
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text} is not a finite number")
    return value


def positive_number(text: str) -> float:
    """Parse a finite number above 0."""
    value = number(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not an integer") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
