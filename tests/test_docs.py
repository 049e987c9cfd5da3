"""Every code block of the documentation and every example runs."""

import os
import re
import runpy
import shlex
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from combkit.cli.main import COMMANDS, run

ROOT = Path(__file__).resolve().parent.parent
INSTANCES = ROOT / "examples" / "instances"
PAGES = sorted(
    [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "examples" / "README.md",
        *(ROOT / "docs").glob("*.md"),
    ]
)
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
LONG = {"bench.md", "bq.md", "tour.md", "compare_solvers.py"}
_BLOCK = re.compile(r"^```(python|console)\n(.*?)^```$", re.M | re.S)
_LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A fresh working folder from which the examples can be reached."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def blocks(page):
    return _BLOCK.findall(page.read_text())


def runnable(paths):
    """Return the parameters of paths; those that take long are slow tests."""
    return [
        pytest.param(p, id=p.name, marks=[pytest.mark.slow] if p.name in LONG else [])
        for p in paths
    ]


@pytest.mark.parametrize("page", runnable([p for p in PAGES if blocks(p)]))
def test_code_blocks_run(page, desk, capsys):
    names = {"__name__": "__main__"}
    for language, code in blocks(page):
        if language == "python":
            exec(compile(code, str(page), "exec"), names)
        else:
            for line in code.splitlines():
                if line.startswith("$ "):
                    run_line(line[2:], capsys)


def run_line(line, capsys):
    program, *words = shlex.split(line)
    assert program == "combkit"
    target = os.devnull
    if ">" in words:
        words, target = words[: words.index(">")], words[-1]
    with open(target, "w") as out, redirect_stdout(out):
        code = run(words)
    assert code == 0, (line, capsys.readouterr().err)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    for target in _LINK.findall(page.read_text()):
        assert (page.parent / target).exists(), target


def test_every_command_is_documented():
    page = (ROOT / "docs" / "cli.md").read_text()
    assert [name for name in COMMANDS if f"combkit {name}" not in page] == []


@pytest.mark.parametrize("example", runnable(EXAMPLES))
def test_examples_run(example, desk, capsys):
    runpy.run_path(str(example), run_name="__main__")
    assert capsys.readouterr().out


def test_example_instances_are_what_the_generators_make(desk, capsys):
    for _, code in blocks(ROOT / "examples" / "README.md"):
        for line in code.splitlines():
            run_line(line[2:], capsys)
    runpy.run_path(str(ROOT / "examples" / "facility_location.py"), run_name="__main__")
    for path in INSTANCES.iterdir():
        assert (desk / path.name).read_bytes() == path.read_bytes(), path.name
