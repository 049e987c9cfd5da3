"""Mixed-integer programs of the families that the literature learns on and tests on.

A family is a function ``f(rng, n, structure, name) -> MIP``; its structures are kinds
of randomness that sizes and names do not show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from combkit.instances.errors import UsageError, nearest
from combkit.instances.generators.programs import graphs, items, networks, sets
from combkit.instances.mip import MIP
from combkit.instances.seeds import generator

__all__ = ["FAMILIES", "Family", "program"]

_GRAPHS = ("barabasi-albert", "erdos-renyi", "watts-strogatz", "grid")


@dataclass(frozen=True, slots=True)
class Family:
    """A family of programs.

    Parameters
    ----------
    draw : callable
        ``draw(rng, n, structure, name) -> MIP``.
    structures : tuple of str
        What it knows; the first is the default.
    sizes : tuple of int
        Sizes ``n`` that give programs of some 2,000 to 20,000 nonzeros.
    """

    draw: Callable[[np.random.Generator, int, str, str], MIP]
    structures: tuple[str, ...]
    sizes: tuple[int, int]


#: Family by name.
FAMILIES: dict[str, Family] = {
    "set-cover": Family(sets.set_cover, ("random", "planted"), (300, 800)),
    "auction": Family(sets.auction, ("small", "large"), (300, 1000)),
    "independent-set": Family(graphs.independent_set, _GRAPHS, (250, 1000)),
    "vertex-cover": Family(graphs.vertex_cover, _GRAPHS, (250, 1000)),
    "gisp": Family(graphs.gisp, ("set1", "set2"), (40, 120)),
    "max-sat": Family(graphs.max_sat, ("random", "bipartite"), (60, 250)),
    "facility": Family(networks.facility_location, ("strong", "weak"), (20, 60)),
    "multicommodity": Family(networks.multicommodity, ("loose", "tight"), (10, 20)),
    "transport": Family(networks.transport, ("cheap", "dear"), (20, 60)),
    "lot-sizing": Family(
        networks.lot_sizing, ("capacitated", "uncapacitated"), (30, 100)
    ),
    "bin-packing": Family(sets.bin_packing, ("uniform", "triplets"), (30, 90)),
    "knapsack": Family(items.knapsack, ("uniform", "correlated"), (150, 500)),
    "multi-knapsack": Family(
        items.multi_knapsack,
        ("uncorrelated", "weakly", "strongly", "subset-sum"),
        (100, 250),
    ),
    "assignment": Family(items.assignment, ("c", "d", "e"), (50, 140)),
    "job-shop": Family(items.job_shop, ("job", "flow"), (10, 25)),
}


def program(
    n: int, *, seed: int, family: str = "set-cover", structure: str | None = None
) -> MIP:
    """Generate a mixed-integer program of a family, with the literature's parameters.

    Parameters
    ----------
    n : int
        Its size: sets, bids, vertices, variables, customers, nodes, sources, periods,
        items or jobs; at least 2.
    seed : int
        The seed.
    family : str
        One of ``FAMILIES``: set-cover, auction, independent-set, vertex-cover,
        gisp (generalised independent set), max-sat, facility,
        multicommodity, transport, lot-sizing, bin-packing, knapsack, multi-knapsack,
        assignment, job-shop.
    structure : str, optional
        How it is drawn; what the family knows is told where it is unknown.

    Raises
    ------
    UsageError
        If ``n`` is 1, or the family or the structure is unknown.
    """
    if family not in FAMILIES:
        raise UsageError(
            f"family: {family!r} is unknown{nearest(str(family), FAMILIES)} "
            f"(known: {', '.join(FAMILIES)})"
        )
    known = FAMILIES[family].structures
    structure = known[0] if structure is None else structure
    if structure not in known:
        raise UsageError(
            f"structure: {structure!r} is unknown to {family}"
            f"{nearest(str(structure), known)} (known: {', '.join(known)})"
        )
    if n < 2:
        raise UsageError(f"n: {n} is less than 2, too small for a program")
    name = f"{family}-{structure}-n{n}-s{seed}"
    return FAMILIES[family].draw(generator(seed), n, structure, name)
