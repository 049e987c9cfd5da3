"""Expanding a spec: which runs, under which identity, in which order."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from combkit.cli.bench.plan import Plan, Shard, Task, make_plan
from combkit.cli.bench.spec import parse_spec
from combkit.instances.errors import InstanceFormatError, UsageError
from combkit.instances.formats import write
from combkit.instances.generators import generate

_TSP = '[[instances]]\ngenerate = "tsp"\nn = [6, 8]\ncount = 2\n'
_SOLVERS = '[[solver]]\nname = "greedy"\n[[solver]]\nname = "auto"\n'


def plan_of(text, tmp_path, **options):
    spec = parse_spec(text, folder=tmp_path, name="batch")
    return make_plan(spec, made=tmp_path / "made", **options)


def test_every_combination_once_and_interleaved(tmp_path):
    plan = plan_of("seeds = 3\n" + _TSP + _SOLVERS, tmp_path)
    tasks = list(plan.tasks())
    assert len(tasks) == 4 * 2 * 3
    assert len({task.run for task in tasks}) == len(tasks)
    # One seed after the other; the solvers on an instance side by side.
    assert [task.seed for task in tasks] == [0] * 8 + [1] * 8 + [2] * 8
    for first, second in zip(tasks[::2], tasks[1::2], strict=True):
        assert first.instance == second.instance
        assert {first.config.label, second.config.label} == {"greedy", "auto"}
    assert {task.config.label for task in tasks[::2]} == {"greedy", "auto"}


@given(st.integers(1, 7))
def test_shards_partition_the_batch(count):
    tasks = list(_PLAN.tasks())
    shards = [list(_PLAN.tasks(Shard(k, count))) for k in range(1, count + 1)]
    assert sorted(t.run for shard in shards for t in shard) == sorted(
        t.run for t in tasks
    )
    for shard in shards:
        blocks = {(t.seed, t.instance.name) for t in shard}
        assert len(shard) == 2 * len(blocks)


@pytest.fixture(scope="module", autouse=True)
def _plan(tmp_path_factory):
    global _PLAN
    _PLAN = plan_of("seeds = 3\n" + _TSP + _SOLVERS, tmp_path_factory.mktemp("plan"))


def test_identity_is_what_matters_and_no_more(tmp_path):
    def runs(text):
        return [task.run for task in plan_of(text, tmp_path).tasks()]

    base = runs(_TSP + _SOLVERS)
    assert runs(_TSP + _SOLVERS) == base
    renamed = _SOLVERS.replace('"greedy"', '"greedy"\nlabel = "g"')
    assert sorted(runs(_TSP + renamed)) == sorted(base)
    assert runs("pin = true\n[limits]\ngrace = 9\n" + _TSP + _SOLVERS) == base
    for other in (
        "seeds = [1]\n",
        "[limits]\ntime = 59\n",
        '[limits]\nmemory = "1 GB"\n',
        "[limits]\nthreads = 2\n",
        "[limits]\niterations = 5\n",
        "[limits]\ngap = 0.1\n",
    ):
        assert not set(runs(other + _TSP + _SOLVERS)) & set(base)


def test_round_trip(tmp_path):
    plan = plan_of('[limits]\nmemory = "1 GB"\n' + _TSP + _SOLVERS, tmp_path)
    assert Plan.from_dict(plan.to_dict()) == plan
    task = next(plan.tasks())
    assert Task.from_dict(task.to_dict()) == task


def test_names_are_unique_and_as_short_as_can_be(tmp_path):
    for k, place in enumerate(("a/x/one", "b/x/one", "b/x/two")):
        path = tmp_path / f"{place}.tsp"
        path.parent.mkdir(parents=True, exist_ok=True)
        write(generate("tsp", 5, seed=k), path)
    text = '[[instances]]\nglob = "**/*.tsp"\n' + _SOLVERS
    plan = plan_of(text, tmp_path)
    assert {i.name for i in plan.instances} == {"a/x/one", "b/x/one", "two"}


def test_same_content_is_run_once_and_said(tmp_path):
    problem = generate("tsp", 5, seed=1)
    write(problem, tmp_path / "a.tsp")
    write(problem, tmp_path / "b.tsp")
    plan = plan_of('[[instances]]\nglob = "*.tsp"\n' + _SOLVERS, tmp_path)
    assert [i.name for i in plan.instances] == ["a"]
    assert "b.tsp: has the content of" in plan.notes[0]


def test_set_files(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    for k in range(4):
        write(generate("tsp", 5, seed=k), tmp_path / "data" / f"{k}.tsp")
    (tmp_path / "set.csv").write_text(
        "file,best,sense\n0.tsp,7.5,min\n1.tsp,,min\n2.tsp,9,min\n3.tsp,8,min\n"
    )
    monkeypatch.setenv("SOME_DATA", "data")
    text = '[[instances]]\nset = "set.csv"\nbase = "$SOME_DATA"\nevery = 2\n'
    plan = plan_of(text + _SOLVERS, tmp_path)
    assert {i.name: i.best_known for i in plan.instances} == {"0": 7.5, "2": 9.0}
    (tmp_path / "list.txt").write_text("# a list\ndata/1.tsp\n\ndata/3.tsp\n")
    plan = plan_of('[[instances]]\nset = "list.txt"\n' + _SOLVERS, tmp_path)
    assert {i.name for i in plan.instances} == {"1", "3"}


def test_unchanged_files_are_not_read_again(tmp_path, monkeypatch):
    plan = plan_of(_TSP + _SOLVERS, tmp_path)

    def fail(*args):
        raise AssertionError("read again")

    monkeypatch.setattr("combkit.cli.bench.plan.read", fail)
    assert plan_of(_TSP + _SOLVERS, tmp_path, known=plan.instances) == plan
    os.utime(plan.instances[0].file, ns=(1, 1))
    with pytest.raises(AssertionError):
        plan_of(_TSP + _SOLVERS, tmp_path, known=plan.instances)


@pytest.mark.parametrize(
    ("text", "error", "reason"),
    [
        (
            '[[instances]]\nfiles = ["no.tsp"]\n' + _SOLVERS,
            InstanceFormatError,
            "no.tsp",
        ),
        ('[[instances]]\nglob = "*.tsp"\n' + _SOLVERS, UsageError, "no file matches"),
        ('[[instances]]\nset = "no.csv"\n' + _SOLVERS, InstanceFormatError, "no.csv"),
        (
            '[[instances]]\nset = "bad.csv"\n' + _SOLVERS,
            InstanceFormatError,
            "bad.csv:2: best: 'x' is not a number",
        ),
        ('[[instances]]\nglob = "$NO_SUCH/*"\n' + _SOLVERS, UsageError, "not set"),
        (_TSP + '[[solver]]\nname = "ilss"\n', UsageError, "did you mean 'ils'"),
        (
            _TSP + '[[solver]]\nname = "highs"\n',
            UsageError,
            "solver 'highs' on tsp-n8-s",
        ),
        (
            _TSP + _SOLVERS + '[[solver]]\nname = "auto"\nlabel = "b"\n',
            UsageError,
            "the same but for their labels",
        ),
        ('[[instances]]\ngenerate = "tps"\nn = 5\n' + _SOLVERS, UsageError, "'tsp'"),
    ],
)
def test_bad_batches(tmp_path, text, error, reason):
    (tmp_path / "bad.csv").write_text("file,best\na.tsp,x\n")
    with pytest.raises(error) as caught:
        plan_of(text, tmp_path)
    assert reason in str(caught.value)


def test_kinds_restrict_a_solver(tmp_path):
    text = _TSP + '[[instances]]\ngenerate = "kp"\nn = 5\n'
    text += '[[solver]]\nname = "auto"\n[[solver]]\nname = "ils"\nkinds = ["tsp"]\n'
    tasks = list(plan_of(text, tmp_path).tasks())
    assert {t.instance.kind for t in tasks if t.config.label == "ils"} == {"tsp"}
    assert len(tasks) == 5 + 4


@pytest.mark.parametrize("text", ["3", "0/2", "3/2", "a/b", "-1/2", "1/0"])
def test_bad_shards(text):
    with pytest.raises(UsageError):
        Shard.parse(text)
