"""Local-MIP, a local search without a tree, on a MIP that it reads itself.

It proves nothing. Its log tells the incumbents. One thread.
"""

from __future__ import annotations

import re

import common
import localmip_py

_FOUND = re.compile(rb"\] obj\*: +(\S+)")


def main() -> None:
    run = common.start("localmip", 1, __doc__)

    def found(line: bytes) -> None:
        if match := _FOUND.search(line):
            run.say(objective=float(match[1]))

    solver = localmip_py.LocalMIP()
    solver.set_model_file(str(run.instance))
    solver.set_random_seed(run.seed % 2**31 + 1)  # 0 is none
    solver.set_log_obj(True)
    solver.set_sol_path(str(run.solution) + ".own")
    solver.set_time_limit(run.left)
    listener = common.listen(run, found)
    try:
        solver.run()
    finally:
        common.hang_up(listener)
    if not solver.is_feasible():
        run.end()
        return
    objective = solver.get_obj_value()
    run.write_values(objective, _values(str(run.solution) + ".own"))
    run.end("feasible", objective=objective)


def _values(path: str) -> list[tuple[str, float]]:
    """Return the nonzeros of its solution file, which begins with a heading."""
    with open(path, encoding="utf-8") as lines:
        next(lines)
        rows = [line.split() for line in lines if line.strip()]
    return [(name, float(value)) for name, value in rows]


if __name__ == "__main__":
    main()
