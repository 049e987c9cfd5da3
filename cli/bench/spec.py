"""What a batch is: the content of a ``SPEC.toml``, validated."""

from __future__ import annotations

import itertools
import json
import math
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from combkit.cli.bench.foreign import ForeignSolver
from combkit.instances.errors import UsageError, nearest

__all__ = ["Instances", "Limits", "Solver", "Spec", "load_spec", "parse_spec"]

T = TypeVar("T")

_BYTES = {
    "": 1,
    **{f"{p}B": 1000**k for k, p in enumerate(("", "k", "M", "G", "T"))},
    **{f"{p}iB": 1024**k for k, p in enumerate(("", "K", "M", "G", "T"))},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a run may use.

    Parameters
    ----------
    time : float
        Wall seconds that the solver is given.
    grace : float
        Further wall seconds until the process is ended from outside.
    memory : int, optional
        Bytes of resident memory, of the run's processes together.
    address_space : int, optional
        Bytes of address space, of each process of the run.
    threads : int
        Threads that the solver may use.
    iterations : int, optional
        Deterministic work limit, in the unit of each solver (nodes, moves, ...).
    gap : float, optional
        Relative gap at which a solver may stop; its own default if None.
    """

    time: float = 60.0
    grace: float
    memory: int | None = None
    address_space: int | None = None
    threads: int = 1
    iterations: int | None = None
    gap: float | None = None

    def identity(self) -> dict[str, Any]:
        """Return what distinguishes runs: everything but the grace."""
        return {
            "time": self.time,
            "memory": self.memory,
            "address_space": self.address_space,
            "threads": self.threads,
            "iterations": self.iterations,
            "gap": self.gap,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Instances:
    """A ``[[instances]]`` table: files by pattern, by list or by set file, or made.

    Parameters
    ----------
    source : {"glob", "files", "set", "generate"}
        Which key the table has.
    value : str or tuple of str
        Its value; paths are relative to the folder of the spec.
    base : str
        Folder that the names of a set file are relative to.
    format : str, optional
        Instance format, instead of recognising it.
    every, offset : int
        Take every k-th file, from this position, in sorted (glob) or given order.
    n : tuple of int
        Sizes to generate.
    count : int
        Instances a size.
    seed : int
        Seed of the first of them; the next ones count on.
    suffix : str
        Suffix, and with it the format, of the files to generate.
    params : mapping
        Options of the generator.
    """

    source: Literal["glob", "files", "set", "generate"]
    value: str | tuple[str, ...]
    base: str = ""
    format: str | None = None
    every: int = 1
    offset: int = 0
    n: tuple[int, ...] = ()
    count: int = 1
    seed: int = 0
    suffix: str = "json"
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Solver:
    """One configuration of a solver: a column of the comparison.

    Parameters
    ----------
    label : str
        Its name in the tables; unique in a spec.
    name : str
        Registered name, or the label of a foreign command.
    params : mapping
        Options of the solver.
    kinds : tuple of str
        Problem kinds that it runs on; empty: all of the batch.
    device : {"cpu", "cuda"}
        Where a learned solver runs.
    foreign : ForeignSolver, optional
        The command, where it is not one of ours.
    """

    label: str
    name: str
    params: Mapping[str, Any] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()
    device: Literal["cpu", "cuda"] = "cpu"
    foreign: ForeignSolver | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A batch: instances x solvers x seeds under limits.

    Parameters
    ----------
    name : str
        Title of the batch, and of its store.
    folder : Path
        Folder that relative paths start from.
    text : str
        The TOML text, kept with the results.
    instances, solvers : tuple
        The tables.
    seeds : tuple of int
        Seeds; every solver runs every instance with each.
    limits : Limits
        What a run may use.
    executor : {"local", "ray"}
        Where runs are executed unless the command line says otherwise.
    workers : int, optional
        Runs at a time; as many as the processors allow by default.
    pin : bool
        Whether to pin each worker to processors of its own.
    keep_solutions : bool
        Whether to keep the solutions in the store.
    warmup : bool
        Whether to compile the kernels before the first run.
    retries : int, optional
        How often a run is tried again when its worker or node was lost; by
        default 2 with ray and 0 locally, where a worker that vanishes was
        killed, as a rule because of the run itself.
    """

    name: str
    folder: Path
    text: str
    instances: tuple[Instances, ...]
    solvers: tuple[Solver, ...]
    seeds: tuple[int, ...]
    limits: Limits
    executor: Literal["local", "ray"] = "local"
    workers: int | None = None
    pin: bool = False
    keep_solutions: bool = False
    warmup: bool = True
    retries: int | None = None


def load_spec(path: str | os.PathLike[str]) -> Spec:
    """Read a ``SPEC.toml``.

    Raises
    ------
    UsageError
        If it is not TOML, or a table has an unknown key or a value that is
        not allowed, naming file, table and key.
    OSError
        If it cannot be read.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 text: {error.reason}") from None
    return parse_spec(text, folder=path.absolute().parent, name=path.stem, where=path)


def parse_spec(
    text: str,
    *,
    folder: Path,
    name: str,
    where: str | os.PathLike[str] = "spec",
) -> Spec:
    """Return the spec of a TOML text.

    Parameters
    ----------
    text : str
        The text.
    folder : Path
        Folder that relative paths start from.
    name : str
        Title where the text has none.
    where : str or PathLike
        What to call the text in errors.

    Raises
    ------
    UsageError
        As for ``load_spec``.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{os.fspath(where)}: {error}") from None
    top = _Table(data, os.fspath(where), "")
    spec = Spec(
        name=top.string("name", name),
        folder=folder,
        text=text,
        limits=_limits(top.table("limits")),
        instances=tuple(_instances(t) for t in top.tables("instances")),
        solvers=tuple(
            solver for t in top.tables("solver") for solver in _solvers(t, folder)
        ),
        seeds=_seeds(top),
        executor=top.choice("executor", ("local", "ray"), "local"),
        workers=top.integer("workers", None, minimum=1),
        pin=top.boolean("pin", False),
        keep_solutions=top.boolean("keep_solutions", False),
        warmup=top.boolean("warmup", True),
        retries=top.integer("retries", None, minimum=0),
    )
    top.close()
    labels: set[str] = set()
    for solver in spec.solvers:
        if solver.label in labels:
            raise top.error("solver", f"two solvers have the label {solver.label!r}")
        labels.add(solver.label)
    return spec


class _Table:
    """A TOML table that is read key by key; what is left over is an error."""

    def __init__(self, data: Mapping[str, Any], where: str, path: str) -> None:
        self._data = data
        self._where = where
        self._path = path
        self._known: set[str] = set()

    def error(self, key: str, reason: str) -> UsageError:
        return UsageError(f"{self._where}: {self._name(key)}: {reason}")

    def close(self) -> None:
        for key in self._data:
            if key not in self._known:
                hint = nearest(key, self._known)
                raise self.error(
                    key, f"unknown key{hint} (known: {', '.join(sorted(self._known))})"
                )

    def has(self, key: str) -> bool:
        self._known.add(key)
        return key in self._data

    def table(self, key: str) -> _Table:
        value = self._take(key, dict, "a table", {})
        return _Table(value, self._where, self._name(key))

    def tables(self, key: str) -> list[_Table]:
        value = self._take(key, list, "an array of tables", [])
        if not value or not all(isinstance(item, dict) for item in value):
            raise self.error(key, f"at least one [[{key}]] table is needed")
        name = self._name(key)
        return [
            _Table(item, self._where, f"{name}[{k}]") for k, item in enumerate(value, 1)
        ]

    def string(self, key: str, default: T) -> str | T:
        value: str | T = self._take(key, str, "a string", default)
        if value == "" and self.has(key):
            raise self.error(key, "must not be empty")
        return value

    def boolean(self, key: str, default: bool) -> bool:
        return bool(self._take(key, bool, "true or false", default))

    def integer(self, key: str, default: T, minimum: int) -> int | T:
        value: int | T = self._take(key, int, "an integer", default)
        if isinstance(value, bool) or (isinstance(value, int) and value < minimum):
            raise self.error(key, f"{value} is not an integer of at least {minimum}")
        return value

    def real(self, key: str, default: T, *, positive: bool) -> float | T:
        value = self._take(key, (int, float), "a number", default)
        if not isinstance(value, int | float):
            return default
        allowed = value > 0 if positive else value >= 0
        if isinstance(value, bool) or not math.isfinite(value) or not allowed:
            what = "positive" if positive else "non-negative"
            raise self.error(key, f"{value} is not a {what} number")
        return float(value)

    def size(self, key: str) -> int | None:
        """Return a number of bytes, given as such or as a text like ``"4 GB"``."""
        value = self._take(key, (int, str), 'a size such as "4 GB"', None)
        if value is None:
            return None
        match = re.fullmatch(r"\s*([0-9.]+)\s*([A-Za-z]*)\s*", str(value))
        if isinstance(value, bool) or match is None or match[2] not in _BYTES:
            raise self.error(key, f'{value!r} is not a size such as "4 GB"')
        try:
            size = int(float(match[1]) * _BYTES[match[2]])
        except ValueError:
            raise self.error(key, f'{value!r} is not a size such as "4 GB"') from None
        if size <= 0:
            raise self.error(key, f"{value!r} is not a positive size")
        return size

    def choice(self, key: str, options: tuple[str, ...], default: str) -> Any:
        value: Any = self._take(key, str, "a string", default)
        if value not in options:
            raise self.error(
                key,
                f"{value!r} is not one of {', '.join(options)}"
                f"{nearest(str(value), options)}",
            )
        return value

    def strings(self, key: str) -> tuple[str, ...]:
        value = self._take(key, list, "an array of strings", [])
        if not all(isinstance(item, str) and item for item in value):
            raise self.error(key, "is not an array of strings")
        return tuple(value)

    def integers(self, key: str, minimum: int) -> tuple[int, ...]:
        value = self._take(key, (int, list), "an integer or an array of them", [])
        values = value if isinstance(value, list) else [value]
        for item in values:
            if isinstance(item, bool) or not isinstance(item, int) or item < minimum:
                raise self.error(key, f"{item!r} is not an integer >= {minimum}")
        return tuple(values)

    def mapping(self, key: str) -> dict[str, Any]:
        return dict(self._take(key, dict, "a table", {}))

    def raw(self, key: str, default: Any = None) -> Any:
        return self._take(key, object, "", default)

    def _take(self, key: str, kind: Any, what: str, default: Any) -> Any:
        self._known.add(key)
        if key not in self._data:
            return default
        value = self._data[key]
        if not isinstance(value, kind):
            raise self.error(key, f"{value!r} is not {what}")
        return value

    def _name(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key


def _limits(table: _Table) -> Limits:
    time = table.real("time", 60.0, positive=True)
    limits = Limits(
        time=time,
        grace=table.real("grace", 0.05 * time + 2.0, positive=False),
        memory=table.size("memory"),
        address_space=table.size("address_space"),
        threads=table.integer("threads", 1, minimum=1),
        iterations=table.integer("iterations", None, minimum=1),
        gap=table.real("gap", None, positive=False),
    )
    table.close()
    return limits


def _seeds(top: _Table) -> tuple[int, ...]:
    value = top.raw("seeds", 1)
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 1:
            raise top.error("seeds", f"{value} seeds; at least 1 is needed")
        return tuple(range(value))
    seeds = top.integers("seeds", 0)
    if not seeds or len(set(seeds)) != len(seeds):
        raise top.error("seeds", "must be a number of seeds or different integers")
    return seeds


def _instances(table: _Table) -> Instances:
    sources = [k for k in ("glob", "files", "set", "generate") if table.has(k)]
    if len(sources) != 1:
        raise table.error(
            "glob", "a table has exactly one of the keys glob, files, set, generate"
        )
    (source,) = sources
    value = table.strings("files") if source == "files" else table.string(source, "")
    if not value:
        raise table.error(source, "names nothing")
    made = source == "generate"
    instances = Instances(
        source=source,  # type: ignore[arg-type]
        value=value,
        base=table.string("base", "") if source == "set" else "",
        format=None if made else table.string("format", None),
        every=1 if made else table.integer("every", 1, minimum=1),
        offset=0 if made else table.integer("offset", 0, minimum=0),
        n=table.integers("n", 1) if made else (),
        count=table.integer("count", 1, minimum=1) if made else 1,
        seed=table.integer("seed", 0, minimum=0) if made else 0,
        suffix=table.string("suffix", "json") if made else "",
        params=table.mapping("params") if made else {},
    )
    if made and not instances.n:
        raise table.error("n", "the size to generate is needed")
    table.close()
    return instances


def _solvers(table: _Table, folder: Path) -> Iterator[Solver]:
    foreign = table.has("command")
    name = table.string("label" if foreign else "name", "")
    if not name:
        key = "label" if foreign else "name"
        raise table.error(key, f"a solver needs a {key}")
    label = table.string("label", name)
    params = table.mapping("params")
    for key in params:
        if key in _RESERVED:
            raise table.error(f"params.{key}", f"use {_RESERVED[key]}")
    kinds = table.strings("kinds")
    device: Literal["cpu", "cuda"] = "cpu"
    if not foreign:
        device = table.choice("device", ("cpu", "cuda"), "cpu")
    grid = table.table("grid")
    axes = {key: grid.raw(key) for key in table.mapping("grid")}
    for key, values in axes.items():
        if not isinstance(values, list) or not values:
            raise grid.error(key, "is not a non-empty array of values")
        if key in params:
            raise grid.error(key, "is also in params")
    command = _command(table) if foreign else {}
    table.close()
    for values in itertools.product(*axes.values()):
        chosen = dict(zip(axes, values, strict=True))
        shown = ",".join(
            f"{k}={v if isinstance(v, str) else json.dumps(v)}"
            for k, v in chosen.items()
        )
        full = {**params, **chosen}
        try:
            wrapped = (
                ForeignSolver(**command, params=full, folder=str(folder))
                if foreign
                else None
            )
        except UsageError as error:
            raise table.error("command", str(error)) from None
        yield Solver(
            label=f"{label}[{shown}]" if chosen else label,
            name=name,
            params=full,
            kinds=kinds,
            device=device,
            foreign=wrapped,
        )


#: Settings of a run that are not options of a solver.
_RESERVED = {
    "seed": "seeds",
    "threads": "limits.threads",
    "time_limit": "limits.time",
    "gap": "limits.gap",
    "device": "the solver's key device",
}


def _command(table: _Table) -> dict[str, Any]:
    """Return the keys of a foreign solver; it checks their values itself."""
    return {
        "command": table.strings("command"),
        "solution": table.string("solution", "json"),
        "output": table.raw("output", "lines"),
        "version": table.string("version", None),
        "version_command": table.strings("version_command"),
        "non_commercial": table.boolean("non_commercial", False),
        "env": table.mapping("env"),
    }
