"""Numba kernels of set cover local search with element weights.

A few elements stay uncovered while sets are exchanged; the weight of an element
grows as long as it is uncovered. The score of a set is the weight of what would
be uncovered, or covered, were it removed or added; both leave the set's own score
as it is.
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any, NamedTuple

from combkit.comb._kernels_random import below
from combkit.instances.kernels import kernel

__all__ = ["Cover", "advance", "load"]

#: Places in the vector of counters.
CHOSEN, OPEN, STEP, LAST = range(4)
#: More chosen sets than this are sampled for the one to remove.
_SCANNED = 3_000
_SAMPLE = 64
#: Weights are halved when one grows beyond this.
_HEAVY = 1 << 40


class Cover(NamedTuple):
    """Chosen sets and what is kept up to date with them; kernels change the arrays.

    Attributes
    ----------
    offsets : ndarray, shape (n + 1,), int64
        Set j has the elements ``members[offsets[j] : offsets[j + 1]]``.
    members : ndarray, shape (nnz,), int32
        Elements of all sets.
    starts : ndarray, shape (m + 1,), int64
        Element e is in the sets ``owners[starts[e] : starts[e + 1]]``.
    owners : ndarray, shape (nnz,), int32
        Sets of all elements.
    cost : ndarray, shape (n,), float64
        Cost of each set.
    weight : ndarray, shape (m,), int64
        Weight of each element.
    count, sum : ndarray, shape (m,), int64
        Number of the chosen sets that contain an element, and the sum of their
        numbers: the only one's number where there is one.
    score : ndarray, shape (n,), int64
        Score of each set.
    inside, changed : ndarray, shape (n,), uint8
        Whether a set is chosen, and whether one that shares an element with it
        has moved since it was removed.
    stamp : ndarray, shape (n,), int64
        Step of the set's last move.
    chosen, place : ndarray, shape (n,), int32
        The chosen sets, and where each stands there.
    open, open_place : ndarray, shape (m,), int32
        Uncovered elements, and where each stands there.
    counters : ndarray, shape (4,), int64
        Numbers of chosen sets and of uncovered elements, steps so far, the set
        added last.
    value : ndarray, shape (2,), float64
        Cost of the chosen sets, and of the best cover.
    best : ndarray, shape (n,), uint8
        The best cover.
    random : ndarray, shape (1,), uint64
        State of the generator, never 0.
    """

    offsets: Any
    members: Any
    starts: Any
    owners: Any
    cost: Any
    weight: Any
    count: Any
    sum: Any
    score: Any
    inside: Any
    changed: Any
    stamp: Any
    chosen: Any
    place: Any
    open: Any
    open_place: Any
    counters: Any
    value: Any
    best: Any
    random: Any


@kernel
def _add(c: Cover, j: int) -> None:
    """Choose a set."""
    counters, score = c.counters, c.score
    c.inside[j] = 1
    c.value[0] += c.cost[j]
    c.chosen[counters[CHOSEN]] = j
    c.place[j] = counters[CHOSEN]
    counters[CHOSEN] += 1
    for k in range(c.offsets[j], c.offsets[j + 1]):
        e = c.members[k]
        if c.count[e] == 0:
            counters[OPEN] -= 1
            last = c.open[counters[OPEN]]
            c.open[c.open_place[e]] = last
            c.open_place[last] = c.open_place[e]
            for i in range(c.starts[e], c.starts[e + 1]):
                other = c.owners[i]
                score[other] -= c.weight[e]
                c.changed[other] = 1
            score[j] += c.weight[e]
        elif c.count[e] == 1:
            score[c.sum[e]] -= c.weight[e]
        c.count[e] += 1
        c.sum[e] += j


@kernel
def _remove(c: Cover, j: int) -> None:
    """Give up a set."""
    counters, score = c.counters, c.score
    c.inside[j] = 0
    c.value[0] -= c.cost[j]
    counters[CHOSEN] -= 1
    last = c.chosen[counters[CHOSEN]]
    c.chosen[c.place[j]] = last
    c.place[last] = c.place[j]
    for k in range(c.offsets[j], c.offsets[j + 1]):
        e = c.members[k]
        c.count[e] -= 1
        c.sum[e] -= j
        if c.count[e] == 0:
            c.open[counters[OPEN]] = e
            c.open_place[e] = counters[OPEN]
            counters[OPEN] += 1
            for i in range(c.starts[e], c.starts[e + 1]):
                other = c.owners[i]
                score[other] += c.weight[e]
                c.changed[other] = 1
            score[j] -= c.weight[e]
        elif c.count[e] == 1:
            score[c.sum[e]] += c.weight[e]
    c.changed[j] = 0


@kernel
def load(c: Cover, chosen: Any) -> None:
    """Set the chosen sets, which must cover everything; the best cover too."""
    c.counters[:] = 0
    c.counters[LAST] = -1
    c.counters[OPEN] = c.weight.size
    c.value[:] = 0.0
    c.weight[:] = 1
    c.count[:] = 0
    c.sum[:] = 0
    c.inside[:] = 0
    c.changed[:] = 1
    c.stamp[:] = 0
    for e in range(c.weight.size):
        c.open[e] = e
        c.open_place[e] = e
    for j in range(c.cost.size):
        c.score[j] = c.offsets[j + 1] - c.offsets[j]
    for j in range(c.cost.size):
        if chosen[j]:
            _add(c, j)
    _keep(c)


@kernel
def _keep(c: Cover) -> None:
    """Remember the chosen sets as the best cover; their cost is summed anew."""
    total = 0.0
    for j in range(c.cost.size):
        c.best[j] = c.inside[j]
        if c.inside[j]:
            total += c.cost[j]
    c.value[:] = total


@kernel
def _loosest(c: Cover, barred: int) -> int:
    """Return the chosen set of the least score per cost, the oldest of several."""
    size = c.counters[CHOSEN]
    best = -1
    count = min(size, _SAMPLE) if size > _SCANNED else size
    for k in range(count):
        j = c.chosen[below(c.random, size)] if count < size else c.chosen[k]
        if j == barred:
            continue
        if best < 0:
            best = j
            continue
        left = c.score[j] * c.cost[best]
        right = c.score[best] * c.cost[j]
        if left < right or (left == right and c.stamp[j] < c.stamp[best]):
            best = j
    return best


@kernel
def _fittest(c: Cover, e: int, room: float) -> int:
    """Return the set with element e of the largest score per cost, -1 for none."""
    best = -1
    for i in range(c.starts[e], c.starts[e + 1]):
        j = c.owners[i]
        if not c.changed[j] or c.cost[j] >= room:
            continue
        if best < 0:
            best = j
            continue
        left = c.score[j] * c.cost[best]
        right = c.score[best] * c.cost[j]
        if left > right or (left == right and c.stamp[j] < c.stamp[best]):
            best = j
    return best


@kernel
def _reweigh(c: Cover) -> None:
    """Make every uncovered element heavier."""
    heavy = False
    for k in range(c.counters[OPEN]):
        e = c.open[k]
        c.weight[e] += 1
        heavy = heavy or c.weight[e] > _HEAVY
        for i in range(c.starts[e], c.starts[e + 1]):
            c.score[c.owners[i]] += 1
    if not heavy:
        return
    c.score[:] = 0
    for e in range(c.weight.size):
        c.weight[e] = c.weight[e] // 2 + 1
        if c.count[e] == 0:
            for i in range(c.starts[e], c.starts[e + 1]):
                c.score[c.owners[i]] += c.weight[e]
        elif c.count[e] == 1:
            c.score[c.sum[e]] += c.weight[e]


@kernel
def advance(c: Cover, steps: int, least: float) -> bool:
    """Exchange sets until ``steps`` are done.

    Whenever everything is covered, the cover is the best so far and loses sets.

    Parameters
    ----------
    c : Cover
        The state.
    steps : int
        Exchanges to make.
    least : float
        What a better cover must at least be cheaper by; above 0.

    Returns
    -------
    bool
        Whether the search may go on; False when a cover costs nothing.
    """
    counters = c.counters
    end = counters[STEP] + steps
    while counters[STEP] < end:
        while counters[OPEN] == 0:
            if c.value[0] <= c.value[1] - least or counters[STEP] == 0:
                _keep(c)
            if c.value[1] < least:
                return False
            j = _loosest(c, -1)
            _remove(c, j)
            c.stamp[j] = counters[STEP]
        counters[STEP] += 1
        j = _loosest(c, counters[LAST])
        if j < 0:
            # The last one is the only one; with it nothing else might ever fit.
            j = _loosest(c, -1)
        if j >= 0:
            _remove(c, j)
            c.stamp[j] = counters[STEP]
        while counters[OPEN] > 0:
            e = c.open[below(c.random, counters[OPEN])]
            # A cover must become cheaper than the best one.
            j = _fittest(c, e, c.value[1] - c.value[0] - 0.5 * least)
            if j < 0:
                break
            _add(c, j)
            c.stamp[j] = counters[STEP]
            counters[LAST] = j
        _reweigh(c)
    return True
