"""Which code, which packages, which machine: what a figure depends on."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import platform
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import combkit

__all__ = ["Revision", "code_version", "machine", "package_versions", "revision"]

#: The floors whose code decides what a solver finds; documentation, tests and
#: the command line do not.
_FLOORS = ("instances", "mip", "comb", "neural")


@dataclass(frozen=True, slots=True)
class Revision:
    """State of the git checkout that combkit runs from; empty without one.

    Parameters
    ----------
    commit : str
        Full hash of the commit.
    dirty : bool
        Whether the code of the solvers differs from it.
    """

    commit: str
    dirty: bool


def _roots() -> Iterable[Path]:
    for folder in combkit.__path__:
        for floor in _FLOORS:
            root = (Path(folder) / floor).resolve()
            if root.is_dir():
                yield root


@functools.cache
def code_version() -> str:
    """Return the version of combkit, with a hash of the code of its solvers.

    The hash stands for the git revision and for uncommitted changes at once,
    and does not move when only documentation, tests or reports change.
    """
    digest = hashlib.sha256()
    for root in _roots():
        for path in sorted(root.rglob("*.py")):
            digest.update(f"{root.name}/{path.relative_to(root)}\0".encode())
            digest.update(path.read_bytes())
    return f"{combkit.__version__}+{digest.hexdigest()[:12]}"


@functools.cache
def revision() -> Revision:
    """Return the git revision of the checkout, if there is one."""
    root = Path(combkit.__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return Revision("", False)
    try:
        commit = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain", "--", *_FLOORS)
    except (OSError, subprocess.CalledProcessError):
        return Revision("", False)
    return Revision(commit, bool(changed))


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(root), *words], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def package_versions(imports: Iterable[str]) -> dict[str, str]:
    """Return the versions of the distributions behind import names."""
    owners = _owners()
    found = {}
    for name in sorted(set(imports)):
        for distribution in owners.get(name, ()):
            with contextlib.suppress(metadata.PackageNotFoundError):
                found[distribution] = metadata.version(distribution)
    return found


@functools.cache
def _owners() -> dict[str, list[str]]:
    return dict(metadata.packages_distributions())


@functools.cache
def machine() -> dict[str, str | int]:
    """Return what the figures of this machine depend on."""
    return {
        "host": platform.node(),
        "cpu": _cpu(),
        "cores": os.cpu_count() or 1,
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def _cpu() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
