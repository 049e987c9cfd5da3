"""Linear and mixed-integer programming: one adapter a solver."""

from combkit.instances.solver import SolverInfo

__all__ = ["SOLVERS"]

_HERE = "combkit.mip"

#: Solvers of this package; see ``combkit.instances.solver.SolverInfo``.
SOLVERS: tuple[SolverInfo, ...] = (
    SolverInfo(
        "highs",
        ("mip",),
        f"{_HERE}.highs",
        exact=True,
        summary="HiGHS: branch and cut; simplex and interior point for LPs",
        packages=("highspy",),
    ),
    SolverInfo(
        "scip",
        ("mip",),
        f"{_HERE}.scip",
        exact=True,
        summary="SCIP: branch, cut and price",
        packages=("pyscipopt",),
    ),
    SolverInfo(
        "cpsat",
        ("mip",),
        f"{_HERE}.cpsat",
        exact=True,
        summary="CP-SAT, for bounded integer variables and integral data",
        packages=("ortools",),
    ),
    SolverInfo(
        "fix-propagate",
        ("mip",),
        f"{_HERE}.fix_propagate",
        exact=False,
        summary="fix integers, propagate bounds, solve the LP that is left",
        packages=("highspy",),
    ),
    SolverInfo(
        "balans",
        ("mip",),
        f"{_HERE}.balans.solver",
        exact=True,
        summary="adaptive large neighbourhood search around HiGHS, with its bounds",
        packages=("highspy", "pyscipopt", "numba"),
    ),
    SolverInfo(
        "ccg",
        ("robust",),
        f"{_HERE}.robust.ccg.solver",
        exact=True,
        summary="column-and-constraint generation, worst scenarios by what fits",
        packages=("highspy", "pyscipopt"),
        mends=True,
    ),
    SolverInfo(
        "nested-ccg",
        ("robust",),
        f"{_HERE}.robust.ccg.nested",
        exact=True,
        summary="scenarios outside, pools of policies inside: for integer recourse",
        packages=("highspy",),
        mends=True,
    ),
    SolverInfo(
        "robust-ls",
        ("rkp",),
        f"{_HERE}.robust.local_search",
        exact=False,
        summary="flips and swaps by linear estimates, judged by exact worst cases",
        packages=("highspy", "numba"),
    ),
    SolverInfo(
        "bp",
        ("rkp",),
        f"{_HERE}.robust.branch_and_price",
        exact=True,
        summary="branch and price: mixtures of policies, priced by a knapsack",
        packages=("highspy", "numba"),
    ),
    SolverInfo(
        "kadapt",
        ("rkp",),
        f"{_HERE}.robust.k_adaptability",
        exact=False,
        summary="K-adaptability: the best of a few reactions, by one program of HiGHS",
        packages=("highspy", "numba"),
    ),
    SolverInfo(
        "branch-and-cut",
        ("rkp",),
        f"{_HERE}.robust.branch_and_cut",
        exact=True,
        summary="binary first stages, relaxed reactions, cuts of exact worst cases",
        packages=("highspy", "pyscipopt", "numba"),
    ),
)
