"""Destroy operators: which part of a model to search next.

An operator is an object with a ``name``, ``fits(structure)`` and
``propose(state, rng, size)``. ``size`` in (0, 1] says how large the part may be,
most often as the share of the discrete variables that are set free; continuous
variables always are. The search adapts it to what the solver can master, between
the operator's ``least`` and ``most``, which are options of each as in
``mutation:least=0.5:most=0.5``.

References
----------
E. Danna, E. Rothberg and C. Le Pape, Exploring relaxation induced neighborhoods
to improve MIP solutions, Math. Prog. 102 (2005). doi:10.1007/s10107-004-0518-7
M. Fischetti and A. Lodi, Local branching, Math. Prog. 98 (2003).
doi:10.1007/s10107-003-0395-5
S. Ghosh, DINS, a MIP improvement heuristic, IPCO 2007.
doi:10.1007/978-3-540-72792-7_24
T. Berthold, RENS: the optimal rounding, Math. Prog. Comp. 6 (2014).
doi:10.1007/s12532-013-0060-9
M. Fischetti and M. Monaci, Proximity search for 0-1 mixed-integer convex
programming, J. Heuristics 20 (2014). doi:10.1007/s10732-014-9266-x
E. Rothberg, An evolutionary algorithm for polishing mixed integer programming
solutions, INFORMS J. Computing 19 (2007). doi:10.1287/ijoc.1060.0189
T. Huang, A. Ferber, Y. Tian, B. Dilkina and B. Steiner, Local branching
relaxation heuristics for integer linear programs, CPAIOR 2023.
doi:10.1007/978-3-031-33271-5_7
G. Hendel, Adaptive large neighborhood search for mixed integer programming,
Math. Prog. Comp. 14 (2022). doi:10.1007/s12532-021-00209-7
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module, metadata
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import UsageError
from combkit.mip.balans.engine import Row
from combkit.mip.balans.local import compiled
from combkit.mip.balans.naming import made
from combkit.mip.balans.state import Neighbourhood, State, Structure
from combkit.mip.propagation import slices

__all__ = ["DEFAULT", "OPERATORS", "Operator", "Plain", "named", "operators"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]

#: Entry-point group of third parties: each entry is a class of operators, or a
#: function that returns one; what it takes by keyword are its options.
_GROUP = "combkit.operators"
#: Values closer than this agree.
_SAME = 1e-6


class Operator(Protocol):
    """What the search asks of an operator."""

    @property
    def name(self) -> str:
        """What the option ``operators`` calls it."""
        ...

    def fits(self, structure: Structure) -> bool:
        """Whether it can ever propose anything for a model."""
        ...

    def propose(
        self, state: State, rng: np.random.Generator, size: float
    ) -> Neighbourhood | None:
        """Return a part of the model to search; None: not now."""
        ...


def _count(structure: Structure, size: float) -> int:
    """Return how many discrete variables a size means, at least 2 if there are."""
    total = structure.discrete.size
    return int(min(total, max(2, round(size * total))))


def _release(state: State, cols: Indices) -> Neighbourhood:
    """Return the part in which some discrete variables are free."""
    free = np.zeros(state.x.size, dtype=bool)
    free[cols] = True
    lower, upper = state.structure.fixing(state.x, free)
    return Neighbourhood(lower, upper, int(cols.size))


def _top(scores: Floats, count: int) -> Indices:
    """Return the positions of the largest scores."""
    if count >= scores.size:
        return np.arange(scores.size)
    top: Indices = np.argpartition(-scores, count)[:count]
    return top


@dataclass(frozen=True)
class _Sized:
    """What all operators here have.

    Parameters
    ----------
    least, most : float
        Between what the search adapts the size.

    Raises
    ------
    UsageError
        If they are not between 0 and 1 in this order.
    """

    least: float = 1e-4
    most: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.least <= self.most <= 1:
            raise UsageError(
                f"operator sizes: 0 < least={self.least} <= most={self.most} <= 1 fails"
            )


@dataclass(frozen=True)
class Plain(_Sized):
    """An operator that fits any model with discrete variables."""

    def fits(self, structure: Structure) -> bool:
        """Whether there is a discrete variable."""
        return structure.discrete.size > 0


@dataclass(frozen=True)
class _Binary(_Sized):
    """An operator that measures distance over the binary variables."""

    def fits(self, structure: Structure) -> bool:
        """Whether there is a binary variable."""
        return structure.binary.size > 0


@dataclass(frozen=True)
class Mutation(Plain):
    """Free a random set of variables (Rothberg 2007)."""

    name: ClassVar[str] = "mutation"

    def propose(
        self, state: State, rng: np.random.Generator, size: float
    ) -> Neighbourhood | None:
        """Return the part where a random set is free."""
        discrete = state.structure.discrete
        count = _count(state.structure, size)
        return _release(state, rng.choice(discrete, count, replace=False))


@dataclass(frozen=True)
class Graph(Plain):
    """Free variables that meet in rows, spreading from a random one."""

    name: ClassVar[str] = "graph"

    def propose(
        self, state: State, rng: np.random.Generator, size: float
    ) -> Neighbourhood | None:
        """Return the part around a random variable."""
        structure = state.structure
        seed = int(rng.choice(structure.discrete))
        chosen = structure.around(seed, _count(structure, size), rng)
        return _release(state, np.flatnonzero(chosen))


@dataclass(frozen=True)
class Rows(Plain):
    """Free the variables of random rows, tight ones first."""

    name: ClassVar[str] = "rows"

    def propose(
        self, state: State, rng: np.random.Generator, size: float
    ) -> Neighbourhood | None:
        """Return the part of some rows."""
        structure, problem = state.structure, state.structure.problem
        starts, cols = structure.discrete_rows
        rows = np.flatnonzero(np.diff(starts))
        if not rows.size:
            return None
        activity = (problem.A @ state.x)[rows]
        slack = np.minimum(
            activity - problem.row_lower[rows], problem.row_upper[rows] - activity
        ) / np.maximum(1.0, np.abs(activity))
        # Which rows count as tight changes, so that others have their turn.
        order = rows[np.lexsort((rng.random(rows.size), slack > 1e-3 * rng.random()))]
        count = _count(structure, size)
        # Rows may share columns: enough of them for twice the count.
        sizes = np.cumsum(starts[order + 1] - starts[order])
        last = int(np.searchsorted(sizes, 2 * count)) + 1
        entries, _ = slices(starts, order[:last])
        met = cols[entries]
        first = np.unique(met, return_index=True)[1]
        met = met[np.sort(first)][:count]
        return _release(state, met)


@dataclass(frozen=True)
class Block(Plain):
    """Free a window of variables, in the model's or in a bandwidth order."""

    name: ClassVar[str] = "block"

    def propose(
        self, state: State, rng: np.random.Generator, size: float
    ) -> Neighbourhood | None:
        """Return the part of one to three windows."""
        structure = state.structure
        order = structure.order if rng.random() < 0.5 else structure.discrete
        count = _count(structure, size)
        windows = min(count, int(rng.integers(1, 4)))
        width = count // windows
        starts = rng.integers(0, order.size, windows)
        places = (starts[:, None] + np.arange(width)) % order.size
        return _release(state, np.unique(order[places.ravel()]))


@dataclass(frozen=True)
class Community(Plain):
    """Free whole communities of variables that meet among themselves."""

    name: ClassVar[str] = "community"

    def propose(
        self, state: State, rng: np.random.Generator, size: float
    ) -> Neighbourhood | None:
        """Return the part of random communities, the last one cut to size."""
        if not compiled():
            return None
        structure = state.structure
        groups, count = structure.communities, _count(structure, size)
        picked: list[Indices] = []
        missing = count
        for k in rng.permutation(len(groups)).tolist():
            group = groups[k]
            if group.size > missing:
                group = rng.choice(group, missing, replace=False)
            picked.append(group)
            missing -= group.size
            if missing <= 0:
                break
        return _release(state, np.concatenate(picked))


@dataclass(frozen=True)
class Objective(Plain):
    """Free variables in proportion to what they cost above their cheapest value."""

    name: ClassVar[str] = "objective"

    def fits(self, structure: Structure) -> bool:
        """Whether a discrete variable has a cost."""
        return bool(structure.problem.c[structure.discrete].any())

    def propose(
        self, state: State, rng: np.random.Generator, size: float
    ) -> Neighbourhood | None:
        """Return the part where expensive variables are free, and some others."""
        structure = state.structure
        discrete = structure.discrete
        c = structure.problem.c[discrete]
        cheapest = np.where(c > 0, structure.lower[discrete], structure.upper[discrete])
        excess = np.abs(c * (state.x[discrete] - cheapest))
        excess = np.where(np.isfinite(excess), excess, np.abs(c))
        weights = excess + np.abs(c) / 4 + 0.1 * (np.abs(c).mean() + 1e-12)
        keys = np.log(rng.random(discrete.size)) / weights
        return _release(state, discrete[_top(keys, _count(structure, size))])


@dataclass(frozen=True)
class Rins(Plain):
    """Free where incumbent and relaxation disagree (Danna et al. 2005)."""

    name: ClassVar[str] = "rins"

    def propose(
        self, state: State, rng: np.random.Generator, size: float
    ) -> Neighbourhood | None:
        """Return the part where the two differ, the most first."""
        if state.relaxed is None:
            return None
        discrete = state.structure.discrete
        away = np.abs(state.relaxed.x[discrete] - state.x[discrete])
        scores = np.minimum(away, 1.0) + rng.random(discrete.size)
        scores[away <= _SAME] -= 1.0
        return _release(state, discrete[_top(scores, _count(state.structure, size))])


@dataclass(frozen=True)
class ReducedCost(Plain):
    """Free the variables that the relaxation moves for the least cost."""

    name: ClassVar[str] = "reduced-cost"

    def fits(self, structure: Structure) -> bool:
        """Whether there is an objective at all."""
        return structure.discrete.size > 0 and bool(structure.problem.c.any())

    def propose(
        self, state: State, rng: np.random.Generator, size: float
    ) -> Neighbourhood | None:
        """Return the part of cheap variables, noise deciding among close ones."""
        if state.relaxed is None:
            return None
        discrete = state.structure.discrete
        costs = np.abs(state.relaxed.reduced_costs[discrete])
        scale = float(costs.mean()) + 1e-12
        noise = rng.exponential(1.0, discrete.size)
        scores = -(costs / scale + 0.1) * noise
        return _release(state, discrete[_top(scores, _count(state.structure, size))])


@dataclass(frozen=True)
class Rens(Plain):
    """Search the roundings of the relaxation (Berthold 2014)."""

    name: ClassVar[str] = "rens"

    def propose(
        self, state: State, rng: np.random.Generator, size: float
    ) -> Neighbourhood | None:
        """Return the roundings, a share of the integral variables set free."""
        if state.relaxed is None:
            return None
        structure = state.structure
        discrete = structure.discrete
        x = state.relaxed.x[discrete]
        low = np.clip(
            np.floor(x + _SAME), structure.lower[discrete], structure.upper[discrete]
        )
        high = np.clip(
            np.ceil(x - _SAME), structure.lower[discrete], structure.upper[discrete]
        )
        loose = (low == high) & (rng.random(discrete.size) < size)
        lower, upper = structure.lower.copy(), structure.upper.copy()
        held = ~loose
        lower[discrete[held]], upper[discrete[held]] = low[held], high[held]
        free = int(np.count_nonzero(lower[discrete] < upper[discrete]))
        return Neighbourhood(lower, upper, free)


@dataclass(frozen=True)
class Crossover(Plain):
    """Free where good solutions differ (Rothberg 2007)."""

    name: ClassVar[str] = "crossover"

    def propose(
        self, state: State, rng: np.random.Generator, size: float
    ) -> Neighbourhood | None:
        """Return the part where the incumbent and one or two others differ."""
        others = [x for x in state.pool.solutions if x is not state.x]
        if not others:
            return None
        structure = state.structure
        discrete = structure.discrete
        picked = rng.choice(
            len(others), min(len(others), int(rng.integers(1, 3))), replace=False
        )
        differ = np.zeros(discrete.size, dtype=bool)
        for k in picked.tolist():
            differ |= np.abs(others[k][discrete] - state.x[discrete]) > 0.5
        count = _count(structure, size)
        scores = differ + rng.random(discrete.size)
        return _release(state, discrete[_top(scores, count)])


@dataclass(frozen=True)
class Dins(Plain):
    """Search near the relaxation (Ghosh 2007).

    A general integer may move towards the relaxation as far as it is away from
    it; a binary is held where incumbent, relaxation and the pool agree.
    """

    name: ClassVar[str] = "dins"

    def propose(
        self, state: State, rng: np.random.Generator, size: float
    ) -> Neighbourhood | None:
        """Return the part, at most ``size`` of the variables free."""
        if state.relaxed is None:
            return None
        structure = state.structure
        discrete = structure.discrete
        x, relaxed = state.x[discrete], state.relaxed.x[discrete]
        away = np.abs(x - relaxed)
        moves = away > _SAME
        for other in state.pool.solutions[:5]:
            moves |= np.abs(other[discrete] - x) > 0.5
        scores = moves + rng.random(discrete.size)
        chosen = discrete[_top(scores, _count(structure, size))]
        part = _release(state, chosen)
        lower, upper = part.lower, part.upper
        general = structure.upper[discrete] - structure.lower[discrete] > 1
        general &= away >= 0.5
        cols = np.intersect1d(discrete[general], chosen)
        to = state.relaxed.x[cols]
        reach = np.abs(state.x[cols] - to) + _SAME
        lower[cols] = np.maximum(lower[cols], np.ceil(to - reach))
        upper[cols] = np.minimum(upper[cols], np.floor(to + reach))
        return part


def _ball(state: State, radius: float) -> Row:
    """Return the row of all points whose binaries differ in at most so many."""
    binary = state.structure.binary
    ones = np.round(state.x[binary]) == 1
    values = np.where(ones, -1.0, 1.0)
    return Row(binary, values, upper=radius - float(np.count_nonzero(ones)))


@dataclass(frozen=True)
class LocalBranching(_Binary):
    """Search the ball around the incumbent (Fischetti and Lodi 2003)."""

    name: ClassVar[str] = "local-branching"

    def propose(
        self, state: State, rng: np.random.Generator, size: float
    ) -> Neighbourhood | None:
        """Return the ball over the binaries, other integers free in it."""
        structure = state.structure
        radius = max(2, round(0.5 * size * structure.binary.size))
        return Neighbourhood(
            structure.lower.copy(),
            structure.upper.copy(),
            int(structure.discrete.size),
            rows=(_ball(state, radius),),
        )


@dataclass(frozen=True)
class LbRelax(_Binary):
    """Free what moves in the relaxation of the ball (Huang et al. 2023)."""

    name: ClassVar[str] = "lb-relax"

    def propose(
        self, state: State, rng: np.random.Generator, size: float
    ) -> Neighbourhood | None:
        """Return the part of the variables that moved, the most first."""
        structure = state.structure
        if state.ball is None:
            return None
        count = _count(structure, size)
        radius = max(1.0, count * float(rng.uniform(0.3, 1.0)))
        optimum = state.ball(_ball(state, radius))
        if optimum is None:
            return None
        discrete = structure.discrete
        away = np.abs(optimum.x[discrete] - state.x[discrete])
        scores = away + 1e-3 * rng.random(discrete.size)
        return _release(state, discrete[_top(scores, count)])


@dataclass(frozen=True)
class Proximity(_Binary):
    """Look for the nearest better solution (Fischetti and Monaci 2014).

    The cutoff is a row, without a slack that a big penalty would have to hold.
    """

    name: ClassVar[str] = "proximity"

    def propose(
        self, state: State, rng: np.random.Generator, size: float
    ) -> Neighbourhood | None:
        """Return the whole model, to be minimised in the distance."""
        structure = state.structure
        binary = structure.binary
        costs = np.zeros(state.x.size)
        costs[binary] = np.where(np.round(state.x[binary]) == 1, -1.0, 1.0)
        return Neighbourhood(
            structure.lower.copy(),
            structure.upper.copy(),
            int(structure.discrete.size),
            objective=costs,
            step=0.02 * size,
            first=True,
        )


@dataclass(frozen=True)
class RandomObjective(Plain):
    """Minimise random costs in a random part, to find other solutions."""

    name: ClassVar[str] = "random-objective"

    def propose(
        self, state: State, rng: np.random.Generator, size: float
    ) -> Neighbourhood | None:
        """Return a random part; what is found may be 1 % worse."""
        structure = state.structure
        discrete = structure.discrete
        part = _release(
            state, rng.choice(discrete, _count(structure, size), replace=False)
        )
        costs = np.zeros(state.x.size)
        costs[discrete] = rng.uniform(-1.0, 1.0, discrete.size)
        # A cost must not run off to infinity.
        low, high = structure.lower[discrete], structure.upper[discrete]
        open_ = np.isinf(np.where(costs[discrete] > 0, low, high))
        costs[discrete[open_]] = 0.0
        return Neighbourhood(
            part.lower, part.upper, part.free, objective=costs, step=-0.01
        )


def _forge(least: float = 1e-4, most: float = 1.0) -> Operator:
    """Return the operator of learned hints, which lives on a floor above."""
    module = import_module("combkit.neural.forge.operator")
    made_there: Operator = module.ForgeOperator(least, most)
    return made_there


#: The operators of the suite by name.
OPERATORS: dict[str, Callable[..., Operator]] = {
    "mutation": Mutation,
    "graph": Graph,
    "rows": Rows,
    "block": Block,
    "community": Community,
    "objective": Objective,
    "rins": Rins,
    "reduced-cost": ReducedCost,
    "rens": Rens,
    "crossover": Crossover,
    "dins": Dins,
    "local-branching": LocalBranching,
    "lb-relax": LbRelax,
    "proximity": Proximity,
    "random-objective": RandomObjective,
    "forge": _forge,
}
#: Those that the search uses when none are named. The others search the whole
#: model and seldom get anywhere in the seconds of a part.
DEFAULT = (
    "mutation",
    "graph",
    "rows",
    "block",
    "community",
    "objective",
    "rins",
    "reduced-cost",
    "crossover",
    "dins",
    "lb-relax",
)


def operators() -> dict[str, Callable[..., Operator]]:
    """Return the makers of all operators by name, third parties' included.

    Raises
    ------
    UsageError
        If two have the same name.
    """
    known = dict(OPERATORS)
    for entry in metadata.entry_points(group=_GROUP):
        if entry.name in known:
            raise UsageError(f"two operators named {entry.name!r}")
        known[entry.name] = entry.load()
    return known


def named(wanted: Sequence[str | Operator]) -> list[Operator]:
    """Return operators by name, with options as in ``mutation:least=0.2``.

    Operators that are objects already stay what they are.

    Raises
    ------
    UsageError
        If a name or option is unknown, with the nearest one, or twice there.
    """
    known = operators()
    chosen = [
        made(known, "operator", one) if isinstance(one, str) else one for one in wanted
    ]
    if not chosen:
        raise UsageError("operators: at least one is needed")
    for k, one in enumerate(chosen):
        if one in chosen[:k]:
            raise UsageError(f"operator {one.name!r} is named twice")
    return chosen
