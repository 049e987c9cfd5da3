"""The bipartite graph of a program, as the network sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from combkit.neural.forge.canonical import Canonical
from combkit.neural.forge.features import Features

__all__ = ["Graph", "graph_of", "join"]

Floats = NDArray[np.float32]


class Graph(NamedTuple):
    """Features, and the four means that pass messages.

    Parameters
    ----------
    rows, columns : ndarray of float32, shapes (m, 27) and (n, 16)
        Features.
    to_rows, to_rows_by_entry : csr_array of float32, shape (m, n)
        Means over the columns of a row, plain and weighted by the entries.
    to_columns, to_columns_by_entry : csr_array of float32, shape (n, m)
        The same for the rows of a column.
    """

    rows: Floats
    columns: Floats
    to_rows: Any
    to_rows_by_entry: Any
    to_columns: Any
    to_columns_by_entry: Any


def graph_of(form: Canonical, known: Features) -> Graph:
    """Return the graph of a program.

    Parameters
    ----------
    form : Canonical
        The program.
    known : Features
        Features of its rows and columns.
    """
    A = sp.csr_array(form.A, dtype=np.float32)
    means = []
    for matrix in (A, sp.csr_array(A.T)):
        count = np.diff(matrix.indptr)
        share = np.repeat(1.0 / np.maximum(count, 1), count).astype(np.float32)
        for data in (share, share * matrix.data):
            parts = (data, matrix.indices, matrix.indptr)
            means.append(sp.csr_array(parts, shape=matrix.shape))
    return Graph(
        known.rows.astype(np.float32), known.columns.astype(np.float32), *means
    )


def join(graphs: Sequence[Graph]) -> Graph:
    """Return several graphs side by side, as one.

    Parameters
    ----------
    graphs : sequence of Graph
        At least one.
    """
    features = (np.concatenate([g[k] for g in graphs]) for k in range(2))
    return Graph(*features, *(_diagonal([g[k] for g in graphs]) for k in range(2, 6)))


def _diagonal(blocks: Sequence[Any]) -> Any:
    shapes = np.array([block.shape for block in blocks])
    columns = np.concatenate([[0], np.cumsum(shapes[:, 1])[:-1]])
    entries = np.concatenate([[0], np.cumsum([block.nnz for block in blocks])[:-1]])
    data = np.concatenate([block.data for block in blocks])
    indices = np.concatenate(
        [block.indices + at for block, at in zip(blocks, columns, strict=True)]
    )
    ends = [block.indptr[1:] + at for block, at in zip(blocks, entries, strict=True)]
    shape = tuple(shapes.sum(axis=0).tolist())
    return sp.csr_array((data, indices, np.concatenate([[0], *ends])), shape=shape)
