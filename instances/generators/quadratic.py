"""Random max-cut graphs and quadratic assignments of the literature."""

from __future__ import annotations

import numpy as np

from combkit.instances.errors import UsageError
from combkit.instances.quadratic import MaxCut, QuadraticAssignment
from combkit.instances.seeds import generator

__all__ = ["max_cut", "quadratic_assignment"]

#: Vertices whose pairs are drawn one by one.
_MOST = 20_000


def max_cut(n: int, *, seed: int, density: float = 0.06, signs: bool = False) -> MaxCut:
    """Generate a max-cut of a random graph, as rudy made G1 and G6 of the Gset.

    Parameters
    ----------
    n : int
        Number of vertices.
    seed : int
        The seed.
    density : float
        Share of the pairs that are edges.
    signs : bool
        Whether weights are 1 or -1 by chance; 1 without.

    Raises
    ------
    UsageError
        If the density is not in [0, 1], or the graph is too large.
    """
    if not 0.0 <= density <= 1.0:
        raise UsageError(f"density: {density:g} is not between 0 and 1")
    if n > _MOST:
        raise UsageError(f"n: {n} vertices are too many (at most {_MOST})")
    rng = generator(seed, 0)
    u, v = np.triu_indices(n, 1)
    used = rng.random(u.size) < density
    edges = np.stack([u[used], v[used]], axis=1)
    weights = rng.choice([-1, 1], len(edges)) if signs else None
    return MaxCut(n, edges, weights, name=f"cut-n{n}-s{seed}")


def quadratic_assignment(n: int, *, seed: int) -> QuadraticAssignment:
    """Generate a symmetric quadratic assignment, uniform as Taillard's tai*a.

    Parameters
    ----------
    n : int
        Number of facilities.
    seed : int
        The seed. Flows and distances are 0 to 99.
    """
    rng = generator(seed, 0)
    matrices = []
    for _ in range(2):
        upper = np.triu(rng.integers(0, 100, (n, n)), 1)
        matrices.append(upper + upper.T)
    return QuadraticAssignment(matrices[0], matrices[1], name=f"qap-n{n}-s{seed}")
