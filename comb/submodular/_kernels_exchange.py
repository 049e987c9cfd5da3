"""Searches that complete, exchange and enumerate, or decide by chance."""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import Any

from combkit.comb._kernels_random import below
from combkit.comb.submodular._kernels_greedy import CALLS
from combkit.comb.submodular._kernels_protocol import (
    add,
    clear,
    fits,
    free,
    gain,
    gains,
    take,
)
from combkit.instances.kernels import kernel

__all__ = ["best_completion", "double_greedy", "exchange", "from_seed"]


@kernel
def best_completion(
    state: Any, rule: Any, queue: Any, picks: Any, floor: float
) -> tuple[int, float]:
    """Return the element that fits and adds most, if more than a floor, else -1.

    Only elements whose key says that they may are asked; what is learnt is kept,
    so that the queue must be built anew.
    """
    best, most = -1, floor
    for i in range(queue.size[0]):
        e = queue.heap[i]
        if queue.key[e] / queue.scale[e] <= most or not fits(rule, e):
            continue
        if queue.seen[e] < picks.count[0]:
            queue.key[e] = gain(state, e) * queue.scale[e]
            queue.seen[e] = picks.count[0]
            picks.count[CALLS] += 1
        if queue.key[e] / queue.scale[e] > most:
            best, most = e, queue.key[e] / queue.scale[e]
    return best, most


@kernel
def from_seed(
    state: Any,
    rule: Any,
    seed: Any,
    pool: Any,
    scale: Any,
    out: Any,
    chosen: Any,
    calls: Any,
) -> tuple[int, float]:
    """Add a seed, then greedily by gain times scale; return how many, and the value.

    -1 for a seed that does not fit. ``pool`` is reordered.
    """
    clear(state)
    free(rule)
    count, value = 0, 0.0
    for i in range(seed.size):
        if not fits(rule, seed[i]):
            return -1, 0.0
        value += gain(state, seed[i])
        add(state, seed[i])
        take(rule, seed[i])
        chosen[count] = seed[i]
        count += 1
    size = pool.size
    for i in range(size - 1, -1, -1):
        for j in range(seed.size):
            if pool[i] == seed[j]:
                pool[i], pool[size - 1] = pool[size - 1], pool[i]
                size -= 1
                break
    while size > 0:
        left = 0
        for i in range(size):
            e = pool[i]
            if fits(rule, e):
                pool[i] = pool[left]
                pool[left] = e
                left += 1
        size = left
        gains(state, pool[:size], out[:size])
        calls[0] += size
        best = -1
        for i in range(size):
            if out[i] > 0.0 and (
                best < 0 or out[i] * scale[pool[i]] > out[best] * scale[pool[best]]
            ):
                best = i
        if best < 0:
            break
        e = pool[best]
        add(state, e)
        take(rule, e)
        chosen[count] = e
        count += 1
        value += out[best]
        pool[best], pool[size - 1] = pool[size - 1], e
        size -= 1
    return count, value


@kernel
def exchange(
    state: Any,
    rule: Any,
    chosen: Any,
    count: int,
    out_of: int,
    others: Any,
    out: Any,
    calls: Any,
) -> tuple[int, float]:
    """Return the best element in the place of a chosen one, and the value then.

    Parameters
    ----------
    chosen : ndarray of int
        ``chosen[: count]`` are the chosen elements.
    out_of : int
        Place of the one that goes; ``count`` for none.
    others : ndarray of int
        Elements that may come.

    Returns
    -------
    e : int
        The element; -1 where nothing is better.
    value : float
    """
    clear(state)
    free(rule)
    value = 0.0
    for i in range(count):
        if i != out_of:
            value += gain(state, chosen[i])
            add(state, chosen[i])
            take(rule, chosen[i])
    calls[0] += count
    gains(state, others, out)
    calls[0] += others.size
    best = -1
    for i in range(others.size):
        if out[i] > 0.0 and (best < 0 or out[i] > out[best]) and fits(rule, others[i]):
            best = i
    return (-1, value) if best < 0 else (others[best], value + out[best])


@kernel
def double_greedy(
    growing: Any, whole: Any, order: Any, kept: Any, random: Any, calls: Any
) -> None:
    """Decide for each element in turn whether it stays, by chance (Buchbinder et al.).

    ``growing`` holds what stays. What has not left yet, but for the element, is
    built in ``whole`` each time: functions need not know how to lose an element.
    """
    clear(growing)
    for i in range(order.size):
        e = order[i]
        clear(whole)
        for j in range(order.size):
            if j != i and (j > i or kept[order[j]]):
                add(whole, order[j])
        gained = gain(growing, e)
        saved = -gain(whole, e)
        calls[0] += 2
        a, b = max(gained, 0.0), max(saved, 0.0)
        stays = a + b <= 0.0 or below(random, 1 << 30) < a / (a + b) * (1 << 30)
        kept[e] = stays
        if stays:
            add(growing, e)
