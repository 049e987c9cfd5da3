"""The arguments of ``combkit train dispatch``; torch is loaded when it runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from combkit.instances.errors import UsageError
from combkit.neural.own_files import files_of

__all__ = ["CLASSES", "configure", "run"]

#: Problem kinds that the rule learns.
CLASSES = ("jsp", "fjsp", "rcpsp")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the method."""
    add = parser.add_argument
    add("--out", type=Path, required=True, help="folder of results and checkpoints")
    add("--minutes", type=float, default=60.0, help="time to train (default 60)")
    add("--data", action="append", metavar="GLOB", help="learn from own instances too")
    add("--init", metavar="W", help="start from weights: a file, or shipped")
    add("--classes", default=",".join(CLASSES), help="kinds to draw (default all)")
    add("--largest", type=int, default=10**9, help="most tasks of a drawn problem")
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    add("--threads", type=int, default=1, help="(default 1)")
    add("--workers", type=int, default=0, help="processes and threads that help")
    add("--iterations", type=int, default=0, help="most rounds [no limit]")
    add("--instances", type=int, default=16, help="problems a round (default 16)")
    add("--samples", type=int, default=32, help="schedules of each (default 32)")
    add("--improve", type=int, default=1000, help="search steps on labels (1000)")
    add("--cuts", type=float, default=0.5, help="part of labels that complete a cut")
    add("--rate", type=float, help="learning rate [1e-3, a tenth with --init]")
    add("--half", action="store_true", help="sample in bfloat16")
    add("--seed", type=int, default=0)
    for name in ("width", "layers", "head"):
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
    for name in ("minutes", "instances", "samples", "threads"):
        if getattr(options, name) <= 0:
            raise UsageError(f"--{name} {getattr(options, name):g}: more than 0")
    if not 0 <= options.cuts <= 1:
        raise UsageError(f"--cuts {options.cuts:g}: from 0 to 1")
    if options.init and (options.width or options.layers or options.head):
        raise UsageError("--init: the size of the network comes with the weights")
    options.kinds = options.classes.split(",")
    for kind in options.kinds:
        if kind not in CLASSES:
            raise UsageError(f"--classes {kind}: not one of {', '.join(CLASSES)}")
    options.files = files_of(options.data)
    from combkit.neural.dispatch.train import run as train

    train(options)
