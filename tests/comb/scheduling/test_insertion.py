"""Iterated greedy insertion on open and flexible job shops."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from combkit.comb.scheduling import _kernels_insertion as kernels
from combkit.comb.scheduling.disjunctive import start_of
from combkit.comb.scheduling.insertion import _state_of
from combkit.comb.solve import solve
from combkit.instances.errors import UnsupportedFeatureError, UsageError
from combkit.instances.generators import generate
from combkit.instances.shops import FlexibleJobShop, OpenShop
from combkit.instances.stop import MaxIterations, Reason


def tables(most: int) -> st.SearchStrategy[np.ndarray]:
    return st.tuples(st.integers(1, most), st.integers(1, most)).flatmap(
        lambda shape: arrays(np.int64, shape, elements=st.integers(0, 9))
    )


@st.composite
def flexible(draw: st.DrawFn, jobs: int = 5, operations: int = 4) -> FlexibleJobShop:
    """Ragged shops, some with set-ups, some of which forbid a sequence."""

    def operation() -> list[tuple[int, int]]:
        machines = draw(st.sets(st.integers(0, 2), min_size=1))
        return [(k, draw(st.integers(0, 9))) for k in sorted(machines)]

    lengths = draw(st.lists(st.integers(1, operations), min_size=1, max_size=jobs))
    rows = [[operation() for _ in range(k)] for k in lengths]
    machines = 1 + max(k for row in rows for options in row for k, _ in options)
    n = sum(lengths)
    least = draw(st.sampled_from([None, 0, -1]))
    setups = None
    if least is not None:
        times = st.integers(least, 4)
        setups = draw(arrays(np.int64, (machines, n, n), elements=times))
    return FlexibleJobShop(rows, setups=setups)


shops = st.one_of(tables(5).map(OpenShop), flexible())


def makespan(problem: OpenShop | FlexibleJobShop, order, choice) -> int:
    """Start each operation, in this order, when its job and its machine are free."""
    model = problem.model
    job = np.repeat(np.arange(len(problem.row_sizes)), problem.row_sizes)
    setups = getattr(problem, "setups", None)
    job_free: dict[int, int] = {}
    machine_free: dict[int, int] = {}
    last: dict[int, int] = {}
    for x in map(int, order):
        # Of an open shop, the resources of a mode are its machine and its job.
        k = min(resource for resource, _ in model.uses[int(choice[x])])
        free = machine_free.get(k, 0)
        if setups is not None and k in last:
            time = int(setups[k, last[k], x])
            free += kernels.FORBIDDEN if time < 0 else time
        start = max(job_free.get(job[x], 0), free)
        job_free[job[x]] = start + int(model.mode_duration[choice[x]])
        machine_free[k] = job_free[job[x]]
        last[k] = x
    return max(job_free.values())


def random_start(problem, seed: int):  # type: ignore[no-untyped-def]
    """Return an order that respects the jobs, and options."""
    rng = np.random.default_rng(seed)
    model = problem.model
    order = rng.permutation(model.n_tasks)
    if isinstance(problem, FlexibleJobShop):
        job = np.repeat(np.arange(len(problem.row_sizes)), problem.row_sizes)
        order = order[np.argsort(job[order], kind="stable")]
        for j in range(len(problem.row_sizes)):
            order[job[order] == j] = np.sort(order[job[order] == j])
        keys = rng.random(order.size)
        for j in range(len(problem.row_sizes)):
            keys[job == j] = np.sort(keys[job == j])
        order = np.argsort(keys, kind="stable")
    choice = rng.integers(model.first_mode[:-1], model.first_mode[1:])
    return order.astype(np.int32), choice.astype(np.int32)


@given(shops, st.integers(1, 12), st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_steps_keep_every_operation_and_know_its_paths(problem, removed, seed) -> None:
    order, choice = random_start(problem, seed)
    state = _state_of(problem, removed, 0.5, order, choice, seed, 0)
    assert state.scalars[kernels.COST] == makespan(problem, order, choice)
    for _ in range(20):
        kernels.search(state, 1)
        assert sorted(state.order.tolist()) == list(range(order.size))
        cost = makespan(problem, state.order, state.chosen)
        assert cost == state.scalars[kernels.COST]
        assert (state.choice == state.chosen).all()
        kernels.begin(state, state.order.copy(), state.chosen.copy())
        on_path = np.flatnonzero(state.head + state.tail == cost)
        assert (state.head + state.tail).max() == cost
        critical = state.critical[: state.scalars[kernels.CRITICAL]]
        assert sorted(critical.tolist()) == on_path.tolist()
        assert not state.out.any()
        if isinstance(problem, FlexibleJobShop):
            place = np.argsort(state.order)
            assert (place[problem.pairs[:, 0]] < place[problem.pairs[:, 1]]).all()
    best = makespan(problem, state.best, state.best_choice)
    assert best == state.scalars[kernels.BEST]


@given(shops, st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_goes_where_the_path_through_it_is_shortest(problem, seed) -> None:
    """An insertion is the best of all that an order allows, tried one by one."""
    order, choice = random_start(problem, seed)
    state = _state_of(problem, 1, 0.0, order, choice, seed, 0)
    v = int(np.random.default_rng(seed).integers(order.size))
    rest = [x for x in order.tolist() if x != v]
    state.trial[: len(rest)] = rest
    kernels._heads(state, len(rest))
    kernels._tails(state, len(rest))
    told = kernels._insert(state, len(rest), v)
    without = makespan(problem, rest, choice) if rest else 0
    job = np.repeat(np.arange(len(problem.row_sizes)), problem.row_sizes)
    values = []
    for at in range(order.size):
        trial = [*rest[:at], v, *rest[at:]]
        if isinstance(problem, FlexibleJobShop):
            own = [x for x in trial if job[x] == job[v]]
            if own != sorted(own):
                continue
        for option in range(*problem.model.first_mode[v : v + 2].tolist()):
            taken = choice.copy()
            taken[v] = option
            values.append(makespan(problem, trial, taken))
    kernels._heads(state, order.size)
    found = makespan(problem, state.trial, state.choice)
    setups = getattr(problem, "setups", None)
    if setups is None:
        assert max(told, without) == found == min(values)
    else:
        # Where a set-up from one to the other is longer than both of theirs, what
        # stands behind moves forth: the path through it is not all that counts.
        assert told <= found
        assert found >= min(values)


@given(tables(3).filter(lambda table: table.size <= 6))
@settings(max_examples=40, deadline=None)
def test_finds_the_best_order_of_few_operations(durations) -> None:
    problem = OpenShop(durations)
    choice = np.arange(durations.size)
    orders = itertools.permutations(range(durations.size))
    best = min(makespan(problem, order, choice) for order in orders)
    result = solve(problem, "iterated-greedy", stop=MaxIterations(2_000))
    assert result.objective == best
    assert result.bound <= best
    assert problem.check(result.solution) == []


@given(flexible(jobs=3, operations=2))
@settings(max_examples=25, deadline=None)
def test_agrees_with_the_exact_solver(problem: FlexibleJobShop) -> None:
    exact = solve(problem, "cpsat", time_limit=60)
    found = solve(problem, "iterated-greedy", stop=MaxIterations(3_000))
    if exact.status == "infeasible":
        assert found.solution is None
    else:
        assert (exact.status, exact.objective) == ("optimal", found.objective)


@given(shops, st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_the_order_of_a_schedule_gives_it_again(problem, seed) -> None:
    order, choice = random_start(problem, seed)
    value = makespan(problem, order, choice)
    if value >= kernels.FORBIDDEN:
        return
    state = _state_of(problem, 1, 0.0, order, choice, 0, 0)
    modes = None
    if isinstance(problem, FlexibleJobShop):
        modes = choice - problem.model.first_mode[:-1]
    schedule = problem.schedule(state.head, modes)
    assert problem.check(schedule) == []
    assert makespan(problem, *start_of(problem.model, schedule)) <= value


@pytest.mark.parametrize("kind", ["ossp", "fjsp"])
def test_the_same_seed_gives_the_same_answer(kind: str) -> None:
    problem = generate(kind, 8, seed=1)
    one, same, other = (
        solve(problem, "iterated-greedy", stop=MaxIterations(300), seed=seed)
        for seed in (1, 1, 2)
    )
    assert one.solution == same.solution != other.solution


@pytest.mark.parametrize("kind", ["ossp", "fjsp"])
def test_never_leaves_a_better_start(kind: str) -> None:
    problem = generate(kind, 5, seed=4)
    best = solve(problem, "cpsat", time_limit=60)
    result = solve(
        problem, "iterated-greedy", initial=best.solution, stop=MaxIterations(1)
    )
    assert result.objective == best.objective


def test_threads_search_side_by_side() -> None:
    problem = generate("ossp", 6, seed=2)
    result = solve(problem, "iterated-greedy", threads=2, stop=MaxIterations(500))
    assert result.reason in (Reason.ITERATIONS, Reason.GAP)
    assert problem.check(result.solution) == []


def test_meets_the_bound_of_large_shops(shared_data: Path) -> None:
    folder = shared_data / "scheduling"
    for name, best in (
        ("ossp/Taillard1993/ta10x10_6os", 538),
        ("ossp/Taillard1993/ta20x20_4os", 1248),
        ("fjsp/standard0/brandimarte/mk08", 523),
    ):
        result = solve(folder / f"{name}.txt", "iterated-greedy", time_limit=60)
        assert (result.status, result.objective) == ("optimal", best)


def test_takes_set_ups(shared_data: Path) -> None:
    path = shared_data / "scheduling" / "fjsp_sdst" / "Fattahi_setup_05.fjs"
    exact = solve(path, "cpsat", time_limit=60)
    found = solve(path, "iterated-greedy", stop=MaxIterations(20_000))
    assert (exact.status, exact.objective) == ("optimal", found.objective)


@pytest.mark.parametrize("option", [{"removed": 0}, {"temperature": -1.0}])
def test_refuses_numbers_that_are_too_small(option) -> None:
    with pytest.raises(UsageError, match="at least"):
        solve(generate("ossp", 3, seed=0), "iterated-greedy", **option)


def test_says_what_it_cannot_solve() -> None:
    problem = FlexibleJobShop([[[(0, 1)], [(0, 1)]]], [[1, 0]])
    with pytest.raises(UnsupportedFeatureError, match="precedences"):
        solve(problem, "iterated-greedy")
