"""Divide, conquer and reunite: answers, options, limits and determinism."""

import time

import numpy as np
import pytest

from combkit.comb.solve import solve
from combkit.instances.errors import UsageError
from combkit.instances.events import Events
from combkit.instances.generators import generate
from combkit.instances.graph_sets import IndependentSet
from combkit.instances.knapsack import Knapsack
from combkit.instances.mtsp import MTSP
from combkit.instances.prizes import OP, PCTSP, SPCTSP
from combkit.instances.problem import Problem
from combkit.instances.result import Status
from combkit.instances.solutions import Tour
from combkit.instances.stop import MaxIterations, Reason
from combkit.instances.tsp import ATSP, TSP
from combkit.neural.udc import solver
from combkit.neural.udc.kinds import KINDS

GENERATED = ("tsp", "atsp", "cvrp", "ovrp", "op", "pctsp", "spctsp", "mtsp", "kp")


def problem_of(kind: str, n: int = 90, seed: int = 1) -> Problem:
    if kind == "mis":
        rng = np.random.default_rng(seed)
        edges = np.argwhere(np.triu(rng.random((n, n)) < 0.1, 1))
        return IndependentSet(n, edges)
    return generate(kind, n, seed=seed)


@pytest.mark.parametrize("kind", [*GENERATED, "mis"])
def test_stages_improve_what_was_divided(kind: str) -> None:
    problem = problem_of(kind)
    result = solve(problem, "udc", stop=MaxIterations(6), piece=30)
    assert not problem.check(result.solution)
    again = solve(problem, "udc", stop=MaxIterations(6), piece=30)
    assert result.objective == again.objective
    assert result.solution == again.solution
    assert result.extra["stages"] >= 1
    if kind not in ("spctsp", "kp", "mis"):
        divided = next(p.objective for p in result.trace if p.objective is not None)
        assert problem.better(result.objective, divided)


@pytest.mark.parametrize(
    ("kind", "divider"),
    [(kind, divider) for kind, row in KINDS.items() for divider in row.dividers],
)
def test_every_divider_leads_to_an_answer(kind: str, divider: str) -> None:
    problem = problem_of(kind)
    result = solve(problem, "udc", stop=MaxIterations(2), divider=divider)
    assert not problem.check(result.solution)


def test_pieces_come_close_to_optima() -> None:
    problem = generate("tsp", 200, seed=2)
    alone = solve(problem, "lk", stop=MaxIterations(20_000)).objective
    result = solve(problem, "udc", stop=MaxIterations(20), piece=70)
    assert result.objective <= 1.02 * alone


def test_other_conquerors_and_their_shares() -> None:
    problem = generate("atsp", 60, seed=2)
    result = solve(
        problem,
        "udc",
        stop=MaxIterations(6),
        conquerors="walk, or-3opt",
        bandit="uniform",
    )
    names = [row["conqueror"] for row in result.extra["conquerors"]]
    assert names == ["walk", "or-3opt"]
    assert all(row["seconds"] > 0 for row in result.extra["conquerors"])


def test_starts_from_what_is_given() -> None:
    problem = generate("tsp", 80, seed=3)
    start = solve(problem, "lk", stop=MaxIterations(2_000)).solution
    result = solve(problem, "udc", stop=MaxIterations(2), initial=start)
    assert result.objective <= problem.evaluate(start)
    assert result.trace[0].source == "initial"


def test_threads_improve_solutions_side_by_side() -> None:
    problem = generate("pctsp", 120, seed=4)
    result = solve(problem, "udc", stop=MaxIterations(8), threads=2)
    assert not problem.check(result.solution)


def test_an_interruption_between_stages_keeps_the_incumbent() -> None:
    class Second(Events):
        found = 0

        def on_incumbent(self, *found: object) -> None:
            self.found += 1

        def should_stop(self) -> bool:
            return self.found >= 2

    problem = generate("tsp", 300, seed=5)
    result = solve(problem, "udc", events=Second(), piece=60)
    assert result.reason is Reason.INTERRUPTED
    assert not problem.check(result.solution)


def test_a_longest_tour_at_its_bound_ends_the_run() -> None:
    rng = np.random.default_rng(0)
    problem = MTSP(rng.random((60, 2)), 30)
    result = solve(problem, "udc", time_limit=60)
    assert result.status is Status.OPTIMAL
    assert result.objective == pytest.approx(result.bound)


def test_fractions_in_a_knapsack() -> None:
    rng = np.random.default_rng(1)
    problem = Knapsack(rng.random(60), rng.random(60), 6.0)
    exact = Knapsack(
        np.floor(problem.profits * 2**30).astype(int),
        np.ceil(problem.weights * 2**30).astype(int),
        6 << 30,
    )
    best = problem.evaluate(solve(exact, "knapsack-dp").solution)
    result = solve(problem, "udc", stop=MaxIterations(12))
    assert result.objective == pytest.approx(best, rel=1e-7)


@pytest.mark.parametrize(
    "problem",
    [
        TSP([[0, 0]]),
        TSP([[0, 0], [1, 0], [0, 1]]),
        ATSP([[0, 1], [2, 0]]),
        Knapsack([3], [1], 2),
        IndependentSet(1, np.zeros((0, 2), int)),
        OP([[0, 0]], [1], 1),
        OP([[0, 0], [9, 9]], [1, 1], 1),
        MTSP([[0, 0], [1, 1]], 5),
    ],
)
def test_what_cannot_be_cut_is_answered(problem: Problem) -> None:
    result = solve(problem, "udc")
    assert not problem.check(result.solution)
    assert result.status in (Status.OPTIMAL, Status.FEASIBLE)


def test_disconnected_graphs() -> None:
    edges = [[0, 1], [1, 2], [4, 5], [5, 6], [6, 4], [1, 0]]
    problem = IndependentSet(9, edges)
    result = solve(problem, "udc", stop=MaxIterations(4))
    assert result.objective == 6


def test_a_quota_out_of_reach_is_infeasible() -> None:
    problem = PCTSP([[0, 0], [1, 0], [0, 1]], [0, 1, 1], [0, 1, 1], 3)
    assert solve(problem, "udc").status is Status.INFEASIBLE


def test_unknown_prizes_that_never_suffice() -> None:
    problem = SPCTSP(
        [[0, 0], [1, 0], [0, 1]], [0, 2, 2], [0, 1, 1], 3, real_prizes=[0, 1, 1]
    )
    result = solve(problem, "udc")
    assert sorted(result.solution.tour.tolist()) == [0, 1, 2]


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("tsp", {"divider": "savings"}, "tsp has insertion, greedy-edge"),
        ("tsp", {"piece": 3}, "piece=3: at least 4"),
        ("tsp", {"alpha": 0}, "alpha=0: at least 1"),
        ("kp", {"conquerors": "walk"}, "'walk' takes no kp"),
        ("tsp", {"conquerors": "udc"}, "'udc' takes no tsp"),
        ("tsp", {"conquerors": "walk,hgs"}, "hgs"),
        ("tsp", {"bandit": "nobody"}, "nobody"),
        ("op", {"conquerors": "construct"}, "'construct' takes no op"),
        ("tsp", {"cut": "slices"}, "one of auto, blocks, windows"),
        ("kp", {"cut": "blocks"}, "always cut the same way"),
        ("atsp", {"cut": "blocks"}, "there are no coordinates"),
    ],
)
def test_wrong_options(kind: str, options: dict[str, object], message: str) -> None:
    with pytest.raises(Exception, match=message) as error:
        solve(problem_of(kind, 20), "udc", **options)
    assert isinstance(error.value, UsageError)


def test_a_curve_needs_coordinates() -> None:
    problem = TSP(matrix=generate("tsp", 20, seed=1).distances())
    with pytest.raises(UsageError, match="there are no coordinates"):
        solve(problem, "udc", divider="space-filling")


def test_the_tour_of_a_matrix_is_cut_into_windows() -> None:
    places = np.random.default_rng(0).random((100, 2))
    problem = TSP(matrix=np.hypot(*(places[:, None] - places).T))
    result = solve(problem, "udc", stop=MaxIterations(8), piece=40)
    assert result.objective < 0.95 * problem.evaluate(Tour(np.arange(100)))


@pytest.mark.parametrize("kind", [*GENERATED, "mis"])
def test_kernels_that_take_too_long_leave_a_solution(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solver, "warm_up", lambda problem: time.sleep(2.0))
    problem = problem_of(kind)
    result = solve(problem, "udc", time_limit=0.2)
    assert not problem.check(result.solution)
