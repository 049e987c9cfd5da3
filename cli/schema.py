"""``combkit schema``: the JSON Schema of a kind's instances."""

from __future__ import annotations

import argparse
import json

from combkit.cli.exits import Exit
from combkit.cli.interrupts import Interrupts
from combkit.cli.output import ensure_writable
from combkit.cli.parser import examples
from combkit.instances.formats.json_schema import json_schema
from combkit.instances.source import atomic_write

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Print the JSON Schema of the combkit JSON of a kind: what fields an instance\n"
        "has, of what shape and meaning. Editors and other programs can check with it."
    )
    parser.epilog = examples(
        "combkit schema scheduling",
        "combkit schema robust -o robust.schema.json",
    )
    parser.add_argument("kind", metavar="KIND", help="kind of problem")
    parser.add_argument("-o", "--output", metavar="OUT", help="file to write")


def run(args: argparse.Namespace, interrupts: Interrupts) -> int:
    """Print or write the schema."""
    text = json.dumps(json_schema(args.kind), indent=2) + "\n"
    if args.output is None:
        print(text, end="")
    else:
        ensure_writable(args.output)
        atomic_write(args.output, text)
    return Exit.OK
