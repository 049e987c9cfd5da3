"""What every set function and every constraint can do, in Python and in kernels.

A state of a set function stands at a set S. It is a named tuple of arrays whose
kernels are registered here, or an object with methods of the same names::

    gain(state, e)             f(S + e) - f(S), for e outside of S
    gains(state, elements, out)  of several elements
    add(state, e)              S becomes S + e
    clear(state)               S becomes empty

A rule is the same for a constraint::

    fits(rule, e)              whether S + e is allowed
    take(rule, e)              S becomes S + e
    free(rule)                 S becomes empty

Searches call these. Compiled, a search becomes one kernel for each pair of state and
rule; where one of them is an object, the same code runs in Python.
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

from numba.extending import overload

from combkit.instances.kernels import kernel

__all__ = [
    "add",
    "assign",
    "clear",
    "fits",
    "free",
    "gain",
    "gains",
    "is_compiled",
    "register",
    "register_rule",
    "take",
]

Kernels = dict[type, Callable[..., Any]]

_GAIN: Kernels = {}
_GAINS: Kernels = {}
_ADD: Kernels = {}
_CLEAR: Kernels = {}
_FITS: Kernels = {}
_TAKE: Kernels = {}
_FREE: Kernels = {}


def register(
    state: type,
    gain: Callable[..., Any],
    add: Callable[..., Any],
    clear: Callable[..., Any],
    gains: Callable[..., Any] | None = None,
) -> None:
    """Let states of a named tuple be used by the kernels of its function."""
    _GAIN[state], _ADD[state], _CLEAR[state] = gain, add, clear
    _GAINS[state] = _one_by_one if gains is None else gains


def register_rule(
    rule: type,
    fits: Callable[..., Any],
    take: Callable[..., Any],
    free: Callable[..., Any],
) -> None:
    """Let rules of a named tuple be used by the kernels of its constraint."""
    _FITS[rule], _TAKE[rule], _FREE[rule] = fits, take, free


def is_compiled(state: Any) -> bool:
    """Whether a state or rule can be handed to a compiled search."""
    return type(state) in _GAIN or type(state) in _FITS


def gain(state: Any, e: int) -> float:
    """Return what an element outside of the set would add to its value."""
    found = _GAIN.get(type(state))
    return state.gain(e) if found is None else found(state, e)


def gains(state: Any, elements: Any, out: Any) -> None:
    """Write what each of some elements would add to the value."""
    found = _GAINS.get(type(state))
    if found is not None:
        found(state, elements, out)
        return
    for i in range(elements.size):
        out[i] = state.gain(elements[i])


def add(state: Any, e: int) -> None:
    """Add an element to the set."""
    found = _ADD.get(type(state))
    if found is None:
        state.add(e)
    else:
        found(state, e)


def clear(state: Any) -> None:
    """Empty the set."""
    found = _CLEAR.get(type(state))
    if found is None:
        state.clear()
    else:
        found(state)


def fits(rule: Any, e: int) -> bool:
    """Whether the set stays allowed with an element more."""
    found = _FITS.get(type(rule))
    return rule.fits(e) if found is None else found(rule, e)


def take(rule: Any, e: int) -> None:
    """Add an element to the set."""
    found = _TAKE.get(type(rule))
    if found is None:
        rule.take(e)
    else:
        found(rule, e)


def free(rule: Any) -> None:
    """Empty the set."""
    found = _FREE.get(type(rule))
    if found is None:
        rule.free()
    else:
        found(rule)


def _overloads(function: Callable[..., Any], table: Kernels) -> None:
    """Let compiled code call one of the functions above by the type of its state."""
    # The names of the arguments must be the same: there are three lists of them.
    names = tuple(inspect.signature(function).parameters)

    def choose(first: Any, *others: Any) -> Any:
        found = table[first.instance_class]
        if isinstance(found, FunctionType):
            # A function of composed states calls itself with other types: each of
            # them is compiled as a function of its own.
            return FunctionType(found.__code__, found.__globals__, found.__name__)
        return _CALLS[names](found)

    choose.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
    options: Any = {"nogil": True, "_nrt": False}
    overload(function, jit_options=options, strict=False)(choose)


_CALLS: dict[tuple[str, ...], Callable[[Any], Any]] = {
    ("state", "e"): lambda found: lambda state, e: found(state, e),
    ("state",): lambda found: lambda state: found(state),
    ("rule", "e"): lambda found: lambda rule, e: found(rule, e),
    ("rule",): lambda found: lambda rule: found(rule),
    ("state", "elements", "out"): (
        lambda found: lambda state, elements, out: found(state, elements, out)
    ),
}

for _function, _table in (
    (gain, _GAIN),
    (gains, _GAINS),
    (add, _ADD),
    (clear, _CLEAR),
    (fits, _FITS),
    (take, _TAKE),
    (free, _FREE),
):
    _overloads(_function, _table)


@kernel
def assign(target: Any, source: Any) -> None:
    """Copy as many numbers as a vector has; a slice assignment would allocate."""
    for i in range(target.size):
        target[i] = source[i]


def _one_by_one(state: Any, elements: Any, out: Any) -> None:
    for i in range(elements.size):
        out[i] = gain(state, elements[i])
