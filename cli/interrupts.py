"""Ctrl-C and SIGTERM, from the first moment of the process to the last."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any, Self

__all__ = ["Interrupts"]


class Interrupts:
    """Watch for Ctrl-C and SIGTERM while a command runs.

    The first one raises ``KeyboardInterrupt``, unless it is ``deferred``: then
    it is only noted in ``received``, so that a solver can hand back its
    incumbent and the answer is still written. A second Ctrl-C always raises.

    Python drops what is raised inside a finaliser or the callback of a weak
    reference: a ``KeyboardInterrupt`` lost there is raised anew a moment later.
    """

    def __init__(self) -> None:
        self.received = False
        self.deferred = False
        self._before: dict[int, Any] = {}
        self._unraisable = sys.unraisablehook

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._handle)
            if hasattr(signal, "setitimer"):  # not on Windows
                self._before[signal.SIGALRM] = signal.signal(
                    signal.SIGALRM, signal.default_int_handler
                )
                sys.unraisablehook = self._raise_anew
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
        sys.unraisablehook = self._unraisable
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        again = self.received
        self.received = True
        if not self.deferred or (again and number == signal.SIGINT):
            raise KeyboardInterrupt

    def _raise_anew(self, lost: sys.UnraisableHookArgs) -> None:
        if lost.exc_type is KeyboardInterrupt:
            signal.setitimer(signal.ITIMER_REAL, 0.01)
        else:
            self._unraisable(lost)
