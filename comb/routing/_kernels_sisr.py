"""Numba kernels of slack induction by string removals (SISR).

Routes are circular doubly linked lists. Node 0 of the problem appears once a
route, as the nodes ``n + 1, n + 2, ...``: its successor is the first customer,
its predecessor the last one. Removals and insertions are logged, so what a step
did is undone in the reverse order, in time that does not depend on the size of
the problem.

A route is a chain of segments that are known by a few numbers: what comes
before a position (when it can be left at the earliest) and what comes after it
(when it must begin at the latest). An insertion is judged by those alone. A
further constraint takes such numbers of its own: here, in ``_forward`` and
``_backward``, which keep them, and in ``_fits``, which asks them.
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from combkit.comb._kernels_random import below, unit
from combkit.comb.routing._kernels_tour import distance
from combkit.instances.kernels import kernel

__all__ = [
    "Fleet",
    "Plan",
    "complete",
    "dissolve",
    "gather",
    "keep_best",
    "ruin_and_recreate",
    "seat",
]

#: Columns of ``Fleet.node``.
DEMAND, SERVICE, FAR, READY, DUE = range(5)
#: Columns of ``Fleet.limit``.
CAPACITY, LENGTH, RETURN, PRUNE, TIMED, NOISE, FIXED = range(7)
#: Columns of ``Plan.link``.
AFTER, BEFORE, ROUTE, KEPT = range(4)
#: Columns of ``Plan.value``.
LEG, INNER, OUTER = range(3)
#: Columns of ``Plan.time``.
LEAVE, LATE = range(2)
#: Columns of ``Plan.sums``; a route is as long as its distance and service times.
LOAD, LONG = range(2)
#: Columns of ``Plan.count``.
SIZE, EMPTY, LISTED, CHANGED, MARK = range(5)
#: Columns of ``Plan.todo`` and of ``Plan.rank``.
REMOVED, LEFT_OUT, SHORT = range(3)
KEY, MISSED = range(2)
#: Columns of ``Plan.scalars``.
COST, BEST, FREE, LOGGED, BLINK, DIRTY, ABSENT, USED = range(8)

#: Near customers that are looked at before the others are told from afar.
_HEAD = 8


class Fleet(NamedTuple):
    """What stays the same during a search.

    Attributes
    ----------
    metric, points, matrix
        Distances of the nodes 0..n, see ``_kernels_tour.Space``.
    near : ndarray, shape (n + 1, k), int32
        Nearest other customers of each customer, nearest first; row 0 unused.
    reach : ndarray, shape (n + 1, k), float64
        Distances to go to them.
    node : ndarray, shape (n + 1, 5), float64
        Demand, service time and distance from the depot of each customer, and
        when its service may begin; of the depot, when routes may leave and must
        be back.
    limit : ndarray, shape (7,), float64
        Capacity; longest distance with service times; 1 where routes return to
        the depot, else 0; an insertion costs at least so many times the
        distance that it adds to a leg; 1 with time windows, else 0; slack of a
        due time; cost of a route in use.
    """

    metric: Any
    points: Any
    matrix: Any
    near: Any
    reach: Any
    node: Any
    limit: Any


class Plan(NamedTuple):
    """The state of a search, all of it arrays that the kernels change.

    They are few because a call hands over each one as several numbers. There
    are n customers and m depots, one for each route, and ``m`` stands for the
    route of customers that have none.

    Attributes
    ----------
    link : ndarray, shape (n + 1 + m, 4), int32
        Successor, predecessor and route of customers 1..n and of depots;
        successor in the best plan.
    value : ndarray, shape (n + 1 + m, 3), float64
        Distance to the successor; the longest leg of a customer to another
        one, and to the depot, minus infinity where there is none.
    time : ndarray, shape (n + 1 + m, 2), float64
        When a node is left at the earliest, and when its service must begin at
        the latest so that the rest of the route is in time; of depots, when
        routes leave and must be back.
    sums : ndarray, shape (m + 1, 2), float64
        Load of each route, and its distance with service times. Where there is
        no route, infinite.
    count : ndarray, shape (m, 5), int64
        Customers of each route; a stack of the empty routes that may be used;
        a list of the routes that differ from the best plan, and whether each
        one is listed; the last step that took a string from each route.
    log : ndarray, shape (2 * n + 2, 3), int32
        What the current step did: customer, its predecessor and its route if it
        was removed, -1 if it was inserted.
    todo : ndarray, shape (n, 3), int32
        Customers to be inserted; customers that the fleet phase has not placed;
        the near customers beside which there may be a place.
    rank : ndarray, shape (n + 1, 2), float64
        Order of the customers to be inserted; how often each customer was left
        out in the fleet phase.
    scalars : ndarray, shape (8,), float64
        Cost, best cost, empty routes, entries of the log, positions until the
        next blink, listed routes, absent customers, routes in use.
    random : ndarray, shape (1,), uint64
        State of the generator, never 0.
    """

    link: Any
    value: Any
    time: Any
    sums: Any
    count: Any
    log: Any
    todo: Any
    rank: Any
    scalars: Any
    random: Any


@kernel
def _leg(fleet: Fleet, i: int, j: int) -> float:
    """Return the distance of two nodes, depots of routes included."""
    n = fleet.node.shape[0] - 1
    a = i if i <= n else 0
    b = j
    if j > n:
        if fleet.limit[RETURN] == 0.0:
            return 0.0
        b = 0
    return distance(fleet.metric, fleet.points, fleet.matrix, a, b)


@kernel(inline=True)
def _measure(fleet: Fleet, plan: Plan, node: int) -> None:
    """Note the longest legs of a node, if it is a customer."""
    n = fleet.node.shape[0] - 1
    if node <= n:
        p, s = plan.link[node, BEFORE], plan.link[node, AFTER]
        to, on = plan.value[p, LEG], plan.value[node, LEG]
        plan.value[node, INNER] = max(
            to if p <= n else -np.inf, on if s <= n else -np.inf
        )
        plan.value[node, OUTER] = max(
            to if p > n else -np.inf, on if s > n else -np.inf
        )


@kernel(inline=True)
def _forward(fleet: Fleet, plan: Plan, node: int) -> None:
    """Bring the earliest times up to date from a node to the end of its route."""
    while node < fleet.node.shape[0]:
        p = plan.link[node, BEFORE]
        start = max(fleet.node[node, READY], plan.time[p, LEAVE] + plan.value[p, LEG])
        if plan.time[node, LEAVE] == start + fleet.node[node, SERVICE]:
            break
        plan.time[node, LEAVE] = start + fleet.node[node, SERVICE]
        node = plan.link[node, AFTER]


@kernel(inline=True)
def _backward(fleet: Fleet, plan: Plan, node: int) -> None:
    """Bring the latest times up to date from a node to the start of its route."""
    while node < fleet.node.shape[0]:
        rest = (
            plan.time[plan.link[node, AFTER], LATE]
            - plan.value[node, LEG]
            - fleet.node[node, SERVICE]
        )
        start = min(fleet.node[node, DUE], rest)
        if plan.time[node, LATE] == start:
            break
        plan.time[node, LATE] = start
        node = plan.link[node, BEFORE]


@kernel(inline=True)
def _fits(fleet: Fleet, plan: Plan, c: int, p: int, to: float, on: float) -> bool:
    """Whether a customer can be inserted after a node in time."""
    if fleet.limit[TIMED] == 0.0:
        return True
    start = max(fleet.node[c, READY], plan.time[p, LEAVE] + to)
    noise = fleet.limit[NOISE]
    if start > fleet.node[c, DUE] + noise:
        return False
    return (
        start + fleet.node[c, SERVICE] + on
        <= plan.time[plan.link[p, AFTER], LATE] + noise
    )


@kernel(inline=True)
def _insert(fleet: Fleet, plan: Plan, c: int, p: int, r: int) -> None:
    """Insert a customer after a node of a route."""
    s = plan.link[p, AFTER]
    old = plan.value[p, LEG]
    to, on = _leg(fleet, p, c), _leg(fleet, c, s)
    plan.link[p, AFTER], plan.link[c, BEFORE] = c, p
    plan.link[c, AFTER], plan.link[s, BEFORE] = s, c
    plan.value[p, LEG], plan.value[c, LEG] = to, on
    _measure(fleet, plan, c)
    _measure(fleet, plan, p)
    _measure(fleet, plan, s)
    if plan.count[r, SIZE] == 0:
        plan.scalars[FREE] -= 1
        plan.scalars[USED] += 1
        plan.scalars[COST] += fleet.limit[FIXED]
    plan.count[r, SIZE] += 1
    plan.sums[r, LOAD] += fleet.node[c, DEMAND]
    plan.sums[r, LONG] += to + on - old + fleet.node[c, SERVICE]
    plan.scalars[COST] += to + on - old
    plan.link[c, ROUTE] = r
    if fleet.limit[TIMED] > 0.0:
        plan.time[c, LEAVE] = plan.time[c, LATE] = np.nan
        _forward(fleet, plan, c)
        _backward(fleet, plan, c)


@kernel(inline=True)
def _remove(fleet: Fleet, plan: Plan, c: int) -> None:
    """Take a customer out of its route."""
    r, p, s = plan.link[c, ROUTE], plan.link[c, BEFORE], plan.link[c, AFTER]
    new = _leg(fleet, p, s)
    gain = plan.value[p, LEG] + plan.value[c, LEG] - new
    plan.link[p, AFTER], plan.link[s, BEFORE] = s, p
    plan.value[p, LEG] = new
    plan.value[c, INNER] = plan.value[c, OUTER] = -np.inf
    _measure(fleet, plan, p)
    _measure(fleet, plan, s)
    plan.count[r, SIZE] -= 1
    plan.sums[r, LOAD] -= fleet.node[c, DEMAND]
    plan.sums[r, LONG] -= gain + fleet.node[c, SERVICE]
    plan.scalars[COST] -= gain
    plan.link[c, ROUTE] = plan.count.shape[0]
    if fleet.limit[TIMED] > 0.0:
        _forward(fleet, plan, s)
        _backward(fleet, plan, p)
    if plan.count[r, SIZE] == 0:
        plan.sums[r, LOAD] = plan.sums[r, LONG] = 0.0
        plan.count[int(plan.scalars[FREE]), EMPTY] = r
        plan.scalars[FREE] += 1
        plan.scalars[USED] -= 1
        plan.scalars[COST] -= fleet.limit[FIXED]


@kernel(inline=True)
def _place(fleet: Fleet, plan: Plan, c: int, p: int, r: int) -> None:
    """Insert a customer after a node of a route, and log it."""
    entry = int(plan.scalars[LOGGED])
    plan.log[entry, 0], plan.log[entry, 1] = c, -1
    plan.log[entry, 2] = r
    plan.scalars[LOGGED] += 1
    _insert(fleet, plan, c, p, r)


@kernel(inline=True)
def _take(fleet: Fleet, plan: Plan, c: int, count: int) -> int:
    """Remove a customer and log it; return the new number of removed ones."""
    entry = int(plan.scalars[LOGGED])
    plan.log[entry, 0], plan.log[entry, 1] = c, plan.link[c, BEFORE]
    plan.log[entry, 2] = plan.link[c, ROUTE]
    plan.scalars[LOGGED] += 1
    _remove(fleet, plan, c)
    plan.todo[count, REMOVED] = c
    return count + 1


@kernel
def _undo(fleet: Fleet, plan: Plan) -> None:
    """Undo everything that is logged."""
    for entry in range(int(plan.scalars[LOGGED]) - 1, -1, -1):
        c, p, r = plan.log[entry, 0], plan.log[entry, 1], plan.log[entry, 2]
        if p < 0:
            _remove(fleet, plan, c)
        else:
            _insert(fleet, plan, c, p, r)


@kernel
def _cut(
    fleet: Fleet, plan: Plan, c: int, longest: float, split: float, count: int
) -> int:
    """Remove a string around a customer; return the number of removed ones.

    With probability ``split`` one customer inside the string stays.
    """
    r = plan.link[c, ROUTE]
    size = plan.count[r, SIZE]
    length = 1 + below(plan.random, int(min(float(size), longest)))
    kept = 0
    if 1 < length < size and unit(plan.random) < split:
        kept = 1
    span = length + kept
    # The string may begin up to ``span - 1`` customers before this one.
    n = fleet.node.shape[0] - 1
    ahead, node = 0, plan.link[c, AFTER]
    while ahead < span - 1 and node <= n:
        ahead += 1
        node = plan.link[node, AFTER]
    behind, node = 0, plan.link[c, BEFORE]
    while behind < span - 1 and node <= n:
        behind += 1
        node = plan.link[node, BEFORE]
    least = max(0, span - 1 - ahead)
    back = least + below(plan.random, behind - least + 1)
    node = c
    for _ in range(back):
        node = plan.link[node, BEFORE]
    skipped = 1 + below(plan.random, length - 1) if kept > 0 else -1
    for number in range(span):
        next_node = plan.link[node, AFTER]
        if number != skipped:
            count = _take(fleet, plan, node, count)
        node = next_node
    return count


@kernel
def _ruin(
    fleet: Fleet, plan: Plan, step: int, mean: float, most: int, split: float
) -> int:
    """Remove strings of near customers; return how many customers were removed."""
    n = fleet.node.shape[0] - 1
    longest = min(float(most), n / max(1.0, plan.scalars[USED]))
    strings = 4.0 * mean / (1.0 + longest) - 1.0
    wanted = int(1.0 + unit(plan.random) * strings)
    seed = 1 + below(plan.random, n)
    count = done = 0
    for k in range(-1, fleet.near.shape[1]):
        c = seed if k < 0 else fleet.near[seed, k]
        r = plan.link[c, ROUTE]
        if r == plan.count.shape[0] or plan.count[r, MARK] == step:
            continue
        plan.count[r, MARK] = step
        count = _cut(fleet, plan, c, longest, split, count)
        done += 1
        if done >= wanted:
            break
    return count


@kernel
def _sort(fleet: Fleet, plan: Plan, count: int) -> None:
    """Order the removed customers.

    At random, by demand, far or close first; with time windows also the
    narrowest, the first to open or the last to close first.
    """
    draw = below(plan.random, 11 if fleet.limit[TIMED] == 0.0 else 17)
    for k in range(count):
        c = plan.todo[k, REMOVED]
        if draw < 4:
            value = unit(plan.random)
        elif draw < 8:
            value = -fleet.node[c, DEMAND]
        elif draw < 10:
            value = -fleet.node[c, FAR]
        elif draw < 11:
            value = fleet.node[c, FAR]
        elif draw < 13:
            value = fleet.node[c, DUE] - fleet.node[c, READY]
        elif draw < 15:
            value = fleet.node[c, READY]
        else:
            value = -fleet.node[c, DUE]
        j = k - 1
        while j >= 0 and plan.rank[j, KEY] > value:
            plan.rank[j + 1, KEY], plan.todo[j + 1, REMOVED] = (
                plan.rank[j, KEY],
                plan.todo[j, REMOVED],
            )
            j -= 1
        plan.rank[j + 1, KEY], plan.todo[j + 1, REMOVED] = value, c


@kernel
def _recreate(
    fleet: Fleet, plan: Plan, count: int, blink: float, whole: bool, bar: float
) -> int:
    """Insert the removed customers greedily; return how many have no place.

    Positions beside near customers are looked at, and an empty route. A
    position is overlooked with probability ``blink``. The customers without a
    place come first in ``plan.todo``; if the plan must be whole, the first
    one ends it. No place is worth a cost of the plan that reaches ``bar``: what
    is inserted later makes no plan cheaper, by the triangle inequality.
    """
    n = fleet.node.shape[0] - 1
    factor = fleet.limit[PRUNE]
    scale = 1.0 / np.log(1.0 - blink) if blink > 0.0 else -np.inf
    skip = plan.scalars[BLINK]
    left = 0
    for k in range(count):
        c = plan.todo[k, REMOVED]
        room = fleet.limit[CAPACITY] - fleet.node[c, DEMAND]
        most = fleet.limit[LENGTH] - fleet.node[c, SERVICE]
        home = fleet.node[c, FAR] if factor == 2.0 else 0.0
        best, spot, into = bar - plan.scalars[COST], -1, -1
        free = int(plan.scalars[FREE])
        if free > 0:
            r = plan.count[free - 1, EMPTY]
            depot = n + 1 + r
            to, on = _leg(fleet, 0, c), _leg(fleet, c, depot)
            cost = to + on + fleet.limit[FIXED]
            if cost < best and to + on <= most and _fits(fleet, plan, c, depot, to, on):
                best, spot, into = cost, depot, r
        # By the triangle inequality no place beside a customer costs less than what
        # its longest legs tell. The nearest ones lower the bar; the others are then
        # listed without a branch, which could not be foretold.
        end, size = 0, fleet.near.shape[1]
        while end < size:
            begin, end = end, min(size, _HEAD if end == 0 else size)
            inner, outer = best / factor, best - home
            listed = 0
            for q in range(begin, end):
                # Unsigned: no index that counts from the end.
                v: Any = np.uint32(fleet.near[c, q])
                away = fleet.reach[c, q]
                plan.todo[listed, SHORT] = q
                listed += (plan.value[v, INNER] > away - inner) | (
                    plan.value[v, OUTER] > away - outer
                )
            for number in range(listed):
                q = plan.todo[number, SHORT]
                v = np.uint32(fleet.near[c, q])
                r = plan.link[v, ROUTE]
                if plan.sums[r, LOAD] > room:
                    continue
                away = fleet.reach[c, q]
                inner = factor * (away - plan.value[v, INNER])
                outer = away + home - plan.value[v, OUTER]
                p, s = plan.link[v, BEFORE], plan.link[v, AFTER]
                if (inner if p <= n else outer) < best:
                    skip -= 1.0
                    if skip < 0.0:
                        skip = np.floor(np.log(unit(plan.random)) * scale)
                    else:
                        to = _leg(fleet, p, c)
                        cost = to + away - plan.value[p, LEG]
                        if (
                            cost < best
                            and plan.sums[r, LONG] + cost <= most
                            and _fits(fleet, plan, c, p, to, away)
                        ):
                            best, spot, into = cost, p, r
                if (inner if s <= n else outer) < best:
                    skip -= 1.0
                    if skip < 0.0:
                        skip = np.floor(np.log(unit(plan.random)) * scale)
                    else:
                        to = away if factor == 2.0 else _leg(fleet, v, c)
                        on = _leg(fleet, c, s)
                        cost = to + on - plan.value[v, LEG]
                        if (
                            cost < best
                            and plan.sums[r, LONG] + cost <= most
                            and _fits(fleet, plan, c, v, to, on)
                        ):
                            best, spot, into = cost, v, r
        if spot >= 0:
            _place(fleet, plan, c, spot, into)
            continue
        plan.todo[left, REMOVED] = c
        left += 1
        if whole:
            break
    plan.scalars[BLINK] = skip
    return left


@kernel
def _accept(plan: Plan) -> None:
    """Note the routes that the logged step has changed."""
    for entry in range(int(plan.scalars[LOGGED])):
        r = plan.log[entry, 2]
        if plan.count[r, CHANGED] == 0:
            plan.count[r, CHANGED] = 1
            plan.count[int(plan.scalars[DIRTY]), LISTED] = r
            plan.scalars[DIRTY] += 1


@kernel
def keep_best(fleet: Fleet, plan: Plan) -> None:
    """Bring the best plan up to date: only what differs is copied."""
    n = fleet.node.shape[0] - 1
    plan.scalars[BEST] = plan.scalars[COST]
    for number in range(int(plan.scalars[DIRTY])):
        r = plan.count[number, LISTED]
        plan.count[r, CHANGED] = 0
        node = n + 1 + r
        while True:
            plan.link[node, KEPT] = plan.link[node, AFTER]
            node = plan.link[node, AFTER]
            if node > n:
                break
    plan.scalars[DIRTY] = 0


@kernel
def ruin_and_recreate(
    fleet: Fleet,
    plan: Plan,
    first: int,
    steps: int,
    heat: float,
    mean: float,
    most: int,
    split: float,
    blink: float,
    cooling: float,
    least: float,
) -> None:
    """Take steps of ruin, recreation and simulated annealing.

    Parameters
    ----------
    fleet, plan
        Data and state.
    first, steps : int
        Number of the first step, at least 1, and how many to take.
    heat : float
        Temperature of step 0.
    mean : float
        Customers that a step removes, on average.
    most : int
        Longest string.
    split, blink : float
        Probabilities.
    cooling : float
        Step k is taken at the temperature ``heat * exp(-cooling * k)``.
    least : float
        A plan is better only if it is by more than this.
    """
    for step in range(first, first + steps):
        cost = plan.scalars[COST]
        plan.scalars[LOGGED] = 0
        count = _ruin(fleet, plan, step, mean, most, split)
        _sort(fleet, plan, count)
        bar = cost - heat * np.exp(-cooling * step) * np.log(unit(plan.random))
        left = _recreate(fleet, plan, count, blink, True, bar)
        if left == 0 and plan.scalars[COST] < bar:
            _accept(plan)
            if plan.scalars[COST] < plan.scalars[BEST] - least:
                keep_best(fleet, plan)
        else:
            _undo(fleet, plan)
            plan.scalars[COST] = cost


@kernel
def seat(fleet: Fleet, plan: Plan, c: int, r: int) -> bool:
    """Insert a customer at the end of a route, if it can be there."""
    last = plan.link[fleet.node.shape[0] + r, BEFORE]
    to, on = _leg(fleet, last, c), _leg(fleet, c, fleet.node.shape[0] + r)
    longer = to + on - plan.value[last, LEG] + fleet.node[c, SERVICE]
    fits = (
        plan.sums[r, LOAD] + fleet.node[c, DEMAND] <= fleet.limit[CAPACITY]
        and plan.sums[r, LONG] + longer <= fleet.limit[LENGTH]
        and _fits(fleet, plan, c, last, to, on)
    )
    if fits:
        _insert(fleet, plan, c, last, r)
    return fits


@kernel
def gather(fleet: Fleet, plan: Plan) -> None:
    """List the customers without a route as absent."""
    plan.scalars[ABSENT] = 0
    for c in range(1, fleet.node.shape[0]):
        if plan.link[c, ROUTE] == plan.count.shape[0]:
            plan.todo[int(plan.scalars[ABSENT]), LEFT_OUT] = c
            plan.scalars[ABSENT] += 1


@kernel
def dissolve(fleet: Fleet, plan: Plan) -> None:
    """Give up the route whose customers were left out least often, for good."""
    weakest, least = -1, np.inf
    for r in range(plan.count.shape[0]):
        weight = 0.0
        node = plan.link[fleet.node.shape[0] + r, AFTER]
        while node < fleet.node.shape[0]:
            weight += plan.rank[node, MISSED]
            node = plan.link[node, AFTER]
        if plan.count[r, SIZE] > 0 and weight < least:
            weakest, least = r, weight
    plan.scalars[LOGGED] = 0
    count = 0
    while plan.count[weakest, SIZE] > 0:
        node = plan.link[fleet.node.shape[0] + weakest, AFTER]
        count = _take(fleet, plan, node, count)
    _accept(plan)
    # The route is on top of the stack of the empty ones now.
    plan.scalars[FREE] -= 1
    gather(fleet, plan)


@kernel
def complete(
    fleet: Fleet,
    plan: Plan,
    first: int,
    steps: int,
    heat: float,
    mean: float,
    most: int,
    split: float,
    blink: float,
) -> None:
    """Take steps of ruin and recreation that give absent customers a place.

    A step stays if it leaves out fewer customers, or such that were left out
    less often so far; if it leaves out the same, annealing decides. Ends when
    nobody is absent.

    Parameters
    ----------
    fleet, plan
        Data and state.
    first, steps, heat, mean, most, split, blink
        As in ``ruin_and_recreate``.
    """
    for step in range(first, first + steps):
        absent = int(plan.scalars[ABSENT])
        if absent == 0:
            break
        cost = plan.scalars[COST]
        plan.scalars[LOGGED] = 0
        count = _ruin(fleet, plan, step, mean, most, split)
        before = after = 0.0
        for k in range(absent):
            plan.todo[count, REMOVED] = plan.todo[k, LEFT_OUT]
            count += 1
            before += plan.rank[plan.todo[k, LEFT_OUT], MISSED]
        _sort(fleet, plan, count)
        left = _recreate(fleet, plan, count, blink, False, np.inf)
        for k in range(left):
            after += plan.rank[plan.todo[k, REMOVED], MISSED]
            plan.rank[plan.todo[k, REMOVED], MISSED] += 1.0
        bar = cost - heat * np.log(unit(plan.random))
        same = left == absent and after == before
        if left < absent or after < before or (same and plan.scalars[COST] < bar):
            _accept(plan)
            plan.scalars[ABSENT] = left
            for k in range(left):
                plan.todo[k, LEFT_OUT] = plan.todo[k, REMOVED]
        else:
            _undo(fleet, plan)
            plan.scalars[COST] = cost
