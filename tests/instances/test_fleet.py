"""Vehicle routing with the features of practice: evaluation, checks, files."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

import combkit as ck
from combkit.instances.errors import (
    InstanceFormatError,
    InvalidProblemError,
    InvalidSolutionError,
    UnsupportedFeatureError,
)

LINE = [[0, 0], [10, 0], [20, 0], [30, 0]]


def line(**changes) -> ck.RichVRP:  # type: ignore[no-untyped-def]
    """Three clients on a line, 10 apart, and a depot at its end."""
    fields = {
        "clients": [1, 2, 3],
        "depots": [0],
        "available": [2],
        "coords": LINE,
        "delivery": [[1], [2], [3]],
        "capacity": [[6]],
    }
    return ck.RichVRP(**(fields | changes))


def plan(*routes, kind: int = 0) -> ck.FleetRoutes:  # type: ignore[no-untyped-def]
    return ck.FleetRoutes([ck.Route(kind, visits) for visits in routes])


WHOLE = plan([0, 1, 2])


def test_costs_of_vehicles_and_prizes() -> None:
    problem = line(fixed_cost=[5], distance_cost=[2], duration_cost=[3])
    assert problem.evaluate(WHOLE) == 5 + 2 * 60 + 3 * 60
    optional = line(required=[True, True, False], prize=[0, 0, 7])
    assert optional.evaluate(plan([0, 1])) == 40 + 7
    assert optional.check(plan([0, 1])) == []
    assert optional.encode(plan([0, 1]))["unserved"] == [2]


def test_a_group_is_served_once_and_its_others_are_not_missed() -> None:
    problem = line(group=[0, 0, -1], prize=[4, 4, 0])
    assert problem.evaluate(plan([0, 2])) == 60
    assert problem.check(plan([1, 2])) == []
    assert problem.check(plan([0, 1, 2])) == ["group 0 is served 2 times"]
    assert problem.check(plan([2])) == ["group 0 is not served"]


def test_vehicles_leave_as_late_as_lets_them_be_back_early() -> None:
    problem = line(
        service=[1, 1, 1],
        window_client=[2],
        window_start=[100],
        window_end=[110],
        shift_end=[500],
    )
    table = problem.timetable(WHOLE.routes[0])
    assert (table.leave, table.back, table.duration) == (68, 131, 63)
    assert table.begin.tolist() == [78, 89, 100]
    assert table.load[:, 0].tolist() == [6, 5, 3, 0]
    released = line(release=[0, 40, 0]).timetable(WHOLE.routes[0])
    assert (released.leave, released.back) == (40, 100)


def test_several_windows() -> None:
    problem = line(
        window_client=[1, 1], window_start=[0, 50], window_end=[5, 60], service=[0] * 3
    )
    assert problem.timetable(WHOLE.routes[0]).begin[1] == 50
    late = line(window_client=[1, 1], window_start=[0, 8], window_end=[5, 15])
    assert late.check(WHOLE) == ["route 1: comes to client 1 at 20, after 15"]


#: What breaks a rule, and what is said of it.
BROKEN = [
    ({"capacity": [[5]]}, WHOLE, "load 6 exceeds the capacity 5"),
    ({"max_distance": [59]}, WHOLE, "distance 60 exceeds the limit 59"),
    ({"max_duration": [59]}, WHOLE, "duration 60 exceeds the limit 59"),
    ({"max_clients": [2]}, WHOLE, "3 clients where vehicle type 0 may serve 2"),
    ({"allowed": [[True, False, True]] * 2, "available": [1, 1],
      "capacity": [[6], [6]]}, WHOLE, "client 1 must not be served"),
    ({"shift_end": [50]}, WHOLE, "is back at 60, after 50"),
    ({"depot_end": [50]}, WHOLE, "is back at 60, after 50"),
    ({}, plan([0, 1]), "client 2 is not served"),
    ({}, plan([0, 1], [1, 2]), "client 1 is visited 2 times"),
    ({}, plan([0], [1], [2]), "3 vehicles of type 0 where there are 2"),
    ({}, plan([0, 1, 2], kind=1), "unknown vehicle type 1"),
    ({}, plan([0, 1, 3]), "unknown client 3"),
    ({"backhaul": "last", "pickup": [[1], [0], [0]], "delivery": [[0], [2], [3]]},
     WHOLE, "client 1 is delivered to after a pickup"),
    ({"backhaul": "last", "pickup": [[1], [2], [3]], "delivery": None},
     WHOLE, "picks up without having delivered"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "solution", "said"), BROKEN)
def test_every_rule_is_checked(changes, solution, said) -> None:  # type: ignore[no-untyped-def]
    if changes.get("allowed"):
        # Somebody may: the other type.
        changes = changes | {"allowed": [[True, False, True], [True] * 3]}
    found = line(**changes).check(solution)
    assert any(said in text for text in found), found


def test_pickups_share_the_room_with_deliveries() -> None:
    problem = line(pickup=[[4], [0], [0]], capacity=[[8]])
    # 6 leave the depot; behind the first client 5 + 4 are on board.
    found = problem.check(WHOLE)
    assert found == ["route 1: load 9 exceeds the capacity 8 of vehicle type 0"]
    assert problem.check(plan([1, 0, 2])) == []


def test_open_routes_and_two_depots() -> None:
    problem = line(
        depots=[0, 3], available=[1, 1], start_depot=[0, 1], end_depot=[-1, 1],
        capacity=[[6], [6]],
    )  # fmt: skip
    assert problem.evaluate(plan([0, 1, 2])) == 30
    assert problem.evaluate(plan([0, 1, 2], kind=1)) == 40


#: From the farthest client to the nearest one, on a line.
SHIPPED = {
    "delivery": [[0], [2], [0]],
    "shipments": [[2, 0]],
    "shipment_load": [[3]],
    "capacity": [[4]],
}


def test_shipments_are_carried_from_one_client_to_another() -> None:
    problem = line(**SHIPPED)
    assert problem.check(plan([1, 2, 0])) == []
    rows = problem.stops(plan([1, 2, 0]))
    assert [row["load"] for row in rows] == [[0], [3], [0]]
    # Both 2 from the depot and 3 of the shipment are too much.
    assert problem.check(plan([2, 1, 0])) == [
        "route 1: load 5 exceeds the capacity 4 of vehicle type 0"
    ]
    assert problem.check(plan([0, 1, 2])) == [
        "route 1: client 0 is visited before client 2"
    ]
    assert problem.check(plan([1, 2], [0])) == [
        "route 1: client 2 is visited without client 0",
        "route 2: client 0 is visited without client 2",
    ]


def test_why_a_shipment_is_not_made() -> None:
    free = {"required": [False, True, False], "prize": [4, 0, 1]}
    problem = line(**SHIPPED, **free)
    assert problem.evaluate(plan([1])) == 45
    dear = "it would cost 20, its prize is 5"
    assert problem.reasons(plan([1])) == {0: dear, 2: dear}
    full = line(**SHIPPED, **free, available=[1], max_clients=[2])
    assert full.reasons(plan([1]))[0].endswith(
        "3 clients where vehicle type 0 may serve 2"
    )


#: Bad fields, and what is said of them.
BAD = [
    ({"clients": [1, 2, 9]}, r"clients\[2\] = 9 where 3 is the last"),
    ({"clients": []}, "clients: there is none"),
    ({"coords": None}, "neither coordinates nor distances"),
    ({"capacity": [[0]]}, "client 0: it is more than any vehicle carries"),
    ({"available": [0]}, "client 0: no vehicle may serve it"),
    ({"allowed": [[False, True, True]]}, "client 0: no vehicle may serve it"),
    ({"delivery": [[-1], [0], [0]]}, "delivery"),
    ({"service": [1, 2]}, "2 numbers where 3 are due"),
    ({"service": [1, 2, float("nan")]}, r"service\[2\] = nan"),
    ({"window_client": [0], "window_start": [5], "window_end": [4]}, "is before 5"),
    ({"shift_start": [5], "shift_end": [4]}, r"shift_end\[0\] = 4 is before 5"),
    ({"start_depot": [1]}, r"start_depot\[0\] = 1"),
    ({"backhaul": "lats"}, "did you mean 'last'"),
    ({"shipments": [[0, 1]]}, "client 0 has a delivery or a pickup besides"),
    ({"delivery": None, "shipments": [[0, 1], [2, 1]]}, "client 1 is in several"),
    ({"delivery": None, "shipments": [[1, 1]]}, "client 1 is in several"),
    ({"delivery": None, "shipments": [[0, 3]]}, r"shipments\[1\] = 3 where 2 is"),
    ({"delivery": None, "shipments": [0, 1]}, r"shape \(2,\) where \(s, 2\) is due"),
    (
        {"delivery": None, "shipments": [[0, 1]], "shipment_load": [[7]]},
        "shipment 0: it is more than any vehicle carries",
    ),
    (
        {
            "delivery": None,
            "shipments": [[0, 1]],
            "available": [1, 1],
            "capacity": None,
            "allowed": [[True, False, True], [False, True, True]],
        },
        "shipment 0: no vehicle may serve it",
    ),
    (
        {"delivery": None, "shipments": [[0, 1]], "group": [-1, 0, 0]},
        "client 1 is in a group, too",
    ),
    ({"distance": [[[0, 1], [1, 0]]]}, "2 places where there are 4 coordinates"),
    ({"distance": [[[0, 1, 2], [1, 0, 2]]]}, "2 x 3 places: not square"),
]


@pytest.mark.parametrize(("changes", "said"), BAD)
def test_bad_fields_are_named(changes, said) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidProblemError, match=said):
        line(**changes)


def test_durations_and_profiles() -> None:
    apart = np.abs(np.subtract.outer([0, 10, 20, 30], [0, 10, 20, 30])).astype(float)
    problem = line(
        coords=None,
        distance=[apart, apart],
        duration=[apart * 2, apart * 3],
        available=[1, 1],
        capacity=[[6], [6]],
        profile=[0, 1],
        distance_cost=[0, 0],
        duration_cost=[1, 1],
    )
    assert problem.evaluate(WHOLE) == 120
    assert problem.evaluate(plan([0, 1, 2], kind=1)) == 180


def test_what_has_no_limit_reads_back(tmp_path) -> None:
    problem = line(capacity=None)
    assert dataclasses.replace(problem, name="other") == problem
    ck.write(problem, tmp_path / "x.json")
    assert ck.read(tmp_path / "x.json") == problem
    with pytest.raises(InvalidProblemError, match="capacity"):
        line(capacity=[[float("nan")]])


def test_json_and_sol_round_trips(tmp_path) -> None:
    problem = ck.generate("vrp", 12, seed=4, pickups=0.3)
    path = tmp_path / "x.json"
    ck.write(problem, path)
    assert ck.read(path) == problem
    result = ck.solve(problem, time_limit=1)
    for name in ("plan.json", "plan.sol"):
        ck.write_solution(problem, result.solution, tmp_path / name)
        again = ck.read_solution(tmp_path / name, problem)
        assert problem.evaluate(again) == pytest.approx(result.objective)
        assert not problem.check(again)
    with pytest.raises(InvalidSolutionError, match="routes"):
        problem.decode({"routes": [{"visits": [1]}]})


FLEET = """NAME : two
TYPE : HFVRP
DIMENSION : 4
VEHICLES : 3
EDGE_WEIGHT_TYPE : EUC_2D
NODE_COORD_SECTION
1 0 0
2 3 4
3 0 5
4 6 8
DEMAND_SECTION
1 0
2 1
3 2
4 3
CAPACITY_SECTION
1 5
2 9
3 5
VEHICLES_FIXED_COST_SECTION
1 1
2 2
3 1
DEPOT_SECTION
1
-1
EOF
"""


def test_vehicles_that_are_alike_are_a_type(tmp_path) -> None:
    path = tmp_path / "two.vrp"
    path.write_text(FLEET)
    problem = ck.read(path)
    assert problem.available.tolist() == [2, 1]
    assert problem.capacity[:, 0].tolist() == [5, 9]
    assert problem.fixed_cost.tolist() == [1, 2]
    assert problem.clients.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2 9\n", "2 x\n", "two.vrp:18: 'x' in CAPACITY_SECTION"),
        ("3 5\nVEHICLES_F", "VEHICLES_F", "ends after 2 of 3 rows"),
        ("DEPOT_SECTION\n1", "DEPOT_SECTION\n9", "there is no node 9"),
        ("4 3\nC", "4 30\nC", "client 2: it is more than any vehicle carries"),
    ],
)
def test_bad_files_name_the_line(old, new, said, tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "two.vrp"
    assert old in FLEET
    path.write_text(FLEET.replace(old, new))
    with pytest.raises(InstanceFormatError, match=said):
        ck.read(path)


def test_what_is_not_supported_is_named(tmp_path) -> None:
    path = tmp_path / "two.vrp"
    path.write_text(FLEET.replace("VEHICLES_FIXED_COST", "VEHICLES_COLOUR"))
    with pytest.raises(UnsupportedFeatureError, match="VEHICLES_COLOUR_SECTION"):
        ck.read(path)


#: Sets of public files, and what their best known values are multiplied with.
SETS = {
    "HFVRP": 100.0,
    "MDVRPTW": 1e-3,
    "SDVRPTW": 1e-3,
    "PCVRPTW": 0.1,
    "VRPB": 1.0,
    "GVRP": 1.0,
    "MTVRPTWR": 0.1,
}


@pytest.mark.parametrize("name", SETS)
def test_published_solutions_have_their_values(name, shared_data) -> None:  # type: ignore[no-untyped-def]
    files = sorted((shared_data / "routing" / "pyvrp" / name).glob("*.vrp"))
    assert files
    for path in files:
        problem = ck.read(path)
        solution = ck.read_solution(path.with_suffix(".sol"), problem)
        assert problem.check(solution) == [], path.name
        words = path.with_suffix(".sol").read_text().split("Cost:")[1].split()
        # One of them states another unit.
        factor = 1e-3 if path.stem == "X359-HD" else SETS[name]
        value = problem.evaluate(solution)
        assert value == pytest.approx(float(words[0]) * factor, rel=1e-5), path.name


def test_the_builder_speaks_the_language_of_the_field() -> None:
    model = ck.RoutingProblem(name="day")
    model.add_depot(0, 0, window=(0, 100))
    model.add_depot(30, 0)
    model.add_vehicle_type(2, capacity=[6, 9], fixed_cost=5, max_duration=90)
    model.add_vehicle_type(1, start=1, open_route=True, skills=["cold"])
    model.add_client(10, 0, delivery=[1, 0], windows=[(0, 5), (20, 40)], service=2)
    model.add_client(20, 0, delivery=[2, 3], skills=["cold"])
    model.add_client(25, 0, pickup=[3, 0], prize=8, group="either")
    model.add_client(26, 0, pickup=[3, 0], prize=8, group="either")
    problem = model.problem()
    assert problem.capacity.shape == (2, 2)
    assert problem.end_depot.tolist() == [0, -1]
    assert problem.allowed.tolist() == [[True, False, True, True], [True] * 4]
    assert problem.group.tolist() == [-1, -1, 0, 0]
    assert problem.required.tolist() == [True, True, False, False]
    assert problem.max_duration[0] == 90 and problem.max_duration[1] == np.inf
    assert problem.depot_end.tolist() == [100, np.inf]
    result = ck.solve(problem, time_limit=20, stop=ck.MaxIterations(2000))
    assert not problem.check(result.solution)
    assert {1} <= {
        k for r in result.solution.routes if r.vehicle_type == 1 for k in r.visits
    }


def test_the_builder_takes_matrices_by_profile() -> None:
    model = ck.RoutingProblem()
    model.add_depot()
    model.add_client(delivery=1)
    model.add_vehicle_type(1, profile="truck")
    model.add_vehicle_type(1, profile="bike")
    with pytest.raises(InvalidProblemError, match="neither coordinates nor a matrix"):
        model.problem()
    model.set_matrix([[0, 5], [6, 0]], profile="truck")
    with pytest.raises(InvalidProblemError, match="'bike' has no matrix"):
        model.problem()
    model.set_matrix([[0, 3], [4, 0]], [[0, 30], [40, 0]], profile="bike")
    problem = model.problem()
    assert problem.evaluate(plan([0])) == 11
    assert problem.evaluate(plan([0], kind=1)) == 7
    assert problem.duration[0].tolist() == [[0, 5], [6, 0]]
    with pytest.raises(InvalidProblemError, match="one coordinate is missing"):
        model.add_client(3)
    model.add_client(delivery=[1, 2])
    with pytest.raises(InvalidProblemError, match="1 dimensions where others have 2"):
        model.problem()


CORDEAU = """2 2 3 2
0 8
100 9
 1 3 4 5 2 1 4 1 2 4 8
 2 6 8 5 3 1 4 1 2 4 8
 3 0 9 5 4 1 4 1 2 4 8
 4 0 0 0 0 0 0
 5 9 9 0 0 0 0
"""


def test_cordeaus_text(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "p.txt"
    path.write_text(CORDEAU)
    problem = ck.read(path)
    assert problem.size == {"clients": 3, "depots": 2, "vehicle_types": 2}
    assert problem.available.tolist() == [2, 2]
    assert problem.coords[problem.depots].tolist() == [[0, 0], [9, 9]]
    assert problem.capacity[:, 0].tolist() == [8, 9]
    assert problem.max_duration.tolist() == [np.inf, 100]
    # From its own depot, with service times in the duration only.
    assert problem.evaluate(plan([0])) == 10
    assert problem.timetable(ck.Route(0, [0])).duration == 15


TYPES = """//Lines 1:5      : these comments
//Line  6        : customers (N), vehicle types (T), range, service time, LB, BKS
//Lines 7:T+6    : per type: number, capacity, fixed cost, cost per distance unit
 2 2 999999.0 0.0 1 1
 1 5 10 1.0
 3 9 20 1.5
 0 0
 3 4 5
 6 8 4
"""


def test_text_of_vehicle_types(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "v.txt"
    path.write_text(TYPES)
    problem = ck.read(path)
    assert problem.available.tolist() == [1, 3]
    assert problem.max_distance.tolist() == [np.inf, np.inf]
    assert problem.evaluate(plan([0, 1], kind=1)) == 20 + 1.5 * 20


LI_LIM = """3\t9\t1
0 0 0 0 0 200 0 0 0
1 3 4 5 10 40 2 0 2
2 6 8 -5 0 90 2 1 0
"""


def test_text_of_shipments(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "lc.txt"
    path.write_text(LI_LIM)
    problem = ck.read(path)
    assert problem.shipments.tolist() == [[0, 1]]
    assert problem.shipment_load.tolist() == [[5]]
    assert problem.available.tolist() == [3]
    assert problem.depot_end.tolist() == [200]
    # Vehicles count first: 100 is above the 30 of all trips.
    assert problem.evaluate(plan([0, 1])) == 100 + 20
    assert problem.timetable(ck.Route(0, [0, 1])).duration == 24


VROOM = {
    "vehicles": [
        {"id": 1, "start_index": 0, "end_index": 0, "capacity": [4, 9],
         "skills": [1], "time_window": [0, 900], "costs": {"fixed": 50}},
        {"id": 2, "start_index": 0, "end_index": 0, "capacity": [4, 9],
         "skills": [1], "time_window": [0, 900], "costs": {"fixed": 50}},
        {"id": 3, "end_index": 0, "max_tasks": 3, "speed_factor": 2,
         "costs": {"per_hour": 1800, "per_km": 10}},
    ],
    "jobs": [
        {"id": 1, "location_index": 1, "service": 5, "delivery": [1, 2],
         "time_windows": [[0, 100], [300, 400]], "description": "a shop"},
        {"id": 2, "location_index": 2, "pickup": [3], "skills": [1], "priority": 7},
    ],
    "shipments": [
        {"amount": [2], "pickup": {"id": 3, "location_index": 3},
         "delivery": {"id": 4, "location_index": 1, "service": 9}},
    ],
    "matrices": {
        "car": {"durations": [[0, 10, 20, 30], [10, 0, 10, 20],
                              [20, 10, 0, 10], [30, 20, 10, 0]],
                "distances": [[0, 900, 0, 0], [0] * 4, [0] * 4, [0] * 4]},
    },
}  # fmt: skip


def vroom(path, change=lambda data: None):  # type: ignore[no-untyped-def]
    data = json.loads(json.dumps(VROOM))
    change(data)
    path.write_text(json.dumps(data))
    return ck.read(path)


def test_vrooms_json(tmp_path) -> None:  # type: ignore[no-untyped-def]
    problem = vroom(tmp_path / "day.json")
    assert problem.available.tolist() == [2, 1]
    assert problem.shipments.tolist() == [[2, 3]]
    assert problem.shipment_load.tolist() == [[2, 0]]
    assert problem.windows(0)[0].tolist() == [0, 300]
    assert problem.allowed.tolist() == [[True] * 4, [True, False, True, True]]
    assert problem.max_clients.tolist() == [4, 3]
    assert not problem.required.any()
    # Seconds of travel are paid, and by the second type half of each and a cent a
    # metre; that one begins anywhere.
    nobody = problem.evaluate(plan())
    served = problem.prize[0]
    assert problem.evaluate(plan([0])) == nobody - served + 50 + 20
    assert problem.evaluate(plan([0], kind=1)) == nobody - served + 10 / 2 / 2
    assert problem.timetable(ck.Route(1, [0])).duration == 5 + 5
    # One of a higher priority counts more than all others.
    assert problem.prize[1] > problem.prize[[0, 2, 3]].sum() > 1000
    assert problem.check(plan([1, 0])) == []
    result = ck.solve(problem, "sisr", stop=ck.MaxIterations(200))
    assert not problem.unserved(result.solution).size


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.pop("matrices"), "matrices: none"),
        (lambda d: d.pop("vehicles"), "vehicles: there is none"),
        (lambda d: (d.pop("jobs"), d.pop("shipments")), "jobs: there is nothing to do"),
        (lambda d: d["jobs"][0].update(skils=[1]), r"jobs\[0\].skils is not.*'skills'"),
        (lambda d: d["jobs"][0].pop("location_index"), r"jobs\[0\]: no location_index"),
        (lambda d: d["jobs"][0].update(location_index=4), "4 where 3 is the last"),
        (lambda d: d["jobs"][0].update(time_windows=[[5, 1]]), "1 is before 5"),
        (lambda d: d["jobs"][0].update(service=-1), r"jobs\[0\].service: -1"),
        (lambda d: d["jobs"][0].update(delivery=["x"]), r"jobs\[0\].delivery: 'x'"),
        (lambda d: d["shipments"][0].pop("delivery"), r"\[0\].delivery: None where"),
        (lambda d: d["vehicles"][0].update(profile="bike"), "'bike' has no matrix"),
        (lambda d: d["vehicles"][0].update(speed_factor=0), "speed_factor: 0"),
        (lambda d: d["vehicles"][0].update(start_index="x"), "no start_index"),
        (lambda d: d["vehicles"][0].update(skills="x"), "not a list of integers"),
        (lambda d: d["matrices"]["car"].pop("durations"), "car: no durations"),
        (lambda d: d["matrices"]["car"].update(distances=[[0]]), r"sizes \[1, 4\]"),
        (lambda d: d["matrices"]["car"].update(durations=[[0, 1]]), "not square"),
        (lambda d: d["matrices"]["car"].update(durations=[[-1]]), "is negative"),
    ],
)
def test_bad_vroom_json_names_the_path(change, said, tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises((InstanceFormatError, UnsupportedFeatureError), match=said):
        vroom(tmp_path / "day.json", change)


@pytest.mark.parametrize(
    ("text", "old", "new", "said"),
    [
        (LI_LIM, "2 6 8", "3 6 8", "p.txt:4: client 3 where 2 is due"),
        (LI_LIM, "0 90 2 1 0", "0 90 2 0 0", "p.txt:4: pickup 0 and delivery 0"),
        (LI_LIM, "0 90 2 1 0", "0 90 2 9 0", "p.txt:4: pickup 9 and delivery 0"),
        (LI_LIM, "-5", "-4", "p.txt:3: clients 1 and 2 are not of the same goods"),
        (LI_LIM, "2 0 2", "2 0", "p.txt:3: 8 numbers where a client needs 9"),
        (LI_LIM, "3\t9", "0\t9", "p.txt:1: vehicles: 0"),
        (LI_LIM, "3\t9", "3\t4", "shipment 0: it is more than any vehicle carries"),
        (CORDEAU, "2 2 3 2", "1 2 3 2", "a periodic VRP is not supported"),
        (CORDEAU, "2 2 3 2", "2 2 4 2", "p.txt:8: the file ends before depot 2"),
        (CORDEAU, "2 6 8 5 3", "2 6 x 5 3", "p.txt:5: customer 2: not all numbers"),
        (CORDEAU, "1 3 4 5 2", "1 3 4 5 20", "client 0: it is more than any"),
        (TYPES, " 3 9 20 1.5", " 3 9", "p.txt:6: 2 numbers where vehicle type 2"),
        (TYPES, " 3 9 20 1.5", " 2.5 9 2 1", "number of vehicles is not a whole one"),
        (TYPES, " 3 9 20 1.5", " 9e19 9 2 1", r"9e\+19 vehicles are too many"),
    ],
)
def test_bad_texts_name_the_line(text, old, new, said, tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "p.txt"
    assert old in text
    path.write_text(text.replace(old, new))
    format_ = {CORDEAU: "cordeau", TYPES: "fleetmix", LI_LIM: "li-lim"}[text]
    with pytest.raises((InstanceFormatError, UnsupportedFeatureError), match=said):
        ck.read(path, format_)


def test_public_texts_are_read(shared_data) -> None:  # type: ignore[no-untyped-def]
    folder = shared_data / "routing"
    files = [*(folder / "mdvrp" / "cordeau").glob("*.txt")]
    files += (folder / "hvrp").glob("*/*.txt")
    files += (folder / "pdptw").glob("*/*.txt")
    assert len(files) > 50
    for path in files:
        assert ck.read(path).kind == "vrp", path.name


def test_a_row_a_visit() -> None:
    problem = line(
        service=[1, 1, 1], window_client=[1], window_start=[30], window_end=[31]
    )
    rows = problem.stops(plan([0, 1], [2]))
    assert [row["client"] for row in rows] == [0, 1, 2]
    assert rows[1] == {
        "route": 1,
        "vehicle_type": 0,
        "stop": 2,
        "client": 1,
        "distance": 10,
        "arrival": 30,
        "wait": 0,
        "begin": 30,
        "depart": 31,
        "late": 0,
        "load": [0],
        "trip": 1,
        "breaks": [],
    }
    assert problem.stops(plan([2, 0, 1]))[2]["late"] == 61 - 31 + 1


def test_why_somebody_is_not_served() -> None:
    problem = line(
        required=[False] * 3,
        prize=[1, 2, 5],
        group=[-1, -1, -1],
        allowed=[[True, True, False]],
        available=[1],
        max_clients=[1],
    )
    assert problem.reasons(plan([0])) == {
        1: "no route has a place for it: 2 clients where vehicle type 0 may serve 1",
        2: "no vehicle can serve it, even alone: client 2 must not be served by "
        "vehicle type 0",
    }
    dear = line(required=[True, True, False], prize=[0, 0, 7])
    assert dear.reasons(plan([0, 1])) == {2: "it would cost 20, its prize is 7"}
    cheap = line(required=[True, True, False], prize=[0, 0, 70])
    assert cheap.reasons(plan([0, 1])) == {2: "it could be served for 20"}
    either = line(group=[0, 0, -1])
    assert either.reasons(plan([1, 2])) == {0: "another client of group 0 is served"}


def test_a_map_for_other_programs() -> None:
    problem = line()
    found = problem.geojson(plan([0, 1]))["features"]
    assert found[0]["geometry"] == {
        "type": "LineString",
        "coordinates": [[0, 0], [10, 0], [20, 0], [0, 0]],
    }
    served = [f["properties"]["served"] for f in found if "served" in f["properties"]]
    assert served == [True, True, False]
    apart = np.ones((4, 4))
    with pytest.raises(UnsupportedFeatureError, match="no coordinates"):
        line(coords=None, distance=[apart]).geojson(plan([0]))
