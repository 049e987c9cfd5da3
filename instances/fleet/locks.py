"""Locks of fleets: a client comes right behind another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from combkit.instances.fleet.fields import pairs
from combkit.instances.fleet.solution import Route
from combkit.instances.problem import require

if TYPE_CHECKING:
    from combkit.instances.fleet.problem import RichVRP

__all__ = ["chains", "fill_in", "span", "violations"]

Integers = NDArray[np.int64]


def fill_in(problem: RichVRP) -> Integers:
    """Return the locks of a problem, if they are possible.

    Parameters
    ----------
    problem : RichVRP
        A problem whose groups are there.

    Raises
    ------
    InvalidProblemError
        If locks contradict each other, or a client of one is in a group.
    """
    locked = pairs("locked", problem.locked, problem.n - 1)
    for side, reason in ((0, "is followed by several"), (1, "follows several")):
        times = np.bincount(locked[:, side], minlength=problem.n)
        for client in np.flatnonzero(times > 1)[:1].tolist():
            require(False, "locked", f"client {client} {reason}")
    for client in locked[problem.group[locked] >= 0][:1].tolist():
        require(False, "locked", f"client {client} is in a group, too")
    found = chains(locked)
    ordered = sum(len(chain) - 1 for chain in found) == len(locked)
    require(ordered, "locked", "clients follow each other round and round")
    return locked


def chains(locked: Integers) -> list[list[int]]:
    """Return the clients that follow each other, from first to last.

    Parameters
    ----------
    locked : ndarray, shape (l, 2), int64
        Pairs of which nobody is twice at one side.
    """
    behind = dict(locked.tolist())
    found = []
    for first in np.setdiff1d(locked[:, 0], locked[:, 1]).tolist():
        chain = [first]
        while chain[-1] in behind:
            chain.append(behind[chain[-1]])
        found.append(chain)
    return found


def span(problem: RichVRP, kind: int, clients: list[int]) -> tuple[float, float, float]:
    """Return how long it takes to serve clients one behind the other, and when.

    Parameters
    ----------
    problem : RichVRP
        The problem.
    kind : int
        A type of vehicle.
    clients : list of int
        Clients in order; of several windows the whole span is taken.

    Returns
    -------
    duration, earliest, latest : float
        The shortest duration, and between which times to begin for it. It is not
        possible if the latest time is before the earliest one.
    """
    service, setup = problem.service_of(kind), problem.setup_of(kind)
    places = problem.clients[clients]
    _, ways = problem.legs(problem.profile[kind], places[:-1], places[1:])
    ways = ways + setup[clients[1:]] * (places[:-1] != places[1:])
    long, early, late = 0.0, -np.inf, np.inf
    for way, client in zip([0.0, *ways.tolist()], clients, strict=True):
        long += way
        starts, ends = problem.windows(client)
        opens, closes = float(starts[0]), float(ends[-1])
        if early + long > closes:
            return long, np.inf, -np.inf
        wait = max(opens - long - late, 0.0)
        early = max(opens - long, early) - wait
        late = min(closes - long, late)
        long += wait + float(service[client])
    return long, early, late


def violations(problem: RichVRP, route: Route) -> list[str]:
    """Return which locks a route breaks, in plain words.

    Parameters
    ----------
    problem : RichVRP
        The problem.
    route : Route
        A route of known clients.
    """
    if not len(problem.locked):
        return []
    position = np.full(problem.n, -1)
    position[route.visits] = np.arange(route.visits.size)
    cuts, found = set(route.reloads[:, 0].tolist()), []
    for first, last in problem.locked.tolist():
        here, there = int(position[first]), int(position[last])
        together = there == here + 1 and there not in cuts
        if max(here, there) >= 0 and not (together and here >= 0):
            found.append(f"client {last} does not come right behind client {first}")
    return found
