"""The script that SCIP's readers and writers run in, in a process of its own.

    python scip_child.py read  FILE OUT.npz MEMORY
    python scip_child.py write FILE.mps OUT MEMORY

It imports nothing of combkit, so that it starts quickly and from anywhere. A
model that is not linear is answered by exit code 3 and one line on stdout.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

#: Exit code: read, but not linear.
UNSUPPORTED = 3

#: Constraint handlers whose constraints are ``lhs <= a @ x <= rhs``.
_LINEAR = {"linear", "setppc", "knapsack", "varbound", "logicor"}


class Rows:
    """The rows collected so far, as triplets, over the model's variables."""

    def __init__(self, variables: list[Any]) -> None:
        variables = sorted(variables, key=lambda v: v.getIndex())  # the file's order
        self.names = [v.name for v in variables]
        self.column = {name: j for j, name in enumerate(self.names)}
        self.integral = [_is_integral(v) for v in variables]
        self.cost = [v.getObj() for v in variables]
        self.lower = [v.getLbOriginal() for v in variables]
        self.upper = [v.getUbOriginal() for v in variables]
        self.rows: list[int] = []
        self.columns: list[int] = []
        self.values: list[float] = []
        self.bounds: list[tuple[float, float]] = []
        self.row_names: list[str] = []

    def add(
        self, name: str, terms: list[tuple[Any, float]], lo: float, up: float
    ) -> None:
        """Add ``lo <= sum of value * variable <= up``; negations are resolved."""
        shift = 0.0
        row = len(self.bounds)
        for variable, value in terms:
            j, sign = self._find(variable)
            if sign < 0:  # a negation stands for lower + upper - x
                shift += value * (self.lower[j] + self.upper[j])
            self.rows.append(row)
            self.columns.append(j)
            self.values.append(sign * value)
        self.bounds.append((_shifted(lo, shift), _shifted(up, shift)))
        self.row_names.append(name)

    def _find(self, variable: Any) -> tuple[int, float]:
        if variable.name in self.column:
            return self.column[variable.name], 1.0
        return self.column[variable.name.removesuffix("_neg")], -1.0

    def arrays(self) -> dict[str, Any]:
        """Return everything as arrays."""
        return {
            "cost": np.array(self.cost, dtype=np.float64),
            "lower": np.array(self.lower, dtype=np.float64),
            "upper": np.array(self.upper, dtype=np.float64),
            "integrality": np.array(self.integral, dtype=np.int64),
            "rows": np.array(self.rows, dtype=np.int64),
            "columns": np.array(self.columns, dtype=np.int64),
            "values": np.array(self.values, dtype=np.float64),
            "bounds": np.array(self.bounds, dtype=np.float64).reshape(-1, 2),
            "names": _packed(self.names),
            "row_names": _packed(self.row_names),
        }


def _shifted(bound: float, shift: float) -> float:
    return bound if abs(bound) >= 1e20 else bound - shift


def _packed(names: list[str]) -> Any:
    """Return names as bytes: no name holds a line end."""
    return np.frombuffer("\n".join(names).encode(errors="replace"), np.uint8)


def _is_integral(variable: Any) -> int:
    return int(variable.vtype() in ("BINARY", "INTEGER"))


def _and(rows: Rows, name: str, variables: list[Any]) -> None:
    """Linearise ``r = x1 and ... and xn``: exact for binaries."""
    *operands, result = variables
    for k, x in enumerate(operands):
        rows.add(f"{name}_{k}", [(result, 1.0), (x, -1.0)], -1e20, 0.0)
    terms = [(x, 1.0) for x in operands]
    rows.add(name, [*terms, (result, -1.0)], -1e20, len(operands) - 1.0)


def _or(rows: Rows, name: str, variables: list[Any]) -> None:
    """Linearise ``r = x1 or ... or xn``: exact for binaries."""
    *operands, result = variables
    for k, x in enumerate(operands):
        rows.add(f"{name}_{k}", [(x, 1.0), (result, -1.0)], -1e20, 0.0)
    terms = [(x, 1.0) for x in operands]
    rows.add(name, [*terms, (result, -1.0)], 0.0, 1e20)


_BOOLEAN: dict[str, Callable[[Rows, str, list[Any]], None]] = {"and": _and, "or": _or}


def collect(
    model: Any,
    rows: Rows,
    constraints: list[Any],
    other: Callable[[Any, str], bool] | None = None,
) -> str:
    """Collect the rows of constraints.

    Parameters
    ----------
    model : pyscipopt.Model
        Their model.
    rows : Rows
        Gets the rows.
    constraints : list of pyscipopt.Constraint
        The constraints.
    other : callable, optional
        Gets what is no row, and the name of its type; says whether it takes it.

    Returns
    -------
    str
        Empty, or what cannot be a row.
    """
    taken: set[str] = set()
    for number, constraint in enumerate(constraints):
        handler = constraint.getConshdlrName()
        name = constraint.name or f"c{number}"
        if name in taken:
            name = f"{name}#{number}"
        taken.add(name)
        if handler in _LINEAR:
            variables = model.getConsVars(constraint)
            values = model.getConsVals(constraint)
            terms = list(zip(variables, values, strict=True))
            rows.add(name, terms, model.getLhs(constraint), model.getRhs(constraint))
        elif handler in _BOOLEAN:
            _BOOLEAN[handler](rows, name, model.getConsVars(constraint))
        elif other is None or not other(constraint, handler):
            return f"constraint {constraint.name!r} is of type {handler}"
    return ""


def read(model: Any, path: str, out: str) -> int:
    """Read a file and store its arrays; return the exit code."""
    model.readProblem(path)
    rows = Rows(model.getVars())
    if trouble := collect(model, rows, model.getConss()):
        print(trouble)
        return UNSUPPORTED
    np.savez(
        out,
        maximize=model.getObjectiveSense() == "maximize",
        offset=model.getObjoffset(),
        **rows.arrays(),
    )
    return 0


def write(model: Any, path: str, out: str) -> int:
    """Convert a file to the format of another's suffix."""
    model.readProblem(path)
    model.writeProblem(out, verbose=False)
    return 0


def main(command: str, path: str, out: str, memory: str) -> int:
    """Run one command within a limit of memory in bytes."""
    with contextlib.suppress(ImportError):  # Windows has no such limits
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    from pyscipopt import Model

    model = Model()
    model.hideOutput()
    try:
        return {"read": read, "write": write}[command](model, path, out)
    except OSError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
