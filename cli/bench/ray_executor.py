"""The executor of a cluster: the same runs as tasks of Ray.

Instances travel with the tasks, logs and solutions travel back, so that no
shared file system is needed. Only the driver writes to the store. Each Ray
worker keeps one of our workers, which forks, limits and measures the runs
there as on a single machine.
"""

from __future__ import annotations

import os
import platform
import socket
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from combkit.cli.bench.events import Event, Finished, Started
from combkit.cli.bench.plan import Instance, Task
from combkit.cli.bench.store import Part, Store
from combkit.cli.bench.versions import code_version
from combkit.cli.bench.workers import WorkerProcess, lost_row
from combkit.instances.errors import MissingDependencyError, UsageError

__all__ = ["run_ray"]

#: Seconds after which the caller hears that nothing has happened.
_TICK = 0.2
#: Seconds that a cluster gets to accept a connection.
_CONNECT = 5.0


class _Answer(NamedTuple):
    """What comes back of a run."""

    row: dict[str, Any]
    log: bytes
    solution: tuple[str, bytes] | None


class _WorkerGone(Exception):
    """Our worker below a Ray worker has been killed."""


def run_ray(
    tasks: Sequence[Task], store: Store, *, address: str | None, retries: int
) -> Iterator[Event | None]:
    """Run tasks on an existing Ray cluster; their rows go into the store.

    Parameters
    ----------
    tasks : sequence of Task
        In the order in which they are handed to Ray.
    store : Store
        Where rows, logs and solutions go.
    address : str, optional
        Address of the cluster; ``$RAY_ADDRESS``, or the one of this machine
        by default.
    retries : int
        How often a run is tried again when its worker or node was lost.

    Yields
    ------
    Started, Finished or None
        What happens; None now and then when nothing does.

    Raises
    ------
    MissingDependencyError
        If Ray is not installed.
    UsageError
        If there is no cluster at the address, a run asks for more than any of
        its nodes has, or a node has another version of combkit.
    """
    try:
        ray: Any = import_module("ray")
    except ImportError:
        raise MissingDependencyError("the executor ray", "ray") from None
    if address is not None:
        _require_listening(address)
    try:
        ray.init(address=address or "auto", log_to_driver=False, logging_level="error")
    except (ConnectionError, ValueError, RuntimeError) as error:
        where = address or "this machine"
        reason = str(error).splitlines()[0]
        raise UsageError(f"no Ray cluster at {where}: {reason}") from None
    part = Part(store.new_part("ray"))
    try:
        yield from _Cluster(ray, tasks, store, part, retries).run()
    finally:
        part.close()
        ray.shutdown()


def _require_listening(address: str) -> None:
    """Refuse an address where nothing listens: Ray itself tries for minutes."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not port.isdecimal():
        if address != "auto":
            raise UsageError(f"address {address!r}: not of the form HOST:PORT")
        return
    try:
        socket.create_connection((host, int(port)), _CONNECT).close()
    except OSError as error:
        raise UsageError(f"no Ray cluster at {address}: {error.strerror}") from None


class _Cluster:
    def __init__(
        self, ray: Any, tasks: Sequence[Task], store: Store, part: Part, retries: int
    ) -> None:
        self._ray = ray
        self._waiting = list(reversed(tasks))
        self._store = store
        self._part = part
        self._retries = retries
        self._contents: dict[str, Any] = {}
        self._pending: dict[Any, Task] = {}

    def run(self) -> Iterator[Event | None]:
        try:
            while self._waiting or self._pending:
                yield from self._submit()
                ready, _ = self._ray.wait(
                    list(self._pending), num_returns=1, timeout=_TICK
                )
                if not ready:
                    yield None
                for reference in ready:
                    yield Finished(
                        self._collect(reference, self._pending.pop(reference))
                    )
        finally:
            for reference in self._pending:
                self._ray.cancel(reference, force=True)

    def _submit(self) -> Iterator[Event]:
        """Hand over as many tasks as the cluster can run now."""
        capacity = int(self._ray.cluster_resources().get("CPU", 1))
        busy = sum(task.limits.threads for task in self._pending.values())
        while self._waiting and (
            not self._pending or busy + self._waiting[-1].limits.threads <= capacity
        ):
            task = self._waiting.pop()
            self._require_node(task)
            remote = self._ray.remote(
                num_cpus=task.limits.threads,
                num_gpus=1 if task.config.device == "cuda" else 0,
                max_retries=self._retries,
                retry_exceptions=[_WorkerGone],
            )(_run)
            reference = remote.remote(task, self._content(task.instance))
            self._pending[reference] = task
            busy += task.limits.threads
            yield Started(task, "ray")

    def _require_node(self, task: Task) -> None:
        """Refuse a run that would wait for ever."""
        needs = {"CPU": task.limits.threads}
        if task.config.device == "cuda":
            needs["GPU"] = 1
        for node in self._ray.nodes():
            has = node["Resources"]
            if node["Alive"] and all(has.get(k, 0) >= v for k, v in needs.items()):
                return
        wanted = ", ".join(f"{count} {name}" for name, count in needs.items())
        raise UsageError(f"no node of the Ray cluster has {wanted} for {task.run}")

    def _content(self, instance: Instance) -> Any:
        """Return the instance file as an object of the cluster, put there once."""
        if instance.file not in self._contents:
            self._contents[instance.file] = self._ray.put(
                Path(instance.file).read_bytes()
            )
        return self._contents[instance.file]

    def _collect(self, reference: Any, task: Task) -> dict[str, Any]:
        """Write down what a task has come to."""
        try:
            answer: _Answer = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            cause = error.cause
            if isinstance(cause, UsageError):
                raise cause from None
            if not isinstance(cause, _WorkerGone):
                raise
            answer = _Answer(lost_row(task, str(cause)), b"", None)
        except self._ray.exceptions.RayError as error:
            reason = str(error).splitlines()[0]
            answer = _Answer(lost_row(task, reason), b"", None)
        row = answer.row
        if answer.log:
            self._store.logs.mkdir(exist_ok=True)
            (self._store.logs / row["log"]).write_bytes(answer.log)
        if answer.solution is not None:
            self._store.solutions.mkdir(exist_ok=True)
            name, content = answer.solution
            (self._store.solutions / name).write_bytes(content)
        self._part.append(row)
        return {key: value for key, value in row.items() if key != "trace"}


_worker: WorkerProcess | None = None
_folder: Path | None = None


def _run(task: Task, content: bytes) -> _Answer:
    """Run a task on a node; our worker there lives as long as Ray's."""
    global _worker, _folder
    ours = task.config.foreign is None
    if ours and not task.config.version.startswith(code_version()):
        raise UsageError(
            f"{platform.node()} runs combkit {code_version()}, the batch "
            f"{task.config.version.partition(' ')[0]}"
        )
    if _worker is None or _folder is None:
        # Ray ends its workers without a word; ours then clears up.
        _folder = Path(tempfile.mkdtemp(prefix="combkit-ray-"))
        name = f"{platform.node()}/ray-{os.getpid()}"
        _worker = WorkerProcess(name, _folder, temporary=True)
    folder = _folder
    original = Path(task.instance.file)
    file = folder / task.instance.fingerprint / original.name
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
    here = replace(task, instance=replace(task.instance, file=str(file)))
    _worker.start(here)
    answer = None
    while answer is None:
        answer = _worker.answer()
    if "row" not in answer:
        _worker.end()
        _worker = None
        reason = answer.get("fatal", f"a worker on {platform.node()} was killed")
        raise _WorkerGone(reason)
    row = {**answer["row"], "file": task.instance.file}
    return _Answer(row, _taken_log(folder, row), _taken_solution(folder, row))


def _taken_log(folder: Path, row: dict[str, Any]) -> bytes:
    if row["log"] is None:
        return b""
    log = folder / "logs" / str(row["log"])
    content: bytes = log.read_bytes()
    log.unlink()
    return content


def _taken_solution(folder: Path, row: dict[str, Any]) -> tuple[str, bytes] | None:
    for path in (folder / "solutions").glob(f"{row['run']}.*"):
        content = path.read_bytes()
        path.unlink()
        return path.name, content
    return None
