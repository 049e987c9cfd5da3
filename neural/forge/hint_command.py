"""The arguments of ``combkit train forge-hints``; torch is loaded when it runs."""

from __future__ import annotations

import argparse
import platform
import time
from pathlib import Path

from combkit.instances.errors import UsageError
from combkit.neural.training import say

__all__ = ["configure", "run"]

#: Seconds that a relaxation may take.
_RELAXATION = 30.0
#: Programs that a model is trained on at least.
_LEAST = 5


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the method."""
    add = parser.add_argument
    add("--out", type=Path, required=True, help="folder of solutions and the result")
    add("--weights", type=Path, metavar="W", help="of combkit train forge [shipped]")
    add("--instances", type=int, default=5, help="programs of each structure (5)")
    add("--seconds", type=float, default=5.0, help="to solve one (default 5)")
    add("--seed", type=int, default=1_000)


def run(options: argparse.Namespace) -> None:
    """Draw programs, solve them, and learn their solutions; go on where it stopped.

    Raises
    ------
    UsageError
        If an argument is wrong, or too few programs have solutions.
    InstanceFormatError
        If the weights cannot be read.
    """
    import torch

    from combkit.neural.forge.corpus import draw
    from combkit.neural.forge.encoder import encoder_of
    from combkit.neural.forge.hint_labels import collect_solutions
    from combkit.neural.forge.hint_train import Example, example_of, fit
    from combkit.neural.forge.hints import HintModel

    for name in ("instances", "seconds"):
        if getattr(options, name) <= 0:
            raise UsageError(f"--{name} {getattr(options, name):g}: more than 0")
    torch.set_num_threads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    encoder = encoder_of(options.weights)
    started = time.perf_counter()
    examples: list[Example] = []
    families: dict[str, int] = {}
    programs = draw(options.instances, options.seed)
    for solved in collect_solutions(
        programs, options.seconds, options.out / "solutions"
    ):
        example = example_of(solved, encoder, _RELAXATION)
        if example is None:
            continue
        examples.append(example)
        family = solved.drawn.family
        families[family] = families.get(family, 0) + 1
        if families[family] == 1:
            spent = time.perf_counter() - started
            say(f"{spent:7.0f} s  {len(examples)} programs, {family}")
    if len(examples) < _LEAST:
        raise UsageError(f"{len(examples)} programs with solutions: {_LEAST} at least")
    card = {
        "programs": families,
        "command": f"combkit train forge-hints --instances {options.instances} "
        f"--seconds {options.seconds:g} --seed {options.seed}",
        "seed": options.seed,
        "python": platform.python_version(),
    }
    path = options.out / "forge-hints.npz"
    HintModel(fit(examples, options.seed), encoder.mark, card).save(path)
    say(f"written {path}")
