"""Signals at any moment, cold caches, short limits: every run ends as designed."""

import json
import os
import random
import re
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from tests.cli.conftest import finish, start

import combkit as ck
from combkit.comb import submodular as sm

#: Every solver with a kind that it solves, and a size that keeps it busy.
SIZES = {
    "tsp": 400,
    "atsp": 80,
    "cvrp": 200,
    "ovrp": 200,
    "vrptw": 200,
    "op": 120,
    "pctsp": 120,
    "spctsp": 120,
    "mtsp": 120,
    "jsp": 20,
    "fjsp": 20,
    "pfsp": 50,
    "ossp": 20,
    "rcpsp": 200,
    "scheduling": 60,
    "kp": 2000,
    "mkp": 200,
    "setcover": 2000,
    "mis": 500,
    "clique": 200,
    "vc": 500,
    "maxcut": 400,
    "qap": 40,
    "submodular": 120,
    "ksubmodular": 40,
    "mip": 0,
}
#: What solvers of set functions take that do not take a generated cardinality.
SET_FUNCTIONS = {
    "density": lambda: set_function("facility", sm.Knapsack(np.arange(1, 121), 300)),
    "enumeration": lambda: set_function(
        "facility", sm.Knapsack(np.arange(1, 121), 300)
    ),
    "double-greedy": lambda: set_function("cut", sm.Unconstrained()),
    "ratio-greedy": lambda: set_function("coverage", over=sm.Modular(np.ones(120))),
    "bisection": lambda: set_function("coverage", over=sm.Modular(np.ones(120))),
    "assortment": lambda: set_function("assortment", sm.Cardinality(10)),
}
SOLVERS = [(row.name, kind) for row in ck.solvers() for kind in row.kinds]
SIGNALS = [signal.SIGINT, signal.SIGTERM]


def set_function(family, constraint=None, **fields):
    f = ck.generate("submodular", 120, seed=1, family=family).function
    if constraint is not None:
        fields["constraint"] = constraint
    return ck.Submodular(f, **fields)


@pytest.fixture(scope="session")
def instance(tmp_path_factory):
    """Return the path of a generated instance of a kind, made once."""
    folder = tmp_path_factory.mktemp("instances")
    made = {}

    def path(kind, solver="auto"):
        if kind == "submodular" and solver in SET_FUNCTIONS:
            path = folder / f"random-{solver}.npz"
            if not path.exists():
                ck.write(SET_FUNCTIONS[solver](), path)
            return path
        if kind not in made:
            made[kind] = folder / f"random-{kind}.json"
            if kind == "mip":
                made[kind] = folder / "random.mps"
                ck.write(market_split(), made[kind])
            elif kind == "scheduling":
                ck.write(ck.generate("rcpsp", SIZES[kind], seed=1).model, made[kind])
            else:
                family = {"family": "x"} if kind == "cvrp" else {}
                problem = ck.generate(kind, SIZES[kind], seed=1, **family)
                ck.write(problem, made[kind])
        return made[kind]

    return path


def market_split(rows=4, cols=30, seed=1):
    """Return a small equality-knapsack model that no solver proves in seconds.

    The slacks make it feasible: their sum is minimised.
    """
    import numpy as np
    import scipy.sparse as sp

    rng = np.random.default_rng(seed)
    weights = rng.integers(0, 100, (rows, cols))
    half = weights.sum(axis=1) // 2
    A = sp.csr_array(np.hstack([weights, np.eye(rows), -np.eye(rows)]))
    n = cols + 2 * rows
    return ck.MIP(
        np.r_[np.zeros(cols), np.ones(2 * rows)],
        A,
        half,
        half,
        np.zeros(n),
        np.r_[np.ones(cols), np.full(2 * rows, 10_000)],
        np.ones(n),
        name="market",
    )


def interrupt_after(path, out, solver, number, delay):
    process = start(
        "solve", path, "--solver", solver, "--time-limit", 30, "--json", "-o", out
    )
    wait_until_it_listens(process)
    time.sleep(delay)
    os.killpg(process.pid, number)
    sent = time.perf_counter()
    done = finish(process)
    return done, time.perf_counter() - sent


def wait_until_it_listens(process):
    """Wait for the suite's handlers: before, it is Python itself that starts."""
    status = Path(f"/proc/{process.pid}/status")
    bit = 1 << (signal.SIGTERM - 1)
    while process.poll() is None:
        (caught,) = re.findall(r"^SigCgt:\s*(\w+)$", status.read_text(), re.M)
        if int(caught, 16) & bit:
            return
        time.sleep(0.005)


def assert_designed_ending(done, out, path):
    assert "Traceback" not in done.err, done.err
    if done.code == 0:
        found = json.loads(done.out)
        assert found["verified"] is True
        problem = ck.read(path)
        assert problem.check(ck.read_solution(out, problem)) == []
    else:
        assert done.code == 130, done
        assert not out.exists()


def assert_no_orphan(group):
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_during_the_run_returns_the_incumbent(instance, tmp_path, number):
    path, out = instance("tsp"), tmp_path / "out.json"
    process = start(
        "solve", path, "--solver", "ils", "--time-limit", 30, "--json", "-o", out
    )
    while "incumbent" not in process.stderr.readline():
        pass
    process.send_signal(number)
    done = finish(process)
    assert done.code == 0
    assert json.loads(done.out)["reason"] == "interrupted"
    assert_designed_ending(done, out, path)
    assert_no_orphan(process.pid)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_before_the_run_is_one_line(tmp_path, number):
    os.mkfifo(tmp_path / "never.tsp")
    process = start("solve", tmp_path / "never.tsp")
    time.sleep(1.5)  # the process waits for the pipe, in the middle of reading
    process.send_signal(number)
    done = finish(process)
    assert done.code == 130
    assert done.err == "combkit: interrupted\n"


@pytest.mark.slow
@pytest.mark.parametrize(("solver", "kind"), [*SOLVERS, *[("auto", k) for k in SIZES]])
def test_signals_at_random_moments(instance, tmp_path, solver, kind):
    path = instance(kind, solver)
    moments = random.Random(f"{solver}{kind}")
    for number in SIGNALS:
        out = tmp_path / f"{number}.json"
        done, waited = interrupt_after(path, out, solver, number, moments.uniform(0, 4))
        assert_designed_ending(done, out, path)
        assert waited < 5


def test_short_limit_with_an_empty_kernel_cache(instance, tmp_path):
    began = time.perf_counter()
    process = start(
        "solve", instance("tsp"), "--time-limit", 1, "--json", "--quiet",
        COMBKIT_CACHE=str(tmp_path / "cache"),
    )  # fmt: skip
    done = finish(process)
    assert done.code == 0
    assert json.loads(done.out)["verified"] is True
    # Not a measurement (benchmarks do that): compiling alone takes longer.
    assert time.perf_counter() - began < 10


@pytest.mark.slow
@pytest.mark.parametrize("limit", [1, 5])
@pytest.mark.parametrize("kind", SIZES)
def test_cold_start_of_every_kind(instance, tmp_path, kind, limit):
    process = start(
        "solve", instance(kind), "--time-limit", limit, "--json", "--quiet",
        COMBKIT_CACHE=str(tmp_path / "cache"),
    )  # fmt: skip
    done = finish(process)
    assert done.code == 0
    assert json.loads(done.out)["verified"] is True
    assert json.loads(done.out)["runtime"] < 1.05 * limit + 2
