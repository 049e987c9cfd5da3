"""Whatever a run does, it becomes a row with its own status, and the batch goes on."""

import contextlib
import os
import random
import signal
import time

import psutil
import pytest

_SPEC = """
warmup = false
{top}
[limits]
time = {time}
{limits}
[[instances]]
generate = "tsp"
n = [{n}]
count = {count}
"""


def spec(*solvers, top="", time=1, limits="", n=8, count=1):
    text = _SPEC.format(top=top, time=time, limits=limits, n=n, count=count)
    return text + "".join(f'[[solver]]\nname = "{name}"\n' for name in solvers)


def test_instance_that_a_solver_refuses_is_its_own_status(bench):
    (bench.folder / "c.lp").write_text(
        "Minimize\n x + y\nSubject To\n x + y >= 1.5\nBounds\n y <= 3\nEnd\n"
    )
    text = '[[instances]]\nfiles = ["c.lp"]\n[[solver]]\nname = "cpsat"\n'
    bench("run", bench.spec("warmup = false\n" + text))
    (row,) = bench.rows()
    assert row["status"] == "unsupported"
    assert "cpsat" in row["message"]


def test_each_fault_has_its_status(bench):
    names = ("nap", "segfault", "raises", "leaves", "suicide", "chatty", "orphans")
    bench.env["ORPHAN_MARK"] = mark = f"mark-{random.getrandbits(64):x}"
    bench("run", bench.spec(spec(*names)))
    rows = {row["label"]: row for row in bench.rows()}
    assert {name: row["status"] for name, row in rows.items()} == {
        "nap": "feasible",
        "segfault": "crashed",
        "raises": "error",
        "leaves": "crashed",
        "suicide": "killed",
        "chatty": "feasible",
        "orphans": "feasible",
    }
    assert "SIGSEGV" in rows["segfault"]["message"]
    assert rows["segfault"]["objective"] is None
    assert rows["raises"]["message"] == "ValueError: no such luck"
    assert "exit code 3" in rows["leaves"]["message"]
    log = bench.folder / "batch.bench" / "logs" / rows["chatty"]["log"]
    assert log.read_text().splitlines() == [
        '{"row": {"status": "optimal"}}',
        "not JSON",
    ]
    left = [
        p for p in psutil.process_iter(["cmdline"]) if mark in (p.info["cmdline"] or ())
    ]
    assert left == []


@pytest.mark.parametrize(
    "name", [pytest.param("allocate", marks=pytest.mark.slow), "allocate_below"]
)
def test_memory_limit_counts_the_whole_tree(bench, name):
    limits = 'memory = "600 MB"'
    bench("run", bench.spec(spec(name, "nap", time=60, limits=limits)))
    rows = {row["label"]: row for row in bench.rows()}
    assert rows[name]["status"] == "out_of_memory"
    assert rows[name]["peak_memory"] > 600e6
    assert rows["nap"]["status"] == "feasible"
    assert 1e6 < rows["nap"]["peak_memory"] < 600e6


@pytest.mark.slow
def test_address_space_limit_is_a_failed_allocation(bench):
    limits = 'address_space = "4 GB"'
    bench("run", bench.spec(spec("allocate", time=60, limits=limits)))
    (row,) = bench.rows()
    assert row["status"] == "out_of_memory"


@pytest.mark.slow
def test_hard_limit_ends_what_does_not_listen(bench):
    bench("run", bench.spec(spec("deaf", "nap", time=2.0, limits="grace = 0.2")))
    rows = {row["label"]: row for row in bench.rows()}
    assert rows["deaf"]["status"] == "timeout"
    assert rows["deaf"]["exit_code"] == -signal.SIGKILL
    assert rows["nap"]["status"] == "feasible"


def test_overrunning_solver_hands_back_its_answer_at_the_hard_limit(bench):
    text = spec(time=0.2, limits="grace = 0.2")
    text += '[[solver]]\nname = "nap"\nparams = {seconds = 1.0}\n'
    bench("run", bench.spec(text))
    (row,) = bench.rows()
    assert row["status"] == "timeout"
    assert row["objective"] is not None


def test_killed_worker_is_a_lost_run(bench):
    text = spec(top="workers = 1", time=30)
    text += '[[solver]]\nname = "nap"\nlabel = "long"\nparams = {seconds = 20}\n'
    text += '[[solver]]\nname = "nap"\nlabel = "short"\n'
    process = bench.start("run", bench.spec(text))
    worker = _worker_with_a_run(process.pid)
    run = worker.children()[0]
    worker.kill()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    rows = {row["label"]: row["status"] for row in bench.rows()}
    assert sorted(rows) == ["long", "short"]
    # Whichever was running; the other one was not touched.
    assert "lost" in rows.values()
    assert not run.is_running() or run.status() == psutil.STATUS_ZOMBIE


def test_lost_run_is_tried_again_where_the_spec_says_so(bench):
    text = spec(top="workers = 1\nretries = 1", time=30)
    text += '[[solver]]\nname = "nap"\nparams = {seconds = 1}\n'
    process = bench.start("run", bench.spec(text))
    _worker_with_a_run(process.pid).kill()
    process.communicate(timeout=60)
    assert [row["status"] for row in bench.rows()] == ["feasible"]


def test_retry_failed_runs_only_what_failed(bench):
    path = bench.spec(spec("nap", "raises"))
    bench("run", path)
    before = {row["label"]: row for row in bench.rows()}
    bench("resume", "batch.bench")
    assert {row["label"]: row for row in bench.rows()} == before
    bench("resume", "batch.bench", "--retry", "failed")
    after = {row["label"]: row for row in bench.rows()}
    assert after["nap"] == before["nap"]
    assert after["raises"]["attempt"] == 1
    assert len(after) == 2


@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)]
)
def test_interrupted_batch_can_be_resumed(bench, number):
    text = spec(time=30, count=6)
    text += '[[solver]]\nname = "nap"\nparams = {seconds = 0.5}\n'
    process = bench.start("run", bench.spec(text))
    _worker_with_a_run(process.pid)
    process.send_signal(number)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "combkit bench resume" in said
    assert len(bench.rows()) < 6
    bench("resume", "batch.bench")
    assert [row["status"] for row in bench.rows()] == ["feasible"] * 6


@pytest.mark.slow
def test_killed_driver_leaves_a_store_that_resumes_to_every_run_once(bench):
    text = spec(time=30, count=60)
    text += '[[solver]]\nname = "nap"\nparams = {seconds = 0.3}\n'
    path = bench.spec(text)
    moments = random.Random(5)
    for _ in range(10):
        process = bench.start("run", path, start_new_session=True)
        time.sleep(moments.uniform(0.3, 2.0))
        family = psutil.Process(process.pid).children(recursive=True)
        os.kill(process.pid, signal.SIGKILL)
        _, alive = psutil.wait_procs(family, timeout=10)
        assert alive == []
        process.communicate()
    bench("resume", "batch.bench")
    rows = bench.rows()
    assert len(rows) == 60
    assert len({row["run"] for row in rows}) == 60
    assert {row["status"] for row in rows} == {"feasible"}
    assert not list((bench.folder / "batch.bench" / "parts").iterdir())


def _worker_with_a_run(driver: int) -> psutil.Process:
    """Wait for a worker that has a run, and return it."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for child in psutil.Process(driver).children():
            with contextlib.suppress(psutil.Error):
                if "combkit.cli.bench.worker" in child.cmdline() and child.children():
                    return child
        time.sleep(0.01)
    raise AssertionError("no run began")
