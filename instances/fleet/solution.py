"""Routes of vehicles of several types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.instances.errors import InvalidSolutionError
from combkit.instances.solutions import Solution

__all__ = ["FleetRoutes", "Route"]


@dataclass(frozen=True, eq=False, slots=True)
class Route:
    """What one vehicle does.

    Parameters
    ----------
    vehicle_type : int
        Its type, from 0.
    visits : array_like of int
        Clients in order, from 0.
    """

    vehicle_type: int
    visits: NDArray[np.int64]

    def __init__(self, vehicle_type: int, visits: ArrayLike) -> None:
        numbers = np.atleast_1d(np.asarray(visits))
        whole = numbers.ndim == 1 and (numbers.size == 0 or numbers.dtype.kind in "iu")
        if not whole or isinstance(vehicle_type, bool):
            raise InvalidSolutionError(["visits: not a list of clients"])
        numbers = numbers.astype(np.int64)
        numbers.flags.writeable = False
        object.__setattr__(self, "vehicle_type", int(vehicle_type))
        object.__setattr__(self, "visits", numbers)


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
        return {
            "routes": [
                {"vehicle_type": route.vehicle_type, "visits": route.visits.tolist()}
                for route in self.routes
            ]
        }

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
                    Route(entry["vehicle_type"], entry["visits"])
                    for entry in data["routes"]
                ]
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidSolutionError([f"routes: {error!r}"]) from None
