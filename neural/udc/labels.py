"""Solutions of our own that the divider learns from."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from combkit.comb.solve import solve
from combkit.instances.cvrp import CVRP
from combkit.instances.errors import UsageError
from combkit.instances.formats import read
from combkit.instances.ovrp import OVRP
from combkit.instances.prizes import OP, PCTSP
from combkit.instances.problem import Problem
from combkit.instances.seeds import generator
from combkit.instances.solutions import Routes, Tour
from combkit.instances.stop import MaxIterations
from combkit.instances.tsp import TSP
from combkit.neural.udc.graph import Graph, graph_of

__all__ = ["SOLVERS", "Example", "collect"]

Integers = NDArray[np.int64]

#: Who solves the instances of a kind.
SOLVERS = {"tsp": "lk", "cvrp": "sisr", "ovrp": "sisr", "op": "sisr", "pctsp": "sisr"}
#: Iterations that they take for each node.
_STEPS = {"tsp": 10, "cvrp": 600, "ovrp": 600, "op": 40, "pctsp": 40}
#: Nodes of the shortest tour to learn from.
_SHORTEST = 3
#: Seconds between two times that the file is written.
_SAVING = 60.0


class Example(NamedTuple):
    """A graph and a good tour.

    Parameters
    ----------
    graph : Graph
        The graph.
    tour : ndarray of int64, shape (m,)
        The visited nodes in order; of routes one after the other, without the depot.
    leads : ndarray of bool, shape (m,)
        Whether a node's successor in ``tour`` is one on the way, not a new route.
    """

    graph: Graph
    tour: Integers
    leads: NDArray[np.bool_]


def collect(
    kind: str,
    nodes: Sequence[int],
    seconds: float,
    path: Path,
    seed: int,
    own: Sequence[str] = (),
) -> list[Example]:
    """Return solved examples; those in a file are not solved again.

    Own instances come first, then random ones: places are uniform in a square;
    demands, prizes, penalties and limits are those of UDC's tests [1]_ and others
    around them.

    Parameters
    ----------
    kind : str
        A kind in ``SOLVERS``.
    nodes : sequence of int
        Numbers of nodes of random instances.
    seconds : float
        Seconds for all of them, those in the file included.
    path : Path
        The file, ``.npz``: written anew now and then, through a temporary one.
    seed : int
        Seed.
    own : sequence of str
        Files of own instances.

    Raises
    ------
    UsageError
        If an own instance is of another kind.

    References
    ----------
    .. [1] Z. Zheng et al., "UDC", NeurIPS 2024. https://arxiv.org/abs/2407.00312
    """
    shelf = _Shelf(path, [kind, seed, list(nodes), [Path(name).name for name in own]])
    # Loading or compiling the solver is not to count.
    first = _random(kind, min(nodes), generator(seed, 0))
    solve(first, SOLVERS[kind], stop=MaxIterations(1))
    saved = time.perf_counter()
    examples = []
    number = 0
    while True:
        if number == shelf.count and shelf.spent >= seconds:
            break
        problem = _problem(kind, nodes, seed, number, own)
        if number == shelf.count:
            began = time.perf_counter()
            stop = MaxIterations(_STEPS[kind] * problem.n)
            found = solve(problem, SOLVERS[kind], stop=stop, seed=number)
            shelf.add(*_tour_of(found.solution), time.perf_counter() - began)
        tour, leads = shelf.at(number)
        number += 1
        if tour.size >= _SHORTEST:
            examples.append(Example(graph_of(problem), tour, leads))
        if time.perf_counter() - saved > _SAVING:
            shelf.save()
            saved = time.perf_counter()
    shelf.save()
    return examples


def _problem(
    kind: str, nodes: Sequence[int], seed: int, number: int, own: Sequence[str]
) -> Any:
    """Return the own or random instance of a number."""
    if number < len(own):
        problem = read(own[number])
        if problem.kind != kind:
            raise UsageError(f"--data {own[number]}: a {problem.kind}, not a {kind}")
        return problem
    rng = generator(seed, number)
    return _random(kind, int(rng.choice(np.array(nodes))), rng)


def _tour_of(solution: Tour | Routes | None) -> tuple[Integers, NDArray[np.bool_]]:
    """Return visited nodes in order, and who leads to the next one."""
    if solution is None:
        return np.zeros(0, np.int64), np.zeros(0, bool)
    if isinstance(solution, Tour):
        return solution.tour, np.ones(solution.tour.size, bool)
    routes = [route for route in solution.routes if route.size]
    tour = np.concatenate(routes)
    leads = np.ones(tour.size, bool)
    leads[np.cumsum([route.size for route in routes]) - 1] = False
    return tour, leads


class _Shelf:
    """Tours in a file, so that a training that was cut short need not solve again."""

    def __init__(self, path: Path, key: list[Any]) -> None:
        self._path, self._key = path, json.dumps(key)
        self._tours: list[Integers] = []
        self._leads: list[NDArray[np.bool_]] = []
        self.spent = 0.0
        if not path.exists():
            return
        with np.load(path) as file:
            if str(file["key"]) != self._key:
                raise UsageError(
                    f"{path}: examples of other options; name another --out"
                )
            ends = np.cumsum(file["sizes"])[:-1]
            self._tours = np.split(file["tours"], ends)
            self._leads = np.split(file["leads"], ends)
            self.spent = float(file["spent"])

    @property
    def count(self) -> int:
        """Number of tours."""
        return len(self._tours)

    def at(self, number: int) -> tuple[Integers, NDArray[np.bool_]]:
        """Return a tour."""
        return self._tours[number], self._leads[number]

    def add(self, tour: Integers, leads: NDArray[np.bool_], seconds: float) -> None:
        """Put a tour on the shelf."""
        self._tours.append(np.array(tour))
        self._leads.append(np.array(leads))
        self.spent += seconds

    def save(self) -> None:
        """Write the file, through a temporary one."""
        temporary = self._path.with_suffix(".tmp.npz")
        np.savez_compressed(
            temporary,
            key=self._key,
            sizes=[tour.size for tour in self._tours],
            tours=np.concatenate(self._tours),
            leads=np.concatenate(self._leads),
            spent=self.spent,
        )
        temporary.replace(self._path)


def _random(kind: str, n: int, rng: np.random.Generator) -> Problem:
    places = rng.random((n + 1, 2))
    if kind == "tsp":
        return TSP(places[1:])
    if kind in ("cvrp", "ovrp"):
        demands = np.r_[0, rng.integers(1, 10, n)]
        capacity = int(rng.integers(30, 151))
        return (CVRP if kind == "cvrp" else OVRP)(places, demands, capacity)
    # As long as some tour: of a quarter to nearly all of the nodes.
    share = rng.uniform(0.25, 0.9)
    if kind == "op":
        far = np.hypot(*(places - places[0]).T)
        prizes = (1.0 + np.floor(99.0 * far / far.max())) / 100.0
        if rng.random() < 0.5:
            prizes = rng.random(n + 1)
        prizes[0] = 0.0
        return OP(places, prizes, 0.7 * float(np.sqrt(n)) * share)
    prizes = rng.random(n + 1) * 4.0 / n
    # Penalties for which about as much is visited, whatever the size.
    penalties = rng.random(n + 1) * rng.uniform(0.3, 1.6) / np.sqrt(n)
    prizes[0] = penalties[0] = 0.0
    return PCTSP(places, prizes, penalties, min(1.0, 0.9 * float(prizes.sum())))
