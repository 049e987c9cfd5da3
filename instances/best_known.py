"""Best known values of benchmark instances, for reports only.

The table is matched by content: an instance is found under whatever file name
it comes. No solver and no ``auto`` policy reads it. Users extend it with CSV
files of the same columns, named in ``$COMBKIT_BEST_KNOWN`` (separated as in
``$PATH``) or given to ``add_table``; a later table wins over an earlier one
and over the packaged one.
"""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal, Self, cast

from combkit.instances.errors import InvalidProblemError
from combkit.instances.problem import Problem, require
from combkit.instances.source import Source, atomic_write

__all__ = ["COLUMNS", "BestKnown", "add_table", "best_known", "write_table"]

COLUMNS = ("kind", "name", "fingerprint", "value", "status", "source", "note")

_ENVIRONMENT = "COMBKIT_BEST_KNOWN"
_PACKAGED = resources.files("combkit.instances") / "data" / "best_known.csv"
_added: list[Path] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class BestKnown:
    """A row of the table.

    Parameters
    ----------
    kind, name : str
        Problem kind and the instance's usual name.
    fingerprint : str
        ``Problem.fingerprint`` of the instance.
    value : float
        Objective of the best known solution.
    status : {"optimal", "best"}
        Whether it is proven optimal.
    source : str
        Where the value was published.
    note : str
        What a reader of the value must know.
    """

    kind: str
    name: str
    fingerprint: str
    value: float
    status: Literal["optimal", "best"] = "best"
    source: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        digits = set(self.fingerprint) <= set("0123456789abcdef")
        require(
            len(self.fingerprint) == 64 and digits,
            "fingerprint",
            f"{self.fingerprint!r} is not 64 hexadecimal digits",
        )
        require(math.isfinite(self.value), "value", f"{self.value} is not finite")
        require(
            self.status in ("optimal", "best"),
            "status",
            f"{self.status!r} is neither 'optimal' nor 'best'",
        )

    @classmethod
    def of(
        cls,
        problem: Problem,
        value: float,
        status: Literal["optimal", "best"] = "best",
        source: str = "",
        note: str = "",
    ) -> Self:
        """Return the row of a problem at hand."""
        return cls(
            kind=problem.kind,
            name=problem.name,
            fingerprint=problem.fingerprint,
            value=value,
            status=status,
            source=source,
            note=note,
        )


def best_known(problem: Problem) -> BestKnown | None:
    """Return the best known value of a problem, or None.

    Parameters
    ----------
    problem : Problem
        Any problem; its fields are compared, not its name.

    Raises
    ------
    InstanceFormatError
        If a table of ``$COMBKIT_BEST_KNOWN`` has a bad row.
    """
    named = os.environ.get(_ENVIRONMENT, "").split(os.pathsep)
    tables = [*_added[::-1], *(Path(name) for name in named[::-1] if name)]
    for path in tables:
        found = _read(path).get(problem.fingerprint)
        if found is not None:
            return found
    return _packaged().get(problem.fingerprint)


def add_table(path: str | os.PathLike[str]) -> None:
    """Add a table of best known values for this process.

    Raises
    ------
    InstanceFormatError
        If the file is not such a table, naming the line.
    """
    table = Path(path).absolute()
    _read(table)
    _added.append(table)


def write_table(path: str | os.PathLike[str], rows: Iterable[BestKnown]) -> None:
    """Write a table, sorted by kind and name, whole or not at all."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in sorted(rows, key=lambda r: (r.kind, r.name, r.fingerprint)):
        value = int(row.value) if float(row.value).is_integer() else row.value
        writer.writerow(
            [repr(value) if c == "value" else getattr(row, c) for c in COLUMNS]
        )
    atomic_write(path, text.getvalue())


Table = dict[str, BestKnown]


@cache
def _packaged() -> Table:
    with resources.as_file(_PACKAGED) as path:
        return _read(path)


@cache
def _read(path: Path) -> Table:
    """Read a table, once a process."""
    source = Source(path)
    lines = csv.reader(io.StringIO(source.text), strict=True)
    table: Table = {}
    try:
        header = next(lines)
        if tuple(header) != COLUMNS:
            raise source.error(1, f"the columns must be {','.join(COLUMNS)}")
        for cells in lines:
            if not cells:
                continue
            if len(cells) != len(COLUMNS):
                raise source.error(
                    lines.line_num, f"{len(cells)} cells for {len(COLUMNS)} columns"
                )
            row = _row(source, lines.line_num, dict(zip(COLUMNS, cells, strict=True)))
            table[row.fingerprint] = row
    except csv.Error as error:
        raise source.error(lines.line_num, f"not CSV: {error}") from None
    return table


def _row(source: Source, line: int, cells: dict[str, str]) -> BestKnown:
    try:
        value = float(cells.pop("value"))
        status = cast('Literal["optimal", "best"]', cells.pop("status"))
        return BestKnown(value=value, status=status, **cells)
    except InvalidProblemError as error:
        raise source.error(line, str(error)) from None
    except ValueError as error:
        raise source.error(line, f"value: {error}") from None
