"""The parts under the adapters: integral form, SCIP's routes, polishing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from combkit.instances.errors import UnsupportedFeatureError
from combkit.instances.mip import MIP
from combkit.instances.run import Run
from combkit.instances.solutions import Values
from combkit.mip import scip_model
from combkit.mip.integral import integral_form
from combkit.mip.polish import polish

INF = np.inf


def one_row(coefficients: list[float], **changes: Any) -> MIP:
    n = len(coefficients)
    fields: dict[str, Any] = {
        "c": np.ones(n),
        "A": [coefficients],
        "row_lower": -INF,
        "row_upper": 1.0,
        "lower": 0,
        "upper": 5,
        "integrality": 1,
    }
    return MIP(**(fields | changes))


@pytest.mark.parametrize(
    ("coefficients", "scaled", "right"),
    [
        ([2.0, 3.0], [2, 3], 1),
        ([0.5, 0.25], [2, 1], 4),
        ([0.1, 0.3], [1, 3], 10),
        ([1 / 3, 1 / 7], [7, 3], 21),
        ([0.123456, 2.0], [1929, 31250], 15625),
    ],
)
def test_rows_are_scaled_to_integers(
    coefficients: list[float], scaled: list[int], right: int
) -> None:
    form = integral_form(one_row(coefficients))
    assert form.data.tolist() == scaled
    assert form.row_upper.tolist() == [right]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"integrality": [1, 0]}, "'x1' is continuous"),
        ({"upper": [5, INF]}, "'x1' is not bounded"),
        ({"A": [[np.pi, 1.0]]}, "row 'r0' has no exact integer multiple"),
        ({"c": [np.e, 1.0]}, "objective has no exact integer multiple"),
        ({"A": [[1e18, 1.0]]}, "row 'r0' overflows"),
        ({"c": [1e18, 1.0]}, "objective overflows"),
        ({"A": [[1 / 999983, 1 / 999979]], "upper": 2**45}, "row 'r0' overflows"),
    ],
)
def test_what_has_no_integral_form(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UnsupportedFeatureError, match=message):
        integral_form(one_row([1.0, 1.0], **changes))


def test_integral_objective_maps_back() -> None:
    problem = one_row([1.0, 1.0], c=[0.5, -0.25], maximize=True)
    form = integral_form(problem)
    assert (form.c / form.objective_scale).tolist() == problem.c.tolist()
    assert form.objective_scale == -4


def test_bounds_round_inwards() -> None:
    form = integral_form(one_row([1.0, 1.0], lower=0.5, upper=2.9999999999))
    assert form.lower.tolist() == [1, 1]
    assert form.upper.tolist() == [3, 3]
    assert integral_form(one_row([1.0], lower=0.2, upper=0.8)).is_empty


@pytest.mark.parametrize("slow", [False, True])
def test_scip_models_are_the_same_by_every_route(
    monkeypatch: pytest.MonkeyPatch, slow: bool
) -> None:
    if slow:
        monkeypatch.setattr(scip_model, "_library", lambda: None)
    problem = MIP(
        [1.0, -2.0, 0.5],
        [[1, 0, 2], [0, 0, 0], [0, 3, -1]],
        [-INF, -1, 1],
        [4, 1, 1],
        [0, -INF, 0],
        [1, 3, INF],
        [1, 1, 0],
        offset=2.0,
        maximize=True,
    )
    scip = scip_model.build(problem)
    model = scip.model
    assert [v.vtype() for v in scip.variables] == ["BINARY", "INTEGER", "CONTINUOUS"]
    rows = {row.name: row for row in model.getConss()}
    assert model.getLhs(rows["r2"]) == model.getRhs(rows["r2"]) == 1
    assert model.getConsVals(rows["r0"]) == [1.0, 2.0]
    assert model.getRhs(rows["r0"]) == 4
    assert scip.best_solution() is None
    scip.add_start(np.array([1.0, 0.0, np.nan]))
    model.optimize()
    found = scip.best_solution()
    assert found is not None
    assert problem.violation(found) <= 1e-6
    assert problem.evaluate(Values(found)) == pytest.approx(model.getObjVal())


def test_polish_repairs_what_rounding_breaks() -> None:
    """With x = 1 - 1e-5 and y = 1e6 (1 - x), rounding x alone breaks the row."""
    problem = MIP([1.0, 1.0], [[1e6, 1.0]], 1e6, 1e6, 0, [1, 100], [1, 0])
    run = Run(problem)
    run.report(Values([1 - 1e-5, 10.0]), "test")
    polish(problem, run, "test")
    assert run.solution.values.tolist() == [1.0, 0.0]
    assert run.trace[-1].source == "test-polish"
    assert problem.check(run.solution) == []


def test_polish_leaves_the_rest_alone() -> None:
    problem = MIP([1.0, 1.0], [[1.0, 1.0]], 1, 1, 0, 1, [1, 0])
    run = Run(problem)
    polish(problem, run, "test")
    assert run.solution is None
    good = Values([1.0, 0.0])
    run.report(good, "test")
    polish(problem, run, "test")
    assert run.solution is good
    # Nothing repairs a point whose rounding is infeasible.
    hopeless = Run(MIP([1.0], [[1.0]], 0.4, 0.6, 0, 1, 1))
    hopeless.report(Values([0.5]), "test")
    polish(hopeless.problem, hopeless, "test")  # type: ignore[arg-type]
    assert hopeless.solution.values.tolist() == [0.5]
