"""Reloads, breaks, set-up, locks and balance of fleets: checks, files, the builder."""

from __future__ import annotations

import heapq
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.instances.test_fleet import FLEET, line, plan

import combkit as ck
from combkit.instances.errors import (
    InstanceFormatError,
    InvalidProblemError,
    InvalidSolutionError,
    UnsupportedFeatureError,
)


def trips(*reloads: tuple[int, int], visits=(0, 1, 2)) -> ck.FleetRoutes:  # type: ignore[no-untyped-def]
    return ck.FleetRoutes([ck.Route(0, visits, reloads)])


def test_a_reload_brings_new_goods() -> None:
    problem = line(capacity=[[3]], reload=[[True]], available=[1], reload_time=[7])
    assert problem.check(plan([0, 1, 2])) == [
        "route 1: load 6 exceeds the capacity 3 of vehicle type 0"
    ]
    twice = trips((2, 0))
    assert problem.check(twice) == []
    # There and back again: 20 + 20, then 30 + 30.
    assert problem.evaluate(twice) == 100
    table = problem.timetable(twice.routes[0])
    assert (table.duration, table.most.tolist()) == (107, [3])
    assert table.load[:, 0].tolist() == [3, 2, 0, 0]
    assert [row["trip"] for row in problem.stops(twice)] == [1, 1, 2]
    assert [row["distance"] for row in problem.stops(twice)] == [10, 10, 30]


def test_pickups_are_left_at_a_reload_and_shipments_are_not() -> None:
    problem = line(
        delivery=[[0], [0], [0]], pickup=[[0], [4], [0]], capacity=[[6]],
        shipments=[[0, 2]], shipment_load=[[3]], reload=[[True]],
    )  # fmt: skip
    load = problem.timetable(trips((2, 0)).routes[0]).load[:, 0]
    assert load.tolist() == [0, 3, 7, 0]
    assert problem.check(trips((2, 0))) == [
        "route 1: load 7 exceeds the capacity 6 of vehicle type 0"
    ]
    assert problem.check(trips((1, 0), visits=(1, 0, 2))) == []


def test_goods_of_a_trip_are_ready_when_it_begins() -> None:
    problem = line(release=[0, 0, 90], reload=[[True]], reload_time=[5])
    table = problem.timetable(trips((2, 0)).routes[0])
    # Reloading begins at 90; leaving at 50 is early enough.
    assert (table.leave, table.back, table.begin[2]) == (50, 155, 125)
    closed = line(release=[0, 0, 90], reload=[[True]], depot_end=[80])
    late = "route 1: comes to depot 0 at 90, after 80"
    assert closed.check(trips((2, 0)))[0] == late


def test_what_a_reload_must_not_be() -> None:
    never = line(reload=[[False]])
    said = ["route 1: vehicle type 0 must not reload at depot 0"]
    assert never.check(trips((1, 0))) == said
    once = line(reload=[[True]], max_reloads=[1])
    assert once.check(trips((1, 0), (2, 0))) == [
        "route 1: 2 reloads where vehicle type 0 may make 1"
    ]
    assert once.check(trips((1, 3))) == ["route 1: unknown depot 3"]
    for bad in ([(0, 0)], [(3, 0)], [(2, 0), (2, 0)], [(2, 0), (1, 0)]):
        with pytest.raises(InvalidSolutionError, match="trip without a visit"):
            trips(*bad)
    with pytest.raises(InvalidSolutionError, match="not pairs"):
        trips((1,))  # type: ignore[arg-type]


def paused(*breaks: tuple[float, float, float], **changes) -> ck.RichVRP:  # type: ignore[no-untyped-def]
    start, end, time = zip(*breaks, strict=True)
    fields = {"break_type": [0] * len(breaks), "available": [1]}
    return line(**fields, break_start=start, break_end=end, break_time=time, **changes)


def test_breaks_are_taken_on_the_way() -> None:
    problem = paused((15, 18, 100))
    table = problem.timetable(plan([0, 1, 2]).routes[0])
    assert table.begin.tolist() == [
        10 + table.leave,
        120 + table.leave,
        130 + table.leave,
    ]
    assert table.duration == 160
    ((visit, begin),) = table.breaks
    assert 15 <= begin <= 18
    assert problem.stops(plan([0, 1, 2]))[visit]["breaks"] == [begin]


def test_a_break_that_comes_too_late_is_said() -> None:
    problem = paused((15, 18, 5), service=[40, 0, 0], release=[10, 0, 0])
    assert problem.check(plan([0, 1, 2])) == []
    # Before the first client there is no time, and behind it it is too late.
    tight = paused(
        (25, 28, 5), service=[40, 0, 0], release=[10, 0, 0],
        window_client=[0], window_start=[20], window_end=[20],
    )  # fmt: skip
    assert tight.check(plan([0, 1, 2])) == ["route 1: begins a break at 60, after 28"]


def earliest(problem: ck.RichVRP, visits: list[int], leave: int, end: int) -> float:
    """Return when a vehicle that leaves at a time is back, by steps of one unit."""
    places = problem.path(ck.Route(0, visits))
    _, ways = problem.legs(0, places[:-1], places[1:])
    breaks, goal = problem.breaks(0), (len(visits), 0, len(problem.break_type))
    queue, seen = [(leave, (0, int(ways[0]), 0))], set()
    while queue:
        now, state = heapq.heappop(queue)
        stop, left, taken = state
        if state == goal:
            return now
        moves = [(now + 1, state)]
        if left:
            moves.append((now + 1, (stop, left - 1, taken)))
        elif stop < len(visits):
            starts, ends = problem.windows(visits[stop])
            if ((starts <= now) & (now <= ends)).any():
                done = now + int(problem.service[visits[stop]])
                moves.append((done, (stop + 1, int(ways[stop + 1]), taken)))
        if taken < len(breaks) and breaks[taken, 0] <= now <= breaks[taken, 1]:
            moves.append((now + int(breaks[taken, 2]), (stop, left, taken + 1)))
        for move in moves:
            if move[0] <= end and move not in seen:
                seen.add(move)
                heapq.heappush(queue, move)
    return np.inf


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_times_with_breaks_are_those_of_a_simulation(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, day = 3, 60
    timed = np.flatnonzero(rng.random(n) < 0.6)
    opens = rng.integers(0, 35, timed.size)
    starts = np.sort(rng.integers(0, 40, rng.integers(0, 3)))
    problem = ck.RichVRP(
        clients=[1, 2, 3],
        depots=[0],
        available=[1],
        coords=np.column_stack([rng.integers(0, 9, n + 1), np.zeros(n + 1)]),
        service=rng.integers(0, 5, n),
        window_client=timed,
        window_start=opens,
        window_end=opens + rng.integers(0, 20, timed.size),
        break_type=np.zeros(starts.size, int),
        break_start=starts,
        break_end=starts + 8,
        break_time=rng.integers(0, 6, starts.size),
        shift_end=[day],
    )
    visits = [0, 1, 2]
    backs = [earliest(problem, visits, leave, day) for leave in range(day)]
    table = problem.timetable(ck.Route(0, visits))
    if np.isinf(backs[0]):
        assert table.late
        return
    assert table.late == []
    assert table.back == backs[0]
    assert table.leave == max(t for t in range(day) if backs[t] == backs[0])
    assert len(table.breaks) == starts.size


def test_set_up_is_for_who_comes_from_elsewhere() -> None:
    problem = line(
        clients=[1, 1, 2], setup=[5, 6, 7], service=[1, 1, 1], window_client=[0],
        window_start=[12], window_end=[14],
    )  # fmt: skip
    table = problem.timetable(plan([0, 1, 2]).routes[0])
    assert (np.diff(table.begin).tolist(), table.duration) == ([1, 18], 55)
    late = problem.check(plan([2, 1, 0]))
    assert late == ["route 1: comes to client 0 at 45, after 14"]


def test_service_by_type() -> None:
    problem = line(
        available=[1, 1], capacity=[[6]] * 2, service=[[1, 1, 1], [2, 2, 2]],
        setup=[[0, 0, 0], [3, 3, 3]], duration_cost=[1, 1], distance_cost=[0, 0],
    )  # fmt: skip
    assert problem.evaluate(plan([0, 1, 2])) == 63
    assert problem.evaluate(plan([0, 1, 2], kind=1)) == 75


def test_locked_clients_follow_each_other() -> None:
    problem = line(locked=[[0, 2]], required=[False, True, False], prize=[3, 0, 4])
    said = "client 2 does not come right behind client 0"
    for routes in ([[0, 1, 2]], [[1], [0], [2]], [[0, 1]], [[2, 1]], [[2, 0, 1]]):
        assert any(said in text for text in problem.check(plan(*routes)))
    assert problem.check(plan([1, 0, 2])) == []
    assert problem.check(plan([1])) == []
    assert problem.reasons(plan([1]))[0] == "it would cost 20, its prize is 3"
    between = line(locked=[[0, 2]], reload=[[True]])
    assert any(said in text for text in between.check(trips((1, 0), visits=(0, 2, 1))))


def test_the_longest_route_counts_once_more() -> None:
    problem = line(longest_cost=2.0)
    assert problem.evaluate(plan([0, 1], [2])) == 40 + 60 + 2 * 60
    assert problem.evaluate(plan([0, 1, 2])) == 60 + 2 * 60


#: Bad fields, and what is said of them.
BAD = [
    ({"locked": [[0, 1], [0, 2]]}, "client 0 is followed by several"),
    ({"locked": [[0, 2], [1, 2]]}, "client 2 follows several"),
    ({"locked": [[0, 1], [1, 0]]}, "round and round"),
    ({"locked": [[1, 1]]}, "round and round"),
    ({"locked": [[0, 1]], "group": [-1, 0, 0]}, "client 1 is in a group, too"),
    ({"locked": [[0, 9]]}, r"locked\[1\] = 9"),
    (
        {
            "locked": [[0, 1]],
            "available": [1, 1],
            "capacity": None,
            "allowed": [[True, False, True], [False, True, True]],
        },
        "no vehicle may serve clients 0, 1",
    ),
    ({"locked": [[2, 0]], "capacity": [[3]]}, "clients 2, 0 are more than any vehicle"),
    (
        {
            "locked": [[0, 1], [1, 2]],
            "window_client": [0, 2],
            "window_start": [50, 0],
            "window_end": [60, 60],
        },
        "clients 0, 1, 2 cannot all be served in their windows",
    ),
    (
        {"break_type": [0], "break_time": [9], "shift_end": [8]},
        r"break_time\[0\] = 9 from 0 is not within the shift of vehicle type 0, which",
    ),
    (
        {"break_type": [0], "break_start": [5], "break_end": [4]},
        r"break_end\[0\] = 4 is before 5",
    ),
    (
        {
            "break_type": [0, 0],
            "break_start": [0, 1],
            "break_end": [9, 9],
            "break_time": [12, 12],
        },
        "before the end of another break of vehicle type 0, 12 at the earliest",
    ),
    ({"break_type": [1]}, r"break_type\[0\] = 1"),
    ({"reload": [[True, True]]}, "reload"),
    ({"max_reloads": [-1]}, "max_reloads"),
    ({"service": [[1, 2]]}, "service"),
    ({"setup": [1, 2, -3]}, r"setup\[2\] = -3"),
    ({"longest_cost": -1.0}, r"longest_cost\[0\] = -1"),
]


@pytest.mark.parametrize(("changes", "said"), BAD)
def test_bad_fields_are_named(changes, said) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidProblemError, match=said):
        line(**changes)


def test_the_builder_knows_them_all(tmp_path) -> None:  # type: ignore[no-untyped-def]
    model = ck.RoutingProblem(name="day")
    model.add_depot(0, 0, reload_time=3)
    model.add_vehicle_type(
        1, capacity=3, reload_depots=[0], max_reloads=1, breaks=[(15, 90, 10)],
        setup_factor=2,
    )  # fmt: skip
    model.add_vehicle_type(1, capacity=3)
    clients = [model.add_client(x, 0, delivery=1, setup=1) for x in (10, 20, 30)]
    model.lock(*clients)
    model.balance(0.5)
    problem = model.problem()
    assert problem.setup.tolist() == [[2, 2, 2], [1, 1, 1]]
    assert problem.locked.tolist() == [[0, 1], [1, 2]]
    assert problem.reload.tolist() == [[True], [False]]
    assert problem.breaks(0).tolist() == [[15, 90, 10]]
    assert problem.evaluate(plan([0, 1, 2])) == 60 + 0.5 * 76
    ck.write(problem, tmp_path / "day.json")
    assert ck.read(tmp_path / "day.json") == problem
    model.add_vehicle_type(1, reload_depots=[4])
    with pytest.raises(InvalidProblemError, match="there is no depot 4"):
        model.problem()


SECTIONS = """VEHICLES_RELOAD_DEPOT_SECTION
1 1
3 1
VEHICLES_MAX_RELOADS_SECTION
1 2
2 2
3 2
CAPACITY_SECTION
"""
TRIPS = FLEET.replace("CAPACITY_SECTION\n", SECTIONS)


def test_reloads_in_vrplib(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "two.vrp"
    path.write_text(TRIPS)
    problem = ck.read(path)
    assert problem.reload.tolist() == [[True], [False]]
    assert problem.max_reloads.tolist() == [2, 2]
    (tmp_path / "two.sol").write_text("Route #1: 1 0 2 3\nCost 1\n")
    solution = ck.read_solution(tmp_path / "two.sol", problem)
    assert solution.to_dict()["routes"] == [
        {"vehicle_type": 0, "visits": [0, 1, 2], "reloads": [[1, 0]]}
    ]
    assert problem.check(solution) == []
    for name in ("again.sol", "again.json"):
        ck.write_solution(problem, solution, tmp_path / name)
        again = ck.read_solution(tmp_path / name, problem)
        assert again.to_dict() == solution.to_dict()
    for old, new, said in (
        ("3 1\nVEH", "3 2\nVEH", "node 2 is no depot"),
        ("3 1\nVEH", "9 1\nVEH", "there is no vehicle 9"),
    ):
        path.write_text(TRIPS.replace(old, new))
        with pytest.raises(InstanceFormatError, match=said):
            ck.read(path)
    (tmp_path / "bad.sol").write_text("Route #1: 0 1 2 3\nCost 1\n")
    with pytest.raises(InstanceFormatError, match=r"route 1: .*trip without a visit"):
        ck.read_solution(tmp_path / "bad.sol", problem)


PAIRS = """NAME : pairs
TYPE : PDPTW
DIMENSION : 5
VEHICLES : 2
CAPACITY : 9
EDGE_WEIGHT_TYPE : EUC_2D
NODE_COORD_SECTION
1 0 0
2 3 4
3 6 8
4 0 5
5 0 9
PICKUP_AND_DELIVERY_SECTION
1 0 0 100 0 0 0
2 7 5 50 2 0 3
3 -7 0 60 2 2 0
4 4 0 70 1 0 5
5 -4 0 80 1 4 0
DEPOT_SECTION
1
-1
EOF
"""


def test_shipments_in_vrplib(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "pairs.vrp"
    path.write_text(PAIRS)
    problem = ck.read(path)
    assert problem.shipments.tolist() == [[0, 1], [2, 3]]
    assert problem.shipment_load.tolist() == [[7], [4]]
    assert problem.service.tolist() == [2, 2, 1, 1]
    assert (problem.window_end.tolist(), problem.depot_end) == ([50, 60, 70, 80], 100)
    assert problem.check(plan([0, 1], [2, 3])) == []
    for old, new, said in (
        ("3 -7 0 60 2 2 0", "3 -7 0 60 2 4 0", "pairs.vrp:13: .*node 3 does not get"),
        ("2 7 5 50 2 0 3", "2 7 5 50 2 0 9", "there is no node 9"),
        ("2 7 5 50 2 0 3", "2 99 5 50 2 0 3", "more than any vehicle carries"),
    ):
        path.write_text(PAIRS.replace(old, new))
        with pytest.raises(InstanceFormatError, match=said):
            ck.read(path)


def vroom(vehicle=None, job=None) -> str:  # type: ignore[no-untyped-def]
    return json.dumps(
        {
            "vehicles": [
                {"id": 1, "start_index": 0, "end_index": 0, **(vehicle or {})}
            ],
            "jobs": [
                {"id": 1, "location_index": 1, **(job or {})},
                {"id": 2, "location_index": 2},
            ],
            "matrices": {"car": {"durations": [[0, 5, 9], [5, 0, 4], [9, 4, 0]]}},
        }
    )


def test_breaks_and_set_up_in_vroom(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "x.json"
    rest = {"breaks": [{"id": 1, "time_windows": [[3, 8]], "service": 30}]}
    path.write_text(vroom(rest, {"setup": 6, "time_windows": [[0, 50]]}))
    problem = ck.read(path)
    assert problem.breaks(0).tolist() == [[3, 8, 30]]
    assert (problem.setup.tolist(), problem.window_end.tolist()) == ([6, 0], [56])
    assert problem.check(plan([0, 1])) == []
    path.write_text(
        vroom({"type": "bike"}, {"service": 4, "service_per_type": {"bike": 9}})
    )
    assert ck.read(path).service.tolist() == [9, 0]
    for text, error, said in (
        (vroom(None, {"setup_per_type": {"bike": 1}, "time_windows": [[0, 9]]}),
         UnsupportedFeatureError, "by type is not supported"),
        (vroom(None, {"service_per_type": {"bike": -1}}), InstanceFormatError,
         r"jobs\[0\].service_per_type.bike: -1"),
        (vroom(None, {"service_per_type": 3}), InstanceFormatError, "not an object"),
        (vroom({"breaks": 3}), InstanceFormatError, r"\[0\].breaks: not a list"),
        (vroom({"breaks": [{"id": 1, "max_load": []}]}), UnsupportedFeatureError,
         r"breaks\[0\].max_load is not supported"),
        (vroom({"breaks": [{"time_windows": [[0, 1], [3, 4]]}]}),
         UnsupportedFeatureError, "several vehicles"),
        (vroom({"breaks": [{"time_windows": [[4, 1]]}]}), InstanceFormatError,
         r"breaks\[0\].time_windows\[0\]: 1 is before 4"),
        (vroom(None, {"setup": 6, "time_windows": [[0, 9]], "location_index": 2}),
         UnsupportedFeatureError, "several are at a place"),
    ):  # fmt: skip
        path.write_text(text)
        with pytest.raises(error, match=said):
            ck.read(path)


def test_generated_problems_have_what_is_asked_for() -> None:
    problem = ck.generate(
        "vrp", 200, seed=3, types=3, twice=0.5, skilled=0.4, breaks=2, reloads=1
    )
    windows = np.bincount(problem.window_client, minlength=200)
    assert 20 < (windows == 2).sum() < 80
    assert 0.1 < (~problem.allowed).mean() < 0.3
    assert np.bincount(problem.break_type).tolist() == [2] * 6
    assert problem.reload.sum() == 6
