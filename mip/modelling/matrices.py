"""Products of matrices and blocks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import scipy.sparse as sp

from combkit.instances.errors import UsageError
from combkit.mip.modelling import pieces as terms
from combkit.mip.modelling.expressions import Expression
from combkit.mip.modelling.pieces import Sparse, Uniform

__all__ = ["matrix_product"]


def matrix_product(matrix: Any, block: Expression) -> Expression:
    """Return ``matrix @ block``.

    Parameters
    ----------
    matrix : array_like or sparse array, shape (n,) or (m, n)
        The left factor.
    block : Expression, shape (n, ...)
        The right factor.

    Raises
    ------
    UsageError
        If lengths differ or the matrix holds something that is no finite number.
    """
    if not block.shape:
        raise UsageError("@ needs a block; a scalar is multiplied by *")
    if not sp.issparse(matrix):
        matrix = np.asarray(matrix)
        if matrix.ndim not in (1, 2) or matrix.dtype.kind not in "iufb":
            raise UsageError("@: a vector or a matrix of numbers is needed")
    if matrix.shape[-1] != block.shape[0]:
        raise UsageError(f"@: shapes {matrix.shape} and {block.shape} do not fit")
    if matrix.ndim == 1:
        column = matrix.reshape((-1, *(1,) * (block.ndim - 1)))
        weighted: Expression = block * np.broadcast_to(column, block.shape)
        return weighted.sum(axis=0)
    A = sp.csr_array(matrix, dtype=np.float64)
    if not np.isfinite(A.data).all():
        raise UsageError("@: the matrix holds a value that is not finite")
    rest = block.shape[1:]
    shape = (A.shape[0], *rest)
    (piece,) = block.pieces if len(block.pieces) == 1 else (None,)
    if not rest and isinstance(piece, Uniform) and piece.cols.shape[-1] == 1:
        coefs = piece.coefs
        if isinstance(coefs, np.ndarray):
            coefs = coefs[A.indices, 0]
        product = Sparse(A.indptr, piece.cols[A.indices, 0], A.data * coefs)
    else:
        product = terms.weighted(A, block.assembled(), math.prod(rest))
    constant = block.constant
    if isinstance(constant, np.ndarray) or constant:
        full = np.broadcast_to(constant, block.shape).reshape(block.shape[0], -1)
        constant = (A @ full).reshape(shape)
    return Expression(block.model, shape, (product,), constant, (None, *block.axes[1:]))
