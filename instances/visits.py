"""Who is visited how often: what every routing checker asks first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["count_visits"]


def count_visits(
    nodes: NDArray[np.int64], first: int, last: int, noun: str
) -> list[str]:
    """Return a violation for each unknown, repeated and missing node.

    Parameters
    ----------
    nodes : ndarray of int64, shape (k,)
        The nodes in the order of their visits.
    first, last : int
        Nodes ``first`` to ``last`` are to be visited once each.
    noun : str
        What a node is called, "city" or "customer".
    """
    known = (nodes >= first) & (nodes <= last)
    plural = "cities" if noun == "city" else f"{noun}s"
    violations = [
        f"unknown {noun} {node} ({plural} are {first}..{last})"
        for node in nodes[~known].tolist()
    ]
    counts = np.bincount(nodes[known] - first, minlength=last - first + 1)
    violations.extend(
        f"{noun} {first + k} is visited {counts[k]} times"
        for k in np.flatnonzero(counts > 1).tolist()
    )
    violations.extend(
        f"{noun} {first + k} is not visited"
        for k in np.flatnonzero(counts == 0).tolist()
    )
    return violations
