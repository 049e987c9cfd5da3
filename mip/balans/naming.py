"""Things by name, with options: ``softmax``, ``annealing:temperature=0.01``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TypeVar

from combkit.instances.errors import UsageError, nearest

__all__ = ["made", "parsed"]

T = TypeVar("T")


def parsed(what: str, text: str) -> tuple[str, dict[str, float]]:
    """Return the name and the options of ``name:option=number:...``.

    Raises
    ------
    UsageError
        If it is of another form.
    """
    name, *parts = (part.strip() for part in text.split(":"))
    options: dict[str, float] = {}
    for part in parts:
        key, _, value = part.partition("=")
        try:
            options[key.strip().replace("-", "_")] = float(value)
        except ValueError:
            raise UsageError(
                f"{what} {text!r}: {part!r} is not of the form option=number"
            ) from None
    return name, options


def made(table: Mapping[str, Callable[..., T]], what: str, text: str) -> T:
    """Return what a table makes of a name with options.

    Parameters
    ----------
    table : mapping of str to callable
        Makers, which take options by keyword.
    what : str
        What errors call it.
    text : str
        As in ``annealing:temperature=0.01``.

    Raises
    ------
    UsageError
        If the name or an option is unknown, with the nearest one.
    """
    name, options = parsed(what, text)
    if name not in table:
        raise UsageError(
            f"unknown {what} {name!r}{nearest(name, table)} (known: {', '.join(table)})"
        )
    maker = table[name]
    taken = list(inspect.signature(maker).parameters)
    for option in options:
        if option not in taken:
            raise UsageError(
                f"{what} {name!r} has no option {option!r}{nearest(option, taken)}"
            )
    return maker(**options)
