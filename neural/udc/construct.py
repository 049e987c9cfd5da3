"""The neural conqueror: the policy of BQ constructs a piece anew.

References
----------
.. [1] D. Drakulic et al., "BQ-NCO: bisimulation quotienting for efficient neural
   combinatorial optimization", NeurIPS 2023. https://arxiv.org/abs/2301.03313
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from combkit.instances.cvrp import CVRP
from combkit.instances.solutions import Tour
from combkit.instances.tsp import TSP
from combkit.neural.bq.decode import Halt, Halted, converge
from combkit.neural.bq.forms import form_of, stacked, unsupported
from combkit.neural.bq.model import policy_of
from combkit.neural.bq.problems import problem_of
from combkit.neural.bq.tsp import TSPState
from combkit.neural.devices import device_of, torch_threads

__all__ = ["construct_anew"]


def construct_anew(
    problem: Any, stopped: Callable[[], bool], device: str = "auto"
) -> Any:
    """Return a solution of a piece by the policy alone, None for others or if stopped.

    Parameters
    ----------
    problem : Problem
        A TSP in the plane whose one fixed edge joins the last city to the first, a
        piece of path; or routes in the plane.
    stopped : callable
        Asked before every step whether to give up.
    device : str
        Where the network runs: ``cpu``, ``cuda`` or ``auto``.
    """
    with torch_threads(1), contextlib.suppress(Halted):
        return _constructed(problem, device_of(device), lambda done, most: stopped())
    return None


def _constructed(problem: Any, place: torch.device, halt: Halt) -> Any:
    if isinstance(problem, TSP) and _is_path(problem):
        return _path(problem, place, halt)
    if isinstance(problem, CVRP) and unsupported(problem) is None:
        form = form_of(problem)
        engine, policy = problem_of("cvrp"), policy_of("cvrp", None, place)
        rows = {name: value.to(place) for name, value in stacked([form]).items()}
        nodes, ways = converge(
            engine, policy, engine.start(rows), policy.config.width, halt=halt
        )
        made = nodes[0].cpu().numpy(), ways[0].cpu().numpy()
        kept = made[0] >= 0
        return form.solution(made[0][kept], made[1][kept])
    return None


def _is_path(problem: TSP) -> bool:
    """Whether the one fixed edge closes a path through all cities in order."""
    fixed = problem.fixed_edges
    planar = problem.coords is not None and problem.coords.shape[1] == 2
    if fixed is None or not planar or len(fixed) != 1:
        return False
    return sorted(fixed[0].tolist()) == [0, problem.n - 1]


def _path(problem: TSP, device: torch.device, halt: Halt) -> Tour:
    points = np.asarray(problem.coords, np.float64)
    points = points - points.min(axis=0)
    points = points / max(float(points.max()), 1e-12)
    xy = torch.as_tensor(points, dtype=torch.float32, device=device)[None]
    unvisited = torch.ones(1, problem.n - 2, dtype=torch.bool, device=device)
    state = TSPState(xy[:, 1:-1], unvisited, xy[:, 0], xy[:, -1])
    policy = policy_of("tsp", None, device)
    width = policy.config.width
    nodes, _ = converge(problem_of("tsp"), policy, state, width, halt=halt)
    inner = 1 + nodes[0].cpu().numpy()
    return Tour(np.concatenate([[0], inner, [problem.n - 1]]))
