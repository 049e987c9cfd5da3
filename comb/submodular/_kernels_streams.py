"""Single passes over elements: sieves, thresholds in an order, swaps."""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import Any

from combkit.comb.submodular._kernels_greedy import CALLS, CHOSEN
from combkit.comb.submodular._kernels_protocol import add, fits, gain, take
from combkit.instances.kernels import kernel

__all__ = ["pass_through", "sieve", "three_sieves"]


@kernel
def pass_through(
    state: Any, rule: Any, order: Any, weight: Any, threshold: float, picks: Any
) -> None:
    """Choose, in order, what fits and adds at least a threshold times its weight."""
    for i in range(order.size):
        e = order[i]
        if not fits(rule, e):
            continue
        more = gain(state, e)
        picks.count[CALLS] += 1
        if more >= threshold * weight[e] and more > 0.0:
            add(state, e)
            take(rule, e)
            picks.chosen[picks.count[CHOSEN]] = e
            picks.value[0] += more
            picks.count[CHOSEN] += 1


@kernel
def sieve(state: Any, elements: Any, guess: float, most: int, picks: Any) -> None:
    """Choose what brings the value half-way to a guess of the optimum."""
    for i in range(elements.size):
        count = picks.count[CHOSEN]
        if count == most:
            return
        e = elements[i]
        more = gain(state, e)
        picks.count[CALLS] += 1
        if more * (most - count) >= 0.5 * guess - picks.value[0] and more > 0.0:
            add(state, e)
            picks.chosen[count] = e
            picks.gained[count] = more
            picks.value[0] += more
            picks.count[CHOSEN] = count + 1


@kernel
def three_sieves(
    state: Any,
    elements: Any,
    ladder: Any,
    patience: int,
    most: int,
    picks: Any,
    place: Any,
) -> None:
    """Choose by one guess, lowered after so many elements that it refused.

    ``place`` holds the rung of the ladder of guesses, and the refusals since.
    """
    for i in range(elements.size):
        count = picks.count[CHOSEN]
        if count == most or place[0] == ladder.size:
            return
        e = elements[i]
        more = gain(state, e)
        picks.count[CALLS] += 1
        guess = ladder[place[0]]
        if more * (most - count) >= 0.5 * guess - picks.value[0] and more > 0.0:
            add(state, e)
            picks.chosen[count] = e
            picks.value[0] += more
            picks.count[CHOSEN] = count + 1
            place[1] = 0
        else:
            place[1] += 1
            if place[1] >= patience:
                place[0] += 1
                place[1] = 0
