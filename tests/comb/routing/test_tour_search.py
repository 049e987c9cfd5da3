"""The tour searches: their kernels, their contract, their quality."""

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from combkit.comb.routing import _kernels, tour_search
from combkit.comb.routing import metric as metric_module
from combkit.comb.routing._kernels_tour import Space, Walk, distance
from combkit.comb.routing.greedy_tsp import greedy_tour
from combkit.comb.routing.nearness import near_nodes
from combkit.comb.solve import solve
from combkit.instances.distances import METRICS
from combkit.instances.errors import UsageError
from combkit.instances.events import Events
from combkit.instances.formats import read
from combkit.instances.run import Run
from combkit.instances.solutions import Tour
from combkit.instances.stop import MaxIterations, Reason
from combkit.instances.tsp import TSP

#: Levels of a step of each solver.
DEPTHS = {"ils": 0, "lk": 25}

every_solver = pytest.mark.parametrize("solver", DEPTHS)


def cities(n: int, seed: int = 0, metric: str = "EUC_2D", **fields: object) -> TSP:
    rng = np.random.default_rng(seed)
    return TSP(rng.integers(0, 10**6, (n, 2)).astype(float), metric=metric, **fields)


def prepared(problem: TSP, solver: str, seed: int = 0) -> tuple[Space, Walk]:
    """Return data and state of a search from the greedy tour."""
    depth = DEPTHS[solver]
    space = tour_search.space_of(problem, near_nodes(problem, 10), depth)
    walk = tour_search.walk_of(greedy_tour(problem), seed, 0, depth, False)
    walk.length[0] = problem.evaluate(Tour(walk.tour))
    return space, walk


class TestKernels:
    @pytest.mark.parametrize("metric", METRICS)
    def test_distances_are_the_problem_s(
        self, metric: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(metric_module, "_TABULATED", 0)
        rng = np.random.default_rng(1)
        solid = metric.endswith("3D") or metric.startswith("XRAY")
        coords = rng.uniform(-80, 80, (200, 3 if solid else 2))
        problem = TSP(coords, metric=metric)
        space = tour_search.space_of(problem, near_nodes(problem, 5), 0)
        i, j = rng.integers(0, 200, (2, 500))
        ours = [
            distance(space.metric, space.points, space.matrix, a, b)
            for a, b in zip(i, j, strict=True)
        ]
        assert np.array_equal(ours, problem.distance(i, j))

    @pytest.mark.parametrize("metric", ["EUC_2D", "euclidean"])
    @every_solver
    def test_length_is_kept_up_to_date(self, solver: str, metric: str) -> None:
        problem = cities(300, metric=metric)
        space, walk = prepared(problem, solver)
        assert _kernels.descend(space, walk, 10**6)
        _kernels.kick(space, walk, 2_000, 50, walk.length[0] / 300, 0, 10_000)
        assert sorted(walk.tour) == list(range(300))
        assert (walk.tour[walk.place] == np.arange(300)).all()
        length = problem.evaluate(Tour(walk.tour))
        assert walk.length[0] == pytest.approx(length, rel=1e-12)
        best = problem.evaluate(Tour(tour_search.best_tour(walk)))
        assert walk.length[1] == pytest.approx(best, rel=1e-12)
        assert walk.length[1] < walk.length[0]
        if metric == "EUC_2D":
            assert walk.length[0] == length

    @every_solver
    def test_worse_tours_are_undone(self, solver: str) -> None:
        space, walk = prepared(cities(300), solver)
        _kernels.descend(space, walk, 10**6)
        for _ in range(200):
            edges = {*zip(walk.tour, np.roll(walk.tour, -1), strict=True)}
            before = walk.length[0]
            _kernels.kick(space, walk, 1, 50, 0.0, 0, 1)
            after = {*zip(walk.tour, np.roll(walk.tour, -1), strict=True)}
            assert walk.length[0] <= before
            if walk.length[0] == before:
                kept = len(edges & (after | {(b, a) for a, b in after}))
                assert kept >= len(edges) - 60

    @every_solver
    def test_kicks_in_slices_are_the_same_kicks(self, solver: str) -> None:
        problem = cities(300)
        walks = []
        for sizes in ([900], [1, 399, 500]):
            space, walk = prepared(problem, solver)
            _kernels.descend(space, walk, 10**6)
            made = 0
            for size in sizes:
                _kernels.kick(space, walk, size, 50, 2_000.0, made, 1_000)
                made += size
            walks.append(walk)
        assert (walks[0].tour == walks[1].tour).all()
        assert (walks[0].length == walks[1].length).all()

    @every_solver
    def test_a_shaken_walk_keeps_its_best(self, solver: str) -> None:
        problem = cities(300)
        space, walk = prepared(problem, solver)
        _kernels.descend(space, walk, 10**6)
        best = walk.tour.copy(), walk.length[1]
        _kernels.shake(space, walk, 10)
        assert walk.length[0] > best[1]
        assert problem.evaluate(Tour(walk.tour)) == walk.length[0]
        assert (tour_search.best_tour(walk) == best[0]).all()
        _kernels.descend(space, walk, 10**6)
        assert problem.evaluate(Tour(walk.tour)) == walk.length[0]

    @every_solver
    def test_descent_in_slices_is_the_same_descent(self, solver: str) -> None:
        problem = cities(500)
        space, whole = prepared(problem, solver)
        _kernels.descend(space, whole, 10**6)
        _, sliced = prepared(problem, solver)
        while not _kernels.descend(space, sliced, 7):
            pass
        assert (whole.tour == sliced.tour).all()

    @every_solver
    def test_full_journal_ends_a_step(self, solver: str) -> None:
        problem = cities(400)
        space, walk = prepared(problem, solver)
        walk = walk._replace(
            journal=np.zeros((3 * max(3, DEPTHS[solver]), 2), np.int32)
        )
        _kernels.descend(space, walk, 10**6)
        _kernels.kick(space, walk, 500, 50, 0.0, 0, 500)
        assert problem.evaluate(Tour(walk.tour)) == walk.length[0]


class TestContract:
    @every_solver
    def test_same_seed_same_tour(self, solver: str) -> None:
        problem = cities(400)
        runs = [
            solve(problem, solver, seed=seed, stop=MaxIterations(3_000))
            for seed in (4, 4, 5)
        ]
        tours = [run.solution.tour.tolist() for run in runs]
        assert tours[0] == tours[1] != tours[2]
        assert [run.iterations for run in runs] == [3_000] * 3

    @every_solver
    def test_fixed_edges_stay(self, solver: str) -> None:
        order = np.random.default_rng(5).permutation(300)
        fixed = order[:120].reshape(-1, 2)
        problem = cities(300, fixed_edges=fixed)
        result = solve(problem, solver, stop=MaxIterations(3_000))
        assert problem.check(result.solution) == []
        free = solve(cities(300), solver, stop=MaxIterations(3_000))
        assert result.objective > free.objective

    @every_solver
    def test_everything_fixed(self, solver: str) -> None:
        order = np.random.default_rng(5).permutation(40)
        fixed = np.stack([order, np.roll(order, -1)], axis=1)
        problem = cities(40, fixed_edges=fixed)
        result = solve(problem, solver, stop=MaxIterations(100))
        assert problem.check(result.solution) == []

    @every_solver
    def test_start_is_never_worsened(self, solver: str) -> None:
        problem = cities(200)
        good = solve(problem, solver, stop=MaxIterations(2_000)).solution
        result = solve(problem, solver, initial=good, stop=MaxIterations(10))
        assert result.objective <= problem.evaluate(good)
        assert result.trace[0].source == "initial"

    @every_solver
    def test_listener_ends_the_run(self, solver: str) -> None:
        class Patient(Events):
            asked = 0

            def should_stop(self) -> bool:
                self.asked += 1
                return self.asked > 20

        result = solve(cities(2_000), solver, events=Patient())
        assert result.reason is Reason.INTERRUPTED
        assert result.solution is not None

    @every_solver
    def test_limit_in_time(self, solver: str) -> None:
        result = solve(cities(3_000), solver, time_limit=1.0)
        assert result.reason is Reason.TIME
        assert result.runtime < 3.0

    @every_solver
    def test_walks_side_by_side(self, solver: str) -> None:
        problem = cities(300)
        result = solve(problem, solver, threads=2, stop=MaxIterations(2_000))
        assert result.threads == 2
        assert problem.check(result.solution) == []

    @every_solver
    def test_all_in_one_place(self, solver: str) -> None:
        problem = TSP(np.ones((2_000, 2)), metric="EUC_2D")
        assert solve(problem, solver, stop=MaxIterations(200)).objective == 0

    @pytest.mark.parametrize("option", ["neighbours", "segment", "depth"])
    def test_options_must_be_positive(self, option: str) -> None:
        with pytest.raises(UsageError, match=f"{option}=0"):
            solve(cities(10), "lk", **{option: 0})

    def test_candidates_must_be_known(self) -> None:
        with pytest.raises(UsageError, match="'quadrant': not one of auto, alpha"):
            solve(cities(10), "lk", candidates="quadrant")

    def test_no_matrix_of_many_cities(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(self: TSP) -> None:
            raise AssertionError("the whole matrix was asked for")

        monkeypatch.setattr(TSP, "distances", refuse)
        rng = np.random.default_rng(2)
        for metric in ("EUC_2D", "GEO"):
            problem = TSP(rng.uniform(-80, 80, (5_100, 2)), metric=metric)
            run = Run(problem, stop=MaxIterations(50))
            tour_search.search(
                problem,
                run,
                "lk",
                neighbours=None,
                segment=30,
                depth=25,
                candidates="auto",
            )
            assert problem.check(run.solution) == []


class TestQuality:
    @every_solver
    @pytest.mark.parametrize("n", [5, 6, 8])
    def test_tiny_problems_are_solved(self, n: int, solver: str) -> None:
        rng = np.random.default_rng(n)
        for _ in range(10):
            matrix = rng.integers(1, 100, (n, n))
            problem = TSP(matrix=np.triu(matrix, 1) + np.triu(matrix, 1).T)
            best = min(
                problem.evaluate(Tour((0, *order)))
                for order in permutations(range(1, n))
            )
            result = solve(problem, solver, stop=MaxIterations(200))
            assert result.objective == best

    def test_deeper_steps_leave_shorter_tours(self) -> None:
        lengths = dict.fromkeys(DEPTHS, 0.0)
        for seed in range(5):
            problem = cities(1_000, seed)
            for solver in DEPTHS:
                space, walk = prepared(problem, solver)
                _kernels.descend(space, walk, 10**6)
                lengths[solver] += walk.length[0]
        assert lengths["lk"] < 0.98 * lengths["ils"]


@every_solver
@pytest.mark.parametrize(
    ("name", "best"), [("gr96", 55209), ("ali535", 202339), ("si535", 48450)]
)
def test_quality_on_tsplib(
    shared_data: Path, name: str, best: int, solver: str
) -> None:
    path = shared_data / "routing" / "tsplib" / "tsp" / f"{name}.tsp"
    if not path.is_file():
        pytest.skip(f"{path.name} is not in the data folder")
    result = solve(read(path), solver, stop=MaxIterations(20_000))
    assert best <= result.objective <= 1.02 * best
