"""Fewer routes: what to do where there are more of them than vehicles."""

from __future__ import annotations

import numpy as np

from combkit.instances.cvrp import CVRP

__all__ = ["fit_fleet"]

Routes = list[list[int]]


def fit_fleet(problem: CVRP, routes: Routes) -> Routes:
    """Return routes for no more than ``problem.vehicles`` vehicles, if possible.

    The lightest route is dissolved, again and again: its customers go where
    they fit, or replace a customer of smaller demand, who moves on in turn.
    Where that fails, customers are packed anew, the largest demands first and
    each where it leaves the least room. Without success the routes come back
    as they were.
    """
    if problem.vehicles is None or len(routes) <= problem.vehicles:
        return routes
    if problem.demands.sum() > problem.vehicles * problem.capacity:
        return routes
    fleet = _Fleet(problem, routes)
    while len(fleet.routes) > problem.vehicles:
        if not fleet.place(fleet.dissolve(), tight=False):
            fleet = _Fleet(problem, [[] for _ in range(problem.vehicles)])
            if not fleet.place(list(range(1, problem.n + 1)), tight=True):
                return routes
    return [route for route in fleet.routes if route]


class _Fleet:
    """Routes with their loads and lengths."""

    def __init__(self, problem: CVRP, routes: Routes) -> None:
        self.problem = problem
        self.routes = [list(route) for route in routes]
        self.demands = problem.demands.tolist()
        self.loads = [self._load(route) for route in routes]
        self.lengths = [self._length(route) for route in routes]
        self.limit = np.inf if problem.max_distance is None else problem.max_distance

    def dissolve(self) -> list[int]:
        """Remove the lightest route and return its customers."""
        lightest = self.loads.index(min(self.loads))
        del self.loads[lightest], self.lengths[lightest]
        return self.routes.pop(lightest)

    def place(self, customers: list[int], *, tight: bool) -> bool:
        """Find a place for each customer; return whether all have one.

        Parameters
        ----------
        customers : list of int
            Customers on no route.
        tight : bool
            Prefer the fullest route to the shortest detour.
        """
        waiting = sorted(customers, key=self.demands.__getitem__)
        # A customer that is pushed out has a smaller demand than the one who
        # pushes, so this ends.
        while waiting:
            customer = waiting.pop()
            if not self._insert(customer, tight=tight):
                evicted = self._replace(customer)
                if evicted is None:
                    return False
                waiting.append(evicted)
        return True

    def _insert(self, customer: int, *, tight: bool) -> bool:
        room = self.problem.capacity - self.demands[customer]
        best: tuple[float, int, list[int], float] | None = None
        for number, load in enumerate(self.loads):
            if load > room:
                continue
            longer, length = self._with(self.routes[number], customer)
            cost = -load if tight else length - self.lengths[number]
            if length <= self.limit and (best is None or cost < best[0]):
                best = cost, number, longer, length
        if best is None:
            return False
        _, number, self.routes[number], self.lengths[number] = best
        self.loads[number] += self.demands[customer]
        return True

    def _replace(self, customer: int) -> int | None:
        """Put a customer in the place of a smaller one, who is returned.

        The exchange that fills its route most is taken.
        """
        demand = self.demands[customer]
        exchanges = []
        for number, route in enumerate(self.routes):
            room = self.problem.capacity - self.loads[number]
            for other in route:
                left = room + self.demands[other] - demand
                if left >= 0 and self.demands[other] < demand:
                    exchanges.append((left, number, other))
        for _, number, other in sorted(exchanges):
            rest = [c for c in self.routes[number] if c != other]
            route, length = self._with(rest, customer)
            if length <= self.limit:
                self.routes[number], self.lengths[number] = route, length
                self.loads[number] = self._load(route)
                return other
        return None

    def _with(self, route: list[int], customer: int) -> tuple[list[int], float]:
        """Return a route with a customer inserted where the detour is least."""
        before = np.array([0, *route])
        after = np.array([*route, 0])
        distance = self.problem.distance
        detour = distance(before, customer) + distance(customer, after)
        place = int((detour - distance(before, after)).argmin())
        longer = [*route[:place], customer, *route[place:]]
        return longer, self._length(longer)

    def _load(self, route: list[int]) -> float:
        return float(self.problem.demands[route].sum()) if route else 0.0

    def _length(self, route: list[int]) -> float:
        """Return the distance and the service times of a route."""
        if not route:
            return 0.0
        nodes = np.array([0, *route])
        length = float(self.problem.distance(nodes, np.roll(nodes, -1)).sum())
        if self.problem.service_time is not None:
            length += float(self.problem.service_time[nodes].sum())
        return length
