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
from combkit.neural.networks import load_network, save_network

__all__ = ["FORMAT", "load", "load_policy", "save", "save_policy"]

#: Version of features and network; older weights do not fit newer code.
FORMAT = "dispatch-1"


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
    sizes = policy.config.to_dict()
    save_network(path, policy, FORMAT, sizes, card, dtype=torch.float16)


def load_policy(path: Path) -> tuple[Policy, dict[str, Any]]:
    """Return a policy, on the CPU, and its card.

    Raises
    ------
    InstanceFormatError
        If the file is missing, damaged or of another version.
    """

    def build(**config: Any) -> Policy:
        return Policy(PolicyConfig(**config))

    return load_network(path, FORMAT, build)
