"""Schedules of one problem by the learned rule or a static one, on the CPU."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from combkit.neural.dispatch._kernels import Head, Tables, Tree, construct
from combkit.neural.dispatch.encoding import Batch, Encoding, collate
from combkit.neural.dispatch.policy import Policy

__all__ = [
    "NO_HEAD",
    "RULES",
    "WIDTH",
    "Built",
    "Recorded",
    "Sampler",
    "build",
    "greedy",
    "head_of",
    "replay",
    "row_of",
    "rule_key",
    "tables_of",
]

#: Most candidates a step that the rule compares.
WIDTH = 32


#: A schedule: modes in the order scheduled, their starts, the makespan.
Built = tuple[NDArray[np.int64], NDArray[np.float64], float]

NO_HEAD = Head(
    *(
        np.empty((1, 1), np.float32)
        if k in (0, 1, 2, 4, 5, 6)
        else np.empty(1, np.float32)
        for k in range(10)
    )
)
_NO_KEY = np.empty(0)


def _tree(size: int) -> Tree:
    """Return a tree with room for nodes, the root among them."""
    return Tree(
        child=np.zeros(size, np.int64),
        sibling=np.zeros(size, np.int64),
        place=np.zeros(size, np.int64),
        left=np.ones(size),
        size=np.ones(1, np.int64),
    )


_NO_TREE = _tree(0)


class Recorded(NamedTuple):
    """Choices that were open in a schedule, and its makespan.

    Attributes
    ----------
    mode : ndarray, shape (d, width), int64
        Candidates of each step with more than one, padded with the dummy mode.
    features : ndarray, shape (d, width, N_FEATURES), float32
        Their features.
    count : ndarray, shape (d,), int64
        How many.
    action : ndarray, shape (d,), int64
        Place of the one taken.
    makespan : float
        Latest end.
    """

    mode: NDArray[np.int64]
    features: NDArray[np.float32]
    count: NDArray[np.int64]  # type: ignore[assignment]  # hides tuple.count
    action: NDArray[np.int64]
    makespan: float

    def without(self, modes: NDArray[np.int64]) -> Recorded:
        """Return the choices among others than these modes."""
        taken = self.mode[np.arange(self.action.size), self.action]
        rows = ~np.isin(taken, modes)
        return Recorded(
            self.mode[rows],
            self.features[rows],
            self.count[rows],
            self.action[rows],
            self.makespan,
        )


def row_of(batch: Batch, i: int) -> Tables:
    """Return one problem of a batch as the kernels take it."""
    arrays = {
        name: getattr(batch, name)[i]
        for name in Tables._fields
        if name not in ("units", "capacity", "unit", "horizon")
    }
    return Tables(
        units=batch.present.shape[2],
        capacity=batch.present[i].sum(axis=1).astype(np.int64),
        unit=float(batch.unit[i]),
        horizon=float(batch.horizon[i]),
        **arrays,
    )


def tables_of(encoding: Encoding) -> Tables:
    """Return an encoding as the kernels take it."""
    return row_of(collate([encoding]), 0)


def greedy(tables: Tables, head: Head, *, width: int = WIDTH) -> Built:
    """Build the schedule of the best candidates by the learned rule."""
    unused = np.ones(1, dtype=np.uint64)
    return construct(tables, head, _NO_KEY, width, 0.0, unused, False, _NO_TREE)[:3]


class Sampler:
    """Schedules drawn by the learned rule, no choices twice.

    Parameters
    ----------
    tables : Tables
        The problem.
    head : Head
        The rule.
    random : ndarray, shape (1,), uint64
        State of the random numbers, not 0; moves on.
    width : int
        Most candidates a step.
    """

    def __init__(
        self,
        tables: Tables,
        head: Head,
        random: NDArray[np.uint64],
        *,
        width: int = WIDTH,
    ) -> None:
        self._tables, self._head, self._random = tables, head, random
        self._width, self._tree = width, _tree(1)

    def draw(self, temperature: float) -> Built | None:
        """Draw a schedule; None when all have been drawn.

        Parameters
        ----------
        temperature : float
            Of the softmax, above 0.
        """
        if self._tree.left[0] == 0.0:
            return None
        self._make_room(self._tables.tail.shape[0])
        found = construct(
            self._tables,
            self._head,
            _NO_KEY,
            self._width,
            temperature,
            self._random,
            False,
            self._tree,
        )
        return found[:3]

    def _make_room(self, nodes: int) -> None:
        """Let the tree take that many nodes more."""
        old, used = self._tree, int(self._tree.size[0])
        if used + nodes <= old.child.size:
            return
        self._tree = _tree(2 * used + nodes)
        for name in ("child", "sibling", "place", "left", "size"):
            kept = getattr(old, name)
            getattr(self._tree, name)[: kept.size] = kept


def build(tables: Tables, key: NDArray[np.float64], *, width: int = WIDTH) -> Built:
    """Build the schedule that always takes the candidate of smallest key."""
    unused = np.ones(1, dtype=np.uint64)
    return construct(tables, NO_HEAD, key, width, 0.0, unused, False, _NO_TREE)[:3]


def replay(tables: Tables, key: NDArray[np.float64], *, width: int = WIDTH) -> Recorded:
    """Build as ``build`` does and record every choice that was open."""
    unused = np.ones(1, dtype=np.uint64)
    built = construct(tables, NO_HEAD, key, width, 0.0, unused, True, _NO_TREE)
    return Recorded(*built[3:], built[2])


def head_of(policy: Policy, static: NDArray[np.float32]) -> Head:
    """Return the head of a policy on the CPU as the kernels take it.

    Parameters
    ----------
    policy : Policy
        The network.
    static : ndarray, shape (m + 1, h), float32
        What its encoder gives of one problem.
    """

    def matrix(weight: torch.Tensor) -> NDArray[np.float32]:
        return np.ascontiguousarray(weight.detach().numpy().T)

    return Head(
        static=np.ascontiguousarray(static),
        dynamic=matrix(policy.dynamic.weight),
        own=matrix(policy.own.weight),
        own_bias=policy.own.bias.detach().numpy(),
        mean=matrix(policy.mean.weight),
        peak=matrix(policy.peak.weight),
        last=matrix(policy.last.weight),
        last_bias=policy.last.bias.detach().numpy(),
        score=matrix(policy.score.weight)[:, 0].copy(),
        skip=matrix(policy.skip.weight)[:, 0].copy(),
    )


#: Static rules by name: most work remaining, most tasks remaining, earliest
#: possible start, shortest duration, and due-date-like slack by the heads.
RULES = ("mwr", "mor", "est", "spt", "fdd/mwr")


def rule_key(name: str, encoding: Encoding) -> NDArray[np.float64]:
    """Return the key of each mode under a static rule, smallest first."""
    task, duration = encoding.task_of[:-1], encoding.duration[:-1]
    rest = duration + encoding.tail[task]
    keys = {
        "mwr": -rest.astype(float),
        "mor": -encoding.steps[task] + duration / (1.0 + duration.max()),
        "est": encoding.head[task].astype(float),
        "spt": duration.astype(float),
        "fdd/mwr": (encoding.head[task] + duration) / np.maximum(rest, 1),
    }
    return np.asarray(keys[name], np.float64)
