"""Where networks run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

from combkit.instances.errors import UsageError

__all__ = ["device_of", "torch_threads"]


def device_of(name: str) -> torch.device:
    """Return the device of a name; ``"auto"`` is a GPU if there is one.

    Parameters
    ----------
    name : {"auto", "cpu", "cuda"}
        The name.

    Raises
    ------
    UsageError
        If it is unknown or not there.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise UsageError(f"device={name!r}: one of auto, cpu, cuda")
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise UsageError("device=cuda: there is no such device here")
    return torch.device("cuda" if there and name != "cpu" else "cpu")


@contextlib.contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Let networks use some threads; the setting is the process's.

    Parameters
    ----------
    count : int
        Threads.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
