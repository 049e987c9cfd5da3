"""Dimensions of blocks: a length, with or without a label for each position."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from numbers import Integral
from typing import Any

import numpy as np

from combkit.instances.errors import UsageError, nearest

__all__ = ["Axes", "ByLabel", "Labels", "as_dimensions", "common", "locate", "selected"]


class Labels:
    """Unique labels of one dimension.

    Parameters
    ----------
    values : iterable of hashable
        One label a position.
    name : hashable, optional
        Name of the dimension, as a pandas Index has it.
    """

    __slots__ = ("_position", "name", "values")

    def __init__(self, values: Iterable[Hashable], name: Hashable = None) -> None:
        self.values = tuple(values)
        self.name = name
        self._position: dict[Hashable, int] | None = None

    def __len__(self) -> int:
        return len(self.values)

    @property
    def index(self) -> dict[Hashable, int]:
        """Position of each label."""
        if self._position is None:
            self._position = {v: k for k, v in enumerate(self.values)}
        return self._position

    def position(self, label: Hashable) -> int:
        """Return where a label stands.

        Raises
        ------
        UsageError
            If there is no such label.
        """
        try:
            return self.index[label]
        except (KeyError, TypeError):
            close = nearest(str(label), map(str, self.values))
            raise UsageError(f"no label {label!r}{close}") from None

    def difference(self, other: Labels) -> str | None:
        """Return where two lists of labels differ, or None where they do not."""
        if self is other or self.values == other.values:
            return None
        pairs = enumerate(zip(self.values, other.values, strict=False))
        at = next((k for k, (a, b) in pairs if a != b), None)
        if at is None:
            return f"{len(self)} and {len(other)} labels"
        return f"{self.values[at]!r} and {other.values[at]!r} at position {at}"


#: Labels of each axis, None where an axis has none.
Axes = tuple[Labels | None, ...]


def _dimension(dimension: Any) -> tuple[int, Labels | None]:
    if isinstance(dimension, Integral):
        if dimension < 0:
            raise UsageError(f"shape: a dimension of length {dimension}")
        return int(dimension), None
    if isinstance(dimension, Labels):
        return len(dimension), dimension
    if isinstance(dimension, str) or not isinstance(dimension, Iterable):
        raise UsageError(f"shape: {dimension!r} is neither a length nor labels")
    values = dimension.tolist() if hasattr(dimension, "tolist") else list(dimension)
    labels = Labels(values, getattr(dimension, "name", None))
    try:
        count = len(labels.index)
    except TypeError:
        raise UsageError(f"shape: labels must be hashable: {values[0]!r}") from None
    if count != len(labels):
        twice = next(v for k, v in enumerate(values) if labels.index[v] != k)
        raise UsageError(f"shape: the label {twice!r} occurs twice")
    return len(labels), labels


def as_dimensions(shape: Any) -> tuple[tuple[int, ...], Axes]:
    """Return the lengths and the labels of what a caller calls a shape.

    Parameters
    ----------
    shape : int, list, pandas Index, or tuple of these
        A length, or labels; a tuple has one entry a dimension.

    Raises
    ------
    UsageError
        If a dimension is neither, or its labels are not unique.
    """
    dimensions = shape if isinstance(shape, tuple) else (shape,)
    pairs = [_dimension(d) for d in dimensions]
    return tuple(p[0] for p in pairs), tuple(p[1] for p in pairs)


def common(left: Axes, right: Axes) -> Axes:
    """Return the labels of two operands of the same shape.

    Raises
    ------
    UsageError
        If both have labels on an axis and they differ.
    """
    if left is right:
        return left
    merged = []
    for axis, (a, b) in enumerate(zip(left, right, strict=True)):
        if a is not None and b is not None and (why := a.difference(b)):
            raise UsageError(f"the labels of axis {axis} differ: {why}")
        merged.append(b if a is None else a)
    return tuple(merged)


def selected(axes: Axes, key: tuple[Any, ...], ndim: int) -> Axes:
    """Return the labels after indexing; ``key`` holds no Ellipsis."""
    if all(labels is None for labels in axes):
        return (None,) * ndim
    advanced = [k for k in key if isinstance(k, np.ndarray)]
    if len(advanced) > 1 or any(a.ndim != 1 for a in advanced):
        return (None,) * ndim
    kept: list[Labels | None] = []
    axis = 0
    for part in key:
        if part is None:
            kept.append(None)
            continue
        labels = axes[axis]
        axis += 1
        if isinstance(part, slice):
            whole = part == slice(None)
            kept.append(labels if labels is None or whole else _part(labels, part))
        elif isinstance(part, np.ndarray):
            kept.append(None if labels is None else _chosen(labels, part))
    kept.extend(axes[axis:])
    # An integer beside an array is an index array too, and goes to the front.
    return tuple(kept) if len(kept) == ndim else (None,) * ndim


def _part(labels: Labels, part: slice) -> Labels:
    return Labels(labels.values[part], labels.name)


def _chosen(labels: Labels, where: np.ndarray[Any, Any]) -> Labels | None:
    places = np.flatnonzero(where) if where.dtype == bool else where
    chosen = Labels((labels.values[k] for k in places.tolist()), labels.name)
    return chosen if len(chosen.index) == len(chosen) else None


def locate(axes: Axes, shape: Sequence[int], key: Any) -> list[Any]:
    """Return the position index of each axis for a key of labels.

    A label gives an integer, a list of labels an array, a slice of labels a
    slice that includes its end. An axis without labels counts from 0.

    Raises
    ------
    UsageError
        If a label does not exist or there are too many.
    """
    single = len(axes) == 1 and axes[0] is not None
    # A label may itself be a tuple, as those of a MultiIndex are.
    whole = single and not _is_list(key) and not isinstance(key, slice)
    parts = key if isinstance(key, tuple) and not whole else (key,)
    if len(parts) > len(axes):
        raise UsageError(f"{len(parts)} labels for {len(axes)} dimensions")
    places: list[Any] = []
    for axis, part in enumerate(parts):
        labels = axes[axis]
        if labels is None:
            labels = Labels(range(shape[axis]))
        if isinstance(part, slice):
            places.append(_label_slice(labels, part))
        elif _is_list(part):
            places.append(np.array([labels.position(v) for v in part], dtype=np.intp))
        else:
            places.append(labels.position(part))
    return places


def _is_list(part: Any) -> bool:
    return isinstance(part, list | np.ndarray | range) or hasattr(part, "tolist")


def _label_slice(labels: Labels, part: slice) -> slice:
    if part.step is not None:
        raise UsageError("a slice of labels has no step")
    first = None if part.start is None else labels.position(part.start)
    last = None if part.stop is None else labels.position(part.stop) + 1
    return slice(first, last)


class ByLabel:
    """Indexing of a block by labels, one axis after the other."""

    __slots__ = ("_block",)

    def __init__(self, block: Any) -> None:
        self._block = block

    def __getitem__(self, key: Any) -> Any:
        block = self._block
        places = locate(block.axes, block.shape, key)
        if all(isinstance(p, int) for p in places):
            return block[tuple(places)]
        # From the last axis on, so that the numbers of the others stay.
        for axis in reversed(range(len(places))):
            block = block[(*(slice(None),) * axis, places[axis])]
        return block
