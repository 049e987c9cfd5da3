"""The nouns of the suite: problems, solutions, results, formats, generators."""

from combkit.instances._lazy import lazy_exports

_HERE = "combkit.instances"
_EXPORTS = {
    **{
        name: f"{_HERE}.errors"
        for name in (
            "CombkitError",
            "InstanceFormatError",
            "InvalidProblemError",
            "InvalidSolutionError",
            "MissingDependencyError",
            "SolverError",
            "UnsupportedFeatureError",
            "UsageError",
        )
    },
    **{
        name: f"{_HERE}.stop"
        for name in (
            "FirstFeasible",
            "MaxIterations",
            "MaxRuntime",
            "NoImprovement",
            "Progress",
            "Reason",
            "RelativeGap",
            "Stop",
            "TargetObjective",
        )
    },
    **{
        name: f"{_HERE}.solutions"
        for name in ("Routes", "Schedule", "Selection", "Solution", "Tour", "Values")
    },
    **{
        name: f"{_HERE}.formats"
        for name in ("read", "read_solution", "write", "write_solution")
    },
    "Problem": f"{_HERE}.problem",
    "TSP": f"{_HERE}.tsp",
    "ATSP": f"{_HERE}.tsp",
    "CVRP": f"{_HERE}.cvrp",
    "JobShop": f"{_HERE}.jobshop",
    "Knapsack": f"{_HERE}.knapsack",
    "MIP": f"{_HERE}.mip",
    "Events": f"{_HERE}.events",
    "Result": f"{_HERE}.result",
    "Status": f"{_HERE}.result",
    "TracePoint": f"{_HERE}.result",
    "generate": f"{_HERE}.generators",
    "best_known": f"{_HERE}.best_known",
}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
__all__ = sorted(_EXPORTS)  # noqa: PLE0605
