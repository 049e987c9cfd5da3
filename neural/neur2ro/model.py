"""The network that comes with the package."""

from __future__ import annotations

from typing import Any

from combkit.neural.neur2ro.network import ValueNetwork, load
from combkit.neural.shipped import weights_file

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
    with weights_file(f"neur2ro-{problem}.safetensors") as path:
        return load(path)
