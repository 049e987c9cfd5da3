"""Every job-shop solver and bound against brute force, on ragged, re-entrant
shops with operations of duration zero."""

from __future__ import annotations

import functools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from combkit.comb.scheduling import bounds, dispatch
from combkit.comb.scheduling.disjunctive import schedule_of
from combkit.comb.scheduling.dispatch import Dispatcher
from combkit.comb.solve import solve
from combkit.instances.jobshop import JobShop


@st.composite
def shops(draw: st.DrawFn, jobs: int = 3, operations: int = 3) -> JobShop:
    lengths = draw(st.lists(st.integers(1, operations), min_size=1, max_size=jobs))
    return JobShop(
        [draw(_row(k, largest=2)) for k in lengths],
        [draw(_row(k, largest=6)) for k in lengths],
    )


def _row(length: int, largest: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(0, largest), min_size=length, max_size=length)


def optimum(problem: JobShop) -> int:
    """Append operations to a schedule in every possible order."""
    machines = [row.tolist() for row in problem.machines]
    durations = [row.tolist() for row in problem.durations]

    @functools.cache
    def best(
        done: tuple[int, ...], ready: tuple[int, ...], free: tuple[int, ...]
    ) -> int:
        options = []
        for j, row in enumerate(machines):
            if done[j] < len(row):
                m = row[done[j]]
                end = max(ready[j], free[m]) + durations[j][done[j]]
                options.append(
                    best(
                        _put(done, j, done[j] + 1),
                        _put(ready, j, end),
                        _put(free, m, end),
                    )
                )
        return min(options, default=max(ready))

    start = (0,) * problem.n_jobs
    return best(start, start, (0,) * problem.n_machines)


def _put(values: tuple[int, ...], place: int, value: int) -> tuple[int, ...]:
    return (*values[:place], value, *values[place + 1 :])


@given(shops())
@settings(max_examples=150, deadline=None)
def test_bounds_never_exceed_the_optimum(problem: JobShop) -> None:
    best = optimum(problem)
    assert bounds.trivial_bound(problem) <= best
    assert bounds.jackson_bound(problem) <= best


@given(shops(jobs=6, operations=5))
@settings(max_examples=150, deadline=None)
def test_jackson_is_no_worse_than_the_load(problem: JobShop) -> None:
    longest = max(int(row.sum()) for row in problem.durations)
    jackson = max(bounds.jackson_bound(problem), longest)
    assert jackson >= bounds.trivial_bound(problem)


@pytest.mark.parametrize("delay", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("rule", dispatch.RULES)
@given(problem=shops(jobs=6, operations=5), noise=st.sampled_from([0.0, 1.0]))
@settings(max_examples=10, deadline=None)
def test_every_rule_builds_a_feasible_schedule(
    rule, mirrored, delay, problem, noise
) -> None:
    starts = Dispatcher(problem).starts(rule, delay, mirrored, noise)
    assert problem.check(schedule_of(problem, starts)) == []


@given(shops(jobs=5, operations=4))
@settings(max_examples=60, deadline=None)
def test_nothing_in_an_active_schedule_fits_into_an_earlier_gap(
    drawn: JobShop,
) -> None:
    problem = JobShop(drawn.machines, [row + 1 for row in drawn.durations])
    starts = schedule_of(problem, Dispatcher(problem).starts("spt", 1.0)).starts
    work = [
        (int(m), int(s), int(s + d), j, k)
        for j, (used, row, times) in enumerate(
            zip(problem.machines, starts, problem.durations, strict=True)
        )
        for k, (m, s, d) in enumerate(zip(used, row, times, strict=True))
    ]
    for m, start, end, j, k in work:
        ready = max((e for *_, e, i, h in work if (i, h) == (j, k - 1)), default=0)
        others = [w for w in work if w[0] == m and w[3:] != (j, k)]
        for begin in {ready, *(w[2] for w in others)}:
            if ready <= begin < start and end > start:
                until = begin + end - start
                assert any(w[1] < until and w[2] > begin for w in others)


@given(shops(jobs=5, operations=4))
@settings(max_examples=60, deadline=None)
def test_non_delay_schedules_never_let_work_wait_for_an_idle_machine(
    problem: JobShop,
) -> None:
    starts = schedule_of(problem, Dispatcher(problem).starts("spt")).starts
    busy = [
        (int(m), start, start + int(d))
        for used, times, row in zip(
            problem.machines, problem.durations, starts, strict=True
        )
        for m, d, start in zip(used, times, row, strict=True)
    ]
    for used, times, row in zip(
        problem.machines, problem.durations, starts, strict=True
    ):
        ready = 0
        for m, d, start in zip(used, times, row, strict=True):
            covered = sum(
                max(0, min(end, start) - max(begin, ready))
                for machine, begin, end in busy
                if machine == m
            )
            assert covered == start - ready
            ready = start + int(d)


@given(shops())
@settings(max_examples=60, deadline=None)
def test_dispatch_is_feasible_and_its_bound_valid(problem: JobShop) -> None:
    result = solve(problem, "dispatch")
    assert problem.check(result.solution) == []
    assert result.bound <= optimum(problem) <= result.objective


@given(shops(), st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_cpsat_proves_the_optimum_in_any_unit_of_time(
    problem: JobShop, unit: int
) -> None:
    scaled = JobShop(problem.machines, [unit * row for row in problem.durations])
    result = solve(scaled, "cpsat")
    assert result.status == "optimal"
    assert result.objective == result.bound == unit * optimum(problem)
