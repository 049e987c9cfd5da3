"""Random OP, PCTSP, SPCTSP and min-max mTSP, as literature on learning draws them.

Nodes and depot are uniform in the unit square (integers in [0, 1,000,000] where the
metric rounds). What is collected, owed and allowed is in units of that square.

References
----------
.. [1] W. Kool, H. van Hoof, M. Welling, "Attention, learn to solve routing
   problems!", ICLR 2019.
.. [2] Z. Zheng et al., "UDC: a unified neural divide-and-conquer framework for
   large-scale combinatorial optimization problems", NeurIPS 2024 (sizes above 100).
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import UsageError, nearest
from combkit.instances.generators.routing import SIDE, tsp
from combkit.instances.mtsp import MTSP
from combkit.instances.prizes import OP, PCTSP, SPCTSP
from combkit.instances.seeds import generator

__all__ = ["mtsp", "op", "pctsp", "spctsp"]

Prizes = Literal["distance", "constant", "uniform"]

Floats = NDArray[np.float64]

#: Longest tour, and mean length of the tours that penalties are scaled by, for at
#: most so many nodes.
_LIMITS = {20: 2.0, 50: 3.0}
_LIMIT = 4.0
_SCALES = {20: 2.0, 50: 3.0, 100: 4.0, 500: 9.0, 1000: 12.0, 2000: 15.0}
_SCALE = 20.0


def op(
    n: int,
    *,
    seed: int,
    prizes: Prizes = "distance",
    limit: float | None = None,
    metric: str = "euclidean",
) -> OP:
    """Generate an orienteering problem.

    Parameters
    ----------
    n : int
        Number of nodes besides the depot.
    seed : int
        The seed.
    prizes : {"distance", "constant", "uniform"}
        ``(1 + floor(99 d / largest d)) / 100`` with the distance d from the depot;
        1; or ``U{1..100} / 100``.
    limit : float, optional
        Longest tour in sides of the square; by default 2, 3 and 4 for up to 20, 50
        and more nodes [1]_, [2]_.
    metric : str
        As of `tsp`.

    References
    ----------
    See the module.
    """
    known = get_args(Prizes)
    if prizes not in known:
        raise UsageError(
            f"prizes: {prizes!r} is none of {', '.join(known)}{nearest(prizes, known)}"
        )
    if limit is None:
        limit = _by_size(_LIMITS, n, _LIMIT)
    elif not limit > 0.0:
        raise UsageError(f"limit: {limit!r} is not positive")
    places = _places(n, seed, metric)
    if prizes == "constant":
        values = np.ones(n)
    elif prizes == "uniform":
        values = generator(seed, 1).integers(1, 101, n) / 100.0
    else:
        far = np.hypot(*(places["coords"][1:] - places["coords"][0]).T)
        values = (1.0 + np.floor(99.0 * far / max(far.max(), 1e-12))) / 100.0
    return OP(
        **places,
        prizes=_with_depot(values),
        limit=limit * _side(places["metric"]),
        name=f"op-{prizes}-n{n}-s{seed}",
    )


def pctsp(
    n: int, *, seed: int, scale: float | None = None, metric: str = "euclidean"
) -> PCTSP:
    """Generate a prize-collecting TSP whose prizes are 2 in the mean, the quota is 1.

    Parameters
    ----------
    n : int
        Number of nodes besides the depot.
    seed : int
        The seed.
    scale : float, optional
        Penalties are uniform in 0 to ``3 scale / n``; by default 2 to 20, as long as
        a tour that collects the quota is, about [1]_, [2]_.
    metric : str
        As of `tsp`.

    References
    ----------
    See the module.
    """
    return PCTSP(**_collecting(n, seed, scale, metric), name=f"pctsp-n{n}-s{seed}")


def spctsp(
    n: int, *, seed: int, scale: float | None = None, metric: str = "euclidean"
) -> SPCTSP:
    """Generate a stochastic prize-collecting TSP.

    Parameters
    ----------
    n, seed, scale, metric
        As of `pctsp`, whose nodes it has; real prizes are uniform between 0 and
        twice the expected ones.
    """
    fields = _collecting(n, seed, scale, metric)
    real = fields["prizes"] * generator(seed, 2).uniform(0.0, 2.0, n + 1)
    return SPCTSP(**fields, real_prizes=real, name=f"spctsp-n{n}-s{seed}")


def mtsp(
    n: int, *, seed: int, salesmen: int | None = None, metric: str = "EUC_2D"
) -> MTSP:
    """Generate a min-max multiple travelling salesman problem.

    Parameters
    ----------
    n : int
        Number of cities.
    seed : int
        The seed.
    salesmen : int, optional
        Number of salesmen, by default one for 20 cities and at least 2.
    metric : str
        As of `tsp`.
    """
    if salesmen is None:
        salesmen = max(2, n // 20)
    return MTSP(
        **_places(n, seed, metric),
        salesmen=salesmen,
        name=f"mtsp-n{n}-m{salesmen}-s{seed}",
    )


def _places(n: int, seed: int, metric: str) -> dict[str, Any]:
    """Return where the depot and the nodes are."""
    problem = tsp(n + 1, seed=seed, metric=metric)
    return {"coords": problem.coords, "metric": problem.metric}


def _collecting(n: int, seed: int, scale: float | None, metric: str) -> dict[str, Any]:
    if scale is None:
        scale = _by_size(_SCALES, n, _SCALE)
    elif not scale > 0.0:
        raise UsageError(f"scale: {scale!r} is not positive")
    places = _places(n, seed, metric)
    rng = generator(seed, 1)
    prizes = rng.uniform(0.0, 4.0 / n, n)
    owed = rng.uniform(0.0, 3.0 * scale / n, n) * _side(places["metric"])
    # Few nodes may not have the quota together: then it is what they have.
    quota = min(1.0, float(prizes.sum()) * (1.0 - 1e-12))
    return {
        **places,
        "prizes": _with_depot(prizes),
        "penalties": _with_depot(owed),
        "quota": quota,
    }


def _by_size(table: dict[int, float], n: int, largest: float) -> float:
    return next((value for size, value in table.items() if n <= size), largest)


def _side(metric: str) -> float:
    return 1.0 if metric == "euclidean" else float(SIDE)


def _with_depot(values: Floats) -> Floats:
    return np.concatenate([[0.0], values])
