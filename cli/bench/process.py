"""One process a run: started, watched, ended.

The caller is a process of its own with a single thread (``worker.py``): it
forks, and as the reaper of its descendants it sees every process that a run
leaves behind. Whatever a run does, its processes are gone before the next one.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NoReturn

from combkit.cli.bench.cgroup import Cgroup, Groups
from combkit.instances.errors import MissingDependencyError

try:
    import psutil
except ImportError:
    raise MissingDependencyError("a batch", "bench") from None

__all__ = [
    "Cause",
    "Ending",
    "Request",
    "adopt_orphans",
    "die_with_parent",
    "kill_descendants",
    "kill_strays",
    "run",
]

#: Seconds between two looks, at a young run and at an older one.
_POLL_YOUNG, _POLL_OLD, _YOUNG = 0.004, 0.02, 0.2
#: Seconds between two measurements of the memory.
_MEMORY_POLL = 0.1
#: Seconds that a run gets to hand back its answer after SIGTERM.
_TERM_GRACE = 2.0
#: Bytes of a line that are passed on; nothing prints more but by accident.
_LINE_MOST = 64 << 20
#: Bytes of log at which it is cut off, and what is kept of it.
_LOG_MOST, _LOG_KEPT = 64 << 20, 256 << 10

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


class Cause(StrEnum):
    """Who ended a run."""

    ITSELF = "itself"
    WALL = "wall"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to run, and what it may use.

    Parameters
    ----------
    target : callable or sequence of str
        ``target(descriptor)`` is called in the forked process and writes lines
        to the descriptor; a sequence of words is executed, its lines are those
        of its standard output.
    wall : float
        Seconds after which it is asked to end, and soon after made to.
    memory : int, optional
        Bytes that its processes may keep resident together.
    address_space : int, optional
        Bytes of address space, of each process.
    cores : sequence of int
        Processors to pin it to; empty: any.
    env : mapping of str to str
        Environment variables to set.
    folder : str, optional
        Working directory.
    log : Path
        File that gets what it prints.
    """

    target: Callable[[int], None] | Sequence[str]
    wall: float
    log: Path
    memory: int | None = None
    address_space: int | None = None
    cores: Sequence[int] = ()
    env: Mapping[str, str]
    folder: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run ended, and what it took.

    Parameters
    ----------
    cause : Cause
        Who ended it.
    exit_code : int
        Exit code; the negative signal number where a signal ended it.
    wall, cpu : float
        Seconds; those of the processor count all its processes.
    peak_memory : int
        Most bytes that its processes were seen to keep resident together.
    """

    cause: Cause
    exit_code: int
    wall: float
    cpu: float
    peak_memory: int


def adopt_orphans() -> None:
    """Become the parent of whatever processes a run leaves behind (Linux)."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(number: int, parent: int) -> None:
    """Receive a signal when the parent process ends (Linux).

    Parameters
    ----------
    number : int
        The signal.
    parent : int
        Process id of the parent, to see whether it is gone already.
    """
    _prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os.kill(os.getpid(), number)


def kill_descendants(reap: Callable[[], object] = lambda: None) -> None:
    """Kill every process below this one, those that appear meanwhile too.

    Parameters
    ----------
    reap : callable
        Collects the dead; without it they stay until this process ends.
    """
    while True:
        alive = [p for p in psutil.Process().children(recursive=True) if _alive(p)]
        for process in alive:
            with contextlib.suppress(psutil.Error):
                process.kill()
        reap()
        if not alive:
            return
        time.sleep(0.001)


def kill_strays(keep: Collection[int], token: str) -> None:
    """Kill what a dead worker has left to this process.

    Parameters
    ----------
    keep : collection of int
        Process ids of the children that live on.
    token : str
        A value in the environment of everything below a worker: what else this
        process may have as children is none of our business.
    """
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            if child.pid not in keep and token in child.environ().values():
                for one in (*child.children(recursive=True), child):
                    one.kill()
                child.wait(1.0)


def _alive(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


def run(
    request: Request,
    on_line: Callable[[bytes, float], None],
    groups: Groups | None = None,
) -> Ending:
    """Run a request to its end.

    Parameters
    ----------
    request : Request
        What to run.
    on_line : callable
        ``on_line(line, seconds)`` is called with each line that it writes, the
        last one also without its end.
    groups : Groups, optional
        Where control groups can be made; the memory is polled without.
    """
    return _Watch(request, on_line, groups).run()


class _Watch:
    """A running request."""

    def __init__(
        self,
        request: Request,
        on_line: Callable[[bytes, float], None],
        groups: Groups | None,
    ) -> None:
        self._request = request
        self._on_line = on_line
        self._line = bytearray()
        #: End of what the log held before it was last emptied.
        self._before = b""
        self._cause = Cause.ITSELF
        self._peak = 0
        self._cpu = 0.0
        self._code: int | None = None
        self._cgroup: Cgroup | None = None
        if groups is not None and request.memory is not None:
            self._cgroup = groups.make(request.memory)

    def run(self) -> Ending:
        reading, writing = os.pipe()
        self._start = time.perf_counter()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(reading)
            _become(self._request, writing, self._cgroup)
        os.close(writing)
        os.set_blocking(reading, False)
        self._pipe: int | None = reading
        try:
            self._watch()
            wall = time.perf_counter() - self._start
        finally:
            kill_descendants(self._reap)
            self._read(0.0)
            self._hang_up()
            if self._cgroup is not None:
                self._peak = max(self._peak, self._cgroup.peak())
                if self._cgroup.overran():
                    self._cause = Cause.MEMORY
                self._cgroup.remove()
        _trim(self._request.log, self._before)
        return Ending(
            cause=self._cause,
            exit_code=0 if self._code is None else self._code,
            wall=wall,
            cpu=self._cpu,
            peak_memory=self._peak,
        )

    def _watch(self) -> None:
        """Look after the run until its first process has ended."""
        request = self._request
        deadline = self._start + request.wall
        measured = -_MEMORY_POLL
        while not self._reap():
            now = time.perf_counter() - self._start
            if now >= request.wall:
                self._cause = Cause.WALL
                self._terminate(deadline)
                return
            if now - measured >= _MEMORY_POLL:
                measured = now
                self._peak = max(self._peak, _resident())
                if request.memory is not None and self._peak > request.memory:
                    self._cause = Cause.MEMORY
                    return
                self._before = _cap(request.log) or self._before
            poll = _POLL_YOUNG if now < _YOUNG else _POLL_OLD
            self._read(min(poll, request.wall - now))

    def _terminate(self, deadline: float) -> None:
        """Ask it to end; what does not listen is killed by the caller."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGTERM)
        while not self._reap() and time.perf_counter() < deadline + _TERM_GRACE:
            self._read(_POLL_OLD)

    def _reap(self) -> bool:
        """Collect what has ended; whether the first process has."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return self._code is not None
            if pid == 0:
                return self._code is not None
            self._cpu += usage.ru_utime + usage.ru_stime
            scale = 1 if sys.platform == "darwin" else 1024
            self._peak = max(self._peak, usage.ru_maxrss * scale)
            if pid == self._pid:
                self._code = os.waitstatus_to_exitcode(status)

    def _read(self, seconds: float) -> None:
        """Wait for lines, at most so long, and pass them on."""
        if self._pipe is None:
            time.sleep(seconds)
            return
        if not select.select([self._pipe], [], [], seconds)[0]:
            return
        while True:
            try:
                piece = os.read(self._pipe, 1 << 16)
            except BlockingIOError:
                return
            if not piece:
                self._hang_up()
                return
            first, *others = piece.split(b"\n")
            self._extend(first)
            for start in others:
                self._pass_on()
                self._extend(start)

    def _extend(self, piece: bytes) -> None:
        if len(self._line) < _LINE_MOST:
            self._line += piece

    def _pass_on(self) -> None:
        line, self._line = bytes(self._line), bytearray()
        self._on_line(line, time.perf_counter() - self._start)

    def _hang_up(self) -> None:
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None
            if self._line:
                self._pass_on()


def _become(request: Request, descriptor: int, cgroup: Cgroup | None) -> NoReturn:
    """Turn the forked process into the run; never returns."""
    code = 127
    try:
        parent = os.getppid()
        os.setsid()
        die_with_parent(signal.SIGKILL, parent)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        if cgroup is not None:
            cgroup.enter()
        log = os.open(request.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(log, 2)
        runs_command = not callable(request.target)
        os.dup2(descriptor if runs_command else log, 1)
        if request.address_space is not None:
            limit = request.address_space
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if request.cores and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, request.cores)
        os.environ.update(request.env)
        if request.folder is not None:
            os.chdir(request.folder)
        if callable(request.target):
            request.target(descriptor)
            code = 0
        else:
            os.execvpe(request.target[0], list(request.target), os.environ)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
        code = 126 if isinstance(error, OSError) else 70
    finally:
        # Not through the exit handlers of the process that was forked.
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _resident() -> int:
    """Return the resident bytes of all descendants together."""
    total = 0
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            total += process.memory_info().rss
    return total


def _cap(log: Path) -> bytes:
    """Empty a log that has grown out of hand; what ended it, or nothing."""
    with contextlib.suppress(OSError):
        if log.stat().st_size > _LOG_MOST:
            with log.open("r+b") as stream:
                stream.seek(-_LOG_KEPT, os.SEEK_END)
                end = stream.read()
                stream.truncate(0)
            return end
    return b""


def _trim(log: Path, before: bytes) -> None:
    """Keep the end of a log, and no empty one.

    Parameters
    ----------
    log : Path
        File to shorten.
    before : bytes
        What stood before its first byte when it was last emptied.
    """
    with contextlib.suppress(OSError):
        size = log.stat().st_size
        if size > _LOG_KEPT or before:
            with log.open("r+b") as stream:
                stream.seek(max(0, size - _LOG_KEPT))
                end = (before + stream.read())[-_LOG_KEPT:]
                stream.seek(0)
                stream.write(end)
                stream.truncate()
        elif size == 0:
            log.unlink()


def _prctl(option: int, value: int) -> None:
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), "prctl")
