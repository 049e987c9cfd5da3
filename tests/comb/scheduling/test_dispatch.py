"""Dispatching rules: options, limits and size."""

from __future__ import annotations

from pathlib import Path

import pytest

from combkit.comb.scheduling import dispatch
from combkit.comb.solve import solve
from combkit.instances.errors import UsageError
from combkit.instances.formats import read
from combkit.instances.jobshop import JobShop
from combkit.instances.stop import Reason


def test_more_rules_are_no_worse(ft06: JobShop) -> None:
    one = solve(ft06, "dispatch", rules="spt")
    everything = solve(ft06, "dispatch")
    assert everything.objective <= one.objective
    assert everything.reason is Reason.COMPLETED
    assert everything.iterations == 1 + 4 * len(dispatch.RULES)
    assert everything.bound == 52
    assert everything.extra["rule"] in dispatch.RULES


@pytest.mark.parametrize("rules", ["spt, MWR", ["spt", "mwr"], ("spt", "mwr", "spt")])
def test_rules_are_names_or_a_list_of_them(ft06: JobShop, rules: object) -> None:
    assert solve(ft06, "dispatch", rules=rules).iterations == 9


def test_unknown_rules_name_the_nearest(ft06: JobShop) -> None:
    with pytest.raises(UsageError, match=r"'fif'; did you mean 'fifo'\?"):
        solve(ft06, "dispatch", rules="spt,fif")
    with pytest.raises(UsageError, match="there is none"):
        solve(ft06, "dispatch", rules=[])


def test_a_schedule_that_meets_the_bound_is_proven_at_once() -> None:
    result = solve(JobShop([[0, 1], [0, 1]], [[1, 5], [1, 5]]), "dispatch")
    assert (result.status, result.objective, result.iterations) == ("optimal", 11, 1)


def test_the_first_schedule_is_finished_without_any_time(ft06: JobShop) -> None:
    result = solve(ft06, "dispatch", time_limit=0)
    assert result.status == "feasible"
    assert result.reason is Reason.TIME


def test_random_numbers_make_other_schedules_the_same_ones_again(
    ft06: JobShop,
) -> None:
    plain = solve(ft06, "dispatch", rules="mwr")
    drawn = [
        solve(ft06, "dispatch", rules="mwr", samples=200, seed=k) for k in (1, 1, 2)
    ]
    assert drawn[0].iterations == plain.iterations + 200
    assert drawn[0].objective < plain.objective
    assert drawn[0].solution == drawn[1].solution != drawn[2].solution
    with pytest.raises(UsageError, match="samples=-1"):
        solve(ft06, "dispatch", samples=-1)


def test_gaps_on_classic_files(shared_data: Path) -> None:
    folder = shared_data / "scheduling" / "jsp" / "standard"
    for name, best, allowed in (("ft/ft10", 930, 1.15), ("la/la34", 1721, 1.0)):
        problem = read(folder / f"{name}.txt")
        assert best <= solve(problem, "dispatch").objective <= allowed * best


def test_reentrant_and_large_files(shared_data: Path) -> None:
    folder = shared_data / "scheduling" / "jsp"
    for name in ("reentrant/bel01.txt", "large/tai_100_100_1.txt"):
        problem = read(folder / name)
        result = solve(problem, "dispatch", rules="mwr")
        assert problem.check(result.solution) == []
        assert result.objective <= 1.5 * result.bound
