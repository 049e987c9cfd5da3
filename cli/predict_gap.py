"""``combkit predict-gap``: the integrality gap of a program, before it is solved."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from combkit.cli.exits import Exit
from combkit.cli.interrupts import Interrupts
from combkit.cli.parser import examples, positive_number
from combkit.cli.report import number

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Foretell how far the optimum of a mixed-integer program lies from its linear\n"
        "relaxation, with an interval that holds it in nine of ten cases: from the\n"
        "program's embedding, its relaxation and a second of HiGHS at the root. Bound\n"
        "and incumbent of the root are proven, what lies between them is foretold."
    )
    parser.epilog = examples(
        "combkit predict-gap model.mps",
        "combkit predict-gap model.mps --seconds 5 --json",
        "combkit predict-gap model.mps --relaxation",
        "combkit predict-gap model.mps --try 20",
    )
    add = parser.add_argument
    add("file", metavar="FILE", help="file of a mixed-integer program")
    add(
        "--seconds",
        type=positive_number,
        default=1.0,
        metavar="S",
        help="time at the root (default 1)",
    )
    add(
        "--try",
        dest="trial",
        type=positive_number,
        metavar="S",
        help="look S seconds for a solution that good, or prove there is none",
    )
    add("--relaxation", action="store_true", help="use the relaxation alone")
    add("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace, interrupts: Interrupts) -> int:
    """Print the prediction."""
    from combkit.neural.forge.gap import predict_gap
    from combkit.neural.forge.source import program_of
    from combkit.neural.forge.trial import trial_cutoff

    program = program_of(args.file)
    found = predict_gap(program, args.seconds, root=not args.relaxation)
    tried = None
    if args.trial is not None:
        tried = trial_cutoff(program, found.objective, args.trial)
    if args.json:
        report = {"instance": program.name, **asdict(found)}
        if tried is not None:
            names = ("cutoff", "reached", "bound", "objective")
            report["trial"] = {name: getattr(tried, name) for name in names}
        print(json.dumps(report))
        return Exit.OK
    lines = [
        ("relaxation", number(found.relaxed)),
        ("gap", f"{found.gap:.2%}  (in {found.low:.2%} .. {found.high:.2%})"),
        (
            "optimum",
            f"{number(found.objective)}  (in {number(found.objective_low)} .. "
            f"{number(found.objective_high)})",
        ),
        ("proven bound", number(found.bound)),
        (
            "incumbent",
            "none" if found.incumbent is None else number(found.incumbent),
        ),
    ]
    for name, value in lines:
        print(f"{name:13} {value}")
    if tried is not None:
        if tried.objective is not None:
            print(f"reached       yes: a solution of {number(tried.objective)}")
        else:
            print(f"reached       {'not in time' if tried.reached is None else 'no'}")
        print(f"proven bound  {number(tried.bound)}")
    if not found.familiar:
        print(
            "unlike the programs that were learned from: the interval is what is proven"
        )
    return Exit.OK
