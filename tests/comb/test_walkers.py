"""Walkers: where they stand and what they have met, whoever steers them."""

import numpy as np
import pytest

from combkit.comb.solve import solve
from combkit.comb.walkers import walker_of, warm_up
from combkit.instances.generators import generate
from combkit.instances.knapsack import Knapsack
from combkit.instances.prizes import OP
from combkit.instances.solutions import Selection, Tour

KINDS = ("tsp", "atsp", "cvrp", "ovrp", "op", "pctsp", "mtsp", "mis")


@pytest.mark.parametrize("kind", KINDS)
def test_a_walk_is_feasible_and_repeats_itself(kind: str) -> None:
    problem = generate(kind, 60, seed=3)
    start = solve(problem, "auto", time_limit=0.0).solution
    warm_up(problem)
    ends = []
    for _ in range(2):
        walker = walker_of(problem, start, 7)
        for heat in (0.1, 0.05, 0.0):
            walker.advance(100, heat * 1e5, 0.5)
            walker.advance(100, 0.0, 0.9)
            assert not problem.check(walker.solution)
            assert not problem.check(walker.best)
        best = problem.evaluate(walker.best)
        assert not problem.better(problem.evaluate(walker.solution), best)
        assert not problem.better(problem.evaluate(start), best)
        ends.append(walker.solution)
    assert ends[0] == ends[1]


@pytest.mark.parametrize("kind", ["op", "pctsp"])
def test_edges_that_are_kept_stay(kind: str) -> None:
    problem = generate(kind, 40, seed=5)
    start = solve(problem, "greedy").solution
    assert start.tour.size > 6
    tour = start.tour
    kept = np.stack([tour[2:6:2], tour[3:7:2]], axis=1)
    walker = walker_of(problem, start, 1, kept)
    walker.advance(500, 1e4, 0.5)
    for found in (walker.solution, walker.best):
        legs = zip(found.tour.tolist(), np.roll(found.tour, -1).tolist(), strict=True)
        edges = {frozenset(leg) for leg in legs}
        assert {frozenset(pair) for pair in kept.tolist()} <= edges


def test_an_orienteer_may_go_too_far_for_a_while() -> None:
    problem = generate("op", 80, seed=1)
    start = solve(problem, "greedy").solution
    memory = {"soft": 1.0, "price": 1e-9}
    walker = walker_of(problem, start, 0, None, memory)
    walker.advance(50, 0.0, 0.0)
    assert problem.length(walker.solution) > problem.limit
    assert problem.length(walker.best) <= problem.longest
    walker.remember(memory)
    assert memory["price"] > 1e-9


def test_nobody_walks_elsewhere() -> None:
    problem = Knapsack([1, 2], [1, 1], 1)
    warm_up(problem)
    with pytest.raises(TypeError, match="no walker for kp"):
        walker_of(problem, Selection([0]), 0)


def test_a_walk_that_met_nothing_feasible_says_so() -> None:
    problem = OP(np.random.default_rng(0).random((30, 2)), np.ones(30), 1e-6)
    walker = walker_of(problem, Tour(np.arange(30)), 0, None, {"soft": 1.0})
    assert walker.best is None
