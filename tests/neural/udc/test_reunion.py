"""Reunion: which pieces are conquered stage by stage."""

from typing import Any

import numpy as np
import pytest

from combkit.comb.solve import solve
from combkit.instances.errors import UsageError
from combkit.instances.generators import generate
from combkit.instances.solutions import Tour
from combkit.instances.stop import MaxIterations
from combkit.neural.udc.reunion import Reunion
from combkit.neural.udc.tours import TourCutter


def reunion_of(n: int, size: int, way: str, stable: int = 0) -> Reunion:
    cutter = TourCutter(generate("tsp", n, seed=1))
    return Reunion(cutter, n + 1, size, way, stable, np.random.default_rng(0))


def together(cells: list[Any]) -> list[int]:
    return sorted(np.concatenate(cells).tolist())


def test_every_stage_cuts_elsewhere_or_none_does() -> None:
    tour = Tour(np.arange(80))
    for way, same in (("shift", False), ("once", True)):
        reunion = reunion_of(80, 20, way)
        first, second = (reunion.cells(tour, stage) for stage in (0, 1))
        assert together(first) == together(second) == list(range(80))
        borders = [sorted(map(sorted, cells)) for cells in (first, second)]
        assert (borders[0] == borders[1]) is same


def test_what_resists_is_left_out_until_it_changes() -> None:
    tour = Tour(np.arange(80))
    reunion = reunion_of(80, 20, "queue")
    cells = reunion.cells(tour, 0)
    assert together(cells) == list(range(80))
    for cell in cells[1:]:
        reunion.settle(cell, changed=False)
    later = reunion.cells(tour, 1)
    assert 1 <= len(later) < len(cells)
    assert {*cells[0].tolist()} <= {*together(later)}
    for cell in later:
        reunion.settle(cell, changed=False)
    assert reunion.cells(tour, 2) == []
    reunion.settle(np.array([7]), changed=True)
    (only,) = reunion.cells(tour, 3)
    assert 7 in only


def test_edges_that_nobody_changes_stay() -> None:
    tour = np.arange(100)
    reunion = reunion_of(100, 25, "shift", stable=2)
    assert together(reunion.cells(Tour(tour), 0)) == list(range(100))
    assert together(reunion.cells(Tour(tour), 1)) == list(range(100))
    # Turning part of the tour round changes the edges at its ends.
    turned = tour.copy()
    turned[10:20] = turned[10:20][::-1]
    assert together(reunion.cells(Tour(turned), 2)) == [9, 10, 19, 20]
    assert together(reunion.cells(Tour(turned[::-1]), 3)) == [9, 10, 19, 20]
    assert all(cell.size == 0 for cell in reunion.cells(Tour(turned), 4))


@pytest.mark.parametrize("kind", ["tsp", "atsp", "cvrp", "ovrp", "op", "pctsp", "mtsp"])
@pytest.mark.parametrize("way", ["queue", "once"])
def test_all_ways_lead_to_answers(kind: str, way: str) -> None:
    problem = generate(kind, 90, seed=1)
    runs = [
        solve(problem, "udc", stop=MaxIterations(12), piece=30, reunion=way)
        for _ in range(2)
    ]
    assert not problem.check(runs[0].solution)
    assert runs[0].solution == runs[1].solution


@pytest.mark.parametrize("kind", ["tsp", "atsp"])
def test_tours_are_contracted(kind: str) -> None:
    problem = generate(kind, 300, seed=1)
    result = solve(problem, "udc", stop=MaxIterations(20), piece=60, stable=2)
    assert not problem.check(result.solution)
    shifted = solve(problem, "udc", stop=MaxIterations(20), piece=60)
    assert result.objective <= 1.05 * shifted.objective


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        ("tsp", {"reunion": "never"}, "reunion='never'"),
        ("kp", {"reunion": "queue"}, "pieces of kp"),
        ("tsp", {"stable": -1}, "stable=-1"),
        ("cvrp", {"stable": 2}, "stable=2"),
    ],
)
def test_ways_that_there_are_not(kind: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        solve(generate(kind, 20, seed=1), "udc", **options)
