"""Where the weights of the package are."""

from __future__ import annotations

from contextlib import AbstractContextManager
from importlib.resources import as_file, files
from pathlib import Path

__all__ = ["weights_file"]


def weights_file(name: str) -> AbstractContextManager[Path]:
    """Return a context with the path of a file of the package's weights.

    Parameters
    ----------
    name : str
        Name of the file.
    """
    return as_file(files("combkit.neural") / "weights" / name)
