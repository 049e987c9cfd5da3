"""Two-stage robust problems of the literature.

References
----------
.. [1] B. Zeng, L. Zhao, "Solving two-stage robust optimization problems using a
   column-and-constraint generation method", Operations Research Letters 41(5), 2013.
.. [2] G. A. Hanasusanto, D. Kuhn, W. Wiesemann, "K-adaptability in two-stage robust
   binary programming", Operations Research 63(4), 2015.
"""

from __future__ import annotations

import numpy as np

from combkit.instances.errors import UsageError, nearest
from combkit.instances.robust.families import (
    capital_budgeting,
    location_transportation,
)
from combkit.instances.robust.two_stage import TwoStage
from combkit.instances.robust.uncertainty import Budget
from combkit.instances.seeds import generator

__all__ = ["FAMILIES", "two_stage"]

#: Families that can be generated.
FAMILIES = ("location-transportation", "capital-budgeting")


def two_stage(
    n: int,
    *,
    seed: int,
    family: str = "location-transportation",
    customers: int | None = None,
    budget: float | None = None,
) -> TwoStage:
    r"""Generate a two-stage problem of a family.

    ``location-transportation`` [1]_: a site costs ``U[100, 1000]`` to open and ``U[10,
    100]`` a unit of capacity, of which it bears ``U[200, 700]``; a unit shipped costs
    ``U[1, 1000]``. A customer needs ``d = U[10, 500]``, and up to ``U[0.1, 0.5] d``
    more, but the shares of these deviations sum to no more than the budget.

    ``capital-budgeting`` [2]_: a project costs ``U[1, 10]`` and earns a fifth of it;
    both depend on four factors by loadings that sum to 1. The budget is half of all
    nominal costs.

    Parameters
    ----------
    n : int
        Number of sites or projects.
    seed : int
        The seed.
    family : str
        One of the two.
    customers : int, optional
        Number of customers; as many as sites without. Sites are drawn until all of
        them together bear the highest demand.
    budget : float, optional
        The budget of deviations; without, a tenth of the customers, rounded up.

    References
    ----------
    See the module.
    """
    if family not in FAMILIES:
        known = ", ".join(FAMILIES)
        hint = nearest(family, FAMILIES)
        raise UsageError(f"family: {family!r} is none of {known}{hint}")
    if family == "capital-budgeting":
        if customers is not None or budget is not None:
            raise UsageError("capital-budgeting has neither customers nor a budget")
        return _capital(n, seed)
    m = n if customers is None else customers
    if m < 1:
        raise UsageError(f"customers={m!r} is not positive")
    share = float(np.ceil(m / 10)) if budget is None else float(budget)
    rng = generator(seed, 0)
    while True:
        demand = rng.uniform(10, 500, m)
        deviation = rng.uniform(0.1, 0.5, m) * demand
        capacity = rng.uniform(200, 700, n)
        if capacity.sum() >= demand.sum() + deviation.sum():
            break
    return location_transportation(
        rng.uniform(100, 1000, n),
        rng.uniform(10, 100, n),
        capacity,
        rng.uniform(1, 1000, (n, m)),
        demand,
        deviation,
        Budget(m, share),
        name=f"location-transportation-n{n}-m{m}-s{seed}",
    )


def _capital(n: int, seed: int) -> TwoStage:
    rng = generator(seed, 0)
    costs = rng.uniform(1, 10, n)

    def spacings() -> np.ndarray:
        cuts = np.sort(rng.uniform(0, 1, (n, 3)), axis=1)
        return np.diff(cuts, axis=1, prepend=0.0, append=1.0)

    return capital_budgeting(
        costs,
        costs / 5,
        spacings(),
        spacings(),
        float(costs.sum() / 2),
        name=f"capital-budgeting-n{n}-s{seed}",
    )
