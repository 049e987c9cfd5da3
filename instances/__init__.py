"""The nouns of the suite: problems, solutions, results, formats, generators."""

from combkit.instances._lazy import lazy_exports

_HERE = "combkit.instances"
_EXPORTS = {
    **dict.fromkeys(("CombkitError", "InstanceFormatError", "InvalidProblemError", "InvalidSolutionError", "MissingDependencyError", "SolverError", "UnsupportedFeatureError", "UsageError"), f"{_HERE}.errors"),
    **dict.fromkeys(("FirstFeasible", "MaxIterations", "MaxRuntime", "NoImprovement", "Progress", "Reason", "RelativeGap", "Stop", "TargetObjective"), f"{_HERE}.stop"),
    **dict.fromkeys(("Routes", "Schedule", "Selection", "Solution", "Tour", "Values"), f"{_HERE}.solutions"),
    **dict.fromkeys(("read", "read_solution", "write", "write_solution"), f"{_HERE}.formats"),
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
__all__ = sorted(_EXPORTS)
