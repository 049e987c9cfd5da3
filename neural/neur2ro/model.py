"""The network that comes with the package."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import Any

from combkit.neural.neur2ro.network import ValueNetwork, load

__all__ = ["shipped"]


def shipped(problem: str) -> tuple[ValueNetwork, dict[str, Any]]:
    """Return the network that comes with the package, on the CPU, and its card.

    Parameters
    ----------
    problem : str
        Kind of the problem.

    Raises
    ------
    InstanceFormatError
        If the installation lacks it.
    """
    weights = files("combkit.neural") / "weights" / f"neur2ro-{problem}.safetensors"
    with as_file(weights) as path:
        return load(path)
