"""Kernels neither keep nor lose the arrays that they are handed."""

import sys

import numpy as np

from combkit.comb.routing._kernels_tour import EUCLIDEAN, Space, tour_length


def test_references_are_left_as_they_are() -> None:
    points, tour = np.random.default_rng(0).random((9, 2)), np.arange(9, dtype=np.int32)
    none, edges = np.zeros((0, 0)), np.zeros((9, 1), np.int32)
    space = Space(EUCLIDEAN, points, none, edges, np.zeros((9, 1)), edges, 0.0, 0)
    tour_length(space, tour)
    before = [sys.getrefcount(array) for array in (points, tour, none, edges)]
    lengths = {tour_length(space, tour) for _ in range(1000)}
    after = [sys.getrefcount(array) for array in (points, tour, none, edges)]
    assert after == before
    closed = points[np.append(tour, 0)]
    assert np.isclose(
        lengths.pop(), np.linalg.norm(np.diff(closed, axis=0), axis=1).sum()
    )
    assert not lengths
