"""Models: features against brute force, solvers against each other, edits."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import combkit as ck
from combkit.instances.errors import (
    InvalidSolutionError,
    UnsupportedFeatureError,
    UsageError,
)
from combkit.instances.formats import highs_arrays
from combkit.instances.mip import MIP
from combkit.instances.result import Status
from combkit.mip.modelling import Model, Objective, ScaleWarning
from combkit.mip.modelling.extended import ExtendedMIP, is_convex

INF = np.inf
EXACT = ["highs", "scip", "cpsat"]
GENERAL = ["highs", "scip"]


def knapsack():
    model = Model()
    x = model.add_variables(3, upper=[4, 5, 6], kind="integer", name="x")
    model.add(x @ [2, 3, 4] <= 20, name="capacity")
    model.maximize(x @ [3, 5, 6] + 10)
    return model, x


@pytest.mark.parametrize("solver", ["auto", *EXACT])
def test_solvers_agree_on_a_knapsack(solver):
    model, x = knapsack()
    result = model.solve(solver, gap=0)
    assert result.status is Status.OPTIMAL
    assert result.objective == pytest.approx(42)
    assert x.value @ [3, 5, 6] + 10 == pytest.approx(42)
    assert (x @ [2, 3, 4]).value <= 20
    assert result.solution.names == ("x[0]", "x[1]", "x[2]")
    assert x.to_series().tolist() == x.value.tolist()


@st.composite
def special_models(draw):
    """A small model over integer points, with one of each special part."""
    numbers = st.integers(-3, 3)
    n = 3
    model = Model()
    lower = np.array(draw(st.lists(st.integers(-2, 0), min_size=n, max_size=n)))
    x = model.add_variables(n, lower=lower, upper=lower + 3, kind="integer")
    b = model.add_variable(kind="binary")
    coefs = np.array(draw(st.lists(numbers, min_size=n, max_size=n)))
    bound = draw(numbers)
    active = draw(st.booleans())
    low = draw(st.booleans())
    model.add_indicator(
        b,
        (x @ coefs).between(bound - 1, bound) if low else x @ coefs <= bound,
        active=active,
    )
    order = draw(st.sampled_from([0, 1, 2]))
    if order:
        (model.add_sos1 if order == 1 else model.add_sos2)(x)
    most = draw(st.integers(1, 3))
    model.add_cardinality(x - 1, most)
    cost = np.array(draw(st.lists(numbers, min_size=n, max_size=n)))
    fixed = draw(numbers)
    expression = x @ cost + fixed * b
    extra = draw(st.sampled_from(["", "max", "min", "abs", "pwl"]))
    xs, ys = [-2.0, 0.0, 1.0, 3.0], [1.0, -1.0, 2.0, 0.0]
    if extra == "max":
        expression = expression - 2 * model.add_max([x[0], x[1] - 1, 2 * x[2]])
    elif extra == "min":
        expression = expression + model.add_min(x)
    elif extra == "abs":
        expression = expression - model.add_abs(x).sum()
    elif extra == "pwl":
        expression = expression + model.add_piecewise(x[0], xs, ys)
    maximize = draw(st.booleans())
    (model.maximize if maximize else model.minimize)(expression)

    def value(point, on):
        row = coefs @ point
        if on == active and not (row <= bound and (not low or row >= bound - 1)):
            return None
        used = np.flatnonzero(point)
        if order and used.size and np.ptp(used) >= order:
            return None
        if np.count_nonzero(point != 1) > most:
            return None
        total = cost @ point + fixed * on
        if extra == "max":
            total -= 2 * max(point[0], point[1] - 1, 2 * point[2])
        elif extra == "min":
            total += point.min()
        elif extra == "abs":
            total -= np.abs(point).sum()
        elif extra == "pwl":
            if not xs[0] <= point[0] <= xs[-1]:
                return None
            total += np.interp(point[0], xs, ys)
        return total

    box = [range(lo, lo + 4) for lo in lower.tolist()]
    values = [
        v
        for point in itertools.product(*box)
        for on in (0, 1)
        if (v := value(np.array(point), on)) is not None
    ]
    best = (max if maximize else min)(values, default=None)
    return model, best


@pytest.mark.parametrize("solver", GENERAL)
@settings(deadline=None, max_examples=40)
@given(case=special_models())
def test_special_parts_against_brute_force(solver, case):
    model, best = case
    result = model.solve(solver, gap=0)
    if best is None:
        assert result.status is Status.INFEASIBLE
    else:
        assert result.status is Status.OPTIMAL
        assert result.objective == pytest.approx(best, abs=1e-5)
        native = model.to_mip(native=True)
        assert native.check(native.values_of(result.solution, missing=0.0)) == []


@pytest.mark.parametrize("solver", GENERAL)
@pytest.mark.parametrize("upper", [5.0, INF])
def test_semicontinuous(solver, upper):
    model = Model()
    x = model.add_variables(2, lower=[2, 3], upper=upper, kind="semicontinuous")
    model.add(x.sum() >= 1)
    model.minimize(x @ [1, 0.5])
    if upper == INF and solver == "highs":
        with pytest.raises(UnsupportedFeatureError, match=r"upper bound of x0.*scip"):
            model.solve(solver)
        return
    assert model.solve(solver).objective == pytest.approx(1.5)
    assert x.value.tolist() == pytest.approx([0, 3])


def test_bridges_need_proven_bounds():
    for build in (
        lambda m, x, b: m.add_indicator(b, x[0] + x[1] <= 1),
        lambda m, x, b: m.add_indicator(b, x[0] - x[1] >= 1, active=False),
        lambda m, x, b: m.add_sos1(x),
        lambda m, x, b: m.add_cardinality(x, 1),
    ):
        model = Model()
        x = model.add_variables(2, name="flow")
        b = model.add_variable(kind="binary")
        build(model, x, b)
        model.add(x.sum() >= b + 2)
        model.minimize(x.sum() - b)
        for solver in ("highs", "cpsat", "fix-propagate"):
            with pytest.raises(UnsupportedFeatureError, match=r"bound of flow\[[01]\]"):
                model.solve(solver)
        best = model.solve("auto")
        assert best.solver == "scip" and best.status is Status.OPTIMAL
        x.upper = 10
        assert model.solve("highs").objective == pytest.approx(best.objective)
    general = Model()
    z = general.add_variable(kind="integer", upper=3)
    general.add_indicator(z, z <= 1)
    with pytest.raises(UnsupportedFeatureError, match="binary"):
        general.solve("scip")


def test_a_quadratic_program_gets_the_lower_triangle():
    """Upper triangles are solved wrongly by HiGHS before 1.14."""
    for solver in GENERAL:
        model = Model()
        x = model.add_variables(2, lower=-10, upper=10)
        model.minimize(x[0] ** 2 + x[0] * x[1] + x[1] ** 2 - 3 * x[0] + 1)
        result = model.solve(solver)
        assert result.objective == pytest.approx(-2, abs=1e-4), solver
        np.testing.assert_allclose(x.value, [2, -1], atol=1e-2)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 1000))
def test_quadratic_expressions_against_numpy(seed):
    rng = np.random.default_rng(seed)
    n = 4
    model = Model()
    x = model.add_variables(n, lower=-3, upper=3)
    M = rng.integers(-2, 3, (n, n)).astype(float)
    a = rng.integers(-2, 3, n).astype(float)
    point = rng.integers(-3, 4, n).astype(float)
    whole = (x @ M) @ x + (x - a).dot(x - a) - 2 * (x @ a) + x[0] * x[1] * 3
    whole = 1 - whole / 2 - x[2]
    model.minimize(whole)
    problem = model.to_mip()
    d = point - a
    expected = point @ M @ point + d @ d - 2 * a @ point + 3 * point[0] * point[1]
    expected = 1 - expected / 2 - point[2]
    value = problem.evaluate(type(problem.decode({"values": {}}))(point))
    assert value == pytest.approx(expected)
    if isinstance(problem, ExtendedMIP):
        H = problem.hessian
        full = (H + H.T).toarray() - np.diag(H.diagonal())
        assert is_convex(H, False) == (np.linalg.eigvalsh(full)[0] > -1e-9)
        assert is_convex(H, True) == (np.linalg.eigvalsh(full)[-1] < 1e-9)


def test_quadratic_capabilities():
    model = Model()
    x = model.add_variables(2, upper=2)
    model.maximize(x @ x)
    for solver in ("highs", "cpsat"):
        with pytest.raises(UnsupportedFeatureError, match="scip"):
            model.solve(solver)
    assert model.solve().objective == pytest.approx(8, abs=1e-4)
    whole = Model()
    y = whole.add_variables(2, upper=2, kind="integer")
    whole.minimize((y - 0.6).dot(y - 0.6))
    with pytest.raises(UnsupportedFeatureError, match="integer"):
        whole.solve("highs")
    assert whole.solve().objective == pytest.approx(0.32, abs=1e-5)
    assert y.value.tolist() == [1, 1]


# -- what is proven without a solution ----------------------------------------


@pytest.mark.parametrize("solver", ["auto", *GENERAL])
@pytest.mark.parametrize("kind", ["continuous", "integer"])
def test_infeasible_and_unbounded(solver, kind):
    model = Model()
    x = model.add_variables(2, kind=kind)
    model.add(x.sum() >= 3)
    model.minimize(x.sum())
    rows = model.add(x.sum() <= 2)
    assert model.solve(solver).status is Status.INFEASIBLE
    with pytest.raises(UsageError, match="no value"):
        x.value  # noqa: B018
    model.remove(rows)
    model.maximize(x.sum())
    status = model.solve(solver).status
    assert status in (Status.UNBOUNDED, Status.INFEASIBLE_OR_UNBOUNDED)
    model.minimize(0)
    assert model.solve(solver).status is Status.OPTIMAL
    x.upper = -1
    assert model.solve(solver).status is Status.INFEASIBLE


def test_an_empty_model_and_one_without_rows():
    model = Model()
    assert model.solve("highs").objective == 0
    x = model.add_variables(2, upper=3)
    model.maximize(x.sum())
    for solver in ("auto", *GENERAL):
        assert model.solve(solver).objective == 6


def test_before_and_after_solving():
    model, x = knapsack()
    with pytest.raises(UsageError, match="not been solved"):
        x.value  # noqa: B018
    model.solve("highs")
    y = model.add_variable()
    with pytest.raises(UsageError, match="solve again"):
        y.value  # noqa: B018
    with pytest.raises(UsageError, match="dual"):
        model.add(y <= 1).dual  # noqa: B018
    with pytest.raises(UsageError, match="unknown solver"):
        model.solve("hihgs")
    with pytest.raises(UsageError, match="option"):
        model.solve("highs", no_such_option=1)
    assert model.solve("highs", mip_rel_gap=0.0).status is Status.OPTIMAL


def test_badly_scaled_coefficients_are_named():
    for value in (1e-12, 1e12):
        model = Model()
        x = model.add_variables(2, upper=1, name="x")
        model.add(x @ [1, value] <= 1, name="capacity")
        with pytest.warns(ScaleWarning, match=r"x\[1\] in capacity"):
            model.to_mip()
        model.remove(*model.constraints[:])
        model.minimize(x @ [value, 1])
        with pytest.warns(ScaleWarning, match=r"x\[0\] in the objective"):
            model.to_mip()


def test_models_travel_between_processes():
    model, x = knapsack()
    model.solve("highs")
    copy, y = pickle.loads(pickle.dumps((model, x)))
    assert y.value.tolist() == x.value.tolist()
    y.upper = 1
    assert copy.solve("highs").objective == pytest.approx(24)
    assert model.solve("highs").objective == pytest.approx(42)
    results = ck.solve_many([model, copy], "highs", workers=2)
    assert [r.objective for r in results] == pytest.approx([42, 24])


# -- linear programs --------------------------------------------------------------


def linear(seed=0, maximize=False, n=6, m=4):
    rng = np.random.default_rng(seed)
    model = Model()
    x = model.add_variables(n, upper=rng.integers(2, 9, n))
    sign = 1 if maximize else -1
    rows = model.add(rng.integers(1, 9, (m, n)) @ x <= rng.integers(20, 60, m))
    (model.maximize if maximize else model.minimize)(
        sign * (x @ rng.integers(1, 9, n)) + 3
    )
    return model, x, rows


@pytest.mark.parametrize("maximize", [False, True])
def test_duals_are_derivatives(maximize):
    model, x, rows = linear(maximize=maximize)
    base = model.solve("highs").objective
    duals, reduced, values = rows.dual, x.reduced_cost, x.value
    np.testing.assert_allclose(rows.activity, model.arrays().A @ values)
    assert np.abs(duals).max() > 1e-6
    step = 1e-4
    for k in range(rows.shape[0]):
        rows[k].upper += step
        change = (model.solve("highs").objective - base) / step
        assert change == pytest.approx(duals[k], abs=1e-5)
        rows[k].upper -= step
    for j in range(x.size):
        at_upper = values[j] == x[j].upper
        if at_upper:
            x[j].upper += step
            change = (model.solve("highs").objective - base) / step
            assert change == pytest.approx(reduced[j], abs=1e-5)
            x[j].upper -= step


def test_solutions_are_the_same_by_every_route(monkeypatch):
    model, x, rows = linear()
    model.solve("highs")
    fast = x.value, x.reduced_cost, rows.dual
    monkeypatch.setattr(highs_arrays, "_ABIS", ())
    model.disconnect()
    model.solve("highs")
    slow = x.value, x.reduced_cost, rows.dual
    for left, right in zip(fast, slow, strict=True):
        assert left.any() and left.tolist() == right.tolist()


def test_basis_and_ranges():
    model, x, rows = linear()
    first = model.solve("highs")
    basis = model.basis
    assert (basis.columns == 1).sum() + (basis.rows == 1).sum() == rows.shape[0]
    low, high = model.sensitivity().cost(x)
    assert ((low <= x.cost) & (x.cost <= high)).all()
    down, up = model.sensitivity().bound(rows)
    assert (down <= up).all()
    model.disconnect()
    model.basis = basis
    again = model.solve("highs")
    assert again.objective == first.objective and again.iterations == 0
    fresh = Model()
    fresh.add_variables(2, kind="integer", upper=1)
    for broken in (lambda: fresh.basis, fresh.sensitivity):
        with pytest.raises(UsageError, match="no linear program"):
            broken()


# -- edits ---------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    steps=st.lists(st.integers(0, 9), min_size=1, max_size=8),
    whole=st.booleans(),
)
def test_edits_of_a_live_solver_equal_a_rebuild(seed, steps, whole):
    rng = np.random.default_rng(seed)
    model = Model()
    kind = "integer" if whole else "continuous"
    blocks = [model.add_variables(4, upper=rng.integers(1, 9, 4), kind=kind)]
    rows = [model.add(rng.integers(0, 5, (3, 4)) @ blocks[0] <= rng.integers(5, 40, 3))]
    model.maximize(blocks[0] @ rng.integers(1, 9, 4))
    model.solve("highs")
    live = model.connect().highs
    for step in steps:
        x, row = blocks[rng.integers(len(blocks))], rows[rng.integers(len(rows))]
        if step == 0:
            x.upper = rng.integers(0, 9, x.size)
        elif step == 1:
            x[0].lower = 1.0
            x[0].upper = 5.0
        elif step == 2:
            row.upper = rng.integers(5, 40, row.shape[0])
        elif step == 3:
            x.cost = rng.integers(1, 9, x.size)
        elif step == 4:
            model.set_coefficients(row[0], x, rng.integers(0, 4, x.size))
        elif step == 5:
            new = model.add_variables(2, upper=3, kind=kind)
            model.set_coefficients(row[0], new, [1, 2])
            new.cost = [5, 6]
            blocks.append(new)
        elif step == 6:
            rows.append(model.add(np.ones((1, x.size)) @ x <= 7))
        elif step == 7 and len(rows) > 1:
            model.remove(rows.pop())
        elif step == 8 and len(blocks) > 1:
            model.remove(blocks.pop(0))
        else:
            total = sum(b.sum() for b in blocks)
            (model.maximize if rng.integers(2) else model.minimize)(total - 3)
        result = model.solve("highs", gap=0)
        assert model.connect().highs is live
        rebuilt = model.to_mip()
        from combkit.comb.solve import solve

        again = solve(rebuilt, "highs", gap=0)
        assert result.status is again.status
        if again.objective is not None:
            assert result.objective == pytest.approx(again.objective, abs=1e-6)
            assert rebuilt.check(result.solution) == []


def test_what_was_removed_is_refused():
    model, x = knapsack()
    rows = model.add(x <= 3)
    model.remove(rows[0], x[0])
    assert model.size == {"rows": 3, "cols": 2, "nnz": 4, "integers": 2}
    problem = model.to_mip()
    assert problem.col_names == ("x[1]", "x[2]")
    for bad in (
        lambda: setattr(rows[0], "upper", 1),
        lambda: setattr(x[0], "upper", 1),
        lambda: setattr(x, "cost", 1),
        lambda: model.remove(x[0]),
        lambda: model.minimize(x.sum()),
        lambda: model.set_coefficients(rows[1], x[0], 1),
    ):
        with pytest.raises(UsageError, match="removed"):
            bad()
    model.solve("highs")
    assert np.isnan(x.value[0])


def test_coefficients_can_be_set_and_taken_out():
    model = Model()
    x = model.add_variables(3)
    rows = model.add(x.sum() - x <= 1)
    model.set_coefficients(rows, x, 5)
    model.set_coefficients(rows[0], x, [0, 0, 7])
    model.set_coefficients(rows, x[0], [1, 2, 3])
    assert model.arrays().A.toarray().tolist() == [[1, 0, 7], [2, 5, 1], [3, 1, 5]]
    with pytest.raises(UsageError, match="shapes"):
        model.set_coefficients(rows, x, [1, 2])
    with pytest.raises(UsageError, match="not finite"):
        model.set_coefficients(rows, x, np.nan)


def test_attributes_are_read_only_copies():
    model, x = knapsack()
    with pytest.raises(ValueError, match="read-only"):
        x.upper[0] = 3
    x[0:2].upper = [1, 2]
    assert x.upper.tolist() == [1, 2, 6]
    x[2].cost = 7
    assert model.to_mip().c.tolist() == [3, 5, 7]


# -- starts, pools, callbacks ---------------------------------------------------


@pytest.mark.parametrize("solver", EXACT)
def test_starts(solver, tmp_path):
    model, x = knapsack()
    best = model.solve(solver, gap=0)
    full = best.solution
    sol, mst = tmp_path / "start.sol", tmp_path / "start.mst"
    for path in (sol, mst):
        path.write_text("".join(f"x[{k}] {v}\n" for k, v in enumerate(full.values)))
    for initial in (
        {x: full.values},
        {x[0]: 1, x[1:]: [1, 1]},
        {x[0]: 2},
        full,
        full.values,
        sol,
        mst,
    ):
        assert model.solve(solver, gap=0, initial=initial).objective == best.objective
    # What a .mst file does not list is open, in a .sol file it is zero.
    for suffix in ("mst", "sol"):
        path = tmp_path / f"partial.{suffix}"
        path.write_text("x[0] 0\n")
        trace = model.solve(solver, gap=0, initial=path).trace
        assert ("initial" in {point.source for point in trace}) == (suffix == "sol")
    for bad in ({"x": 1}, {x: [1, 2]}):
        with pytest.raises(UsageError, match="initial"):
            model.solve(solver, initial=bad)
    with pytest.raises(InvalidSolutionError):
        model.solve(solver, initial=[1, 2])


def test_pool():
    model, x = knapsack()
    model.solve("scip", pool=5, initial={x: [0, 0, 0]})
    objectives = [p.objective for p in model.pool]
    assert objectives == sorted(objectives, reverse=True) and objectives[-1] == 10
    assert model.pool[0].value(x @ [3, 5, 6] + 10) == pytest.approx(objectives[0])
    assert model.pool[-1].value(x[0]) == 0


@pytest.mark.parametrize("cuts", [False, True])
def test_lazy_constraints(cuts):
    """Independent sets: edges are stated only where they are violated."""
    rng = np.random.default_rng(3)
    n = 12
    edges = [e for e in itertools.combinations(range(n), 2) if rng.random() < 0.3]
    weights = rng.integers(1, 20, n)
    full = Model()
    y = full.add_variables(n, kind="binary")
    for a, b in edges:
        full.add(y[a] + y[b] <= 1)
    full.maximize(y @ weights)
    best = full.solve("scip", gap=0).objective
    model = Model()
    x = model.add_variables(n, kind="binary")
    model.maximize(x @ weights)
    asked = []

    def separate(point):
        values = point.value(x)
        asked.append(values)
        return [x[a] + x[b] <= 1 for a, b in edges if values[a] + values[b] > 1 + 1e-6]

    options = {"cuts": separate} if cuts else {}
    result = model.solve(lazy=separate, gap=0, **options)
    assert result.solver == "scip" and asked
    assert result.objective == pytest.approx(best)
    assert all(x.value[a] + x.value[b] <= 1 for a, b in edges)
    with pytest.raises(UnsupportedFeatureError, match="lazy"):
        model.solve("highs", lazy=separate)
    with pytest.raises(InvalidSolutionError, match="lazy"):
        model.solve(lazy=separate, initial=np.ones(n))

    def broken(point):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        model.solve(lazy=broken)


def test_names():
    model = Model()
    model.add_variables(2)
    x = model.add_variables((["a", "b"], 2), name="x")
    y = model.add_variable(name="x2")
    assert x.names.tolist() == [["x[a,0]", "x[a,1]"], ["x[b,0]", "x[b,1]"]]
    assert y.name == "x2" and repr(y) == "<variable x2>"
    z = model.add_variable()
    assert z.name == "x7"
    rows = model.add(x <= 1, name="cap")
    assert rows.names[1, 1] == "cap[b,1]"
    loop = model.add(y <= 1)
    assert loop.name == "r4"
    problem = model.to_mip()
    assert problem.col_names[:3] == ("x0", "x1", "x[a,0]")
    with pytest.raises(UsageError, match="taken"):
        model.add_variable(name="x")
    assert isinstance(problem, MIP)


def test_extremes_follow_the_bounds_of_their_expressions():
    """Also those of semi-continuous variables, which may be zero."""
    for solver in GENERAL:
        model = Model()
        x = model.add_variables(2, lower=1, upper=2)
        some = model.add_variable(lower=2, upper=5, kind="semicontinuous")
        top, low = model.add_max([x[0], x[1], some - 1]), model.add_min([x[0], some])
        model.maximize(top + low)
        assert model.solve(solver, gap=0).objective == pytest.approx(4 + 2)
        x.upper = 9
        assert model.solve(solver, gap=0).objective == pytest.approx(9 + 5)
        model.minimize(top + low)
        assert model.solve(solver, gap=0).objective == pytest.approx(1 + 0)


def test_bridges_blame_the_variable_behind_an_extreme():
    model = Model()
    x = model.add_variables(2, name="x", upper=[1, INF])
    highest = model.add_max(model.add_max(x) + x)
    model.maximize(-highest)
    with pytest.raises(UnsupportedFeatureError, match=r"an upper bound of x\[1\]"):
        model.solve("highs")
    x.upper = 3
    assert model.solve("highs").objective == pytest.approx(0)


def test_terms_that_cancel_need_no_bounds():
    model = Model()
    x = model.add_variables(2)
    b = model.add_variable(kind="binary")
    model.add_indicator(b, 0 * x[0] + x[1] - x[1] + b <= 1)
    model.maximize(b)
    assert model.solve("highs").objective == 1


def test_duals_are_not_those_of_another_solve():
    model, x, rows = linear()
    model.solve("highs")
    assert np.isfinite(rows.dual).all()
    linear_part = x @ x.cost
    model.minimize(linear_part + x.dot(x))
    model.solve("highs")
    with pytest.raises(UsageError, match="dual"):
        rows.dual  # noqa: B018
    model.minimize(linear_part)
    model.solve("highs")
    assert np.isfinite(rows.dual).all()
    x.lower = 1e9
    assert model.solve("highs").status is Status.INFEASIBLE
    with pytest.raises(UsageError, match="dual"):
        rows.dual  # noqa: B018


def test_kinds_reach_a_live_solver():
    model = Model()
    x = model.add_variables(2, upper=3)
    model.add(x @ [2, 2] <= 7)
    model.maximize(x.sum())
    assert model.solve("highs").objective == pytest.approx(3.5)
    live = model.connect().highs
    x.kind = "integer"
    assert x.kind.tolist() == ["integer"] * 2 and x[0].kind == "integer"
    assert model.solve("highs").objective == pytest.approx(3)
    x[1].kind = "continuous"
    assert model.solve("highs").objective == pytest.approx(3.5)
    assert model.connect().highs is live
    for kind, message in (("binary", "between"), ("real", "unknown kind")):
        with pytest.raises(UsageError, match=message):
            x.kind = kind


# -- several objectives -----------------------------------------------------------


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6), slack=st.sampled_from([0.0, 2.0]))
def test_objectives_in_order_against_brute_force(seed, slack):
    rng = np.random.default_rng(seed)
    n = 3
    A, right = rng.integers(0, 4, (2, n)), rng.integers(3, 12, 2)
    costs = rng.integers(-4, 5, (3, n))
    senses = rng.integers(0, 2, 3).astype(bool)
    model = Model()
    x = model.add_variables(n, upper=3, kind="integer")
    model.add(A @ x <= right)
    model.maximize(x[0] + 1)
    before = model.to_mip()
    results = model.solve_hierarchy(
        [
            Objective(x @ cost, maximize=bool(sense), slack=slack)
            for cost, sense in zip(costs, senses, strict=True)
        ],
        gap=0,
    )
    points = [
        p
        for p in map(np.array, itertools.product(range(4), repeat=n))
        if (A @ p <= right).all()
    ]
    for cost, sense, result in zip(costs, senses, results, strict=True):
        values = [cost @ p for p in points]
        best = max(values) if sense else min(values)
        assert result.objective == pytest.approx(best)
        points = [
            p
            for p, v in zip(points, values, strict=True)
            if (v >= best - slack if sense else v <= best + slack)
        ]
    after = model.to_mip()
    assert after.m == before.m and after.maximize
    assert (after.c == before.c).all() and after.offset == before.offset


def test_hierarchies_that_make_no_sense():
    model, x = knapsack()
    with pytest.raises(UsageError, match="at least one"):
        model.solve_hierarchy([])
    with pytest.raises(UsageError, match="no Objective"):
        model.solve_hierarchy([x.sum()])
    with pytest.raises(UsageError, match="single"):
        model.solve_hierarchy([Objective(x), Objective(x.sum())])
    with pytest.raises(UnsupportedFeatureError, match="quadratic"):
        model.solve_hierarchy([Objective(x.dot(x)), Objective(x.sum())])
    with pytest.raises(UsageError, match="slack: -1"):
        Objective(x.sum(), slack=-1)
    model.add(x.sum() <= -1)
    (only,) = model.solve_hierarchy([Objective(x.sum()), Objective(x[0] + 0)])
    assert only.status is Status.INFEASIBLE
