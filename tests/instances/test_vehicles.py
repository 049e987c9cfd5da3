"""OVRP and VRPTW: what they mean, what they refuse, how they are read and written."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from combkit.comb.solve import solve
from combkit.instances.errors import (
    InstanceFormatError,
    InvalidProblemError,
    UnsupportedFeatureError,
    UsageError,
)
from combkit.instances.formats import read, read_solution, write, write_solution
from combkit.instances.generators import generate
from combkit.instances.ovrp import OVRP
from combkit.instances.solutions import Routes
from combkit.instances.vrptw import VRPTW

LINE = [[0, 0], [3, 4], [6, 8], [0, 5]]
SOLOMON = """\
tiny

VEHICLE
NUMBER     CAPACITY
  2         10

CUSTOMER
CUST NO.  XCOORD.   YCOORD.    DEMAND   READY TIME  DUE DATE   SERVICE   TIME

    0      0          0          0          0         40          0
    1      1          1          4          0         30          2
    2      2          2          6         10         20          2.5
"""


def timed(**fields: Any) -> VRPTW:
    given = {"ready": [0, 5, 20, 0], "due": [60, 9, 30, 50], "service_time": 2}
    return VRPTW(LINE, [0, 2, 3, 1], 5, **{**given, **fields})


class TestOpen:
    def test_routes_end_at_their_last_customer(self) -> None:
        problem = OVRP(LINE, [0, 2, 3, 1], 5, max_distance=10)
        assert problem.evaluate(Routes([[1, 2], [], [3]])) == 5 + 5 + 5
        assert problem.evaluate(Routes([])) == 0.0
        assert problem.check(Routes([[1, 2], [3]])) == []
        (late,) = problem.check(Routes([[3], [2, 1]]))
        assert late.startswith("route 2: length 15 ")

    def test_direction_counts(self) -> None:
        problem = OVRP(LINE, [0, 2, 3, 0], 5)
        assert problem.evaluate(Routes([[2, 1]])) == 15.0

    def test_another_kind_is_another_problem(self) -> None:
        closed, opened = (generate(kind, 20, seed=1) for kind in ("cvrp", "ovrp"))
        assert closed.fingerprint != opened.fingerprint
        assert (closed.demands == opened.demands).all()


class TestWindows:
    def test_early_vehicles_wait(self) -> None:
        problem = timed()
        assert problem.check(Routes([[1, 2], [3]])) == []
        assert problem.evaluate(Routes([[1, 2], [3]])) == 5 + 5 + 10 + 10

    def test_late_vehicles_are_told_where(self) -> None:
        faults = timed().check(Routes([[3], [2, 1]]))
        assert faults == ["route 2: comes to customer 1 at 27, after 9"]
        faults = timed(due=[31, 9, 19.9, 50], ready=[0, 5, 19, 0]).check(
            Routes([[1, 2], [3]])
        )
        assert faults == []
        late = timed(due=[31, 9, 19, 50], ready=[0, 5, 19, 20]).check(
            Routes([[1, 2, 3]])
        )
        assert late[-1].endswith("comes to the depot at 34.7082039324994, after 31")

    def test_service_may_end_after_the_window(self) -> None:
        problem = VRPTW(
            [[0, 0], [3, 4]], [0, 1], 1, ready=0, due=[99, 5], service_time=50
        )
        assert problem.check(Routes([[1]])) == []

    def test_vehicles_may_come_first(self) -> None:
        problem = timed(objective="vehicles-distance")
        one, two = Routes([[1, 3, 2]]), Routes([[1, 3], [2]])
        cost = problem.vehicle_cost
        assert cost == 100.0
        assert problem.evaluate(two) - 2 * cost < problem.evaluate(one)
        assert "vehicles (100 each)" in problem.convention

    @pytest.mark.parametrize("metric", ["euclidean", "EUC_2D", "MAN_2D"])
    def test_a_vehicle_costs_more_than_any_routes(self, metric: str) -> None:
        problem = generate("vrptw", 30, seed=1, metric=metric).under(
            "vehicles-distance"
        )
        everyone = np.random.default_rng(1).permutation(30) + 1
        alone = problem.evaluate(Routes([[c] for c in everyone]))
        assert alone - 30 * problem.vehicle_cost < problem.vehicle_cost
        assert problem.evaluate(Routes([everyone])) < 2 * problem.vehicle_cost

    def test_truncated_distances(self) -> None:
        problem = VRPTW(
            [[0, 0], [1, 1], [2, 3]], [0, 1, 1], 2, ready=0, due=99, decimals=1
        )
        assert problem.distance(0, [1, 2]).tolist() == [1.4, 3.6]
        assert problem.distances()[1, 2] == 2.2
        assert problem.evaluate(Routes([[1, 2]])) == 7.2
        assert "truncated to 1 decimals" in problem.convention

    def test_truncated_matrix(self) -> None:
        matrix = np.array([[0, 0.39], [0.3, 0]])
        problem = VRPTW(
            demands=[0, 1], capacity=2, matrix=matrix, ready=0, due=9, decimals=1
        )
        assert problem.distances().tolist() == [[0, 0.3], [0.3, 0]]

    def test_the_usual_conventions(self) -> None:
        problem = timed(decimals=1)
        first = problem.under("vehicles-distance")
        assert (first.objective, first.decimals) == ("vehicles-distance", None)
        assert problem.under("distance") is problem
        same, rest = problem.adapted({"hot": 1.0})
        assert same is problem
        assert rest == {"hot": 1.0}
        assert problem.adapted({"objective": "vehicles-distance"}) == (first, {})
        with pytest.raises(UsageError, match="objective: 'vehicles' is unknown"):
            problem.under("vehicles")

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"ready": [0, 10, 20, 0]}, r"due\[1\] = 9 is before ready\[1\] = 10"),
            ({"ready": [0, 5, -1, 0]}, r"ready\[2\] = -1"),
            (
                {"ready": [0, 0, 20, 0], "due": [60, 4, 30, 50]},
                "customer 1 cannot be reached in time",
            ),
            ({"due": [31, 9, 30, 50]}, "customer 2 lets no vehicle be back in time"),
            ({"due": [60, np.nan, 30, 50]}, r"due\[1\] = nan"),
            ({"due": [60, 9, 30]}, "due: shape"),
            ({"service_time": -1}, "service_time"),
            ({"objective": "time"}, "objective: 'time' is unknown"),
            ({"decimals": -1}, "decimals: -1"),
        ],
    )
    def test_impossible_data(self, fields: dict[str, Any], reason: str) -> None:
        with pytest.raises(InvalidProblemError, match=reason):
            timed(**{"ready": [0, 5, 20, 0], **fields})


class TestFiles:
    def test_solomon(self, tmp_path: Path) -> None:
        path = tmp_path / "tiny.txt"
        path.write_text(SOLOMON)
        problem = read(path)
        assert (problem.kind, problem.name, problem.n) == ("vrptw", "tiny", 2)
        assert (problem.vehicles, problem.capacity, problem.decimals) == (2, 10, 1)
        assert problem.due.tolist() == [40, 30, 20]
        assert problem.service.tolist() == [0, 2, 2.5]
        again = tmp_path / "again.txt"
        write(problem, again)
        assert read(again) == problem

    @pytest.mark.parametrize(
        ("old", "new", "reason"),
        [
            ("    2      2          2", "    3      2          2", "node 3 where 2"),
            ("20          2.5", "20", "6 numbers where 7"),
            ("20          2.5", "5          2.5", "line 12|before ready"),
            ("  2         10", "  2", "1 numbers where 2"),
            ("  2         10", "  2.5       10", "2.5 vehicles"),
            ("  2         10", "  2         5", "exceeds the capacity"),
            ("  2         10", "  x         5", "not all numbers"),
            ("CUSTOMER", "CLIENT", "no line CUSTOMER"),
        ],
    )
    def test_bad_solomon(self, tmp_path: Path, old: str, new: str, reason: str) -> None:
        path = tmp_path / "bad.txt"
        assert old in SOLOMON
        path.write_text(SOLOMON.replace(old, new))
        with pytest.raises(InstanceFormatError, match=reason):
            read(path)

    def test_solomon_cut_off_anywhere(self, tmp_path: Path) -> None:
        path = tmp_path / "cut.txt"
        ends = [k for k, letter in enumerate(SOLOMON) if letter == "\n"]
        for end in ends[3:-2]:
            path.write_text(SOLOMON[:end])
            with pytest.raises(InstanceFormatError):
                read(path, "solomon")

    def test_solomon_has_no_word_for_the_objective(self, tmp_path: Path) -> None:
        problem = timed(objective="vehicles-distance")
        for name in ("x.txt", "x.vrp"):
            with pytest.raises(UnsupportedFeatureError, match="vehicles"):
                write(problem, tmp_path / name)

    @pytest.mark.parametrize("suffix", ["vrp", "json"])
    @pytest.mark.parametrize("kind", ["ovrp", "vrptw"])
    @pytest.mark.parametrize("metric", ["euclidean", "EUC_2D"])
    def test_round_trip(
        self, tmp_path: Path, kind: str, suffix: str, metric: str
    ) -> None:
        problem = generate(kind, 20, seed=5, metric=metric)
        path = tmp_path / f"file.{suffix}"
        write(problem, path)
        assert read(path) == problem
        routes = Routes([[k] for k in range(1, 21)])
        write_solution(problem, routes, tmp_path / "file.sol")
        again = read_solution(tmp_path / "file.sol", problem)
        assert again.to_dict() == routes.to_dict()

    def test_json_keeps_the_convention(self, tmp_path: Path) -> None:
        problem = timed(decimals=2).under("vehicles-distance")
        write(problem, tmp_path / "file.json")
        assert read(tmp_path / "file.json") == problem

    def test_windows_belong_to_vrptw(self, tmp_path: Path) -> None:
        path = tmp_path / "file.vrp"
        write(generate("vrptw", 5, seed=1), path)
        text = path.read_text()
        path.write_text(text.replace("TYPE : VRPTW", "TYPE : CVRP"))
        with pytest.raises(InstanceFormatError, match="TIME_WINDOW_SECTION in a CVRP"):
            read(path)
        start, end = text.index("TIME_WINDOW"), text.index("DEPOT_SECTION")
        path.write_text(text[:start] + text[end:])
        with pytest.raises(InstanceFormatError, match="TIME_WINDOW_SECTION"):
            read(path)


class TestGenerators:
    @pytest.mark.parametrize("metric", ["euclidean", "EUC_2D"])
    def test_windows_are_as_asked(self, metric: str) -> None:
        problem = generate("vrptw", 400, seed=1, width=0.2, share=0.5, metric=metric)
        far = problem.distance(0, np.arange(401)).max()
        half = problem.ready[1:] > 0
        assert 0.4 < half.mean() < 0.6
        widths = (problem.due - problem.ready)[1:][half] / far
        assert 0.15 < widths.mean() < 0.22
        assert problem == generate(
            "vrptw", 400, seed=1, width=0.2, share=0.5, metric=metric
        )
        assert problem.check(Routes([[k] for k in range(1, 401)])) == []

    @pytest.mark.parametrize(
        "bad", [{"width": -1}, {"share": 1.5}, {"horizon": 2}, {"objective": "x"}]
    )
    def test_impossible_parameters(self, bad: dict[str, Any]) -> None:
        with pytest.raises(UsageError, match=next(iter(bad))):
            generate("vrptw", 5, seed=1, **bad)


def test_published_solomon_solutions(shared_data: Path) -> None:
    folder = shared_data / "routing" / "vrptw"
    if not (folder / "solomon_sol").is_dir():
        pytest.skip("the Solomon solutions are not in the data folder")
    costs = []
    for path in sorted((folder / "solomon_sol").glob("*.sol")):
        problem = read(folder / "solomon" / f"{path.stem}.txt")
        solution = read_solution(path, problem)
        assert problem.check(solution) == []
        stated = [line for line in path.read_text().splitlines() if "ost" in line]
        costs.append(problem.evaluate(solution))
        if stated:
            assert costs[-1] == float(stated[0].split()[-1])
    assert len(costs) == len(list((folder / "solomon").glob("*.txt")))


def test_every_result_tells_its_convention() -> None:
    problem = generate("vrptw", 10, seed=1)
    result = solve(problem, "savings")
    assert result.extra["convention"] == problem.convention
    assert result.extra["vehicles"] == len(result.solution.routes)
    assert result.extra["distance"] == pytest.approx(result.objective)
