"""What HiGHS' MPS reader forgives and a careful reader must not.

That reader takes ``abc`` for 0 and ``1,5`` for 1, drops NaN and entries of
unknown rows, invents columns that only occur in BOUNDS, overlooks
``OBJSENSE MAX`` on one line, takes unknown sections for data and books the
right-hand side of a second free row as the objective's constant. ``regular_rows``
excludes all this in bulk, at a few percent of the read time; ``scan`` reads a
file that does not pass line by line, and names the line of what is wrong.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from combkit.instances.errors import InstanceFormatError, UnsupportedFeatureError
from combkit.instances.source import Source

__all__ = ["Facts", "Scan", "regular_rows"]

#: Sections in their order; NAME and OBJSENSE may be absent.
_ORDER = ("NAME", "OBJSENSE", "ROWS", "COLUMNS", "RHS", "RANGES", "BOUNDS", "ENDATA")
_NEEDED = ("ROWS", "COLUMNS", "ENDATA")
_UNSUPPORTED = {
    "CSECTION": "second-order cones",
    "GENCONS": "general constraints",
    "INDICATORS": "indicator constraints",
    "LAZYCONS": "lazy constraints",
    "OBJNAME": "a choice among several objectives",
    "PWLOBJ": "a piecewise-linear objective",
    "QCMATRIX": "quadratic constraints",
    "QMATRIX": "a quadratic objective",
    "QSECTION": "a quadratic objective",
    "QUADOBJ": "a quadratic objective",
    "SETS": "special ordered sets",
    "SOS": "special ordered sets",
    "SOS1": "special ordered sets",
    "SOS2": "special ordered sets",
    "USERCUTS": "user cuts",
}
_MAXIMIZE = {"MAX": True, "MAXIMIZE": True, "MIN": False, "MINIMIZE": False}

_BLOCK = 1 << 16
_BLANK, _NEWLINE, _STAR = 32, 10, ord("*")
_NUMERIC = b"0123456789.+-eE"
_MARKER = b"'MARKER'".translate(None, _NUMERIC)


@dataclass
class _Census:
    """What a section holds: lines, words, words of number characters only."""

    lines: int = 0
    words: int = 0
    numbers: int = 0
    markers: int = 0
    comments: int = 0

    def add(self, body: bytes, lines: int, comments: int) -> None:
        """Count some whole lines, whose number is known."""
        without = body.translate(None, _NUMERIC)
        words = _words(body)
        self.lines += lines
        self.words += words
        self.numbers += words - _words(without)
        self.markers += without.count(_MARKER)
        self.comments += comments


def regular_rows(path: Path) -> int | None:
    """Count the rows of an MPS file that is beyond doubt.

    Parameters
    ----------
    path : Path
        The unpacked file.

    Returns
    -------
    int or None
        Lines of the ROWS section, the objective among them; None where a
        section is not a standard one or not every number looks like one (or a
        name does), so that the file has to be scanned.
    """
    sections: dict[str, _Census] = {}
    current = _Census()
    for header, body, lines, comments in _segments(path):
        if header:
            name, _, rest = header.partition(" ")
            if name in sections or (rest and name != "NAME"):
                return None
            current = sections[name] = _Census()
        current.add(body, lines, comments)
    order = [name for name in _ORDER if name in sections and name != "OBJSENSE"]
    if list(sections) != order or not all(name in sections for name in _NEEDED):
        return None
    regular = all(_is_regular(name, section) for name, section in sections.items())
    return sections["ROWS"].lines if regular else None


def _is_regular(name: str, section: _Census) -> bool:
    """Whether a section has as many numbers as its lines and words ask for."""
    if name == "NAME":
        return True
    if name == "BOUNDS":
        expected = float(section.words - 3 * section.lines)
    elif name in ("COLUMNS", "RHS", "RANGES"):
        expected = (section.words - section.lines) / 2 - section.markers
    elif name == "ROWS":
        return section.comments == 0 and section.words == 2 * section.lines
    else:
        return section.words == 0
    return section.comments == 0 and section.numbers == expected


#: A section's header or "", whole lines after it, their number, comments in them.
_Segment = tuple[str, bytes, int, int]


def _segments(path: Path) -> Iterator[_Segment]:
    """Yield the file in pieces that end at a header or at a block's last line."""
    rest = b""
    with path.open("rb", buffering=0) as stream:
        while block := stream.read(_BLOCK):
            block = rest + block
            cut = block.rfind(b"\n") + 1
            block, rest = block[:cut], block[cut:]
            if len(rest) > _BLOCK:
                yield "?", b"", 0, 0  # no MPS file has such lines
                return
            yield from _split(block)
    yield from _split(rest + b"\n" if rest else b"")


def _split(block: bytes) -> Iterator[_Segment]:
    codes = np.frombuffer(block, np.uint8)
    starts = np.concatenate(([0], np.flatnonzero(codes == _NEWLINE) + 1))
    first = codes[starts[:-1]]
    comment = first == _STAR
    header, line = "", 0
    for k in (*np.flatnonzero((first > _BLANK) & ~comment).tolist(), first.size):
        if header or k > line:
            body = block[starts[line] : starts[k]]
            yield header, body, k - line, int(np.count_nonzero(comment[line:k]))
        if k < first.size:
            header = block[starts[k] : starts[k + 1]].decode("latin-1")
            header = header.removeprefix("\xef\xbb\xbf").strip()
            line = k + 1


def _words(body: bytes) -> int:
    black = np.frombuffer(body, np.uint8) > _BLANK
    return int(np.count_nonzero(black[1:] > black[:-1])) + bool(body[:1] > b" ")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a scan knows better than HiGHS.

    Parameters
    ----------
    maximize : bool
        The sense, also where it stands on the section's own line.
    offset : float
        The objective's constant: minus its right-hand side.
    nonzeros : int
        Nonzero coefficients of the rows that are kept and of the objective.
    """

    maximize: bool
    offset: float
    nonzeros: int


@dataclass
class Scan:
    """A line-by-line reader that only judges.

    Parameters
    ----------
    source : Source
        The file.
    fixed : bool
        Whether fields stand at the columns of fixed MPS, so that names may
        hold blanks, instead of being separated by blanks.
    """

    source: Source
    fixed: bool = False
    line: int = 0
    section: str = ""
    seen: list[str] = field(default_factory=list)
    rows: dict[str, str] = field(default_factory=dict)
    columns: set[str] = field(default_factory=set)
    column: str = ""
    entries: set[str] = field(default_factory=set)
    given: Counter[tuple[str, str]] = field(default_factory=Counter)
    objective: str = ""
    maximize: bool = False
    offset: float = 0.0
    nonzeros: int = 0

    def run(self) -> Facts:
        """Read the file.

        Raises
        ------
        InstanceFormatError
            With the line of the first thing that is wrong.
        UnsupportedFeatureError
            If a section or a bound type is more than a linear model.
        """
        for number, text in enumerate(self.source.lines, start=1):
            self.line = number
            if not text.strip() or text[0] == "*":
                continue
            if not self._header(text):
                self._data(text)
            if self.section == "ENDATA":
                break
        for name in _NEEDED:
            if name not in self.seen:
                raise self._error(f"section {name} is missing: the file is cut off")
        return Facts(self.maximize, self.offset, self.nonzeros)

    def _header(self, text: str) -> bool:
        """Enter a section, if the line names one."""
        if text[0].isspace():
            return False
        word, _, rest = text.strip().partition(" ")
        word, rest = word.upper(), rest.strip().upper()
        if word in _UNSUPPORTED:
            raise UnsupportedFeatureError(
                f"{self.source.path}:{self.line}: more than a linear model: "
                f"{_UNSUPPORTED[word]} (section {word})"
            )
        if word == "OBJSENSE" and rest:
            self._sense(rest)
        elif word not in _ORDER or (rest and word != "NAME"):
            if len(text.split()) == 1:
                raise self._error(f"unknown section {word}")
            return False  # a data line without indentation
        late = [s for s in self.seen if _ORDER.index(s) >= _ORDER.index(word)]
        if late and word != "OBJSENSE":
            what = "occurs twice" if word in late else f"must precede {late[0]}"
            raise self._error(f"section {word} {what}")
        self.section = word
        self.seen.append(word)
        return True

    def _data(self, text: str) -> None:
        fields = _fixed_fields(text) if self.fixed else text.split()
        match self.section:
            case "ROWS":
                self._row(fields)
            case "COLUMNS":
                self._column(fields)
            case "RHS" | "RANGES":
                self._right_hand_side(fields)
            case "BOUNDS":
                self._bound(fields)
            case "OBJSENSE":
                self._sense(text.strip().upper())
            case _:
                raise self._error(f"data outside of a section: {text.strip()[:40]!r}")

    def _sense(self, word: str) -> None:
        if word not in _MAXIMIZE:
            raise self._error(f"objective sense {word!r} is not MAX or MIN")
        self.maximize = _MAXIMIZE[word]

    def _row(self, fields: list[str]) -> None:
        if len(fields) != 2 or fields[0].upper() not in "NLGE":
            raise self._error(f"a row needs a type (N, L, G, E) and a name: {fields}")
        kind, name = fields[0].upper(), fields[1]
        if name in self.rows:
            raise self._error(f"row {name!r} is declared twice")
        self.rows[name] = kind
        if kind == "N" and not self.objective:
            self.objective = name

    def _column(self, fields: list[str]) -> None:
        if len(fields) > 2 and fields[1].strip("'") == "MARKER":
            if fields[2].strip("'") not in ("INTORG", "INTEND"):
                raise UnsupportedFeatureError(
                    f"{self.source.path}:{self.line}: more than a linear model: "
                    f"marker {fields[2]}"
                )
            return
        if len(fields) not in (3, 5):
            raise self._error(f"a column needs 3 or 5 fields, not {len(fields)}")
        name = fields[0]
        if name != self.column:
            if name in self.columns:
                raise self._error(f"column {name!r} is split or declared twice")
            self.columns.add(name)
            self.column, self.entries = name, set()
        for row, value in zip(fields[1::2], fields[2::2], strict=True):
            if row not in self.rows:
                raise self._error(f"unknown row {row!r}")
            if row in self.entries:
                raise self._error(f"column {name!r} has two entries in row {row!r}")
            self.entries.add(row)
            number = self._number(value)
            if not math.isfinite(number):
                raise self._error(f"coefficient {value!r} is not finite")
            if self.rows[row] != "N" or row == self.objective:
                self.nonzeros += number != 0

    def _right_hand_side(self, fields: list[str]) -> None:
        if len(fields) not in (2, 3, 4, 5):
            raise self._error(f"2 to 5 fields are needed here, not {len(fields)}")
        pairs = fields[len(fields) % 2 :]
        for row, value in zip(pairs[::2], pairs[1::2], strict=True):
            if row not in self.rows:
                raise self._error(f"unknown row {row!r}")
            self.given[self.section, row] += 1
            if self.given[self.section, row] > 1:
                raise self._error(f"row {row!r} occurs twice in {self.section}")
            number = self._number(value)
            if self.section == "RHS" and row == self.objective:
                self.offset = -number

    def _bound(self, fields: list[str]) -> None:
        kind = fields[0].upper()
        if kind in ("SC", "SI"):
            raise UnsupportedFeatureError(
                f"{self.source.path}:{self.line}: more than a linear model: "
                f"semi-continuous variables (bound type {kind})"
            )
        if kind not in ("UP", "LO", "FX", "FR", "MI", "PL", "BV", "LI", "UI"):
            raise self._error(f"unknown bound type {fields[0]!r}")
        valued = kind not in ("FR", "MI", "PL", "BV")
        rest = fields[1:]
        if not 1 + valued <= len(rest) <= 3:
            raise self._error(f"a {kind} bound with {len(fields)} fields")
        # Without a value a bound may still carry one, and the set's name may be
        # missing: the column is where a known name stands.
        name = rest[-2] if valued else rest[min(1, len(rest) - 1)]
        if name not in self.columns and not (not valued and rest[0] in self.columns):
            raise self._error(f"unknown column {name!r}")
        if valued:
            self._number(rest[-1])

    def _number(self, text: str) -> float:
        try:
            if "_" in text:
                raise ValueError
            value = float(text)
        except ValueError:
            raise self._error(f"{text!r} is not a number") from None
        if math.isnan(value):
            raise self._error("NaN where a number is needed")
        return value

    def _error(self, reason: str) -> InstanceFormatError:
        return self.source.error(self.line, reason)


def _fixed_fields(text: str) -> list[str]:
    """Return the fields of a fixed-format line, without empty ones."""
    cuts = ((1, 3), (4, 12), (14, 22), (24, 36), (39, 47), (49, 61))
    return [part for a, b in cuts if (part := text[a:b].strip())]
