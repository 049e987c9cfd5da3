"""Control groups, on a folder that looks like theirs."""

import os

import pytest

from combkit.cli.bench.cgroup import Cgroup, Groups


@pytest.fixture
def tree(tmp_path):
    """A mount with our own group, in which this process is alone."""
    own = tmp_path / "own"
    own.write_text("1:name=systemd:/x\n0::/user/scope\n")
    group = tmp_path / "mount" / "user" / "scope"
    group.mkdir(parents=True)
    (group / "cgroup.controllers").write_text("cpu memory pids\n")
    (group / "cgroup.procs").write_text(f"{os.getpid()}\n")
    (group / "cgroup.subtree_control").write_text("")
    return own, tmp_path / "mount", group


def test_own_group_is_made_ready(tree):
    own, mount, group = tree
    groups = Groups.prepare(own, mount)
    assert groups == Groups(group)
    assert (group / "cgroup.subtree_control").read_text() == "+memory\n"
    assert (group / "combkit-batch" / "cgroup.procs").read_text() == f"{os.getpid()}\n"
    # A second batch of the same process finds itself in the leaf.
    own.write_text("0::/user/scope/combkit-batch\n")
    assert Groups.prepare(own, mount) == Groups(group)


@pytest.mark.parametrize("obstacle", ["v1", "company", "controller", "missing"])
def test_without_a_group_of_our_own_there_is_none(tree, obstacle):
    own, mount, group = tree
    if obstacle == "v1":
        own.write_text("4:memory:/user/scope\n")
    elif obstacle == "company":
        (group / "cgroup.procs").write_text(f"1\n{os.getpid()}\n")
    elif obstacle == "controller":
        (group / "cgroup.controllers").write_text("cpu pids\n")
    else:
        (group / "cgroup.procs").unlink()
    assert Groups.prepare(own, mount) is None
    assert not (group / "combkit-batch").exists()


def test_limits_of_a_run(tmp_path):
    group = Groups(tmp_path).make(10**9)
    (folder,) = tmp_path.iterdir()
    assert (folder / "memory.max").read_text() == "1000000000\n"
    assert (folder / "memory.oom.group").read_text() == "1\n"
    group.enter()
    assert (folder / "cgroup.procs").read_text() == f"{os.getpid()}\n"
    assert group.peak() == 0 and not group.overran()
    (folder / "memory.peak").write_text("12345\n")
    (folder / "memory.events").write_text("low 0\noom 1\noom_kill 1\n")
    assert group.peak() == 12345 and group.overran()
    assert Groups(tmp_path / "nowhere").make(1) is None


def test_removing_what_is_gone_is_fine(tmp_path):
    Cgroup(tmp_path / "gone").remove()
