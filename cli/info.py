"""``combkit info``: describe an instance."""

from __future__ import annotations

import argparse
import json
from typing import Any

from combkit.cli.describe import describe
from combkit.cli.exits import Exit
from combkit.cli.interrupts import Interrupts
from combkit.cli.parser import examples
from combkit.cli.report import number
from combkit.instances.best_known import best_known
from combkit.instances.formats import read

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = examples(
        "combkit info berlin52.tsp", "combkit info model.mps.gz --json"
    )
    parser.add_argument("file", metavar="FILE", help="instance file")
    parser.add_argument("--format", metavar="F", help="instance format")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace, interrupts: Interrupts) -> int:
    """Print what is known about the instance."""
    problem = read(args.file, args.format)
    best = best_known(problem)
    facts: dict[str, Any] = {
        "instance": problem.name,
        "kind": problem.kind,
        "sense": problem.sense,
        "comment": problem.comment,
        "size": problem.size,
        "statistics": describe(problem),
        "fingerprint": problem.fingerprint,
        "best_known": None if best is None else best.value,
        "best_known_status": None if best is None else str(best.status),
        "best_known_source": None if best is None else best.source,
    }
    print(json.dumps(facts) if args.json else _text(facts))
    return Exit.OK


def _text(facts: dict[str, Any]) -> str:
    rows: list[tuple[str, str]] = [
        ("instance", facts["instance"]),
        ("kind", f"{facts['kind']} ({facts['sense']}imise)"),
    ]
    if facts["comment"]:
        rows.append(("comment", " ".join(facts["comment"].split())))
    rows += [(name, str(value)) for name, value in facts["size"].items()]
    rows += [
        (name, _shown(value))
        for name, value in facts["statistics"].items()
        if value is not None
    ]
    rows.append(("fingerprint", facts["fingerprint"]))
    if facts["best_known"] is not None:
        about = f"{facts['best_known_status']}; {facts['best_known_source']}"
        rows.append(("best known", f"{number(facts['best_known'])} ({about})"))
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, list):
        return " ".join(_shown(item) for item in value)
    return str(value)
