"""The figures that tell an instance of a kind at a glance."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from combkit.instances.problem import Problem

__all__ = ["describe"]


def describe(problem: Problem) -> dict[str, Any]:
    """Return JSON-able figures of a problem by name, in order.

    Nothing takes longer than a pass over the data.
    """
    return _DESCRIPTIONS[problem.kind](problem)


def _salesman(problem: Any) -> dict[str, Any]:
    fixed = problem.fixed_edges
    path = {} if problem.ends is None else {"path between": problem.ends.tolist()}
    return {
        **_distances(problem),
        "fixed edges": 0 if fixed is None else len(fixed),
        **path,
    }


def _cvrp(problem: Any) -> dict[str, Any]:
    demands = problem.demands[1:]
    total = float(demands.sum())
    return {
        **_distances(problem),
        "capacity": float(problem.capacity),
        "total demand": total,
        "largest demand": float(demands.max(initial=0)),
        "routes at least": math.ceil(total / problem.capacity - 1e-9),
        "vehicles at most": problem.vehicles,
        "route length at most": problem.max_distance,
        "service times": problem.service_time is not None,
    }


def _windows(problem: Any) -> dict[str, Any]:
    widths = (problem.due - problem.ready)[1:]
    return {
        **_cvrp(problem),
        "minimises": problem.convention,
        "horizon": [float(problem.ready[0]), float(problem.due[0])],
        "window widths": _span(widths),
    }


def _fleet(problem: Any) -> dict[str, Any]:
    finite = problem.capacity[np.isfinite(problem.capacity)]
    return {
        "vehicles": int(problem.available.sum()),
        "capacities": _span(finite) if finite.size else None,
        "time windows": int(problem.window_client.size),
        "optional clients": int((~problem.required).sum()),
        "groups": int(np.unique(problem.group[problem.group >= 0]).size),
        "pickups": bool((problem.pickup > 0).any()),
    }


def _outing(problem: Any) -> dict[str, Any]:
    facts = {**_distances(problem), "total prize": float(problem.prizes.sum())}
    if problem.kind == "op":
        return {**facts, "length at most": problem.limit}
    owed = float(problem.penalties.sum())
    return {**facts, "quota": problem.quota, "total penalty": owed}


def _salesmen(problem: Any) -> dict[str, Any]:
    return {**_distances(problem), "salesmen": problem.salesmen}


def _distances(problem: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {"metric": problem.metric, "integral": problem.integral}
    coords = getattr(problem, "coords", None)
    if coords is not None:
        facts["lowest corner"] = coords.min(axis=0).tolist()
        facts["highest corner"] = coords.max(axis=0).tolist()
        facts["distinct points"] = len(np.unique(coords, axis=0))
    return facts


def _jobshop(problem: Any) -> dict[str, Any]:
    machines = np.concatenate(problem.machines)
    durations = np.concatenate(problem.durations)
    loads = np.bincount(machines, weights=durations)
    longest = max(int(row.sum()) for row in problem.durations)
    lengths = [row.size for row in problem.machines]
    return {
        "operations a job": _span(lengths),
        "durations": _span(durations),
        "total work": int(durations.sum()),
        "longest job": longest,
        "largest machine load": int(loads.max(initial=0)),
        "re-entrant": any(np.unique(row).size < row.size for row in problem.machines),
    }


def _tasks(problem: Any) -> dict[str, Any]:
    model = problem if problem.kind == "scheduling" else problem.model
    modes = np.bincount(model.mode_task, minlength=model.n_tasks)
    return {
        "modes a task": _span(modes),
        "durations": _span(model.mode_duration),
        "capacities": _span(model.capacity),
        "demands": _span(model.use_demand),
        "precedences": len(model.before),
        "optional tasks": int(np.count_nonzero(model.optional)),
        "setup times": model.setup_time.size > 0,
        "breaks": len(model.break_start),
    }


def _packing(problem: Any) -> dict[str, Any]:
    totals = problem.weights.sum(axis=1)
    shares = problem.capacities / np.maximum(totals, np.finfo(float).tiny)
    return {
        "profits": _span(problem.profits),
        "weights": _span(problem.weights),
        "capacity shares": _span(np.minimum(shares, 1.0)),
        "integral": problem.integral,
    }


def _cover(problem: Any) -> dict[str, Any]:
    lengths = np.diff(problem.offsets)
    return {
        "costs": _span(problem.costs),
        "elements of a set": _span(lengths),
        "density": float(lengths.sum()) / max(1, lengths.size * problem.elements),
    }


def _graph(problem: Any) -> dict[str, Any]:
    degrees = np.bincount(problem.edges.ravel(), minlength=problem.n)
    weights = problem.weights
    return {
        "density": problem.density,
        "degrees": _span(degrees),
        "weights": None if weights is None else _span(weights),
    }


def _cut(problem: Any) -> dict[str, Any]:
    degrees = np.bincount(problem.edges.ravel(), minlength=problem.n)
    return {
        "degrees": _span(degrees),
        "weights": _span(problem.weights),
        "integral": problem.integral,
    }


def _assignment(problem: Any) -> dict[str, Any]:
    flow, distance = problem.flow, problem.distance
    return {
        "flows": _span(flow),
        "distances": _span(distance),
        "symmetric": bool((flow == flow.T).all() and (distance == distance.T).all()),
        "flow density": float(np.count_nonzero(flow)) / flow.size,
    }


def _set_function(problem: Any) -> dict[str, Any]:
    f = problem.function
    facts = {"function": f.type, "monotone": f.monotone, "submodular": f.submodular}
    if problem.kind == "ksubmodular":
        return {**facts, "costs": problem.costs is not None}
    return {
        **facts,
        "constraint": problem.constraint.type,
        "goal": problem.goal,
        "included": problem.required.size,
        "excluded": problem.refused.size,
    }


def _knapsack(problem: Any) -> dict[str, Any]:
    total = float(problem.weights.sum())
    return {
        "capacity": float(problem.capacity),
        "total weight": total,
        "capacity share": float(problem.capacity) / total if total else 1.0,
        "weights": _span(problem.weights),
        "profits": _span(problem.profits),
        "integral": problem.integral,
    }


def _mip(problem: Any) -> dict[str, Any]:
    integer = problem.integrality == 1
    binary = integer & (problem.lower == 0) & (problem.upper == 1)
    magnitudes = np.abs(problem.A.data)
    return {
        "binaries": int(binary.sum()),
        "other integers": int((integer & ~binary).sum()),
        "continuous": int((~integer).sum()),
        "equations": int((problem.row_lower == problem.row_upper).sum()),
        "nonzero sizes": _span(magnitudes),
        "objective terms": int(np.count_nonzero(problem.c)),
    }


def _span(values: Any) -> list[float]:
    array = np.asarray(values)
    return [float(array.min()), float(array.max())] if array.size else []


def _robust_knapsack(problem: Any) -> dict[str, Any]:
    return {
        "capacity": problem.capacity,
        "total weight": int(problem.weights.sum()),
        "budget": problem.budget,
        "profits": _span(problem.profits),
        "degradations": _span(problem.degradations),
    }


def _two_stage(problem: Any) -> dict[str, Any]:
    first, recourse = problem.first, problem.recourse
    places = {
        "right-hand sides": problem.shift,
        "technology": problem.technology_slopes,
        "recourse matrix": problem.recourse_slopes,
        "costs of the first stage": problem.first_cost_slopes,
        "costs of the recourse": problem.recourse_cost_slopes,
    }
    return {
        "integers, first stage": int(first.integrality.sum()),
        "integers, recourse": int(recourse.integrality.sum()),
        "uncertainty set": problem.uncertainty.type,
        "uncertain": ", ".join(name for name, slopes in places.items() if slopes.nnz),
    }


_DESCRIPTIONS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "tsp": _salesman,
    "atsp": _distances,
    "cvrp": _cvrp,
    "ovrp": _cvrp,
    "vrptw": _windows,
    "vrp": _fleet,
    "op": _outing,
    "pctsp": _outing,
    "spctsp": _outing,
    "mtsp": _salesmen,
    "jsp": _jobshop,
    "fjsp": _tasks,
    "pfsp": _tasks,
    "ossp": _tasks,
    "rcpsp": _tasks,
    "scheduling": _tasks,
    "kp": _knapsack,
    "mkp": _packing,
    "setcover": _cover,
    "mis": _graph,
    "vc": _graph,
    "clique": _graph,
    "maxcut": _cut,
    "qap": _assignment,
    "rkp": _robust_knapsack,
    "robust": _two_stage,
    "submodular": _set_function,
    "ksubmodular": _set_function,
    "mip": _mip,
}
