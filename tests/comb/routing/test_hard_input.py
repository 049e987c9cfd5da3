"""Degenerate geometry, extreme scales and starts that do not fit, for every solver."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from combkit.comb import SOLVERS
from combkit.comb.solve import solve
from combkit.instances.cvrp import CVRP
from combkit.instances.errors import InvalidProblemError, InvalidSolutionError
from combkit.instances.mtsp import MTSP
from combkit.instances.ovrp import OVRP
from combkit.instances.prizes import OP, PCTSP
from combkit.instances.result import Status
from combkit.instances.solutions import Routes
from combkit.instances.stop import MaxIterations
from combkit.instances.tsp import ATSP, TSP
from combkit.instances.vrptw import VRPTW

POINTS = np.random.default_rng(3).random((12, 2))
DEMANDS = np.array([0, 3, 1, 4, 1, 5, 2, 2, 5, 3, 5, 1])


def tsp(points: np.ndarray) -> TSP:
    return TSP(points)


def cvrp(points: np.ndarray) -> CVRP:
    return CVRP(points, DEMANDS[: len(points)], 12)


def limited(points: np.ndarray) -> CVRP:
    far = np.ptp(points, axis=0).sum()
    limit = 4.0 * far if far else 1.0
    return CVRP(points, DEMANDS[: len(points)], 12, max_distance=limit)


def ovrp(points: np.ndarray) -> OVRP:
    return OVRP(points, DEMANDS[: len(points)], 12)


def vrptw(points: np.ndarray) -> VRPTW:
    side = max(float(np.ptp(points, axis=0).max()), 1e-300)
    ready = np.linspace(0.0, 4.0 * side, len(points))
    ready[0] = 0.0
    due = ready + 4.0 * side
    due[0] = 20.0 * side
    return VRPTW(points, DEMANDS[: len(points)], 12, ready=ready, due=due)


def op(points: np.ndarray) -> OP:
    far = float(np.ptp(points, axis=0).sum())
    return OP(points, prizes=DEMANDS[: len(points)], limit=2.0 * far)


def pctsp(points: np.ndarray) -> PCTSP:
    prizes = DEMANDS[: len(points)] / 32.0
    size = max(float(np.ptp(points, axis=0).max()), 1e-300)
    quota = 0.5 * float(prizes.sum())
    return PCTSP(points, prizes=prizes, penalties=size * prizes, quota=quota)


def mtsp(points: np.ndarray) -> MTSP:
    return MTSP(points, salesmen=2)


MAKERS = [tsp, cvrp, limited, ovrp, vrptw, op, pctsp, mtsp]


SEARCHES = ("ils", "lk", "sisr", "hgs", "ortools-routing", "pyvrp")

#: What is hard about them, and the points.
SHAPES = {
    "all equal": np.full((12, 2), 7.0),
    "each twice": np.repeat(POINTS[:6], 2, axis=0),
    "on a line": np.c_[POINTS[:, 0], np.zeros(12)],
    "on a grid": np.array([divmod(k, 4) for k in range(12)], dtype=float),
    "huge": 1e12 * POINTS,
    "tiny": 1e-12 * POINTS,
    "far away": 1e12 + 1e3 * POINTS,
    "both ends of the scale": np.r_[1e-12 * POINTS[:6], 1e12 * POINTS[6:]],
    **{f"{n} nodes": POINTS[:n] for n in (2, 3, 4)},
}


def rows(problem: Any) -> Iterator[Any]:
    """Yield the solvers that take a problem."""
    for row in SOLVERS:
        fits = problem.kind in row.kinds and row.available
        if fits and row.unsupported(problem) is None:
            yield row


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("shape", SHAPES)
def test_any_geometry_is_solved(make: Callable[..., Any], shape: str) -> None:
    problem = make(SHAPES[shape])
    for row in rows(problem):
        result = solve(problem, row.name, stop=MaxIterations(100), time_limit=0.5)
        assert result.status in (Status.FEASIBLE, Status.OPTIMAL), row.name
        assert problem.check(result.solution) == [], row.name
        assert result.objective == problem.evaluate(result.solution), row.name
        if shape == "all equal" and make in (tsp, cvrp, ovrp, vrptw, mtsp):
            assert result.objective == 0.0, row.name


@pytest.mark.parametrize("scale", [1e12, 1e-12])
@pytest.mark.parametrize("make", [tsp, cvrp, ovrp], ids=lambda make: make.__name__)
def test_the_optimum_at_any_scale(
    make: Callable[..., Any], scale: float, brute_force: Callable[[Any], float]
) -> None:
    problem = make(scale * POINTS[:7])
    best = brute_force(problem)
    for name in ("auto", *(row.name for row in rows(problem) if row.name in SEARCHES)):
        goal = best * (1.0 + 1e-9)
        result = solve(problem, name, target=goal, time_limit=60.0)
        assert result.objective == pytest.approx(best, rel=1e-9), name


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (TSP, {}),
        (ATSP, {}),
        (CVRP, {"demands": DEMANDS[:8], "capacity": 12}),
        (OVRP, {"demands": DEMANDS[:8], "capacity": 12}),
    ],
)
def test_missing_arcs(kind: Any, options: Any, brute_force: Any) -> None:
    matrix = np.random.default_rng(5).integers(1, 100, (8, 8)).astype(float)
    matrix += matrix.T
    matrix[:4, 4:] = matrix[4:, :4] = np.inf
    with pytest.raises(InvalidProblemError, match=r"matrix\[0, 4\] = inf"):
        kind(matrix=matrix, **options)
    # A large number stands for them: as few of these arcs as there must be.
    matrix[np.isinf(matrix)] = 1e15
    problem = kind(matrix=matrix, **options)
    best = brute_force(problem)
    for row in rows(problem):
        if row.name in (*SEARCHES, "or-3opt"):
            result = solve(problem, row.name, target=best, time_limit=60.0)
            assert result.objective == best, row.name


@pytest.mark.parametrize("make", [tsp, cvrp, ovrp, vrptw, op, pctsp, mtsp])
@pytest.mark.parametrize("other", ["smaller", "larger"])
def test_a_start_of_another_instance(make: Callable[..., Any], other: str) -> None:
    small, large = make(POINTS[:8]), make(POINTS)
    problem, strange = (large, small) if other == "smaller" else (small, large)
    start = solve(strange, stop=MaxIterations(50), time_limit=1.0).solution
    fits = problem.check(start) == []
    for name in ("auto", *(row.name for row in rows(problem))):
        try:
            result = solve(
                problem, name, initial=start, stop=MaxIterations(50), time_limit=0.3
            )
        except InvalidSolutionError as error:
            assert not fits
            assert str(error).startswith("initial solution: "), name
        else:
            assert problem.check(result.solution) == [], name


def test_a_part_of_a_plan_is_mended_whoever_is_asked() -> None:
    problem = cvrp(POINTS)
    for name in ("auto", "sisr", "hgs"):
        result = solve(
            problem, name, initial=Routes([[1, 2], [7]]), stop=MaxIterations(50)
        )
        assert problem.check(result.solution) == [], name
    with pytest.raises(InvalidSolutionError, match="initial solution: customer 3 is"):
        solve(problem, "savings", initial=Routes([[1, 2], [7]]))


def test_windows_that_no_vehicle_can_keep() -> None:
    ready, due = np.zeros(12), np.full(12, 9.0)
    with pytest.raises(InvalidProblemError, match="customer 3 cannot be reached"):
        late = np.where(np.arange(12) == 3, 1e-3, due)
        VRPTW(POINTS, DEMANDS, 12, ready=ready, due=late)
    with pytest.raises(InvalidProblemError, match=r"due\[4\] = 9 is before ready"):
        early = np.where(np.arange(12) == 4, 10.0, ready)
        VRPTW(POINTS, DEMANDS, 12, ready=early, due=due)
    with pytest.raises(InvalidProblemError, match="lets no vehicle be back in time"):
        VRPTW(POINTS, DEMANDS, 12, ready=ready, due=np.r_[0.1, due[1:]])
    with pytest.raises(InvalidProblemError, match=r"service_time\[1\] = -5 is below"):
        VRPTW(POINTS, DEMANDS, 12, ready=ready, due=due, service_time=-5)


def test_a_customer_beyond_the_longest_route() -> None:
    problem = CVRP(POINTS, DEMANDS, 12, max_distance=0.5)
    for name in ("auto", "sisr", "hgs"):
        result = solve(problem, name, time_limit=5.0)
        assert result.status is Status.INFEASIBLE, name
