"""Set functions of covariances, of Markov chains and of revenue: states and kernels."""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from combkit.comb.submodular._kernels_protocol import assign, register
from combkit.instances.kernels import kernel

__all__ = [
    "FACTORIZABILITY",
    "GIVEN",
    "INDEPENDENCE",
    "RATE",
    "STATIONARITY",
    "Chain",
    "Factor",
    "Information",
    "Joint",
    "Stock",
]

#: Variance left, as a part of the whole, that rounding explains.
_NOISE = 1e-12
#: A number of 2**64 over the golden ratio, to spread keys.
_SPREAD = np.uint64(0x9E3779B97F4A7C15)

RATE, FACTORIZABILITY, INDEPENDENCE, STATIONARITY, GIVEN = 0, 1, 2, 3, 4


class Factor(NamedTuple):
    """A Cholesky factor that grows by a row for each chosen element.

    ``parts[e, t]`` is row e of the factor at the t-th chosen element, computed for the
    first ``done[e]`` of them; ``variance[e]`` is what these leave of the diagonal.
    """

    kernel: Any
    parts: Any
    done: Any
    variance: Any
    chosen: Any
    pivots: Any
    count: Any


@kernel(reassociates=True)
def _dot(a: Any, b: Any, size: int) -> float:
    total = 0.0
    for i in range(size):
        total += a[i] * b[i]
    return total


@kernel
def _variance(state: Any, e: int) -> float:
    """Return the variance of an element given the chosen ones, brought up to date."""
    for t in range(state.done[e], state.count[0]):
        s = state.chosen[t]
        shared = _dot(state.parts[e], state.parts[s], t)
        part = (state.kernel[e, s] - shared) / state.pivots[t]
        state.parts[e, t] = part
        state.variance[e] -= part * part
    state.done[e] = state.count[0]
    return state.variance[e]


@kernel
def _factor_gain(state: Any, e: int) -> float:
    left = _variance(state, e)
    return np.log(left) if left > _NOISE * state.kernel[e, e] else -np.inf


@kernel
def _factor_add(state: Any, e: int) -> None:
    left = _variance(state, e)
    t = state.count[0]
    state.chosen[t] = e
    # A singular set has no other value whatever comes: any pivot does.
    state.pivots[t] = np.sqrt(left) if left > _NOISE * state.kernel[e, e] else 1.0
    state.count[0] = t + 1


@kernel
def _factor_clear(state: Any) -> None:
    state.count[0] = 0
    state.done[:] = 0
    for e in range(state.variance.size):
        state.variance[e] = state.kernel[e, e]


class Information(NamedTuple):
    """Gaussian information: a factor for the chosen places, an inverse for the rest.

    ``inverse`` is that of the covariance of the places that are not chosen.
    """

    factor: Any
    original: Any
    inverse: Any


@kernel
def _information_gain(state: Any, e: int) -> float:
    left = _factor_gain(state.factor, e)
    return 0.5 * (left + np.log(state.inverse[e, e]))


@kernel
def _information_add(state: Any, e: int) -> None:
    _factor_add(state.factor, e)
    inverse = state.inverse
    n = inverse.shape[0]
    pivot = inverse[e, e]
    # e leaves the others: a Schur complement of their inverse.
    for i in range(n):
        share = inverse[i, e] / pivot
        if i != e and share != 0.0:
            for j in range(n):
                inverse[i, j] -= share * inverse[e, j]
    inverse[e, :] = 0.0
    inverse[:, e] = 0.0


@kernel
def _information_clear(state: Any) -> None:
    _factor_clear(state.factor)
    for i in range(state.inverse.shape[0]):
        assign(state.inverse[i], state.original[i])


class Chain(NamedTuple):
    """A criterion of a Markov chain: its flows, and which coordinates are chosen.

    ``keys`` and ``shares`` are a hash table for the law of some coordinates, ``used``
    the places that are taken; ``value`` is that of the chosen set.
    """

    start: Any
    end: Any
    weight: Any
    sizes: Any
    criterion: int
    given: Any
    single: Any
    chosen: Any
    trial: Any
    keys: Any
    shares: Any
    used: Any
    labels: Any
    value: Any
    whole: float


@kernel
def _place(keys: Any, key: int) -> int:
    """Return the place of a key in a hash table, or where it goes; -1 is empty."""
    mask = keys.size - 1
    place = np.int64((np.uint64(key) * _SPREAD) >> np.uint64(20)) & mask
    while keys[place] != -1 and keys[place] != key:
        place = (place + 1) & mask
    return place


@kernel
def _entropy(keys: Any, shares: Any, used: Any, count: int) -> float:
    """Return the entropy of the shares at the used places, and empty these."""
    entropy = 0.0
    for k in range(count):
        share = shares[used[k]]
        entropy -= share * np.log(share)
        keys[used[k]] = -1
    return entropy


@kernel
def _law_entropy(state: Any, pairs: bool) -> float:
    """Return the entropy of the state, or of the step, of the trial coordinates."""
    keys, shares, used = state.keys, state.shares, state.used
    labels, trial = state.labels, state.trial
    labels[:] = 0
    for e in range(trial.size):
        if trial[e]:
            for k in range(labels.size):
                labels[k] = labels[k] * state.sizes[e] + state.start[e, k]
    if pairs:
        for e in range(trial.size):
            if trial[e]:
                for k in range(labels.size):
                    labels[k] = labels[k] * state.sizes[e] + state.end[e, k]
    count = 0
    for k in range(labels.size):
        place = _place(keys, labels[k])
        if keys[place] == -1:
            keys[place] = labels[k]
            shares[place] = 0.0
            used[count] = place
            count += 1
        shares[place] += state.weight[k]
    return _entropy(keys, shares, used, count)


@kernel
def _rate(state: Any) -> float:
    """Return the entropy rate of the trial coordinates."""
    return _law_entropy(state, True) - _law_entropy(state, False)


@kernel
def _criterion(state: Any, e: int) -> float:
    """Return the criterion of the chosen coordinates and one more; -1 for none."""
    n = state.chosen.size
    trial = state.trial
    for j in range(n):
        trial[j] = state.chosen[j]
    if e >= 0:
        trial[e] = 1
    rate = _rate(state)
    if state.criterion == RATE:
        return rate
    if state.criterion == STATIONARITY:
        return _law_entropy(state, False) - rate
    if state.criterion == INDEPENDENCE:
        total = -rate
        for j in range(n):
            if trial[j]:
                total += state.single[j]
        return total
    if state.criterion == FACTORIZABILITY:
        for j in range(n):
            trial[j] = 1 - trial[j]
        return rate + _rate(state) - state.whole
    for j in range(n):
        trial[j] = max(trial[j], state.given[j])
    return state.whole + rate - _rate(state)


@kernel
def _chain_gain(state: Any, e: int) -> float:
    return _criterion(state, e) - state.value[0]


@kernel
def _chain_add(state: Any, e: int) -> None:
    state.value[0] = _criterion(state, e)
    state.chosen[e] = 1


@kernel
def _chain_clear(state: Any) -> None:
    state.chosen[:] = 0
    state.value[0] = 0.0


class Joint(NamedTuple):
    """Joint entropy: a dense label of each sample for the chosen variables.

    ``codes`` (n, m) are the values, ``sizes`` one more than the largest of each
    variable; the rest is a hash table as of `Chain`, and its numbers of places.
    """

    codes: Any
    sizes: Any
    law: Any
    labels: Any
    keys: Any
    shares: Any
    used: Any
    numbers: Any
    value: Any


@kernel
def _joint(state: Any, e: int, keep: bool) -> float:
    """Return the entropy with a variable more; perhaps keep the labels."""
    keys, shares, used = state.keys, state.shares, state.used
    count = 0
    for k in range(state.labels.size):
        key = state.labels[k] * state.sizes[e] + state.codes[e, k]
        place = _place(keys, key)
        if keys[place] == -1:
            keys[place] = key
            shares[place] = 0.0
            state.numbers[place] = count
            used[count] = place
            count += 1
        shares[place] += state.law[k]
        if keep:
            state.labels[k] = state.numbers[place]
    return _entropy(keys, shares, used, count)


@kernel
def _joint_gain(state: Any, e: int) -> float:
    return _joint(state, e, False) - state.value[0]


@kernel
def _joint_add(state: Any, e: int) -> None:
    state.value[0] = _joint(state, e, True)


@kernel
def _joint_clear(state: Any) -> None:
    state.labels[:] = 0
    state.value[0] = 0.0


class Stock(NamedTuple):
    """Revenue: the stocked products by falling price, ``rank`` their places."""

    prices: Any
    attractions: Any
    outside: float
    rank: Any
    stocked: Any
    count: Any
    value: Any


@kernel
def _stock_gain(state: Any, e: int) -> float:
    best, above, below = 0.0, 0.0, state.outside
    waiting = True
    for k in range(state.count[0] + 1):
        if waiting and (
            k == state.count[0] or state.rank[state.stocked[k]] > state.rank[e]
        ):
            product, waiting = e, False
        else:
            product = state.stocked[k if waiting else k - 1]
        above += state.attractions[product] * state.prices[product]
        below += state.attractions[product]
        if above <= best * below:
            # Cheaper products lower a mean that is above their price.
            break
        best = above / below
    return best - state.value[0]


@kernel
def _stock_add(state: Any, e: int) -> None:
    state.value[0] += _stock_gain(state, e)
    k = state.count[0]
    while k > 0 and state.rank[state.stocked[k - 1]] > state.rank[e]:
        state.stocked[k] = state.stocked[k - 1]
        k -= 1
    state.stocked[k] = e
    state.count[0] += 1


@kernel
def _stock_clear(state: Any) -> None:
    state.count[0] = 0
    state.value[0] = 0.0


register(Factor, _factor_gain, _factor_add, _factor_clear)
register(Information, _information_gain, _information_add, _information_clear)
register(Chain, _chain_gain, _chain_add, _chain_clear)
register(Joint, _joint_gain, _joint_add, _joint_clear)
register(Stock, _stock_gain, _stock_add, _stock_clear)
