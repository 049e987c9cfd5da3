"""A spec, expanded: which runs there are, what identifies each, in which order."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from combkit.cli.bench.spec import Instances, Limits, Solver, Spec
from combkit.cli.bench.versions import code_version, package_versions, revision
from combkit.comb.registry import find, solvers
from combkit.instances.best_known import best_known
from combkit.instances.errors import CombkitError, UsageError
from combkit.instances.formats import read, write
from combkit.instances.generators import generate
from combkit.instances.source import Source

__all__ = ["Config", "Instance", "Plan", "Shard", "Task", "make_plan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A file of the batch, and what was found in it.

    Parameters
    ----------
    name : str
        Unique in the batch.
    file : str
        Absolute path.
    format : str or None
        Format to read it as; None: by its content.
    kind, sense, fingerprint : str
        Of the problem.
    best_known : float or None
        Value to compare with; None where none is known.
    stamp : tuple of int
        Size and modification time (ns) of the file when it was read.
    """

    name: str
    file: str
    format: str | None
    kind: str
    sense: str
    fingerprint: str
    best_known: float | None
    stamp: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A solver configuration with the version of the code behind it.

    Parameters
    ----------
    label, name, params, kinds, device
        As in ``Solver``.
    version : str
        Version of the code and its packages, or of the peer.
    commit : str
        Git revision, for our own solvers.
    dirty : bool
        Whether the code differs from it.
    foreign : dict or None
        Arguments of ``ForeignSolver``.
    """

    label: str
    name: str
    params: Mapping[str, Any]
    kinds: tuple[str, ...]
    device: str
    version: str
    commit: str
    dirty: bool
    foreign: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One run: what a worker is handed."""

    run: str
    attempt: int
    instance: Instance
    config: Config
    seed: int
    limits: Limits
    keep_solution: bool = False

    def again(self, attempt: int) -> Self:
        """Return the same run as another attempt."""
        return replace(self, attempt=attempt)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-able form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the task that ``to_dict`` wrote."""
        return cls(
            **{
                **data,
                "instance": _instance(data["instance"]),
                "config": _config(data["config"]),
                "limits": Limits(**data["limits"]),
            }
        )


@dataclass(frozen=True, slots=True)
class Shard:
    """Part ``index`` of ``count`` of a batch, counted from 1."""

    index: int = 1
    count: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.index <= self.count:
            raise UsageError(
                f"shard {self}: the first number is not in 1..{self.count}"
            )

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the shard of a text like ``2/8``."""
        index, slash, count = text.partition("/")
        if not (slash and index.isdecimal() and count.isdecimal()):
            raise UsageError(f"shard {text!r}: not of the form I/N, such as 2/8")
        return cls(int(index), int(count))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Every run of a batch.

    Parameters
    ----------
    name : str
        Title of the batch.
    instances : tuple of Instance
        In the order of the runs.
    configs : tuple of Config
        Solver configurations.
    seeds : tuple of int
        Seeds.
    limits : Limits
        Limits of a run.
    keep_solutions : bool
        Whether runs keep their solutions.
    notes : tuple of str
        What the expansion had to say.
    """

    name: str
    instances: tuple[Instance, ...]
    configs: tuple[Config, ...]
    seeds: tuple[int, ...]
    limits: Limits
    keep_solutions: bool = False
    notes: tuple[str, ...] = field(default=(), compare=False)

    def tasks(self, shard: Shard | None = None) -> Iterator[Task]:
        """Yield every run in order, or those of a shard.

        Runs are interleaved: one seed after the other, and all solvers on an
        instance side by side, whichever comes first turning from instance to
        instance. A part of the batch is thus a fair sample of it, and runs
        that are compared happen at about the same time. Shards deal whole
        (seed, instance) blocks, so that those runs share a machine.
        """
        shard = Shard() if shard is None else shard
        blocks = itertools.product(self.seeds, range(len(self.instances)))
        for block, (seed, k) in enumerate(blocks):
            if block % shard.count != shard.index - 1:
                continue
            instance = self.instances[k]
            fitting = [
                c for c in self.configs if not c.kinds or instance.kind in c.kinds
            ]
            turn = block % max(1, len(fitting))
            for config in fitting[turn:] + fitting[:turn]:
                yield self._task(instance, config, seed)

    def _task(self, instance: Instance, config: Config, seed: int) -> Task:
        facts = {
            "instance": instance.fingerprint,
            "solver": config.name if config.foreign is None else config.foreign,
            "params": config.params,
            "device": config.device,
            "version": config.version,
            "seed": seed,
            "limits": self.limits.identity(),
        }
        text = json.dumps(facts, sort_keys=True, default=str)
        return Task(
            run=hashlib.sha256(text.encode()).hexdigest()[:32],
            attempt=0,
            instance=instance,
            config=config,
            seed=seed,
            limits=self.limits,
            keep_solution=self.keep_solutions,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-able form."""
        data = asdict(self)
        del data["notes"]
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the plan that ``to_dict`` wrote."""
        return cls(
            name=data["name"],
            instances=tuple(_instance(d) for d in data["instances"]),
            configs=tuple(_config(d) for d in data["configs"]),
            seeds=tuple(data["seeds"]),
            limits=Limits(**data["limits"]),
            keep_solutions=data["keep_solutions"],
        )


def _instance(data: Mapping[str, Any]) -> Instance:
    return Instance(**{**data, "stamp": tuple(data["stamp"])})


def _config(data: Mapping[str, Any]) -> Config:
    return Config(**{**data, "kinds": tuple(data["kinds"])})


def make_plan(
    spec: Spec,
    *,
    made: Path,
    known: Iterable[Instance] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Plan:
    """Expand a spec: find and read the instances, resolve the solvers.

    Parameters
    ----------
    spec : Spec
        What to expand.
    made : Path
        Folder for generated instances; written where they are not there yet.
    known : iterable of Instance
        Instances that were read before; a file whose size and time have not
        changed is not read again.
    progress : callable, optional
        ``progress(read, all)``, called after each file.

    Raises
    ------
    UsageError
        If a pattern matches nothing, a solver does not exist or does not take
        a kind of the batch that its ``kinds`` do not leave out.
    InstanceFormatError
        If a file is missing or cannot be read.
    """
    before = {(i.file, i.format, i.stamp): i for i in known}
    files = _distinct(
        item for table in spec.instances for item in _expand(table, spec.folder, made)
    )
    names = _names([file for file, _, _ in files])
    found: dict[str, Instance] = {}
    notes = []
    for k, (name, (file, format, value)) in enumerate(zip(names, files, strict=True)):
        instance = _examine(name, file, format, value, before)
        twin = found.setdefault(instance.fingerprint, instance)
        if twin is not instance:
            notes.append(f"{instance.file}: has the content of {twin.file}, left out")
        if progress is not None:
            progress(k + 1, len(files))
    instances = tuple(
        sorted(found.values(), key=lambda i: hashlib.sha256(i.name.encode()).digest())
    )
    kinds = {i.kind: i for i in instances}
    configs = tuple(_resolve(solver, kinds) for solver in spec.solvers)
    plan = Plan(
        name=spec.name,
        instances=instances,
        configs=configs,
        seeds=spec.seeds,
        limits=spec.limits,
        keep_solutions=spec.keep_solutions,
        notes=tuple(notes),
    )
    _require_distinct(plan)
    return plan


def _require_distinct(plan: Plan) -> None:
    """Refuse two labels for the same runs: they would be one row."""
    seen: dict[str, str] = {}
    for config in plan.configs:
        key = json.dumps(
            [config.foreign or config.name, config.params, config.device],
            sort_keys=True,
            default=str,
        )
        other = seen.setdefault(key, config.label)
        if other != config.label:
            raise UsageError(
                f"the solvers {other!r} and {config.label!r} are the same but for "
                "their labels"
            )


# -- instances ---------------------------------------------------------------

#: Longest text of a generator's options in the name of a file.
_LONGEST_MARK = 40

#: A file to read, its format, and the value that a set file gives for it.
_File = tuple[Path, str | None, float | None]


def _expand(table: Instances, folder: Path, made: Path) -> Iterator[_File]:
    if table.source == "generate":
        for path in _generate(table, made):
            yield path, None, None
        return
    found: list[_File]
    if table.source == "glob":
        found = [(p, table.format, None) for p in _glob(str(table.value), folder)]
    elif table.source == "files":
        found = [(_path(name, folder), table.format, None) for name in table.value]
    else:
        found = [
            (path, table.format, value) for path, value in _set_file(table, folder)
        ]
    yield from found[table.offset :: table.every]


def _path(name: str, folder: Path) -> Path:
    """Return the path of a name, with ``~`` and ``$VARIABLES`` filled in."""
    filled = os.path.expandvars(os.path.expanduser(name))
    if "$" in filled:
        raise UsageError(f"{name}: the environment variable is not set")
    return Path(os.path.normpath(folder / filled))


def _glob(pattern: str, folder: Path) -> list[Path]:
    path = _path(pattern, folder)
    pattern_in_root = str(path)[len(path.anchor) :]
    found = sorted(p for p in Path(path.anchor).glob(pattern_in_root) if p.is_file())
    if not found:
        raise UsageError(f"instances: no file matches {pattern}")
    return found


def _set_file(table: Instances, folder: Path) -> Iterator[tuple[Path, float | None]]:
    """Yield the files of a set: one a line, or a CSV with a column ``file``.

    A column ``best`` gives values to compare with.
    """
    path = _path(str(table.value), folder)
    source = Source(path)
    base = _path(table.base, folder) if table.base else path.parent
    lines = source.text.splitlines()
    header = [cell.strip() for cell in lines[0].split(",")]
    if "file" not in header:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                yield _path(line.strip(), base), None
        return
    for number, row in enumerate(csv.DictReader(io.StringIO(source.text)), 2):
        name, best = row["file"], row.get("best") or ""
        if not name:
            raise source.error(number, "the column file is empty")
        try:
            value = float(best) if best.strip() else None
        except ValueError:
            raise source.error(number, f"best: {best!r} is not a number") from None
        yield _path(name, base), value


def _generate(table: Instances, made: Path) -> Iterator[Path]:
    """Yield the generated instances, written where they are not there yet."""
    kind = str(table.value)
    mark = _mark(table.params)
    made.mkdir(parents=True, exist_ok=True)
    for n in table.n:
        for seed in range(table.seed, table.seed + table.count):
            words = [kind, f"n{n}", f"s{seed}", *([mark] if mark else [])]
            path = made / f"{'-'.join(words)}.{table.suffix}"
            if not path.exists():
                write(generate(kind, n, seed=seed, **table.params), path)
            yield path


def _mark(params: Mapping[str, Any]) -> str:
    """Return what tells the options of a generator: words, if short, and a hash."""
    if not params:
        return ""
    words = [
        str(value) if isinstance(value, str) else f"{name}{value}"
        for name, value in sorted(params.items())
    ]
    text = "-".join(words)
    options = json.dumps(dict(params), sort_keys=True)
    mark = hashlib.sha256(options.encode()).hexdigest()[:6]
    plain = len(text) <= _LONGEST_MARK and re.fullmatch(r"[\w.-]*", text)
    return f"{text}-{mark}" if plain else mark


def _distinct(files: Iterable[_File]) -> list[_File]:
    """Return the files, each once; a later table's value wins."""
    found: dict[Path, _File] = {}
    for path, format, value in files:
        if path in found and value is None:
            value = found[path][2]
        found[path] = (path, format, value)
    return list(found.values())


def _names(paths: list[Path]) -> list[str]:
    """Return names: the stems, with as many parent folders as make them unique."""
    names = [_stem(path) for path in paths]
    depth = 1
    while len(set(names)) < len(names):
        counts: dict[str, int] = {}
        for name in names:
            counts[name] = counts.get(name, 0) + 1
        names = [
            "/".join((*path.parent.parts[-depth:], _stem(path)))
            if counts[name] > 1
            else name
            for name, path in zip(names, paths, strict=True)
        ]
        depth += 1
    return names


def _stem(path: Path) -> str:
    name = path.name.removesuffix(".gz")
    return name.rpartition(".")[0] or name


def _examine(
    name: str,
    file: Path,
    format: str | None,
    value: float | None,
    before: Mapping[tuple[str, str | None, tuple[int, int]], Instance],
) -> Instance:
    """Return what there is to know of a file, from before where it is unchanged."""
    try:
        facts = file.stat()
    except OSError:
        Source(file)  # raises the error that reading would
        raise
    stamp = (facts.st_size, facts.st_mtime_ns)
    old = before.get((str(file), format, stamp))
    if old is None:
        problem = read(file, format)
        best = best_known(problem)
        old = Instance(
            name=name,
            file=str(file),
            format=format,
            kind=problem.kind,
            sense=problem.sense,
            fingerprint=problem.fingerprint,
            best_known=None if best is None else best.value,
            stamp=stamp,
        )
    return Instance(
        **{
            **asdict(old),
            "name": name,
            "stamp": stamp,
            "best_known": old.best_known if value is None else value,
        }
    )


# -- solvers -----------------------------------------------------------------


def _resolve(solver: Solver, kinds: Mapping[str, Instance]) -> Config:
    if solver.foreign is not None:
        version, commit, dirty = solver.foreign.find_version(), "", False
    else:
        packages: set[str] = {"numpy", "scipy"}
        for kind, example in kinds.items():
            if not solver.kinds or kind in solver.kinds:
                packages |= _packages(solver, kind, example)
        shown = package_versions(packages)
        version = " ".join([code_version(), *(f"{k}=={v}" for k, v in shown.items())])
        state = revision()
        commit, dirty = state.commit, state.dirty
    return Config(
        label=solver.label,
        name=solver.name,
        params=dict(solver.params),
        kinds=solver.kinds,
        device=solver.device,
        version=version,
        commit=commit,
        dirty=dirty,
        foreign=None if solver.foreign is None else solver.foreign.to_dict(),
    )


def _packages(solver: Solver, kind: str, example: Instance) -> set[str]:
    """Return the packages of a solver for a kind, which it must take."""
    if solver.name == "auto":
        return {p for row in solvers(kind) if row.available for p in row.packages}
    try:
        row = find(solver.name, kind)
        row.load()
    except CombkitError as error:
        raise UsageError(
            f"solver {solver.label!r} on {example.name} ({kind}): {error}; the key "
            "kinds of a [[solver]] restricts it to some kinds"
        ) from None
    return set(row.packages)
