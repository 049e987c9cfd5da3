"""Hints: relaxations described, values foretold, parts that keep them, the operator."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

import combkit as ck
from combkit.comb.solve import solve
from combkit.instances.errors import (
    InstanceFormatError,
    SolverError,
    UnsupportedFeatureError,
    UsageError,
)
from combkit.instances.mip import MIP
from combkit.instances.result import Status
from combkit.mip.balans.state import Pool, State, Structure
from combkit.neural.forge.canonical import canonical
from combkit.neural.forge.encoder import shipped
from combkit.neural.forge.hint_solver import KINDS
from combkit.neural.forge.hints import (
    HintModel,
    Hints,
    hints,
    shipped_hint_model,
    view_of,
)
from combkit.neural.forge.operator import ForgeOperator
from combkit.neural.forge.relaxation import RELAXED, described, relax


def cover(seed: int = 1, n: int = 120) -> MIP:
    program = ck.generate("mip", n, seed=seed)
    assert isinstance(program, MIP)
    return program


def whole() -> MIP:
    """Return a program with general integers and a continuous variable."""
    return MIP(
        c=np.array([-5.0, -4.0, -1.0]),
        A=sp.csr_array([[6.0, 4.0, 1.0], [1.0, 2.0, 0.0]]),
        row_lower=-np.inf,
        row_upper=np.array([23.0, 7.0]),
        lower=0.0,
        upper=np.array([9.0, 9.0, 0.5]),
        integrality=np.array([1, 1, 0]),
    )


def test_the_relaxation_is_that_of_the_program() -> None:
    program = cover()
    found = relax(canonical(program), 10.0)
    assert found is not None
    relaxed = solve(replace(program, integrality=np.zeros(program.n, np.uint8)))
    form = canonical(program)
    assert form.c @ found.x * form.scale == pytest.approx(relaxed.objective)
    told = described(form, found)
    assert told.shape == (form.n, len(RELAXED))
    assert np.isfinite(told).all()
    # Reduced costs are what the prices leave of the costs.
    left = form.c - form.A.T @ found.prices
    assert found.reduced == pytest.approx(left, abs=1e-7)


def test_rows_scaled_or_negated_tell_the_same() -> None:
    program = cover()
    factor = np.random.default_rng(0).choice([-2.0, -0.5, 0.25, 4.0], program.m)
    ends = np.stack([program.row_lower * factor, program.row_upper * factor])
    other = replace(
        program,
        A=sp.diags_array(factor) @ program.A,
        row_lower=ends.min(axis=0),
        row_upper=ends.max(axis=0),
    )
    views = [view_of(one, shipped(), 10.0) for one in (program, other)]
    assert views[0] is not None and views[1] is not None
    # Prices may not be unique; all else is.
    named = [RELAXED.index(k) for k in RELAXED if "price" in k or "reduced" in k]
    inputs = [np.delete(view.inputs, named, axis=1) for view in views if view]
    np.testing.assert_allclose(*inputs, atol=1e-5)


def test_hints_are_near_the_optimum_and_calibrated() -> None:
    right, sure = [], []
    for seed in range(40_001, 40_007):
        program = cover(seed, 150)
        best = solve(program, "highs", time_limit=20).solution.values
        found = hints(program)
        assert (program.integrality[found.columns] == 1).all()
        assert (found.confidence >= 0.5).all() and (found.confidence <= 1.0).all()
        right += [np.abs(best[found.columns] - found.values) < 0.5]
        sure += [found.confidence]
    truth, chance = np.concatenate(right), np.concatenate(sure)
    assert truth.mean() == pytest.approx(chance.mean(), abs=0.05)
    assert truth[chance > 0.99].mean() > 0.97


def test_the_surest_come_first() -> None:
    some = Hints(
        np.arange(4), np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.6, 1, 0.9, 1])
    )
    first = some.surest(2)
    assert first.columns.tolist() == [1, 3]
    assert [some.within(e) for e in (0.0, 0.04, 0.2, 1.0)] == [2, 3, 4, 4]
    start = first.partial(whole_of(5)).values
    assert np.isnan(start[[0, 2, 4]]).all() and start[[1, 3]].tolist() == [0.0, 0.0]


def whole_of(n: int) -> MIP:
    return MIP(np.ones(n), np.ones((1, n)), 1.0, np.inf, 0.0, 1.0, np.ones(n, int))


def test_general_integers_have_hints_within_their_bounds() -> None:
    found = hints(whole())
    assert found.columns.tolist() == [0, 1]
    assert ((found.values >= 0) & (found.values <= 9)).all()


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("then", ["highs", "scip"])
def test_the_answer_stays_exact(kind: str, then: str) -> None:
    program = cover(3, 80)
    exact = solve(program, "highs")
    result = solve(program, "forge-hints", hints=kind, then=then, time_limit=60)
    assert result.status is Status.OPTIMAL
    assert result.objective == exact.objective
    assert program.check(result.solution) == []


def test_hints_may_all_be_wrong() -> None:
    """Parts without solutions cost time, not the answer."""
    # Two must be taken of three, and none can be told from the others.
    program = MIP(np.ones(3), np.ones((1, 3)), 2.0, 2.0, 0.0, 1.0, np.ones(3, int))
    result = solve(program, "forge-hints", time_limit=20)
    assert (result.status, result.objective) == (Status.OPTIMAL, 2.0)
    none = MIP(np.ones(2), 2 * np.ones((1, 2)), 1.0, 1.0, 0.0, 1.0, np.ones(2, int))
    assert solve(none, "forge-hints", time_limit=20).status is Status.INFEASIBLE


def test_starts_are_used_and_never_lost() -> None:
    program = cover(4, 100)
    first = solve(program, "fix-propagate").solution
    result = solve(program, "forge-hints", initial=first, time_limit=1)
    assert result.objective <= program.evaluate(first)
    again = solve(program, "forge-hints", seed=5, time_limit=60)
    assert again.objective == result.objective or result.status is not Status.OPTIMAL


def test_programs_without_integers_or_rows() -> None:
    linear = MIP(np.ones(2), np.ones((1, 2)), 1.0, np.inf, 0.0, 1.0, np.zeros(2, int))
    assert solve(linear, "forge-hints").objective == 1.0
    free = MIP(np.ones(2), np.zeros((0, 2)), 0.0, 0.0, -1.0, 1.0, np.ones(2, int))
    assert solve(free, "forge-hints").objective == -2.0
    nothing = MIP([], np.zeros((0, 0)), [], [], [], [], [])
    assert solve(nothing, "forge-hints").status is Status.OPTIMAL


def test_names_what_it_cannot_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="hints 'best': not one of"):
        solve(cover(), "forge-hints", hints="best")
    with pytest.raises(UsageError, match="share 2: from 0 to 1"):
        solve(cover(), "forge-hints", share=2.0)
    unbounded = MIP([-1.0], np.zeros((0, 1)), [], [], 0.0, np.inf, [1])
    with pytest.raises(SolverError, match="no optimum"):
        hints(unbounded)
    quadratic = ck.Model()
    x = quadratic.add_variable(kind="binary")
    quadratic.minimize(x * x + x)
    with pytest.raises(UnsupportedFeatureError):
        hints(quadratic)
    with pytest.raises(InstanceFormatError, match="no such hint model"):
        HintModel.load(tmp_path / "no.npz", shipped())


def test_models_are_kept_and_checked(tmp_path: Path) -> None:
    model, path = shipped_hint_model(), tmp_path / "hints.npz"
    model.save(path)
    again = HintModel.load(path, shipped())
    view = view_of(cover(), shipped(), 10.0)
    assert view is not None
    assert (model.logits(view.inputs) == again.logits(view.inputs)).all()
    replace(model, mark="other").save(path)
    with pytest.raises(InstanceFormatError, match="made with weights other"):
        HintModel.load(path, shipped())
    arrays = {k: v for k, v in model.arrays.items() if k != "scale"}
    replace(model, arrays=arrays).save(path)
    with pytest.raises(InstanceFormatError, match="damaged hint model: no scale"):
        HintModel.load(path, shipped())


def test_the_operator_frees_what_is_doubted() -> None:
    program = cover(6, 200)
    structure = Structure(program)
    found = hints(program)
    x = np.zeros(program.n)
    x[found.columns] = found.values
    wrong = structure.discrete[:20]
    x[wrong] = 1.0 - x[wrong]
    state = State(structure, x, 0.0, Pool(structure))
    operator = ForgeOperator()
    assert operator.fits(structure)
    freed = np.zeros(program.n)
    for seed in range(50):
        part = operator.propose(state, np.random.default_rng(seed), 0.1)
        assert part is not None and part.free == round(0.1 * structure.discrete.size)
        freed += part.lower < part.upper
    others = np.setdiff1d(structure.discrete, wrong)
    assert freed[wrong].mean() > 2 * freed[others].mean()


def test_balans_takes_the_operator() -> None:
    program = cover(7, 150)
    result = solve(program, "balans", operators="forge,mutation", time_limit=3)
    assert result.objective is not None
    with pytest.raises(UsageError, match="0 < least"):
        solve(program, "balans", operators="forge:least=2")


def test_partial_starts_reach_the_solver_that_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = cover(8, 60)
    seen = []

    def watched(problem: MIP, solver: str, **options: object) -> object:
        seen.append((solver, options.get("initial")))
        # Nothing is found before.
        return None if solver == "fix-propagate" else solve(problem, solver, **options)

    monkeypatch.setattr("combkit.neural.forge.hint_solver.solve_any", watched)
    start = hints(program).surest(5).partial(program)
    result = solve(program, "forge-hints", initial=start, share=0.0, then="highs")
    assert seen[-1] == ("highs", start)
    assert result.objective == solve(program, "highs").objective
