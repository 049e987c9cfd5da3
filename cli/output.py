"""Where solutions go: planned and tried out before anything is solved."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from combkit.instances.errors import UsageError
from combkit.instances.formats import SOLUTION_FORMATS, find_writer
from combkit.instances.problem import Problem

__all__ = ["ensure_writable", "plan", "solution_path", "stem"]


def plan(files: Sequence[str], out: str | None) -> Path | None:
    """Return the output path or folder, after checking that it can be used.

    Parameters
    ----------
    files : sequence of str
        Instance files.
    out : str or None
        What the user asked for: a file, or a folder (there may be several
        instance files only with a folder).

    Raises
    ------
    UsageError
        If several files would go to one, or two files to the same name.
    OSError
        If the folder cannot be written.
    """
    if out is None:
        return None
    path = Path(out)
    if not path.is_dir():
        if len(files) > 1:
            raise UsageError(
                f"-o {out}: not a folder, and there are {len(files)} instance files"
            )
        ensure_writable(path)
        return path
    names: dict[str, str] = {}
    for file in files:
        if (twin := names.setdefault(stem(file), file)) != file:
            raise UsageError(f"-o {out}: {twin} and {file} would share one file there")
    ensure_writable(path / "x")
    return path


def solution_path(
    planned: Path | None, file: str, problem: Problem
) -> tuple[Path, str] | tuple[None, None]:
    """Return the path and the format's name for the solution of a file.

    Raises
    ------
    UsageError
        If no format of that suffix holds the kind, or if the path is the
        instance file itself.
    """
    if planned is None:
        return None, None
    path = planned
    if planned.is_dir():
        path = planned / f"{stem(file)}.{_suffix(problem.kind)}"
    if path.exists() and os.path.samefile(path, file):
        raise UsageError(f"-o {path}: is the instance file itself")
    return path, find_writer(problem, path, None, SOLUTION_FORMATS).name


def ensure_writable(path: str | os.PathLike[str]) -> None:
    """Raise ``OSError`` or ``UsageError`` unless a file can be written there."""
    target = Path(path)
    if target.is_dir():
        raise UsageError(f"{target}: is a folder, not a file")
    try:
        with tempfile.TemporaryFile(prefix=f".{target.name}.", dir=target.parent):
            pass
    except OSError as error:
        error.filename = str(target)
        raise


def stem(file: str) -> str:
    """Return the name of a file without its folder, ``.gz`` and suffix."""
    name = os.path.basename(file)
    if name.lower().endswith(".gz"):
        name = name[:-3]
    return Path(name).stem


def _suffix(kind: str) -> str:
    """Return the suffix of the field's own solution format of a kind."""
    for entry in SOLUTION_FORMATS:
        if entry.write and kind in entry.kinds:
            return "sol" if "sol" in entry.suffixes else entry.suffixes[0]
    return "json"
