"""General two-stage problems: sets, evaluation, checks, JSON, bad input."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mip.robust.tiny import SETS, corners, tiny

import combkit as ck
from combkit.instances.robust import (
    Box,
    Budget,
    Discrete,
    Factor,
    Intersection,
    Polyhedral,
    Stage,
    TwoStage,
)

SEEDS = st.integers(0, 10**6)


def cover(uncertainty=None, **fields):
    """Return a problem of one variable a stage: cover ``2 + u`` by x and y."""
    uncertainty = Box([0.0], [1.0]) if uncertainty is None else uncertainty
    row = Stage([3.0], [[1.0]], row_lower=[2.0])
    fields = {"technology": [[1.0]], "shift": [[-1.0]], **fields}
    return TwoStage(Stage([1.0], upper=[5.0]), row, uncertainty, **fields)


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.sampled_from(SETS), st.booleans(), st.booleans())
def test_json_holds_everything(tmp_path_factory, seed, kind, costs, maximize):
    problem = tiny(
        seed,
        kind,
        integer=costs,
        costs=costs,
        technology=True,
        matrix=costs,
        complete=not costs,
        maximize=maximize,
    )
    path = tmp_path_factory.mktemp("robust") / "p.json"
    ck.write(problem, path)
    again = ck.read(path)
    assert again == problem
    assert again.fingerprint == problem.fingerprint
    assert again.uncertainty.type == problem.uncertainty.type
    assert "Infinity" not in path.read_text()


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.sampled_from(SETS))
def test_sets_know_their_points(seed, kind):
    which = tiny(seed, kind).uncertainty
    points = corners(which)
    for point in points:
        assert which.violations(point) == []
        assert which.violations(point + 100.0) != []
    if kind not in ("binary", "discrete"):
        middle = np.mean(points, axis=0)
        assert which.violations(middle) == []


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.booleans())
def test_evaluation_by_the_definition(seed, maximize):
    """Slopes, spelled out entry by entry, give the same program."""
    problem = tiny(
        seed, "box", costs=True, technology=True, matrix=True, maximize=maximize
    )
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2, problem.first.n).astype(float)
    u = rng.normal(size=problem.uncertainty.dimension)
    program = problem.recourse_program(x, u)
    nx, ny = x.size, problem.recourse.n
    T, W = problem.technology.toarray(), problem.recourse.matrix.toarray()
    for k, value in enumerate(u):
        T = T + value * problem.technology_slopes.toarray()[:, k * nx : (k + 1) * nx]
        W = W + value * problem.recourse_slopes.toarray()[:, k * ny : (k + 1) * ny]
    assert program.A.toarray() == pytest.approx(W)
    moved = T @ x + problem.shift @ u
    assert program.row_lower == pytest.approx(problem.recourse.row_lower - moved)
    cost = problem.recourse.cost + problem.recourse_cost_slopes @ u
    assert program.c == pytest.approx(cost)
    sunk = (problem.first.cost + problem.first_cost_slopes @ u) @ x
    assert program.offset == pytest.approx(sunk)


def test_values_of_one_variable_a_stage():
    problem = cover()
    assert problem.evaluate(ck.FirstStage([2.0], [1.0])) == pytest.approx(5)
    assert problem.evaluate(ck.FirstStage([3.0], [1.0])) == pytest.approx(3)
    assert problem.check(ck.FirstStage([2.0], [1.0])) == []
    assert problem.size == {"first": 1, "recourse": 1, "rows": 1, "uncertain": 1}
    assert problem.sense == "min"


@pytest.mark.parametrize(
    ("x", "u", "reason"),
    [
        ([1.0, 2.0], [0.0], "2 first-stage values for 1"),
        ([1.0], None, "no scenario"),
        ([1.0], [0.0, 0.0], "a scenario of 2 for 1"),
        ([np.nan], [0.0], "not finite"),
        ([6.0], [0.0], "outside"),
        ([1.0], [1.5], "u0"),
    ],
)
def test_solutions_that_are_none(x, u, reason):
    violations = cover().check(ck.FirstStage(x, u))
    assert any(reason in violation for violation in violations)


def test_a_scenario_without_a_reaction_is_named():
    narrow = Stage([3.0], [[1.0]], row_lower=[2.0], upper=[0.5])
    first = Stage([1.0], upper=[5.0])
    problem = TwoStage(first, narrow, Box([0], [1]), technology=[[1.0]])
    assert problem.evaluate(ck.FirstStage([0.0], [0.0])) == np.inf
    assert "no finite reaction" in problem.check(ck.FirstStage([0.0], [0.0]))[0]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Box([0.0], [-1.0]), "empty"),
        (lambda: Box([0.0], [np.inf]), "not finite"),
        (lambda: Box([0.0, 1.0], [1.0]), "shape"),
        (lambda: Budget(0, 1.0), "below 1"),
        (lambda: Budget(2, -1.0), "below 0"),
        (lambda: Budget(3, 1.5, integral=True), "whole deviations"),
        (lambda: Polyhedral([[1.0, 1.0]], [1.0]), "not bounded"),
        (lambda: Polyhedral([[1.0]], [-1.0], [0.0], [1.0]), "empty"),
        (lambda: Polyhedral([[1.0]], [1.0], [2.0], [1.0]), "empty"),
        (lambda: Polyhedral([[np.nan]], [1.0]), "not finite"),
        (lambda: Polyhedral([[1.0]], [1.0], [np.inf], [1.0]), "no bound on this side"),
        (lambda: Factor([0.0], [[1.0, 1.0]], Box([0], [1])), "shape"),
        (lambda: Factor([0.0], [[1.0]], "box"), "not an uncertainty set"),
        (lambda: Discrete(np.zeros((0, 2))), "no scenario"),
        (lambda: Intersection(()), "no set"),
        (lambda: Box([0], [1]) & Box([2], [3]), "empty"),
        (lambda: Box([0], [1]) & Box([0, 0], [1, 1]), "dimensions 1 and 2"),
        (lambda: Stage([1.0], lower=[np.inf]), "no bound on this side"),
        (lambda: Stage([1.0], [[1.0, 2.0]]), "shape"),
        (lambda: Stage([1.0], integrality=[2]), "only 0 and 1"),
        (lambda: Stage([1.0, 2.0], names=["x", "x"]), "twice"),
        (lambda: cover(technology=[[1.0, 2.0]]), "shape"),
        (lambda: cover(shift=[[np.inf]]), "not finite"),
        (lambda: cover(uncertainty=3), "not an uncertainty set"),
        (lambda: TwoStage(first=Stage([1.0])), "missing"),
        (lambda: cover(Box([], []), shift=None), "no uncertain parameter"),
    ],
)
def test_bad_input_is_named(make, reason):
    with pytest.raises(ck.InvalidProblemError, match=reason):
        make()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"uncertainty": {"type": "bugdet", "size": 1, "budget": 1}}, "budget"),
        ({"uncertainty": {"type": "box", "lower": [2], "upper": [1]}}, "empty"),
        ({"uncertainty": [1, 2]}, "not an uncertainty set"),
        ({"first": {"type": "stage"}}, '"cost" of a stage is missing'),
        ({"first": {"type": "stage", "cost": [1], "costs": [1]}}, "costs"),
        ({"shifts": [[1]]}, "shift"),
    ],
)
def test_bad_files_are_named(tmp_path, change, reason):
    path = tmp_path / "p.json"
    ck.write(cover(), path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ck.InstanceFormatError, match=reason):
        ck.read(path)


def test_generated_instances():
    problem = ck.generate("robust", 7, seed=3, customers=4, budget=2)
    assert problem == ck.generate("robust", 7, seed=3, customers=4, budget=2)
    assert problem != ck.generate("robust", 7, seed=4, customers=4, budget=2)
    assert problem.size == {"first": 14, "recourse": 28, "rows": 11, "uncertain": 4}
    with pytest.raises(ck.UsageError, match="customers"):
        ck.generate("robust", 7, seed=3, customers=0)


CAPITAL = """7 2 1 4.5 9
# costs, then profits
3 4

1 2
0.5
0.2
1
0.7
"""


def test_capital_budgeting_text(tmp_path):
    path = tmp_path / "x.cb"
    path.write_text(CAPITAL)
    problem = ck.read(path)
    assert problem.kind == "robust"
    assert problem.sense == "max"
    u = np.array([0.5])
    # Costs are 3.375 and 4.2, profits 1.25 and 2.35: only one of them fits.
    waits = problem.evaluate(ck.FirstStage([0, 0], u))
    assert waits == pytest.approx(0.8 * 2.35)
    assert problem.evaluate(ck.FirstStage([0, 1], u)) == pytest.approx(2.35)
    assert problem.evaluate(ck.FirstStage([1, 1], u)) == -np.inf
    ck.write(problem, tmp_path / "x.json")
    assert ck.read(tmp_path / "x.json") == problem


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("7 2 1 4.5 9", "7 2 1 4.5", "4 numbers"),
        ("7 2 1", "7 2.5 1", "2.5 projects"),
        ("3 4\n", "3 4 5\n", "3 numbers where 2"),
        ("0.7\n", "", "5 lines of data, not 6"),
        ("0.7\n", "x\n", "x"),
        ("3 4\n", "3 -4\n", "below 0"),
    ],
)
def test_bad_capital_budgeting_text(tmp_path, before, after, reason):
    path = tmp_path / "x.cb"
    path.write_text(CAPITAL.replace(before, after, 1))
    with pytest.raises(ck.InstanceFormatError, match=reason):
        ck.read(path, "capital-budgeting")


def test_published_capital_budgeting(shared_data):
    paths = sorted((shared_data / "robust" / "cb").glob("CB_*"))
    assert len(paths) == 50
    for path in paths:
        problem = ck.read(path)
        n = int(path.name.split("_")[1][1:])
        assert problem.size["first"] == problem.size["recourse"] == n
        assert problem.size["uncertain"] == 4


def test_generated_capital_budgeting():
    problem = ck.generate("robust", 6, seed=1, family="capital-budgeting")
    assert problem == ck.generate("robust", 6, seed=1, family="capital-budgeting")
    assert problem.size == {"first": 6, "recourse": 6, "rows": 7, "uncertain": 4}
    with pytest.raises(ck.UsageError, match="did you mean 'capital-budgeting'"):
        ck.generate("robust", 6, seed=1, family="capital-budgetting")
    with pytest.raises(ck.UsageError, match="neither customers"):
        ck.generate("robust", 6, seed=1, family="capital-budgeting", customers=2)
