"""The folder of a batch: what was planned, what came out.

========================  ====================================================
``store.json``            version of this layout, and the title
``spec.toml``             the text of the spec, as given
``plan.json``             the expanded spec: instances, solvers, versions
``parts/*.jsonl``         one append-only file a worker process: a line a run,
                          its trace included; nobody else writes to it
``runs.parquet``,         what earlier commands compacted from the parts
``trace.parquet``
``logs/``, ``solutions/``  one file a run, where there is something to keep
``instances/``            generated instances
========================  ====================================================

A line is written by one system call and synced; one that a crash tore has no
line end and is skipped. Rows are identified by ``run``; where a row is found
twice (a retry, a crash in the middle of compacting), the latest attempt counts.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import importlib
import json
import os
import secrets
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from combkit.cli.bench.plan import Plan, Shard
from combkit.cli.bench.schema import (
    RUNS,
    TRACE,
    VERSION,
    runs_schema,
    trace_schema,
)
from combkit.instances.errors import MissingDependencyError, UsageError
from combkit.instances.source import atomic_write

if TYPE_CHECKING:
    import pyarrow

__all__ = ["Part", "Store", "find_in_part", "merge"]

#: Lines that become one batch of Arrow arrays: bounds the memory of a reader.
_BATCH = 2_000


class Store:
    """The results of a batch on disk.

    Use ``Store.create`` or ``Store.open``.

    Parameters
    ----------
    path : Path
        The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, path: str | os.PathLike[str], name: str) -> Self:
        """Make the folder of a new batch, or open the one that is there.

        Raises
        ------
        UsageError
            If something else is there.
        """
        store = cls(Path(path))
        if store._head.exists():
            return cls.open(path)
        # Hidden files are those of another shard that is creating it just now.
        if store.path.exists() and (
            not store.path.is_dir()
            or any(not entry.name.startswith(".") for entry in store.path.iterdir())
        ):
            # The head comes first: what is there now may be a store by now.
            if store._head.exists():
                return cls.open(path)
            raise UsageError(f"{path}: exists, and is not a store of runs")
        store.path.mkdir(parents=True, exist_ok=True)
        atomic_write(store._head, json.dumps({"version": VERSION, "name": name}) + "\n")
        return store

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Self:
        """Open the store of a batch.

        Raises
        ------
        UsageError
            If the folder is not a store, is not readable, or was written by a
            newer version.
        """
        store = cls(Path(path))
        version = store._head_facts.get("version")
        if not isinstance(version, int) or version < 1:
            raise UsageError(f"{store._head}: does not say its version")
        if version > VERSION:
            raise UsageError(
                f"{path}: a store of version {version}; this combkit reads up to "
                f"{VERSION}: a newer one is needed"
            )
        return store

    # -- what was planned --------------------------------------------------

    @property
    def name(self) -> str:
        """Title of the batch."""
        return str(self._head_facts.get("name", self.path.name))

    @cached_property
    def spec_text(self) -> str:
        """Text of the spec; empty before the first run."""
        with contextlib.suppress(FileNotFoundError):
            return self._spec.read_text(encoding="utf-8")
        return ""

    @cached_property
    def spec_folder(self) -> Path:
        """Folder that the paths of the spec start from."""
        return Path(str(self._plan_facts.get("spec_folder", ".")))

    @cached_property
    def plans(self) -> tuple[Plan, ...]:
        """The current plan; several where stores of different plans were merged."""
        try:
            return tuple(Plan.from_dict(d) for d in self._plan_facts.get("plans", ()))
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(f"{self._plan}: not a plan: {error!r}") from None

    def set_plan(self, plans: Sequence[Plan], spec_text: str, folder: Path) -> None:
        """Write down what is to be run."""
        data = {"spec_folder": str(folder), "plans": [plan.to_dict() for plan in plans]}
        atomic_write(self._plan, json.dumps(data, indent=1) + "\n")
        atomic_write(self._spec, spec_text)
        self._forget()

    @cached_property
    def _planned(self) -> frozenset[str]:
        return frozenset(task.run for plan in self.plans for task in plan.tasks())

    @property
    def planned(self) -> int:
        """Number of runs in the plan."""
        return len(self._planned)

    # -- what came out -----------------------------------------------------

    def done(self) -> dict[str, tuple[int, str]]:
        """Return attempt and status of every run with a row, planned or not."""
        found: dict[str, tuple[int, str]] = {}
        for runs, _ in self.pieces(("run", "attempt", "status")):
            columns = (runs[name].to_pylist() for name in runs.column_names)
            for run, attempt, status in zip(*columns, strict=True):
                if run not in found or attempt > found[run][0]:
                    found[run] = (attempt, status)
        return found

    def runs(self) -> pyarrow.Table:
        """Return the table of the planned runs that are done, one row each.

        Returns
        -------
        pyarrow.Table
            With the columns of ``schema.RUNS``.
        """
        return self._current[0]

    def trace(self) -> pyarrow.Table:
        """Return the trace of the runs of ``runs``, by run and time.

        Returns
        -------
        pyarrow.Table
            With the columns of ``schema.TRACE``.
        """
        return self._current[1]

    @property
    def left_out(self) -> int:
        """Number of rows that are not in the plan: of another revision, say."""
        return sum(run not in self._planned for run in self.done())

    def compact(self) -> None:
        """Turn the parts into Parquet; only the holder of the store may.

        Every row is kept, planned or not. The parts go last, so that nothing
        is lost wherever this is cut off.
        """
        parts = list(self._part_files())
        if not parts:
            return
        self.write(*_combine(self.pieces(tuple(RUNS))))
        for part in parts:
            part.unlink()
        self._forget()

    @contextlib.contextmanager
    def hold(self, shard: Shard | None = None) -> Iterator[None]:
        """Keep other commands from writing while this one does.

        Shards of one batch may write side by side, each once; everything else
        is alone.

        Raises
        ------
        UsageError
            If another command holds the store, or this shard of it.
        """
        alone = shard is None or shard.count == 1
        with contextlib.ExitStack() as stack:
            _lock(stack, self.path / ".lock", fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
            if not alone:
                name = f".lock-{shard}".replace("/", "-of-")
                _lock(stack, self.path / name, fcntl.LOCK_EX)
            yield

    # -- places ------------------------------------------------------------

    @property
    def logs(self) -> Path:
        """Folder of the logs."""
        return self.path / "logs"

    @property
    def solutions(self) -> Path:
        """Folder of the solutions."""
        return self.path / "solutions"

    @property
    def made(self) -> Path:
        """Folder of the generated instances."""
        return self.path / "instances"

    def new_part(self, what: str) -> Path:
        """Return the path of a part that nobody else has."""
        self._parts.mkdir(exist_ok=True)
        return self._parts / f"{what}-{secrets.token_hex(6)}.jsonl"

    @property
    def _head(self) -> Path:
        return self.path / "store.json"

    @property
    def _spec(self) -> Path:
        return self.path / "spec.toml"

    @property
    def _plan(self) -> Path:
        return self.path / "plan.json"

    @property
    def _parts(self) -> Path:
        return self.path / "parts"

    @property
    def _runs(self) -> Path:
        return self.path / "runs.parquet"

    @property
    def _trace(self) -> Path:
        return self.path / "trace.parquet"

    def _part_files(self) -> list[Path]:
        return sorted(self._parts.glob("*.jsonl"))

    # -- reading -----------------------------------------------------------

    @cached_property
    def _head_facts(self) -> Mapping[str, Any]:
        try:
            facts = json.loads(self._head.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UsageError(
                f"{self.path}: not a store of runs (no {self._head.name})"
            ) from None
        except NotADirectoryError:
            raise UsageError(f"{self.path}: is a file, not a store of runs") from None
        except ValueError as error:
            raise UsageError(f"{self._head}: not JSON: {error}") from None
        if not isinstance(facts, dict):
            raise UsageError(f"{self._head}: does not say its version")
        return facts

    @cached_property
    def _plan_facts(self) -> Mapping[str, Any]:
        try:
            facts = json.loads(self._plan.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise UsageError(f"{self._plan}: not JSON: {error}") from None
        if not isinstance(facts, dict):
            raise UsageError(f"{self._plan}: not a plan")
        return facts

    def pieces(self, columns: Sequence[str]) -> Iterator[_Piece]:
        """Yield the rows, planned or not, older ones first, with their traces.

        Parameters
        ----------
        columns : sequence of str
            Columns of the runs; without all of them there may be no traces.
        """
        if self._runs.exists():
            yield self._read_parquet(columns)
        for part in self._part_files():
            for rows in _batches(_lines(part)):
                yield _runs_table(rows, columns), _trace_table(rows)

    def _read_parquet(self, columns: Sequence[str]) -> _Piece:
        _require_arrow()
        import pyarrow.parquet as pq

        try:
            runs = pq.read_table(self._runs, columns=list(columns))
            whole = len(columns) == len(RUNS)
            trace = (
                pq.read_table(self._trace, read_dictionary=["run"]) if whole else None
            )
            return (
                runs.cast(_only(runs_schema(), columns)),
                trace_schema().empty_table()
                if trace is None
                else trace.cast(trace_schema()),
            )
        except (OSError, ValueError, KeyError) as error:
            raise UsageError(f"{self.path}: cannot be read: {error}") from None

    @cached_property
    def _current(self) -> _Piece:
        return _combine(self.pieces(tuple(RUNS)), self._planned)

    def write(self, runs: pyarrow.Table, trace: pyarrow.Table) -> None:
        """Write the two Parquet files, each whole or not at all."""
        import pyarrow.parquet as pq

        # Runs go last: until they are there the parts they came from count.
        for table, path in ((trace, self._trace), (runs, self._runs)):
            aside = path.with_suffix(".tmp")
            try:
                pq.write_table(table, aside, compression="zstd")
                _sync(aside)
                aside.replace(path)
            except OSError as error:
                aside.unlink(missing_ok=True)
                raise _named(error, path) from None

    def _forget(self) -> None:
        for name in ("spec_text", "spec_folder", "plans", "_planned", "_current"):
            self.__dict__.pop(name, None)
        self.__dict__.pop("_plan_facts", None)


#: Rows of the two tables that belong together.
_Piece = tuple["pyarrow.Table", "pyarrow.Table"]


def _combine(pieces: Iterable[_Piece], wanted: Collection[str] | None = None) -> _Piece:
    """Return runs and traces, each run once with its latest attempt.

    Parameters
    ----------
    pieces : iterable of (Table, Table)
        Older ones first: of equal attempts the later row counts.
    wanted : collection of str, optional
        Runs to keep; all by default.
    """
    _require_arrow()
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    empty = (runs_schema().empty_table(), trace_schema().empty_table())
    tables = [empty, *pieces]
    runs = pa.concat_tables([piece[0] for piece in tables]).unify_dictionaries()
    chosen: dict[str, int] = {}
    attempts = runs["attempt"].to_pylist()
    for k, run in enumerate(runs["run"].to_pylist()):
        if wanted is not None and run not in wanted:
            continue
        if run not in chosen or attempts[k] >= attempts[chosen[run]]:
            chosen[run] = k
    rows = np.array(sorted(chosen.values()), dtype=np.int64)
    kept = runs.take(rows)
    # The trace of a row is taken from the piece that the row is in.
    piece_of = np.repeat(np.arange(len(tables)), [len(piece[0]) for piece in tables])
    traces = []
    for k, (_, trace) in enumerate(tables):
        owners = kept["run"].filter(pa.array(piece_of[rows] == k))
        traces.append(trace.filter(pc.is_in(trace["run"], value_set=owners)))
    return kept, _by_run_and_time(pa.concat_tables(traces))


def _by_run_and_time(trace: pyarrow.Table) -> pyarrow.Table:
    import numpy as np
    import pyarrow as pa

    if len(trace) == 0:
        return trace
    trace = trace.unify_dictionaries().combine_chunks()
    runs = trace["run"].chunk(0)
    rank = np.empty(len(runs.dictionary), dtype=np.int64)
    rank[np.argsort(runs.dictionary.to_pylist())] = np.arange(len(rank))
    owner = rank[runs.indices.to_numpy()]
    time = trace["time"].to_numpy()
    ahead, later = np.diff(owner), np.diff(time)
    # What was compacted before is in order: millions of points need no sorting.
    if bool(((ahead > 0) | ((ahead == 0) & (later >= 0))).all()):
        return trace
    return trace.take(pa.array(np.lexsort((time, owner))))


class Part:
    """The append-only file of one writer.

    Parameters
    ----------
    path : Path
        A file that nobody else writes to; made with the first row.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def append(self, row: Mapping[str, Any]) -> None:
        """Write a row, whole and synced or not at all.

        Raises
        ------
        OSError
            If the disk is full, naming the file; what was there is intact.
        """
        line = json.dumps(row, allow_nan=False).encode() + b"\n"
        try:
            if self._descriptor is None:
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
                self._descriptor = os.open(self.path, flags, 0o644)
            before = os.fstat(self._descriptor).st_size
            try:
                written = os.write(self._descriptor, line)
                if written < len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(self._descriptor)
            except OSError:
                os.ftruncate(self._descriptor, before)
                raise
        except OSError as error:
            raise _named(error, self.path) from None

    def close(self) -> None:
        """Close the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def find_in_part(path: Path, run: str) -> dict[str, Any] | None:
    """Return the row of a run in the file of a writer that is gone, or None."""
    if not path.exists():
        return None
    return next((row for row in _lines(path) if row["run"] == run), None)


def merge(
    sources: Sequence[str | os.PathLike[str]], target: str | os.PathLike[str]
) -> Store:
    """Join stores into a new one.

    Rows are joined by run: one that several stores have is taken once. Plans
    that are equal become one.

    Raises
    ------
    UsageError
        If a source is not a store or is being written to, the target exists,
        or the same instance name stands for different contents.
    """
    stores = [Store.open(path) for path in sources]
    target = Path(target)
    if target.exists():
        raise UsageError(f"{target}: exists; stores are merged into a new one")
    plans = _join_plans(stores)
    aside = target.with_name(f"{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        with contextlib.ExitStack() as stack:
            for store in stores:
                stack.enter_context(store.hold())
            joined = Store.create(aside, stores[0].name)
            joined.set_plan(plans, stores[0].spec_text, stores[0].spec_folder)
            pieces = (piece for store in stores for piece in store.pieces(tuple(RUNS)))
            joined.write(*_combine(pieces))
            for store in stores:
                for folder in (store.logs, store.solutions, store.made):
                    if folder.is_dir():
                        shutil.copytree(folder, aside / folder.name, dirs_exist_ok=True)
        aside.rename(target)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return Store.open(target)


def _join_plans(stores: Sequence[Store]) -> list[Plan]:
    plans: list[Plan] = []
    contents: dict[str, tuple[str, Path]] = {}
    for store in stores:
        for plan in store.plans:
            for instance in plan.instances:
                here = (instance.fingerprint, store.path)
                there = contents.setdefault(instance.name, here)
                if there[0] != here[0]:
                    raise UsageError(
                        f"instance {instance.name!r} has different contents in "
                        f"{there[1]} and {here[1]}: not mixed"
                    )
            if plan not in plans:
                plans.append(plan)
    return plans


def _lines(part: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a part; a torn last line is none."""
    with part.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if not line.endswith(b"\n"):
                return
            try:
                row = json.loads(line)
                if not isinstance(row["run"], str):
                    raise TypeError("run is not a string")
            except (ValueError, KeyError, TypeError) as error:
                raise UsageError(f"{part}:{number}: not a row: {error!r}") from None
            yield row


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _runs_table(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str]
) -> pyarrow.Table:
    _require_arrow()
    import pyarrow as pa

    schema = _only(runs_schema(), columns)
    return pa.table(
        [pa.array([row.get(f.name) for row in rows], f.type) for f in schema],
        schema=schema,
    )


def _trace_table(rows: Sequence[Mapping[str, Any]]) -> pyarrow.Table:
    import pyarrow as pa

    schema = trace_schema()
    data: dict[str, list[Any]] = {name: [] for name in TRACE}
    for row in rows:
        points = row.get("trace") or {}
        data["run"].extend([row["run"]] * len(points.get("time", ())))
        for name, values in points.items():
            data[name].extend(values)
    return pa.table([pa.array(data[f.name], f.type) for f in schema], schema=schema)


def _only(schema: pyarrow.Schema, columns: Sequence[str]) -> pyarrow.Schema:
    import pyarrow as pa

    return pa.schema([schema.field(name) for name in columns])


def _require_arrow() -> None:
    try:
        importlib.import_module("pyarrow")
    except ImportError:
        raise MissingDependencyError("the store of a batch", "bench") from None


def _lock(stack: contextlib.ExitStack, path: Path, how: int) -> None:
    stream = stack.enter_context(path.open("a"))
    try:
        fcntl.flock(stream, how | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UsageError(
            f"{path.parent}: another combkit bench is writing to it"
        ) from None
    except OSError:
        # Some network file systems have no locks; rows stay apart anyway.
        return


def _sync(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def _named(error: OSError, path: Path) -> OSError:
    return OSError(error.errno, error.strerror or str(error), str(path))
