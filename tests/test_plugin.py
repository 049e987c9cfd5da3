"""The plug-in in examples/: a solver in a package of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def installed(
    repo_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """The environment in which the plug-in is installed, beside what is there."""
    folder = tmp_path_factory.mktemp("plugin")
    shutil.copytree(repo_root / "examples" / "plugin", folder / "source")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"),
            *("--disable-pip-version-check", "--target", str(folder / "site")),
            str(folder / "source"),
        ],
        check=True,
    )
    return {**os.environ, "PYTHONPATH": str(folder / "site")}


def combkit(*words: str, environment: dict[str, str], cwd: Path) -> str:
    command = [sys.executable, "-m", "combkit.cli.main", *words]
    done = subprocess.run(
        command, check=True, env=environment, cwd=cwd, capture_output=True, text=True
    )
    return done.stdout


def test_it_is_found_and_solves(installed: dict[str, str], repo_root: Path) -> None:
    listed = combkit("solvers", "tsp", environment=installed, cwd=repo_root)
    assert "farthest insertion, of the plug-in" in listed
    found = combkit(
        *("solve", "examples/instances/cities.tsp", "--solver", "farthest"),
        *("--param", "first=3"),
        environment=installed,
        cwd=repo_root,
    )
    assert "feasible (ended by: completed)" in found
    assert "verified   yes" in found


def test_without_it_nobody_knows_the_name(repo_root: Path) -> None:
    listed = combkit("solvers", "tsp", environment=dict(os.environ), cwd=repo_root)
    assert "farthest" not in listed
