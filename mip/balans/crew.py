"""Threads that work beside the one that calls."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from combkit.instances.run import Abandoned

__all__ = ["Crew"]


class Crew:
    """Threads of a search, started at once.

    Parameters
    ----------
    jobs : sequence of callable
        What each does; it gets the event that ends them all.
    """

    def __init__(self, jobs: Sequence[Callable[[threading.Event], None]]) -> None:
        self.ended = threading.Event()
        self._error: BaseException | None = None
        self._threads = [
            threading.Thread(
                target=self._work, args=(job,), name="combkit-worker", daemon=True
            )
            for job in jobs
        ]
        for thread in self._threads:
            thread.start()

    def dismiss(self, seconds: float) -> None:
        """End all threads; those that take longer than that are left behind.

        Raises
        ------
        Exception
            The first one that a job raised.
        """
        self.ended.set()
        for thread in self._threads:
            thread.join(seconds)
        if self._error is not None:
            raise self._error

    def _work(self, job: Callable[[threading.Event], None]) -> None:
        try:
            job(self.ended)
        except Abandoned:
            pass  # the run is over
        except BaseException as error:
            self._error = self._error or error
            self.ended.set()
