"""The problems of the engine by name."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from combkit.instances.errors import UsageError
from combkit.neural.bq.base import Problem

__all__ = ["PROBLEMS", "problem_of"]

#: Where each adapter is.
PROBLEMS: dict[str, str] = {
    "tsp": "combkit.neural.bq.tsp:TSP",
    "cvrp": "combkit.neural.bq.cvrp:CVRP",
    "op": "combkit.neural.bq.op:OP",
    "kp": "combkit.neural.bq.kp:KP",
    "atsp": "combkit.neural.bq.atsp:ATSP",
}


def problem_of(name: str) -> Problem:
    """Return the adapter of a problem.

    Raises
    ------
    UsageError
        If there is none of that name.
    """
    if name not in PROBLEMS:
        raise UsageError(f"problem {name!r}: one of {', '.join(PROBLEMS)}")
    module, _, attribute = PROBLEMS[name].partition(":")
    return cast(Problem, getattr(import_module(module), attribute)())
