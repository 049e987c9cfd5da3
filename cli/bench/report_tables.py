"""The tables of a report, as text with the values behind it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from combkit.cli.bench.analysis import MEASURES, Analysis
from combkit.cli.bench.figures import figure

if TYPE_CHECKING:
    from combkit.cli.bench.plan import Plan

__all__ = [
    "Cell",
    "Column",
    "Table",
    "significance_tables",
    "solver_table",
    "status_table",
    "summary_table",
    "virtual_best_table",
]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    title : str
        Short, with the unit.
    hint : str
        What it is, in a sentence; may be empty.
    numeric : bool
        Whether it is aligned right.
    core : bool
        Whether a narrow page has it, too.
    """

    title: str
    hint: str = ""
    numeric: bool = True
    core: bool = True


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: what is shown, and what rows are sorted by.

    Parameters
    ----------
    text : str
        What is shown.
    value : float or str
        What is meant.
    best : bool
        Whether it is the best of its column.
    """

    text: str
    value: float | str
    best: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Parameters
    ----------
    title : str
        What it shows.
    columns : tuple of Column
        Its columns.
    rows : tuple of tuple of Cell
        Its rows.
    labels : tuple of int
        Columns whose cells are labels of solvers.
    note : str
        A sentence to go below it; may be empty.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    labels: tuple[int, ...] = field(default=(0,))
    note: str = ""


def summary_table(analysis: Analysis, kind: str) -> Table:
    """Return the table of labels of a kind, the smallest mean gap first."""
    frame = analysis.summary(kind)
    shift = figure(analysis.shift, "s")
    columns = [Column("solver", numeric=False)]
    cells = [[Cell(label, label) for label in map(str, frame.index)]]
    for name, column, scale in (
        ("runs", Column("runs", core=False), 1),
        ("instances", Column("instances", core=False), 1),
        ("proven", Column("proven", "Runs with a proof: optimal, infeasible, ..."), 1),
        ("found", Column("found", "Runs with a solution that counts"), 1),
        ("failed", Column("failed", "Runs that did not end well", core=False), 1),
        ("gap_mean", Column("mean gap %", "To the best known value"), 100),
        ("gap_median", Column("median gap %", "Over the runs", core=False), 100),
        ("gap_worst", Column("worst gap %", "Over the runs", core=False), 100),
        (
            "time_sgm",
            Column("time s", f"To the proof, shifted geometric mean (shift {shift})"),
            1,
        ),
        ("par2", Column("PAR2 s", "Runs without a proof at twice the limit"), 1),
        (
            "par10",
            Column(
                "PAR10 s", "Runs without a proof at ten times the limit", core=False
            ),
            1,
        ),
        (
            "primal_integral",
            Column("primal integral %", "Mean primal gap over the time limit"),
            100,
        ),
        (
            "primal_dual_integral",
            Column(
                "primal-dual integral %",
                "Mean gap between solution and bound over the time limit",
                core=False,
            ),
            100,
        ),
        ("wins", Column("wins", "Instances with the least mean gap, ties for all"), 1),
        (
            "contribution",
            Column(
                "contribution %",
                "Rise of the mean gap of the virtual best solver without it",
                core=False,
            ),
            100,
        ),
    ):
        columns.append(column)
        cells.append(_numbers(frame[name] * scale, _BETTER.get(name)))
    return _table("Summary", columns, cells)


#: Columns of the summary that have a best cell: the least or the largest one.
_BETTER = {
    **dict.fromkeys(("gap_mean", "gap_median", "gap_worst", "time_sgm"), min),
    **dict.fromkeys(("par2", "par10", "primal_integral"), min),
    "primal_dual_integral": min,
    **dict.fromkeys(("proven", "found", "wins", "contribution"), max),
}


def status_table(analysis: Analysis, kind: str) -> Table:
    """Return the number of runs of each status by label, all instances counted."""
    frame = analysis.statuses(kind)
    columns = [Column("solver", numeric=False)]
    columns += [Column(str(status)) for status in frame.columns]
    cells = [[Cell(label, label) for label in map(str, frame.index)]]
    cells += [_numbers(frame[status]) for status in frame.columns]
    return _table("How runs ended", columns, cells)


def significance_tables(analysis: Analysis, kind: str) -> list[Table]:
    """Return the comparisons of all pairs, a table a measure."""
    frame = analysis.significance(kind)
    tables = []
    for measure in MEASURES:
        rows = frame[frame["measure"] == measure.column]
        if rows.empty:
            continue
        scale = 100 if measure.unit == "%" else 1
        mean, low, high = (rows[name] * scale for name in ("mean", "low", "high"))
        places = _decimals([*mean, *low, *high])
        columns = [
            Column("solver", numeric=False),
            Column("against", numeric=False),
            Column("instances", core=False),
            Column("different", "Instances on which the two differ", core=False),
            Column(f"difference {measure.unit}", "Mean over the instances"),
            Column("95 % interval", "Bootstrap over instances and seeds"),
            Column("p", "Wilcoxon's signed-rank test", core=False),
            Column("adjusted p", "By Holm's method, over all pairs"),
            Column("effect", "Rank-biserial correlation: -1 less everywhere"),
            Column("verdict", "On the first column", numeric=False),
        ]
        cells = [
            [Cell(label, label) for label in rows["second"]],
            [Cell(label, label) for label in rows["first"]],
            _numbers(rows["instances"]),
            _numbers(rows["different"]),
            [Cell(_signed(value, places), value) for value in mean],
            [
                Cell(f"{_signed(a, places)} to {_signed(b, places)}", a)
                for a, b in zip(low, high, strict=True)
            ],
            [Cell(_probability(p), p) for p in rows["p"]],
            [Cell(_probability(p), p) for p in rows["adjusted"]],
            [Cell(_signed(value, 2), value) for value in rows["effect"]],
            [Cell(text, text) for text in rows["verdict"]],
        ]
        title = f"Differences in {measure.title}, all pairs"
        tables.append(_table(title, columns, cells, labels=(0, 1)))
    return tables


def virtual_best_table(analysis: Analysis, kind: str) -> Table | None:
    """Return the virtual best solver beside each label, or None where it is void."""
    frame = analysis.virtual_best(kind)
    if frame.empty:
        return None
    first, rest = frame.iloc[:1], frame.iloc[1:].sort_values("gap", kind="stable")
    labels = [*first["label"], *rest["label"]]
    gaps = _numbers([100 * gap for gap in (*first["gap"], *rest["gap"])])
    note = (
        "Chosen and evaluated on the same runs, there being one seed: a lower bound."
        if bool(frame["in_sample"].iloc[0])
        else "Chosen on the first half of the seeds; all gaps are of the other half."
    )
    return _table(
        "Virtual best solver",
        [Column("solver", numeric=False), Column("mean gap %")],
        [[Cell(label, label) for label in labels], gaps],
        note=note,
    )


def solver_table(plans: Iterable[Plan], labels: Sequence[str]) -> Table:
    """Return what stands behind each label: solver, parameters, version."""
    rows = {}
    for plan in plans:
        for config in plan.configs:
            if config.label not in labels:
                continue
            revision = config.commit[:12] + (" and changes" if config.dirty else "")
            solver = config.name
            if config.foreign is not None:
                solver = " ".join(map(str, config.foreign.get("command", [solver])))
            facts = (
                config.label,
                solver,
                json.dumps(dict(config.params), sort_keys=True, default=str)
                if config.params
                else "",
                config.device,
                config.version,
                revision,
            )
            rows[facts] = tuple(Cell(text, text) for text in facts)
    titles = ("label", "solver", "parameters", "device", "version", "revision")
    columns = tuple(Column(title, numeric=False) for title in titles)
    return Table("Solvers", columns, tuple(rows.values()))


def _table(
    title: str,
    columns: Sequence[Column],
    cells: Sequence[Sequence[Cell]],
    **options: Any,
) -> Table:
    rows = tuple(zip(*cells, strict=True))
    return Table(title, tuple(columns), rows, **options)


# -- numbers -----------------------------------------------------------------


def _numbers(values: Iterable[float], better: Any = None) -> list[Cell]:
    """Return the cells of a column, all with the same number of decimals."""
    numbers = [float(value) for value in values]
    places = _decimals(numbers)
    finite = [x for x in numbers if math.isfinite(x)]
    # Where all are the same none is the best.
    best = better(finite) if better and len(set(finite)) > 1 else None
    return [Cell(_fixed(x, places), x, best=x == best) for x in numbers]


def _decimals(numbers: Iterable[float]) -> int:
    """Return how many decimals tell the numbers of a column apart: at most 4.

    The largest gets three significant digits, the smallest two.
    """
    sizes = [abs(x) for x in numbers if math.isfinite(x) and x != 0]
    if not sizes or all(size == int(size) for size in sizes):
        return 0
    large, small = (math.floor(math.log10(f(sizes))) for f in (max, min))
    return min(4, max(0, 2 - large, 1 - small))


def _fixed(value: float, places: int) -> str:
    if not math.isfinite(value):
        return "-"
    text = f"{value:.{places}f}"
    if value != 0 and float(text) == 0:
        # Not nothing, and not to be taken for it.
        return f"<{10.0**-places:.{places}f}" if value > 0 else f"-{text.lstrip('-')}"
    return text


def _signed(value: float, places: int) -> str:
    text = f"{value:+.{places}f}"
    return text.lstrip("+-") if float(text) == 0 else text


def _probability(p: float) -> str:
    return "<0.001" if p < 0.001 else f"{p:.3f}"
