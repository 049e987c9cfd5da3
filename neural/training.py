"""What trainings share: lines of progress, and checkpoints that runs go on from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from combkit.instances.errors import UsageError

if TYPE_CHECKING:
    import torch
    from torch import nn

__all__ = ["resume", "save_state", "say"]


def say(line: str) -> None:
    """Print a line of progress.

    Parameters
    ----------
    line : str
        The line.
    """
    print(line, file=sys.stderr, flush=True)


def save_state(
    path: Path, network: nn.Module, optimizer: torch.optim.Optimizer, rest: Any
) -> None:
    """Write a checkpoint, replacing the file at once.

    Parameters
    ----------
    path : Path
        The file.
    network : Module
        What is trained.
    optimizer : Optimizer
        What trains it.
    rest : dict
        Numbers, lists and tensors that belong to the state.
    """
    import torch

    state = {
        "network": network.state_dict(),
        "optimizer": optimizer.state_dict(),
        "rest": rest,
    }
    temporary = path.with_suffix(".tmp")
    torch.save(state, temporary)
    temporary.replace(path)


def resume(
    path: Path,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    device: torch.device,
) -> Any:
    """Take up a checkpoint and return the rest of the state.

    Parameters
    ----------
    path : Path
        The file.
    network : Module
        What is trained, of the sizes of the checkpoint.
    optimizer : Optimizer
        What trains it.
    device : device
        Where to.

    Raises
    ------
    UsageError
        If it is a checkpoint of another network.
    """
    import torch

    try:
        state = torch.load(path, map_location=device, weights_only=True)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        return state["rest"]
    except (KeyError, RuntimeError, ValueError):
        raise UsageError(
            f"{path}: a checkpoint of another network; name another --out"
        ) from None
