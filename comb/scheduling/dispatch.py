"""Priority dispatching for the job shop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from combkit.comb.scheduling.bounds import (
    heads,
    jackson_bound,
    tails,
    trivial_bound,
)
from combkit.comb.scheduling.disjunctive import (
    graph_of,
    mirror_of,
    schedule_of,
    shop_of,
)
from combkit.comb.scheduling.quick import quick
from combkit.instances.errors import UsageError, nearest
from combkit.instances.jobshop import JobShop
from combkit.instances.run import Outcome, Run
from combkit.instances.seeds import kernel_state
from combkit.instances.stop import Reason

if TYPE_CHECKING:
    from combkit.comb.scheduling._kernels_dispatch import Board
    from combkit.comb.scheduling._kernels_graph import Shop

__all__ = ["RULES", "Dispatcher", "solve"]

Vector = NDArray[np.float64]

_SOURCE = "dispatch"


#: Priority of operations, smallest first, from their durations d, the work of
#: the job before and after them, and the number of operations after them.
RULES: dict[str, Callable[[Vector, Vector, Vector, Vector], Vector]] = {
    "mwr": lambda d, head, tail, later: -(d + tail),
    "mor": lambda d, head, tail, later: -later,
    "fdd/mwr": lambda d, head, tail, later: (head + d) / np.maximum(d + tail, 1.0),
    "fifo": lambda d, head, tail, later: np.zeros(d.size),
    "spt": lambda d, head, tail, later: d,
    "spt/mwr": lambda d, head, tail, later: d / np.maximum(d + tail, 1.0),
    "fdd": lambda d, head, tail, later: head + d,
    "mtw": lambda d, head, tail, later: -(head + d + tail),
    "lpt": lambda d, head, tail, later: -d,
    "lwr": lambda d, head, tail, later: d + tail,
}

#: Share of the spread of its priorities by which a rule is randomised.
_NOISE = (0.1, 0.3, 1.0)


def solve(
    problem: JobShop,
    run: Run,
    *,
    rules: str | Sequence[str] | None = None,
    samples: int = 0,
) -> Outcome:
    """Keep the best schedule of several priority dispatching rules.

    Each rule builds a non-delay schedule and, by the method of Giffler and
    Thompson [1]_, an active one; both also for the mirrored problem, from the
    end to the start. An iteration is a schedule. The first one, non-delay by
    most work remaining, needs no compiled code and is finished whatever the
    limits.

    Parameters
    ----------
    problem : JobShop
        The problem.
    run : Run
        The run.
    rules : str or sequence of str, optional
        Names from ``RULES``, in order or separated by commas: ``mwr`` and
        ``lwr`` (most, least work remaining), ``mor`` (most operations
        remaining), ``mtw`` (most work of the whole job), ``fdd`` (flow due
        date), ``fdd/mwr``, ``fifo``, ``spt`` and ``lpt`` (shortest, longest
        processing time), ``spt/mwr``. All of them by default.
    samples : int
        Schedules more, by these rules in turn with random numbers added to the
        priorities.

    Raises
    ------
    UsageError
        If a rule is unknown or ``samples`` is negative.

    References
    ----------
    .. [1] B. Giffler, G. L. Thompson, "Algorithms for solving
       production-scheduling problems", Operations Research 8(4), 1960.
    """
    names = _names(rules)
    if samples < 0:
        raise UsageError(f"samples={samples}: at least 0")
    run.report(quick(problem), _SOURCE)
    extra = {"rule": "mwr", "schedule": "non-delay forward"}
    run.report_bound(trivial_bound(problem), "load")
    run.report_bound(jackson_bound(problem), "jackson")
    if run.should_stop(1):
        return Outcome(reason=run.reason, extra=extra)
    dispatcher = run.supervise(lambda: Dispatcher(problem, run.seed))
    plain = product((0.0, 1.0), (False, True), names, (0.0,))
    drawn = [
        (0.0, False, names[k % len(names)], _NOISE[k // len(names) % len(_NOISE)])
        for k in range(samples)
    ]
    for done, (delay, mirrored, name, noise) in enumerate([*plain, *drawn], start=2):
        starts = run.supervise(
            lambda d=delay, m=mirrored, n=name, s=noise: dispatcher.starts(n, d, m, s)  # type: ignore[misc]
        )
        if run.report(schedule_of(problem, starts), _SOURCE):
            kind = "active" if delay else "non-delay"
            direction = "backward" if mirrored else "forward"
            extra = {"rule": name, "schedule": f"{kind} {direction}"}
            if noise:
                extra["noise"] = f"{noise:g}"
        if run.should_stop(done):
            break
    return Outcome(reason=run.reason or Reason.COMPLETED, extra=extra)


class Dispatcher:
    """Builds schedules of one problem by compiled code.

    Parameters
    ----------
    problem : JobShop
        The problem.
    seed : int
        Seed of the randomised rules.
    """

    def __init__(self, problem: JobShop, seed: int = 0) -> None:
        from combkit.comb.scheduling import _kernels_dispatch, _kernels_graph

        self._dispatch = _kernels_dispatch.dispatch
        self._rebuild = _kernels_graph.rebuild
        forward = shop_of(problem)
        self._shops = (forward, mirror_of(forward))
        self._graph = graph_of(forward)
        self._board = _board_of(forward)
        self._order = np.zeros(problem.n_operations, np.int32)
        self._random = kernel_state(seed)
        before, after = (
            np.concatenate(rows).astype(np.float64)
            for rows in (heads(problem), tails(problem))
        )
        later = np.concatenate([np.arange(r.size)[::-1] for r in problem.machines])
        duration = forward.duration[:-1].astype(np.float64)
        length = np.concatenate([np.full(r.size, r.size) for r in problem.machines])
        self._forward = duration, before, after, later.astype(np.float64)
        self._backward = duration, after, before, (length - 1.0 - later)

    def starts(
        self,
        rule: str,
        delay: float = 0.0,
        mirrored: bool = False,
        noise: float = 0.0,
    ) -> NDArray[np.int64]:
        """Return the starts of all operations, in job order.

        Parameters
        ----------
        rule : str
            Name from ``RULES``.
        delay : float
            0 for a non-delay schedule, 1 for an active one; between them, the
            share of the earliest operation's time for which others are awaited.
        mirrored : bool
            Whether to build it from the end to the start; what then can start
            earlier does.
        noise : float
            Share of the spread of the priorities that random numbers may add.
        """
        priority = RULES[rule](*(self._backward if mirrored else self._forward))
        spread = float(np.ptp(priority)) or 1.0
        arrival = float(rule == "fifo")
        self._dispatch(
            self._shops[mirrored],
            self._board,
            priority,
            arrival,
            delay,
            noise * spread,
            self._random,
            self._order,
        )
        # Semi-active: nothing can start earlier in the same order.
        order = self._order[::-1].copy() if mirrored else self._order
        self._rebuild(self._shops[0], self._graph, order)
        starts: NDArray[np.int64] = self._graph.head[:-1].copy()
        return starts


def _board_of(shop: Shop) -> Board:
    from combkit.comb.scheduling._kernels_dispatch import Board

    n, m = shop.duration.size, int(shop.machine.max()) + 1
    return Board(
        ready=np.zeros(n, np.int64),
        following=np.zeros(n, np.int32),
        first=np.zeros(m, np.int32),
        free=np.zeros(m, np.int64),
        start=np.zeros(m, np.int64),
        end=np.zeros(m, np.int64),
    )


def _names(rules: str | Sequence[str] | None) -> list[str]:
    """Return the names of the rules, checked."""
    if rules is None:
        return list(RULES)
    parts: Iterable[str] = rules.split(",") if isinstance(rules, str) else rules
    names = [str(part).strip().lower() for part in parts]
    for name in names:
        if name not in RULES:
            raise UsageError(
                f"rules: unknown rule {name!r}{nearest(name, RULES)} "
                f"(rules: {', '.join(RULES)})"
            )
    if not names:
        raise UsageError("rules: there is none")
    return list(dict.fromkeys(names))
