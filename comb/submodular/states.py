"""States of set functions and rules of constraints, for the searches.

`state_of` and `rule_of` turn what a problem is made of into named tuples that
compiled searches take. Functions and constraints in Python become objects; a search
that meets one runs in Python.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from combkit.comb.submodular import _kernels_composed as composed
from combkit.comb.submodular import _kernels_greedy as greedy
from combkit.comb.submodular import _kernels_information as information
from combkit.comb.submodular import _kernels_location as location
from combkit.comb.submodular import _kernels_protocol as protocol
from combkit.comb.submodular import _kernels_rules as rules
from combkit.instances.submodular.base import SetFunction
from combkit.instances.submodular.chains import ChainCriterion
from combkit.instances.submodular.composed import (
    Conditional,
    Mixture,
    Mutual,
    Oracle,
    Rank,
)
from combkit.instances.submodular.constraints import (
    Cardinality,
    Constraint,
    GraphicMatroid,
    Independence,
    Knapsack,
    LaminarMatroid,
    PartitionMatroid,
    Unconstrained,
)
from combkit.instances.submodular.coverage import (
    ConcaveOverModular,
    Coverage,
    Modular,
    ProbabilisticCoverage,
)
from combkit.instances.submodular.entropy import Entropy, GaussianInformation, LogDet
from combkit.instances.submodular.revenue import Revenue
from combkit.instances.submodular.similarity import (
    Cut,
    FacilityLocation,
    FeatureLocation,
    GraphCut,
    SaturatedCoverage,
)

__all__ = ["compiled", "gains_of", "picks_of", "rule_of", "state_of"]

Array = NDArray[Any]

#: Points of a block of `FeatureLocation`, whose coordinates stay in cache.
_NEAR = 2048
#: Hash places for each step of a chain, and each sample.
_SPARE = 2


def state_of(function: SetFunction, most: int | None = None) -> Any:
    """Return a state of a function that stands at the empty set.

    Parameters
    ----------
    function : SetFunction
        The function.
    most : int, optional
        Most elements that will be chosen at a time; n without.
    """
    most = function.n if most is None else most
    state = _MAKERS[type(function)](function, most)
    protocol.clear(state)
    return state


def rule_of(constraint: Constraint, n: int) -> Any:
    """Return a rule of a constraint on n elements that stands at the empty set."""
    rule = _RULES[type(constraint)](constraint, n)
    protocol.free(rule)
    return rule


def compiled(search: Callable[..., Any], *parts: Any) -> Callable[..., Any]:
    """Return a search as it can take some states and rules.

    It is compiled where all of them are; a kernel with a function of one's own is
    compiled anew, since the function may be another next time.
    """
    kernel: Any = search
    if not all(map(protocol.is_compiled, parts)):
        return _interpreted(kernel)
    if any(map(_has_own, parts)):
        import numba

        anew: Callable[..., Any] = numba.njit(nogil=True)(kernel.py_func)
        return anew
    return search


def gains_of(state: Any, elements: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what each of some elements outside of a state's set would add."""
    out = np.zeros(elements.size)
    compiled(greedy.ask, state)(state, elements, out)
    return out


def picks_of(most: int) -> greedy.Picks:
    """Return room for so many chosen elements, none chosen yet."""
    return greedy.Picks(
        np.zeros(most, np.int64), np.zeros(most), np.zeros(1), np.zeros(3, np.int64)
    )


@cache
def _interpreted(kernel: Any) -> Callable[..., Any]:
    """Return a kernel in Python, and with it those of its module that it calls."""
    function = kernel.py_func
    scope = dict(function.__globals__)
    for name in function.__code__.co_names:
        inner = getattr(scope.get(name), "py_func", None)
        if inner is not None and inner.__module__ == function.__module__:
            scope[name] = _interpreted(scope[name])
    return FunctionType(function.__code__, scope, function.__name__)


def _has_own(state: Any) -> bool:
    if isinstance(state, composed.Own):
        return True
    return isinstance(state, tuple) and any(map(_has_own, state))


# -- functions ---------------------------------------------------------------


def _weights(weights: Array | None) -> Array:
    return np.zeros(0) if weights is None else weights.astype(np.float64)


def _sparse(matrix: Any) -> tuple[Array, Array, Array]:
    sparse = sp.csr_array(matrix)
    return sparse.indptr.astype(np.int64), sparse.indices, sparse.data


def _location(f: FacilityLocation, most: int) -> Any:
    weights, points = _weights(f.weights), f.similarity.shape[1]
    if sp.issparse(f.similarity):
        first, columns, values = _sparse(f.similarity)
        best = np.zeros(points, values.dtype)
        return location.SparseLocation(first, columns, values, weights, best)
    rows = f.similarity
    best = np.zeros(points, rows.dtype)
    return location.DenseLocation(rows, weights.astype(rows.dtype), best)


def _features(f: FeatureLocation, most: int) -> Any:
    elements = f.features.astype(np.float32)
    points = f.points.astype(np.float32)
    if f.metric == "cosine":
        elements /= np.linalg.norm(elements, axis=1, keepdims=True)
        points = points / np.linalg.norm(points, axis=1, keepdims=True)
    return location.FeatureState(
        elements,
        np.ascontiguousarray(points.T),
        0.5 * (elements * elements).sum(axis=1),
        0.5 * (points * points).sum(axis=1),
        np.zeros(len(points), np.float32),
        np.zeros(_NEAR, np.float32),
        ("cosine", "rbf", "inverse").index(f.metric),
        f.width,
    )


def _saturated(f: SaturatedCoverage, most: int) -> Any:
    weights, caps = _weights(f.weights), np.asarray(f.caps, dtype=np.float64)
    room = caps.copy()
    if sp.issparse(f.similarity):
        return location.SparseSaturated(*_sparse(f.similarity), weights, caps, room)
    return location.DenseSaturated(f.similarity, weights, caps, room)


def _quadratic(matrix: Any, alone: Array, scale: float) -> Any:
    inside = np.zeros(alone.size)
    if sp.issparse(matrix):
        return location.SparseQuadratic(*_sparse(matrix), alone, scale, inside)
    return location.DenseQuadratic(matrix, alone, scale, inside)


def _graph_cut(f: GraphCut, most: int) -> Any:
    total = np.asarray(f.similarity.sum(axis=0, dtype=np.float64))
    own = f.similarity.diagonal().astype(np.float64)
    return _quadratic(f.similarity, total - f.penalty * own, 2.0 * f.penalty)


def _cut(f: Cut, most: int) -> Any:
    own = f.weights.diagonal().astype(np.float64)
    leaving = np.asarray(f.weights.sum(axis=1, dtype=np.float64)) - own
    return _quadratic(f.weights + f.weights.T, leaving, 1.0)


def _coverage(f: Coverage, most: int) -> Any:
    first, items, _ = _sparse(f.sets)
    covered = np.zeros(f.sets.shape[1], np.uint8)
    return location.CoverageState(first, items, _weights(f.weights), covered)


def _probabilistic(f: ProbabilisticCoverage, most: int) -> Any:
    first, items, chances = _sparse(f.probabilities)
    size = f.probabilities.shape[1]
    weights = np.ones(size) if f.weights is None else _weights(f.weights)
    return location.Probabilistic(
        first, items, chances.astype(np.float64), weights, weights.copy()
    )


def _concave(f: ConcaveOverModular, most: int) -> Any:
    first, items, amounts = _sparse(f.features)
    return location.Concave(
        first,
        items,
        amounts.astype(np.float64),
        _weights(f.weights),
        np.zeros(f.features.shape[1]),
        ("sqrt", "log", "min").index(f.concave),
        f.cap,
    )


def _modular(f: Modular, most: int) -> Any:
    return location.Additive(f.values)


def _factor(kernel: Array, most: int) -> Any:
    n = len(kernel)
    return information.Factor(
        kernel,
        np.zeros((n, most)),
        np.zeros(n, np.int64),
        np.zeros(n),
        np.zeros(most, np.int64),
        np.zeros(most),
        np.zeros(1, np.int64),
    )


def _log_det(f: LogDet, most: int) -> Any:
    return _factor(f.kernel + f.ridge * np.eye(f.n), most)


def _information(f: GaussianInformation, most: int) -> Any:
    inverse = np.linalg.inv(f.kernel)
    factor = _factor(f.kernel.copy(), most)
    return information.Information(factor, inverse, inverse.copy())


def _joint(f: Entropy, most: int) -> Any:
    count = len(f.samples)
    places = 1 << int(_SPARE * count).bit_length()
    return information.Joint(
        np.ascontiguousarray(f.samples.T),
        f.samples.max(axis=0) + 1,
        f.law,
        np.zeros(count, np.int64),
        np.full(places, -1, np.int64),
        np.zeros(places),
        np.zeros(count, np.int64),
        np.zeros(places, np.int64),
        np.zeros(1),
    )


def _chain(f: ChainCriterion, most: int) -> Any:
    start, end, weight = f.flows
    sizes = tuple(f.sizes.tolist())
    everything = np.arange(f.n)
    given = np.zeros(f.n, np.uint8)
    whole = 0.0
    if f.given is not None:
        given[f.given] = 1
        whole = f.rate(f.given)
    elif f.criterion == "factorizability":
        whole = f.rate(everything)
    places = 1 << int(_SPARE * weight.size).bit_length()
    return information.Chain(
        np.stack(np.unravel_index(start, sizes)).astype(np.int64),
        np.stack(np.unravel_index(end, sizes)).astype(np.int64),
        weight,
        f.sizes,
        (
            "entropy-rate",
            "factorizability",
            "independence",
            "stationarity",
            "given",
        ).index(f.criterion),
        given,
        np.array([f.rate(np.array([e])) for e in range(f.n)]),
        np.zeros(f.n, np.uint8),
        np.zeros(f.n, np.uint8),
        np.full(places, -1, np.int64),
        np.zeros(places),
        np.zeros(weight.size, np.int64),
        np.zeros(weight.size, np.int64),
        np.zeros(1),
        whole,
    )


def _stock(f: Revenue, most: int) -> Any:
    rank = np.empty(f.n, np.int64)
    rank[np.argsort(-f.prices, kind="stable")] = np.arange(f.n)
    return information.Stock(
        f.prices,
        f.attractions,
        f.outside,
        rank,
        np.zeros(f.n, np.int64),
        np.zeros(1, np.int64),
        np.zeros(1),
    )


def _mixture(f: Mixture, most: int) -> Any:
    states = [state_of(part, most) for part in f.parts]
    if not all(map(protocol.is_compiled, states)):
        return _Sum(f.weights.tolist(), states)
    whole, share = states[-1], float(f.weights[-1])
    if len(states) == 1:
        return composed.Sum(share, whole, 0.0, location.Additive(np.zeros(f.n)))
    for state, weight in zip(states[-2::-1], f.weights[-2::-1], strict=True):
        whole, share = composed.Sum(float(weight), state, share, whole), 1.0
    return whole


def _conditional(f: Conditional, most: int) -> Any:
    base = state_of(f.base, min(f.n, most + f.fixed.size))
    return _conditioned(base, f)


def _conditioned(base: Any, f: Conditional | Mutual) -> Any:
    holds = np.zeros(f.n, bool)
    holds[f.fixed] = True
    if not protocol.is_compiled(base):
        return _Conditioned(base, f.fixed, holds)
    return composed.Conditioned(base, f.fixed, holds)


def _mutual(f: Mutual, most: int) -> Any:
    alone = state_of(f.base, most)
    joint = _conditioned(state_of(f.base, min(f.n, most + f.fixed.size)), f)
    if not protocol.is_compiled(alone):
        return _Shared(alone, joint)
    return composed.Shared(alone, joint)


def _rank(f: Rank, most: int) -> Any:
    rule = rule_of(f.matroid, f.n)
    if not protocol.is_compiled(rule):
        return _Ranked(rule)
    return composed.Ranked(rule)


def _oracle(f: Oracle, most: int) -> Any:
    if not hasattr(f.evaluate, "py_func"):
        return _Called(f)
    nothing = float(f.evaluate(np.zeros(0, np.int64)))
    return composed.Own(
        f.evaluate,
        np.zeros(f.n + 1, np.int64),
        np.zeros(f.n + 1, np.int64),
        np.zeros(1, np.int64),
        np.array([nothing, nothing]),
    )


_MAKERS: dict[type, Callable[[Any, int], Any]] = {
    FacilityLocation: _location,
    FeatureLocation: _features,
    SaturatedCoverage: _saturated,
    GraphCut: _graph_cut,
    Cut: _cut,
    Coverage: _coverage,
    ProbabilisticCoverage: _probabilistic,
    ConcaveOverModular: _concave,
    Modular: _modular,
    LogDet: _log_det,
    GaussianInformation: _information,
    Entropy: _joint,
    ChainCriterion: _chain,
    Revenue: _stock,
    Mixture: _mixture,
    Conditional: _conditional,
    Mutual: _mutual,
    Rank: _rank,
    Oracle: _oracle,
}


class _Called:
    """A function in Python."""

    def __init__(self, function: Oracle) -> None:
        self._function = function
        self.clear()

    def clear(self) -> None:
        self._chosen: list[int] = []
        self._value = 0.0

    def gain(self, e: int) -> float:
        return self._with(e) - self._value

    def add(self, e: int) -> None:
        self._value = self._with(e)
        self._chosen.append(int(e))

    def _with(self, e: int) -> float:
        return self._function.value(np.array([*self._chosen, int(e)]))


class _Sum:
    """A mixture with a part in Python."""

    def __init__(self, weights: list[float], states: list[Any]) -> None:
        self._weights, self._states = weights, states

    def clear(self) -> None:
        for state in self._states:
            protocol.clear(state)

    def gain(self, e: int) -> float:
        gains = [protocol.gain(state, e) for state in self._states]
        return float(np.dot(self._weights, gains))

    def add(self, e: int) -> None:
        for state in self._states:
            protocol.add(state, e)


class _Conditioned:
    """A conditional function of one in Python."""

    def __init__(self, base: Any, fixed: Array, holds: Array) -> None:
        self._base, self._fixed, self._holds = base, fixed, holds

    def clear(self) -> None:
        protocol.clear(self._base)
        for e in self._fixed.tolist():
            protocol.add(self._base, e)

    def gain(self, e: int) -> float:
        return 0.0 if self._holds[e] else protocol.gain(self._base, e)

    def add(self, e: int) -> None:
        if not self._holds[e]:
            protocol.add(self._base, e)


class _Shared:
    """Mutual information of a function in Python."""

    def __init__(self, alone: Any, joint: Any) -> None:
        self._alone, self._joint = alone, joint

    def clear(self) -> None:
        protocol.clear(self._alone)
        protocol.clear(self._joint)

    def gain(self, e: int) -> float:
        return protocol.gain(self._alone, e) - protocol.gain(self._joint, e)

    def add(self, e: int) -> None:
        protocol.add(self._alone, e)
        protocol.add(self._joint, e)


class _Ranked:
    """The rank of a matroid in Python."""

    def __init__(self, rule: Any) -> None:
        self._rule = rule

    def clear(self) -> None:
        protocol.free(self._rule)

    def gain(self, e: int) -> float:
        return 1.0 if protocol.fits(self._rule, e) else 0.0

    def add(self, e: int) -> None:
        if protocol.fits(self._rule, e):
            protocol.take(self._rule, e)


# -- constraints -------------------------------------------------------------


def _at_most(constraint: Unconstrained | Cardinality, n: int) -> Any:
    return rules.AtMost(constraint.most(n), np.zeros(1, np.int64))


def _budgets(constraint: Knapsack, n: int) -> Any:
    limits = constraint.limits
    return rules.Budgets(constraint.costs, limits, np.zeros(limits.size))


def _groups(constraint: PartitionMatroid, n: int) -> Any:
    limits = constraint.limits
    return rules.Groups(constraint.groups, limits, np.zeros(limits.size, np.int64))


def _nested(constraint: LaminarMatroid, n: int) -> Any:
    first, sets, _ = _sparse(constraint.sets.T)
    limits = constraint.limits
    return rules.Nested(first, sets, limits, np.zeros(limits.size, np.int64))


def _forest(constraint: GraphicMatroid, n: int) -> Any:
    return rules.Forest(constraint.edges, np.zeros(constraint.vertices, np.int64))


class _Asked:
    """An independence oracle in Python."""

    def __init__(self, constraint: Independence, n: int) -> None:
        self._constraint = constraint
        self.free()

    def free(self) -> None:
        self._chosen: list[int] = []

    def fits(self, e: int) -> bool:
        return bool(self._constraint.allows(np.sort([*self._chosen, int(e)])))

    def take(self, e: int) -> None:
        self._chosen.append(int(e))


_RULES: dict[type, Callable[[Any, int], Any]] = {
    Unconstrained: _at_most,
    Cardinality: _at_most,
    Knapsack: _budgets,
    PartitionMatroid: _groups,
    LaminarMatroid: _nested,
    GraphicMatroid: _forest,
    Independence: _Asked,
}
