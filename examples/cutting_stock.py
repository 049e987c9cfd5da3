"""Cutting stock by column generation: patterns are priced in by a knapsack."""

import numpy as np

import combkit as ck

ROLL = 100
WIDTHS = np.array([45, 36, 31, 14, 22, 51])
DEMAND = np.array([97, 61, 39, 211, 73, 25])


def best_pattern(prices):
    """Return the pattern of the highest price that fits on a roll."""
    knapsack = ck.Model()
    pieces = knapsack.add_variables(WIDTHS.size, upper=ROLL // WIDTHS, kind="integer")
    knapsack.add(pieces @ WIDTHS <= ROLL)
    knapsack.maximize(pieces @ prices)
    worth = knapsack.solve("scip", gap=0).objective
    return worth, np.round(pieces.value)


def cut():
    """Return rolls used, their bound, and the number of patterns that were made."""
    master = ck.Model("rolls")
    first = master.add_variables(WIDTHS.size, name="single")
    covered = master.add((ROLL // WIDTHS) * first >= DEMAND, name="demand")
    master.minimize(first.sum())
    patterns = [first[k] for k in range(WIDTHS.size)]
    while True:
        relaxed = master.solve("highs")
        worth, pattern = best_pattern(covered.dual)
        if worth <= 1 + 1e-9:
            break
        # The new column reaches the solver in place: it goes on from its basis.
        column = master.add_variable()
        column.cost = 1
        master.set_coefficients(covered, column, pattern)
        patterns.append(column)
    for column in patterns:
        column.kind = "integer"
    return master.solve(time_limit=10).objective, relaxed.objective, len(patterns)


if __name__ == "__main__":
    rolls, bound, patterns = cut()
    print(
        f"{rolls:.0f} rolls from {patterns} patterns; no plan needs fewer than "
        f"{np.ceil(bound - 1e-6):.0f}"
    )
