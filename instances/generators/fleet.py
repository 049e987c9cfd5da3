"""Random vehicle routing with depots, vehicle types, windows, shipments and more."""

from __future__ import annotations

import numpy as np

from combkit.instances.errors import UsageError
from combkit.instances.fleet.problem import RichVRP
from combkit.instances.seeds import generator

__all__ = ["vrp"]

#: Side of the square, and the length of the day in sides.
_SIDE, _DAY = 1000, 4.0
#: Smallest and largest demand, and clients on a full route of the smallest type.
_DEMANDS, _PER_ROUTE = (1, 100), 8


def vrp(
    n: int,
    *,
    seed: int,
    depots: int = 2,
    types: int = 2,
    windows: float = 0.5,
    optional: float = 0.1,
    pickups: float = 0.0,
    shipments: float = 0.0,
    twice: float = 0.0,
    skilled: float = 0.0,
    breaks: int = 0,
    reloads: int = 0,
    fleet: int = 0,
) -> RichVRP:
    """Generate a vehicle routing problem with several depots and vehicle types.

    Points are integers in a square of side 1,000; a type carries half as much again
    as the one before, costs more and works from each depot. Enough vehicles of the
    smallest type are there to do everything.

    Parameters
    ----------
    n : int
        Number of clients.
    seed : int
        The seed.
    depots, types : int
        Numbers of depots, and of types at each of them.
    windows : float
        Share of the clients with a time window, a quarter of the day wide.
    optional : float
        Share of the clients that need not be served, with a prize.
    pickups : float
        Share of the clients that give something.
    shipments : float
        Share of the clients that give something to another one of them, or get it,
        at any time.
    twice : float
        Share of the clients with a window that have two, half a day apart and half as
        wide.
    skilled : float
        Share of the clients that only every other type may serve, by turns.
    breaks : int
        Breaks of each vehicle, spread over the day: a fortieth of it long, they may
        begin in a tenth of it.
    reloads : int
        How often vehicles may reload where they start.
    fleet : int
        Vehicles of each type at each depot; if 0, so many that all can be done.

    Raises
    ------
    UsageError
        If a number is out of its range.
    """
    if n < 1 or depots < 1 or types < 1:
        raise UsageError(f"n={n}, depots={depots}, types={types}: at least 1")
    if min(breaks, reloads, fleet) < 0:
        what = f"breaks={breaks}, reloads={reloads}, fleet={fleet}"
        raise UsageError(f"{what}: not below 0")
    for name, share in (
        ("windows", windows),
        ("optional", optional),
        ("pickups", pickups),
        ("shipments", shipments),
        ("twice", twice),
        ("skilled", skilled),
    ):
        if not 0.0 <= share <= 1.0:
            raise UsageError(f"{name}={share:g}: from 0 to 1")
    rng = generator(seed)
    points = rng.integers(0, _SIDE + 1, (depots + n, 2)).astype(np.float64)
    amount = rng.integers(_DEMANDS[0], _DEMANDS[1] + 1, n).astype(np.float64)
    gives = rng.random(n) < pickups
    capacity = np.ceil(_PER_ROUTE * amount.mean() * 1.5 ** np.arange(types))
    capacity = np.maximum(capacity, amount.max())
    fixed = np.round(0.2 * _SIDE * 1.3 ** np.arange(types))
    kind = np.tile(np.arange(types), depots)
    at = np.repeat(np.arange(depots), types)
    day = _DAY * _SIDE
    timed = np.flatnonzero(rng.random(n) < windows)
    far = np.linalg.norm(points[depots:, None] - points[None, :depots], axis=2)
    reach = np.ceil(far.min(axis=1)[timed])
    service = np.full(n, 20.0)
    latest = day - reach - service[timed]
    middle = rng.uniform(reach, latest)
    start = np.maximum(np.floor(middle - day / 8.0), 0.0)
    end = np.minimum(np.ceil(middle + day / 8.0), latest)
    free = rng.random(n) < optional
    fleet = fleet or int(np.ceil(n / depots / 2.0)) + 1
    pairs = np.zeros((0, 2), np.int64)
    if shipments > 0.0:
        pairs = rng.permutation(n)[: 2 * int(shipments * n / 2.0)].reshape(-1, 2)
        free[pairs[:, 1]] = free[pairs[:, 0]]
        kept = ~np.isin(timed, pairs)
        timed, start, end = timed[kept], start[kept], end[kept]
    alone = ~np.isin(np.arange(n), pairs)
    if twice > 0.0:
        more = np.flatnonzero(rng.random(timed.size) < twice)
        near = far.min(axis=1)[timed[more]]
        start[more] = np.floor(rng.uniform(near, 1.5 * _SIDE))
        end[more] = start[more] + day / 8.0
        timed = np.concatenate([timed, timed[more]])
        start = np.concatenate([start, start[more] + day / 2.0])
        end = np.concatenate([end, end[more] + day / 2.0])
    allowed = np.ones((kind.size, n), bool)
    if skilled > 0.0:
        need = np.where(rng.random(n) < skilled, rng.integers(0, 2, n), -1)
        allowed = (need < 0) | (need == kind[:, None] % 2)
    rest = day * (np.arange(breaks) + 0.5) / max(breaks, 1)
    rests = np.tile(rest, kind.size)
    return RichVRP(
        clients=np.arange(depots, depots + n),
        depots=np.arange(depots),
        available=np.full(kind.size, fleet),
        coords=points,
        delivery=np.where(alone & ~gives, amount, 0.0)[:, None],
        pickup=np.where(alone & gives, amount, 0.0)[:, None],
        shipments=pairs,
        shipment_load=amount[pairs[:, 0]][:, None],
        service=service,
        window_client=timed,
        window_start=start,
        window_end=end,
        required=~free,
        prize=np.where(free, np.round(rng.uniform(20.0, 200.0, n)), 0.0),
        depot_end=np.full(depots, day),
        capacity=capacity[kind][:, None],
        start_depot=at,
        reload=(reloads > 0) & (np.arange(depots) == at[:, None]),
        max_reloads=np.full(kind.size, reloads),
        break_type=np.repeat(np.arange(kind.size), breaks),
        break_start=np.floor(rests - day / 20.0),
        break_end=np.ceil(rests + day / 20.0),
        break_time=np.full(rests.size, day / 40.0),
        allowed=allowed,
        fixed_cost=fixed[kind],
        name=f"vrp-n{n}-d{depots}-t{types}-s{seed}",
    )
