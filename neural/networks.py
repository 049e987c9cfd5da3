"""Networks on disk: safetensors with their sizes and a card that says where from."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

from combkit.instances.errors import InstanceFormatError

__all__ = ["load_network", "save_network"]

N = TypeVar("N", bound=nn.Module)


def save_network(
    path: Path,
    network: nn.Module,
    version: str,
    config: Mapping[str, Any],
    card: Mapping[str, Any],
    *,
    dtype: torch.dtype = torch.float32,
    problem: str = "",
) -> None:
    """Write a network and its card, through a temporary file.

    Parameters
    ----------
    path : Path
        The file, ``.safetensors``.
    network : Module
        The network.
    version : str
        Version of its features and layers: older weights do not fit newer code.
    config : mapping
        Its sizes; plain values.
    card : mapping
        Data, seed, command, time, hardware and quality; plain values.
    dtype : torch.dtype
        Precision of the numbers in the file.
    problem : str
        Kind of the problem, where there are networks for several.
    """
    from safetensors.torch import save_file

    tensors = {
        name: value.detach().to("cpu", dtype).contiguous()
        for name, value in network.state_dict().items()
    }
    metadata = {
        "format": version,
        "config": json.dumps(config),
        "card": json.dumps(card),
    }
    if problem:
        metadata["problem"] = problem
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    save_file(tensors, str(temporary), metadata)
    temporary.replace(path)


def load_network(
    path: Path, version: str, build: Callable[..., N], *, problem: str = ""
) -> tuple[N, dict[str, Any]]:
    """Read a network, in float32 on the CPU, and its card.

    Parameters
    ----------
    path : Path
        The file.
    version : str
        The version that is known.
    build : callable
        ``build(**config)``: makes a network of the sizes in the file.
    problem : str
        Kind of the problem, where there are networks for several.

    Raises
    ------
    InstanceFormatError
        If the file is missing, damaged, of another version or problem.
    """
    from safetensors import SafetensorError, safe_open

    def wrong(reason: str) -> InstanceFormatError:
        return InstanceFormatError(str(path), None, reason)

    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise wrong("no such weights: train them or name another file") from None
    except (SafetensorError, OSError) as error:
        raise wrong(f"damaged weights, get them anew: {error}") from None
    found = metadata.get("format")
    if found != version:
        raise wrong(f"weights of version {found}, not {version}: train anew")
    if metadata.get("problem", "") != problem:
        raise wrong(f"weights for {metadata.get('problem')}, not {problem}")
    try:
        network = build(**json.loads(metadata["config"]))
        network.load_state_dict(tensors)
        card = json.loads(metadata["card"])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise wrong(f"weights that do not fit their network: {reason}") from None
    return network.eval(), card
