"""Numba kernels of random numbers: a generator of one number, fast and seeded."""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any

import numpy as np

from combkit.instances.kernels import kernel

__all__ = ["below", "unit"]


@kernel
def below(random: Any, limit: int) -> int:
    """Return the next number below a limit (xorshift64*, high bits).

    Parameters
    ----------
    random : ndarray, shape (1,), uint64
        State of the generator, never 0.
    limit : int
        At least 1 and below 2**31.
    """
    x = random[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    random[0] = x
    high = (x * np.uint64(0x2545F4914F6CDD1D)) >> np.uint64(33)
    return (np.int64(high) * limit) >> 31


@kernel
def unit(random: Any) -> float:
    """Return the next number between 0 and 1, both excluded."""
    return (below(random, 1 << 30) + 0.5) / (1 << 30)
