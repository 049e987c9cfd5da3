"""Resource-constrained projects, with one or several modes an activity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.instances.errors import InvalidProblemError
from combkit.instances.problem import as_vector, frozen_array, require
from combkit.instances.scheduling import RELATIONS, Scheduling
from combkit.instances.shops import Modelled, refuse_circles
from combkit.instances.solutions import Schedule

__all__ = ["Project"]

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False, init=False)
class Project(Modelled):
    """Resource-constrained project (RCPSP) with makespan objective.

    Parameters
    ----------
    durations : sequence of sequence of int
        Duration of each mode of each activity.
    demands : sequence of array_like of int, shape (modes, r)
        Units of each resource that each mode of each activity takes.
    capacities : array_like of int, shape (r,)
        Units of each resource.
    precedences : array_like of int, shape (p, 2) or (p, 3)
        Pairs of activities, the second of which starts after the first has
        ended. A third column holds lags between the starts of both instead,
        negative ones for maximal lags (RCPSP/max).
    nonrenewable : array_like of bool, shape (r,), optional
        Resources whose units are used up.

    Examples
    --------
    >>> project = Project([[3], [2]], [[[1]], [[1]]], [1], [[0, 1]])
    >>> project.evaluate(Schedule([[0, 3]]))
    5.0
    """

    kind: ClassVar[str] = "rcpsp"

    durations: tuple[Integers, ...]
    demands: tuple[Integers, ...]
    capacities: Integers
    precedences: Integers
    nonrenewable: Integers

    def __init__(
        self,
        durations: Iterable[ArrayLike],
        demands: Iterable[ArrayLike],
        capacities: ArrayLike,
        precedences: ArrayLike,
        nonrenewable: ArrayLike | None = None,
        *,
        name: str = "",
        comment: str = "",
    ) -> None:
        capacity = frozen_array("capacities", capacities, np.int64, (None,), minimum=0)
        r = capacity.size
        times = _rows("durations", durations, (None,))
        needs = _rows("demands", demands, (None, r))
        require(len(times) > 0, "durations", "there is no activity")
        same = len(times) == len(needs)
        require(same, "demands", f"{len(needs)} of them for {len(times)} activities")
        for i, (one, other) in enumerate(zip(times, needs, strict=True)):
            require(one.size > 0, f"durations[{i}]", "has no mode")
            modes = f"{len(other)} modes where durations has {one.size}"
            require(len(other) == one.size, f"demands[{i}]", modes)
        raw = np.asarray(precedences)
        pairs = raw.reshape(0, 2) if raw.size == 0 else raw
        columns = 3 if pairs.ndim == 2 and pairs.shape[1] == 3 else 2
        pairs = frozen_array("precedences", pairs, np.int64, (None, columns))
        flags = as_vector(
            "nonrenewable", 0 if nonrenewable is None else nonrenewable, r, np.int64
        )
        for field, value in (
            ("durations", times),
            ("demands", needs),
            ("capacities", capacity),
            ("precedences", pairs),
            ("nonrenewable", flags),
            ("name", name),
            ("comment", comment),
        ):
            object.__setattr__(self, field, value)
        _ = self.model  # refuses what does not fit together
        if columns == 2:  # with lags, circles may be meant
            refuse_circles("precedences", self.n, pairs)

    @property
    def n(self) -> int:
        """Number of activities."""
        return len(self.durations)

    @property
    def size(self) -> dict[str, int]:
        """Numbers of activities, modes and resources."""
        return {
            "n": self.n,
            "modes": sum(row.size for row in self.durations),
            "resources": self.capacities.size,
        }

    @property
    def row_sizes(self) -> list[int]:
        """All activities stand in one row."""
        return [self.n]

    @cached_property
    def model(self) -> Scheduling:
        """The same problem as a scheduling model."""
        count = [row.size for row in self.durations]
        demand = np.concatenate(self.demands)
        mode, resource = np.nonzero(demand)
        lags = self.precedences.shape[1] == 3
        relation = RELATIONS.index("start-start" if lags else "end-start")
        return Scheduling(
            np.repeat(np.arange(self.n), count),
            np.concatenate(self.durations),
            mode,
            resource,
            demand[mode, resource],
            self.capacities,
            consumable=self.nonrenewable > 0,
            before=self.precedences[:, 0],
            after=self.precedences[:, 1],
            relation=np.full(len(self.precedences), relation),
            lag=self.precedences[:, 2]
            if lags
            else np.zeros(len(self.precedences), np.int64),
        )

    def encode(self, solution: Schedule) -> dict[str, Any]:
        """Return ``{"starts": [...], "modes": [...]}``, one number an activity."""
        return self.model.encode(solution)

    def decode(self, data: Mapping[str, Any]) -> Schedule:
        """Return the schedule that ``encode`` wrote."""
        return self.model.decode(data)


def _rows(
    field: str, values: Any, shape: tuple[int | None, ...]
) -> tuple[Integers, ...]:
    """Return one read-only array an activity."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise InvalidProblemError(field, "not a list, one entry an activity")
    rows: Sequence[Any] = list(values)
    return tuple(
        frozen_array(f"{field}[{i}]", row, np.int64, shape, minimum=0)
        for i, row in enumerate(rows)
    )
