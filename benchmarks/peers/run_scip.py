"""SCIP, by PySCIPOpt, on a MIP that it reads and whose solution it writes itself.

One thread. ``limits/gap`` is set, as the other solvers have one by default.
``--alns`` has its adaptive large neighbourhood search run at every node, in the place
of every twentieth level, and as long as it likes.
"""

from __future__ import annotations

import common
import pyscipopt
from pyscipopt import SCIP_EVENTTYPE

_CLAIMS = {
    "optimal": "optimal",
    "gaplimit": "optimal",  # as the gap asked for defines it
    "infeasible": "infeasible",
    "unbounded": "unbounded",
    "inforunbd": "infeasible_or_unbounded",
}
_WALL_CLOCK = 2
#: Nodes that its large neighbourhood search has to begin with.
_ALNS_NODES = 5000
_INFINITY = 1e20
_EVENTS = (SCIP_EVENTTYPE.BESTSOLFOUND, SCIP_EVENTTYPE.DUALBOUNDIMPROVED)


class Listener(pyscipopt.Eventhdlr):
    """Prints what improves."""

    def __init__(self, run: common.Run) -> None:
        self._run = run

    def eventinit(self) -> None:
        for kind in _EVENTS:
            self.model.catchEvent(kind, self)

    def eventexit(self) -> None:
        for kind in _EVENTS:
            self.model.dropEvent(kind, self)

    def eventexec(self, event) -> None:
        model, objective = self.model, None
        if event.getType() == SCIP_EVENTTYPE.BESTSOLFOUND:
            # SCIP's primal bound is updated after this event only.
            objective = model.getSolObjVal(model.getBestSol())
        self._run.say(objective=objective, bound=_known(model.getDualbound()))


def main() -> None:
    run = common.start("pyscipopt", 2, __doc__, alns={"action": "store_true"})
    model = pyscipopt.Model()
    model.hideOutput()
    try:
        model.readProblem(str(run.instance))
    except Exception as error:
        run.unsupported(f"SCIP cannot read the file: {error}")
    model.setParam("randomization/randomseedshift", run.seed % 2**31)
    model.setParam("timing/clocktype", _WALL_CLOCK)
    model.setParam("limits/gap", common.MIP_GAP if run.gap is None else run.gap)
    model.setParam("limits/time", run.left)
    if run.args.alns:
        model.setParam("heuristics/alns/freq", 1)
        model.setParam("heuristics/alns/nodesofs", _ALNS_NODES)
        model.setParam("heuristics/alns/nodesquot", 1.0)
    model.includeEventhdlr(Listener(run), "listener", "prints what improves")
    model.optimize()
    status = model.getStatus()
    facts = {
        "bound": _known(model.getDualbound()),
        "iterations": model.getNTotalNodes(),
    }
    if model.getNSols() and status != "unbounded":
        model.writeBestSol(str(run.solution), write_zeros=False)
        facts["objective"] = model.getObjVal()
    run.end(_CLAIMS.get(status, "feasible" if "objective" in facts else None), **facts)


def _known(bound: float) -> float | None:
    return bound if abs(bound) < _INFINITY else None


if __name__ == "__main__":
    main()
