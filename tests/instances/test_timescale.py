"""Dates of schedules, and builders."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import combkit as ck
from combkit.instances.errors import (
    InvalidProblemError,
    InvalidSolutionError,
    UsageError,
)

ORIGIN = datetime(2027, 3, 1, 6)
dates = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1))
units = st.integers(1, 10**6).map(lambda n: timedelta(seconds=n))


@given(dates, units, dates)
def test_times_enclose_a_date(origin: datetime, unit: timedelta, date) -> None:
    scale = ck.Timescale(origin, unit)
    first, last = scale.earliest(date), scale.latest(date)
    assert scale.date(last) <= date <= scale.date(first)
    assert first - last == (scale.date(last) != date)
    length = abs(date - origin)
    assert timedelta(0) <= scale.duration(length) * unit - length < unit


@given(units, st.integers(-(10**3), 10**3))
def test_a_time_is_its_own_date(unit: timedelta, time: int) -> None:
    scale = ck.Timescale(ORIGIN, unit)
    date = scale.date(time)
    assert scale.earliest(date) == scale.latest(date) == time


def test_tells_when_tasks_run() -> None:
    scale = ck.Timescale(ORIGIN, timedelta(minutes=30))
    shop = ck.FlexibleJobShop([[[(0, 3), (1, 2)], [(1, 4)]]])
    rows = scale.table(shop, ck.Schedule([[1, 3]], [[1, 0]]))
    assert [(row["mode"], row["resources"]) for row in rows] == [(1, [1]), (0, [1])]
    assert rows[0]["start"] == datetime(2027, 3, 1, 6, 30)
    assert rows[1]["end"] == datetime(2027, 3, 1, 9, 30)
    with pytest.raises(InvalidSolutionError, match="1 starts for 2 tasks"):
        scale.table(shop, ck.Schedule([[1]], [[0]]))


@pytest.mark.parametrize("seconds", [0, -1])
def test_a_unit_is_longer_than_nothing(seconds: int) -> None:
    with pytest.raises(UsageError, match="not positive"):
        ck.Timescale(ORIGIN, timedelta(seconds=seconds))


def test_parallel_machines() -> None:
    shop = ck.Scheduling.on_machines(
        [[3, 4], [2, -1], [5, 5]],
        due=[3, 2, 9],
        family=[0, 1, 0],
        setup_time=[[0, 9], [9, 0], [0, 0]],
        objective=[("tardiness", 1)],
    )
    assert shop.size == {"tasks": 3, "modes": 5, "resources": 2}
    result = ck.solve(shop, time_limit=20)
    # The first two want machine 0: one of them, or a set-up, has to give way.
    assert (result.status, result.objective) == ("optimal", 1)
    assert shop.setup_resource.tolist() == [0, 1]
    with pytest.raises(InvalidProblemError, match="task 1 can run nowhere"):
        ck.Scheduling.on_machines([[1, 1], [-1, -1]])


def test_a_flow_shop_may_change_the_order() -> None:
    shop = ck.JobShop.flow([[3, 2, 1], [1, 4, 2]])
    assert [row.tolist() for row in shop.machines] == [[0, 1, 2]] * 2
    strict = ck.FlowShop([[3, 2, 1], [1, 4, 2]])
    free, same = (ck.solve(one, time_limit=20).objective for one in (shop, strict))
    assert free <= same
    with pytest.raises(InvalidProblemError, match="table of jobs and machines"):
        ck.JobShop.flow([1, 2])
