"""What ``--solver auto`` does, as one table to read from top to bottom.

For a problem, every rule of its kind is looked at in order; the first one
whose solvers are installed, support the problem and whose condition holds is
taken. A rule names the steps that run one after the other, each from the best
solution of the ones before: usually a constructive solver, which answers
within milliseconds at any size, and then the main one.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from combkit.comb.registry import advise, find
from combkit.instances.errors import UnsupportedFeatureError
from combkit.instances.problem import Problem
from combkit.instances.run import Abandoned, Outcome, Run
from combkit.instances.shops import scheduling_model
from combkit.instances.solver import SolverInfo

__all__ = ["POLICY", "Plan", "Rule", "Step", "choose", "follow"]


@dataclass(frozen=True, slots=True)
class Step:
    """A solver's turn.

    Parameters
    ----------
    name : str
        Name of the solver.
    share : float
        Share of the time left that it may use.
    most : float
        Seconds that it may use at most.
    """

    name: str
    share: float = 1.0
    most: float = math.inf


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the policy.

    Parameters
    ----------
    kind : str
        Problem kind.
    chain : tuple of Step
        Solvers to run one after the other.
    when : callable
        ``when(problem, seconds) -> bool``, with the seconds left (may be inf).
    why : str
        The evidence, in a few words.
    """

    kind: str
    chain: tuple[Step, ...]
    when: Callable[[Problem, float], bool]
    why: str


def _always(problem: Problem, seconds: float) -> bool:
    return True


def _is_monotone(problem: Any, seconds: float) -> bool:
    return bool(problem.function.monotone)


def _at_most(**limits: int) -> Callable[[Problem, float], bool]:
    """Whether every named dimension of the problem is within its limit."""

    def when(problem: Problem, seconds: float) -> bool:
        size = problem.size
        return all(size[name] <= limit for name, limit in limits.items())

    return when


def _seconds_for_pairs(each: float, most: int) -> Callable[[Problem, float], bool]:
    """Whether there are so many seconds for each pair of so many customers at most."""

    def when(problem: Any, seconds: float) -> bool:
        return bool(problem.n <= most and seconds >= each * problem.n**2)

    return when


def _proof_in_reach(problem: Problem, seconds: float) -> bool:
    return problem.size["operations"] <= 400 and seconds > 120.0


def _at_leisure(problem: Any, seconds: float) -> bool:
    """Whether there is time, and no windows or more than them: choices, reloads."""
    special = not problem.required.all() or problem.reload.any()
    free = not problem.window_client.size or special
    return bool(problem.size["clients"] <= 2_000 and seconds > 20.0 and free)


def _breeds(problem: Any, seconds: float) -> bool:
    """Whether a fleet has the time for enough children, with several types for more."""
    each = 1.5e-5 if np.count_nonzero(problem.available) == 1 else 7e-4
    return _seconds_for_pairs(each, 5_000)(problem, seconds)


def _chooses_at_leisure(problem: Any, seconds: float) -> bool:
    """Whether vehicles differ in load or cost, or there are groups; and time."""
    kinds = problem.available > 0
    vehicles = (problem.capacity, problem.fixed_cost, problem.distance_cost)
    mixed = any(np.ptp(column[kinds], axis=0).any() for column in vehicles)
    grouped = bool((problem.group >= 0).any())
    return (mixed or grouped) and _at_leisure(problem, seconds)


def _is_sum(problem: Problem, seconds: float) -> bool:
    return not scheduling_model(problem).is_bottleneck


def _no_integers(problem: Problem, seconds: float) -> bool:
    return problem.size["integers"] == 0


POLICY: tuple[Rule, ...] = (
    Rule(
        "tsp",
        (Step("greedy"), Step("cpsat")),
        _at_most(n=12),
        "proven optimal in well under a second",
    ),
    Rule(
        "tsp",
        (Step("greedy"), Step("lk", share=0.5, most=1.0), Step("cpsat")),
        _at_most(n=100),
        "proves 20 of 21 TSPLIB files of this size in seconds",
    ),
    Rule(
        "tsp",
        (Step("greedy"), Step("lk")),
        _always,
        "0.1 to 0.3 % in 4 s from 1,000 to 18,000 cities, a third of ils' gaps",
    ),
    Rule(
        "atsp",
        (Step("patching"), Step("cpsat")),
        _at_most(n=12),
        "proven optimal in well under a second",
    ),
    Rule(
        "atsp",
        (Step("patching"), Step("or-3opt", share=0.2, most=1.0), Step("cpsat")),
        _at_most(n=100),
        "the optimum within a second, then its proof",
    ),
    Rule(
        "atsp",
        (Step("patching"), Step("or-3opt")),
        _always,
        "all TSPLIB files at the optimum within a second",
    ),
    Rule(
        "atsp",
        (Step("nearest-neighbour"), Step("ortools-routing")),
        _always,
        "where the matrix is too large for an assignment",
    ),
    *(
        Rule(
            kind,
            (Step("savings"), Step("sisr", share=share, most=60.0), Step("hgs")),
            _seconds_for_pairs(pairs, most),
            why,
        )
        for kind in ("cvrp", "ovrp")
        for share, pairs, most, why in (
            (0.1, 1e-4, 200, "X up to 200 customers, 10 s: 0.12 %; sisr alone 0.21 %"),
            (0.25, 2e-4, 5_000, "X-n331, X-n411, 40 s: 0.12 %; all for hgs 0.51 %"),
            (0.5, 8e-5, 5_000, "X-n289 to X-n449, 10 s: 0.69 %; sisr alone 1.03 %"),
            (0.75, 1.5e-5, 5_000, "X-n561 to X-n876, 15 s: 0.74 %; sisr alone 0.81 %"),
        )
    ),
    *(
        Rule(
            kind,
            (Step("savings"), Step("sisr")),
            _always,
            "Belgium's 3,000 to 30,000 customers; windows; any size",
        )
        for kind in ("cvrp", "ovrp", "vrptw")
    ),
    *(
        Rule(
            kind,
            (Step("greedy"), Step("sisr", share=0.2, most=2.0), Step("cpsat")),
            _at_most(n=60),
            "small enough for a proof, where data are integers",
        )
        for kind in ("op", "pctsp")
    ),
    *(
        Rule(kind, (Step("greedy"), Step("sisr")), _always, why)
        for kind, why in (
            ("op", "OPLib up to 400 nodes in 10 s: 45 of 48 not below EA4OP's scores"),
            ("pctsp", "500 generated nodes in 5 s: 12.78 in the mean of 64"),
        )
    ),
    Rule(
        "spctsp",
        (Step("replan"),),
        _always,
        "real prizes show on the spot only",
    ),
    Rule(
        "vrp",
        (Step("sisr", share=0.5), Step("hgs")),
        _breeds,
        "60 s: VRPB 0.95 %, PyVRP 1.12 %; HFVRP up to 284 clients 0.15 and 0.80 %",
    ),
    Rule(
        "vrp",
        (Step("pyvrp"),),
        _chooses_at_leisure,
        "60 s: HFVRP from 350 clients 1.03 %, GVRP 0.77 %",
    ),
    Rule(
        "vrp",
        (Step("sisr", share=0.25), Step("pyvrp")),
        _at_leisure,
        "PCVRPTW 1.11 % in 60 s, PyVRP alone 1.42 %",
    ),
    Rule(
        "vrp",
        (Step("sisr"),),
        _always,
        "knows all features; MDVRPTW 2.15 % in 60 s, PyVRP 2.94 %",
    ),
    Rule(
        "mtsp",
        (Step("sisr"),),
        _always,
        "500 cities, 30 salesmen, 3 s: 10 of 10 at the farthest city's bound",
    ),
    Rule(
        "maxcut",
        (Step("memetic"),),
        _always,
        "the one search: Gset up to 2,000 vertices within 0.1 % in 30 s",
    ),
    Rule(
        "rkp",
        (Step("branch-and-cut"),),
        _always,
        "proves 467 of the 504 published files of 20 to 80 items in 60 s",
    ),
    Rule(
        "robust",
        (Step("ccg"),),
        _always,
        "the one solver: location-transportation of 30 sites proven in half a minute",
    ),
    Rule(
        "qap",
        (Step("tabu"),),
        _always,
        "the one search: 93 of 97 QAPLIB files up to 50 at the best known in 10 s",
    ),
    Rule(
        "submodular",
        (Step("lazy"), Step("branch-and-bound")),
        _at_most(n=40),
        "small enough for a proof, often",
    ),
    Rule(
        "submodular",
        (Step("density"),),
        _always,
        "under knapsacks: half of the optimum, and a bound",
    ),
    Rule(
        "submodular",
        (Step("lazy"),),
        _is_monotone,
        "the factor of the greedy, and a bound, with the fewest gains",
    ),
    Rule(
        "submodular",
        (Step("lazy"), Step("local-search")),
        _always,
        "not monotone: exchanges and removals go on from the greedy set",
    ),
    Rule(
        "submodular",
        (Step("distorted"), Step("ratio-greedy")),
        _always,
        "costs that are subtracted: the best factor known, and the best prefix",
    ),
    *(
        Rule("submodular", (Step(name),), _always, why)
        for name, why in (
            ("ratio-greedy", "ratios, and differences of two functions"),
            ("assortment", "assortments under a matroid: proven in some rounds"),
            ("ordered", "other assortments: a submodular order"),
            ("naive", "nothing is known of the function"),
        )
    ),
    *(
        Rule("ksubmodular", (Step(name),), _always, why)
        for name, why in (
            ("lazy", "half of the optimum, and a bound"),
            ("distorted", "labels that cost something"),
        )
    ),
    Rule(
        "jsp",
        (Step("dispatch"), Step("tabu", share=0.2, most=5.0), Step("cpsat")),
        _at_most(operations=150),
        "the optimum within a second, then its proof",
    ),
    Rule(
        "jsp",
        (Step("dispatch"), Step("tabu", share=0.5, most=60.0), Step("cpsat")),
        _proof_in_reach,
        "proofs take minutes at up to 400 operations",
    ),
    Rule(
        "jsp",
        (Step("dispatch"), Step("tabu")),
        _always,
        "closes the gap to its own bounds, or comes nearer than CP-SAT",
    ),
    Rule(
        "fjsp",
        (
            Step("iterated-greedy", share=0.1, most=1.5),
            Step("tabu", share=0.1, most=1.5),
            Step("cpsat"),
        ),
        _at_most(operations=80),
        "the best answer within seconds, then its proof",
    ),
    Rule(
        "fjsp",
        (
            Step("iterated-greedy", share=0.15, most=30.0),
            Step("tabu", share=0.45, most=120.0),
            Step("cpsat"),
        ),
        _always,
        "insertion or tabu is nearer, file by file; CP-SAT proves and mends the rest",
    ),
    Rule(
        "fjsp",
        (Step("iterated-greedy", share=0.3, most=30.0), Step("cpsat")),
        _always,
        "set-ups: good schedules at once, then proofs",
    ),
    Rule(
        "pfsp",
        (Step("iterated-greedy", share=0.2, most=3.0), Step("cpsat")),
        _at_most(jobs=20, machines=5),
        "the best sequence at once, then its proof",
    ),
    Rule(
        "pfsp",
        (Step("iterated-greedy"),),
        _always,
        "within 1 % where CP-SAT is many per cent away",
    ),
    Rule(
        "rcpsp",
        (Step("dispatch"), Step("genetic", share=0.2, most=2.0), Step("cpsat")),
        _at_most(n=40),
        "the best schedule within a second, then its proof",
    ),
    Rule(
        "rcpsp",
        (
            Step("dispatch", share=0.1, most=5.0),
            Step("genetic", share=0.1, most=5.0),
            Step("cpsat", share=0.2, most=60.0),
            Step("genetic", share=0.8, most=300.0),
            Step("cpsat"),
        ),
        _always,
        "proofs of the easy early, the best schedules of the hard, then proofs",
    ),
    Rule(
        "ossp",
        (Step("iterated-greedy", share=0.2, most=2.0), Step("cpsat")),
        _at_most(jobs=10, machines=10),
        "meets the bound of loads in a second, or CP-SAT proves more",
    ),
    Rule(
        "ossp",
        (Step("iterated-greedy", share=0.5, most=60.0), Step("cpsat")),
        _always,
        "meets the bound of loads where CP-SAT takes minutes",
    ),
    # The rules above do not take precedences of their own, modes or lags.
    *(
        Rule(
            kind,
            (
                Step("dispatch", share=0.05, most=5.0),
                Step("annealing", share=0.1, most=1.0),
                Step("cpsat", share=0.2, most=60.0),
                Step("annealing", share=0.8, most=300.0),
                Step("cpsat"),
            ),
            _always,
            "proofs of the easy early; else a fraction of CP-SAT's tardiness",
        )
        for kind in ("fjsp", "rcpsp", "scheduling")
    ),
    Rule(
        "scheduling",
        (
            Step("cpsat", share=0.2, most=30.0),
            Step("cp-lns", share=0.8, most=300.0),
            Step("cpsat"),
        ),
        _is_sum,
        "earliness and tardiness below CP-SAT's alone, a fifth on 300 tasks",
    ),
    *(
        Rule(
            kind,
            (
                Step("dispatch", share=0.1, most=5.0),
                Step("cpsat", share=0.6, most=120.0),
                Step("cp-lns", share=0.5, most=300.0),
                Step("cpsat"),
            ),
            _always,
            "proofs of the easy, and schedules where CP-SAT alone finds none",
        )
        # Breaks, maximal lags, blocking, earliness and the like.
        for kind in ("fjsp", "rcpsp", "scheduling")
    ),
    Rule(
        "kp",
        (Step("greedy"), Step("knapsack-dp")),
        _always,
        "exact, milliseconds",
    ),
    Rule(
        "kp",
        (Step("greedy"), Step("highs")),
        _always,
        "fractional data that does not scale",
    ),
    *(
        Rule(
            "mkp",
            (
                Step("greedy"),
                Step("local-search", share=0.2, most=1.0),
                *proofs,
                Step("local-search", share=0.5, most=60.0),
                Step("highs"),
            ),
            when,
            why,
        )
        for proofs, when, why in (
            (
                (Step("enumeration", share=0.6), Step("cpsat", share=0.4)),
                _at_most(n=100, m=10),
                "then CP-SAT, which proves in half of HiGHS' time",
            ),
            (
                (Step("enumeration", share=0.6),),
                _always,
                "five resources, mknapcb1 and 2: proven in seconds",
            ),
            (
                (Step("cpsat", share=0.4),),
                _at_most(n=100, m=10),
                "fractions that a power of ten makes integers",
            ),
            ((), _always, "fractions"),
        )
    ),
    Rule(
        "setcover",
        (
            Step("greedy"),
            Step("local-search", share=0.1, most=0.3),
            Step("cpsat", share=0.3, most=3.0),
            Step("local-search", share=0.3, most=3.0),
            Step("highs"),
        ),
        _at_most(n=5_000, elements=1_000),
        "OR-Library's scp4 to scpb proven by CP-SAT in a second or two",
    ),
    Rule(
        "setcover",
        (
            Step("greedy", share=0.2),
            Step("local-search", share=0.3, most=3.0),
            Step("highs"),
        ),
        _always,
        "OR-Library's files at the optimum within a second; then proofs",
    ),
    *(
        Rule(
            kind,
            (
                Step("greedy", share=0.1),
                Step("local-search", share=0.2, most=0.5),
                Step("branch-and-bound"),
            ),
            _at_most(n=300),
            "the best answer in half a second, then its proof",
        )
        for kind in ("mis", "clique", "vc")
    ),
    *(
        Rule(
            kind,
            (Step("greedy", share=0.1), Step("local-search")),
            _always,
            "C1000.9 at 68 within a second, frb50-23-1 at 50 within ten",
        )
        for kind in ("mis", "clique", "vc")
    ),
    Rule("mip", (Step("highs"),), _no_integers, "a linear program"),
    Rule(
        "mip",
        (Step("highs", share=0.75), Step("scip")),
        _at_most(nnz=200_000),
        "on MIPLIB 3 HiGHS proves all that it can in half of 60 s",
    ),
    Rule(
        "mip",
        (Step("fix-propagate", share=0.5, most=3.0), Step("highs")),
        _always,
        "presolving a large model may take longer than finding a solution",
    ),
)


#: A rule that was chosen, and the rows of its solvers in the order of its steps.
Plan = tuple[Rule, tuple[SolverInfo, ...]]


def choose(problem: Problem, seconds: float) -> Plan:
    """Return the first rule that applies and the rows of its solvers.

    Raises
    ------
    UnsupportedFeatureError
        If no rule's solvers support the problem, with their reasons.
    """
    reasons: dict[str, str] = {}
    for rule in POLICY:
        if rule.kind != problem.kind or not rule.when(problem, seconds):
            continue
        rows = tuple(find(step.name, rule.kind) for step in rule.chain)
        missing = False
        for row in rows:
            if not row.available:
                missing = True
            elif (reason := row.unsupported(problem)) is not None:
                reasons[row.name] = reason
                missing = True
        if not missing:
            return rule, rows
    said = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
    raise UnsupportedFeatureError(f"no solver for this {problem.kind} ({said})")


def follow(
    plan: Plan, problem: Problem, run: Run, *, adviser: str | None = None
) -> Outcome:
    """Run the steps of a plan; ``extra["chain"]`` says which ones had a turn.

    Parameters
    ----------
    plan : Plan
        The rule and its solvers.
    problem : Problem
        The problem.
    run : Run
        The run.
    adviser : str, optional
        Who names a solver to go first, see ``combkit.comb.registry.advise``; the plan
        follows where that one ends before its time.
    """
    rule, rows = plan
    turns = [
        (row.name, row.load(), step) for step, row in zip(rule.chain, rows, strict=True)
    ]
    if run.initial is not None and run.solution is None:
        # A start that is not feasible is for the first solver that mends it.
        first = next((k for k, row in enumerate(rows) if row.mends), 0)
        turns = turns[first:]
    if adviser is not None:
        turns[:0] = _advised(adviser, problem, run)
    outcome = Outcome()
    done: list[str] = []
    for name, solver, step in turns:
        if done and (outcome.status is not None or run.should_stop()):
            break
        if run.solution is not None:
            run.initial = run.solution
        elif done and problem.exact:
            # A start that one solver could not mend is of no use to the next.
            run.initial = None
        done.append(name)
        # A native call that outstays its turn is left behind; the next one runs.
        with (
            run.stage(min(step.most, step.share * run.remaining)),
            contextlib.suppress(Abandoned),
        ):
            outcome = solver(problem, run)
    return Outcome(
        outcome.status,
        outcome.reason if outcome.status is not None else None,
        outcome.raw_status,
        {**outcome.extra, "chain": done},
    )


def _advised(
    adviser: str, problem: Problem, run: Run
) -> list[tuple[str, Callable[..., Outcome], Step]]:
    """Return the first solver that is advised and can be used, if there is one."""
    for name, options in advise(adviser, problem, run.remaining):
        row = find(name, problem.kind)
        if row.available and row.unsupported(problem) is None:
            return [(name, partial(row.load(), **options), Step(name))]
    return []
