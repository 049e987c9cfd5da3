"""K-adaptability of robust knapsacks: a few reactions, chosen before the adversary.

Only the best of K policies can be reacted with. For linear adversaries the worst case
of K policies is that of their best mixture, and with the products of its shares and
the policies' binaries linearised it is one mixed-integer program [1]_.

References
----------
.. [1] G. A. Hanasusanto, D. Kuhn, W. Wiesemann, "K-adaptability in two-stage robust
   binary programming", Operations Research 63(4), 2015.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from combkit.instances.errors import UsageError
from combkit.instances.mip import MIP
from combkit.instances.robust.knapsack import RobustKnapsack
from combkit.instances.run import Outcome, Run
from combkit.mip.contract import Deaf
from combkit.mip.robust.judge import Judge
from combkit.mip.robust.safe import safe_start
from combkit.mip.robust.scout import scout

__all__ = ["program", "solve"]

_SOURCE = "kadapt"


def solve(problem: RobustKnapsack, run: Run, *, policies: int = 2) -> Outcome:
    """Choose a first stage for the best of K policies, and judge it by all.

    The objective is the worst case of the first stage, which is no worse than what the
    policies guarantee: ``extra`` holds that, its bound, the policies and their own
    first stage.

    Parameters
    ----------
    problem : RobustKnapsack
        The problem.
    run : Run
        The run.
    policies : int
        The number K of policies.

    Raises
    ------
    UsageError
        If it is not positive.

    References
    ----------
    See the module.
    """
    if policies < 1:
        raise UsageError(f"policies={policies}: at least 1")
    run.report(safe_start(problem), "greedy")
    judge = run.supervise(lambda: Judge(problem, run, _SOURCE))
    listener = Deaf(run, _SOURCE)
    highs = scout(program(problem, policies), judge, listener, run.remaining)
    info = highs.getInfo()
    extra: dict[str, Any] = dict(judge.facts())
    extra |= {"guarantee": None, "guarantee_bound": None, "policies": []}
    if np.isfinite(info.mip_dual_bound):
        extra["guarantee_bound"] = info.mip_dual_bound
    if np.isfinite(info.objective_function_value) and info.primal_solution_status == 2:
        extra["guarantee"] = info.objective_function_value
        states = np.round(np.array(highs.getSolution().col_value)).astype(int)
        n = problem.n
        made, repaired = (
            states[first : first + policies * n].reshape(policies, n)
            for first in (n, n * (1 + policies))
        )
        extra["policies"] = (made + repaired).tolist()
        extra["first_stage"] = states[:n].tolist()
    return Outcome(extra=extra)


def program(problem: RobustKnapsack, policies: int) -> MIP:
    """Return the program of K policies.

    Its variables are x, made and repaired items of each policy, their products with
    the policies' shares, the shares, and the prices of the budget and of single items.

    Parameters
    ----------
    problem : RobustKnapsack
        The problem.
    policies : int
        The number of policies.
    """
    n, k = problem.n, policies
    m = k * n
    widths = {"x": n, "y": m, "r": m, "u": m, "v": m, "a": k, "lam": 1, "mu": n}
    one, each = sp.eye_array(m), sp.kron(sp.eye_array(k), np.ones((n, 1)))
    copies = sp.kron(np.ones((k, 1)), sp.eye_array(n))
    lost = sp.kron(np.ones((1, k)), sp.diags_array(problem.degradations))
    by_policy = [
        sp.kron(sp.eye_array(k), weight.reshape(1, -1))
        for weight in (problem.weights, problem.repairs)
    ]
    falling = sp.eye_array(k - 1, k) - sp.eye_array(k - 1, k, k=1)
    rows: list[tuple[dict[str, object], float, float]] = [
        # What a mixture is exposed to, priced by the adversary.
        (
            {"u": -lost, "v": lost, "lam": np.ones((n, 1)), "mu": sp.eye_array(n)},
            0.0,
            np.inf,
        ),
        ({"x": copies, "y": -one}, 0.0, np.inf),
        ({"y": one, "r": -one}, 0.0, np.inf),
        ({"y": by_policy[0], "r": by_policy[1]}, -np.inf, problem.capacity),
        ({"a": np.ones((1, k))}, 1.0, 1.0),
        ({"a": falling}, 0.0, np.inf),
    ]
    for product, factor in (("u", "y"), ("v", "r")):
        rows += [
            ({factor: one, product: -one}, 0.0, np.inf),
            ({"a": each, product: -one}, 0.0, np.inf),
            ({product: one, "a": -each, factor: -one}, -1.0, np.inf),
        ]
    blocks, lower, upper = [], [], []
    for parts, low, high in rows:
        height = next(iter(parts.values())).shape[0]  # type: ignore[attr-defined]
        blocks.append(
            [
                parts.get(name, sp.csr_array((height, width)))
                for name, width in widths.items()
            ]
        )
        lower.append(np.full(height, low))
        upper.append(np.full(height, high))
    outsourced = np.tile(problem.outsourcing, k)
    cost = {
        "x": problem.margins,
        "u": outsourced,
        "lam": np.array([-problem.budget]),
        "mu": -np.ones(n),
    }
    binary = np.concatenate(
        [np.full(width, name in ("x", "y", "r")) for name, width in widths.items()]
    )
    price = np.concatenate(
        [np.full(width, name in ("lam", "mu")) for name, width in widths.items()]
    )
    return MIP(
        np.concatenate([cost.get(name, np.zeros(w)) for name, w in widths.items()]),
        sp.vstack([sp.hstack(block) for block in blocks], format="csr"),
        np.concatenate(lower),
        np.concatenate(upper),
        np.zeros(binary.size),
        np.where(price, np.inf, 1.0),
        binary.astype(np.uint8),
        maximize=True,
    )
