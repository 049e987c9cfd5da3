"""Tours through so many cities that a step must not look at all of them.

The policy sees a window of near cities anyway. They are looked for among the
nearest few hundred of the unvisited ones, which are themselves looked for again
only after the path has left their middle: a step costs the same at any size.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from combkit.neural.bq.decode import Halt, Halted, Scorer, scores_of
from combkit.neural.bq.tsp import TSP, TSPState
from combkit.neural.bq.window import lengths

__all__ = ["FEW", "greedy_tour"]

#: Up to as many cities it does not pay.
FEW = 4000
#: Cities that are looked at, and the steps after which they are renewed.
_NEAR, _STEPS = 512, 64


@torch.inference_mode()
def greedy_tour(
    policy: Scorer,
    xy: NDArray[np.float64],
    width: int,
    device: torch.device,
    *,
    halt: Halt | None = None,
) -> NDArray[np.int64]:
    """Return the tour of the likeliest actions from city 0.

    Parameters
    ----------
    policy : callable
        Tokens, edges and valid tokens to scores; see ``Policy``.
    xy : ndarray, shape (n, 2)
        Cities in the unit square.
    width : int
        Most tokens of a window.
    device : torch.device
        Where the policy is.
    halt : callable, optional
        Asked before every step whether to give up.

    Returns
    -------
    ndarray of int64, shape (n,)
        The cities in order.

    Raises
    ------
    SolverError
        If the network's scores are not numbers.
    Halted
        If ``halt`` said so.
    """
    problem = TSP()
    n = len(xy)
    tour = np.zeros(n, np.int64)
    left = np.arange(1, n)
    end = torch.as_tensor(xy[:1], dtype=torch.float32, device=device)
    here = end
    done = 1
    always = torch.ones(1, dtype=torch.bool, device=device)
    way = torch.zeros(1, dtype=torch.int64, device=device)
    while done < n:
        offsets = xy[left] - here[0].cpu().numpy()
        gaps = np.einsum("ij,ij->i", offsets, offsets)
        near = np.arange(left.size)
        reach = np.inf
        if left.size > _NEAR:
            near = np.argpartition(gaps, _NEAR)[:_NEAR]
            reach = float(np.sqrt(gaps[near].max()))
        cities = left[near]
        others = np.ones(left.size, bool)
        others[near] = False
        rest = xy[left[others]]
        beyond = torch.tensor(
            [[len(rest), *rest.sum(axis=0)]], dtype=torch.float32, device=device
        )
        points = torch.as_tensor(xy[cities], dtype=torch.float32, device=device)
        unvisited = torch.ones(1, len(cities), dtype=torch.bool, device=device)
        state = TSPState(points[None], unvisited, here, end, beyond)
        centre = here
        for _ in range(min(_STEPS, len(cities))):
            if halt is not None and halt(done, n - done):
                raise Halted
            view = problem.observe(state, min(width, len(cities) + problem.marks))
            token = scores_of(policy, view).argmax(1)
            node = view.node.gather(1, token[:, None])[:, 0]
            state = problem.step(state, node, way, always)
            tour[done] = cities[int(node)]
            done += 1
            # From the rim of the disc, nearer cities may lie outside of it.
            if float(lengths(state.here - centre)) > 0.5 * reach:
                break
        here = state.here
        kept = others
        kept[near] = state.open[0].cpu().numpy()
        left = left[kept]
    return tour
