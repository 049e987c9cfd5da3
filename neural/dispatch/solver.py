"""The learned dispatching rule as a solver.

References
----------
.. [1] P. Tassel, M. Gebser, K. Schekotihin, "An end-to-end reinforcement
   learning approach for job-shop scheduling problems based on constraint
   programming", ICAPS 2023. https://arxiv.org/abs/2306.05747
.. [2] A. Corsini, A. Porrello, S. Calderara, M. Dell'Amico, "Self-labeling the
   job shop scheduling problem", NeurIPS 2024. https://arxiv.org/abs/2401.11849
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from combkit.comb.scheduling.model_dispatch import first_schedule
from combkit.comb.scheduling.quick import quick
from combkit.instances.errors import UsageError
from combkit.instances.jobshop import JobShop
from combkit.instances.problem import Problem
from combkit.instances.run import Outcome, Run
from combkit.instances.seeds import generator
from combkit.instances.stop import Reason

if TYPE_CHECKING:
    from combkit.neural.dispatch.rollout import Built
    from combkit.neural.dispatch.rule import Rule

__all__ = ["solve", "supports"]

_SOURCE = "learned-dispatch"


def supports(problem: Problem) -> str | None:
    """Return why a problem cannot be solved here, None if it can."""
    from combkit.neural.dispatch.problems import unsupported

    return unsupported(problem)


def solve(
    problem: Problem,
    run: Run,
    *,
    samples: int = 128,
    temperature: float = 0.2,
    guard: bool = True,
    device: str = "auto",
    weights: str = "shipped",
) -> Outcome:
    """Build a schedule by the learned rule, then samples of it; keep the best.

    The rule sees tasks, their modes, resources, precedences and the bounds
    propagated along them, whatever the kind of the problem [1]_; it was trained on
    the best of its own schedules [2]_. An iteration is a schedule.

    Parameters
    ----------
    problem : Problem
        A job shop, a flexible one without set-ups, or a project without lags and
        without resources that are used up.
    run : Run
        The run; its threads sample side by side.
    samples : int
        Schedules sampled after the first one; each thread draws none of its own
        again on a CPU, and ends when it has drawn all there are.
    temperature : float
        Of the softmax sampled from.
    guard : bool
        Whether a static rule answers first, while the network is loaded. Without,
        everything comes from the learned rule.
    device : str
        ``cpu``, ``cuda`` or ``auto``.
    weights : str
        File of other weights than the ``shipped`` ones.

    Raises
    ------
    UsageError
        If an option is wrong or the device is not there.
    InstanceFormatError
        If the weights cannot be used.
    """
    if samples < 0 or not temperature > 0:
        raise UsageError(
            f"samples={samples}, temperature={temperature}: at least 0, above 0"
        )
    if not isinstance(guard, bool):
        raise UsageError(f"guard={guard!r}: true or false")
    if guard and run.solution is None:
        if isinstance(problem, JobShop):
            run.report(quick(problem), "dispatch")
        else:
            first_schedule(problem, run)
    if run.should_stop():
        return Outcome()
    from combkit.neural.dispatch.rule import BATCH

    rule, first = run.supervise(partial(_begin, problem, device, weights))
    _report(run, rule, first)
    done, batch = 1, 1 if rule.on_cpu else BATCH
    streams = [
        rule.samples(temperature, generator(run.seed, k)) for k in range(run.threads)
    ]
    with ThreadPoolExecutor(run.threads) as threads:
        while streams and done <= samples and not run.should_stop(done):
            taken = [islice(one, batch) for one in streams[: samples + 1 - done]]
            for stream, built in zip(
                streams[:], threads.map(_best, taken), strict=False
            ):
                if built is None:  # there is no other choice
                    streams.remove(stream)
                    continue
                _report(run, rule, built)
                done += batch
    run.should_stop(done)
    return Outcome(reason=run.reason or Reason.COMPLETED)


def _best(found: Iterator[Built]) -> Built | None:
    return min(found, key=lambda built: built[2], default=None)


def _report(run: Run, rule: Rule, built: Built) -> None:
    if run.objective is None or built[2] < run.objective:
        run.report(rule.schedule(built), _SOURCE)


def _begin(problem: Problem, device: str, weights: str) -> tuple[Rule, Built]:
    """Load the network, run its encoder and, compiled on the way, the greedy rule."""
    from combkit.neural.devices import device_of
    from combkit.neural.dispatch.rule import Rule, policy_of

    rule = Rule(problem, policy_of(weights), device_of(device))
    return rule, rule.greedy()
