"""Blocks joined along an axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from combkit.instances.errors import UsageError
from combkit.mip.modelling.expressions import Expression, as_block, mismatch
from combkit.mip.modelling.indexing import axis_numbers
from combkit.mip.modelling.labels import common
from combkit.mip.modelling.pieces import Sparse
from combkit.mip.modelling.scalars import foreign

__all__ = ["concatenate", "stack"]


def concatenate(blocks: Sequence[Any], axis: int = 0) -> Expression:
    """Return blocks joined along an axis that they have.

    Parameters
    ----------
    blocks : sequence of Expression
        The blocks; all other axes must be the same.
    axis : int
        The axis, without labels in the result.
    """
    parts = [as_block(b) for b in blocks]
    known = [p for p in parts if p is not None]
    if not known or len(known) < len(parts):
        raise UsageError("concatenate: a list of expressions is needed")
    first = known[0]
    (axis,) = axis_numbers(axis, first.ndim)
    moved = [p.move_axis(axis, 0) if p.ndim else p for p in known]
    rest = moved[0].shape[1:]
    for part in moved:
        if part.ndim != first.ndim or part.shape[1:] != rest:
            raise mismatch(first.shape, part.shape)
        if part.model is not first.model:
            raise foreign()
    rows = [p.assembled() for p in moved]
    lengths = np.concatenate([np.diff(r.start) for r in rows])
    joined = Sparse(
        np.concatenate(([0], np.cumsum(lengths))),
        np.concatenate([r.cols[r.start[0] : r.start[-1]] for r in rows]),
        np.concatenate([r.coefs[r.start[0] : r.start[-1]] for r in rows]),
    )
    constants = [np.broadcast_to(p.constant, p.shape) for p in moved]
    axes = moved[0].axes[1:]
    for part in moved[1:]:
        axes = common(axes, part.axes[1:])
    whole = Expression(
        first.model,
        (sum(p.shape[0] for p in moved), *rest),
        (joined,),
        np.concatenate(constants),
        (None, *axes),
    )
    return whole.move_axis(0, axis)


def stack(blocks: Sequence[Any], axis: int = 0) -> Expression:
    """Return blocks of the same shape joined along a new axis.

    Parameters
    ----------
    blocks : sequence of Expression, Variable or Linear
        The blocks or single expressions.
    axis : int
        Where the new axis stands.
    """
    parts = [as_block(b) for b in blocks]
    if not parts or None in [p if p is None else 0 for p in parts]:
        raise UsageError("stack: a list of expressions is needed")
    return concatenate([p[None] for p in parts if p is not None]).move_axis(0, axis)
