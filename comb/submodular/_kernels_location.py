"""Set functions of similarities and of what sets contain: their states and kernels."""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,assignment"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from combkit.comb.submodular._kernels_protocol import assign, register
from combkit.instances.kernels import kernel

__all__ = [
    "Additive",
    "Concave",
    "CoverageState",
    "DenseLocation",
    "DenseQuadratic",
    "DenseSaturated",
    "FeatureState",
    "Probabilistic",
    "SparseLocation",
    "SparseQuadratic",
    "SparseSaturated",
]

#: Numbers that are added in their own precision; such sums are added in double.
_BLOCK = 256
COSINE, RBF, INVERSE = 0, 1, 2
SQRT, LOG, MIN = 0, 1, 2


class DenseLocation(NamedTuple):
    """Facility location: rows are elements; the best similarity of each point."""

    rows: Any
    weights: Any
    best: Any


@kernel(reassociates=True)
def _dense_location_gain(state: Any, e: int) -> float:
    row, best, weights = state.rows[e], state.best, state.weights
    total = 0.0
    nothing = row[0] - row[0]
    for first in range(0, row.size, _BLOCK):
        # Views from 0, and comparisons instead of max(): these are vectorised.
        values, old = row[first : first + _BLOCK], best[first : first + _BLOCK]
        part = nothing
        if weights.size == 0:
            for i in range(values.size):
                more = values[i] - old[i]
                part += more if more > nothing else nothing
        else:
            weight = weights[first : first + _BLOCK]
            for i in range(values.size):
                more = values[i] - old[i]
                part += weight[i] * (more if more > nothing else nothing)
        total += part
    return total


@kernel
def _dense_location_add(state: Any, e: int) -> None:
    row, best = state.rows[e], state.best
    for i in range(row.size):
        best[i] = max(row[i], best[i])


@kernel
def _location_clear(state: Any) -> None:
    state.best[:] = 0


class SparseLocation(NamedTuple):
    """Facility location of sparse rows."""

    first: Any
    points: Any
    values: Any
    weights: Any
    best: Any


@kernel
def _sparse_location_gain(state: Any, e: int) -> float:
    total = 0.0
    for k in range(state.first[e], state.first[e + 1]):
        i = state.points[k]
        more = state.values[k] - state.best[i]
        if more > 0:
            total += more * state.weights[i] if state.weights.size > 0 else more
    return total


@kernel
def _sparse_location_add(state: Any, e: int) -> None:
    for k in range(state.first[e], state.first[e + 1]):
        i = state.points[k]
        state.best[i] = max(state.best[i], state.values[k])


class FeatureState(NamedTuple):
    """Facility location of points whose similarities are computed when needed.

    ``elements`` (n, d) and ``points`` (d, m) are float32; unit vectors for the
    cosine. ``own`` and ``others`` are half the squared norms, ``near`` a block of
    similarities.
    """

    elements: Any
    points: Any
    own: Any
    others: Any
    best: Any
    near: Any
    metric: int
    width: float


@kernel(reassociates=True)
def _similar(state: Any, e: int, first: int, size: int) -> None:
    """Compute the similarities of an element to a block of points."""
    near, points = state.near[:size], state.points
    x = state.elements[e]
    d = x.size
    near[:] = 0.0
    t = 0
    # Four coordinates at a time: a sum is loaded and stored once for all of them.
    while t + 4 <= d:
        a, b = points[t, first:], points[t + 1, first:]
        c, f = points[t + 2, first:], points[t + 3, first:]
        p, q, r, s = x[t], x[t + 1], x[t + 2], x[t + 3]
        for i in range(near.size):
            near[i] += p * a[i] + q * b[i] + r * c[i] + s * f[i]
        t += 4
    for u in range(t, d):
        a, p = points[u, first:], x[u]
        for i in range(near.size):
            near[i] += p * a[i]
    if state.metric == COSINE:
        return
    nothing, one = np.float32(0.0), np.float32(1.0)
    own, others = state.own[e], state.others[first:]
    for i in range(near.size):
        half = own + others[i] - near[i]
        near[i] = half if half > nothing else nothing
    if state.metric == RBF:
        width = np.float32(-2.0 * state.width)
        for i in range(near.size):
            near[i] = np.exp(width * near[i])
    else:
        for i in range(near.size):
            near[i] = one / (one + np.sqrt(near[i] + near[i]))


@kernel(reassociates=True)
def _served(state: Any, first: int, size: int) -> float:
    """Return what a block of similarities adds to the best ones."""
    total = 0.0
    nothing = np.float32(0.0)
    for begin in range(0, size, _BLOCK):
        near = state.near[begin : min(begin + _BLOCK, size)]
        old = state.best[first + begin :]
        part = nothing
        for i in range(near.size):
            more = near[i] - old[i]
            part += more if more > nothing else nothing
        total += part
    return total


@kernel
def _feature_gains(state: Any, elements: Any, out: Any) -> None:
    # By blocks of points, which stay in cache for all elements.
    out[:] = 0.0
    for first in range(0, state.best.size, state.near.size):
        size = min(state.near.size, state.best.size - first)
        for k in range(elements.size):
            _similar(state, elements[k], first, size)
            out[k] += _served(state, first, size)


@kernel
def _feature_gain(state: Any, e: int) -> float:
    total = 0.0
    for first in range(0, state.best.size, state.near.size):
        size = min(state.near.size, state.best.size - first)
        _similar(state, e, first, size)
        total += _served(state, first, size)
    return total


@kernel
def _feature_add(state: Any, e: int) -> None:
    for first in range(0, state.best.size, state.near.size):
        size = min(state.near.size, state.best.size - first)
        _similar(state, e, first, size)
        for i in range(size):
            state.best[first + i] = max(state.best[first + i], state.near[i])


class DenseSaturated(NamedTuple):
    """Saturated coverage: what each point still counts, of all that it may."""

    rows: Any
    weights: Any
    caps: Any
    room: Any


@kernel(reassociates=True)
def _dense_saturated_gain(state: Any, e: int) -> float:
    row, room, weights = state.rows[e], state.room, state.weights
    total = 0.0
    if weights.size == 0:
        for i in range(row.size):
            total += row[i] if row[i] < room[i] else room[i]
    else:
        for i in range(row.size):
            total += weights[i] * (row[i] if row[i] < room[i] else room[i])
    return total


@kernel
def _dense_saturated_add(state: Any, e: int) -> None:
    row, room = state.rows[e], state.room
    for i in range(row.size):
        room[i] = max(0.0, room[i] - row[i])


@kernel
def _saturated_clear(state: Any) -> None:
    assign(state.room, state.caps)


class SparseSaturated(NamedTuple):
    """Saturated coverage of sparse rows."""

    first: Any
    points: Any
    values: Any
    weights: Any
    caps: Any
    room: Any


@kernel
def _sparse_saturated_gain(state: Any, e: int) -> float:
    total = 0.0
    for k in range(state.first[e], state.first[e + 1]):
        i = state.points[k]
        more = min(np.float64(state.values[k]), state.room[i])
        total += more * state.weights[i] if state.weights.size > 0 else more
    return total


@kernel
def _sparse_saturated_add(state: Any, e: int) -> None:
    for k in range(state.first[e], state.first[e + 1]):
        i = state.points[k]
        state.room[i] = max(0.0, state.room[i] - state.values[k])


class DenseQuadratic(NamedTuple):
    """Cuts: ``gain(e) = alone[e] - scale sum_{j in S} rows[j, e]``."""

    rows: Any
    alone: Any
    scale: float
    inside: Any


@kernel
def _quadratic_gain(state: Any, e: int) -> float:
    return state.alone[e] - state.inside[e]


@kernel
def _dense_quadratic_add(state: Any, e: int) -> None:
    row = state.rows[e]
    for j in range(row.size):
        state.inside[j] += state.scale * row[j]


@kernel
def _quadratic_clear(state: Any) -> None:
    state.inside[:] = 0.0


class SparseQuadratic(NamedTuple):
    """Cuts of sparse graphs."""

    first: Any
    points: Any
    values: Any
    alone: Any
    scale: float
    inside: Any


@kernel
def _sparse_quadratic_add(state: Any, e: int) -> None:
    for k in range(state.first[e], state.first[e + 1]):
        state.inside[state.points[k]] += state.scale * state.values[k]


class CoverageState(NamedTuple):
    """Coverage: which items are covered; no weights where all are 1."""

    first: Any
    items: Any
    weights: Any
    covered: Any


@kernel
def _coverage_gain(state: Any, e: int) -> float:
    covered = state.covered
    if state.weights.size == 0:
        count = 0
        for k in range(state.first[e], state.first[e + 1]):
            count += 1 - covered[state.items[k]]
        return float(count)
    total = 0.0
    for k in range(state.first[e], state.first[e + 1]):
        i = state.items[k]
        if covered[i] == 0:
            total += state.weights[i]
    return total


@kernel
def _coverage_add(state: Any, e: int) -> None:
    for k in range(state.first[e], state.first[e + 1]):
        state.covered[state.items[k]] = 1


@kernel
def _coverage_clear(state: Any) -> None:
    state.covered[:] = 0


class Probabilistic(NamedTuple):
    """Probabilistic coverage: weight of each item that is expected to be missed."""

    first: Any
    items: Any
    chances: Any
    weights: Any
    missed: Any


@kernel
def _probabilistic_gain(state: Any, e: int) -> float:
    total = 0.0
    for k in range(state.first[e], state.first[e + 1]):
        total += state.missed[state.items[k]] * state.chances[k]
    return total


@kernel
def _probabilistic_add(state: Any, e: int) -> None:
    for k in range(state.first[e], state.first[e + 1]):
        state.missed[state.items[k]] *= 1.0 - state.chances[k]


@kernel
def _probabilistic_clear(state: Any) -> None:
    assign(state.missed, state.weights)


class Concave(NamedTuple):
    """Concave over modular: the total of each feature."""

    first: Any
    items: Any
    amounts: Any
    weights: Any
    sums: Any
    shape: int
    cap: float


@kernel
def _concave_gain(state: Any, e: int) -> float:
    total = 0.0
    for k in range(state.first[e], state.first[e + 1]):
        u = state.items[k]
        before = state.sums[u]
        after = before + state.amounts[k]
        if state.shape == SQRT:
            more = np.sqrt(after) - np.sqrt(before)
        elif state.shape == LOG:
            more = np.log1p(after) - np.log1p(before)
        else:
            more = min(after, state.cap) - min(before, state.cap)
        total += more * state.weights[u] if state.weights.size > 0 else more
    return total


@kernel
def _concave_add(state: Any, e: int) -> None:
    for k in range(state.first[e], state.first[e + 1]):
        state.sums[state.items[k]] += state.amounts[k]


@kernel
def _concave_clear(state: Any) -> None:
    state.sums[:] = 0.0


class Additive(NamedTuple):
    """A value of each element."""

    values: Any


@kernel
def _additive_gain(state: Any, e: int) -> float:
    return np.float64(state.values[e])


@kernel
def _additive_add(state: Any, e: int) -> None:
    pass


@kernel
def _additive_clear(state: Any) -> None:
    pass


register(DenseLocation, _dense_location_gain, _dense_location_add, _location_clear)
register(SparseLocation, _sparse_location_gain, _sparse_location_add, _location_clear)
register(FeatureState, _feature_gain, _feature_add, _location_clear, _feature_gains)
register(DenseSaturated, _dense_saturated_gain, _dense_saturated_add, _saturated_clear)
register(
    SparseSaturated, _sparse_saturated_gain, _sparse_saturated_add, _saturated_clear
)
register(DenseQuadratic, _quadratic_gain, _dense_quadratic_add, _quadratic_clear)
register(SparseQuadratic, _quadratic_gain, _sparse_quadratic_add, _quadratic_clear)
register(CoverageState, _coverage_gain, _coverage_add, _coverage_clear)
register(Probabilistic, _probabilistic_gain, _probabilistic_add, _probabilistic_clear)
register(Concave, _concave_gain, _concave_add, _concave_clear)
register(Additive, _additive_gain, _additive_add, _additive_clear)
