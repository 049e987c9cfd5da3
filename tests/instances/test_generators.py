"""Generators: published instances regenerate, classes keep their definition."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from combkit.instances.errors import UsageError
from combkit.instances.formats.jobshop import read, read_taillard_all
from combkit.instances.generators import GENERATORS, generate
from combkit.instances.generators.packing import CLASSES, knapsack
from combkit.instances.generators.scheduling import (
    jobshop,
    taillard,
    taillard_jobshop,
)
from combkit.instances.source import Source


@pytest.mark.parametrize("kind", GENERATORS)
def test_same_seed_same_problem(kind: str) -> None:
    first = generate(kind, 12, seed=3)
    assert first.kind == kind
    assert generate(kind, 12, seed=3) == first
    assert generate(kind, 12, seed=4) != first
    assert generate(kind, 12, seed=0).name


@pytest.mark.parametrize(
    ("kind", "n", "seed", "params", "message"),
    [
        ("jps", 5, 1, {}, "unknown kind 'jps'; did you mean 'jsp'"),
        ("jsp", 0, 1, {}, "n: 0 is not an integer of at least 1"),
        ("jsp", 2.5, 1, {}, "n: 2.5"),
        ("jsp", True, 1, {}, "n: True"),
        ("jsp", 5, -1, {}, "seed: -1"),
        ("jsp", 5, 1, {"machine": 3}, "unknown parameter 'machine'.*'machines'"),
        ("jsp", 5, 1, {"machines": 0}, "machines: 0"),
        ("jsp", 5, 1, {"machines": "3"}, "machines: '3'"),
        ("jsp", 5, 1, {"low": 9, "high": 8}, "high: 8"),
        ("kp", 5, 1, {"instance_class": "strnog"}, "did you mean 'strong'"),
        ("kp", 5, 1, {"r": 1}, "r: 1"),
        ("kp", 5, 1, {"h": 101}, "h: 101"),
    ],
)
def test_refuses_wrong_usage(kind, n, seed, params, message) -> None:
    with pytest.raises(UsageError, match=message):
        generate(kind, n, seed=seed, **params)


# -- scheduling ---------------------------------------------------------------


def test_taillard_files_regenerate(shared_data: Path) -> None:
    folder = shared_data / "scheduling" / "jsp" / "taillard_spec"
    shops = []
    for path in sorted(folder.glob("tai*.txt")):
        shops += read_taillard_all(Source(path))
    assert len(shops) == 80
    for k, shop in enumerate(shops, start=1):
        assert taillard(k) == shop, f"ta{k:02d}"


def test_taillard_agrees_with_the_standard_files(shared_data: Path) -> None:
    for path in (shared_data / "scheduling" / "jsp" / "standard" / "ta").iterdir():
        shop = read(Source(path))
        assert taillard(int(shop.name.removeprefix("ta"))) == shop


@pytest.mark.parametrize("k", [0, 81, -1])
def test_taillard_has_eighty(k: int) -> None:
    with pytest.raises(UsageError, match="1 to 80"):
        taillard(k)


def test_jobshop_keeps_its_definition() -> None:
    shop = jobshop(200, seed=7, machines=5, low=10, high=19)
    durations = np.stack(shop.durations)
    assert np.array_equal(np.unique(durations), np.arange(10, 20))
    assert all(sorted(row) == list(range(5)) for row in shop.machines)
    first = [int(row[0]) for row in shop.machines]
    assert min(np.bincount(first, minlength=5)) > 20
    assert jobshop(3, seed=7).size == {"jobs": 3, "machines": 3, "operations": 9}


def test_taillard_seeds_have_a_range() -> None:
    with pytest.raises(UsageError, match="time_seed: 0"):
        taillard_jobshop(2, 2, 0, 1)
    with pytest.raises(UsageError, match="machine_seed"):
        taillard_jobshop(2, 2, 1, 2**31 - 1)


# -- packing ------------------------------------------------------------------


def items(name: str, r: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    problem = knapsack(2000, seed=5, instance_class=name, r=r)
    return problem.profits, problem.weights


def test_uncorrelated_classes() -> None:
    p, w = items("uncorrelated")
    assert 1 <= p.min() < 10 < 990 < p.max() <= 1000
    assert 1 <= w.min() < 10 < 990 < w.max() <= 1000
    assert abs(np.corrcoef(p, w)[0, 1]) < 0.1
    p, w = items("similar_weights")
    assert w.min() >= 100_000
    assert w.max() <= 100_100
    assert p.max() <= 1000


def test_correlated_classes() -> None:
    p, w = items("weak")
    assert np.abs(p - w).max() == 100
    assert p.min() >= 1
    p, w = items("strong")
    assert np.array_equal(p, w + 100)
    p, w = items("inverse_strong")
    assert np.array_equal(w, p + 100)
    p, w = items("almost_strong")
    assert (p - w).min() == 98
    assert (p - w).max() == 102
    p, w = items("subset_sum")
    assert np.array_equal(p, w)


def test_hard_classes() -> None:
    p, w = items("multiple_strong")
    assert np.array_equal(p - w, np.where(w % 6 == 0, 300, 200))
    p, w = items("profit_ceiling")
    assert np.array_equal(p % 3, 0 * p)
    assert ((p - w >= 0) & (p - w <= 2)).all()
    p, w = items("circle")
    height = 2 / 3 * np.sqrt(4.0 * 1000**2 - (w - 2000.0) ** 2)
    assert (np.abs(p - height) <= 1).all()
    for base in ("uncorrelated", "weak", "strong"):
        p, w = items(f"span_{base}")
        reduced = np.stack([p, w]) // np.gcd(p, w)
        assert len(np.unique(reduced, axis=1).T) <= 2


@pytest.mark.parametrize("name", CLASSES)
def test_capacity_follows_the_series(name: str) -> None:
    capacities = []
    for h in (1, 50, 100):
        problem = knapsack(1000, seed=2, instance_class=name, h=h, r=100)
        total = int(problem.weights.sum())
        assert problem.capacity == max(h * total // 101, problem.weights.max())
        capacities.append(problem.capacity)
    assert capacities == sorted(capacities)
