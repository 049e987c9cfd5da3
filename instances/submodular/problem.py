"""Problems of set functions: which elements, or which label of each."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import InvalidSolutionError
from combkit.instances.parts import spread
from combkit.instances.problem import Problem, Sense, frozen_array, missing, require
from combkit.instances.solutions import Labels, Selection, Solution
from combkit.instances.submodular.arrays import floats, indices
from combkit.instances.submodular.base import Integers, SetFunction
from combkit.instances.submodular.constraints import (
    NOISE,
    Cardinality,
    Constraint,
    Unconstrained,
)
from combkit.instances.subsets import repeated, unknown

__all__ = ["Goal", "KSubmodular", "Submodular"]

Goal = Literal["value", "difference", "ratio", "cover"]


@dataclass(frozen=True, eq=False)
class Submodular(Problem):
    """Choose elements by a set function.

    Parameters
    ----------
    function : SetFunction
        The function f, to maximise.
    constraint : Constraint
        Which sets are allowed; all without.
    minus : SetFunction, optional
        Maximise ``f(S) - g(S)`` for this g.
    over : SetFunction, optional
        Maximise ``f(S) / g(S)`` for this g; the empty set is worth 0.
    quota : float, optional
        Minimise the total of ``costs`` so that ``f(S) >= quota`` (cover); a relative
        rounding of 1e-9 may be missing.
    costs : array_like, shape (n,), optional
        Positive costs of the elements of a cover; 1 without.
    include, exclude : array_like of int, optional
        Elements that must, and must not, be selected.

    Raises
    ------
    InvalidProblemError
        If parts do not fit together or no set is allowed.

    Examples
    --------
    >>> from combkit.instances.submodular import Cardinality, Coverage
    >>> f = Coverage.of_sets([[0, 1], [1, 2], [2]])
    >>> problem = Submodular(f, Cardinality(2))
    >>> problem.evaluate(Selection([0, 1]))
    3.0
    """

    kind: ClassVar[str] = "submodular"
    solution_type: ClassVar[type[Solution]] = Selection

    function: SetFunction = field(default_factory=missing("function"))
    constraint: Constraint = field(default_factory=Unconstrained)
    minus: SetFunction | None = None
    over: SetFunction | None = None
    quota: float | None = None
    costs: NDArray[Any] | None = None
    include: Integers | None = None
    exclude: Integers | None = None

    def __post_init__(self) -> None:
        put = partial(object.__setattr__, self)
        require(
            isinstance(self.function, SetFunction), "function", "is not a set function"
        )
        require(
            isinstance(self.constraint, Constraint), "constraint", "is not a constraint"
        )
        n = self.n
        if self.constraint.n not in (None, n):
            what = f"speaks of {self.constraint.n} elements, the function has {n}"
            require(False, "constraint", what)
        if isinstance(self.constraint, Cardinality):
            k = self.constraint.k
            require(k <= n, "k", f"{k} of {n} elements")
        goals = [g for g in ("minus", "over", "quota") if getattr(self, g) is not None]
        require(len(goals) < 2, goals[-1] if goals else "", f"{' and '.join(goals)}")
        for name in ("minus", "over"):
            other = getattr(self, name)
            if other is not None:
                require(isinstance(other, SetFunction), name, "is not a set function")
                require(other.n == n, name, f"{other.n} elements, the function has {n}")
        if self.costs is not None:
            require(self.quota is not None, "costs", "belong to a quota")
            costs = frozen_array("costs", self.costs, np.float64, (n,))
            free = np.flatnonzero(costs <= 0.0)
            if free.size:
                place = f"costs[{free[0]}] = {costs[free[0]]:g} is not positive"
                require(False, "costs", place)
            put("costs", costs)
        if self.quota is not None:
            put("quota", float(floats("quota", self.quota, (), minimum=0)))
        for name in ("include", "exclude"):
            if getattr(self, name) is not None:
                put(name, indices(name, getattr(self, name), n))
        both = np.intersect1d(self.required, self.refused)
        require(not both.size, "exclude", f"element {both[:1]} is included, too")
        if faults := self.constraint.violations(self.required):
            require(False, "include", faults[0])

    @property
    def n(self) -> int:
        """Number of elements."""
        return self.function.n

    @property
    def goal(self) -> Goal:
        """What is optimised."""
        if self.quota is not None:
            return "cover"
        if self.over is not None:
            return "ratio"
        return "value" if self.minus is None else "difference"

    @property
    def required(self) -> Integers:
        """Elements that must be selected."""
        return np.zeros(0, np.int64) if self.include is None else self.include

    @property
    def refused(self) -> Integers:
        """Elements that must not be selected."""
        return np.zeros(0, np.int64) if self.exclude is None else self.exclude

    @property
    def sense(self) -> Sense:
        """Covers are minimised, all else is maximised."""
        return "min" if self.goal == "cover" else "max"

    @property
    def size(self) -> dict[str, int]:
        """Number of elements, and how many can be selected at most."""
        return {"n": self.n, "most": self.constraint.most(self.n)}

    def evaluate(self, solution: Selection) -> float:
        """Return what the selected elements are worth, or what a cover costs.

        Raises
        ------
        InvalidSolutionError
            If an element is unknown.
        """
        selected = np.unique(solution.selected)
        if faults := unknown(selected, self.n, "element", "elements"):
            raise InvalidSolutionError(faults)
        if self.quota is not None:
            costs = self.costs
            return float(selected.size if costs is None else costs[selected].sum())
        worth = self.function.value(selected)
        if self.minus is not None:
            return worth - self.minus.value(selected)
        if self.over is not None:
            below = self.over.value(selected)
            if below == 0.0:
                return 0.0 if worth == 0.0 else math.copysign(math.inf, worth)
            return worth / below
        return worth

    def check(self, solution: Selection) -> list[str]:
        """Return every violation in plain words; elements are numbered from 0."""
        selected = solution.selected
        faults = unknown(selected, self.n, "element", "elements")
        faults += repeated(selected, "element")
        if faults:
            return faults
        faults = self.constraint.violations(selected)
        lacking = np.setdiff1d(self.required, selected)
        faults += [f"element {e} must be selected" for e in lacking.tolist()]
        wrong = np.intersect1d(self.refused, selected)
        faults += [f"element {e} must not be selected" for e in wrong.tolist()]
        if not math.isfinite(value := self.evaluate(solution)):
            faults.append(f"the value is {value}")
        if self.quota is not None:
            reached = self.function.value(selected)
            if reached < self.quota * (1.0 - NOISE):
                faults.append(f"the value {reached:.15g} is below {self.quota:.15g}")
        return faults

    def content(self) -> dict[str, Any]:
        """Return the fields that define the problem, those of its parts too."""
        return spread(super().content())


@dataclass(frozen=True, eq=False)
class KSubmodular(Problem):
    """Give labels to some elements by a function of pairs of element and label.

    The function of labellings is ``f({(e, l)}) - c``: where f is a monotone submodular
    function of sets of pairs and no element has two labels, it is k-submodular.

    Parameters
    ----------
    function : SetFunction
        The function f of ``n * labels`` pairs; pair ``e * labels + l`` gives label l to
        element e.
    labels : int
        Number of labels.
    limit : int, optional
        Most elements with a label; n without.
    allowed : array_like of bool, shape (n, labels), optional
        Which labels an element may have; all without.
    costs : array_like, shape (n, labels), optional
        Non-negative cost c of each pair.

    Raises
    ------
    InvalidProblemError
        If parts do not fit together.
    """

    kind: ClassVar[str] = "ksubmodular"
    solution_type: ClassVar[type[Solution]] = Labels

    function: SetFunction = field(default_factory=missing("function"))
    labels: int = field(default_factory=missing("labels"))
    limit: int | None = None
    allowed: NDArray[np.bool_] | None = None
    costs: NDArray[Any] | None = None

    def __post_init__(self) -> None:
        put = partial(object.__setattr__, self)
        require(
            isinstance(self.function, SetFunction), "function", "is not a set function"
        )
        labels = int(frozen_array("labels", self.labels, np.int64, ()))
        pairs = self.function.n
        require(labels > 0, "labels", f"{labels} is not positive")
        require(pairs % labels == 0, "labels", f"{labels} for {pairs} pairs")
        put("labels", labels)
        shape = (self.n, labels)
        if self.limit is not None:
            limit = int(frozen_array("limit", self.limit, np.int64, ()))
            require(0 < limit <= self.n, "limit", f"{limit} of {self.n} elements")
            put("limit", limit)
        if self.allowed is not None:
            allowed = frozen_array("allowed", self.allowed, np.int64, shape) != 0
            allowed.flags.writeable = False
            put("allowed", allowed)
        if self.costs is not None:
            costs = frozen_array("costs", self.costs, np.float64, shape, minimum=0)
            put("costs", costs)

    @property
    def n(self) -> int:
        """Number of elements."""
        return self.function.n // self.labels

    @property
    def most(self) -> int:
        """Most elements with a label."""
        return self.n if self.limit is None else self.limit

    @property
    def sense(self) -> Sense:
        """The value is maximised."""
        return "max"

    @property
    def size(self) -> dict[str, int]:
        """Numbers of elements, of labels, and how many elements may have one."""
        return {"n": self.n, "labels": self.labels, "most": self.most}

    def pairs(self, solution: Labels) -> Integers:
        """Return the pairs of a labelling."""
        chosen = np.flatnonzero(solution.labels >= 0)
        return chosen * self.labels + solution.labels[chosen]

    def evaluate(self, solution: Labels) -> float:
        """Return the value of a labelling less its costs.

        Raises
        ------
        InvalidSolutionError
            If the number of elements is another, or a label is unknown.
        """
        if faults := self._strange(solution):
            raise InvalidSolutionError(faults)
        pairs = self.pairs(solution)
        paid = 0.0 if self.costs is None else float(self.costs.ravel()[pairs].sum())
        return self.function.value(pairs) - paid

    def check(self, solution: Labels) -> list[str]:
        """Return every violation in plain words; elements are numbered from 0."""
        if faults := self._strange(solution):
            return faults
        chosen = np.flatnonzero(solution.labels >= 0)
        if chosen.size > self.most:
            faults.append(
                f"{chosen.size} elements have a label, at most {self.most} may"
            )
        if self.allowed is not None:
            fits = self.allowed[chosen, solution.labels[chosen]]
            faults += [
                f"element {e} must not have label {solution.labels[e]}"
                for e in chosen[~fits].tolist()
            ]
        return faults

    def content(self) -> dict[str, Any]:
        """Return the fields that define the problem, those of its parts too."""
        return spread(super().content())

    def _strange(self, solution: Labels) -> list[str]:
        given = solution.labels
        if given.size != self.n:
            return [f"{given.size} labels for {self.n} elements"]
        wrong = np.flatnonzero((given < -1) | (given >= self.labels))
        return [
            f"element {e} has the label {given[e]}: labels are -1 to {self.labels - 1}"
            for e in wrong.tolist()
        ]
