"""Whether a thousand solves of each kind leave anything behind.

    python benchmarks/soak.py [KIND ...] [--solves 1000] [--seconds 0.02]

Solves small generated problems by ``auto``, one after the other in one process, and
tells by how much its memory has grown since the fiftieth, and how many threads, child
processes and open files there are more than then. Exit status 1 if anything is left:
50 MB of memory, or a single one of the others. Linux only. Run `combkit warmup` before:
threads that still compile a kernel count.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import sys
import time
from pathlib import Path

import combkit as ck

#: Sizes of the problems.
SIZES = {
    **dict.fromkeys(("tsp", "cvrp", "ovrp", "vrptw", "op", "pctsp", "spctsp"), 30),
    **dict.fromkeys(("mis", "clique", "vc", "maxcut", "setcover", "kp", "mkp"), 40),
    **dict.fromkeys(("jsp", "fjsp", "ossp"), 4),
    **dict.fromkeys(("vrp", "mtsp", "atsp", "rcpsp", "pfsp"), 15),
    **dict.fromkeys(("qap", "rkp", "submodular", "ksubmodular"), 12),
    "mip": 20,
    "robust": 4,
}
#: Seconds of a first solve, which loads kernels; solves before the first look; and
#: different problems of a kind.
_FIRST, _WARM, _PROBLEMS = 5.0, 50, 10
#: Bytes that may be left.
_MOST = 50e6


def left() -> dict[str, int]:
    """Return what the process holds: bytes, threads, children, open files."""
    gc.collect()
    status = Path("/proc/self/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    me, children = str(os.getpid()), 0
    for process in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # Behind the name, which may have blanks: the state and the parent.
            children += process.read_text().rpartition(")")[2].split()[1] == me
    return {
        "bytes": int(fields["VmRSS"].split()[0]) * 1024,
        "threads": int(fields["Threads"]),
        "children": children,
        "files": len(os.listdir("/proc/self/fd")),
    }


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kinds", nargs="*", default=list(SIZES), metavar="KIND")
    parser.add_argument("--solves", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=0.02)
    args = parser.parse_args()
    failed = 0
    for kind in args.kinds:
        problems = [ck.generate(kind, SIZES[kind], seed=k) for k in range(_PROBLEMS)]
        ck.solve(problems[0], time_limit=_FIRST, seed=0)
        began, before = time.perf_counter(), left()
        for number in range(args.solves):
            if number == _WARM:
                before = left()
            problem = problems[number % len(problems)]
            ck.solve(problem, time_limit=args.seconds, seed=number)
        more = {name: value - before[name] for name, value in left().items()}
        bad = more["bytes"] > _MOST or max(list(more.values())[1:]) > 0
        failed += bad
        print(
            f"{kind:12} {args.solves} solves in {time.perf_counter() - began:6.1f} s: "
            f"{more['bytes'] / 1e6:+7.1f} MB, {more['threads']:+d} threads, "
            f"{more['children']:+d} children, {more['files']:+d} files"
            + ("  LEFT" if bad else ""),
            flush=True,
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
