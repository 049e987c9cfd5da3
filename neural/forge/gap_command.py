"""The arguments of ``combkit train forge-gap``."""

from __future__ import annotations

import argparse
import platform
import time
from pathlib import Path

from combkit.instances.errors import UsageError
from combkit.neural.training import say

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the method."""
    add = parser.add_argument
    add("--out", type=Path, required=True, help="folder of labels and the result")
    add("--weights", type=Path, metavar="W", help="of combkit train forge [shipped]")
    add("--instances", type=int, default=8, help="programs of each structure (8)")
    add("--seconds", type=float, default=6.0, help="to prove an optimum (default 6)")
    add("--seed", type=int, default=500_000)


def run(options: argparse.Namespace) -> None:
    """Draw programs, solve them, and learn their gaps; go on where it was stopped.

    Raises
    ------
    UsageError
        If an argument is wrong.
    InstanceFormatError
        If the weights cannot be read.
    """
    from combkit.neural.forge.embedding import embed
    from combkit.neural.forge.encoder import encoder_of
    from combkit.neural.forge.gap import GapModel, Sample
    from combkit.neural.forge.labels import collect, provable

    for name in ("instances", "seconds"):
        if getattr(options, name) <= 0:
            raise UsageError(f"--{name} {getattr(options, name):g}: more than 0")
    options.out.mkdir(parents=True, exist_ok=True)
    encoder = encoder_of(options.weights)
    started = time.perf_counter()
    programs = provable(options.instances, options.seed)
    samples: list[Sample] = []
    families: dict[str, int] = {}
    labels = options.out / "labels.jsonl"
    for found in collect(programs, options.seconds, labels):
        number = sum(families.values())
        vector = embed(found.drawn.program, encoder).vector
        samples += [Sample(vector, look, found.gap, number) for look in found.looks]
        family = found.drawn.family
        families[family] = families.get(family, 0) + 1
        if families[family] == 1:
            say(f"{time.perf_counter() - started:7.0f} s  {number} programs, {family}")
    card = {
        "programs": families,
        "command": f"combkit train forge-gap --instances {options.instances} "
        f"--seconds {options.seconds:g} --seed {options.seed}",
        "seed": options.seed,
        "python": platform.python_version(),
    }
    path = options.out / "forge-gap.npz"
    GapModel.fit(samples, encoder.mark, card).save(path)
    say(f"written {path}")
