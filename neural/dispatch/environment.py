"""Many schedules of many problems built at once, one task at a time, in torch.

A schedule grows by appending: a task starts as soon as its predecessors ended
and enough units of its resources are free of all tasks scheduled before it. The
choice is narrowed as by Giffler and Thompson [1]_: of the ready modes, the one
that could end first is the *star*; only modes that share a resource with the
star and could start before it ends are candidates. Some optimal schedule is
always among those that can be built this way.

References
----------
.. [1] B. Giffler, G. L. Thompson, "Algorithms for solving production-scheduling
   problems", Operations Research 8(4), 1960.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from combkit.neural.dispatch.encoding import Batch

__all__ = ["N_FEATURES", "Environment", "Observation", "Problems"]

#: Features of a candidate that are time differences, and the others.
_N_TIMES = 13
_N_RATIOS = 15
N_FEATURES = _N_TIMES + _N_RATIOS

#: Time differences are squashed to (-4, 4); this is the scale, in mean durations.
_SQUASH = 4.0

#: A time later than any.
_NEVER = float("inf")


@dataclass(frozen=True, eq=False)
class Observation:
    """What the rule sees of the current step of every schedule.

    Parameters
    ----------
    mode : Tensor, shape (b, s, k), int64
        Candidates in ascending order, padded with the dummy mode.
    valid : Tensor, shape (b, s, k), bool
        Where there is a candidate.
    features : Tensor, shape (b, s, k, N_FEATURES), float32
        Dynamic features of each candidate.
    start : Tensor, shape (b, s, k), float32
        Earliest start of each candidate.
    """

    mode: Tensor
    valid: Tensor
    features: Tensor
    start: Tensor


class Problems:
    """A batch of encodings as tensors, with the tables gathered at each step.

    Parameters
    ----------
    batch : Batch
        The encodings.
    device : torch.device
        Where the tensors live.
    """

    def __init__(self, batch: Batch, device: torch.device) -> None:
        self.arrays = {
            f.name: torch.as_tensor(getattr(batch, f.name), device=device)
            for f in fields(Batch)
        }
        a = self.arrays
        self.device = device
        self.size = int(a["duration"].shape[0])
        self.n_modes = int(a["duration"].shape[1]) - 1
        self.n_tasks = int(a["tail"].shape[1]) - 1
        self.n_resources = int(a["load"].shape[1]) - 1
        self.n_units = int(a["present"].shape[2])
        self.n_uses = int(a["slot"].shape[2])
        task = a["task_of"]
        # With one mode a task and no padding, modes and tasks are the same rows.
        own = torch.arange(self.n_modes + 1, device=device)
        self.single = self.n_modes == self.n_tasks and bool((task == own).all())

        def by_task(name: str) -> Tensor:
            index = task if a[name].ndim == 2 else task[:, :, None]
            return a[name].gather(1, index.expand(-1, -1, *a[name].shape[2:]))

        def rows(table: Tensor, index: Tensor) -> Tensor:
            flat = index + self._offset(index.ndim)
            return table.flatten(0, 1)[flat]

        chain = by_task("chain")
        followed = rows(a["duration"], chain)
        shortest = by_task("shortest")
        self.floats = torch.stack(
            [
                a["duration"],
                by_task("tail"),
                by_task("steps"),
                a["duration"] / shortest.clamp(min=1.0) - 1.0,
                a["fill"],
                a["share"].sum(2),
                followed[..., 0],
            ],
            dim=2,
        ).flatten(0, 1)
        self.indices = torch.cat(
            [
                task[..., None],
                a["main"][..., None],
                rows(a["main"], chain),
                a["slot"],
                rows(a["slot"], chain).flatten(2),
            ],
            dim=2,
        ).flatten(0, 1)
        self.siblings = by_task("siblings").flatten(0, 1)
        self.successors = by_task("successors").flatten(0, 1)
        self.resource = a["resource"].flatten(0, 1)
        self.demand = a["demand"].flatten(0, 1)
        self.share = a["share"].flatten(0, 1)
        self.words = a["words"].flatten(0, 1)
        self.all_slots = a["slot"][:, None, :-1].flatten(2)
        self.capacity = a["present"].sum(2).clamp(min=1.0)

    def _offset(self, ndim: int) -> Tensor:
        """Return the first row of each instance in a table of all modes."""
        start = torch.arange(self.size, device=self.device) * (self.n_modes + 1)
        return start.view(-1, *[1] * (ndim - 1))

    def rows(self, mode: Tensor) -> Tensor:
        """Return rows of a flattened table of modes, of the shape of ``mode``."""
        return mode + self._offset(mode.ndim)


class Environment:
    """Schedules under construction: ``samples`` of every problem of a batch.

    Parameters
    ----------
    problems : Problems
        The problems.
    samples : int
        Schedules of each problem.
    width : int
        Most candidates a step; further ones, by number of the mode, are dropped.
    """

    def __init__(self, problems: Problems, samples: int, width: int) -> None:
        self.problems, self.samples = problems, samples
        self.width = max(2, min(width, problems.n_modes))
        a, p = problems.arrays, problems
        shape = (p.size, samples)
        self._lead = shape
        self.ready = a["tail"].new_zeros(*shape, p.n_tasks + 1)
        self.indegree = a["indegree"][:, None].expand(*shape, -1).clone()
        self.units = self.ready.new_zeros(*shape, (p.n_resources + 1) * p.n_units)
        absent = (a["present"] == 0) & (a["present"].sum(2, keepdim=True) > 0)
        self.units.view(*shape, p.n_resources + 1, p.n_units).masked_fill_(
            absent[:, None], _NEVER
        )
        self.load = a["load"][:, None].expand(*shape, -1).clone()
        self.makespan = self.ready.new_zeros(shape)
        chain = a["shortest"] + a["tail"]
        self.path = chain.amax(1)[:, None].expand(shape).clone()
        self.scheduled = self.ready.new_zeros(shape)

    def candidates(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return the candidate modes, their starts, and the first end possible.

        Returns
        -------
        mode : Tensor, shape (b, s, k), int64
        start : Tensor, shape (b, s, k), float32
        first : Tensor, shape (b, s), float32; infinite in finished schedules.
        """
        p, a = self.problems, self.problems.arrays
        lead = self._lead
        n_modes = p.n_modes
        slots = p.all_slots.expand(*lead, -1)
        start = self.units.gather(2, slots).view(*lead, n_modes, p.n_uses).amax(3)
        if p.single:
            start = torch.maximum(start, self.ready[..., :-1])
            is_open = self.indegree[..., :-1] == 0
        else:
            task = a["task_of"][:, None, :-1].expand(*lead, -1)
            start = torch.maximum(start, self.ready.gather(2, task))
            is_open = self.indegree.gather(2, task) == 0
        end = (start + a["duration"][:, None, :-1]).masked_fill(~is_open, _NEVER)
        first, star = end.min(2)
        alive = first < _NEVER
        near = is_open & ((start < first[..., None]) | (end <= first[..., None]))
        taken = p.words[p.rows(star)]
        words = p.words.view(p.size, 1, n_modes + 1, -1)[:, :, :-1]
        clash = (words[..., 0] & taken[..., None, 0]) != 0
        for w in range(1, words.shape[-1]):
            clash |= (words[..., w] & taken[..., None, w]) != 0
        chosen = (near & clash).scatter_(2, star[..., None], alive[..., None])
        place = chosen.cumsum(2, dtype=torch.int32) - 1
        kept = chosen & (place < self.width)
        column = torch.where(kept, place, self.width).long()
        mode = torch.full((*lead, self.width + 1), n_modes, device=p.device)
        numbers = torch.arange(n_modes, device=p.device).expand(*lead, -1)
        mode = mode.scatter_(2, column, numbers)[..., :-1]
        self._ends = end
        inside = mode.clamp(max=n_modes - 1)
        begins = start.gather(2, inside).masked_fill(mode == n_modes, 0.0)
        return mode, begins, first

    def observe(self) -> Observation:
        """Return the candidates of every schedule with their features."""
        p, a = self.problems, self.problems.arrays
        mode, start, first = self.candidates()
        valid = mode < p.n_modes
        flat = p.rows(mode)
        duration, tail, steps, slower, fill, share, follow = p.floats[flat].unbind(3)
        index = p.indices[flat]
        task, main = index[..., 0], index[..., 1]
        u = p.n_uses

        def free(slots: Tensor) -> Tensor:
            taken = self.units.gather(2, slots.flatten(2))
            return taken.view(*slots.shape).amax(3)

        def loaded(resource: Tensor) -> Tensor:
            return self.load.gather(2, resource.flatten(2)).view(resource.shape)

        own = free(index[..., 4 : 4 + u])
        next_free = free(index[..., 4 + u : 4 + 2 * u])
        later_free = free(index[..., 4 + 2 * u : 4 + 3 * u])
        grid = self.units.view(*self._lead, p.n_resources + 1, p.n_units)
        if p.n_units == 1:
            available = grid[..., 0]
        else:
            present = a["present"][:, None] > 0
            total = grid.masked_fill(~present, 0.0).sum(3)
            available = total / p.capacity[:, None]
        busiest = self.load.amax(2).clamp(min=1e-6)[..., None]
        work = loaded(main)
        end = start + duration
        rest = duration + tail
        reach = (start + rest).masked_fill(~valid, 0.0)
        bound = torch.maximum(self.path, (available + self.load).amax(2))
        bound = torch.maximum(bound, reach.amax(2))[..., None]
        now = start.masked_fill(~valid, _NEVER).amin(2, keepdim=True)
        now = now.masked_fill(now == _NEVER, 0.0)
        first = first.masked_fill(first == _NEVER, 0.0)[..., None]
        count = valid.sum(2, keepdim=True)
        alone = count <= 1
        rivals = (count - 1).clamp(min=1)
        hidden_rest = rest.masked_fill(~valid, -_NEVER)
        hidden_end = end.masked_fill(~valid, _NEVER)
        longest = _of_others(hidden_rest)
        earliest = -_of_others(-hidden_end)
        first_after = (end + longest - bound).masked_fill(alone, 0.0)
        last_after = (earliest + rest - bound).masked_fill(alone, 0.0)
        pair = valid[..., None, :]
        late = (end[..., :, None] - start[..., None, :]).clamp(min=0.0) * pair
        # A candidate is no rival of itself: its own duration is taken out again.
        delay = (late.sum(3) - duration) / rivals
        more_rest = (hidden_rest[..., None, :] > rest[..., :, None]).sum(3)
        hidden = duration.masked_fill(~valid, -_NEVER)
        more_work = (hidden[..., None, :] > duration[..., :, None]).sum(3)
        if p.single:
            swifter = torch.zeros_like(end)
        else:
            siblings = p.siblings[flat]
            inside = siblings.clamp(max=p.n_modes - 1)
            ends = self._ends.gather(2, inside.flatten(2)).view(siblings.shape)
            best = ends.masked_fill(siblings == p.n_modes, _NEVER).amin(3)
            swifter = end - best
        unit = a["unit"][:, None, None]
        span = (bound - now).clamp(min=1e-6)
        times = torch.stack(
            [
                start - now,
                end - first,
                duration,
                bound - start - rest,
                start - self.ready.gather(2, task.flatten(2)).view(task.shape),
                start - own,
                bound - available.gather(2, main.flatten(2)).view(main.shape) - work,
                next_free - end,
                later_free - end - follow,
                first_after,
                last_after,
                delay,
                swifter,
            ],
            dim=3,
        )
        times = times / unit[..., None]
        times = times / (1.0 + times.abs() / _SQUASH)
        most_tail = tail.masked_fill(~valid, 0.0).amax(2, keepdim=True).clamp(min=1e-6)
        most_steps = steps.masked_fill(~valid, 0.0).amax(2, keepdim=True)
        progress = self.scheduled / a["n_tasks"][:, None]
        ratios = torch.stack(
            [
                tail / a["horizon"][:, None, None],
                tail / most_tail,
                steps / most_steps.clamp(min=1.0),
                work / busiest,
                loaded(index[..., 2]) / busiest,
                loaded(index[..., 3]) / busiest,
                more_rest / rivals,
                more_work / rivals,
                (count.log() / 3.0).expand_as(end),
                progress[..., None].expand_as(end),
                share / work.clamp(min=1e-6),
                slower.clamp(max=4.0),
                fill,
                rest / span,
                work / span,
            ],
            dim=3,
        )
        features = torch.cat([times, ratios], dim=3)
        features = features.masked_fill(~valid[..., None], 0.0)
        return Observation(mode, valid, features, start)

    def apply(self, mode: Tensor, start: Tensor) -> None:
        """Schedule one mode in every schedule; the dummy mode changes nothing.

        Parameters
        ----------
        mode : Tensor, shape (b, s), int64
            The modes.
        start : Tensor, shape (b, s), float32
            Their earliest starts.
        """
        p = self.problems
        real = mode < p.n_modes
        flat = p.rows(mode)
        duration, tail = p.floats[flat][..., :2].unbind(2)
        end = start + duration
        task = p.indices[flat][..., 0]
        after = p.successors[flat]
        until = torch.maximum(self.ready.gather(2, after), end[..., None])
        self.ready.scatter_(2, after, until)
        self.indegree.scatter_(2, after, self.indegree.gather(2, after) - 1)
        self.indegree.scatter_(2, task[..., None], -1)
        # Rows that padding points to were written too: they are never ready.
        self.indegree[..., -1] = 1
        self._occupy(p.resource[flat], p.demand[flat], start, end)
        siblings = p.siblings[flat]
        rows = p.rows(siblings)
        self.load.scatter_add_(
            2, p.resource[rows].flatten(2), -p.share[rows].flatten(2)
        )
        self.path = torch.maximum(self.path, (end + tail).masked_fill(~real, 0.0))
        self.makespan = torch.maximum(self.makespan, end.masked_fill(~real, 0.0))
        self.scheduled += real

    def _occupy(
        self, resource: Tensor, demand: Tensor, start: Tensor, end: Tensor
    ) -> None:
        """Take the units that became free last, and keep each resource sorted."""
        p = self.problems
        grid = self.units.view(*self._lead, p.n_resources + 1, p.n_units)
        index = resource[..., None].expand(*resource.shape, p.n_units)
        row = grid.gather(2, index)
        need = demand[..., None]
        end = end[..., None, None]
        if p.n_units == 1:
            row = torch.where(need > 0, end, row)
        else:
            free = (row <= start[..., None, None]).sum(3, keepdim=True)
            place = torch.arange(p.n_units, device=p.device).expand_as(row)
            # What is left when the last `need` free units are cut out ...
            source = torch.where(place < free - need, place, place + need)
            left = row.gather(3, source.clamp(max=p.n_units - 1))
            left = left.masked_fill(source >= p.n_units, _NEVER)
            # ... merged with as many that become free at the end.
            row = torch.where(left <= end, left, torch.maximum(end, row))
        grid.scatter_(2, index, row)


def _of_others(values: Tensor) -> Tensor:
    """Return the largest value of the others of the last axis, for each."""
    top = values.topk(2, dim=-1)
    place = torch.arange(values.shape[-1], device=values.device)
    is_top = place == top.indices[..., :1]
    return torch.where(is_top, top.values[..., 1:], top.values[..., :1])
