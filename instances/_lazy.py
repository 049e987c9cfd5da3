"""Lazy re-exports (PEP 562), so that importing a package loads nothing heavy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_exports(
    package: str, table: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` for a package of lazy re-exports.

    Parameters
    ----------
    package : str
        Name of the package that re-exports.
    table : mapping of str to str
        Public name to the module that defines it. A name that is itself the
        last part of the module's path exports the module.
    """

    def __getattr__(name: str) -> Any:
        try:
            module = table[name]
        except KeyError:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        loaded = import_module(module)
        return getattr(loaded, name, loaded)

    def __dir__() -> list[str]:
        return sorted(table)

    return __getattr__, __dir__
