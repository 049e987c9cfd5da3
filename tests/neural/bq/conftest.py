"""Instances as the engine takes them, and policies that need no training."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest


@pytest.fixture
def small() -> Callable[..., dict[str, Any]]:
    """Random instances: name of the problem, rows, nodes."""
    return _small


@pytest.fixture
def tiny_policy() -> Callable[..., Any]:
    """A policy with random weights whose scores differ: name of the problem."""
    return _tiny_policy


def _small(name: str, rows: int, n: int, seed: int = 0) -> dict[str, Any]:
    import torch

    rng = np.random.default_rng(seed)
    single = {
        "xy": rng.random((rows, n, 2)),
        "depot": rng.random((rows, 2)),
        "demand": rng.integers(1, 6, (rows, n)) / 8.0,
        "prize": rng.random((rows, n)),
        "budget": np.full(rows, 1.6),
        "value": rng.integers(1, 20, (rows, n)).astype(float),
        "weight": rng.integers(1, 20, (rows, n)).astype(float),
        "capacity": np.full(rows, 30.0),
        "costs": rng.random((rows, n, n)),
    }
    names = {
        "tsp": ["xy"],
        "cvrp": ["xy", "depot", "demand"],
        "op": ["xy", "depot", "prize", "budget"],
        "kp": ["value", "weight", "capacity"],
        "atsp": ["costs"],
    }[name]
    exact = ("demand", "value", "weight", "capacity")
    instance = {
        key: torch.tensor(
            single[key], dtype=torch.float64 if key in exact else torch.float32
        )
        for key in names
    }
    instance["n"] = torch.full((rows,), n)
    return instance


def _tiny_policy(name: str, *, width: int = 16) -> Any:
    import torch

    from combkit.neural.bq.network import Config, Policy
    from combkit.neural.bq.problems import problem_of

    torch.manual_seed(1)
    config = Config.of(problem_of(name), dim=16, depth=1, heads=2, hidden=16)
    policy = Policy(Config(**{**config.to_dict(), "width": width}))
    torch.nn.init.normal_(policy.score.weight)
    return policy.eval()
