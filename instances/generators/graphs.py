"""Random graphs for independent set, vertex cover and clique."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from combkit.instances.errors import UsageError, nearest
from combkit.instances.graph_sets import Clique, GraphSet, IndependentSet, VertexCover
from combkit.instances.seeds import generator

__all__ = ["MODELS", "clique", "independent_set", "vertex_cover"]

Integers = NDArray[np.int64]
G = TypeVar("G", bound=GraphSet)

MODELS = ("er", "ba", "geometric", "rb")
#: Vertices of an ``er`` graph: its pairs are drawn one by one.
_MOST_PAIRED = 30_000


def independent_set(
    n: int,
    *,
    seed: int,
    model: str = "er",
    p: float = 0.15,
    degree: int = 4,
    largest: int = 1,
) -> IndependentSet:
    """Generate an independent set problem.

    Parameters
    ----------
    n : int
        Number of vertices.
    seed : int
        The seed.
    model : {"er", "ba", "geometric", "rb"}
        ``er``: every pair is an edge with probability ``p`` (Erdős and Rényi).
        ``ba``: each vertex joins ``degree`` earlier ones, drawn by their degrees
        (Barabási and Albert). ``geometric``: points of the unit square are
        adjacent within the radius of the mean degree ``degree``. ``rb``: groups
        of about ``n ** (4 / 9)`` vertices are cliques, with random edges between
        them that spare one vertex of each: Xu's model RB, with which the ``frb``
        files [1]_ were made; the optimum is the number of groups.
    p : float
        Probability of an edge, for ``er``; tightness of the constraints for
        ``rb``.
    degree : int
        See ``model``.
    largest : int
        Weights are integers uniform on 1..largest; 1 for none.

    Raises
    ------
    UsageError
        If a parameter has an impossible value.

    References
    ----------
    .. [1] K. Xu, F. Boussemart, F. Hemery, C. Lecoutre, "Random constraint
       satisfaction: easy generation of hard (satisfiable) instances",
       Artificial Intelligence 171, 2007.
    """
    return _generate(IndependentSet, n, seed, model, p, degree, largest)


def vertex_cover(
    n: int,
    *,
    seed: int,
    model: str = "er",
    p: float = 0.15,
    degree: int = 4,
    largest: int = 1,
) -> VertexCover:
    """Generate a vertex cover problem.

    Parameters
    ----------
    n, seed, model, p, degree, largest
        As for `independent_set`.
    """
    return _generate(VertexCover, n, seed, model, p, degree, largest)


def clique(
    n: int,
    *,
    seed: int,
    model: str = "er",
    p: float = 0.9,
    degree: int = 4,
    largest: int = 1,
) -> Clique:
    """Generate a clique problem; parameters as for `independent_set`.

    The groups of ``rb`` are independent sets, and its other edges non-edges.

    Parameters
    ----------
    n, seed, model, p, degree, largest
        As for `independent_set`.
    """
    return _generate(Clique, n, seed, model, p, degree, largest)


def _generate(
    asked: type[G], n: int, seed: int, model: str, p: float, degree: int, largest: int
) -> G:
    if model not in MODELS:
        raise UsageError(
            f"model: {model!r} is unknown{nearest(str(model), MODELS)} "
            f"(known: {', '.join(MODELS)})"
        )
    if isinstance(p, bool) or not isinstance(p, int | float) or not 0 <= p <= 1:
        raise UsageError(f"p: {p!r} is not a probability")
    for field, value in (("degree", degree), ("largest", largest)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise UsageError(f"{field}: {value!r} is not an integer of at least 1")
    rng = generator(seed)
    if model in ("er", "rb") and n > _MOST_PAIRED:
        raise UsageError(f"n: {n} is above {_MOST_PAIRED} for the model {model!r}")
    if model == "er":
        edges = _er(rng, n, p)
    elif model == "ba":
        edges = _ba(rng, n, degree)
    elif model == "geometric":
        edges = _geometric(rng, n, degree)
    else:
        edges = _rb(rng, n, p)
        if asked is Clique:
            edges = _others(n, edges)
    weights = rng.integers(1, largest, n, endpoint=True) if largest > 1 else None
    return asked(n, edges, weights, name=f"{asked.kind}-{model}-n{n}-s{seed}")


def _er(rng: np.random.Generator, n: int, p: float) -> Integers:
    rows = [np.zeros((0, 2), dtype=np.int64)]
    for u in range(n - 1):
        v = u + 1 + np.flatnonzero(rng.random(n - 1 - u) < p)
        rows.append(np.stack([np.full(v.size, u), v], axis=1))
    return np.concatenate(rows)


def _ba(rng: np.random.Generator, n: int, degree: int) -> Integers:
    ends: list[int] = []
    edges: list[tuple[int, int]] = []
    for v in range(1, n):
        chosen: set[int] = set()
        while len(chosen) < min(degree, v):
            # An end of a random edge is a vertex drawn by its degree.
            if ends and v > degree:
                chosen.add(ends[int(rng.integers(len(ends)))])
            else:
                chosen.add(int(rng.integers(v)))
        for u in sorted(chosen):
            edges.append((u, v))
            ends += [u, v]
    return np.array(edges, dtype=np.int64).reshape(-1, 2)


def _geometric(rng: np.random.Generator, n: int, degree: int) -> Integers:
    points = rng.random((n, 2))
    radius = float(np.sqrt(degree / (np.pi * max(1, n - 1))))
    pairs: Integers = cKDTree(points).query_pairs(radius, output_type="ndarray")
    return pairs.astype(np.int64)


def _rb(rng: np.random.Generator, n: int, p: float) -> Integers:
    """Draw forbidden value pairs of random constraints around a planted solution."""
    size = max(2, min(n, round(n ** (4.0 / 9.0))))
    group = np.arange(n) // size
    groups = int(group[-1]) + 1
    planted = np.array([rng.choice(np.flatnonzero(group == g)) for g in range(groups)])
    u, v = np.triu_indices(n, 1)
    inside = group[u] == group[v]
    parts = [np.stack([u[inside], v[inside]], axis=1)]
    if groups > 1:
        # Constraints of RB at its threshold: r = 0.8 / ln(4 / 3) for the frb files.
        for _ in range(round(0.8 / np.log(4 / 3) * groups * np.log(groups))):
            a, b = rng.choice(groups, 2, replace=False)
            first, second = np.flatnonzero(group == a), np.flatnonzero(group == b)
            pairs = np.stack(np.meshgrid(first, second), axis=-1).reshape(-1, 2)
            free = ~np.isin(pairs, planted).all(axis=1)
            count = min(round(p * len(pairs)), int(free.sum()))
            parts.append(rng.choice(pairs[free], count, replace=False))
    return np.concatenate(parts).astype(np.int64)


def _others(n: int, edges: Integers) -> Integers:
    matrix = np.ones((n, n), dtype=np.bool_)
    matrix[edges[:, 0], edges[:, 1]] = matrix[edges[:, 1], edges[:, 0]] = False
    return np.argwhere(np.triu(matrix, 1))
