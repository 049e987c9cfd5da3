"""Farthest insertion, a solver of tours that joins combkit when it is installed."""

from combkit.instances.solver import SolverInfo

#: What the entry point names: combkit looks at it before it imports the solver.
ROW = SolverInfo(
    "farthest",
    ("tsp",),
    "combkit_farthest.insertion",
    exact=False,
    summary="farthest insertion, of the plug-in in examples/",
)
