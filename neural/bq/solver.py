"""Learned construction as a solver: policies, their efforts, what follows them.

References
----------
.. [1] D. Drakulic et al., "BQ-NCO: bisimulation quotienting for efficient
   neural combinatorial optimization", NeurIPS 2023.
   https://arxiv.org/abs/2301.03313
"""

from __future__ import annotations

import math
import os
import time
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from combkit.comb import policy as table
from combkit.comb.registry import find
from combkit.instances.errors import (
    InstanceFormatError,
    SolverError,
    UnsupportedFeatureError,
    UsageError,
    nearest,
)
from combkit.instances.events import Events
from combkit.instances.problem import Problem
from combkit.instances.result import Result
from combkit.instances.run import Outcome, Run, execute, validate_common
from combkit.instances.seeds import spawn
from combkit.instances.solutions import Solution
from combkit.instances.stop import (
    AnyOf,
    MaxRuntime,
    Reason,
    RelativeGap,
    Stop,
    TargetObjective,
)

__all__ = ["EFFORTS", "solve", "solve_batch", "supports"]

#: What ``effort`` may be; see ``solve``.
EFFORTS = ("greedy", "starts", "beam", "sample", "reconstruct", "search")
#: What makes the classical start of each kind.
_CLASSICAL = {
    "tsp": "greedy",
    "atsp": "nearest-neighbour",
    "cvrp": "savings",
    "kp": "greedy",
}
#: Share of the time that the policy may use before a search.
_SHARE = 0.2
#: Problems of a batch, so that the first results do not wait for the last ones.
_CHUNK = 4096


@dataclass(frozen=True, slots=True)
class _Options:
    """Options of ``solve``, checked."""

    effort: str | None = None
    guard: bool = True
    device: str = "auto"
    weights: str | None = None
    precision: str = "auto"

    def __post_init__(self) -> None:
        if self.effort is not None and self.effort not in EFFORTS:
            raise UsageError(
                f"effort={self.effort!r}{nearest(str(self.effort), EFFORTS)} "
                f"(one of {', '.join(EFFORTS)})"
            )
        if not isinstance(self.guard, bool):
            raise UsageError(f"guard={self.guard!r}: true or false")
        if self.precision not in ("auto", "float32"):
            raise UsageError(f"precision={self.precision!r}: auto or float32")


def supports(problem: Problem) -> str | None:
    """Return why a problem is not taken, or None if it is."""
    from combkit.neural.bq.forms import unsupported

    return unsupported(problem)


def solve(
    problem: Problem,
    run: Run,
    *,
    effort: str | None = None,
    guard: bool = True,
    device: str = "auto",
    weights: str | None = None,
    precision: str = "auto",
) -> Outcome:
    """Construct solutions by a learned policy, better and better.

    An iteration is a construction.

    Parameters
    ----------
    problem : Problem
        A tsp, atsp, cvrp or kp.
    run : Run
        The run.
    effort : str, optional
        How far to go. ``greedy``: one construction (of tours, from both ends).
        ``starts``: also from 16 starts or symmetric images. ``beam``: also a beam
        search of width 16. ``sample``: also 32 samples. ``reconstruct``: also
        random pieces anew, until the time is up or nothing improves any more.
        ``search``: greedy alone, and then what ``auto`` does, from there. The
        default is ``search`` where time or iterations are limited, else ``beam``.
    guard : bool
        Whether a classical construction comes first, so that the better of the
        two goes on. Without, everything comes from the policy alone.
    device : str
        ``cpu``, ``cuda`` or ``auto``.
    weights : str, optional
        File of other weights than those of the package.
    precision : str
        ``float32``, or ``auto`` for half precision where it is faster.

    Raises
    ------
    UsageError
        If an option is wrong or the device is not there.
    InstanceFormatError
        If the weights cannot be used.
    SolverError
        If the network's scores are not numbers and nothing was found before.
    """
    options = _Options(effort, guard, device, weights, precision)
    _check_early(options)
    if options.guard:
        _classical(problem, run)
        if run.should_stop():
            return Outcome()
    run.supervise(partial(_prepare, problem, options))
    limited = math.isfinite(run.limits.time) or run.limits.iterations is not None
    wanted = options.effort or ("search" if limited else "beam")
    held = _Held(problem, run)
    try:
        from combkit.neural.devices import torch_threads

        with torch_threads(run.threads):
            if wanted == "search":
                with run.stage(_SHARE * run.remaining):
                    _climb([problem], held, run.seed, options, "greedy")
            elif not _climb([problem], held, run.seed, options, wanted):
                return Outcome()
    except SolverError as error:
        if run.solution is None:
            raise
        return _broken(error)
    if wanted == "search" and not run.should_stop():
        return _search(problem, run)
    return Outcome(reason=Reason.COMPLETED)


def _broken(error: SolverError) -> Outcome:
    """Return the outcome of a policy that failed after something was found."""
    warnings.warn(f"bq: {error}; the incumbent stays", RuntimeWarning, stacklevel=2)
    return Outcome(reason=Reason.FAILED, raw_status=str(error))


def _check_early(options: _Options) -> None:
    """Refuse a device or weights that are not there, before anything is done.

    Torch is only loaded to look for a GPU.
    """
    if options.device not in ("auto", "cpu"):
        from combkit.neural.devices import device_of

        device_of(options.device)
    if options.weights is not None and not Path(options.weights).is_file():
        raise InstanceFormatError(
            options.weights, None, "no such weights: train them or name another file"
        )


def _classical(problem: Problem, run: Run) -> None:
    find(_CLASSICAL[problem.kind], problem.kind).load()(problem, run)


def _search(problem: Problem, run: Run) -> Outcome:
    """Do what ``auto`` does, from the incumbent."""
    if run.solution is not None:
        run.initial = run.solution
    plan = table.choose(problem, run.remaining)
    return table.follow(plan, problem, run)


def _prepare(problem: Problem, options: _Options) -> None:
    """Load the policy, which takes a second the first time."""
    from combkit.neural.bq.forms import policy_name
    from combkit.neural.bq.model import policy_of
    from combkit.neural.devices import device_of

    policy_of(policy_name(problem), options.weights, device_of(options.device))


class _Held:
    """What one run has found, as a ladder asks for it."""

    def __init__(self, problem: Problem, run: Run) -> None:
        self._run = run

    def offer(self, number: int, solution: Solution, source: str) -> bool:
        """Report a solution."""
        return self._run.report(solution, source)

    def best(self, number: int) -> Any:
        """Return the incumbent."""
        return self._run.solution

    def remaining(self) -> float:
        """Return the seconds left."""
        return self._run.remaining

    def stopped(self, done: int) -> bool:
        """Whether the run is over."""
        return self._run.should_stop(done)


def solve_batch(
    problems: Sequence[Problem],
    *,
    seed: int = 0,
    initial: Sequence[Solution | None] | None = None,
    workers: int | None = None,
    threads: int = 1,
    time_limit: float | None = None,
    gap: float | None = None,
    target: float | None = None,
    stop: Stop | None = None,
    events: Events | None = None,
    **params: Any,
) -> list[Result]:
    """Solve many problems of a kind, whose constructions are common batches.

    Parameters
    ----------
    problems : sequence of Problem
        What to solve; sizes may differ.
    seed : int
        Seed of all of them.
    initial : sequence of Solution or None, optional
        A start for each problem.
    workers : int, optional
        Threads for the network and for searches; the number of processors by
        default.
    threads : int
        Threads of each search.
    time_limit : float, optional
        Wall seconds a problem, on average.
    gap, target, stop, events
        As for ``combkit.solve``; they end searches, not batches.
    **params
        Options of ``solve``.

    Returns
    -------
    list of Result
        One a problem, in order. Times count from the start of its batch.

    Raises
    ------
    UsageError
        If an option is wrong or the device is not there.
    UnsupportedFeatureError
        If a problem cannot be taken.
    InstanceFormatError
        If the weights cannot be used.
    SolverError
        If the network's scores are not numbers.
    """
    from combkit.neural.bq.forms import policy_name

    validate_common(seed, threads)
    known = [field.name for field in fields(_Options)]
    for name in params:
        if name not in known:
            raise UsageError(
                f"solver 'bq' has no option {name!r}{nearest(name, known)} "
                f"(options: {', '.join(known)})"
            )
    options = _Options(**params)
    _check_early(options)
    for number, problem in enumerate(problems):
        if (reason := supports(problem)) is not None:
            raise UnsupportedFeatureError(f"solver 'bq': problem {number}: {reason}")
    limit = math.inf if time_limit is None else MaxRuntime(time_limit).seconds
    criteria: Stop = AnyOf((RelativeGap(0.0 if gap is None else gap),))
    if target is not None:
        criteria |= TargetObjective(target)
    if stop is not None:
        criteria |= stop
    starts = [None] * len(problems) if initial is None else list(initial)
    seeds = spawn(seed, len(problems))
    # Problems of about one size together: padding costs as much as nodes do.
    order = sorted(
        range(len(problems)),
        key=lambda k: (policy_name(problems[k]), problems[k].size["n"]),
    )
    crew = workers or os.cpu_count() or 1
    results: dict[int, Result] = {}
    for _, policy in groupby(order, key=lambda k: policy_name(problems[k])):
        numbers = list(policy)
        for at in range(0, len(numbers), _CHUNK):
            chunk = numbers[at : at + _CHUNK]
            now = time.perf_counter()
            runs = [
                Run(
                    problems[k],
                    stop=criteria,
                    seed=seeds[k],
                    threads=threads,
                    events=events,
                    initial=starts[k],
                    start=now,
                )
                for k in chunk
            ]
            batch = _Batch(runs, options, limit, crew)
            results.update(
                zip(chunk, batch.solve(seeds[chunk[0]], params), strict=True)
            )
    return [results[k] for k in range(len(problems))]


class _Batch:
    """Runs on problems of one policy that are constructed together."""

    def __init__(
        self, runs: Sequence[Run], options: _Options, limit: float, crew: int
    ) -> None:
        self._runs = runs
        self._options = options
        self._limit = limit
        self._crew = crew
        self._effort = options.effort or ("search" if limit < math.inf else "beam")
        searching = self._effort == "search"
        self._end = len(runs) * limit * (_SHARE if searching else 1.0)

    def solve(self, seed: int, params: dict[str, Any]) -> list[Result]:
        """Return the results, in order."""
        for run in self._runs:
            if run.initial is not None and not run.problem.check(run.initial):
                run.report(run.initial, "initial")
            if self._options.guard:
                _classical(run.problem, run)
        problems = [run.problem for run in self._runs]
        searching = self._effort == "search"
        from combkit.neural.devices import torch_threads

        with torch_threads(self._crew):
            rung = "greedy" if searching else self._effort
            done = _climb(problems, self, seed, self._options, rung)
        used = self._runs[0].elapsed / len(self._runs)

        def finish(run: Run) -> Result:
            return execute(
                partial(self._finish, left=self._limit - used, done=done),
                run,
                solver="bq",
                params=params,
                packages=("torch",),
            )

        if not searching or self._crew == 1:
            return [finish(run) for run in self._runs]
        with ThreadPoolExecutor(self._crew) as pool:
            return list(pool.map(finish, self._runs))

    def _finish(
        self, problem: Problem, run: Run, *, left: float, done: bool, **params: Any
    ) -> Outcome:
        if self._effort != "search":
            return Outcome(reason=Reason.COMPLETED if done else Reason.TIME)
        with run.stage(max(0.0, left)):
            outcome = _search(problem, run)
        if outcome.status is None and run.reason is None:
            return Outcome(None, Reason.TIME, outcome.raw_status, outcome.extra)
        return outcome

    # -- what the ladder asks ------------------------------------------------

    def offer(self, number: int, solution: Solution, source: str) -> bool:
        """Report a solution of a problem."""
        return self._runs[number].report(solution, source)

    def best(self, number: int) -> Any:
        """Return the incumbent of a problem."""
        return self._runs[number].solution

    def remaining(self) -> float:
        """Return the seconds left for all of them."""
        return max(0.0, self._end - self._runs[0].elapsed)

    def stopped(self, done: int) -> bool:
        """Whether the time is up or the listener asks to end."""
        return self.remaining() <= 0.0 or self._runs[0].events.should_stop()


def _climb(
    problems: Sequence[Problem],
    held: Any,
    seed: int,
    options: _Options,
    effort: str,
) -> bool:
    """Construct solutions of problems of one policy; return whether all was done."""
    from combkit.neural.bq.forms import form_of
    from combkit.neural.bq.ladder import Ladder
    from combkit.neural.bq.model import fast_in_half, policy_of
    from combkit.neural.bq.problems import problem_of
    from combkit.neural.devices import device_of

    forms = [form_of(problem) for problem in problems]
    name = forms[0].name
    device = device_of(options.device)
    half = options.precision == "auto" and fast_in_half(device)
    ladder = Ladder(
        forms,
        problem_of(name),
        policy_of(name, options.weights, device),
        offer=held.offer,
        best=held.best,
        remaining=held.remaining,
        stopped=held.stopped,
        seed=seed,
        half=half,
    )
    return ladder.climb(effort)
