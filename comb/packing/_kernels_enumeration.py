"""Numba kernel of implicit enumeration for the multidimensional knapsack.

Sets of items in which a selection departs from the linear relaxation are visited in
depth first order. A departure costs its reduced profit, and what is left of a resource
costs its price, so that a set is given up once nothing that it grows to can pay for
what it leaves, or free what it uses too much. A few items that cost next to nothing
are no part of the sets: all of their subsets are known beforehand.
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any, NamedTuple

from combkit.instances.kernels import kernel

__all__ = ["Tree", "fill", "visit"]

#: Entries of ``Tree.count``: departures in the set that is visited, the next one to
#: be tried, departures in the best set, its filling or -1.
DEPTH, NEXT, KEPT, FILLING = range(4)
#: Entries of ``Tree.value``: profit of the set and of the best selection; cost of the
#: set, and what one may cost.
PROFIT, BEST, SPENT, SPARE = range(4)


class Tree(NamedTuple):
    """What is enumerated, and the set that is visited; kernels change the latter.

    There are q departures, m resources, and b items that are no part of the sets.

    Attributes
    ----------
    unit : int
        Units of cost for one of profit.
    cost : ndarray, shape (q,), int64
        Cost of each departure in these units, ascending.
    profit : ndarray, shape (q,), int64
        What it adds to the profit, negative if it drops an item.
    freed : ndarray, shape (q, m), int64
        What it frees of each resource, negative if it takes an item.
    most_freed, most_used : ndarray, shape (q + 1, m), float64
        What one of this and the later departures frees or uses at most of each
        resource, for a unit of cost.
    price : ndarray, shape (m,), float64
        Units of cost for what is left of each resource.
    filling : ndarray, shape (2 ** b,), int64
        Profits of the subsets of the b items, descending.
    use : ndarray, shape (2 ** b, m), int64
        What they use of each resource.
    whole : ndarray, shape (m,), int64
        What all b items use.
    slack : ndarray, shape (m,), int64
        What the set leaves of each resource.
    path, kept : ndarray, shape (q,), int64
        Departures of the set that is visited, and of the best one.
    count : ndarray, shape (4,), int64
    value : ndarray, shape (4,), int64
    """

    unit: Any
    cost: Any
    profit: Any
    freed: Any
    most_freed: Any
    most_used: Any
    price: Any
    filling: Any
    use: Any
    whole: Any
    slack: Any
    path: Any
    kept: Any
    count: Any
    value: Any


@kernel
def fill(tree: Tree) -> None:
    """Fill what the set leaves with the best subset; keep both if they are better.

    Parameters
    ----------
    tree : Tree
        What is enumerated.
    """
    value, count = tree.value, tree.count
    for k in range(tree.filling.size):
        profit = value[PROFIT] + tree.filling[k]
        if profit <= value[BEST]:
            return
        fits = True
        for r in range(tree.slack.size):
            if tree.use[k, r] > tree.slack[r]:
                fits = False
                break
        if fits:
            value[SPARE] -= tree.unit * (profit - value[BEST])
            value[BEST] = profit
            count[FILLING], count[KEPT] = k, count[DEPTH]
            for d in range(count[DEPTH]):
                tree.kept[d] = tree.path[d]
            return


@kernel(inline=True)
def _hopeless(tree: Tree, j: int, left: float) -> bool:
    """Whether no departures from one on make a better set, for what is left."""
    for r in range(tree.slack.size):
        slack = tree.slack[r]
        if slack + left * tree.most_freed[j, r] < 0.0:
            return True
        surplus = slack - tree.whole[r] - left * tree.most_used[j, r]
        if surplus * tree.price[r] > left:
            return True
    return False


@kernel
def visit(tree: Tree, sets: int) -> bool:
    """Visit sets; return whether there are more.

    Parameters
    ----------
    tree : Tree
        What is enumerated.
    sets : int
        How many at most.
    """
    value, count = tree.value, tree.count
    q, m = tree.freed.shape
    j, depth = count[NEXT], count[DEPTH]
    for _ in range(sets):
        while j >= q or value[SPENT] + tree.cost[j] > value[SPARE]:
            if depth == 0:
                count[NEXT], count[DEPTH] = q, 0
                return False
            depth -= 1
            j = tree.path[depth]
            value[SPENT] -= tree.cost[j]
            value[PROFIT] -= tree.profit[j]
            for r in range(m):
                tree.slack[r] -= tree.freed[j, r]
            j += 1
        value[SPENT] += tree.cost[j]
        value[PROFIT] += tree.profit[j]
        for r in range(m):
            tree.slack[r] += tree.freed[j, r]
        tree.path[depth] = j
        depth += 1
        j += 1
        count[DEPTH] = depth
        fill(tree)
        if _hopeless(tree, j, float(value[SPARE] - value[SPENT])):
            j = q
    count[NEXT], count[DEPTH] = j, depth
    return True
