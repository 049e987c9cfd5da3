"""Families of two-stage problems, from their own data to arrays.

References
----------
.. [1] B. Zeng, L. Zhao, "Solving two-stage robust optimization problems using a
   column-and-constraint generation method", Operations Research Letters 41(5), 2013.
.. [2] A. Subramanyam, C. E. Gounaris, W. Wiesemann, "K-adaptability in two-stage
   mixed-integer robust optimization", Mathematical Programming Computation 12, 2020.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike

from combkit.instances.problem import frozen_array
from combkit.instances.robust.two_stage import Stage, TwoStage
from combkit.instances.robust.uncertainty import Box, UncertaintySet

__all__ = ["capital_budgeting", "location_transportation"]


def location_transportation(
    opening: ArrayLike,
    unit: ArrayLike,
    most: ArrayLike,
    transport: ArrayLike,
    demand: ArrayLike,
    deviation: ArrayLike,
    uncertainty: UncertaintySet,
    name: str = "",
) -> TwoStage:
    """Return a location-transportation problem [1]_.

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

    References
    ----------
    See the module.
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


def capital_budgeting(
    costs: ArrayLike,
    profits: ArrayLike,
    cost_loadings: ArrayLike,
    profit_loadings: ArrayLike,
    budget: float,
    later: float = 0.8,
    name: str = "",
) -> TwoStage:
    """Return a capital budgeting problem [2]_: invest now, or later for less.

    Projects are chosen before costs and profits are known, or afterwards, at a part of
    the profit. With factors u between -1 and 1, project i costs ``costs[i] * (1 +
    cost_loadings[i] @ u / 2)`` and earns ``profits[i] * (1 + profit_loadings[i] @ u /
    2)``.

    Parameters
    ----------
    costs, profits : array_like, shape (n,)
        Nominal costs and profits.
    cost_loadings, profit_loadings : array_like, shape (n, m)
        What the m factors do to them.
    budget : float
        Most that all investments cost, in every scenario.
    later : float
        Part of the profit of an investment that waits.
    name : str
        Name of the instance.

    References
    ----------
    See the module.
    """
    c = frozen_array("costs", costs, np.float64, (None,), minimum=0)
    n = c.size
    r = frozen_array("profits", profits, np.float64, (n,), minimum=0)
    phi = frozen_array("cost_loadings", cost_loadings, np.float64, (n, None))
    m = phi.shape[1]
    psi = frozen_array("profit_loadings", profit_loadings, np.float64, (n, m))
    price = sp.csr_array((phi * c[:, None] / 2).T.reshape(1, -1))
    once = sp.eye_array(n)
    rows = sp.vstack([sp.csr_array(c[None, :]), once], format="csr")
    slopes = sp.vstack([price, sp.csr_array((n, n * m))], format="csr")
    gain = psi * r[:, None] / 2
    whole, flags = np.ones(n), np.ones(n, dtype=np.uint8)
    return TwoStage(
        Stage(r, upper=whole, integrality=flags),
        Stage(
            later * r,
            rows,
            row_upper=np.r_[budget, whole],
            upper=whole,
            integrality=flags,
        ),
        Box(-np.ones(m), np.ones(m)),
        technology=rows,
        technology_slopes=slopes,
        recourse_slopes=slopes,
        first_cost_slopes=gain,
        recourse_cost_slopes=later * gain,
        maximize=True,
        name=name,
    )
