"""The command, from a spec to rows."""

import json
import os
import re
import subprocess
import sys

import pytest

from combkit.cli.bench import Store, load_spec, preview, resume, run

_SPEC = """
warmup = false
[limits]
time = 5
iterations = 20
[[instances]]
generate = "tsp"
n = [8, 12]
count = 2
suffix = "tsp"
[[solver]]
name = "greedy"
[[solver]]
name = "ils"
"""


def test_dry_run_shows_the_matrix_and_writes_nothing(bench):
    done = bench("run", bench.spec(_SPEC), "--dry-run")
    assert "4 instances x 2 solvers x 1 seeds, 5 s each" in done.stdout
    assert "8 runs to do, 0 done" in done.stdout
    assert sorted(p.name for p in bench.folder.iterdir()) == ["batch.toml", "tmp"]
    bench("run", bench.spec(_SPEC), "--shard", "1/2")
    done = bench("run", bench.spec(_SPEC), "--dry-run")
    assert "4 runs to do, 4 done" in done.stdout


def test_finished_batch_is_not_run_again(bench):
    path = bench.spec(_SPEC)
    first = bench("run", path)
    assert "batch.bench: 8 of 8 runs done" in first.stdout
    assert "[8/8, 0:00:00 left]" in first.stderr
    before = (bench.folder / "batch.bench" / "runs.parquet").stat().st_mtime_ns
    again = bench("run", path)
    assert "8 of 8 runs done" in again.stdout and "[" not in again.stderr
    bench("resume", "batch.bench")
    after = (bench.folder / "batch.bench" / "runs.parquet").stat().st_mtime_ns
    assert before == after


def test_rows_hold_what_the_figures_depend_on(bench):
    bench("run", bench.spec("keep_solutions = true\n" + _SPEC))
    for row in bench.rows():
        assert row["verified"] and row["objective"] > 0
        assert row["wall"] > 0 and row["cpu"] > 0 and row["peak_memory"] > 1e6
        assert 0 <= row["time_to_best"] <= row["runtime"] <= row["wall"]
        assert json.loads(row["machine"])["cores"] >= 1
        assert "numpy" in json.loads(row["versions"])
        assert row["version"].startswith("0.1.0")
        assert row["work_limit"] == 20 and row["time_limit"] == 5.0
        assert row["started"] > 1.6e9 and row["exit_code"] == 0
        solution = bench.folder / "batch.bench" / "solutions" / f"{row['run']}.json"
        assert json.loads(solution.read_text())["objective"] == row["objective"]


@pytest.mark.slow
def test_growing_spec_runs_only_what_is_new(bench):
    bench("run", bench.spec(_SPEC))
    more = _SPEC + '[[solver]]\nname = "nearest-neighbour"\nkinds = ["tsp"]\n'
    done = bench("run", bench.spec("seeds = 2\n" + more))
    # A further seed for all, a further solver for both seeds.
    assert re.search(r"16 runs, \d+ at a time, 8 done before", done.stderr)
    assert len(bench.rows()) == 24


@pytest.mark.slow
def test_changed_instance_is_reported_and_kept_apart(bench):
    path = bench.spec(_SPEC)
    bench("run", path)
    changed = bench.folder / "batch.bench" / "instances" / "tsp-n8-s0.tsp"
    changed.write_text(changed.read_text().replace("1 ", "1 1", 1))
    for words in (("run", path), ("resume", "batch.bench")):
        done = bench(*words, code=2)
        assert (
            "tsp-n8-s0.tsp: the content has changed since the last run" in done.stderr
        )
    bench("resume", "batch.bench", "--accept-changed")
    store = Store.open(bench.folder / "batch.bench")
    assert store.runs().num_rows == 8
    assert store.left_out == 2


def test_from_python(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "batch.toml").write_text(_SPEC)
    spec = load_spec("batch.toml")
    assert len(preview(spec).todo) == 8
    store = run(spec, "results", workers=1)
    frame = store.runs().to_pandas()
    assert list(frame["status"].unique()) == ["feasible"]
    best = frame.groupby("label")["objective"].mean()
    assert best["ils"] <= best["greedy"]
    assert resume("results").runs().num_rows == 8
    assert store.trace().num_rows >= 8


@pytest.mark.slow
def test_deterministic_runs_have_equal_rows(tmp_path):
    (tmp_path / "batch.toml").write_text("seeds = 2\n" + _SPEC)
    tables = []
    for name in ("one", "two"):
        table = run(tmp_path / "batch.toml", tmp_path / name).runs().to_pandas()
        tables.append(table.set_index("run").sort_index())
    for column in ("objective", "status", "iterations", "fingerprint", "seed"):
        assert (tables[0][column] == tables[1][column]).all()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("run", "none.toml"), "none.toml: No such file"),
        (("resume", "none.bench"), "not a store of runs"),
        (("run", "batch.toml", "--shard", "3/2"), "shard 3/2"),
        (("run", "batch.toml", "--shard", "x"), "shard 'x'"),
        (("run", "batch.toml", "--workers", "0"), "--workers"),
        (("run", "batch.toml", "--executor", "slurm"), "invalid choice"),
        (("merge", "none.bench", "-o", "x.bench"), "not a store of runs"),
        (("run",), "SPEC"),
        ((), "ACTION"),
    ],
)
def test_bad_usage_is_one_line(bench, words, reason):
    bench.spec(_SPEC)
    done = bench(*words, code=2)
    assert reason in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow
@pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0, reason="mounts a small file system"
)
def test_full_disk_stops_the_batch_with_one_line(bench):
    small = bench.folder / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(small)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("file systems cannot be mounted here")
    try:
        path = bench.spec("seeds = 400\n" + _SPEC)
        done = bench("run", path, "-o", small / "s", code=1)
        assert "No space left on device" in done.stderr
        assert ".jsonl" in done.stderr
        rows = Store.open(small / "s").runs()
        assert 0 < rows.num_rows < 3200
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_missing_packages_name_the_extra(bench, tmp_path):
    for package in ("psutil", "pyarrow"):
        folder = tmp_path / package
        folder.mkdir()
        (folder / f"{package}.py").write_text("raise ImportError('not here')\n")
        path, bench.env["PYTHONPATH"] = bench.env["PYTHONPATH"], str(folder)
        done = bench("run", bench.spec(_SPEC), code=2)
        assert "pip install 'combkit[bench]'" in done.stderr
        bench.env["PYTHONPATH"] = path
