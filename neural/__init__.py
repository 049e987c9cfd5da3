"""Learned heuristics. Nothing here loads torch; ``SOLVERS`` is a row a solver."""

from combkit.instances.solver import SolverInfo

__all__ = ["SOLVERS"]

#: Solvers of this package, by row; see ``combkit.instances.solver.SolverInfo``.
SOLVERS: tuple[SolverInfo, ...] = (
    SolverInfo(
        "bq",
        ("tsp", "atsp", "cvrp", "kp"),
        "combkit.neural.bq.solver",
        exact=False,
        summary="learned construction (BQ), re-construction, then local search",
        packages=("torch", "safetensors"),
        extra="neural",
    ),
    SolverInfo(
        "udc",
        ("tsp", "atsp", "cvrp", "ovrp", "op", "pctsp", "spctsp", "mtsp", "kp", "mis"),
        "combkit.neural.udc.solver",
        exact=False,
        summary="divide, conquer and reunite (UDC): large problems in pieces",
        packages=("numba",),
    ),
    SolverInfo(
        "forge-hints",
        ("mip",),
        "combkit.neural.forge.hint_solver",
        exact=True,
        summary="parts that keep the surest learned hints, then another solver",
        packages=("highspy", "numba"),
    ),
    SolverInfo(
        "neur2ro",
        ("rkp",),
        "combkit.neural.neur2ro.solver",
        exact=False,
        summary="a learned value of reactions proposes, exact worst cases decide",
        packages=("torch", "safetensors", "highspy", "numba"),
        extra="neural",
    ),
    SolverInfo(
        "learned-dispatch",
        ("jsp", "fjsp", "rcpsp"),
        "combkit.neural.dispatch.solver",
        exact=False,
        summary="learned dispatching rule, greedy and sampled",
        packages=("torch", "safetensors"),
        extra="neural",
    ),
)
