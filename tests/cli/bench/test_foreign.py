"""Foreign commands get what they were promised, and are believed what they prove."""

import gzip
import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import combkit as ck
from combkit.cli.bench import foreign as module
from combkit.cli.bench.foreign import ForeignSolver, LineParser, peers_folder
from combkit.cli.bench.spec import Limits, parse_spec
from combkit.instances.errors import InstanceFormatError, UsageError

LIMITS = Limits(time=10.0, grace=2.5, memory=4 * 10**9, threads=2, gap=None)


def solver(**options):
    options = {"command": ["{python}"], "folder": "/spec", "version": "1", **options}
    if "version_command" in options:
        del options["version"]
    return ForeignSolver(**options)


# -- templates ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"command": []}, "command: is empty"),
        ({"command": ["x", "{instanc}"]}, r"\{instanc\}; did you mean 'instance'"),
        ({"command": ["x", "{}"]}, r"unknown placeholder \{\}"),
        ({"command": ["x", "{"]}, "single brace"),
        ({"command": ["x", "a}b"]}, "single brace"),
        ({"command": ["x\0"]}, "cannot be an argument"),
        ({"command": [3]}, "cannot be an argument"),
        ({"params": {"n": 3}}, r"\{n\} does not occur"),
        ({"params": {"seed": 3}, "command": ["x", "{seed}"]}, "'seed' cannot be"),
        ({"params": {"a-b": 3}}, "'a-b' cannot be"),
        ({"params": {"n": {1}}, "command": ["{n}"]}, "cannot be written"),
        ({"env": {"": "x"}}, "variable's name"),
        ({"env": {"A=B": "x"}}, "variable's name"),
        ({"env": {"A": "{sed}"}}, r"env: unknown placeholder \{sed\}"),
        ({"solution": "../x"}, "not a file suffix"),
        ({"solution": ""}, "not a file suffix"),
        ({"version": None}, "either version or version_command"),
        ({"version_command": ["x", "{seed}"]}, "version_command: unknown placeholder"),
        ({"output": "json"}, "neither 'lines' nor"),
        ({"output": 3}, "neither 'lines' nor"),
        ({"output": ["lines"]}, "neither 'lines' nor"),
        ({"output": {"objektive": "(x)"}}, "did you mean 'objective'"),
        ({"output": {"objective": "("}}, "output.objective"),
        ({"output": {"objective": 3}}, "output.objective"),
        ({"output": {"objective": "cost [0-9]+"}}, "does not have one group"),
        ({"output": {"bound": "(a)(b)"}}, "does not have one group"),
    ],
)
def test_templates_that_make_no_sense_are_refused(options, reason):
    with pytest.raises(UsageError, match=reason):
        solver(**options)


def test_version_is_stated_or_asked_for_not_both():
    with pytest.raises(UsageError, match="either version or version_command"):
        ForeignSolver(command=["x"], folder="/", version="1", version_command=["x"])


def test_placeholders_are_filled(tmp_path, monkeypatch):
    monkeypatch.setenv("COMBKIT_PEERS", str(tmp_path / "peers"))
    words = [
        *("{python}", "{here}/run", "{peers}/p", "{instance}", "{solution}"),
        *("{kind}", "{scratch}", "-s{seed}", "{time_limit}", "{threads}"),
        *("{memory}", "{gap}"),
        *("{{x}}", "{speed}", "{flag}", "{list}", "{real}"),
    ]
    params = {"speed": "fast", "flag": True, "list": [1, 2], "real": 0.5}
    one = solver(
        command=words, params=params, solution=".tour", env={"N": "{threads}", "K": 7}
    )
    instance = tmp_path / "a.tsp"
    instance.write_text("NAME : a\n")
    command = one.prepare(instance, "tsp", 3, LIMITS, tmp_path)
    assert command.argv == [
        *(sys.executable, "/spec/run", f"{tmp_path}/peers/p"),
        *(str(instance), str(tmp_path / "solution.tour"), "tsp", str(tmp_path)),
        *("-s3", "10", "2", "4000000000", ""),
        *("{x}", "fast", "true", "[1, 2]", "0.5"),
    ]
    assert command.env == {"N": "2", "K": "7"}
    assert command.solution == tmp_path / "solution.tour"
    assert ForeignSolver.from_dict(json.loads(json.dumps(one.to_dict()))) == one


def test_packed_instance_is_unpacked(tmp_path):
    packed = tmp_path / "small.tsp.gz"
    packed.write_bytes(gzip.compress(b"NAME : small\n"))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    one = solver(command=["{python}", "{instance}"])
    command = one.prepare(packed, "tsp", 0, LIMITS, scratch)
    assert command.argv[1] == str(scratch / "small.tsp")
    assert (scratch / "small.tsp").read_bytes() == b"NAME : small\n"
    packed.write_bytes(packed.read_bytes()[:-9])
    with pytest.raises(InstanceFormatError, match=r"small\.tsp\.gz"):
        one.prepare(packed, "tsp", 0, LIMITS, scratch)


def test_missing_programs_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("COMBKIT_PEERS", str(tmp_path))
    with pytest.raises(UsageError, match="there is no program no-such-program"):
        solver(command=["no-such-program"]).find_version()
    with pytest.raises(UsageError, match=f"peers are in {tmp_path}"):
        solver(command=["{peers}/x/bin/python"]).find_version()
    with pytest.raises(UsageError, match=r"write \{here\}/\./run, not \./run"):
        solver(command=["./run"]).find_version()
    with pytest.raises(UsageError, match="no program nothing"):
        solver(version_command=["nothing"]).find_version()


def test_version_is_stated_or_printed():
    assert solver(version="9.1").find_version() == "9.1"
    code = "print(); print('  solver 2.0 '); print('more')"
    one = solver(version_command=["{python}", "-c", code])
    assert one.find_version() == "solver 2.0"
    raw = "import sys; sys.stdout.buffer.write(b'v\\xff1')"
    one = solver(version_command=["{python}", "-c", raw])
    assert one.find_version() == "v\ufffd1"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("pass", "prints nothing"),
        ("import sys; print('no licence', file=sys.stderr); sys.exit(3)", "no licence"),
        ("raise SystemExit(3)", "exit code 3"),
        ("import time; time.sleep(60)", "timed out"),
    ],
)
def test_version_command_that_fails_says_why(code, reason, monkeypatch):
    monkeypatch.setattr(module, "_VERSION_WALL", 0.5 if "sleep" in code else 60.0)
    with pytest.raises(UsageError, match=f"version_command: .*{reason}"):
        solver(version_command=["{python}", "-c", code]).find_version()


def test_peers_folder(monkeypatch, tmp_path):
    for name in ("COMBKIT_PEERS", "COMBKIT_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert peers_folder() == tmp_path / ".cache" / "combkit" / "peers"
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert peers_folder() == Path("/x/combkit/peers")
    monkeypatch.setenv("COMBKIT_CACHE", "/c")
    assert peers_folder() == Path("/c/peers")
    monkeypatch.setenv("COMBKIT_PEERS", "/p")
    assert peers_folder() == Path("/p")


# -- what is printed ----------------------------------------------------------


def parsed(lines, **options):
    parser = LineParser(solver(**options))
    for k, line in enumerate(lines):
        parser.feed(line, float(k))
    return parser


def test_json_lines():
    parser = parsed(
        [
            "Reading the instance",
            '{"objective": 12}\n',
            ' {"time": 1.5, "objective": 11, "bound": 4, "comment": "x"}',
            '{"time": 1.0, "bound": 5}',
            '{"bound": 5}',
            '{"status": "optimal", "iterations": 70, "runtime": 3}',
        ]
    )
    # A clock that is behind, or printed behind, does not go back.
    assert parser.points == [(1.0, 12, None), (1.5, 11, 4), (1.5, 11, 5)]
    assert (parser.objective, parser.bound, parser.status) == (11, 5, "optimal")
    assert (parser.iterations, parser.runtime, parser.complaint) == (70, 3.0, "")


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('{"objective": "12"}', "objective: '12' is not a number"),
        ('{"bound": true}', "bound: True is not a number"),
        ('{"status": "optimum"}', "status: 'optimum' is no claim"),
        ('{"status": ["optimal"]}', "is no claim"),
        ('{"objective": NaN, "bound": Infinity}', ""),
        ('{"objective": 1e999}', ""),
        ('{"objective": null, "status": null}', ""),
        ('{"objective": 1', ""),
        ('["objective", 1]', ""),
        ("{" * 100_000, ""),
        ('{"a":' * 100_000, ""),
        ('{"objective": ' + "9" * 5000 + "}", ""),
        ("", ""),
    ],
)
def test_lines_that_are_not_as_agreed(line, complaint):
    parser = parsed([line])
    assert parser.points == [] and parser.status is None
    assert complaint in parser.complaint
    assert bool(complaint) == bool(parser.complaint)


def test_only_the_first_complaint_is_kept():
    parser = parsed(['{"bound": "x"}', '{"status": "done"}'])
    assert "bound" in parser.complaint and "status" not in parser.complaint


def test_patterns():
    parser = parsed(
        [
            "Best: 1e3 (bound -inf)",
            "Best: 990 (bound 900.5)",
            "Best: - (bound 901)",
            "Status : Optimal!",
            "nodes=17 in 2.5s",
            "problem is infeasible",
        ],
        output={
            "objective": r"Best: (\S+)",
            "bound": r"bound (\S+?)\)",
            "status": "Status : (.*)",
            "iterations": "nodes=([0-9]+)",
            "runtime": r"in ([0-9.]+)s",
            "infeasible": "is infeasible$",
        },
    )
    assert parser.points == [(0.0, 1000, None), (1.0, 990, 900.5), (2.0, 990, 901)]
    assert (parser.iterations, parser.runtime) == (17, 2.5)
    assert parser.status == "infeasible"
    again = parsed(["Status: infeasible OR unbounded"], output={"status": "s: (.*)"})
    assert again.status == "infeasible_or_unbounded"
    empty = parsed(["x"], output={"objective": "x(1)?", "status": "x(1)?"})
    assert empty.points == [] and empty.status is None


_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
    st.sampled_from(["optimal", "infeasible", "unsupported"]),
)
_objects = st.dictionaries(
    st.sampled_from(
        ["time", "objective", "bound", "status", "iterations", "runtime", "x"]
    ),
    _values,
).map(json.dumps)
_printed = st.lists(
    st.tuples(st.one_of(st.text(), _objects), st.floats(0, 1e6)), max_size=20
)


@given(_printed, st.sampled_from(["lines", "patterns"]))
def test_parser_takes_anything_and_its_clock_goes_forward(lines, how):
    patterns = {"objective": "([-0-9.e+]+)", "status": "(.*)", "bound": "d (.*)"}
    parser = LineParser(solver(output="lines" if how == "lines" else patterns))
    for line, elapsed in lines:
        parser.feed(line, elapsed)
    times = [time for time, _, _ in parser.points]
    assert times == sorted(times) and all(time >= 0 for time in times)
    for point in parser.points:
        assert all(value is None or math.isfinite(value) for value in point)
    assert parser.status is None or parser.status in module._CLAIMS


# -- what is believed ---------------------------------------------------------

SQUARE = ck.TSP(coords=np.array([[0, 0], [0, 3], [4, 3], [4, 0]]), metric="EUC_2D")
BENT, SHORT = '{"tour": [0, 2, 1, 3]}', '{"tour": [0, 1, 2, 3]}'  # 18 and 14
ROUTES = ck.CVRP(
    demands=[0, 1, 1], capacity=1, coords=[[0, 0], [0, 3], [4, 0]], metric="EUC_2D"
)
BAG = ck.Knapsack(profits=[3, 4, 5], weights=[2, 3, 4], capacity=5)


def judged(problem, text, lines=(), code=0, said="", folder=None, name="s.json"):
    path, log = folder / name, folder / "log"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    if said:
        log.write_text(said)
    one = solver()
    parser = LineParser(one)
    for k, line in enumerate(lines):
        parser.feed(json.dumps(line), float(k))
    return one.judge(problem, path, parser, code, log, 9.0)


@pytest.mark.parametrize(
    ("problem", "text", "objective", "name"),
    [
        (SQUARE, SHORT, 14, "s.json"),
        (SQUARE, "TOUR_SECTION\n1 2 3 4 -1\nEOF\n", 14, "s.tour"),
        (ROUTES, "Route #1: 1\nRoute #2: 2\nCost 99\n", 14, "s.sol"),
        (BAG, '{"selected": [0, 1]}', 7, "s.json"),
    ],
)
def test_objective_is_that_of_the_file(problem, text, objective, name, tmp_path):
    row, trace = judged(problem, text, folder=tmp_path, name=name)
    assert row["status"] == "feasible" and row["verified"]
    assert row["objective"] == objective
    assert row["time_to_best"] == 9.0  # nothing was printed: the end of the run
    assert trace["objective"] == [objective] and trace["source"] == ["checked"]


def test_mip_is_judged_with_its_tolerance(tmp_path):
    model = tmp_path / "c.lp"
    model.write_text(
        "Minimize\n x + 2 y\nSubject To\n c: x + y >= 1.5\nGeneral\n x y\nEnd\n"
    )
    problem = ck.read(model)
    lines = [{"objective": 2.0000001, "bound": 2.0000004, "status": "optimal"}]
    row, _ = judged(problem, "x 2\n", lines, folder=tmp_path, name="s.sol")
    assert (row["status"], row["objective"]) == ("optimal", 2)
    row, _ = judged(problem, "x 1\n", lines, folder=tmp_path, name="s.sol")
    assert row["status"] == "invalid" and "row c" in row["message"]
    row, _ = judged(problem, "x 1.5\n", lines, folder=tmp_path, name="s.sol")
    assert row["status"] == "invalid"


def test_honest_trace_is_kept(tmp_path):
    lines = [
        {"objective": 20},
        {"objective": 18, "bound": 10},
        {"objective": 19, "bound": 9},  # worse: no change
        {"objective": 14, "bound": 12, "iterations": 5},
        {"status": "optimal", "bound": 14, "runtime": 3.5},
    ]
    row, trace = judged(SQUARE, SHORT, lines, folder=tmp_path)
    assert row["status"] == "optimal" and row["verified"] and row["message"] == ""
    assert (row["objective"], row["bound"], row["iterations"]) == (14, 14, 5)
    assert (row["runtime"], row["time_to_best"]) == (3.5, 3.0)
    assert trace == {
        "time": [0.0, 1.0, 3.0, 4.0],
        "objective": [20, 18, 14, 14],
        "bound": [None, 10, 12, 14],
        "source": ["printed", "printed", "printed", "bound"],
    }


def test_maximisation_has_its_bounds_above(tmp_path):
    lines = [{"objective": 5, "bound": 12}, {"objective": 7, "bound": 8}]
    row, trace = judged(BAG, '{"selected": [0, 1]}', lines, folder=tmp_path)
    assert (row["objective"], row["bound"]) == (7, 8)
    assert trace["bound"] == [12, 8]
    lines = [{"bound": 6}]
    row, _ = judged(BAG, '{"selected": [0, 1]}', lines, folder=tmp_path)
    assert row["status"] == "invalid" and "bound 6" in row["message"]


def test_optimum_without_a_bound_is_one(tmp_path):
    row, _ = judged(SQUARE, SHORT, [{"status": "optimal"}], folder=tmp_path)
    assert (row["status"], row["bound"]) == ("optimal", 14)


@pytest.mark.parametrize(
    ("text", "lines", "reason"),
    [
        (BENT, [{"objective": 14, "status": "optimal"}], "claims the optimum 14"),
        (SHORT, [{"bound": 15}], "claims the bound 15 despite a solution of 14"),
        (SHORT, [{"status": "infeasible"}], "claims infeasible despite a solution"),
        (SHORT, [{"status": "unsupported"}], "claims unsupported despite"),
        ('{"tour": [0, 1, 2]}', [], "city 3"),
        ('{"tour": [0, 1, 2, 2]}', [{"objective": 1}], ""),
        ('{"tour": [0, 1, 2, 9]}', [], ""),
        ('{"tour": 3}', [], ""),
        ('{"routes": [[1]]}', [], '"routes" is not a field'),
        ('{"tour": [0, 1', [], "not JSON"),
        ("garbage", [], "s.json"),
        (b"\0\1\2\xff" * 100, [], "binary"),
        (b"\xff\xfe{", [], "s.json"),
        ("[" * 100_000, [], "s.json"),
    ],
)
def test_lies_and_garbage_are_invalid(text, lines, reason, tmp_path):
    row, trace = judged(SQUARE, text, lines, folder=tmp_path)
    assert row["status"] == "invalid" and row["reason"] == "failed"
    assert reason in row["message"] and str(tmp_path) not in row["message"]
    assert row["objective"] is None and row["bound"] is None
    assert not row["verified"]
    assert trace["time"] == []


@given(st.binary(max_size=200))
def test_any_file_is_judged(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("any")
    row, _ = judged(SQUARE, data, folder=folder)
    assert row["status"] in ("invalid", "no_solution", "feasible")


def test_better_value_printed_than_found_leaves_the_trace(tmp_path):
    lines = [{"objective": 20}, {"objective": 10, "bound": 9}]
    row, trace = judged(SQUARE, SHORT, lines, folder=tmp_path)
    assert (row["status"], row["objective"]) == ("feasible", 14)
    assert "printed the objective 10, its solution has 14" in row["message"]
    assert trace["objective"] == [None, 14] and trace["time"] == [1.0, 9.0]
    assert trace["bound"] == [9, 9] and row["time_to_best"] == 9.0


@pytest.mark.parametrize(
    ("lines", "code", "said", "status", "message"),
    [
        ([], 0, "", "no_solution", ""),
        ([{"status": "optimal"}], 0, "", "no_solution", "claims optimal without"),
        ([{"status": "infeasible"}], 0, "", "infeasible", ""),
        ([{"status": "unbounded"}], 0, "", "unbounded", ""),
        ([{"status": "unsupported"}], 0, "no arcs\n{}\n", "unsupported", "no arcs"),
        ([{"status": "unsupported"}], 2, "no arcs", "unsupported", "exit code 2"),
        ([], 3, "a\nlicence expired\n\n", "error", "exit code 3: licence expired"),
        ([], 3, "", "error", "exit code 3"),
        ([{"objective": 1, "bound": 2}], 0, "", "no_solution", ""),
        ([{"status": "done"}], 0, "", "no_solution", "'done' is no claim"),
    ],
)
def test_without_a_solution(lines, code, said, status, message, tmp_path):
    for text in (None, ""):
        row, trace = judged(SQUARE, text, lines, code, said, tmp_path)
        assert row["status"] == status and row["objective"] is None
        assert message in row["message"] and not row["verified"]
        assert all(value is None for value in trace["objective"])
        failed = status in ("error", "unsupported")
        assert row["reason"] == ("failed" if failed else "completed")


def test_solution_counts_whatever_the_exit_code(tmp_path):
    row, _ = judged(SQUARE, SHORT, [], 4, "trouble at the end", tmp_path)
    assert row["status"] == "feasible" and row["objective"] == 14
    assert row["message"] == "exit code 4: trouble at the end"


def test_signal_leaves_no_row_but_the_bounds(tmp_path):
    lines = [{"objective": 14}, {"bound": 12}]
    row, trace = judged(SQUARE, SHORT, lines, -11, folder=tmp_path)
    assert row == {}
    assert trace["bound"] == [12] and trace["objective"] == [None]


def test_folder_is_no_solution(tmp_path):
    (tmp_path / "s.json").mkdir()
    row, _ = judged(SQUARE, None, folder=tmp_path)
    assert row["status"] == "no_solution"


# -- in a batch ---------------------------------------------------------------

_TOY = r'''
"""A solver of symmetric TSPs that behaves as it is told."""

import json, os, signal, subprocess, sys, time

how, instance, solution, seed, limit = sys.argv[1:6]
say = lambda **facts: print(json.dumps(facts), flush=True)
text = open(instance).read()
n = int(text.split("DIMENSION")[1].split()[1])
tour = lambda: open(solution, "w").write(json.dumps({"tour": list(range(n))}))

if how == "honest":
    say(objective=1e12, bound=1)
    tour()
    say(iterations=int(seed) + 40, status="feasible")
elif how == "torn":
    tour()
    sys.stdout.write('{"iterations": 77}')
elif how == "bytes":
    tour()
    sys.stdout.buffer.write(b"\xff\xfe\x00\n{\"iterations\": 7}\n\xc3")
elif how == "burst":
    tour()
    for _ in range(70):
        sys.stderr.write("x" * (1 << 20))
    print("the last words", file=sys.stderr, flush=True)
    time.sleep(0.5)
elif how == "flood":
    tour()
    block = "x" * (1 << 20)
    for _ in range(100):
        sys.stdout.write(block)
    say(iterations=1)
    for _ in range(100_000):
        print("log line")
    say(iterations=2)
elif how == "refuse":
    print("too many cities")
    say(status="unsupported")
elif how == "fail":
    print("bad luck", file=sys.stderr)
    sys.exit(5)
elif how == "segfault":
    tour()
    os.kill(os.getpid(), signal.SIGSEGV)
elif how == "suicide":
    os.kill(os.getpid(), signal.SIGKILL)
elif how == "sleep":
    tour()
    say(bound=1)
    time.sleep(600)
elif how == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)
elif how == "allocate":
    kept = []
    while True:
        kept.append(bytearray(b"x") * (16 << 20))
elif how == "env":
    tour()
    assert os.environ["TOY"] == f"seed {seed}", os.environ["TOY"]
    assert os.environ["OMP_NUM_THREADS"] == "1"
    assert os.getcwd() == os.path.dirname(solution)
    open("junk", "w").write("gone with the folder")
elif how == "orphan":
    tour()
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
elif how == "invalid":
    open(solution, "w").write('{"tour": [0, 0]}')
'''

_SPEC = """
warmup = false
{top}
[limits]
time = {time}
grace = 0.2
memory = "400 MB"
[[instances]]
files = ["small.tsp.gz"]
"""

_SOLVER = """
[[solver]]
label = "{how}"
command = ["{{python}}", "{{here}}/toy.py", "{how}", "{{instance}}", "{{solution}}",
           "{{seed}}", "{{time_limit}}"]
version = "1"
env = {{TOY = "seed {{seed}}"}}
{more}
"""


@pytest.fixture
def toys(bench):
    (bench.folder / "toy.py").write_text(_TOY)
    ck.write(ck.generate("tsp", 8, seed=1), bench.folder / "small.tsp.gz")

    def spec(*names, top="", more="", time=60):
        text = _SPEC.format(top=top, time=time)
        return bench.spec(
            text + "".join(_SOLVER.format(how=name, more=more) for name in names)
        )

    return spec


def test_each_foreign_ending_is_its_own_row(bench, toys):
    expected = {
        "honest": ("feasible", "printed the objective"),
        "torn": ("feasible", ""),
        "bytes": ("feasible", ""),
        "flood": ("feasible", ""),
        "refuse": ("unsupported", "too many cities"),
        "fail": ("error", "exit code 5: bad luck"),
        "segfault": ("crashed", "SIGSEGV"),
        "suicide": ("killed", "SIGKILL"),
        "allocate": ("out_of_memory", "memory limit"),
        "env": ("feasible", ""),
        "orphan": ("feasible", ""),
        "invalid": ("invalid", "city 0 is visited 2 times"),
    }
    bench("run", toys(*expected, top="keep_solutions = true"))
    rows = {row["label"]: row for row in bench.rows()}
    for name, (status, message) in expected.items():
        row = rows[name]
        assert row["status"] == status, row["message"]
        assert message in row["message"]
        solved = status == "feasible"
        assert bool(row["verified"]) == solved
        assert (row["objective"] is not None) == solved
        assert row["version"] == "1" and row["commit"] is None
    assert rows["honest"]["iterations"] == 40
    assert rows["torn"]["iterations"] == 77
    assert rows["bytes"]["iterations"] == 7
    assert rows["flood"]["iterations"] == 2
    folder = bench.folder / "batch.bench"
    kept = folder / "solutions" / f"{rows['honest']['run']}.json"
    assert json.loads(kept.read_text()) == {"tour": list(range(8))}
    log = folder / "logs" / rows["flood"]["log"]
    assert log.stat().st_size <= 256 << 10
    # A second time there is nothing to do; a failed one may be tried again.
    again = bench("run", folder.parent / "batch.toml")
    assert "12 of 12 runs done" in again.stdout
    assert len(bench.rows()) == 12


def test_the_end_of_an_emptied_log_is_kept(bench, toys):
    # It is emptied while the command sleeps, and nothing is written after.
    bench("run", toys("burst"))
    (row,) = bench.rows()
    log = (bench.folder / "batch.bench" / "logs" / row["log"]).read_text()
    assert len(log) == 256 << 10 and log.endswith("the last words\n")


def test_commands_that_do_not_end_are_ended(bench, toys):
    bench("run", toys("sleep", "deaf", time=0.5))
    rows = {row["label"]: row for row in bench.rows()}
    for name, number in (("sleep", "SIGTERM"), ("deaf", "SIGKILL")):
        assert rows[name]["status"] == "timeout"
        assert number in rows[name]["message"]
        assert not rows[name]["verified"] and rows[name]["wall"] >= 0.7


def test_non_commercial_is_said_before_anything_runs(bench, toys):
    done = bench("run", toys("honest", more="non_commercial = true"))
    said, run = (
        next(k for k, line in enumerate(done.stderr.splitlines()) if word in line)
        for word in ("non-commercial use only", "[1/1")
    )
    assert said < run


def test_params_and_grids_reach_the_command(bench, toys):
    more = 'params = {how = "honest"}\ngrid = {n = [1, 2]}'
    text = toys("x", more=more).read_text()
    path = bench.spec(
        text.replace('"x", "{', '"{how}", "{').replace(
            '"{time_limit}"]', '"{time_limit}", "{n}"]'
        )
    )
    bench("run", path)
    assert sorted(row["label"] for row in bench.rows()) == ["x[n=1]", "x[n=2]"]
    assert {row["status"] for row in bench.rows()} == {"feasible"}


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("output = 3", "neither 'lines' nor a table"),
        ('output = {objective = "("}', "output.objective"),
        ('device = "cuda"', "unknown key"),
        ("params = {x = 3}", r"{x} does not occur"),
        ("params = {seed = 3}", "use seeds"),
        ("version_command = [3]", "array of strings"),
    ],
)
def test_bad_tables_are_refused_with_their_place(more, reason, tmp_path):
    text = _SPEC.format(top="", time=1) + _SOLVER.format(how="honest", more=more)
    with pytest.raises(UsageError) as caught:
        parse_spec(text, folder=tmp_path, name="batch", where="batch.toml")
    assert reason in str(caught.value)
    assert str(caught.value).startswith("batch.toml: solver")


def test_missing_program_stops_the_batch_before_it_starts(bench, toys):
    text = toys("honest").read_text().replace('"{python}"', '"{peers}/no/python"', 1)
    done = bench("run", bench.spec(text), code=2)
    assert "there is no program {peers}/no/python (peers are in" in done.stderr
    assert len(done.stderr.splitlines()) == 1
