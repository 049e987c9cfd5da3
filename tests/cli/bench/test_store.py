"""Nothing that was written is lost, nothing is torn, nothing is counted twice."""

import errno
import json
import os
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from combkit.cli.bench.plan import Shard, make_plan
from combkit.cli.bench.schema import RUNS, TRACE, VERSION
from combkit.cli.bench.spec import parse_spec
from combkit.cli.bench.store import Part, Store, find_in_part, merge
from combkit.cli.bench.workers import lost_row
from combkit.instances.errors import UsageError

_SPEC = """
seeds = 3
[[instances]]
generate = "kp"
n = [5, 6]
[[solver]]
name = "greedy"
[[solver]]
name = "auto"
"""


def new_store(folder, text=_SPEC):
    store = Store.create(folder, "batch")
    spec = parse_spec(text, folder=folder, name="batch")
    plan = make_plan(spec, made=store.made)
    store.set_plan([plan], text, folder)
    return store, list(plan.tasks())


def row_of(task, objective=1.0, points=2, attempt=0):
    trace = {
        "time": [0.1 * k for k in range(points)],
        "objective": [objective + points - k for k in range(points)],
        "bound": [None] * points,
        "source": ["s"] * points,
    }
    row = {**lost_row(task, ""), "status": "feasible", "objective": objective}
    return {**row, "attempt": attempt, "trace": trace}


def write_part(store, rows, name="worker"):
    part = Part(store.new_part(name))
    for row in rows:
        part.append(row)
    part.close()
    return part.path


def content(store):
    """Rows by run, with their traces."""
    runs = {row["run"]: row for row in store.runs().to_pylist()}
    for row in runs.values():
        row["trace"] = []
    for point in store.trace().to_pylist():
        runs[point.pop("run")]["trace"].append(point)
    return runs


def test_rows_and_traces_survive_compacting(tmp_path):
    store, tasks = new_store(tmp_path / "s")
    write_part(store, [row_of(t, k, points=k) for k, t in enumerate(tasks[:5])], "a")
    write_part(store, [row_of(tasks[5], 5, points=3)], "b")
    before = content(store)
    assert [len(before[t.run]["trace"]) for t in tasks[:6]] == [0, 1, 2, 3, 4, 3]
    assert store.planned == len(tasks) == 12
    store.compact()
    assert content(Store.open(store.path)) == before
    assert not list((store.path / "parts").iterdir())
    assert pq.read_table(store.path / "runs.parquet").column_names == list(RUNS)
    assert pq.read_table(store.path / "trace.parquet").column_names == list(TRACE)
    write_part(store, [row_of(tasks[6], 6)])
    store.compact()
    assert set(content(Store.open(store.path))) == {t.run for t in tasks[:7]}


@settings(deadline=None, max_examples=30)
@given(cut=st.integers(0, 4000))
def test_torn_part_gives_its_whole_lines(tmp_path_factory, cut):
    store, tasks = new_store(tmp_path_factory.mktemp("torn") / "s")
    path = write_part(store, [row_of(t) for t in tasks[:3]])
    whole = path.read_bytes()
    cut = min(cut, len(whole))
    path.write_bytes(whole[:cut])
    expected = whole[:cut].count(b"\n")
    assert store.runs().num_rows == expected
    store.compact()
    assert Store.open(store.path).runs().num_rows == expected


def test_latest_attempt_counts_wherever_it_is(tmp_path):
    store, tasks = new_store(tmp_path / "s")
    write_part(store, [row_of(tasks[0], 1.0, points=2)])
    store.compact()
    write_part(store, [row_of(tasks[0], 2.0, points=4, attempt=1)])
    (row,) = content(store).values()
    assert (row["objective"], row["attempt"], len(row["trace"])) == (2.0, 1, 4)
    store.compact()
    (row,) = content(Store.open(store.path)).values()
    assert (row["objective"], row["attempt"], len(row["trace"])) == (2.0, 1, 4)


@pytest.mark.parametrize("moment", ["trace", "runs", "unlink"])
def test_compacting_that_is_cut_off_loses_nothing(tmp_path, moment, monkeypatch):
    store, tasks = new_store(tmp_path / "s")
    write_part(store, [row_of(tasks[0], 1.0)])
    store.compact()
    write_part(store, [row_of(tasks[0], 2.0, attempt=1), row_of(tasks[1], 3.0)])
    before = content(store)
    path_type = type(store.path)
    replace, unlink = path_type.replace, path_type.unlink

    def cut_replace(self, target):
        if self.name.startswith(moment):
            raise KeyboardInterrupt
        return replace(self, target)

    def cut_unlink(self, missing_ok=False):
        if moment == "unlink" and self.suffix == ".jsonl":
            raise KeyboardInterrupt
        return unlink(self, missing_ok)

    monkeypatch.setattr(path_type, "replace", cut_replace)
    monkeypatch.setattr(path_type, "unlink", cut_unlink)
    with pytest.raises(KeyboardInterrupt):
        store.compact()
    monkeypatch.undo()
    assert content(Store.open(store.path)) == before
    again = Store.open(store.path)
    again.compact()
    assert content(Store.open(store.path)) == before


def test_full_disk_is_an_error_and_the_part_stays_whole(tmp_path, monkeypatch):
    store, tasks = new_store(tmp_path / "s")
    part = Part(store.new_part("w"))
    part.append(row_of(tasks[0]))
    write = os.write
    monkeypatch.setattr(os, "write", lambda d, line: write(d, line[:100]))
    with pytest.raises(OSError, match="No space left") as caught:
        part.append(row_of(tasks[1]))
    assert caught.value.errno == errno.ENOSPC
    assert caught.value.filename == str(part.path)
    monkeypatch.undo()
    assert set(content(store)) == {tasks[0].run}
    part.append(row_of(tasks[1]))
    assert set(content(Store.open(store.path))) == {tasks[0].run, tasks[1].run}


def test_rows_of_another_plan_are_kept_apart(tmp_path):
    store, tasks = new_store(tmp_path / "s")
    write_part(store, [row_of(t) for t in tasks])
    store.compact()
    fewer = _SPEC.replace("seeds = 3", "seeds = 1")
    plan = make_plan(parse_spec(fewer, folder=tmp_path, name="batch"), made=store.made)
    store.set_plan([plan], fewer, tmp_path)
    assert store.planned == store.runs().num_rows == 4
    assert store.left_out == 8
    assert len(store.done()) == 12


def test_merge_takes_each_run_once(tmp_path):
    one, tasks = new_store(tmp_path / "one")
    shutil.copytree(one.path, tmp_path / "two")
    two = Store.open(tmp_path / "two")
    write_part(one, [row_of(t, 1.0) for t in tasks[:8]])
    one.compact()
    write_part(two, [row_of(t, 1.0, points=3) for t in tasks[6:]])
    joined = merge([one.path, two.path], tmp_path / "joined")
    rows = content(joined)
    assert set(rows) == {t.run for t in tasks}
    assert joined.planned == 12 and len(joined.plans) == 1
    assert [len(rows[t.run]["trace"]) for t in tasks] == [2] * 6 + [3] * 6
    assert len(content(one)) == 8, "the sources stay as they are"


def test_merge_refuses_what_does_not_fit(tmp_path):
    one, _ = new_store(tmp_path / "one")
    # The same name for another content.
    two, _ = new_store(tmp_path / "two")
    plan = json.loads((two.path / "plan.json").read_text())
    plan["plans"][0]["instances"][0]["fingerprint"] = "0" * 64
    (two.path / "plan.json").write_text(json.dumps(plan))
    with pytest.raises(UsageError, match="different contents"):
        merge([one.path, two.path], tmp_path / "joined")
    with pytest.raises(UsageError, match="exists"):
        merge([one.path], two.path)
    with pytest.raises(UsageError, match="not a store"):
        merge([one.path, tmp_path], tmp_path / "joined")
    assert not list(tmp_path.glob("joined*"))


def test_one_writer_at_a_time_but_shards_side_by_side(tmp_path):
    store, _ = new_store(tmp_path / "s")
    with store.hold():
        for shard in (None, Shard(1, 2)):
            with pytest.raises(UsageError, match="another combkit bench"):
                store.hold(shard).__enter__()
    with store.hold(Shard(1, 2)), store.hold(Shard(2, 2)):
        for shard in (None, Shard(1, 2)):
            with pytest.raises(UsageError, match="another combkit bench"):
                store.hold(shard).__enter__()
    with store.hold():
        pass


def test_another_shard_may_have_created_it_meanwhile(tmp_path, monkeypatch):
    path = tmp_path / "batch.bench"

    def exists(self, before=Path.exists):
        found = before(self)
        # The other one comes right behind the first look.
        if self.name == "store.json" and not path.is_dir():
            monkeypatch.undo()
            Store.create(path, "batch")
        return found

    monkeypatch.setattr(Path, "exists", exists)
    assert Store.create(path, "batch").name == "batch"


def test_what_is_no_store(tmp_path):
    with pytest.raises(UsageError, match="not a store"):
        Store.open(tmp_path / "nowhere")
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(UsageError, match="not a store"):
        Store.open(file)
    with pytest.raises(UsageError, match="exists, and is not a store"):
        Store.create(tmp_path, "x")
    store, tasks = new_store(tmp_path / "s")
    head = store.path / "store.json"
    head.write_text(json.dumps({"version": VERSION + 1}))
    with pytest.raises(UsageError, match="a newer one is needed"):
        Store.open(store.path)
    head.write_text("{")
    with pytest.raises(UsageError, match=r"store.json: not JSON"):
        Store.open(store.path)
    head.write_text("{}")
    with pytest.raises(UsageError, match="does not say its version"):
        Store.open(store.path)
    head.write_text(json.dumps({"version": VERSION}))
    (store.path / "runs.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(UsageError, match="cannot be read"):
        Store.open(store.path).runs()
    (store.path / "runs.parquet").unlink()
    path = write_part(store, [row_of(tasks[0])])
    path.write_bytes(b"[]\n" + path.read_bytes())
    with pytest.raises(UsageError, match=r"jsonl:1: not a row"):
        Store.open(store.path).runs()
    path.unlink()
    (store.path / "plan.json").write_text('{"plans": [{}]}')
    with pytest.raises(UsageError, match=r"plan.json: not a plan"):
        Store.open(store.path).runs()


def test_find_in_part(tmp_path):
    store, tasks = new_store(tmp_path / "s")
    path = write_part(store, [row_of(tasks[0], 4.0)])
    assert find_in_part(path, tasks[0].run)["objective"] == 4.0
    assert find_in_part(path, tasks[1].run) is None
    assert find_in_part(tmp_path / "none.jsonl", tasks[0].run) is None
