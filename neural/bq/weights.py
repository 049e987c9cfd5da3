"""Weights on disk: safetensors with a card that says where they come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from combkit.neural.bq.network import Config, Policy
from combkit.neural.networks import load_network, save_network

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
    save_network(
        path,
        policy,
        FORMAT,
        policy.config.to_dict(),
        card,
        dtype=dtype,
        problem=problem,
    )


def load(path: Path, problem: str) -> tuple[Policy, dict[str, Any]]:
    """Read a policy, in float32 on the CPU, and its card.

    Raises
    ------
    InstanceFormatError
        If the file is missing, damaged, of another version or problem.
    """

    def build(**config: Any) -> Policy:
        return Policy(Config(**config))

    return load_network(path, FORMAT, build, problem=problem)
