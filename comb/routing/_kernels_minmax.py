"""Numba kernels of salesmen who share cities, the longest tour as short as possible.

Tours are circular doubly linked lists; that of salesman r has the depot, node 0 of
the problem, as node ``n + r``. What a search minimises is the norm of the lengths of
all tours, of a high order: close to the longest one, but all of them count. A step
takes strings of near cities out, puts each in where the norm grows least, shortens
the tours it touched by the moves of the tour search; what it did is undone from
copies of these tours.
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from combkit.comb._kernels_random import below
from combkit.comb.routing._kernels_moves import deepen
from combkit.comb.routing._kernels_tour import Space, Walk, distance, pop, push
from combkit.instances.kernels import kernel

__all__ = ["AFTER", "BEST", "SQUARED", "Team", "search", "shorten_all"]

#: Columns of ``Team.link``.
AFTER, BEFORE = range(2)
#: Places in ``Team.sums``.
LONGEST, BEST, POWER, SCALE = range(4)
#: Places in ``Team.count``.
REMOVED, TOUCHED, SAVED, STEP, SQUARED = range(5)
#: Steps of a random number between 0 and 1.
_FINE = 1 << 30
#: Lengths that count, in units: their highest power is still a number.
_MOST = 1.9
#: Steps after which sums are taken anew: those of powers lose digits.
_FRESH = 256
#: One place in so many is overlooked.
_BLINK = 64


class Team(NamedTuple):
    """The state of a search, all of it arrays that the kernels change.

    There are n nodes, the depot among them, and m salesmen.

    Attributes
    ----------
    link : ndarray, shape (n + m, 2), int32
        Successor and predecessor of cities and of depots.
    owner : ndarray, shape (n + m,), int32
        Salesman of each city and depot, -1 for cities that are taken out.
    length : ndarray, shape (m,), float64
        Lengths of the tours.
    size : ndarray, shape (m,), int64
        Cities of each tour.
    sums : ndarray, shape (4,), float64
        Longest tour, longest one of the best plan, sum of the powers of all lengths,
        unit of the lengths whose powers are taken.
    count : ndarray, shape (5,), int64
        Cities taken out, tours touched in this step, entries of ``saved``, steps,
        how often a length is squared: the norm is of the order 2 to that.
    removed : ndarray, shape (n,), int32
        Cities taken out.
    touched : ndarray, shape (m,), int32
        Tours touched in this step.
    marked : ndarray, shape (m, 2), int64
        Step that touched a tour last, and that took a string out of it.
    saved : ndarray, shape (n,), int32
        Cities of the touched tours, as they were.
    before : ndarray, shape (m, 2), float64
        Lengths and sizes of touched tours, as they were.
    best : ndarray, shape (n + m,), int32
        Successors in the best plan.
    dirty : ndarray, shape (n + m,), uint8
        Whether a node has got other neighbours.
    tour, place, queue, queued, journal, cursor, edges : ndarray
        As of ``_kernels_tour.Walk``, for one tour at a time.
    random : ndarray, shape (1,), uint64
        State of the generator, never 0.
    """

    link: Any
    owner: Any
    length: Any
    size: Any
    sums: Any
    count: Any
    removed: Any
    touched: Any
    marked: Any
    saved: Any
    before: Any
    best: Any
    dirty: Any
    tour: Any
    place: Any
    queue: Any
    queued: Any
    journal: Any
    cursor: Any
    edges: Any
    random: Any


@kernel
def _far(space: Space, n: int, a: int, b: int) -> float:
    """Return the distance of two nodes, each of which may be a depot."""
    a, b = (0 if a >= n else a), (0 if b >= n else b)
    return distance(space.metric, space.points, space.matrix, a, b)


@kernel
def _power(team: Team, length: float) -> float:
    """Return the power of a length."""
    power = min(length / team.sums[SCALE], _MOST)
    for _ in range(team.count[SQUARED]):
        power *= power
    return power


@kernel
def _norm(team: Team, power: float) -> float:
    return team.sums[SCALE] * power ** (1.0 / 2.0 ** team.count[SQUARED])


@kernel
def _measure(team: Team) -> None:
    """Take the longest tour for the unit, and the powers anew."""
    longest = 0.0
    for r in range(team.length.size):
        longest = max(longest, team.length[r])
    team.sums[SCALE] = max(longest, 1e-300)
    team.sums[POWER] = 0.0
    for r in range(team.length.size):
        team.sums[POWER] += _power(team, team.length[r])


@kernel
def _join(team: Team, a: int, b: int) -> None:
    team.link[a, AFTER] = b
    team.link[b, BEFORE] = a
    team.dirty[a] = team.dirty[b] = 1


@kernel
def _grow(team: Team, r: int, by: float) -> None:
    """Change the length of a tour."""
    team.sums[POWER] -= _power(team, team.length[r])
    team.length[r] += by
    team.sums[POWER] += _power(team, team.length[r])


@kernel
def _touch(team: Team, r: int) -> None:
    """Save a tour before the step changes it."""
    if team.marked[r, 0] == team.count[STEP]:
        return
    team.marked[r, 0] = team.count[STEP]
    at = team.count[TOUCHED]
    team.touched[at] = r
    team.count[TOUCHED] = at + 1
    team.before[r, 0], team.before[r, 1] = team.length[r], team.size[r]
    n = team.place.size
    node, k = team.link[n + r, AFTER], team.count[SAVED]
    while node < n:
        team.saved[k] = node
        k += 1
        node = team.link[node, AFTER]
    team.count[SAVED] = k


@kernel
def _take_out(space: Space, team: Team, city: int, length: int) -> None:
    """Take out a random string of cities that holds a given one."""
    n = team.place.size
    r = team.owner[city]
    _touch(team, r)
    team.marked[r, 1] = team.count[STEP]
    for _ in range(below(team.random, length)):
        if team.link[city, BEFORE] >= n:
            break
        city = team.link[city, BEFORE]
    first = last = team.link[city, BEFORE]
    change = 0.0
    for _ in range(length):
        if city >= n:
            break
        change -= _far(space, n, last, city)
        team.owner[city] = -1
        team.removed[team.count[REMOVED]] = city
        team.count[REMOVED] += 1
        team.size[r] -= 1
        last, city = city, team.link[city, AFTER]
    change -= _far(space, n, last, city)
    _join(team, first, city)
    _grow(team, r, change + _far(space, n, first, city))


@kernel
def _ruin(space: Space, team: Team, longest: int) -> None:
    """Take strings out of tours around a random city, often one of the longest."""
    n, m = team.place.size, team.length.size
    seed = 1 + below(team.random, n - 1)
    if below(team.random, 2) == 0:
        worst = 0
        for r in range(1, m):
            if team.length[r] > team.length[worst]:
                worst = r
        seed = team.link[n + worst, AFTER]
        for _ in range(below(team.random, max(1, team.size[worst]))):
            seed = team.link[seed, AFTER]
        if seed >= n:
            return
    strings = 1 + below(team.random, 4)
    _take_out(space, team, seed, 1 + below(team.random, longest))
    for j in range(space.near.shape[1]):
        if strings == 1:
            break
        city = space.near[seed, j]
        r = team.owner[city]
        if city == 0 or r < 0 or team.marked[r, 1] == team.count[STEP]:
            continue
        _take_out(space, team, city, 1 + below(team.random, longest))
        strings -= 1


@kernel
def _put_in(space: Space, team: Team, city: int) -> None:
    """Put a city in where the norm grows least."""
    n, m = team.place.size, team.length.size
    where, least, detour = -1, np.inf, 0.0
    for j in range(space.near.shape[1]):
        a = space.near[city, j]
        if a == 0 or team.owner[a] < 0 or below(team.random, _BLINK) == 0:
            continue
        length = team.length[team.owner[a]]
        ahead, behind = team.link[a, AFTER], team.link[a, BEFORE]
        far = space.reach[city, j]
        after = far + _far(space, n, city, ahead) - _far(space, n, a, ahead)
        before = far + _far(space, n, city, behind) - _far(space, n, a, behind)
        by = min(after, before)
        cost = _power(team, length + by) - _power(team, length)
        if cost < least:
            least, detour = cost, by
            where = a if after <= before else behind
    alone = 2.0 * _far(space, n, 0, city)
    for r in range(m):
        # An idle salesman; any one if there is no near city to go beside.
        if team.size[r] == 0 or where < 0:
            length = team.length[r]
            last = team.link[n + r, BEFORE]
            by = alone
            if team.size[r] > 0:
                by = _far(space, n, last, city) + 0.5 * alone - _far(space, n, last, 0)
            cost = _power(team, length + by) - _power(team, length)
            if cost < least:
                least, detour, where = cost, by, last
            if team.size[r] == 0:
                break
    r = team.owner[where]
    _touch(team, r)
    behind = team.link[where, AFTER]
    _join(team, where, city)
    _join(team, city, behind)
    team.owner[city] = r
    team.size[r] += 1
    _grow(team, r, detour)


@kernel
def _recreate(space: Space, team: Team) -> None:
    """Put the cities back in, in random order or the farthest ones first."""
    count = team.count[REMOVED]
    farthest = below(team.random, 2) == 0
    n = team.place.size
    while count > 0:
        chosen = below(team.random, count)
        if farthest:
            for k in range(count):
                far = _far(space, n, 0, team.removed[k])
                if far > _far(space, n, 0, team.removed[chosen]):
                    chosen = k
        city = team.removed[chosen]
        count -= 1
        team.removed[chosen] = team.removed[count]
        _put_in(space, team, city)
    team.count[REMOVED] = 0


@kernel
def _shorten(space: Space, team: Team, r: int) -> None:
    """Apply improving moves to a tour, at nodes with other neighbours."""
    n, size = team.place.size, team.size[r] + 1
    depot = n + r
    node = depot
    for k in range(size):
        city = 0 if node >= n else node
        team.tour[k] = city
        team.place[city] = k
        if team.dirty[node]:
            team.dirty[node] = 0
            push(team.queue, team.queued, team.cursor, city)
        node = team.link[node, AFTER]
    if size < 5:
        while team.cursor[1] > 0:
            pop(team.queue, team.queued, team.cursor)
        for k in range(size):
            team.place[team.tour[k]] = -1
        return
    walk = Walk(
        team.tour[:size],
        team.place,
        team.queue,
        team.queued,
        team.journal,
        team.cursor,
        team.sums,
        team.best,
        team.random,
        team.edges,
    )
    total = 0.0
    while team.cursor[1] > 0:
        city = pop(team.queue, team.queued, team.cursor)
        while True:
            team.cursor[2] = 0
            gain = deepen(space, walk, city)
            if gain == 0.0:
                break
            total += gain
    team.cursor[2] = 0
    if total > 0.0:
        last = team.tour[size - 1]
        last = depot if last == 0 else last
        for k in range(size):
            node = team.tour[k]
            node = depot if node == 0 else node
            team.link[last, AFTER] = node
            team.link[node, BEFORE] = last
            last = node
        _grow(team, r, -total)
    for k in range(size):
        team.place[team.tour[k]] = -1


@kernel
def _restore(team: Team) -> None:
    """Undo the step."""
    n, k = team.place.size, 0
    for t in range(team.count[TOUCHED]):
        r = team.touched[t]
        last = n + r
        for _ in range(np.int64(team.before[r, 1])):
            city = team.saved[k]
            k += 1
            team.owner[city] = r
            team.link[last, AFTER] = city
            team.link[city, BEFORE] = last
            team.dirty[city] = 0
            last = city
        team.link[last, AFTER] = n + r
        team.link[n + r, BEFORE] = last
        team.dirty[n + r] = 0
        team.length[r] = team.before[r, 0]
        team.size[r] = np.int64(team.before[r, 1])


@kernel
def _keep(team: Team) -> None:
    """Keep the plan if it is the best one."""
    longest = 0.0
    for r in range(team.length.size):
        longest = max(longest, team.length[r])
    team.sums[LONGEST] = longest
    if longest < team.sums[BEST]:
        team.sums[BEST] = longest
        for k in range(team.best.size):
            team.best[k] = team.link[k, AFTER]


@kernel
def shorten_all(space: Space, team: Team) -> None:
    """Shorten every tour, and keep the plan if it is the best one.

    Parameters
    ----------
    space, team
        Data and state.
    """
    team.dirty[:] = 1
    _measure(team)
    for r in range(team.length.size):
        _shorten(space, team, r)
    _keep(team)


@kernel
def search(
    space: Space, team: Team, steps: int, longest: int, heat: float, cooling: float
) -> None:
    """Ruin, recreate, shorten, and keep the result unless it is much worse.

    Parameters
    ----------
    space, team
        Data and state.
    steps : int
        How often.
    longest : int
        Longest string that is taken out.
    heat : float
        Heat of the first step, a length.
    cooling : float
        Each step is colder by a factor of ``exp(-cooling)``.
    """
    for step in range(steps):
        if team.count[STEP] % _FRESH == 0:
            _measure(team)
        team.count[STEP] += 1
        team.count[TOUCHED] = team.count[SAVED] = 0
        power = team.sums[POWER]
        _ruin(space, team, longest)
        _recreate(space, team)
        for t in range(team.count[TOUCHED]):
            _shorten(space, team, team.touched[t])
        chance = (1 + below(team.random, _FINE)) / _FINE
        worse = _norm(team, team.sums[POWER]) - _norm(team, power)
        if worse <= -heat * np.exp(-cooling * step) * np.log(chance):
            if worse < 0.0:
                _keep(team)
        else:
            _restore(team)
            team.sums[POWER] = power
