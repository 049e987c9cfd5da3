"""Balans with one of its own configurations (SCIP back end) on a MIP.

It proves nothing and has no bound. Where it finds no first solution within its
limit for that (10 s by default, the whole time at most), it fails. ``--threads``
are the processes that it may use. ``--config`` names a file of its package without
``.json``; several of those that it ships cannot be loaded.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import balans as balans_package
import common
from alns.stop import MaxRuntime
from balans.solver import Balans

#: Its own default of seconds for the first solution; the rest of its time follows.
_FIRST = 10.0


class Stop(MaxRuntime):
    """Its stop criterion, which also tells what the best solution is by now."""

    def __init__(self, run: common.Run) -> None:
        super().__init__(run.left)
        self._run = run
        self._best = None
        self.balans = None

    def __call__(self, rng, best, current) -> bool:
        if self._best is None or best.objective() < self._best:
            self._best = best.objective()
            self._run.say(objective=_shown(self.balans, self._best))
        # Its own clock starts at the first call only.
        return self._run.left <= 1e-3 or super().__call__(rng, best, current)


def main() -> None:
    run = common.start("balans", 2, __doc__, config={"metavar": "NAME"})
    stop = Stop(run)
    with contextlib.redirect_stdout(sys.stderr):
        balans = Balans(
            config=_config(run.args.config),
            stop=stop,
            seed=run.seed + 1,  # 0 is none
            n_mip_jobs=run.threads,
            timelimit_first_solution=min(_FIRST, stop.max_runtime),
        )
        stop.balans = balans
        result = balans.solve(str(run.instance))
    if result is None:  # no operator fits: what it started from
        values = balans.initial_index_to_val
        objective = _shown(balans, balans.initial_obj_val)
    else:
        values = result.best_state.solution()
        objective = result.best_state.objective()
    # Its proximity operator leaves a variable of its own behind.
    named = [(v.name, v.getIndex()) for v in balans.instance.mip.variables]
    run.write_values(objective, [(name, float(values[k])) for name, k in named])
    run.end("feasible", objective=objective)


def _config(name: str | None) -> str | None:
    """Return the file of a configuration that the package ships."""
    if name is None:
        return None
    folder = Path(balans_package.__file__).parent / "configs"
    found = sorted(folder.rglob(f"{name}.json"))
    if not found:
        raise SystemExit(f"balans ships no configuration {name!r}")
    return str(found[0])


def _shown(balans: Balans, objective: float) -> float:
    """Return an objective of the file; Balans minimises throughout."""
    return -objective if balans.instance.mip.is_obj_sense_changed else objective


if __name__ == "__main__":
    main()
