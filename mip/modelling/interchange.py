"""Models from files, arrays and other libraries, and back."""

from __future__ import annotations

import dataclasses
import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from combkit.instances.errors import (
    InstanceFormatError,
    UnsupportedFeatureError,
    UsageError,
)
from combkit.instances.formats import read, write
from combkit.instances.mip import MIP
from combkit.instances.source import Source, atomic_write
from combkit.mip.highs_model import set_defaults
from combkit.mip.modelling.extended import ExtendedMIP, build_quadratic
from combkit.mip.modelling.model import Model
from combkit.mip.modelling.pieces import Sparse
from combkit.mip.modelling.special import IndicatorBlock, OrderedSet
from combkit.mip.modelling.store import INTEGER, SEMICONTINUOUS

__all__ = [
    "from_highs",
    "from_linprog",
    "from_milp",
    "from_mip",
    "from_scip",
    "read_model",
    "to_linprog",
    "to_milp",
    "to_scip",
    "write_model",
]

Floats = NDArray[np.float64]

_INFINITY = 1e20
#: Formats that can say more than rows, bounds and a linear objective.
_RICH = ("cip", "lp", "mps")
#: What tells a file with indicators or sets: a section, or an arrow.
_CONDITIONAL = re.compile(r"^[ \t]*(?:sos\d?|indicators)\b|->", re.I | re.M)


# -- problems and files --------------------------------------------------------


def from_mip(problem: MIP) -> Model:
    """Return a model of a problem, its variables and rows in the same order."""
    model = Model(problem.name)
    columns, rows, A = model.columns, model.rows, problem.A
    columns.add((problem.n,), (None,), problem.lower, problem.upper, 0, "")
    columns.kind[:] = np.where(problem.integrality == 1, INTEGER, 0)
    columns.cost[:] = problem.c
    rows.add(Sparse(A.indptr, A.indices, A.data), problem.row_lower, problem.row_upper)
    if problem.col_names is not None:
        columns.names.add_each(0, problem.col_names)
    if problem.row_names is not None:
        rows.names.add_each(0, problem.row_names)
    model.goal.offset, model.goal.maximizing = problem.offset, problem.maximize
    return model


def read_model(path: str | os.PathLike[str]) -> Model:
    """Return the model of a file; see ``Model.read``.

    Parameters
    ----------
    path : str or PathLike
        The file.
    """
    try:
        problem = read(path)
    except UnsupportedFeatureError:
        source = Source(path)
        if source.suffix not in _RICH:
            raise
        if source.suffix != "cip" and not _CONDITIONAL.search(source.text):
            return _read_by_highs(source)
        return _read_by_scip(source)
    if not isinstance(problem, MIP):
        raise UsageError(f"{os.fspath(path)}: a {problem.kind} problem, not a mip")
    return from_mip(problem)


def _read_by_highs(source: Source) -> Model:
    """Read a model whose objective is quadratic or variables semi-continuous."""
    import highspy

    highs = highspy.Highs()
    set_defaults(highs)
    with source.plain_path() as path:
        if highs.readModel(str(path)) == highspy.HighsStatus.kError:
            raise InstanceFormatError(source.path, None, "HiGHS cannot read the file")
    model = from_highs(highs)
    model.name = model.name or source.name
    return model


def _read_by_scip(source: Source) -> Model:
    import pyscipopt

    scip = pyscipopt.Model()
    scip.hideOutput()
    with source.plain_path() as path:
        try:
            scip.readProblem(str(path))
        except OSError as error:
            raise InstanceFormatError(source.path, None, str(error)) from None
    model = from_scip(scip)
    model.name = source.name
    return model


def write_model(model: Model, path: str | os.PathLike[str]) -> None:
    """Write a model to a file; see ``Model.write``.

    Parameters
    ----------
    model : Model
        The model.
    path : str or PathLike
        Target; its suffix names the format.
    """
    problem = model.to_mip(native=True)
    suffix = Path(os.fspath(path).removesuffix(".gz")).suffix.lower().lstrip(".")
    if suffix == "lp":
        problem = dataclasses.replace(
            problem,
            col_names=_without_brackets(problem.col_names),
            row_names=_without_brackets(problem.row_names),
        )
    if not isinstance(problem, ExtendedMIP):
        write(problem, path)
        return
    if suffix not in _RICH:
        raise UnsupportedFeatureError(
            f".{suffix} files hold no indicators, sets and products: use "
            f"{', '.join('.' + s for s in _RICH)}"
        )
    with tempfile.TemporaryDirectory(prefix="combkit-") as folder:
        copy = Path(folder) / f"model.{suffix}"
        if suffix != "cip" and not (problem.indicators or problem.sets):
            _named_highs(problem).writeModel(str(copy))
        else:
            _scip_of(problem).writeProblem(str(copy), verbose=False)
        atomic_write(path, copy.read_bytes())


def _named_highs(problem: ExtendedMIP) -> Any:
    highs = build_quadratic(problem)
    for j, name in enumerate(problem.col_names or ()):
        highs.passColName(j, name)
    for i, name in enumerate(problem.row_names or ()):
        highs.passRowName(i, name)
    return highs


def _without_brackets(names: Sequence[str] | None) -> Sequence[str] | None:
    """Return names that readers of LP files do not take for products."""
    table = str.maketrans("[]", "()")
    return None if names is None else [name.translate(table) for name in names]


# -- highspy and PySCIPOpt -------------------------------------------------------


def from_highs(highs: Any) -> Model:
    """Return a model of what a ``highspy.Highs`` holds; see ``Model.from_highs``.

    Parameters
    ----------
    highs : highspy.Highs
        The object, which is left as it is.
    """
    import highspy

    from combkit.instances.formats.highs_arrays import lp_arrays

    arrays, lp = lp_arrays(highs), highs.getLp()
    kinds = arrays.integrality
    if (kinds > 2).any():
        raise UnsupportedFeatureError("from_highs: a semi-integer variable")
    model = from_mip(
        MIP(
            arrays.cost,
            arrays.A,
            arrays.row_lower,
            arrays.row_upper,
            arrays.lower,
            arrays.upper,
            kinds == 1,
            offset=lp.offset_,
            maximize=lp.sense_ == highspy.ObjSense.kMaximize,
            col_names=_if_named(lp.col_names_),
            row_names=_if_named(lp.row_names_),
            name=lp.model_name_,
        )
    )
    model.columns.kind[kinds == 2] = SEMICONTINUOUS
    hessian = highs.getModel().hessian_
    if hessian.dim_:
        start = np.array(hessian.start_)
        cols = np.repeat(np.arange(hessian.dim_), np.diff(start))
        rows, values = np.array(hessian.index_), np.array(hessian.value_)
        if hessian.format_ == highspy.HessianFormat.kTriangular:
            # Each pair off the diagonal stands for itself and its mirror image.
            values = np.where(rows == cols, values, 2.0 * values)
        model.goal.set_products(rows, cols, values / 2.0)
    return model


def _if_named(names: Sequence[str]) -> Sequence[str] | None:
    return tuple(names) if names and all(names) else None


def to_scip(model: Model) -> Any:
    """Return a ``pyscipopt.Model`` that holds a model; see ``Model.to_scip``.

    Parameters
    ----------
    model : Model
        The model.
    """
    return _scip_of(model.to_mip(native=True))


def _scip_of(problem: MIP) -> Any:
    from combkit.mip.modelling.native_scip import extend
    from combkit.mip.scip_model import build

    scip = build(problem)
    extend(scip, problem)
    return scip.model


def from_scip(scip: Any) -> Model:
    """Return a model of a ``pyscipopt.Model``; see ``Model.from_scip``.

    Parameters
    ----------
    scip : pyscipopt.Model
        The object, not yet presolved.
    """
    from pyscipopt.scip import PY_SCIP_STAGE

    from combkit.instances.formats.scip_child import Rows, collect

    if scip.getStage() != PY_SCIP_STAGE.PROBLEM:
        raise UsageError("from_scip: call freeTransform() first: SCIP has presolved it")
    listed = scip.getConss()
    beyond: list[tuple[str, Any]] = []

    def other(constraint: Any, handler: str) -> bool:
        beyond.append((handler, constraint))
        return handler in ("SOS1", "SOS2", "indicator")

    by_indicator = [c for c in listed if c.getConshdlrName() == "indicator"]
    inner = {scip.getLinearConsIndicator(c).name for c in by_indicator}
    slacks = {scip.getSlackVarIndicator(c).name for c in by_indicator}
    rows = Rows([v for v in scip.getVars() if v.name not in slacks])
    outer = [c for c in listed if c.name not in inner]
    if trouble := collect(scip, rows, outer, other):
        raise UnsupportedFeatureError(f"from_scip: {trouble}")
    bounds = np.array(rows.bounds).reshape(-1, 2)
    model = from_mip(
        MIP(
            np.array(rows.cost),
            sp.coo_array(
                (np.array(rows.values), (rows.rows, rows.columns)),
                shape=(len(rows.bounds), len(rows.names)),
            ),
            _opened(bounds[:, 0]),
            _opened(bounds[:, 1]),
            _opened(rows.lower),
            _opened(rows.upper),
            np.array(rows.integral, np.uint8),
            offset=scip.getObjoffset(),
            maximize=scip.getObjectiveSense() == "maximize",
            col_names=rows.names,
            row_names=rows.row_names,
            name=scip.getProbName(),
        )
    )
    for handler, constraint in beyond:
        if handler == "indicator":
            model.indicators.append(_indicator(scip, constraint, rows.column, slacks))
        else:
            members = [rows.column[v.name] for v in scip.getConsVars(constraint)]
            model.sets.append(OrderedSet(int(handler[-1]), np.array(members)))
    return model


def _indicator(
    scip: Any, constraint: Any, column: dict[str, int], slacks: set[str]
) -> IndicatorBlock:
    """Return an indicator; SCIP writes its row with a slack variable."""
    row = scip.getLinearConsIndicator(constraint)
    terms = scip.getValsLinear(row)
    kept = {column[name]: v for name, v in terms.items() if name not in slacks}
    binary = scip.getConsVars(constraint)[0].name
    active = binary in column
    return IndicatorBlock(
        np.array([column[binary if active else binary.removesuffix("_neg")]]),
        active,
        Sparse(
            np.array([0, len(kept)]),
            np.array(list(kept), np.int32),
            np.array(list(kept.values())),
        ),
        np.array([-np.inf]),
        _opened([scip.getRhs(row)]),
    )


def _opened(values: ArrayLike) -> Floats:
    bounds = np.array(values, dtype=np.float64)
    return np.where(np.abs(bounds) >= _INFINITY, np.copysign(np.inf, bounds), bounds)


# -- scipy.optimize --------------------------------------------------------------


def from_milp(
    c: ArrayLike,
    *,
    integrality: Any = None,
    bounds: Any = None,
    constraints: Any = None,
) -> Model:
    """Return a model of the arguments of ``scipy.optimize.milp``.

    Parameters
    ----------
    c, integrality, bounds, constraints
        As for ``scipy.optimize.milp``.
    """
    cost = np.atleast_1d(np.asarray(c, dtype=np.float64))
    n = cost.size
    low, up = (0.0, np.inf) if bounds is None else _ends_of(bounds)
    kinds = np.broadcast_to(np.asarray(0 if integrality is None else integrality), n)
    if not np.isin(kinds, (0, 1, 2)).all():
        raise UnsupportedFeatureError("from_milp: a semi-integer variable")
    parts, lower, upper = [sp.csr_array((0, n))], [np.zeros(0)], [np.zeros(0)]
    for one in _listed(constraints):
        A, lb, ub = one if isinstance(one, tuple) else (one.A, one.lb, one.ub)
        parts.append(sp.csr_array(np.atleast_2d(A) if not sp.issparse(A) else A))
        lower.append(np.broadcast_to(np.asarray(lb, float), parts[-1].shape[0]))
        upper.append(np.broadcast_to(np.asarray(ub, float), parts[-1].shape[0]))
    problem = MIP(
        cost,
        sp.vstack(parts, format="csr"),
        np.concatenate(lower),
        np.concatenate(upper),
        np.broadcast_to(low, n),
        np.broadcast_to(up, n),
        kinds == 1,
    )
    model = from_mip(problem)
    model.columns.kind[kinds == 2] = SEMICONTINUOUS
    return model


def _ends_of(bounds: Any) -> tuple[Floats, Floats]:
    lb, ub = (bounds.lb, bounds.ub) if hasattr(bounds, "lb") else bounds
    return np.asarray(lb, dtype=np.float64), np.asarray(ub, dtype=np.float64)


def _listed(constraints: Any) -> list[Any]:
    if constraints is None:
        return []
    # A bare tuple is one constraint, as in SciPy.
    single = hasattr(constraints, "lb") or isinstance(constraints, tuple)
    return [constraints] if single else list(constraints)


def from_linprog(
    c: ArrayLike,
    A_ub: Any = None,
    b_ub: Any = None,
    A_eq: Any = None,
    b_eq: Any = None,
    bounds: Any = (0, None),
) -> Model:
    """Return a model of the arguments of ``scipy.optimize.linprog``.

    Parameters
    ----------
    c, A_ub, b_ub, A_eq, b_eq, bounds
        As for ``scipy.optimize.linprog``.
    """
    n = np.size(c)
    rows: list[Any] = []
    if A_ub is not None:
        rows.append((A_ub, np.full(np.size(b_ub), -np.inf), np.ravel(b_ub)))
    if A_eq is not None:
        rows.append((A_eq, np.ravel(b_eq), np.ravel(b_eq)))
    ends = np.array(bounds, dtype=np.float64)  # None becomes NaN
    ends = np.broadcast_to(ends.reshape(-1, 2), (n, 2))
    low = np.where(np.isnan(ends[:, 0]), -np.inf, ends[:, 0])
    up = np.where(np.isnan(ends[:, 1]), np.inf, ends[:, 1])
    return from_milp(c, bounds=(low, up), constraints=rows)


def to_milp(model: Model) -> dict[str, Any]:
    """Return arguments of ``scipy.optimize.milp``; see ``Model.to_milp``.

    Parameters
    ----------
    model : Model
        The model.
    """
    from scipy.optimize import Bounds, LinearConstraint

    problem = model.to_mip()
    return {
        "c": -problem.c if problem.maximize else problem.c,
        "integrality": problem.integrality,
        "bounds": Bounds(problem.lower, problem.upper),
        "constraints": LinearConstraint(
            problem.A, problem.row_lower, problem.row_upper
        ),
    }


def to_linprog(model: Model) -> dict[str, Any]:
    """Return arguments of ``scipy.optimize.linprog``; see ``Model.to_linprog``.

    Parameters
    ----------
    model : Model
        The model.
    """
    problem = model.to_mip()
    if problem.integrality.any():
        raise UnsupportedFeatureError("to_linprog: the model has integer variables")
    A, low, up = problem.A, problem.row_lower, problem.row_upper
    equal = low == up
    above = np.isfinite(up) & ~equal
    below = np.isfinite(low) & ~equal
    return {
        "c": -problem.c if problem.maximize else problem.c,
        "A_ub": sp.vstack([A[above], -A[below]], format="csr"),
        "b_ub": np.concatenate((up[above], -low[below])),
        "A_eq": A[equal],
        "b_eq": up[equal],
        "bounds": np.column_stack((problem.lower, problem.upper)),
    }
