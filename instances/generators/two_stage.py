"""Two-stage robust problems with continuous recourse.

References
----------
.. [1] B. Zeng, L. Zhao, "Solving two-stage robust optimization problems using a
   column-and-constraint generation method", Operations Research Letters 41(5), 2013.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from combkit.instances.errors import UsageError
from combkit.instances.robust.two_stage import Stage, TwoStage
from combkit.instances.robust.uncertainty import Budget, UncertaintySet
from combkit.instances.seeds import generator

__all__ = ["location_transportation", "two_stage"]

Floats = np.ndarray


def two_stage(
    n: int, *, seed: int, customers: int | None = None, budget: float | None = None
) -> TwoStage:
    r"""Generate a location-transportation problem as [1]_ do.

    A site costs ``U[100, 1000]`` to open and ``U[10, 100]`` a unit of capacity, of
    which it bears ``U[200, 700]``; a unit shipped costs ``U[1, 1000]``. A customer
    needs ``d = U[10, 500]``, and up to ``U[0.1, 0.5] d`` more, but the shares of these
    deviations sum to no more than the budget.

    Parameters
    ----------
    n : int
        Number of sites.
    seed : int
        The seed.
    customers : int, optional
        Number of customers; as many as sites without. Sites are drawn until all of
        them together bear the highest demand.
    budget : float, optional
        The budget; without, a tenth of the customers, rounded up.

    References
    ----------
    See the module.
    """
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


def location_transportation(
    opening: Floats,
    unit: Floats,
    most: Floats,
    transport: Floats,
    demand: Floats,
    deviation: Floats,
    uncertainty: UncertaintySet,
    name: str = "",
) -> TwoStage:
    """Return a location-transportation problem.

    The first stage is which sites are open, then their capacities.

    Parameters
    ----------
    opening, unit, most : array_like, shape (n,)
        What a site costs, what a unit of its capacity costs, and its largest capacity.
    transport : array_like, shape (n, m)
        What it costs to ship a unit from a site to a customer.
    demand, deviation : array_like, shape (m,)
        What a customer needs, and by how much more its uncertain parameter moves it.
    uncertainty : UncertaintySet
        The set of the m shares of deviations.
    name : str
        Name of the instance.
    """
    transport = np.asarray(transport, dtype=np.float64)
    n, m = transport.shape
    one, sites = np.ones, sp.eye_array(n)
    first = Stage(
        np.r_[opening, unit],
        sp.hstack([sp.diags_array(np.asarray(most, dtype=np.float64)), -sites]),
        row_lower=np.zeros(n),
        upper=np.r_[one(n), np.full(n, np.inf)],
        integrality=np.r_[one(n), np.zeros(n)],
    )
    ships = sp.vstack([-sp.kron(sites, one((1, m))), sp.kron(one((1, n)), sp.eye(m))])
    recourse = Stage(transport.ravel(), ships, row_lower=np.r_[np.zeros(n), demand])
    technology = sp.vstack(
        [sp.hstack([sp.csr_array((n, n)), sites]), sp.csr_array((m, 2 * n))]
    )
    moves = -sp.diags_array(np.asarray(deviation, dtype=np.float64))
    shift = sp.vstack([sp.csr_array((n, m)), moves])
    return TwoStage(
        first, recourse, uncertainty, technology=technology, shift=shift, name=name
    )
