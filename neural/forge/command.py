"""The arguments of ``combkit train forge``; torch is loaded when it runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from combkit.instances.errors import UsageError
from combkit.neural.own_files import files_of

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the method."""
    add = parser.add_argument
    add("--out", type=Path, required=True, help="folder of results and checkpoints")
    add("--minutes", type=float, default=45.0, help="time to train (default 45)")
    add("--data", action="append", metavar="GLOB", help="learn from own models too")
    add("--init", metavar="W", help="start from weights: a file, or shipped")
    add("--instances", type=int, default=20, help="programs of each structure (20)")
    add("--views", type=int, default=4, help="parts of each, 2 at least (4)")
    add("--batch", type=int, default=16, help="programs of a step (default 16)")
    add("--rate", type=float, default=1e-3, help="learning rate (1e-3)")
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    add("--threads", type=int, default=1, help="(default 1)")
    add("--seed", type=int, default=0)
    for name in ("width", "rounds", "codes", "code-width"):
        add(f"--{name}", type=int, help="of the network")


def run(options: argparse.Namespace) -> None:
    """Train; go on from the checkpoint in ``--out`` if there is one.

    Raises
    ------
    UsageError
        If an argument is wrong.
    InstanceFormatError
        If an own model or the weights cannot be read.
    """
    for name in ("minutes", "instances", "batch", "threads", "rate"):
        if getattr(options, name) <= 0:
            raise UsageError(f"--{name} {getattr(options, name):g}: more than 0")
    if options.views < 2:
        raise UsageError(f"--views {options.views}: 2 at least")
    if options.batch < 2:
        raise UsageError(f"--batch {options.batch}: 2 at least")
    sizes = (options.width, options.rounds, options.codes, options.code_width)
    if options.init and any(sizes):
        raise UsageError("--init: the size of the network comes with the weights")
    options.files = files_of(options.data)
    from combkit.neural.forge.train import run as train

    train(options)
