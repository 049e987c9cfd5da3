"""Lazy re-exports (PEP 562), so that importing a package loads nothing heavy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def lazy_exports(
    package: str,
    table: Mapping[str, tuple[str, ...]],
    packages: Sequence[str] = (),
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return ``__getattr__``, ``__dir__`` and ``__all__`` of lazy re-exports.

    Parameters
    ----------
    package : str
        Name of the package that re-exports.
    table : mapping of str to tuple of str
        Defining module to the public names that it defines.
    packages : sequence of str
        Packages that are re-exported themselves, under their last name.
    """
    modules = {name: module for module, names in table.items() for name in names}
    whole = {name.rpartition(".")[2]: name for name in packages}
    known = sorted({*modules, *whole})

    def __getattr__(name: str) -> Any:
        if name in whole:
            return import_module(whole[name])
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(modules[name]), name)

    def __dir__() -> list[str]:
        return list(known)

    return __getattr__, __dir__, list(known)
