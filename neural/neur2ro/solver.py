"""Neur2RO for robust knapsacks: the network proposes, exact worst cases decide.

The main problem chooses items for what the network thinks that reactions earn in the
scenarios so far: a program whose only integers are the items. What HiGHS finds on the
way is judged by its exact worst case. The network's own worst scenario for the best
proposal, and the exact one, join the scenarios, until neither is new. Then a local
search goes on, led by the network: it flips and swaps items while they seem worth it,
and each top is judged.

References
----------
.. [1] J. Dumouchelle, E. Julien, J. Kurtz, E. B. Khalil, "Neur2RO: neural two-stage
   robust optimization", ICLR 2024.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from combkit.instances.errors import UsageError
from combkit.instances.mip import MIP
from combkit.instances.robust.knapsack import RobustKnapsack
from combkit.instances.run import Outcome, Run
from combkit.mip.contract import Deaf
from combkit.mip.robust.judge import Judge
from combkit.mip.robust.safe import safe_start
from combkit.mip.robust.scout import scout
from combkit.mip.robust.search import Search
from combkit.neural.neur2ro.model import shipped
from combkit.neural.neur2ro.network import load
from combkit.neural.neur2ro.predictor import Predictor

__all__ = ["solve"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_SOURCE = "neur2ro"
#: Most estimates that lead the local search.
_ESTIMATES = 200


def solve(
    problem: RobustKnapsack,
    run: Run,
    *,
    weights: str | None = None,
    rounds: int = 5,
    seconds: float = 2.0,
    views: int = 3,
    shake: int = 4,
) -> Outcome:
    """Choose items by a learned value of reactions, judge them exactly.

    An iteration is a main problem or a climb. What bounds the main problem is a guess
    of the network: no bound is reported.

    Parameters
    ----------
    problem : RobustKnapsack
        The problem.
    run : Run
        The run.
    weights : str, optional
        File of own weights; those of the package without.
    rounds : int
        Most main problems.
    seconds : float
        Most seconds of one.
    views : int
        Estimates that the network gives the local search for a scenario.
    shake : int
        Most items that are flipped at random before a climb.

    Raises
    ------
    UsageError
        If a number is not positive.
    InstanceFormatError
        If the weights cannot be read.

    References
    ----------
    See the module.
    """
    if min(rounds, views, shake) < 1 or not seconds > 0.0:
        raise UsageError("rounds, views, shake and seconds are positive")
    run.report(safe_start(problem), "greedy")
    network, card = shipped("rkp") if weights is None else load(Path(weights))
    least, most = card["sizes"]
    if not least <= problem.n <= most:
        warnings.warn(
            f"{_SOURCE}: weights that learned from {least} to {most} items judge "
            f"{problem.n}; extra['error'] says how well",
            stacklevel=2,
        )
    judge = run.supervise(lambda: Judge(problem, run, _SOURCE))
    predictor = Predictor(network, problem)
    sunk = problem.margins

    def thought(accepted: Flags, scenario: Floats) -> tuple[Floats, Floats]:
        added = predictor.added(scenario).T
        least = np.argsort(predictor.base + added @ accepted, kind="stable")[:views]
        return predictor.base[least], sunk + added[least]

    search = run.supervise(lambda: Search(judge, thought, _ESTIMATES, shake))
    listener = Deaf(run, _SOURCE)
    scenarios = [np.zeros(problem.n), predictor.worst(np.ones(problem.n, bool))[1]]
    errors: list[float] = []
    mains = 0
    while not run.should_stop(mains) and mains < rounds:
        program = main_problem(predictor, np.array(scenarios))
        highs = scout(program, judge, listener, min(seconds, run.remaining))
        mains += 1
        solution = np.array(highs.getSolution().col_value)
        if solution.size == 0 or run.should_stop():
            break
        accepted = solution[: problem.n] > 0.5
        verdict = judge.judge(accepted)
        errors.append(_error(predictor, judge, accepted, verdict.scenario))
        feared = predictor.worst(accepted)[1]
        search.climb(accepted)
        found = [feared, verdict.scenario]
        fresh = [u for u in found if not any(np.allclose(u, v) for v in scenarios)]
        if not fresh:
            break
        scenarios += fresh
    climbs = 0
    while not run.should_stop(mains + climbs):
        search.shake()
        climbs += 1
    extra = {
        **judge.facts(),
        "mains": mains,
        "climbs": climbs,
        "scenarios": len(scenarios),
        "error": float(np.mean(errors)) if errors else None,
        "card": card,
    }
    return Outcome(extra=extra)


def main_problem(predictor: Predictor, scenarios: Floats) -> MIP:
    """Return the program of the network's values; its variables are x, then the value.

    Parameters
    ----------
    predictor : Predictor
        The network on an instance.
    scenarios : ndarray of float64, shape (k, n)
        The scenarios.
    """
    problem, n = predictor.problem, predictor.problem.n
    # value <= base + what accepted items add, for each scenario and view
    added = predictor.added(scenarios).transpose(0, 2, 1).reshape(-1, n)
    base = np.tile(predictor.base, len(scenarios))
    binary = np.r_[np.ones(n), 0].astype(np.uint8)
    return MIP(
        np.r_[problem.margins, 1.0],
        sp.csr_array(np.c_[-added, np.ones(base.size)]),
        np.full(base.size, -np.inf),
        base,
        np.r_[np.zeros(n), -np.inf],
        np.r_[np.ones(n), np.inf],
        binary,
        maximize=True,
    )


def _error(
    predictor: Predictor, judge: Judge, accepted: Flags, scenario: Floats
) -> float:
    """Return by how much the network is wrong, as a part of the outsourcing costs."""
    value, _ = judge.recourse.react(accepted, scenario)
    thought = float(predictor.value(accepted, scenario[None, :])[0])
    return abs(thought - value) / max(float(predictor.problem.outsourcing.sum()), 1e-9)
