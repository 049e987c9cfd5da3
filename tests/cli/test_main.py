"""The entry point: help, errors, broken pipes, what is imported when."""

import json
import subprocess
import sys

import pytest
from tests.cli.conftest import COMMAND, environment, finish, start

import combkit
from combkit.cli import main
from combkit.cli.exits import code_of
from combkit.instances.errors import (
    InstanceFormatError,
    InvalidSolutionError,
    MissingDependencyError,
    SolverError,
    UnsupportedFeatureError,
    UsageError,
)

HEAVY = ("numpy", "scipy", "numba", "rich", "ortools", "highspy", "torch", "networkx")


def test_help_imports_nothing_heavy():
    program = (
        "import sys\n"
        "from combkit.cli.main import run\n"
        "run(['--help'])\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert "solve" in done.stdout


@pytest.mark.parametrize("command", main.COMMANDS)
def test_every_command_has_help_with_examples(cli, command):
    done = cli(command, "--help")
    assert done.code == 0
    assert "examples:" in done.out
    assert f"combkit {command}" in done.out
    assert not done.err


def test_commands_of_the_help_are_those_of_the_table(cli):
    out = cli("--help").out
    assert all(f"    {name}" in out for name in main.COMMANDS)


def test_version(cli):
    assert cli("--version").out == f"combkit {combkit.__version__}\n"


def test_without_a_command_the_help_is_bad_usage(cli):
    done = cli()
    assert done.code == 2
    assert "usage: combkit" in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["slove", "x"], "did you mean 'solve'"),
        (["solve"], "FILE"),
        (["solve", "x", "--time-limit", "soon"], "--time-limit: 'soon'"),
        (["solve", "x", "--time-limit", "-1"], "--time-limit: -1"),
        (["solve", "x", "--time-limit", "nan"], "--time-limit: nan"),
        (["solve", "x", "--gap", "-0.1"], "--gap: -0.1"),
        (["solve", "x", "--target", "inf"], "--target: inf"),
        (["solve", "x", "--seed", "-1"], "--seed: -1"),
        (["solve", "x", "--threads", "0"], "--threads: 0"),
        (["solve", "x", "--device", "tpu"], "--device: invalid choice"),
        (["solve", "x", "--quite"], "--quite"),
        (["solve", "x", "--param", "a"], "--param a: not of the form"),
        (["solve", "x", "--param", "a=1", "--param", "a=2"], "a: given twice"),
        (["solve", "x", "--param", "seed=1"], "use the flag --seed"),
        (["solve", "x", "--param", "time-limit=1"], "use the flag --time-limit"),
        (["solve", "x", "y", "--log", "z"], "--log: takes one instance file"),
        (["generate", "tsp", "--n", "0", "--seed", "1", "-o", "x"], "--n: 0"),
        (["plot", "-o", "x.png"], "give an instance file or --trace"),
        (["plot", "x", "-o", "x.png", "--unit", "2w"], "'2w' is no length"),
        (["plot", "x", "-o", "x.png", "--origin", "now"], "'now' is no date"),
        (["completion", "tcsh"], "invalid choice"),
        (["solvers", "tps"], "did you mean 'tsp'"),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(cli, words, said):
    done = cli(*words)
    assert done.code == 2
    assert said in done.err
    assert done.err.startswith("combkit: error: ")
    assert done.err.count("\n") == 1
    assert not done.out


def test_an_unexpected_error_is_one_line_without_traceback(cli, monkeypatch):
    def load(command):
        raise ZeroDivisionError("by\nzero")

    monkeypatch.delenv("COMBKIT_DEBUG", raising=False)
    monkeypatch.setattr(main, "load", load)
    done = cli("solve", "x")
    assert done.code == 1
    assert done.err == (
        "combkit: internal error: ZeroDivisionError: by zero "
        "(COMBKIT_DEBUG=1 shows the traceback)\n"
    )
    monkeypatch.setenv("COMBKIT_DEBUG", "1")
    assert "Traceback" in cli("solve", "x").err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("x"), 2),
        (InstanceFormatError("x", 1, "y"), 2),
        (UnsupportedFeatureError("x"), 2),
        (MissingDependencyError("x", "y"), 2),
        (PermissionError(13, "denied", "x"), 2),
        (InvalidSolutionError(["x"]), 1),
        (SolverError("x"), 1),
        (RuntimeError("x"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_exit_code_of_an_error(error, code):
    assert code_of(error) == code


def test_a_reader_that_leaves_early_causes_no_traceback():
    process = subprocess.Popen(
        [*COMMAND, "solvers"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(60) == 1


def test_unwritable_output_is_one_line():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*COMMAND, "solvers"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == "combkit: error: No space left on device\n"


def test_the_script_ends_with_the_exit_code():
    assert finish(start("solve", "/nonexistent/file.tsp")).code == 2


def test_json_of_solvers_is_one_array(cli):
    rows = json.loads(cli("solvers", "kp", "--json").out)
    assert all("kp" in row["kinds"] for row in rows)
    assert {"name", "kinds", "exact", "extra", "installed", "summary"} <= set(rows[0])


def test_solvers_lists_options(cli):
    done = cli("solvers", "kp", "--params")
    assert done.code == 0
    assert "greedy (kp):" in done.out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_commands_flags_and_solvers(cli, shell):
    script = cli("completion", shell).out
    for word in ("solve", "convert", "time-limit", "cuda", "knapsack-dp", "cvrp"):
        assert word in script


def test_bash_completion_runs():
    script = subprocess.run(
        [*COMMAND, "completion", "bash"],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
    ).stdout
    ask = (
        "COMP_WORDS=(combkit solve x.tsp --device c); COMP_CWORD=4; _combkit; "
        'echo "${COMPREPLY[*]}"; '
        'COMP_WORDS=(combkit so); COMP_CWORD=1; _combkit; echo "${COMPREPLY[*]}"'
    )
    done = subprocess.run(
        ["bash", "-c", f"{script}\n{ask}"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "cpu cuda\nsolve solvers\n"
