"""The engines by name."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from combkit.instances.errors import UsageError, nearest
from combkit.instances.mip import MIP
from combkit.instances.run import Run
from combkit.mip.balans.engine import Engine

__all__ = ["ENGINES", "known_engine", "make_engine"]

_HERE = "combkit.mip.balans"
#: Where each engine's class is; its module is imported when it is needed.
ENGINES: dict[str, tuple[str, str]] = {
    "highs": (f"{_HERE}.engine_highs", "HighsEngine"),
    "scip": (f"{_HERE}.engine_scip", "ScipEngine"),
    "cpsat": (f"{_HERE}.engine_cpsat", "CpSatEngine"),
}


def make_engine(name: str, problem: MIP, run: Run, *, isolate: bool = False) -> Engine:
    """Return an engine.

    Parameters
    ----------
    name : str
        A key of ``ENGINES``.
    problem : MIP
        The model, a minimisation.
    run : Run
        The run, which may interrupt.
    isolate : bool
        Whether it lives in a process of its own, which may crash.

    Raises
    ------
    UsageError
        If there is no such engine, with the nearest one.
    UnsupportedFeatureError
        If the engine cannot take the model.
    """
    known_engine(name)
    if isolate:
        from combkit.mip.balans.engine_process import IsolatedEngine

        return IsolatedEngine(name, problem, run)
    module, member = ENGINES[name]
    maker: Any = getattr(import_module(module), member)
    engine: Engine = maker(problem, run)
    return engine


def known_engine(name: str) -> None:
    """Raise a ``UsageError`` if there is no such engine, with the nearest one."""
    if name not in ENGINES:
        raise UsageError(
            f"unknown engine {name!r}{nearest(name, ENGINES)} "
            f"(known: {', '.join(ENGINES)})"
        )
