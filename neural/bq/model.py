"""Policies to decode with: where they run, which weights they have."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import torch

from combkit.neural.bq.network import Policy
from combkit.neural.bq.problems import PROBLEMS
from combkit.neural.bq.weights import load
from combkit.neural.shipped import weights_file

__all__ = ["fast_in_half", "policy_of", "shipped"]


def fast_in_half(device: torch.device) -> bool:
    """Whether half precision is faster than float32 on a device."""
    if device.type == "cuda":
        return True
    # Without tiles of matrices a CPU takes twice as long.
    return bool(torch.cpu.get_capabilities().get("amx_bf16", False))


def shipped(problem: str) -> tuple[Policy, dict[str, object]]:
    """Return the policy that comes with the package, on the CPU, and its card.

    Raises
    ------
    InstanceFormatError
        If the installation lacks it.
    """
    with weights_file(f"bq-{problem}.safetensors") as path:
        return load(path, problem)


@lru_cache(maxsize=2 * len(PROBLEMS))
def _cached(problem: str, weights: str | None, stamp: float, device: str) -> Policy:
    if weights is None:
        policy, _ = shipped(problem)
    else:
        policy, _ = load(Path(weights), problem)
    return policy.to(device)


def policy_of(problem: str, weights: str | None, device: torch.device) -> Policy:
    """Return a policy on a device, read once a process.

    Parameters
    ----------
    problem : str
        Problem of the engine.
    weights : str or None
        File of the weights; None for those of the package.
    device : torch.device
        Where it is to run.

    Raises
    ------
    InstanceFormatError
        If the weights are missing, damaged, of another version or problem.
    """
    # A file that was trained anew is another one; ``load`` says if there is none.
    stamp = 0.0
    if weights is not None and Path(weights).exists():
        stamp = Path(weights).stat().st_mtime
    return _cached(problem, weights, stamp, device.type)
