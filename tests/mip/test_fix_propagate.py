"""Fix-and-propagate: every point is feasible, and easy ones are found."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from combkit.instances.errors import UsageError
from combkit.instances.events import Events
from combkit.instances.formats import read
from combkit.instances.mip import MIP
from combkit.instances.result import Result, Status
from combkit.instances.run import Run, execute
from combkit.instances.solutions import Values
from combkit.instances.stop import FirstFeasible, MaxRuntime, Reason, Stop
from combkit.mip.fix_propagate import solve
from combkit.mip.propagation import Domains

INF = np.inf


def start(
    problem: MIP, stop: Stop | None = None, seed: int = 0, **options: Any
) -> Result:
    """Run the solver; every incumbent on the way must be feasible."""

    class Judge(Events):
        def on_incumbent(
            self, solution: Any, objective: float, time: float, source: str
        ) -> None:
            assert problem.check(solution) == []
            assert problem.evaluate(solution) == objective

    run = Run(problem, stop=stop, seed=seed, events=Judge())
    return execute(solve, run, solver="fix-propagate", params=options)


def integer_points(problem: MIP) -> list[np.ndarray]:
    """All feasible integer points of the box."""
    ranges = [
        range(int(np.ceil(lo)), int(np.floor(up)) + 1)
        for lo, up in zip(problem.lower, problem.upper, strict=True)
    ]
    points = (np.array(x, dtype=float) for x in itertools.product(*ranges))
    return [x for x in points if not problem.check(Values(x))]


@st.composite
def programs(draw: st.DrawFn, *, mixed: bool = False) -> MIP:
    m, n = draw(st.integers(0, 3)), draw(st.integers(1, 4))
    numbers = st.integers(-4, 4)

    def vector(size: int) -> np.ndarray:
        return np.array(draw(st.lists(numbers, min_size=size, max_size=size)))

    scale = draw(st.sampled_from([1.0, 0.5, 1 / 3]))
    lower, first, second = vector(n), 2 * vector(m), 2 * vector(m)
    open_below = np.array(draw(st.lists(st.booleans(), min_size=m, max_size=m)))
    return MIP(
        vector(n) * scale,
        vector(m * n).reshape(m, n) * scale,
        np.where(open_below, -INF, np.minimum(first, second) * scale),
        np.maximum(first, second) * scale,
        lower,
        lower + draw(st.integers(0, 3)),
        vector(n) > 0 if mixed else 1,
        maximize=draw(st.booleans()),
    )


@settings(deadline=None, max_examples=150)
@given(problem=programs())
def test_never_better_than_brute_force(problem: MIP) -> None:
    result = start(problem, restarts=4)
    values = [problem.evaluate(Values(x)) for x in integer_points(problem)]
    if not values:
        assert result.solution is None
        assert result.status in (Status.NO_SOLUTION, Status.INFEASIBLE)
    elif result.objective is not None:
        assert min(values) - 1e-6 <= result.objective <= max(values) + 1e-6


@settings(deadline=None, max_examples=100)
@given(problem=programs(mixed=True))
def test_mixed_points_are_feasible(problem: MIP) -> None:
    start(problem, restarts=4)


@settings(deadline=None, max_examples=150)
@given(problem=programs(), data=st.data())
def test_propagation_keeps_every_feasible_point(
    problem: MIP, data: st.DataObject
) -> None:
    points = integer_points(problem)
    domains = Domains(problem)
    if not domains.propagate():
        assert not points
        return
    col = data.draw(st.integers(0, problem.n - 1))
    low, high = int(domains.lower[col]), int(domains.upper[col])
    value = float(data.draw(st.integers(low, high)))
    before = domains.state
    kept = [x for x in points if x[col] == value]
    if domains.fix(np.array([col]), np.array([value])):
        for x in kept:
            assert (domains.lower <= x).all()
            assert (x <= domains.upper).all()
    else:
        assert not kept
    domains.state = before
    for x in points:
        assert (domains.lower <= x).all()
        assert (x <= domains.upper).all()


def test_set_partitioning() -> None:
    rng = np.random.default_rng(3)
    rows, cols = 12, 400
    A = (rng.random((rows, cols)) < 0.2).astype(float)
    # Columns that partition the rows, so that there is an answer.
    A[:, :4] = np.kron(np.eye(4), np.ones((3, 1)))
    problem = MIP(rng.integers(1, 50, cols), A, 1, 1, 0, 1, 1)
    assert start(problem).status is Status.FEASIBLE


def test_equality_knapsack_and_general_integers() -> None:
    problem = MIP([3.0, 1.0, 2.0], [[7.0, 3.0, 1.0]], 25, 25, 0, 10, 1)
    assert start(problem).solution is not None


def test_negative_and_missing_bounds() -> None:
    below = MIP([1.0, 1.0], [[1.0, 2.0]], -7.5, INF, -5, -1, 1)
    free = MIP([1.0, 1.0], [[1.0, -1.0], [1.0, 1.0]], [2, 3], [2, INF], -INF, INF, 1)
    assert start(below).objective == pytest.approx(-6)
    assert start(free).solution is not None


def test_maximises() -> None:
    problem = MIP([5.0, 4.0], [[1.0, 1.0]], -INF, 3, 0, 2, 1, maximize=True)
    assert start(problem).objective == 14


def test_continuous_variables_come_from_an_lp() -> None:
    """A facility must open before it ships: 2 * 10 + 3 * 1.5 at best."""
    problem = MIP(
        [10.0, 10.0, 1.0, 1.0],
        [[0, 0, 1.0, 1.0], [-1.5, 0, 1.0, 0], [0, -1.5, 0, 1.0]],
        [3.0, -INF, -INF],
        [3.0, 0, 0],
        0,
        [1, 1, INF, INF],
        [1, 1, 0, 0],
    )
    assert start(problem).objective == pytest.approx(23)


def test_same_seed_same_answers() -> None:
    rng = np.random.default_rng(5)
    A = (rng.random((30, 80)) < 0.15).astype(float)
    problem = MIP(rng.integers(1, 50, 80), A, A.any(axis=1), INF, 0, 1, 1)
    first, second = (start(problem, seed=7) for _ in range(2))
    values = [[point.objective for point in result.trace] for result in (first, second)]
    assert values[0] == values[1]
    np.testing.assert_array_equal(first.solution.values, second.solution.values)


def test_stops() -> None:
    problem = MIP(np.ones(50), np.ones((1, 50)), 3, INF, 0, 1, 1)
    assert len(start(problem, FirstFeasible()).trace) == 1

    class Never(Events):
        def should_stop(self) -> bool:
            return True

    run = Run(problem, events=Never())
    result = execute(solve, run, solver="fix-propagate")
    assert (result.solution, result.reason) == (None, Reason.INTERRUPTED)
    assert start(problem, seconds=1e-9).extra["dives"] == 0
    assert start(problem, MaxRuntime(10), restarts=3).reason is Reason.COMPLETED


def test_proves_nothing() -> None:
    """A model without a point is left to others, but for crossed bounds."""
    parity = MIP([0.0, 0.0], [[2.0, 2.0]], 3, 3, 0, 5, 1)
    assert start(parity).status is Status.NO_SOLUTION
    assert start(MIP([1.0], [[1.0]], 0, 1, 3, 2, 1)).status is Status.INFEASIBLE


@pytest.mark.parametrize("options", [{"restarts": -1}, {"seconds": 0.0}])
def test_parameters_out_of_range(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        start(MIP([1.0], [[1.0]], 0, 1, 0, 1, 1), **options)


@pytest.mark.parametrize("name", ["p0033", "gt2", "egout", "mod008", "pp08a"])
def test_real_models(shared_data: Path, name: str) -> None:
    problem = read(shared_data / "mip" / "miplib3" / f"{name}.mps.gz")
    assert isinstance(problem, MIP)
    assert start(problem, restarts=0).solution is not None
