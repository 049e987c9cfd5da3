"""Options by name: ``--param k=v``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from combkit.instances.errors import UsageError

__all__ = ["add_params", "parameters"]


def add_params(parser: argparse.ArgumentParser, what: str) -> None:
    """Add the option ``--param``, which may be repeated."""
    parser.add_argument(
        "--param",
        action="append",
        default=[],
        metavar="K=V",
        help=f"{what}; may be repeated",
    )


def parameters(pairs: Sequence[str], reserved: Mapping[str, str]) -> dict[str, Any]:
    """Return the options of ``--param k=v ...``, typed by their looks.

    Parameters
    ----------
    pairs : sequence of str
        ``name=value``; the value becomes an int, a float, a bool (``true``,
        ``false``) or stays a string, in this order.
    reserved : mapping of str to str
        Names that have a flag of their own, and that flag.

    Raises
    ------
    UsageError
        If a pair is not ``name=value``, is given twice, or is reserved.
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or not name.isidentifier():
            raise UsageError(f"--param {pair}: not of the form name=value")
        if name in found:
            raise UsageError(f"--param {name}: given twice")
        if name in reserved:
            raise UsageError(f"--param {name}: use {reserved[name]}")
        found[name] = _typed(value.strip())
    return found


def _typed(text: str) -> int | float | bool | str:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for convert in (int, float):
        try:
            return convert(text)
        except ValueError:
            continue
    return text
