"""Set functions made of others: their states and kernels.

Those that call others are plain functions here: the protocol compiles one for each
type of what they are made of.
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import Any, NamedTuple

from combkit.comb.submodular._kernels_protocol import (
    add,
    assign,
    clear,
    fits,
    free,
    gain,
    register,
    take,
)
from combkit.instances.kernels import kernel

__all__ = ["Conditioned", "Own", "Ranked", "Shared", "Sum"]


class Sum(NamedTuple):
    """A weighted sum of two states; of more, nested."""

    a: float
    first: Any
    b: float
    second: Any


def _sum_gain(state: Any, e: int) -> float:
    return state.a * gain(state.first, e) + state.b * gain(state.second, e)


def _sum_add(state: Any, e: int) -> None:
    add(state.first, e)
    add(state.second, e)


def _sum_clear(state: Any) -> None:
    clear(state.first)
    clear(state.second)


class Conditioned(NamedTuple):
    """A state that holds fixed elements besides the chosen ones."""

    base: Any
    fixed: Any
    holds: Any


def _conditioned_gain(state: Any, e: int) -> float:
    return 0.0 if state.holds[e] else gain(state.base, e)


def _conditioned_add(state: Any, e: int) -> None:
    if not state.holds[e]:
        add(state.base, e)


def _conditioned_clear(state: Any) -> None:
    clear(state.base)
    for i in range(state.fixed.size):
        add(state.base, state.fixed[i])


class Shared(NamedTuple):
    """Mutual information: a state without the fixed elements, and one with them."""

    alone: Any
    joint: Any


def _shared_gain(state: Any, e: int) -> float:
    return gain(state.alone, e) - gain(state.joint, e)


def _shared_add(state: Any, e: int) -> None:
    add(state.alone, e)
    add(state.joint, e)


def _shared_clear(state: Any) -> None:
    clear(state.alone)
    clear(state.joint)


class Ranked(NamedTuple):
    """The rank of a matroid: a rule that stands at a maximal allowed part."""

    rule: Any


def _ranked_gain(state: Any, e: int) -> float:
    return 1.0 if fits(state.rule, e) else 0.0


def _ranked_add(state: Any, e: int) -> None:
    if fits(state.rule, e):
        take(state.rule, e)


def _ranked_clear(state: Any) -> None:
    free(state.rule)


class Own(NamedTuple):
    """A compiled function of one's own, with the chosen elements in order."""

    evaluate: Any
    chosen: Any
    trial: Any
    count: Any
    value: Any


@kernel
def _with(state: Any, e: int) -> float:
    """Return the function's value with an element more."""
    count = state.count[0]
    k = 0
    while k < count and state.chosen[k] < e:
        state.trial[k] = state.chosen[k]
        k += 1
    state.trial[k] = e
    for j in range(k, count):
        state.trial[j + 1] = state.chosen[j]
    return state.evaluate(state.trial[: count + 1])


@kernel
def _own_gain(state: Any, e: int) -> float:
    return _with(state, e) - state.value[0]


@kernel
def _own_add(state: Any, e: int) -> None:
    state.value[0] = _with(state, e)
    state.count[0] += 1
    assign(state.chosen[: state.count[0]], state.trial)


@kernel
def _own_clear(state: Any) -> None:
    state.count[0] = 0
    state.value[0] = state.value[1]


register(Sum, _sum_gain, _sum_add, _sum_clear)
register(Conditioned, _conditioned_gain, _conditioned_add, _conditioned_clear)
register(Shared, _shared_gain, _shared_add, _shared_clear)
register(Ranked, _ranked_gain, _ranked_add, _ranked_clear)
register(Own, _own_gain, _own_add, _own_clear)
