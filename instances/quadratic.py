"""Quadratic problems: max-cut and quadratic assignment."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.instances.edges import edges_of, ends_of, keys_of, vertices_of
from combkit.instances.errors import InvalidSolutionError
from combkit.instances.problem import Problem, Sense, frozen_array, missing, require
from combkit.instances.solutions import Assignment, Selection, Solution
from combkit.instances.subsets import MAX_TOTAL, repeated, total, unknown

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["MaxCut", "QuadraticAssignment"]

Array = NDArray[Any]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False, init=False)
class MaxCut(Problem):
    """Max-cut: a side for each vertex, the edges between the sides as heavy as can be.

    A solution selects the vertices of one side.

    Parameters
    ----------
    n : int
        Number of vertices, at least 1, numbered from 0.
    edges : array_like, shape (m, 2), int64
        Undirected edges. Parallel ones add up; loops are refused.
    weights : array_like, shape (m,), int64 or float64, optional
        Weight of each edge, of either sign; 1 without.

    Raises
    ------
    InvalidProblemError
        If there is no vertex, an edge is a loop or ends at an unknown vertex, or a
        weight is not finite.

    Examples
    --------
    >>> triangle = MaxCut(3, [[0, 1], [1, 2], [0, 2]], [1, 2, 3])
    >>> triangle.evaluate(Selection([2]))
    5.0
    """

    kind: ClassVar[str] = "maxcut"
    solution_type: ClassVar[type[Solution]] = Selection

    n: int
    edges: Integers
    weights: Array

    def __init__(
        self,
        n: int,
        edges: ArrayLike,
        weights: ArrayLike | None = None,
        *,
        name: str = "",
        comment: str = "",
    ) -> None:
        n = vertices_of(n)
        ends, heavy = _canonical(n, edges, weights)
        for name_, value in (
            ("n", n),
            ("edges", ends),
            ("weights", heavy),
            ("name", name),
            ("comment", comment),
        ):
            object.__setattr__(self, name_, value)

    @classmethod
    def from_qubo(cls, Q: ArrayLike, *, name: str = "") -> Self:
        """Return the max-cut whose cuts are the values of a quadratic form.

        For a selection that does not have the last vertex, n, and the vector x of zeros
        and ones with ``x[i] = 1`` for the selected i, the cut weighs ``-x' Q x``: the
        heaviest cut minimises the form. See `qubo_vector`.

        Parameters
        ----------
        Q : array_like, shape (n, n)
            The matrix; it need not be symmetric.
        name : str
            Name of the instance.

        Returns
        -------
        MaxCut
            Of n + 1 vertices.

        Raises
        ------
        InvalidProblemError
            If Q is not square or not finite.
        """
        form = frozen_array("Q", Q, np.float64, (None, None))
        n, m = form.shape
        require(n == m, "Q", f"shape {n} x {m} is not square")
        # x_i x_j = (x_i + x_j - [x_i != x_j]) / 2, and x_i says whether the edge from
        # i to the last vertex is cut.
        pair = form + form.T
        linear = np.diagonal(form) + 0.5 * (pair.sum(axis=1) - np.diagonal(pair))
        i, j = np.triu_indices(n, 1)
        edges = np.concatenate(
            [np.stack([i, j], axis=1), np.stack([np.arange(n), np.full(n, n)], axis=1)]
        )
        weights = np.concatenate([0.5 * pair[i, j], -linear])
        used = weights != 0.0
        return cls(n + 1, edges[used], weights[used], name=name)

    def qubo_vector(self, solution: Selection) -> Integers:
        """Return the x of a cut's selection, for a problem `from_qubo`.

        Parameters
        ----------
        solution : Selection
            One side of a cut.

        Returns
        -------
        ndarray of int64, shape (n - 1,)
        """
        side = np.zeros(self.n, dtype=np.int64)
        side[solution.selected] = 1
        x: Integers = side[:-1] ^ side[-1]
        return x

    @classmethod
    def from_networkx(
        cls, graph: nx.Graph[Any], *, weight: str = "weight", name: str = ""
    ) -> Self:
        """Return the problem of a networkx graph; vertex i is ``list(graph)[i]``.

        Parameters
        ----------
        graph : networkx.Graph
            A graph; loops are refused.
        weight : str
            Edge attribute that holds the weight; 1 where an edge has none.
        name : str
            Name of the instance; the graph's own without.
        """
        nodes = list(graph)
        place = {node: i for i, node in enumerate(nodes)}
        edges = [(place[u], place[v]) for u, v in graph.edges()]
        weights = [data.get(weight, 1) for _, _, data in graph.edges(data=True)]
        return cls(len(nodes), edges, weights, name=name or str(graph.name))

    def to_networkx(self) -> nx.Graph[int]:
        """Return the graph, its nodes 0 to n - 1, with the ``weight`` of each edge."""
        import networkx as nx

        graph: nx.Graph[int] = nx.Graph(name=self.name)
        graph.add_nodes_from(range(self.n))
        ends = self.edges.tolist()
        graph.add_weighted_edges_from(
            (u, v, w) for (u, v), w in zip(ends, self.weights.tolist(), strict=True)
        )
        return graph

    @property
    def sense(self) -> Sense:
        """Weight is maximised."""
        return "max"

    @property
    def size(self) -> dict[str, int]:
        """Numbers of vertices and of edges."""
        return {"n": self.n, "edges": len(self.edges)}

    @property
    def integral(self) -> bool:
        """Whether all weights are integers."""
        return bool(self.weights.dtype == np.int64)

    def evaluate(self, solution: Selection) -> float:
        """Return the weight of the edges between the selected and other vertices.

        Raises
        ------
        InvalidSolutionError
            If a vertex is unknown.
        """
        selected = solution.selected
        if violations := unknown(selected, self.n, "vertex", "vertices"):
            raise InvalidSolutionError(violations)
        side = np.zeros(self.n, dtype=bool)
        side[selected] = True
        ends = side[self.edges]
        return float(total(self.weights[ends[:, 0] != ends[:, 1]]))

    def check(self, solution: Selection) -> list[str]:
        """Return every violation in plain words; vertices are numbered from 0."""
        selected = solution.selected
        violations = unknown(selected, self.n, "vertex", "vertices")
        return violations or repeated(selected, "vertex")


def _canonical(
    n: int, edges: ArrayLike, weights: ArrayLike | None
) -> tuple[Integers, Array]:
    """Return each edge once, its smaller end first, in lexicographic order."""
    ends = ends_of(n, edges)
    shape = (len(ends),)
    raw = np.ones(shape, np.int64) if weights is None else weights
    given = frozen_array("weights", raw, np.float64, shape)
    integral = bool(np.all(given == np.floor(given)))
    size = float(np.abs(given).sum())
    require(size < (MAX_TOTAL if integral else math.inf), "weights", "are too large")
    known, place = np.unique(keys_of(n, ends), return_inverse=True)
    sums = np.bincount(place, weights=given, minlength=known.size)
    heavy: Array = sums.astype(np.int64) if integral else sums
    heavy.flags.writeable = False
    return edges_of(n, known), heavy


@dataclass(frozen=True, eq=False)
class QuadraticAssignment(Problem):
    """Quadratic assignment: facilities at places, flow times distance least.

    The objective is ``sum_ij flow[i, j] distance[p(i), p(j)]`` for the place p(i) of
    facility i (Koopmans and Beckmann 1957).

    Parameters
    ----------
    flow, distance : array_like, shape (n, n), int64 or float64
        Of facilities and of places; either may be asymmetric or negative.

    Raises
    ------
    InvalidProblemError
        If a matrix is not square, their sizes differ or a number is not finite.

    References
    ----------
    T. C. Koopmans, M. Beckmann, "Assignment problems and the location of economic
    activities", Econometrica 25(1), 1957.

    Examples
    --------
    >>> problem = QuadraticAssignment([[0, 3], [0, 0]], [[0, 5], [2, 0]])
    >>> problem.evaluate(Assignment([1, 0]))
    6.0
    """

    kind: ClassVar[str] = "qap"
    solution_type: ClassVar[type[Solution]] = Assignment

    flow: Array = field(default_factory=missing("flow"))
    distance: Array = field(default_factory=missing("distance"))

    def __post_init__(self) -> None:
        put = partial(object.__setattr__, self)
        flow = frozen_array("flow", self.flow, np.float64, (None, None))
        n, m = flow.shape
        require(n == m and n > 0, "flow", f"shape {n} x {m} is not square")
        distance = frozen_array("distance", self.distance, np.float64, (n, n))
        bound = float(np.abs(flow).sum()) * float(np.abs(distance).max())
        whole = all(np.all(array == np.floor(array)) for array in (flow, distance))
        if whole:
            require(bound < MAX_TOTAL, "flow", "flows and distances are too large")
            flow = frozen_array("flow", flow, np.int64, (n, n))
            distance = frozen_array("distance", distance, np.int64, (n, n))
        require(math.isfinite(bound), "flow", "flows and distances are too large")
        put("flow", flow)
        put("distance", distance)

    @property
    def n(self) -> int:
        """Number of facilities, and of places."""
        return len(self.flow)

    @property
    def integral(self) -> bool:
        """Whether flows and distances are integers."""
        return bool(self.flow.dtype == np.int64)

    @property
    def size(self) -> dict[str, int]:
        """Number of facilities."""
        return {"n": self.n}

    def evaluate(self, solution: Assignment) -> float:
        """Return the sum of flow times distance.

        Raises
        ------
        InvalidSolutionError
            If there are too few or too many, or a place is unknown.
        """
        if violations := self._strange(solution):
            raise InvalidSolutionError(violations)
        place = solution.assigned
        return float((self.flow * self.distance[np.ix_(place, place)]).sum())

    def check(self, solution: Assignment) -> list[str]:
        """Return every violation in plain words; places are numbered from 0."""
        if violations := self._strange(solution):
            return violations
        places, counts = np.unique(solution.assigned, return_counts=True)
        return [
            f"place {place} has {count} facilities"
            for place, count in zip(places.tolist(), counts.tolist(), strict=True)
            if count > 1
        ]

    def _strange(self, solution: Assignment) -> list[str]:
        place = solution.assigned
        if place.size != self.n:
            return [f"{place.size} places for {self.n} facilities"]
        wrong = np.flatnonzero((place < 0) | (place >= self.n))
        return [
            f"facility {i} is at place {place[i]}: places are 0 to {self.n - 1}"
            for i in wrong.tolist()
        ]
