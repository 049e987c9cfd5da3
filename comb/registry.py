"""Every solver of the suite, by name and kind; third parties join here."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache
from importlib import import_module, metadata
from typing import Any

from combkit.instances.errors import MissingDependencyError, UsageError, nearest
from combkit.instances.problem import Problem
from combkit.instances.solutions import Solution
from combkit.instances.solver import SolverInfo

__all__ = ["Advice", "advise", "find", "propose", "solvers"]

#: Where the suite's own tables stand, as dotted strings: a package on a higher
#: floor is named here, never imported from here at load time.
_TABLES = (
    "combkit.comb:SOLVERS",
    "combkit.mip:SOLVERS",
    "combkit.neural:SOLVERS",
)

#: Entry-point group of third parties; each entry is a SolverInfo or a tuple.
_GROUP = "combkit.solvers"

#: What proposes starts, by name, and the entry-point group of third parties.
_PROPOSERS = {
    "bq": "combkit.neural.bq.starts:propose",
    "dispatch": "combkit.neural.dispatch.starts:propose",
}
_PROPOSER_GROUP = "combkit.starts"

#: What ranks solvers for a problem, by name, and the group of third parties.
_ADVISERS = {"forge": "combkit.neural.forge.recommend:advise"}
_ADVISER_GROUP = "combkit.advisers"

#: A solver and its options.
Advice = tuple[str, dict[str, Any]]


@cache
def _all() -> tuple[SolverInfo, ...]:
    rows: list[SolverInfo] = []
    for table in _TABLES:
        module, _, name = table.partition(":")
        rows.extend(getattr(import_module(module), name))
    for entry in metadata.entry_points(group=_GROUP):
        loaded = entry.load()
        rows.extend([loaded] if isinstance(loaded, SolverInfo) else loaded)
    seen: set[tuple[str, str]] = set()
    for row in rows:
        for kind in row.kinds:
            if (row.name, kind) in seen:
                raise UsageError(f"two solvers named {row.name!r} for {kind}")
            seen.add((row.name, kind))
    return tuple(rows)


def solvers(kind: str | None = None) -> tuple[SolverInfo, ...]:
    """Return the table of solvers, of one kind or of all, installed or not.

    Raises
    ------
    UsageError
        If no solver knows the kind.
    """
    rows = _all()
    if kind is None:
        return rows
    fitting = tuple(row for row in rows if kind in row.kinds)
    if not fitting:
        kinds = {k for row in rows for k in row.kinds}
        raise UsageError(f"unknown kind {kind!r}{nearest(kind, kinds)}")
    return fitting


def find(name: str, kind: str) -> SolverInfo:
    """Return the row of a solver for a kind.

    Raises
    ------
    UsageError
        If there is none, naming the nearest or those that fit.
    """
    rows = _all()
    for row in rows:
        if row.name == name and kind in row.kinds:
            return row
    fitting = _names(row for row in rows if kind in row.kinds)
    elsewhere = sorted({k for row in rows if row.name == name for k in row.kinds})
    if elsewhere:
        raise UsageError(
            f"solver {name!r} solves {', '.join(elsewhere)}, not {kind} "
            f"(for {kind}: {', '.join(fitting)})"
        )
    raise UsageError(
        f"unknown solver {name!r}{nearest(name, _names(rows))} "
        f"(for {kind}: {', '.join(fitting)})"
    )


def propose(
    name: str, problem: Problem, k: int, seed: int, deadline: float = math.inf
) -> list[Solution]:
    """Return up to k different solutions of a problem to start a search from.

    Parameters
    ----------
    name : str
        Who proposes: ``bq``, ``dispatch`` or an entry point ``combkit.starts``.
    problem : Problem
        The problem.
    k : int
        How many are wanted.
    seed : int
        Seed of what is drawn.
    deadline : float
        Reading of ``time.perf_counter()`` at which to return what there is.

    Raises
    ------
    UsageError
        If nobody has the name.
    MissingDependencyError
        If what it needs is not installed.
    """
    found: list[Solution] = _ask(
        "starts", _PROPOSER_GROUP, _PROPOSERS, name, problem, k, seed, deadline
    )
    return found


def advise(name: str, problem: Problem, seconds: float) -> list[Advice]:
    """Return solvers for a problem with their options, the best first.

    Parameters
    ----------
    name : str
        Who advises: ``forge`` or an entry point ``combkit.advisers``.
    problem : Problem
        The problem.
    seconds : float
        Time that the solver will have.

    Returns
    -------
    list
        Names of solvers and their options; empty where there is nothing to advise.

    Raises
    ------
    UsageError
        If nobody has the name.
    MissingDependencyError
        If what it needs is not installed.
    """
    found: list[Advice] = _ask(
        "adviser", _ADVISER_GROUP, _ADVISERS, name, problem, seconds
    )
    return found


def _ask(option: str, group: str, own: dict[str, str], name: str, *words: Any) -> Any:
    """Call a function of our own or of an entry point, by its name in a group."""
    known = {e.name: e.value for e in metadata.entry_points(group=group)} | own
    if name not in known:
        raise UsageError(
            f"{option}={name!r}{nearest(name, known)} "
            f"(one of {', '.join(sorted(known))})"
        )
    module, _, function = known[name].partition(":")
    try:
        return getattr(import_module(module), function)(*words)
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.split(".")[0] == "combkit":
            raise
        raise MissingDependencyError(f"{option}={name!r}", "neural") from None


def _names(rows: Iterable[SolverInfo]) -> list[str]:
    return ["auto", *dict.fromkeys(row.name for row in rows)]
