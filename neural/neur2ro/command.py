"""The arguments of ``combkit train neur2ro``; torch is loaded when it runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from combkit.instances.errors import UsageError
from combkit.neural.own_files import files_of

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the method."""
    add = parser.add_argument
    add("problem", choices=("rkp",), metavar="PROBLEM", help="rkp")
    add("--out", type=Path, required=True, help="folder of results and checkpoints")
    add("--minutes", type=float, default=15.0, help="time to train (default 15)")
    add("--data", action="append", metavar="GLOB", help="learn from own instances too")
    add("--init", metavar="W", help="start from weights: a file, or shipped")
    add("--instances", type=int, default=5_000, help="drawn instances (5000)")
    add("--pairs", type=int, default=50, help="labels of each (50)")
    add("--batch", type=int, default=512, help="(default 512)")
    add("--rate", type=float, default=2e-3, help="learning rate (2e-3)")
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    add("--threads", type=int, default=1, help="(default 1)")
    add("--seed", type=int, default=0)
    for name in ("hidden", "views"):
        add(f"--{name}", type=int, help="of the network")


def run(options: argparse.Namespace) -> None:
    """Train; go on from the checkpoint in ``--out`` if there is one.

    Raises
    ------
    UsageError
        If an argument is wrong.
    InstanceFormatError
        If an own instance or the weights cannot be read.
    """
    for name in ("minutes", "instances", "pairs", "batch", "threads", "rate"):
        if getattr(options, name) <= 0:
            raise UsageError(f"--{name} {getattr(options, name):g}: more than 0")
    if options.init and (options.hidden or options.views):
        raise UsageError("--init: the size of the network comes with the weights")
    options.files = files_of(options.data)
    from combkit.neural.neur2ro.train import run as train

    train(options)
