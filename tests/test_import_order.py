"""The native packages live together in one process, in every order of import.

They carry libraries of their own (HiGHS alone comes in three of them), and the
loader keeps the first of a name: newer releases fail here, hence the pins.
"""

from __future__ import annotations

import importlib.util
import itertools
import random
import subprocess
import sys

import pytest

#: A tiny solve with each package; every one of them asserts its answer.
PACKAGES = {
    "ortools.sat.python.cp_model": """
import ortools.sat.python.cp_model as cp
model = cp.CpModel()
x = model.new_int_var(0, 9, "x")
model.add(2 * x <= 7)
model.maximize(x)
solver = cp.CpSolver()
solver.parameters.num_workers = 1
solver.solve(model)
assert solver.objective_value == 3
""",
    "highspy": """
import highspy
model = highspy.Highs()
model.silent()
x = model.addIntegral(0, 9)
model.addConstr(2 * x <= 7)
model.maximize(x)
assert model.getObjectiveValue() == 3
""",
    "pyscipopt": """
import pyscipopt
model = pyscipopt.Model()
model.hideOutput()
x = model.addVar(vtype="I", ub=9)
model.addCons(2 * x <= 7)
model.setObjective(x, "maximize")
model.optimize()
assert model.getObjVal() == 3
""",
    "scipy.optimize": """
import scipy.optimize
result = scipy.optimize.milp(
    [-1], integrality=[1], bounds=scipy.optimize.Bounds(0, 9),
    constraints=scipy.optimize.LinearConstraint([[2]], ub=7),
)
assert round(result.fun) == -3
""",
    "torch": """
import torch
assert float(torch.linalg.solve(torch.eye(2) * 2, torch.ones(2)).sum()) == 1
""",
}
INSTALLED = [
    name
    for name in PACKAGES
    if importlib.util.find_spec(name.split(".")[0]) is not None
]
ORDERS = list(itertools.permutations(INSTALLED))


def covering_sample() -> list[tuple[str, ...]]:
    """Return few orders in which every package comes before every other once."""
    return [tuple(INSTALLED), tuple(reversed(INSTALLED))]


def adjacent_sample() -> list[tuple[str, ...]]:
    """Return few orders in which every package directly follows every other once."""
    missing = set(itertools.permutations(INSTALLED, 2))
    chosen: list[tuple[str, ...]] = []
    orders = random.Random(0).sample(ORDERS, len(ORDERS))
    while missing:
        best = max(orders, key=lambda o: len(missing & set(itertools.pairwise(o))))
        chosen.append(best)
        missing -= set(itertools.pairwise(best))
    return chosen


def check(order: tuple[str, ...]) -> None:
    """Import in this order, then solve with each, in a fresh process."""
    imports = "\n".join(f"import {name}" for name in order)
    script = imports + "".join(PACKAGES[name] for name in order)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, f"{' -> '.join(order)}:\n{done.stderr[-2000:]}"


@pytest.mark.parametrize("order", covering_sample(), ids=" ".join)
def test_orders_that_cover_all_pairs(order: tuple[str, ...]) -> None:
    check(order)


@pytest.mark.slow
@pytest.mark.parametrize("order", adjacent_sample(), ids=" ".join)
def test_sample_of_orders(order: tuple[str, ...]) -> None:
    check(order)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_all_orders() -> None:
    for order in ORDERS:
        check(order)
