"""Programs over networks: facilities, flows, transport and lots."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np

from combkit.instances.generators.programs.rows import Rows
from combkit.instances.mip import MIP

__all__ = ["facility_location", "lot_sizing", "multicommodity", "transport"]


def facility_location(
    rng: np.random.Generator, n: int, structure: str, name: str
) -> MIP:
    """Draw a capacitated facility location of ``n`` customers and facilities.

    Points of the unit square, demands 5..35, capacities 10..160 scaled to five times
    the demand, fixed costs of economies of scale, served parts continuous [1]_.
    ``strong`` has a row for each customer at each facility, ``weak`` only the
    capacities.

    Parameters
    ----------
    rng, n, structure, name
        As of ``program``.

    References
    ----------
    .. [1] G. Cornuéjols, R. Sridharan, J. M. Thizy, "A comparison of heuristics and
       relaxations for the capacitated plant location problem", 1991.
    """
    customers, facilities = n, max(2, n)
    demand = rng.integers(5, 35, customers, endpoint=True).astype(np.float64)
    capacity = rng.integers(10, 160, facilities, endpoint=True).astype(np.float64)
    fixed = np.round(
        rng.integers(100, 110, facilities, endpoint=True) * np.sqrt(capacity)
        + rng.integers(0, 90, facilities, endpoint=True)
    )
    capacity = np.ceil(capacity * 5.0 * demand.sum() / capacity.sum())
    at, of = rng.random((facilities, 2)), rng.random((customers, 2))
    distance = np.linalg.norm(of[:, None] - at[None], axis=2)
    costs = np.round(10.0 * distance * demand[:, None], 4)
    served = np.arange(customers * facilities).reshape(customers, facilities)
    opened = served.size + np.arange(facilities)
    rows = Rows()
    rows.add(served, lower=1.0, upper=1.0)
    rows.add(
        np.column_stack([served.T, opened]),
        np.column_stack([np.tile(demand, (facilities, 1)), -capacity]),
        upper=0.0,
    )
    rows.add(opened[None], capacity[None], lower=demand.sum())
    if structure == "strong":
        pairs = np.column_stack([served.ravel(), np.tile(opened, customers)])
        rows.add(pairs, [1.0, -1.0], upper=0.0)
    integrality = np.append(np.zeros(served.size), np.ones(facilities))
    return rows.program(np.append(costs, fixed), integrality, name=name)


def multicommodity(rng: np.random.Generator, n: int, structure: str, name: str) -> MIP:
    """Draw a fixed-charge multicommodity flow of ``n`` nodes, 1.5 n commodities.

    Arcs with probability 0.3, fewer above 20 nodes, and a ring; costs 11..50, fixed
    charges a hundred times another such draw, demands 10..100; a capacity is a
    random multiple, up to 10 or, ``tight``, up to 3, of a random demand, and what a
    routing on shortest paths needs, so that every instance is feasible.

    Parameters
    ----------
    rng, n, structure, name
        As of ``program``.
    """
    n = max(3, n)
    chosen = rng.random((n, n)) < min(0.3, 6.0 / n)
    chosen[np.arange(n), (np.arange(n) + 1) % n] = True
    np.fill_diagonal(chosen, False)
    arcs = np.argwhere(chosen)
    count, commodities = len(arcs), max(2, 3 * n // 2)
    cost = rng.integers(11, 50, count, endpoint=True).astype(np.float64)
    fixed = 100.0 * rng.integers(11, 50, count, endpoint=True)
    ends = np.array([rng.choice(n, 2, replace=False) for _ in range(commodities)])
    demand = rng.integers(10, 100, commodities, endpoint=True).astype(np.float64)
    largest = 3.0 if structure == "tight" else 10.0
    capacity = np.round(
        rng.uniform(1.0, largest, count) * rng.integers(10, 100, count, endpoint=True)
    )
    graph = nx.DiGraph()
    graph.add_weighted_edges_from(zip(*arcs.T.tolist(), cost.tolist(), strict=True))
    number = {tuple(arc): k for k, arc in enumerate(arcs.tolist())}
    needed = np.zeros(count)
    for (source, sink), amount in zip(ends.tolist(), demand.tolist(), strict=True):
        path = nx.shortest_path(graph, source, sink, weight="weight")
        for step in itertools.pairwise(path):
            needed[number[step]] += amount
    capacity = np.maximum(capacity, needed)
    # Column of arc a for commodity k: k * count + a; of the arc: the last block.
    flow = np.arange(commodities * count).reshape(commodities, count)
    opened = flow.size + np.arange(count)
    rows = Rows()
    for k, (source, sink) in enumerate(ends.tolist()):
        for node in range(n):
            out, into = arcs[:, 0] == node, arcs[:, 1] == node
            balance = float(node == source) - float(node == sink)
            signs = np.concatenate([np.ones(out.sum()), -np.ones(into.sum())])
            columns = np.concatenate([flow[k, out], flow[k, into]])
            rows.add(columns[None], signs[None], lower=balance, upper=balance)
    rows.add(
        np.column_stack([flow.T, opened]),
        np.column_stack([np.tile(demand, (count, 1)), -capacity]),
        upper=0.0,
    )
    costs = np.append((demand[:, None] * cost).ravel(), fixed)
    integrality = np.append(np.zeros(flow.size), np.ones(count))
    return rows.program(costs, integrality, name=name)


def transport(rng: np.random.Generator, n: int, structure: str, name: str) -> MIP:
    """Draw a fixed-charge transport from ``n`` sources to ``n`` sinks.

    Supplies are 1.3 times the demands, costs 3..8 a unit, fixed charges 50..200, or
    four times those, ``dear``.

    Parameters
    ----------
    rng, n, structure, name
        As of ``program``.
    """
    demand = rng.integers(10, 60, n, endpoint=True).astype(np.float64)
    supply = rng.integers(10, 60, n, endpoint=True).astype(np.float64)
    supply = np.ceil(supply * 1.3 * demand.sum() / supply.sum())
    moved = np.arange(n * n).reshape(n, n)
    used = n * n + moved
    rows = Rows()
    rows.add(moved, upper=supply)
    rows.add(moved.T, lower=demand)
    most = np.minimum(supply[:, None], demand[None]).ravel()
    pairs = np.column_stack([moved.ravel(), used.ravel()])
    rows.add(pairs, np.column_stack([np.ones(n * n), -most]), upper=0.0)
    fixed = rng.integers(50, 200, n * n, endpoint=True)
    fixed *= 4 if structure == "dear" else 1
    costs = np.append(rng.integers(3, 8, n * n, endpoint=True), fixed)
    integrality = np.repeat([0, 1], n * n)
    upper = np.append(most, np.ones(n * n))
    return rows.program(costs, integrality, upper=upper, name=name)


def lot_sizing(rng: np.random.Generator, n: int, structure: str, name: str) -> MIP:
    """Draw a lot sizing of ``n`` periods and ``n / 4`` items.

    Demands 0..100, set-up costs 100..400, holding costs 1..5; ``capacitated``: a
    capacity of all items in a period, 1.25 times the mean demand, and initial stocks
    that make it feasible; ``uncapacitated`` without.

    Parameters
    ----------
    rng, n, structure, name
        As of ``program``.
    """
    items = max(1, n // 4)
    demand = rng.integers(0, 100, (items, n), endpoint=True).astype(np.float64)
    setup = rng.integers(100, 400, items, endpoint=True).astype(np.float64)
    holding = rng.integers(1, 5, items, endpoint=True).astype(np.float64)
    capacity = np.ceil(1.25 * demand.sum() / n)
    # What demand outruns the capacity by, from the first period on, is in stock.
    short = (np.cumsum(demand.sum(axis=0)) - capacity * np.arange(1, n + 1)).max()
    stock = np.zeros(items)
    if structure == "capacitated":
        stock = np.ceil(max(0.0, short) * demand.sum(axis=1) / demand.sum() + 1.0)
        stock = np.minimum(stock, demand.sum(axis=1))
    made, kept, ready = np.arange(3 * items * n).reshape(3, items, n)
    rows = Rows()
    net = demand[:, 0] - stock
    first = np.column_stack([made[:, 0], kept[:, 0]])
    rows.add(first, [1.0, -1.0], lower=net, upper=net)
    if n > 1:
        later = np.stack([made[:, 1:], kept[:, :-1], kept[:, 1:]], axis=2).reshape(
            -1, 3
        )
        due = demand[:, 1:].ravel()
        rows.add(later, [1.0, 1.0, -1.0], lower=due, upper=due)
    most = demand[:, ::-1].cumsum(axis=1)[:, ::-1]
    if structure == "capacitated":
        most = np.minimum(most, capacity)
        rows.add(made.T, upper=capacity)
    most = np.maximum(most, 1.0)
    pairs = np.column_stack([made.ravel(), ready.ravel()])
    limits = np.column_stack([np.ones(most.size), -most.ravel()])
    rows.add(pairs, limits, upper=0.0)
    costs = np.concatenate(
        [np.zeros(made.size), np.repeat(holding, n), np.repeat(setup, n)]
    )
    integrality = np.repeat([0, 0, 1], items * n)
    upper = np.repeat([np.inf, np.inf, 1.0], items * n)
    return rows.program(costs, integrality, upper=upper, name=name)
