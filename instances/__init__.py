"""The nouns of the suite: problems, solutions, results, formats, generators."""

from combkit.instances._lazy import lazy_exports

_HERE = "combkit.instances"

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        f"{_HERE}.best_known": ("best_known",),
        f"{_HERE}.cvrp": ("CVRP",),
        f"{_HERE}.errors": (
            "CombkitError",
            "InstanceFormatError",
            "InvalidProblemError",
            "InvalidSolutionError",
            "MissingDependencyError",
            "SolverError",
            "UnsupportedFeatureError",
            "UsageError",
        ),
        f"{_HERE}.events": ("Events",),
        f"{_HERE}.formats": ("read", "read_solution", "write", "write_solution"),
        f"{_HERE}.generators": ("generate",),
        f"{_HERE}.graph_sets": ("Clique", "IndependentSet", "VertexCover"),
        f"{_HERE}.jobshop": ("JobShop",),
        f"{_HERE}.knapsack": ("Knapsack",),
        f"{_HERE}.mip": ("MIP",),
        f"{_HERE}.mtsp": ("MTSP",),
        f"{_HERE}.multi_knapsack": ("MultiKnapsack",),
        f"{_HERE}.ovrp": ("OVRP",),
        f"{_HERE}.plot": ("plot",),
        f"{_HERE}.prizes": ("OP", "PCTSP", "SPCTSP"),
        f"{_HERE}.problem": ("Problem",),
        f"{_HERE}.project": ("Project",),
        f"{_HERE}.result": ("Result", "Status", "TracePoint"),
        f"{_HERE}.scheduling": ("Scheduling",),
        f"{_HERE}.set_cover": ("SetCover",),
        f"{_HERE}.shops": ("FlexibleJobShop", "FlowShop", "OpenShop"),
        f"{_HERE}.solutions": (
            "Labels",
            "Routes",
            "Schedule",
            "Selection",
            "Solution",
            "Tour",
            "Values",
        ),
        f"{_HERE}.stop": (
            "FirstFeasible",
            "MaxIterations",
            "MaxRuntime",
            "NoImprovement",
            "Progress",
            "Reason",
            "RelativeGap",
            "Stop",
            "TargetObjective",
        ),
        f"{_HERE}.submodular.problem": ("KSubmodular", "Submodular"),
        f"{_HERE}.tsp": ("ATSP", "TSP"),
        f"{_HERE}.vrptw": ("VRPTW",),
    },
)
