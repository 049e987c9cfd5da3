"""Constraints beyond rows, and functions that are made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.instances.errors import UsageError
from combkit.mip.modelling.blocks import Variables
from combkit.mip.modelling.expressions import Expression, Relations, as_block
from combkit.mip.modelling.joining import stack
from combkit.mip.modelling.pieces import Sparse, assemble
from combkit.mip.modelling.scalars import Relation, Variable, foreign

if TYPE_CHECKING:
    from combkit.mip.modelling.model import Model

__all__ = [
    "Extreme",
    "IndicatorBlock",
    "OrderedSet",
    "add_cardinality",
    "add_indicator",
    "add_maximum",
    "add_piecewise",
    "add_set",
    "as_relations",
]

Floats = NDArray[np.float64]


class IndicatorBlock(NamedTuple):
    """Rows of one shape, each under a binary variable; flattened."""

    binaries: Any
    active: bool
    rows: Sparse
    lower: Floats
    upper: Floats


class Extreme(NamedTuple):
    """Variables that equal the largest or smallest of some expressions.

    Their bounds follow from those of the expressions, whenever these change.

    Parameters
    ----------
    columns : ndarray of int, shape (k,)
        Numbers of the variables.
    sign : float
        1 for the largest; -1 where ``rows`` and ``constant`` are the negated
        expressions of the smallest.
    rows : Sparse
        Terms of the expressions, as many for each variable.
    constant : ndarray of float
        Their constants.
    """

    columns: Any
    sign: float
    rows: Sparse
    constant: Floats


class OrderedSet(NamedTuple):
    """A special ordered set over numbers of variables."""

    order: int
    columns: Any


def as_relations(relation: Any) -> Relations:
    """Return rows of any class as a block.

    Raises
    ------
    UsageError
        If it is no relation, such as the True or False of two numbers.
    """
    if isinstance(relation, Relations):
        return relation
    if not isinstance(relation, Relation):
        kind = type(relation).__name__
        raise UsageError(f"a constraint is needed, not {kind}: {relation!r}"[:120])
    cols, coefs = relation.cols[: relation.size], relation.coefs[: relation.size]
    block = Expression(
        relation.model,
        (),
        (
            Sparse(
                np.array([0, len(cols)]),
                np.array(cols, np.int32),
                np.array(coefs, np.float64),
            ),
        ),
        0.0,
        (),
    )
    return Relations(block, float(relation.lower), float(relation.upper))


def add_indicator(model: Model, binary: Any, relation: Any, active: bool) -> None:
    """Let rows hold where binary variables have a value.

    Parameters
    ----------
    model, binary, relation, active
        As for ``Model.add_indicator``.
    """
    rows = as_relations(relation)
    if not isinstance(binary, Variable | Variables):
        raise UsageError("an indicator needs a variable of the model")
    if rows.model is not model or binary.model is not model:
        raise foreign()
    ids = np.asarray(binary.ids)
    if ids.shape and ids.shape != rows.shape:
        raise UsageError(f"shapes {ids.shape} and {rows.shape} differ")
    size = int(np.prod(rows.shape))
    model.indicators.append(
        IndicatorBlock(
            np.broadcast_to(ids, rows.shape).ravel(),
            bool(active),
            assemble(rows.pieces, rows.shape),
            np.broadcast_to(rows.lower, rows.shape).ravel() + np.zeros(size),
            np.broadcast_to(rows.upper, rows.shape).ravel() + np.zeros(size),
        )
    )


def add_set(
    model: Model, variables: Variables, order: int, weights: ArrayLike | None
) -> None:
    """Add a special ordered set over a vector.

    Parameters
    ----------
    model, variables, weights
        As for ``Model.add_sos1``.
    order : int
        1 or 2.
    """
    if not isinstance(variables, Variables) or variables.ndim != 1:
        raise UsageError("a special ordered set needs a vector of variables")
    if variables.model is not model:
        raise foreign()
    ids = variables.ids
    if len(set(ids.tolist())) < ids.size:
        raise UsageError("a special ordered set holds a variable twice")
    if weights is not None:
        ranks = np.asarray(weights, dtype=np.float64)
        if ranks.shape != ids.shape or len(set(ranks.tolist())) < ids.size:
            raise UsageError("weights: one different number a variable is needed")
        ids = ids[np.argsort(ranks)]
    model.sets.append(OrderedSet(order, np.array(ids)))


def add_maximum(
    model: Model, expressions: Any, axis: int | None, *, smallest: bool, name: str
) -> Any:
    """Return variables equal to the largest or smallest elements.

    Parameters
    ----------
    model, expressions, axis, name
        As for ``Model.add_max``.
    smallest : bool
        Whether the smallest are meant.
    """
    block = as_block(expressions)
    if block is None:
        if not isinstance(expressions, Sequence) or not expressions:
            raise UsageError("a block or a list of expressions is needed")
        block = stack(expressions, axis=0)
        axis = 0 if axis is None else axis
    if axis is None:
        block, axis = block.ravel(), 0
    if not block.shape or block.size == 0:
        raise UsageError("the largest of nothing")
    if smallest:
        block = -block
    last = block.transpose(*_to_end(block.ndim, axis))
    shape = last.shape[:-1]
    result = model.add_variables(shape, lower=-np.inf, name=name)
    sign = -1.0 if smallest else 1.0
    constant = np.broadcast_to(last.constant, last.shape).ravel()
    extreme = Extreme(result.ids.ravel(), sign, last.assembled(), constant)
    model.extremes.append(extreme)
    difference = sign * (result[..., None] if shape else result) - last
    model.add(difference >= 0)
    chosen = model.add_variables(last.shape, kind="binary")
    model.add(chosen.sum(axis=-1) == 1)
    add_indicator(model, chosen, difference <= 0, True)
    return result


def _to_end(ndim: int, axis: int) -> list[int]:
    if not -ndim <= axis < ndim:
        raise UsageError(f"axis {axis} of a block with {ndim} dimensions")
    order = [a for a in range(ndim) if a != axis % ndim]
    return [*order, axis % ndim]


def add_piecewise(model: Model, x: Any, xs: ArrayLike, ys: ArrayLike) -> Any:
    """Return a piecewise linear function of expressions.

    Parameters
    ----------
    model, x, xs, ys
        As for ``Model.add_piecewise``.
    """
    block = as_block(x)
    if block is None:
        raise UsageError("a piecewise linear function needs an expression")
    at, values = np.asarray(xs, dtype=np.float64), np.asarray(ys, dtype=np.float64)
    if at.ndim != 1 or at.shape != values.shape or at.size < 2:
        raise UsageError("breakpoints: two vectors of one length, at least 2")
    if not (np.isfinite(at).all() and np.isfinite(values).all()):
        raise UsageError("breakpoints must be finite")
    if (np.diff(at) < 0).any():
        raise UsageError("breakpoints must not decrease")
    weights = model.add_variables((*block.shape, at.size), upper=1.0)
    model.add(weights.sum(axis=-1) == 1)
    model.add(weights @ at == block)
    for ids in weights.ids.reshape((-1, at.size)):
        model.sets.append(OrderedSet(2, ids))
    return weights @ values


def add_cardinality(model: Model, x: Any, at_most: int) -> Any:
    """Let at most some elements differ from zero; see ``Model``."""
    block = as_block(x)
    if block is None or not block.shape:
        raise UsageError("a cardinality constraint needs a block")
    if at_most < 0:
        raise UsageError(f"at_most: {at_most} is negative")
    used = model.add_variables(block.shape, kind="binary")
    add_indicator(model, used, block == 0, False)
    model.add(used.sum() <= at_most)
    return used
