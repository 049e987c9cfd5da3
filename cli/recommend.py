"""``combkit recommend``: which solver to use for a program."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from combkit.cli.exits import Exit
from combkit.cli.interrupts import Interrupts
from combkit.cli.models import add_time_limit, show
from combkit.cli.parser import examples

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Rank solvers for a mixed-integer program by what they did on programs like\n"
        "it, in the mean primal gap over the time limit. The table of the package\n"
        "comes from generated programs and short runs; `combkit train\n"
        "forge-recommend` makes another one of a batch of your own."
    )
    parser.epilog = examples(
        "combkit recommend model.mps",
        "combkit recommend model.mps --run --time-limit 60",
        "combkit recommend model.mps --table mine/forge-recommend.npz --json",
        "combkit solve model.mps --param adviser=forge --time-limit 60",
    )
    add = parser.add_argument
    add("file", metavar="FILE", help="file of a mixed-integer program")
    add("--table", type=Path, metavar="T", help="other table than the package's")
    add("--json", action="store_true", help="print one JSON object")
    add("--run", action="store_true", help="solve the program by the first one")
    add_time_limit(parser)


def run(args: argparse.Namespace, interrupts: Interrupts) -> int:
    """Print the ranking, or solve by the first."""
    from combkit.comb.solve import solve
    from combkit.neural.forge.embedding import embed
    from combkit.neural.forge.encoder import shipped
    from combkit.neural.forge.recommend import Recommender, shipped_recommender
    from combkit.neural.forge.source import program_of

    program = program_of(args.file)
    if args.table is None:
        table = shipped_recommender()
    else:
        table = Recommender.load(args.table, shipped())
    embedding = embed(program)
    ranking = table.recommend(embedding)
    near = table.nearest(embedding)
    if args.run:
        first = ranking[0].choice
        result = solve(
            program, first.solver, time_limit=args.time_limit, **first.options
        )
        return show(result, as_json=args.json)
    if args.json:
        rows = [
            {
                "solver": one.choice.solver,
                "options": one.choice.options,
                "expected": round(one.expected, 6),
                "average": round(one.average, 6),
            }
            for one in ranking
        ]
        like = [{"name": name, "cosine": round(value, 4)} for name, value in near]
        print(json.dumps({"instance": program.name, "ranking": rows, "like": like}))
        return Exit.OK
    width = max(len(one.choice.label) for one in ranking)
    print(f"{'':{width}}  expected  average")
    for one in ranking:
        print(f"{one.choice.label:{width}}  {one.expected:8.2%}  {one.average:7.2%}")
    print("like " + ", ".join(f"{name} ({value:.2f})" for name, value in near))
    return Exit.OK
