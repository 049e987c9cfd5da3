"""Whether two programs are the same but for how they are written."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from combkit.neural.forge.canonical import Canonical

__all__ = ["colours", "signature"]

Hashes = NDArray[np.uint64]

#: Times that neighbours are told; what differs beyond that is not seen.
_ROUNDS = 3
#: Numbers are rounded to so many digits after the point, on a scale of roots.
_DIGITS = 6


def signature(form: Canonical) -> str:
    """Return a hash that all ways to write a program share.

    Different programs of the same colours are possible, and rare unless they are
    symmetric on purpose.

    Parameters
    ----------
    form : Canonical
        A program in canonical form.
    """
    digest = hashlib.sha256()
    for part in colours(form):
        digest.update(np.sort(part).tobytes())
    return digest.hexdigest()[:16]


def colours(form: Canonical) -> tuple[Hashes, Hashes]:
    """Return colours of rows and columns, refined by those of their neighbours.

    The test of Weisfeiler and Lehman.

    Parameters
    ----------
    form : Canonical
        A program in canonical form.
    """
    A = form.A
    row = np.repeat(np.arange(form.m), np.diff(A.indptr))
    rows = _mix(_hashed(form.b), form.equal.astype(np.uint64))
    columns = _mix(
        _hashed(form.c),
        _hashed(form.lower),
        _hashed(form.upper),
        form.integer.astype(np.uint64),
    )
    entry = _hashed(A.data)
    for _ in range(_ROUNDS):
        to_rows = _summed(_mix(columns[A.indices], entry), row, form.m)
        to_columns = _summed(_mix(rows[row], entry), A.indices, form.n)
        rows, columns = _mix(rows, to_rows), _mix(columns, to_columns)
    return rows, columns


def _hashed(values: NDArray[np.float64]) -> Hashes:
    """Return hashes of numbers, the same for those that differ by rounding only."""
    with np.errstate(invalid="ignore"):
        root = np.sign(values) * np.sqrt(np.abs(values))
    rounded = np.round(np.clip(root, -1e12, 1e12), _DIGITS) + 0.0
    return _scramble(rounded.view(np.uint64))


def _scramble(values: Hashes) -> Hashes:
    """Return the finaliser of SplitMix64, a bijection that mixes all bits."""
    x = values + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _mix(first: Hashes, *others: Hashes) -> Hashes:
    mixed = first
    for other in others:
        mixed = _scramble(mixed * np.uint64(3) + other)
    return mixed


def _summed(values: Hashes, where: NDArray[np.integer], size: int) -> Hashes:
    """Return sums modulo 2^64, which no order of the terms changes."""
    sums = np.zeros(size, dtype=np.uint64)
    np.add.at(sums, where, values)
    return sums
