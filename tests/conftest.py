"""Fixtures of the whole suite."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The first example of a test may compile kernels.
settings.register_profile("combkit", deadline=None)
settings.load_profile("combkit")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repo_root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the public benchmark instances, which are not in the repository."""
    folder = Path(os.environ.get("COMBKIT_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no benchmark data: set COMBKIT_DATA to its folder")
    return folder
