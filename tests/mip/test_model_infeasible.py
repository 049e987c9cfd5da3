"""Conflicts and relaxations of infeasible models, against SciPy's solver."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from combkit.instances.errors import UsageError
from combkit.mip.modelling import Model


def feasible(problem, parts, integral):
    """Whether some sides of a problem have a solution, by SciPy."""
    ends = {
        ("row", ">="): np.full(problem.m, -np.inf),
        ("row", "<="): np.full(problem.m, np.inf),
        ("variable", ">="): np.full(problem.n, -np.inf),
        ("variable", "<="): np.full(problem.n, np.inf),
    }
    rows = {problem.row_name(i): i for i in range(problem.m)}
    for part in parts:
        index = (rows if part.what == "row" else problem.col_index)[part.name]
        ends[part.what, part.side][index] = part.bound
    low, up = ends["variable", ">="], ends["variable", "<="]
    if (low > up).any() or (ends["row", ">="] > ends["row", "<="]).any():
        return False
    found = milp(
        np.zeros(problem.n),
        integrality=problem.integrality if integral else None,
        bounds=Bounds(low, up),
        constraints=LinearConstraint(problem.A, ends["row", ">="], ends["row", "<="]),
    )
    assert found.status in (0, 2)
    return found.status == 0


@st.composite
def tight_models(draw):
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    n, m = 4, 5
    model = Model()
    kind = draw(st.sampled_from(["continuous", "integer"]))
    x = model.add_variables(n, lower=-2, upper=rng.integers(0, 4, n), kind=kind)
    right = rng.integers(-6, 7, m)
    A = rng.integers(-3, 4, (m, n))
    model.add((A @ x).between(right, right + rng.integers(0, 2, m)))
    return model


@settings(deadline=None, max_examples=40)
@given(model=tight_models())
def test_every_part_of_a_conflict_is_needed(model):
    problem = model.to_mip()
    assume(model.solve("highs").status == "infeasible")
    conflict = model.explain_infeasibility()
    assert conflict.minimal
    assert not feasible(problem, conflict.parts, conflict.integral)
    for k in range(len(conflict.parts)):
        rest = conflict.parts[:k] + conflict.parts[k + 1 :]
        assert feasible(problem, rest, conflict.integral)
    if conflict.integral:
        assert feasible(problem, conflict.parts, False)


@settings(deadline=None, max_examples=40)
@given(model=tight_models(), bounds=st.sampled_from([None, 0.5]))
def test_relaxations_are_solutions_of_the_changed_model(model, bounds):
    problem = model.to_mip()
    found = model.relax_infeasibility(bounds=bounds)
    assert found.optimal
    weight = {"row": 1.0, "variable": bounds}
    total = sum(weight[part.what] * size for part, size in found.changes.items())
    assert total == pytest.approx(found.total, abs=1e-5)
    assert (found.total < 1e-6) == (model.solve("highs").status == "optimal")
    x = found.point.value(model.variables)
    changed = {
        (part.what, part.name, part.side): s for part, s in found.changes.items()
    }
    A = problem.A @ x
    for i in range(problem.m):
        name = problem.row_name(i)
        low = problem.row_lower[i] - changed.get(("row", name, ">="), 0.0)
        up = problem.row_upper[i] + changed.get(("row", name, "<="), 0.0)
        assert low - 1e-5 <= A[i] <= up + 1e-5
    if bounds is None:
        assert (x >= problem.lower - 1e-6).all() and (x <= problem.upper + 1e-6).all()


def test_a_conflict_in_words():
    model = Model()
    x = model.add_variables(["north", "south"], upper=10, name="flow")
    model.add(x[0] + x[1] <= 100, name="idle")
    model.add(x.sum() >= 30, name="demand")
    conflict = model.explain_infeasibility()
    assert str(conflict).split("\n") == [
        "row demand >= 30",
        "variable flow[north] <= 10",
        "variable flow[south] <= 10",
    ]
    assert str(model.relax_infeasibility()) == "row demand >= 30 by 10"
    words = str(model.relax_infeasibility(rows=None, bounds=1.0))
    assert words.count("flow") >= 1 and "demand" not in words


def test_integrality_may_be_the_reason():
    model = Model()
    x = model.add_variable(upper=1, kind="integer", name="x")
    model.add(2 * x == 1, name="half")
    conflict = model.explain_infeasibility()
    assert conflict.integral and "integral" in str(conflict)
    assert {part.name for part in conflict.parts} == {"half"}


def test_bounds_that_cross_are_a_conflict_of_their_own():
    model = Model()
    x = model.add_variables(2, lower=3, upper=[1, 5], name="x")
    model.add(x.sum() >= 100)
    parts = model.explain_infeasibility().parts
    assert [(p.name, p.side) for p in parts] == [("x[0]", ">="), ("x[0]", "<=")]


def test_time_and_wrong_use():
    model = Model()
    x = model.add_variables(3, upper=1)
    model.add(x.sum() <= 2)
    with pytest.raises(UsageError, match="feasible"):
        model.explain_infeasibility()
    model.add(x.sum() >= 3)
    with pytest.raises(UsageError, match="time"):
        model.explain_infeasibility(time_limit=0)
    with pytest.raises(UsageError, match="weight"):
        model.relax_infeasibility(rows=None)
    with pytest.raises(UsageError, match="rows: the weight 0"):
        model.relax_infeasibility(rows=0)
    empty = Model()
    empty.add(empty.add_variable(lower=2, upper=3) >= 4)
    with pytest.raises(UsageError, match="no change"):
        y = empty.add_variables(1, lower=1, upper=0)
        assert y.size
        empty.relax_infeasibility()
