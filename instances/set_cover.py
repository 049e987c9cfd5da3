"""The weighted set covering problem."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.instances.errors import InvalidProblemError, InvalidSolutionError
from combkit.instances.problem import Problem, frozen_array, require
from combkit.instances.solutions import Selection, Solution
from combkit.instances.subsets import MAX_TOTAL, numbers, repeated, total, unknown

__all__ = ["SetCover"]

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False, init=False)
class SetCover(Problem):
    """Set cover: the cheapest sets that contain every element between them.

    Parameters
    ----------
    costs : array_like, shape (n,), int64 or float64
        Non-negative cost of each set.
    sets : sequence of array_like of int
        Elements of each set, numbered from 0, in any order, each once.
    elements : int, optional
        Number of elements; one more than the largest in a set without.

    Attributes
    ----------
    offsets : ndarray, shape (n + 1,), int64
        Set j has the members ``members[offsets[j] : offsets[j + 1]]``.
    members : ndarray, shape (nnz,), int64
        Elements of all sets, ascending within each.

    Raises
    ------
    InvalidProblemError
        If there is no set or no element, an element is in no set, unknown or
        twice in one, or a cost is negative or not finite.

    Examples
    --------
    >>> problem = SetCover([3, 2, 2], [[0, 1, 2], [0, 1], [1, 2]])
    >>> problem.evaluate(Selection([0]))
    3.0
    >>> problem.check(Selection([1]))
    ['element 2 is not covered']
    """

    kind: ClassVar[str] = "setcover"
    solution_type: ClassVar[type[Solution]] = Selection

    costs: NDArray[Any]
    offsets: Integers
    members: Integers
    elements: int

    def __init__(
        self,
        costs: ArrayLike,
        sets: Sequence[ArrayLike],
        elements: int | None = None,
        *,
        name: str = "",
        comment: str = "",
    ) -> None:
        object.__setattr__(self, "costs", numbers("costs", costs, (None,)))
        offsets, members = _flat(sets)
        require(self.n > 0, "costs", "there is no set")
        require(
            offsets.size == self.n + 1,
            "sets",
            f"{offsets.size - 1} sets for {self.n} costs",
        )
        if elements is None:
            elements = int(members.max(initial=-1)) + 1
        require(
            isinstance(elements, int | np.integer) and elements > 0,
            "elements",
            f"{elements!r} is not a positive number of elements",
        )
        for field, value in (
            ("offsets", offsets),
            ("members", members),
            ("elements", int(elements)),
            ("name", name),
            ("comment", comment),
        ):
            object.__setattr__(self, field, value)
        self._validate()

    def _validate(self) -> None:
        out = np.flatnonzero(self.members >= self.elements)
        if out.size:
            require(
                False,
                "sets",
                f"set {self._set_of(out[0])} has the element {self.members[out[0]]}: "
                f"elements are 0 to {self.elements - 1}",
            )
        same = np.diff(self.members) == 0
        # The last member of a set and the first of the next one may agree.
        borders = self.offsets[(self.offsets > 0) & (self.offsets < self.members.size)]
        same[borders - 1] = False
        twice = np.flatnonzero(same)
        if twice.size:
            require(
                False,
                "sets",
                f"set {self._set_of(twice[0])} has the element "
                f"{self.members[twice[0]]} twice",
            )
        frequency = np.bincount(self.members, minlength=self.elements)
        if (frequency == 0).any():
            missing = int(np.argmin(frequency))
            require(False, "sets", f"element {missing} is in no set: no cover exists")
        with np.errstate(over="ignore"):
            sum_ = float(self.costs.sum(dtype=np.float64))
        allowed = MAX_TOTAL if self.costs.dtype == np.int64 else math.inf
        require(sum_ < allowed, "costs", f"their sum {sum_:g} is too large")

    def _set_of(self, place: np.int64) -> int:
        return int(np.searchsorted(self.offsets, place, side="right")) - 1

    @property
    def n(self) -> int:
        """Number of sets."""
        return int(self.costs.size)

    @property
    def sets(self) -> tuple[Integers, ...]:
        """The elements of each set, ascending."""
        return tuple(np.split(self.members, self.offsets[1:-1]))

    @property
    def size(self) -> dict[str, int]:
        """Numbers of sets, of elements and of memberships."""
        return {"n": self.n, "elements": self.elements, "nnz": int(self.members.size)}

    def evaluate(self, solution: Selection) -> float:
        """Return the total cost of the selected sets.

        Raises
        ------
        InvalidSolutionError
            If a set is unknown.
        """
        if violations := unknown(solution.selected, self.n, "set", "sets"):
            raise InvalidSolutionError(violations)
        return float(total(self.costs[solution.selected]))

    def check(self, solution: Selection) -> list[str]:
        """Return every violation in plain words; all are numbered from 0."""
        if violations := unknown(solution.selected, self.n, "set", "sets"):
            return violations
        violations = repeated(solution.selected, "set")
        covered = np.zeros(self.elements, dtype=np.bool_)
        for j in solution.selected.tolist():
            covered[self.members[self.offsets[j] : self.offsets[j + 1]]] = True
        violations.extend(
            f"element {element} is not covered"
            for element in np.flatnonzero(~covered).tolist()
        )
        return violations


def _flat(sets: Sequence[ArrayLike]) -> tuple[Integers, Integers]:
    """Return the sets behind one another, each sorted, and where each begins."""
    try:
        listed = [np.asarray(members) for members in sets]
    except (TypeError, ValueError):
        raise InvalidProblemError("sets", "not a list of lists of elements") from None
    lengths = [members.size for members in listed]
    filled = [
        frozen_array(f"sets[{j}]", members, np.int64, (None,), minimum=0)
        for j, members in enumerate(listed)
        if members.size
    ]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    members = np.concatenate(filled) if filled else np.zeros(0, dtype=np.int64)
    owner = np.repeat(np.arange(len(listed)), lengths)
    members = members[np.lexsort((members, owner))]
    for array in (offsets, members):
        array.flags.writeable = False
    return offsets, members
