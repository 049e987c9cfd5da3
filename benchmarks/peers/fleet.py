"""Fleets in combkit's JSON, for the peers that have no format of their own for them."""

from __future__ import annotations

import json
from typing import Any

import common
import numpy as np

#: Units of time and distance that 1 is: peers count in integers.
SCALE = 10
#: What is not said in the file.
NEVER = 1 << 31


class Fleet:
    """A fleet of vehicles that start and end at depots, as integers.

    Parameters
    ----------
    run : common.Run
        The run, which ends if there is something else in the file.
    """

    def __init__(self, run: common.Run) -> None:
        data = json.loads(run.instance.read_text(encoding="utf-8"))
        if data.get("kind") != "vrp":
            run.unsupported("no fleet in combkit's JSON")
        self.data: dict[str, Any] = data
        self.clients = np.array(data["clients"])
        self.n = len(self.clients)
        kinds = len(data["available"])
        plain = (
            "coords" in data
            and all(data["required"])
            and not data["shipments"]
            and not data["locked"]
            and not any(map(any, data["reload"]))
            and not any(np.ravel(data["setup"]))
            and not data["longest_cost"]
            and np.ndim(data["service"]) == 1
            and data["start_depot"] == data["end_depot"]
            and set(data["distance_cost"]) == {1.0}
            and not any(data["duration_cost"])
        )
        if not plain:
            run.unsupported("more than windows, skills, breaks and vehicle types")
        points = np.array(data["coords"])
        gaps = points[:, None] - points[None]
        # Ways are rounded up, so that what is in time here is in time there.
        self.matrix = np.ceil(np.sqrt((gaps**2).sum(axis=2)) * SCALE).astype(np.int64)
        self.service = self._up(data["service"])
        self.demand = np.array(data["delivery"]).astype(np.int64)
        self.capacity = np.array(data["capacity"]).astype(np.int64)
        self.fixed = self._up(data["fixed_cost"])
        self.depot = [data["depots"][d] for d in data["start_depot"]]
        self.kinds = np.repeat(np.arange(kinds), data["available"]).tolist()
        depot_ends = [data["depot_end"][d] for d in data["start_depot"]]
        self.closes = self._down(depot_ends)
        self.allowed = np.array(data["allowed"])

    def windows(self, client: int) -> list[tuple[int, int]]:
        """Return the windows of a client."""
        rows = zip(
            self.data["window_client"],
            self._up(self.data["window_start"]),
            self._down(self.data["window_end"]),
            strict=True,
        )
        return sorted((a, b) for k, a, b in rows if k == client)

    def breaks(self, kind: int) -> list[tuple[int, int, int]]:
        """Return when each break of a vehicle type may begin, and how long it is."""
        rows = zip(
            self.data["break_type"],
            self._up(self.data["break_start"]),
            self._down(self.data["break_end"]),
            self._up(self.data["break_time"]),
            strict=True,
        )
        return [row[1:] for row in rows if row[0] == kind]

    def write(self, run: common.Run, routes: list[tuple[int, list[int]]]) -> None:
        """Write routes: vehicle types with clients."""
        rows = [{"vehicle_type": kind, "visits": visits} for kind, visits in routes]
        run.solution.write_text(json.dumps({"routes": rows}), encoding="utf-8")

    @staticmethod
    def _up(values: Any) -> list[int]:
        return [int(np.ceil(x * SCALE)) for x in values]

    @staticmethod
    def _down(values: Any) -> list[int]:
        return [NEVER if x is None else int(np.floor(x * SCALE)) for x in values]
