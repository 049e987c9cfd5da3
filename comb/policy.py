"""What ``--solver auto`` does, as one table to read from top to bottom.

For a problem, every rule of its kind is looked at in order; the first one
whose solver is installed, supports the problem and whose condition holds is
taken. A rule names the solvers that run one after the other in what is left of
the time: a constructive one first, which answers within milliseconds at any
size, then the main one, started from the incumbent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from combkit.comb.registry import find
from combkit.instances.errors import UnsupportedFeatureError
from combkit.instances.problem import Problem
from combkit.instances.run import Outcome, Run
from combkit.instances.solver import SolverInfo

__all__ = ["POLICY", "Rule", "choose", "solve"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the policy.

    Parameters
    ----------
    kind : str
        Problem kind.
    chain : tuple of str
        Solvers to run one after the other, by name.
    when : callable
        ``when(problem, seconds) -> bool``, with the seconds left (may be inf).
    why : str
        The evidence, in a few words.
    """

    kind: str
    chain: tuple[str, ...]
    when: Callable[[Problem, float], bool]
    why: str


def _always(problem: Problem, seconds: float) -> bool:
    return True


def _at_most(**limits: int) -> Callable[[Problem, float], bool]:
    """Whether every named dimension of the problem is within its limit."""

    def when(problem: Problem, seconds: float) -> bool:
        size = problem.size
        return all(size[name] <= limit for name, limit in limits.items())

    return when


POLICY: tuple[Rule, ...] = (
    Rule(
        "tsp",
        ("greedy", "cpsat"),
        _at_most(n=12),
        "proven optimal in well under a second",
    ),
    Rule("tsp", ("greedy", "ils"), _always, "below 1 % at n = 1000 in seconds"),
    Rule(
        "atsp",
        ("nearest-neighbour", "cpsat"),
        _at_most(n=100),
        "proves most TSPLIB files of this size in seconds",
    ),
    Rule(
        "atsp",
        ("nearest-neighbour", "ortools-routing"),
        _always,
        "guided local search scales where the circuit model does not",
    ),
    Rule(
        "cvrp",
        ("savings", "pyvrp"),
        _at_most(n=3000),
        "best short-run gaps of the wrapped solvers",
    ),
    Rule(
        "cvrp",
        ("savings", "ortools-routing"),
        _at_most(n=3000),
        "where PyVRP is not installed",
    ),
    Rule("cvrp", ("savings",), _always, "memory stays linear in n"),
    Rule("jsp", ("dispatch", "cpsat"), _always, "proofs on small, hints on large"),
    Rule("kp", ("greedy", "knapsack-dp"), _always, "exact, milliseconds"),
    Rule("kp", ("greedy",), _always, "fractional data that does not scale"),
    Rule("mip", ("highs",), _always, "most MIPLIB 3 files proven at 60 s"),
)


def choose(problem: Problem, seconds: float) -> tuple[Rule, tuple[SolverInfo, ...]]:
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
        rows = tuple(find(name, rule.kind) for name in rule.chain)
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


def solve(problem: Problem, run: Run) -> Outcome:
    """Solve by the first rule that applies; ``extra["chain"]`` says which."""
    _, rows = choose(problem, run.remaining)
    outcome = Outcome()
    done: list[str] = []
    for row in rows:
        if done and run.should_stop():
            break
        if run.solution is not None:
            run.initial = run.solution
        done.append(row.name)
        outcome = row.load()(problem, run)
    return Outcome(
        outcome.status,
        outcome.reason,
        outcome.raw_status,
        {**outcome.extra, "chain": done},
    )
