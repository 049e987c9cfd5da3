"""Ctrl-C and SIGTERM, from the first moment of the process to the last."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

__all__ = ["Interrupts"]


class Interrupts:
    """Watch for Ctrl-C and SIGTERM while a command runs.

    The first one raises ``KeyboardInterrupt``, unless it is ``deferred``: then
    it is only noted in ``received``, so that a solver can hand back its
    incumbent and the answer is still written. A second Ctrl-C always raises.
    """

    def __init__(self) -> None:
        self.received = False
        self.deferred = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        again = self.received
        self.received = True
        if not self.deferred or (again and number == signal.SIGINT):
            raise KeyboardInterrupt
