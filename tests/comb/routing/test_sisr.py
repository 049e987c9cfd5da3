"""Ruin and recreate: its kernels, its contract, its quality."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.comb.routing.conftest import route_problems

from combkit.comb.routing import _kernels_sisr as kernels
from combkit.comb.routing import _kernels_sisr_plan as columns
from combkit.comb.routing import sisr
from combkit.comb.routing.savings import savings_routes
from combkit.comb.routing.sisr_data import fleet_of, fleet_size, lists_of, plan_of
from combkit.comb.solve import solve
from combkit.instances.cvrp import CVRP
from combkit.instances.errors import InvalidSolutionError, UsageError
from combkit.instances.events import Events
from combkit.instances.formats import read
from combkit.instances.generators import generate
from combkit.instances.result import Status
from combkit.instances.run import Abandoned
from combkit.instances.solutions import Routes
from combkit.instances.stop import MaxIterations, Reason
from combkit.instances.vrptw import VRPTW

#: Mean number of customers removed, longest string, split and blink.
STRINGS = 10.0, 10, 0.5, 0.01


def problems() -> dict[str, Any]:
    """Return a problem of every feature that the kernels know."""
    return {
        **route_problems(150, 80),
        "vrptw": generate("vrptw", 150, seed=1, capacity=100),
        "vehicles": generate(
            "vrptw", 80, seed=2, width=0.4, objective="vehicles-distance"
        ),
    }


@pytest.fixture(params=problems())
def problem(request: pytest.FixtureRequest) -> Any:
    return problems()[request.param]


class TestKernels:
    def test_what_is_kept_is_what_the_routes_say(self, problem: Any) -> None:
        fleet, routes = fleet_of(problem, 40), savings_routes(problem)
        plan = plan_of(fleet, routes, fleet_size(problem, routes), 1, 0)
        for first in range(1, 2_000, 200):
            kernels.ruin_and_recreate(
                fleet, plan, first, 200, 0.05, *STRINGS, 0.0, 1e-9
            )
            now = Routes(lists_of(plan))
            assert problem.check(now) == []
            cost = plan.scalars[columns.COST]
            assert cost == pytest.approx(problem.evaluate(now), rel=1e-9)
            fresh = plan_of(fleet, lists_of(plan), len(plan.count), 1, 0)
            for route in now.routes:
                for column in (columns.INNER, columns.OUTER):
                    kept, new = plan.value[route, column], fresh.value[route, column]
                    assert kept == pytest.approx(new, rel=1e-9)
                if isinstance(problem, VRPTW):
                    kept, new = plan.time[route], fresh.time[route]
                    assert kept == pytest.approx(new, rel=1e-9)
                r = plan.link[route[0], columns.ROUTE]
                load = problem.demands[route].sum()
                assert plan.sums[r, columns.LOAD] == pytest.approx(load)

    def test_refused_steps_leave_no_trace(self, problem: Any) -> None:
        fleet, routes = fleet_of(problem, 40), savings_routes(problem)
        plan = plan_of(fleet, routes, fleet_size(problem, routes), 1, 0)
        kernels.ruin_and_recreate(fleet, plan, 1, 1_000, 1e-12, *STRINGS, 0.0, 0.0)
        before = [array.copy() for array in plan]
        # At a temperature below zero nothing is good enough.
        kernels.ruin_and_recreate(fleet, plan, 2_001, 500, -1e12, *STRINGS, 0.0, 0.0)
        for name in ("link", "value", "time", "sums"):
            old, new = before[plan._fields.index(name)], getattr(plan, name)
            if name == "link":
                # A customer that went and came back into another empty route.
                assert (old[:, :2] == new[:, :2]).all()
            else:
                assert new == pytest.approx(old, rel=1e-9, abs=1e-9)

    def test_absent_customers_get_a_place(self, problem: Any) -> None:
        fleet, routes = fleet_of(problem, 100), savings_routes(problem)
        most = fleet_size(problem, routes)
        plan = plan_of(fleet, [route[1:] for route in routes], most, 1, 0)
        assert plan.scalars[columns.ABSENT] > 0
        kernels.complete(fleet, plan, 1, 20_000, 0.1, *STRINGS)
        assert plan.scalars[columns.ABSENT] == 0
        assert problem.check(Routes(lists_of(plan))) == []

    def test_a_route_is_given_up_for_good(self, problem: Any) -> None:
        fleet, routes = fleet_of(problem, 100), savings_routes(problem)
        plan = plan_of(fleet, routes, len(routes), 1, 0)
        kernels.dissolve(fleet, plan)
        kernels.complete(fleet, plan, 1, 2_000, 0.1, *STRINGS)
        assert len(lists_of(plan)) <= len(routes) - 1


class TestContract:
    def test_same_seed_same_routes(self, problem: Any) -> None:
        runs = [
            solve(problem, "sisr", seed=seed, stop=MaxIterations(3_000))
            for seed in (4, 4, 5)
        ]
        routes = [run.solution.to_dict() for run in runs]
        assert routes[0] == routes[1] != routes[2]
        assert [run.iterations for run in runs] == [3_000] * 3

    def test_start_is_never_worsened(self, problem: Any) -> None:
        good = solve(problem, "sisr", stop=MaxIterations(2_000)).solution
        result = solve(problem, "sisr", initial=good, stop=MaxIterations(10))
        assert result.objective <= problem.evaluate(good)

    def test_listener_ends_the_run(self) -> None:
        class Patient(Events):
            asked = 0

            def should_stop(self) -> bool:
                self.asked += 1
                return self.asked > 20

        result = solve(generate("vrptw", 300, seed=1), "sisr", events=Patient())
        assert result.reason is Reason.INTERRUPTED
        assert result.solution is not None

    def test_limit_in_time(self) -> None:
        result = solve(generate("ovrp", 2_000, seed=1), "sisr", time_limit=1.0)
        assert result.reason is Reason.TIME
        assert result.runtime < 3.0

    def test_plans_side_by_side(self, problem: Any) -> None:
        result = solve(problem, "sisr", threads=2, stop=MaxIterations(1_000))
        assert problem.check(result.solution) == []

    def test_all_in_one_place(self) -> None:
        problem = CVRP(np.ones((200, 2)), [0] + [1] * 199, 20)
        assert solve(problem, "sisr", stop=MaxIterations(200)).objective == 0

    @pytest.mark.parametrize(
        "options",
        [{"neighbours": 0}, {"longest": 0}, {"removed": 0.5}, {"hot": 0.1, "cold": 1}],
    )
    def test_options_out_of_range(self, options: dict[str, float]) -> None:
        problem = generate("cvrp", 10, seed=1)
        with pytest.raises(UsageError, match=next(iter(options))):
            solve(problem, "sisr", **options)


class TestMending:
    def test_what_is_not_mended_in_time_is_stood_in_for(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def late(*args: object) -> None:
            raise Abandoned

        monkeypatch.setattr(sisr, "_prepare", late)
        problem = generate("vrptw", 40, seed=2)
        result = solve(problem, "sisr", initial=Routes([[1, 2], [3]]))
        assert result.solution is not None
        assert problem.check(result.solution) == []

    def test_partial_starts_are_completed(self, problem: Any) -> None:
        good = solve(problem, "sisr", stop=MaxIterations(2_000)).solution
        start = Routes([route[::2] for route in good.routes[::2]])
        result = solve(problem, "sisr", initial=start, stop=MaxIterations(5_000))
        assert problem.check(result.solution) == []
        assert result.trace[0].source == "sisr"

    def test_infeasible_starts_are_repaired(self, problem: Any) -> None:
        everyone = [*range(problem.n, 0, -1), 1, 1]
        start = Routes([everyone, [1, 2]])
        assert problem.check(start)
        result = solve(problem, "sisr", initial=start, stop=MaxIterations(5_000))
        assert problem.check(result.solution) == []

    def test_starts_of_another_problem_are_refused(self, problem: Any) -> None:
        start = Routes([[1, problem.n + 1]])
        with pytest.raises(InvalidSolutionError, match="unknown customer"):
            solve(problem, "sisr", initial=start, stop=MaxIterations(10))

    def test_other_solvers_do_not_mend(self) -> None:
        problem = generate("cvrp", 10, seed=1)
        with pytest.raises(InvalidSolutionError, match="is not visited"):
            solve(problem, "savings", initial=Routes([[1]]))


class TestFleet:
    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"vehicles": 1}, "demands exceed the 10 that"),
            ({"max_distance": 9.0}, "customer 2 alone takes 20 of the 9"),
        ],
    )
    def test_plainly_infeasible(self, fields: dict[str, float], reason: str) -> None:
        problem = CVRP([[0, 0], [0, 4], [6, 8]], [0, 5, 6], 10, **fields)
        result = solve(problem, "sisr", time_limit=5.0)
        assert result.status is Status.INFEASIBLE
        assert reason in result.raw_status

    def test_a_tight_fleet_is_met(self) -> None:
        # Five pairs that fill five vehicles: there is no other way.
        demands = [0, 9, 1, 8, 2, 7, 3, 6, 4, 5, 5]
        points = np.random.default_rng(1).random((11, 2))
        problem = CVRP(points, demands, 10, vehicles=5)
        result = solve(problem, "sisr", stop=MaxIterations(20_000))
        assert len(result.solution.routes) == 5

    def test_fewer_vehicles_come_before_distance(self) -> None:
        wide = {"width": 0.5, "seed": 3, "capacity": 200}
        free = generate("vrptw", 60, **wide)
        first = free.under("vehicles-distance")
        near = solve(free, "sisr", stop=MaxIterations(10_000))
        few = solve(first, "sisr", stop=MaxIterations(10_000))
        assert len(few.solution.routes) <= len(near.solution.routes)
        assert free.evaluate(few.solution) == pytest.approx(few.extra["distance"])
        assert few.extra["vehicles"] == len(few.solution.routes)
        distance = (
            first.evaluate(few.solution) - few.extra["vehicles"] * first.vehicle_cost
        )
        assert few.extra["distance"] == pytest.approx(distance)

    def test_the_option_changes_what_is_minimised(self) -> None:
        problem = generate("vrptw", 30, seed=1)
        result = solve(
            problem, "sisr", objective="vehicles-distance", stop=MaxIterations(500)
        )
        assert "vehicles" in result.extra["convention"]
        assert result.objective > problem.under("vehicles-distance").vehicle_cost
        with pytest.raises(UsageError, match=r"objective: 'time' is unknown"):
            solve(problem, "sisr", objective="time")


@pytest.mark.parametrize(
    ("name", "best", "within"),
    [("R101", 1637.7, 1.01), ("C101", 827.3, 1.0), ("RC208", 776.1, 1.02)],
)
def test_quality_on_solomon(
    shared_data: Path, name: str, best: float, within: float
) -> None:
    path = shared_data / "routing" / "vrptw" / "solomon" / f"{name}.txt"
    if not path.is_file():
        pytest.skip(f"{path.name} is not in the data folder")
    result = solve(read(path), "sisr", stop=MaxIterations(60_000))
    assert best <= result.objective <= within * best
