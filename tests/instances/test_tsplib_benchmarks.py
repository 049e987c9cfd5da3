"""Every public TSPLIB and CVRPLIB file, and every published solution."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from combkit.instances.errors import UnsupportedFeatureError
from combkit.instances.formats import read, read_solution, stated_objective, write
from combkit.instances.solutions import Tour
from combkit.instances.tsp import TSP

#: Every k-th file by default, all of them in the slow run.
SAMPLE = pytest.mark.parametrize("k", [6, pytest.param(1, marks=pytest.mark.slow)])

#: CVRPLIB solution files that are wrong as published.
WRONG = {
    "B-n50-k8": "customer 2 is visited 2 times",
    "B-n57-k7": "1155, stated 1153",
    "E-n30-k3": "537, stated 534",
    "XML100_1371_11": "customer 98 is visited 2 times",
    "XML100_2271_25": "customer 45 is visited 2 times",
    "XML100_3371_07": "customer 99 is visited 2 times",
}


@pytest.fixture(scope="session")
def routing(shared_data: Path) -> Path:
    return shared_data / "routing"


@pytest.fixture(scope="session")
def published(routing: Path) -> dict[str, float]:
    with (routing / "best_known.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    kinds = ("TSP", "ATSP", "CVRP")
    return {r["file"]: float(r["best_known"]) for r in rows if r["problem"] in kinds}


def instances(routing: Path) -> list[Path]:
    patterns = (
        "tsplib/**/*.tsp",
        "tsplib/atsp/*.atsp",
        "tsplib/vrp/*.vrp",
        "cvrplib/*/Instances/*.vrp",
    )
    return sorted(file for pattern in patterns for file in routing.glob(pattern))


def judge(instance: Path, solution: Path) -> str:
    """Return what is wrong with a published solution, "" if nothing is."""
    problem = read(instance)
    found = read_solution(solution, problem)
    if violations := problem.check(found):
        return violations[0]
    value, stated = problem.evaluate(found), stated_objective(solution, problem)
    assert stated is not None
    # The unrounded sets state one decimal or more; the last ones vary with the
    # rounding of coordinates.
    few = round(stated, 1) == stated
    slack = 0.0 if problem.integral else 0.05 if few else 0.01
    return "" if abs(value - stated) <= slack else f"{value:g}, stated {stated:g}"


@SAMPLE
def test_every_instance_reads_and_round_trips(
    routing: Path, tmp_path: Path, k: int
) -> None:
    files = instances(routing)
    assert len(files) > 500
    for file in files[::k]:
        if file.name == "gil262.vrp":
            with pytest.raises(UnsupportedFeatureError, match="13 depots"):
                read(file)
            continue
        problem = read(file)
        copy = tmp_path / file.name
        write(problem, copy)
        assert read(copy) == problem, file


@SAMPLE
def test_cvrplib_solutions(routing: Path, published: dict[str, float], k: int) -> None:
    solutions = sorted(routing.glob("cvrplib/*/Solutions/*.sol"))
    assert len(solutions) > 400
    verdicts = {}
    for i, solution in enumerate(solutions):
        if i % k and solution.stem not in WRONG:
            continue
        instance = solution.parent.parent / "Instances" / f"{solution.stem}.vrp"
        if verdict := judge(instance, solution):
            verdicts[solution.stem] = verdict
        stated = stated_objective(solution, read(instance))
        best = published[str(instance.relative_to(routing))]
        assert stated == pytest.approx(best, abs=0.01)
    assert verdicts == WRONG


def test_optimal_tours(routing: Path, published: dict[str, float]) -> None:
    tours = sorted(routing.glob("tsplib/tsp/*.opt.tour"))
    assert len(tours) > 20
    for file in tours:
        instance = file.with_name(file.name.replace(".opt.tour", ".tsp"))
        problem = read(instance)
        tour = read_solution(file, problem)
        assert problem.check(tour) == []
        assert problem.evaluate(tour) == published[str(instance.relative_to(routing))]


@SAMPLE
def test_long_tours(routing: Path, published: dict[str, float], k: int) -> None:
    """Near-optimal tours of LKH, as .sol with an implied first city."""
    checked = 0
    for file in sorted(routing.glob("pyvrp/TSP_tours/*.sol"))[::k]:
        instance = routing / "tsplib" / "tsp" / f"{file.stem}.tsp"
        if instance.exists():
            assert judge(instance, file) == ""
            stated = stated_objective(file, read(instance))
            best = published[str(instance.relative_to(routing))]
            assert stated is not None
            assert best <= stated <= 1.005 * best
            checked += 1
    assert checked > 0


def test_fixed_edge_of_linhp318(routing: Path) -> None:
    problem = read(routing / "tsplib" / "tsp" / "linhp318.tsp")
    assert problem.fixed_edges.tolist() == [[0, 213]]
    tour = Tour(range(318))
    assert problem.check(tour) == ["fixed edge 0-213 is not in the tour"]
    assert TSP(problem.coords, metric=problem.metric).check(tour) == []


def test_real_zero_arcs_survive(routing: Path) -> None:
    zeros = {"br17": 36, "p43": 60, "rbg323": 4605}
    for name, count in zeros.items():
        matrix = read(routing / "tsplib" / "atsp" / f"{name}.atsp").distances()
        assert (matrix == 0).sum() - len(matrix) == count


def test_other_problems_are_refused_by_name(routing: Path) -> None:
    others = [*routing.glob("tsplib/sop/*.sop"), *routing.glob("tsplib/hcp/*.hcp")]
    others += routing.glob("pyvrp/*/*.vrp")
    others = [file for file in others if file.parent.name != "VRPTW"]
    assert len(others) > 50
    for file in others:
        kind = re.search(r"TYPE\s*:\s*(\w+)", file.read_text(errors="replace"))
        assert kind is not None
        with pytest.raises(UnsupportedFeatureError, match=f"TYPE {kind[1]} "):
            read(file, "tsplib")
