"""MPS and LP files, read by HiGHS.

Its readers are fast but forgiving: what they would misread is found first (see
``mps_text`` and ``_odd_row``) and refused; LP files that it rejects go to SCIP.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import (
    UnsupportedFeatureError,
)
from combkit.instances.formats import scip
from combkit.instances.formats.highs_arrays import lp_arrays
from combkit.instances.formats.mip_text import lp_text, mps_text
from combkit.instances.formats.mps_text import Facts, Scan, regular_rows
from combkit.instances.source import Source

if TYPE_CHECKING:
    from combkit.instances.mip import MIP

__all__ = ["read_lp", "read_mps", "sniff_lp", "sniff_mps", "write_lp", "write_mps"]

#: From here on, every solver takes a bound for infinite.
_INFINITE = 1e20

_MPS_HEAD = re.compile(r"^ROWS[ \t]*$", re.MULTILINE)
_LP_HEAD = re.compile(r"\A\s*(?:min|max)(?:imi[sz]e|imum)?\b(?!\s*:)", re.IGNORECASE)
_LP_COMMENT = re.compile(r"\\[^\n]*")
_LP_END = re.compile(r"^[ \t]*end\s*\Z", re.IGNORECASE | re.MULTILINE)
_LP_ROWS = re.compile(
    r"^[ \t]*(?:subject[ \t]+to|such[ \t]+that|s\.t\.|st\.?)[ \t]*:?(?=\s|$)(.*?)"
    r"(?=^[ \t]*(?:bounds?|gen(?:eral)?s?|int(?:eger)?s?|bin(?:ary|aries)?|semi\w*"
    r"|sos\d?|end)[ \t]*$|\Z)",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
# Every pattern is linear in the text: no two neighbours can share a character.
# A digit inside a name is no number, and names may hold all of these characters.
_NUMBER = (
    r"(?<![\w.\]!\"#$%&(),;?@`'{}|~])(?:[-+]\s*)?(?:\d+(?:\.\d*)?|\.\d+)"
    r"(?:[eE][-+]?\d+)?(?![\w.])"
)
_LP_RANGE = re.compile(
    rf"(?:(?<!\S)(?P<name>[^\s:<>=]+)\s*:\s*)?(?P<bound>{_NUMBER})\s*"
    r"(?:(?P<relation><=?|=<)(?P<body>[^<>=:]+)(?=<=?|=<)"
    r"|(?:>=?|=>)(?P<body_>[^<>=:]+)(?=>=?|=>))"
)
_LP_RIGHT = re.compile(rf"(?:[<>]=?|=[<>]?)\s*(?:{_NUMBER}|(?:[-+]\s*)?inf\w*)", re.I)
_LP_ODD = re.compile(rf"[<>=]|{_NUMBER}\s*(?=[-+;:]|\Z)")


# -- recognising ---------------------------------------------------------------


def sniff_mps(head: str) -> bool:
    """Whether a text looks like MPS: a line that says ROWS, after few others."""
    return _MPS_HEAD.search(head) is not None


def sniff_lp(head: str) -> bool:
    """Whether a text looks like CPLEX LP: it begins with a sense."""
    return _LP_HEAD.match(_LP_COMMENT.sub("", head)) is not None


# -- reading -------------------------------------------------------------------


def read_mps(source: Source) -> MIP:
    """Read an MPS file, fixed or free, with its RANGES, BOUNDS and OBJSENSE.

    Raises
    ------
    InstanceFormatError
        With the line of an unknown name, a repeated row or column, a number
        that is none, a section out of place.
    UnsupportedFeatureError
        If it holds more than a linear model, naming the section.
    """
    with source.plain_path("mps") as path:
        declared = regular_rows(path)
        facts = None
        if declared is None:
            facts = Scan(source, fixed=_needs_fixed(source)).run()
        highs, log = _load(path)
        doubtful = (
            log.warnings
            or declared != highs.getNumRow() + 1
            or _last_column_is_empty(highs)
        )
        if facts is None and (log.failed or doubtful):
            facts = Scan(source).run()
        if log.failed:
            raise source.error(None, log.reason)
        return _problem(highs, source, facts)


def read_lp(source: Source) -> MIP:
    """Read a CPLEX LP file.

    Raises
    ------
    InstanceFormatError
        With the line where a reader names it.
    UnsupportedFeatureError
        For quadratic terms, indicators, special ordered sets and
        semi-continuous variables.
    """
    text = _LP_COMMENT.sub("", source.text)
    if "->" in text:
        raise UnsupportedFeatureError(
            f"{source.path}: more than a linear model: indicator constraints"
        )
    if not _LP_END.search(text):
        raise source.error(len(source.lines), "'end' is missing: the file is cut off")
    text, ranges = _without_ranges(text)
    if line := _odd_row(text):
        raise source.error(line, "a row is not of the form 'terms relation number'")
    with _text_file(source, text, bool(ranges)) as path:
        highs, log = _load(path)
    if not log.failed:
        names = highs.getLp().row_names_
        if twice := next((n for n, k in Counter(names).items() if k > 1), None):
            line = _second_line(source, twice)
            raise source.error(line, f"row {twice!r} is declared twice")
        return _with_ranges(_problem(highs, source, None), ranges)
    if "not supported by HiGHS" in log.reason:
        raise UnsupportedFeatureError(
            f"{source.path}: more than a linear model: {log.reason.split(' not ')[0]}"
        )
    return scip.read_lp(source)


@contextlib.contextmanager
def _text_file(source: Source, text: str, changed: bool) -> Iterator[Path]:
    """Yield a path to the file, or to its text where that was changed."""
    if not changed:
        with source.plain_path("lp") as path:
            yield path
        return
    with tempfile.TemporaryDirectory(prefix="combkit-") as folder:
        copy = Path(folder) / "model.lp"
        copy.write_text(text, encoding="utf-8")
        yield copy


def _without_ranges(text: str) -> tuple[str, dict[str, tuple[bool, float]]]:
    """Take the first bound off rows such as ``r: 2 <= x + y <= 4``.

    HiGHS reads them as something else, SCIP not at all.

    Returns
    -------
    text : str
        The text with one-sided rows, all of them named.
    ranges : dict
        By row: whether the bound taken off is the lower one, and the bound.
    """
    ranges: dict[str, tuple[bool, float]] = {}

    def one_sided(match: re.Match[str]) -> str:
        name = match["name"] or f"range{len(ranges)}"
        bound = float(re.sub(r"\s", "", match["bound"]))
        ranges[name] = (match["relation"] is not None, bound)
        return f" {name}: {match['body'] or match['body_']}"

    def rows(match: re.Match[str]) -> str:
        before = match[0][: match.start(1) - match.start()]
        after = match[0][match.end(1) - match.start() :]
        return before + _LP_RANGE.sub(one_sided, match[1]) + after

    return _LP_ROWS.sub(rows, text), ranges


def _with_ranges(problem: MIP, ranges: dict[str, tuple[bool, float]]) -> MIP:
    """Put the bounds that were taken off back."""
    if not ranges:
        return problem
    lower, upper = problem.row_lower.copy(), problem.row_upper.copy()
    row = {problem.row_name(i): i for i in range(problem.m)}
    for name, (is_lower, bound) in ranges.items():
        (lower if is_lower else upper)[row[name]] = bound
    return dataclasses.replace(problem, row_lower=_open(lower), row_upper=_open(upper))


def _odd_row(text: str) -> int | None:
    """Return the line of a row that is not "terms, relation, number", if any.

    HiGHS drops the constant of ``x + 1 >= 2`` without a word.
    """
    for rows in _LP_ROWS.finditer(text):
        left = _LP_RIGHT.sub(lambda m: ";" + "\n" * m[0].count("\n"), rows[1])
        if odd := _LP_ODD.search(left):
            before = text[: rows.start(1)] + left[: odd.start()]
            return before.count("\n") + 1
    return None


def _needs_fixed(source: Source) -> bool:
    """Whether names hold blanks, so that fields are found by their columns."""
    rows = False
    for line in source.lines:
        if not line[:1].isspace():
            if rows and line.strip():
                return False
            rows = line.startswith("ROWS")
        elif rows and len(line.split()) > 2:
            return True
    return False


class _Log:
    """What HiGHS had to say about a file."""

    def __init__(self, failed: bool, lines: list[str]) -> None:
        self.failed = failed
        self.warnings = [line for line in lines if line.startswith("WARNING")]
        errors = [line[6:].strip() for line in lines if line.startswith("ERROR")]
        said = [e for e in errors if not e.startswith("Parser error")]
        self.reason = said[0] if said else "HiGHS cannot read the file"


def _load(path: Path) -> tuple[Any, _Log]:
    """Read a file into a HiGHS object."""
    import highspy

    highs = highspy.Highs()
    highs.setOptionValue("log_to_console", False)
    highs.setOptionValue("large_matrix_value", 1e300)
    highs.setOptionValue("small_matrix_value", 1e-12)
    with tempfile.TemporaryDirectory(prefix="combkit-") as folder:
        log = Path(folder) / "log"
        highs.setOptionValue("log_file", str(log))
        status = highs.readModel(str(path))
        highs.setOptionValue("log_file", "")
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return highs, _Log(status == highspy.HighsStatus.kError, lines)


def _last_column_is_empty(highs: Any) -> bool:
    """Whether the last column may be one that only BOUNDS knows."""
    last = highs.getNumCol() - 1
    if last < 0:
        return True
    _, cost, _, _, entries = highs.getCol(last)
    return bool(entries == 0 and cost == 0)


def _problem(highs: Any, source: Source, facts: Facts | None) -> MIP:
    """Return what a HiGHS object holds."""
    import highspy

    from combkit.instances.mip import MIP

    if highs.getHessianNumNz():
        raise UnsupportedFeatureError(
            f"{source.path}: more than a linear model: a quadratic objective"
        )
    arrays, lp = lp_arrays(highs), highs.getLp()
    found = arrays.A.nnz + np.count_nonzero(arrays.cost)
    if facts is not None and facts.nonzeros != found:
        raise source.error(None, "HiGHS lost coefficients while reading the file")
    names = tuple(lp.col_names_)
    if (arrays.integrality > 1).any():
        name = names[int(np.argmax(arrays.integrality > 1))]
        raise UnsupportedFeatureError(
            f"{source.path}: more than a linear model: semi-continuous {name!r}"
        )
    maximize = lp.sense_ == highspy.ObjSense.kMaximize
    return MIP(
        arrays.cost,
        arrays.A,
        _open(arrays.row_lower),
        _open(arrays.row_upper),
        _open(arrays.lower),
        _open(arrays.upper),
        arrays.integrality.astype(np.uint8),
        offset=lp.offset_ if facts is None else facts.offset,
        maximize=maximize if facts is None else facts.maximize,
        col_names=names or None,
        row_names=tuple(lp.row_names_) or None,
        name=lp.model_name_ or source.name,
    )


def _open(bounds: NDArray[np.float64]) -> NDArray[np.float64]:
    values = bounds.copy()
    values[values >= _INFINITE] = np.inf
    values[values <= -_INFINITE] = -np.inf
    return values


def _second_line(source: Source, name: str) -> int | None:
    """Return the line of the second ``name:``."""
    wanted = f"{name}:"
    lines = (k for k, text in enumerate(source.lines, 1) if wanted in text.split())
    next(lines, None)
    return next(lines, None)


# -- writing -------------------------------------------------------------------


def write_mps(problem: MIP) -> Iterator[str]:
    """Return a free MPS file that reads back as the same model."""
    return mps_text(problem)


def write_lp(problem: MIP) -> Iterator[str]:
    """Return a CPLEX LP file that reads back as the same model."""
    return lp_text(problem)
