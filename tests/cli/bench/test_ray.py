"""The same batch on a Ray cluster of two nodes, one of which is killed."""

import json
import subprocess
import sys

import pytest

pytest.importorskip("ray")

_SPEC = """
seeds = 2
warmup = false
keep_solutions = true
[limits]
time = 20
iterations = 50
[[instances]]
generate = "tsp"
n = 12
count = 4
[[solver]]
name = "ils"
[[solver]]
name = "nap"
params = {seconds = 0.3}
[[solver]]
name = "chatty"
"""

#: Starts a cluster, runs a batch on it and kills the second node meanwhile.
_SCRIPT = """
import json, subprocess, sys, threading, time
from pathlib import Path
from ray.cluster_utils import Cluster

words, kill = json.loads(sys.argv[1]), json.loads(sys.argv[2])
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
node = cluster.add_node(num_cpus=1)
process = subprocess.Popen([*words, "--executor", "ray", "--address", cluster.address])
if kill:
    parts = Path("ray.bench/parts")
    while process.poll() is None and not any(p.stat().st_size for p in parts.glob("*")):
        time.sleep(0.02)
    cluster.remove_node(node, allow_graceful=False)
code = process.wait()
cluster.shutdown()
sys.exit(code)
"""


def on_cluster(bench, *words, kill):
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            _SCRIPT,
            json.dumps(bench.words(*words)),
            json.dumps(kill),
        ],
        cwd=bench.folder,
        # Ray's sockets need a short path.
        env={**bench.env, "TMPDIR": "/tmp"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return done


def key(row):
    return row["instance"], row["label"], row["seed"]


@pytest.mark.slow
def test_node_killed_in_the_middle_loses_no_run(bench):
    path = bench.spec(_SPEC)
    on_cluster(bench, "run", path, "-o", "ray.bench", kill=True)
    rows = bench.rows("ray.bench")
    assert len(rows) == 24
    assert len({row["run"] for row in rows}) == 24
    assert {row["status"] for row in rows} == {"feasible"}


@pytest.mark.slow
def test_local_shards_and_ray_give_the_same_rows(bench):
    path = bench.spec(_SPEC)
    bench("run", path, "-o", "local.bench")
    bench("run", path, "-o", "one.bench", "--shard", "1/2")
    bench("run", path, "-o", "two.bench", "--shard", "2/2")
    bench("merge", "one.bench", "two.bench", "-o", "shards.bench")
    on_cluster(bench, "run", path, "-o", "ray.bench", kill=False)
    local, shards, ray = (
        sorted(bench.rows(f"{name}.bench"), key=key)
        for name in ("local", "shards", "ray")
    )
    for other in (shards, ray):
        for column in ("run", "objective", "status", "iterations", "fingerprint"):
            assert [r[column] for r in other] == [r[column] for r in local]
    solutions = bench.folder / "ray.bench" / "solutions"
    assert len(list(solutions.iterdir())) == 24
    logs = bench.folder / "ray.bench" / "logs"
    chatty = [row for row in ray if row["label"] == "chatty"]
    assert all("not JSON" in (logs / row["log"]).read_text() for row in chatty)


def test_unreachable_cluster_is_one_line(bench):
    path = bench.spec(_SPEC)
    done = bench("run", path, "--executor", "ray", "--address", "127.0.0.1:1", code=2)
    assert "no Ray cluster at 127.0.0.1:1" in done.stderr
    done = bench("run", path, "--executor", "ray", "--address", "nowhere", code=2)
    assert "HOST:PORT" in done.stderr


def test_address_without_ray_is_refused(bench):
    done = bench("run", bench.spec(_SPEC), "--address", "127.0.0.1:1", code=2)
    assert "address" in done.stderr


def test_missing_ray_names_the_extra(bench, tmp_path):
    (tmp_path / "ray.py").write_text("raise ImportError('not here')\n")
    bench.env["PYTHONPATH"] += f":{tmp_path}"
    done = bench("run", bench.spec(_SPEC), "--executor", "ray", code=2)
    assert "combkit[ray]" in done.stderr
