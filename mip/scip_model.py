"""Models of SCIP, built from arrays.

PySCIPOpt adds a row one coefficient at a time, and reading an MPS file takes as
long. SCIP's own C functions take a row in one call; they are reached through the
library that PySCIPOpt has loaded, and where that fails the slow way remains.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyscipopt
from numpy.typing import NDArray

from combkit.instances.mip import MIP

__all__ = ["ScipModel", "build"]

_INFINITY = 1e20
_OKAY = 1
_POINTER = ctypes.c_void_p
_INT, _REAL, _TEXT = ctypes.c_int, ctypes.c_double, ctypes.c_char_p


class _Library:
    """The few functions of SCIP that PySCIPOpt has no array form of."""

    def __init__(self) -> None:
        # Loading the extension module again finds the SCIP that it links to.
        # PyDLL: the calls are short and may come from a callback.
        library = ctypes.PyDLL(pyscipopt.scip.__file__)
        reference = ctypes.POINTER(_POINTER)
        self.create = self._function(
            library.SCIPcreateConsBasicLinear,
            [_POINTER, reference, _TEXT, _INT, _POINTER, _POINTER, _REAL, _REAL],
        )
        self.add = self._function(library.SCIPaddCons, [_POINTER, _POINTER])
        self.release = self._function(library.SCIPreleaseCons, [_POINTER, reference])
        self.values = self._function(
            library.SCIPgetSolVals, [_POINTER, _POINTER, _INT, _POINTER, _POINTER]
        )
        self.best = library.SCIPgetBestSol
        self.best.argtypes, self.best.restype = [_POINTER], _POINTER

    @staticmethod
    def _function(function: Any, arguments: list[Any]) -> Any:
        function.argtypes, function.restype = arguments, _INT
        return function


def _library() -> _Library | None:
    try:
        return _Library()
    except (OSError, AttributeError):
        return None


class ScipModel:
    """A SCIP model and the variables of a problem's columns.

    Parameters
    ----------
    problem : MIP
        The problem; bounds that cross within the tolerance are closed.
    library : _Library or None
        SCIP's C functions, or None to do without them.
    """

    def __init__(self, problem: MIP, library: _Library | None) -> None:
        self.model = pyscipopt.Model(problem.name or "mip")
        self.model.hideOutput()
        # SCIP would print on stdout and count to five; the run handles Ctrl-C.
        self.model.setParam("misc/catchctrlc", False)
        self._library = library
        self.variables = self._add_columns(problem)
        self._pointers = np.array([v.ptr() for v in self.variables], dtype=np.uintp)
        if library is None:
            self._add_rows_slowly(problem)
        else:
            self._scip = _address(self.model)
            self._add_rows(problem, library)
        self.model.addObjoffset(problem.offset)
        if problem.maximize:
            self.model.setMaximize()

    def _add_columns(self, problem: MIP) -> list[Any]:
        lower, upper = _finite(problem.lower), _finite(problem.upper)
        binary = (problem.integrality == 1) & (lower == 0) & (upper == 1)
        kinds = np.where(binary, "B", np.where(problem.integrality == 1, "I", "C"))
        columns = zip(
            kinds.tolist(),
            lower.tolist(),
            np.maximum(lower, upper).tolist(),
            problem.c.tolist(),
            strict=True,
        )
        add = self.model.addVar
        return [
            add(name=problem.col_name(j), vtype=kind, lb=lo, ub=up, obj=cost)
            for j, (kind, lo, up, cost) in enumerate(columns)
        ]

    def _add_rows(self, problem: MIP, library: _Library) -> None:
        A = problem.A
        variables = self._pointers[A.indices]
        values = np.ascontiguousarray(A.data)
        at, value_at = variables.ctypes.data, values.ctypes.data
        start = A.indptr.tolist()
        row = _POINTER()
        reference = ctypes.byref(row)
        scip, create, add, release = (
            self._scip,
            library.create,
            library.add,
            library.release,
        )
        for i, (lo, up) in enumerate(_row_bounds(problem)):
            skip = 8 * start[i]
            done = (
                create(
                    scip,
                    reference,
                    problem.row_name(i).encode(),
                    start[i + 1] - start[i],
                    at + skip,
                    value_at + skip,
                    lo,
                    up,
                ),
                add(scip, row),
                release(scip, reference),
            )
            if done != (_OKAY, _OKAY, _OKAY):
                raise MemoryError(f"SCIP cannot add row {problem.row_name(i)!r}")

    def _add_rows_slowly(self, problem: MIP) -> None:
        A = problem.A
        start, indices, values = A.indptr.tolist(), A.indices.tolist(), A.data.tolist()
        x, quicksum = self.variables, pyscipopt.quicksum
        for i, (lo, up) in enumerate(_row_bounds(problem)):
            entries = range(start[i], start[i + 1])
            row = self.model.addCons(
                pyscipopt.scip.ExprCons(quicksum(()), lhs=lo, rhs=up),
                name=problem.row_name(i),
            )
            for k in entries:
                self.model.addConsCoeff(row, x[indices[k]], values[k])

    def best_solution(self) -> NDArray[np.float64] | None:
        """Return the values of SCIP's incumbent, None without one."""
        if self.model.getNSols() == 0:
            return None
        if self._library is None:
            best: Any = self.model.getBestSol()
            return np.array([best[v] for v in self.variables])
        values = np.empty(len(self.variables))
        self._library.values(
            self._scip,
            self._library.best(self._scip),
            values.size,
            self._pointers.ctypes.data,
            values.ctypes.data,
        )
        return values

    def add_start(self, x: NDArray[np.float64]) -> None:
        """Give SCIP a solution to start from, NaN where open."""
        given = np.flatnonzero(np.isfinite(x)).tolist()
        partial = len(given) < x.size
        model = self.model
        start = model.createPartialSol() if partial else model.createSol()
        for j in given:
            model.setSolVal(start, self.variables[j], float(x[j]))
        model.addSol(start)


def build(problem: MIP) -> ScipModel:
    """Return the SCIP model of a problem, by the fastest way there is."""
    return ScipModel(problem, _library())


def _row_bounds(problem: MIP) -> Sequence[tuple[float, float]]:
    lower, upper = _finite(problem.row_lower), _finite(problem.row_upper)
    return list(zip(lower.tolist(), np.maximum(lower, upper).tolist(), strict=True))


def _finite(bounds: NDArray[np.float64]) -> NDArray[np.float64]:
    clipped: NDArray[np.float64] = np.clip(bounds, -_INFINITY, _INFINITY)
    return clipped


def _address(model: Any) -> int:
    """Return the address of the SCIP of a PySCIPOpt model."""
    capsule = model.to_ptr(give_ownership=False)
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = _POINTER, [ctypes.py_object, _TEXT]
    address: int = get(capsule, b"scip")
    return address
