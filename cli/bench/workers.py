"""The driver's side of a worker: start it, hand it a task, hear its answer."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from combkit.cli.bench.plan import Task
from combkit.cli.bench.schema import RUNS

__all__ = ["WorkerProcess", "lost_row", "scratch_folder"]


class WorkerProcess:
    """A worker in a process of its own; it ends with this one.

    Parameters
    ----------
    name : str
        Kept in the rows.
    folder : Path
        Folder that gets the folders of logs and solutions.
    part : Path, optional
        File that the worker appends its rows to; without it, the rows that
        come back hold the traces and nothing is written.
    cores : sequence of int
        Processors to pin its runs to; empty: any.
    groups : Path, optional
        Where control groups can be made.
    temporary : bool
        Whether the folder goes with the worker.
    token : str
        Put into the environment of everything that runs below the worker.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        part: Path | None = None,
        cores: Sequence[int] = (),
        groups: Path | None = None,
        temporary: bool = False,
        token: str = "",
    ) -> None:
        self.name = name
        self.part = part
        self.task: Task | None = None
        words = [sys.executable, "-m", "combkit.cli.bench.worker", "--name", name]
        words += ["--folder", str(folder), "--parent", str(os.getpid())]
        words += ["--temporary"] if temporary else []
        words += ["--part", str(part)] if part is not None else []
        words += ["--cores", ",".join(map(str, cores))] if cores else []
        words += ["--groups", str(groups)] if groups is not None else []
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # One thread each: libraries that start threads when they are
            # imported would make the worker unfit for forking.
            env={
                **os.environ,
                "OMP_NUM_THREADS": "1",
                "OPENBLAS_NUM_THREADS": "1",
                "COMBKIT_BATCH": token,
            },
        )
        self._buffer = b""

    def fileno(self) -> int:
        """Return the descriptor on which answers come, for a selector."""
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    @property
    def pid(self) -> int:
        """Process id of the worker."""
        return self._process.pid

    def start(self, task: Task) -> None:
        """Hand a task over; a worker that is gone shows when it is asked."""
        assert self._process.stdin is not None
        self.task = task
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(task.to_dict()).encode() + b"\n")
            self._process.stdin.flush()

    def answer(self) -> dict[str, Any] | None:
        """Return the answer once it is there in full.

        Returns
        -------
        dict or None
            ``{"row": ...}``, ``{"fatal": reason}``, ``{}`` when the worker is
            gone, None while the answer is not complete.
        """
        piece = os.read(self.fileno(), 1 << 16)
        if not piece:
            return {}
        self._buffer += piece
        if not self._buffer.endswith(b"\n"):
            return None
        line, self._buffer = self._buffer, b""
        self.task = None
        answer: dict[str, Any] = json.loads(line)
        return answer

    def end(self) -> None:
        """End the worker and whatever it runs."""
        with contextlib.suppress(OSError):
            self._process.terminate()
        try:
            self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self.task is not None:  # a worker that was killed left it behind
            shutil.rmtree(scratch_folder(self.task.run), ignore_errors=True)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def scratch_folder(run: str) -> Path:
    """Return the folder of a run's temporary files."""
    return Path(tempfile.gettempdir()) / f"combkit-run-{run}"


def lost_row(task: Task, message: str) -> dict[str, Any]:
    """Return the row of a run whose worker or node went away."""
    from combkit.cli.bench.worker import identity

    row: dict[str, Any] = dict.fromkeys(RUNS)
    return {
        **row,
        **identity(task),
        "status": "lost",
        "reason": "failed",
        "message": message,
        "trace": {},
    }
