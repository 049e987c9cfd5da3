"""Combinatorial solvers, and the one ``solve`` that reaches all of the suite."""

from combkit.instances._lazy import lazy_exports
from combkit.instances.solver import SolverInfo

__getattr__, __dir__, _names = lazy_exports(
    __name__,
    {
        "combkit.comb.registry": ("solvers",),
        "combkit.comb.solve": ("solve", "solve_many"),
    },
)
__all__ = ["SOLVERS", *_names]

_ROUTING = "combkit.comb.routing"
_SCHEDULING = "combkit.comb.scheduling"
_PACKING = "combkit.comb.packing"

#: Solvers of this package; see ``combkit.instances.solver.SolverInfo``.
SOLVERS: tuple[SolverInfo, ...] = (
    SolverInfo(
        "greedy",
        ("tsp",),
        f"{_ROUTING}.greedy_tsp",
        exact=False,
        summary="greedy edges on near neighbours; space-filling curve when huge",
    ),
    SolverInfo(
        "nearest-neighbour",
        ("tsp", "atsp"),
        f"{_ROUTING}.nearest_neighbour",
        exact=False,
        summary="always go to the nearest unvisited city",
    ),
    SolverInfo(
        "savings",
        ("cvrp",),
        f"{_ROUTING}.savings",
        exact=False,
        summary="Clarke and Wright savings on near neighbours",
    ),
    SolverInfo(
        "sisr",
        ("cvrp",),
        f"{_ROUTING}.sisr",
        exact=False,
        summary="ruin by string removals, greedy recreation, annealing (Numba)",
        packages=("numba",),
    ),
    SolverInfo(
        "ils",
        ("tsp",),
        f"{_ROUTING}.ils",
        exact=False,
        summary="iterated 2-opt and Or-opt with segment double bridges (Numba)",
        packages=("numba",),
    ),
    SolverInfo(
        "lk",
        ("tsp",),
        f"{_ROUTING}.lin_kernighan",
        exact=False,
        summary="Lin-Kernighan steps of 3-opt moves, kicked (Numba)",
        packages=("numba",),
    ),
    SolverInfo(
        "ortools-routing",
        ("tsp", "atsp", "cvrp"),
        f"{_ROUTING}.ortools_routing",
        exact=False,
        summary="OR-Tools routing library, guided local search",
        packages=("ortools",),
    ),
    SolverInfo(
        "cpsat",
        ("tsp", "atsp", "cvrp"),
        f"{_ROUTING}.cpsat",
        exact=True,
        summary="CP-SAT with circuit constraints",
        packages=("ortools",),
    ),
    SolverInfo(
        "pyvrp",
        ("cvrp",),
        f"{_ROUTING}.pyvrp_adapter",
        exact=False,
        summary="PyVRP, iterated local search",
        packages=("pyvrp",),
        extra="routing",
    ),
    SolverInfo(
        "dispatch",
        ("jsp",),
        f"{_SCHEDULING}.dispatch",
        exact=False,
        summary="the best of several priority dispatching rules (Numba)",
        packages=("numba",),
    ),
    SolverInfo(
        "tabu",
        ("jsp",),
        f"{_SCHEDULING}.tabu",
        exact=False,
        summary="tabu search with path relinking (Numba)",
        packages=("numba",),
    ),
    SolverInfo(
        "cpsat",
        ("jsp",),
        f"{_SCHEDULING}.cpsat",
        exact=True,
        summary="CP-SAT with interval variables",
        packages=("ortools",),
    ),
    SolverInfo(
        "dispatch",
        ("fjsp", "pfsp", "ossp", "rcpsp", "scheduling"),
        f"{_SCHEDULING}.model_dispatch",
        exact=False,
        summary="schedule generation by several priority rules",
    ),
    SolverInfo(
        "tabu",
        ("fjsp",),
        f"{_SCHEDULING}.flexible_tabu",
        exact=False,
        summary="tabu search over sequences and machines (Numba)",
        packages=("numba",),
    ),
    SolverInfo(
        "cpsat",
        ("fjsp", "pfsp", "ossp", "rcpsp", "scheduling"),
        f"{_SCHEDULING}.model_cpsat",
        exact=True,
        summary="CP-SAT on the whole scheduling model",
        packages=("ortools",),
    ),
    SolverInfo(
        "greedy",
        ("kp",),
        f"{_PACKING}.greedy_knapsack",
        exact=False,
        summary="profit density order, then the best single item",
    ),
    SolverInfo(
        "knapsack-dp",
        ("kp",),
        f"{_PACKING}.knapsack_dp",
        exact=True,
        summary="core dynamic programming with bounds (Numba)",
        packages=("numba",),
    ),
)
