"""Weights on disk: safetensors with a card that says where they come from."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch

from combkit.instances.errors import InstanceFormatError
from combkit.neural.bq.network import Config, Policy

__all__ = ["FORMAT", "load", "save"]

#: Version of features and network; older weights do not fit newer code.
FORMAT = "bq-1"


def save(
    policy: Policy, path: Path, problem: str, card: dict[str, Any], dtype: torch.dtype
) -> None:
    """Write a policy and its card, through a temporary file.

    Parameters
    ----------
    policy : Policy
        The policy.
    path : Path
        The file, ``.safetensors``.
    problem : str
        Kind of the problem.
    card : dict
        Data, seed, command, time, hardware and quality; plain values.
    dtype : torch.dtype
        Precision of the numbers in the file.
    """
    from safetensors.torch import save_file

    tensors = {
        name: value.detach().to("cpu", dtype).contiguous()
        for name, value in policy.state_dict().items()
    }
    metadata = {
        "format": FORMAT,
        "problem": problem,
        "config": json.dumps(policy.config.to_dict()),
        "card": json.dumps(card),
    }
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    save_file(tensors, str(temporary), metadata)
    temporary.replace(path)


def load(path: Path, problem: str) -> tuple[Policy, dict[str, Any]]:
    """Read a policy, in float32 on the CPU, and its card.

    Raises
    ------
    InstanceFormatError
        If the file is missing, damaged, of another version or problem.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise InstanceFormatError(
            str(path), None, "no such weights: train them or name another file"
        ) from None
    except (SafetensorError, OSError) as error:
        raise InstanceFormatError(
            str(path), None, f"damaged weights, get them anew: {error}"
        ) from None
    if metadata.get("format") != FORMAT:
        raise InstanceFormatError(
            str(path),
            None,
            f"weights of version {metadata.get('format')}, not {FORMAT}: train anew",
        )
    if metadata.get("problem") != problem:
        raise InstanceFormatError(
            str(path), None, f"weights for {metadata.get('problem')}, not {problem}"
        )
    try:
        policy = Policy(Config(**json.loads(metadata["config"])))
        policy.load_state_dict(tensors)
        card = json.loads(metadata["card"])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise InstanceFormatError(
            str(path), None, f"weights that do not fit their network: {reason}"
        ) from None
    return policy.eval(), card
