"""Numba kernels: one decorator, one disk cache that is safe to share and to move.

The cache lives in the user's cache folder (``$COMBKIT_CACHE`` overrides it),
mode 0700, in a sub-folder named after the package version and a hash of all
kernel sources: an upgrade or an edit anywhere never meets a stale kernel, and
a read-only install works. Kernels live in modules named ``_kernels*.py``.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import platform
import shutil
import tempfile
from collections.abc import Callable
from functools import cache, partial
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar, overload

__all__ = ["cache_folder", "kernel"]

F = TypeVar("F", bound=Callable[..., Any])


@overload
def kernel(function: F) -> F: ...


@overload
def kernel(
    *, allocates: bool = ..., inline: bool = ..., reassociates: bool = ...
) -> Callable[[F], F]: ...


def kernel(
    function: F | None = None,
    *,
    allocates: bool = False,
    inline: bool = False,
    reassociates: bool = False,
) -> Any:
    """Compile a function with Numba: ``nopython``, ``nogil``, cached on disk.

    Parameters
    ----------
    function : callable
        What to compile.
    allocates : bool
        Whether it makes arrays, or calls one that does. Arrays are counted only
        then: what passes many of them to small functions would spend most of
        its time, up to 80 %, on counting references that the caller holds.
        Numba refuses to compile a function that allocates without this ("NRT
        required but not enabled").
    inline : bool
        Whether its code is put in the place of every call. A call hands over
        each array of its arguments as seven numbers: a short function of many
        arrays would spend its time on that.
    reassociates : bool
        Whether sums of floats may be taken in another order, and no number is NaN:
        what a processor needs to add several at a time.
    """
    import numba

    if function is None:
        return partial(
            kernel, allocates=allocates, inline=inline, reassociates=reassociates
        )

    config: Any = numba.config
    # The setting is global to Numba and read when a function is decorated, so
    # it is put back at once: other packages keep their own cache.
    before = config.CACHE_DIR
    config.CACHE_DIR = str(cache_folder())
    try:
        njit: Any = numba.njit  # its stubs do not know the option
        where = "always" if inline else "never"
        loose = {"reassoc", "nsz", "nnan", "contract"} if reassociates else False
        return njit(
            cache=True, nogil=True, inline=where, fastmath=loose, _nrt=allocates
        )(function)
    finally:
        config.CACHE_DIR = before


@cache
def cache_folder() -> Path:
    """Return the folder of compiled kernels, created private to the user.

    Falls back to a temporary folder, gone with the process, where the cache
    cannot be written.
    """
    import numba

    base = os.environ.get("COMBKIT_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "combkit"
    )
    key = f"{_version()}-py{platform.python_version()}-nb{numba.__version__}"
    folder = Path(base) / f"kernels-{key}-{_source_hash()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_uid == os.getuid() and os.access(folder, os.W_OK):
            return folder
    except OSError:
        pass
    temporary = Path(tempfile.mkdtemp(prefix="combkit-kernels-"))
    atexit.register(shutil.rmtree, temporary, ignore_errors=True)
    return temporary


def _version() -> str:
    try:
        return metadata.version("combkit")
    except metadata.PackageNotFoundError:
        return "checkout"


def _source_hash() -> str:
    """Hash this module and every kernel module of the suite, in a fixed order."""
    here = Path(__file__).resolve()
    root = here.parent.parent
    digest = hashlib.sha256(here.read_bytes())
    for package in ("instances", "mip", "comb", "neural"):
        for path in sorted((root / package).rglob("_kernels*.py")):
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
