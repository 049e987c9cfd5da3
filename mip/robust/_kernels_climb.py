"""Hill climbing among first stages by linear estimates of their worst case."""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import Any

from combkit.instances.kernels import kernel

__all__ = ["climb"]


@kernel
def _least(sums: Any, slopes: Any, leaves: int, enters: int, floor: float) -> float:
    """Return the smallest estimate after a move; any value below `floor` may stand."""
    least = 1e300
    for s in range(sums.size):
        value = sums[s]
        if leaves >= 0:
            value -= slopes[s, leaves]
        if enters >= 0:
            value += slopes[s, enters]
        if value < least:
            least = value
            if least <= floor:
                break
    return least


@kernel
def climb(accepted: Any, slopes: Any, sums: Any, moves: int) -> float:
    """Take the best flip or swap while it improves the smallest estimate.

    Parameters
    ----------
    accepted : ndarray of bool, shape (n,)
        The first stage, changed.
    slopes : ndarray of float64, shape (m, n)
        What accepting an item adds to each estimate.
    sums : ndarray of float64, shape (m,)
        The estimates of the first stage, changed.
    moves : int
        Most moves.

    Returns
    -------
    float
        The smallest estimate.
    """
    n = accepted.size
    now = _least(sums, slopes, -1, -1, -1e300)
    for _ in range(moves):
        best, best_leaves, best_enters = now + 1e-9, -2, -2
        # Index n stands for no item.
        for i in range(n + 1):
            if i < n and not accepted[i]:
                continue
            leaves = i if i < n else -1
            for j in range(n + 1):
                if j < n and accepted[j]:
                    continue
                enters = j if j < n else -1
                value = _least(sums, slopes, leaves, enters, best)
                if value > best:
                    best, best_leaves, best_enters = value, leaves, enters
        if best_leaves == -2:
            break
        for s in range(sums.size):
            if best_leaves >= 0:
                sums[s] -= slopes[s, best_leaves]
            if best_enters >= 0:
                sums[s] += slopes[s, best_enters]
        if best_leaves >= 0:
            accepted[best_leaves] = False
        if best_enters >= 0:
            accepted[best_enters] = True
        now = best
    return now
