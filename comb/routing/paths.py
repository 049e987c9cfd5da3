"""Paths that grow edge by edge until they are routes or a tour."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

__all__ = ["Paths"]


class Paths:
    """Disjoint paths through all nodes, single nodes at first.

    A path knows at each of its ends where the other one is; that suffices to
    refuse cycles, without a union-find.

    Parameters
    ----------
    n : int
        Number of nodes.
    directed : bool
        Whether a link has a direction.

    Attributes
    ----------
    leaving, entering : list of int
        How many more links may leave and enter each node; one and the same
        list where links have no direction.
    other : list of int
        The other end of the path that ends at a node; stale inside a path.
    links : list of tuple of int
        The links so far.
    """

    def __init__(self, n: int, *, directed: bool = False) -> None:
        self.leaving = [1 if directed else 2] * n
        self.entering = [1] * n if directed else self.leaving
        self.other = list(range(n))
        self.links: list[tuple[int, int]] = []
        self.directed = directed

    def __len__(self) -> int:
        """Return the number of paths."""
        return len(self.other) - len(self.links)

    def link(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Link each pair of nodes in turn, unless it branches or closes a cycle."""
        leaving, entering, other = self.leaving, self.entering, self.other
        links = self.links
        for i, j in pairs:
            if leaving[i] and entering[j] and other[i] != j:
                leaving[i] -= 1
                entering[j] -= 1
                a, b = other[i], other[j]
                other[a], other[b] = b, a
                links.append((i, j))

    def ends(self) -> NDArray[np.int64]:
        """Return the nodes at which paths end, single nodes included."""
        free = np.array(self.leaving)
        if self.directed:
            free += np.array(self.entering)
        return np.flatnonzero(free)

    def lists(self) -> list[list[int]]:
        """Return the nodes of each path, in order."""
        # Following the sum of both neighbours needs no case for where a node's
        # links stand: the next node is what remains beside the previous one.
        # A missing neighbour counts as -1.
        n = len(self.other)
        around = [-1 if self.directed else -2] * n
        for i, j in self.links:
            around[i] += j + 1
            if not self.directed:
                around[j] += i + 1
        found = []
        for start in [node for node, room in enumerate(self.entering) if room]:
            if not self.directed and self.other[start] < start:
                continue
            path, before, here = [], -1, start
            while here >= 0:
                path.append(here)
                step = around[here] if self.directed else around[here] - before
                before, here = here, step
            found.append(path)
        return found
