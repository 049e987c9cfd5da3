"""A mixed-integer program from arrays: which depots to open, who is served whence."""

import numpy as np
from scipy.sparse import coo_array

import combkit as ck


def facility_location(depots: int, customers: int, seed: int) -> ck.MIP:
    """Capacitated facility location with the tight link of each customer.

    Columns: open[i], then share[i, j] of customer j served from depot i.
    Rows: each customer is served in full; capacities; no service from closed depots.
    """
    rng = np.random.default_rng(seed)
    here, there = rng.random((depots, 2)), rng.random((customers, 2))
    distance = np.linalg.norm(here[:, None] - there[None], axis=2)
    demand = rng.integers(5, 36, customers)
    capacity = rng.integers(10, 161, depots) + 4 * demand.sum() // depots
    opening = rng.integers(100, 201, depots)

    i, j = map(np.ravel, np.indices((depots, customers)))
    share = depots + i * customers + j
    link = customers + depots + i * customers + j
    parts = [
        (j, share, np.ones(i.size)),
        (customers + i, share, demand[j]),
        (customers + np.arange(depots), np.arange(depots), -capacity),
        (link, share, np.ones(i.size)),
        (link, i, -np.ones(i.size)),
    ]
    rows, cols, data = (np.concatenate(column) for column in zip(*parts, strict=True))
    n, m = depots + i.size, customers + depots + i.size
    upper = np.zeros(m)
    upper[:customers] = 1
    return ck.MIP(
        c=np.r_[opening, np.round(10 * demand[j] * distance[i, j])],
        A=coo_array((data, (rows, cols)), shape=(m, n)).tocsr(),
        row_lower=np.r_[np.ones(customers), np.full(m - customers, -np.inf)],
        row_upper=upper,
        lower=np.zeros(n),
        upper=np.ones(n),
        integrality=np.r_[np.ones(depots), np.zeros(i.size)],
        col_names=[
            *(f"open_{k}" for k in range(depots)),
            *(f"share_{a}_{b}" for a, b in zip(i, j, strict=True)),
        ],
        name="facility",
    )


if __name__ == "__main__":
    model = facility_location(depots=10, customers=25, seed=1)
    ck.write(model, "facility.mps")
    result = ck.solve(model, time_limit=20)
    chosen = np.flatnonzero(result.solution.values[:10] > 0.5)
    print(f"{result.status}: cost {result.objective:.0f}, open {chosen.tolist()}")
