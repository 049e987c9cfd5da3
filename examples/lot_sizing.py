"""Lot sizing: when to set a machine up, how much to make, what to keep in stock."""

import numpy as np

import combkit as ck
from combkit.mip.modelling import concatenate


def build(items: int, periods: int, seed: int):
    """Return the model, the lots, the set-ups and the rows of the demand."""
    rng = np.random.default_rng(seed)
    demand = rng.integers(0, 60, (items, periods))
    hours = demand.sum(axis=0).max() * 1.5

    model = ck.Model("lots")
    # A lot is nothing at all or worth its while.
    lot = model.add_variables(
        (items, periods), lower=15, upper=hours, kind="semicontinuous", name="lot"
    )
    setup = model.add_variables((items, periods), kind="binary", name="setup")
    stock = model.add_variables((items, periods), name="stock")
    before = concatenate([0 * stock[:, :1], stock[:, :-1]], axis=1)
    balance = model.add(before + lot - stock == demand, name="balance")
    model.add(lot <= hours * setup)
    model.add(lot.sum(axis=0) + 8 * setup.sum(axis=0) <= hours, name="hours")
    model.minimize(90 * setup.sum() + stock.sum())
    return model, lot, setup, balance


if __name__ == "__main__":
    model, lot, setup, balance = build(items=4, periods=8, seed=2)
    plan = model.solve(time_limit=10, gap=0.001)
    print(f"{plan.status}: cost {plan.objective:.0f}, bound {plan.bound:.0f}")
    print(np.round(lot.value).astype(int))

    # A rush order of item 1; what is set up in the first periods stays so.
    setup[:, :3].lower = setup[:, :3].upper = np.round(setup[:, :3].value)
    rush = balance[1, 7].lower + 20
    balance[1, 7].lower = balance[1, 7].upper = rush
    again = model.solve(time_limit=10, gap=0.001)
    print(f"rush order: {again.objective - plan.objective:+.0f}")
