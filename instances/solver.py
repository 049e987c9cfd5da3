"""A row of the solver tables that each package keeps."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from combkit.instances.errors import MissingDependencyError
from combkit.instances.problem import Problem

__all__ = ["SolverInfo"]


@dataclass(frozen=True, slots=True)
class SolverInfo:
    """What is known of a solver before it is imported.

    Parameters
    ----------
    name : str
        What ``--solver`` takes.
    kinds : tuple of str
        Problem kinds that this row solves.
    module : str
        Module with ``solve(problem, run, **params) -> Outcome`` and, if the
        solver is choosy, ``supports(problem) -> str | None`` (None: it does).
    exact : bool
        Whether it proves optimality when it runs to its end.
    summary : str
        One line for ``combkit solvers``.
    packages : tuple of str
        Import names of what it needs beyond NumPy and SciPy.
    extra : str or None
        The extra that installs them; None: the base install does.
    mends : bool
        Whether it starts from a solution that is partial or infeasible, too.
    """

    name: str
    kinds: tuple[str, ...]
    module: str
    exact: bool
    summary: str
    packages: tuple[str, ...] = ()
    extra: str | None = None
    mends: bool = False

    @property
    def available(self) -> bool:
        """Whether its packages are installed; nothing is imported."""
        return all(importlib.util.find_spec(name) for name in self.packages)

    def load(self) -> Callable[..., Any]:
        """Import the solver and return its ``solve``.

        Raises
        ------
        MissingDependencyError
            If a package that it needs is not installed.
        """
        self._require()
        function: Callable[..., Any] = import_module(self.module).solve
        return function

    def unsupported(self, problem: Problem) -> str | None:
        """Return why the solver cannot take a problem, or None if it can."""
        if problem.kind not in self.kinds:
            return f"it solves {', '.join(self.kinds)}, not {problem.kind}"
        self._require()
        supports = getattr(import_module(self.module), "supports", None)
        reason: str | None = None if supports is None else supports(problem)
        return reason

    def _require(self) -> None:
        if not self.available:
            raise MissingDependencyError(f"solver {self.name!r}", self.extra or "all")
