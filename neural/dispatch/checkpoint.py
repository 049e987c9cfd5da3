"""Weights and training states as ``.safetensors`` files, read without pickle."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from combkit.neural.dispatch.policy import Policy, PolicyConfig

__all__ = ["load", "load_policy", "save", "save_policy"]


def save(path: Path, tensors: dict[str, Tensor], card: dict[str, Any]) -> None:
    """Write tensors and a card (any JSON) to a file, which is replaced at once."""
    temporary = path.with_suffix(".tmp")
    kept = {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
    save_file(kept, str(temporary), metadata={"card": json.dumps(card)})
    os.replace(temporary, path)


def load(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the tensors of a file and its card."""
    with safe_open(str(path), framework="pt") as file:
        card = json.loads((file.metadata() or {}).get("card", "{}"))
        return {name: file.get_tensor(name) for name in file.keys()}, card  # noqa: SIM118


def save_policy(path: Path, policy: Policy, card: dict[str, Any]) -> None:
    """Write a policy with its sizes, in half precision to stay small."""
    halves = {name: t.to(torch.float16) for name, t in policy.state_dict().items()}
    save(path, halves, {**card, "config": policy.config.to_dict()})


def load_policy(path: Path) -> tuple[Policy, dict[str, Any]]:
    """Return a policy, on the CPU, and its card."""
    tensors, card = load(path)
    policy = Policy(PolicyConfig(**card["config"]))
    policy.load_state_dict({name: t.float() for name, t in tensors.items()})
    return policy.eval(), card
