"""HiGHS, by highspy, on a MIP that it reads and whose solution it writes itself."""

from __future__ import annotations

import common
import highspy

_STATUS = highspy.HighsModelStatus
_CLAIMS = {
    _STATUS.kOptimal: "optimal",
    _STATUS.kInfeasible: "infeasible",
    _STATUS.kUnbounded: "unbounded",
    _STATUS.kUnboundedOrInfeasible: "infeasible_or_unbounded",
}
#: ``primal_solution_status`` of a feasible point.
_FEASIBLE = 2
#: ``writeSolution``'s style that lists names and values.
_RAW = 0


def main() -> None:
    run = common.start("highspy", 1, __doc__)
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    if highs.readModel(str(run.instance)) != highspy.HighsStatus.kOk:
        run.unsupported("HiGHS cannot read the file")
    highs.setOptionValue("random_seed", run.seed % 2**31)
    highs.setOptionValue("threads", run.threads)
    highs.setOptionValue("mip_rel_gap", common.MIP_GAP if run.gap is None else run.gap)
    highs.setOptionValue("time_limit", run.left)

    def improved(event) -> None:
        run.say(objective=event.data_out.objective_function_value)

    bound = None

    def progress(event) -> None:
        nonlocal bound
        if event.data_out.mip_dual_bound != bound:
            bound = event.data_out.mip_dual_bound
            run.say(bound=_known(bound))

    highs.cbMipImprovingSolution.subscribe(improved)
    highs.cbMipInterrupt.subscribe(progress)
    highs.solve()
    info = highs.getInfo()
    status = highs.getModelStatus()
    is_mip = any(kind != highspy.HighsVarType.kContinuous for kind in _kinds(highs))
    facts = {}
    if info.primal_solution_status == _FEASIBLE and status != _STATUS.kUnbounded:
        highs.writeSolution(str(run.solution), _RAW)
        facts["objective"] = info.objective_function_value
    if is_mip:
        facts |= {"bound": _known(info.mip_dual_bound)}
        facts |= {"iterations": max(0, info.mip_node_count)}
    claim = _CLAIMS.get(status, "feasible" if "objective" in facts else None)
    run.end(claim, **facts)


def _kinds(highs: highspy.Highs) -> list:
    return list(highs.getLp().integrality_)


def _known(bound: float) -> float | None:
    """Return a bound; HiGHS says 1e200 and more where it has none."""
    return bound if abs(bound) < 1e100 else None


if __name__ == "__main__":
    main()
