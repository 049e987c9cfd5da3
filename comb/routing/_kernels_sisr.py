"""Numba kernels of slack induction by string removals (SISR), see ``sisr``."""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any

import numpy as np

from combkit.comb._kernels_random import below, unit
from combkit.comb.routing._kernels_sisr_plan import (
    ABSENT,
    AFTER,
    BEFORE,
    BEST,
    BLINK,
    CAPACITY,
    CHANGED,
    COST,
    DEMAND,
    DIRTY,
    DUE,
    EMPTY,
    FAR,
    FIXED,
    FREE,
    INNER,
    KEPT,
    KEY,
    LEFT_OUT,
    LEG,
    LENGTH,
    LISTED,
    LOAD,
    LOGGED,
    LONG,
    MARK,
    MISSED,
    OUTER,
    PRUNE,
    READY,
    REMOVED,
    ROUTE,
    SERVICE,
    SHORT,
    SIZE,
    TIMED,
    USED,
    Fleet,
    Plan,
    fits,
    insert,
    leg,
    place,
    take,
    undo,
)
from combkit.instances.kernels import kernel

__all__ = [
    "complete",
    "dissolve",
    "gather",
    "keep_best",
    "ruin_and_recreate",
    "seat",
]

#: Near customers that are looked at before the others are told from afar.
_HEAD = 8


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
            count = take(fleet, plan, node, count)
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
            to, on = leg(fleet, 0, c), leg(fleet, c, depot)
            cost = to + on + fleet.limit[FIXED]
            if cost < best and to + on <= most and fits(fleet, plan, c, depot, to, on):
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
                        to = leg(fleet, p, c)
                        cost = to + away - plan.value[p, LEG]
                        if (
                            cost < best
                            and plan.sums[r, LONG] + cost <= most
                            and fits(fleet, plan, c, p, to, away)
                        ):
                            best, spot, into = cost, p, r
                if (inner if s <= n else outer) < best:
                    skip -= 1.0
                    if skip < 0.0:
                        skip = np.floor(np.log(unit(plan.random)) * scale)
                    else:
                        to = away if factor == 2.0 else leg(fleet, v, c)
                        on = leg(fleet, c, s)
                        cost = to + on - plan.value[v, LEG]
                        if (
                            cost < best
                            and plan.sums[r, LONG] + cost <= most
                            and fits(fleet, plan, c, v, to, on)
                        ):
                            best, spot, into = cost, v, r
        if spot >= 0:
            place(fleet, plan, c, spot, into)
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
            undo(fleet, plan)
            plan.scalars[COST] = cost


@kernel
def seat(fleet: Fleet, plan: Plan, c: int, r: int) -> bool:
    """Insert a customer at the end of a route, if it can be there."""
    last = plan.link[fleet.node.shape[0] + r, BEFORE]
    to, on = leg(fleet, last, c), leg(fleet, c, fleet.node.shape[0] + r)
    longer = to + on - plan.value[last, LEG] + fleet.node[c, SERVICE]
    suits = (
        plan.sums[r, LOAD] + fleet.node[c, DEMAND] <= fleet.limit[CAPACITY]
        and plan.sums[r, LONG] + longer <= fleet.limit[LENGTH]
        and fits(fleet, plan, c, last, to, on)
    )
    if suits:
        insert(fleet, plan, c, last, r)
    return suits


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
        count = take(fleet, plan, node, count)
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
            undo(fleet, plan)
            plan.scalars[COST] = cost
