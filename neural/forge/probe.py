"""A look at the root: what the relaxation and a second of HiGHS say of a program."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import UsageError
from combkit.instances.mip import MIP

__all__ = ["PROBED", "Probe", "probe"]

Floats = NDArray[np.float64]

#: Names of what a probe tells besides its values.
PROBED = (
    "fractional integers",
    "fractionality",
    "cost at stake",
    "integers at lower",
    "integers at upper",
    "rows at their ends",
    "rows with prices",
    "gap of the root bound",
    "gap of the root incumbent",
    "has a root incumbent",
)
_NEAR = 1e-6


@dataclass(frozen=True, eq=False)
class Probe:
    """What is known at the root.

    Parameters
    ----------
    relaxed : float
        Objective of the linear relaxation, offset included.
    bound : float
        Bound of HiGHS when it stopped: not worse than ``relaxed``.
    objective : float or None
        Its incumbent.
    numbers : ndarray of float, shape (10,)
        See ``PROBED``; gaps are of objectives without the offset.
    optimal : bool
        Whether it proved its incumbent.
    """

    relaxed: float
    bound: float
    objective: float | None
    numbers: Floats
    optimal: bool


def probe(program: MIP, seconds: float = 1.0) -> Probe | None:
    """Solve the relaxation, then let HiGHS work at the root.

    Parameters
    ----------
    program : MIP
        The program.
    seconds : float
        Time of the root, and ten times that for the relaxation.

    Returns
    -------
    Probe or None
        None where the relaxation has no optimum, or none in time.

    Raises
    ------
    UsageError
        If the time is not positive.
    """
    import highspy

    from combkit.mip.highs_model import build, run_native

    if not (math.isfinite(seconds) and seconds > 0.0):
        raise UsageError(f"seconds: {seconds} is not a positive number")
    highs = build(program, relaxed=True)
    highs.setOptionValue("time_limit", 10.0 * seconds)
    run_native(highs, 1)
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    solution = highs.getSolution()
    x, prices = np.array(solution.col_value), np.array(solution.row_dual)
    relaxed = float(highs.getInfo().objective_function_value)
    root = build(program)
    root.setOptionValue("time_limit", seconds)
    root.setOptionValue("mip_max_nodes", 1)
    run_native(root, 1)
    info = root.getInfo()
    bound, incumbent = float(info.mip_dual_bound), float(info.objective_function_value)
    found = math.isfinite(incumbent) and info.primal_solution_status == 2
    if not program.integrality.any():
        bound, incumbent, found = relaxed, relaxed, True
    sign = -1.0 if program.maximize else 1.0
    if not math.isfinite(bound) or sign * bound < sign * relaxed:
        bound = relaxed
    numbers = [
        *_relaxation(program, x, prices, relaxed),
        gap(relaxed, bound, program.offset),
        gap(relaxed, incumbent, program.offset) if found else 1.0,
        float(found),
    ]
    optimal = root.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return Probe(
        relaxed=relaxed,
        bound=bound,
        objective=incumbent if found else None,
        numbers=np.array(numbers),
        optimal=found and (optimal or not program.integrality.any()),
    )


def gap(relaxed: float, value: float, offset: float) -> float:
    """Return the distance of two objectives, relative to the larger, at most 1.

    Parameters
    ----------
    relaxed, value : float
        The objectives.
    offset : float
        What both have in them that does not depend on the variables.
    """
    a, b = relaxed - offset, value - offset
    largest = max(abs(a), abs(b))
    return min(1.0, abs(a - b) / largest) if largest > 1e-9 else 0.0


def _relaxation(program: MIP, x: Floats, prices: Floats, relaxed: float) -> list[float]:
    """Return the numbers that the optimum of the relaxation tells."""
    integer = program.integrality == 1
    part = np.where(integer, np.abs(x - np.round(x)), 0.0)
    fractional = part > _NEAR
    count = max(1, int(integer.sum()))
    stake = float(np.abs(program.c) @ part)
    activity = program.A @ x
    size = np.maximum(1.0, np.abs(activity))
    ends = (program.row_upper - activity <= _NEAR * size) | (
        activity - program.row_lower <= _NEAR * size
    )
    return [
        float(fractional.sum() / count),
        float(part[fractional].mean()) if fractional.any() else 0.0,
        min(1.0, stake / max(abs(relaxed - program.offset), 1e-9)),
        float((integer & (x - program.lower <= _NEAR)).sum() / count),
        float((integer & (program.upper - x <= _NEAR)).sum() / count),
        float(ends.mean()) if ends.size else 0.0,
        float((np.abs(prices) > 1e-9).mean()) if prices.size else 0.0,
    ]
