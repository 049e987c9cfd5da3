"""Greedy searches: naive, lazy, stochastic and by thresholds.

A search goes on where it stands, so that its caller can look at the clock. It takes
states and rules of any type, see the protocol.
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import Any, NamedTuple

from combkit.comb._kernels_random import below
from combkit.comb.submodular._kernels_protocol import add, fits, gain, gains, take
from combkit.instances.kernels import kernel

__all__ = [
    "Picks",
    "Queue",
    "ask",
    "build",
    "lazy",
    "naive",
    "one_by_one",
    "sampled",
    "thresholds",
]

#: Places of `Picks.count`.
CHOSEN, CALLS, ENDED = 0, 1, 2


class Picks(NamedTuple):
    """The chosen elements, in order.

    ``gained`` is what each added, ``value`` their sum, ``count`` how many there are,
    how many gains were computed, and whether the search has ended.
    """

    chosen: Any
    gained: Any
    value: Any
    count: Any


class Queue(NamedTuple):
    """Elements that may still be chosen, as a heap by key.

    ``key[e]`` is an upper bound of what e adds, times ``scale[e]``, computed when
    ``seen[e]`` elements were chosen. Ties go to the smaller number.
    """

    heap: Any
    key: Any
    seen: Any
    scale: Any
    size: Any


@kernel
def ask(state: Any, elements: Any, out: Any) -> None:
    """Write the gains of some elements."""
    gains(state, elements, out)


@kernel
def one_by_one(state: Any, elements: Any, added: Any) -> None:
    """Add elements in order, and write what each adds."""
    for i in range(elements.size):
        added[i] = gain(state, elements[i])
        add(state, elements[i])


@kernel
def _before(key: Any, a: int, b: int) -> bool:
    return key[a] > key[b] or (key[a] == key[b] and a < b)


@kernel
def _sift(heap: Any, key: Any, size: int, place: int) -> None:
    e = heap[place]
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and _before(key, heap[child + 1], heap[child]):
            child += 1
        if not _before(key, heap[child], e):
            break
        heap[place] = heap[child]
        place = child
    heap[place] = e


@kernel
def _pop(queue: Any) -> None:
    size = queue.size[0] - 1
    queue.size[0] = size
    queue.heap[0] = queue.heap[size]
    if size > 0:
        _sift(queue.heap, queue.key, size, 0)


@kernel
def build(queue: Any) -> None:
    """Make a heap of the elements in the order that they lie in."""
    size = queue.size[0]
    for place in range(size // 2 - 1, -1, -1):
        _sift(queue.heap, queue.key, size, place)


@kernel
def _choose(state: Any, rule: Any, picks: Any, e: int, gained: float) -> None:
    add(state, e)
    take(rule, e)
    count = picks.count[CHOSEN]
    picks.chosen[count] = e
    picks.gained[count] = gained
    picks.value[0] += gained
    picks.count[CHOSEN] = count + 1


@kernel
def lazy(
    state: Any, rule: Any, queue: Any, picks: Any, quota: float, most: int, calls: int
) -> None:
    """Choose the element of largest key, again and again (Minoux).

    Keys of submodular functions only fall, so that only the first of the heap is
    looked at anew. Ends where nothing adds anything, nothing fits, or the value
    reaches a quota, beyond which no gain counts; pauses at ``most`` chosen elements
    and after so many gains.
    """
    until = picks.count[CALLS] + calls
    while picks.count[CHOSEN] < most and picks.count[CALLS] < until:
        if queue.size[0] == 0 or picks.value[0] >= quota:
            picks.count[ENDED] = 1
            return
        e = queue.heap[0]
        if not fits(rule, e):
            _pop(queue)
        elif queue.seen[e] < picks.count[CHOSEN]:
            more = min(gain(state, e), quota - picks.value[0])
            queue.key[e] = more * queue.scale[e]
            queue.seen[e] = picks.count[CHOSEN]
            picks.count[CALLS] += 1
            _sift(queue.heap, queue.key, queue.size[0], 0)
        elif queue.key[e] <= 0.0:
            picks.count[ENDED] = 1
            return
        else:
            _pop(queue)
            _choose(state, rule, picks, e, queue.key[e] / queue.scale[e])


@kernel
def naive(
    state: Any, rule: Any, pool: Any, scale: Any, left: Any, out: Any, picks: Any
) -> None:
    """Choose one element more: the one of largest gain times scale of all that fit.

    ``pool[: left[0]]`` are the elements that may be chosen, ``out`` room for gains.
    """
    size = 0
    for i in range(left[0]):
        if fits(rule, pool[i]):
            pool[size] = pool[i]
            size += 1
    gains(state, pool[:size], out[:size])
    picks.count[CALLS] += size
    best = -1
    for i in range(size):
        worth = out[i] * scale[pool[i]]
        if worth > 0.0 and (
            best < 0
            or worth > out[best] * scale[pool[best]]
            or (worth == out[best] * scale[pool[best]] and pool[i] < pool[best])
        ):
            best = i
    left[0] = size
    if best < 0:
        picks.count[ENDED] = 1
        return
    _choose(state, rule, picks, pool[best], out[best])
    pool[best] = pool[size - 1]
    left[0] = size - 1


@kernel
def sampled(
    state: Any,
    rule: Any,
    pool: Any,
    left: Any,
    sample: int,
    out: Any,
    random: Any,
    picks: Any,
) -> None:
    """Choose one element more: the best of a sample of those that fit.

    References
    ----------
    .. [1] B. Mirzasoleiman et al., "Lazier than lazy greedy", AAAI 2015.
    """
    size, drawn = left[0], 0
    while drawn < min(sample, size):
        i = drawn + below(random, size - drawn)
        e = pool[i]
        if fits(rule, e):
            pool[i] = pool[drawn]
            pool[drawn] = e
            drawn += 1
        else:
            # What does not fit now never will.
            size -= 1
            pool[i] = pool[size]
    left[0] = size
    if drawn == 0:
        picks.count[ENDED] = 1
        return
    gains(state, pool[:drawn], out[:drawn])
    picks.count[CALLS] += drawn
    best = 0
    for i in range(1, drawn):
        if out[i] > out[best]:
            best = i
    e = pool[best]
    if out[best] > 0.0:
        _choose(state, rule, picks, e, out[best])
        pool[best] = pool[size - 1]
        left[0] = size - 1
    elif drawn == size:
        picks.count[ENDED] = 1
    else:
        # A sample that adds nothing: these are worth nothing from now on.
        for i in range(drawn):
            size -= 1
            pool[i] = pool[size]
        left[0] = size


@kernel
def thresholds(state: Any, rule: Any, queue: Any, picks: Any, threshold: float) -> None:
    """Choose, in order, all that add at least a threshold and fit.

    Keys are upper bounds: what is below by its key is not looked at.
    """
    size = 0
    for i in range(queue.size[0]):
        e = queue.heap[i]
        if not fits(rule, e):
            continue
        if queue.key[e] >= threshold and queue.seen[e] < picks.count[CHOSEN]:
            queue.key[e] = gain(state, e)
            queue.seen[e] = picks.count[CHOSEN]
            picks.count[CALLS] += 1
        if queue.key[e] >= threshold and queue.key[e] > 0.0:
            _choose(state, rule, picks, e, queue.key[e])
        else:
            queue.heap[size] = e
            size += 1
    queue.size[0] = size
    if size == 0:
        picks.count[ENDED] = 1
