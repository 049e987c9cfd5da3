"""The arguments of ``combkit train bq``; torch is loaded when it runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from combkit.instances.errors import UsageError
from combkit.neural.own_files import files_of

__all__ = ["PROBLEMS", "configure", "run"]

#: Problems that a policy can be trained for.
PROBLEMS = ("tsp", "cvrp", "op", "kp", "atsp")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the method."""
    add = parser.add_argument
    add("problem", choices=PROBLEMS, metavar="PROBLEM", help=", ".join(PROBLEMS))
    add("--out", type=Path, required=True, help="folder of results and checkpoints")
    add("--minutes", type=float, default=60.0, help="time to train (default 60)")
    add("--data", action="append", metavar="GLOB", help="learn from own instances too")
    add("--label-seconds", type=float, default=1.0, help="time an own instance")
    add("--init", metavar="W", help="start from weights: a file, or shipped")
    add("--labels", type=Path, help="folder of drawn, labelled instances [OUT/labels]")
    add("--workers", type=int, default=0, help="processes that make labels meanwhile")
    add("--shards", type=int, default=1000, help="most label shards")
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    add("--threads", type=int, default=1, help="(default 1)")
    add("--batch", type=int, help="[1024 on cuda, 256 elsewhere]")
    add("--seed", type=int, default=0)
    add("--rate", type=float, help="learning rate [2e-3, a tenth with --init]")
    add("--adamw", action="store_true", help="no Muon")
    add("--mode", choices=("graph", "compile", "eager"), default="graph")
    add("--begin", type=float, default=0.0, help="begin at seconds of the epoch")
    add("--paper", action="store_true", help="the network of the paper")
    for name in ("dim", "depth", "heads", "hidden", "width"):
        add(f"--{name}", type=int, help="of the network")
    add("--test", type=int, default=256, help="drawn instances to test on")
    add("--references", type=Path, help="folder of their reference values")


def run(options: argparse.Namespace) -> None:
    """Train; go on from the checkpoint in ``--out`` if there is one.

    Raises
    ------
    UsageError
        If an argument is wrong.
    """
    if options.minutes <= 0.0:
        raise UsageError(f"--minutes {options.minutes:g}: more than 0")
    sizes = ("dim", "depth", "heads", "hidden", "width", "paper")
    if options.init and any(getattr(options, name) for name in sizes):
        raise UsageError("--init: the size of the network comes with the weights")
    options.files = files_of(options.data)
    if options.files and options.problem == "op":
        raise UsageError("--data: op has no instance files")
    from combkit.neural.bq.train import run as train

    train(options)
