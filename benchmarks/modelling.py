"""How fast models are built until HiGHS holds them, for us and for others.

    python benchmarks/modelling.py [--peers PYTHON] [--repeat 3] [--size 300]
                                   [--parts grid,facility,median,edits]

Three models: linopy's own benchmark problem (2 N^2 variables, 2 N^2 rows), facility
location with 200 x 200 tight links, a p-median with a million nonzeros. Ours are
built from arrays and in loops; beside them stand raw arrays and ``passModel``, and
the peers linopy, PyOptInterface, highspy's expressions and CVXPY, in an environment
of their own (``benchmarks/modelling_requirements.txt``; ``--peers`` names its
interpreter). Each figure is the median of fresh processes: seconds from an empty
model to one in HiGHS, imports excluded, and the growth of the peak resident memory.

The last tables edit 10,000 bounds of a linear program and solve it again warm, by a
model and by highspy alone.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

# -- data ----------------------------------------------------------------------


def facility(n: int) -> tuple[Any, ...]:
    """Costs of shares and openings, demands and capacities of n x n."""
    rng = np.random.default_rng(0)
    cost = rng.integers(1, 1000, (n, n)).astype(float)
    opening = rng.integers(500, 1000, n).astype(float)
    demand = rng.integers(5, 36, n).astype(float)
    capacity = rng.integers(100, 1000, n).astype(float)
    return cost, opening, demand, capacity


def median(n: int) -> tuple[Any, ...]:
    """Costs of n x n assignments of a p-median with 4 n^2 nonzeros."""
    rng = np.random.default_rng(0)
    return (rng.integers(1, 1000, (n, n)).astype(float),)


DATA: dict[str, Callable[[int], tuple[Any, ...]]] = {
    "grid": lambda n: (),
    "facility": facility,
    "median": median,
}

# -- ours ----------------------------------------------------------------------


def ours_grid(n: int) -> Any:
    from combkit.mip.modelling import Model

    model = Model()
    x = model.add_variables((n, n), lower=-np.inf)
    y = model.add_variables((n, n), lower=-np.inf)
    model.add(x - y >= np.broadcast_to(np.arange(n), (n, n)))
    model.add(x + y >= 0)
    model.minimize(2 * x.sum() + y.sum())
    return model.to_highs()


def ours_facility(n: int, cost: Any, opening: Any, demand: Any, capacity: Any) -> Any:
    from combkit.mip.modelling import Model

    model = Model()
    share = model.add_variables((n, n), upper=1.0)
    opened = model.add_variables(n, kind="binary")
    model.add(share.sum(axis=0) == 1)
    model.add(share @ demand <= capacity * opened)
    model.add(share <= opened[:, None])
    model.minimize(share.dot(cost) + opened @ opening)
    return model.to_highs()


def ours_median(n: int, cost: Any) -> Any:
    from combkit.mip.modelling import Model

    model = Model()
    assign = model.add_variables((n, n), upper=1.0)
    opened = model.add_variables(n, kind="binary")
    model.add(assign.sum(axis=0) == 1)
    model.add(assign <= opened[:, None])
    model.add(opened.sum() == 10)
    model.add(assign.sum(axis=1) <= n * opened)
    model.minimize(assign.dot(cost))
    return model.to_highs()


def loops_grid(n: int) -> Any:
    from combkit.mip.modelling import Model

    model = Model()
    x = model.add_variables((n, n), lower=-np.inf)
    y = model.add_variables((n, n), lower=-np.inf)
    for i in range(n):
        for j in range(n):
            model.add(x[i, j] - y[i, j] >= i)
            model.add(x[i, j] + y[i, j] >= 0)
    model.minimize(sum(2 * x[i, j] + y[i, j] for i in range(n) for j in range(n)))
    return model.to_highs()


def loops_facility(n: int, cost: Any, opening: Any, demand: Any, capacity: Any) -> Any:
    from combkit.mip.modelling import Model

    cost, demand = cost.tolist(), demand.tolist()
    model = Model()
    share = model.add_variables((n, n), upper=1.0)
    opened = model.add_variables(n, kind="binary")
    for j in range(n):
        model.add(sum(share[i, j] for i in range(n)) == 1)
    for i in range(n):
        load = sum(demand[j] * share[i, j] for j in range(n))
        model.add(load <= float(capacity[i]) * opened[i])
        for j in range(n):
            model.add(share[i, j] - opened[i] <= 0)
    total = sum(cost[i][j] * share[i, j] for i in range(n) for j in range(n))
    model.minimize(total + sum(float(opening[i]) * opened[i] for i in range(n)))
    return model.to_highs()


def loops_median(n: int, cost: Any) -> Any:
    from combkit.mip.modelling import Model

    cost = cost.tolist()
    model = Model()
    assign = model.add_variables((n, n), upper=1.0)
    opened = model.add_variables(n, kind="binary")
    for j in range(n):
        model.add(sum(assign[i, j] for i in range(n)) == 1)
    for i in range(n):
        for j in range(n):
            model.add(assign[i, j] - opened[i] <= 0)
        model.add(sum(assign[i, j] for j in range(n)) - n * opened[i] <= 0)
    model.add(sum(opened[i] for i in range(n)) == 10)
    model.minimize(sum(cost[i][j] * assign[i, j] for i in range(n) for j in range(n)))
    return model.to_highs()


# -- raw arrays ------------------------------------------------------------------


def pass_arrays(
    c: Any,
    rows: Any,
    cols: Any,
    values: Any,
    low: Any,
    up: Any,
    bounds: Any,
    kinds: Any,
) -> Any:
    import highspy
    import scipy.sparse as sp

    A = sp.csr_array((values, (rows, cols)), shape=(low.size, c.size))
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.passModel(
        *(c.size, low.size, A.nnz, int(highspy.MatrixFormat.kRowwise), 1, 0.0),
        *(c, *bounds, low, up),
        *(A.indptr.astype(np.int32), A.indices.astype(np.int32), A.data),
        kinds,
    )
    return highs


def raw_grid(n: int) -> Any:
    size = n * n
    k = np.arange(size)
    inf = np.full(2 * size, np.inf)
    return pass_arrays(
        np.repeat([2.0, 1.0], size),
        np.concatenate((k, k, k + size, k + size)),
        np.concatenate((k, k + size, k, k + size)),
        np.repeat([1.0, -1.0, 1.0, 1.0], size),
        np.concatenate((np.tile(np.arange(float(n)), n), np.zeros(size))),
        inf,
        (-inf, inf),
        np.zeros(2 * size, np.int32),
    )


def raw_facility(n: int, cost: Any, opening: Any, demand: Any, capacity: Any) -> Any:
    size = n * n
    i, j = map(np.ravel, np.indices((n, n)))
    k, one = np.arange(size), np.ones(size)
    return pass_arrays(
        np.concatenate((cost.ravel(), opening)),
        np.concatenate((j, n + i, n + np.arange(n), 2 * n + k, 2 * n + k)),
        np.concatenate((k, k, size + np.arange(n), k, size + i)),
        np.concatenate((one, demand[j], -capacity, one, -one)),
        np.concatenate((np.ones(n), np.full(n + size, -np.inf))),
        np.concatenate((np.ones(n), np.zeros(n + size))),
        (np.zeros(size + n), np.ones(size + n)),
        np.concatenate((np.zeros(size, np.int32), np.ones(n, np.int32))),
    )


def raw_median(n: int, cost: Any) -> Any:
    size = n * n
    i, j = map(np.ravel, np.indices((n, n)))
    k, one, each = np.arange(size), np.ones(size), np.arange(n)
    last = n + size
    return pass_arrays(
        np.concatenate((cost.ravel(), np.zeros(n))),
        np.concatenate(
            (j, n + k, n + k, np.full(n, last), last + 1 + i, last + 1 + each)
        ),
        np.concatenate((k, k, size + i, size + each, k, size + each)),
        np.concatenate((one, one, -one, np.ones(n), one, np.full(n, -float(n)))),
        np.concatenate((np.ones(n), np.full(size, -np.inf), [10], np.full(n, -np.inf))),
        np.concatenate((np.ones(n), np.zeros(size), [10], np.zeros(n))),
        (np.zeros(size + n), np.ones(size + n)),
        np.concatenate((np.zeros(size, np.int32), np.ones(n, np.int32))),
    )


# -- peers ---------------------------------------------------------------------


def linopy_grid(n: int) -> Any:
    import linopy

    model = linopy.Model()
    index = [range(n), range(n)]
    x = model.add_variables(coords=index, name="x")
    y = model.add_variables(coords=index, name="y")
    model.add_constraints(x - y >= np.broadcast_to(np.arange(n), (n, n)))
    model.add_constraints(x + y >= 0)
    model.add_objective(2 * x.sum() + y.sum())
    return model.to_highspy()


def linopy_facility(n: int, cost: Any, opening: Any, demand: Any, capacity: Any) -> Any:
    import linopy
    import xarray as xr

    model = linopy.Model()
    i, j = ("i", range(n)), ("j", range(n))
    coords = dict((i, j))
    share = model.add_variables(0, 1, coords=coords, dims=["i", "j"], name="share")
    opened = model.add_variables(coords=dict((i,)), binary=True, name="opened")
    array = lambda a, *dims: xr.DataArray(a, dims=dims)  # noqa: E731
    model.add_constraints(share.sum("i") == 1)
    load = (share * array(demand, "j")).sum("j")
    model.add_constraints(load - opened * array(capacity, "i") <= 0)
    model.add_constraints(share - opened <= 0)
    total = (share * array(cost, "i", "j")).sum()
    model.add_objective(total + (opened * array(opening, "i")).sum())
    return model.to_highspy()


def linopy_median(n: int, cost: Any) -> Any:
    import linopy
    import xarray as xr

    model = linopy.Model()
    i, j = ("i", range(n)), ("j", range(n))
    coords = dict((i, j))
    assign = model.add_variables(0, 1, coords=coords, dims=["i", "j"], name="assign")
    opened = model.add_variables(coords=dict((i,)), binary=True, name="opened")
    model.add_constraints(assign.sum("i") == 1)
    model.add_constraints(assign - opened <= 0)
    model.add_constraints(opened.sum() == 10)
    model.add_constraints(assign.sum("j") - n * opened <= 0)
    model.add_objective((assign * xr.DataArray(cost, dims=("i", "j"))).sum())
    return model.to_highspy()


def poi_grid(n: int) -> Any:
    import pyoptinterface as poi
    from pyoptinterface import highs

    model = highs.Model()
    x, y = model.add_m_variables((n, n)), model.add_m_variables((n, n))
    total = poi.ExprBuilder()
    for i in range(n):
        for j in range(n):
            model.add_linear_constraint(x[i, j] - y[i, j], poi.Geq, i)
            model.add_linear_constraint(x[i, j] + y[i, j], poi.Geq, 0)
            total += 2 * x[i, j]
            total += y[i, j]
    model.set_objective(total)
    return model


def poi_facility(n: int, cost: Any, opening: Any, demand: Any, capacity: Any) -> Any:
    import pyoptinterface as poi
    from pyoptinterface import highs

    cost, demand = cost.tolist(), demand.tolist()
    model = highs.Model()
    share = model.add_m_variables((n, n), lb=0, ub=1)
    opened = model.add_m_variables(n, domain=poi.VariableDomain.Binary)
    total = poi.ExprBuilder()
    for j in range(n):
        served = poi.ExprBuilder()
        for i in range(n):
            served += share[i, j]
        model.add_linear_constraint(served, poi.Eq, 1)
    for i in range(n):
        load = poi.ExprBuilder()
        for j in range(n):
            load += demand[j] * share[i, j]
            total += cost[i][j] * share[i, j]
            model.add_linear_constraint(share[i, j] - opened[i], poi.Leq, 0)
        load -= float(capacity[i]) * opened[i]
        total += float(opening[i]) * opened[i]
        model.add_linear_constraint(load, poi.Leq, 0)
    model.set_objective(total)
    return model


def poi_median(n: int, cost: Any) -> Any:
    import pyoptinterface as poi
    from pyoptinterface import highs

    cost = cost.tolist()
    model = highs.Model()
    assign = model.add_m_variables((n, n), lb=0, ub=1)
    opened = model.add_m_variables(n, domain=poi.VariableDomain.Binary)
    total, count = poi.ExprBuilder(), poi.ExprBuilder()
    for j in range(n):
        served = poi.ExprBuilder()
        for i in range(n):
            served += assign[i, j]
        model.add_linear_constraint(served, poi.Eq, 1)
    for i in range(n):
        load = poi.ExprBuilder()
        for j in range(n):
            load += assign[i, j]
            total += cost[i][j] * assign[i, j]
            model.add_linear_constraint(assign[i, j] - opened[i], poi.Leq, 0)
        load -= n * opened[i]
        count += opened[i]
        model.add_linear_constraint(load, poi.Leq, 0)
    model.add_linear_constraint(count, poi.Eq, 10)
    model.set_objective(total)
    return model


def highspy_grid(n: int) -> Any:
    import highspy

    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    x = highs.addVariables(range(n), range(n), lb=-highspy.kHighsInf)
    y = highs.addVariables(range(n), range(n), lb=-highspy.kHighsInf)
    pairs = [(i, j) for i in range(n) for j in range(n)]
    highs.addConstrs(x[p] - y[p] >= p[0] for p in pairs)
    highs.addConstrs(x[p] + y[p] >= 0 for p in pairs)
    objective = highs.qsum(2 * x[p] + y[p] for p in pairs)
    highs.setObjective(objective, highspy.ObjSense.kMinimize)
    return highs


def highspy_facility(
    n: int, cost: Any, opening: Any, demand: Any, capacity: Any
) -> Any:
    import highspy

    cost, demand = cost.tolist(), demand.tolist()
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    every = range(n)
    share = highs.addVariables(every, every, ub=1)
    opened = highs.addVariables(every, ub=1, type=highspy.HighsVarType.kInteger)
    highs.addConstrs(highs.qsum(share[i, j] for i in every) == 1 for j in every)
    highs.addConstrs(
        highs.qsum(demand[j] * share[i, j] for j in every)
        <= float(capacity[i]) * opened[i]
        for i in every
    )
    highs.addConstrs(share[i, j] <= opened[i] for i in every for j in every)
    total = highs.qsum(cost[i][j] * share[i, j] for i in every for j in every)
    total += highs.qsum(float(opening[i]) * opened[i] for i in every)
    highs.setObjective(total, highspy.ObjSense.kMinimize)
    return highs


def highspy_median(n: int, cost: Any) -> Any:
    import highspy

    cost = cost.tolist()
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    every = range(n)
    assign = highs.addVariables(every, every, ub=1)
    opened = highs.addVariables(every, ub=1, type=highspy.HighsVarType.kInteger)
    highs.addConstrs(highs.qsum(assign[i, j] for i in every) == 1 for j in every)
    highs.addConstrs(assign[i, j] <= opened[i] for i in every for j in every)
    highs.addConstr(highs.qsum(opened[i] for i in every) == 10)
    highs.addConstrs(
        highs.qsum(assign[i, j] for j in every) <= n * opened[i] for i in every
    )
    total = highs.qsum(cost[i][j] * assign[i, j] for i in every for j in every)
    highs.setObjective(total, highspy.ObjSense.kMinimize)
    return highs


def cvxpy_median(n: int, cost: Any) -> Any:
    import cvxpy as cp

    assign, opened = cp.Variable((n, n), bounds=[0, 1]), cp.Variable(n, boolean=True)
    links = cp.reshape(opened, (n, 1), order="C") @ np.ones((1, n))
    rows = [
        cp.sum(assign, axis=0) == 1,
        assign <= links,
        cp.sum(opened) == 10,
        cp.sum(assign, axis=1) <= n * opened,
    ]
    total = cp.sum(cp.multiply(cost, assign))
    return cp.Problem(cp.Minimize(total), rows).get_problem_data(cp.HIGHS)


def cvxpy_grid(n: int) -> Any:
    import cvxpy as cp

    x, y = cp.Variable((n, n)), cp.Variable((n, n))
    rows = [x - y >= np.broadcast_to(np.arange(n), (n, n)), x + y >= 0]
    problem = cp.Problem(cp.Minimize(2 * cp.sum(x) + cp.sum(y)), rows)
    return problem.get_problem_data(cp.HIGHS)


def cvxpy_facility(n: int, cost: Any, opening: Any, demand: Any, capacity: Any) -> Any:
    import cvxpy as cp

    share, opened = cp.Variable((n, n), bounds=[0, 1]), cp.Variable(n, boolean=True)
    links = cp.reshape(opened, (n, 1), order="C") @ np.ones((1, n))
    rows = [
        cp.sum(share, axis=0) == 1,
        share @ demand <= cp.multiply(capacity, opened),
        share <= links,
    ]
    total = cp.sum(cp.multiply(cost, share)) + opening @ opened
    return cp.Problem(cp.Minimize(total), rows).get_problem_data(cp.HIGHS)


#: Module that a route needs, for those that are not ours.
NEEDS = {"linopy": "linopy", "poi": "pyoptinterface", "cvxpy": "cvxpy"}
ROUTES = {
    "raw": "raw arrays, passModel",
    "ours": "combkit, arrays",
    "loops": "combkit, loops",
    "linopy": "linopy",
    "poi": "PyOptInterface",
    "highspy": "highspy expressions",
    "cvxpy": "CVXPY (its data only)",
}


def child(route: str, problem: str, n: int) -> None:
    """Build once, after a small model that pays for imports; print the figures."""
    build = globals()[f"{route}_{problem}"]
    build(2, *DATA[problem](2))
    data = DATA[problem](n)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    kept = build(n, *data)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print("\n" + json.dumps([seconds, (peak - before) / 1024]))
    del kept


def measure(python: str, route: str, problem: str, n: int) -> Any:
    """Return seconds and megabytes of one fresh process, None on failure."""
    done = subprocess.run(
        [python, __file__, "--child", route, problem, str(n)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(done.stderr.strip().splitlines()[-1], file=sys.stderr)
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


def table(problem: str, n: int, python: str, peers: str | None, repeat: int) -> None:
    """Print medians; the routes take turns, so that other load hits all alike."""
    runs: dict[str, list[Any]] = {}
    for _ in range(repeat):
        for route in ROUTES:
            own = route in ("raw", "ours", "loops")
            if f"{route}_{problem}" in globals() and (own or peers is not None):
                interpreter = python if own else str(peers)
                runs.setdefault(route, []).append(
                    measure(interpreter, route, problem, n)
                )
    print(f"\n{problem}, N = {n}, {repeat} rounds\n")
    print("| route | seconds | least | peak MB | x raw |\n|---|---|---|---|---|")
    for route, found in runs.items():
        if None in found:
            print(f"| {ROUTES[route]} | failed | | | |")
            continue
        pairs = zip(found, runs["raw"], strict=True)
        ratio = statistics.median(own[0] / raw[0] for own, raw in pairs)
        seconds, megabytes = zip(*found, strict=True)
        print(
            f"| {ROUTES[route]} | {statistics.median(seconds):.3f} | "
            f"{min(seconds):.3f} | {statistics.median(megabytes):.0f} | {ratio:.2f} |",
            flush=True,
        )


# -- editing -------------------------------------------------------------------


class Program(NamedTuple):
    """A linear program, and what of it is edited."""

    title: str
    model: Any
    block: Any
    chosen: Any
    largest: int


def transport() -> Program:
    """Return 150 x 150 links with capacities between supplies and demands."""
    from combkit.mip.modelling import Model

    rng = np.random.default_rng(0)
    n = 150
    supply = rng.integers(80, 120, n).astype(float)
    model = Model()
    x = model.add_variables((n, n), upper=30.0)
    model.add(x.sum(axis=1) <= supply)
    model.add(x.sum(axis=0) >= np.full(n, supply.sum() // n * 0.8))
    model.minimize(x.dot(rng.integers(1, 100, (n, n)).astype(float)))
    return Program("transport", model, x, rng.choice(n * n, 10_000, replace=False), 30)


def planning() -> Program:
    """Return 200 products over 50 periods with stocks and shared hours."""
    from combkit.mip.modelling import Model, concatenate

    rng = np.random.default_rng(0)
    products, periods = 200, 50
    demand = rng.integers(5, 40, (products, periods)).astype(float)
    model = Model()
    make = model.add_variables((products, periods), upper=100.0)
    stock = model.add_variables((products, periods))
    late = model.add_variables((products, periods))
    before = concatenate([0 * stock[:, :1], stock[:, :-1]], axis=1)
    model.add(before + make + late - stock == demand)
    hours = rng.integers(1, 6, products).astype(float)
    model.add(hours @ make <= 1.1 * (hours @ demand).mean())
    price = rng.integers(1, 20, (products, periods)).astype(float)
    model.minimize(make.dot(price) + 2 * stock.sum() + 200 * late.sum())
    return Program("planning", model, make, np.arange(products * periods), 100)


def edits(program: Program, repeat: int) -> None:
    """Print seconds of a warm solve after 10,000 changes of bounds."""
    title, model, x, chosen, largest = program
    highs = model.to_highs()
    highs.setOptionValue("threads", 1)
    links = x.ravel()[chosen]
    columns = links.ids.astype(np.int32)
    highs.run()
    model.solve("highs")
    rows: list[tuple[float, float, float, float]] = []
    for k in range(repeat):
        rng = np.random.default_rng(k + 1)
        upper = rng.integers(largest // 2, largest, chosen.size).astype(float)
        start = time.perf_counter()
        highs.changeColsBounds(columns.size, columns, np.zeros(columns.size), upper)
        highs.run()
        values = np.array(highs.getSolution().col_value)
        raw = time.perf_counter() - start
        start = time.perf_counter()
        links.upper = upper
        result = model.solve("highs")
        ours_values = x.value
        ours = time.perf_counter() - start
        info = highs.getInfo()
        same = abs(info.objective_function_value - result.objective)
        if same > 1e-6 * abs(result.objective) or values.size < ours_values.size:
            raise SystemExit("the two answers differ")
        rows.append((raw, ours, info.simplex_iteration_count, result.iterations))
    raw, ours = (statistics.median(r[k] for r in rows) for k in (0, 1))
    size = model.size
    print(
        f"\n10,000 bounds of a {title} problem ({size['cols']} columns, "
        f"{size['rows']} rows), warm, median of {repeat}\n"
    )
    print("| | seconds | x raw | iterations |\n|---|---|---|---|")
    print(f"| highspy | {raw:.4f} | 1.00 | {sum(r[2] for r in rows)} |")
    print(f"| combkit | {ours:.4f} | {ours / raw:.2f} | {sum(r[3] for r in rows)} |")


def main() -> None:
    if "--child" in sys.argv:
        child(*sys.argv[2:4], int(sys.argv[4]))
        return
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--peers", help="interpreter that has the peers")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--size", type=int, default=300)
    parser.add_argument("--parts", default="grid,facility,median,edits")
    options = parser.parse_args()
    peers = options.peers
    if peers is None and all(importlib.util.find_spec(m) for m in NEEDS.values()):
        peers = sys.executable
    parts = options.parts.split(",")
    for problem, n in (("grid", options.size), ("facility", 200), ("median", 500)):
        if problem in parts:
            table(problem, n, sys.executable, peers, options.repeat)
    if "edits" in parts:
        edits(transport(), 25)
        edits(planning(), 25)


if __name__ == "__main__":
    main()
