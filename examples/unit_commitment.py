"""Unit commitment: which power plants run when, cheap first, then calm."""

import numpy as np

import combkit as ck
from combkit.mip.modelling import Objective

PLANTS = ["coal", "gas", "oil", "peak"]
LOW = np.array([150, 60, 30, 10])
HIGH = np.array([400, 250, 120, 80])
PRICE = np.array([18, 28, 45, 70])
START = np.array([900, 250, 120, 20])
REST = np.array([4, 3, 2, 1])
HOURS = 24


def build():
    """Return the model, its cost, the number of starts, and what runs when."""
    hour = np.arange(HOURS)
    demand = 420 + 220 * np.sin((hour - 6) * np.pi / 12) + 60 * (hour % 12 == 8)

    model = ck.Model("units")
    on = model.add_variables((PLANTS, HOURS), kind="binary", name="on")
    starts = model.add_variables((PLANTS, HOURS - 1), kind="binary", name="start")
    power = model.add_variables((PLANTS, HOURS), name="power")
    model.add(power - np.diag(LOW) @ on >= 0)
    model.add(power - np.diag(HIGH) @ on <= 0)
    model.add(power.sum(axis=0) >= demand, name="demand")
    model.add((HIGH @ on) >= 1.1 * demand, name="reserve")
    model.add(starts >= on[:, 1:] - on[:, :-1])
    for p, rest in enumerate(REST.tolist()):
        for t in range(HOURS - rest):
            # A plant that starts in t + 1 was off for the hours of its rest.
            for k in range(max(0, t + 1 - rest), t + 1):
                model.add_indicator(starts[p, t], on[p, k] <= 0)
    # Each plant's cost rises with its load.
    fuel = sum(
        model.add_piecewise(
            power[p],
            [0, HIGH[p] / 2, HIGH[p]],
            [0, HIGH[p] / 2 * PRICE[p], HIGH[p] * PRICE[p] * 1.1],
        ).sum()
        for p in range(len(PLANTS))
    )
    cost = fuel + starts.sum(axis=1) @ START
    return model, cost, starts.sum(), on


if __name__ == "__main__":
    model, cost, starts, on = build()
    cheap, calm = model.solve_hierarchy(
        [Objective(cost, relative_slack=0.01), Objective(starts)],
        "highs",
        time_limit=20,
        gap=0.005,
    )
    print(
        f"cost {cheap.objective:.0f} ({cheap.status}), then {calm.objective:.0f} starts"
    )
    for plant, row in zip(PLANTS, on.value, strict=True):
        print(f"{plant:>5} {''.join('#' if x > 0.5 else '.' for x in row)}")
