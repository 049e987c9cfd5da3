"""Progress on stderr: a live table on a terminal, one line a change elsewhere."""

from __future__ import annotations

import contextlib
import sys
import time
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from combkit.cli.interrupts import Interrupts
from combkit.cli.report import number
from combkit.instances.events import Events
from combkit.instances.stop import relative_gap

if TYPE_CHECKING:
    from rich.console import Group

__all__ = ["Progress", "watch"]

#: Changes that the live table shows.
_ROWS = 12


class Change(NamedTuple):
    """A change of incumbent or bound."""

    time: float
    objective: float | None
    bound: float | None
    source: str


class Progress(Events):
    """Listen to a run; ends it when an interrupt has been received."""

    def __init__(self, interrupts: Interrupts) -> None:
        self._interrupts = interrupts
        self._last = Change(0.0, None, None, "")

    def on_incumbent(
        self, solution: Any, objective: float, time: float, source: str
    ) -> None:
        """Take a better solution."""
        self._last = Change(time, objective, self._last.bound, source)
        self.show(self._last)

    def on_bound(self, bound: float, time: float) -> None:
        """Take a better bound."""
        self._last = Change(time, self._last.objective, bound, "bound")
        self.show(self._last)

    def should_stop(self) -> bool:
        """Whether Ctrl-C or SIGTERM has been received."""
        return self._interrupts.received

    def show(self, change: Change) -> None:
        """Show a change; nothing here."""


class Lines(Progress):
    """One line a change."""

    def show(self, change: Change) -> None:
        """Print the change; a closed stderr ends the output, not the run."""
        incumbent, bound, gap = _cells(change)
        line = (
            f"{change.time:9.2f} s  incumbent {incumbent}  bound {bound}  "
            f"gap {gap}  {change.source}\n"
        )
        with contextlib.suppress(OSError):
            sys.stderr.write(line)
            sys.stderr.flush()


class Live(Progress):
    """The last changes, drawn by a thread of its own: no solver waits for it."""

    def __init__(self, interrupts: Interrupts, title: str, started: float) -> None:
        super().__init__(interrupts)
        self._title = title
        self._started = started
        self._changes: deque[Change] = deque(maxlen=_ROWS)
        self.ended: float | None = None

    def show(self, change: Change) -> None:
        """Keep the change for the next drawing."""
        self._changes.append(change)

    def draw(self) -> Group:
        """Return what to draw now: title, table, clock."""
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        elapsed = (self.ended or time.perf_counter()) - self._started
        table = Table(box=None, header_style="bold")
        for name in ("time", "incumbent", "bound", "gap"):
            table.add_column(name, justify="right", no_wrap=True)
        table.add_column("source")
        for change in list(self._changes):
            table.add_row(f"{change.time:.2f}", *_cells(change), change.source)
        return Group(Text(self._title), table, Text(f"{elapsed:.1f} s", style="dim"))


@contextlib.contextmanager
def watch(
    interrupts: Interrupts, title: str, started: float, quiet: bool
) -> Iterator[Progress]:
    """Yield the listener that suits stderr, for the time of a run.

    Parameters
    ----------
    interrupts : Interrupts
        Ends the run when one has been received.
    title : str
        What is being solved, in one line.
    started : float
        Reading of ``time.perf_counter()`` at the start of the run's clock.
    quiet : bool
        Whether to show nothing.
    """
    if quiet:
        yield Progress(interrupts)
    elif not sys.stderr.isatty():
        with contextlib.suppress(OSError):
            print(title, file=sys.stderr, flush=True)
        yield Lines(interrupts)
    else:
        from rich.console import Console
        from rich.live import Live as Screen

        live = Live(interrupts, title, started)
        console = Console(stderr=True)
        with Screen(get_renderable=live.draw, console=console, refresh_per_second=4):
            try:
                yield live
            finally:
                live.ended = time.perf_counter()


def _cells(change: Change) -> tuple[str, str, str]:
    gap = relative_gap(change.objective, change.bound)
    shown = f"{100 * gap:.3g} %" if gap != float("inf") else "-"
    return number(change.objective), number(change.bound), shown
