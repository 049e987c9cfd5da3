"""combkit check, info, convert, generate, plot, warmup."""

import json

import pytest

import combkit as ck
from combkit.instances.generators import GENERATORS

SOLUTIONS = {
    "good": ('{"tour": [0, 1, 2, 3], "objective": 14}', 0),
    "unstated": ('{"tour": [0, 1, 2, 3]}', 0),
    "misstated": ('{"tour": [0, 1, 2, 3], "objective": 13}', 1),
    "twice": ('{"tour": [0, 1, 1, 3]}', 1),
    "unknown": ('{"tour": [0, 1, 2, 7]}', 1),
    "short": ('{"tour": [0, 1]}', 1),
}


@pytest.mark.parametrize("name", SOLUTIONS)
def test_check_judges(cli, files, tmp_path, name):
    content, code = SOLUTIONS[name]
    path = tmp_path / "solution.json"
    path.write_text(content)
    done = cli("check", files["square.tsp"], path)
    assert done.code == code
    facts = json.loads(cli("check", files["square.tsp"], path, "--json").out)
    assert facts["feasible"] == (name in ("good", "unstated", "misstated"))
    assert done.out.count("violation: ") == len(facts["violations"])


def test_check_lists_every_violation(cli, files, tmp_path):
    path = tmp_path / "solution.json"
    path.write_text('{"tour": [0, 1, 1, 9]}')
    facts = json.loads(cli("check", files["square.tsp"], path, "--json").out)
    text = " ".join(facts["violations"])
    assert "unknown city 9" in text
    assert "city 1 is visited 2 times" in text
    assert "city 2 is not visited" in text
    assert "city 3 is not visited" in text
    assert facts["objective"] is None


def test_check_compares_the_stated_cost_of_a_cvrplib_file(cli, files, tmp_path):
    path = tmp_path / "delivery.sol"
    path.write_text("Route #1: 1 2\nRoute #2: 3 4\nCost 68\n")
    done = cli("check", files["delivery.vrp"], path)
    assert done.code == 0, done.out
    path.write_text("Route #1: 1 2\nRoute #2: 3 4\nCost 67\n")
    done = cli("check", files["delivery.vrp"], path)
    assert done.code == 1
    assert "stated     67 (DOES NOT AGREE)" in done.out


@pytest.mark.parametrize("content", ["", "no solution", "\x00\x01\x02\x03", "[1, 2"])
def test_check_refuses_what_is_no_solution(cli, files, tmp_path, content):
    path = tmp_path / "solution.json"
    path.write_text(content)
    done = cli("check", files["square.tsp"], path)
    assert done.code == 2
    assert str(path) in done.err
    assert done.err.count("\n") == 1


KINDS = {
    "square.tsp": "tsp",
    "delivery.vrp": "cvrp",
    "shop.txt": "jsp",
    "items.json": "kp",
    "model.lp": "mip",
}


@pytest.mark.parametrize("name", KINDS)
def test_info_of_every_kind(cli, files, name):
    facts = json.loads(cli("info", files[name], "--json").out)
    problem = ck.read(files[name])
    assert facts["kind"] == KINDS[name]
    assert facts["fingerprint"] == problem.fingerprint
    assert facts["size"] == problem.size
    assert facts["statistics"]
    text = cli("info", files[name]).out
    assert problem.fingerprint in text
    known = [key for key, value in facts["statistics"].items() if value is not None]
    assert all(key in text for key in known)


@pytest.mark.parametrize("kind", GENERATORS)
def test_info_of_every_generator(cli, tmp_path, kind):
    path = tmp_path / ("generated.mps" if kind == "mip" else "generated.json")
    cli("generate", kind, "--n", "12", "--seed", "1", "-o", path)
    facts = json.loads(cli("info", path, "--json").out)
    assert facts["kind"] == kind
    assert facts["statistics"]


def test_convert_an_instance_there_and_back(cli, files, tmp_path):
    there, back = tmp_path / "square.json", tmp_path / "square.tsp.gz"
    assert cli("convert", files["square.tsp"], there).code == 0
    assert cli("convert", there, back).code == 0
    assert ck.read(back) == ck.read(files["square.tsp"])


def test_convert_a_solution(cli, files, tmp_path):
    there, back = tmp_path / "tour.json", tmp_path / "square.tour"
    there.write_text('{"tour": [0, 1, 2, 3]}')
    done = cli("convert", there, back, "--instance", files["square.tsp"])
    assert done.code == 0
    problem = ck.read(files["square.tsp"])
    assert ck.read_solution(back, problem) == ck.Tour([0, 1, 2, 3])


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("square.tsp", "/nonexistent/x.json", "/nonexistent/x.json"),
        ("square.tsp", "x.mps", "no format of tsp has the suffix '.mps'"),
        ("missing.tsp", "x.json", "missing.tsp"),
    ],
)
def test_convert_writes_nothing_on_errors(
    cli, files, tmp_path, monkeypatch, source, target, said
):
    monkeypatch.chdir(tmp_path)
    done = cli("convert", files.get(source, source), target)
    assert done.code == 2
    assert said in done.err
    assert done.err.count("\n") == 1
    assert [p.name for p in tmp_path.iterdir()] == ["instances"]


@pytest.mark.parametrize(
    ("kind", "suffix"), [("tsp", "tsp"), ("cvrp", "vrp"), ("jsp", "txt"), ("kp", "kp")]
)
def test_generate_is_reproducible_and_numbers_its_files(cli, tmp_path, kind, suffix):
    target = tmp_path / f"random.{suffix}"
    words = ["generate", kind, "--n", 8, "--seed", 5]
    done = cli(*words, "--count", 10, "-o", target)
    assert done.code == 0, done.err
    paths = done.out.splitlines()
    assert paths[0] == str(tmp_path / f"random-01.{suffix}")
    assert len(paths) == 10
    again = tmp_path / f"again.{suffix}"
    assert cli("generate", kind, "--n", 8, "--seed", 7, "-o", again).code == 0
    assert ck.read(again) == ck.read(paths[2])
    assert ck.read(again) != ck.read(paths[3])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["tps", "--n", "5", "-o", "x.tsp"], "did you mean 'tsp'"),
        (["tsp", "--n", "5", "-o", "x.vrp", "--param", "colour=3"], "colour"),
        (["tsp", "--n", "5", "-o", "x.mps"], "suffix '.mps'"),
        (["tsp", "--n", "5", "-o", "/nonexistent/x.tsp"], "/nonexistent/x.tsp"),
    ],
)
def test_generate_refuses(cli, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    done = cli("generate", *words, "--seed", 1)
    assert done.code == 2
    assert said in done.err
    assert done.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


SIGNS = {"png": b"\x89PNG", "svg": b"<?xml", "html": b"<!doctype html>"}


@pytest.mark.parametrize("suffix", SIGNS)
@pytest.mark.parametrize(
    ("name", "solution"),
    [
        ("square.tsp", '{"tour": [0, 1, 2, 3]}'),
        ("delivery.vrp", '{"routes": [[1, 2], [3, 4]]}'),
        ("shop.txt", '{"starts": [[0, 3], [3, 5]]}'),
        ("items.json", '{"selected": [1, 2]}'),
        ("model.lp", None),
    ],
)
def test_plot_every_kind(cli, files, tmp_path, name, solution, suffix):
    out = tmp_path / f"picture.{suffix}"
    words = [files[name]]
    if solution is not None:
        path = tmp_path / "solution.json"
        path.write_text(solution)
        words.append(path)
    done = cli("plot", *words, "-o", out)
    assert done.code == 0, done.err
    assert out.read_bytes().startswith(SIGNS[suffix])
    assert out.stat().st_size > 2000


def test_plot_a_schedule_with_dates(cli, files, tmp_path):
    plan, out = tmp_path / "plan.json", tmp_path / "gantt.html"
    plan.write_text('{"starts": [[0, 3], [3, 5]]}')
    words = ["plot", files["shop.txt"], plan, "-o", out, "--unit", "15min"]
    assert "--unit: needs --origin" in cli(*words).err
    done = cli(*words, "--origin", "2027-03-01T06:00")
    assert done.code == 0, done.err
    assert "2027-03-01 06:45" in out.read_text()


@pytest.mark.parametrize("suffix", SIGNS)
def test_plot_the_trace_of_a_run(cli, files, tmp_path, suffix):
    runs = tmp_path / "runs.jsonl"
    runs.write_text(
        cli("solve", files["shop.txt"], files["items.json"], "--json", "--quiet").out
    )
    out = tmp_path / f"trace.{suffix}"
    assert cli("plot", "--trace", runs, "-o", out).code == 0
    assert out.read_bytes().startswith(SIGNS[suffix])


def test_plot_refuses(cli, files, tmp_path):
    out = tmp_path / "x.gif"
    assert "suffix 'gif'" in cli("plot", files["square.tsp"], "-o", out).err
    bad = tmp_path / "bad.json"
    bad.write_text('{"objective": 1}\n')
    done = cli("plot", "--trace", bad, "-o", tmp_path / "x.png")
    assert done.code == 2
    assert f"{bad}:1: not a saved result" in done.err


@pytest.mark.slow
def test_warmup_compiles_every_numba_solver(cli):
    done = cli("warmup")
    assert done.code == 0
    names = {line.split()[0] for line in done.out.splitlines()[:-1]}
    assert names == {row.name for row in ck.solvers() if "numba" in row.packages}


@pytest.mark.parametrize(
    ("solution", "violation"),
    [
        ('{"first_stage": [1, 1], "objective": 7}', None),
        ('{"first_stage": [1, 1], "scenario": [1, 0], "objective": 7}', None),
        ('{"first_stage": [1, 1], "scenario": [0, 0], "objective": 11}', "a worse one"),
        ('{"first_stage": [1, 2]}', "neither 0 nor 1"),
        ('{"first_stage": [1, 1], "scenario": [1, 1]}', "exceed the budget"),
    ],
)
def test_check_looks_for_the_worst_scenario(cli, tmp_path, solution, violation):
    instance, path = tmp_path / "x.rkp", tmp_path / "solution.json"
    instance.write_text("2 6 1\n6 4 2 3 8\n5 1 1 3 7\n")
    path.write_text(solution)
    done = cli("check", instance, path)
    if violation is None:
        assert done.code == 0, done.out
        assert "objective  7\n" in done.out
    else:
        assert done.code == 1
        assert violation in done.out
    done = cli("solve", instance, "--initial", path, "--time-limit", 5, "--json")
    if violation in (None, "a worse one", "exceed the budget"):
        # Only the first stage counts: where it starts is judged anew.
        assert json.loads(done.out)["objective"] == pytest.approx(7)
    else:
        assert done.code == 2
        assert "initial solution: " in done.err
