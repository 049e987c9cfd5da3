"""``combkit generate``: random instances, reproducible from their seed."""

from __future__ import annotations

import argparse
from pathlib import Path

from combkit.cli.exits import Exit
from combkit.cli.interrupts import Interrupts
from combkit.cli.output import ensure_writable
from combkit.cli.params import add_params, parameters
from combkit.cli.parser import examples, natural, positive
from combkit.instances.formats import FORMATS, find_writer, write
from combkit.instances.generators import generate

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Write random instances. The format is that of the suffix of OUT. With\n"
        "--count K the files are numbered before the suffix and the k-th one has the\n"
        "seed S + k - 1, so that each can be made again alone."
    )
    parser.epilog = examples(
        "combkit generate tsp --n 100 --seed 1 -o random100.tsp",
        "combkit generate cvrp --n 200 --count 10 --seed 1 -o x200.vrp",
        "combkit generate kp --n 1000 --seed 1 -o weights.kp",
    )
    add = parser.add_argument
    add("kind", metavar="KIND", help="kind of problem, e.g. tsp, jsp or mip")
    add(
        "--n", type=positive, required=True, help="size: cities, customers, jobs, items"
    )
    add("--count", type=positive, default=1, metavar="K", help="files (default 1)")
    add("--seed", type=natural, required=True, metavar="S")
    add_params(parser, "an option of the generator")
    add("-o", "--output", required=True, metavar="OUT", help="file to write")


def run(args: argparse.Namespace, interrupts: Interrupts) -> int:
    """Generate and write the instances, and print their paths."""
    params = parameters(
        args.param, {name: f"the flag --{name}" for name in ("n", "count", "seed")}
    )
    target = Path(args.output)
    ensure_writable(target)
    for k in range(args.count):
        path = target if args.count == 1 else _numbered(target, k + 1, args.count)
        problem = generate(args.kind, args.n, seed=args.seed + k, **params)
        find_writer(problem, path, None, FORMATS)
        write(problem, path)
        print(path)
    return Exit.OK


def _numbered(target: Path, k: int, count: int) -> Path:
    """Return ``dir/name-007.tsp.gz`` for ``dir/name.tsp.gz``."""
    stem, dot, suffixes = target.name.partition(".")
    return target.with_name(f"{stem}-{k:0{len(str(count))}d}{dot}{suffixes}")
