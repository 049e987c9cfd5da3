"""Random instances to learn from: many shapes, so that no single one is special."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["LARGEST", "SCALE", "closed_matrix", "draw_points", "draw_size"]

Floats = NDArray[np.float64]

#: Steps of the unit interval in which coordinates and costs are stored.
SCALE = 65535
#: Nodes of the largest instance of the ordinary size.
LARGEST = 128
#: The size that comes most often.
_USUAL = 100


def draw_size(rng: np.random.Generator) -> int:
    """Return a number of nodes: mostly 100, else 20 to 128."""
    if rng.random() < 0.6:
        return _USUAL
    return int(rng.integers(20, LARGEST + 1))


def draw_points(rng: np.random.Generator, n: int) -> Floats:
    """Return points in the unit square.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    n : int
        Number of points.

    Returns
    -------
    ndarray, shape (n, 2)
        Uniform (7 of 10), clustered, half of each, or on a jittered lattice.
    """
    kind = rng.random()
    points = rng.random((n, 2))
    if kind < 0.7:
        return points
    if kind < 0.9:
        part = n if kind < 0.8 else n // 2
        centres = rng.random((int(rng.integers(1, 9)), 2))
        spread = 0.2 * rng.random((len(centres), 1)) ** 2 + 0.01
        which = rng.integers(len(centres), size=part)
        noise = rng.normal(size=(part, 2)) * spread[which]
        points[:part] = centres[which] + noise
    else:
        side = int(np.ceil(np.sqrt(n * rng.uniform(1.0, 3.0))))
        cells = rng.permutation(side * side)[:n]
        jitter = rng.uniform(-0.5, 0.5, (n, 2)) * rng.choice([0.0, 0.1, 0.5])
        points = np.stack([cells % side, cells // side], axis=1) + jitter
    low, high = points.min(axis=0), points.max(axis=0)
    return np.asarray((points - low) / max(float((high - low).max()), 1e-9))


def closed_matrix(rng: np.random.Generator, n: int) -> Floats:
    """Return uniform costs closed under detours (min-plus), diagonal 0.

    Returns
    -------
    ndarray, shape (n, n)
        Costs from row to column that obey the triangle inequality.
    """
    costs = rng.random((n, n))
    np.fill_diagonal(costs, 0.0)
    for k in range(n):
        np.minimum(costs, costs[:, k : k + 1] + costs[k], out=costs)
    return costs
