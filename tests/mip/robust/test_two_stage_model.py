"""Two-stage models in algebra: the arrays they become, and what they refuse."""

import itertools

import numpy as np
import pytest

import combkit as ck
from combkit.instances.robust.families import location_transportation
from combkit.mip.robust import Box, Budget, Factor, TwoStageModel


def transport(budget=1.0):
    """Return location-transportation in algebra and as arrays."""
    rng = np.random.default_rng(3)
    opening, unit, most = rng.integers(1, 99, (3, 3)).astype(float)
    most += 200
    ship_cost = rng.integers(1, 99, (3, 4)).astype(float)
    demand, deviation = rng.integers(10, 99, (2, 4)).astype(float)
    model = TwoStageModel("transport")
    opened = model.add_first(3, kind="binary", name="open")
    capacity = model.add_first(3, name="capacity")
    shipped = model.add_recourse((3, 4), name="ship")
    share = model.add_uncertain(4, Budget(4, budget), name="share")
    model.add(most * opened - capacity >= 0)
    model.add(capacity - shipped.sum(axis=1) >= 0)
    model.add(shipped.sum(axis=0) - deviation * share >= demand)
    model.minimize(opening @ opened + unit @ capacity + (ship_cost * shipped).sum())
    arrays = location_transportation(
        opening, unit, most, ship_cost, demand, deviation, Budget(4, budget)
    )
    return model, arrays, (opened, capacity, shipped, share)


def test_the_arrays_of_a_model():
    model, arrays, _ = transport()
    problem = model.to_problem()
    for stage in ("first", "recourse"):
        ours, theirs = getattr(problem, stage), getattr(arrays, stage)
        assert ours.cost.tolist() == theirs.cost.tolist()
        assert (ours.matrix != theirs.matrix).nnz == 0
        assert ours.integrality.tolist() == theirs.integrality.tolist()
        assert ours.upper.tolist() == theirs.upper.tolist()
    assert (problem.technology != arrays.technology).nnz == 0
    assert (problem.shift != arrays.shift).nnz == 0
    assert problem.uncertainty.region().two_valued
    assert problem.first.names[:2] == ("open[0]", "open[1]")


def test_values_are_those_of_the_worst_scenario():
    model, arrays, (opened, capacity, shipped, share) = transport()
    result = model.solve(time_limit=30)
    assert result.status == "optimal"
    assert result.objective == pytest.approx(ck.solve(arrays, time_limit=30).objective)
    assert share.value.sum() <= 1 + 1e-9
    assert (shipped.value.sum(axis=1) <= capacity.value + 1e-6).all()
    solution = ck.FirstStage(np.r_[opened.value, capacity.value], share.value)
    assert arrays.evaluate(solution) == pytest.approx(result.objective)
    assert "transport" in result.instance


def test_products_in_rows_and_in_the_objective():
    """Everything uncertain, against the formulas themselves."""
    rng = np.random.default_rng(1)
    a, b, c, d = rng.integers(1, 9, (4, 3)).astype(float)
    model = TwoStageModel()
    x = model.add_first(3, kind="binary")
    y = model.add_recourse(3, kind="binary")
    u = model.add_uncertain(3, Budget(3, 2, integral=True))
    model.add(x + y <= 1)
    model.add((a * (1 + u)).dot(x + y) <= 20)
    model.maximize((b * (2 - u)).dot(x) + (c * (1 - 0.5 * u)).dot(y) - d @ u + 7)
    result = model.solve(time_limit=30)

    def profit(xs, us):
        best = -np.inf
        for ys in itertools.product([0, 1], repeat=3):
            both = xs + np.array(ys)
            if both.max() <= 1 and (a * (1 + us)) @ both <= 20:
                gain = (b * (2 - us)) @ xs + (c * (1 - 0.5 * us)) @ ys - d @ us + 7
                best = max(best, gain)
        return best

    cube = [np.array(p, float) for p in itertools.product([0, 1], repeat=3)]
    value = max(min(profit(xs, us) for us in cube if us.sum() <= 2) for xs in cube)
    assert result.status == "optimal"
    assert result.objective == pytest.approx(value)
    xs, us = x.value, u.value
    assert profit(xs, us) == pytest.approx(value)
    assert (a * (1 + us)) @ (xs + y.value) <= 20 + 1e-6


def test_sets_by_constraints_of_parameters():
    model = TwoStageModel()
    x = model.add_first(2, upper=9)
    y = model.add_recourse(2)
    u = model.add_uncertain(2)
    model.add(u.sum() <= 1.5)
    model.add(x + y >= 1 + u)
    model.minimize(x.sum() + 2 * y.sum())
    assert model.solve(time_limit=10).objective == pytest.approx(5)
    problem = model.to_problem()
    assert problem.uncertainty.type == "polyhedral"
    assert problem.uncertainty.violations(np.array([1.5, 0.0])) == []


def test_blocks_of_parameters_with_sets_of_their_own():
    model = TwoStageModel()
    x = model.add_first(1)
    y = model.add_recourse(1)
    u = model.add_uncertain(2, Factor([1.0, 1.0], [[1.0], [-1.0]], Box([-1], [1])))
    v = model.add_uncertain((), lower=0, upper=3)
    model.add(v + u[0] <= 4)
    model.add(x[0] + y[0] >= u[0] + u[1] + v)
    model.minimize(x.sum() + 2 * y.sum())
    result = model.solve(time_limit=10)
    assert result.objective == pytest.approx(5)
    assert u.value.sum() == pytest.approx(2)


def test_limits_on_disjoint_groups_are_two_valued():
    model = TwoStageModel()
    x = model.add_first(4)
    y = model.add_recourse(4)
    u = model.add_uncertain(4, upper=1)
    model.add(u[:2].sum() <= 1)
    model.add(u[2:].sum() <= 1)
    model.add(x + y >= u)
    model.minimize(x.sum() + 2 * y.sum())
    assert model.to_problem().uncertainty.region().two_valued


def test_unknown_solvers_are_refused():
    model, _, _ = transport()
    with pytest.raises(ck.UsageError, match="did you mean 'ccg'"):
        model.solve("cgg")


def test_what_a_model_refuses():
    model = TwoStageModel()
    x = model.add_first(2, upper=1)
    y = model.add_recourse(2, upper=1)
    with pytest.raises(ck.UsageError, match="dimension 3 for 2"):
        model.add_uncertain(2, Budget(3, 1))
    u = model.add_uncertain(2, upper=1)
    model.add(x.dot(y) <= 1)
    model.minimize(x.sum())
    with pytest.raises(ck.UsageError, match="uncertain parameter and a variable"):
        model.to_problem()
    other = TwoStageModel()
    z = other.add_first(2, upper=1)
    v = other.add_uncertain(2)
    other.minimize(z.sum())
    with pytest.raises(ck.InvalidProblemError, match="not finite"):
        other.to_problem()
    with pytest.raises(ck.UsageError, match="two models"):
        other.add(u.sum() + v.sum() <= 1)
    plain = ck.Model()
    w = plain.add_variables(2)
    with pytest.raises(ck.UsageError, match="quadratic constraints"):
        w.dot(w) <= 1  # noqa: B015
