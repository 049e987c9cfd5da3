"""The one ``solve`` and ``solve_many`` of the suite."""

from __future__ import annotations

import inspect
import math
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from typing import Any, Literal, Union

from combkit.comb import policy
from combkit.comb.registry import find
from combkit.instances.errors import UnsupportedFeatureError, UsageError, nearest
from combkit.instances.events import Events
from combkit.instances.formats import read
from combkit.instances.problem import Problem
from combkit.instances.result import Result
from combkit.instances.run import Outcome, Run, execute, validate_common
from combkit.instances.seeds import spawn
from combkit.instances.solutions import Solution
from combkit.instances.stop import AnyOf, MaxRuntime, RelativeGap, Stop, TargetObjective
from combkit.mip import modelling, robust

__all__ = ["solve", "solve_many"]

#: What may be solved: a problem, a path to one, or a model that becomes one.
Instance = Union[Problem, "modelling.Model", str, os.PathLike[str]]


def solve(
    problem: Instance,
    solver: str = "auto",
    *,
    time_limit: float | None = None,
    gap: float | None = None,
    target: float | None = None,
    stop: Stop | None = None,
    seed: int = 0,
    threads: int = 1,
    events: Events | None = None,
    initial: Solution | None = None,
    started: float | None = None,
    **params: Any,
) -> Result:
    """Solve a problem.

    Parameters
    ----------
    problem : Problem, Model, str or PathLike
        The problem, the path of an instance file, or an algebraic model, which
        keeps the answer as ``Model.solve`` does.
    solver : str
        Name of a solver of this kind; ``"auto"`` chooses.
    time_limit : float, optional
        Wall seconds, counted from this call: reading, model building and
        loading compiled kernels included.
    gap : float, optional
        Relative gap at which to stop; 1e-4 for mip and 0 elsewhere by default.
    target : float, optional
        Stop at an objective at least as good.
    stop : Stop, optional
        Further criteria, combined with the ones above.
    seed : int
        Seed; the same seed, one thread and an iteration limit give the same
        result on the same machine.
    threads : int
        Threads that the solver may use.
    events : Events, optional
        Listener for incumbents and bounds, and a way to stop.
    initial : Solution, optional
        Where to start from; must be feasible where the kind is exact, unless the
        solver mends it (``SolverInfo.mends``). Of two-stage problems the first stage
        counts, and its worst scenario is looked for.
    started : float, optional
        Reading of ``time.perf_counter()`` from which the run's clock counts;
        this call by default. The command line passes the start of its process.
    **params
        Options of the solver.

    Returns
    -------
    Result
        With a solution that the problem itself has checked.

    Raises
    ------
    InstanceFormatError
        If the file cannot be read.
    UsageError
        If the solver or one of its options does not exist.
    UnsupportedFeatureError
        If the solver cannot take this problem.
    InvalidSolutionError
        If ``initial`` is infeasible.
    """
    if started is None:
        started = time.perf_counter()
    validate_common(seed, threads)
    if isinstance(problem, Problem):
        given = problem
    # To ask for a model loads scipy: last.
    elif isinstance(problem, str | os.PathLike) or not isinstance(
        problem, modelling.Model
    ):
        given = read(problem)
    else:
        return problem.solve(
            solver,
            time_limit=time_limit,
            gap=gap,
            target=target,
            stop=stop,
            seed=seed,
            threads=threads,
            events=events,
            initial=initial,
            started=started,
            **params,
        )
    posed: Problem
    posed, params = given.adapted(params)
    function, packages, mends = _resolve(
        posed, solver, params, math.inf if time_limit is None else time_limit
    )
    criteria = [RelativeGap(posed.optimality_gap if gap is None else gap)]
    run = Run(
        posed,
        stop=_combine(criteria, time_limit, target, stop),
        seed=seed,
        threads=threads,
        events=events,
        initial=None if initial is None else robust.as_start(posed, initial),
        start=started,
    )
    return execute(
        function, run, solver=solver, params=params, packages=packages, mends=mends
    )


def solve_many(
    problems: Iterable[Instance],
    solver: str = "auto",
    *,
    workers: int | None = None,
    executor: Literal["processes", "threads"] = "processes",
    seed: int = 0,
    initial: Sequence[Solution | None] | None = None,
    **options: Any,
) -> list[Result]:
    """Solve many problems side by side; the order of the answers is theirs.

    A solver with a ``solve_batch(problems, **options) -> list of Result``
    of its own, and that alone, gets all of them in one call.

    Parameters
    ----------
    problems : iterable of Problem or path
        What to solve.
    solver : str
        As for ``solve``.
    workers : int, optional
        Processes or threads; the number of processors by default.
    executor : {"processes", "threads"}
        Threads start faster and suit compiled kernels, which release the GIL.
        Processes start as fresh interpreters, so a script that uses them needs
        the usual ``if __name__ == "__main__":`` guard.
    seed : int
        Problem k gets the k-th seed spawned from it.
    initial : sequence of Solution or None, optional
        A start for each problem.
    **options
        Anything else that ``solve`` takes; limits count for each problem.
        ``events`` can be shared by threads, not by processes.

    Returns
    -------
    list of Result
        One a problem, in order.
    """
    if executor not in ("processes", "threads"):
        raise UsageError(f"executor: {executor!r} is neither processes nor threads")
    todo = list(problems)
    starts = [None] * len(todo) if initial is None else list(initial)
    if len(starts) != len(todo):
        raise UsageError(f"initial: {len(starts)} solutions for {len(todo)} problems")
    jobs = [
        (problem, solver, {**options, "seed": one, "initial": first})
        for problem, one, first in zip(
            todo, spawn(seed, len(todo)), starts, strict=True
        )
    ]
    batch = _batch_method(todo, solver)
    if batch is not None:
        return batch(todo, seed=seed, initial=starts, workers=workers, **options)
    workers = min(workers or os.cpu_count() or 1, max(1, len(jobs)))
    if workers == 1:
        return [_solve_job(job) for job in jobs]
    pool: Executor
    if executor == "threads":
        pool = ThreadPoolExecutor(workers)
    else:
        # Never fork: native solvers and compiled kernels hold threads and locks.
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(workers, mp_context=context)
    with pool:
        try:
            return list(pool.map(_solve_job, jobs))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _solve_job(job: tuple[Instance, str, dict[str, Any]]) -> Result:
    problem, solver, options = job
    return solve(problem, solver, **options)


def _batch_method(
    todo: Sequence[Instance], solver: str
) -> Callable[..., list[Result]] | None:
    """Return the solver's own batch method, if it has one for all of these."""
    kinds = {p.kind if isinstance(p, Problem) else None for p in todo}
    if solver == "auto" or len(kinds) != 1 or None in kinds:
        return None
    (kind,) = kinds
    function = find(solver, str(kind)).load()
    batch: Callable[..., list[Result]] | None = getattr(
        inspect.getmodule(function), "solve_batch", None
    )
    return batch


def _resolve(
    problem: Problem, solver: str, params: Mapping[str, Any], seconds: float
) -> tuple[Callable[..., Outcome], tuple[str, ...], bool]:
    """Return the solver's function and packages, and whether it mends starts.

    Its options are checked by name.
    """
    if solver == "auto":
        plan = policy.choose(problem, seconds)
        function: Callable[..., Outcome] = partial(policy.follow, plan)
        packages = tuple(name for row in plan[1] for name in row.packages)
        mends = any(row.mends for row in plan[1])
    else:
        row = find(solver, problem.kind)
        if (reason := row.unsupported(problem)) is not None:
            raise UnsupportedFeatureError(f"solver {solver!r}: {reason}")
        function, packages, mends = row.load(), row.packages, row.mends
    _check_params(function, solver, params)
    return function, packages, mends


def _check_params(
    function: Callable[..., Outcome], solver: str, params: Mapping[str, Any]
) -> None:
    accepted = inspect.signature(function).parameters
    if any(p.kind is p.VAR_KEYWORD for p in accepted.values()):
        return
    known = [n for n, p in accepted.items() if p.kind is p.KEYWORD_ONLY]
    for name in params:
        if name not in known:
            raise UsageError(
                f"solver {solver!r} has no option {name!r}{nearest(name, known)} "
                f"(options: {', '.join(known) or 'none'})"
            )


def _combine(
    criteria: Sequence[Stop],
    time_limit: float | None,
    target: float | None,
    stop: Stop | None,
) -> Stop:
    combined: Stop = AnyOf(tuple(criteria))
    if time_limit is not None:
        combined |= MaxRuntime(time_limit)
    if target is not None:
        combined |= TargetObjective(target)
    return combined if stop is None else combined | stop
