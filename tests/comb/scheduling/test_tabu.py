"""Tabu search on the job shop: its graph, its pool, its solver."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from combkit.comb.scheduling import _kernels_graph, _kernels_tabu
from combkit.comb.scheduling.disjunctive import (
    graph_of,
    order_of,
    schedule_of,
    shop_of,
    walk_of,
)
from combkit.comb.scheduling.pool import Pool
from combkit.comb.scheduling.quick import quick
from combkit.comb.solve import solve
from combkit.instances.errors import UsageError
from combkit.instances.generators import generate
from combkit.instances.jobshop import JobShop
from combkit.instances.stop import MaxIterations, Reason


@st.composite
def shops(draw: st.DrawFn) -> JobShop:
    """Ragged, re-entrant shops, some of whose operations take no time."""
    lengths = draw(st.lists(st.integers(1, 7), min_size=1, max_size=7))

    def row(length: int, most: int) -> list[int]:
        return draw(st.lists(st.integers(0, most), min_size=length, max_size=length))

    return JobShop([row(k, 3) for k in lengths], [row(k, 9) for k in lengths])


@given(shops(), st.integers(0, 2**32))
@settings(max_examples=200, deadline=None)
def test_moves_keep_the_graph_as_if_it_were_rebuilt(problem: JobShop, seed) -> None:
    shop = shop_of(problem)
    walk = walk_of(shop, seed, 0)
    graph = walk.graph
    _kernels_tabu.begin(shop, walk, order_of(problem, quick(problem)))
    for _ in range(30):
        _kernels_tabu.search(shop, walk, 1, 100)
        fresh = graph_of(shop)
        makespan = _kernels_graph.rebuild(shop, fresh, graph.order)
        assert sorted(graph.order.tolist()) == list(range(problem.n_operations))
        assert makespan == walk.scalars[_kernels_tabu.MAKESPAN]
        n = problem.n_operations
        for name in ("before", "after", "head", "tail", "place"):
            kept, rebuilt = getattr(graph, name), getattr(fresh, name)
            assert kept[:n].tolist() == rebuilt[:n].tolist(), name
        assert not graph.mark.any()
        assert problem.check(schedule_of(problem, graph.head[:-1])) == []
    best = _kernels_graph.rebuild(shop, graph, walk.best)
    assert best == walk.scalars[_kernels_tabu.BEST]


@given(shops())
@settings(max_examples=60, deadline=None)
def test_an_order_gives_its_schedule_again(problem: JobShop) -> None:
    schedule = quick(problem)
    shop = shop_of(problem)
    graph = graph_of(shop)
    makespan = _kernels_graph.rebuild(shop, graph, order_of(problem, schedule))
    assert makespan <= problem.evaluate(schedule)
    assert problem.check(schedule_of(problem, graph.head[:-1])) == []


def pool_of(problem: JobShop, capacity: int, fresh: int) -> Pool:
    job = np.repeat(np.arange(problem.n_jobs), [r.size for r in problem.machines])
    machine = shop_of(problem).machine[:-1]
    return Pool(capacity, fresh, machine, job, np.random.default_rng(0))


@given(shops())
@settings(max_examples=60, deadline=None)
def test_starts_of_the_pool_respect_the_jobs(problem: JobShop) -> None:
    pool = pool_of(problem, capacity=3, fresh=3)
    firsts = np.cumsum([0, *(row.size for row in problem.machines)])[:-1]
    for k in range(8):
        order = pool.start()
        place = np.argsort(order)
        assert sorted(order.tolist()) == list(range(problem.n_operations))
        for first, row in zip(firsts, problem.machines, strict=True):
            assert (np.diff(place[first : first + row.size]) > 0).all()
        pool.offer(10 - k, order)


def test_a_relinked_start_lies_between_two_schedules() -> None:
    problem = generate("jsp", 10, seed=3)
    pool = pool_of(problem, capacity=2, fresh=1)
    parents = [pool.start(), pool.start()]
    for order in parents:
        pool.offer(1, order)
    ranks = [np.argsort(order) for order in parents]
    child = np.argsort(pool.start())
    n = problem.n_operations
    for a, b in np.random.default_rng(0).integers(0, n, (500, 2)):
        signs = {bool(rank[a] < rank[b]) for rank in ranks}
        if a != b and len(signs) == 1:
            assert (child[a] < child[b]) in signs


def test_the_pool_keeps_the_better_of_two_that_are_alike() -> None:
    problem = generate("jsp", 10, seed=3)
    pool = pool_of(problem, capacity=2, fresh=1)
    order = pool.start()
    for makespan in (9, 7, 8):
        pool.offer(makespan, order)
    # One schedule is not enough to relink: the next start is a random one.
    assert not np.array_equal(pool.start(), order)
    assert [member.makespan for member in pool._members] == [7]


def test_a_pool_that_nothing_improves_begins_anew() -> None:
    problem = generate("jsp", 10, seed=3)
    pool = pool_of(problem, capacity=2, fresh=1)
    orders = [pool.start() for _ in range(3)]
    for k in range(9):
        pool.offer(1 + k, orders[k % 3])
    assert pool.generation == 1
    # Only what came afterwards is left.
    assert min(member.makespan for member in pool._members) > 6


def test_finds_the_optimum_of_ft06(ft06: JobShop) -> None:
    result = solve(ft06, "tabu", stop=MaxIterations(30_000))
    assert (result.status, result.objective) == ("feasible", 55)
    assert result.reason is Reason.ITERATIONS


def test_the_same_seed_gives_the_same_answer() -> None:
    problem = generate("jsp", 15, seed=1)
    one, same, other = (
        solve(problem, "tabu", stop=MaxIterations(20_000), seed=seed)
        for seed in (1, 1, 2)
    )
    assert one.solution == same.solution != other.solution


def test_stops_at_a_bound_it_proves(shared_data: Path) -> None:
    folder = shared_data / "scheduling" / "jsp" / "standard"
    for name, best in (("la/la31", 1784), ("ta/ta51", 2760), ("dmu/dmu21", 4380)):
        result = solve(folder / f"{name}.txt", "tabu", time_limit=60)
        assert (result.status, result.objective) == ("optimal", best)
        assert result.reason is Reason.GAP


def test_starts_from_what_it_is_given(ft06: JobShop) -> None:
    best = solve(ft06, "cpsat").solution
    result = solve(ft06, "tabu", initial=best, stop=MaxIterations(1))
    assert result.objective == 55
    assert {point.source for point in result.trace} == {"initial", "load"}


def test_threads_share_the_work(ft06: JobShop) -> None:
    result = solve(ft06, "tabu", threads=3, stop=MaxIterations(20_000))
    assert (result.objective, result.threads) == (55, 3)


def test_a_shop_without_a_choice_is_proven_at_once() -> None:
    result = solve(JobShop([[0, 1, 0]], [[3, 0, 2]]), "tabu")
    assert (result.status, result.objective) == ("optimal", 5)


def test_the_limit_holds_at_ten_thousand_operations() -> None:
    problem = generate("jsp", 100, seed=0)
    result = solve(problem, "tabu", time_limit=2.0)
    assert result.reason is Reason.TIME
    assert result.objective < problem.evaluate(quick(problem))


@pytest.mark.parametrize("option", [{"patience": 0}, {"pool": 1}, {"fresh": 0}])
def test_refuses_numbers_that_are_too_small(ft06: JobShop, option) -> None:
    with pytest.raises(UsageError, match="at least"):
        solve(ft06, "tabu", **option)
