"""combkit: one front door to combinatorial and mathematical-programming solvers.

>>> import combkit as ck
>>> problem = ck.TSP([[0, 0], [0, 3], [4, 3], [4, 0]])
>>> result = ck.solve(problem, time_limit=1)
>>> result.objective
14.0
"""

import os
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

# Numba colours its messages by colorama, which swaps sys.stderr, for all threads,
# whenever an error is made; that happens in kernels that compile without one, too.
os.environ.setdefault("NUMBA_DISABLE_ERROR_MESSAGE_HIGHLIGHTING", "1")

_root = Path(__file__).resolve().parents[2]
if (
    not (Path(__file__).parent / "instances").exists()
    and (_root / "instances" / "problem.py").exists()
):
    # A checkout without symbolic links (zip download, some Windows settings).
    __path__.append(str(_root))

from combkit.instances._lazy import lazy_exports  # noqa: E402

if TYPE_CHECKING:
    from combkit.cli import bench as bench
    from combkit.comb import submodular as submodular
    from combkit.comb.registry import solvers as solvers
    from combkit.comb.solve import solve as solve
    from combkit.comb.solve import solve_many as solve_many
    from combkit.instances.best_known import best_known as best_known
    from combkit.instances.cvrp import CVRP as CVRP
    from combkit.instances.errors import CombkitError as CombkitError
    from combkit.instances.errors import CombkitWarning as CombkitWarning
    from combkit.instances.errors import InstanceFormatError as InstanceFormatError
    from combkit.instances.errors import InvalidProblemError as InvalidProblemError
    from combkit.instances.errors import InvalidSolutionError as InvalidSolutionError
    from combkit.instances.errors import (
        MissingDependencyError as MissingDependencyError,
    )
    from combkit.instances.errors import SolverError as SolverError
    from combkit.instances.errors import (
        UnsupportedFeatureError as UnsupportedFeatureError,
    )
    from combkit.instances.errors import UsageError as UsageError
    from combkit.instances.events import Events as Events
    from combkit.instances.fleet.builder import RoutingProblem as RoutingProblem
    from combkit.instances.fleet.problem import RichVRP as RichVRP
    from combkit.instances.fleet.solution import FleetRoutes as FleetRoutes
    from combkit.instances.fleet.solution import Route as Route
    from combkit.instances.formats import read as read
    from combkit.instances.formats import read_solution as read_solution
    from combkit.instances.formats import write as write
    from combkit.instances.formats import write_solution as write_solution
    from combkit.instances.formats.json_schema import json_schema as json_schema
    from combkit.instances.generators import generate as generate
    from combkit.instances.graph_sets import Clique as Clique
    from combkit.instances.graph_sets import IndependentSet as IndependentSet
    from combkit.instances.graph_sets import VertexCover as VertexCover
    from combkit.instances.jobshop import JobShop as JobShop
    from combkit.instances.knapsack import Knapsack as Knapsack
    from combkit.instances.mip import MIP as MIP
    from combkit.instances.mtsp import MTSP as MTSP
    from combkit.instances.multi_knapsack import MultiKnapsack as MultiKnapsack
    from combkit.instances.ovrp import OVRP as OVRP
    from combkit.instances.plot import plot as plot
    from combkit.instances.prizes import OP as OP
    from combkit.instances.prizes import PCTSP as PCTSP
    from combkit.instances.prizes import SPCTSP as SPCTSP
    from combkit.instances.problem import Problem as Problem
    from combkit.instances.project import Project as Project
    from combkit.instances.quadratic import MaxCut as MaxCut
    from combkit.instances.quadratic import (
        QuadraticAssignment as QuadraticAssignment,
    )
    from combkit.instances.rescheduling import Rescheduling as Rescheduling
    from combkit.instances.result import Result as Result
    from combkit.instances.result import Status as Status
    from combkit.instances.robust.knapsack import RobustKnapsack as RobustKnapsack
    from combkit.instances.robust.two_stage import TwoStage as TwoStage
    from combkit.instances.scheduling import Scheduling as Scheduling
    from combkit.instances.set_cover import SetCover as SetCover
    from combkit.instances.shops import FlexibleJobShop as FlexibleJobShop
    from combkit.instances.shops import FlowShop as FlowShop
    from combkit.instances.shops import OpenShop as OpenShop
    from combkit.instances.solutions import Assignment as Assignment
    from combkit.instances.solutions import FirstStage as FirstStage
    from combkit.instances.solutions import Labels as Labels
    from combkit.instances.solutions import Routes as Routes
    from combkit.instances.solutions import Schedule as Schedule
    from combkit.instances.solutions import Selection as Selection
    from combkit.instances.solutions import Solution as Solution
    from combkit.instances.solutions import Tour as Tour
    from combkit.instances.solutions import Values as Values
    from combkit.instances.stop import FirstFeasible as FirstFeasible
    from combkit.instances.stop import MaxIterations as MaxIterations
    from combkit.instances.stop import MaxRuntime as MaxRuntime
    from combkit.instances.stop import NoImprovement as NoImprovement
    from combkit.instances.stop import Reason as Reason
    from combkit.instances.stop import RelativeGap as RelativeGap
    from combkit.instances.stop import Stop as Stop
    from combkit.instances.stop import TargetObjective as TargetObjective
    from combkit.instances.submodular.problem import KSubmodular as KSubmodular
    from combkit.instances.submodular.problem import Submodular as Submodular
    from combkit.instances.timescale import Timescale as Timescale
    from combkit.instances.tsp import ATSP as ATSP
    from combkit.instances.tsp import TSP as TSP
    from combkit.instances.vrptw import VRPTW as VRPTW
    from combkit.mip.modelling import Model as Model
    from combkit.neural.forge.embedding import embed as embed
    from combkit.neural.forge.gap import predict_gap as predict_gap
    from combkit.neural.forge.hints import hints as hints
    from combkit.neural.forge.index import Index as Index
    from combkit.neural.forge.recommend import recommend as recommend

__getattr__, __dir__, _names = lazy_exports(
    __name__,
    {
        "combkit.comb.registry": ("solvers",),
        "combkit.comb.solve": (
            "solve",
            "solve_many",
        ),
        "combkit.instances.best_known": ("best_known",),
        "combkit.instances.cvrp": ("CVRP",),
        "combkit.instances.errors": (
            "CombkitError",
            "CombkitWarning",
            "InstanceFormatError",
            "InvalidProblemError",
            "InvalidSolutionError",
            "MissingDependencyError",
            "SolverError",
            "UnsupportedFeatureError",
            "UsageError",
        ),
        "combkit.instances.events": ("Events",),
        "combkit.instances.fleet.builder": ("RoutingProblem",),
        "combkit.instances.fleet.problem": ("RichVRP",),
        "combkit.instances.fleet.solution": ("FleetRoutes", "Route"),
        "combkit.instances.formats": (
            "read",
            "read_solution",
            "write",
            "write_solution",
        ),
        "combkit.instances.formats.json_schema": ("json_schema",),
        "combkit.instances.generators": ("generate",),
        "combkit.instances.graph_sets": (
            "Clique",
            "IndependentSet",
            "VertexCover",
        ),
        "combkit.instances.mtsp": ("MTSP",),
        "combkit.instances.multi_knapsack": ("MultiKnapsack",),
        "combkit.instances.project": ("Project",),
        "combkit.instances.quadratic": (
            "MaxCut",
            "QuadraticAssignment",
        ),
        "combkit.instances.robust.knapsack": ("RobustKnapsack",),
        "combkit.instances.robust.two_stage": ("TwoStage",),
        "combkit.instances.scheduling": ("Scheduling",),
        "combkit.instances.set_cover": ("SetCover",),
        "combkit.instances.shops": (
            "FlexibleJobShop",
            "FlowShop",
            "OpenShop",
        ),
        "combkit.instances.jobshop": ("JobShop",),
        "combkit.instances.knapsack": ("Knapsack",),
        "combkit.instances.mip": ("MIP",),
        "combkit.instances.ovrp": ("OVRP",),
        "combkit.instances.plot": ("plot",),
        "combkit.instances.prizes": (
            "OP",
            "PCTSP",
            "SPCTSP",
        ),
        "combkit.instances.problem": ("Problem",),
        "combkit.instances.rescheduling": ("Rescheduling",),
        "combkit.instances.result": (
            "Result",
            "Status",
        ),
        "combkit.instances.solutions": (
            "Assignment",
            "FirstStage",
            "Labels",
            "Routes",
            "Schedule",
            "Selection",
            "Solution",
            "Tour",
            "Values",
        ),
        "combkit.instances.stop": (
            "FirstFeasible",
            "MaxIterations",
            "MaxRuntime",
            "NoImprovement",
            "Reason",
            "RelativeGap",
            "Stop",
            "TargetObjective",
        ),
        "combkit.instances.submodular.problem": (
            "KSubmodular",
            "Submodular",
        ),
        "combkit.instances.timescale": ("Timescale",),
        "combkit.instances.tsp": (
            "ATSP",
            "TSP",
        ),
        "combkit.instances.vrptw": ("VRPTW",),
        "combkit.mip.modelling": ("Model",),
        "combkit.neural.forge.embedding": ("embed",),
        "combkit.neural.forge.gap": ("predict_gap",),
        "combkit.neural.forge.hints": ("hints",),
        "combkit.neural.forge.index": ("Index",),
        "combkit.neural.forge.recommend": ("recommend",),
    },
    packages=("combkit.cli.bench", "combkit.comb.submodular"),
)

try:
    __version__ = metadata.version("combkit")
except metadata.PackageNotFoundError:
    __version__ = "0+checkout"

__all__ = [*_names, "__version__"]
