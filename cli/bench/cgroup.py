"""Memory limits by control groups (cgroup v2), where we may make them.

The kernel then measures and enforces the limit; polling can only look now and
then. It needs a group that was delegated to the user and in which a batch is
alone, such as that of ``systemd-run --user --scope -p Delegate=yes combkit ...``
or of a Slurm job with delegated groups.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Self

__all__ = ["Cgroup", "Groups"]

_MOUNT = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")
#: Group that the batch itself moves to: only leaves may hold processes.
_LEAF = "combkit-batch"


@dataclass(frozen=True, slots=True)
class Groups:
    """A folder of control groups in which runs get groups of their own.

    Parameters
    ----------
    path : Path
        The folder; its children have memory limits.
    """

    path: Path

    @classmethod
    def prepare(cls, own: Path = _OWN, mount: Path = _MOUNT) -> Self | None:
        """Make our own group ready for children, if it is ours alone.

        Parameters
        ----------
        own : Path
            File that names the groups of this process.
        mount : Path
            Where cgroup v2 is mounted.

        Returns
        -------
        Groups or None
            None where there is no cgroup v2, no permission or other company.
        """
        try:
            lines = own.read_text().splitlines()
            (name,) = (line[3:] for line in lines if line.startswith("0::"))
            path = mount / name.lstrip("/")
            if path.name == _LEAF:
                return cls(path.parent)
            if "memory" not in (path / "cgroup.controllers").read_text().split():
                return None
            inhabitants = (path / "cgroup.procs").read_text().split()
            if inhabitants != [str(os.getpid())]:
                return None
            leaf = path / _LEAF
            leaf.mkdir(exist_ok=True)
            (leaf / "cgroup.procs").write_text(f"{os.getpid()}\n")
            (path / "cgroup.subtree_control").write_text("+memory\n")
        except (OSError, ValueError):
            return None
        return cls(path)

    def make(self, memory: int) -> Cgroup | None:
        """Return a new group limited to so many bytes, or None if it cannot be."""
        path = self.path / f"combkit-{os.getpid()}-{secrets.token_hex(4)}"
        try:
            path.mkdir()
            (path / "memory.max").write_text(f"{memory}\n")
            (path / "memory.oom.group").write_text("1\n")
        except OSError:
            with contextlib.suppress(OSError):
                path.rmdir()
            return None
        with contextlib.suppress(OSError):  # a kernel without swap accounting
            (path / "memory.swap.max").write_text("0\n")
        return Cgroup(path)


class Cgroup:
    """The control group of one run.

    Parameters
    ----------
    path : Path
        Its folder.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def enter(self) -> None:
        """Move the calling process into the group."""
        (self._path / "cgroup.procs").write_text(f"{os.getpid()}\n")

    def peak(self) -> int:
        """Return the most bytes that the group held; 0 where the kernel is old."""
        with contextlib.suppress(OSError, ValueError):
            return int((self._path / "memory.peak").read_text())
        return 0

    def overran(self) -> bool:
        """Whether the kernel killed the group for its memory."""
        with contextlib.suppress(OSError, ValueError):
            for line in (self._path / "memory.events").read_text().splitlines():
                name, _, count = line.partition(" ")
                if name == "oom_kill" and int(count) > 0:
                    return True
        return False

    def remove(self) -> None:
        """Remove the group; its processes must have ended."""
        with contextlib.suppress(OSError):
            self._path.rmdir()
