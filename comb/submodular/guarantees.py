"""What theory says of a solver's result: factor, condition and reference."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from combkit.instances.submodular.problem import Submodular

__all__ = ["Guarantee", "of_greedy"]


@dataclass(frozen=True, slots=True)
class Guarantee:
    """A proven relation of a result to the optimum.

    Parameters
    ----------
    statement : str
        The inequality, O an optimal set.
    factor : float or None
        The factor of f(O) in it; None where it is of another form.
    reference : str
        Where it is proven.
    expected : bool
        Whether it holds in the mean over the random choices only.
    """

    statement: str
    factor: float | None
    reference: str
    expected: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return it for a result."""
        return {
            "statement": self.statement,
            "factor": self.factor,
            "reference": self.reference,
            "expected": self.expected,
        }


_NEMHAUSER = "Nemhauser, Wolsey, Fisher, Math. Programming 14, 1978"
GREEDY_CARDINALITY = Guarantee("f(S) >= (1 - 1/e) f(O)", 1.0 - 1.0 / math.e, _NEMHAUSER)
GREEDY_MATROID = Guarantee(
    "f(S) >= 1/2 f(O)",
    0.5,
    "Fisher, Nemhauser, Wolsey, Math. Programming Study 8, 1978",
)
EVERYTHING = Guarantee("f(S) = f(O)", 1.0, "f is monotone and nothing constrains it")
COVER = Guarantee(
    "cost(S) <= (1 + ln(f(V) / least gain)) cost(O)",
    None,
    "Wolsey, Combinatorica 2, 1982",
)


def of_greedy(problem: Submodular) -> Guarantee | None:
    """Return what holds for a greedy set of a problem, None if nothing is known."""
    f, constraint = problem.function, problem.constraint
    if not (f.monotone and f.submodular):
        return None
    if problem.goal == "cover":
        return COVER if constraint.type == "unconstrained" else None
    if constraint.type == "unconstrained":
        return EVERYTHING
    if constraint.type == "cardinality":
        return GREEDY_CARDINALITY
    return GREEDY_MATROID if constraint.matroid else None
