"""``combkit check``: judge a solution file."""

from __future__ import annotations

import argparse
import json
from typing import Any

from combkit.cli.exits import Exit
from combkit.cli.interrupts import Interrupts
from combkit.cli.parser import examples
from combkit.cli.report import gap_to, number, same_objective
from combkit.instances.best_known import best_known
from combkit.instances.errors import InvalidSolutionError
from combkit.instances.formats import read, read_solution, stated_objective
from combkit.instances.problem import Problem
from combkit.instances.solutions import FirstStage, Solution
from combkit.mip.robust import evaluate

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "List every violation of a solution, recompute its objective and compare it\n"
        "with the one that the file states. The exit code is 0 if the solution is\n"
        "feasible and states no other objective, 1 if not."
    )
    parser.epilog = examples(
        "combkit check berlin52.tsp berlin52.opt.tour",
        "combkit check X-n101-k25.vrp X-n101-k25.sol --json",
    )
    add = parser.add_argument
    add("file", metavar="FILE", help="instance file")
    add("solution", metavar="SOLUTION", help="solution file")
    add("--format", metavar="F", help="instance format")
    add("--solution-format", metavar="F", help="solution format")
    add("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace, interrupts: Interrupts) -> int:
    """Check the solution; 1 if anything is wrong with it."""
    problem = read(args.file, args.format)
    solution = read_solution(args.solution, problem, args.solution_format)
    stated = stated_objective(args.solution, problem, args.solution_format)
    if isinstance(solution, FirstStage):
        violations, solution = _worst_case(problem, solution)
    else:
        violations = problem.check(solution)
    objective = _objective(problem, solution)
    agrees = None
    if stated is not None:
        agrees = objective is not None and same_objective(stated, objective)
    best = best_known(problem)
    facts = {
        "instance": problem.name,
        "kind": problem.kind,
        "feasible": not violations,
        "violations": violations,
        "objective": objective,
        "stated_objective": stated,
        "stated_agrees": agrees,
        "best_known": None if best is None else best.value,
        "gap_to_best_known": gap_to(best, objective, problem.sense),
    }
    print(json.dumps(facts) if args.json else _text(facts))
    return Exit.NOTHING if violations or agrees is False else Exit.OK


def _worst_case(problem: Any, solution: FirstStage) -> tuple[list[str], FirstStage]:
    """Judge a first stage by its worst scenario; that of the file must be as bad."""
    try:
        worst = evaluate(problem, solution).solution
    except InvalidSolutionError as error:
        return list(error.violations), solution
    if solution.scenario is None:
        return [], worst
    if violations := problem.check(solution):
        return violations, worst
    given, least = problem.evaluate(solution), problem.evaluate(worst)
    if same_objective(given, least):
        return [], worst
    return [f"{given:.15g} in the scenario, but {least:.15g} in a worse one"], worst


def _objective(problem: Problem, solution: Solution) -> float | None:
    """Evaluate a solution that may be too broken for it."""
    try:
        return float(problem.evaluate(solution))
    except InvalidSolutionError:
        return None


def _text(facts: dict[str, Any]) -> str:
    lines = [f"violation: {violation}" for violation in facts["violations"]]
    lines.append(f"feasible   {'yes' if facts['feasible'] else 'NO'}")
    lines.append(f"objective  {number(facts['objective'])}")
    if facts["stated_objective"] is not None:
        verdict = "agrees" if facts["stated_agrees"] else "DOES NOT AGREE"
        lines.append(f"stated     {number(facts['stated_objective'])} ({verdict})")
    if facts["gap_to_best_known"] is not None:
        gap = 100 * facts["gap_to_best_known"]
        lines.append(f"best known {number(facts['best_known'])}, this is {gap:+.4g} %")
    return "\n".join(lines)
