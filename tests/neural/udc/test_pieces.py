"""Pieces: what they say of the whole, and that nothing is lost at their borders."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from combkit.comb.solve import solve
from combkit.comb.walkers import walker_of
from combkit.instances.cvrp import CVRP
from combkit.instances.generators import generate
from combkit.instances.graph_sets import IndependentSet
from combkit.instances.knapsack import Knapsack
from combkit.instances.prizes import OP, PCTSP
from combkit.instances.problem import Problem
from combkit.instances.solutions import Routes, Selection, Solution, Tour
from combkit.instances.tsp import ATSP, TSP
from combkit.neural.udc.cells import blocks, chunks, windows
from combkit.neural.udc.contraction import Contraction
from combkit.neural.udc.fleets import FleetCutter
from combkit.neural.udc.outings import OutingCutter
from combkit.neural.udc.subsets import ItemCutter, VertexCutter
from combkit.neural.udc.tours import TourCutter

SEEDS = st.integers(0, 2**32 - 1)


@given(SEEDS, st.integers(2, 200), st.integers(1, 100))
def test_cells_have_every_node_once(seed: int, n: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    points = np.round(rng.random((n, 2)), 1)
    weights = rng.integers(1, 4, n).astype(float)
    for cells in (
        blocks(points, weights, size, rng),
        windows(rng.permutation(n), size, int(rng.integers(n))),
    ):
        assert len(cells) >= 2
        assert sorted(np.concatenate(cells).tolist()) == list(range(n))
    groups = chunks([np.arange(k) for k in rng.integers(1, 9, n)], size)
    assert sorted(k for group in groups for k in group) == list(range(n))


def test_blocks_are_compact() -> None:
    rng = np.random.default_rng(0)
    points = rng.random((4_000, 2))
    for cell in blocks(points, np.ones(4_000), 250, rng):
        assert 200 <= cell.size <= 300
        # A block of a sixteenth of the square is hardly longer than its diagonal.
        assert np.ptp(points[cell], axis=0).max() < 0.6


@given(SEEDS, st.integers(3, 60))
def test_a_contraction_expands_to_the_tour(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    tour = rng.permutation(n)
    chosen = rng.random(n) < 0.6
    if chosen.sum() < 3:
        return
    part = Contraction(tour, chosen)
    assert part.kept.shape == (part.kept.shape[0], 2)
    for order in (np.arange(part.nodes.size), np.arange(part.nodes.size)[::-1]):
        found = part.expand(order, part.nodes)
        if order[0] > 0:
            found = found[::-1]
        start = int(np.flatnonzero(tour == found[0])[0])
        assert found.tolist() == np.roll(tour, -start).tolist()


def problem_of(kind: str, seed: int, n: int) -> Problem:
    """Return a problem of unrounded distances or random numbers."""
    rng = np.random.default_rng(seed)
    places = rng.random((n, 2))
    if kind == "tsp":
        return TSP(places)
    if kind == "fixed":
        pairs = rng.permutation(n)[:4].reshape(2, 2)
        return TSP(places, fixed_edges=pairs)
    if kind == "matrix":
        return TSP(matrix=np.hypot(*(places[:, None] - places).T))
    if kind == "atsp":
        costs = rng.random((n, n))
        return ATSP(costs)
    if kind == "op":
        return OP(places, rng.random(n), 0.5 * np.sqrt(n))
    if kind == "pctsp":
        return PCTSP(places, rng.random(n), rng.random(n) / 5, n / 8)
    if kind in ("cvrp", "limits"):
        extra = {}
        if kind == "limits":
            extra = {
                "max_distance": 3.0,
                "service_time": np.r_[0, np.full(n - 1, 0.01)],
            }
        return CVRP(places, np.r_[0, rng.integers(1, 9, n - 1)], 20, **extra)
    if kind in ("ovrp", "mtsp"):
        return generate(kind, n, seed=seed)
    if kind == "kp":
        return Knapsack(rng.random(n), rng.random(n), n / 8)
    edges = np.argwhere(np.triu(rng.random((n, n)) < 0.1, 1))
    return IndependentSet(n, edges, rng.integers(1, 5, n))


KINDS = (
    "tsp fixed matrix atsp op pctsp cvrp limits ovrp mtsp kp mis".split()  # noqa: SIM905
)
CUTTERS = {
    "tsp": TourCutter,
    "atsp": TourCutter,
    "op": OutingCutter,
    "pctsp": OutingCutter,
    "cvrp": FleetCutter,
    "ovrp": FleetCutter,
    "mtsp": FleetCutter,
    "kp": ItemCutter,
    "mis": VertexCutter,
}


def improved(problem: Problem, start: Solution, kept: np.ndarray | None) -> Solution:
    """Return another solution of a piece, better or not."""
    if isinstance(problem, Knapsack):
        return solve(problem, "greedy").solution
    walker = walker_of(problem, start, 1, kept)
    walker.advance(50, 0.05, 0.5)
    return walker.solution


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None)
@given(SEEDS, st.integers(12, 60))
def test_a_piece_says_what_the_whole_gains(kind: str, seed: int, n: int) -> None:
    problem = problem_of(kind, seed, n)
    rng = np.random.default_rng(seed)
    whole = solve(problem, "auto", time_limit=0.0).solution
    cutter = CUTTERS[problem.kind](problem)
    for stage in range(2):
        cells = cutter.cells(whole, n // 3, stage, rng)
        assert cells
        for cell in cells:
            piece = cutter.piece(whole, cell)
            if piece is None:
                continue
            small = piece.problem
            assert not small.check(piece.start)
            back = piece.join(piece.start)
            assert problem.evaluate(back) == pytest.approx(problem.evaluate(whole))
            other = improved(small, piece.start, piece.kept)
            joined = piece.join(other)
            assert not problem.check(joined)
            gain = small.evaluate(other) - small.evaluate(piece.start)
            if kind == "mtsp":
                # The longest tour may be in another piece.
                assert problem.evaluate(joined) >= small.evaluate(other) - 1e-9
            elif kind == "kp":
                scale = problem.profits[cell].sum() / max(1, small.profits.sum())
                expected = pytest.approx(gain * scale, abs=1e-9)
                assert problem.evaluate(joined) - problem.evaluate(back) == expected
            else:
                expected = pytest.approx(gain, abs=1e-9)
                assert problem.evaluate(joined) - problem.evaluate(whole) == expected
            whole = joined


def test_pieces_of_a_sparse_graph_are_near_a_vertex() -> None:
    n = 400
    path = IndependentSet(n, np.stack([np.arange(n - 1), np.arange(1, n)], axis=1))
    chosen = Selection(np.arange(0, n, 2))
    cutter = VertexCutter(path)
    for cell in cutter.cells(chosen, 50, 0, np.random.default_rng(0)):
        piece = cutter.piece(chosen, cell)
        assert piece is not None
        assert 40 <= piece.size <= 60


def test_pieces_of_routes_are_whole_routes() -> None:
    problem = generate("cvrp", 120, seed=3)
    whole = solve(problem, "savings").solution
    cutter = FleetCutter(problem)
    for stage in range(2):
        cells = cutter.cells(whole, 40, stage, np.random.default_rng(0))
        for cell in cells:
            piece = cutter.piece(whole, cell)
            assert piece is not None
            inside = set(cell.tolist())
            whole_routes = [r for r in whole.routes if set(r.tolist()) <= inside]
            assert len(piece.start.routes) == len(whole_routes)


def test_a_fleet_of_one_route_is_one_piece() -> None:
    problem = CVRP(np.random.default_rng(0).random((6, 2)), [0, 1, 1, 1, 1, 1], 9)
    whole = Routes([[1, 2, 3, 4, 5]])
    cells = FleetCutter(problem).cells(whole, 3, 0, np.random.default_rng(0))
    assert [cell.tolist() for cell in cells] == [[1, 2, 3, 4, 5]]


def test_an_outing_without_visits_has_no_piece() -> None:
    problem = OP(np.random.default_rng(0).random((9, 2)), np.ones(9), 0.1)
    cutter = OutingCutter(problem)
    cells = cutter.cells(Tour([0]), 4, 0, np.random.default_rng(0))
    assert [cutter.piece(Tour([0]), cell) for cell in cells] == [None] * len(cells)
