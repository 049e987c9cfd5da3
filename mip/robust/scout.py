"""HiGHS on a program of first stages, each of which is judged as it is found."""

from __future__ import annotations

from typing import Any

import highspy
import numpy as np

from combkit.instances.mip import MIP
from combkit.instances.seeds import native_seed
from combkit.mip.contract import Listener
from combkit.mip.highs_model import build, run_native, set_option
from combkit.mip.robust.judge import Judge

__all__ = ["scout"]

#: Relative gap at which the program is solved.
_GAP = 1e-7


def scout(
    program: MIP, judge: Judge, listener: Listener, seconds: float
) -> highspy.Highs:
    """Solve a program whose first variables are x, judging every x on the way.

    Parameters
    ----------
    program : MIP
        The program, of profits.
    judge : Judge
        Judges what HiGHS finds.
    listener : Listener
        Hears of bounds of the program, and when to stop.
    seconds : float
        Most seconds.

    Returns
    -------
    highspy.Highs
        The solver, at its end.
    """
    run, n = judge.run, judge.problem.n
    highs = build(program)
    options = {"random_seed": native_seed(run.seed), "mip_rel_gap": _GAP}
    if np.isfinite(seconds):
        options["time_limit"] = seconds
    for name, value in options.items():
        set_option(highs, name, value)

    def improved(event: Any) -> None:
        x = np.array(event.data_out.mip_solution)[:n]

        def propose() -> None:
            judge.judge(x > 0.5)

        listener.listen(propose)

    def progress(event: Any) -> None:
        def report() -> None:
            listener.bound(event.data_out.mip_dual_bound)
            listener.should_stop()

        listener.listen(report)
        event.interrupt(listener.stopping)

    highs.cbMipImprovingSolution.subscribe(improved)
    highs.cbMipInterrupt.subscribe(progress)
    try:
        run.supervise(lambda: run_native(highs, run.threads), listener.interrupt)
    finally:
        listener.check()
    listener.bound(highs.getInfo().mip_dual_bound)
    return highs
