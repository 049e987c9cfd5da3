"""One integer seeds everything; independent streams are spawned from it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["generator", "kernel_state", "native_seed", "spawn"]


def generator(seed: int, *path: int) -> np.random.Generator:
    """Return the generator of a seed, or of one of its spawned streams.

    Parameters
    ----------
    seed : int
        The run's seed, non-negative.
    *path : int
        Position of the stream in the spawn tree, e.g. a worker's number.
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=path))


def kernel_state(seed: int, *path: int) -> NDArray[np.uint64]:
    """Return the state of a generator for compiled code, shape (1,), never 0.

    Parameters
    ----------
    seed, *path : int
        As of `generator`.
    """
    return generator(seed, *path).integers(1, 2**63, 1).astype(np.uint64)


def spawn(seed: int, count: int) -> list[int]:
    """Return ``count`` independent 63-bit seeds, e.g. one a worker."""
    return [int(generator(seed, k).integers(2**63)) for k in range(count)]


def native_seed(seed: int, bits: int = 31) -> int:
    """Return the seed reduced to what a foreign solver takes, ``bits`` wide."""
    return seed % (1 << bits)
