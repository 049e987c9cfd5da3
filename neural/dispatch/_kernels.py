"""Numba kernels: one schedule built by the learned rule, or by fixed priorities.

The same construction and the same features as ``environment``, for a single
problem; what the environment does on tensors of all modes is done here on the
ready tasks alone, and forced steps cost no look at the network.
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from combkit.instances.kernels import kernel

__all__ = ["N_FEATURES", "Head", "Tables", "Tree", "construct"]

N_FEATURES = 28

#: Scale of squashed time differences, as in ``environment``.
_SQUASH = 4.0


class Tables(NamedTuple):
    """A problem: arrays of ``Batch`` for one instance, without the batch axis.

    Attributes
    ----------
    units : int
        Largest capacity: slots of a resource in the row of units.
    """

    units: Any
    capacity: Any
    task_of: Any
    duration: Any
    resource: Any
    demand: Any
    slot: Any
    share: Any
    main: Any
    fill: Any
    words: Any
    shortest: Any
    tail: Any
    steps: Any
    successors: Any
    indegree: Any
    siblings: Any
    chain: Any
    load: Any
    unit: Any
    horizon: Any


class Head(NamedTuple):
    """The head of the network; matrices are (inputs, outputs), float32.

    Attributes
    ----------
    static : ndarray, shape (m + 1, h)
        What the encoder gives of each mode.
    """

    static: Any
    dynamic: Any
    own: Any
    own_bias: Any
    mean: Any
    peak: Any
    last: Any
    last_bias: Any
    score: Any
    skip: Any


class Tree(NamedTuple):
    """The choices of schedules drawn before, so that none is drawn again [1]_.

    A node is a row of choices, the root the empty one; ``child`` and ``sibling``
    link those drawn so far, 0 ends a list.

    Attributes
    ----------
    child, sibling : ndarray, shape (k,), int64
        First child of each node, and the next child of its parent.
    place : ndarray, shape (k,), int64
        Place of the choice among the candidates of its step.
    left : ndarray, shape (k,), float64
        Chance that a schedule drawn from there on is a new one.
    size : ndarray, shape (1,), int64
        Nodes in use. Where there is no room for another, draws may be repeated.

    References
    ----------
    .. [1] K. Shi, D. Bieber, C. Sutton, "Incremental sampling without replacement
       for sequence models", ICML 2020. https://arxiv.org/abs/2002.09067
    """

    child: Any
    sibling: Any
    place: Any
    left: Any
    size: Any


#: Chances below are taken for zero, which rounding would keep them from.
_NEGLIGIBLE = 1e-12


class _State(NamedTuple):
    """A schedule under construction.

    Attributes
    ----------
    ready : ndarray, shape (n + 1,), float64
        Latest end of the predecessors of each task.
    indegree : ndarray, shape (n + 1,), int64
        Predecessors not yet scheduled.
    units : ndarray, shape ((r + 1) * c,), float64
        When each unit is free, ascending in each resource.
    available : ndarray, shape (r + 1,), float64
        Mean of the units of each resource.
    load : ndarray, shape (r + 1,), float64
        Expected load of the tasks not scheduled.
    open : ndarray, shape (n,), int64
        Ready tasks, the first ``count[0]`` entries.
    count : ndarray, shape (3,), int64
        Numbers of ready, of scheduled and of all tasks.
    bounds : ndarray, shape (3,), float64
        Makespan so far, longest chain through a scheduled task, first possible
        end of the step.
    mode, start : ndarray, shape (width,)
        Candidates of the step and their starts.
    """

    ready: Any
    indegree: Any
    units: Any
    available: Any
    load: Any
    open: Any
    count: Any
    bounds: Any
    mode: Any
    start: Any


@kernel(allocates=True)
def _begin(tables: Tables, width: int, tasks: int) -> _State:
    """Return the empty schedule."""
    n = tables.tail.shape[0] - 1
    r = tables.load.shape[0]
    state = _State(
        np.zeros(n + 1),
        tables.indegree.copy(),
        np.zeros(r * tables.units),
        np.zeros(r),
        tables.load.astype(np.float64),
        np.empty(n, np.int64),
        np.array([0, 0, tasks]),
        np.zeros(3),
        np.empty(width, np.int64),
        np.empty(width, np.float64),
    )
    for k in range(r - 1):
        for i in range(tables.capacity[k], tables.units):
            state.units[k * tables.units + i] = np.inf
    for t in range(n):
        state.bounds[1] = max(state.bounds[1], tables.shortest[t] + tables.tail[t])
        if state.indegree[t] == 0:
            state.open[state.count[0]] = t
            state.count[0] += 1
    return state


@kernel(allocates=True)
def _free(tables: Tables, state: _State, mode: int) -> float:
    """Return when the resources allow a mode."""
    free = 0.0
    for j in range(tables.slot.shape[1]):
        free = max(free, state.units[tables.slot[mode, j]])
    return free


@kernel(allocates=True)
def _start(tables: Tables, state: _State, mode: int) -> float:
    """Return the earliest start of a mode."""
    return max(state.ready[tables.task_of[mode]], _free(tables, state, mode))


@kernel(allocates=True)
def _candidates(tables: Tables, state: _State) -> int:
    """Find the candidates of the step, in ascending order, and return how many."""
    none = tables.task_of.shape[0] - 1
    first, star = np.inf, none
    for i in range(state.count[0]):
        for o in range(tables.siblings.shape[1]):
            mode = tables.siblings[state.open[i], o]
            if mode == none:
                break
            end = _start(tables, state, mode) + tables.duration[mode]
            if end < first or (end == first and mode < star):
                first, star = end, mode
    state.bounds[2] = first
    width = state.mode.shape[0]
    count = 0
    for i in range(state.count[0]):
        for o in range(tables.siblings.shape[1]):
            mode = tables.siblings[state.open[i], o]
            if mode == none:
                break
            clash = mode == star
            for w in range(tables.words.shape[1]):
                clash |= (tables.words[mode, w] & tables.words[star, w]) != 0
            if not clash:
                continue
            start = _start(tables, state, mode)
            if start >= first and start + tables.duration[mode] > first:
                continue
            place = count
            while place > 0 and state.mode[place - 1] > mode:
                place -= 1
            if place == width:
                continue
            last = min(count, width - 1)
            for k in range(last, place, -1):
                state.mode[k] = state.mode[k - 1]
                state.start[k] = state.start[k - 1]
            state.mode[place], state.start[place] = mode, start
            count = min(count + 1, width)
    return count


@kernel(allocates=True)
def _apply(tables: Tables, state: _State, mode: int, start: float) -> None:
    """Schedule a mode at its earliest start."""
    n = tables.tail.shape[0] - 1
    c = tables.units
    task = tables.task_of[mode]
    end = start + tables.duration[mode]
    for i in range(state.count[0]):
        if state.open[i] == task:
            state.count[0] -= 1
            state.open[i] = state.open[state.count[0]]
            break
    for i in range(tables.successors.shape[1]):
        after = tables.successors[task, i]
        if after == n:
            break
        state.ready[after] = max(state.ready[after], end)
        state.indegree[after] -= 1
        if state.indegree[after] == 0:
            state.open[state.count[0]] = after
            state.count[0] += 1
    for j in range(tables.resource.shape[1]):
        need = tables.demand[mode, j]
        if need == 0:
            continue
        k = tables.resource[mode, j]
        row = state.units[k * c : (k + 1) * c]
        free = 0
        while free < c and row[free] <= start:
            free += 1
        # The units that became free last are taken, the others move up.
        place = free - need
        while place + need < c and row[place + need] <= end:
            row[place] = row[place + need]
            place += 1
        for i in range(place, place + need):
            row[i] = end
        total = 0.0
        for i in range(tables.capacity[k]):
            total += row[i]
        state.available[k] = total / tables.capacity[k]
    for o in range(tables.siblings.shape[1]):
        other = tables.siblings[task, o]
        for j in range(tables.resource.shape[1]):
            state.load[tables.resource[other, j]] -= tables.share[other, j]
    state.bounds[0] = max(state.bounds[0], end)
    state.bounds[1] = max(state.bounds[1], end + tables.tail[task])
    state.count[1] += 1


@kernel(allocates=True)
def _squash(value: float) -> float:
    return value / (1.0 + abs(value) / _SQUASH)


@kernel(allocates=True)
def _features(tables: Tables, state: _State, count: int, out: Any) -> None:
    """Write the features of the candidates, (count, N_FEATURES)."""
    none = tables.task_of.shape[0] - 1
    bound, busiest = state.bounds[1], 1e-6
    for k in range(state.load.shape[0]):
        bound = max(bound, state.available[k] + state.load[k])
        busiest = max(busiest, state.load[k])
    now, most_tail, most_steps = np.inf, 1e-6, 1.0
    top_rest, next_rest, top_end, next_end = -np.inf, -np.inf, np.inf, np.inf
    for i in range(count):
        mode, start = state.mode[i], state.start[i]
        task = tables.task_of[mode]
        rest = tables.duration[mode] + tables.tail[task]
        end = start + tables.duration[mode]
        bound, now = max(bound, start + rest), min(now, start)
        most_tail = max(most_tail, tables.tail[task])
        most_steps = max(most_steps, tables.steps[task])
        if rest > top_rest:
            top_rest, next_rest = rest, top_rest
        elif rest > next_rest:
            next_rest = rest
        if end < top_end:
            top_end, next_end = end, top_end
        elif end < next_end:
            next_end = end
    rivals = max(count - 1, 1)
    span = max(bound - now, 1e-6)
    for i in range(count):
        mode, start = state.mode[i], state.start[i]
        task, main = tables.task_of[mode], tables.main[mode]
        duration, tail = float(tables.duration[mode]), float(tables.tail[task])
        end, rest = start + duration, duration + tail
        work = state.load[main]
        following, later = tables.chain[task, 0], tables.chain[task, 1]
        delay, more_rest, more_work = 0.0, 0, 0
        for k in range(count):
            rival = state.mode[k]
            p = tables.duration[rival]
            more_rest += p + tables.tail[tables.task_of[rival]] > rest
            more_work += p > duration
            if k != i:
                delay += max(0.0, end - state.start[k])
        best = end
        for o in range(tables.siblings.shape[1]):
            other = tables.siblings[task, o]
            if other != none:
                ends = _start(tables, state, other) + tables.duration[other]
                best = min(best, ends)
        unit = tables.unit
        row = out[i]
        row[0] = _squash((start - now) / unit)
        row[1] = _squash((end - state.bounds[2]) / unit)
        row[2] = _squash(duration / unit)
        row[3] = _squash((bound - start - rest) / unit)
        row[4] = _squash((start - state.ready[task]) / unit)
        row[5] = _squash((start - _free(tables, state, mode)) / unit)
        row[6] = _squash((bound - state.available[main] - work) / unit)
        row[7] = _squash((_free(tables, state, following) - end) / unit)
        until = end + tables.duration[following]
        row[8] = _squash((_free(tables, state, later) - until) / unit)
        row[9], row[10] = 0.0, 0.0
        if count > 1:
            longest = next_rest if rest == top_rest else top_rest
            earliest = next_end if end == top_end else top_end
            row[9] = _squash((end + longest - bound) / unit)
            row[10] = _squash((earliest + rest - bound) / unit)
        row[11] = _squash(delay / rivals / unit)
        row[12] = _squash((end - best) / unit)
        row[13] = tail / tables.horizon
        row[14] = tail / most_tail
        row[15] = tables.steps[task] / most_steps
        row[16] = work / busiest
        row[17] = state.load[tables.main[following]] / busiest
        row[18] = state.load[tables.main[later]] / busiest
        row[19] = more_rest / rivals
        row[20] = more_work / rivals
        row[21] = np.log(count) / 3.0
        row[22] = state.count[1] / state.count[2]
        share = 0.0
        for j in range(tables.share.shape[1]):
            share += tables.share[mode, j]
        row[23] = share / max(work, 1e-6)
        slower = duration / max(tables.shortest[task], 1.0) - 1.0
        row[24] = min(slower, 4.0)
        row[25] = tables.fill[mode]
        row[26] = rest / span
        row[27] = work / span


@kernel(allocates=True)
def _affine(x: Any, matrix: Any, out: Any) -> None:
    """Add a row times a matrix; zeros, frequent after a ReLU, are skipped."""
    for i in range(matrix.shape[0]):
        value = x[i]
        if value != 0.0:
            for j in range(matrix.shape[1]):
                out[j] += value * matrix[i, j]


@kernel(allocates=True)
def _logits(head: Head, state: _State, count: int, features: Any, work: Any) -> None:
    """Write the logits of the candidates to the first column of ``work[2]``.

    ``work`` is scratch of shape (3, width + 2, h).
    """
    h = head.static.shape[1]
    x, y, z = work[0], work[1], work[2]
    mean, peak = x[count], x[count + 1]
    mean[:] = 0.0
    peak[:] = 0.0
    for i in range(count):
        x[i, :] = head.static[state.mode[i]]
        _affine(features[i], head.dynamic, x[i])
        for j in range(h):
            x[i, j] = max(x[i, j], np.float32(0.0))
            mean[j] += x[i, j]
            peak[j] = max(peak[j], x[i, j])
    for j in range(h):
        mean[j] /= np.float32(count)
    context = y[count]
    context[:] = head.own_bias
    _affine(mean, head.mean, context)
    _affine(peak, head.peak, context)
    for i in range(count):
        y[i, :] = context
        _affine(x[i], head.own, y[i])
        for j in range(h):
            y[i, j] = max(y[i, j], np.float32(0.0))
        z[i, :] = head.last_bias
        _affine(y[i], head.last, z[i])
        logit = np.float32(0.0)
        for j in range(h):
            logit += max(z[i, j], np.float32(0.0)) * head.score[j]
        for f in range(features.shape[1]):
            logit += features[i, f] * head.skip[f]
        z[i, 0] = logit


@kernel(allocates=True)
def _uniform(random: Any) -> float:
    """Return the next number in (0, 1) (xorshift64*, high bits)."""
    x = random[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    random[0] = x
    high = (x * np.uint64(0x2545F4914F6CDD1D)) >> np.uint64(11)
    return (np.float64(high) + 0.5) / 9007199254740992.0


@kernel(allocates=True)
def _avoid(tree: Tree, node: int, values: Any) -> None:
    """Lower the logits of choices by what has been drawn behind them."""
    child = tree.child[node]
    while child > 0:
        left = tree.left[child]
        values[tree.place[child]] += np.log(left) if left > 0.0 else -np.inf
        child = tree.sibling[child]


@kernel(allocates=True)
def _step_down(tree: Tree, node: int, place: int) -> int:
    """Return the child of a node, made unless it is there; -1 without room."""
    child = tree.child[node]
    while child > 0 and tree.place[child] != place:
        child = tree.sibling[child]
    if child > 0:
        return child
    child = tree.size[0]
    if child == tree.child.shape[0]:
        return -1
    tree.size[0] += 1
    tree.child[child], tree.sibling[child] = 0, tree.child[node]
    tree.place[child], tree.left[child] = place, 1.0
    tree.child[node] = child
    return child


@kernel(allocates=True)
def _take_out(tree: Tree, nodes: Any, chances: Any, depth: int) -> None:
    """Let the schedule that a way from the root leads to not be drawn again."""
    lost = tree.left[nodes[depth]]
    for i in range(depth, -1, -1):
        left = tree.left[nodes[i]] - lost
        tree.left[nodes[i]] = left if left > _NEGLIGIBLE else 0.0
        lost *= chances[i]


@kernel(allocates=True)
def construct(
    tables: Tables,
    head: Head,
    key: Any,
    width: int,
    temperature: float,
    random: Any,
    record: bool,
    tree: Tree,
) -> tuple[Any, Any, float, Any, Any, Any, Any]:
    """Build one schedule, by keys or by the learned rule.

    Parameters
    ----------
    tables : Tables
        The problem.
    head : Head
        The network after its encoder; not used with keys.
    key : ndarray, shape (m,) or (0,), float64
        Keys of the modes, the smallest of the candidates is taken: a static
        rule, the starts of a schedule, or places in a sequence. Empty: the
        learned rule decides.
    width : int
        Most candidates a step.
    temperature : float
        Of the softmax sampled from; 0 takes the best candidate.
    random : ndarray, shape (1,), uint64
        State of the random numbers, not 0; moves on.
    record : bool
        Whether to return the steps with more than one candidate.
    tree : Tree
        What the learned rule has drawn before, and now draws. Without nodes,
        schedules may be drawn again.

    Returns
    -------
    modes : ndarray, shape (n,), int64
        Modes in the order they were scheduled.
    starts : ndarray, shape (n,), float64
        Their starts.
    makespan : float
        Latest end.
    mode : ndarray, shape (d, width), int64
        Candidates of each recorded step, padded with the dummy mode.
    features : ndarray, shape (d, width, N_FEATURES), float32
        Their features.
    count : ndarray, shape (d,), int64
        How many.
    action : ndarray, shape (d,), int64
        Place of the one taken.
    """
    # A smaller problem of a batch has tasks that are only padding.
    n = 0
    for t in range(tables.tail.shape[0] - 1):
        n += tables.siblings[t, 0] < tables.task_of.shape[0] - 1
    modes, starts = np.empty(n, np.int64), np.empty(n)
    kept = n if record else 1
    mode = np.full((kept, width), tables.task_of.shape[0] - 1, np.int64)
    features = np.zeros((kept, width, N_FEATURES), np.float32)
    counts, action = np.empty(kept, np.int64), np.empty(kept, np.int64)
    state = _begin(tables, width, n)
    work = np.empty((3, width + 2, head.static.shape[1]), np.float32)
    learned = key.shape[0] == 0
    values, chance = np.empty(width), np.empty(width)
    nodes, chances, depth = np.zeros(n + 1, np.int64), np.ones(n + 1), 0
    drawn_once = tree.child.shape[0] > 0
    rows = 0
    for step in range(n):
        count = _candidates(tables, state)
        best = 0
        seen = features[rows] if record and count > 1 else features[0]
        if count > 1 and (learned or record):
            _features(tables, state, count, seen)
        if count > 1 and learned:
            _logits(head, state, count, seen, work)
            scale = 1.0 / temperature if temperature > 0.0 else 1.0
            for i in range(count):
                values[i] = scale * work[2, i, 0]
            if drawn_once:
                top = values[:count].max()
                for i in range(count):
                    chance[i] = np.exp(values[i] - top)
                chance[:count] /= chance[:count].sum()
                _avoid(tree, nodes[depth], values)
            most = -np.inf
            for i in range(count):
                value = values[i]
                if temperature > 0.0:
                    value -= np.log(-np.log(_uniform(random)))
                if value > most:
                    most, best = value, i
            if drawn_once:
                child = _step_down(tree, nodes[depth], best)
                if child < 0:
                    drawn_once = False
                else:
                    depth += 1
                    nodes[depth], chances[depth] = child, chance[best]
        elif not learned:
            for i in range(1, count):
                if key[state.mode[i]] < key[state.mode[best]]:
                    best = i
        if record and count > 1:
            mode[rows, :count] = state.mode[:count]
            counts[rows], action[rows] = count, best
            rows += 1
        modes[step], starts[step] = state.mode[best], state.start[best]
        _apply(tables, state, modes[step], starts[step])
    if drawn_once:
        _take_out(tree, nodes, chances, depth)
    return (
        modes,
        starts,
        state.bounds[0],
        mode[:rows],
        features[:rows],
        counts[:rows],
        action[:rows],
    )
