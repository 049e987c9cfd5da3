"""Programs over sets: covers, auctions and bins."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from combkit.instances.generators.programs.rows import Rows
from combkit.instances.mip import MIP

__all__ = ["auction", "bin_packing", "set_cover"]

Floats = NDArray[np.float64]


def set_cover(rng: np.random.Generator, n: int, structure: str, name: str) -> MIP:
    """Draw a set cover of ``n`` sets and ``n / 2`` elements, density 0.05.

    Every element is in two sets at least, and every set has an element [1]_.
    Costs are uniform on 1..100; those of a ``planted`` cover, disjoint sets, are
    near to what their elements would cost on average.

    Parameters
    ----------
    rng, n, structure, name
        As of ``program``.

    References
    ----------
    .. [1] E. Balas, A. Ho, "Set covering algorithms using cutting planes,
       heuristics, and subgradient optimization", 1980.
    """
    m = max(2, n // 2)
    inside = rng.random((m, n)) < max(0.05, 2.0 / m)
    costs = rng.integers(1, 100, n, endpoint=True).astype(np.float64)
    if structure == "planted":
        parts = max(1, min(n // 2, 20))
        inside[:, :parts] = rng.integers(parts, size=m)[:, None] == np.arange(parts)
        share = inside.sum(axis=0) / max(1.0, inside.sum(axis=0).mean())
        costs = np.maximum(1.0, np.round(50.0 * share * rng.uniform(0.8, 1.2, n)))
    for row in np.flatnonzero(inside.sum(axis=1) < 2):
        inside[row, rng.choice(n, min(2, n), replace=False)] = True
    for column in np.flatnonzero(~inside.any(axis=0)):
        inside[rng.integers(m), column] = True
    rows = Rows()
    rows.add_sets((np.flatnonzero(row) for row in inside), lower=1.0)
    return rows.program(costs, name=name)


def auction(rng: np.random.Generator, n: int, structure: str, name: str) -> MIP:
    """Draw a combinatorial auction of ``n`` bids for ``n / 5`` items.

    The scheme "arbitrary" of the Combinatorial Auction Test Suite [1]_: a bidder
    has own values near the common ones, a bundle grows by an item of high interest
    and good fit with probability 0.65, or 0.9 for ``large`` bundles, and up to five
    substitutes of it are bid for. Bids of one bidder exclude each other.

    Parameters
    ----------
    rng, n, structure, name
        As of ``program``.

    References
    ----------
    .. [1] K. Leyton-Brown, M. Pearson, Y. Shoham, "Towards a universal test suite
       for combinatorial auction algorithms", EC 2000.
    """
    items = max(2, n // 5)
    more = 0.9 if structure == "large" else 0.65
    values = 1.0 + 99.0 * rng.random(items)
    fits = np.triu(rng.random((items, items)), 1)
    fits += fits.T
    fits /= fits.sum(axis=1, keepdims=True)
    bundles: list[tuple[int, ...]] = []
    prices: list[float] = []
    bidder_of: list[int] = []
    bidder = 0
    while len(bundles) < n:
        interests = rng.random(items)
        private = values + 100.0 * 0.5 * (2.0 * interests - 1.0)
        bundle = _bundle(rng, interests, fits, more)
        price = _price(private, bundle)
        if price < 0.0:
            continue
        bids = {tuple(sorted(bundle)): price}
        resale = 0.5 * float(values[bundle].sum())
        other = []
        for first in bundle:
            swap = _bundle(rng, interests, fits, more, first, len(bundle))
            if 0.0 <= _price(private, swap) <= 1.5 * price and (
                values[swap].sum() >= resale
            ):
                other.append((_price(private, swap), tuple(sorted(swap))))
        for worth, swap_key in sorted(other, reverse=True)[:5]:
            bids.setdefault(swap_key, worth)
        for key, worth in bids.items():
            if len(bundles) < n:
                bundles.append(key)
                prices.append(worth)
                bidder_of.append(bidder)
        bidder += 1
    holders: list[list[int]] = [[] for _ in range(items + bidder)]
    for bid, bundle_key in enumerate(bundles):
        for item in bundle_key:
            holders[item].append(bid)
        holders[items + bidder_of[bid]].append(bid)
    rows = Rows()
    rows.add_sets((held for held in holders if len(held) > 1), upper=1.0)
    return rows.program(np.round(prices, 4), maximize=True, name=name)


def _bundle(
    rng: np.random.Generator,
    interests: Floats,
    fits: Floats,
    more: float,
    first: int | None = None,
    size: int | None = None,
) -> list[int]:
    """Draw a bundle: of a size, or grown while chance says so."""
    free = np.ones(interests.size, dtype=np.bool_)
    if first is None:
        first = int(rng.choice(interests.size, p=interests / interests.sum()))
    bundle = [first]
    free[first] = False
    while free.any() and (len(bundle) < size if size else rng.random() < more):
        weights = free * interests * fits[bundle].mean(axis=0)
        item = int(rng.choice(interests.size, p=weights / weights.sum()))
        bundle.append(item)
        free[item] = False
    return bundle


def _price(private: Floats, bundle: list[int]) -> float:
    return float(private[bundle].sum() + len(bundle) ** 1.2)


def bin_packing(rng: np.random.Generator, n: int, structure: str, name: str) -> MIP:
    """Draw a bin packing of ``n`` items, bins by first fit.

    ``uniform``: sizes on 20..100, bins of 150; ``triplets``: three items fill a bin
    of 1000 exactly [1]_.

    Parameters
    ----------
    rng, n, structure, name
        As of ``program``.

    References
    ----------
    .. [1] E. Falkenauer, "A hybrid grouping genetic algorithm for bin packing",
       Journal of Heuristics 2, 1996.
    """
    if structure == "triplets":
        capacity, groups = 1000, -(-n // 3)
        first = rng.integers(380, 490, groups, endpoint=True)
        second = rng.integers(250, (1000 - first) // 2, endpoint=True)
        sizes = np.stack([first, second, capacity - first - second], axis=1).ravel()[:n]
    else:
        capacity = 150
        sizes = rng.integers(20, 100, n, endpoint=True)
    bins: list[int] = []
    for size in sorted(sizes.tolist(), reverse=True):
        fitting = next(
            (b for b, load in enumerate(bins) if load + size <= capacity), -1
        )
        if fitting < 0:
            bins.append(size)
        else:
            bins[fitting] += size
    count = len(bins)
    # Column of item i in bin b: i * count + b; that of bin b: n * count + b.
    place = np.arange(n * count).reshape(n, count)
    used = n * count + np.arange(count)
    rows = Rows()
    rows.add(place, lower=1.0, upper=1.0)
    rows.add(np.column_stack([place.T, used]), np.append(sizes, -capacity), upper=0.0)
    costs = np.append(np.zeros(n * count), np.ones(count))
    return rows.program(costs, name=name)
