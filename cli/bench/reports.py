"""Reports: what came out of a batch, as a page, a text or a table."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from combkit.cli.bench.analysis import Analysis
from combkit.cli.bench.figures import figure
from combkit.cli.bench.plan import Plan
from combkit.cli.bench.report_tables import (
    Table,
    significance_tables,
    solver_table,
    status_table,
    summary_table,
    virtual_best_table,
)
from combkit.cli.bench.store import Store
from combkit.cli.output import ensure_writable
from combkit.instances.errors import UsageError, nearest
from combkit.instances.source import atomic_write

if TYPE_CHECKING:
    import pyarrow

__all__ = ["FORMATS", "Contents", "Format", "KindContents", "choose_format", "report"]

Format = Literal["html", "md", "csv", "latex"]

#: Suffixes of files, and the format that each stands for.
_SUFFIXES: dict[str, Format] = {
    "html": "html",
    "htm": "html",
    "md": "md",
    "markdown": "md",
    "csv": "csv",
    "tex": "latex",
    "latex": "latex",
}
FORMATS: tuple[Format, ...] = ("html", "md", "csv", "latex")

#: How things are counted, in every report.
_CONVENTIONS = (
    "The gap is to the best known value on record, or, where there is none, to the "
    "best of this batch; in per cent of it.",
    "A run that failed, or ended without a solution, counts at the time limit and "
    "with a gap of 100 %.",
    "Summaries and comparisons are over the instances that all solvers of a kind "
    "have run with as many seeds; kinds are not mixed.",
    "Differences are tested over instances, seeds averaged: Wilcoxon's signed-rank "
    "test, adjusted by Holm's method over all pairs, and a bootstrap interval. "
    "Better or worse needs both; no evidence of a difference is no evidence of "
    "equality.",
)


@dataclass(frozen=True, slots=True)
class KindContents:
    """What a report says of a kind.

    Parameters
    ----------
    kind : str
        Problem kind.
    verdict : tuple of str
        Sentences.
    summary, statuses : Table
        Tables by solver.
    significance : tuple of Table
        All pairs, a table a measure; none for a single solver.
    virtual_best : Table or None
        None where there is nothing to choose from.
    """

    kind: str
    verdict: tuple[str, ...]
    summary: Table
    statuses: Table
    significance: tuple[Table, ...]
    virtual_best: Table | None


class Contents:
    """What a report says, whatever it is written in.

    Parameters
    ----------
    store : Store
        The batch.

    Raises
    ------
    UsageError
        If no run is done.
    """

    def __init__(self, store: Store) -> None:
        self.name = store.name
        self.spec_text = store.spec_text
        self.plans: tuple[Plan, ...] = store.plans
        runs = store.runs()
        self.analysis = Analysis.of(store)
        self.started = _span(runs)
        self.machines = [_described(text) for text in _distinct(runs, "machine")]
        self.packages = _packages(_distinct(runs, "versions"))

    @property
    def title(self) -> str:
        """Title of the report."""
        return f"Batch {self.name}"

    @cached_property
    def overview(self) -> str:
        """The size of the batch, in a line."""
        frame = self.analysis.frame
        counts = [
            _count(len(frame), "run"),
            _count(frame["instance"].nunique(), "instance"),
            _count(frame["label"].nunique(), "solver"),
            _count(frame["seed"].nunique(), "seed"),
        ]
        limits = sorted(frame["time_limit"].unique())
        each = " or ".join(f"{limit:g} s" for limit in limits[:3])
        counts.append(f"{each}{' or ...' if len(limits) > 3 else ''} each")
        return " · ".join([*counts, *([self.started] if self.started else [])])

    @property
    def found(self) -> list[str]:
        """What is left out, and what else is particular to this batch."""
        return self.analysis.notes

    @property
    def conventions(self) -> tuple[str, ...]:
        """How things are counted."""
        return _CONVENTIONS

    @cached_property
    def kinds(self) -> list[KindContents]:
        """The kinds of the batch."""
        analysis = self.analysis
        found = []
        for kind in analysis.kinds:
            several = len(analysis.labels_of(kind)) > 1
            found.append(
                KindContents(
                    kind,
                    tuple(analysis.verdict(kind)),
                    summary_table(analysis, kind),
                    status_table(analysis, kind),
                    tuple(significance_tables(analysis, kind)) if several else (),
                    virtual_best_table(analysis, kind) if several else None,
                )
            )
        return found

    @cached_property
    def solvers(self) -> Table:
        """What stands behind each label."""
        return solver_table(self.plans, self.analysis.labels)

    @cached_property
    def setting(self) -> list[tuple[str, str]]:
        """Limits, machines and versions, as pairs of a word and what it is."""
        facts = []
        for plan in self.plans:
            limits = plan.limits
            said = [f"time {limits.time:g} s"]
            if limits.memory is not None:
                said.append(f"memory {figure(limits.memory / 1e9, 'GB')}")
            if limits.address_space is not None:
                said.append(f"address space {figure(limits.address_space / 1e9, 'GB')}")
            said.append(f"threads {limits.threads}")
            if limits.iterations is not None:
                said.append(f"work {limits.iterations}")
            if limits.gap is not None:
                said.append(f"gap {limits.gap:g}")
            seeds = ", ".join(map(str, plan.seeds[:20]))
            more = f", ... ({len(plan.seeds)})" if len(plan.seeds) > 20 else ""
            facts += [("Limits", ", ".join(said)), ("Seeds", seeds + more)]
        facts += [("Machine", text) for text in self.machines]
        if self.packages:
            facts.append(("Packages", self.packages))
        return list(dict.fromkeys(facts))


def report(
    store: Store | str | os.PathLike[str],
    path: str | os.PathLike[str] | None = None,
    *,
    format: Format | None = None,
) -> Path | str:
    """Write a report on a batch.

    The same store gives the same report, byte by byte.

    Parameters
    ----------
    store : Store or path
        The batch; a part of it will do, and the report says so.
    path : path, optional
        File to write, whole or not at all. Without it a page goes to
        ``NAME.html`` beside the store ``NAME.bench``; other formats are only returned.
    format : {"html", "md", "csv", "latex"}, optional
        ``html``: an interactive page in one file, which needs no network;
        ``md``: a text with all tables; ``csv``: a row a run, with its figures;
        ``latex``: the summaries, for the package booktabs. By the suffix of
        ``path`` by default, else ``html``.

    Returns
    -------
    Path or str
        The file that was written, or the text where there is none.

    Raises
    ------
    UsageError
        If the path is no store, no run is done, there is no such format, or the
        file is a folder.
    OSError
        If the file cannot be written; what was there is then untouched.
    """
    store = store if isinstance(store, Store) else Store.open(store)
    chosen = choose_format(path, format)
    if path is None and chosen == "html":
        folder = store.path.resolve()
        path = folder.with_name(f"{folder.name.removesuffix('.bench')}.html")
    if path is not None:
        ensure_writable(path)
    text = _WRITERS[chosen](Contents(store))
    if path is None:
        return "".join(text)
    atomic_write(path, text)
    return Path(path)


def choose_format(path: str | os.PathLike[str] | None, format: str | None) -> Format:
    """Return the format that is asked for, or that of the suffix.

    Raises
    ------
    UsageError
        If there is no such format, or the suffix stands for none.
    """
    if format is not None:
        if format not in FORMATS:
            raise UsageError(
                f"no format {format!r}{nearest(format, FORMATS)} "
                f"(formats: {', '.join(FORMATS)})"
            )
        return format
    if path is None:
        return "html"
    suffixes = [part.lower() for part in Path(path).suffixes]
    if suffixes[-1:] == [".gz"]:
        suffixes.pop()
    suffix = suffixes[-1][1:] if suffixes else ""
    if suffix not in _SUFFIXES:
        raise UsageError(
            f"{os.fspath(path)}: the suffix stands for no format"
            f"{nearest(suffix, _SUFFIXES)} "
            f"(formats: {', '.join(FORMATS)}; --format chooses one)"
        )
    return _SUFFIXES[suffix]


def _html(contents: Contents) -> Iterable[str]:
    from combkit.cli.bench.report_html import as_html

    return as_html(contents)


def _markdown(contents: Contents) -> Iterable[str]:
    from combkit.cli.bench.report_text import as_markdown

    return as_markdown(contents)


def _csv(contents: Contents) -> Iterable[str]:
    from combkit.cli.bench.report_text import as_csv

    return as_csv(contents)


def _latex(contents: Contents) -> Iterable[str]:
    from combkit.cli.bench.report_text import as_latex

    return as_latex(contents)


_WRITERS: dict[Format, Callable[[Contents], Iterable[str]]] = {
    "html": _html,
    "md": _markdown,
    "csv": _csv,
    "latex": _latex,
}


# -- facts -------------------------------------------------------------------


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _distinct(runs: pyarrow.Table, column: str) -> list[str]:
    values = runs[column].unique().to_pylist()
    return sorted(value for value in values if value)


def _span(runs: pyarrow.Table) -> str:
    """Return when the runs were, in days (UTC); empty where no row says it."""
    import pyarrow.compute as pc

    ends = pc.min_max(runs["started"]).as_py()
    if ends["min"] is None:
        return ""
    first, last = (
        datetime.fromtimestamp(ends[end], UTC).date().isoformat()
        for end in ("min", "max")
    )
    return first if first == last else f"{first} to {last}"


def _described(machine: str) -> str:
    """Return a machine in words."""
    facts: dict[str, Any] = json.loads(machine)
    return ", ".join(_words(facts))


def _words(facts: dict[str, Any]) -> Iterator[str]:
    for key, value in facts.items():
        if key == "memory":
            yield f"{figure(value / 1e9, 'GB')} memory"
        elif key == "cores":
            yield _count(value, "processor")
        elif key in ("cpu", "system"):
            yield str(value)
        else:
            yield f"{key} {value}"


def _packages(versions: Iterable[str]) -> str:
    """Return the packages of all runs with their versions."""
    found: dict[str, set[str]] = {}
    for text in versions:
        for name, version in json.loads(text).items():
            found.setdefault(name, set()).add(str(version))
    return ", ".join(
        f"{name} {' or '.join(sorted(found[name]))}" for name in sorted(found)
    )
