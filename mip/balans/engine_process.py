"""An engine in a process of its own: when it crashes, the search goes on.

The child is this module run as a script. It gets the engine's name and the model,
then parts, and answers with what it finds, all pickled over its standard streams;
what native code prints goes to its standard error.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import SolverError
from combkit.instances.mip import MIP
from combkit.instances.run import Run
from combkit.mip.balans.engine import Answer, SubProblem

__all__ = ["IsolatedEngine"]

Floats = NDArray[np.float64]


class IsolatedEngine:
    """Passes parts to a child process, and starts another one after a crash.

    Parameters
    ----------
    engine : str
        Name of the engine in the child.
    problem : MIP
        The model, a minimisation.
    run : Run
        The run; when it ends the child does.

    Attributes
    ----------
    child : Popen or None
        The process, None before the first part.
    """

    def __init__(self, engine: str, problem: MIP, run: Run) -> None:
        self.name = engine
        self._run = run
        self._greeting = pickle.dumps((engine, problem, run.seed))
        self.child: subprocess.Popen[bytes] | None = None

    def solve(self, part: SubProblem, found: Callable[[Floats], None]) -> Answer:
        """Solve a part; see ``Engine``.

        Raises
        ------
        SolverError
            If the child crashed.
        """
        return self._run.supervise(lambda: self._converse(part, found), self._stop)

    def _stop(self) -> None:
        if self.child is not None:
            _end(self.child)

    def _converse(self, part: SubProblem, found: Callable[[Floats], None]) -> Answer:
        child = self.child
        if child is None or child.poll() is not None:
            child = self.child = self._start()
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(pickle.dumps(part))
            child.stdin.flush()
            while True:
                word, content = pickle.load(child.stdout)
                if word == "answer":
                    answer: Answer = content
                    return answer
                if word == "error":
                    raise content
                found(content)
        except (EOFError, OSError, pickle.UnpicklingError):
            code = child.wait()
            if self._run.should_stop():
                return Answer(False)
            raise SolverError(f"{self.name} crashed", f"exit code {code}") from None

    def _start(self) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        weakref.finalize(self, _end, child)
        assert child.stdin is not None
        child.stdin.write(self._greeting)
        return child


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


def _serve() -> None:
    """Be the child: solve what comes until the parent is gone."""
    from combkit.mip.balans.engines import make_engine

    incoming = os.fdopen(os.dup(0), "rb")
    outgoing = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    lock = threading.Lock()

    def say(word: str, content: Any) -> None:
        with lock:
            outgoing.write(pickle.dumps((word, content)))
            outgoing.flush()

    with contextlib.suppress(EOFError, OSError):
        engine, problem, seed = pickle.load(incoming)
        solver = make_engine(engine, problem, Run(problem, seed=seed))
        while True:
            part = pickle.load(incoming)
            try:
                answer = solver.solve(part, lambda x: say("found", x))
            except Exception as error:
                say("error", SolverError(type(error).__name__, str(error)))
            else:
                say("answer", answer)


if __name__ == "__main__":
    _serve()
