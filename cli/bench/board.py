"""The live board of a batch: how far, how long still, who is ahead."""

from __future__ import annotations

import contextlib
import math
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from combkit.cli.bench.events import Event, Finished, Started
from combkit.cli.bench.plan import Task
from combkit.cli.bench.schema import FAILED, PROVEN
from combkit.cli.exits import note
from combkit.cli.interrupts import Interrupts
from combkit.cli.report import number

if TYPE_CHECKING:
    from rich.console import Group

__all__ = ["Board", "Tally", "clock", "watch"]


@dataclass(slots=True)
class Tally:
    """What is known of a batch while it runs.

    Parameters
    ----------
    tasks : sequence of Task
        The runs of this command.
    workers : int
        Runs at a time.
    """

    tasks: Sequence[Task]
    workers: int
    done: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    running: dict[str, tuple[Task, float]] = field(default_factory=dict)
    _labels: dict[str, _Label] = field(default_factory=dict)
    _blocks: dict[tuple[str, int], dict[str, float | None]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    _sense: dict[str, tuple[str, float | None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for task in self.tasks:
            label = task.config.label
            row = self._labels.setdefault(label, _Label(task.limits.time))
            row.planned += 1

    def see(self, event: Event, now: float) -> None:
        """Take an event that happened at a reading of the clock."""
        if isinstance(event, Started):
            self.running[event.task.run] = (event.task, now)
            return
        row = event.row
        self.running.pop(row["run"], None)
        self.done += 1
        self.statuses[row["status"]] += 1
        label = self._labels[row["label"]]
        label.done += 1
        label.failed += row["status"] in FAILED
        label.proven += row["status"] in PROVEN
        label.seconds += row.get("wall") or 0.0
        failed = row["status"] in FAILED
        block = self._blocks[row["instance"], row["seed"]]
        block[row["label"]] = None if failed else row.get("objective")
        self._sense[row["instance"]] = (row["sense"], row.get("best_known"))

    @property
    def failed(self) -> int:
        """Runs that have failed."""
        return sum(self.statuses[status] for status in FAILED)

    def remaining(self) -> float:
        """Return the seconds that are probably left."""
        left = math.fsum(
            (label.planned - label.done) * label.mean for label in self._labels.values()
        )
        return left / self.workers

    def rows(self) -> list[tuple[str, int, int, int, int, float | None]]:
        """Return label, done, planned, proven, failed and mean gap, best first."""
        gaps = self._mean_gaps()
        rows = [
            (
                name,
                label.done,
                label.planned,
                label.proven,
                label.failed,
                gaps.get(name),
            )
            for name, label in self._labels.items()
        ]
        return sorted(rows, key=lambda r: math.inf if r[-1] is None else r[-1])

    def _mean_gaps(self) -> dict[str, float]:
        """Return the mean gap of each label over the blocks that all have done.

        It is to the best known value, or to the best of the block where none
        is known; without a solution it is 100 %.
        """
        gaps: dict[str, list[float]] = defaultdict(list)
        for (instance, _), block in self._blocks.items():
            if len(block) < len(self._labels):
                continue
            sense, best = self._sense[instance]
            found = [value for value in block.values() if value is not None]
            if best is None and found:
                best = min(found) if sense == "min" else max(found)
            for label, value in block.items():
                gaps[label].append(_gap(value, best, sense))
        return {label: math.fsum(g) / len(g) for label, g in gaps.items()}


@dataclass(slots=True)
class _Label:
    limit: float
    planned: int = 0
    done: int = 0
    failed: int = 0
    proven: int = 0
    seconds: float = 0.0

    @property
    def mean(self) -> float:
        return self.seconds / self.done if self.done else self.limit


def _gap(value: float | None, best: float | None, sense: str) -> float:
    if value is None or best is None:
        return 1.0
    worse = value - best if sense == "min" else best - value
    return 0.0 if worse == 0 else min(1.0, worse / max(abs(best), 1e-9))


class Board:
    """Plain lines: one a finished run.

    Parameters
    ----------
    interrupts : Interrupts
        Ends the batch when one has been received.
    """

    def __init__(self, interrupts: Interrupts) -> None:
        self._interrupts = interrupts
        self.tally = Tally((), 1)

    def begin(self, tasks: list[Task], workers: int, finished: int) -> None:
        """Say how much there is to do."""
        self.tally = Tally(tasks, workers)
        before = f", {finished} done before" if finished else ""
        self.note(f"{len(tasks)} runs, {workers} at a time{before}")

    def see(self, event: Event | None) -> None:
        """Take an event."""
        if event is not None:
            self.tally.see(event, time.perf_counter())
        if isinstance(event, Finished):
            self.show(event.row)

    def show(self, row: Mapping[str, Any]) -> None:
        """Print the line of a run."""
        tally = self.tally
        wall = row.get("wall")
        took = "" if wall is None else f"  {wall:.2f} s"
        said = f"  {row['message']}" if row["status"] in FAILED else ""
        with contextlib.suppress(OSError):
            sys.stderr.write(
                f"[{tally.done}/{len(tally.tasks)}, {clock(tally.remaining())} left]  "
                f"{row['instance']}  {row['label']}  seed {row['seed']}  "
                f"{row['status']}  {number(row.get('objective'))}{took}{said}\n"
            )
            sys.stderr.flush()

    def should_stop(self) -> bool:
        """Whether Ctrl-C or SIGTERM has been received."""
        return self._interrupts.received

    def note(self, text: str) -> None:
        """Print a line."""
        note(text)


class _Quiet(Board):
    """Nothing but notes."""

    def begin(self, tasks: list[Task], workers: int, finished: int) -> None:
        self.tally = Tally(tasks, workers)

    def show(self, row: Mapping[str, Any]) -> None:
        pass


class _Live(Board):
    """A table, drawn by a thread of its own."""

    def show(self, row: Mapping[str, Any]) -> None:
        pass

    def draw(self) -> Group:
        """Return what to draw now."""
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        tally, now = self.tally, time.perf_counter()
        head = (
            f"{tally.done} of {len(tally.tasks)} runs done, {len(tally.running)} "
            f"running, {tally.failed} failed; about {clock(tally.remaining())} left"
        )
        table = Table(box=None, header_style="bold")
        table.add_column("solver")
        for name in ("done", "proven", "failed", "mean gap"):
            table.add_column(name, justify="right", no_wrap=True)
        for name, done, planned, proven, failed, gap in tally.rows():
            shown = "-" if gap is None else f"{100 * gap:.3g} %"
            table.add_row(name, f"{done}/{planned}", str(proven), str(failed), shown)
        lines = [
            Text(f"  {task.instance.name}  {task.config.label}  {now - since:.0f} s")
            for task, since in list(tally.running.values())[:8]
        ]
        return Group(Text(head), table, *lines)


@contextlib.contextmanager
def watch(interrupts: Interrupts, quiet: bool) -> Iterator[Board]:
    """Yield the board that suits standard error, for the time of a batch."""
    if quiet:
        yield _Quiet(interrupts)
    elif not sys.stderr.isatty():
        yield Board(interrupts)
    else:
        from rich.console import Console
        from rich.live import Live

        board = _Live(interrupts)
        console = Console(stderr=True)
        with Live(get_renderable=board.draw, console=console, refresh_per_second=4):
            yield board


def clock(seconds: float) -> str:
    """Return seconds as ``h:mm:ss``."""
    minutes, rest = divmod(math.ceil(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"
