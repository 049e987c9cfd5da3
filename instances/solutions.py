"""Solutions: small immutable values, one type a shape of answer.

A solution knows nothing of its problem. ``to_dict`` and ``from_dict`` are the
JSON form that ``combkit solve -o FILE.json`` writes (without the objective).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.instances.errors import InvalidSolutionError

__all__ = [
    "Assignment",
    "FirstStage",
    "Labels",
    "Routes",
    "Schedule",
    "Selection",
    "Solution",
    "Tour",
    "Values",
]

Integers = NDArray[np.int64]


class Solution(ABC):
    """Base class of every solution."""

    __slots__ = ()

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return the JSON-able form."""

    @classmethod
    @abstractmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the solution of a JSON-able form.

        Raises
        ------
        InvalidSolutionError
            If a key is missing or holds something else than is needed.
        """

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(repr(self.to_dict()))


@dataclass(frozen=True, eq=False, slots=True)
class Tour(Solution):
    """A closed tour (tsp, atsp, op, pctsp).

    Parameters
    ----------
    tour : array_like of int, shape (k,)
        0-based cities in the order of the visit, without the return.
    """

    tour: Integers

    def __init__(self, tour: ArrayLike) -> None:
        object.__setattr__(self, "tour", _integers("tour", tour))

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"tour": [...]}``."""
        return {"tour": self.tour.tolist()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the tour of ``{"tour": [...]}``."""
        return cls(_get(data, "tour"))


@dataclass(frozen=True, eq=False, slots=True)
class Routes(Solution):
    """Routes of a fleet (cvrp and kin).

    Parameters
    ----------
    routes : iterable of array_like of int
        One sequence of customers a route, without the depot. Customers are
        numbered 1..n; 0 is the depot.
    """

    routes: tuple[Integers, ...]

    def __init__(self, routes: Iterable[ArrayLike]) -> None:
        try:
            listed = list(routes)
        except TypeError:
            raise InvalidSolutionError(["routes: not a list of routes"]) from None
        object.__setattr__(
            self,
            "routes",
            tuple(_integers(f"routes[{i}]", r) for i, r in enumerate(listed)),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"routes": [[...], ...]}``."""
        return {"routes": [route.tolist() for route in self.routes]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the routes of ``{"routes": [[...], ...]}``."""
        return cls(_get(data, "routes"))


@dataclass(frozen=True, eq=False, slots=True)
class Schedule(Solution):
    """Start times (jsp and kin).

    Parameters
    ----------
    starts : iterable of array_like of int
        Start of each operation, one sequence a job.
    modes : iterable of array_like of int, optional
        Chosen option of each operation, 0-based, where there is a choice.
    """

    starts: tuple[Integers, ...]
    modes: tuple[Integers, ...] | None

    def __init__(
        self,
        starts: Iterable[ArrayLike],
        modes: Iterable[ArrayLike] | None = None,
    ) -> None:
        try:
            rows = list(starts)
            options = None if modes is None else list(modes)
        except TypeError:
            raise InvalidSolutionError(["starts: not a list of jobs"]) from None
        object.__setattr__(
            self,
            "starts",
            tuple(_integers(f"starts[{j}]", r) for j, r in enumerate(rows)),
        )
        object.__setattr__(
            self,
            "modes",
            None
            if options is None
            else tuple(_integers(f"modes[{j}]", r) for j, r in enumerate(options)),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"starts": [[...], ...]}``, with ``"modes"`` where chosen."""
        data: dict[str, Any] = {"starts": [row.tolist() for row in self.starts]}
        if self.modes is not None:
            data["modes"] = [row.tolist() for row in self.modes]
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the schedule of ``{"starts": [[...], ...]}``."""
        return cls(_get(data, "starts"), data.get("modes"))


@dataclass(frozen=True, eq=False, slots=True)
class Selection(Solution):
    """A chosen subset (kp, mis, set cover, submodular).

    Parameters
    ----------
    selected : array_like of int, shape (k,)
        0-based items, in any order.
    """

    selected: Integers

    def __init__(self, selected: ArrayLike) -> None:
        object.__setattr__(self, "selected", _integers("selected", selected))

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"selected": [...]}``."""
        return {"selected": self.selected.tolist()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the selection of ``{"selected": [...]}``."""
        return cls(_get(data, "selected"))


@dataclass(frozen=True, eq=False, slots=True)
class Assignment(Solution):
    """A place for each facility (quadratic assignment).

    Parameters
    ----------
    assigned : array_like of int, shape (n,)
        0-based place of each facility.
    """

    assigned: Integers

    def __init__(self, assigned: ArrayLike) -> None:
        object.__setattr__(self, "assigned", _integers("assigned", assigned))

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"assigned": [...]}``."""
        return {"assigned": self.assigned.tolist()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the assignment of ``{"assigned": [...]}``."""
        return cls(_get(data, "assigned"))


@dataclass(frozen=True, eq=False, slots=True)
class Labels(Solution):
    """A label of each element, or none (k-submodular).

    Parameters
    ----------
    labels : array_like of int, shape (n,)
        0-based labels; -1 for an element without one.
    """

    labels: Integers

    def __init__(self, labels: ArrayLike) -> None:
        object.__setattr__(self, "labels", _integers("labels", labels))

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"labels": [...]}``."""
        return {"labels": self.labels.tolist()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the labels of ``{"labels": [...]}``."""
        return cls(_get(data, "labels"))


@dataclass(frozen=True, eq=False, slots=True)
class FirstStage(Solution):
    """What is decided first, and what makes it worst (two-stage robust problems).

    Parameters
    ----------
    first_stage : array_like of float, shape (n,)
        Value of each first-stage variable.
    scenario : array_like of float, shape (m,), optional
        A scenario, of the largest cost that is known.
    """

    first_stage: NDArray[np.float64]
    scenario: NDArray[np.float64] | None

    def __init__(
        self, first_stage: ArrayLike, scenario: ArrayLike | None = None
    ) -> None:
        object.__setattr__(self, "first_stage", _floats("first_stage", first_stage))
        worst = None if scenario is None else _floats("scenario", scenario)
        object.__setattr__(self, "scenario", worst)

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"first_stage": [...], "scenario": [...]}``."""
        data = {"first_stage": self.first_stage.tolist()}
        if self.scenario is not None:
            data["scenario"] = self.scenario.tolist()
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `to_dict` made; the scenario may be missing."""
        return cls(_get(data, "first_stage"), data.get("scenario"))


@dataclass(frozen=True, eq=False, slots=True)
class Values(Solution):
    """Values of variables (mip).

    Parameters
    ----------
    values : array_like of float, shape (n,)
        One value a variable. NaN leaves a variable open in a partial start.
    names : sequence of str, optional
        Names of the variables, in the same order; ``x0, x1, ...`` without.
    """

    values: NDArray[np.float64]
    names: Sequence[str] | None

    def __init__(self, values: ArrayLike, names: Sequence[str] | None = None) -> None:
        array = _floats("values", values)
        if names is not None and len(names) != array.size:
            raise InvalidSolutionError(["values: one number a variable is needed"])
        object.__setattr__(self, "values", array)
        object.__setattr__(self, "names", names)

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"values": {name: value}}`` of the nonzeros."""
        names = self.names
        return {
            "values": {
                (f"x{i}" if names is None else names[i]): float(self.values[i])
                for i in np.flatnonzero(self.values).tolist()
            }
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the values of ``{"values": {name: value}}``, nonzeros only."""
        values = _get(data, "values")
        if not isinstance(values, Mapping):
            raise InvalidSolutionError(["values: not an object of name: value"])
        return cls(list(values.values()), list(values))


def _get(data: Mapping[str, Any], key: str) -> Any:
    if not isinstance(data, Mapping) or key not in data:
        raise InvalidSolutionError([f"{key}: missing"])
    return data[key]


def _integers(field: str, values: ArrayLike) -> Integers:
    """Return a read-only integer vector, refusing what is not integral."""
    try:
        raw = np.asarray(values)
        if raw.size == 0:
            raw = np.zeros(0, dtype=np.int64)
        array = raw.astype(np.int64)
        integral = raw.dtype.kind in "iu" or bool(np.all(array == raw))
    except (TypeError, ValueError, OverflowError):
        integral = False
    if not integral or array.ndim != 1:
        raise InvalidSolutionError([f"{field}: not a list of integers"])
    array.flags.writeable = False
    return array


def _floats(field: str, values: ArrayLike) -> NDArray[np.float64]:
    """Return a read-only vector of numbers."""
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidSolutionError([f"{field}: not numbers"]) from None
    if array.ndim != 1:
        raise InvalidSolutionError([f"{field}: not a list of numbers"])
    array.flags.writeable = False
    return array
