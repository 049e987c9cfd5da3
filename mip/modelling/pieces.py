"""Terms of many affine expressions at once, as arrays.

An expression block is a sum of pieces. A ``Uniform`` piece has the same number
of terms in each element and is indexed, transposed and stretched as any NumPy
array is, mostly without a copy; a ``Sparse`` piece is in compressed rows, one an
element in C order. ``assemble`` makes one set of compressed rows of all pieces.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Piece",
    "Sparse",
    "Uniform",
    "assemble",
    "collected",
    "reshaped",
    "scaled",
    "stretched",
    "summed",
    "taken",
    "transposed",
    "weighted",
]

Floats = NDArray[np.float64]
Integers = NDArray[Any]


class Uniform(NamedTuple):
    """Terms of a block of shape S, T of them an element.

    Parameters
    ----------
    cols : ndarray of int32, shape S + (T,)
        Variables.
    coefs : float or ndarray of float, shape S + (T,)
        Coefficients; one for all, or one each.
    """

    cols: Integers
    coefs: Any


class Sparse(NamedTuple):
    """Terms of a block in compressed rows, one row an element in C order.

    Parameters
    ----------
    start : ndarray of int, shape (size + 1,)
        Where each element's terms start.
    cols : ndarray of int32, shape (nnz,)
        Variables.
    coefs : ndarray of float, shape (nnz,)
        Coefficients.
    """

    start: Integers
    cols: Integers
    coefs: Floats


Piece = Uniform | Sparse


def scaled(piece: Piece, factor: Any) -> Piece:
    """Return a piece times a number, or times an array of the block's shape."""
    if not isinstance(factor, np.ndarray):
        return piece._replace(coefs=piece.coefs * factor)
    if isinstance(piece, Sparse):
        each = np.repeat(factor.ravel(), np.diff(piece.start))
        return piece._replace(coefs=piece.coefs * each)
    coefs = factor[..., None] * piece.coefs
    return piece._replace(coefs=np.broadcast_to(coefs, piece.cols.shape))


def taken(piece: Piece, shape: tuple[int, ...], key: tuple[Any, ...]) -> Piece:
    """Return the terms of ``block[key]``; ``key`` holds no Ellipsis."""
    if isinstance(piece, Sparse):
        places = np.arange(math.prod(shape)).reshape(shape)[key]
        return _rows(piece, np.ravel(places))
    coefs = piece.coefs
    if isinstance(coefs, np.ndarray):
        coefs = coefs[key]
    return Uniform(piece.cols[key], coefs)


def stretched(piece: Piece, shape: tuple[int, ...], target: tuple[int, ...]) -> Piece:
    """Return the terms of a block repeated as ``numpy.broadcast_to`` does."""
    if shape == target:
        return piece
    if isinstance(piece, Sparse):
        places = np.arange(math.prod(shape)).reshape(shape)
        return _rows(piece, np.broadcast_to(places, target).ravel())
    terms = piece.cols.shape[-1]
    return _each(piece, lambda a: np.broadcast_to(a, (*target, terms)))


def reshaped(piece: Piece, target: tuple[int, ...]) -> Piece:
    """Return the terms of a block in another shape, in C order."""
    if isinstance(piece, Sparse):
        return piece
    terms = piece.cols.shape[-1]
    return _each(piece, lambda a: a.reshape((*target, terms)))


def transposed(piece: Piece, shape: tuple[int, ...], order: Sequence[int]) -> Piece:
    """Return the terms of a block with its axes in another order."""
    if isinstance(piece, Sparse):
        return _transposed(piece, shape, order)
    return _each(piece, lambda a: a.transpose((*order, len(order))))


def _transposed(piece: Sparse, shape: tuple[int, ...], order: Sequence[int]) -> Sparse:
    places = np.arange(math.prod(shape)).reshape(shape)
    return _rows(piece, places.transpose(order).ravel())


def summed(piece: Piece, shape: tuple[int, ...], axes: tuple[int, ...]) -> Piece:
    """Return the terms of a block summed over some of its axes."""
    kept = [a for a in range(len(shape)) if a not in axes]
    target = tuple(shape[a] for a in kept)
    if isinstance(piece, Sparse):
        moved = _transposed(piece, shape, (*kept, *axes))
        group = math.prod(shape[a] for a in axes)
        ends = np.arange(math.prod(target) + 1) * group
        return moved._replace(start=moved.start[ends])
    order = (*kept, *axes, len(shape))
    terms = piece.cols.shape[-1] * math.prod(shape[a] for a in axes)
    return _each(piece, lambda a: a.transpose(order).reshape((*target, terms)))


def collected(piece: Sparse, target: Integers, size: int) -> Sparse:
    """Return the terms summed into groups.

    Parameters
    ----------
    piece : Sparse
        The terms.
    target : ndarray of int
        The group of each element.
    size : int
        Number of groups.
    """
    order = np.argsort(target, kind="stable")
    moved = _rows(piece, order)
    ends = np.concatenate(([0], np.cumsum(np.bincount(target, minlength=size))))
    return moved._replace(start=moved.start[ends])


def weighted(A: Any, rows: Sparse, width: int) -> Sparse:
    """Return the terms of ``A @ block``.

    Parameters
    ----------
    A : csr_array, shape (m, n)
        The matrix.
    rows : Sparse
        The terms of n times ``width`` elements.
    width : int
        Elements that the block has for each column of the matrix.
    """
    inner = np.arange(width)
    owner = np.repeat(np.arange(A.shape[0]), np.diff(A.indptr))
    target = (owner[:, None] * width + inner).ravel()
    source = (A.indices.astype(np.intp)[:, None] * width + inner).ravel()
    chosen = taken(rows, (rows.start.size - 1,), (source,))
    weighted = scaled(chosen, np.repeat(A.data, width))
    return collected(Sparse(*weighted), target, A.shape[0] * width)


def assemble(pieces: Sequence[Piece], shape: tuple[int, ...]) -> Sparse:
    """Return all terms of a block in one set of compressed rows.

    The result is freshly made, unless there is one sparse piece only.
    """
    if len(pieces) == 1 and isinstance(pieces[0], Sparse):
        return pieces[0]
    size = math.prod(shape)
    uniform = [p for p in pieces if isinstance(p, Uniform)]
    sparse = [p for p in pieces if isinstance(p, Sparse)]
    width = sum(p.cols.shape[-1] for p in uniform)
    cols, coefs = np.empty((*shape, width), np.int32), np.empty((*shape, width))
    at = 0
    for piece in uniform:
        end = at + piece.cols.shape[-1]
        cols[..., at:end], coefs[..., at:end] = piece.cols, piece.coefs
        at = end
    start = np.arange(size + 1) * width
    merged = Sparse(start, cols.ravel(), coefs.ravel())
    return _side_by_side([merged, *sparse], size) if sparse else merged


def _side_by_side(parts: Sequence[Sparse], size: int) -> Sparse:
    """Return each element's terms of all parts, one part after the other."""
    counts = [np.diff(part.start) for part in parts]
    start = np.concatenate(([0], np.cumsum(sum(counts, np.zeros(size, np.int64)))))
    cols, coefs = np.empty(start[-1], np.int32), np.empty(start[-1])
    free = start[:-1].copy()
    for part, count in zip(parts, counts, strict=True):
        first, last = part.start[0], part.start[-1]
        places = np.arange(first, last)
        places += np.repeat(free - part.start[:-1], count)
        cols[places], coefs[places] = part.cols[first:last], part.coefs[first:last]
        free += count
    return Sparse(start, cols, coefs)


def _rows(piece: Sparse, places: Integers) -> Sparse:
    """Return some elements of a sparse piece, in the order of ``places``."""
    lengths = np.diff(piece.start)[places]
    start = np.concatenate(([0], np.cumsum(lengths)))
    within = np.arange(start[-1]) + np.repeat(
        piece.start[:-1][places] - start[:-1], lengths
    )
    return Sparse(start, piece.cols[within], piece.coefs[within])


def _each(piece: Uniform, change: Any) -> Uniform:
    """Apply a change of shape to variables and coefficients."""
    coefs = piece.coefs
    if isinstance(coefs, np.ndarray):
        coefs = change(coefs)
    return Uniform(change(piece.cols), coefs)
