"""Breakout local search and robust tabu search: optima, contract, known files."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import combkit as ck
from combkit.instances.generators import generate


@pytest.mark.parametrize("scale", [1, 1 / 7, 1e13 / 7, 1e-310])
@pytest.mark.parametrize("seed", range(6))
def test_cuts_by_brute_force(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 9))
    pairs = np.array(list(itertools.combinations(range(n), 2)))
    weights = scale * rng.integers(-6, 7, len(pairs))
    problem = ck.MaxCut(n, pairs, weights)
    best = max(
        problem.evaluate(ck.Selection(chosen))
        for size in range(n + 1)
        for chosen in itertools.combinations(range(n), size)
    )
    result = ck.solve(problem, stop=ck.MaxIterations(3_000))
    exact = best if scale == 1 else pytest.approx(best, rel=1e-9, abs=0.0)
    assert result.objective == exact
    assert result.bound is not None
    assert result.bound >= best


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("symmetric", [True, False])
def test_assignments_by_brute_force(seed: int, symmetric: bool) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 7))
    flow, distance = rng.integers(-3, 9, (2, n, n))
    if symmetric:
        flow, distance = flow + flow.T, distance + distance.T
    problem = ck.QuadraticAssignment(flow, distance)
    best = min(
        problem.evaluate(ck.Assignment(order))
        for order in itertools.permutations(range(n))
    )
    result = ck.solve(problem, stop=ck.MaxIterations(2_000))
    assert result.objective == best
    assert result.bound is not None
    assert result.bound <= best


def test_costs_of_exchanges_stay_right() -> None:
    from combkit.comb.graphs import _kernels_assign as kernels
    from combkit.comb.graphs.robust_tabu import _state_of

    rng = np.random.default_rng(0)
    problem = ck.QuadraticAssignment(*rng.integers(-9, 10, (2, 9, 9)))
    matrices = problem.flow, problem.distance
    state = _state_of(matrices, np.arange(9), 0, 0)
    for _ in range(60):
        kernels.search(*matrices, state, 1)
        value = problem.evaluate(ck.Assignment(state.at))
        assert state.sums[kernels.VALUE] == value
        for i, j in itertools.combinations(range(9), 2):
            other = state.at.copy()
            other[[i, j]] = other[[j, i]]
            change = problem.evaluate(ck.Assignment(other)) - value
            assert state.delta[i, j] == change


@pytest.mark.parametrize(
    ("scale", "kind"), [(1, np.int16), (10**4, np.int32), (10**12, np.int64)]
)
@pytest.mark.parametrize(("n", "density"), [(30, 0.5), (150, 0.02)])
def test_gains_of_moves_stay_right(n: int, density: float, scale: int, kind: Any):
    from combkit.comb.graphs import _kernels_cut as kernels
    from combkit.comb.graphs.max_cut import _cut_of, _graph_of

    problem: Any = generate("maxcut", n, seed=1, signs=True, density=density)
    problem = ck.MaxCut(n, problem.edges, problem.weights * scale)
    graph = _graph_of(problem)
    assert graph.twice.dtype == kind
    assert graph.unit == 1.0
    cut = _cut_of(graph, np.zeros(n, np.uint8), 0, 0, 16)
    moved: list[int] = []
    for _ in range(400):
        before = cut.side.copy()
        allowed = np.flatnonzero(cut.key[:n] > -(graph.far // 2))
        gains = cut.key.copy()
        kernels.search(graph, cut, 1, 10**6, 4, 10)
        (v,) = np.flatnonzero(cut.side != before)
        # Nobody moves again within four moves, and nobody better might have.
        assert v not in moved[-4:]
        gain = problem.evaluate(ck.Selection(np.flatnonzero(cut.side)))
        gain -= problem.evaluate(ck.Selection(np.flatnonzero(before)))
        assert gain >= gains[allowed].max()
        moved.append(int(v))
        value = problem.evaluate(ck.Selection(np.flatnonzero(cut.side)))
        assert cut.sums[kernels.VALUE] == value
        best = problem.evaluate(ck.Selection(np.flatnonzero(cut.best)))
        assert cut.sums[kernels.BEST] == best >= value
        assert (cut.top == cut.key.reshape(-1, kernels.BLOCK).max(axis=1)).all()
        for u in range(0, n, n // 4):
            side = cut.side.copy()
            side[u] = 1 - side[u]
            other = problem.evaluate(ck.Selection(np.flatnonzero(side)))
            far = 0 if cut.key[u] > -(graph.far // 2) else graph.far
            assert int(cut.key[u]) + far == other - value
    # All tenures between the two limits occur.
    again = [
        moved.index(v, k + 1) - k for k, v in enumerate(moved) if v in moved[k + 1 :]
    ]
    assert min(again) == 5
    assert len(set(again)) > 8


@pytest.mark.parametrize("seed", range(8))
def test_crossings_take_the_best_of_both_in_each_part(seed: int) -> None:
    from combkit.comb.graphs.max_cut import _graph_of, _Population

    rng = np.random.default_rng(seed)
    # Three paths of seven vertices and a hub, in which both cuts agree.
    paths = [[k, k + 1] for k in range(20) if k % 7 != 6]
    edges = np.array(paths + [[v, 21] for v in range(21)])
    problem = ck.MaxCut(22, edges, rng.integers(-9, 10, len(edges)))
    one = rng.integers(0, 2, 22, dtype=np.uint8)
    other = np.where(np.arange(22) == 21, one, 1 - one).astype(np.uint8)
    population = _Population(_graph_of(problem), one, 2, 1, seed, 0)
    child = population._best_of_both(one, np.flatnonzero(one != other))
    sides = [
        np.r_[np.repeat(chosen, 7), False]
        for chosen in itertools.product([False, True], repeat=3)
    ]
    values = [
        problem.evaluate(ck.Selection(np.flatnonzero(np.where(part, other, one))))
        for part in sides
    ]
    if child is None:
        assert max(values) == max(values[0], values[-1])
    else:
        assert problem.evaluate(ck.Selection(np.flatnonzero(child))) == max(values)
    assert population._best_of_both(one, np.array([], dtype=np.int64)) is None


@pytest.mark.parametrize("kind", ["maxcut", "qap"])
class TestContract:
    def test_same_seed_same_result(self, kind: str) -> None:
        problem = generate(kind, 60, seed=3)
        stop = ck.MaxIterations(4_000)
        first, again = (ck.solve(problem, stop=stop, seed=5) for _ in range(2))
        assert first.solution == again.solution
        assert first.iterations == 4_000

    def test_a_start_is_not_lost(self, kind: str) -> None:
        problem = generate(kind, 60, seed=3)
        good = ck.solve(problem, stop=ck.MaxIterations(5_000))
        again = ck.solve(problem, initial=good.solution, stop=ck.MaxIterations(1))
        assert not problem.better(good.objective or 0.0, again.objective or 0.0)

    def test_threads(self, kind: str) -> None:
        problem = generate(kind, 60, seed=3)
        result = ck.solve(problem, stop=ck.MaxIterations(2_000), threads=2)
        assert result.objective is not None


def test_bad_options() -> None:
    cut, qap = generate("maxcut", 5, seed=1), generate("qap", 5, seed=1)
    for options in ({"population": 1}, {"depth": 0}):
        with pytest.raises(ck.UsageError):
            ck.solve(cut, "memetic", **options)  # type: ignore[arg-type]
    for options in ({"patience": 0}, {"shaken": 0.0}):
        with pytest.raises(ck.UsageError):
            ck.solve(qap, "tabu", **options)  # type: ignore[arg-type]


def test_known_values(shared_data: Path) -> None:
    folder = shared_data / "routing"
    cut = ck.read(folder / "maxcut" / "G1.txt")
    assert ck.solve(cut, time_limit=20, stop=ck.TargetObjective(11_624)).objective
    for name, value in (("nug20", 2_570), ("had16", 3_720), ("chr12a", 9_552)):
        problem = ck.read(folder / "qaplib" / f"{name}.dat")
        stop = ck.TargetObjective(value)
        assert ck.solve(problem, time_limit=20, stop=stop).objective == value
