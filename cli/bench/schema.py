"""The two tables of a store, ``runs`` and ``trace``, and the statuses of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow

__all__ = [
    "FAILED",
    "PROVEN",
    "RUNS",
    "SOLVED",
    "STATUSES",
    "TRACE",
    "VERSION",
    "runs_schema",
    "trace_schema",
]

#: Version of the layout of a store; a newer one is refused, never guessed.
VERSION = 1

#: The solver said its last word: nothing better exists.
PROVEN = ("optimal", "infeasible", "unbounded", "infeasible_or_unbounded")

#: The solver ended by itself.
SOLVED = (*PROVEN, "feasible", "no_solution")

#: The run did not end well. ``unsupported``: the solver does not take this
#: instance; ``error``: an exception, or a foreign command's exit code;
#: ``invalid``: its solution does not pass the check, or its claim contradicts it;
#: ``timeout``: ended by the hard wall limit; ``out_of_memory``: by the memory
#: limit, or by a failed allocation; ``crashed``: by a signal of its own making;
#: ``killed``: by a SIGKILL or SIGTERM from elsewhere; ``lost``: its worker or
#: node went away.
FAILED = (
    *("unsupported", "error", "invalid", "timeout", "out_of_memory"),
    *("crashed", "killed", "lost"),
)

STATUSES = (*SOLVED, *FAILED)

#: Columns of the table of runs: one row a run. Times are seconds, memory is
#: bytes. ``run`` is the identity; ``attempt`` counts from 0 where it was retried.
RUNS: dict[str, str] = {
    "run": "string",
    "attempt": "int32",
    # what was run
    "instance": "string",
    "kind": "string",
    "sense": "string",
    "fingerprint": "string",
    "file": "string",
    "label": "string",
    "solver": "string",
    "params": "string",  # JSON
    "version": "string",
    "seed": "int64",
    "time_limit": "float64",
    "memory_limit": "int64",
    "threads": "int32",
    "work_limit": "int64",
    "gap_limit": "float64",
    # what came out
    "status": "string",
    "reason": "string",
    "message": "string",
    "objective": "float64",
    "bound": "float64",
    "best_known": "float64",
    "verified": "bool",
    "iterations": "int64",
    "extra": "string",  # JSON
    # what it took: the solver's own clock, the process from outside
    "runtime": "float64",
    "time_to_best": "float64",
    "wall": "float64",
    "cpu": "float64",
    "peak_memory": "int64",
    "exit_code": "int32",  # negative: the signal
    # where and when
    "started": "float64",  # seconds since 1970, UTC
    "host": "string",
    "worker": "string",
    "machine": "string",  # JSON
    "versions": "string",  # JSON
    "commit": "string",
    "dirty": "bool",
    "log": "string",
}

#: Columns of the table of traces: one row a change of incumbent or bound.
TRACE: dict[str, str] = {
    "run": "string",
    "time": "float64",
    "objective": "float64",
    "bound": "float64",
    "source": "string",
}

#: Columns with few different values: kept once each.
_REPEATED = frozenset(
    {
        *("instance", "kind", "sense", "fingerprint", "file", "label", "solver"),
        *("params", "version", "status", "reason", "host", "worker", "machine"),
        *("versions", "commit", "source"),
    }
)


def runs_schema() -> pyarrow.Schema:
    """Return the Arrow schema of the table of runs."""
    return _schema(RUNS, _REPEATED)


def trace_schema() -> pyarrow.Schema:
    """Return the Arrow schema of the table of traces."""
    return _schema(TRACE, _REPEATED | {"run"})


def _schema(columns: dict[str, str], repeated: frozenset[str]) -> pyarrow.Schema:
    import pyarrow as pa

    return pa.schema(
        [
            (
                name,
                pa.dictionary(pa.int32(), pa.string())
                if name in repeated
                else getattr(pa, kind if kind != "bool" else "bool_")(),
            )
            for name, kind in columns.items()
        ]
    )
