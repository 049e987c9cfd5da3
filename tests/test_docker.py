"""The Dockerfile says what it should, as far as can be seen without Docker."""

from __future__ import annotations

import os
import re
from pathlib import Path

KNOWN = ("FROM", "ENV", "WORKDIR", "COPY", "RUN", "USER", "ENTRYPOINT", "CMD")


def test_the_dockerfile_is_sound(repo_root: Path) -> None:
    text = (repo_root / "docker" / "Dockerfile").read_text()
    joined = re.sub(r"\\\n\s*", " ", text)
    lines = [line.split(maxsplit=1) for line in joined.splitlines()]
    steps = [(word, rest) for word, rest in (x for x in lines if len(x) > 1)]
    steps = [(word, rest) for word, rest in steps if word != "#"]
    assert [word for word, _ in steps if word not in KNOWN] == []
    base = steps[0][1]
    assert re.fullmatch(r"[a-z]+:\d[\w.-]*", base), "the base image has no version"
    users = [rest for word, rest in steps if word == "USER"]
    assert users, "it runs as root"
    assert users[-1] != "root"
    # Lists of words, so that signals reach the solver and not a shell.
    ends = [rest for word, rest in steps if word in ("ENTRYPOINT", "CMD")]
    assert all(rest.startswith("[") for rest in ends)


def test_its_steps_are_those_of_the_gate(repo_root: Path) -> None:
    for name in ("docker/Dockerfile", ".ci/run"):
        assert "docker/install" in (repo_root / name).read_text(), name
    assert os.access(repo_root / "docker" / "install", os.X_OK)
