"""Random OVRP and VRPTW: the CVRP's, without the way back or with time windows."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from combkit.instances.cvrp import CVRP
from combkit.instances.errors import UsageError
from combkit.instances.generators.routing import (
    CustomerPosition,
    DepotPosition,
    Family,
    cvrp,
)
from combkit.instances.ovrp import OVRP
from combkit.instances.seeds import generator
from combkit.instances.vrptw import OBJECTIVES, VRPTW

__all__ = ["ovrp", "vrptw"]


def ovrp(
    n: int,
    *,
    seed: int,
    family: Family = "uniform",
    metric: str | None = None,
    capacity: int | None = None,
    depot: DepotPosition | None = None,
    customers: CustomerPosition | None = None,
    demands: int | None = None,
    route_size: float | None = None,
) -> OVRP:
    """Generate an OVRP.

    Parameters
    ----------
    n : int
        Number of customers.
    seed : int
        The seed.
    family, metric, capacity, depot, customers, demands, route_size
        As of `cvrp`, whose customers, demands and capacity it has.
    """
    closed = cvrp(
        n,
        seed=seed,
        family=family,
        metric=metric,
        capacity=capacity,
        depot=depot,
        customers=customers,
        demands=demands,
        route_size=route_size,
    )
    return OVRP(**_fields(closed, "ovrp"))


def vrptw(
    n: int,
    *,
    seed: int,
    width: float = 0.1,
    share: float = 1.0,
    service: float = 0.05,
    horizon: float = 4.0,
    objective: str = "distance",
    metric: str = "euclidean",
    capacity: int | None = None,
) -> VRPTW:
    """Generate a VRPTW whose customers can all be reached in time.

    As by Solomon [1]_: the centre of a window is uniform among the times at
    which a vehicle of its own can begin the service and still be back, its
    width is drawn from a normal distribution. All times are in units of the
    largest distance from the depot.

    Parameters
    ----------
    n : int
        Number of customers.
    seed : int
        The seed.
    width : float
        Mean width of a time window; its standard deviation is a third of that.
    share : float
        Share of the customers that have a time window, 0 to 1.
    service : float
        Service time of every customer.
    horizon : float
        When vehicles must be back, more than 2 plus the service time.
    objective : {"distance", "vehicles-distance"}
        See `combkit.instances.vrptw.VRPTW`.
    metric, capacity
        As of `cvrp`, whose customers, demands and capacity it has.

    Raises
    ------
    UsageError
        If a parameter is impossible.

    References
    ----------
    .. [1] M. M. Solomon, "Algorithms for the vehicle routing and scheduling
       problems with time window constraints", Operations Research 35(2), 1987.
       https://doi.org/10.1287/opre.35.2.254
    """
    if not (width >= 0.0 and 0.0 <= share <= 1.0 and service >= 0.0):
        raise UsageError(
            f"width={width!r}, share={share!r}, service={service!r}: at least 0, "
            "and at most 1 of a share"
        )
    if not horizon > 2.0 + service:
        raise UsageError(f"horizon: {horizon!r} is not above 2 + service")
    if objective not in OBJECTIVES:
        raise UsageError(f"objective: {objective!r} is none of {', '.join(OBJECTIVES)}")
    base = cvrp(n, seed=seed, metric=metric, capacity=capacity)
    rng = generator(seed, 1)
    far = base.distance(0, np.arange(n + 1)).astype(np.float64)
    unit = max(1.0 if base.integral else 1e-9, float(far.max()))
    stay, end = service * unit, horizon * unit
    latest = end - stay - far
    centre = rng.uniform(far, latest)
    half = 0.5 * np.abs(rng.normal(width, width / 3.0, n + 1)) * unit
    open_all_day = rng.random(n + 1) >= share
    ready = np.where(open_all_day, 0.0, np.maximum(centre - half, 0.0))
    due = np.where(open_all_day, latest, np.minimum(centre + half, latest))
    if base.integral:
        # Distances are integers: so are times, and windows not narrower.
        stay, end = float(np.floor(stay)), float(np.ceil(end))
        ready, due = np.floor(ready), np.ceil(due)
    ready[0], due[0] = 0.0, end
    fields = {**_fields(base, "vrptw"), "service_time": stay}
    return VRPTW(**fields, ready=ready, due=due, objective=objective)


def _fields(problem: CVRP, kind: str) -> dict[str, Any]:
    """Return the fields of a problem, named after its new kind."""
    fields = {f.name: getattr(problem, f.name) for f in dataclasses.fields(CVRP)}
    fields["name"] = problem.name.replace("cvrp", kind, 1)
    return fields
