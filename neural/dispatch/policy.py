"""The network of the learned rule: an encoder run once, a small head run each step."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from combkit.neural.dispatch.encoding import (
    N_MODE_FEATURES,
    N_RESOURCE_FEATURES,
    N_TASK_FEATURES,
)
from combkit.neural.dispatch.environment import N_FEATURES, Observation, Problems

__all__ = ["Policy", "PolicyConfig"]

#: Feature "work behind over time left", and its weight in a new policy.
_WORK_REMAINING, _FIRST_WEIGHT = 26, 15.0


@dataclass(frozen=True, slots=True)
class PolicyConfig:
    """Sizes of the network.

    Parameters
    ----------
    width : int
        Width of the encoder.
    layers : int
        Rounds of message passing.
    head : int
        Width of the head.
    """

    width: int = 96
    layers: int = 3
    head: int = 128

    def to_dict(self) -> dict[str, int]:
        """Return the sizes by name."""
        return asdict(self)


class _Round(nn.Module):
    """One round of messages: along precedences, and between modes and resources."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.task = nn.Sequential(
            nn.Linear(4 * width, width), nn.ReLU(), nn.Linear(width, width)
        )
        self.resource = nn.Sequential(
            nn.Linear(3 * width, width), nn.ReLU(), nn.Linear(width, width)
        )
        self.task_norm = nn.LayerNorm(width)
        self.resource_norm = nn.LayerNorm(width)

    def forward(
        self, task: Tensor, mode: Tensor, resource: Tensor, links: dict[str, Tensor]
    ) -> tuple[Tensor, Tensor]:
        uses = mode + _take(task, links["task_of"])
        shape = links["resource"].shape
        sent = (uses[:, :, None] * links["used"]).flatten(1, 2)
        place = links["resource"].flatten(1)
        total = _add(resource, place, sent)
        count = links["users"]
        peak = torch.zeros_like(resource).scatter_reduce(
            1, place[..., None].expand_as(sent), sent.relu(), "amax"
        )
        resource = self.resource_norm(
            resource + self.resource(torch.cat([resource, total / count, peak], dim=2))
        )
        held = _take(resource, place).view(*shape, -1) * links["used"]
        per_mode = mode + held.sum(2) / links["used"].sum(2).clamp(min=1.0)
        by_modes = _add(task, links["task_of"], per_mode) / links["n_modes"]
        after = links["successors"].flatten(1)
        following = _take(task, after).view(*links["successors"].shape, -1)
        following = (following * links["follows"]).sum(2) / links["n_after"]
        sent = task[:, :, None] * links["follows"]
        before = _add(task, after, sent.flatten(1, 2)) / links["n_before"]
        message = torch.cat([task, following, before, by_modes], dim=2)
        return self.task_norm(task + self.task(message)), resource


class Policy(nn.Module):
    """Logits of the candidates of each step.

    Parameters
    ----------
    config : PolicyConfig
        Sizes.
    """

    def __init__(self, config: PolicyConfig) -> None:
        super().__init__()
        self.config = config
        d, h = config.width, config.head
        self.task_in = nn.Linear(N_TASK_FEATURES, d)
        self.mode_in = nn.Linear(N_MODE_FEATURES, d)
        self.resource_in = nn.Linear(N_RESOURCE_FEATURES, d)
        self.rounds = nn.ModuleList(_Round(d) for _ in range(config.layers))
        self.static = nn.Linear(4 * d, h)
        self.dynamic = nn.Linear(N_FEATURES, h, bias=False)
        self.own = nn.Linear(h, h)
        self.mean = nn.Linear(h, h, bias=False)
        self.peak = nn.Linear(h, h, bias=False)
        self.last = nn.Linear(h, h)
        self.score = nn.Linear(h, 1, bias=False)
        self.skip = nn.Linear(N_FEATURES, 1, bias=False)
        # Start near most-work-remaining, randomised: samples are good at once.
        nn.init.normal_(self.score.weight, std=0.01)
        nn.init.zeros_(self.skip.weight)
        self.skip.weight.data[0, _WORK_REMAINING] = _FIRST_WEIGHT

    def encode(self, problems: Problems) -> Tensor:
        """Return the static part of the head's first layer, (b, m + 1, head)."""
        a = problems.arrays
        used = (a["demand"] > 0).float()[..., None]
        follows = (a["successors"] < problems.n_tasks).float()[..., None]
        task = self.task_in(a["task_features"])
        mode = self.mode_in(a["mode_features"])
        resource = self.resource_in(a["resource_features"])
        ones = used.flatten(1, 2)
        links = {
            "task_of": a["task_of"],
            "resource": a["resource"],
            "successors": a["successors"],
            "used": used,
            "follows": follows,
            "users": _add(
                torch.zeros_like(resource[..., :1]), a["resource"].flatten(1), ones
            ).clamp(min=1.0),
            "n_modes": _add(
                torch.zeros_like(task[..., :1]),
                a["task_of"],
                torch.ones_like(mode[..., :1]),
            ).clamp(min=1.0),
            "n_after": follows.sum(2).clamp(min=1.0),
            "n_before": a["indegree"][..., None].clamp(min=1.0),
        }
        for one in self.rounds:
            task, resource = one(task, mode, resource, links)
        real = (torch.arange(task.shape[1], device=task.device)) < a["n_tasks"][:, None]
        overall = (task * real[..., None]).sum(1) / a["n_tasks"][:, None]
        held = _take(resource, a["resource"].flatten(1)).view(*a["resource"].shape, -1)
        held = (held * used).sum(2) / used.sum(2).clamp(min=1.0)
        whole = overall[:, None].expand(-1, mode.shape[1], -1)
        own = _take(task, a["task_of"])
        return torch.as_tensor(self.static(torch.cat([own, mode, held, whole], dim=2)))

    def forward(self, static: Tensor, problems: Problems, seen: Observation) -> Tensor:
        """Return the logit of each candidate, minus infinity where there is none.

        Parameters
        ----------
        static : Tensor, shape (b, m + 1, head)
            From ``encode``.
        problems : Problems
            The problems.
        seen : Observation
            Of shapes (b, s, k).
        """
        fixed = static.flatten(0, 1)[problems.rows(seen.mode)]
        return self.head(fixed, seen.features, seen.valid)

    def head(self, fixed: Tensor, features: Tensor, valid: Tensor) -> Tensor:
        """Return logits from the static part and the features of candidates."""
        x = torch.relu(fixed + self.dynamic(features))
        there = valid[..., None].to(x.dtype)
        x = x * there
        mean = x.sum(-2) / there.sum(-2).clamp(min=1.0)
        peak = x.amax(-2)
        context = (self.mean(mean) + self.peak(peak)).unsqueeze(-2)
        x = torch.relu(self.own(x) + context)
        x = torch.relu(self.last(x))
        logits = (self.score(x) + self.skip(features)).squeeze(-1).float()
        return torch.as_tensor(logits.masked_fill(~valid, -float("inf")))


def _take(table: Tensor, index: Tensor) -> Tensor:
    """Return rows of (b, n, d) by (b, k) as (b, k, d)."""
    return table.gather(1, index[..., None].expand(-1, -1, table.shape[2]))


def _add(like: Tensor, index: Tensor, rows: Tensor) -> Tensor:
    """Sum rows (b, k, d) by index (b, k) into the shape of ``like`` (b, n, d)."""
    total = torch.zeros(
        *like.shape[:2], rows.shape[2], dtype=rows.dtype, device=rows.device
    )
    return total.scatter_add(1, index[..., None].expand_as(rows), rows)
