"""The constructives answer at once, whatever the size and the data."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from combkit.comb.routing.fleet import fit_fleet
from combkit.comb.routing.greedy_tsp import curve_tour, greedy_tour
from combkit.comb.routing.nearness import curve_order, near_nodes
from combkit.comb.routing.paths import Paths
from combkit.comb.routing.savings import curve_routes, savings_routes
from combkit.comb.routing.savings_tsp import savings_tour
from combkit.comb.solve import solve
from combkit.instances.cvrp import CVRP
from combkit.instances.errors import UsageError
from combkit.instances.result import Status
from combkit.instances.solutions import Routes, Tour
from combkit.instances.tsp import ATSP, TSP


def cities(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 10**6, (n, 2)).astype(float)


def customers(n: int, **fields: object) -> CVRP:
    demands = np.random.default_rng(1).integers(1, 10, n + 1)
    demands[0] = 0
    return CVRP(cities(n + 1), demands, 60, metric="EUC_2D", **fields)


class TestNearness:
    @pytest.mark.parametrize("metric", ["EUC_2D", "CEIL_2D", "ATT", "MAN_2D", "MAX_2D"])
    def test_tree_agrees_with_comparison(self, metric: str) -> None:
        problem = TSP(cities(2_000), metric=metric)
        nodes = np.arange(1_400)
        near = near_nodes(problem, 8)[nodes]
        far = problem.distance(nodes[:, None], np.arange(2_000))
        far[nodes, nodes] = far.max() + 1
        expected = np.sort(far, axis=1)[:, :8]
        assert (np.take_along_axis(far, near, 1) == expected).all()

    def test_geographical_tree_agrees_with_comparison(self) -> None:
        rng = np.random.default_rng(3)
        coords = np.stack(
            [rng.uniform(-80, 80, 1_600), rng.uniform(-179, 179, 1_600)], 1
        )
        problem = TSP(coords, metric="GEO")
        nodes = np.arange(1_600)
        far = problem.distance(nodes[:, None], nodes).astype(float)
        np.fill_diagonal(far, np.inf)
        found = np.take_along_axis(far, near_nodes(problem, 5), 1)
        assert (np.abs(found - np.sort(far, axis=1)[:, :5]) <= 1).all()

    def test_nobody_is_its_own_neighbour(self) -> None:
        problem = TSP(np.zeros((1_700, 2)), metric="EUC_2D")
        near = near_nodes(problem, 6)
        assert near.shape == (1_700, 6)
        assert (near != np.arange(1_700)[:, None]).all()

    def test_few_nodes_have_few_neighbours(self) -> None:
        problem = TSP(cities(30))
        assert near_nodes(problem, 8, np.array([4, 9, 2])).shape == (3, 2)
        assert near_nodes(problem, 8, np.array([4])).shape == (1, 0)

    @pytest.mark.parametrize("side", [2, 4, 16])
    def test_curve_goes_from_cell_to_cell(self, side: int) -> None:
        grid = np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1)
        grid = grid.reshape(-1, 2).astype(float)
        steps = np.abs(np.diff(grid[curve_order(grid)], axis=0)).sum(axis=1)
        assert (steps == 1).all()


class TestPaths:
    @given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=60))
    def test_paths_stay_paths(self, pairs: list[tuple[int, int]]) -> None:
        for directed in (False, True):
            paths = Paths(8, directed=directed)
            paths.link((i, j) for i, j in pairs if i != j)
            lists = paths.lists()
            assert sorted(node for path in lists for node in path) == list(range(8))
            assert len(lists) == len(paths)
            steps = {step for path in lists for step in pairwise(path)}
            if not directed:
                steps |= {(b, a) for a, b in steps}
            assert set(paths.links) <= steps


class TestTours:
    @pytest.mark.parametrize("n", [1, 2, 3, 4, 65, 1_000, 3_000, 25_000])
    def test_every_city_is_visited(self, n: int) -> None:
        problem = TSP(cities(n), metric="EUC_2D")
        assert problem.check(Tour(greedy_tour(problem))) == []
        assert problem.check(Tour(savings_tour(problem))) == []

    def test_savings_beat_greedy_edges(self) -> None:
        problem = TSP(cities(3_000), metric="EUC_2D")
        greedy = solve(problem, "greedy").objective
        assert solve(problem, "savings").objective < 0.98 * greedy
        matrix = TSP(matrix=problem.distances()[:500, :500])
        assert savings_tour(matrix).size == 500

    def test_the_hub_has_no_fixed_edges(self) -> None:
        problem = TSP(cities(9), fixed_edges=[[2, 5]])
        assert problem.check(solve(problem, "savings", hub=3).solution) == []
        for hub in (2, -1, 9):
            with pytest.raises(UsageError, match=f"hub={hub}: not a city without"):
                solve(problem, "savings", hub=hub)

    def test_greedy_beats_the_curve(self) -> None:
        problem = TSP(cities(25_000), metric="EUC_2D")
        result = solve(problem, "greedy")
        sources = [point.source for point in result.trace]
        assert sources == ["space-filling curve", "greedy"]
        lengths = [point.objective for point in result.trace]
        assert lengths[0] > 1.1 * lengths[1]

    def test_fixed_edges_are_kept(self) -> None:
        order = np.random.default_rng(5).permutation(3_000)
        fixed = np.stack([order[:900:3], order[1:900:3]], axis=1)
        fixed = np.concatenate([fixed, np.stack([order[1:900:3], order[2:900:3]], 1)])
        problem = TSP(cities(3_000), metric="EUC_2D", fixed_edges=fixed)
        tours = (greedy_tour(problem), curve_tour(problem), savings_tour(problem))
        for tour in tours:
            assert problem.check(Tour(tour)) == []
        assert solve(problem, "nearest-neighbour").status is Status.FEASIBLE

    def test_everything_fixed(self) -> None:
        order = np.random.default_rng(5).permutation(50)
        fixed = np.stack([order, np.roll(order, -1)], axis=1)
        problem = TSP(cities(50), fixed_edges=fixed)
        for name in ("greedy", "savings", "nearest-neighbour"):
            assert solve(problem, name).status is Status.FEASIBLE

    def test_all_in_one_place(self) -> None:
        problem = TSP(np.ones((2_500, 2)), metric="EUC_2D")
        for name in ("greedy", "savings", "nearest-neighbour"):
            assert solve(problem, name).objective == 0

    def test_no_distances(self) -> None:
        problem = TSP(matrix=np.zeros((900, 900), int))
        assert solve(problem, "greedy").objective == 0

    def test_nearest_neighbour_goes_to_the_nearest(self) -> None:
        problem = ATSP([[0, 5, 2, 9], [1, 0, 9, 9], [9, 4, 0, 3], [7, 8, 9, 0]])
        result = solve(problem, "nearest-neighbour")
        assert result.solution.tour.tolist() == [0, 2, 3, 1]
        result = solve(problem, "nearest-neighbour", first=3)
        assert result.solution.tour.tolist() == [3, 0, 2, 1]

    def test_no_time_still_gives_a_tour(self) -> None:
        problem = TSP(cities(30_000), metric="EUC_2D")
        for name in ("greedy", "nearest-neighbour"):
            result = solve(problem, name, time_limit=0.0)
            assert result.status is Status.FEASIBLE


class TestSavings:
    def test_textbook_example(self) -> None:
        problem = CVRP([[0, 0], [4, 1], [4, -1], [-4, 0]], [0, 1, 1, 1], 2)
        assert sorted(map(sorted, savings_routes(problem))) == [[1, 2], [3]]

    @pytest.mark.parametrize("n", [1, 2, 500, 4_000])
    def test_routes_fit(self, n: int) -> None:
        problem = customers(n)
        assert problem.check(Routes(savings_routes(problem))) == []
        assert problem.check(Routes(curve_routes(problem))) == []

    def test_all_in_one_place(self) -> None:
        problem = CVRP(np.ones((4_001, 2)), [0] + [1] * 4_000, 10, metric="EUC_2D")
        result = solve(problem, "savings")
        assert result.objective == 0

    def test_curve_answers_first_when_huge(self) -> None:
        result = solve(customers(4_000), "savings")
        assert [p.source for p in result.trace] == ["space-filling curve", "savings"]

    def test_length_limit_holds(self) -> None:
        problem = customers(400, max_distance=2.4e6, service_time=50_000.0)
        assert problem.check(Routes(savings_routes(customers(400)))) != []
        for routes in (savings_routes(problem), curve_routes(problem)):
            assert problem.check(Routes(routes)) == []

    def test_unreachable_customers_are_not_hidden(self) -> None:
        problem = customers(20, max_distance=10.0)
        assert solve(problem, "savings").status is Status.NO_SOLUTION

    def test_directed_distances_count(self) -> None:
        matrix = np.random.default_rng(2).integers(1, 1_000, (60, 60))
        demands = np.r_[0, np.ones(59, int)]
        problem = CVRP(matrix=matrix, demands=demands, capacity=7)
        routes = savings_routes(problem)
        assert problem.check(Routes(routes)) == []
        backwards = Routes([route[::-1] for route in routes])
        assert problem.evaluate(Routes(routes)) < problem.evaluate(backwards)

    def test_neighbours_must_be_positive(self) -> None:
        with pytest.raises(UsageError, match="neighbours=0"):
            solve(customers(5), "savings", neighbours=0)


class TestFleet:
    @given(
        st.lists(st.integers(1, 9), min_size=1, max_size=14),
        st.integers(9, 14),
        st.integers(0, 2),
    )
    @settings(deadline=None)
    def test_fewer_routes_or_the_same(
        self, demands: list[int], capacity: int, spare: int
    ) -> None:
        n = len(demands)
        vehicles = math.ceil(sum(demands) / capacity) + spare
        problem = CVRP(cities(n + 1), [0, *demands], capacity, vehicles=vehicles)
        before = [[k] for k in range(1, n + 1)]
        after = fit_fleet(problem, before)
        faults = problem.check(Routes(after))
        assert faults == [] or after == before

    def test_tight_packing_is_found(self) -> None:
        problem = CVRP(
            cities(7), [0, 6, 6, 5, 5, 4, 4], 10, metric="EUC_2D", vehicles=3
        )
        result = solve(problem, "savings")
        assert result.status is Status.FEASIBLE
        assert len(result.solution.routes) == 3

    def test_impossible_fleet_gives_nothing(self) -> None:
        problem = CVRP(cities(4), [0, 6, 6, 6], 10, vehicles=2)
        assert solve(problem, "savings").status is Status.NO_SOLUTION
