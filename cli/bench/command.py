"""``combkit bench``: batches of experiments from the command line."""

from __future__ import annotations

import argparse
from collections import Counter
from typing import TYPE_CHECKING, Any

from combkit.cli.exits import Exit
from combkit.cli.interrupts import Interrupts
from combkit.cli.parser import Parser, examples, positive

if TYPE_CHECKING:
    from combkit.cli.bench.driver import Preview

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands and their arguments."""
    parser.description = (
        "Run instances x solvers x seeds under limits, a process a run.\n"
        "A SPEC.toml says what to run; results go into a store, a folder that can be\n"
        "resumed, merged, compared and read with pandas or DuckDB."
    )
    parser.epilog = examples(
        "combkit bench run compare.toml --dry-run",
        "combkit bench run compare.toml -o compare.bench",
        "combkit bench resume compare.bench --retry failed",
        "combkit bench merge one.bench two.bench -o both.bench",
        "combkit bench report compare.bench -o compare.html",
        "combkit bench compare before.bench after.bench",
    )
    commands = parser.add_subparsers(
        dest="action", metavar="ACTION", required=True, parser_class=Parser
    )
    _configure_run(commands.add_parser("run", help="run a batch, or what is missing"))
    _configure_resume(commands.add_parser("resume", help="run what is missing"))
    merge = commands.add_parser("merge", help="join stores into a new one")
    merge.add_argument("stores", nargs="+", metavar="STORE")
    merge.add_argument("-o", "--output", required=True, metavar="STORE")
    _configure_report(
        commands.add_parser("report", help="tables, curves and a verdict")
    )
    _configure_compare(commands.add_parser("compare", help="tell what has changed"))


def _configure_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("spec", metavar="SPEC", help="a TOML file")
    parser.add_argument(
        "-o", "--output", metavar="STORE", help="folder of the results (NAME.bench)"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print what would be run, and how long"
    )
    _configure_common(parser)


def _configure_resume(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("store", metavar="STORE")
    _configure_common(parser)


def _configure_report(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Report on a batch, or on as much of it as is done.\n"
        "html is an interactive page in one file, which needs no network; md has all\n"
        "tables; csv has a row a run with its figures; latex has the summaries."
    )
    parser.epilog = examples(
        "combkit bench report compare.bench",
        "combkit bench report compare.bench -o compare.md",
        "combkit bench report compare.bench --format csv > runs.csv",
    )
    add = parser.add_argument
    add("store", metavar="STORE")
    add(
        "-o",
        "--output",
        metavar="FILE",
        help="file to write; STORE.html for a page, else standard output",
    )
    add(
        "--format",
        metavar="FORMAT",
        help="html, md, csv or latex; by the suffix of FILE if not given, else html",
    )


def _configure_compare(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("before", metavar="BEFORE", help="a store")
    add("after", metavar="AFTER", help="a store")
    add(
        "--pair",
        nargs=2,
        action="append",
        metavar=("OLD", "NEW"),
        help="compare the label OLD with the label NEW; equal labels by default",
    )
    add("-o", "--output", metavar="FILE", help="Markdown file to write")


def _configure_common(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--shard", metavar="I/N", help="run part I of N of the batch")
    add("--executor", choices=("local", "ray"), help="as the spec says if not given")
    add("--address", metavar="ADDRESS", help="of a running Ray cluster")
    add("--workers", type=positive, metavar="N", help="runs at a time")
    add("--retry", choices=("failed",), help="run again what has failed")
    add(
        "--accept-changed",
        action="store_true",
        help="go on with instances whose content has changed; old rows stay apart",
    )
    add("--quiet", action="store_true", help="show no progress")


def run(args: argparse.Namespace, interrupts: Interrupts) -> int:
    """Do what was asked for."""
    actions = {
        "run": _run,
        "resume": _run,
        "merge": _merge,
        "report": _report,
        "compare": _compare,
    }
    return actions[args.action](args, interrupts)


def _run(args: argparse.Namespace, interrupts: Interrupts) -> int:
    from combkit.cli.bench.board import watch
    from combkit.cli.bench.driver import preview, resume
    from combkit.cli.bench.driver import run as run_batch

    if args.action == "run" and args.dry_run:
        print(_matrix(preview(args.spec, args.output, **_subset(args))))
        return Exit.OK
    options = {
        **_subset(args),
        "executor": args.executor,
        "address": args.address,
        "accept_changed": args.accept_changed,
    }
    interrupts.deferred = True
    with watch(interrupts, args.quiet) as board:
        if args.action == "run":
            store = run_batch(args.spec, args.output, **options, watcher=board)
        else:
            store = resume(args.store, **options, watcher=board)
    tally = board.tally
    rows = len(store.done()) - store.left_out
    print(f"{store.path}: {rows} of {store.planned} runs done")
    for status, count in sorted(Counter(tally.statuses).items()):
        print(f"  {status:<12} {count}")
    if interrupts.received:
        print(f"interrupted; go on with: combkit bench resume {store.path}")
        return Exit.INTERRUPTED
    return Exit.OK


def _subset(args: argparse.Namespace) -> dict[str, Any]:
    return {
        "shard": args.shard,
        "workers": args.workers,
        "retry_failed": args.retry == "failed",
    }


def _matrix(preview: Preview) -> str:
    from combkit.cli.bench.board import clock

    plan = preview.plan
    kinds = Counter(instance.kind for instance in plan.instances)
    lines = [
        f"{plan.name}: {len(plan.instances)} instances x {len(plan.configs)} solvers x "
        f"{len(plan.seeds)} seeds, {plan.limits.time:g} s each",
        "instances:",
        *(f"  {kind:<8} {count}" for kind, count in sorted(kinds.items())),
        "solvers:",
    ]
    planned = Counter(task.config.label for task in plan.tasks())
    todo = Counter(task.config.label for task in preview.todo)
    width = max(len(config.label) for config in plan.configs)
    lines += [
        f"  {config.label:<{width}}  {planned[config.label]} runs, "
        f"{todo[config.label]} to do  ({config.version})"
        for config in plan.configs
    ]
    lines += [
        f"{len(preview.todo)} runs to do, {preview.finished} done; "
        f"{preview.workers} at a time",
        f"about {clock(preview.likely)}, at most {clock(preview.most)}",
    ]
    return "\n".join([*lines, *plan.notes])


def _merge(args: argparse.Namespace, interrupts: Interrupts) -> int:
    from combkit.cli.bench.store import merge

    store = merge(args.stores, args.output)
    rows = len(store.done())
    print(f"{store.path}: {rows} rows, {store.planned} runs planned")
    return Exit.OK


def _report(args: argparse.Namespace, interrupts: Interrupts) -> int:
    from combkit.cli.bench.reports import report

    made = report(args.store, args.output, format=args.format)
    if isinstance(made, str):
        print(made, end="")
    elif args.output is None:
        print(made)
    return Exit.OK


def _compare(args: argparse.Namespace, interrupts: Interrupts) -> int:
    from combkit.cli.bench.comparison import compare
    from combkit.instances.source import atomic_write

    pairs = None if args.pair is None else dict(args.pair)
    text = compare(args.before, args.after, pairs).to_markdown()
    if args.output is None:
        print(text)
    else:
        atomic_write(args.output, text)
    return Exit.OK
