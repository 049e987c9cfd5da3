"""Seeded generators with the distributions of the literature.

A generator is a function ``f(n, *, seed, **params) -> Problem`` named in
``GENERATORS`` and imported when used.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Any

from combkit.instances.errors import UsageError, nearest
from combkit.instances.problem import Problem

__all__ = ["GENERATORS", "generate"]

_HERE = "combkit.instances.generators"

#: Problem kind to ``"module:function"``.
GENERATORS: dict[str, str] = {
    "tsp": f"{_HERE}.routing:tsp",
    "atsp": f"{_HERE}.routing:atsp",
    "cvrp": f"{_HERE}.routing:cvrp",
    "ovrp": f"{_HERE}.vehicles:ovrp",
    "vrptw": f"{_HERE}.vehicles:vrptw",
    "vrp": f"{_HERE}.fleet:vrp",
    "op": f"{_HERE}.outings:op",
    "pctsp": f"{_HERE}.outings:pctsp",
    "spctsp": f"{_HERE}.outings:spctsp",
    "mtsp": f"{_HERE}.outings:mtsp",
    "jsp": f"{_HERE}.scheduling:jobshop",
    "fjsp": f"{_HERE}.shops:flexible_job_shop",
    "pfsp": f"{_HERE}.shops:flow_shop",
    "ossp": f"{_HERE}.shops:open_shop",
    "rcpsp": f"{_HERE}.shops:project",
    "kp": f"{_HERE}.packing:knapsack",
    "mkp": f"{_HERE}.covering:multi_knapsack",
    "setcover": f"{_HERE}.covering:set_cover",
    "mis": f"{_HERE}.graphs:independent_set",
    "clique": f"{_HERE}.graphs:clique",
    "vc": f"{_HERE}.graphs:vertex_cover",
    "maxcut": f"{_HERE}.quadratic:max_cut",
    "qap": f"{_HERE}.quadratic:quadratic_assignment",
    "mip": f"{_HERE}.programs:program",
    "submodular": f"{_HERE}.set_functions:submodular",
    "ksubmodular": f"{_HERE}.set_functions:k_submodular",
    "rkp": f"{_HERE}.robust_knapsack:robust_knapsack",
    "robust": f"{_HERE}.two_stage:two_stage",
}


def generate(kind: str, n: int, *, seed: int, **params: Any) -> Problem:
    """Generate a problem.

    Parameters
    ----------
    kind : str
        One of ``GENERATORS``, e.g. "tsp".
    n : int
        Number of cities, customers, jobs, activities or items.
    seed : int
        Non-negative; the same seed and parameters give the same problem.
    **params
        Parameters of the kind's generator, see its own documentation.

    Raises
    ------
    UsageError
        If the kind or a parameter is unknown or has an impossible value.

    Examples
    --------
    >>> generate("jsp", 10, seed=1, machines=5).size
    {'jobs': 10, 'machines': 5, 'operations': 50}
    """
    function = _function(kind)
    for name, value, least in (("n", n, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise UsageError(f"{name}: {value!r} is not an integer of at least {least}")
    known = [p for p in inspect.signature(function).parameters if p not in _COMMON]
    for name in params:
        if name not in known:
            raise UsageError(
                f"unknown parameter {name!r} of {kind}{nearest(name, known)} "
                f"(known: {', '.join(known)})"
            )
    problem: Problem = function(n, seed=seed, **params)
    return problem


_COMMON = ("n", "seed")


def _function(kind: str) -> Callable[..., Any]:
    if kind not in GENERATORS:
        known = ", ".join(GENERATORS)
        hint = nearest(kind, GENERATORS)
        raise UsageError(f"unknown kind {kind!r}{hint} (known: {known})")
    module, _, name = GENERATORS[kind].partition(":")
    function: Callable[..., Any] = getattr(import_module(module), name)
    return function
