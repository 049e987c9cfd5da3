"""The search: an arm proposes a part, an engine solves it, the bandit learns."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import SolverError
from combkit.instances.run import Abandoned, Run
from combkit.instances.seeds import generator
from combkit.mip.balans.accept import Accept
from combkit.mip.balans.board import FULL, WALK, Arm, Board
from combkit.mip.balans.engine import Engine, Row, SubProblem
from combkit.mip.balans.full import FullRun
from combkit.mip.balans.judge import Judge
from combkit.mip.balans.linear import LinearOptimum, LinearPart
from combkit.mip.balans.local import LocalSearch, compiled
from combkit.mip.balans.reward import Event
from combkit.mip.balans.state import Neighbourhood, Pool, State, Structure

__all__ = ["Common", "Worker"]

Floats = NDArray[np.float64]

#: Seconds of a part, at least and at most, and in shares of the time there is.
_LEAST, _MOST, _SHARE = 0.4, 5.0, 1 / 60
#: A part may take so many times what the quickest one took.
_OVERHEAD = 6.0
#: Nodes of a part in deterministic mode.
_NODES = 200
#: Steps of a walk in deterministic mode.
_STEPS = 20_000
#: Least improvement that is asked of a part, relative to the objective.
_STEP = 1e-5
#: Relative differences of objectives that solvers' tolerances explain.
_NOISE = 1e-7
#: Parts in a row without an improvement after which the search goes elsewhere.
_STALE = 40
#: Part of the rounds that start from another good solution than the current one.
_ELSEWHERE = 0.15
#: The relaxation gets this share of the time, and so many seconds at most.
_RELAX_SHARE, _RELAX_MOST = 0.05, 20.0
#: The whole model begins when its share is so many times what its relaxation took.
#: A relaxation that was not solved in its time says that it took long.
_ROOT, _NO_ROOT = 3.0, 12.0
#: Seconds between two looks at the whole model, where nothing else is left.
_POLL = 0.02


@dataclass
class Common:
    """What all workers of a search share.

    Parameters
    ----------
    run : Run
        The run.
    structure : Structure
        Of its problem, as a minimisation.
    judge : Judge
        Takes what is found.
    pool : Pool
        Good solutions.
    linear : LinearPart
        The relaxation.
    board : Board
        Arms and bandit.
    full : FullRun
        The whole model.
    sliced : bool
        Whether the first worker lets it run now and then.
    accept : Accept
        When to go on from a solution.
    share : float
        Share of the time that the whole model gets at least.
    deterministic : bool
        Whether nodes and steps limit parts, not seconds.
    """

    run: Run
    structure: Structure
    judge: Judge
    pool: Pool
    linear: LinearPart
    board: Board
    full: FullRun
    sliced: bool
    accept: Accept
    share: float
    deterministic: bool = False
    span: float = field(init=False)

    def __post_init__(self) -> None:
        remaining = self.run.remaining
        self.span = remaining if math.isfinite(remaining) else 3600.0


@dataclass
class _Found:
    """The best solution that came out of a part."""

    x: Floats | None = None
    value: float = math.inf
    failure: BaseException | None = field(default=None, repr=False)


class Worker:
    """One thread of the search.

    Parameters
    ----------
    common : Common
        What it shares.
    engine : Engine
        Solves its parts.
    number : int
        Among the workers; the first one solves the relaxation.
    """

    def __init__(self, common: Common, engine: Engine, number: int) -> None:
        self._common = common
        self._run, self._judge = common.run, common.judge
        self._board, self._structure = common.board, common.structure
        self._engine = engine
        self._number = number
        self._full = common.full if common.sliced else None
        self._full_arm = next((a for a in self._board.arms if a.name == FULL), None)
        self._rng = generator(self._run.seed, 2, number)
        self._local: LocalSearch | None = None
        self._sign = -1.0 if self._run.problem.sense == "max" else 1.0
        self._begun = time.perf_counter()
        self._full_seconds = 0.0
        self._quickest = 0.0
        self._stale = 0

    # -- the loop --------------------------------------------------------------

    def loop(self, ended: threading.Event) -> None:
        """Search until the run ends, or somebody says that it has.

        Parameters
        ----------
        ended : Event
            Set when there is nothing left to do.
        """
        run, judge, board = self._run, self._judge, self._board
        if self._common.deterministic:
            compiled(math.inf)
        current: Floats | None = None
        value = known = math.inf
        while not (self._over(ended) or run.should_stop(board.rounds)):
            if judge.best is None or not board.alive:
                if self._full is not None:
                    self._slice()
                elif not self._common.full.ended:
                    ended.wait(_POLL)
                else:
                    return
                continue
            if self._relaxation_is_due():
                self._relax()
            if current is None or judge.value < known:
                best, known = judge.incumbent
                assert best is not None
                current, value = best, known
            # The root of the whole model may take longer than can be spared yet.
            arm = board.choose(full=self._full_seconds > 0)
            outcome = None
            if arm is self._full_arm or self._full_is_due():
                self._slice()
            elif arm.name == WALK:
                outcome = self._walk(arm, current)
            else:
                base = self._base(current, value)
                outcome = self._pull(arm, *base)
                if base[0] is not current and outcome and outcome[1] >= value:
                    outcome = None  # better than where it came from, not than here
            if outcome is not None:
                current, value = outcome
                known = judge.value
            if self._stale >= _STALE:
                current, value = self._elsewhere()

    def _over(self, ended: threading.Event) -> bool:
        """Whether there is nothing left to do."""
        full, linear = self._common.full, self._common.linear
        full.check()
        if linear.unbounded and self._judge.best is not None:
            return True
        return full.status is not None or ended.is_set()

    def _relaxation_is_due(self) -> bool:
        """Whether the relaxation is to be solved, or tried once more."""
        linear = self._common.linear
        if self._number or linear.optimum is not None or linear.unbounded:
            return False
        spent = time.perf_counter() - self._begun
        return not linear.seconds or linear.seconds < _RELAX_SHARE * spent

    def _relax(self) -> None:
        limit = self._run.remaining
        if not self._common.deterministic:
            limit = min(_RELAX_SHARE * limit, _RELAX_MOST)
        self._common.linear.root(limit)

    # -- choosing ----------------------------------------------------------------

    def _full_is_due(self) -> bool:
        """Whether the whole model has had too little time."""
        if self._full is None or self._full_arm is None:
            return False
        due = self._common.share * (time.perf_counter() - self._begun)
        first = 0.0
        if not self._full_seconds:
            linear = self._common.linear
            solved = linear.optimum is not None
            first = (_ROOT if solved else _NO_ROOT) * linear.seconds
        return self._full_seconds + first < due

    def _base(self, current: Floats, value: float) -> tuple[Floats, float]:
        """Return the solution to search around: now and then not the current."""
        if self._rng.random() < _ELSEWHERE:
            return self._member()
        return current, value

    def _elsewhere(self) -> tuple[Floats, float]:
        """Return a solution of the pool to go on from after a stalemate."""
        self._stale = 0
        return self._member()

    def _member(self) -> tuple[Floats, float]:
        members = self._common.pool.members
        value, x = members[int(self._rng.integers(len(members)))]
        return x, value

    @property
    def _limit(self) -> float:
        """Seconds that a part may take."""
        limit = min(max(_LEAST, _SHARE * self._common.span), _MOST)
        # Where nothing improves any more, larger parts may.
        limit = max((1.0 + self._stale / _STALE) * limit, _OVERHEAD * self._quickest)
        return min(limit, self._run.remaining)

    @property
    def _spent(self) -> float:
        """Share of the run that is over."""
        limits, rounds = self._run.limits, self._board.rounds
        if self._common.deterministic:
            return rounds / limits.iterations if limits.iterations else 1.0
        if not math.isfinite(self._run.remaining):
            return 1.0
        return min(1.0, max(0.0, 1.0 - self._run.remaining / self._common.span))

    # -- the whole model ---------------------------------------------------------

    def _slice(self) -> None:
        """Let the whole model go on for a while."""
        full, arm = self._full, self._full_arm
        assert full is not None
        best, limit = self._judge.value, 2 * self._limit
        before = time.perf_counter()
        full.go(limit)
        spent = time.perf_counter() - before
        self._full_seconds += spent
        gain = _gain(best, self._judge.value)
        if arm is not None:
            self._pay(arm, Event(gain > 0, gain > 0, gain > 0, gain, spent, limit))
        if full.ended and full.status is None:
            self._full = None
            if arm is not None:
                self._board.retire(arm, SolverError("HiGHS ended early", full.raw))

    # -- the local search --------------------------------------------------------

    def _walk(self, arm: Arm, x: Floats) -> tuple[Floats, float] | None:
        """Walk from a solution; return a better one, None if there is none."""
        before, best, limit = time.perf_counter(), self._judge.value, self._limit
        if not compiled():
            self._board.skip(arm, 0.0)
            return None
        if self._local is None:
            self._local = LocalSearch(self._structure, self._run, self._number)
        self._local.begin(x, best)
        if self._common.deterministic:
            better = self._local.steps(_STEPS)
        else:
            better = self._local.go(limit / 2)
        kept = None
        if better is not None:
            kept = self._judge.take(better, WALK)
            if not self._structure.integer.all():
                kept = self._judge.polish(better, WALK, limit) or kept
        gain = _gain(best, best if kept is None else min(best, kept[1]))
        spent = time.perf_counter() - before
        self._pay(arm, Event(gain > 0, gain > 0, gain > 0, gain, spent, limit))
        return kept if gain > 0 else None

    # -- a part ------------------------------------------------------------------

    def _pull(self, arm: Arm, x: Floats, value: float) -> tuple[Floats, float] | None:
        """Search a part; return the solution to go on from, None: as before."""
        before, size, best = time.perf_counter(), arm.size, self._judge.value
        state = State(
            self._structure, x, value, self._common.pool,
            self._common.linear.optimum,
            self._ball,
        )  # fmt: skip
        assert arm.operator is not None
        found = _Found()
        try:
            part = arm.operator.propose(state, self._rng, size)
            if part is None:
                self._board.skip(arm, time.perf_counter() - before)
                return None
            threshold = self._threshold(part, value)
            limit = self._limit
            exhausted, work = self._solve(arm, part, threshold, x, limit, found)
        except Abandoned:
            raise
        except Exception as error:
            if found.failure is not None:
                raise found.failure from None
            self._board.retire(arm, error)
            return None
        spent = time.perf_counter() - before
        if self._common.deterministic:
            # Seconds would differ from run to run.
            spent, limit = work / _NODES, 1.0
        elif exhausted:
            quick = self._quickest
            self._quickest = spent if quick == 0 else min(quick, spent)
        better = _gain(value, min(value, found.value)) > 0
        accepted = better or (found.x is not None and found.value <= threshold)
        # Others may have found something in the meantime.
        gain = _gain(best, min(best, found.value))
        # What even the quickest part takes says nothing about this one.
        arm.adapt(exhausted, better, (spent - self._quickest) / max(limit, 1e-9))
        self._stale = 0 if gain > 0 else self._stale + 1
        self._pay(arm, Event(gain > 0, better, accepted, gain, spent, limit, size))
        if accepted and found.x is not None:
            return found.x, found.value
        return None

    def _solve(
        self,
        arm: Arm,
        part: Neighbourhood,
        threshold: float,
        x: Floats,
        limit: float,
        found: _Found,
    ) -> tuple[bool, int]:
        """Run the engine on a part; return whether it was exhausted, and nodes."""
        judge, source = self._judge, arm.name

        def take(values: Floats) -> None:
            try:
                kept = judge.take(values, source)
            except BaseException as error:
                found.failure = error
                raise
            if kept is not None and kept[1] < found.value:
                found.x, found.value = kept

        deterministic = self._common.deterministic
        # A start that is not good enough would come back as a solution.
        good = part.objective is None and self._judge.evaluate(x) <= threshold
        answer = self._engine.solve(
            SubProblem(
                part.lower,
                part.upper,
                self._run.remaining if deterministic else limit,
                cutoff=threshold,
                rows=part.rows,
                objective=part.objective,
                start=x if good else None,
                first=part.first,
                nodes=_NODES if deterministic else None,
            ),
            take,
        )
        if found.x is None:
            kept = judge.repair(limit)
            if kept is not None:
                found.x, found.value = kept
        elif part.objective is not None and not self._structure.integer.all():
            kept = judge.polish(found.x, source, limit)
            if kept is not None and kept[1] < found.value:
                found.x, found.value = kept
        return answer.exhausted, 1 + answer.nodes

    def _threshold(self, part: Neighbourhood, value: float) -> float:
        """Return the worst objective that is asked of a part."""
        size, step = abs(value), self._structure.step
        if part.step < 0:
            return value - part.step * size
        # Anything better is better by the step at least; rounding aside.
        strict = value - max(step * (1 - 1e-6), max(part.step, _STEP) * size)
        if part.step > 0:
            return strict
        accepted = self._common.accept.threshold(
            self._judge.value, value, self._spent, self._rng
        )
        return strict if accepted is None else max(accepted, strict)

    def _ball(self, row: Row) -> LinearOptimum | None:
        """Return the optimum of the relaxation with a further row."""
        return self._common.linear.solve(self._limit, row)

    # -- learning ----------------------------------------------------------------

    def _pay(self, arm: Arm, event: Event) -> None:
        best = self._sign * self._judge.value
        self._board.pay(arm, event, self._run.elapsed, best)


def _gain(before: float, after: float) -> float:
    """Return a relative improvement; 0 for rounding, 1 for a first solution."""
    if not math.isfinite(before):
        return float(math.isfinite(after))
    gain = (before - after) / max(abs(before), abs(after), 1e-9)
    return gain if gain > _NOISE else 0.0
