"""Shipments of fleets: what one client gives, another one gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from combkit.instances.fleet.fields import frozen, loads, pairs
from combkit.instances.problem import require

if TYPE_CHECKING:
    from combkit.instances.fleet.problem import RichVRP

__all__ = ["fill_in", "handed", "mates", "require_servable", "violations"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def fill_in(problem: RichVRP, q: int) -> tuple[Integers, Floats]:
    """Return the shipments of a problem and their loads, if they are possible.

    Parameters
    ----------
    problem : RichVRP
        A problem whose clients, loads and groups are there.
    q : int
        Dimensions of loads.

    Raises
    ------
    InvalidProblemError
        If a client is in two shipments, or has something else.
    """
    both = pairs("shipments", problem.shipments, problem.n - 1)
    amounts = np.zeros((0, q))
    if len(both):
        amounts = loads("shipment_load", problem.shipment_load, (len(both), q), 0.0)
    times = np.bincount(both.ravel(), minlength=problem.n)
    own = ((problem.delivery > 0) | (problem.pickup > 0)).any(axis=1)
    for wrong, reason in (
        (times > 1, "is in several"),
        ((times > 0) & own, "has a delivery or a pickup besides"),
        ((times > 0) & (problem.group >= 0), "is in a group, too"),
    ):
        for k in np.flatnonzero(wrong)[:1].tolist():
            require(False, "shipments", f"client {k} {reason}")
    return both, amounts


def mates(problem: RichVRP) -> Integers:
    """Return the other client of the shipment of each client, -1 without one."""
    mate = np.full(problem.n, -1, np.int64)
    first, last = problem.shipments.T
    mate[first], mate[last] = last, first
    return frozen(mate)


def handed(problem: RichVRP) -> Floats:
    """Return what a visit puts into the vehicle, or takes out of it if negative.

    Returns
    -------
    ndarray, shape (n, q), float64
        Of each client, for its shipment.
    """
    change = np.zeros_like(problem.delivery)
    first, last = problem.shipments.T
    change[first] = problem.shipment_load
    change[last] = -problem.shipment_load
    return frozen(change)


def require_servable(problem: RichVRP, may: Any, slack: float) -> None:
    """Raise if a shipment that must be made is more than any vehicle can do.

    Parameters
    ----------
    problem : RichVRP
        The problem.
    may : ndarray, shape (v, n), bool
        Which clients the types that there are may serve.
    slack : float
        Relative slack of capacities.

    Raises
    ------
    InvalidProblemError
        If there is such a shipment.
    """
    able = np.flatnonzero(problem.available > 0)
    room = problem.capacity[able] * (1.0 + slack)
    for k, (first, last) in enumerate(problem.shipments.tolist()):
        if not problem.required[[first, last]].any():
            continue
        both = may[:, first] & may[:, last]
        require(both.any(), "shipments", f"shipment {k}: no vehicle may serve it")
        fits = (problem.shipment_load[k] <= room).all(axis=1)
        require(
            bool((both & fits).any()),
            "shipments",
            f"shipment {k}: it is more than any vehicle carries",
        )


def violations(problem: RichVRP, visits: Integers) -> list[str]:
    """Return which shipments a route breaks, in plain words.

    Parameters
    ----------
    problem : RichVRP
        The problem.
    visits : ndarray of int
        Known clients in order.
    """
    if not len(problem.shipments):
        return []
    position = np.full(problem.n, -1)
    position[visits] = np.arange(visits.size)
    found = []
    for first, last in problem.shipments[
        (position[problem.shipments] >= 0).any(axis=1)
    ].tolist():
        here = first if position[first] >= 0 else last
        if min(position[first], position[last]) < 0:
            other = first + last - here
            found.append(f"client {here} is visited without client {other}")
        elif position[last] < position[first]:
            found.append(f"client {last} is visited before client {first}")
    return found
