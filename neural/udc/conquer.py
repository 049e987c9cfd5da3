"""Conquerors: what improves a piece, for its share of the time.

``walk`` goes on with the local search of its kind at the heat of the whole search;
it may end at a worse piece, as annealing does. ``construct`` lets the policy of BQ
make the piece anew. Any other name is a solver, which starts from the piece as it is.
Both hand back something better or nothing.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from combkit.comb.registry import find
from combkit.comb.routing.slices import fitted
from combkit.comb.walkers import walker_of
from combkit.instances.events import Events
from combkit.instances.run import Abandoned, Run
from combkit.instances.stop import MaxIterations, MaxRuntime
from combkit.neural.udc.pieces import Piece

__all__ = ["CONSTRUCT", "WALK", "Conquest", "Relay", "Task", "conquer"]

#: The conquerors that are no solvers.
WALK, CONSTRUCT = "walk", "construct"
#: Steps of the first slice.
_SLICE = 10
#: Most steps of one heat where steps are counted.
_COUNTED = 200


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done with a piece.

    Parameters
    ----------
    run : Run
        The run of the whole problem.
    seconds : float
        How long; infinite where steps count.
    steps : int
        Steps of a walk, iterations of a solver; 0 where seconds count.
    heat : callable
        Heat after a share of the task, 0 to 1.
    shares : tuple of float
        Shares of the whole search that are over before and after.
    memory : dict
        What walks hand on from piece to piece.
    seed : int
        Seed.
    """

    run: Run
    seconds: float
    steps: int
    heat: Callable[[float], float]
    shares: tuple[float, float]
    memory: dict[str, float]
    seed: int


class Conquest(NamedTuple):
    """What became of a piece: where the search stands, and the best that it met."""

    current: Any
    best: Any


def conquer(piece: Piece, name: str, task: Task) -> Conquest | None:
    """Return what a conqueror makes of a piece, None if nothing.

    Parameters
    ----------
    piece : Piece
        The piece.
    name : str
        ``walk``, ``construct`` or a solver of its kind.
    task : Task
        How long and how hot.
    """
    if name == WALK:
        return _walk(piece, task)
    return _better(piece, _made(piece, name, task))


def _walk(piece: Piece, task: Task) -> Conquest:
    """Walk on from the piece at falling heat."""
    started = time.perf_counter()
    walker = walker_of(piece.problem, piece.start, task.seed, piece.kept, task.memory)
    first, last = task.shares
    steps, done, share = _SLICE, 0, 0.0
    while share < 1.0 and not task.run.should_stop():
        if task.steps:
            steps = min(_COUNTED, task.steps - done)
        before = time.perf_counter()
        walker.advance(steps, task.heat(share), first + share * (last - first))
        done += steps
        if task.steps:
            share = done / task.steps
            continue
        now = time.perf_counter()
        left = task.seconds - (now - started)
        share = 1.0 - left / max(task.seconds, 1e-9)
        # A slice is not to take longer than what is left.
        most = int(steps * left / max(now - before, 1e-9))
        steps = max(1, min(fitted(steps, now - before), most))
    walker.remember(task.memory)
    return Conquest(walker.solution, walker.best)


class Relay(Events):
    """Ends what works at a part when the whole run must end.

    Parameters
    ----------
    run : Run
        The whole run.
    """

    def __init__(self, run: Run) -> None:
        self._run = run

    def should_stop(self) -> bool:
        """Whether the run has to end."""
        return self._run.should_stop()


def _better(piece: Piece, solution: Any) -> Conquest | None:
    """Return a solution as a conquest, if it is better than what the piece has."""
    problem = piece.problem
    if solution is None:
        return None
    if not problem.better(problem.evaluate(solution), problem.evaluate(piece.start)):
        return None
    return Conquest(solution, solution)


def _made(piece: Piece, name: str, task: Task) -> Any:
    """Return what the policy or a solver makes of a piece, None if nothing."""
    if piece.kept is not None:
        return None
    if name == CONSTRUCT:
        from combkit.neural.udc.construct import construct_anew

        return construct_anew(piece.problem, task.run.should_stop)
    problem = piece.problem
    limit = MaxIterations(task.steps) if task.steps else MaxRuntime(task.seconds)
    run = Run(
        problem,
        stop=limit,
        seed=task.seed,
        events=Relay(task.run),
        initial=piece.start,
    )
    solver = find(name, problem.kind)
    if solver.unsupported(problem) is not None:
        return None
    with contextlib.suppress(Abandoned):
        solver.load()(problem, run)
    run.abandoned = True
    return run.solution
