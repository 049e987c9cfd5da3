"""Several objectives, one after the other.

References
----------
M. Ehrgott, Multicriteria Optimization, Springer (2005), chapter 5: lexicographic
optimality. doi:10.1007/3-540-27659-9
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from combkit.instances.errors import UnsupportedFeatureError, UsageError
from combkit.instances.result import Result
from combkit.mip.modelling.expressions import as_block
from combkit.mip.modelling.quadratic import Quadratic
from combkit.mip.modelling.scalars import foreign

if TYPE_CHECKING:
    from combkit.mip.modelling.model import Model

__all__ = ["Objective", "solve_hierarchy"]

#: What rounding may take from a value that was reached, relative above 1.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Objective:
    """One objective of several.

    Parameters
    ----------
    expression : Expression, Linear, Variable or Quadratic
        What is optimised; only the last one may be quadratic.
    maximize : bool
        Whether it is maximised.
    slack : float
        How much of its value later objectives may give away.
    relative_slack : float
        The same as a share of the absolute value; the larger one counts.

    Raises
    ------
    UsageError
        If a slack is negative or no number.
    """

    expression: Any
    maximize: bool = False
    slack: float = 0.0
    relative_slack: float = 0.0

    def __post_init__(self) -> None:
        for name in ("slack", "relative_slack"):
            value = getattr(self, name)
            if not (value >= 0 and math.isfinite(value)):
                raise UsageError(f"{name}: {value} is not a finite number >= 0")


def solve_hierarchy(
    model: Model,
    objectives: Sequence[Objective],
    solver: str,
    *,
    time_limit: float | None,
    initial: Any,
    options: dict[str, Any],
) -> list[Result]:
    """Solve for one objective after the other; see ``Model.solve_hierarchy``.

    Parameters
    ----------
    model : Model
        The model; it is left as it was, with the answer to the last solve.
    objectives : sequence of Objective
        The most important one first.
    solver, time_limit, initial
        As for ``Model.solve``; the time is for all together.
    options : dict
        Further options of ``Model.solve``.
    """
    listed = list(objectives)
    _check(model, listed)
    begin = time.perf_counter()
    before, held = model.goal.saved(), []
    results: list[Result] = []
    try:
        for k, one in enumerate(listed):
            (model.maximize if one.maximize else model.minimize)(one.expression)
            left = None
            if time_limit is not None:
                left = max(0.0, time_limit - (time.perf_counter() - begin))
            result = model.solve(solver, time_limit=left, initial=initial, **options)
            results.append(result)
            if result.objective is None or k == len(listed) - 1:
                break
            if result.status not in ("optimal", "feasible"):
                break
            value = result.objective
            slack = max(one.slack, one.relative_slack * abs(value))
            slack += _ROUNDING * max(1.0, abs(value))
            block: Any = as_block(one.expression)
            kept = block >= value - slack if one.maximize else block <= value + slack
            held.append(model.add(kept))
            initial = result.solution
    finally:
        model.goal.restore(before)
        if held:
            model.remove(*held)
    return results


def _check(model: Model, objectives: Sequence[Objective]) -> None:
    """Refuse what would fail after the first solves."""
    if not objectives:
        raise UsageError("objectives: at least one is needed")
    for one in objectives:
        if not isinstance(one, Objective):
            raise UsageError(f"objectives: {type(one).__name__} is no Objective")
    for one in objectives[:-1]:
        if isinstance(one.expression, Quadratic):
            raise UnsupportedFeatureError("only the last objective may be quadratic")
        block = as_block(one.expression)
        if block is None or block.shape:
            raise UsageError("objectives: single expressions are needed")
        if block.model is not model:
            raise foreign()
