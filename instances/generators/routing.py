"""Random TSP, ATSP and CVRP with the distributions of the literature.

With a rounded metric coordinates are integers in [0, 1,000,000]; with the
unrounded "euclidean" they are floats in [0, 1].
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import floyd_warshall

from combkit.instances.cvrp import CVRP
from combkit.instances.distances import METRICS
from combkit.instances.errors import UsageError, nearest
from combkit.instances.seeds import generator
from combkit.instances.tsp import ATSP, TSP

__all__ = ["atsp", "cvrp", "tsp"]

Distribution = Literal["uniform", "clustered"]
Family = Literal["uniform", "x"]
DepotPosition = Literal["C", "E", "R"]
CustomerPosition = Literal["R", "C", "RC"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Side of the square of integer coordinates.
SIDE = 1_000_000
#: Metrics of the plane and of space; GEO and XRAY are not lengths in a square.
_PLANAR = tuple(m for m in METRICS if m != "GEO" and not m.startswith("XRAY"))
#: Vehicle capacity of the uniform family by number of customers: what the
#: literature on learned heuristics uses from this size on.
_CAPACITIES = {1: 20, 20: 30, 50: 40, 100: 50, 200: 80, 500: 100, 1000: 250}
#: Grid of the X family, decay of its clusters, and demand ranges by type.
_GRID = 1000
_DECAY = 40.0
_DEMANDS = {1: (1, 1), 2: (1, 10), 3: (5, 10), 4: (1, 100), 5: (50, 100)}


def tsp(
    n: int,
    *,
    seed: int,
    metric: str = "EUC_2D",
    distribution: Distribution = "uniform",
) -> TSP:
    """Generate a symmetric TSP.

    Parameters
    ----------
    n : int
        Number of cities.
    seed : int
        The seed.
    metric : str
        Any metric of coordinates but GEO and XRAY.
    distribution : {"uniform", "clustered"}
        Uniform in the square, or normal around n / 100 uniform centres with
        the standard deviation side / sqrt(n), reflected at the border; both
        from the DIMACS TSP challenge [1]_.

    References
    ----------
    .. [1] D. S. Johnson, L. A. McGeoch, "Experimental analysis of heuristics
       for the STSP", in: The Traveling Salesman Problem and Its Variations,
       2002.

    Examples
    --------
    >>> tsp(1000, seed=1).size
    {'n': 1000}
    """
    _one_of("metric", metric, _PLANAR)
    _one_of("distribution", distribution, get_args(Distribution))
    rng = generator(seed)
    shape = (n, 3 if metric.endswith("_3D") else 2)
    if distribution == "uniform":
        unit = rng.random(shape)
    else:
        centres = rng.random((max(1, n // 100), shape[1]))
        chosen = centres[rng.integers(len(centres), size=n)]
        unit = _reflected(chosen + rng.standard_normal(shape) / np.sqrt(n))
    name = f"tsp-{distribution}-n{n}-s{seed}"
    return TSP(_coordinates(unit, metric), metric=metric, name=name)


def atsp(n: int, *, seed: int, closure: bool = True, largest: int = SIDE) -> ATSP:
    """Generate an asymmetric TSP with random integer distances.

    Parameters
    ----------
    n : int
        Number of cities.
    seed : int
        The seed.
    closure : bool
        Whether every distance is shortened to that of the shortest path, so
        that the triangle inequality holds. Takes O(n^3) time.
    largest : int
        Distances are uniform in 1..largest, before the closure.

    References
    ----------
    .. [1] J. Cirasella et al., "The asymmetric traveling salesman problem:
       algorithms, instance generators, and tests", ALENEX 2001 (classes amat
       and tmat).
    """
    _positive("largest", largest, 2**40)
    matrix = generator(seed).integers(1, largest + 1, size=(n, n))
    np.fill_diagonal(matrix, 0)
    if closure:
        matrix = floyd_warshall(matrix).astype(np.int64)
    name = f"atsp-{'closed' if closure else 'random'}-n{n}-s{seed}"
    return ATSP(matrix, name=name)


def cvrp(
    n: int,
    *,
    seed: int,
    family: Family = "uniform",
    metric: str | None = None,
    capacity: int | None = None,
    depot: DepotPosition | None = None,
    customers: CustomerPosition | None = None,
    demands: int | None = None,
    route_size: float | None = None,
) -> CVRP:
    """Generate a CVRP.

    Parameters
    ----------
    n : int
        Number of customers.
    seed : int
        The seed.
    family : {"uniform", "x"}
        "uniform": depot and customers uniform in the square, demands uniform
        in 1..9 [1]_, unrounded distances unless ``metric`` says otherwise.
        "x": as the X instances of Uchoa et al. [2]_, distinct integer points
        in [0, 1000]^2, EUC_2D.
    metric : str, optional
        Only of "uniform", see `tsp`; "euclidean" without.
    capacity : int, optional
        Only of "uniform", at least 9; without it 20 from 1 customer on, 30
        from 20, 40 from 50, 50 from 100, 80 from 200, 100 from 500 and 250
        from 1000.
    depot : {"C", "E", "R"}, optional
        Only of "x": in the centre, at the edge (0, 0) or random, the default.
    customers : {"R", "C", "RC"}, optional
        Only of "x": random (the default), clustered around 3 to 8 seeds with
        exponential decay, or half and half.
    demands : int, optional
        Only of "x": 1 unit (the default), 2 in 1..10, 3 in 5..10, 4 in
        1..100, 5 in 50..100, 6 in 1..50 or 51..100 by quadrant, 7 mostly in
        1..10 and few in 50..100.
    route_size : float, optional
        Only of "x": mean number of customers of a full route; without it
        drawn from the triangular distribution T(3, 6, 25).

    Raises
    ------
    UsageError
        If a parameter is impossible or belongs to the other family.

    References
    ----------
    .. [1] M. Nazari et al., "Reinforcement learning for solving the vehicle
       routing problem", NeurIPS 2018.
    .. [2] E. Uchoa et al., "New benchmark instances for the capacitated
       vehicle routing problem", EJOR 257, 2017, 845-858.
       https://doi.org/10.1016/j.ejor.2016.08.012
    """
    _one_of("family", family, get_args(Family))
    foreign: dict[str, Any] = (
        {
            "depot": depot,
            "customers": customers,
            "demands": demands,
            "route_size": route_size,
        }
        if family == "uniform"
        else {"metric": metric, "capacity": capacity}
    )
    for name, value in foreign.items():
        if value is not None:
            raise UsageError(f"{name} is no parameter of the family {family!r}")
    if family == "uniform":
        return _uniform_cvrp(n, seed, metric or "euclidean", capacity)
    return _x_cvrp(
        n,
        seed,
        depot or "R",
        customers or "R",
        1 if demands is None else demands,
        route_size,
    )


def _uniform_cvrp(n: int, seed: int, metric: str, capacity: int | None) -> CVRP:
    _one_of("metric", metric, _PLANAR)
    if capacity is None:
        capacity = max(load for size, load in _CAPACITIES.items() if size <= n)
    _positive("capacity", capacity, 2**40)
    if capacity < 9:
        raise UsageError(f"capacity: {capacity} is below 9, the largest demand")
    rng = generator(seed)
    unit = rng.random((n + 1, 3 if metric.endswith("_3D") else 2))
    return CVRP(
        _coordinates(unit, metric),
        np.concatenate(([0], rng.integers(1, 10, size=n))),
        capacity,
        metric=metric,
        name=f"cvrp-uniform-n{n}-s{seed}",
    )


def _x_cvrp(
    n: int,
    seed: int,
    depot: str,
    customers: str,
    demands: int,
    route_size: float | None,
) -> CVRP:
    _one_of("depot", depot, get_args(DepotPosition))
    _one_of("customers", customers, get_args(CustomerPosition))
    if demands not in (*_DEMANDS, 6, 7):
        raise UsageError(f"demands: {demands!r} is not one of the types 1 to 7")
    # Beyond this the clusters and then the grid itself are full.
    if n > 100_000:
        raise UsageError(f"n: {n} customers are too many for the grid of the X family")
    rng = generator(seed)
    if route_size is None:
        route_size = float(rng.triangular(3, 6, 25))
    if not 1 <= route_size <= n + 1e6:
        raise UsageError(f"route_size: {route_size!r} is not at least 1")
    corner = {"C": _GRID // 2, "E": 0}
    first = (
        rng.integers(0, _GRID + 1, size=2)
        if depot == "R"
        else np.full(2, corner[depot], dtype=np.int64)
    )
    points = _x_customers(rng, n, customers, first)
    load = _x_demands(rng, points, demands)
    total, largest = int(load.sum()), int(load.max())
    unit = largest == 1
    capacity = int(route_size) if unit else int(np.ceil(route_size * total / n))
    return CVRP(
        np.vstack([first, points]),
        np.concatenate(([0], load)),
        max(capacity, largest),
        metric="EUC_2D",
        name=f"cvrp-x-n{n}-{depot}-{customers}-{demands}-s{seed}",
    )


def _x_customers(
    rng: np.random.Generator, n: int, kind: str, depot: Integers
) -> Integers:
    """Return distinct grid points off the depot, shape (n, 2)."""
    side = _GRID + 1
    free = np.ones(side * side)
    free[depot[0] * side + depot[1]] = 0.0
    clustered = {"R": 0, "RC": n // 2, "C": n}[kind]
    seeds = _draw(rng, free, min(clustered, int(rng.integers(3, 9))))
    chosen = [seeds]
    free[seeds] = 0.0
    if clustered > seeds.size:
        attraction = _attraction(seeds // side, seeds % side)
        members = _draw(rng, free * attraction, clustered - seeds.size)
        free[members] = 0.0
        chosen.append(members)
    chosen.append(_draw(rng, free, n - clustered))
    places = np.concatenate(chosen)
    return np.stack([places // side, places % side], axis=1)


def _attraction(x: Integers, y: Integers) -> Floats:
    """Return the chance of each grid point to be accepted into a cluster."""
    axis = np.arange(_GRID + 1)
    total = np.zeros((_GRID + 1, _GRID + 1))
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        total += np.exp(-np.hypot(axis[:, None] - a, axis[None, :] - b) / _DECAY)
    return np.minimum(total, 1.0).ravel()


def _draw(rng: np.random.Generator, weights: Floats, count: int) -> Integers:
    """Draw places one after the other, by weight and without replacement.

    The order of arrival of independent exponential clocks with these rates is
    the order of such draws.
    """
    if count == 0:
        return np.zeros(0, dtype=np.int64)
    with np.errstate(divide="ignore"):
        arrival = rng.standard_exponential(weights.size) / weights
    first = np.argpartition(arrival, count - 1)[:count]
    return first[np.argsort(arrival[first])].astype(np.int64)


def _x_demands(rng: np.random.Generator, points: Integers, kind: int) -> Integers:
    n = len(points)
    if kind in _DEMANDS:
        low, high = _DEMANDS[kind]
        return rng.integers(low, high + 1, size=n)
    if kind == 6:
        right, upper = (points >= _GRID / 2).T
        return np.where(right == upper, 50, 0) + rng.integers(1, 51, size=n)
    small = rng.random(n) < rng.uniform(0.70, 0.95)
    return np.where(small, rng.integers(1, 11, size=n), rng.integers(50, 101, size=n))


def _coordinates(unit: Floats, metric: str) -> Floats:
    """Scale the unit square to what a metric is made for."""
    return unit if metric == "euclidean" else np.floor(unit * (SIDE + 1)).clip(0, SIDE)


def _reflected(x: Floats) -> Floats:
    """Fold the line onto [0, 1] by reflections at its ends."""
    return 1.0 - np.abs(1.0 - np.mod(x, 2.0))


def _one_of(name: str, value: Any, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UsageError(
            f"{name}: {value!r}{nearest(str(value), known)} (known: {', '.join(known)})"
        )


def _positive(name: str, value: Any, limit: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= limit:
        raise UsageError(f"{name}: {value!r} is not an integer of 1..{limit}")
