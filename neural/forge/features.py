"""What rows, columns and entries look like in themselves, in canonical form."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from combkit.neural.forge.canonical import Canonical

__all__ = ["CLASSES", "COLUMN", "ROW", "Features", "features"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: Classes of rows after MIPLIB; a row is of the first that fits.
CLASSES = (
    "aggregation",
    "precedence",
    "variable bound",
    "set partitioning",
    "set packing",
    "set covering",
    "cardinality",
    "invariant knapsack",
    "equation knapsack",
    "bin packing",
    "knapsack",
    "integer knapsack",
    "mixed binary",
    "general",
)
#: Names of the features of a row.
ROW = (
    "is equation",
    "log entries",
    "share binary",
    "share integer",
    "share positive",
    "one size of entries",
    "rhs",
    "sign of rhs",
    "log least entry",
    "mean entry",
    "deviation of entries",
    "bounded activity",
    "tightness",
    *CLASSES,
)
#: Names of the features of a column.
COLUMN = (
    "is binary",
    "is integer",
    "cost",
    "log size of cost",
    "sign of cost",
    "cost rank",
    "log entries",
    "share positive",
    "up locks",
    "down locks",
    "in equations",
    "mean size of entries",
    "finite lower",
    "lower is 0",
    "finite upper",
    "log range",
)


class Features(NamedTuple):
    """Features of a program, and what statistics need of its parts.

    Parameters
    ----------
    rows : ndarray of float, shape (m, 27)
        Features of the rows, see ``ROW``.
    columns : ndarray of float, shape (n, 16)
        Features of the columns, see ``COLUMN``.
    """

    rows: Floats
    columns: Floats


def features(form: Canonical) -> Features:
    """Return the features of rows and columns.

    Parameters
    ----------
    form : Canonical
        A program in canonical form.
    """
    binary = form.integer & (form.lower >= 0.0) & (form.upper <= 1.0)
    return Features(_rows(form, binary), _columns(form, binary))


def _rows(form: Canonical, binary: Flags) -> Floats:
    m = form.m
    if m == 0:
        return np.zeros((0, len(ROW)))
    data, column = form.A.data, form.A.indices
    start = form.A.indptr[:-1]
    count = np.diff(form.A.indptr).astype(np.float64)

    def total(values: NDArray[np.generic]) -> Floats:
        summed: Floats = np.add.reduceat(np.asarray(values, np.float64), start)
        return summed

    size = np.abs(data)
    least = np.minimum.reduceat(size, start)
    binaries = total(binary[column])
    integers = total(form.integer[column])
    positive = total(data > 0.0)
    mean = total(data) / count
    spread = np.sqrt(
        np.maximum(0.0, total(size**2) / count - (total(size) / count) ** 2)
    )
    up, down = form.upper[column], form.lower[column]
    with np.errstate(invalid="ignore", divide="ignore"):
        most = total(np.where(data > 0.0, data * up, data * down))
        fewest = total(np.where(data > 0.0, data * down, data * up))
        bounded = np.isfinite(most) & np.isfinite(fewest) & (most > fewest)
        tight = np.where(bounded, (form.b - fewest) / (most - fewest), 0.5)
    classes = _classes(form, least, count, positive, binaries, integers, size, start)
    return np.column_stack(
        [
            form.equal,
            np.log1p(count),
            binaries / count,
            integers / count,
            positive / count,
            least > 1.0 - 1e-9,
            np.arcsinh(form.b),
            np.sign(form.b),
            np.log(np.maximum(least, 1e-9)),
            mean,
            spread,
            bounded,
            np.clip(tight, -0.5, 1.5),
            classes,
        ]
    )


def _classes(
    form: Canonical,
    least: Floats,
    count: Floats,
    positive: Floats,
    binaries: Floats,
    integers: Floats,
    size: Floats,
    start: NDArray[np.integer],
) -> Floats:
    """Return the class of each row as ones and zeros."""
    b, equal = form.b, form.equal
    units = least > 1.0 - 1e-9
    all_binary = binaries == count
    # Complements of the negative ones: the right-hand side of an all-positive row.
    shifted = b + (count - positive)
    # The coefficients as integers, if the least is the unit.
    unit = least[np.repeat(np.arange(count.size), count.astype(np.int64))]
    ratio = size / unit
    whole = np.maximum.reduceat(np.abs(ratio - np.round(ratio)), start) < 1e-6
    two = count == 2
    pure = all_binary & units
    tests = (
        equal & two,
        ~equal & two & units & (positive == 1) & (integers != 1),
        ~equal & two & (positive == 1),
        pure & equal & (np.abs(shifted - 1.0) < 1e-9),
        pure & ~equal & (np.abs(shifted - 1.0) < 1e-9) & ~(two & (positive == 0)),
        pure & ~equal & (np.abs(shifted - (count - 1.0)) < 1e-9),
        pure & equal,
        pure & ~equal,
        all_binary & whole & equal,
        all_binary & ~equal & (positive == count - 1) & (np.abs(b) < 1e-9),
        all_binary & ~equal,
        (integers == count) & ~equal,
        (binaries > 0) & (binaries == integers),
        np.ones(count.size, dtype=np.bool_),
    )
    first = np.argmax(np.stack(tests), axis=0)
    found: Floats = np.eye(len(CLASSES))[first]
    return found


def _columns(form: Canonical, binary: Flags) -> Floats:
    n = form.n
    data, column = form.A.data, form.A.indices
    row = np.repeat(np.arange(form.m), np.diff(form.A.indptr))
    equal = form.equal[row]

    def total(values: NDArray[np.generic]) -> Floats:
        weights = np.asarray(values, np.float64)
        return np.bincount(column, weights, n).astype(np.float64)

    entries = total(np.ones(data.size))
    least_one = np.maximum(entries, 1.0)
    size = np.abs(form.c)
    with np.errstate(invalid="ignore", divide="ignore"):
        extent = np.log1p(np.maximum(form.upper - form.lower, 0.0))
    return np.column_stack(
        [
            binary,
            form.integer & ~binary,
            form.c,
            np.log(np.maximum(size, 1e-6)),
            np.sign(form.c),
            _ranks(form.c),
            np.log1p(entries),
            total(data > 0.0) / least_one,
            total((data > 0.0) | equal) / least_one,
            total((data < 0.0) | equal) / least_one,
            total(equal) / least_one,
            total(np.abs(data)) / least_one,
            np.isfinite(form.lower),
            form.lower == 0.0,
            np.isfinite(form.upper),
            np.where(np.isfinite(extent), np.minimum(extent, 20.0), 20.0) / 5.0,
        ]
    )


def _ranks(values: Floats) -> Floats:
    """Return the share of other values that are less, half of those that are equal."""
    if values.size == 0:
        return values
    ordered = np.sort(values)
    left = np.searchsorted(ordered, values - 1e-12, side="left")
    right = np.searchsorted(ordered, values + 1e-12, side="right")
    ranks: Floats = (left + right) / (2.0 * values.size)
    return ranks
