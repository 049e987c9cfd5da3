"""Run, resume and preview batches."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from combkit.cli.bench.events import Event
from combkit.cli.bench.local import default_workers, run_local
from combkit.cli.bench.plan import Instance, Plan, Shard, Task, make_plan
from combkit.cli.bench.schema import FAILED
from combkit.cli.bench.spec import Spec, load_spec, parse_spec
from combkit.cli.bench.store import Store
from combkit.instances.errors import UsageError

__all__ = ["Preview", "Watcher", "preview", "resume", "run"]


class Watcher(Protocol):
    """Sees what a batch does, and may end it."""

    def begin(self, tasks: list[Task], workers: int, finished: int) -> None:
        """Hear what is to be run, and how many runs were finished before."""

    def see(self, event: Event | None) -> None:
        """Hear an event; None means that time has passed."""

    def should_stop(self) -> bool:
        """Whether to end the batch now."""

    def note(self, text: str) -> None:
        """Hear something worth a line."""


class _Silent:
    """Sees nothing."""

    def begin(self, tasks: list[Task], workers: int, finished: int) -> None:
        pass

    def see(self, event: Event | None) -> None:
        pass

    def should_stop(self) -> bool:
        return False

    def note(self, text: str) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Preview:
    """What a batch would do.

    Parameters
    ----------
    plan : Plan
        The expanded spec.
    todo : tuple of Task
        Runs that have no row yet, in order.
    finished : int
        Runs that have.
    workers : int
        Runs at a time.
    most : float
        Seconds that it takes at most, the limits being used up.
    likely : float
        Seconds that it takes if the solvers go on as in the rows there are.
    """

    plan: Plan
    todo: tuple[Task, ...]
    finished: int
    workers: int
    most: float
    likely: float


def run(
    spec: Spec | str | os.PathLike[str],
    store: str | os.PathLike[str] | None = None,
    *,
    shard: Shard | str | None = None,
    executor: Literal["local", "ray"] | None = None,
    address: str | None = None,
    workers: int | None = None,
    retry_failed: bool = False,
    accept_changed: bool = False,
    watcher: Watcher | None = None,
) -> Store:
    """Run a batch, or what is missing of it.

    Parameters
    ----------
    spec : Spec or path
        What to run.
    store : path, optional
        Folder of the results; ``NAME.bench`` in the working directory by
        default. Runs that it has rows of are not repeated.
    shard : Shard or str, optional
        Part of the batch to run, such as ``"2/8"``.
    executor : {"local", "ray"}, optional
        Where to run; as the spec says by default.
    address : str, optional
        Address of the Ray cluster.
    workers : int, optional
        Runs at a time; as the spec says by default.
    retry_failed : bool
        Whether to run again what has failed.
    accept_changed : bool
        Whether to go on with instances whose content has changed since the
        last run; the old rows are kept apart.
    watcher : Watcher, optional
        Sees what happens.

    Returns
    -------
    Store
        The results.

    Raises
    ------
    UsageError
        If the spec or the store does not allow it; nothing has been run then.
    """
    if not isinstance(spec, Spec):
        spec = load_spec(spec)
    watcher = _Silent() if watcher is None else watcher
    shard = Shard.parse(shard) if isinstance(shard, str) else shard
    target = Store.create(store or f"{spec.name}.bench", spec.name)
    chosen = executor or spec.executor
    if address is not None and chosen != "ray":
        raise UsageError("address: belongs to the executor ray")
    with target.hold(shard):
        plan = _expand(spec, target, accept_changed)
        if target.plans != (plan,) or target.spec_text != spec.text:
            target.set_plan([plan], spec.text, spec.folder)
        for text in plan.notes:
            watcher.note(text)
        todo, finished = _missing(plan, target, shard, retry_failed)
        _announce(plan, watcher)
        if todo:
            count = workers or spec.workers or default_workers(spec.limits.threads)
            watcher.begin(todo, count, finished)
            if spec.warmup:
                _warm_up(plan, watcher)
            events = _execute(chosen, todo, target, spec, count, address)
            _follow(events, watcher)
        if shard is None or shard.count == 1:
            target.compact()
    return Store.open(target.path)


def resume(
    store: str | os.PathLike[str],
    *,
    shard: Shard | str | None = None,
    executor: Literal["local", "ray"] | None = None,
    address: str | None = None,
    workers: int | None = None,
    retry_failed: bool = False,
    accept_changed: bool = False,
    watcher: Watcher | None = None,
) -> Store:
    """Run what is missing of a batch, by the spec in its store.

    Parameters
    ----------
    store : path
        The store.
    **options
        As for ``run``.
    """
    target = Store.open(store)
    if not target.spec_text:
        raise UsageError(f"{store}: no batch was begun in it")
    if len(target.plans) > 1:
        raise UsageError(f"{store}: holds merged batches; resume each of them")
    spec = parse_spec(
        target.spec_text,
        folder=target.spec_folder,
        name=target.name,
        where=target.path / "spec.toml",
    )
    return run(
        spec,
        store,
        shard=shard,
        executor=executor,
        address=address,
        workers=workers,
        retry_failed=retry_failed,
        accept_changed=accept_changed,
        watcher=watcher,
    )


def preview(
    spec: Spec | str | os.PathLike[str],
    store: str | os.PathLike[str] | None = None,
    *,
    shard: Shard | str | None = None,
    workers: int | None = None,
    retry_failed: bool = False,
) -> Preview:
    """Return what ``run`` would do; nothing is run or written.

    Parameters
    ----------
    spec, store, shard, workers, retry_failed
        As for ``run``. Generated instances are only counted where they exist.
    """
    if not isinstance(spec, Spec):
        spec = load_spec(spec)
    shard = Shard.parse(shard) if isinstance(shard, str) else shard
    path = Path(store or f"{spec.name}.bench")
    with _scratch(path) as target:
        plan = _expand(spec, target, accept_changed=True)
        todo, finished = _missing(plan, target, shard, retry_failed)
        seen = _mean_walls(target)
    count = workers or spec.workers or default_workers(spec.limits.threads)
    limit = spec.limits.time
    return Preview(
        plan=plan,
        todo=tuple(todo),
        finished=finished,
        workers=count,
        most=len(todo) * (limit + spec.limits.grace) / count,
        likely=math.fsum(seen.get(task.config.label, limit) for task in todo) / count,
    )


def _expand(spec: Spec, store: Store, accept_changed: bool) -> Plan:
    known = [instance for plan in store.plans for instance in plan.instances]
    plan = make_plan(spec, made=store.made, known=known)
    if not accept_changed:
        _refuse_changes(known, plan.instances, store)
    return plan


def _refuse_changes(
    before: Iterable[Instance], now: Iterable[Instance], store: Store
) -> None:
    contents = {instance.file: instance.fingerprint for instance in before}
    changed = [
        i.file for i in now if contents.get(i.file, i.fingerprint) != i.fingerprint
    ]
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise UsageError(
            f"{changed[0]}{more}: the content has changed since the last run into "
            f"{store.path}; --accept-changed goes on, and keeps the old rows apart"
        )


def _missing(
    plan: Plan, store: Store, shard: Shard | None, retry_failed: bool
) -> tuple[list[Task], int]:
    """Return the tasks to run, and how many are done."""
    done = store.done()
    todo, finished = [], 0
    for task in plan.tasks(shard):
        attempt, status = done.get(task.run, (-1, ""))
        if attempt < 0 or (retry_failed and status in FAILED):
            todo.append(task.again(attempt + 1))
        else:
            finished += 1
    return todo, finished


def _announce(plan: Plan, watcher: Watcher) -> None:
    for config in plan.configs:
        if config.foreign is not None and config.foreign.get("non_commercial"):
            watcher.note(f"{config.label}: its licence allows non-commercial use only")


def _warm_up(plan: Plan, watcher: Watcher) -> None:
    """Compile the kernels once, in a process of its own."""
    if all(config.foreign is not None for config in plan.configs):
        return
    import subprocess
    import sys

    words = [sys.executable, "-m", "combkit.cli.main", "warmup"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        watcher.note(f"the kernels could not be compiled: {done.stderr.strip()}")


def _execute(
    executor: str,
    todo: list[Task],
    store: Store,
    spec: Spec,
    workers: int,
    address: str | None,
) -> Iterator[Event | None]:
    if executor == "ray":
        from combkit.cli.bench.ray_executor import run_ray

        retries = 2 if spec.retries is None else spec.retries
        return run_ray(todo, store, address=address, retries=retries)
    retries = 0 if spec.retries is None else spec.retries
    return run_local(todo, store, workers=workers, pin=spec.pin, retries=retries)


def _follow(events: Iterator[Event | None], watcher: Watcher) -> None:
    try:
        for event in events:
            watcher.see(event)
            if watcher.should_stop():
                return
    finally:
        close: Callable[[], None] | None = getattr(events, "close", None)
        if close is not None:
            close()


def _mean_walls(store: Store) -> Mapping[str, float]:
    """Return the mean wall seconds of each label's rows."""
    if not store.plans:
        return {}
    runs = store.runs().select(["label", "wall"]).to_pydict()
    sums: dict[str, list[float]] = {}
    for label, wall in zip(runs["label"], runs["wall"], strict=True):
        if wall is not None:
            sums.setdefault(label, []).append(wall)
    return {label: math.fsum(walls) / len(walls) for label, walls in sums.items()}


def _scratch(path: Path) -> AbstractContextManager[Any]:
    """Return the store at a path, or one that is gone afterwards."""
    if (path / "store.json").exists():
        return nullcontext(Store.open(path))
    import tempfile
    from contextlib import contextmanager

    @contextmanager
    def temporary() -> Iterator[Store]:
        with tempfile.TemporaryDirectory() as folder:
            yield Store.create(Path(folder) / "store", path.stem)

    return temporary()
