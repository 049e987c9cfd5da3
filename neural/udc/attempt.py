"""One global solution on its way: cut, conquered and reunited stage by stage."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from combkit.instances.run import Run
from combkit.instances.seeds import generator
from combkit.neural.udc.conquer import Task, conquer
from combkit.neural.udc.crew import Crew
from combkit.neural.udc.pieces import Cutter, Piece, size_of
from combkit.neural.udc.reunion import SHIFT, Reunion

__all__ = ["Attempt", "Settings", "Span"]

#: Seconds that a stage should spend on each node.
_PACE = 3e-4


@dataclass(frozen=True, slots=True)
class Settings:
    """How a kind of problem is conquered.

    Parameters
    ----------
    size : int
        Nodes of a piece, about; there are at least two pieces.
    alpha : int
        Global solutions that are made in the first half of the time.
    hot, cold : float
        First and last heat in the unit of the kind; it falls linearly where the last
        one is 0, else exponentially.
    stages : tuple of int
        Least and most stages of an attempt, where seconds count.
    effort : int
        Steps for each node of a piece in a stage, where stages are counted.
    reunion : str
        Where stages cut, see ``Reunion``.
    stable : int
        Stages until an edge that nobody changes stays; 0 for never.
    """

    size: int
    alpha: int = 1
    hot: float = 1.0
    cold: float = 0.0
    stages: tuple[int, int] = (4, 16)
    effort: int = 20
    reunion: str = SHIFT
    stable: int = 0

    def heat(self, share: float) -> float:
        """Return the heat after a share of an attempt."""
        if self.cold == 0.0:
            return self.hot * (1.0 - share)
        return float(self.hot * (self.cold / self.hot) ** share)

    def planned(self, seconds: float, nodes: int) -> int:
        """Return the number of stages of an attempt at so many nodes."""
        least, most = self.stages
        return int(min(most, max(least, seconds / (_PACE * max(1, nodes)))))


@dataclass(frozen=True, slots=True)
class Span:
    """How long an attempt lasts: stages where they are given, else seconds."""

    seconds: float
    stages: int | None = None


class Attempt:
    """A global solution, improved in pieces at falling heat.

    Parameters
    ----------
    run : Run
        The run.
    cutter : Cutter
        Cuts solutions.
    crew : Crew
        Conquers pieces.
    settings : Settings
        Sizes and heats.
    unit : float
        What heats are measured in.
    memory : dict
        What walks hand on from piece to piece.
    number : int
        Number of the attempt, for its seed.

    Attributes
    ----------
    memory : dict
        What the last walk wrote down.
    pieces : int
        Pieces by now; an attempt ends when a stage has none.
    best : Solution or None
        The best feasible solution that it met.
    objective : float
        Its objective.
    """

    def __init__(
        self,
        run: Run,
        cutter: Cutter,
        crew: Crew,
        settings: Settings,
        unit: float,
        memory: dict[str, float],
        number: int,
    ) -> None:
        self._run, self._cutter, self._crew = run, cutter, crew
        self._settings, self._unit, self.memory = settings, unit, memory
        self._rng = generator(run.seed, number)
        self._reunion = Reunion(
            cutter,
            size_of(run.problem) + 1,
            settings.size,
            settings.reunion,
            settings.stable,
            self._rng,
        )
        self.pieces = 0
        self.best: Any = None
        self.objective = math.nan

    def improve(self, solution: Any, span: Span, count: Callable[[], bool]) -> None:
        """Conquer and reunite a solution for a span.

        Parameters
        ----------
        solution : Solution
            Where to start.
        span : Span
            How long.
        count : callable
            Called before every stage; returns whether the run has to end.
        """
        self._meet(solution)
        begun = time.perf_counter()
        planned = span.stages or self._settings.planned(
            span.seconds, size_of(self._run.problem)
        )
        stage = 0
        while not count():
            share = stage / planned
            if span.stages is None:
                share = (time.perf_counter() - begun) / max(span.seconds, 1e-9)
            # What is left is not worth a stage of its own.
            if share > 1.0 - 0.25 / planned:
                break
            until = share + 1.0 / planned
            if until > 1.0 - 0.5 / planned:
                until = 1.0
            end = begun + until * span.seconds if span.stages is None else math.inf
            before = self.pieces
            solution = self._stage(solution, stage, share, until, end)
            if self.pieces == before:
                break
            stage += 1

    def _stage(
        self, solution: Any, stage: int, share: float, until: float, end: float
    ) -> Any:
        """Cut a solution, conquer its pieces, return what they make together."""
        cells = self._reunion.cells(solution, stage)
        left = sum(cell.size for cell in cells)
        for cell in cells:
            if self._run.should_stop():
                break
            piece = self._cutter.piece(solution, cell)
            if piece is not None:
                self.pieces += 1
                seconds = (end - time.perf_counter()) * cell.size / left
                solution, changed = self._conquer(
                    solution, piece, seconds, (share, until)
                )
                self._reunion.settle(cell, changed)
            left -= cell.size
        return solution

    def _conquer(
        self, solution: Any, piece: Piece, seconds: float, shares: tuple[float, float]
    ) -> tuple[Any, bool]:
        """Send somebody to a piece; return the solution, and whether it is another."""
        first, last = shares
        counted = math.isinf(seconds)
        task = Task(
            self._run,
            seconds=max(0.0, seconds),
            steps=self._settings.effort * piece.size if counted else 0,
            heat=lambda s: self._unit * self._settings.heat(first + s * (last - first)),
            shares=shares,
            memory=self.memory,
            seed=int(self._rng.integers(2**31)),
        )
        number = self._crew.choose()
        name = self._crew.names[number]
        started = time.perf_counter()
        found = conquer(piece, name, task)
        gain, changed = 0.0, False
        if found is not None:
            before = self.objective
            best = None if found.best is None else piece.join(found.best)
            if best is not None and self._meet(best):
                gain = abs(self.objective - before)
                self._run.report(best, f"udc: {name}")
            same = found.current is found.best
            solution = best if same else piece.join(found.current)
            part = piece.problem
            changed = part.evaluate(found.current) != part.evaluate(piece.start)
        spent = time.perf_counter() - started
        self._crew.learn(number, gain, spent, task.steps if counted else spent)
        return solution, changed

    def _meet(self, solution: Any) -> bool:
        """Keep a solution if it is feasible and better; return whether it is."""
        problem = self._run.problem
        objective = problem.evaluate(solution)
        if self.best is not None and not problem.better(objective, self.objective):
            return False
        if problem.check(solution):
            return False
        self.best, self.objective = solution, objective
        return True
