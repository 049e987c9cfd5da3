"""Measure a policy on fixed test instances, greedily and without local search."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from combkit.instances.errors import UsageError
from combkit.neural.bq.base import Problem
from combkit.neural.bq.decode import greedy
from combkit.neural.bq.network import Policy

__all__ = ["instances_of", "measure"]

#: Seed of the test instances, and their number of nodes.
_SEED, _N = 1234, 100
#: Instances that are drawn, of which the first ones are taken: by the legacy
#: generator that the literature uses for its 10,000 sets of cities.
_DRAWN, _CITIES = 1000, 10_000
#: Instances that are decoded at once; on a CPU, what fits in its caches.
_BATCH = {"cuda": 1024, "cpu": 32}
#: Numbers that must be exact; all others are float32.
_EXACT = ("demand", "value", "weight", "capacity")


def instances_of(name: str, count: int) -> dict[str, Tensor]:
    """Return the first test instances of 100 nodes of a problem.

    Parameters
    ----------
    name : str
        Kind of the problem.
    count : int
        How many, at most 10,000 for ``tsp`` and 1,000 for the others.

    Returns
    -------
    dict of Tensor
        As the problem's ``start`` wants them. ``tsp``: uniform cities.
        ``cvrp``: demands 1 to 9, capacity 50. ``op``: prizes that grow with the
        distance from the depot, budget 4. ``kp``: values and weights of 1 to 999
        thousandths, capacity 25. ``atsp``: uniform costs closed under detours.
    """
    random = np.random.RandomState(_SEED)
    arrays: dict[str, Any] = {}
    drawn = _CITIES if name == "tsp" else _DRAWN
    if count > drawn:
        raise UsageError(f"count={count}: there are {drawn} test instances of {name}")
    if name == "tsp":
        arrays["xy"] = random.uniform(size=(drawn, _N, 2))
    elif name in ("cvrp", "op"):
        points = random.uniform(size=(drawn, _N + 1, 2))
        arrays["depot"], arrays["xy"] = points[:, 0], points[:, 1:]
        if name == "cvrp":
            arrays["demand"] = random.randint(1, 10, size=(drawn, _N)) / 50.0
        else:
            far = np.linalg.norm(arrays["xy"] - arrays["depot"][:, None], axis=-1)
            share = far / far.max(axis=1, keepdims=True)
            arrays["prize"] = (1.0 + np.floor(99.0 * share)) / 100.0
            arrays["budget"] = np.full(drawn, 4.0)
    elif name == "kp":
        arrays["value"] = random.randint(1, 1000, size=(drawn, _N)).astype(float)
        arrays["weight"] = random.randint(1, 1000, size=(drawn, _N)).astype(float)
        arrays["capacity"] = np.full(drawn, 25_000.0)
    else:
        matrices = random.uniform(size=(count, _N, _N))
        matrices[:, np.arange(_N), np.arange(_N)] = 0.0
        for k in range(_N):
            detour = matrices[:, :, k, None] + matrices[:, None, k]
            np.minimum(matrices, detour, out=matrices)
        arrays["costs"] = matrices
    arrays["n"] = np.full(drawn, _N)
    return {
        key: torch.as_tensor(array[:count], dtype=_type(key))
        for key, array in arrays.items()
    }


def _type(key: str) -> torch.dtype:
    if key == "n":
        return torch.int64
    return torch.float64 if key in _EXACT else torch.float32


def measure(
    problem: Problem,
    policy: Policy,
    count: int,
    device: torch.device,
    references: Path | None = None,
) -> dict[str, float]:
    """Decode test instances greedily and tell what that gives.

    Parameters
    ----------
    problem : Problem
        The problem.
    policy : Policy
        The policy, on the device.
    count : int
        Test instances.
    device : torch.device
        Where to decode.
    references : Path, optional
        Folder with ``PROBLEM.npy``, the best known objectives of the test
        instances; those of ``PROBLEMn*.npz`` there are measured as well.

    Returns
    -------
    dict
        Mean objective, seconds, and the mean gap in percent where known.
    """
    result: dict[str, float] = {"instances": count}
    sets: dict[str, tuple[dict[str, Tensor], np.ndarray[Any, Any] | None]] = {}
    known = references / f"{problem.name}.npy" if references else None
    sets[""] = (
        instances_of(problem.name, count),
        np.load(known) if known is not None and known.exists() else None,
    )
    for path in sorted(references.glob(f"{problem.name}-n*.npz")) if references else []:
        with np.load(path) as file:
            arrays = {
                key: torch.as_tensor(file[key], dtype=_type(key))
                for key in file.files
                if key != "reference"
            }
            sets[path.stem.split("-")[1] + "_"] = (arrays, file["reference"])
    for prefix, (instances, best) in sets.items():
        began = time.perf_counter()
        values = decode(problem, policy, instances, device)
        result[f"{prefix}seconds"] = round(time.perf_counter() - began, 3)
        result[f"{prefix}objective"] = round(float(values.mean()), 5)
        if best is not None:
            gaps = np.abs(values[: len(best)] / best[: len(values)] - 1.0)
            result[f"{prefix}gap"] = round(100.0 * float(gaps.mean()), 4)
    return result


def decode(
    problem: Problem,
    policy: Policy,
    instances: dict[str, Tensor],
    device: torch.device,
) -> np.ndarray[Any, Any]:
    """Return the objectives of greedy solutions, shape (count,)."""
    values = []
    count = len(next(iter(instances.values())))
    step = _BATCH.get(device.type, 64)
    for at in range(0, count, step):
        part = {
            key: value[at : at + step].to(device) for key, value in instances.items()
        }
        nodes, ways = greedy(problem, policy, part, policy.config.width)
        values.append(problem.objective(part, nodes, ways).double().cpu().numpy())
    return np.concatenate(values)
