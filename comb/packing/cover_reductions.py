"""Which sets a set cover needs: dominated ones never have to be chosen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from combkit.instances.set_cover import SetCover

__all__ = ["undominated"]

#: Bytes of the table of memberships; larger problems are left as they are.
_MOST_BYTES = 1 << 28
#: Sets compared with a set at most: those that share its rarest element.
_MOST_COMPARED = 2_000
#: Sets between two questions whether to stop.
_PATIENCE = 200


def undominated(
    problem: SetCover, stop: Callable[[], bool] = lambda: False
) -> NDArray[np.int64]:
    """Return the sets that remain, in ascending order.

    A set is left out if it is empty, or if another set has all of its elements
    and costs no more; of equal sets the first remains.

    Parameters
    ----------
    problem : SetCover
        The problem.
    stop : callable
        Asked now and then; what was not looked at remains.
    """
    n, words = problem.n, (problem.elements + 63) // 64
    sizes = np.diff(problem.offsets)
    if n * words * 8 > _MOST_BYTES:
        return np.flatnonzero(sizes > 0)
    owner = np.repeat(np.arange(n), sizes)
    table = np.zeros((n, words), dtype=np.uint64)
    bits = np.left_shift(np.uint64(1), (problem.members % 64).astype(np.uint64))
    np.bitwise_or.at(table, (owner, problem.members // 64), bits)
    order = np.argsort(problem.members, kind="stable")
    starts = np.searchsorted(problem.members[order], np.arange(problem.elements + 1))
    sets = owner[order]
    frequency = np.diff(starts)
    kept = sizes > 0
    # Small sets first: whoever dominates one is at least as large.
    for count, j in enumerate(np.argsort(sizes, kind="stable").tolist()):
        if not kept[j]:
            continue
        if count % _PATIENCE == 0 and stop():
            break
        own = problem.members[problem.offsets[j] : problem.offsets[j + 1]]
        rarest = int(own[np.argmin(frequency[own])])
        others = sets[starts[rarest] : starts[rarest + 1]][:_MOST_COMPARED]
        others = others[kept[others] & (sizes[others] >= sizes[j])]
        others = others[problem.costs[others] <= problem.costs[j]]
        larger = sizes[others] > sizes[j]
        cheaper = problem.costs[others] < problem.costs[j]
        others = others[larger | cheaper | (others < j)]
        if others.size and not np.all(np.any(table[j] & ~table[others], axis=1)):
            kept[j] = False
    return np.flatnonzero(kept)
