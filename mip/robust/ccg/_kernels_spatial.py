"""Branch and bound over boxes of scenarios, and integer reactions to whole boxes."""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from combkit.instances.kernels import kernel

__all__ = ["DONE", "ENDLESS", "FULL", "Boxes", "Recourse", "Set", "explore"]

#: Why `explore` returned: nothing is left, boxes are left, their table is full, there
#: is a scenario without a reaction.
DONE, LEFT, FULL, ENDLESS = range(4)


class Recourse(NamedTuple):
    """``min cost @ z`` of integers z between bounds, where ``matrix @ z >= rhs``.

    Everything but the bounds is affine in the scenario w: arrays ending in ``_by`` have
    the slopes, by coordinates of w first. ``rhs`` is less what counts as feasible.
    """

    cost: Any
    cost_by: Any
    constant: Any
    constant_by: Any
    matrix: Any
    matrix_by: Any
    rhs: Any
    rhs_by: Any
    lower: Any
    upper: Any


class Set(NamedTuple):
    """Scenarios: ``row_lower <= rows @ w <= row_upper``, in a box of some extent.

    ``anchor`` is one of them; ``integral`` marks coordinates that are whole.
    """

    rows: Any
    row_lower: Any
    row_upper: Any
    integral: Any
    extent: Any
    anchor: Any


class Boxes(NamedTuple):
    """Boxes in the order of a heap, those first whose bound is largest.

    ``reaction`` is the best one that is known for a box, ``bound`` what it costs there
    at most. ``counts`` are the boxes in the heap, the split ones and the free places of
    the table, which ``free`` lists. ``known`` are the largest cost of a scenario, the
    one in ``worst``, and the largest bound of boxes that were let go.
    """

    lower: Any
    upper: Any
    reaction: Any
    bound: Any
    heap: Any
    free: Any
    counts: Any
    known: Any
    worst: Any


@kernel
def _over(
    r: Recourse, center: Any, half: Any, cost: Any, matrix: Any, rhs: Any
) -> float:
    """Write the worst of each coefficient in a box; return that of the constant."""
    s, n = matrix.shape
    constant = r.constant[0]
    for j in range(n):
        cost[j] = r.cost[j]
    for i in range(s):
        rhs[i] = r.rhs[i]
        for j in range(n):
            matrix[i, j] = r.matrix[i, j]
    for k in range(center.size):
        m, h = center[k], half[k]
        constant += m * r.constant_by[k] + h * abs(r.constant_by[k])
        for j in range(n):
            cost[j] += m * r.cost_by[k, j] + h * abs(r.cost_by[k, j])
        for i in range(s):
            rhs[i] += m * r.rhs_by[k, i] + h * abs(r.rhs_by[k, i])
            for j in range(n):
                slope = r.matrix_by[k, i, j]
                if slope != 0.0:
                    matrix[i, j] += m * slope - h * abs(slope)
    return constant


@kernel
def _worth(cost: Any, matrix: Any, rhs: Any, z: Any) -> float:
    """Return what a reaction costs; infinite if a row does not hold."""
    for i in range(rhs.size):
        total = 0.0
        for j in range(z.size):
            total += matrix[i, j] * z[j]
        if total < rhs[i]:
            return np.inf
    value = 0.0
    for j in range(z.size):
        value += cost[j] * z[j]
    return value


@kernel
def _fill(order: Any, start: int, gain: Any, price: Any, need: float) -> float:
    """Return the least price of a gain, of parts of what is ordered by its ratio."""
    paid = 0.0
    for t in range(start, order.size):
        j = order[t]
        if gain[j] <= 0.0:
            break
        if gain[j] >= need:
            return paid + price[j] * need / gain[j]
        need -= gain[j]
        paid += price[j]
    return np.inf


@kernel(allocates=True)
def _react(
    cost: Any,
    matrix: Any,
    rhs: Any,
    lower: Any,
    upper: Any,
    z: Any,
    best: float,
    enough: float,
) -> float:
    """Find the best reaction; any one that costs no more than `enough` will do.

    Depth first, the variables in the order in which they mend the row that is hardest
    to hold; the bound is that row's relaxation. ``z``, with the cost ``best``, is
    replaced by what is better.
    """
    s, n = matrix.shape
    # What costs least where no row asks for more.
    away = np.empty(n)
    value = np.empty(n)
    base = 0.0
    for j in range(n):
        low = cost[j] >= 0.0
        value[j] = lower[j] if low else upper[j]
        away[j] = 1.0 if low else -1.0
        base += cost[j] * value[j]
    act = np.zeros((n + 1, s))
    hardest, most = -1, -1.0
    order = np.empty(n, dtype=np.int64)
    gain, price, ratio = np.zeros(n), np.zeros(n), np.empty(n)
    for j in range(n):
        price[j] = abs(cost[j]) * (upper[j] - lower[j])
    for i in range(s):
        for j in range(n):
            act[0, i] += matrix[i, j] * value[j]
        need = rhs[i] - act[0, i]
        if need <= 0.0:
            continue
        for j in range(n):
            gain[j] = max(0.0, away[j] * matrix[i, j] * (upper[j] - lower[j]))
            ratio[j] = price[j] / gain[j] if gain[j] > 0.0 else np.inf
        by_ratio = np.argsort(ratio)
        paid = _fill(by_ratio, 0, gain, price, need)
        if base + paid >= best:
            return best
        if paid > most:
            hardest, most = i, paid
            order[:] = by_ratio
    if hardest < 0:
        if base < best:
            z[:] = value
            best = base
        return best
    for j in range(n):
        step = away[j] * matrix[hardest, j] * (upper[j] - lower[j])
        gain[j] = max(0.0, step)
    # What later variables may still add to each row.
    rest = np.zeros((n + 1, s))
    for t in range(n - 1, -1, -1):
        j = order[t]
        for i in range(s):
            step = away[j] * matrix[i, j] * (upper[j] - lower[j])
            rest[t, i] = rest[t + 1, i] + max(0.0, step)
    moved = np.full(n, -1.0)  # steps away that are tried now; -1: none yet
    spent = np.zeros(n + 1)
    spent[0] = base
    t = 0
    while t >= 0:
        fresh = t == n or moved[t] < 0.0
        if fresh:
            holds, dead = True, False
            for i in range(s):
                if act[t, i] < rhs[i]:
                    holds = False
                    if act[t, i] + rest[t, i] < rhs[i]:
                        dead = True
                        break
            if not dead and not holds:
                need = rhs[hardest] - act[t, hardest]
                bound = spent[t]
                if need > 0.0:
                    bound += _fill(order, t, gain, price, need)
                dead = bound >= best
            if holds and spent[t] < best:
                best = spent[t]
                for u in range(n):
                    k = order[u]
                    z[k] = value[k] + (away[k] * moved[u] if u < t else 0.0)
                if best <= enough:
                    return best
            if dead or holds or t == n:
                t -= 1
                continue
            j = order[t]
            moved[t] = upper[j] - lower[j]
        else:
            moved[t] -= 1.0
            if moved[t] < 0.0:
                t -= 1
                continue
        j = order[t]
        for i in range(s):
            act[t + 1, i] = act[t, i] + away[j] * matrix[i, j] * moved[t]
        spent[t + 1] = spent[t] + abs(cost[j]) * moved[t]
        t += 1
        if t < n:
            moved[t] = -1.0
    return best


@kernel
def _sink(heap: Any, bound: Any, size: int) -> None:
    """Move the first entry down to its place."""
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            return
        if child + 1 < size and bound[heap[child + 1]] > bound[heap[child]]:
            child += 1
        if bound[heap[child]] <= bound[heap[place]]:
            return
        heap[child], heap[place] = heap[place], heap[child]
        place = child


@kernel
def _push(heap: Any, bound: Any, size: int, box: int) -> None:
    """Put a box where it belongs."""
    place = size
    heap[place] = box
    while place > 0:
        parent = (place - 1) // 2
        if bound[heap[parent]] >= bound[heap[place]]:
            return
        heap[parent], heap[place] = heap[place], heap[parent]
        place = parent


@kernel
def _outside(w: Set, center: Any, half: Any) -> bool:
    """Return whether no scenario of a box satisfies the rows of the set."""
    for i in range(w.row_lower.size):
        middle, reach = 0.0, 0.0
        for k in range(center.size):
            middle += w.rows[i, k] * center[k]
            reach += abs(w.rows[i, k]) * half[k]
        slack = 1e-9 * max(1.0, reach)
        if middle + reach < w.row_lower[i] - slack:
            return True
        if middle - reach > w.row_upper[i] + slack:
            return True
    return False


@kernel
def _into(w: Set, point: Any) -> bool:
    """Draw a point towards the anchor until it is in the set; whether it is."""
    part = 1.0
    for i in range(w.row_lower.size):
        at, start = 0.0, 0.0
        for k in range(point.size):
            at += w.rows[i, k] * point[k]
            start += w.rows[i, k] * w.anchor[k]
        if at > w.row_upper[i]:
            part = min(part, (w.row_upper[i] - start) / (at - start))
        elif at < w.row_lower[i]:
            part = min(part, (w.row_lower[i] - start) / (at - start))
    if part < 1.0:
        for k in range(point.size):
            if w.integral[k]:
                return False
            point[k] = w.anchor[k] + max(0.0, part) * (point[k] - w.anchor[k])
    return True


@kernel
def _highest(
    w: Set, center: Any, half: Any, value: float, slopes: Any, sorted_: Any
) -> float:
    """Return no less than an affine function is in a box of the set.

    Parameters
    ----------
    w : Set
        The set, whose rows are looked at one by one.
    center, half : ndarray of float64, shape (q,)
        The box.
    value : float
        What the function is in the center.
    slopes : ndarray of float64, shape (q,)
        Its slopes.
    sorted_ : ndarray of float64, shape (q, 2)
        Room.
    """
    q = slopes.size
    top = value
    for k in range(q):
        top += abs(slopes[k]) * half[k]
    least = top
    for i in range(w.row_lower.size):
        for side in range(2):
            # From the best corner back to where the row holds, the cheapest way.
            sign = 1.0 if side == 0 else -1.0
            need = -w.row_upper[i] if side == 0 else w.row_lower[i]
            count = 0
            for k in range(q):
                slope = sign * w.rows[i, k]
                corner = center[k] + (half[k] if slopes[k] >= 0.0 else -half[k])
                need += slope * corner
                back = -1.0 if slopes[k] >= 0.0 else 1.0
                gain = -slope * back * 2.0 * half[k]
                if gain <= 0.0:
                    continue
                price = abs(slopes[k]) * 2.0 * half[k]
                place = count
                while (
                    place > 0
                    and sorted_[place - 1, 0] * gain > price * (sorted_[place - 1, 1])
                ):
                    sorted_[place, 0] = sorted_[place - 1, 0]
                    sorted_[place, 1] = sorted_[place - 1, 1]
                    place -= 1
                sorted_[place, 0], sorted_[place, 1] = price, gain
                count += 1
            if not need > 0.0:
                continue
            high = top
            for t in range(count):
                part = min(1.0, need / sorted_[t, 1])
                high -= part * sorted_[t, 0]
                need -= part * sorted_[t, 1]
                if need <= 0.0:
                    break
            least = min(least, high)
    return least


@kernel
def _at_most(
    r: Recourse, w: Set, center: Any, half: Any, z: Any, slopes: Any, sorted_: Any
) -> float:
    """Return what a reaction costs at most in a box; infinite if it may not do."""
    s, n = r.matrix.shape
    q = center.size
    for i in range(s):
        lack = r.rhs[i]
        for j in range(n):
            lack -= r.matrix[i, j] * z[j]
        for k in range(q):
            slope = r.rhs_by[k, i]
            for j in range(n):
                slope -= r.matrix_by[k, i, j] * z[j]
            slopes[k] = slope
            lack += slope * center[k]
        if _highest(w, center, half, lack, slopes, sorted_) > 0.0:
            return np.inf
    value = r.constant[0]
    for j in range(n):
        value += r.cost[j] * z[j]
    for k in range(q):
        slope = r.constant_by[k]
        for j in range(n):
            slope += r.cost_by[k, j] * z[j]
        slopes[k] = slope
        value += slope * center[k]
    return _highest(w, center, half, value, slopes, sorted_)


@kernel
def _halved(box: Any, lower: Any, upper: Any, integral: Any, extent: Any) -> int:
    """Return along which coordinate a box is split; -1 if it is too small."""
    widest, most = -1, 1e-7
    for k in range(extent.size):
        width = upper[box, k] - lower[box, k]
        if integral[k] and width < 0.5:
            continue
        if extent[k] > 0.0 and width / extent[k] > most:
            widest, most = k, width / extent[k]
    return widest


@kernel(allocates=True)
def explore(r: Recourse, w: Set, boxes: Boxes, width: float, budget: int) -> int:
    """Split the boxes whose bounds are largest; return why it ended.

    Parameters
    ----------
    r : Recourse
        What reacts.
    w : Set
        The scenarios.
    boxes : Boxes
        What is left to look at, changed.
    width : float
        Bounds need not be closer than that, relative above 1.
    budget : int
        Most boxes to split now.
    """
    counts, known, heap, bound = boxes.counts, boxes.known, boxes.heap, boxes.bound
    (s, n), q = r.matrix.shape, w.extent.size
    cost, matrix, rhs = np.empty(n), np.empty((s, n)), np.empty(s)
    slopes, sorted_ = np.empty(q), np.empty((q, 2))
    z, other, point, none = np.empty(n), np.empty(n), np.empty(q), np.zeros(q)
    low, high = np.empty((2, q)), np.empty((2, q))
    for _ in range(budget):
        if counts[0] == 0:
            return DONE
        box = heap[0]
        if bound[box] <= known[0] + width * max(1.0, abs(known[0])):
            return DONE
        if counts[2] < 2:
            return FULL
        top = bound[box]
        counts[0] -= 1
        heap[0] = heap[counts[0]]
        _sink(heap, bound, counts[0])
        counts[1] += 1
        k = _halved(box, boxes.lower, boxes.upper, w.integral, w.extent)
        center = (boxes.lower[box] + boxes.upper[box]) / 2
        for j in range(q):
            if w.integral[j]:
                center[j] = np.floor(center[j] + 1e-9)
        inherited = boxes.reaction[box].copy()
        other[:] = inherited
        point[:] = center
        if _into(w, point):
            constant = _over(r, point, none, cost, matrix, rhs)
            value = _worth(cost, matrix, rhs, other)
            enough = known[0] - constant
            if value > enough:
                value = _react(
                    cost, matrix, rhs, r.lower, r.upper, other, value, enough
                )
            if value + constant > known[0]:
                known[0] = value + constant
                boxes.worst[:] = point
                if value == np.inf:
                    return ENDLESS
        boxes.free[counts[2]] = box
        counts[2] += 1
        if k < 0:
            known[1] = max(known[1], top)
            continue
        for side in range(2):
            low[side] = boxes.lower[box]
            high[side] = boxes.upper[box]
        high[0, k] = center[k]
        low[1, k] = center[k] + 1.0 if w.integral[k] else center[k]
        threshold = known[0] + width * max(1.0, abs(known[0]))
        for side in range(2):
            middle = (low[side] + high[side]) / 2
            half = (high[side] - low[side]) / 2
            if _outside(w, middle, half):
                continue
            z[:] = inherited
            upper = min(top, _at_most(r, w, middle, half, z, slopes, sorted_))
            if upper > threshold:
                new = _at_most(r, w, middle, half, other, slopes, sorted_)
                if new < upper:
                    z[:] = other
                    upper = new
            if upper > threshold:
                constant = _over(r, middle, half, cost, matrix, rhs)
                value = upper - constant
                found = _react(
                    cost,
                    matrix,
                    rhs,
                    r.lower,
                    r.upper,
                    z,
                    value,
                    threshold - constant,
                )
                if found < value:
                    upper = _at_most(r, w, middle, half, z, slopes, sorted_)
                    # Rounding may see a row broken that the search saw hold.
                    upper = min(upper, found + constant)
            if upper <= threshold:
                known[1] = max(known[1], upper)
                continue
            counts[2] -= 1
            place = boxes.free[counts[2]]
            boxes.lower[place] = low[side]
            boxes.upper[place] = high[side]
            boxes.reaction[place] = z
            bound[place] = upper
            _push(heap, bound, counts[0], place)
            counts[0] += 1
    return LEFT
