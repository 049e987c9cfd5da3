"""Named numbers that describe a program: what an index compares and explains."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from combkit.neural.forge.canonical import Canonical
from combkit.neural.forge.features import CLASSES, COLUMN, ROW, Features

__all__ = ["NAMES", "SIZES", "statistics"]

Floats = NDArray[np.float64]

#: Statistics that tell how large a program is.
SIZES = ("log rows", "log columns", "log entries")
_SHAPES = (
    "log rows per column",
    "log density",
    "entries per row",
    "entries per column",
)
_MOMENTS = ("mean", "deviation", "low", "middle", "high")
_RELATIONS = (
    "share of zero costs",
    "distinct costs",
    "distinct entries",
    "distinct right-hand sides",
    "spread of row lengths",
    "spread of column lengths",
    "cost with column length",
    "cost with column entries",
    "row length with column length",
    "right-hand side with row length",
)
#: Features that are flags have a mean only.
_FLAGS = {
    "is equation",
    "one size of entries",
    "bounded activity",
    "is binary",
    "is integer",
    "finite lower",
    "lower is 0",
    "finite upper",
    *CLASSES,
}


def _names() -> tuple[str, ...]:
    names = [*SIZES, *_SHAPES]
    for side, features in (("rows", ROW), ("columns", COLUMN)):
        for feature in features:
            moments = _MOMENTS[:1] if feature in _FLAGS else _MOMENTS
            names += [f"{side}: {feature}, {moment}" for moment in moments]
    return (*names, *_RELATIONS)


#: Names of the statistics, in their order.
NAMES = _names()


def statistics(form: Canonical, known: Features) -> Floats:
    """Return the statistics of a program.

    Parameters
    ----------
    form : Canonical
        The program.
    known : Features
        Features of its rows and columns.

    Returns
    -------
    ndarray of float, shape (len(NAMES),)
        All finite; 0 where there is nothing to measure.
    """
    m, n, entries = form.m, form.n, int(form.A.nnz)
    values = [
        *np.log1p([m, n, entries]),
        np.log((m + 1.0) / (n + 1.0)),
        np.log((entries + 1.0) / (m * n + 1.0)),
        np.log1p(entries / max(m, 1)),
        np.log1p(entries / max(n, 1)),
    ]
    for names, table in ((ROW, known.rows), (COLUMN, known.columns)):
        for feature, column in zip(names, table.T, strict=True):
            values += _moments(column, feature in _FLAGS)
    values += _relations(form, known)
    found = np.array(values, dtype=np.float64)
    return np.where(np.isfinite(found), found, 0.0)


def _moments(values: Floats, flag: bool) -> list[float]:
    if values.size == 0:
        return [0.0] * (1 if flag else len(_MOMENTS))
    if flag:
        return [float(values.mean())]
    low, middle, high = np.quantile(values, [0.1, 0.5, 0.9]).tolist()
    return [float(values.mean()), float(values.std()), low, middle, high]


def _relations(form: Canonical, known: Features) -> list[float]:
    length = np.diff(form.A.indptr).astype(np.float64)
    degree = np.bincount(form.A.indices, minlength=form.n).astype(np.float64)
    row = np.repeat(np.arange(form.m), np.diff(form.A.indptr))
    cost = np.abs(form.c)
    return [
        float((cost == 0.0).mean()) if form.n else 0.0,
        _distinct(form.c),
        _distinct(form.A.data),
        _distinct(form.b),
        _spread(length),
        _spread(degree),
        _correlation(cost, degree),
        _correlation(form.c, known.columns[:, COLUMN.index("mean size of entries")]),
        _correlation(length[row], degree[form.A.indices]),
        _correlation(form.b, length),
    ]


def _distinct(values: Floats) -> float:
    """Return the logarithm of how many different values there are, of how many."""
    if values.size == 0:
        return 0.0
    return float(np.log(np.unique(np.round(values, 6)).size) / np.log(values.size + 1))


def _spread(values: Floats) -> float:
    return float(values.std() / values.mean()) if values.size and values.any() else 0.0


def _correlation(a: Floats, b: Floats) -> float:
    if a.size < 2:
        return 0.0
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / norm if norm > 1e-12 else 0.0
