"""combkit solve: answers, files, options, exit codes."""

import json
import math
import shutil

import pytest

from combkit.cli import solve as solve_command
from combkit.cli.report import KEYS
from combkit.instances.best_known import BestKnown
from combkit.instances.run import Outcome
from combkit.instances.stop import Reason

OPTIMA = {
    "square.tsp": 14,
    "delivery.vrp": 68,
    "shop.txt": 7,
    "items.json": 9,
    "model.lp": 11,
}


@pytest.mark.parametrize("name", OPTIMA)
def test_every_kind_is_solved_written_and_verified(cli, files, tmp_path, name):
    out = tmp_path / "solution.json"
    done = cli("solve", files[name], "--time-limit", 3, "--json", "--quiet", "-o", out)
    assert done.code == 0, done.err
    (line,) = done.out.splitlines()
    found = json.loads(line)
    assert tuple(found) == KEYS
    assert found["verified"] is True
    assert found["solution_file"] == str(out)
    assert found["status"] in ("optimal", "feasible")
    assert found["objective"] >= OPTIMA[name] or found["kind"] in ("kp", "mip")
    assert json.loads(out.read_text())["objective"] == pytest.approx(found["objective"])
    times = [point[0] for point in found["trace"]]
    assert times == sorted(times)
    assert found["trace"][-1][1] == found["objective"]
    assert all(len(point) == 4 for point in found["trace"])
    assert found["time_to_best"] <= found["runtime"]


def test_exact_solvers_prove_the_optimum(cli, files):
    for name in ("shop.txt", "items.json", "model.lp"):
        found = json.loads(cli("solve", files[name], "--json", "--quiet").out)
        assert found["status"] == "optimal"
        assert found["objective"] == pytest.approx(OPTIMA[name])
        assert found["bound"] == pytest.approx(OPTIMA[name])
        assert found["gap"] == 0


def test_text_output_names_what_matters(cli, files, tmp_path):
    out = tmp_path / "square.tour"
    done = cli("solve", files["square.tsp"], "--solver", "greedy", "-o", out)
    assert done.code == 0
    assert "objective  14" in done.out
    assert "verified   yes (read back)" in done.out
    assert f"written    {out}" in done.out
    assert "incumbent 14" in done.err
    assert "TOUR_SECTION" in out.read_text()


def test_quiet_shows_no_progress(cli, files):
    done = cli("solve", files["square.tsp"], "--solver", "greedy", "--quiet")
    assert done.err == ""
    assert "objective  14" in done.out


def test_several_files_go_to_a_folder_in_the_format_of_their_field(
    cli, files, tmp_path
):
    folder = tmp_path / "solutions"
    folder.mkdir()
    names = ["square.tsp", "delivery.vrp"]
    done = cli(
        "solve", *[files[name] for name in names], "-o", folder, "--json", "--quiet",
        "--time-limit", 1,
    )  # fmt: skip
    assert done.code == 0
    assert len(done.out.splitlines()) == 2
    assert sorted(p.name for p in folder.iterdir()) == ["delivery.sol", "square.tour"]


def test_a_bad_file_among_good_ones_is_reported_and_the_rest_solved(
    cli, files, tmp_path
):
    bad = tmp_path / "bad.tsp"
    bad.write_text("DIMENSION: many\n")
    done = cli("solve", bad, files["square.tsp"], "--json", "--quiet",
               "--solver", "greedy")  # fmt: skip
    assert done.code == 2
    first, second = map(json.loads, done.out.splitlines())
    assert first["status"] == "error"
    assert tuple(first) == KEYS
    assert second["objective"] == 14
    assert str(bad) in done.err


def test_unwritable_output_is_found_before_solving(cli, files, monkeypatch):
    monkeypatch.setattr(solve_command, "solve", _never)
    for out in ("/nonexistent/x.json", "/proc/x.json"):
        done = cli("solve", files["square.tsp"], "-o", out)
        assert done.code == 2
        assert done.err.startswith(f"combkit: error: {out}: ")
        assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-o", "tour.xyz"], "no format of tsp has the suffix '.xyz'"),
        (["--solver", "gredy"], "did you mean 'greedy'"),
        (["--solver", "hgs"], "solves cvrp, ovrp, vrp, not tsp"),
        (["--solver", "greedy", "--param", "speed=1"], "no option 'speed'"),
        (["--param", "speed=1"], "no option 'speed'"),
        (["--solver", "greedy", "--device", "cuda"], "runs on the CPU only"),
        (["--solver", "greedy", "--log", "native.log"], "has no native log"),
        (["--format", "tsplip"], "did you mean 'tsplib'"),
        (["--initial", "missing.tour"], "missing.tour"),
    ],
)
def test_bad_requests_are_one_line_and_exit_code_2(
    cli, files, tmp_path, monkeypatch, words, said
):
    monkeypatch.chdir(tmp_path)
    done = cli("solve", files["square.tsp"], "--quiet", *words)
    assert done.code == 2
    assert said in done.err
    assert done.err.count("\n") == 1
    assert not done.out
    assert [p.name for p in tmp_path.iterdir()] == ["instances"]


def test_the_instance_is_never_overwritten(cli, files):
    before = files["square.tsp"].read_text()
    done = cli("solve", files["square.tsp"], "-o", files["square.tsp"])
    assert done.code == 2
    assert files["square.tsp"].read_text() == before


def test_two_files_of_one_name_do_not_share_an_output(cli, files, tmp_path):
    twin = tmp_path / "square.tsp"
    shutil.copy(files["square.tsp"], twin)
    done = cli("solve", files["square.tsp"], twin, "-o", tmp_path)
    assert done.code == 2
    assert "would share one file" in done.err
    done = cli("solve", files["square.tsp"], twin, "-o", tmp_path / "x.tour")
    assert "not a folder" in done.err


def test_initial_solution_is_the_first_incumbent(cli, files, tmp_path):
    start = tmp_path / "start.json"
    start.write_text('{"tour": [0, 2, 1, 3]}')
    done = cli("solve", files["square.tsp"], "--initial", start, "--json", "--quiet")
    trace = json.loads(done.out)["trace"]
    assert trace[0][1] == 18
    assert trace[0][3] == "initial"


def test_infeasible_initial_solution_names_its_file(cli, files, tmp_path):
    start = tmp_path / "start.json"
    start.write_text('{"tour": [0, 2, 2, 3]}')
    done = cli("solve", files["square.tsp"], "--initial", start)
    assert done.code == 2
    assert f"{start}: initial solution: city 2 is visited 2 times" in done.err


@pytest.mark.parametrize(
    ("name", "statuses"),
    [
        ("infeasible.lp", ("infeasible", "infeasible_or_unbounded")),
        ("unbounded.lp", ("unbounded", "infeasible_or_unbounded")),
    ],
)
def test_proven_emptiness_is_a_result(cli, files, tmp_path, name, statuses):
    out = tmp_path / "x.sol"
    done = cli("solve", files[name], "--json", "--quiet", "-o", out)
    found = json.loads(done.out)
    assert done.code == 0
    assert found["status"] in statuses
    assert found["verified"] is False or found["objective"] is not None


def test_no_solution_within_the_limits_is_exit_code_1(cli, files, monkeypatch):
    _replace_solver(monkeypatch, lambda problem, run: Outcome())
    done = cli("solve", files["square.tsp"], "--solver", "greedy", "--json")
    assert done.code == 1
    assert json.loads(done.out)["status"] == "no_solution"
    assert json.loads(done.out)["gap"] is None


def test_interrupted_with_nothing_is_exit_code_130(cli, files, monkeypatch):
    _replace_solver(monkeypatch, lambda p, run: Outcome(reason=Reason.INTERRUPTED))
    done = cli("solve", files["square.tsp"], files["square.tsp"], "--solver", "greedy")
    assert done.code == 130
    assert done.out.count("no_solution") == 1  # the second file is not begun


def test_solvers_bug_is_exit_code_1_and_one_line(cli, files, monkeypatch):
    from combkit.instances.solutions import Tour

    def broken(problem, run):
        run.report(Tour([0, 0, 0, 0]), "broken")

    _replace_solver(monkeypatch, broken)
    done = cli("solve", files["square.tsp"], "--solver", "greedy", "--quiet")
    assert done.code == 1
    assert "returned an infeasible solution" in done.err
    assert done.err.count("\n") == 1


def test_best_known_value_and_gap(cli, files, monkeypatch):
    best = BestKnown(kind="tsp", name="square", fingerprint="0" * 64, value=10.0)
    monkeypatch.setattr(solve_command, "best_known", lambda problem: best)
    words = ("solve", files["square.tsp"], "--solver", "greedy", "--quiet")
    found = json.loads(cli(*words, "--json").out)
    assert found["best_known"] == 10
    assert found["gap_to_best_known"] == pytest.approx(0.4)
    assert "best known 10 (best), this is +40 %" in cli(*words).out


def test_time_limit_none_and_default(cli, files, monkeypatch):
    limits = []

    def record(problem, run):
        limits.append(run.limits.time)
        return Outcome()

    _replace_solver(monkeypatch, record)
    for words in ([], ["--time-limit", "none"], ["--time-limit", "2.5"]):
        cli("solve", files["square.tsp"], "--solver", "greedy", "--quiet", *words)
    assert limits == [solve_command.DEFAULT_TIME_LIMIT, math.inf, 2.5]


def test_native_log_is_written(cli, files, tmp_path):
    log = tmp_path / "native.log"
    done = cli("solve", files["model.lp"], "--solver", "highs", "--log", log, "--json")
    assert done.code == 0
    assert "HiGHS" in log.read_text()
    assert len(done.out.splitlines()) == 1


def test_params_are_typed_by_their_looks():
    from combkit.cli.params import parameters

    found = parameters(["a=1", "b=1.5", "c=true", "d=x=y", "e-f=1e3"], {})
    assert found == {"a": 1, "b": 1.5, "c": True, "d": "x=y", "e_f": 1000.0}
    assert [type(v) for v in found.values()] == [int, float, bool, str, float]


def _never(*args, **kwargs):
    raise AssertionError("solve was called")


def _replace_solver(monkeypatch, function):
    from combkit.instances.solver import SolverInfo

    monkeypatch.setattr(SolverInfo, "load", lambda self: function)
    monkeypatch.setattr(SolverInfo, "unsupported", lambda self, problem: None)
