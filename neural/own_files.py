"""Own instances that a training learns from, as patterns of the command line."""

from __future__ import annotations

import glob
from collections.abc import Sequence

from combkit.instances.errors import UsageError

__all__ = ["files_of"]


def files_of(patterns: Sequence[str] | None) -> list[str]:
    """Return the files of ``--data``, in the order of the patterns.

    Parameters
    ----------
    patterns : sequence of str or None
        Patterns of files.

    Raises
    ------
    UsageError
        If one fits no file.
    """
    files: list[str] = []
    for pattern in patterns or []:
        found = sorted(glob.glob(pattern))
        if not found:
            raise UsageError(f"--data {pattern}: no such file")
        files += found
    return files
