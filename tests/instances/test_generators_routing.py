"""Generated TSP, ATSP and CVRP: determinism and distributions."""

from __future__ import annotations

import numpy as np
import pytest

from combkit.instances.distances import METRICS
from combkit.instances.errors import UsageError
from combkit.instances.generators import generate
from combkit.instances.generators.routing import SIDE, atsp, cvrp, tsp


@pytest.mark.parametrize("kind", ["tsp", "atsp", "cvrp"])
def test_a_seed_determines_the_problem(kind: str) -> None:
    assert generate(kind, 30, seed=5) == generate(kind, 30, seed=5)
    assert generate(kind, 30, seed=5) != generate(kind, 30, seed=6)
    assert generate(kind, 1, seed=0).size == {"n": 1}


@pytest.mark.parametrize("metric", [m for m in METRICS if m[:3] not in ("GEO", "XRA")])
@pytest.mark.parametrize("distribution", ["uniform", "clustered"])
def test_coordinates_fit_the_metric(metric: str, distribution: str) -> None:
    problem = tsp(500, seed=1, metric=metric, distribution=distribution)
    coords = problem.coords
    assert coords is not None
    assert coords.shape == (500, 3 if metric.endswith("3D") else 2)
    assert coords.min() >= 0
    if metric == "euclidean":
        assert 0.9 < coords.max() <= 1
    else:
        assert np.array_equal(coords, np.floor(coords))
        assert 0.9 * SIDE < coords.max() <= SIDE


def test_uniform_is_uniform_and_clustered_is_not() -> None:
    """The random uniform constant: a tour is about 0.7124 sqrt(n A) long, so
    distances to the nearest neighbour are near 0.5 sqrt(A / n)."""
    nearest = {}
    for distribution in ("uniform", "clustered"):
        problem = tsp(2000, seed=3, metric="euclidean", distribution=distribution)
        full = problem.distances().copy()
        np.fill_diagonal(full, np.inf)
        nearest[distribution] = full.min(axis=1).mean() * np.sqrt(2000)
    assert nearest["uniform"] == pytest.approx(0.5, rel=0.05)
    assert nearest["clustered"] < 0.35


def test_atsp_closure() -> None:
    raw = atsp(40, seed=1, closure=False, largest=1000).distances()
    closed = atsp(40, seed=1, largest=1000).distances()
    off = ~np.eye(40, dtype=bool)
    assert raw[off].min() >= 1
    assert 950 < raw.max() <= 1000
    assert (closed <= raw).all()
    assert closed[off].min() >= 1
    assert (closed[:, :, None] + closed[None] >= closed[:, None, :]).all()
    assert (closed != closed.T).any()


@pytest.mark.parametrize(
    ("n", "capacity"), [(10, 20), (20, 30), (50, 40), (100, 50), (200, 80), (999, 100)]
)
def test_uniform_cvrp(n: int, capacity: int) -> None:
    problem = cvrp(n, seed=2)
    assert (problem.n, problem.capacity) == (n, capacity)
    assert problem.metric == "euclidean"
    assert set(problem.demands[1:].tolist()) <= set(range(1, 10))
    assert cvrp(n, seed=2, capacity=33).capacity == 33


def test_rounded_uniform_cvrp_has_integer_coordinates() -> None:
    coords = cvrp(50, seed=1, metric="EUC_2D").coords
    assert coords is not None
    assert np.array_equal(coords, np.floor(coords))
    assert coords.max() > 0.8 * SIDE


RANGES = {1: (1, 1), 2: (1, 10), 3: (5, 10), 4: (1, 100), 5: (50, 100), 6: (1, 100)}


@pytest.mark.parametrize("customers", ["R", "C", "RC"])
@pytest.mark.parametrize("demands", [1, 2, 3, 4, 5, 6, 7])
def test_x_family(customers: str, demands: int) -> None:
    problem = cvrp(
        400, seed=demands, family="x", customers=customers, demands=demands, depot="C"
    )
    coords, load = problem.coords, problem.demands[1:]
    assert coords is not None
    assert problem.metric == "EUC_2D"
    assert coords[0].tolist() == [500, 500]
    assert len(np.unique(coords, axis=0)) == 401
    assert coords.min() >= 0
    assert coords.max() <= 1000
    if demands == 7:
        assert 0.65 < (load <= 10).mean() < 0.99
        assert set(load[load > 10].tolist()) <= set(range(50, 101))
    else:
        assert (load.min(), load.max()) == pytest.approx(RANGES[demands], abs=2)
    if demands == 6:
        right, upper = (coords[1:] >= 500).T
        assert ((load > 50) == (right == upper)).all()
    assert 2 <= problem.capacity * 400 / load.sum() <= 26


def test_x_depots_and_route_size() -> None:
    assert cvrp(50, seed=1, family="x", depot="E").coords[0].tolist() == [0, 0]
    depots = {tuple(cvrp(5, seed=s, family="x").coords[0]) for s in range(5)}
    assert len(depots) == 5
    problem = cvrp(300, seed=1, family="x", demands=4, route_size=8)
    assert problem.capacity == np.ceil(8 * problem.demands.sum() / 300)
    assert cvrp(300, seed=1, family="x", route_size=8.9).capacity == 8


def test_x_clusters_are_denser() -> None:
    def spread(customers: str) -> float:
        problem = cvrp(400, seed=1, family="x", customers=customers)
        full = problem.distances()[1:, 1:].astype(float)
        np.fill_diagonal(full, np.inf)
        return float(full.min(axis=1).mean())

    assert spread("C") < spread("RC") < spread("R")


@pytest.mark.parametrize(
    ("kind", "parameters", "reason"),
    [
        ("tsp", {"metric": "GEO"}, "metric: 'GEO'"),
        ("tsp", {"metric": "EUC2D"}, "did you mean 'EUC_2D'"),
        ("tsp", {"distribution": "normal"}, "distribution: 'normal'"),
        ("tsp", {"colour": 1}, "unknown parameter 'colour'"),
        ("atsp", {"largest": 0}, "largest: 0 is not an integer"),
        ("atsp", {"largest": 2.5}, "largest: 2.5 is not an integer"),
        ("cvrp", {"family": "y"}, "family: 'y'"),
        ("cvrp", {"capacity": 8}, "capacity: 8 is below 9"),
        ("cvrp", {"depot": "C"}, "depot is no parameter of the family 'uniform'"),
        ("cvrp", {"family": "x", "metric": "ATT"}, "metric is no parameter"),
        ("cvrp", {"family": "x", "depot": "N"}, "depot: 'N'"),
        ("cvrp", {"family": "x", "customers": "CR"}, "customers: 'CR'"),
        ("cvrp", {"family": "x", "demands": 8}, "demands: 8 is not one of"),
        ("cvrp", {"family": "x", "route_size": 0.5}, "route_size: 0.5"),
    ],
)
def test_bad_parameters(kind: str, parameters: dict[str, object], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        generate(kind, 10, seed=1, **parameters)


def test_the_x_grid_can_be_full() -> None:
    with pytest.raises(UsageError, match="too many for the grid"):
        generate("cvrp", 100_001, seed=1, family="x")
