"""Submodular optimisation measured: speed beside peers, certificates, updates, regret.

    python benchmarks/peers/install.py submodlib apricot
    python benchmarks/submodular.py speed        # beside the peers, same objective
    python benchmarks/submodular.py cold         # a fresh process, kernels on disk
    python benchmarks/submodular.py features     # similarities on the fly
    python benchmarks/submodular.py coverage     # a million sets
    python benchmarks/submodular.py certificate  # gaps, and truth where MIP finds it
    python benchmarks/submodular.py dynamic      # 100,000 insertions and deletions
    python benchmarks/submodular.py bandit       # regret of OPM, CUCB, Thompson
    python benchmarks/submodular.py chain        # projections of Markov chains

Times are those of selecting; the certificate is timed by itself. The best of three
calls, kernels loaded. Peers run in the environments of ``install.py``.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

import combkit as ck
from combkit.cli.bench.foreign import peers_folder
from combkit.comb.submodular import (
    Cardinality,
    Coverage,
    DynamicMaximizer,
    FacilityLocation,
    FeatureLocation,
    GraphicMatroid,
    Oracle,
    Rank,
    regret,
)
from combkit.instances.generators.set_functions import curie_weiss

HERE = Path(__file__).resolve().parent


def main() -> None:
    parts: dict[str, Callable[[], None]] = {
        "speed": speed,
        "cold": cold,
        "features": features,
        "coverage": coverage,
        "certificate": certificate,
        "dynamic": dynamic,
        "bandit": bandit,
        "chain": chain,
    }
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=parts)
    parts[parser.parse_args().part]()


def best_of(times: int, problem: ck.Submodular, solver: str, **options: object):  # type: ignore[no-untyped-def]
    """Return the least seconds of some calls, and the last result."""
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        result = ck.solve(problem, solver, **options)  # type: ignore[arg-type]
        seconds.append(time.perf_counter() - started)
    return min(seconds), result


def similarity(rows: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + distance) in single precision, a block at a time."""
    n = len(rows)
    found = np.empty((n, n), np.float32)
    for first in range(0, n, 1_000):
        found[first : first + 1_000] = 1.0 / (
            1.0 + cdist(rows[first : first + 1_000], rows)
        )
    return (found + found.T) / 2


def speed() -> None:
    """Facility location, dense and of near neighbours, beside submodlib and apricot."""
    rng = np.random.default_rng(0)
    print("| similarity | k | solver | seconds | objective | gap | bound, seconds |")
    print("|---|---|---|---|---|---|---|")
    for n, k in ((2_000, 200), (5_000, 500), (10_000, 1_000)):
        near = similarity(rng.standard_normal((n, 32)))
        beside(f"dense {n}", ck.Submodular(FacilityLocation(near), Cardinality(k)), k)
    places = rng.random((50_000, 3))
    apart, points = cKDTree(places).query(places, 64)
    values = np.exp(-((apart / apart.mean()) ** 2)).astype(np.float32).ravel()
    rows = np.repeat(np.arange(50_000), 64)
    near = sp.csr_array((values, (rows, points.ravel())), shape=(50_000, 50_000))
    near = sp.csr_array(near.maximum(near.T))
    for k in (1_000, 5_000):
        problem = ck.Submodular(FacilityLocation(near), Cardinality(k))
        beside("64 neighbours, 50000", problem, k)


def beside(name: str, problem: ck.Submodular, k: int) -> None:
    """Print a row for each solver of a facility location."""
    seconds, result = best_of(4, problem, "lazy", certificate=0)
    certified, with_bound = best_of(1, problem, "lazy")
    row = f"{seconds:.3f} | {result.objective:.8g} | {with_bound.gap:.4f}"
    print(f"| {name} | {k} | combkit | {row} | {certified - seconds:.3f} |")
    matrix = problem.function.similarity  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as folder:
        if sp.issparse(matrix):
            path, peers = Path(folder) / "x.npz", ["apricot"]
            sp.save_npz(path, sp.csr_matrix(matrix), compressed=False)
        else:
            path, peers = Path(folder) / "x.npy", ["submodlib", "apricot"]
            np.save(path, matrix)
        for peer in peers:
            python = peers_folder() / peer / "bin" / "python"
            command = [str(python), str(HERE / "peers" / f"run_{peer}.py"), str(path)]
            done = subprocess.run(
                [*command, str(k)],
                capture_output=True,
                text=True,
                check=False,
                env={**os.environ, "NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            )
            if done.returncode != 0:
                print(f"| {name} | {k} | {peer} | failed | | | |", flush=True)
                print(done.stderr[-500:], file=sys.stderr)
                continue
            told = json.loads(done.stdout.splitlines()[-1])
            value = problem.evaluate(ck.Selection(told["chosen"]))
            row = f"{told['seconds']:.3f} | {value:.8g}"
            print(f"| {name} | {k} | {peer} | {row} | | |", flush=True)


#: A process that imports the suite, builds the problem and solves it.
COLD = """
import time
import numpy as np, scipy.sparse as sp
rows = np.repeat(np.arange(50_000), 64)
rng = np.random.default_rng(0)
near = (rows + rng.integers(0, 500, rows.size)) % 50_000
values = rng.random(rows.size).astype(np.float32)
matrix = sp.csr_array((values, (rows, near)), shape=(50_000, 50_000))
started = time.perf_counter()
import combkit as ck
from combkit import submodular as sm
problem = ck.Submodular(sm.FacilityLocation(matrix), sm.Cardinality(1_000))
ck.solve(problem, "lazy", certificate=0)
print(f"{time.perf_counter() - started:.2f} s from the import to the result")
"""


def cold() -> None:
    """64 neighbours of 50,000 points in fresh processes; the first may compile."""
    for _ in range(3):
        subprocess.run([sys.executable, "-c", COLD], check=True)


def features() -> None:
    """50,000 points of 64 coordinates, no array of their similarities."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((500, 64))
    rows = centres[rng.integers(500, size=50_000)]
    rows = (rows + 0.5 * rng.standard_normal(rows.shape)).astype(np.float32)
    problem = ck.Submodular(FeatureLocation(rows), Cardinality(200))
    small = ck.Submodular(FeatureLocation(rows[:500]), Cardinality(5))
    ck.solve(small, "stochastic")
    for options in ({"certificate": 0}, {"certificate": 1}):
        started = time.perf_counter()
        result = ck.solve(problem, "stochastic", seed=1, epsilon=0.5, **options)
        seconds = time.perf_counter() - started
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(
            f"{options}: {seconds:.1f} s, {memory:.2f} GB, objective "
            f"{result.objective:.1f}, bound {result.bound}"
        )


def coverage() -> None:
    """A million sets of ten million entries."""
    rng = np.random.default_rng(0)
    sizes = rng.geometric(0.1, 1_000_000)
    items = (1_000_000 * rng.random(sizes.sum()) ** 2).astype(np.int64)
    rows = np.repeat(np.arange(sizes.size), sizes)
    shape = (sizes.size, 1_000_000)
    sets = sp.csr_array((np.ones(items.size, bool), (rows, items)), shape=shape)
    problem = ck.Submodular(Coverage(sets), Cardinality(1_000))
    seconds, result = best_of(3, problem, "lazy", certificate=0)
    certified, bounded = best_of(1, problem, "lazy")
    print(f"{sets.nnz} entries, {seconds:.3f} s, objective {result.objective:.0f}")
    print(f"with the bound {certified:.3f} s, gap {bounded.gap:.4f}")


def certificate() -> None:
    """Gaps on points of several kinds; then the truth on what HiGHS can prove."""
    rng = np.random.default_rng(0)
    n = 1_500
    blobs = rng.standard_normal((10, 2))[rng.integers(10, size=n)] * 4.0
    data = {
        "blobs, 2-d": blobs + rng.standard_normal((n, 2)) * 0.5,
        "uniform, 2-d": rng.random((n, 2)),
        "Gaussian, 32-d": rng.standard_normal((n, 32)),
    }
    print("| points | kernel | k = 10 | 50 | 150 |")
    print("|---|---|---|---|---|")
    for name, rows in data.items():
        apart = cdist(rows, rows)
        for kernel, near in (
            ("rbf", np.exp(-((apart / apart.mean()) ** 2) * 2.0)),
            ("1 / (1 + d)", 1.0 / (1.0 + apart)),
        ):
            gaps = []
            for k in (10, 50, 150):
                problem = ck.Submodular(FacilityLocation(near), Cardinality(k))
                gaps.append(f"{100.0 * ck.solve(problem, 'lazy').gap:.2f} %")
            print(f"| {name} | {kernel} | {' | '.join(gaps)} |", flush=True)
    held = proven = 0
    for seed in range(20):
        for family in ("facility", "coverage"):
            problem = ck.generate("submodular", 40, seed=seed, family=family, k=5)
            exact = ck.solve(problem, "highs", time_limit=60)
            result = ck.solve(problem, "lazy")
            if exact.status == ck.Status.OPTIMAL:
                proven += 1
                slack = 1e-6 * exact.objective
                held += (
                    result.objective - slack <= exact.objective <= result.bound + slack
                )
    print(f"optimum between value and bound: {held} of {proven} proven by HiGHS")


def dynamic() -> None:
    """100,000 updates of 10,000 elements: value and gains beside the lazy greedy."""
    n, k, updates = 10_000, 50, 100_000
    rng = np.random.default_rng(0)
    sizes = rng.geometric(0.05, n)
    items = (5_000 * rng.random(sizes.sum()) ** 2).astype(np.int64)
    rows = np.repeat(np.arange(n), sizes)
    sets = sp.csr_array((np.ones(items.size, bool), (rows, items)), shape=(n, 5_000))
    f = Coverage(sets, rng.random(5_000))
    epsilon = 0.2
    keeper = DynamicMaximizer(f, k, epsilon=epsilon)
    here, away = [], list(range(n))
    print("| updates | present | value / greedy | gains an update | of lazy greedy |")
    print("|---|---|---|---|---|")
    started = time.perf_counter()
    for update in range(1, updates + 1):
        coming = not here or (away and (len(here) < n // 2 or rng.random() < 0.5))
        source, target = (away, here) if coming else (here, away)
        place = int(rng.integers(len(source)))
        source[place], source[-1] = source[-1], source[place]
        e = source.pop()
        target.append(e)
        (keeper.insert if coming else keeper.delete)(e)
        if update % (updates // 20) == 0:
            problem = ck.Submodular(f, Cardinality(k), exclude=np.array(away))
            greedy = ck.solve(problem, "lazy", certificate=0)
            calls = keeper.calls / update
            print(
                f"| {update} | {len(here)} | {keeper.value / greedy.objective:.3f} | "
                f"{calls:.0f} | {calls / greedy.extra['evaluations']:.4f} |",
                flush=True,
            )
    print(f"guarantee {1.0 / (2.0 + 2.0 * epsilon):.3f} of the optimum;", end=" ")
    print(f"{time.perf_counter() - started:.0f} s in all")


def bandit() -> None:
    """Regret on a spanning tree, a flow and a recommendation, 20 seeds each."""
    import networkx as nx

    rng = np.random.default_rng(0)
    graph = nx.random_geometric_graph(20, 0.4, seed=1)
    edges = np.array(graph.edges)
    network = nx.gnp_random_graph(12, 0.4, seed=2, directed=True)
    for a, b in network.edges:
        network.edges[a, b]["capacity"] = int(rng.integers(1, 4))
    sources = list(range(1, 9))

    def flow(selected: np.ndarray) -> float:
        wide = network.copy()
        for e in selected.tolist():
            wide.add_edge("s", sources[e], capacity=1)
        return float(nx.maximum_flow_value(wide, "s", 0)) if selected.size else 0.0

    known: dict[bytes, float] = {}

    def remembered(selected: np.ndarray) -> float:
        key = selected.tobytes()
        if key not in known:
            known[key] = flow(selected)
        return known[key]

    genres = rng.random((40, 12)) < 0.2
    tasks = {
        "spanning tree": Rank(GraphicMatroid(edges)),
        "flow": Oracle(remembered, len(sources)),
        "recommendation": Coverage(genres, np.full(12, 1.0 / 12.0)),
    }
    episodes = 5_000
    marks = [100, 500, 1_000, 2_000, 5_000]
    print(f"| task | rule | {' | '.join(f'regret at {t}' for t in marks)} |")
    print(f"|---|---|{'---|' * len(marks)}")
    for name, rank in tasks.items():
        means = rng.random(rank.n)
        for rule in ("opm", "cucb", "thompson"):
            curves = np.array(
                [
                    regret(rank, means, episodes=episodes, rule=rule, seed=s)  # type: ignore[arg-type]
                    for s in range(20)
                ]
            )[:, np.array(marks) - 1]
            error = curves.std(axis=0, ddof=1) / np.sqrt(len(curves))
            cells = [
                f"{m:.1f} ± {e:.1f}" for m, e in zip(curves.mean(0), error, strict=True)
            ]
            print(f"| {name} | {rule} | {' | '.join(cells)} |", flush=True)


def chain() -> None:
    """Projections of the chain of 4 spins, and entropy rates of 10 spins by size."""
    distance = curie_weiss(4, criterion="factorizability")
    for part in ([1, 3], [3]):
        print(f"S = {part}: {distance.value(np.array(part)):.5f}")
    rate = curie_weiss(10)
    print("| most coordinates | greedy | distorted | optimum |")
    print("|---|---|---|---|")
    for k in range(1, 11):
        problem = ck.Submodular(rate, Cardinality(k))
        values = [
            ck.solve(problem, solver).objective
            for solver in ("lazy", "distorted", "branch-and-bound")
        ]
        print(f"| {k} | {' | '.join(f'{v:.4f}' for v in values)} |", flush=True)


if __name__ == "__main__":
    main()
