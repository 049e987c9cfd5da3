"""Solvers that misbehave, joined as a third party would, and batches with them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

_SOLVERS = '''
"""Solvers that misbehave in one way each."""

import ctypes
import os
import signal
import subprocess
import sys
import time

from combkit.instances.run import Outcome
from combkit.instances.solutions import Tour
from combkit.instances.solver import SolverInfo


def first(problem, run):
    run.report(Tour(range(problem.n)), "first")
    return Outcome()


def nap(problem, run, *, seconds=0.1):
    time.sleep(seconds)
    return first(problem, run)


def segfault(problem, run):
    run.report(Tour(range(problem.n)), "first")
    ctypes.string_at(0)


def allocate(problem, run):
    kept = []
    while True:
        kept.append(bytearray(os.urandom(1)) * (16 << 20))


def allocate_below(problem, run):
    code = "kept = []\\nwhile True: kept.append(bytearray(b'x') * (16 << 20))"
    subprocess.run([sys.executable, "-c", code], check=True)


def deaf(problem, run):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(0.01)


def raises(problem, run):
    raise ValueError("no such luck")


def leaves(problem, run):
    os._exit(3)


def suicide(problem, run):
    os.kill(os.getpid(), signal.SIGKILL)


def orphans(problem, run):
    """Leave a process behind that has left the group, too."""
    code = (
        "import os, time\\n"
        "if os.fork() == 0:\\n    os.setsid()\\n    time.sleep(600)\\n"
    )
    subprocess.run([sys.executable, "-c", code, run_mark()], check=True)
    return first(problem, run)


def run_mark():
    return os.environ.get("ORPHAN_MARK", "")


def chatty(problem, run):
    print('{"row": {"status": "optimal"}}', flush=True)
    os.write(1, b"not JSON\\n")
    return first(problem, run)


SOLVERS = tuple(
    SolverInfo(name, ("tsp",), f"faulty_{name}", exact=False, summary=name)
    for name in (
        "nap", "segfault", "allocate", "allocate_below", "deaf", "raises", "leaves",
        "suicide", "orphans", "chatty",
    )
)
'''


@pytest.fixture(scope="session")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for PYTHONPATH: a distribution with solvers that misbehave."""
    folder = tmp_path_factory.mktemp("plugin")
    (folder / "faulty.py").write_text(_SOLVERS)
    names: dict[str, object] = {}
    for line in _SOLVERS.splitlines():
        if line.startswith("def "):
            name = line[4 : line.index("(")]
            names[name] = None
            module = f"from faulty import {name} as solve\n"
            (folder / f"faulty_{name}.py").write_text(module)
    facts = folder / "faulty-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: faulty\nVersion: 1\n")
    (facts / "entry_points.txt").write_text(
        "[combkit.solvers]\nfaulty = faulty:SOLVERS\n"
    )
    return folder


class Bench:
    """Runs ``combkit bench`` as a user would."""

    def __init__(self, folder: Path, plugin: Path) -> None:
        self.folder = folder
        self.scratch = folder / "tmp"
        self.scratch.mkdir()
        self.env = {
            **os.environ,
            "PYTHONPATH": str(plugin),
            "TMPDIR": str(self.scratch),
        }

    def spec(self, text: str, name: str = "batch") -> Path:
        path = self.folder / f"{name}.toml"
        path.write_text(text)
        return path

    def words(self, *words: object) -> list[str]:
        return [sys.executable, "-m", "combkit.cli.main", "bench", *map(str, words)]

    def start(self, *words: object, **options: object) -> subprocess.Popen:
        return subprocess.Popen(
            self.words(*words),
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def __call__(self, *words: object, code: int = 0) -> subprocess.CompletedProcess:
        done = subprocess.run(
            self.words(*words),
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done

    def rows(self, store: str = "batch.bench") -> list[dict]:
        from combkit.cli.bench import Store

        return Store.open(self.folder / store).runs().to_pylist()


@pytest.fixture
def bench(tmp_path: Path, plugin: Path) -> Iterator[Bench]:
    """The command, in a folder of its own; it must leave no temporary files."""
    bench = Bench(tmp_path, plugin)
    yield bench
    assert list(bench.scratch.glob("combkit-*")) == []


def _made_store(
    folder: Path,
    outcome: Callable,
    *,
    labels: Sequence[str] = ("one", "two"),
    instances: Sequence[tuple[str, str]] = (("tsp", "a"), ("tsp", "b")),
    seeds: int = 2,
    time: float = 10.0,
    sense: str = "min",
    name: str = "batch",
    spec: str = "seeds = 2\n",
):
    """A store of runs that nobody has run.

    ``outcome`` takes a task and returns what differs from a lost run, with
    ``trace`` a list of (time, objective, bound); or None where there is no row.
    ``instances`` are kinds and names.
    """
    from combkit.cli.bench.plan import Config, Instance, Plan
    from combkit.cli.bench.spec import Limits
    from combkit.cli.bench.store import Part, Store
    from combkit.cli.bench.workers import lost_row

    plan = Plan(
        name=name,
        instances=tuple(
            Instance(
                name=instance,
                file=f"/data/{k}",
                format=None,
                kind=kind,
                sense=sense,
                fingerprint=f"{k:08x}",
                best_known=None,
                stamp=(1, 1),
            )
            for k, (kind, instance) in enumerate(instances)
        ),
        configs=tuple(
            Config(
                label=label,
                name="auto",
                params={"level": k},
                kinds=(),
                device="cpu",
                version="1.0",
                commit="abc",
                dirty=False,
                foreign=None,
            )
            for k, label in enumerate(labels)
        ),
        seeds=tuple(range(seeds)),
        limits=Limits(time=time, grace=1.0),
    )
    store = Store.create(folder, name)
    store.set_plan([plan], spec, folder)
    part = Part(store.new_part("w"))
    for task in plan.tasks():
        row = outcome(task)
        if row is None:
            continue
        trace = row.pop("trace", [])
        times, objectives, bounds = (
            map(list, zip(*trace, strict=True)) if trace else ([], [], [])
        )
        part.append(
            lost_row(task, "")
            | {"machine": json.dumps({"cpu": "x", "cores": 2})}
            | {"versions": json.dumps({"numpy": "2.0"})}
            | row
            | {
                "trace": {
                    "time": times,
                    "objective": objectives,
                    "bound": bounds,
                    "source": ["s"] * len(times),
                }
            }
        )
    part.close()
    return Store.open(folder)


@pytest.fixture(scope="session")
def store_in() -> Callable:
    """Make a store in a folder: ``store_in(folder, outcome, **options)``."""
    return _made_store


@pytest.fixture
def store_of(tmp_path: Path) -> Callable:
    """Make a store in a folder of the test's own."""

    def make(outcome: Callable, folder: str = "batch.bench", **options: object):
        return _made_store(tmp_path / folder, outcome, **options)

    return make


def lines(path: Path) -> list[dict]:
    """The complete rows of a part."""
    text = path.read_bytes()
    whole = text[: text.rfind(b"\n") + 1]
    return [json.loads(line) for line in whole.splitlines()]
