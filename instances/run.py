"""The contract between ``solve`` and a solver.

A solver is a function ``solve(problem, run, **params) -> Outcome``. It reports
what it finds to the ``Run`` (checked, recorded and announced there), asks it
when to stop, and says at the end what it has proven. Whatever ends it early,
the incumbent is already safe in the run.
"""

from __future__ import annotations

import contextlib
import math
import platform
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from types import FrameType
from typing import Any, TypeVar

from combkit.instances.errors import (
    CombkitWarning,
    InvalidSolutionError,
    SolverError,
    UsageError,
)
from combkit.instances.events import Events
from combkit.instances.problem import Problem
from combkit.instances.result import Result, Status, TracePoint
from combkit.instances.solutions import Solution
from combkit.instances.stop import (
    AnyOf,
    Limits,
    Progress,
    Reason,
    Stop,
    relative_gap,
)

__all__ = ["Abandoned", "Outcome", "Run", "ViolationWarning", "execute"]

T = TypeVar("T")

#: Seconds between two looks at the clock while a native call runs.
_POLL = 0.02
#: Seconds that a native call gets to return after it was asked to stop.
_GRACE = 0.5
#: Relative difference of objective and bound that floating point explains.
_ROUNDING = 1e-9


class ViolationWarning(CombkitWarning):
    """A mip solution violates its problem by more than the tolerance."""


class Abandoned(Exception):
    """A native call did not return in time and was left behind."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a solver says at its end.

    Parameters
    ----------
    status : Status or None
        What was proven (``OPTIMAL``, ``INFEASIBLE``, ``UNBOUNDED``, ...); None
        when nothing was: then the run is feasible or without a solution, or optimal
        if objective and bound are close enough, which ``FEASIBLE`` rules out.
    reason : Reason or None
        Why it ended; None takes the run's own reason, or ``COMPLETED``.
    raw_status : str
        The solver's own word.
    extra : mapping
        JSON-able facts of the solver (nodes, restarts, ...).
    """

    status: Status | None = None
    reason: Reason | None = None
    raw_status: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


class Run:
    """A run of one solver on one problem: clock, limits, incumbent, trace.

    Parameters
    ----------
    problem : Problem
        What is solved.
    stop : Stop
        When to end.
    seed : int
        Seed of the run.
    threads : int
        Threads that the solver may use.
    events : Events
        Listener.
    initial : Solution or None
        Where to start from.
    start : float
        ``time.perf_counter()`` at the call of ``solve``.
    """

    def __init__(
        self,
        problem: Problem,
        *,
        stop: Stop | None = None,
        seed: int = 0,
        threads: int = 1,
        events: Events | None = None,
        initial: Solution | None = None,
        start: float | None = None,
    ) -> None:
        self.problem = problem
        self.stop: Stop = AnyOf() if stop is None else stop
        self.seed = seed
        self.threads = threads
        self.events = Events() if events is None else events
        self.initial = initial
        self.start = time.perf_counter() if start is None else start
        self.limits: Limits = self.stop.limits()
        self.iterations = 0
        self.solution: Any = None
        self.objective: float | None = None
        self.bound: float | None = None
        self.improved_at = math.nan
        self.trace: list[TracePoint] = []
        self.reason: Reason | None = None
        self.abandoned = False
        self._stage_end = math.inf
        self._lock = threading.RLock()

    # -- the clock ---------------------------------------------------------

    @property
    def elapsed(self) -> float:
        """Seconds since ``solve`` was called."""
        return time.perf_counter() - self.start

    @property
    def remaining(self) -> float:
        """Seconds left of the limit or stage; infinite without, never negative."""
        return max(0.0, min(self.limits.time, self._stage_end) - self.elapsed)

    @contextlib.contextmanager
    def stage(self, seconds: float) -> Iterator[None]:
        """Give what runs inside a part of the time; afterwards the run goes on."""
        self._stage_end = self.elapsed + seconds
        try:
            yield
        finally:
            self._stage_end = math.inf
            # What a call that was left behind still finds is as good as any,
            # and the next solver must not think that it was left behind itself.
            self.abandoned = False

    def should_stop(self, iterations: int | None = None) -> bool:
        """Whether to end now; once True it stays True, within a stage at least.

        Parameters
        ----------
        iterations : int, optional
            Iterations done so far, kept for the result.
        """
        if iterations is not None:
            self.iterations = iterations
        if self.reason is None:
            if self.events.should_stop():
                self.interrupt()
            reason = self.stop(
                Progress(
                    self.elapsed,
                    self.iterations,
                    self.objective,
                    self.bound,
                    0.0 if math.isnan(self.improved_at) else self.improved_at,
                    self.problem.sense,
                )
            )
            # A signal may have come in the meantime: it must not be forgotten.
            if self.reason is None and reason is not None:
                self.reason = reason
        return self.reason is not None or self.elapsed >= self._stage_end

    def interrupt(self) -> None:
        """Ask the run to end with what it has (signals do)."""
        if self.reason is None:
            self.reason = Reason.INTERRUPTED

    # -- what is found -----------------------------------------------------

    def report(self, solution: Any, source: str) -> bool:
        """Take a solution: check it, and keep it if it is the best so far.

        Parameters
        ----------
        solution : Solution
            Any solution of the problem.
        source : str
            Who found it.

        Returns
        -------
        bool
            Whether it became the incumbent.

        Raises
        ------
        InvalidSolutionError
            If the problem is exact and the solution violates it: a bug of the
            solver, never hidden.
        """
        objective = self.problem.evaluate(solution)
        with self._lock:
            if self.objective is not None and not self.problem.better(
                objective, self.objective
            ):
                return False
            if self.problem.exact and (violations := self.problem.check(solution)):
                raise InvalidSolutionError(
                    [f"solver {source!r} returned an infeasible solution", *violations]
                )
            self._adopt(solution, objective, source)
        return True

    def replace(self, solution: Any, source: str) -> None:
        """Put a repaired form in the place of the incumbent, better or not."""
        with self._lock:
            self._adopt(solution, self.problem.evaluate(solution), source)

    def _adopt(self, solution: Any, objective: float, source: str) -> None:
        now = self.elapsed
        self.solution, self.objective, self.improved_at = solution, objective, now
        self.trace.append(TracePoint(now, objective, self.bound, source))
        self.events.on_incumbent(solution, objective, now, source)

    def report_bound(self, bound: float, source: str) -> bool:
        """Take a proven bound; keep it if it is finite and tighter."""
        with self._lock:
            # A tighter bound is worse as an objective would be.
            if not math.isfinite(bound) or (
                self.bound is not None and not self.problem.better(self.bound, bound)
            ):
                return False
            now = self.elapsed
            self.bound = bound
            self.trace.append(TracePoint(now, self.objective, bound, source))
            self.events.on_bound(bound, now)
        return True

    # -- native calls ------------------------------------------------------

    def supervise(
        self, call: Callable[[], T], interrupt: Callable[[], None] | None = None
    ) -> T:
        """Run a blocking native call; ask it to end when the run must.

        The call runs in a thread of its own, so that signals and deadlines are
        served even when the native code never returns to Python.

        Parameters
        ----------
        call : callable
            The native call; it must release the GIL.
        interrupt : callable, optional
            Asks the call to end soon; called again until it does.

        Raises
        ------
        Abandoned
            If it did not end in time; its thread is left behind.
        """
        done = threading.Event()
        box: dict[str, Any] = {}

        def target() -> None:
            try:
                box["value"] = call()
            except BaseException as error:
                box["error"] = error
            finally:
                done.set()

        threading.Thread(target=target, name="combkit-native", daemon=True).start()
        deadline = math.inf
        while not done.wait(min(_POLL, max(self.remaining, 0.001))):
            if self.should_stop():
                if interrupt is not None:
                    interrupt()
                now = time.perf_counter()
                deadline = min(deadline, now + _GRACE)
                if now >= deadline:
                    self.abandoned = True
                    raise Abandoned
        if "error" in box:
            raise box["error"]
        value: T = box["value"]
        return value


SolveFunction = Callable[..., Outcome]


def execute(
    solve: SolveFunction,
    run: Run,
    *,
    solver: str,
    params: Mapping[str, Any] | None = None,
    packages: tuple[str, ...] = (),
    mends: bool = False,
) -> Result:
    """Run a solver function under the full contract and return its result.

    Parameters
    ----------
    solve : callable
        ``solve(problem, run, **params) -> Outcome``.
    run : Run
        The fresh run.
    solver : str
        Name for the result.
    params : mapping, optional
        Options of the solver.
    packages : tuple of str
        Distributions whose versions go into the result.
    mends : bool
        Whether the solver takes an initial solution that is infeasible.
    """
    problem = run.problem
    params = dict(params or {})
    outcome = Outcome()
    with _signals(run):
        if run.initial is not None and problem.exact:
            faults = problem.check(run.initial)
            if faults and not mends:
                raise unusable_start(faults)
            if not faults:
                run.report(run.initial, "initial")
        try:
            if not run.should_stop() or run.reason is Reason.TIME:
                outcome = solve(problem, run, **params)
        except Abandoned:
            outcome = Outcome(raw_status="abandoned")
        except KeyboardInterrupt:
            run.interrupt()
        except MemoryError:
            outcome = Outcome(Status.ERROR, Reason.MEMORY, "out of memory")
        # From here on nobody may report any more.
        run.abandoned = True
    return _conclude(run, outcome, solver, params, packages)


def unusable_start(faults: Sequence[str]) -> InvalidSolutionError:
    """Return the error that says what is wrong with a solution to start from.

    Parameters
    ----------
    faults : sequence of str
        What it violates, at least one.
    """
    first, *rest = faults
    return InvalidSolutionError([f"initial solution: {first}", *rest])


def _conclude(
    run: Run,
    outcome: Outcome,
    solver: str,
    params: Mapping[str, Any],
    packages: tuple[str, ...],
) -> Result:
    problem = run.problem
    status = _status(run, outcome, solver)
    violation = 0.0
    if (
        run.solution is not None
        and not problem.exact
        and (violations := problem.check(run.solution))
    ):
        violation = problem.violation(run.solution)  # type: ignore[attr-defined]
        warnings.warn(
            f"{solver}: the solution violates the problem by {violation:.3g} "
            f"({violations[0]})",
            ViolationWarning,
            stacklevel=4,
        )
        if status is Status.OPTIMAL:
            status = Status.FEASIBLE
    reason = outcome.reason or run.reason or Reason.COMPLETED
    # What a solver calls optimal may be so within a wider gap that was asked for.
    claimed = Status.OPTIMAL in (status, outcome.status)
    if claimed and outcome.reason is None:
        reason = Reason.GAP
    return Result(
        kind=problem.kind,
        instance=problem.name,
        solver=solver,
        status=status,
        reason=reason,
        solution=run.solution,
        objective=run.objective,
        bound=run.bound,
        runtime=run.elapsed,
        time_to_best=run.improved_at,
        iterations=run.iterations,
        trace=tuple(run.trace),
        seed=run.seed,
        threads=run.threads,
        params=params,
        versions=_versions(("combkit", "numpy", *packages)),
        raw_status=outcome.raw_status,
        max_violation=violation,
        extra={**problem.remarks(run.solution), **outcome.extra},
    )


def _status(run: Run, outcome: Outcome, solver: str) -> Status:
    """Return what is known at the end, refusing claims that contradict the run."""
    problem, status, found = run.problem, outcome.status, run.solution is not None
    if status in (Status.OPTIMAL, Status.FEASIBLE) and not found:
        raise SolverError(
            f"{solver} claims {status} without a solution", outcome.raw_status
        )
    if not found:
        return Status.NO_SOLUTION if status is None else status
    if status is Status.INFEASIBLE:
        raise SolverError(
            f"{solver} claims infeasible despite a solution", outcome.raw_status
        )
    # A solver may know that the gap proves nothing.
    if status in (Status.UNBOUNDED, Status.FEASIBLE):
        return status
    if status is Status.OPTIMAL and run.bound is None:
        run.report_bound(run.objective or 0.0, solver)
    if status is Status.OPTIMAL and _only_rounding(run.objective, run.bound):
        # Near zero, rounding alone makes a relative gap of any size.
        run.bound = run.objective
    gap = relative_gap(run.objective, run.bound)
    if (
        problem.exact
        and gap > _ROUNDING
        and run.bound is not None
        and problem.better(run.objective or 0.0, run.bound)
    ):
        raise SolverError(
            f"{solver} claims the bound {run.bound} despite a solution of "
            f"{run.objective}",
            outcome.raw_status,
        )
    limit = run.limits.gap
    wanted = problem.optimality_gap
    proven = gap <= (wanted if limit is None else min(wanted, limit)) + _ROUNDING
    return Status.OPTIMAL if proven else Status.FEASIBLE


def _versions(packages: tuple[str, ...]) -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in packages:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[package] = _version(package)
    return found


def _only_rounding(objective: float | None, bound: float | None) -> bool:
    if objective is None or bound is None:
        return False
    return abs(objective - bound) <= _ROUNDING * max(1.0, abs(objective))


@cache
def _version(package: str) -> str:
    """Return a distribution's version; finding it takes milliseconds."""
    return metadata.version(package)


@contextlib.contextmanager
def _signals(run: Run) -> Iterator[None]:
    """Turn the first Ctrl-C or SIGTERM into a stop; a second Ctrl-C breaks."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handler(number: int, frame: FrameType | None) -> None:
        if run.reason is Reason.INTERRUPTED and number == signal.SIGINT:
            raise KeyboardInterrupt
        run.interrupt()

    wanted = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, handler) for number in wanted}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def validate_common(seed: int, threads: int) -> None:
    """Raise ``UsageError`` unless seed and threads make sense."""
    if not isinstance(seed, int) or seed < 0:
        raise UsageError(f"seed: {seed!r} is not a non-negative integer")
    if not isinstance(threads, int) or threads < 1:
        raise UsageError(f"threads: {threads!r} is not a positive integer")
