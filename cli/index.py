"""``combkit index``: collections of embedded programs."""

from __future__ import annotations

import argparse
from pathlib import Path

from combkit.cli.exits import Exit
from combkit.cli.interrupts import Interrupts
from combkit.cli.models import add_weights, encoder_of
from combkit.cli.output import ensure_writable
from combkit.cli.parser import Parser, examples

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Make and look into an index of mixed-integer programs, for `combkit similar`."
    )
    parser.epilog = examples(
        "combkit index add mine.npz models/*.mps --group energy",
        "combkit index list mine.npz",
        "combkit index verify mine.npz",
    )
    actions = parser.add_subparsers(
        dest="action", metavar="ACTION", required=True, parser_class=Parser
    )
    for name, summary in (
        ("add", "embed programs into an index, which is made if it is not there"),
        ("list", "print the names and groups of its programs"),
        ("verify", "tell whether an index is whole and made with these weights"),
    ):
        child = actions.add_parser(name, help=summary, description=f"{summary}.")
        child.add_argument("index", metavar="INDEX", type=Path, help="file, .npz")
        if name == "add":
            child.add_argument("files", metavar="FILE", nargs="+", help="programs")
            child.add_argument("--group", metavar="G", default="", help="of them all")
        add_weights(child)


def run(args: argparse.Namespace, interrupts: Interrupts) -> int:
    """Add to, list or verify an index."""
    from combkit.neural.forge.embedding import embed
    from combkit.neural.forge.index import Index

    encoder = encoder_of(args)
    if args.action == "add":
        ensure_writable(args.index)
        index = Index(encoder)
        if args.index.exists():
            index = Index.load(args.index, encoder)
        for file in args.files:
            found = embed(file, encoder)
            index.add(found, name=found.name or Path(file).stem, group=args.group)
        index.save(args.index)
        print(f"{args.index}: {len(index)} programs")
        return Exit.OK
    index = Index.load(args.index, encoder)
    if args.action == "list":
        for name, group in index:
            print(f"{name}  [{group}]" if group else name)
    else:
        print(f"{args.index}: {len(index)} programs, made with weights {encoder.mark}")
    return Exit.OK
