"""``combkit train``: train a learned solver, or go on with it."""

from __future__ import annotations

import argparse
from importlib import import_module
from types import ModuleType

from combkit.cli.exits import Exit
from combkit.cli.interrupts import Interrupts
from combkit.cli.parser import Parser, examples
from combkit.instances.errors import MissingDependencyError

__all__ = ["METHODS", "configure", "run"]

#: What can be trained, by name: its summary, and the module with
#: ``configure(parser)``, which loads nothing heavy, and ``run(args)``.
METHODS: dict[str, tuple[str, str]] = {
    "bq": ("learned construction", "combkit.neural.bq.command"),
    "dispatch": ("learned dispatching rule", "combkit.neural.dispatch.command"),
    "forge": ("embeddings of mixed-integer programs", "combkit.neural.forge.command"),
    "forge-gap": ("integrality gaps", "combkit.neural.forge.gap_command"),
    "forge-hints": ("values of variables", "combkit.neural.forge.hint_command"),
    "forge-recommend": ("solvers of programs", "combkit.cli.recommend_train"),
    "udc": ("dividers of large problems", "combkit.neural.udc.command"),
    "neur2ro": ("learned value of reactions", "combkit.neural.neur2ro.command"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = examples(
        "combkit train bq tsp --minutes 60 --workers 1 --out runs/tsp",
        "combkit train bq tsp --init shipped --data 'my/*.tsp' --out runs/mine",
        "combkit train dispatch --init shipped --data 'my/*.fjs' --out runs/shop",
        "combkit train neur2ro rkp --minutes 15 --out runs/rkp",
        "combkit solve my/a.tsp --solver bq --param weights=runs/mine/tsp.safetensors",
    )
    methods = parser.add_subparsers(
        dest="method", metavar="METHOD", required=True, parser_class=Parser
    )
    for name, (summary, module) in METHODS.items():
        child = methods.add_parser(name, help=summary, description=f"{summary}.")
        _module(module).configure(child)


def run(args: argparse.Namespace, interrupts: Interrupts) -> int:
    """Train until the time is up; an interrupt loses what came after a checkpoint."""
    try:
        _module(METHODS[args.method][1]).run(args)
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.split(".")[0] == "combkit":
            raise
        raise MissingDependencyError("combkit train", "neural") from None
    return Exit.OK


def _module(name: str) -> ModuleType:
    return import_module(name)
