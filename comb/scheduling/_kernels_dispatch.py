"""Numba kernels: priority dispatching for the job shop."""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from combkit.comb._kernels_random import below
from combkit.comb.scheduling._kernels_graph import Shop
from combkit.instances.kernels import kernel

__all__ = ["Board", "dispatch"]


class Board(NamedTuple):
    """Scratch of ``dispatch``.

    Attributes
    ----------
    ready : ndarray, shape (n + 1,), int64
        End of the predecessor of each operation that waits.
    following : ndarray, shape (n + 1,), int32
        Next operation in the list of those that wait for the same machine.
    first : ndarray, shape (machines,), int32
        First of that list.
    free, start, end : ndarray, shape (machines,), int64
        When each machine is free, and the earliest start and end of an
        operation that waits for it.
    """

    ready: Any
    following: Any
    first: Any
    free: Any
    start: Any
    end: Any


@kernel
def _refresh(shop: Shop, board: Board, m: int) -> None:
    """Find the earliest start and end on a machine."""
    n = board.ready.shape[0] - 1
    start = end = np.iinfo(np.int64).max
    x = board.first[m]
    while x != n:
        begin = max(board.ready[x], board.free[m])
        start = min(start, begin)
        end = min(end, begin + shop.duration[x])
        x = board.following[x]
    board.start[m], board.end[m] = start, end


@kernel
def _wait(shop: Shop, board: Board, x: int, ready: int) -> None:
    """Put an operation on the list of its machine."""
    m = shop.machine[x]
    board.ready[x] = ready
    board.following[x] = board.first[m]
    board.first[m] = x
    begin = max(ready, board.free[m])
    board.start[m] = min(board.start[m], begin)
    board.end[m] = min(board.end[m], begin + shop.duration[x])


@kernel
def dispatch(
    shop: Shop,
    board: Board,
    priority: Any,
    arrival: float,
    delay: float,
    noise: float,
    random: Any,
    order: Any,
) -> None:
    """Build a schedule by the method of Giffler and Thompson.

    Parameters
    ----------
    shop : Shop
        The problem.
    board : Board
        Free to use.
    priority : ndarray, shape (n,), float64
        The smallest one goes first.
    arrival : float
        Weight of the time at which an operation became ready.
    delay : float
        Share of the time between the earliest start and the earliest end on the
        machine within which an operation must be able to start: 0 builds
        non-delay schedules, 1 active ones.
    noise : float
        Largest random number added to a priority.
    random : ndarray, shape (1,), uint64
        State of the generator, never 0.
    order : ndarray, shape (n,), int32
        Where the operations are written as they are scheduled.
    """
    n = order.shape[0]
    board.first[:] = n
    board.free[:] = 0
    board.start[:] = np.iinfo(np.int64).max
    board.end[:] = np.iinfo(np.int64).max
    for x in range(n):
        if shop.before[x] == n:
            _wait(shop, board, x, 0)
    for at in range(n):
        m = 0
        for k in range(1, board.end.shape[0]):
            if board.end[k] < board.end[m]:
                m = k
        end, free = board.end[m], board.free[m]
        limit = board.start[m] + delay * (end - board.start[m])
        best, chosen, leader = np.inf, n, n
        previous, x = n, board.first[m]
        while x != n:
            begin = max(board.ready[x], free)
            on_time = begin < end or begin + shop.duration[x] == end
            if begin <= limit and on_time:
                key = priority[x] + arrival * board.ready[x]
                if noise > 0.0:
                    key += noise * (below(random, 1 << 30) / (1 << 30))
                if key < best or (key == best and x < chosen):
                    best, chosen, leader = key, x, previous
            previous, x = x, board.following[x]
        if leader == n:
            board.first[m] = board.following[chosen]
        else:
            board.following[leader] = board.following[chosen]
        order[at] = chosen
        board.free[m] = max(board.ready[chosen], free) + shop.duration[chosen]
        _refresh(shop, board, m)
        if shop.after[chosen] != n:
            _wait(shop, board, shop.after[chosen], board.free[m])
