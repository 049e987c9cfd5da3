"""``combkit similar``: known programs that are like one."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from combkit.cli.exits import Exit
from combkit.cli.interrupts import Interrupts
from combkit.cli.models import add_weights, encoder_of
from combkit.cli.parser import examples, positive
from combkit.instances.errors import UsageError

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Find the programs of an index that are most like one, and in what. The index\n"
        "of the package has generated programs of known families; `combkit index add`\n"
        "makes one of your own."
    )
    parser.epilog = examples(
        "combkit similar model.mps", "combkit similar model.mps --index mine.npz -k 3"
    )
    add = parser.add_argument
    add("file", metavar="FILE", help="file of a mixed-integer program")
    add("--index", metavar="INDEX", type=Path, help="index [that of the package]")
    add("-k", type=positive, default=5, help="number of programs (default 5)")
    add_weights(parser)
    add("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace, interrupts: Interrupts) -> int:
    """Print the most similar programs."""
    from combkit.neural.forge.embedding import embed
    from combkit.neural.forge.index import Index, shipped_index

    if args.index is None and args.weights is not None:
        raise UsageError("--weights: name an index made with them, too (--index)")
    encoder = encoder_of(args)
    own = args.index
    index = shipped_index() if own is None else Index.load(own, encoder)
    found = embed(args.file, encoder)
    matches = index.similar(found, args.k)
    if args.json:
        report = {
            "instance": found.name,
            "matches": [asdict(match) for match in matches],
        }
        print(json.dumps(report))
        return Exit.OK
    for match in matches:
        rows, columns, entries = match.size
        group = f"  [{match.group}]" if match.group else ""
        print(f"{match.cosine:.3f}  {match.name}{group}")
        print(f"       {rows} rows, {columns} columns, {entries} entries")
        if match.same:
            print("       the same program, but for how it is written")
        elif match.agree:
            print(f"       alike in {'; '.join(match.agree)}")
    return Exit.OK
