"""Random problems of set functions, and the Markov chains of the literature."""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

import numpy as np
import scipy.sparse as sp

from combkit.instances.errors import UsageError, nearest
from combkit.instances.seeds import generator
from combkit.instances.submodular.base import SetFunction
from combkit.instances.submodular.chains import ChainCriterion
from combkit.instances.submodular.constraints import Cardinality
from combkit.instances.submodular.coverage import Coverage
from combkit.instances.submodular.entropy import GaussianInformation
from combkit.instances.submodular.problem import KSubmodular, Submodular
from combkit.instances.submodular.revenue import Revenue
from combkit.instances.submodular.similarity import Cut, FacilityLocation

__all__ = ["bernoulli_laplace", "curie_weiss", "k_submodular", "submodular"]

Family = Literal["facility", "coverage", "cut", "sensors", "assortment", "chain"]

#: Coordinates of a chain above which its states are too many.
_MOST_SPINS = 16


def submodular(
    n: int, *, seed: int, family: Family = "facility", k: int | None = None
) -> Submodular:
    """Generate a problem of choosing at most k elements.

    Parameters
    ----------
    n : int
        Number of elements.
    seed : int
        The seed.
    family : str
        "facility": points in the unit square, similar by ``exp(-20 d^2)``;
        "coverage": sets of 10 items in the mean, of 2 n items, some of them rare;
        "cut": arcs with chance ``8 / n`` and weights in [0, 1]; "sensors": places in
        the unit square, covariance ``exp(-d / 0.3)`` and noise 0.1; "assortment":
        prices and attractions uniform in [0, 1]; "chain": the entropy rate of the
        Curie-Weiss chain of n spins.
    k : int, optional
        Most elements; a tenth of them and at least 1 without.

    Raises
    ------
    UsageError
        If the family is unknown or k impossible.
    """
    known = get_args(Family)
    if family not in known:
        raise UsageError(
            f"family: {family!r} is none of {', '.join(known)}{nearest(family, known)}"
        )
    most = max(1, n // 10) if k is None else k
    if not 1 <= most <= n:
        raise UsageError(f"k: {most} of {n} elements")
    name = f"{family}-n{n}-k{most}-s{seed}"
    return Submodular(_function(family, n, seed), Cardinality(most), name=name)


def _function(family: Family, n: int, seed: int) -> SetFunction:
    rng = generator(seed, 0)
    if family == "coverage":
        sizes = rng.geometric(0.1, n)
        items = (2 * n * rng.random(sizes.sum()) ** 2).astype(np.int64)
        rows = np.repeat(np.arange(n), sizes)
        ones = np.ones(items.size, dtype=bool)
        return Coverage(sp.csr_array((ones, (rows, items)), shape=(n, 2 * n)))
    if family == "cut":
        density = min(1.0, 8.0 / n)
        return Cut(sp.random_array((n, n), density=density, rng=rng, format="csr"))
    if family == "assortment":
        return Revenue(rng.random(n), rng.random(n))
    if family == "chain":
        if n > _MOST_SPINS:
            raise UsageError(f"n: {n} spins are too many (at most {_MOST_SPINS})")
        return curie_weiss(n)
    places = rng.random((n, 2))
    apart = places[:, None] - places
    squared = (apart * apart).sum(axis=2)
    if family == "sensors":
        kernel = np.exp(-np.sqrt(squared) / 0.3) + 0.1 * np.eye(n)
        return GaussianInformation(kernel)
    return FacilityLocation(np.exp(-20.0 * squared))


def k_submodular(n: int, *, seed: int, labels: int = 3) -> KSubmodular:
    """Generate a placement of sensors of several kinds: a coverage of items.

    Each pair of place and kind of sensor observes 5 items in the mean, of n items a
    kind; a third of the places may have a sensor.

    Parameters
    ----------
    n : int
        Number of elements.
    seed : int
        The seed.
    labels : int
        Number of labels.

    Raises
    ------
    UsageError
        If there is no label.
    """
    if labels < 1:
        raise UsageError(f"labels: {labels} is not positive")
    rng = generator(seed, 0)
    pairs = n * labels
    sizes = rng.geometric(0.2, pairs)
    rows = np.repeat(np.arange(pairs), sizes)
    items = rng.integers(0, n, rows.size) + n * (rows % labels)
    ones = np.ones(rows.size, dtype=bool)
    f = Coverage(sp.csr_array((ones, (rows, items)), shape=(pairs, pairs)))
    most = max(1, n // 3)
    return KSubmodular(f, labels, most, name=f"sensors-n{n}-l{labels}-s{seed}")


def curie_weiss(
    d: int,
    *,
    temperature: float = 10.0,
    field: float = 1.0,
    decay: bool = True,
    **criterion: Any,
) -> ChainCriterion:
    """Return the Glauber dynamics of a Curie-Weiss model of d spins.

    A spin that is chosen uniformly flips with probability ``exp(-max(0, dH) /
    temperature)``.

    Parameters
    ----------
    d : int
        Number of spins.
    temperature : float
        The inverse of beta.
    field : float
        The external field h.
    decay : bool
        ``H(x) = -sum_{i, j} 2^-|i-j| x_i x_j - h sum x_i`` where True,
        ``H(x) = -(sum x_i)^2 - h sum x_i`` where not.
    **criterion
        Further fields of `ChainCriterion`.
    """
    states = np.arange(2**d)
    spins = 2.0 * ((states[:, None] >> np.arange(d)[::-1]) & 1) - 1.0
    total = spins.sum(axis=1)
    if decay:
        places = np.arange(d)
        couple = 2.0 ** -np.abs(places[:, None] - places)
        energy = -((spins @ couple) * spins).sum(axis=1)
    else:
        energy = -(total**2)
    energy -= field * total
    flipped = states[:, None] ^ (1 << np.arange(d))
    rise = np.maximum(energy[flipped] - energy[:, None], 0.0)
    chance = np.exp(-rise / temperature) / d
    moves = sp.csr_array(
        (chance.ravel(), (np.repeat(states, d), flipped.ravel())),
        shape=(states.size, states.size),
    )
    transitions = moves + sp.diags_array(1.0 - chance.sum(axis=1))
    law = np.exp(-(energy - energy.min()) / temperature)
    return ChainCriterion(transitions, np.full(d, 2), law / law.sum(), **criterion)


def bernoulli_laplace(
    balls: tuple[int, ...], left: int, **criterion: Any
) -> ChainCriterion:
    """Return the Bernoulli-Laplace model: balls of several colours in two urns.

    In a step, a ball of each urn, drawn uniformly, changes places. Coordinate i is the
    number of balls of colour i in the left urn.

    Parameters
    ----------
    balls : tuple of int
        Balls of each colour.
    left : int
        Balls in the left urn.
    **criterion
        Further fields of `ChainCriterion`.

    Raises
    ------
    UsageError
        If an urn is empty.
    """
    count = np.array(balls)
    right = int(count.sum()) - left
    if left < 1 or right < 1:
        raise UsageError(f"left: {left} of {count.sum()} balls leave an urn empty")
    sizes = tuple((count + 1).tolist())
    every = np.stack(np.unravel_index(np.arange(math.prod(sizes)), sizes), axis=1)
    inside = np.flatnonzero(every.sum(axis=1) == left)
    x = every[inside]
    rows, columns, chances = [], [], []
    for i in range(count.size):
        for j in range(count.size):
            chance = x[:, i] / left * (count[j] - x[:, j]) / right
            moved = x.copy()
            moved[:, i] -= 1
            moved[:, j] += 1
            able = chance > 0.0
            rows.append(inside[able])
            columns.append(np.ravel_multi_index(tuple(moved[able].T), sizes))
            chances.append(chance[able])
    # States that cannot be, since their balls do not fill the urn, stay where they are.
    outside = np.setdiff1d(np.arange(len(every)), inside)
    rows.append(outside)
    columns.append(outside)
    chances.append(np.ones(outside.size))
    places = np.concatenate(rows), np.concatenate(columns)
    transitions = sp.csr_array(
        (np.concatenate(chances), places), shape=(len(every), len(every))
    )
    law = np.zeros(len(every))
    law[inside] = [
        math.prod(math.comb(int(m), int(c)) for m, c in zip(balls, row, strict=True))
        for row in x
    ]
    return ChainCriterion(transitions, sizes, law / law.sum(), **criterion)  # type: ignore[arg-type]
