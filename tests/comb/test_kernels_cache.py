"""The cache of compiled kernels: private, movable, safe to share."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

#: Compiles and calls one small kernel of the suite and prints the cache folder.
_CALL = """
import numpy as np
from combkit.comb.routing import _kernels_tour
from combkit.instances.kernels import cache_folder
space = _kernels_tour.Space(
    _kernels_tour.EUCLIDEAN, np.array([[0.0, 0.0], [3.0, 4.0]]), np.zeros((0, 0)),
    np.zeros((2, 1), np.int32), np.zeros((2, 1)), np.zeros((0, 2), np.int32), 0.0, 0,
)
length = _kernels_tour.tour_length(space, np.array([0, 1], np.int32))
assert length == 10.0, length
print(cache_folder())
"""


def process(root: Path, cache: Path) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "COMBKIT_CACHE": str(cache),
        "PYTHONPATH": str(root / "src"),
    }
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", _CALL],
        env=environment,
        cwd=cache.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def folder_of(running: subprocess.Popen[str]) -> Path:
    output, errors = running.communicate(timeout=240)
    assert running.returncode == 0, errors
    return Path(output.strip())


def compiled(folder: Path) -> dict[Path, int]:
    """Return the compiled files below a folder with their times."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.nbc")}


def test_messages_of_numba_leave_the_streams_alone() -> None:
    """Numba makes errors while it compiles, in threads beside the caller's own."""
    code = """
import sys, types
colorama = types.ModuleType("colorama")
colorama.__version__ = "0.4.6"

def init():
    sys.exit("the streams were swapped")

colorama.init = colorama.reinit = colorama.deinit = init
colorama.Fore = colorama.Style = type("Any", (type,), {"__getattr__": lambda *_: ""})(
    "Any", (), {}
)
sys.modules["colorama"] = colorama
import combkit.instances.kernels
from numba.core.errors import TypingError
print(TypingError("a message"))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "a message\n"), done.stderr


def test_folder_is_private_and_filled_once(repo_root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    folder = folder_of(process(repo_root, cache))
    assert folder.parent == cache
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    before = compiled(folder)
    assert before
    assert folder_of(process(repo_root, cache)) == folder
    assert compiled(folder) == before


def test_two_cold_processes_at_once(repo_root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    running = [process(repo_root, cache) for _ in range(2)]
    first, second = map(folder_of, running)
    assert first == second
    assert compiled(first)
    assert folder_of(process(repo_root, cache)) == first


def test_unwritable_cache_falls_back(repo_root: Path, tmp_path: Path) -> None:
    # A file where the folder should be cannot be written to, even by root.
    cache = tmp_path / "cache"
    cache.write_text("in the way")
    folder = folder_of(process(repo_root, cache))
    assert not folder.is_relative_to(cache)
    assert not folder.exists()
    assert cache.read_text() == "in the way"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_read_only_cache_falls_back(repo_root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o500)
    try:
        folder = folder_of(process(repo_root, cache))
        assert not folder.is_relative_to(cache)
    finally:
        cache.chmod(0o700)
