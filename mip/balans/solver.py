"""Balans: adaptive large neighbourhood search for mixed-integer programs.

Operators choose a part of the model around a good solution, a MIP solver searches
it, a bandit learns which operator pays. Beside the search the whole model runs
under HiGHS, for bounds and proofs: in slices of time if there is one thread, else
in a thread of its own. It takes the search's solutions and may win.

References
----------
J. Cai, S. Kadioglu and B. Dilkina, Balans: multi-armed bandits-based adaptive
large neighborhood search for mixed-integer programming, IJCAI 2025.
doi:10.24963/ijcai.2025/286
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from combkit.instances.mip import MIP
from combkit.instances.result import Status
from combkit.instances.run import Abandoned, Outcome, Run
from combkit.mip.balans.board import FULL, WALK, Arm, Board
from combkit.mip.balans.crew import Crew
from combkit.mip.balans.engine import minimised
from combkit.mip.balans.engines import make_engine
from combkit.mip.balans.full import FullRun
from combkit.mip.balans.judge import Judge
from combkit.mip.balans.linear import LinearPart
from combkit.mip.balans.operators import Operator
from combkit.mip.balans.search import Common, Worker
from combkit.mip.balans.settings import Settings, settings
from combkit.mip.balans.starts import Ground, Start
from combkit.mip.balans.state import Pool, Structure
from combkit.mip.contract import settled, start_vector
from combkit.mip.modelling.arrays import Arrays, warn_of_scale

__all__ = ["solve"]

#: Seconds that the other workers get to end after the first one has.
_GRACE = 1.0
#: Seconds that starts count with where there is no limit.
_ENDLESS = 600.0


def solve(
    problem: MIP,
    run: Run,
    *,
    config: str | None = None,
    operators: str | Sequence[str | Operator] | None = None,
    bandit: str | None = None,
    accept: str | None = None,
    reward: str | None = None,
    engine: str | None = None,
    starts: str | Sequence[str] | None = None,
    share: float | None = None,
    isolate: bool | None = None,
    deterministic: bool | None = None,
) -> Outcome:
    """Search a problem's solutions by adaptive large neighbourhoods.

    Things with a name take options after a colon, as in
    ``annealing:temperature=0.01``.

    Parameters
    ----------
    problem : MIP
        The problem. Without integer variables HiGHS solves it.
    run : Run
        Its run; an iteration is a choice of the bandit.
    config : str, optional
        TOML file with any of the options below; what is given here comes first.
    operators : str or sequence, optional
        Names of the operators that choose parts, separated by commas, or
        operators. ``walk`` is the local search.
    bandit : str, optional
        Policy that chooses among them; ``exp3-ix``.
    accept : str, optional
        Whether to go on from worse solutions: ``hill-climbing``,
        ``record-to-record`` or ``annealing``.
    reward : str, optional
        ``rate`` (gain per second), or Balans' scores of a best, better, accepted
        and rejected solution, as in ``8,4,2,1``.
    engine : str, optional
        Solver of the parts: ``highs``, ``scip`` or ``cpsat``.
    starts : str or sequence, optional
        Names of what looks for first solutions.
    share : float, optional
        Share of the time for the whole model under HiGHS if there is one thread,
        0 to 1; 0.2. With 0 it runs only while there is no solution.
    isolate : bool, optional
        Whether parts are solved in a process of its own that may crash.
    deterministic : bool, optional
        Whether nodes and steps limit parts, not seconds, and the whole model does
        not run beside: with one thread, the same seed and a limit of iterations
        the result is the same.

    Raises
    ------
    UsageError
        If a name is unknown, or a number out of range.
    UnsupportedFeatureError
        If the engine cannot take the model.
    """
    chosen = settings(
        config,
        operators=operators,
        bandit=bandit,
        accept=accept,
        reward=reward,
        engine=engine,
        starts=starts,
        share=share,
        isolate=isolate,
        deterministic=deterministic,
    )
    _warn_of_scale(problem)
    if (outcome := settled(problem, run)) is not None:
        return outcome
    own = minimised(problem)
    structure = Structure(own)
    if not structure.discrete.size:
        from combkit.mip.highs import solve as highs

        return highs(problem, run)
    return _Balans(problem, own, structure, run, chosen).solve()


def _warn_of_scale(problem: MIP) -> None:
    arrays = Arrays(
        problem.c,
        problem.A,
        problem.row_lower,
        problem.row_upper,
        problem.lower,
        problem.upper,
        problem.integrality,
        problem.offset,
        problem.maximize,
        np.arange(problem.n),
        np.arange(problem.m),
    )
    warn_of_scale(arrays, problem.row_name, problem.col_name)


class _Balans:
    """One call of ``solve`` on a problem with discrete variables."""

    def __init__(
        self,
        problem: MIP,
        own: MIP,
        structure: Structure,
        run: Run,
        chosen: Settings,
    ) -> None:
        self._run, self._chosen, self._own = run, chosen, own
        self._structure = structure
        self._pool = Pool(structure)
        self._linear = LinearPart(own, run)
        self._judge = Judge(run, structure, self._linear, self._pool, problem.col_names)
        self._full = FullRun(own, run, self._judge, until_first=chosen.deterministic)
        self._sliced = run.threads == 1
        in_turn = self._sliced and chosen.share > 0 and not chosen.deterministic
        arms = [
            Arm(operator.name, operator)
            for operator in chosen.operators
            if operator.fits(structure)
        ]
        arms += [Arm(WALK)] if chosen.walk else []
        arms += [Arm(FULL)] if in_turn else []
        self._board = Board(
            arms,
            chosen.make_bandit(len(arms), run.seed),
            chosen.reward,
            structure.discrete.size,
        )
        self._engines = [
            make_engine(chosen.engine, own, run, isolate=chosen.isolate)
            for _ in range(max(1, run.threads - 1))
        ]
        start = start_vector(problem, run)
        if start is not None and run.solution is not None:
            self._judge.take(start, "initial")

    def solve(self) -> Outcome:
        """Return what is known at the end."""
        run, full = self._run, self._full
        proven = None
        try:
            if not self._sliced:
                full.begin()
            proven = self._start()
            if proven is None and not run.should_stop() and full.status is None:
                self._search()
        except Abandoned:
            pass  # the run is over, and what was found is safe
        finally:
            full.stop()
        full.check()
        status, raw = (full.status, full.raw) if proven is None else proven
        if status is None and self._linear.unbounded and self._judge.best is not None:
            status, raw = Status.UNBOUNDED, "the relaxation is unbounded"
        status = self._judge.settle(status)
        return Outcome(status, raw_status=raw, extra=self._board.statistics())

    def _start(self) -> tuple[Status, str] | None:
        """Look for first solutions; return what is proven of the model, if it is."""
        run, judge = self._run, self._judge
        ground = Ground(
            run,
            judge,
            self._linear,
            self._engines[0],
            run.remaining if math.isfinite(run.remaining) else _ENDLESS,
            self._chosen.deterministic,
        )

        def look(one: Start) -> Outcome | None:
            if run.should_stop() or self._full.status is not None:
                return None
            before = run.elapsed
            outcome = one.run(ground)
            judge.repair(min(1.0, run.remaining))
            if judge.best is None and self._sliced and not ground.deterministic:
                # The whole model gets as much as what fails.
                self._full.go(run.elapsed - before)
            return outcome

        with ThreadPoolExecutor(max(1, run.threads - 1)) as executor:
            for outcome in executor.map(look, self._chosen.starts):
                if outcome is not None and outcome.status is not None:
                    return outcome.status, outcome.raw_status
        return None

    def _search(self) -> None:
        """Run the workers; this thread is the first of them."""
        chosen = self._chosen
        common = Common(
            self._run,
            self._structure,
            self._judge,
            self._pool,
            self._linear,
            self._board,
            self._full,
            self._sliced,
            chosen.accept,
            chosen.share,
            chosen.deterministic,
        )
        first, *rest = (
            Worker(common, engine, number)
            for number, engine in enumerate(self._engines)
        )
        crew = Crew([worker.loop for worker in rest])
        try:
            first.loop(crew.ended)
        finally:
            crew.dismiss(_GRACE)
