"""From a model to a result: which solver, by which way, from where."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import (
    InvalidSolutionError,
    UnsupportedFeatureError,
    UsageError,
)
from combkit.instances.events import Events
from combkit.instances.formats import mip_solution, read_solution
from combkit.instances.mip import MIP
from combkit.instances.result import Result, Status
from combkit.instances.run import Outcome, Run, execute, validate_common
from combkit.instances.solutions import Values
from combkit.instances.source import Source
from combkit.instances.stop import (
    AnyOf,
    MaxRuntime,
    RelativeGap,
    Stop,
    TargetObjective,
)
from combkit.mip.modelling.answer import Answer, Point
from combkit.mip.modelling.extended import (
    ExtendedMIP,
    build_quadratic,
    is_convex,
)
from combkit.mip.modelling.lowering import unbridgeable
from combkit.mip.modelling.store import SEMICONTINUOUS

if TYPE_CHECKING:
    from combkit.mip.modelling.model import Model
    from combkit.mip.modelling.native_scip import Callback

__all__ = ["solve_model"]

Floats = NDArray[np.float64]

#: Where solvers of all kinds are known by name; above this floor.
_FRONT = "combkit.comb.solve"


class _Pool(Events):
    """Keeps solutions on their way to the caller's own listener."""

    def __init__(self, size: int, inner: Events | None) -> None:
        self.found: list[tuple[Floats, float]] = []
        self._size = size
        self._inner = Events() if inner is None else inner

    def on_incumbent(
        self, solution: Any, objective: float, time: float, source: str
    ) -> None:
        self.found.append((solution.values, objective))
        del self.found[: -self._size]
        self._inner.on_incumbent(solution, objective, time, source)

    def on_bound(self, bound: float, time: float) -> None:
        self._inner.on_bound(bound, time)

    def should_stop(self) -> bool:
        return self._inner.should_stop()


def solve_model(
    model: Model,
    solver: str,
    *,
    time_limit: float | None,
    gap: float | None,
    target: float | None,
    stop: Stop | None,
    seed: int,
    threads: int,
    events: Events | None,
    initial: Any,
    lazy: Callback | None,
    cuts: Callback | None,
    pool: int,
    started: float | None,
    params: Mapping[str, Any],
) -> Result:
    """Solve a model and keep the answer in it; see ``Model.solve``.

    Parameters
    ----------
    model : Model
        The model.
    solver : str
        Name of a solver, or "auto".
    time_limit, gap, target, stop, seed, threads, events, initial, lazy, cuts, pool
        As for ``Model.solve``.
    started : float or None
        Reading of ``time.perf_counter()`` from which the clock counts.
    params : mapping
        Options of the solver.
    """
    begin = time.perf_counter() if started is None else started
    validate_common(seed, threads)
    model.reset()
    way = _way(model, solver, bool(lazy or cuts))
    problem = model.to_mip(native=way == "scip")
    start = _start(model, problem, initial)
    watch = _Pool(pool, events) if pool else events
    criteria: list[Stop] = [RelativeGap(problem.optimality_gap if gap is None else gap)]
    if time_limit is not None:
        criteria.append(MaxRuntime(time_limit))
    if target is not None:
        criteria.append(TargetObjective(target))
    if stop is not None:
        criteria.append(stop)
    run = Run(
        problem,
        stop=AnyOf(tuple(criteria)),
        seed=seed,
        threads=threads,
        events=watch,
        initial=start,
        start=begin,
    )
    live = False
    if way == "highs":
        live = _is_plain(model)
        solve: Callable[..., Outcome] = _highs_way(model, problem, live)
        packages: tuple[str, ...] = ("highspy",)
    elif way == "scip":
        solve = partial(_by_scip, model, lazy, cuts)
        packages = ("pyscipopt",)
    else:
        return _by_name(model, problem, run, solver, params, pool, watch)
    try:
        result = execute(solve, run, solver=way, params=params, packages=packages)
    except BaseException:
        model.disconnect()
        raise
    known = model.connect().duals() if live else None
    if run.reason is not None and result.raw_status == "abandoned":
        model.disconnect()
    return _concluded(model, result, watch if pool else None, known)


# -- choosing ------------------------------------------------------------------


def _way(model: Model, solver: str, callbacks: bool) -> str:
    """Return "highs", "scip" or "name", after checking what the solver can."""
    special = bool(model.indicators or model.sets)
    hessian = model.goal.hessian()
    integers = bool(model.has_integers)
    convex = hessian is None or is_convex(hessian, model.goal.maximizing)
    if callbacks and solver not in ("auto", "scip"):
        raise UnsupportedFeatureError(
            f"solver {solver!r} takes no lazy constraints and no cuts: use 'scip'"
        )
    if solver == "auto":
        if callbacks or (hessian is not None and (integers or special or not convex)):
            return "scip"
        if unbridgeable(model) is not None:
            return "scip"
        return "name" if integers or special else "highs"
    if solver == "scip":
        return "scip"
    if hessian is not None:
        if solver != "highs":
            raise UnsupportedFeatureError(
                f"solver {solver!r} takes no quadratic objective: use 'highs' or 'scip'"
            )
        if integers or special:
            raise UnsupportedFeatureError(
                "solver 'highs' takes a quadratic objective only without integer "
                "variables, indicators and sets: use 'scip'"
            )
        if not convex:
            raise UnsupportedFeatureError(
                "solver 'highs': the quadratic objective is not convex: use 'scip'"
            )
    return "highs" if solver == "highs" else "name"


def _is_plain(model: Model) -> bool:
    """Whether HiGHS can hold the model itself: bridges add columns and rows."""
    semicontinuous = (model.columns.kind == SEMICONTINUOUS).any()
    special = model.indicators or model.sets or semicontinuous
    return not special and model.goal.hessian() is None


def _highs_way(model: Model, problem: MIP, live: bool) -> Callable[..., Outcome]:
    if live:
        return model.connect().solve
    if isinstance(problem, ExtendedMIP):
        return _quadratic_by_highs
    from combkit.mip.highs import solve

    return solve


def _quadratic_by_highs(problem: ExtendedMIP, run: Run, **options: Any) -> Outcome:
    from combkit.mip.contract import settled
    from combkit.mip.highs import solve_built

    if (outcome := settled(problem, run)) is not None:
        return outcome
    return solve_built(build_quadratic(problem), problem, run, **options)


def _by_scip(
    model: Model,
    lazy: Callback | None,
    cuts: Callback | None,
    problem: MIP,
    run: Run,
    **options: Any,
) -> Outcome:
    from combkit.mip import scip as adapter
    from combkit.mip.contract import settled
    from combkit.mip.modelling.native_scip import (
        add_callbacks,
        extend,
        violated_rows,
    )
    from combkit.mip.polish import polish
    from combkit.mip.scip_model import build

    if not lazy and not cuts and not isinstance(problem, ExtendedMIP):
        return adapter.solve(problem, run, **options)
    if (outcome := settled(problem, run)) is not None:
        return outcome
    complete = isinstance(run.initial, Values) and bool(
        np.isfinite(run.initial.values).all()
    )
    if lazy and complete and any(violated_rows(model, lazy, run.initial.values)):  # type: ignore[union-attr]
        raise InvalidSolutionError(["the start violates a lazy constraint"])
    scip = build(problem)
    extend(scip, problem)
    errors = add_callbacks(scip, model, lazy, cuts)
    outcome = adapter.solve_built(scip, problem, run, **options)
    if errors:
        raise errors[0]
    if not lazy and not isinstance(problem, ExtendedMIP):
        polish(problem, run, "scip")
    return outcome


def _by_name(
    model: Model,
    problem: MIP,
    run: Run,
    solver: str,
    params: Mapping[str, Any],
    pool: int,
    watch: Events | None,
) -> Result:
    """Go through the front door, where every solver is known by name."""
    solve = import_module(_FRONT).solve
    result: Result = solve(
        problem,
        solver,
        stop=run.stop,
        gap=run.limits.gap,
        seed=run.seed,
        threads=run.threads,
        events=watch,
        initial=run.initial,
        time_limit=run.limits.time if np.isfinite(run.limits.time) else None,
        started=run.start,
        **params,
    )
    return _concluded(model, result, watch if pool else None)


# -- starts and answers ----------------------------------------------------------


def _start(model: Model, problem: MIP, initial: Any) -> Values | None:
    """Return a start in the order of the problem's columns, NaN where open."""
    if initial is None:
        return None
    ids = np.flatnonzero(model.columns.alive)
    if isinstance(initial, str | os.PathLike):
        source = Source(initial)
        if source.suffix == "mst":
            # What a MIP start does not list is open, not zero.
            return mip_solution.read(source, problem, missing=np.nan)
        solution: Any = read_solution(initial, problem)
        return problem.values_of(solution, missing=np.nan)
    if isinstance(initial, Values) and initial.names is not None:
        return problem.values_of(initial, missing=np.nan)
    by_number = np.full(model.columns.count, np.nan)
    if isinstance(initial, Point):
        by_number[: initial.values.size] = initial.values
    elif isinstance(initial, Mapping):
        for block, values in initial.items():
            if getattr(block, "model", None) is not model or not hasattr(block, "ids"):
                raise UsageError("initial: keys are variables of the model")
            shape, given = np.shape(block.ids), np.asarray(values, dtype=np.float64)
            if given.shape not in (shape, ()):
                raise UsageError(f"initial: shape {given.shape} for a block of {shape}")
            by_number[block.ids] = given
    else:
        x = np.asarray(getattr(initial, "values", initial), dtype=np.float64)
        if x.shape != ids.shape:
            raise InvalidSolutionError([f"{x.size} values where {ids.size} are needed"])
        by_number[ids] = x
    full = np.full(problem.n, np.nan)
    full[: ids.size] = by_number[ids]
    return Values(full, problem.col_names)


def _concluded(
    model: Model,
    result: Result,
    pool: Events | None,
    known: tuple[Floats, Floats] | None = None,
) -> Result:
    """Keep the answer in the model; cut what bridges added from the solution."""
    ids = np.flatnonzero(model.columns.alive)

    def by_number(values: Floats) -> Floats:
        vector = np.full(model.columns.count, np.nan)
        vector[ids] = values[: ids.size]
        return vector

    values, duals, reduced = None, None, None
    if result.solution is not None:
        solution = result.solution
        names = None if solution.names is None else solution.names[: ids.size]
        kept = Values(solution.values[: ids.size], names)
        result = dataclasses.replace(result, solution=kept)
        values = by_number(kept.values)
        if result.status is Status.OPTIMAL and known is not None:
            duals, reduced = known
    points: tuple[Point, ...] = ()
    if isinstance(pool, _Pool):
        points = tuple(
            Point(model, by_number(x), objective)
            for x, objective in reversed(pool.found)
        )
    model.keep(Answer(model, values, duals, reduced, points))
    return result
