"""The grammar of TSPLIB 95: keyword lines, then sections of numbers.

A keyword line starts with a letter; what follows it up to the next keyword
line is the body of a section. Sections come in any order, blank lines are
skipped and reading ends at ``EOF`` or at the end of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import InstanceFormatError, UnsupportedFeatureError
from combkit.instances.source import Source

__all__ = ["Document", "Section", "integer", "parse", "short"]

Array = NDArray[Any]
Floats = NDArray[np.float64]

_MORE_THAN_DIGITS = re.compile(r"[^-+0-9\s]")
_NOT_A_NUMBER = re.compile(r"[^-+.0-9eE\s]")
#: Tokens are converted by this many lines at a time, to bound the memory.
_BLOCK = 8192
#: Integers up to here are exact also as floats.
_MAX_INTEGER = 2**53


@dataclass(frozen=True, slots=True)
class Section:
    """The body of a section.

    Parameters
    ----------
    source : Source
        The file.
    name : str
        Keyword of the section.
    line : int
        1-based line of the keyword.
    lines : list of str
        The lines after it.
    """

    source: Source
    name: str
    line: int
    lines: list[str]

    @property
    def end(self) -> int:
        """Line number of the last line that holds something."""
        for k in range(len(self.lines), 0, -1):
            if self.lines[k - 1].strip():
                return self.line + k
        return self.line

    def filled(self) -> Iterator[tuple[int, list[str]]]:
        """Yield line number and tokens of every line that is not blank."""
        for number, line in enumerate(self.lines, self.line + 1):
            if tokens := line.split():
                yield number, tokens

    def rows(self, count: int, columns: int) -> Floats:
        """Return a table with one row a line.

        Parameters
        ----------
        count : int
            Number of rows that the file declares.
        columns : int
            Numbers a row.

        Returns
        -------
        ndarray of float64, shape (count, columns)

        Raises
        ------
        InstanceFormatError
            If a line has not this many finite numbers or there are fewer or
            more rows.
        """
        lines = [line for line in self.lines if not line.isspace() and line]
        if len(lines) < count:
            raise self.source.error(
                self.end, f"{self.name} ends after {len(lines)} of {count} rows"
            )
        if len(lines) > count:
            number = next(n for k, (n, _) in enumerate(self.filled()) if k == count)
            raise self.source.error(
                number, f"{self.name} has more than {count} rows (DIMENSION)"
            )
        try:
            table: Floats = np.loadtxt(lines, comments=None, ndmin=2)
        except ValueError:
            table = np.full((0, 0), np.nan)
        if table.shape != (count, columns) or not np.isfinite(table).all():
            self._blame_row(columns)
        return table

    def _blame_row(self, columns: int) -> NoReturn:
        """Raise the error of the first bad row."""
        for number, tokens in self.filled():
            if len(tokens) != columns:
                raise self.source.error(
                    number,
                    f"{len(tokens)} numbers in a row of {self.name} where {columns} "
                    "are needed",
                )
            for token in tokens:
                self._number(number, token)
        raise self.source.error(self.line, f"{self.name} does not hold numbers")

    def _number(self, line: int, token: str) -> float:
        try:
            value = float(token)
        except ValueError:
            value = float("nan")
        if not np.isfinite(value) or _NOT_A_NUMBER.search(token):
            raise self.source.error(
                line, f"{short(token)} in {self.name} is not a finite number"
            )
        return value

    def line_of_row(self, row: int) -> int:
        """Return the line number of a row, counted from 0."""
        return next(n for k, (n, _) in enumerate(self.filled()) if k == row)

    def numbers(self, count: int) -> Array:
        """Return exactly ``count`` numbers, wrapped into lines in any way.

        Returns
        -------
        ndarray, shape (count,)
            int64 where every token is written as an integer, else float64.

        Raises
        ------
        InstanceFormatError
            If a token is not a finite number or there are fewer or more.
        """
        integral = not any(map(_MORE_THAN_DIGITS.search, self.lines))
        parts: list[Array] = [np.zeros(0, np.int64 if integral else np.float64)]
        found = 0
        for start in range(0, len(self.lines), _BLOCK):
            text = " ".join(self.lines[start : start + _BLOCK])
            found += len(tokens := text.split())
            if found > count:
                break
            if not integral and _NOT_A_NUMBER.search(text):
                self._blame_token(start, integral)
            parts.append(self._convert(tokens, start, integral))
        if found > count:
            line = self._line_of_token(count)
            raise self.source.error(line, f"{self.name} has more than {count} numbers")
        if found < count:
            raise self.source.error(
                self.end, f"{self.name} ends after {found} of {count} numbers"
            )
        return np.concatenate(parts)

    def _convert(self, tokens: list[str], start: int, integral: bool) -> Array:
        try:
            values = np.array(tokens, dtype=np.int64 if integral else np.float64)
            sound = not integral or not (np.abs(values) > _MAX_INTEGER).any()
        except (ValueError, OverflowError):
            sound = False
        if not sound or not np.isfinite(values).all():
            self._blame_token(start, integral)
        return values

    def _blame_token(self, start: int, integral: bool) -> NoReturn:
        """Raise the error of the first bad token of a block of lines."""
        for number, line in enumerate(
            self.lines[start : start + _BLOCK], self.line + 1 + start
        ):
            for token in line.split():
                if abs(self._number(number, token)) > _MAX_INTEGER and integral:
                    raise self.source.error(
                        number, f"{short(token)} in {self.name} is too large"
                    )
        raise self.source.error(self.line, f"{self.name} does not hold numbers")

    def _line_of_token(self, index: int) -> int:
        for number, tokens in self.filled():
            index -= len(tokens)
            if index < 0:
                return number
        return self.end

    def integers_to_end(self) -> Iterator[tuple[int, int]]:
        """Yield line number and value of the integers before the closing -1.

        The -1 may be missing only where another keyword follows.

        Raises
        ------
        InstanceFormatError
            If a token is not an integer, something follows the -1 or the file
            ends before it.
        """
        closed = False
        for number, tokens in self.filled():
            for token in tokens:
                if closed:
                    raise self.source.error(
                        number, f"{short(token)} after the -1 that ends {self.name}"
                    )
                value = integer(token)
                if value is None:
                    raise self.source.error(
                        number, f"{short(token)} in {self.name} is not an integer"
                    )
                if value == -1:
                    closed = True
                else:
                    yield number, value
        if not closed and self.line + len(self.lines) >= len(self.source.lines):
            raise self.source.error(self.end, f"{self.name} ends without -1")


@dataclass(slots=True)
class Document:
    """A parsed file.

    Parameters
    ----------
    source : Source
        The file.
    headers : dict
        Keyword to (line number, value).
    sections : dict
        Keyword to section.
    comments : list of str
        Values of the ``COMMENT`` lines.
    end : int
        Line number of ``EOF`` or of the last line that holds something.
    """

    source: Source
    headers: dict[str, tuple[int, str]] = field(default_factory=dict)
    sections: dict[str, Section] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)
    end: int = 1

    def line(self, key: str) -> int:
        """Return the line of a keyword, or the file's last where it is missing."""
        if key in self.headers:
            return self.headers[key][0]
        return self.sections[key].line if key in self.sections else self.end

    def error(self, key: str, reason: str) -> InstanceFormatError:
        """Return the error to raise for a keyword."""
        return self.source.error(self.line(key), reason)

    def unsupported(self, key: str, reason: str) -> UnsupportedFeatureError:
        """Return the error for what is understood but not supported."""
        return UnsupportedFeatureError(f"{self.source.path}:{self.line(key)}: {reason}")

    def text(self, key: str, default: str | None = None) -> str:
        """Return the value of a header.

        Raises
        ------
        InstanceFormatError
            If it is missing and there is no default.
        """
        if key in self.headers:
            return self.headers[key][1]
        if default is None:
            raise self.error(key, f"{key} is missing")
        return default

    def labels(self) -> dict[str, str]:
        """Return name and comment of the problem."""
        return {
            "name": self.text("NAME", "") or self.source.name,
            "comment": "\n".join(self.comments),
        }

    def word(self, key: str, default: str | None = None) -> str:
        """Return the first word of a header, in upper case."""
        words = self.text(key, default).split()
        return words[0].upper() if words else ""

    def integer(self, key: str) -> int:
        """Return a header that must be a positive integer."""
        text = self.text(key)
        value = integer(text)
        if value is None or value < 1:
            raise self.error(key, f"{key}: {short(text)} is not a positive integer")
        return value

    def number(self, key: str) -> float:
        """Return a header that must be a finite number."""
        text = self.text(key)
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not np.isfinite(value):
            raise self.error(key, f"{key}: {short(text)} is not a finite number")
        return value

    def optional(self, key: str) -> float | None:
        """Return a header that is a finite number, None where it is missing."""
        return self.number(key) if key in self.headers else None

    def section(self, key: str) -> Section:
        """Return a section that must be there."""
        if key not in self.sections:
            raise self.error(key, f"{key} is missing")
        return self.sections[key]


def parse(source: Source) -> Document:
    """Split a file into headers and sections, whatever their keywords are.

    Raises
    ------
    InstanceFormatError
        If a keyword is repeated or numbers stand outside of a section.
    """
    lines = source.lines
    document = Document(source)
    starts = [k for k, line in enumerate(lines) if line.lstrip()[:1].isalpha()]
    _refuse_data(document, 0, starts[0] if starts else len(lines))
    for k, following in zip(starts, [*starts, len(lines)][1:], strict=True):
        key, colon, value = lines[k].partition(":")
        key, value = key.strip().upper(), value.strip()
        document.end = k + 1
        if key == "EOF" and not value:
            break
        if key in document.headers or key in document.sections:
            raise source.error(k + 1, f"{short(key)} is given twice")
        if key.endswith("_SECTION"):
            if value:
                raise source.error(k + 1, f"{short(value)} on the line of {short(key)}")
            section = Section(source, key, k + 1, lines[k + 1 : following])
            document.sections[key] = section
            document.end = section.end
            continue
        if not colon:
            raise source.error(k + 1, f"{short(lines[k].strip())} is no 'KEY : value'")
        if key == "COMMENT":
            document.comments.append(value)
        else:
            document.headers[key] = (k + 1, value)
        _refuse_data(document, k + 1, following)
    return document


def _refuse_data(document: Document, start: int, stop: int) -> None:
    for k in range(start, stop):
        if text := document.source.lines[k].strip():
            raise document.source.error(k + 1, f"{short(text)} outside of a section")


def integer(token: str) -> int | None:
    """Return the integer of a token, None where it is none or too large."""
    if len(token) > 18 or not re.fullmatch(r"[-+]?[0-9]+", token):
        return None
    return int(token)


def short(text: str) -> str:
    """Return a text for an error message, quoted and cut."""
    return repr(text if len(text) <= 30 else text[:27] + "...")
