"""What a run of ``combkit solve`` tells: a JSON object or a few lines."""

from __future__ import annotations

import argparse
import math
from typing import Any

from combkit.instances.best_known import BestKnown
from combkit.instances.problem import Problem, Sense
from combkit.instances.result import Result, Status
from combkit.instances.solutions import Solution
from combkit.instances.stop import Reason

__all__ = [
    "as_text",
    "doubts",
    "failure",
    "gap_to",
    "number",
    "record",
    "same_objective",
]

#: Keys of the JSON object, in order.
KEYS = (
    "instance",
    "kind",
    "solver",
    "status",
    "reason",
    "objective",
    "bound",
    "gap",
    "best_known",
    "gap_to_best_known",
    "runtime",
    "time_to_best",
    "seed",
    "threads",
    "verified",
    "trace",
    "solution_file",
    "versions",
)


def record(
    result: Result,
    sense: Sense,
    best: BestKnown | None,
    verified: bool,
    solution_file: str | None,
) -> dict[str, Any]:
    """Return the JSON object of a run, with ``KEYS`` in order."""
    facts = {
        **result.to_dict(),
        "best_known": None if best is None else best.value,
        "gap_to_best_known": gap_to(best, result.objective, sense),
        "verified": verified,
        "solution_file": solution_file,
    }
    return {key: facts[key] for key in KEYS}


def failure(instance: str, args: argparse.Namespace) -> dict[str, Any]:
    """Return the JSON object of a file that could not be read or solved."""
    facts: dict[str, Any] = {
        "instance": instance,
        "solver": args.solver,
        "status": str(Status.ERROR),
        "reason": str(Reason.FAILED),
        "seed": args.seed,
        "threads": args.threads,
        "verified": False,
        "trace": [],
        "versions": {},
    }
    return {key: facts.get(key) for key in KEYS}


def gap_to(
    best: BestKnown | None, objective: float | None, sense: Sense
) -> float | None:
    """Return how much worse an objective is than the best known, relatively.

    It is negative for a new best value, and None where it is not defined.
    """
    if best is None or objective is None:
        return None
    worse = objective - best.value if sense == "min" else best.value - objective
    if abs(worse) <= 1e-9 * abs(best.value):  # rounding
        return 0.0
    return worse / abs(best.value) if best.value != 0 else None


def as_text(
    result: Result,
    sense: Sense,
    best: BestKnown | None,
    verified: bool,
    solution_file: str | None,
) -> str:
    """Return the lines for a human reader."""
    lines = [result.summary()]
    gap = gap_to(best, result.objective, sense)
    if best is not None:
        ours = "" if gap is None else f", this is {100 * gap:+.4g} %"
        lines.append(f"best known {number(best.value)} ({best.status}){ours}")
    if result.solution is not None:
        how = "recomputed and checked" if solution_file is None else "read back"
        lines.append(f"verified   {f'yes ({how})' if verified else 'NO'}")
    if solution_file is not None:
        lines.append(f"written    {solution_file}")
    return "\n".join(lines)


def doubts(problem: Problem, result: Result, solution: Solution) -> list[str]:
    """Return what speaks against the solution of a result, recomputed.

    Parameters
    ----------
    problem : Problem
        What was solved.
    result : Result
        A result with a solution.
    solution : Solution
        Its solution, or that as read back from a file.
    """
    found = problem.check(solution)
    value, said = problem.evaluate(solution), result.objective
    if said is None or not same_objective(value, said):
        found.append(f"objective {value:.15g}, reported {number(said)}")
    return found


def same_objective(a: float, b: float) -> bool:
    """Whether two objectives agree to 1e-6, relatively above 1."""
    return abs(a - b) <= 1e-6 * max(1.0, abs(a), abs(b))


def number(value: float | None) -> str:
    """Return a number for a table: integers whole, others to 10 digits."""
    if value is None:
        return "-"
    if math.isfinite(value) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.10g}"
