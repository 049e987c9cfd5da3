"""Towers of levels: what the fully dynamic maximisation keeps for one guess."""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import Any, NamedTuple

from combkit.comb._kernels_random import below
from combkit.comb.submodular._kernels_protocol import add, clear, gain
from combkit.instances.kernels import kernel

__all__ = ["Tower", "arrive", "leave", "rebuild"]

#: Places of `Tower.count`.
CHOSEN, CALLS = 0, 1


class Tower(NamedTuple):
    """The levels of one guess.

    An element is in the levels 0 to ``depth[e]``, and in none where that is -1: level
    i holds what adds at least the threshold to the first i chosen ones. ``sizes`` are
    the numbers of elements of the levels; ``chosen[i]`` is a draw from level i, which
    is not in the next one.
    """

    depth: Any
    sizes: Any
    chosen: Any
    gained: Any
    count: Any
    random: Any


@kernel
def _stand(state: Any, tower: Any, size: int) -> None:
    clear(state)
    for i in range(size):
        add(state, tower.chosen[i])


@kernel
def _forget(tower: Any, e: int) -> None:
    for i in range(tower.depth[e] + 1):
        tower.sizes[i] -= 1
    tower.depth[e] = -1


@kernel
def arrive(
    top: Any, probe: Any, tower: Any, e: int, threshold: float, pool: Any
) -> None:
    """Put an element into the levels that it passes; it may become a choice.

    In a level of s elements with it, it is the choice with the chance 1/s, as a fresh
    draw would have it; the levels above are then made anew.
    """
    k = tower.chosen.size
    count = tower.count[CHOSEN]
    # The draws do not depend on what e adds: the first that falls on it ends its way.
    end = 0
    while end < count and below(tower.random, tower.sizes[end] + 1) > 0:
        end += 1
    clear(top)
    depth = 0
    while depth < end and depth + 1 < k:
        add(top, tower.chosen[depth])
        tower.count[CALLS] += 1
        if gain(top, e) < threshold:
            break
        depth += 1
    tower.depth[e] = depth
    for i in range(depth + 1):
        tower.sizes[i] += 1
    if depth == end and depth < k:
        rebuild(top, probe, tower, depth, e, threshold, pool)


@kernel
def leave(
    top: Any, probe: Any, tower: Any, e: int, threshold: float, pool: Any
) -> None:
    """Take an element out; where it was a choice, the levels above are made anew."""
    level = tower.depth[e]
    _forget(tower, e)
    if level < tower.count[CHOSEN] and tower.chosen[level] == e:
        rebuild(top, probe, tower, level, -1, threshold, pool)


@kernel
def rebuild(
    top: Any,
    probe: Any,
    tower: Any,
    level: int,
    first: int,
    threshold: float,
    pool: Any,
) -> None:
    """Draw the choices from a level upwards anew, the first one perhaps given.

    The elements of the level are looked at in random order: the first that passes all
    choices so far is the next one, a uniform draw from those that do. How far another
    comes is found by halving, since what fails a level fails those above.
    """
    k = tower.chosen.size
    size = 0
    for e in range(tower.depth.size):
        if tower.depth[e] >= level and e != first:
            pool[size] = e
            size += 1
            tower.depth[e] = level
    for i in range(size - 1, 0, -1):
        j = below(tower.random, i + 1)
        pool[i], pool[j] = pool[j], pool[i]
    if first >= 0:
        pool[size] = pool[0]
        pool[0] = first
        tower.depth[first] = level
        size += 1
    for i in range(level + 1, k + 1):
        tower.sizes[i] = 0
    tower.count[CHOSEN] = level
    # It stands at the choices so far, without the k-th.
    _stand(top, tower, level)
    for p in range(size):
        e = pool[p]
        count = tower.count[CHOSEN]
        more = gain(top, e)
        tower.count[CALLS] += 1
        # All that is in the level passes the choices below it.
        if more >= threshold or count == level:
            depth = min(count, k - 1)
            if count < k:
                tower.chosen[count] = e
                tower.gained[count] = more
                tower.count[CHOSEN] = count + 1
                if count + 1 < k:
                    add(top, e)
        else:
            depth, fails = level, min(count, k - 1)
            while fails - depth > 1:
                middle = (depth + fails) // 2
                _stand(probe, tower, middle)
                tower.count[CALLS] += 1
                if gain(probe, e) >= threshold:
                    depth = middle
                else:
                    fails = middle
        tower.depth[e] = depth
        for i in range(level + 1, depth + 1):
            tower.sizes[i] += 1
