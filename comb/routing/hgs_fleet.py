"""Hybrid genetic search for fleets: the kind ``vrp``.

For deliveries, and pickups that come behind them. What must not be is put in other
words: a way to a pickup from the depot, and from a pickup to a delivery, is longer
than a route may be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from combkit.comb.routing.fleet_reduction import one_way
from combkit.comb.routing.fleet_start import opening
from combkit.comb.routing.genetic import (
    LARGEST,
    Lineage,
    Tour,
    Vehicles,
    breed,
    ground_of,
    room_for,
    settings_of,
)
from combkit.comb.routing.limits import BOTH
from combkit.instances.fleet.problem import RichVRP
from combkit.instances.fleet.solution import FleetRoutes, Route
from combkit.instances.run import Outcome, Run

if TYPE_CHECKING:
    from combkit.comb.routing._kernels_granular import Ground

__all__ = ["solve", "supports"]

#: Relative slack of limits on sums of floats: well within that of the checkers.
_NOISE = 1e-10


def supports(problem: RichVRP) -> str | None:
    """Return why a problem cannot be solved here, None if it can."""
    kinds = _kinds(problem)
    if problem.n > LARGEST:
        return f"{problem.n:,} clients, more than {LARGEST:,}"
    loads = problem.delivery.sum(axis=1), problem.pickup.sum(axis=1)
    reasons = {
        "loads have several dimensions": problem.capacity.shape[1] > 1,
        "clients have windows": problem.window_client.size > 0,
        "clients have release times": bool(problem.release.any()),
        "clients may be left out": not problem.required.all(),
        "clients are in groups": bool((problem.group >= 0).any()),
        "there are shipments": len(problem.shipments) > 0,
        "clients are locked": len(problem.locked) > 0,
        "there are breaks": problem.break_type.size > 0,
        "vehicles reload": bool(problem.reload[kinds].any()),
        "time costs or is limited": _is_timed(problem, kinds),
        "distance costs nothing": not problem.distance_cost[kinds].all(),
        "vehicles go by different matrices": len(set(problem.profile[kinds])) > 1,
        "clients of a route are limited": bool(
            (problem.max_clients[kinds] < problem.n).any()
        ),
        "vehicles may not serve all clients": not problem.allowed[kinds].all(),
        "pickups and deliveries are mixed": problem.backhaul != "last"
        and bool(loads[0].any() and loads[1].any()),
        "pickups come last, and not every client either gives or gets something": (
            problem.backhaul == "last" and not one_way(problem)
        ),
        "pickups come last, and nothing is delivered": problem.backhaul == "last"
        and bool(loads[1].any() and not loads[0].any()),
        "loads are not integers, or large": problem.backhaul == "last"
        and not (_whole(*loads) and sum(map(np.sum, loads)) < BOTH),
    }
    return next((reason for reason, true in reasons.items() if true), None)


def _kinds(problem: RichVRP) -> NDArray[np.int64]:
    """Return the vehicle types of which there are vehicles."""
    return np.flatnonzero(problem.available > 0)


def _is_timed(problem: RichVRP, kinds: NDArray[np.int64]) -> bool:
    ends = np.concatenate([problem.start_depot[kinds], problem.end_depot[kinds]])
    limits = (
        problem.shift_end[kinds],
        problem.max_duration[kinds],
        problem.depot_end[ends[ends >= 0]],
    )
    costs = problem.duration_cost[kinds].any() or problem.longest_cost > 0.0
    return bool(costs) or bool(np.isfinite(np.concatenate(limits)).any())


def _whole(*loads: NDArray[np.float64]) -> bool:
    return all(bool((load == np.rint(load)).all()) for load in loads)


def solve(
    problem: RichVRP,
    run: Run,
    *,
    neighbours: int = 20,
    population: int | None = None,
    generation: int | None = None,
    patience: int = 20_000,
) -> Outcome:
    """Let solutions have children until the run ends; an iteration is a child.

    Starts from ``run.initial``, which may be partial or infeasible, or else from
    random solutions. With several threads, independent populations live side by side.

    Parameters
    ----------
    problem : RichVRP
        The problem.
    run : Run
        The run.
    neighbours : int
        Near clients that a move may bring a client to.
    population, generation : int, optional
        Individuals of a population that survive, and that are born until the others
        have to go: 25 and 40, fewer where there are not as many children to come.
    patience : int
        Children without a better solution after which the population begins anew.

    Raises
    ------
    UsageError
        If a number is out of its range.
    InvalidSolutionError
        If ``run.initial`` names what does not exist: it is of another problem.
    """
    settings = settings_of(problem.n, run, neighbours, population, generation, patience)
    start = opening(problem, run)
    if problem.n > 1 and not run.should_stop():
        breed(_lineage_of(problem, neighbours, start), run, settings)
    return Outcome()


def _lineage_of(problem: RichVRP, neighbours: int, start: FleetRoutes) -> Lineage:
    kinds = _kinds(problem)
    number = {int(k): j for j, k in enumerate(kinds)}
    tours = [
        (number[route.vehicle_type], (route.visits + 1).tolist())
        for route in start.routes
        if route.vehicle_type in number
    ]

    def solution(tours: list[Tour]) -> FleetRoutes:
        return FleetRoutes(
            Route(int(kinds[j]), np.array(route) - 1) for j, route in tours
        )

    return Lineage(
        problem.n,
        lambda: _ground_of(problem, kinds, neighbours, tours),
        tours,
        solution,
        _unit(problem, kinds),
    )


def _ground_of(
    problem: RichVRP, kinds: NDArray[np.int64], neighbours: int, start: list[Tour]
) -> Ground:
    n = problem.n
    dist = _ways(problem, kinds)
    both = np.minimum(dist, dist.T)[1 : n + 1, 1 : n + 1]
    np.fill_diagonal(both, np.inf)
    count = min(neighbours, n - 1)
    near = np.argpartition(both, count - 1, axis=1)[:, :count] + 1
    # No route is as long, not even one through all clients.
    longest = 2.0 * float(dist.max(axis=1).sum()) + 1.0
    demand, pickup = (
        np.concatenate([[0.0], load[:, 0]])
        for load in (problem.delivery, problem.pickup)
    )
    last = problem.backhaul == "last"
    if last:
        back = 1 + np.flatnonzero(pickup[1:])
        dist[np.ix_(back, 1 + np.flatnonzero(demand[1:]))] = 2.0 * longest
        dist[np.ix_(_homes(n, kinds), back)] = 2.0 * longest
    else:
        demand = demand + pickup
    slack = 1.0 if _whole(demand) else 1.0 + _NOISE
    vehicles = []
    for j, k in enumerate(kinds):
        capacity = float(problem.capacity[k, 0]) * slack
        room = room_for(
            n,
            float(max(demand.sum(), pickup.sum())),
            capacity,
            float(problem.available[k]),
            sum(1 for kind, _ in start if kind == j),
        )
        most = problem.max_distance[k] * (1.0 + _NOISE) + _outset(problem, k)
        # Penalties are meant for costs that are distances, about.
        rate = float(problem.distance_cost[k] / _unit(problem, kinds))
        vehicles.append(Vehicles(room, capacity, min(longest, float(most)), rate))
    depot = problem.depots[problem.start_depot[kinds[0]]]
    places = np.concatenate([[depot], problem.clients])
    return ground_of(
        dist,
        near,
        demand,
        vehicles,
        pickup=pickup if last else None,
        place=None if problem.coords is None else problem.coords[places],
    )


def _ways(problem: RichVRP, kinds: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return distances between clients 1 to n, and those of the kinds of vehicles.

    What a vehicle costs is a way that it has to go when it leaves.
    """
    homes = problem.depots[problem.start_depot[kinds]]
    places = np.concatenate([homes[:1], problem.clients, homes[1:]])
    at = _homes(problem.n, kinds)
    back, ends = places.copy(), problem.end_depot[kinds]
    back[at[ends >= 0]] = problem.depots[ends[ends >= 0]]
    profile = int(problem.profile[kinds[0]])
    ways: NDArray[np.float64] = np.array(
        problem.legs(profile, places[:, None], back)[0], np.float64
    )
    ways[:, at[ends < 0]] = 0.0
    for j, k in zip(at, kinds, strict=True):
        ways[j] += _outset(problem, k)
    ways[np.ix_(at, at)] = 0.0
    np.fill_diagonal(ways, 0.0)
    return ways


def _unit(problem: RichVRP, kinds: NDArray[np.int64]) -> float:
    """Return what a unit of distance costs, in the mean of the types."""
    return float(problem.distance_cost[kinds].mean())


def _homes(n: int, kinds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return which rows of the distances are depots."""
    return np.array([0, *range(n + 1, n + kinds.size)])


def _outset(problem: RichVRP, k: np.int64) -> float:
    """Return what a vehicle costs as a distance."""
    return float(problem.fixed_cost[k] / problem.distance_cost[k])
