"""Weighted local search: feasible points, and better ones, without any LP.

References
----------
B. Luteberget and G. Sartor, Feasibility Jump: an LP-free Lagrangian MIP
heuristic, Math. Prog. Comp. 15 (2023). doi:10.1007/s12532-023-00234-8
P. Lin, M. Zou and S. Cai, An efficient local search solver for mixed integer
programming, CP 2024. doi:10.4230/LIPIcs.CP.2024.19
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from combkit.instances.mip import MIP
from combkit.instances.run import Run
from combkit.instances.seeds import kernel_state
from combkit.mip.balans.state import Structure

if TYPE_CHECKING:
    from combkit.mip.balans._kernels import Model, Walk

__all__ = ["LocalSearch", "compiled"]

Floats = NDArray[np.float64]

#: Seconds of one call of a kernel.
_CALL = 0.02
#: Steps of the first call, and of all where steps are counted.
_FIRST = 200
#: Least gain that is aimed at, relative to the objective.
_GAIN = 1e-5


_ready = False
_lock = threading.Lock()
_compiler: threading.Thread | None = None


def compiled(seconds: float = 0.0) -> bool:
    """Whether the kernels are compiled, after waiting for that at most so long.

    They are loaded or compiled in a thread of its own, once more if that failed:
    the search need not wait for them.
    """
    global _compiler
    with _lock:
        if not _ready and (_compiler is None or not _compiler.is_alive()):
            _compiler = threading.Thread(
                target=_compile, name="combkit-compile", daemon=True
            )
            _compiler.start()
    if not _ready and _compiler is not None:
        _compiler.join(min(seconds, threading.TIMEOUT_MAX))
    return _ready


def _compile() -> None:
    global _ready
    one = np.ones(2)
    kinds = one.astype(np.uint8)
    little = MIP(one, np.ones((2, 2)), 0 * one, one, 0 * one, one, kinds)
    structure = Structure(little)
    local = LocalSearch(structure, Run(little))
    local.begin(np.zeros(2))
    local.steps(1)
    _ready = len(structure.communities) > 0


def _follower_values(A: sp.csr_array, follower: NDArray[np.int64]) -> Floats:
    """Return the entry of each row's follower, 0 where there is none."""
    row = np.repeat(np.arange(follower.size), np.diff(A.indptr))
    values = np.zeros(follower.size)
    mine = A.indices == follower[row]
    values[row[mine]] = A.data[mine]
    return values


class LocalSearch:
    """A walk over single-variable jumps that goes on where it ended.

    Parameters
    ----------
    structure : Structure
        The model, a minimisation.
    run : Run
        The run, which may end it.
    stream : int
        Number of its stream of random numbers.
    """

    def __init__(self, structure: Structure, run: Run, stream: int = 0) -> None:
        # Compiled code is loaded when it is needed.
        from combkit.mip.balans import _kernels

        self._kernels = _kernels
        self._run = run
        self._step = structure.step
        self._steps = _FIRST
        problem = structure.problem
        A, columns = problem.A, problem.A.tocsc()
        free = structure.lower < structure.upper
        follower = structure.follower
        free[follower[follower >= 0]] = False
        self._model: Model = _kernels.Model(
            A.indptr.astype(np.int64),
            A.indices.astype(np.int64),
            np.array(A.data),
            columns.indptr.astype(np.int64),
            columns.indices.astype(np.int64),
            np.array(columns.data),
            np.array(problem.row_lower),
            np.array(problem.row_upper),
            structure.lower,
            structure.upper,
            structure.integer,
            np.array(problem.c),
            np.flatnonzero(free & (problem.c != 0)),
            follower,
            _follower_values(A, follower),
        )
        self._walk: Walk = _kernels.Walk(
            np.zeros(problem.n),
            np.zeros(problem.n),
            np.zeros(problem.m),
            np.ones(problem.m),
            np.zeros(problem.m, dtype=np.int64),
            np.full(problem.m, -1, dtype=np.int64),
            np.zeros(2, dtype=np.int64),
            np.zeros((problem.n, 2), dtype=np.int64),
            np.array([0.0, np.inf, 1.0, 0.0]),
            kernel_state(run.seed, 3, stream),
        )
        self._offset = problem.offset

    def begin(self, x: Floats, beat: float = np.inf) -> None:
        """Go to a point; forget the best one.

        Parameters
        ----------
        x : ndarray of float, shape (n,)
            The point, feasible or not, its integers whole.
        beat : float
            The objective to beat.
        """
        walk, model = self._walk, self._model
        walk.x[:] = np.clip(np.nan_to_num(x), model.lower, model.upper)
        walk.value[1] = beat - self._offset
        walk.tabu[:] = 0
        walk.count[1] = 0
        self._kernels.measure(model, walk)

    def go(self, seconds: float) -> Floats | None:
        """Walk for some seconds; return a feasible point that beats all before.

        Returns
        -------
        ndarray of float, shape (n,), or None
            None if nothing better was found.
        """
        best = float(self._walk.value[1])
        end = time.perf_counter() + min(seconds, self._run.remaining)
        while (now := time.perf_counter()) < end and not self._run.should_stop():
            self._advance(self._steps)
            spent = time.perf_counter() - now
            factor = np.clip(_CALL / max(spent, 1e-6), 0.5, 2.0)
            self._steps = int(np.clip(self._steps * factor, 10, 10**6))
        return self._better(best)

    def steps(self, count: int) -> Floats | None:
        """Walk so many steps, whatever time they take; return as ``go`` does."""
        best = float(self._walk.value[1])
        for _ in range(-(-count // _FIRST)):
            if self._run.should_stop():
                break
            self._advance(_FIRST)
        return self._better(best)

    def _advance(self, steps: int) -> None:
        walk = self._walk
        best = float(walk.value[1])
        walk.value[3] = max(self._step, _GAIN * abs(best) if np.isfinite(best) else 0.0)
        self._kernels.walk(self._model, walk, steps)
        # Sums drift.
        self._kernels.measure(self._model, walk)

    def _better(self, best: float) -> Floats | None:
        return self._walk.best.copy() if self._walk.value[1] < best else None
