"""Numba kernel that labels knapsacks: exact dynamic programming by weight."""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any

import numpy as np

from combkit.instances.kernels import kernel

__all__ = ["pack"]


@kernel(allocates=True)
def pack(values: Any, weights: Any, capacity: int) -> Any:
    """Return which items an optimal packing holds.

    Parameters
    ----------
    values, weights : ndarray, shape (n,), int64
        Of the items; weights at least 0.
    capacity : int
        Capacity, at least 0.

    Returns
    -------
    ndarray, shape (n,), bool
        The items of an optimal packing.

    Notes
    -----
    O(n capacity) time and n capacity bytes.
    """
    n = values.size
    best = np.zeros(capacity + 1, np.int64)
    taken = np.zeros((n, capacity + 1), np.uint8)
    for i in range(n):
        w, v = weights[i], values[i]
        for c in range(capacity, w - 1, -1):
            if best[c - w] + v > best[c]:
                best[c] = best[c - w] + v
                taken[i, c] = 1
    chosen = np.zeros(n, np.bool_)
    left = capacity
    for i in range(n - 1, -1, -1):
        if taken[i, left]:
            chosen[i] = True
            left -= weights[i]
    return chosen
