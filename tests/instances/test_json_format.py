"""combkit JSON: instances and solutions of every kind that it holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from combkit.instances.cvrp import CVRP
from combkit.instances.errors import InstanceFormatError, UsageError
from combkit.instances.formats import json_format as text
from combkit.instances.formats import (
    read,
    read_solution,
    stated_objective,
    write,
    write_solution,
)
from combkit.instances.jobshop import JobShop
from combkit.instances.knapsack import Knapsack
from combkit.instances.mip import MIP
from combkit.instances.problem import Problem
from combkit.instances.solutions import (
    Routes,
    Schedule,
    Selection,
    Solution,
    Tour,
    Values,
)
from combkit.instances.source import Source
from combkit.instances.tsp import ATSP, TSP

RNG = np.random.default_rng(1)
POINTS = RNG.random((6, 2)) * 1e6
WHOLE = RNG.integers(1, 99, (6, 6))

PROBLEMS: list[Problem] = [
    TSP(POINTS, name="points", comment="two\nlines"),
    TSP(POINTS.round(), metric="EUC_2D", fixed_edges=[[0, 1], [2, 3]]),
    TSP(matrix=WHOLE + WHOLE.T, display=POINTS),
    TSP(matrix=(WHOLE + WHOLE.T) / 7),
    ATSP(WHOLE),
    ATSP(WHOLE / 7),
    CVRP(
        POINTS,
        demands=[0, 1, 2, 3, 4, 5],
        capacity=6,
        max_distance=1e7 / 3,
        service_time=0.1,
        vehicles=5,
    ),
    CVRP(matrix=WHOLE, demands=[0, 1, 2, 3, 4, 5.5], capacity=6.5),
    JobShop([[0, 1, 0], [1]], [[1, 2, 0], [3]]),
    Knapsack([1, 2, 3], [3, 4, 5], 7),
    Knapsack([0.1, 2, 3], [3, 4, 5.5], 7.25),
]

SOLUTIONS: list[tuple[Problem, Solution, set[str]]] = [
    (PROBLEMS[0], Tour([2, 1, 0, 5, 4, 3]), {"tour"}),
    (PROBLEMS[4], Tour([0, 1, 2, 3, 4, 5]), {"tour"}),
    (PROBLEMS[6], Routes([[1, 2, 3], [5], [4]]), {"routes"}),
    (PROBLEMS[8], Schedule([[0, 1, 3], [3]]), {"starts"}),
    (PROBLEMS[9], Selection([2]), {"selected"}),
    (
        MIP([1, 2, 3], [[1, 1, 1]], [1], [5], 0, 9, [1, 0, 1], col_names=list("abc")),
        Values([0, 2.5, 1]),
        {"values"},
    ),
]


def name_of(value: Any) -> str:
    return value.kind if isinstance(value, Problem) else ""


def file(folder: Path, content: str) -> Source:
    path = folder / "instance.json"
    path.write_text(content)
    return Source(path)


@pytest.mark.parametrize("problem", PROBLEMS, ids=name_of)
def test_instances_round_trip_exactly(problem: Problem, tmp_path: Path) -> None:
    path = tmp_path / "copy.json.gz"
    write(problem, path)
    copy = read(path)
    assert copy == problem
    assert copy.fingerprint == problem.fingerprint
    assert (copy.name, copy.comment) == (problem.name or "copy", problem.comment)
    if (display := getattr(problem, "display", None)) is not None:
        np.testing.assert_array_equal(copy.display, display)  # type: ignore[attr-defined]


@given(
    profits=st.lists(st.floats(0, 1e15), min_size=1, max_size=5),
    capacity=st.floats(1e-300, 1e300),
)
def test_floats_are_exact(
    profits, capacity, tmp_path_factory: pytest.TempPathFactory
) -> None:
    problem = Knapsack(profits, profits, capacity)
    path = tmp_path_factory.mktemp("json") / "x.json"
    write(problem, path)
    assert read(path) == problem


@pytest.mark.parametrize(("problem", "solution", "keys"), SOLUTIONS, ids=name_of)
def test_solutions_round_trip(
    problem: Problem, solution: Solution, keys: set[str], tmp_path: Path
) -> None:
    path = tmp_path / "solution.json"
    write_solution(problem, solution, path)
    data = json.loads(path.read_text())
    assert set(data) == keys | {"objective"}
    assert data["objective"] == problem.evaluate(solution)
    found = read_solution(path, problem)
    assert problem.encode(found) == problem.encode(solution)
    assert stated_objective(path, problem) == data.pop("objective")
    path.write_text(json.dumps(data))
    assert problem.encode(read_solution(path, problem)) == problem.encode(solution)
    assert stated_objective(path, problem) is None


KP = '{"format": "combkit-1", "kind": "kp"'


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ("{", 1, "not JSON"),
        ('{\n"a": 1,\n}', 3, "not JSON"),
        ("[1]", 1, "not a JSON object"),
        ("{}", None, "'combkit-1' is needed"),
        ('{\n"format": "combkit-9"}', 2, "'combkit-9'"),
        ('{"format": "combkit-1"}', None, '"kind": None'),
        ('{"format": "combkit-1",\n"kind": "cvpr"}', 2, "did you mean 'cvrp'"),
        ('{"format": "combkit-1", "kind": ["kp"]}', 1, '"kind"'),
        (KP + ',\n"profit": [1]}', 2, "did you mean 'profits'"),
        (KP + ', "profits": [1], "weights": [1]}', None, '"capacity"'),
        (KP + ',\n"kind": "kp"}', 1, '"kind" is given twice'),
        (KP + ', "profits": [NaN]}', None, "NaN is not a number"),
        (KP + ', "profits": [-Infinity]}', None, "-Infinity"),
        (KP + ', "profits": [' + "9" * 5000 + "]}", None, "4300 digits"),
        ("[" * 100_000, None, "nested too deep"),
        (KP + ', "name": 3}', None, '"profits"'),
        (
            KP + ',\n"profits": [1],\n"weights": ["1"], "capacity": 1}',
            3,
            "not an array of numbers",
        ),
        (
            KP + ',\n"profits": [1], "weights": [-1], "capacity": 1}',
            2,
            "weights[0] = -1 is below 0",
        ),
        (
            KP + ',\n"profits": {"a": 1}, "weights": [1], "capacity": 1}',
            2,
            '"profits" is an object',
        ),
        (
            KP + ', "profits": [1], "weights": [1], "capacity": 1, "name": 3}',
            1,
            '"name" is not a text',
        ),
        (
            '{"format": "combkit-1", "kind": "jsp", "machines": [[null]], '
            '"durations": [[1]]}',
            1,
            "not finite",
        ),
        (
            '{"format": "combkit-1", "kind": "tsp", "coords": [[0, 0], [1, 1], '
            '[2, 0]], "metric": 3}',
            None,
            "tsp",
        ),
    ],
)
def test_refuses_bad_instances(
    content: str, line: int | None, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(InstanceFormatError) as caught:
        text.read(file(tmp_path, content))
    assert reason in caught.value.reason
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"tours": [0]}', "did you mean 'tour'"),
        ('{"objective": 3}', "tour: missing"),
        ('{"tour": [0.5]}', "not a list of integers"),
        ('{"tour": {"a": 1}}', "not a list of integers"),
        ('{"tour": null}', "not a list of integers"),
        ('{"tour": [[0]]}', "not a list of integers"),
    ],
)
def test_refuses_bad_solutions(content: str, reason: str, tmp_path: Path) -> None:
    path = file(tmp_path, content).path
    with pytest.raises(InstanceFormatError, match=reason):
        read_solution(path, PROBLEMS[0])


@pytest.mark.parametrize("value", ['"3"', "true", "[3]", "{}"])
def test_refuses_an_objective_that_is_no_number(value: str, tmp_path: Path) -> None:
    path = file(tmp_path, f'{{"tour": [0],\n"objective": {value}}}').path
    with pytest.raises(InstanceFormatError, match=':2: "objective" is not a number'):
        stated_objective(path, PROBLEMS[0])


def test_a_mip_is_not_written_as_json(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no format of mip has the suffix '\.json'"):
        write(SOLUTIONS[-1][0], tmp_path / "x.json")


def test_content_wins_over_the_suffix(tmp_path: Path) -> None:
    write(PROBLEMS[9], tmp_path / "x.json")
    path = (tmp_path / "x.json").rename(tmp_path / "x.tsp")
    assert read(path) == PROBLEMS[9]
