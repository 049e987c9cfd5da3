"""Tours and routes as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from combkit.instances.cvrp import CVRP
from combkit.instances.errors import InstanceFormatError, UnsupportedFeatureError
from combkit.instances.formats import (
    read_solution,
    stated_objective,
    write_solution,
)
from combkit.instances.solutions import Routes, Tour
from combkit.instances.tsp import TSP

Save = Callable[..., Path]

TOUR_TEXT = """NAME : t
COMMENT : Optimum tour (Length 20)
TYPE : TOUR
DIMENSION : 3
TOUR_SECTION
2 3
1
-1
EOF
"""
SOL_TEXT = "Route #1: 1 2\nRoute #2: 3\nCost 30\n"


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def save(text: str, name: str = "file.txt") -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return save


@pytest.fixture
def triangle() -> TSP:
    return TSP([[0, 0], [3, 4], [6, 8]], metric="EUC_2D")


@pytest.fixture
def small() -> CVRP:
    return CVRP([[0, 0], [3, 4], [6, 8], [0, 5]], [0, 2, 3, 1], 5, metric="EUC_2D")


def test_tour(save: Save, triangle: TSP) -> None:
    path = save(TOUR_TEXT)
    assert read_solution(path, triangle) == Tour([1, 2, 0])
    assert stated_objective(path, triangle) == 20.0
    for comment, stated in (("Length = 7.5", 7.5), ("length:8", 8.0), ("(1995)", None)):
        path = save(TOUR_TEXT.replace("Optimum tour (Length 20)", comment))
        assert stated_objective(path, triangle) == stated


def test_tours_are_read_without_judgement(save: Save, triangle: TSP) -> None:
    tour = read_solution(save(TOUR_TEXT.replace("2 3\n1", "2 9\n2")), triangle)
    assert len(triangle.check(tour)) == 4


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("2 3", "2 x", 6, "'x' in TOUR_SECTION is not an integer"),
        ("2 3", "2 3.0", 6, "'3.0' in TOUR_SECTION is not an integer"),
        ("2 3", "2 " + "9" * 30, 6, "is not an integer"),
        ("-1\nEOF\n", "", 7, "TOUR_SECTION ends without -1"),
        ("-1\n", "-1\n1 2 3\n", 9, "'1' after the -1"),
        ("TOUR_SECTION\n2 3\n1\n-1\n", "", 5, "TOUR_SECTION is missing"),
    ],
)
def test_bad_tour(
    save: Save, triangle: TSP, old: str, new: str, line: int, reason: str
) -> None:
    with pytest.raises(InstanceFormatError, match=reason) as caught:
        read_solution(save(TOUR_TEXT.replace(old, new)), triangle)
    assert caught.value.line == line


@pytest.mark.parametrize(
    "text",
    [
        SOL_TEXT,
        SOL_TEXT.lower().replace("cost", "cost:"),
        SOL_TEXT.replace("#", " ").replace("Cost", "COST ="),
        "\n" + SOL_TEXT.replace(": ", ":\t") + "Time 3.5\n",
        SOL_TEXT.replace("\n", "\r\n"),
    ],
)
def test_sol(save: Save, small: CVRP, text: str) -> None:
    path = save(text, "small.sol")
    assert read_solution(path, small) == Routes([[1, 2], [3]])
    assert stated_objective(path, small) == 30.0


def test_sol_without_cost(save: Save, small: CVRP) -> None:
    assert stated_objective(save("Route #1: 1\n", "x.sol"), small) is None


def test_sol_of_a_tour_starts_at_the_first_city(save: Save, triangle: TSP) -> None:
    path = save("Route #1: 2 1\nCost 20")
    assert read_solution(path, triangle) == Tour([0, 2, 1])
    with pytest.raises(InstanceFormatError, match="2 routes where a tour is one"):
        read_solution(save(SOL_TEXT), triangle)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (SOL_TEXT.replace("3\n", "3 x\n"), 2, "'x' in a route is not an integer"),
        (SOL_TEXT + "1 2 3\n", 4, "'1 2 3' is not a route"),
    ],
)
def test_bad_sol(save: Save, small: CVRP, text: str, line: int, reason: str) -> None:
    with pytest.raises(InstanceFormatError, match=reason) as caught:
        read_solution(save(text), small)
    assert caught.value.line == line


def test_bad_cost(save: Save, small: CVRP) -> None:
    with pytest.raises(InstanceFormatError, match="cost 'inf' is not a number"):
        stated_objective(save(SOL_TEXT.replace("30", "inf"), "x.sol"), small)


def test_written_solutions_read_back(tmp_path: Path, triangle: TSP) -> None:
    tour, path = Tour([2, 0, 1]), tmp_path / "a.tour"
    write_solution(triangle, tour, path)
    assert read_solution(path, triangle) == tour
    assert stated_objective(path, triangle) == 20.0
    path = tmp_path / "a.sol"
    write_solution(triangle, tour, path)
    assert path.read_text() == "Route #1: 1 2\nCost 20\n"
    assert read_solution(path, triangle) == Tour([0, 1, 2])


def test_written_routes_leave_out_empty_ones(tmp_path: Path) -> None:
    problem = CVRP([[0, 0], [0.5, 0], [0.25, 0]], [0, 1, 1], 2)
    path = tmp_path / "a.sol"
    write_solution(problem, Routes([[2], [], [1]]), path)
    assert path.read_text() == "Route #1: 2\nRoute #2: 1\nCost 1.5\n"


def test_a_tour_without_the_first_city_has_no_sol_form(
    tmp_path: Path, triangle: TSP
) -> None:
    path = tmp_path / "a.sol"
    with pytest.raises(UnsupportedFeatureError, match="without city 0"):
        write_solution(triangle, Tour([1, 2]), path)
    assert not path.exists()
