"""Multidimensional knapsack and set cover: brute force, parts, known optima."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from combkit.comb.packing import cover_greedy, cover_search, multi_greedy
from combkit.comb.packing.cover_reductions import undominated
from combkit.comb.solve import solve
from combkit.instances.errors import UsageError
from combkit.instances.generators import generate
from combkit.instances.multi_knapsack import MultiKnapsack
from combkit.instances.set_cover import SetCover
from combkit.instances.solutions import Selection
from combkit.instances.stop import MaxIterations, Reason

Binary = MultiKnapsack | SetCover

#: Problems whose greedy bounds prove nothing.
LARGER = {
    "mkp": generate("mkp", 120, seed=1),
    "setcover": generate("setcover", 200, seed=1, elements=80),
}


@st.composite
def multi_knapsacks(draw: st.DrawFn) -> MultiKnapsack:
    n, m = draw(st.integers(1, 8)), draw(st.integers(1, 3))
    amounts = st.integers(0, 30)
    row = st.lists(amounts, min_size=n, max_size=n)
    data = (
        np.array(draw(row)),
        np.array(draw(st.lists(row, min_size=m, max_size=m))),
        np.array(draw(st.lists(st.integers(0, 90), min_size=m, max_size=m))),
    )
    divisor = draw(st.sampled_from([1, 1, 7]))
    return MultiKnapsack(*(array / divisor for array in data))


@st.composite
def set_covers(draw: st.DrawFn) -> SetCover:
    n, m = draw(st.integers(1, 8)), draw(st.integers(1, 7))
    sets = [sorted(draw(st.sets(st.integers(0, m - 1)))) for _ in range(n)]
    sets[0] = sorted({*sets[0], *set(range(m)).difference(*sets)})
    costs = np.array(draw(st.lists(st.integers(0, 30), min_size=n, max_size=n)))
    return SetCover(costs / draw(st.sampled_from([1, 1, 7])), sets, m)


def enumerated(problem: Binary) -> float:
    values = [
        problem.evaluate(Selection(chosen))
        for k in range(problem.n + 1)
        for chosen in itertools.combinations(range(problem.n), k)
        if problem.check(Selection(chosen)) == []
    ]
    return min(values) if problem.sense == "min" else max(values)


def integral(problem: Binary) -> bool:
    arrays = (value for value in problem.content().values() if np.ndim(value))
    return all(array.dtype == np.int64 for array in arrays)


@given(multi_knapsacks() | set_covers())
@settings(max_examples=40, deadline=None)
def test_searches_find_the_best_of_small_problems(problem: Binary) -> None:
    best = enumerated(problem)
    for name in ("greedy", "local-search"):
        result = solve(problem, name, stop=MaxIterations(1_000))
        assert result.objective == pytest.approx(best) or name == "greedy"
        if result.bound is not None and result.bound != pytest.approx(best):
            assert not problem.better(best, result.bound)


@given(multi_knapsacks() | set_covers())
@settings(max_examples=25, deadline=None)
def test_integer_programs_prove_the_best(problem: Binary) -> None:
    best = enumerated(problem)
    for name in ("highs", "cpsat"):
        if name == "cpsat" and not integral(problem):
            continue
        result = solve(problem, name)
        assert result.status == "optimal"
        assert result.objective == pytest.approx(best)
        assert result.bound == pytest.approx(best, abs=1e-6)


@given(multi_knapsacks())
@settings(max_examples=60, deadline=None)
def test_the_relaxation_bounds_at_any_prices(problem: MultiKnapsack) -> None:
    relaxation = multi_greedy.relax(problem)
    assert relaxation is not None
    best = enumerated(problem)
    assert relaxation.bound >= best * (1 - 1e-12)
    # A departure from the relaxation costs its reduced profit.
    for k in range(1 << problem.n):
        chosen = np.array([k >> j & 1 for j in range(problem.n)], dtype=bool)
        if problem.check(Selection(np.flatnonzero(chosen))):
            continue
        away = chosen != (relaxation.reduced > 0)
        loss = np.abs(relaxation.reduced[away]).sum()
        value = problem.profits[chosen].sum()
        assert value + loss <= relaxation.bound + 1e-6


@given(set_covers())
@settings(max_examples=60, deadline=None)
def test_dominated_sets_are_not_needed(problem: SetCover) -> None:
    kept = undominated(problem)
    smaller = SetCover(
        problem.costs[kept], [problem.sets[j] for j in kept], problem.elements
    )
    assert enumerated(smaller) == pytest.approx(enumerated(problem))
    assert undominated(smaller).size == kept.size
    assert cover_greedy.dual_bound(problem) <= enumerated(problem) + 1e-9


def test_of_equal_sets_the_first_remains() -> None:
    problem = SetCover([2, 2, 1, 5], [[0, 1], [0, 1], [1], [0, 1, 2]])
    assert undominated(problem).tolist() == [0, 2, 3]
    assert undominated(problem, stop=lambda: True).tolist() == [0, 1, 2, 3]


def test_greedy_covers_give_up_what_is_redundant() -> None:
    problem = SetCover([1, 5, 5], [[1, 2], [0, 1], [2, 3]])
    taken = cover_greedy.cover(problem)
    assert taken.tolist() == [True, True, True]
    assert cover_greedy.pruned(problem, taken).tolist() == [False, True, True]


def test_kept_scores_are_those_of_their_definition() -> None:
    """After thousands of moves, scores and lists are as if counted anew."""
    from combkit.comb.packing import _kernels_cover as kernels

    problem = generate("setcover", 80, seed=2, elements=40, density=0.1)
    cover = cover_search._cover_of(problem, np.arange(80), 0, 0)
    kernels.load(cover, np.ones(80, dtype=np.bool_))
    kernels.advance(cover, 5_000, 1.0)
    inside = cover.inside.astype(bool)
    counts = np.zeros(40, dtype=np.int64)
    for j in np.flatnonzero(inside):
        counts[problem.sets[j]] += 1
    assert np.array_equal(cover.count, counts)
    for j, own in enumerate(problem.sets):
        only = counts[own] == (1 if inside[j] else 0)
        assert cover.score[j] == cover.weight[own[only]].sum()
    n_open = int(cover.counters[kernels.OPEN])
    assert set(cover.open[:n_open]) == set(np.flatnonzero(counts == 0))
    assert cover.value[0] == problem.costs[inside].sum()
    assert problem.check(Selection(np.flatnonzero(cover.best))) == []


@pytest.mark.parametrize(
    ("name", "cost"), [("scp41", 429), ("scp510", 265), ("scpb1", 69)]
)
def test_set_covers_of_the_library(shared_data: Path, name: str, cost: int) -> None:
    path = shared_data / "routing" / "setcover" / f"{name}.txt"
    result = solve(path, "local-search", target=cost, time_limit=30)
    assert result.objective == cost


@pytest.mark.parametrize(("name", "profit"), [("1.txt#0", 24381), ("7.txt#0", 21946)])
def test_multi_knapsacks_of_the_library(
    shared_data: Path, name: str, profit: int
) -> None:
    path = shared_data / "routing" / "knapsack" / "mknap" / f"mknapcb{name}"
    result = solve(path, "local-search", target=profit, time_limit=30)
    assert result.objective == profit


@pytest.mark.parametrize("kind", ["mkp", "setcover"])
def test_limits_are_kept_and_the_incumbent_returned(kind: str) -> None:
    problem = LARGER[kind]
    result = solve(problem, "local-search", time_limit=0.5)
    assert (result.status, result.reason) == ("feasible", Reason.TIME)
    assert result.runtime < 1.5
    for name in ("local-search", "highs", "auto"):
        assert solve(problem, name, time_limit=0).runtime < 1.0


@pytest.mark.parametrize("kind", ["mkp", "setcover"])
def test_an_iteration_limit_gives_equal_runs(kind: str) -> None:
    problem = LARGER[kind]

    def run(threads: int) -> tuple[float | None, list[int]]:
        stop = MaxIterations(2_000)
        result = solve(problem, "local-search", stop=stop, seed=3, threads=threads)
        assert result.reason is Reason.ITERATIONS
        return result.objective, result.solution.selected.tolist()

    assert run(1) == run(1)
    assert problem.check(Selection(run(2)[1])) == []


@pytest.mark.parametrize("kind", ["mkp", "setcover"])
def test_the_initial_solution_is_where_it_starts(kind: str) -> None:
    problem = generate(kind, 40, seed=1)
    best = solve(problem, "highs")
    assert best.status == "optimal"
    for name in ("local-search", "highs"):
        again = solve(problem, name, initial=best.solution, stop=MaxIterations(50))
        assert again.objective == best.objective


def test_auto_goes_on_from_the_search_and_proves() -> None:
    proofs = {"enumeration": generate("mkp", 30, seed=1), "cpsat": LARGER["setcover"]}
    for proof, problem in proofs.items():
        result = solve(problem, time_limit=60)
        assert result.status == "optimal"
        assert result.extra["chain"] == ["greedy", "local-search", proof]
    broken = generate("mkp", 30, seed=1)
    broken = MultiKnapsack(
        broken.profits, broken.weights / math.pi, broken.capacities / math.pi
    )
    assert solve(broken, time_limit=60).extra["chain"][-1] == "highs"
    tenths = MultiKnapsack(broken.profits / 10.0, [[0.5] * 30], [3.5])
    assert "cpsat" in solve(tenths, time_limit=60).extra["chain"]


@pytest.mark.parametrize("params", [{"core": 1}, {"tenure": 0}, {"patience": 0}])
def test_parameters_out_of_range(params: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="at least 2, 1 and 1"):
        solve(generate("mkp", 9, seed=1), "local-search", **params)


def test_what_costs_nothing_and_what_gains_nothing() -> None:
    free = SetCover([0, 0, 5], [[0], [1], [0, 1]])
    assert solve(free, "local-search").objective == 0
    nothing = MultiKnapsack([0, 0], [[1, 1]], [1])
    assert solve(nothing, "local-search", stop=MaxIterations(100)).objective == 0
    tight = MultiKnapsack([5, 6], [[1, 2]], [0])
    assert solve(tight, "local-search", stop=MaxIterations(100)).objective == 0


def test_a_single_set_does_not_stay_for_ever() -> None:
    # The cheap sets 0 and 4 cover for 5; whoever holds 4 alone has no room for 1.
    sets = [[0, 1, 4], [0, 1, 2, 3, 4, 5], [], [], [0, 1, 2, 3, 5]]
    problem = SetCover([2, 4, 0, 0, 3], sets)
    for seed in range(6):
        result = solve(problem, "local-search", stop=MaxIterations(1_000), seed=seed)
        assert result.objective == 4
