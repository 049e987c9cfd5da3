"""Routes of vehicles of several types."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.instances.errors import InvalidSolutionError
from combkit.instances.solutions import Solution

__all__ = ["FleetRoutes", "Route", "used"]


@dataclass(frozen=True, eq=False, slots=True)
class Route:
    """What one vehicle does.

    Parameters
    ----------
    vehicle_type : int
        Its type, from 0.
    visits : array_like of int
        Clients in order, from 0.
    reloads : array_like of int, shape (r, 2)
        Before which visits, from 1, the vehicle reloads, and at which depots.

    Raises
    ------
    InvalidSolutionError
        If these are not lists of integers, or a trip has no visit.
    """

    vehicle_type: int
    visits: NDArray[np.int64]
    reloads: NDArray[np.int64]

    def __init__(
        self, vehicle_type: int, visits: ArrayLike, reloads: ArrayLike = ()
    ) -> None:
        numbers = np.atleast_1d(np.asarray(visits))
        whole = numbers.ndim == 1 and (numbers.size == 0 or numbers.dtype.kind in "iu")
        if not whole or isinstance(vehicle_type, bool):
            raise InvalidSolutionError(["visits: not a list of clients"])
        stops = np.asarray(reloads)
        if stops.size == 0:
            stops = np.zeros((0, 2), np.int64)
        if stops.dtype.kind not in "iu" or stops.ndim != 2 or stops.shape[1] != 2:
            raise InvalidSolutionError(["reloads: not pairs of a visit and a depot"])
        if (np.diff([0, *stops[:, 0], max(numbers.size, 1)]) < 1).any():
            raise InvalidSolutionError(["reloads: a trip without a visit"])
        object.__setattr__(self, "vehicle_type", int(vehicle_type))
        for name, values in (("visits", numbers), ("reloads", stops)):
            values = values.astype(np.int64)
            values.flags.writeable = False
            object.__setattr__(self, name, values)

    @property
    def trips(self) -> list[slice]:
        """The visits of each trip."""
        cuts = [0, *self.reloads[:, 0].tolist(), self.visits.size]
        return [slice(a, b) for a, b in itertools.pairwise(cuts)]

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"vehicle_type": k, "visits": [...]}``, with reloads if any."""
        known = {"vehicle_type": self.vehicle_type, "visits": self.visits.tolist()}
        if self.reloads.size:
            known["reloads"] = self.reloads.tolist()
        return known


@dataclass(frozen=True, eq=False, slots=True)
class FleetRoutes(Solution):
    """Routes of vehicles of several types (vrp).

    Parameters
    ----------
    routes : iterable of Route
        The routes; clients on none are not served.
    """

    routes: tuple[Route, ...]

    def __init__(self, routes: Iterable[Route]) -> None:
        object.__setattr__(self, "routes", tuple(routes))

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"routes": [{"vehicle_type": k, "visits": [...]}, ...]}``."""
        return {"routes": [route.to_dict() for route in self.routes]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the routes of what ``to_dict`` gave.

        Raises
        ------
        InvalidSolutionError
            If it has another form.
        """
        try:
            return cls(
                [
                    Route(
                        entry["vehicle_type"], entry["visits"], entry.get("reloads", ())
                    )
                    for entry in data["routes"]
                ]
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidSolutionError([f"routes: {error!r}"]) from None


def used(solution: FleetRoutes) -> list[Route]:
    """Return the routes that visit somebody."""
    return [route for route in solution.routes if route.visits.size]
