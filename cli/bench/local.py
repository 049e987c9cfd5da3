"""The executor of one machine: a few workers, each with a file of its own."""

from __future__ import annotations

import os
import secrets
import selectors
from collections.abc import Iterator, Sequence

from combkit.cli.bench import process
from combkit.cli.bench.cgroup import Groups
from combkit.cli.bench.events import Event, Finished, Started
from combkit.cli.bench.plan import Task
from combkit.cli.bench.store import Part, Store, find_in_part
from combkit.cli.bench.workers import WorkerProcess, lost_row
from combkit.instances.errors import SolverError

__all__ = ["default_workers", "run_local"]

#: Seconds after which the caller hears that nothing has happened.
_TICK = 0.2


def default_workers(threads: int) -> int:
    """Return how many runs of so many threads fit on this machine at a time."""
    return max(1, len(_cores()) // threads)


def run_local(
    tasks: Sequence[Task],
    store: Store,
    *,
    workers: int,
    pin: bool,
    retries: int,
) -> Iterator[Event | None]:
    """Run tasks on this machine; their rows go into the store.

    Parameters
    ----------
    tasks : sequence of Task
        In the order in which they are started.
    store : Store
        Where rows, logs and solutions go.
    workers : int
        Runs at a time.
    pin : bool
        Whether each worker gets processors of its own.
    retries : int
        How often a run is tried again when its worker was lost.

    Yields
    ------
    Started, Finished or None
        What happens; None now and then when nothing does.

    Raises
    ------
    SolverError
        If a worker cannot write its rows, naming file and reason.
    """
    pool = _Pool(tasks, store, workers, pin, retries)
    try:
        yield from pool.run()
    finally:
        pool.close()


class _Pool:
    def __init__(
        self, tasks: Sequence[Task], store: Store, workers: int, pin: bool, retries: int
    ) -> None:
        self._waiting = list(reversed(tasks))
        self._store = store
        self._retries = retries
        self._tries: dict[str, int] = {}
        self._token = secrets.token_hex(8)
        self._own = Part(store.new_part("driver"))
        self._selector = selectors.DefaultSelector()
        self._groups = Groups.prepare()
        self._workers: list[WorkerProcess] = []
        process.adopt_orphans()
        threads = max((task.limits.threads for task in tasks), default=1)
        self._cores = _divide(_cores(), workers, threads) if pin else [()] * workers
        self._slots = range(min(workers, len(tasks)))

    def run(self) -> Iterator[Event | None]:
        for slot in self._slots:
            yield from self._next(self._hire(slot))
        while any(worker.task is not None for worker in self._workers):
            ready = self._selector.select(_TICK)
            if not ready:
                yield None
            for key, _ in ready:
                yield from self._hear(key.fileobj, key.data)  # type: ignore[arg-type]

    def close(self) -> None:
        for worker in self._workers:
            worker.end()
        self._selector.close()
        self._own.close()

    def _hire(self, slot: int) -> WorkerProcess:
        worker = WorkerProcess(
            f"{os.uname().nodename}/{slot}",
            self._store.path,
            self._store.new_part(f"worker-{slot}"),
            self._cores[slot],
            None if self._groups is None else self._groups.path,
            token=self._token,
        )
        self._workers.append(worker)
        self._selector.register(worker, selectors.EVENT_READ, slot)
        return worker

    def _next(self, worker: WorkerProcess) -> Iterator[Event]:
        if self._waiting:
            task = self._waiting.pop()
            worker.start(task)
            yield Started(task, worker.name)

    def _hear(self, worker: WorkerProcess, slot: int) -> Iterator[Event]:
        task = worker.task
        answer = worker.answer()
        if answer is None:
            return
        if "fatal" in answer:
            raise SolverError(f"the results cannot be written: {answer['fatal']}")
        if "row" in answer:
            yield Finished(answer["row"])
            yield from self._next(worker)
            return
        yield from self._bury(worker, task)
        if self._waiting:
            yield from self._next(self._hire(slot))

    def _bury(self, worker: WorkerProcess, task: Task | None) -> Iterator[Event]:
        """Account for a worker that is gone, and for the run it had."""
        self._selector.unregister(worker)
        self._workers.remove(worker)
        worker.end()
        process.kill_strays({w.pid for w in self._workers}, self._token)
        if task is None:
            return
        assert worker.part is not None
        row = find_in_part(worker.part, task.run)
        if row is None and self._tries.get(task.run, 0) < self._retries:
            self._tries[task.run] = self._tries.get(task.run, 0) + 1
            self._waiting.append(task)
            return
        if row is None:
            row = lost_row(task, "its worker was killed from outside")
            self._own.append(row)
        yield Finished(row)


def _cores() -> list[int]:
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def _divide(cores: list[int], workers: int, threads: int) -> list[Sequence[int]]:
    """Return so many processors for each worker, shared only if they must be."""
    return [
        [cores[(slot * threads + k) % len(cores)] for k in range(threads)]
        for slot in range(workers)
    ]
