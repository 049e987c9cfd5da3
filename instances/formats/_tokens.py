"""Numbers of line-oriented text formats, with errors that name the line."""

from __future__ import annotations

import math
from collections.abc import Iterator

from combkit.instances.source import Source

__all__ = [
    "LONG_HEAD",
    "data_lines",
    "integers",
    "number_lines",
    "numbers",
    "one_line",
    "stated",
]

#: A head of more characters may be the cut start of a longer file.
LONG_HEAD = 32_000
_SHOWN = 24


def data_lines(source: Source) -> Iterator[tuple[int, str]]:
    """Yield number and text of the lines that are neither blank nor ``#``."""
    for number, line in enumerate(source.lines, start=1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            yield number, stripped


def number_lines(head: str) -> list[list[float]] | None:
    """Return the numbers of the head's data lines, to recognise a format.

    The last line of a long head is left out: it may be cut. None: something
    other than finite numbers stands there.
    """
    lines = head.split("\n")
    if len(head) > LONG_HEAD:
        lines.pop()
    result = []
    for line in lines:
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                row = [float(token) for token in line.split()]
            except ValueError:
                return None
            if not all(map(math.isfinite, row)):
                return None
            result.append(row)
    return result


def integers(
    source: Source,
    line: int,
    text: str,
    *,
    minimum: int = -(2**53),
    maximum: int = 2**53,
) -> list[int]:
    """Return the integers of a line.

    Raises
    ------
    InstanceFormatError
        If a token is not an integer within the limits.
    """
    tokens = text.split()
    try:
        if not text.isascii() or "_" in text:
            raise ValueError
        values = list(map(int, tokens))
    except ValueError:
        # Python refuses integers of thousands of digits, too.
        bad = next((token for token in tokens if not _is_integer(token)), text)
        raise source.error(line, f"{_show(bad)} is not an integer") from None
    if values and not (minimum <= min(values) and max(values) <= maximum):
        out = next(v for v in values if not minimum <= v <= maximum)
        limit = f"below {minimum}" if out < minimum else f"above {maximum}"
        raise source.error(line, f"{out} is {limit}")
    return values


def numbers(
    source: Source, line: int, text: str, *, signed: bool = False
) -> list[int | float]:
    """Return the finite numbers of a line, integers as ``int``.

    Parameters
    ----------
    source : Source
        The file.
    line : int
        Number of the line.
    text : str
        What is read of it.
    signed : bool
        Whether they may be negative.

    Raises
    ------
    InstanceFormatError
        If a token is not such a number or an integer above 2^53.
    """
    values: list[int | float] = []
    for token in text.split():
        if _is_integer(token):
            least = -(2**53) if signed else 0
            values.extend(integers(source, line, token, minimum=least))
            continue
        try:
            if not token.isascii() or "_" in token:
                raise ValueError
            value = float(token)
        except ValueError:
            raise source.error(line, f"{_show(token)} is not a number") from None
        if not math.isfinite(value) or (value < 0 and not signed):
            what = "is not finite" if not math.isfinite(value) else "is negative"
            raise source.error(line, f"{_show(token)} {what}")
        values.append(value)
    return values


def stated(source: Source, word: str) -> float | None:
    """Return the number of the comment line ``# WORD NUMBER``, if there is one.

    Raises
    ------
    InstanceFormatError
        If something else than a finite number follows the word.
    """
    for line, text in enumerate(source.lines, start=1):
        words = text.strip().lstrip("#").split()
        if text.lstrip().startswith("#") and words[:1] == [word]:
            try:
                value = float(" ".join(words[1:]))
            except ValueError:
                value = math.nan
            if not math.isfinite(value):
                raise source.error(line, f"a number must follow {word!r}")
            return value
    return None


def one_line(text: str) -> str:
    """Return a text with every run of white space as one blank."""
    return " ".join(text.split())


def _is_integer(token: str) -> bool:
    digits = token[1:] if token[:1] in "+-" else token
    return digits.isascii() and digits.isdigit() and len(digits) < 1000


def _show(token: str) -> str:
    return repr(token if len(token) <= _SHOWN else token[:_SHOWN] + "...")
