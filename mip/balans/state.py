"""What operators see: the model's structure, the incumbents, the relaxation."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import reverse_cuthill_mckee

from combkit.instances.mip import MIP
from combkit.mip.balans.engine import Row
from combkit.mip.balans.linear import LinearOptimum
from combkit.mip.propagation import slices

__all__ = ["Neighbourhood", "Pool", "State", "Structure"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]

#: Rows with more entries than this join everything and say nothing.
_DENSE = 1000
#: Rounds in which communities form.
_ROUNDS = 10
#: Values closer than this are the same.
_SAME = 1e-6


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """What an operator proposes to search.

    Parameters
    ----------
    lower, upper : ndarray of float, shape (n,)
        Bounds of the variables.
    free : int
        Number of discrete variables that are not fixed.
    rows : tuple of Row
        Further rows.
    objective : ndarray of float, shape (n,), optional
        Costs to minimise in place of the model's own.
    step : float
        The share of the objective that a solution must gain; below 0 it may
        lose that much.
    first : bool
        Whether the first solution is enough.
    """

    lower: Floats
    upper: Floats
    free: int
    rows: tuple[Row, ...] = ()
    objective: Floats | None = None
    step: float = 0.0
    first: bool = False


class Structure:
    """What stays the same: a minimisation and where its variables meet.

    Parameters
    ----------
    problem : MIP
        The model, a minimisation.

    Attributes
    ----------
    discrete, binary : ndarray of int
        The integer variables to decide on, and those of them in {0, 1}: all that
        are not fixed but for those that follow from others. Such a one is, like a
        slack, the only one of its kind in its only row, and the others there are
        integer, too.
    follower : ndarray of int, shape (m,)
        The column that follows from the others in each row, -1 where none does.
    """

    def __init__(self, problem: MIP) -> None:
        self.problem = problem
        integer = problem.integrality == 1
        self.lower = np.where(integer, np.ceil(problem.lower - _SAME), problem.lower)
        self.upper = np.where(integer, np.floor(problem.upper + _SAME), problem.upper)
        self.upper = np.maximum(self.lower, self.upper)
        self.integer: Mask = integer
        loose = integer & (self.lower < self.upper)
        self.follower = _followers(problem, loose)
        loose[self.follower[self.follower >= 0]] = False
        self.discrete: Indices = np.flatnonzero(loose)
        binary = (self.lower == 0) & (self.upper == 1)
        self.binary: Indices = self.discrete[binary[self.discrete]]

    def fixing(self, x: Floats, free: Mask) -> tuple[Floats, Floats]:
        """Return bounds that hold the discrete variables outside a mask at ``x``.

        Parameters
        ----------
        x : ndarray of float, shape (n,)
            Integral in the discrete variables.
        free : ndarray of bool, shape (n,)
            Continuous variables, and what follows from others, stay free
            whatever it says.
        """
        held = self.discrete[~free[self.discrete]]
        lower, upper = self.lower.copy(), self.upper.copy()
        lower[held] = upper[held] = x[held]
        return lower, upper

    def holding(self, x: Floats) -> tuple[Floats, Floats]:
        """Return bounds that hold all integer variables at ``x``."""
        return (
            np.where(self.integer, x, self.lower),
            np.where(self.integer, x, self.upper),
        )

    @cached_property
    def step(self) -> float:
        """The least difference of two objectives; 0 where none is known."""
        c = self.problem.c
        if c[~self.integer].any():
            return 0.0
        used = np.unique(np.abs(c[c != 0]))
        if not used.size or (used != np.round(used)).any() or used[-1] > 2**53:
            return 0.0
        return float(np.gcd.reduce(used.astype(np.int64)))

    @cached_property
    def rows(self) -> tuple[Indices, Indices]:
        """Row starts and columns of the rows that say where variables meet."""
        A = self.problem.A
        counts = np.diff(A.indptr)
        kept = np.repeat(counts <= _DENSE, counts)
        starts = np.zeros(self.problem.m + 1, dtype=np.int64)
        np.cumsum(np.where(counts <= _DENSE, counts, 0), out=starts[1:])
        return starts, A.indices[kept].astype(np.int64)

    @cached_property
    def discrete_rows(self) -> tuple[Indices, Indices]:
        """Starts and columns of all rows, discrete columns alone."""
        A = self.problem.A
        kept = np.zeros(self.problem.n, dtype=bool)
        kept[self.discrete] = True
        entries = kept[A.indices]
        ends = np.concatenate([[0], np.cumsum(entries)])
        return ends[A.indptr].astype(np.int64), A.indices[entries].astype(np.int64)

    @cached_property
    def cols(self) -> tuple[Indices, Indices]:
        """Column starts and rows of the same entries."""
        starts, indices = self.rows
        pattern = sp.csr_array(
            (np.ones(indices.size, dtype=np.int8), indices, starts),
            shape=(self.problem.m, self.problem.n),
        ).tocsc()
        return pattern.indptr.astype(np.int64), pattern.indices.astype(np.int64)

    @cached_property
    def order(self) -> Indices:
        """The discrete variables in an order that keeps those that meet close."""
        starts, indices = self.rows
        m, n = self.problem.m, self.problem.n
        owner = np.repeat(np.arange(m), np.diff(starts))
        ones = np.ones(indices.size, dtype=np.int8)
        half = sp.coo_array((ones, (owner, m + indices)), shape=(m + n, m + n))
        order = reverse_cuthill_mckee(sp.csr_matrix(half + half.T), symmetric_mode=True)
        order = order[order >= m].astype(np.int64) - m
        is_discrete = np.zeros(n, dtype=bool)
        is_discrete[self.discrete] = True
        ordered: Indices = order[is_discrete[order]]
        return ordered

    @cached_property
    def communities(self) -> list[Indices]:
        """The discrete variables in groups that meet among themselves.

        Groups are merged like variables, level by level, until there are few.
        Compiled code finds them.
        """
        from combkit.mip.balans._kernels import communities

        starts, indices = self.rows
        label, count = np.arange(self.problem.n), self.problem.n
        few = math.isqrt(self.discrete.size)
        rng = np.random.default_rng(0)
        while count > few:
            shape = (self.problem.m, count)
            ones = np.ones(indices.size, dtype=np.int8)
            pattern = sp.csr_array((ones, label[indices], starts.copy()), shape=shape)
            pattern.sum_duplicates()
            # A row within one group holds it together already.
            pattern = pattern[np.diff(pattern.indptr) > 1]
            cols = pattern.tocsc()
            merged = np.arange(count)
            communities(
                pattern.indptr.astype(np.int64),
                pattern.indices.astype(np.int64),
                cols.indptr.astype(np.int64),
                cols.indices.astype(np.int64),
                rng.permutation(count),
                merged,
                np.zeros(pattern.shape[0], dtype=np.int64),
                np.zeros(count),
                _ROUNDS,
            )
            left, merged = np.unique(merged, return_inverse=True)
            label = merged[label]
            if left.size == count:
                break
            count = left.size
        label = label[self.discrete]
        by_label = np.argsort(label, kind="stable")
        ends = np.flatnonzero(np.diff(label[by_label])) + 1
        groups: list[Indices] = np.split(self.discrete[by_label], ends)
        return groups

    def around(self, seed: int, count: int, rng: np.random.Generator) -> Mask:
        """Return about ``count`` discrete variables close to one another.

        Parameters
        ----------
        seed : int
            A column to spread from, over rows and their columns.
        count : int
            Discrete variables wanted. Where nothing more is in reach, the
            search starts again at a random one.
        rng : Generator
            Chooses among too many rows and columns.
        """
        n = self.problem.n
        is_discrete = np.zeros(n, dtype=bool)
        is_discrete[self.discrete] = True
        seen, chosen = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
        used = np.zeros(self.problem.m, dtype=bool)
        front, missing = np.array([seed], dtype=np.int64), count
        while True:
            seen[front] = True
            new = front[is_discrete[front]]
            if new.size > missing:
                new = rng.choice(new, missing, replace=False)
            chosen[new] = True
            missing -= new.size
            if missing <= 0:
                break
            rows = _some(self.cols, front, _ROWS, rng)
            rows = np.unique(rows[~used[rows]])
            used[rows] = True
            cols = _some(self.rows, rows, _COLS, rng)
            front = np.unique(cols[~seen[cols]])
            if not front.size:
                left = self.discrete[~seen[self.discrete]]
                if not left.size:
                    break
                front = rng.choice(left, 1)
        return chosen


def _followers(problem: MIP, loose: Mask) -> Indices:
    """Return the column of each row that follows from the others, or -1.

    Parameters
    ----------
    problem : MIP
        The model.
    loose : ndarray of bool, shape (n,)
        The integer variables that are not fixed.
    """
    A = problem.A
    single = loose & (np.bincount(A.indices, minlength=problem.n) == 1)
    row = np.repeat(np.arange(problem.m), np.diff(A.indptr))

    def count(which: Mask) -> Indices:
        return np.bincount(row[which[A.indices]], minlength=problem.m)

    follows = (count(single) == 1) & (count(loose & ~single) > 0)
    follows &= count(problem.integrality == 0) == 0
    entries = np.flatnonzero(follows[row] & single[A.indices])
    follower = np.full(problem.m, -1, dtype=np.int64)
    follower[row[entries]] = A.indices[entries]
    return follower


#: Rows that a variable spreads over, and columns that a row spreads to.
_ROWS, _COLS = 6, 60


def _some(
    lists: tuple[Indices, Indices], ids: Indices, most: int, rng: np.random.Generator
) -> Indices:
    """Return the entries of some lists, at most so many of each, at random."""
    starts, items = lists
    entries, counts = slices(starts, ids)
    if counts.size and counts.max() > most:
        owner = np.repeat(np.arange(ids.size), counts)
        shuffled = np.lexsort((rng.random(entries.size), owner))
        first = np.cumsum(counts) - counts
        rank = np.arange(entries.size) - np.repeat(first, counts)
        entries = entries[shuffled[rank < most]]
    return items[entries]


class Pool:
    """The best solutions, different in their discrete variables.

    Workers share it: its members are replaced as a whole, never changed.

    Parameters
    ----------
    structure : Structure
        Of the model.
    size : int
        Solutions kept.
    """

    def __init__(self, structure: Structure, size: int = 12) -> None:
        self._discrete = structure.discrete
        self._size = size
        self._lock = threading.Lock()
        self._seen: set[int] = set()
        #: Objectives and solutions, best first.
        self.members: tuple[tuple[float, Floats], ...] = ()

    def __len__(self) -> int:
        return len(self.members)

    @property
    def values(self) -> list[float]:
        """Objectives, best first."""
        return [value for value, _ in self.members]

    @property
    def solutions(self) -> list[Floats]:
        """Solutions, best first."""
        return [x for _, x in self.members]

    def add(self, x: Floats, value: float) -> bool:
        """Keep a solution if it is new and good enough; return whether."""
        key = hash(x[self._discrete].tobytes())
        with self._lock:
            place = int(np.searchsorted(self.values, value))
            if key in self._seen or place >= self._size:
                return False
            self._seen.add(key)
            members = list(self.members)
            members.insert(place, (value, x))
            self.members = tuple(members[: self._size])
        return True


@dataclass
class State:
    """Where the search stands.

    Parameters
    ----------
    structure : Structure
        Of the model.
    x : ndarray of float, shape (n,)
        The solution that neighbourhoods are drawn around.
    value : float
        Its objective, to be minimised.
    pool : Pool
        Good solutions.
    relaxed : LinearOptimum or None
        Optimum of the linear relaxation, if it is known.
    ball : callable or None
        Solves the relaxation with a further row, None where that fails.
    """

    structure: Structure
    x: Floats
    value: float
    pool: Pool
    relaxed: LinearOptimum | None = None
    ball: Callable[[Row], LinearOptimum | None] | None = field(default=None, repr=False)
