"""A problem whose data become integers after scaling, for CP-SAT."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import UnsupportedFeatureError
from combkit.instances.mip import MIP

__all__ = ["IntegralForm", "integral_form"]

Integers = NDArray[np.int64]

#: Largest denominator that a coefficient may have.
_DENOMINATOR = 10**6
#: Relative difference of a coefficient to the fraction it is taken for: what
#: rounding to a double explains, times a thousand.
_EXACT = 1e-13
#: Slack of a bound before rounding it to an integer.
_SLACK = 1e-9
#: No activity and no bound may reach this in size (CP-SAT: below 2**63).
_LIMIT = 2**60


@dataclass(frozen=True)
class IntegralForm:
    """``min c @ x`` over integers, rows and objective scaled to integers.

    Parameters
    ----------
    c, data : ndarray of int
        Scaled costs (to be minimised) and row coefficients, in CSR order.
    row_lower, row_upper : ndarray of int
        Scaled row bounds; ``-+_LIMIT`` where open.
    lower, upper : ndarray of int
        Bounds of the variables.
    objective_scale : float
        ``objective = c @ x / objective_scale + offset``; negative for a
        maximisation.
    """

    c: Integers
    data: Integers
    row_lower: Integers
    row_upper: Integers
    lower: Integers
    upper: Integers
    objective_scale: float

    @property
    def is_empty(self) -> bool:
        """Whether some bounds hold no integer."""
        return bool(
            (self.lower > self.upper).any() or (self.row_lower > self.row_upper).any()
        )


def integral_form(problem: MIP) -> IntegralForm:
    """Return the integral form of a problem.

    Raises
    ------
    UnsupportedFeatureError
        Saying which variable is continuous or unbounded, or which row or the
        objective has no exact integer multiple within 64 bits.
    """
    lower, upper = _domains(problem)
    size = np.maximum(np.abs(lower), np.abs(upper)).astype(np.float64)
    A = problem.A
    scales = _row_scales(problem)
    data = _scaled(A.data, np.repeat(scales, np.diff(A.indptr)))
    activity = abs(A) @ size * scales
    _fits(activity, lambda i: f"row {problem.row_name(i)!r}")
    scale = _common_scale(problem.c)
    if scale is None:
        raise UnsupportedFeatureError("the objective has no exact integer multiple")
    _fits(np.array([np.abs(problem.c) @ size * scale]), lambda _: "the objective")
    sign = -1 if problem.maximize else 1
    return IntegralForm(
        sign * _scaled(problem.c, np.full(problem.n, scale)),
        data,
        _rounded(problem.row_lower * scales, np.ceil, -_SLACK),
        _rounded(problem.row_upper * scales, np.floor, _SLACK),
        lower,
        upper,
        float(sign * scale),
    )


def _domains(problem: MIP) -> tuple[Integers, Integers]:
    """Return the integer bounds of the variables."""
    continuous = np.flatnonzero(problem.integrality == 0)
    if continuous.size:
        name = problem.col_name(int(continuous[0]))
        raise UnsupportedFeatureError(f"variable {name!r} is continuous")
    bounds = np.maximum(np.abs(problem.lower), np.abs(problem.upper))
    wide = np.flatnonzero(bounds >= 2**53)
    if wide.size:
        name = problem.col_name(int(wide[0]))
        raise UnsupportedFeatureError(f"variable {name!r} is not bounded")
    return (
        _rounded(problem.lower, np.ceil, -_SLACK),
        _rounded(problem.upper, np.floor, _SLACK),
    )


def _row_scales(problem: MIP) -> NDArray[np.float64]:
    """Return a factor a row that makes its coefficients integral."""
    A = problem.A
    scales = np.ones(problem.m)
    fractional = np.flatnonzero(A.data != np.round(A.data))
    rows = np.searchsorted(A.indptr, fractional, side="right") - 1
    for i in np.unique(rows).tolist():
        scale = _common_scale(A.data[A.indptr[i] : A.indptr[i + 1]])
        if scale is None:
            raise UnsupportedFeatureError(
                f"row {problem.row_name(i)!r} has no exact integer multiple"
            )
        scales[i] = scale
    return scales


def _common_scale(values: NDArray[np.float64]) -> int | None:
    """Return the least common denominator of some numbers, if they have one."""
    scale = 1
    for value in np.unique(values[values != np.round(values)]).tolist():
        fraction = Fraction(value).limit_denominator(_DENOMINATOR)
        if abs(float(fraction) - value) > _EXACT * abs(value):
            return None
        scale = math.lcm(scale, fraction.denominator)
        if scale > _LIMIT:
            return None
    return scale


def _scaled(values: NDArray[np.float64], scales: NDArray[np.float64]) -> Integers:
    whole: Integers = np.round(values * scales).astype(np.int64)
    return whole


def _fits(sizes: NDArray[np.float64], name: Callable[[int], str]) -> None:
    large = np.flatnonzero(~(sizes < _LIMIT))
    if large.size:
        raise UnsupportedFeatureError(f"{name(int(large[0]))} overflows 64 bits")


def _rounded(bounds: NDArray[np.float64], to: np.ufunc, slack: float) -> Integers:
    """Round bounds inwards, with a slack relative to their size."""
    moved = to(bounds + slack * np.maximum(1.0, np.abs(np.nan_to_num(bounds))))
    whole: Integers = np.clip(moved, -_LIMIT, _LIMIT).astype(np.int64)
    return whole
