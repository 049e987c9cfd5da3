"""The recipe for Slurm, on a cluster of one node where Slurm is installed."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from combkit.cli.bench import Store

RECIPE = Path(__file__).parents[3] / "examples" / "bench" / "array.sbatch"

_SPEC = """
seeds = 2
warmup = false
[limits]
time = 5
iterations = 20
[[instances]]
generate = "tsp"
n = [8, 12]
count = 2
[[solver]]
name = "greedy"
[[solver]]
name = "nearest-neighbour"
"""

_CONF = """
ClusterName=test
SlurmctldHost={host}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket
SlurmctldPort={port}
SlurmdPort={next}
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/ctld.pid
SlurmdPidFile={folder}/d.pid
SlurmctldLogFile={folder}/ctld.log
SlurmdLogFile={folder}/d.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SchedulerType=sched/builtin
SelectType=select/cons_tres
MpiDefault=none
ReturnToService=2
NodeName={host} CPUs={cpus} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


@pytest.fixture
def commands(bench):
    """A PATH on which ``combkit`` is this one."""
    folder = bench.folder / "bin"
    folder.mkdir()
    script = folder / "combkit"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m combkit.cli.main "$@"\n')
    script.chmod(0o755)
    bench.env["PATH"] = f"{folder}:{os.environ['PATH']}:/usr/sbin"
    return bench


def finish(bench):
    """What the recipe says to do when the array is done."""
    bench("resume", "batch.bench")
    store = Store.open(bench.folder / "batch.bench")
    assert store.runs().num_rows == store.planned == 16
    assert not list((store.path / "parts").iterdir())


def test_recipe_as_tasks_of_an_array(commands):
    spec = commands.spec(_SPEC)
    tasks = [
        subprocess.Popen(
            ["bash", str(RECIPE), str(spec), "batch.bench"],
            cwd=commands.folder,
            env={
                **commands.env,
                "SLURM_ARRAY_TASK_ID": str(k),
                "SLURM_ARRAY_TASK_COUNT": "3",
            },
        )
        for k in (1, 2, 3)
    ]
    assert [task.wait(120) for task in tasks] == [0, 0, 0]
    parts = (commands.folder / "batch.bench" / "parts").glob("worker-*")
    assert sum(part.read_text().count("\n") for part in parts) == 16
    finish(commands)


@pytest.fixture
def slurm(commands):
    """The environment of a running cluster of this machine alone."""
    env = commands.env
    needed = ("slurmctld", "slurmd", "munged", "sbatch")
    if os.getuid() != 0 or not all(shutil.which(n, path=env["PATH"]) for n in needed):
        pytest.skip("Slurm is not installed, or cannot be started by this user")
    folder = commands.folder / "slurm"
    for name in ("state", "spool"):
        (folder / name).mkdir(parents=True)
    host = os.uname().nodename.split(".")[0]
    conf = folder / "slurm.conf"
    conf.write_text(
        _CONF.format(
            host=host, folder=folder, port=26817, next=26818, cpus=os.cpu_count()
        )
    )
    env["SLURM_CONF"] = str(conf)
    key = folder / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    socket = f"--socket={folder}/munge.socket"
    daemons = [
        (
            *("munged", "-F", "--force", socket, f"--key-file={key}"),
            *(f"--pid-file={folder}/munged.pid", f"--log-file={folder}/munged.log"),
            f"--seed-file={folder}/munged.seed",
        ),
        ("slurmctld", "-D"),
        ("slurmd", "-D", "-N", host),
    ]
    running = []
    try:
        for words in daemons:
            with (folder / f"{words[0]}.out").open("w") as out:
                running.append(subprocess.Popen(words, env=env, stdout=out, stderr=out))
            time.sleep(1.0)
        yield commands
    finally:
        for process in reversed(running):
            process.terminate()
            process.wait(20)


@pytest.mark.slow
def test_recipe_on_a_slurm_cluster(slurm):
    spec = slurm.spec(_SPEC)
    words = ["sbatch", "--wait", "--array=1-3", str(RECIPE), str(spec), "batch.bench"]
    done = subprocess.run(
        words,
        cwd=slurm.folder,
        env=slurm.env,
        capture_output=True,
        text=True,
        timeout=180,
    )
    logs = "\n".join(p.read_text() for p in slurm.folder.glob("combkit-bench-*.log"))
    assert done.returncode == 0, (done.stderr, logs)
    assert len(list(slurm.folder.glob("combkit-bench-*.log"))) == 3
    finish(slurm)
