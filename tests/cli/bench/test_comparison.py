"""Two batches: what was changed, and what that did."""

import json

import numpy as np
import pytest

from combkit.cli.bench import compare
from combkit.cli.bench.plan import make_plan
from combkit.cli.bench.spec import parse_spec
from combkit.cli.bench.store import Part, Store
from combkit.cli.bench.workers import lost_row
from combkit.instances.errors import UsageError

_SPEC = """
seeds = {seeds}
[limits]
time = {time}
[[instances]]
generate = "kp"
n = [5]
count = {count}
[[solver]]
name = "greedy"
label = "one"
[[solver]]
name = "auto"
label = "two"
"""


def batch(folder, values, seeds=2, time=10.0, count=8):
    """A store whose objective is ``values(label, instance number, seed)``."""
    store = Store.create(folder, "batch")
    text = _SPEC.format(seeds=seeds, time=time, count=count)
    # Both batches have the same instance files.
    plan = make_plan(parse_spec(text, folder=folder, name="b"), made=folder.parent)
    store.set_plan([plan], text, folder)
    part = Part(store.new_part("w"))
    for task in plan.tasks():
        row = lost_row(task, "") | {"machine": json.dumps({"cores": 2})}
        number = int(task.instance.name.rsplit("s", 1)[1])
        row |= values(task.config.label, number, task.seed)
        row["trace"] = {
            "time": [1.0],
            "objective": [row["objective"]],
            "bound": [None],
            "source": ["s"],
        }
        part.append(row)
    part.close()
    return Store.open(folder)


def found(objective, **more):
    return {"status": "feasible", "objective": float(objective), "wall": 10.0, **more}


def table(comparison):
    return comparison.differences("kp").set_index(["label", "measure"])


def test_what_did_not_change_is_said_to_be_equal(tmp_path):
    store = batch(tmp_path / "a", lambda label, k, seed: found(100 + k))
    comparison = compare(store, store)
    assert comparison.changes == [
        "Nothing: code, versions, limits and machine are the same."
    ]
    differences = comparison.differences("kp")
    assert set(differences["label"]) == {"one", "two"}
    assert (differences["mean"] == 0).all() and (differences["different"] == 0).all()
    assert comparison.instances("kp").empty
    assert "No instance has changed." in comparison.to_markdown()


def test_better_solver_is_found_to_be_better_and_the_other_one_is_not(tmp_path):
    rng = np.random.default_rng(3)

    def before(label, k, seed):
        return found(1000 + rng.integers(20))

    def after(label, k, seed):
        return found((1100 if label == "two" else 1000) + rng.integers(20))

    first, second = batch(tmp_path / "a", before), batch(tmp_path / "b", after)
    comparison = compare(first, second)
    found_table = table(comparison)
    assert found_table.loc[("two", "gap"), "verdict"] == "better"
    assert found_table.loc[("one", "gap"), "verdict"] == "no evidence of a difference"
    row = found_table.loc[("two", "gap")]
    assert row["instances"] == 8
    assert row["after"] - row["before"] == pytest.approx(row["mean"])
    assert row["low"] < row["mean"] < row["high"] < 0
    backwards = table(compare(second, first))
    assert backwards.loc[("two", "gap"), "verdict"] == "worse"
    assert backwards.loc[("two", "gap"), "mean"] == pytest.approx(-row["mean"])


def test_moves_between_outcomes(tmp_path):
    def before(label, k, seed):
        return found(100, status="optimal", runtime=1.0)

    def after(label, k, seed):
        if (label, k) == ("two", 3):
            status = "crashed" if seed else "no_solution"
            return {"status": status, "objective": None, "wall": 2.0}
        return before(label, k, seed)

    comparison = compare(batch(tmp_path / "a", before), batch(tmp_path / "b", after))
    counts = comparison.outcomes("kp")
    assert counts.loc[("two", "before")].tolist() == [16, 0, 0, 0]
    assert counts.loc[("two", "after")].tolist() == [14, 0, 1, 1]
    assert counts.loc[("one", "after")].tolist() == [16, 0, 0, 0]
    (row,) = comparison.instances("kp").to_dict("records")
    assert (row["label"], row["change"]) == ("two", 1.0)
    assert row["outcomes"] == "2 proven -> 1 nothing, 1 failed"
    assert "2 proven -> 1 nothing, 1 failed" in comparison.to_markdown()


def test_changes_of_the_setting_are_told(tmp_path):
    def other(label, k, seed):
        return found(100, version="2.0 numba==1", machine='{"cores": 4}')

    first = batch(tmp_path / "a", lambda *_: found(100, version="1.0 numba==1"))
    second = batch(tmp_path / "b", other, time=20.0, count=6)
    changes = " ".join(compare(first, second).changes)
    assert "one, two: version 1.0 before, 2.0 after." in changes
    assert "Time limit in seconds: 10 before, 20 after." in changes
    assert "Machine: cores 2 before, cores 4 after." in changes
    assert "2 instances that only the batch before has" in changes
    back = " ".join(compare(second, first).changes)
    assert "2 that only the one after has" in back


def test_other_content_under_the_same_name_is_another_instance(tmp_path):
    first = batch(tmp_path / "a", lambda *_: found(100))

    def reworked(label, k, seed):
        return found(90) | ({"fingerprint": "0" * 64} if k == 2 else {})

    comparison = compare(first, batch(tmp_path / "b", reworked))
    assert any("content" in text and "s2" in text for text in comparison.changes)
    assert (table(comparison)["instances"] == 7).all()


def test_labels_can_be_paired(tmp_path):
    def values(label, k, seed):
        return found(100 if label == "one" else 120)

    store = batch(tmp_path / "a", values)
    comparison = compare(store, store, {"one": "two", "two": "one"})
    found_table = table(comparison)
    assert found_table.loc[("one -> two", "gap"), "verdict"] == "better"
    assert found_table.loc[("two -> one", "gap"), "verdict"] == "worse"
    assert set(comparison.outcomes("kp").index.get_level_values(0)) == {
        "one -> two",
        "two -> one",
    }
    one = compare(store, store, {"one": "two"})
    assert any("Not compared: solvers" in text for text in one.changes)


def test_what_cannot_be_compared_is_refused(tmp_path):
    store = batch(tmp_path / "a", lambda *_: found(100))
    with pytest.raises(UsageError, match="'ones'; did you mean 'one'"):
        compare(store, store, {"ones": "two"})
    other = batch(tmp_path / "b", lambda label, *_: found(100, label=f"x{label}"))
    with pytest.raises(UsageError, match="no label in common: one, two; xone, xtwo"):
        compare(store, other)
    alien = batch(tmp_path / "c", lambda _, k, s: found(1, fingerprint=f"{k:064d}"))
    with pytest.raises(UsageError, match="no instance in common"):
        compare(store, alien)
    empty = Store.create(tmp_path / "d", "empty")
    with pytest.raises(UsageError, match="no run is done"):
        compare(store, empty)
    with pytest.raises(UsageError, match="not a store"):
        compare(tmp_path / "nothing", store)


def test_command(bench, tmp_path):
    batch(tmp_path / "a", lambda *_: found(100))
    batch(tmp_path / "b", lambda *_: found(101))
    text = bench("compare", tmp_path / "a", tmp_path / "b").stdout
    assert text.startswith("# batch: before and after")
    bench("compare", tmp_path / "a", tmp_path / "b", "-o", tmp_path / "c.md")
    assert (tmp_path / "c.md").read_text() == text.rstrip("\n") + "\n"
    words = ("--pair", "one", "two")
    assert (
        "one -> two" in bench("compare", tmp_path / "a", tmp_path / "b", *words).stdout
    )
    error = bench("compare", tmp_path / "a", tmp_path / "none", code=2).stderr
    assert "not a store of runs" in error and error.count("\n") == 1
