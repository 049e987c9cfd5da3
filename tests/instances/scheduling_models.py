"""Random small scheduling models with every kind of constraint, and an oracle."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from combkit.instances.scheduling import MEASURES, Scheduling
from combkit.instances.solutions import Schedule


def random_model(seed: int, tasks: int = 3, last: int = 6) -> Scheduling:
    """Draw a model of few tasks, all to end by ``last``."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, tasks + 1))
    count = rng.integers(1, 3, n)
    m = int(count.sum())
    capacity = np.array([1, 1, int(rng.integers(2, 4)), int(rng.integers(1, 5))])
    uses = []
    for mode in range(m):
        k = int(rng.integers(0, 3))
        uses.append((mode, k, int(rng.integers(1, capacity[k] + 1))))
        if rng.random() < 0.3:
            uses.append((mode, 3, int(rng.integers(0, capacity[3] + 1))))

    def maybe(chance: float, value):  # type: ignore[no-untyped-def]
        return value if rng.random() < chance else None

    p = int(rng.integers(0, 3)) if n > 1 else 0
    pairs = [rng.choice(n, 2, replace=False) for _ in range(p)]
    families = int(rng.integers(1, 3))
    blocked = np.where(rng.random(n) < 0.7, -1, rng.integers(0, n, n))
    blocked[blocked == np.arange(n)] = -1
    measures = rng.choice(MEASURES, int(rng.integers(1, 3)), replace=False)
    setups = rng.integers(-1, 3, (1, families + 1, families)) * (rng.random() < 0.5)
    pauses = int(rng.integers(0, 3))
    planned = np.where(rng.random(n) < 0.6, rng.integers(0, last, n), -1)
    planned = planned if rng.random() < 0.5 else np.full(n, -1)
    optional = (rng.random(n) < 0.5) & (rng.random() < 0.3)
    opens = rng.integers(0, last, pauses)
    return Scheduling(
        np.repeat(np.arange(n), count),
        rng.integers(0, 4, m),
        [u[0] for u in uses],
        [u[1] for u in uses],
        [u[2] for u in uses],
        capacity,
        consumable=[False, False, False, True],
        before=[a for a, _ in pairs],
        after=[b for _, b in pairs],
        relation=rng.integers(0, 4, p),
        lag=rng.integers(-2, 3, p),
        release=maybe(0.3, rng.integers(0, 3, n)),
        deadline=np.full(n, last),
        due=maybe(0.7, rng.integers(0, last, n)),
        due_from=maybe(0.5, rng.integers(0, last, n)),
        weight=maybe(0.5, rng.integers(0, 4, n)),
        optional=optional,
        interruptible=maybe(0.5, rng.random(n) < 0.7),
        break_resource=rng.integers(0, 3, pauses),
        break_start=opens,
        break_end=opens + rng.integers(1, 3, pauses),
        family=rng.integers(0, families, n),
        setup_resource=[0],
        setup_time=setups,
        blocked_until=maybe(0.3, blocked),
        no_idle=maybe(0.3, [True, False, False, False]),
        job=np.arange(n) % 2,
        same_order=maybe(0.3, [0, 1]),
        planned=planned,
        planned_mode=np.where(planned >= 0, rng.integers(0, count), -1),
        frozen=(planned >= 0) & ~optional & (rng.random(n) < 0.3),
        objective=[(str(name), int(rng.integers(1, 4))) for name in measures],
    )


def schedules(model: Scheduling, last: int) -> Iterator[Schedule]:
    """Yield every schedule that ends by ``last``, feasible or not."""
    count = np.diff(model.first_mode)
    options = [
        [-1, *range(k)] if model.optional[t] else [*range(k)]
        for t, k in enumerate(count.tolist())
    ]
    for modes in itertools.product(*options):
        spans = [range(last + 1) if k >= 0 else (0,) for k in modes]
        for starts in itertools.product(*spans):
            yield Schedule([starts], [modes])


def violated(model: Scheduling, schedule: Schedule) -> bool:
    """Whether a schedule breaks a rule, told slot by slot and pair by pair."""
    n = model.n_tasks
    start = schedule.starts[0].tolist()
    option = schedule.modes[0].tolist()
    on = [t for t in range(n) if option[t] >= 0]
    mode = [int(model.first_mode[t]) + option[t] for t in range(n)]
    length = [int(model.mode_duration[mode[t]]) for t in range(n)]
    pauses = {
        t: {
            slot
            for k, _ in model.uses[mode[t]]
            for low, high in model.breaks.get(k, ())
            for slot in range(low, high)
        }
        for t in on
    }
    end = [s + d for s, d in zip(start, length, strict=True)]
    for t in np.flatnonzero(model.frozen).tolist():
        if (start[t], option[t]) != (model.planned[t], model.planned_mode[t]):
            return True
    for t in on:
        if model.interruptible[t] and length[t]:
            worked, slot = 0, start[t]
            while worked < length[t]:
                worked += slot not in pauses[t]
                slot += 1
            end[t] = slot
            if start[t] in pauses[t]:
                return True
        elif pauses[t] & set(range(start[t], end[t])):
            return True
        if start[t] < model.release[t] or end[t] > model.deadline[t]:
            return True
    for a, b, relation, lag in zip(
        model.before, model.after, model.relation, model.lag, strict=True
    ):
        if a in on and b in on:
            first = end[a] if relation in (0, 3) else start[a]
            second = start[b] if relation in (0, 1) else end[b]
            if second < first + lag:
                return True
    until = list(end)
    for t in on:
        other = int(model.blocked_until[t])
        if other in on and other >= 0:
            if start[other] < end[t]:
                return True
            until[t] = start[other]
    for k, capacity in enumerate(model.capacity.tolist()):
        users = [
            (start[t], until[t], t, d) for t in on for r, d in model.uses[mode[t]]
            if r == k
        ]  # fmt: skip
        if model.consumable[k]:
            if sum(u[3] for u in users) > capacity:
                return True
        elif capacity == 1:
            for u, v in itertools.permutations(users, 2):
                if u[1] > v[0] and v[1] > u[0]:
                    return True
        else:
            slots = {s for u in users for s in range(u[0], u[1])}
            for s in slots:
                if sum(u[3] for u in users if u[0] <= s < u[1]) > capacity:
                    return True
        if model.no_idle[k]:
            line = sorted(users)
            if any(v[0] > u[1] for u, v in itertools.pairwise(line)):
                return True
        if k in model.setup_resource:
            row = model.setup_time.shape[2]
            free = 0
            for begin, hold, t, _ in sorted(users):
                time = int(model.setup_time[0, row, model.family[t]])
                if time < 0 or begin < free + time:
                    return True
                row, free = int(model.family[t]), hold
    ahead = {
        (int(model.job[a]), int(model.job[b]))
        for k in model.same_order.tolist()
        for a, b in itertools.permutations(on, 2)
        if all(k in [r for r, _ in model.uses[mode[t]]] for t in (a, b))
        and (start[a], until[a]) < (start[b], until[b])
    }
    # With two jobs, that is all that can contradict.
    return {(0, 1), (1, 0)} <= ahead
