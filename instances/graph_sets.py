"""Subsets of a graph's vertices: independent sets, vertex covers, cliques."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.instances.edges import edges_of, ends_of, keys_of, vertices_of
from combkit.instances.errors import InvalidSolutionError
from combkit.instances.problem import Problem, Sense, require
from combkit.instances.solutions import Selection, Solution
from combkit.instances.subsets import MAX_TOTAL, numbers, repeated, total, unknown

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Clique", "GraphSet", "IndependentSet", "VertexCover"]

Integers = NDArray[np.int64]

#: Violations that are listed one by one; the rest is counted.
_MOST_LISTED = 20


@dataclass(frozen=True, eq=False, init=False)
class GraphSet(Problem):
    """What the problems on subsets of a graph's vertices share.

    Parameters
    ----------
    n : int
        Number of vertices, at least 1, numbered from 0.
    edges : array_like, shape (m, 2), int64
        Undirected edges. The order of an edge's ends and of the edges does not
        matter, and neither does an edge that is given again; loops are refused.
    weights : array_like, shape (n,), int64 or float64, optional
        Non-negative weight of each vertex; 1 without.

    Raises
    ------
    InvalidProblemError
        If there is no vertex, an edge ends at an unknown vertex or where it
        begins, or a weight is negative or not finite.
    """

    solution_type: ClassVar[type[Solution]] = Selection

    n: int
    edges: Integers
    weights: NDArray[Any] | None

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
        for field, value in (
            ("n", n),
            ("edges", _canonical(n, edges)),
            ("weights", None),
            ("name", name),
            ("comment", comment),
        ):
            object.__setattr__(self, field, value)
        if weights is None:
            return
        array = numbers("weights", weights, (self.n,))
        with np.errstate(over="ignore"):
            sum_ = float(array.sum(dtype=np.float64))
        allowed = MAX_TOTAL if array.dtype == np.int64 else math.inf
        require(sum_ < allowed, "weights", f"their sum {sum_:g} is too large")
        if not np.all(array == 1):
            object.__setattr__(self, "weights", array)

    @property
    def size(self) -> dict[str, int]:
        """Numbers of vertices and of edges."""
        return {"n": self.n, "edges": int(self.edges.shape[0])}

    @property
    def density(self) -> float:
        """Share of the pairs of vertices that are edges."""
        return 2.0 * float(self.edges.shape[0]) / max(1, self.n * (self.n - 1))

    def evaluate(self, solution: Selection) -> float:
        """Return the total weight of the selected vertices.

        Raises
        ------
        InvalidSolutionError
            If a vertex is unknown.
        """
        selected = solution.selected
        if violations := unknown(selected, self.n, "vertex", "vertices"):
            raise InvalidSolutionError(violations)
        if self.weights is None:
            return float(selected.size)
        return float(total(self.weights[selected]))

    def check(self, solution: Selection) -> list[str]:
        """Return every violation in plain words; vertices are numbered from 0."""
        selected = solution.selected
        if violations := unknown(selected, self.n, "vertex", "vertices"):
            return violations
        violations = repeated(selected, "vertex")
        chosen = np.zeros(self.n, dtype=np.bool_)
        chosen[selected] = True
        pairs, what = self._offending(chosen)
        shown = pairs[:_MOST_LISTED].tolist()
        violations.extend(what.format(u=u, v=v) for u, v in shown)
        if len(pairs) > _MOST_LISTED:
            violations.append(f"{len(pairs) - _MOST_LISTED} more pairs like these")
        return violations

    def _offending(self, chosen: NDArray[np.bool_]) -> tuple[Integers, str]:
        """Return the pairs of vertices that violate the problem, and the words."""
        raise NotImplementedError

    @classmethod
    def from_networkx(
        cls, graph: nx.Graph[Any], *, weight: str | None = None, name: str = ""
    ) -> Self:
        """Return the problem of a networkx graph; vertex i is ``list(graph)[i]``.

        Parameters
        ----------
        graph : networkx.Graph
            A graph. Directions and parallel edges do not count; loops are
            refused.
        weight : str, optional
            Node attribute that holds the weight; every node must have it.
        name : str
            Name of the instance; the graph's own without.

        Raises
        ------
        InvalidProblemError
            If a node has no weight, or as the class itself.
        """
        nodes = list(graph)
        place = {node: i for i, node in enumerate(nodes)}
        edges = [(place[u], place[v]) for u, v in graph.edges()]
        weights = None
        if weight is not None:
            weights = [graph.nodes[node].get(weight) for node in nodes]
            for node, value in zip(nodes, weights, strict=True):
                require(
                    value is not None, "weights", f"node {node!r} has no {weight!r}"
                )
        return cls(
            len(nodes),
            np.array(edges, dtype=np.int64).reshape(-1, 2),
            weights,
            name=name or str(graph.name),
        )

    def to_networkx(self) -> nx.Graph[int]:
        """Return the graph, its nodes 0 to n - 1 with their ``weight``, if any."""
        import networkx as nx

        graph: nx.Graph[int] = nx.Graph(name=self.name)
        graph.add_nodes_from(range(self.n))
        graph.add_edges_from(self.edges.tolist())
        if self.weights is not None:
            values = dict(enumerate(self.weights.tolist()))
            nx.set_node_attributes(graph, values, "weight")
        return graph


class IndependentSet(GraphSet):
    """The heaviest set of vertices without an edge between them.

    The parameters are those of `GraphSet`.

    Examples
    --------
    >>> path = IndependentSet(4, [[0, 1], [1, 2], [2, 3]])
    >>> path.check(Selection([0, 2, 3]))
    ['vertices 2 and 3 are adjacent']
    """

    kind: ClassVar[str] = "mis"

    @property
    def sense(self) -> Sense:
        """Weight is maximised."""
        return "max"

    def _offending(self, chosen: NDArray[np.bool_]) -> tuple[Integers, str]:
        both = chosen[self.edges].all(axis=1)
        return self.edges[both], "vertices {u} and {v} are adjacent"


class VertexCover(GraphSet):
    """The lightest set of vertices that touches every edge.

    The parameters are those of `GraphSet`.

    Examples
    --------
    >>> path = VertexCover(4, [[0, 1], [1, 2], [2, 3]])
    >>> path.check(Selection([0, 3]))
    ['edge 1-2 is not covered']
    """

    kind: ClassVar[str] = "vc"

    def _offending(self, chosen: NDArray[np.bool_]) -> tuple[Integers, str]:
        neither = ~chosen[self.edges].any(axis=1)
        return self.edges[neither], "edge {u}-{v} is not covered"


class Clique(GraphSet):
    """The heaviest set of vertices that are all adjacent.

    The parameters are those of `GraphSet`.

    Examples
    --------
    >>> path = Clique(4, [[0, 1], [1, 2], [2, 3]])
    >>> path.check(Selection([0, 1, 2]))
    ['vertices 0 and 2 are not adjacent']
    """

    kind: ClassVar[str] = "clique"

    @property
    def sense(self) -> Sense:
        """Weight is maximised."""
        return "max"

    def _offending(self, chosen: NDArray[np.bool_]) -> tuple[Integers, str]:
        members = np.flatnonzero(chosen)
        inside = self.edges[chosen[self.edges].all(axis=1)]
        what = "vertices {u} and {v} are not adjacent"
        if len(inside) == members.size * (members.size - 1) // 2:
            return inside[:0], what
        # A large set that is no clique need not be listed pair by pair.
        members = members[:1000]
        u, v = np.triu_indices(members.size, 1)
        pairs = members[np.stack([u, v], axis=1)]
        known = inside[:, 0] * self.n + inside[:, 1]
        missing = ~np.isin(pairs[:, 0] * self.n + pairs[:, 1], known)
        return pairs[missing], what


def _canonical(n: int, edges: ArrayLike) -> Integers:
    """Return each edge once, its smaller end first, in lexicographic order."""
    return edges_of(n, np.unique(keys_of(n, ends_of(n, edges))))
