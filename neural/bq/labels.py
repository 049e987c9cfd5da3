"""Labelled instances in shards: made by worker processes, read while they grow.

A shard is one compressed ``.npz`` of padded arrays, written under another name
and renamed, so that a reader only ever sees whole ones. Its content follows
from the seed and its number alone.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from combkit.instances.seeds import generator
from combkit.neural.bq.draw import (
    LARGEST,
    SCALE,
    closed_matrix,
    draw_points,
    draw_size,
)

__all__ = ["MAKERS", "Shard", "main", "make"]

#: Arrays of a shard by name; the first axis counts instances.
Shard = dict[str, NDArray[np.generic]]

#: Perturbations of a tour search for each node.
_KICKS = 0.3
#: The same for matrices, most of whose perturbations are refused.
_MATRIX_KICKS = 20
#: Removals of a search for routes for each customer, and of one for prizes.
_REMOVALS, _SWAPS = 300, 3000


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(1, 2**62))


def _packed(points: NDArray[np.float64], width: int) -> NDArray[np.uint16]:
    padded = np.zeros((width, 2), np.uint16)
    padded[: len(points)] = np.rint(np.clip(points, 0.0, 1.0) * SCALE)
    return padded


def _tours(rng: np.random.Generator, sizes: list[int], width: int) -> Shard:
    from combkit.neural.bq._kernels_tours import search_tsp

    rows = []
    for n in sizes:
        points = draw_points(rng, n)
        tour = search_tsp(points, int(_KICKS * n), _seed(rng))
        rows.append(_packed(points[tour], width))
    return {"xy": np.stack(rows), "n": np.array(sizes, np.int32)}


def _tsp(rng: np.random.Generator) -> Shard:
    """Return points in the order of a short tour."""
    return _tours(rng, [draw_size(rng) for _ in range(256)], LARGEST)


def _tsp_large(rng: np.random.Generator) -> Shard:
    """Return the same for up to 1000 cities, more often few than many."""
    sizes = np.exp(rng.uniform(np.log(LARGEST), np.log(1000.0), 16))
    return _tours(rng, [int(n) for n in sizes], 1000)


def _atsp(rng: np.random.Generator) -> Shard:
    """Return cost matrices with the cities in the order of a cheap tour."""
    from combkit.neural.bq._kernels_tours import search_atsp

    sizes = [draw_size(rng) for _ in range(128)]
    costs = np.zeros((len(sizes), LARGEST, LARGEST), np.uint16)
    for row, n in enumerate(sizes):
        matrix = closed_matrix(rng, n)
        tour = search_atsp(matrix, _MATRIX_KICKS * n, _seed(rng))
        costs[row, :n, :n] = np.rint(matrix[tour][:, tour] * SCALE)
    return {"costs": costs, "n": np.array(sizes, np.int32)}


def _cvrp(rng: np.random.Generator) -> Shard:
    """Return customers in the order of their routes, the fullest route first."""
    from combkit.neural.bq._kernels_routes import search_cvrp

    count = 64
    shard: Shard = {
        "depot": np.zeros((count, 2), np.uint16),
        "xy": np.zeros((count, LARGEST, 2), np.uint16),
        "demand": np.zeros((count, LARGEST), np.int16),
        "route": np.zeros((count, LARGEST), np.uint8),
        "capacity": np.zeros(count, np.int16),
        "n": np.zeros(count, np.int32),
    }
    for row in range(count):
        n = draw_size(rng)
        points = draw_points(rng, n + 1)
        rng.shuffle(points)
        if rng.random() < 0.2:
            points[0] = 0.5
        demand = rng.integers(1, 10, n + 1)
        capacity = 50
        if rng.random() < 0.4:
            # From few customers a route to many.
            demand = rng.integers(1, int(rng.choice([2, 10, 50, 100])), n + 1)
            share = np.exp(rng.uniform(np.log(3.0), np.log(25.0)))
            capacity = max(int(demand.max()), int(share * demand[1:].mean()))
        demand[0] = 0
        visits = search_cvrp(points, demand, capacity, _REMOVALS * n, _seed(rng))
        load = np.bincount(visits[:, 1], demand[visits[:, 0]])
        rank = np.argsort(np.argsort(-load, kind="stable"))
        order = np.argsort(rank[visits[:, 1]], kind="stable")
        visits = visits[order]
        shard["depot"][row] = np.rint(points[0] * SCALE)
        shard["xy"][row] = _packed(points[visits[:, 0]], LARGEST)
        shard["demand"][row, :n] = demand[visits[:, 0]]
        shard["route"][row, :n] = rank[visits[:, 1]]
        shard["capacity"][row] = capacity
        shard["n"][row] = n
    return shard


def _op(rng: np.random.Generator) -> Shard:
    """Return the visited nodes in order, then the others; the depot apart."""
    from combkit.neural.bq._kernels_orienteering import search_op

    count = 64
    shard: Shard = {
        "depot": np.zeros((count, 2), np.uint16),
        "xy": np.zeros((count, LARGEST, 2), np.uint16),
        "prize": np.zeros((count, LARGEST), np.uint8),
        "budget": np.zeros(count, np.float32),
        "n": np.zeros(count, np.int32),
        "visited": np.zeros(count, np.int32),
    }
    for row in range(count):
        n = draw_size(rng)
        points = draw_points(rng, n + 1)
        rng.shuffle(points)
        budget = 4.0 if rng.random() < 0.5 else rng.uniform(1.0, 5.0)
        kind = rng.random()
        far = np.linalg.norm(points - points[0], axis=1)
        prize = 1 + np.floor(99.0 * far / max(float(far.max()), 1e-9)).astype(np.int64)
        if kind > 0.7:
            top = 100 if kind < 0.9 else 2
            prize = rng.integers(1, top, n + 1)
        tour = search_op(points, prize.astype(float), budget, _SWAPS, _seed(rng))
        others = np.setdiff1d(np.arange(1, n + 1), tour)
        order = np.concatenate([tour, others])
        shard["depot"][row] = np.rint(points[0] * SCALE)
        shard["xy"][row] = _packed(points[order], LARGEST)
        shard["prize"][row, :n] = prize[order]
        shard["budget"][row] = budget
        shard["n"][row] = n
        shard["visited"][row] = len(tour)
    return shard


def _kp(rng: np.random.Generator) -> Shard:
    """Return items, those of an optimal packing first, and the capacity."""
    from combkit.neural.bq._kernels_knapsack import pack

    count = 512
    shard: Shard = {
        "values": np.zeros((count, LARGEST), np.int32),
        "weights": np.zeros((count, LARGEST), np.int32),
        "capacity": np.zeros(count, np.int32),
        "n": np.zeros(count, np.int32),
        "chosen": np.zeros(count, np.int32),
    }
    for row in range(count):
        n = draw_size(rng)
        values, weights = rng.integers(1, 1000, (2, n))
        if rng.random() < 0.2:
            # Correlated items: densities hardly tell them apart.
            values = np.maximum(1, weights + rng.integers(-100, 101, n))
        share = 0.5 if rng.random() < 0.5 else rng.uniform(0.05, 0.95)
        # 25,000 for 100 items, as in the literature, is half of all weight.
        capacity = int(share * 500 * n)
        chosen = pack(values, weights, capacity)
        order = np.argsort(~chosen, kind="stable")
        shard["values"][row, :n] = values[order]
        shard["weights"][row, :n] = weights[order]
        shard["capacity"][row] = capacity
        shard["n"][row] = n
        shard["chosen"][row] = chosen.sum()
    return shard


#: What makes a shard, by name.
MAKERS: dict[str, Callable[[np.random.Generator], Shard]] = {
    "tsp": _tsp,
    "tsp-large": _tsp_large,
    "atsp": _atsp,
    "kp": _kp,
    "cvrp": _cvrp,
    "op": _op,
}


def make(name: str, folder: Path, seed: int, number: int) -> Path:
    """Write one shard unless it is there; return its path."""
    path = folder / f"{name}.{seed}.{number:05d}.npz"
    if not path.exists():
        stream = zlib.crc32(name.encode())
        shard = MAKERS[name](generator(seed, stream, number))
        temporary = folder / f".{path.name}.{os.getpid()}"
        with open(temporary, "wb") as file:
            np.savez_compressed(file, **shard)  # type: ignore[arg-type]
        temporary.replace(path)
    return path


def _work(
    jobs: list[tuple[str, int]], folder: Path, seed: int, end: float, share: slice
) -> None:
    parent = os.getppid()
    for name, number in jobs[share]:
        # Whoever started the work may be gone without having stopped it.
        if time.time() > end or os.getppid() != parent:
            break
        make(name, folder, seed, number)


def main(arguments: list[str] | None = None) -> None:
    """Make shards from the command line."""
    parser = argparse.ArgumentParser(
        prog="combkit.neural.bq.labels", description=__doc__
    )
    parser.add_argument(
        "what", nargs="+", metavar="NAME=SHARDS", help=f"of {', '.join(MAKERS)}"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the shards")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after")
    options = parser.parse_args(arguments)
    jobs: list[tuple[str, int]] = []
    for item in options.what:
        name, _, shards = item.partition("=")
        if name not in MAKERS or not shards.isdigit():
            parser.error(f"{item}: NAME=SHARDS with a name of {', '.join(MAKERS)}")
        jobs += [(name, number) for number in range(int(shards))]
    options.out.mkdir(parents=True, exist_ok=True)
    end = time.time() + options.seconds
    context = multiprocessing.get_context("spawn")
    # Each worker takes every so-manieth job: all of them work on one problem at
    # a time, in the order of the command line.
    workers = [
        context.Process(
            target=_work,
            args=(
                jobs,
                options.out,
                options.seed,
                end,
                slice(k, None, options.workers),
            ),
        )
        for k in range(options.workers)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main()
