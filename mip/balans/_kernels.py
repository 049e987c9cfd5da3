"""Numba kernels: the weighted local search, and communities of variables.

In the local search single variables jump.

A violated row names the jumps that would mend it; a feasible point is lifted
towards a better objective. A jump is scored by the weights of the rows that it
mends, breaks, or moves the right or the wrong way, and by the objective's weight.
At a local optimum the weights of what is violated grow.
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from combkit.instances.kernels import kernel

__all__ = ["Model", "Walk", "communities", "measure", "walk"]

#: Slack of rows, relative above 1.
_SLACK = 1e-7
#: Violated rows and entries of each that are looked at for one jump.
_ROWS, _ENTRIES = 6, 24
#: Columns with a cost that are looked at for one jump.
_COSTS = 24
#: Chance of forgetting weights at a local optimum.
_FORGET = 0.002


class Model(NamedTuple):
    """A minimisation.

    Attributes
    ----------
    row_start, row_col, row_value : ndarray
        Its rows in CSR form.
    col_start, col_row, col_value : ndarray
        The same in CSC form.
    row_lower, row_upper : ndarray, shape (m,), float64
        Row bounds.
    lower, upper : ndarray, shape (n,), float64
        Bounds of the variables.
    integer : ndarray, shape (n,), bool
        Which are integer.
    costs : ndarray, shape (n,), float64
        Objective.
    priced : ndarray, shape (k,), int64
        Columns with a cost whose bounds differ, without followers.
    follower : ndarray, shape (m,), int64
        The column of each row that follows from the others there, or -1. It is
        in no other row, and an integer among integers.
    follower_value : ndarray, shape (m,), float64
        Its entry.
    """

    row_start: Any
    row_col: Any
    row_value: Any
    col_start: Any
    col_row: Any
    col_value: Any
    row_lower: Any
    row_upper: Any
    lower: Any
    upper: Any
    integer: Any
    costs: Any
    priced: Any
    follower: Any
    follower_value: Any


class Walk(NamedTuple):
    """The state of a search, all of it arrays that the kernels change.

    Attributes
    ----------
    x, best : ndarray, shape (n,), float64
        The point, and the best feasible one.
    activity, weight : ndarray, shape (m,), float64
        Of the rows.
    violated, place : ndarray, shape (m,), int64
        The violated rows, the first ``count[0]`` of them, and where each stands
        there, -1 where it does not.
    count : ndarray, shape (2,), int64
        Number of violated rows; steps done.
    tabu : ndarray, shape (n, 2), int64
        Step until which a variable must not go down or up.
    value : ndarray, shape (4,), float64
        Objective of the point, of the best one, the objective's weight, and what
        an improvement has to gain.
    random : ndarray, shape (1,), uint64
        State of the random numbers.
    """

    x: Any
    best: Any
    activity: Any
    weight: Any
    violated: Any
    place: Any
    count: Any
    tabu: Any
    value: Any
    random: Any


@kernel
def _draw(random: Any, below: int) -> int:
    """Return a random integer in [0, below) (xorshift64*)."""
    state = random[0]
    state ^= state >> np.uint64(12)
    state ^= state << np.uint64(25)
    state ^= state >> np.uint64(27)
    random[0] = state
    mixed = (state * np.uint64(2685821657736338717)) >> np.uint64(33)
    return np.int64(mixed) % below


@kernel
def _excess(model: Model, i: int, activity: float) -> float:
    """Return by how much a row is above (> 0) or below (< 0) its bounds."""
    upper, lower = model.row_upper[i], model.row_lower[i]
    if activity > upper + _SLACK * max(1.0, abs(upper)):
        return activity - upper
    if activity < lower - _SLACK * max(1.0, abs(lower)):
        return activity - lower
    return 0.0


@kernel
def measure(model: Model, walk: Walk) -> None:
    """Compute activities, the violated rows and the objective anew."""
    walk.count[0] = 0
    for i in range(walk.activity.size):
        total = 0.0
        for k in range(model.row_start[i], model.row_start[i + 1]):
            total += model.row_value[k] * walk.x[model.row_col[k]]
        walk.activity[i] = total
        walk.place[i] = -1
        if _excess(model, i, total) != 0.0:
            walk.place[i] = walk.count[0]
            walk.violated[walk.count[0]] = i
            walk.count[0] += 1
    total = 0.0
    for j in range(walk.x.size):
        total += model.costs[j] * walk.x[j]
    walk.value[0] = total


@kernel
def _followed(model: Model, walk: Walk, i: int, activity: float) -> float:
    """Return the step of a row's follower that mends the row, else saves costs."""
    f, a = model.follower[i], model.follower_value[i]
    cost = model.costs[f]
    # Where it wants to be by its own costs, and where the row lets it.
    low, high = model.lower[f] - walk.x[f], model.upper[f] - walk.x[f]
    least, most = model.row_lower[i] - activity, model.row_upper[i] - activity
    if a < 0:
        least, most = most, least
    low = max(low, np.ceil(least / a - 1e-6))
    high = min(high, np.floor(most / a + 1e-6))
    if low > high:
        # Nothing mends the row: as near as the bounds let it.
        near = low if low > model.upper[f] - walk.x[f] else high
        return min(max(near, model.lower[f] - walk.x[f]), model.upper[f] - walk.x[f])
    wanted = 0.0
    if cost > 0:
        wanted = low
    elif cost < 0:
        wanted = high
    if not abs(wanted) < 1e15:
        wanted = 0.0
    return min(max(wanted, low), high)


@kernel
def _score(model: Model, walk: Walk, j: int, step: float) -> float:
    """Return what a jump is worth, followers following."""
    total = 0.0
    change = model.costs[j] * step
    for k in range(model.col_start[j], model.col_start[j + 1]):
        i = model.col_row[k]
        now = walk.activity[i]
        before = _excess(model, i, now)
        then = now + model.col_value[k] * step
        f = model.follower[i]
        if f >= 0 and f != j:
            follows = _followed(model, walk, i, then)
            then += model.follower_value[i] * follows
            change += model.costs[f] * follows
        after = _excess(model, i, then)
        if before == 0.0:
            if after != 0.0:
                total -= walk.weight[i]
        elif after == 0.0:
            total += walk.weight[i]
        elif abs(after) < abs(before):
            total += 0.5 * walk.weight[i]
        else:
            total -= 0.5 * walk.weight[i]
    if change != 0.0:
        if change < 0.0:
            total += walk.value[2]
        else:
            total -= walk.value[2]
        if walk.value[1] < np.inf:
            goal = walk.value[1] - walk.value[3]
            if walk.value[0] + change <= goal and walk.value[0] > goal:
                total += walk.value[2]
    # Among equals the cheaper one.
    return total - 1e-3 * change / (abs(change) + walk.value[3] + 1e-9)


@kernel
def _move(model: Model, walk: Walk, j: int, step: float) -> None:
    """Change a variable's value and what it costs."""
    walk.x[j] += step
    if model.integer[j]:
        walk.x[j] = np.round(walk.x[j])
    walk.value[0] += model.costs[j] * step


@kernel
def _jump(model: Model, walk: Walk, j: int, step: float) -> None:
    """Move a variable, and what follows from it."""
    _move(model, walk, j, step)
    for k in range(model.col_start[j], model.col_start[j + 1]):
        i = model.col_row[k]
        walk.activity[i] += model.col_value[k] * step
        f = model.follower[i]
        if f >= 0 and f != j:
            follows = _followed(model, walk, i, walk.activity[i])
            if follows != 0.0:
                _move(model, walk, f, follows)
                walk.activity[i] += model.follower_value[i] * follows
        bad = _excess(model, i, walk.activity[i]) != 0.0
        if bad and walk.place[i] < 0:
            walk.place[i] = walk.count[0]
            walk.violated[walk.count[0]] = i
            walk.count[0] += 1
        elif not bad and walk.place[i] >= 0:
            walk.count[0] -= 1
            last = walk.violated[walk.count[0]]
            walk.violated[walk.place[i]] = last
            walk.place[last] = walk.place[i]
            walk.place[i] = -1
    side = 0 if step > 0 else 1  # the way back
    walk.tabu[j, side] = walk.count[1] + 4 + _draw(walk.random, 10)


@kernel
def _clipped(model: Model, walk: Walk, j: int, wanted: float) -> float:
    """Return a step cut to the bounds and, for integers, to a whole number."""
    if model.integer[j]:
        wanted = np.ceil(wanted - 1e-6) if wanted > 0 else np.floor(wanted + 1e-6)
    new = min(max(walk.x[j] + wanted, model.lower[j]), model.upper[j])
    return new - walk.x[j]


@kernel
def _room(model: Model, walk: Walk, j: int) -> float:
    """Return the longest step that improves the objective and breaks no row."""
    down = model.costs[j] > 0
    room = walk.x[j] - model.lower[j] if down else model.upper[j] - walk.x[j]
    for k in range(model.col_start[j], model.col_start[j + 1]):
        if room <= 1e-9:
            return 0.0
        i = model.col_row[k]
        slope = -model.col_value[k] if down else model.col_value[k]
        now = walk.activity[i]
        if slope > 0:
            if model.row_upper[i] < np.inf:
                room = min(room, max(0.0, (model.row_upper[i] - now) / slope))
        elif model.row_lower[i] > -np.inf:
            room = min(room, max(0.0, (model.row_lower[i] - now) / slope))
    if model.integer[j]:
        room = np.floor(room + 1e-6)
    if not room < 1e15:
        return 0.0
    return -room if down else room


@kernel
def _lift(model: Model, walk: Walk) -> bool:
    """Improve a feasible point by one variable, if one can."""
    size = model.priced.size
    if size == 0:
        return False
    first = _draw(walk.random, size)
    for k in range(size):
        j = model.priced[(first + k) % size]
        step = _room(model, walk, j)
        if abs(step) > 1e-9:
            _jump(model, walk, j, step)
            return True
    return False


@kernel
def walk(model: Model, walk: Walk, steps: int) -> None:
    """Do a number of jumps; the best feasible point is kept.

    Parameters
    ----------
    model : Model
        The model.
    walk : Walk
        The state, measured.
    steps : int
        Jumps, or tries of one.
    """
    inf = np.inf
    for _ in range(steps):
        walk.count[1] += 1
        count = walk.count[0]
        feasible = count == 0
        if feasible:
            if walk.value[0] < walk.value[1] - 1e-9 * max(1.0, abs(walk.value[0])):
                walk.value[1] = walk.value[0]
                for j in range(walk.x.size):
                    walk.best[j] = walk.x[j]
            if _lift(model, walk):
                continue
        best, best_j, best_step = -inf, -1, 0.0
        # Jumps that mend violated rows.
        rows = min(count, _ROWS)
        for _r in range(rows):
            i = walk.violated[_draw(walk.random, count)]
            start = model.row_start[i]
            length = model.row_start[i + 1] - start
            tries = min(length, _ENTRIES)
            offset = _draw(walk.random, length) if length > tries else 0
            need = -_excess(model, i, walk.activity[i])
            for t in range(tries):
                k = start + (offset + t) % length
                j = model.row_col[k]
                step = _clipped(model, walk, j, need / model.row_value[k])
                if step == 0.0 or not abs(step) < 1e15:
                    continue
                if walk.tabu[j, 1 if step > 0 else 0] > walk.count[1]:
                    continue
                score = _score(model, walk, j, step)
                if score > best:
                    best, best_j, best_step = score, j, step
        # Jumps that improve the objective, once there is something to beat.
        if walk.value[1] < inf and model.priced.size > 0:
            goal = walk.value[1] - walk.value[3]
            if walk.value[0] > goal:
                for _t in range(_COSTS):
                    j = model.priced[_draw(walk.random, model.priced.size)]
                    wanted = (goal - walk.value[0]) / model.costs[j]
                    step = _clipped(model, walk, j, wanted)
                    if step == 0.0 or not abs(step) < 1e15:
                        continue
                    if walk.tabu[j, 1 if step > 0 else 0] > walk.count[1]:
                        continue
                    score = _score(model, walk, j, step)
                    if score > best:
                        best, best_j, best_step = score, j, step
        if best <= 0.0:
            for p in range(count):
                walk.weight[walk.violated[p]] += 1.0
            if feasible:
                walk.value[2] += 1.0
            if _draw(walk.random, 1000000) < 1000000 * _FORGET:
                for i in range(walk.weight.size):
                    if walk.weight[i] > 1.0 and walk.place[i] < 0:
                        walk.weight[i] -= 1.0
                if walk.value[2] > 1.0 and not feasible:
                    walk.value[2] -= 1.0
        if best_j >= 0:
            _jump(model, walk, best_j, best_step)


@kernel
def communities(
    row_start: Any,
    row_col: Any,
    col_start: Any,
    col_row: Any,
    order: Any,
    label: Any,
    row_label: Any,
    weight: Any,
    rounds: int,
) -> None:
    """Give each column a label: those that share many rows share one.

    Labels spread over the bipartite graph of rows and columns [1]: a row takes
    the label of most of its columns, a column that of most of its rows, short
    rows counting more.

    Parameters
    ----------
    row_start, row_col, col_start, col_row : ndarray of int64
        The pattern of the matrix by rows and by columns.
    order : ndarray of int64, shape (n,)
        In which columns choose.
    label, row_label : ndarray of int64, shapes (n,), (m,)
        The labels; columns start with their own numbers.
    weight : ndarray of float64, shape (n,)
        Zeros, to work with.
    rounds : int
        Rounds at most.

    References
    ----------
    .. [1] U. N. Raghavan, R. Albert and S. Kumara, Near linear time algorithm to
       detect community structures, Phys. Rev. E 76 (2007).
       doi:10.1103/PhysRevE.76.036106
    """
    for _ in range(rounds):
        for i in range(row_label.size):
            best = np.int64(-1)
            for k in range(row_start[i], row_start[i + 1]):
                mine = label[row_col[k]]
                weight[mine] += 1.0
                if best < 0 or weight[mine] > weight[best]:
                    best = mine
            row_label[i] = best
            for k in range(row_start[i], row_start[i + 1]):
                weight[label[row_col[k]]] = 0.0
        moved = 0
        for t in range(order.size):
            j = order[t]
            best = label[j]
            for k in range(col_start[j], col_start[j + 1]):
                i = col_row[k]
                mine = row_label[i]
                weight[mine] += 1.0 / (row_start[i + 1] - row_start[i])
                if weight[mine] > weight[best]:
                    best = mine
            for k in range(col_start[j], col_start[j + 1]):
                weight[row_label[col_row[k]]] = 0.0
            if best != label[j]:
                label[j] = best
                moved += 1
        if moved == 0:
            break
