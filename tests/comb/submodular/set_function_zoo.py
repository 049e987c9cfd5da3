"""Small set functions and constraints of every type, and optima by brute force."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp

from combkit.instances.generators.set_functions import curie_weiss
from combkit.instances.solutions import Selection
from combkit.instances.submodular import (
    Cardinality,
    ChainCriterion,
    ConcaveOverModular,
    Conditional,
    Constraint,
    Coverage,
    Cut,
    Entropy,
    FacilityLocation,
    FeatureLocation,
    GaussianInformation,
    GraphCut,
    GraphicMatroid,
    Knapsack,
    LaminarMatroid,
    LogDet,
    Mixture,
    Modular,
    Mutual,
    Oracle,
    PartitionMatroid,
    ProbabilisticCoverage,
    Rank,
    Revenue,
    SaturatedCoverage,
    SetFunction,
    Submodular,
    Unconstrained,
)


def functions(n: int = 6, seed: int = 0) -> dict[str, SetFunction]:
    """Return a function of every type, dense and sparse, of n elements (at most 6)."""
    rng = np.random.default_rng(seed)

    def some(*shape: int) -> sp.csr_array:
        values = rng.random(shape)
        return sp.csr_array(np.where(values > 0.5, values, 0.0))

    like = rng.random((n, n))
    like = (like + like.T) / 2
    few = some(n, n)
    few = (few + few.T) / 2
    kernel = rng.random((n, 9))
    kernel = kernel @ kernel.T / 4 + 0.3 * np.eye(n)
    rows = rng.standard_normal((n, 3))
    location = FacilityLocation(rng.random((n, 5)) ** 2)
    covers = Coverage(rng.random((n, 9)) < 0.3, rng.random(9))
    both = Mixture((location, covers), [1, 1])

    def chain(criterion: str, **fields: object) -> ChainCriterion:
        return curie_weiss(n, field=0.4, criterion=criterion, **fields)

    return {
        "location": location,
        "location-single": FacilityLocation(
            rng.random((n, 5)).astype(np.float32), rng.random(5)
        ),
        "location-sparse": FacilityLocation(some(n, 7), rng.random(7)),
        "cosine": FeatureLocation(rows),
        "rbf": FeatureLocation(rows, "rbf", 2.0),
        "inverse": FeatureLocation(rows, "inverse", represented=rng.random((4, 3))),
        "saturated": SaturatedCoverage(like, 0.3),
        "saturated-sparse": SaturatedCoverage(few, 0.3, rng.random(n)),
        "graph-cut": GraphCut(like, 0.4),
        "graph-cut-sparse": GraphCut(few, 1.0),
        "cut": Cut(rng.random((n, n))),
        "cut-sparse": Cut(some(n, n)),
        "coverage": Coverage(rng.random((n, 9)) < 0.3),
        "coverage-weighted": covers,
        "probabilistic": ProbabilisticCoverage(rng.random((n, 5)), rng.random(5)),
        "sqrt": ConcaveOverModular(rng.random((n, 4))),
        "log": ConcaveOverModular(some(n, 4), "log", weights=rng.random(4)),
        "min": ConcaveOverModular(rng.random((n, 4)), "min", 0.7),
        "modular": Modular(rng.standard_normal(n)),
        "dpp": LogDet(kernel),
        "log-det": LogDet(kernel, 1.0),
        "information": GaussianInformation(kernel),
        "entropy": Entropy(rng.integers(0, 3, (12, n)), rng.random(12) + 0.1),
        "rate": chain("entropy-rate"),
        "factorizability": chain("factorizability"),
        "independence": chain("independence"),
        "stationarity": chain("stationarity"),
        "given": chain("given", given=[0, 1]),
        "revenue": Revenue(rng.random(n), rng.random(n)),
        "mixture": Mixture((location, GraphCut(like, 0.4), covers), [1.0, 0.5, 2.0]),
        "mixture-of-one": Mixture((location,), [2.0]),
        "conditional": Conditional(location, [1, 2]),
        "mutual": Mutual(LogDet(kernel, 1.0), [0, 3]),
        "nested": Mixture((Conditional(both, [0]), Mutual(covers, [2])), [1, 1]),
        "rank": Rank(GraphicMatroid(rng.integers(0, 4, (n, 2)))),
        "oracle": Oracle(lambda selected: len(selected) ** 0.5, n),
        "mixture-with-oracle": Mixture(
            (location, Oracle(lambda selected: len(selected) ** 0.5, n)), [1, 1]
        ),
        "mutual-of-oracle": Mutual(Oracle(lambda s: len(s) ** 0.5, n), [1]),
        "conditional-oracle": Conditional(Oracle(lambda s: len(s) ** 0.5, n), [1]),
    }


def constraints(n: int = 6, seed: int = 0) -> dict[str, Constraint]:
    """Return a constraint of every type on n elements, at least 5."""
    rng = np.random.default_rng(seed)
    return {
        "unconstrained": Unconstrained(),
        "cardinality": Cardinality(3),
        "knapsack": Knapsack(rng.random(n) + 0.1, 1.2),
        "knapsacks": Knapsack(rng.random((2, n)) + 0.1, [1.0, 1.3]),
        "partition": PartitionMatroid(rng.integers(0, 3, n), [1, 1, 2]),
        "laminar": LaminarMatroid.of_sets([[0, 1, 2], [0, 1, 2, 3, 4]], [1, 2], n),
        "graphic": GraphicMatroid(rng.integers(0, 4, (n, 2))),
    }


def subsets(n: int) -> Iterator[np.ndarray]:
    """Yield all sets of elements 0 to n - 1."""
    for size in range(n + 1):
        for chosen in itertools.combinations(range(n), size):
            yield np.array(chosen, dtype=np.int64)


def allowed(problem: Submodular) -> Iterator[tuple[np.ndarray, float]]:
    """Yield all solutions of a problem with their objectives."""
    for chosen in subsets(problem.n):
        solution = Selection(chosen)
        if not problem.check(solution):
            yield chosen, problem.evaluate(solution)


def optimum(problem: Submodular) -> float:
    """Return the best objective by brute force."""
    values = [value for _, value in allowed(problem)]
    return max(values) if problem.sense == "max" else min(values)
