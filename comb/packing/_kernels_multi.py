"""Numba kernels of tabu search for the multidimensional knapsack.

A selection may exceed capacities at a price per unit, which rises while a
resource is exceeded and falls while it is not. A step exchanges two items, adds
one or drops one: the best move by profit less what is paid. Items that moved rest
for a while, unless they give a new best selection.
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from combkit.comb._kernels_random import below
from combkit.instances.kernels import kernel

__all__ = ["Sack", "advance", "load"]

#: Places in the vector of counters.
STEP, IDLE, ROUND = range(3)
#: Places in the vector of values.
NOW, BEST, ELITE = range(3)
#: Factors of a price while its resource is exceeded, and while it is not.
_DEARER, _CHEAPER = 1.05, 0.98
#: Restarts of growing strength before the search leaves its best selection.
_ROUNDS = 6


class Sack(NamedTuple):
    """A selection and what is kept up to date with it; the kernels change the arrays.

    Attributes
    ----------
    profit : ndarray, shape (n,), float64
        Profit of each item.
    weight : ndarray, shape (n, m), float64
        Use of each resource.
    floor, price : ndarray, shape (m,), float64
        Lowest and present price of a unit above each capacity.
    slack : ndarray, shape (m,), float64
        Capacity that is left; negative where it is exceeded.
    inside : ndarray, shape (n,), uint8
        Whether an item is selected.
    until : ndarray, shape (n,), int64
        Step until which an item rests.
    value : ndarray, shape (3,), float64
        Profit of the selection, of the best one that fits, and of the best one
        of the present round of restarts.
    best, elite : ndarray, shape (n,), uint8
        These selections.
    counters : ndarray, shape (3,), int64
        Steps so far, steps since the last improvement, restarts of the round.
    random : ndarray, shape (1,), uint64
        State of the generator, never 0.
    """

    profit: Any
    weight: Any
    floor: Any
    price: Any
    slack: Any
    inside: Any
    until: Any
    value: Any
    best: Any
    elite: Any
    counters: Any
    random: Any


@kernel
def _flip(s: Sack, j: int) -> None:
    """Select an item or drop it."""
    sign = -1.0 if s.inside[j] else 1.0
    s.inside[j] = 1 - s.inside[j]
    s.value[NOW] += sign * s.profit[j]
    for r in range(s.slack.size):
        s.slack[r] -= sign * s.weight[j, r]


@kernel
def load(s: Sack, chosen: Any) -> None:
    """Set the selection, which must fit, starting from none and full capacities."""
    s.value[NOW] = 0.0
    for j in range(s.profit.size):
        if chosen[j]:
            _flip(s, j)
    s.value[BEST] = s.value[ELITE] = s.value[NOW]
    for j in range(s.profit.size):
        s.best[j] = s.elite[j] = s.inside[j]


@kernel
def _move(s: Sack, tenure: int) -> None:
    """Make the best move that is allowed, a random one of several."""
    n, m = s.weight.shape
    now = s.counters[STEP]
    paid = 0.0
    for r in range(m):
        if s.slack[r] < 0.0:
            paid -= s.price[r] * s.slack[r]
    most = -np.inf
    out = into = -1
    ties = 0
    # Index -1 stands for no item: a move may only add, or only drop.
    for i in range(-1, n):
        if i >= 0 and not s.inside[i]:
            continue
        for j in range(-1, n):
            if (j >= 0 and s.inside[j]) or (i < 0 and j < 0):
                continue
            change = (s.profit[j] if j >= 0 else 0.0) - (s.profit[i] if i >= 0 else 0.0)
            gain = change + paid
            if gain < most:
                continue
            resting = (i >= 0 and s.until[i] > now) or (j >= 0 and s.until[j] > now)
            if resting and s.value[NOW] + change <= s.value[BEST]:
                continue
            fits = True
            for r in range(m):
                left = s.slack[r]
                if i >= 0:
                    left += s.weight[i, r]
                if j >= 0:
                    left -= s.weight[j, r]
                if left < 0.0:
                    fits = False
                    gain += s.price[r] * left
                    if gain < most:
                        break
            if gain < most or (resting and not fits):
                continue
            if gain > most:
                most = gain
                ties = 0
            ties += 1
            if below(s.random, ties) == 0:
                out, into = i, j
    if out >= 0:
        _flip(s, out)
        s.until[out] = now + tenure + below(s.random, tenure)
    if into >= 0:
        _flip(s, into)
        s.until[into] = now + tenure + below(s.random, tenure)


@kernel
def _judge(s: Sack) -> None:
    """Adjust the prices; keep the selection if it fits and is better."""
    fits = True
    for r in range(s.slack.size):
        if s.slack[r] < 0.0:
            fits = False
            s.price[r] *= _DEARER
        else:
            s.price[r] = max(s.floor[r], s.price[r] * _CHEAPER)
    if fits and s.value[NOW] > s.value[ELITE]:
        s.counters[IDLE] = 0
        s.value[ELITE] = s.value[NOW]
        for j in range(s.inside.size):
            s.elite[j] = s.inside[j]
        if s.value[NOW] > s.value[BEST]:
            s.value[BEST] = s.value[NOW]
            for j in range(s.inside.size):
                s.best[j] = s.inside[j]


@kernel
def _restart(s: Sack, tenure: int) -> None:
    """Go back to the round's best selection and disturb it, ever more."""
    n = s.profit.size
    s.counters[IDLE] = 0
    s.counters[ROUND] = (s.counters[ROUND] + 1) % _ROUNDS
    for j in range(n):
        if s.inside[j] != s.elite[j]:
            _flip(s, j)
    for _ in range(3 + 3 * s.counters[ROUND]):
        j = below(s.random, n)
        _flip(s, j)
        s.until[j] = s.counters[STEP] + 3 * tenure
    if s.counters[ROUND] == 0:
        s.value[ELITE] = -np.inf


@kernel
def advance(s: Sack, steps: int, tenure: int, patience: int) -> None:
    """Make ``steps`` moves.

    Parameters
    ----------
    s : Sack
        The state.
    steps : int
        Moves to make.
    tenure : int
        Steps for which a moved item rests at least; less than twice that.
    patience : int
        Steps without improvement after which the search restarts.
    """
    for _ in range(steps):
        s.counters[STEP] += 1
        s.counters[IDLE] += 1
        _move(s, tenure)
        _judge(s)
        if s.counters[IDLE] > patience:
            _restart(s, tenure)
