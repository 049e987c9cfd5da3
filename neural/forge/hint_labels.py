"""Good solutions of programs, to learn from which values variables take in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from combkit.comb.solve import solve
from combkit.instances.events import Events
from combkit.instances.mip import MIP
from combkit.neural.forge.archive import read, write
from combkit.neural.forge.corpus import Drawn

__all__ = ["Solved", "collect_solutions"]

Floats = NDArray[np.float64]

_VERSION = "forge-solutions-1"
#: Solutions weigh less by a factor e for each such part that they are worse.
_WORSE = 0.003
#: Most solutions of a program.
_MOST = 8


class Solved(NamedTuple):
    """A program with good solutions.

    Parameters
    ----------
    drawn : Drawn
        The program.
    points : ndarray of float, shape (k, n)
        The solutions.
    weights : ndarray of float, shape (k,)
        What each counts; they sum to 1.
    """

    drawn: Drawn
    points: Floats
    weights: Floats


class _Ears(Events):
    def __init__(self) -> None:
        self.found: list[tuple[float, Floats]] = []

    def on_incumbent(
        self, solution: Any, objective: float, time: float, source: str
    ) -> None:
        """Keep the latest solutions, which are the best."""
        self.found = [*self.found[1 - _MOST :], (objective, solution.values)]


def collect_solutions(
    programs: Iterable[Drawn], seconds: float, folder: Path
) -> Iterator[Solved]:
    """Yield those of some programs that have solutions, with the best ones.

    Parameters
    ----------
    programs : iterable of Drawn
        The programs, of different names.
    seconds : float
        Time limit of each.
    folder : Path
        Of a file a program; what is there is not solved again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for drawn in programs:
        path = folder / f"{drawn.program.name}.npz"
        if not path.exists():
            found = _solutions(drawn.program, seconds)
            points = np.array([x for _, x in found], dtype=np.float32)
            write(
                path,
                _VERSION,
                {"points": points, "objectives": [value for value, _ in found]},
                {"seconds": seconds},
            )
        arrays, _ = read(path, _VERSION, "solutions")
        if arrays["objectives"].size:
            yield Solved(drawn, arrays["points"], _weights(arrays["objectives"]))


def _solutions(program: MIP, seconds: float) -> list[tuple[float, Floats]]:
    ears = _Ears()
    solve(program, "highs", time_limit=seconds, events=ears)
    return ears.found


def _weights(objectives: Floats) -> Floats:
    best = objectives[-1]
    distance = np.abs(objectives - best) / max(abs(best), 1e-9)
    parts = np.exp(-distance / _WORSE)
    weights: Floats = parts / parts.sum()
    return weights
