"""Models through files, SciPy's arrays, highspy and PySCIPOpt, and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from combkit.instances.errors import (
    InstanceFormatError,
    UnsupportedFeatureError,
    UsageError,
)
from combkit.mip.modelling import Model

INF = np.inf


@st.composite
def linear_models(draw):
    """A model of rows and bounds of every kind, with or without names."""
    seed = draw(st.integers(0, 10**6))
    rng = np.random.default_rng(seed)
    n, m = draw(st.integers(1, 5)), draw(st.integers(0, 4))
    named = draw(st.booleans())
    model = Model("drawn")
    names = {"name": "x"} if named else {}
    x = model.add_variables(n, **names)
    low = rng.choice([-INF, -3.5, 0.0, 1.0], n)
    up = rng.choice([1.0, 4.25, INF], n)
    x.lower, x.upper = low, up
    for j in range(n):
        if rng.integers(2) and np.isfinite([low[j], up[j]]).all():
            x[j].kind = "integer"
    if m:
        A = rng.integers(-3, 4, (m, n)) * rng.choice([1.0, 0.1], (m, n))
        kind = rng.integers(0, 4, m)
        right = rng.integers(-5, 6, m) / 3
        lower = np.where(kind == 0, -INF, right)
        upper = np.where(kind == 1, INF, right + (kind == 3))
        model.add((A @ x).between(lower, upper), **({"name": "row"} if named else {}))
    expression = x @ rng.integers(-4, 5, n) + float(rng.integers(0, 3))
    (model.maximize if draw(st.booleans()) else model.minimize)(expression)
    return model


def same(left, right):
    """Whether two models are equal, apart from names."""
    a, b = left.to_mip(), right.to_mip()
    assert a.maximize == b.maximize or not (a.c.any() or b.c.any())
    assert a.offset == b.offset
    for field in ("c", "row_lower", "row_upper", "lower", "upper", "integrality"):
        np.testing.assert_array_equal(getattr(a, field), getattr(b, field), field)
    assert (a.A != b.A).nnz == 0
    return True


@settings(deadline=None, max_examples=60)
@given(model=linear_models())
def test_other_libraries_give_the_model_back(model):
    assert same(model, Model.from_mip(model.to_mip()))
    assert same(model, Model.from_highs(model.to_highs()))
    assert same(model, Model.from_scip(model.to_scip()))
    back = Model.from_milp(**model.to_milp())
    if model.goal.maximizing:
        back.maximize(back.variables @ -back.variables.cost)
    back.goal.offset = model.goal.offset
    assert same(model, back)


@settings(deadline=None, max_examples=15)
@given(model=linear_models(), suffix=st.sampled_from(["mps", "lp", "mps.gz"]))
def test_files_give_the_model_back(model, suffix, tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / f"model.{suffix}"
    model.write(path)
    back = Model.read(path)
    assert same(model, back)
    problem = model.to_mip()
    columns = [problem.col_name(j) for j in range(problem.n)]
    if suffix == "lp":
        columns = [name.replace("[", "(").replace("]", ")") for name in columns]
    assert list(back.variables.labels[0]) == columns
    assert back.variables.loc[columns[0]].index == 0


def special():
    """One of each special part; the optimum is 37."""
    model = Model("special")
    x = model.add_variables((["a", "b"], 2), upper=5, kind="integer", name="x")
    y = model.add_variable(kind="binary", name="y")
    z = model.add_variables(3, upper=4, name="z")
    some = model.add_variable(lower=1, upper=3, kind="semicontinuous", name="some")
    model.add(x.sum(axis=1) <= 6, name="cap")
    model.add(x.sum() + z.sum() + some >= 2)
    model.add_indicator(y, x[0, 0] + z[0] <= 3)
    model.add_indicator(y, z[1] - z[2] >= 1, active=False)
    model.add_sos2(z)
    model.add_sos1(z[:2])
    model.maximize(x @ [1, 2] @ [1, 1] + 3 * y + z @ [1, -1, 2] - some + 4)
    return model


@pytest.mark.parametrize("suffix", ["cip", "lp", "mps", "lp.gz", None])
def test_special_parts_survive(suffix, tmp_path):
    model = special()
    if suffix is None:
        back = Model.from_scip(model.to_scip())
    else:
        model.write(tmp_path / f"model.{suffix}")
        back = Model.read(tmp_path / f"model.{suffix}")
    assert (len(back.indicators), len(back.sets)) == (2, 2)
    assert [one.active for one in back.indicators] == [True, False]
    for solver in ("highs", "scip"):
        assert back.solve(solver, gap=0).objective == pytest.approx(37)
    assert milp(**model.to_milp()).fun == pytest.approx(4 - 37)


@pytest.mark.parametrize("suffix", ["lp", "mps"])
def test_quadratic_and_semicontinuous_files(suffix, tmp_path):
    model = Model()
    x = model.add_variables(2, lower=-5, upper=5, name="x")
    model.minimize(x.dot(x) - x[0] * x[1] + x[0])
    model.write(tmp_path / f"model.{suffix}")
    for back in (
        Model.read(tmp_path / f"model.{suffix}"),
        Model.from_highs(model.to_highs()),
    ):
        difference = back.goal.hessian() - model.goal.hessian()
        assert abs(difference).max() == 0
        assert back.solve("highs").objective == pytest.approx(-1 / 3)


def test_semicontinuous_columns_of_highs():
    import highspy

    model = Model()
    x = model.add_variables(2, lower=2, upper=5)
    model.add(x.sum() >= 1)
    model.minimize(x @ [1.0, 0.5])
    highs = model.to_highs()
    kind = int(highspy.HighsVarType.kSemiContinuous)
    highs.changeColsIntegrality(2, np.arange(2, dtype=np.int32), np.full(2, kind, "u1"))
    back = Model.from_highs(highs)
    assert back.variables.kind.tolist() == ["semicontinuous"] * 2
    assert back.solve("highs", gap=0).objective == pytest.approx(1.0)


def test_opb_files(tmp_path):
    model = Model()
    x = model.add_variables(3, kind="binary")
    model.add(x.sum() >= 2)
    model.minimize(x @ [1, 2, 3])
    model.write(tmp_path / "model.opb")
    assert Model.read(tmp_path / "model.opb").solve().objective == 3


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6))
def test_linprog(seed):
    rng = np.random.default_rng(seed)
    n = 4
    arguments = {
        "c": rng.integers(-3, 4, n),
        "A_ub": rng.integers(-2, 4, (2, n)),
        "b_ub": rng.integers(1, 9, 2),
        "A_eq": rng.integers(0, 3, (1, n)),
        "b_eq": rng.integers(0, 4, 1),
        "bounds": [(0, 3), (None, 5), (-1, None), (None, None)],
    }
    expected = linprog(**arguments)
    model = Model.from_linprog(**arguments)
    result = model.solve("highs")
    if expected.status == 0:
        assert result.objective == pytest.approx(expected.fun)
        again = linprog(**model.to_linprog())
        assert again.fun == pytest.approx(expected.fun)
    else:
        assert result.status in ("infeasible", "unbounded", "infeasible_or_unbounded")


def test_forms_of_milp_arguments():
    expected = {"c": [-1.0, -2.0], "integrality": [0, 1]}
    for bounds in (Bounds(0, [1.5, 2.5]), ([0, 0], [1.5, 2.5])):
        for rows in (
            LinearConstraint([[1, 1]], -INF, 3),
            [LinearConstraint(np.array([[1, 1]]), -INF, 3)],
            ([[1, 1]], -INF, 3),
        ):
            model = Model.from_milp(**expected, bounds=bounds, constraints=rows)
            assert model.solve().objective == pytest.approx(-5)
    assert Model.from_milp([1.0]).solve().objective == 0


def test_what_cannot_be_said_is_refused(tmp_path):
    with pytest.raises(UnsupportedFeatureError, match="opb"):
        special().write(tmp_path / "model.opb")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UnsupportedFeatureError, match="integer"):
        special().to_linprog()
    with pytest.raises(UnsupportedFeatureError, match="semi-integer"):
        Model.from_milp([1.0], integrality=3)
    import pyscipopt

    scip = pyscipopt.Model()
    scip.hideOutput()
    x = scip.addVar("x", ub=2)
    product = scip.addCons(x * x <= 2, name="square")
    with pytest.raises(UnsupportedFeatureError, match=r"square.*nonlinear"):
        Model.from_scip(scip)
    scip.delCons(product)
    scip.optimize()
    with pytest.raises(UsageError, match="freeTransform"):
        Model.from_scip(scip)
    (tmp_path / "bad.lp").write_text("minimize\n obj: x\nsubject to\n x -> \nend\n")
    with pytest.raises(InstanceFormatError, match=r"bad\.lp"):
        Model.read(tmp_path / "bad.lp")
    (tmp_path / "items.kp").write_text(
        '{"format": "combkit-1", "kind": "kp", '
        '"profits": [1], "weights": [1], "capacity": 1}'
    )
    with pytest.raises(UsageError, match="a kp problem"):
        Model.read(tmp_path / "items.kp")
