"""The algebraic model: variables in blocks, constraints, an objective."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.instances.errors import UsageError, nearest
from combkit.mip.modelling import special
from combkit.mip.modelling.answer import Answer, Point
from combkit.mip.modelling.arrays import Arrays, arrays_of, warn_of_scale
from combkit.mip.modelling.blocks import Constraints, Variables
from combkit.mip.modelling.expressions import Relations, as_block, data_of
from combkit.mip.modelling.joining import stack
from combkit.mip.modelling.labels import Labels, as_dimensions
from combkit.mip.modelling.lowering import lowered
from combkit.mip.modelling.objective import Goal
from combkit.mip.modelling.pieces import assemble
from combkit.mip.modelling.scalars import (
    Constraint,
    Relation,
    Variable,
    foreign,
)
from combkit.mip.modelling.store import (
    CONTINUOUS,
    INTEGER,
    SEMICONTINUOUS,
    Columns,
    Rows,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    from combkit.instances.events import Events
    from combkit.instances.mip import MIP
    from combkit.instances.result import Result
    from combkit.instances.stop import Stop
    from combkit.mip.modelling.hierarchy import Objective
    from combkit.mip.modelling.infeasible import Conflict, Relaxation
    from combkit.mip.modelling.live import Basis, LiveHighs, Sensitivity
    from combkit.mip.modelling.native_scip import Callback

__all__ = ["Model"]

Floats = NDArray[np.float64]

_KINDS = {
    "continuous": CONTINUOUS,
    "integer": INTEGER,
    "binary": INTEGER,
    "semicontinuous": SEMICONTINUOUS,
}


class Model:
    """A linear, quadratic or mixed-integer model.

    Parameters
    ----------
    name : str
        Name of the model, for reports only.

    Examples
    --------
    >>> import combkit as ck
    >>> model = ck.Model()
    >>> x = model.add_variables(3, upper=[4, 5, 6], kind="integer")
    >>> capacity = model.add(x @ [2, 3, 4] <= 20)
    >>> model.maximize(x @ [3, 5, 6])
    >>> model.solve().objective
    32.0
    """

    #: Whether constraints may hold products of variables.
    products_in_rows: ClassVar[bool] = False

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.columns = Columns()
        self.rows = Rows()
        self.indicators: list[special.IndicatorBlock] = []
        self.sets: list[special.OrderedSet] = []
        self.extremes: list[special.Extreme] = []
        self.goal = Goal(self.columns)
        self._answer: Answer | None = None
        self._live: LiveHighs | None = None

    def __getstate__(self) -> dict[str, Any]:
        # A solver's object does not travel; the next solve makes a new one.
        return {**self.__dict__, "_live": None}

    def __repr__(self) -> str:
        size = self.size
        return f"<model of {size['cols']} variables, {size['rows']} constraints>"

    @property
    def size(self) -> dict[str, int]:
        """Rows, columns, nonzeros and integer variables, without special parts."""
        columns, rows = self.columns, self.rows
        integer = (columns.kind == INTEGER) & columns.alive
        return {
            "rows": rows.count - rows.removed,
            "cols": columns.count - columns.removed,
            "nnz": int(self.arrays().A.nnz),
            "integers": int(np.count_nonzero(integer)),
        }

    # -- models from elsewhere -----------------------------------------------

    @classmethod
    def read(cls, path: str | PathLike[str]) -> Model:
        """Read a model from a file: MPS, LP, CIP, OPB and what else ``read`` knows.

        Indicators and special ordered sets are read from CIP, LP and MPS.

        Parameters
        ----------
        path : str or PathLike
            The file, plain or gzip-compressed.

        Raises
        ------
        InstanceFormatError
            If the file cannot be read.
        UnsupportedFeatureError
            If it holds what a model cannot say.
        """
        from combkit.mip.modelling.interchange import read_model

        return read_model(path)

    @classmethod
    def from_mip(cls, problem: MIP) -> Model:
        """Return a model of a problem, its variables and rows in the same order."""
        from combkit.mip.modelling.interchange import from_mip

        return from_mip(problem)

    @classmethod
    def from_highs(cls, highs: Any) -> Model:
        """Return a model of what a ``highspy.Highs`` holds.

        Raises
        ------
        UnsupportedFeatureError
            If a variable is semi-integer.
        """
        from combkit.mip.modelling.interchange import from_highs

        return from_highs(highs)

    @classmethod
    def from_scip(cls, scip: Any) -> Model:
        """Return a model of a ``pyscipopt.Model`` that has not been presolved.

        Raises
        ------
        UnsupportedFeatureError
            If a constraint is no row, indicator or special ordered set, naming it.
        UsageError
            If SCIP has presolved it.
        """
        from combkit.mip.modelling.interchange import from_scip

        return from_scip(scip)

    @classmethod
    def from_milp(cls, c: ArrayLike, **arguments: Any) -> Model:
        """Return a model of the arguments of ``scipy.optimize.milp``."""
        from combkit.mip.modelling.interchange import from_milp

        return from_milp(c, **arguments)

    @classmethod
    def from_linprog(cls, c: ArrayLike, *positional: Any, **arguments: Any) -> Model:
        """Return a model of the arguments of ``scipy.optimize.linprog``."""
        from combkit.mip.modelling.interchange import from_linprog

        return from_linprog(c, *positional, **arguments)

    # -- variables ---------------------------------------------------------

    @property
    def variables(self) -> Variables:
        """All variables as a vector, labelled by their names where they have some."""
        return Variables(
            self, self.columns.left.astype(np.int32), (_labels(self.columns),)
        )

    @property
    def constraints(self) -> Constraints:
        """All constraints as a vector, labelled by their names where they have some."""
        return Constraints(self, self.rows.left, (_labels(self.rows),))

    def add_variables(
        self,
        shape: Any,
        *,
        lower: Any = 0.0,
        upper: Any = None,
        kind: str = "continuous",
        name: str = "",
    ) -> Any:
        """Add a block of variables.

        Parameters
        ----------
        shape : int, list, pandas Index, or tuple of these
            A length or the labels of each dimension: ``5``, ``(3, 4)``,
            ``["a", "b"]``, ``(cities, range(12))``. ``()`` is a single variable.
        lower, upper : float or array_like of the block's shape
            Bounds, 0 and infinity by default, 0 and 1 for binary variables. A
            semi-continuous variable is 0 or between its bounds.
        kind : {"continuous", "integer", "binary", "semicontinuous"}
            Type of the variables.
        name : str
            Name of the block; each variable's is made from it when asked for.

        Returns
        -------
        Variables, or Variable for the shape ``()``

        Raises
        ------
        UsageError
            If a bound is NaN or of another shape, labels repeat, or the name is
            taken.
        """
        if upper is None:
            upper = 1.0 if kind == "binary" else np.inf
        sizes, axes = as_dimensions(shape)
        low, up = data_of(lower, sizes, axes), data_of(upper, sizes, axes)
        for what, bound in (("lower", low), ("upper", up)):
            if bound.shape not in (sizes, ()):
                raise UsageError(f"{what}: shape {bound.shape} for a block of {sizes}")
        self._check_kind(kind, low, up)
        ids = self.columns.add(
            sizes, axes, np.ravel(low), np.ravel(up), _KINDS[kind], name
        )
        return Variables(self, ids, axes) if sizes else Variable(self, int(ids))

    def add_variable(self, **options: Any) -> Variable:
        """Add a single variable; options as for ``add_variables``."""
        variable: Variable = self.add_variables((), **options)
        return variable

    # -- constraints -------------------------------------------------------

    def add(self, relation: Any, name: str = "") -> Any:
        """Add constraints: what ``<=``, ``>=``, ``==`` or ``between`` returns.

        Parameters
        ----------
        relation : Relation or Relations
            A single constraint or a block.
        name : str
            Name of the constraint or the block.

        Returns
        -------
        Constraint or Constraints

        Raises
        ------
        UsageError
            If it is no constraint, is NaN somewhere, or is of another model.
        """
        if type(relation) is Relation and not name:
            if relation.model is not self:
                raise foreign()
            return Constraint(self, self.rows.add_one(relation))
        block = special.as_relations(relation)
        if block.model is not self:
            raise foreign()
        if name:
            self.rows.names.add(self.rows.count, name, block.shape, block.axes)
        terms = assemble(block.pieces, block.shape)
        ids = self.rows.add(terms, np.ravel(block.lower), np.ravel(block.upper))
        if isinstance(relation, Relations) and block.shape:
            return Constraints(self, ids.reshape(block.shape), block.axes)
        return Constraint(self, int(ids[0]))

    def add_indicator(
        self, binary: Variable | Variables, relation: Any, *, active: bool = True
    ) -> None:
        """Let constraints hold where binary variables are 1.

        Parameters
        ----------
        binary : Variable or Variables
            One for all constraints, or one each.
        relation : Relation or Relations
            The constraints.
        active : bool
            False: they hold where the variables are 0.
        """
        special.add_indicator(self, binary, relation, active)

    def add_sos1(self, variables: Variables, weights: ArrayLike | None = None) -> None:
        """Let at most one variable of a vector differ from zero.

        Parameters
        ----------
        variables : Variables
            A vector.
        weights : array_like of float, optional
            Numbers that order it; its own order without.
        """
        special.add_set(self, variables, 1, weights)

    def add_sos2(self, variables: Variables, weights: ArrayLike | None = None) -> None:
        """Let at most two neighbours of a vector differ from zero.

        Parameters
        ----------
        variables : Variables
            A vector.
        weights : array_like of float, optional
            Numbers that order it; its own order without.
        """
        special.add_set(self, variables, 2, weights)

    def add_cardinality(self, x: Any, at_most: int) -> Variables:
        """Let at most ``at_most`` elements of a block differ from zero.

        Returns
        -------
        Variables
            Binary, 0 only where the element is zero.
        """
        used: Variables = special.add_cardinality(self, x, at_most)
        return used

    def add_max(self, expressions: Any, axis: int | None = None, name: str = "") -> Any:
        """Return variables that equal the largest elements.

        Parameters
        ----------
        expressions : Expression, or list of single expressions
            What is compared.
        axis : int, optional
            Axis along which it is; all elements without.
        name : str
            Name of the result.
        """
        return special.add_maximum(self, expressions, axis, smallest=False, name=name)

    def add_min(self, expressions: Any, axis: int | None = None, name: str = "") -> Any:
        """Return variables that equal the smallest elements.

        Parameters
        ----------
        expressions : Expression, or list of single expressions
            What is compared.
        axis : int, optional
            Axis along which it is; all elements without.
        name : str
            Name of the result.
        """
        return special.add_maximum(self, expressions, axis, smallest=True, name=name)

    def add_abs(self, expression: Any, name: str = "") -> Any:
        """Return variables that equal the absolute values of a block."""
        block = as_block(expression)
        if block is None:
            raise UsageError("an absolute value needs an expression")
        both = stack([block, -block], axis=block.ndim)
        return self.add_max(both, axis=block.ndim, name=name)

    def add_piecewise(self, x: Any, xs: ArrayLike, ys: ArrayLike) -> Any:
        """Return a piecewise linear function of a block, element by element.

        Parameters
        ----------
        x : Expression, Variable or Linear
            The argument; it is held between the first and the last breakpoint.
        xs, ys : array_like of float, shape (k,)
            Breakpoints, not decreasing, and the values there. Where two
            breakpoints are equal the function may take any value between.

        Returns
        -------
        Expression
            The values of the function.
        """
        return special.add_piecewise(self, x, xs, ys)

    # -- the objective -----------------------------------------------------

    def minimize(self, expression: Any) -> None:
        """Set the objective, replacing the one before.

        Parameters
        ----------
        expression : Expression, Linear, Variable, Quadratic or float
            A single expression.
        """
        self.goal.set(self, expression, maximize=False)

    def maximize(self, expression: Any) -> None:
        """Set the objective, replacing the one before.

        Parameters
        ----------
        expression : Expression, Linear, Variable, Quadratic or float
            A single expression.
        """
        self.goal.set(self, expression, maximize=True)

    # -- editing -----------------------------------------------------------

    def change_columns(self, ids: Any, lower: Any = None, upper: Any = None) -> None:
        """Set bounds of variables by number; ``x.lower = ...`` does it by block."""
        self.columns.change(ids, lower, upper)

    def change_kind(self, ids: Any, kind: str) -> None:
        """Set the kind of variables by number; ``x.kind = ...`` does it by block."""
        self.columns.check(ids)
        self._check_kind(kind, self.columns.lower[ids], self.columns.upper[ids])
        self.columns.kind[ids] = _KINDS[kind]

    @staticmethod
    def _check_kind(kind: str, lower: Any, upper: Any) -> None:
        if kind not in _KINDS:
            raise UsageError(f"unknown kind {kind!r}{nearest(kind, _KINDS)}")
        if kind == "binary" and ((lower < 0).any() or (upper > 1).any()):
            raise UsageError("binary variables lie between 0 and 1")
        if kind == "semicontinuous" and not np.isfinite(lower).all():
            raise UsageError("semi-continuous variables need finite lower bounds")

    def change_rows(self, ids: Any, lower: Any = None, upper: Any = None) -> None:
        """Set bounds of rows by number; ``rows.upper = ...`` does it by block."""
        self.rows.change(ids, lower, upper)

    def set_coefficients(
        self,
        constraints: Constraint | Constraints,
        variables: Variable | Variables,
        values: Any,
    ) -> None:
        """Set coefficients of variables in constraints, element by element.

        Parameters
        ----------
        constraints : Constraint or Constraints
            Rows; a single one stands for all.
        variables : Variable or Variables
            Variables; a single one stands for all.
        values : float or array_like
            New coefficients, also where there was none; 0 takes one out.

        Raises
        ------
        UsageError
            If shapes differ or a value is not finite.
        """
        if constraints.model is not self or variables.model is not self:
            raise foreign()
        rows, cols = np.asarray(constraints.ids), np.asarray(variables.ids)
        numbers = np.asarray(values, dtype=np.float64)
        shapes = {a.shape for a in (rows, cols, numbers) if a.shape}
        if len(shapes) > 1:
            listed = " and ".join(map(str, sorted(shapes)))
            raise UsageError(f"shapes {listed} differ; only scalars are repeated")
        self.columns.check(cols)
        rows, cols, numbers = np.broadcast_arrays(rows, cols, numbers)
        self.rows.patch(rows.ravel(), cols.ravel(), numbers.ravel())

    def remove(self, *parts: Variable | Variables | Constraint | Constraints) -> None:
        """Take variables or constraints out.

        Parameters
        ----------
        *parts : Variable, Variables, Constraint or Constraints
            What to take out. A variable leaves the rows and the objective;
            indicators and sets that use it are an error.
        """
        for part in parts:
            if part.model is not self:
                raise foreign()
            own = isinstance(part, Variable | Variables)
            (self.columns if own else self.rows).remove(part.ids)

    # -- handing over ------------------------------------------------------

    def arrays(self) -> Arrays:
        """Return the linear part as arrays, which may be the model's own."""
        return arrays_of(
            self.columns, self.rows, self.goal.offset, self.goal.maximizing
        )

    def to_mip(self, *, native: bool = False) -> MIP:
        """Return the model as a problem.

        Parameters
        ----------
        native : bool
            Whether indicators and special ordered sets stay as they are, in an
            ``ExtendedMIP``; else they become rows, if bounds prove the constants.

        Raises
        ------
        UnsupportedFeatureError
            If a bound is missing that a bridge needs, naming the variable.
        """
        warn_of_scale(self.arrays(), self.rows.name, self.columns.name)
        return lowered(self, native=native)

    def to_highs(self) -> Any:
        """Return a ``highspy.Highs`` that holds the model, without names.

        Raises
        ------
        UnsupportedFeatureError
            As for ``to_mip``.
        """
        from combkit.mip.highs_model import build
        from combkit.mip.modelling.extended import build_quadratic

        special = self.indicators or self.sets or self.goal.hessian() is not None
        if special or (self.columns.kind == SEMICONTINUOUS).any():
            return build_quadratic(self.to_mip())
        given = self.arrays()
        warn_of_scale(given, self.rows.name, self.columns.name)
        return build(given)

    def to_scip(self) -> Any:
        """Return a ``pyscipopt.Model`` that holds the model, special parts too."""
        from combkit.mip.modelling.interchange import to_scip

        return to_scip(self)

    def to_milp(self) -> dict[str, Any]:
        """Return keyword arguments of ``scipy.optimize.milp``.

        SciPy minimises: an objective that is maximised comes negated, and the
        constant of the objective is left out.
        """
        from combkit.mip.modelling.interchange import to_milp

        return to_milp(self)

    def to_linprog(self) -> dict[str, Any]:
        """Return keyword arguments of ``scipy.optimize.linprog``; see ``to_milp``.

        Raises
        ------
        UnsupportedFeatureError
            If a variable is integral.
        """
        from combkit.mip.modelling.interchange import to_linprog

        return to_linprog(self)

    def write(self, path: str | PathLike[str]) -> None:
        """Write the model to a file; the suffix names the format.

        Parameters
        ----------
        path : str or PathLike
            Target: ``.mps``, ``.lp``, ``.cip``, ``.opb`` and what else ``write``
            knows, also with ``.gz``. Indicators, special ordered sets and products
            go to CIP, LP and MPS only, with 15 digits of each number. LP files have
            ``x(0)`` where the model has ``x[0]``: there, brackets mean products.

        Raises
        ------
        UnsupportedFeatureError
            If the format cannot express the model.
        """
        from combkit.mip.modelling.interchange import write_model

        write_model(self, path)

    # -- solving -----------------------------------------------------------

    def solve(
        self,
        solver: str = "auto",
        *,
        time_limit: float | None = None,
        gap: float | None = None,
        target: float | None = None,
        stop: Stop | None = None,
        seed: int = 0,
        threads: int = 1,
        events: Events | None = None,
        initial: Any = None,
        lazy: Callback | None = None,
        cuts: Callback | None = None,
        pool: int = 0,
        started: float | None = None,
        **params: Any,
    ) -> Result:
        """Solve the model; the values are then at its variables.

        Parameters
        ----------
        solver : str
            "highs", "scip", "cpsat" or any other solver of mips; "auto" takes
            what suits the model. With "highs" a model without special parts is
            held by one HiGHS object, which edits reach in place and which starts
            warm from its last basis.
        time_limit : float, optional
            Wall seconds, building included.
        gap : float, optional
            Relative gap at which to stop, 1e-4 by default.
        target : float, optional
            Stop at an objective at least as good.
        stop : Stop, optional
            Further criteria.
        seed : int
            Seed.
        threads : int
            Threads that the solver may use.
        events : Events, optional
            Listener for incumbents and bounds, and a way to stop.
        initial : mapping, Point, Values, array_like or path, optional
            Where to start: values by variables, ``{x: [1, 0], y: 3}``; a point of
            a pool; one value a variable, NaN where open; a ``.sol`` or ``.mst``
            file. What is not given stays open.
        lazy : callable, optional
            ``lazy(point) -> constraints``: those that belong to the model but are
            only stated where ``point.value(x)`` violates them (SCIP).
        cuts : callable, optional
            As ``lazy``, for constraints that every solution satisfies anyway.
        pool : int
            How many improving solutions ``model.pool`` keeps.
        started : float, optional
            Reading of ``time.perf_counter()`` from which the clock counts.
        **params
            Options of the solver, such as ``log="run.log"``, and its own
            parameters by their names.

        Returns
        -------
        Result
            Its solution holds the variables in order, checked.

        Raises
        ------
        UnsupportedFeatureError
            If the solver cannot take the model, before anything is built.
        UsageError
            If the solver or an option does not exist.
        """
        from combkit.mip.modelling.solving import solve_model

        return solve_model(
            self,
            solver,
            time_limit=time_limit,
            gap=gap,
            target=target,
            stop=stop,
            seed=seed,
            threads=threads,
            events=events,
            initial=initial,
            lazy=lazy,
            cuts=cuts,
            pool=pool,
            started=started,
            params=params,
        )

    def solve_hierarchy(
        self,
        objectives: Sequence[Objective],
        solver: str = "auto",
        *,
        time_limit: float | None = None,
        initial: Any = None,
        **options: Any,
    ) -> list[Result]:
        """Solve for several objectives, one after the other.

        Each one is optimised over what is left by those before it, which may lose
        no more than their slack. The model's own objective and rows are as before
        afterwards; the values at its variables are those of the last solve.

        Parameters
        ----------
        objectives : sequence of Objective
            The most important one first.
        solver : str
            As for ``solve``.
        time_limit : float, optional
            Wall seconds for all objectives together.
        initial : optional
            Where the first solve starts; each later one starts from its answer.
        **options
            Further options of ``solve``.

        Returns
        -------
        list of Result
            One an objective; fewer if one of them is not solved at all.

        Raises
        ------
        UnsupportedFeatureError
            If an objective before the last one is quadratic.
        UsageError
            If an objective is none.
        """
        from combkit.mip.modelling.hierarchy import solve_hierarchy

        return solve_hierarchy(
            self,
            objectives,
            solver,
            time_limit=time_limit,
            initial=initial,
            options=options,
        )

    def explain_infeasibility(self, *, time_limit: float | None = None) -> Conflict:
        """Return bounds and rows that exclude each other, none of them needlessly.

        Parameters
        ----------
        time_limit : float, optional
            Wall seconds; what is left then still excludes each other.

        Raises
        ------
        UsageError
            If the model is feasible, or that was not found out in time.
        """
        from combkit.mip.modelling.infeasible import explain

        return explain(self, time_limit)

    def relax_infeasibility(
        self,
        *,
        rows: float | None = 1.0,
        bounds: float | None = None,
        time_limit: float | None = None,
        threads: int = 1,
    ) -> Relaxation:
        """Return the least change of bounds that gives the model a solution.

        Parameters
        ----------
        rows, bounds : float or None
            What a unit of violation costs; None: it is not allowed.
        time_limit : float, optional
            Wall seconds.
        threads : int
            Threads that the solver, HiGHS, may use.

        Raises
        ------
        UsageError
            If no such change helps, or none was found in time.
        """
        from combkit.mip.modelling.infeasible import relax

        return relax(
            self, rows=rows, bounds=bounds, time_limit=time_limit, threads=threads
        )

    @property
    def has_integers(self) -> bool:
        """Whether a variable is integral or semi-continuous."""
        columns = self.columns
        return bool(((columns.kind != CONTINUOUS) & columns.alive).any())

    def connect(self) -> LiveHighs:
        """Return the HiGHS object that holds the model, made when first needed."""
        from combkit.mip.modelling.live import LiveHighs

        if self._live is None:
            self._live = LiveHighs(self)
        return self._live

    def disconnect(self) -> None:
        """Let go of the HiGHS object; the next solve makes a new one."""
        self._live = None

    def reset(self) -> None:
        """Forget the last answer."""
        self._answer = None

    def keep(self, answer: Answer) -> None:
        """Take an answer as the last one."""
        self._answer = answer

    @property
    def pool(self) -> tuple[Point, ...]:
        """Improving solutions of the last solve, the best first."""
        return self.answer.pool

    @property
    def basis(self) -> Basis:
        """The simplex basis after a linear program was solved by highs.

        Assigning one lets the next solve start from it.
        """
        if self._live is None:
            raise UsageError("there is no basis: no linear program was solved")
        return self._live.basis()

    @basis.setter
    def basis(self, basis: Basis) -> None:
        self.connect().set_basis(basis)

    def sensitivity(self) -> Sensitivity:
        """Return the ranges in which the optimal basis stays optimal (highs).

        Raises
        ------
        UsageError
            If no linear program was solved to optimality last.
        """
        if self._live is None or self.answer.duals is None:
            raise UsageError("there are no ranges: no linear program was solved")
        return self._live.sensitivity()

    @property
    def answer(self) -> Answer:
        """What is known of the last solution.

        Raises
        ------
        UsageError
            If the model has not been solved.
        """
        if self._answer is None:
            raise UsageError("the model has not been solved")
        return self._answer


def _labels(part: Columns | Rows) -> Labels | None:
    names = part.all_names()
    return None if names is None else Labels(names)
