"""What the solvers of set functions do not take, in the same words everywhere."""

from __future__ import annotations

from combkit.instances.errors import UsageError
from combkit.instances.submodular.problem import Goal, Submodular

__all__ = [
    "at_least",
    "between",
    "has_included",
    "is_not_submodular",
    "other_constraint",
    "other_goal",
]


def other_goal(problem: Submodular, *goals: Goal) -> str | None:
    """Return why a problem is not taken, unless its goal is among some."""
    if problem.goal in goals:
        return None
    return f"the goal is a {problem.goal}, not a {' or a '.join(goals)}"


def other_constraint(problem: Submodular, *types: str) -> str | None:
    """Return why a problem is not taken, unless its constraint is of some types."""
    if problem.constraint.type in types:
        return None
    return f"it is for {' or '.join(types)}, not a {problem.constraint.type}"


def is_not_submodular(problem: Submodular) -> str | None:
    """Return why a problem is not taken, unless its function is submodular."""
    if problem.function.submodular:
        return None
    return f"{problem.function.type} is not submodular: gains bound nothing"


def has_included(problem: Submodular) -> str | None:
    """Return why a problem is not taken, unless no element is included."""
    return "elements are included" if problem.required.size else None


def at_least(least: int, **options: int) -> None:
    """Refuse options below a number.

    Raises
    ------
    UsageError
        Naming the option.
    """
    for name, value in options.items():
        if value < least:
            raise UsageError(f"{name}={value}: at least {least}")


def between(**options: float) -> None:
    """Refuse options that are not between 0 and 1, ends not included.

    Raises
    ------
    UsageError
        Naming the option.
    """
    for name, value in options.items():
        if not 0.0 < value < 1.0:
            raise UsageError(f"{name}={value:g}: between 0 and 1")
