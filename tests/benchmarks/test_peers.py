"""The scripts of the peers are as their README says, and what they write is valid."""

import argparse
import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import combkit as ck
from combkit.cli.bench.foreign import ForeignSolver, LineParser
from combkit.cli.bench.spec import Limits, load_spec

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "benchmarks" / "peers"
SCRIPTS = sorted(path.name for path in FOLDER.glob("run_*.py"))
PINS = {path.stem: path for path in (FOLDER / "requirements").glob("*.txt")}
BATCHES = sorted((ROOT / "benchmarks" / "batches").glob("*.toml"))
INSTANCES = ROOT / "examples" / "instances"

#: Peers whose package may be in our own environment: package, script, suffix of
#: the solution, instances.
OURS = [
    ("highspy", "run_highs.py", "sol", "facility.mps"),
    ("pyscipopt", "run_scip.py", "sol", "facility.mps"),
    ("ortools", "run_cpsat.py", "sol", "cover.mps"),
    ("ortools", "run_cpsat.py", "json", "shop.txt"),
    ("ortools", "run_ortools_routing.py", "sol", "cities.tsp"),
    ("ortools", "run_ortools_routing.py", "sol", "delivery.vrp"),
    ("pyvrp", "run_pyvrp.py", "sol", "cities.tsp"),
    ("pyvrp", "run_pyvrp.py", "sol", "delivery.vrp"),
    ("pyvrp", "run_pyvrp.py", "sol", "windows.txt"),
]

#: A pure integer program with a maximum, fractions and a bound below zero.
COVER = """NAME cover
OBJSENSE
    MAX
ROWS
 N  cost
 L  weight
 G  least
COLUMNS
    M1  'MARKER'  'INTORG'
    x   cost  2.5  weight  1.5
    x   least  1
    y   cost  4    weight  2.25
    z   cost  -1   weight  -0.5
    z   least  1
    M2  'MARKER'  'INTEND'
RHS
    R   weight  10.2  least  1
BOUNDS
 UP B   x   4
 UP B   y   3
 LO B   z   -2
 UP B   z   3
ENDATA
"""


#: Four customers on a line, of whom two cannot be on one route.
WINDOWS = """Line

VEHICLE
NUMBER     CAPACITY
  3         50

CUSTOMER
CUST NO.  XCOORD.  YCOORD.  DEMAND  READY TIME  DUE DATE  SERVICE TIME
    0      50       0        0       0           300       0
    1      30       0        20      0           40        10
    2      40       0        20      0           200       10
    3      60       0        20      0           200       10
    4      80       0        20      30          40        10
"""
MADE = {"cover.mps": COVER, "windows.txt": WINDOWS}


def load(name):
    """Import a module of the peers' folder, which is no package."""
    spec = importlib.util.spec_from_file_location(
        f"peers_{name}", FOLDER / f"{name}.py"
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def common():
    return load("common")


@pytest.fixture(scope="module")
def plans(common):
    sys.modules["common"] = common
    try:
        yield load("scheduling")
    finally:
        del sys.modules["common"]


def given_to(common, path, **more):
    """The run of a script that was given an instance."""
    return common.Run(
        argparse.Namespace(
            instance=Path(path),
            solution=Path("none"),
            time_limit=1.0,
            seed=0,
            threads=1,
            gap=None,
            **more,
        )
    )


def rows():
    """The rows of the README's first table."""
    lines = (FOLDER / "README.md").read_text().splitlines()
    first = next(k for k, line in enumerate(lines) if line.startswith("| peer |"))
    for line in lines[first + 2 :]:
        if not line.startswith("|"):
            return
        yield [cell.strip(" `*") for cell in line.strip("|").split(" | ")]


# -- what belongs together ----------------------------------------------------


@pytest.mark.parametrize("name", [*SCRIPTS, "common.py", "scheduling.py"])
def test_scripts_stand_on_their_own(name):
    tree = ast.parse((FOLDER / name).read_text(), name)
    compile(tree, name, "exec")
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        assert not any(word.split(".")[0] == "combkit" for word in names)


def test_every_script_has_its_row_and_every_row_its_pins():
    table = {row[3]: row for row in rows()}
    assert sorted(table) == SCRIPTS
    assert {row[2] for row in table.values()} == set(PINS)
    for peer, version, environment, *_ in table.values():
        pins = PINS[environment].read_text()
        assert f"=={version.split()[0]}\n" in pins, peer
    second = (FOLDER / "README.md").read_text().split("## How they are run")[1]
    for row in table.values():
        assert f"| {row[0].split(' (')[0]} |" in second, row[0]


@pytest.mark.parametrize("name", sorted(PINS))
def test_pins_are_exact_and_begin_with_a_licence(name):
    lines = PINS[name].read_text().splitlines()
    assert lines[0].startswith("# ")
    packages = [line for line in lines if not line.startswith("#")]
    assert packages
    for line in packages:
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][\w.]*", line), line
    assert any(line.startswith("numpy==") for line in packages)
    licences = [row[5] for row in rows() if row[2] == name]
    stated = any("non-commercial" in licence for licence in licences)
    assert ("NON-COMMERCIAL" in lines[0]) == stated


@pytest.mark.parametrize("path", BATCHES, ids=lambda path: path.name)
def test_batches_use_what_is_there(path):
    licences = {row[3]: row[5] for row in rows()}
    for solver in load_spec(path).solvers:
        if solver.foreign is None:
            continue
        python, script = solver.foreign.command[:2]
        assert python.split("/")[:2] == ["{peers}", python.split("/")[1]]
        assert python.split("/")[1] in PINS
        name = script.rpartition("/")[2]
        assert (path.parent / script.replace("{here}/", "")).resolve().is_file()
        assert solver.foreign.non_commercial == ("non-commercial" in licences[name])
        assert list(solver.foreign.version_command) == [python, script, "--version"]


# -- what they write ----------------------------------------------------------


def run_script(script, suffix, instance, folder, seconds=0.5, more=()):
    foreign = ForeignSolver(
        command=[
            *("{python}", str(FOLDER / script), "{instance}", "{solution}"),
            *("--time-limit={time_limit}", "--seed={seed}", "--threads={threads}"),
            *("--gap={gap}", *more),
        ],
        folder=str(FOLDER),
        solution=suffix,
        version_command=["{python}", str(FOLDER / script), "--version"],
    )
    limits = Limits(time=seconds, grace=60.0)
    problem = ck.read(instance)
    command = foreign.prepare(instance, problem.kind, 1, limits, folder)
    done = subprocess.run(
        command.argv, cwd=folder, capture_output=True, text=True, timeout=120
    )
    log = folder / "log"
    log.write_text(done.stdout + done.stderr)
    parser = LineParser(foreign)
    for line in done.stdout.splitlines():
        parser.feed(line, 0.0)
    row, trace = foreign.judge(problem, command.solution, parser, done.returncode, log)
    return row, trace, foreign


@pytest.mark.parametrize(
    ("package", "script", "suffix", "name"), OURS, ids=lambda value: str(value)
)
def test_peers_of_our_environment_solve(package, script, suffix, name, tmp_path):
    pytest.importorskip(package)
    instance = INSTANCES / name
    if name in MADE:
        instance = tmp_path / name
        instance.write_text(MADE[name])
    exact = suffix == "json" or name.endswith(".mps")
    seconds = 3.0 if exact else 0.5
    row, trace, foreign = run_script(script, suffix, instance, tmp_path, seconds)
    assert row["verified"], row["message"]
    assert row["message"] == ""
    assert row["status"] in ("feasible", "optimal")
    assert 0 < row["runtime"] < 60
    assert 0 <= row["time_to_best"] <= row["runtime"]
    assert trace["objective"][-1] == pytest.approx(row["objective"], rel=1e-6)
    if exact:
        assert row["status"] == "optimal"
        ours = ck.solve(instance, time_limit=120)
        assert ours.status == "optimal"
        assert row["objective"] == pytest.approx(ours.objective, rel=1e-4)
    assert re.fullmatch(r"\w+ [\w.]+ \(adapter \d+\)", foreign.find_version())


OPEN = COVER.replace(" UP B   x   4", " PL B   x")
ODD = COVER.replace("cost  4 ", "cost  3.14159265358979 ")
FAR = "DISTANCE : 100\n"


@pytest.mark.parametrize(
    ("package", "script", "text", "suffix", "reason"),
    [
        ("ortools", "run_cpsat.py", "facility.mps", "mps", "is continuous"),
        ("ortools", "run_cpsat.py", OPEN, "mps", "'x' is not bounded"),
        ("ortools", "run_cpsat.py", ODD, "mps", "objective has no small integer"),
        ("ortools", "run_ortools_routing.py", FAR, "vrp", "length"),
        ("pyvrp", "run_pyvrp.py", FAR, "vrp", "length"),
    ],
    ids=["continuous", "unbounded", "fractional", "far", "far-pyvrp"],
)
def test_what_a_peer_does_not_take_is_unsupported(
    package, script, text, suffix, reason, tmp_path
):
    pytest.importorskip(package)
    instance = tmp_path / f"case.{suffix}"
    if suffix == "vrp":
        text = text + (INSTANCES / "delivery.vrp").read_text()
    elif text.endswith(".mps"):
        text = (INSTANCES / text).read_text()
    instance.write_text(text)
    row, _, _ = run_script(script, "sol", instance, tmp_path)
    assert row["status"] == "unsupported", row["message"]
    assert reason in row["message"]


@pytest.mark.parametrize("kind", ["jsp", "fjsp", "pfsp", "ossp"])
def test_cpsat_schedules_shops_of_all_kinds(kind, tmp_path):
    problem = ck.generate(kind, n=5, machines=3, seed=2)
    path = tmp_path / "x.txt"
    ck.write(problem, path)
    folder = tmp_path / "scratch"
    folder.mkdir()
    more = ["--kind={kind}"]
    row, trace, _ = run_script("run_cpsat.py", "json", path, folder, 20.0, more)
    assert row["status"] == "optimal", row
    assert row["objective"] == ck.solve(problem, "cpsat", time_limit=20).objective
    assert trace


def test_peers_read_projects_as_combkit_does(plans, shared_data):
    path = sorted((shared_data / "scheduling" / "rcpsp" / "j60").glob("*.sm"))[0]
    problem = ck.read(path)
    plan = plans.read(given_to(plans.common, path, kind="rcpsp"))
    assert plan.capacities == problem.capacities.tolist()
    assert plan.after == list(map(tuple, problem.precedences.tolist()))
    for task, times, needs in zip(
        plan.modes, problem.durations, problem.demands, strict=True
    ):
        ((duration, demand),) = task
        assert duration == times[0]
        assert [demand.get(k, 0) for k in range(needs.shape[1])] == needs[0].tolist()


# -- the shared readers -------------------------------------------------------


def tsplib(n, header, section, numbers):
    text = f"NAME : x\nTYPE : TSP\nDIMENSION : {n}\n{header}\n{section}\n"
    return f"{text}{numbers}\nEOF\n"


@pytest.mark.parametrize(
    "rule", ["EUC_2D", "CEIL_2D", "MAN_2D", "MAX_2D", "ATT", "GEO"]
)
def test_distances_are_those_of_combkit(rule, common, tmp_path):
    rng = np.random.default_rng(4)
    points = np.round(rng.uniform(-80, 80, (30, 2)), 2)
    nodes = "\n".join(f"{k} {x} {y}" for k, (x, y) in enumerate(points, 1))
    path = tmp_path / "x.tsp"
    header = f"EDGE_WEIGHT_TYPE : {rule}"
    path.write_text(tsplib(30, header, "NODE_COORD_SECTION", nodes))
    read = common.read_routing(given_to(common, path))
    assert read.kind == "tsp" and read.rule == rule
    assert (read.matrix == ck.read(path).distances()).all()


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    "form",
    [
        *("FULL_MATRIX", "UPPER_ROW", "LOWER_ROW", "UPPER_COL", "LOWER_COL"),
        *("UPPER_DIAG_ROW", "LOWER_DIAG_ROW", "UPPER_DIAG_COL", "LOWER_DIAG_COL"),
    ],
)
def test_matrices_are_those_of_combkit(form, sign, common, tmp_path):
    n = 5
    size = {"FULL": n * n}.get(form[:4], n * (n + 1) // 2 if "DIAG" in form else 10)
    values = sign * np.arange(1, size + 1)
    if form == "FULL_MATRIX":
        square = values.reshape(n, n)
        values = (square + square.T).ravel()
    path = tmp_path / "x.tsp"
    header = f"EDGE_WEIGHT_TYPE : EXPLICIT\nEDGE_WEIGHT_FORMAT : {form}"
    numbers = "\n".join(map(str, values.tolist()))
    path.write_text(tsplib(n, header, "EDGE_WEIGHT_SECTION", numbers))
    read = common.read_routing(given_to(common, path)).matrix
    wanted = ck.read(path).distances()
    off = ~np.eye(n, dtype=bool)
    assert (read[off] == wanted[off]).all()


def test_routing_files_are_read_as_combkit_reads_them(common):
    read = common.read_routing(given_to(common, INSTANCES / "delivery.vrp"))
    problem = ck.read(INSTANCES / "delivery.vrp")
    assert (read.kind, read.n, read.capacity) == ("cvrp", 61, problem.capacity)
    assert (read.matrix == problem.distances()).all()
    assert read.demands.tolist() == problem.demands.tolist()
    order = np.random.default_rng(0).permutation(read.n)
    assert read.length(order) == sum(
        read.matrix[a, b] for a, b in zip(order, np.roll(order, -1), strict=True)
    )


def test_public_files_are_read_as_combkit_reads_them(common, shared_data):
    files = sorted((shared_data / "routing" / "tsplib" / "tsp").glob("*.tsp"))
    seen = 0
    for path in files[::4]:
        if path.stat().st_size > 50_000 or "FIXED_EDGES" in path.read_text():
            continue
        problem = ck.read(path)
        read = common.read_routing(given_to(common, path))
        off = ~np.eye(read.n, dtype=bool)
        assert (read.matrix[off] == problem.distances()[off]).all(), path.name
        seen += 1
    assert seen > 10


#: What a file is as a plan: kind, text, modes, capacities, precedences.
PLANS = [
    (
        "jsp",
        "# a comment\n2 2\n0 3 1 2\n\n1 4 0 1\n",
        [[(3, {0: 1})], [(2, {1: 1})], [(4, {1: 1})], [(1, {0: 1})]],
        [1, 1],
        [(0, 1), (2, 3)],
    ),
    (
        "jsp",
        "Jobs, Machines\n2 2\nTimes\n3 2\n4 1\nMachines\n1 2\n2 1\n",
        [[(3, {0: 1})], [(2, {1: 1})], [(4, {1: 1})], [(1, {0: 1})]],
        [1, 1],
        [(0, 1), (2, 3)],
    ),
    (
        "fjsp",
        "2 2 1.5\n2  2 1 3 2 4  1 2 5\n1  1 2 6\n",
        [[(3, {0: 1}), (4, {1: 1})], [(5, {1: 1})], [(6, {1: 1})]],
        [1, 1],
        [(0, 1)],
    ),
    (
        "pfsp",
        "number of jobs, machines :\n2 2 1 9 8\nprocessing times :\n3 2\n4 1\n",
        [[(3, {0: 1})], [(4, {1: 1})], [(2, {0: 1})], [(1, {1: 1})]],
        [1, 1],
        [(0, 1), (2, 3)],
    ),
    (
        "ossp",
        "2 2\n3 2\n4 1\n",
        [
            [(3, {0: 1, 2: 1})],
            [(2, {1: 1, 2: 1})],
            [(4, {0: 1, 3: 1})],
            [(1, {1: 1, 3: 1})],
        ],
        [1, 1, 1, 1],
        [],
    ),
]


@pytest.mark.parametrize(("kind", "text", "modes", "capacities", "after"), PLANS)
def test_plans_are_read(kind, text, modes, capacities, after, plans, tmp_path):
    path = tmp_path / "x.txt"
    path.write_text(text)
    plan = plans.read(given_to(plans.common, path, kind=kind))
    assert plan.modes == modes
    assert plan.capacities == capacities
    assert plan.after == after
    assert plan.permutation == (kind == "pfsp")
    assert plan.horizon == sum(max(d for d, _ in task) for task in modes)


@pytest.mark.parametrize(
    "text",
    ["", "3 2\n0 3 1 2\n", "1 2\n0 3 1\n", "1 2\n0 3 2 2\n"],
)
def test_other_files_are_no_job_shops(text, plans, tmp_path, capsys):
    path = tmp_path / "x.txt"
    path.write_text(text)
    with pytest.raises(SystemExit):
        plans.read(given_to(plans.common, path, kind="jsp"))
    said = capsys.readouterr().out.splitlines()
    assert "kind jsp" in said[0] and '"status": "unsupported"' in said[1]


def test_nothing_is_said_after_the_end(common, capsys):
    run = given_to(common, "x")
    run.say(objective=3.0, bound=float("inf"), source=None)
    run.say(bound=float("nan"))
    run.end("optimal", objective=3.0)
    run.say(bound=9.0)
    first, last = capsys.readouterr().out.splitlines()
    assert '"objective": 3.0' in first and "bound" not in first
    assert '"status": "optimal"' in last and '"runtime"' in last


# -- installing ---------------------------------------------------------------


@pytest.fixture
def install(tmp_path, monkeypatch):
    monkeypatch.setenv("COMBKIT_PEERS", str(tmp_path))
    return load("install")


def test_what_is_installed_is_left_alone(install, tmp_path, capsys):
    folder = tmp_path / "elkai"
    folder.mkdir()
    (folder / "requirements.txt").write_text(PINS["elkai"].read_text())
    assert install.main(["elkai"]) == 0
    said = capsys.readouterr().out
    assert "NON-COMMERCIAL" in said and f"is there, {folder}" in said


def test_what_is_no_environment_is_not_removed(install, tmp_path, capsys):
    folder = tmp_path / "elkai"
    folder.mkdir()
    (folder / "precious").touch()
    assert install.main(["elkai"]) == 1
    assert "is no environment" in capsys.readouterr().err
    assert (folder / "precious").exists()


def test_unknown_peers_are_named(install, capsys):
    with pytest.raises(SystemExit):
        install.main(["elka"])
    assert (
        "unknown peer 'elka' (known: apricot, balans, elkai," in capsys.readouterr().err
    )
