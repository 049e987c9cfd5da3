"""Random re-construction: cut pieces out of solutions, construct them anew.

A piece is again an instance, so the policy that made the solution may do better
on the piece. Many pieces, of one solution or of many, are one batch; the best
changes that do not touch each other are made.

References
----------
.. [1] F. Luo et al., "Neural combinatorial optimization with heavy decoder:
   toward large scale generalization", NeurIPS 2023.
   https://arxiv.org/abs/2310.07985
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from combkit.instances.solutions import Routes, Solution, Tour
from combkit.neural.bq.cvrp import CVRP
from combkit.neural.bq.forms import Form, routes_of

__all__ = ["Cut", "Fleets", "Solutions", "Tours", "solutions_of"]

Array = NDArray[Any]

#: Shortest piece of a tour, and the longest one where tours are longer.
_SHORT, _LONG = 8, 100
#: Customers of a piece, if there are as many: from, to.
_CUSTOMERS = (20, 60)
#: A change must save more than this share of a piece.
_LEAST = 1e-6


class Cut(NamedTuple):
    """Pieces of solutions, ready to be constructed."""

    state: Any
    instance: dict[str, Tensor]
    pieces: list[Any]


class Solutions(Protocol):
    """Solutions of some instances, changed in place."""

    def cut(self, rows: Sequence[int], rng: np.random.Generator) -> Cut:
        """Cut a piece out of each of some rows; rows may repeat."""
        ...

    def join(self, cut: Cut, nodes: Array, ways: Array) -> list[int]:
        """Put constructed pieces in where they are better; return changed rows."""
        ...

    def solution(self, row: int) -> Solution:
        """Return the solution of a row."""
        ...


class _Segment(NamedTuple):
    """Places ``start`` to ``start + size + 1`` of a row's tour, and their length."""

    row: int
    start: int
    size: int
    cities: Array
    length: float


class Tours:
    """Tours, symmetric or not.

    Parameters
    ----------
    forms : sequence of Form
        The instances.
    tours : sequence of ndarray of int64, shape (n,)
        A tour of each.
    device : torch.device
        Where to construct.
    """

    def __init__(
        self, forms: Sequence[Form], tours: Sequence[Array], device: torch.device
    ) -> None:
        self._forms = forms
        self._device = device
        self._matrix = forms[0].name == "atsp"
        self.tours = [np.array(tour) for tour in tours]

    def cut(self, rows: Sequence[int], rng: np.random.Generator) -> Cut:
        """Cut a segment of the same random length out of each tour."""
        smallest = min(self._forms[row].n for row in rows)
        most = max(1, min(smallest - 1, _LONG))
        least = min(_SHORT, most)
        size = int(np.exp(rng.uniform(np.log(least), np.log(most + 1))))
        size = min(max(size, least), most)
        if not self._matrix:
            # The policy decides otherwise from the other end.
            for row in dict.fromkeys(rows):
                if rng.random() < 0.5:
                    self.tours[row] = self.tours[row][::-1].copy()
        pieces = []
        for row in rows:
            n = self._forms[row].n
            start = int(rng.integers(n))
            cities = self.tours[row][(start + np.arange(size + 2)) % n]
            pieces.append(_Segment(row, start, size, cities, self._length(row, cities)))
        return Cut(*self._states(pieces, rng), pieces)

    def _length(self, row: int, cities: Array) -> float:
        if self._matrix:
            costs = self._forms[row].row["costs"]
            return float(costs[cities[:-1], cities[1:]].sum())
        points = self._forms[row].row["xy"][cities]
        return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())

    def _states(
        self, pieces: list[_Segment], rng: np.random.Generator
    ) -> tuple[Any, dict[str, Tensor]]:
        """Return states whose nodes are the cities between the ends."""
        b, size = len(pieces), pieces[0].size
        unvisited = torch.ones(b, size, dtype=torch.bool, device=self._device)
        if self._matrix:
            from combkit.neural.bq.atsp import ATSPState

            # The ends come last.
            order = [np.roll(piece.cities, -1) for piece in pieces]
            costs = [
                self._forms[piece.row].row["costs"][np.ix_(cities, cities)]
                for piece, cities in zip(pieces, order, strict=True)
            ]
            unvisited = torch.nn.functional.pad(unvisited, (0, 2))
            ends = torch.full((b,), size, device=self._device)
            matrices = self._tensor(np.stack(costs))
            return ATSPState(matrices, unvisited, ends + 1, ends), {"costs": matrices}
        from combkit.neural.bq.tsp import TSPState

        xy = np.stack([self._forms[p.row].row["xy"][p.cities] for p in pieces])
        # Reflections are not alike to the policy, so that pieces may come again.
        xy[:, :, 1] *= rng.choice([-1.0, 1.0], (b, 1))
        points = self._tensor(xy)
        state = TSPState(points[:, 1:-1], unvisited, points[:, 0], points[:, -1])
        return state, {"xy": points}

    def _tensor(self, array: Array) -> Tensor:
        return torch.as_tensor(array, dtype=torch.float32, device=self._device)

    def join(self, cut: Cut, nodes: Array, ways: Array) -> list[int]:
        """Put segments in, those that save most first."""
        changes = []
        for piece, order in zip(cut.pieces, nodes, strict=True):
            inner = piece.cities[1:-1]
            cities = np.concatenate([piece.cities[:1], inner[order], piece.cities[-1:]])
            saved = piece.length - self._length(piece.row, cities)
            if saved > _LEAST * piece.length:
                changes.append((saved, piece, inner[order]))
        changes.sort(key=lambda change: -change[0])
        taken: dict[int, Array] = {}
        for _, piece, inner in changes:
            n = self._forms[piece.row].n
            edges = taken.setdefault(piece.row, np.zeros(n, bool))
            places = (piece.start + np.arange(piece.size + 1)) % n
            if edges[places].any():
                continue
            edges[places] = True
            self.tours[piece.row][places[1:]] = inner
        return list(taken)

    def solution(self, row: int) -> Tour:
        """Return the tour of a row."""
        return Tour(self.tours[row])


class _Group(NamedTuple):
    """Some routes of a row, their customers and length."""

    row: int
    routes: list[int]
    customers: Array
    length: float


class Fleets:
    """Routes of a fleet.

    Parameters
    ----------
    forms : sequence of Form
        The instances.
    fleets : sequence of list of list of int
        Routes of each, customers numbered from 1.
    device : torch.device
        Where to construct.
    """

    def __init__(
        self,
        forms: Sequence[Form],
        fleets: Sequence[list[list[int]]],
        device: torch.device,
    ) -> None:
        self._forms = forms
        self._device = device
        self._problem = CVRP()
        self.fleets = [[np.array(r) - 1 for r in routes if r] for routes in fleets]

    def cut(self, rows: Sequence[int], rng: np.random.Generator) -> Cut:
        """Take the routes that come nearest to a random customer of each row."""
        wanted = int(rng.integers(*_CUSTOMERS))
        pieces = []
        for row in rows:
            routes = self.fleets[row]
            xy = self._forms[row].row["xy"]
            gaps = np.linalg.norm(xy - xy[rng.integers(len(xy))], axis=1)
            chosen: list[int] = []
            count = 0
            for k in np.argsort([gaps[route].min() for route in routes]).tolist():
                chosen.append(k)
                count += len(routes[k])
                if count >= wanted and len(chosen) >= 2:
                    break
            customers = np.concatenate([routes[k] for k in chosen])
            length = sum(self._length(row, routes[k]) for k in chosen)
            pieces.append(_Group(row, chosen, customers, length))
        instance = self._instance(pieces, rng)
        return Cut(self._problem.start(instance), instance, pieces)

    def _length(self, row: int, route: Array) -> float:
        data = self._forms[row].row
        points = np.concatenate([[data["depot"]], data["xy"][route], [data["depot"]]])
        return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())

    def _instance(
        self, pieces: list[_Group], rng: np.random.Generator
    ) -> dict[str, Tensor]:
        b = len(pieces)
        sizes = [len(piece.customers) for piece in pieces]
        xy = np.zeros((b, max(sizes), 2), np.float32)
        demand = np.zeros((b, max(sizes)))
        depot = np.zeros((b, 2), np.float32)
        # The frame hides turns, but at the depot, where a piece begins.
        angle = rng.uniform(0.0, 2.0 * np.pi, b)
        flip = rng.choice([-1.0, 1.0], b)
        for k, piece in enumerate(pieces):
            data = self._forms[piece.row].row
            c, s = np.cos(angle[k]), np.sin(angle[k])
            turn = np.array([[c, s], [-s * flip[k], c * flip[k]]])
            depot[k] = data["depot"] @ turn
            xy[k, : sizes[k]] = data["xy"][piece.customers] @ turn
            demand[k, : sizes[k]] = data["demand"][piece.customers]
        arrays = {"xy": xy, "depot": depot, "demand": demand, "n": np.array(sizes)}
        return {
            name: torch.as_tensor(array, device=self._device)
            for name, array in arrays.items()
        }

    def join(self, cut: Cut, nodes: Array, ways: Array) -> list[int]:
        """Put groups of routes in, those that save most first."""
        changes = []
        for piece, order, way in zip(cut.pieces, nodes, ways, strict=True):
            real = order >= 0
            routes = [
                piece.customers[np.array(route) - 1]
                for route in routes_of(order[real], way[real])
            ]
            length = sum(self._length(piece.row, route) for route in routes)
            if piece.length - length > _LEAST * piece.length:
                changes.append((piece.length - length, piece, routes))
        changes.sort(key=lambda change: -change[0])
        gone: dict[int, set[int]] = {}
        added: dict[int, list[Array]] = {}
        for _, piece, routes in changes:
            if gone.setdefault(piece.row, set()).isdisjoint(piece.routes):
                gone[piece.row].update(piece.routes)
                added.setdefault(piece.row, []).extend(routes)
        for row, routes in added.items():
            kept = [r for k, r in enumerate(self.fleets[row]) if k not in gone[row]]
            self.fleets[row] = kept + routes
        return list(added)

    def solution(self, row: int) -> Routes:
        """Return the routes of a row."""
        return Routes([route + 1 for route in self.fleets[row]])


def solutions_of(
    forms: Sequence[Form], solutions: Sequence[Any], device: torch.device
) -> Solutions | None:
    """Return solutions of instances of one problem that can be re-constructed.

    None where that is not known for the problem, or an instance is too small.
    """
    if forms[0].name in ("tsp", "atsp") and min(form.n for form in forms) > 4:
        return Tours(forms, [solution.tour for solution in solutions], device)
    if forms[0].name == "cvrp":
        fleets = [[r.tolist() for r in solution.routes] for solution in solutions]
        return Fleets(forms, fleets, device)
    return None
