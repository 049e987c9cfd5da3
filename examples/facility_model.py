"""Facility location as a model: blocks with labels, prices of capacity, an edit."""

import numpy as np

import combkit as ck

DEPOTS = ["Delft", "Gouda", "Leiden", "Breda"]


def build(customers: list[str], seed: int):
    """Return the model, which depots open, what flows, and the capacities."""
    rng = np.random.default_rng(seed)
    demand = rng.integers(5, 36, len(customers))
    capacity = np.full(len(DEPOTS), demand.sum() // 2)
    opening = rng.integers(300, 500, len(DEPOTS))
    cost = rng.integers(1, 30, (len(DEPOTS), len(customers)))

    model = ck.Model("facility")
    opened = model.add_variables(DEPOTS, kind="binary", name="open")
    flow = model.add_variables((DEPOTS, customers), name="flow")
    model.add(flow.sum(axis=0) == demand, name="demand")
    limit = model.add(flow.sum(axis=1) <= capacity * opened, name="capacity")
    # The bound of each link makes the relaxation tight.
    model.add(flow <= np.minimum.outer(capacity, demand) * opened[:, None])
    model.minimize(flow.dot(cost) + opened @ opening)
    return model, opened, flow, limit


if __name__ == "__main__":
    customers = [f"shop {k}" for k in range(1, 16)]
    model, opened, flow, limit = build(customers, seed=1)
    result = model.solve(time_limit=20)
    chosen = [d for d, x in zip(DEPOTS, opened.value, strict=True) if x > 0.5]
    print(f"{result.status}: cost {result.objective:.0f}, open {', '.join(chosen)}")
    print(flow.loc["Delft"].to_series().head(3).to_string())

    opened.loc["Delft"].upper = 0
    without = model.solve(time_limit=20)
    print(f"without Delft: {without.objective - result.objective:+.0f}")

    # As a linear program, with the depots as they are, capacity has a price.
    opened.kind = "continuous"
    opened.lower = opened.upper = np.round(opened.value)
    model.solve("highs")
    print("price of a unit of capacity:", limit.to_series().round(2).to_dict())
