"""What a model holds: columns, rows and their matrix, growing and editable.

Numbers of columns and rows never change: what is removed leaves a gap, which is
closed when the model is handed to a solver.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from combkit.instances.errors import UsageError
from combkit.mip.modelling.labels import Axes
from combkit.mip.modelling.pieces import Sparse

__all__ = ["CONTINUOUS", "INTEGER", "KINDS", "SEMICONTINUOUS", "Columns", "Rows"]

Floats = NDArray[np.float64]

CONTINUOUS, INTEGER, SEMICONTINUOUS = 0, 1, 2
#: Names of the kinds; a binary variable is an integer one with bounds.
KINDS = ("continuous", "integer", "semicontinuous")


class _Growing:
    """A vector that grows at its end."""

    __slots__ = ("_data", "size")

    def __init__(self, dtype: type[np.generic]) -> None:
        self._data = np.empty(0, dtype)
        self.size = 0

    @property
    def view(self) -> Any:
        """The elements so far, writable."""
        return self._data[: self.size]

    def extend(self, values: Any, count: int) -> None:
        """Append values, or one value several times."""
        end = self.size + count
        if end > self._data.size:
            room = max(end, self._data.size + self._data.size // 2)
            data = np.empty(room, self._data.dtype)
            data[: self.size] = self.view
            self._data = data
        self._data[self.size : end] = values
        self.size = end


class _Names:
    """Names of numbered things that come in blocks, made when asked for."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._starts: list[int] = []
        self._blocks: list[tuple[str | tuple[str, ...], tuple[int, ...], Axes]] = []
        self._taken: set[str] = set()

    @property
    def given(self) -> int:
        """How many blocks have a name of their own."""
        return len(self._taken)

    def add(self, start: int, name: str, shape: tuple[int, ...], axes: Axes) -> None:
        """Name a block; what has no name is called by prefix and number."""
        if name in self._taken:
            raise UsageError(f"the name {name!r} is taken")
        self._taken.add(name)
        self._starts.append(start)
        self._blocks.append((name, shape, axes))

    def add_each(self, start: int, names: Sequence[str]) -> None:
        """Name things one by one."""
        listed = tuple(names)
        twice = self._taken.intersection(listed)
        if twice or len(set(listed)) < len(listed):
            name = min(twice) if twice else Counter(listed).most_common(1)[0][0]
            raise UsageError(f"the name {name!r} is taken")
        self._taken.update(listed)
        self._starts.append(start)
        self._blocks.append((listed, (len(listed),), (None,)))

    def name(self, number: int) -> str:
        """Return the name of a thing."""
        at = bisect_right(self._starts, number) - 1
        known = at >= 0 and number - self._starts[at] < math.prod(self._blocks[at][1])
        if not known:
            own = f"{self._prefix}{number}"
            while own in self._taken:
                own += "_"
            return own
        name, shape, axes = self._blocks[at]
        if isinstance(name, tuple):
            return name[number - self._starts[at]]
        if not shape:
            return name
        place = np.unravel_index(number - self._starts[at], shape)
        parts = (
            int(k) if labels is None else labels.values[int(k)]
            for k, labels in zip(place, axes, strict=True)
        )
        return f"{name}[{','.join(map(str, parts))}]"


class _Part:
    """What columns and rows have in common: bounds, names, removal."""

    def __init__(self, prefix: str) -> None:
        self._lower = _Growing(np.float64)
        self._upper = _Growing(np.float64)
        self._alive = _Growing(np.bool_)
        self.names = _Names(prefix)
        self.removed = 0
        # What is costly to find again, each with the state that it belongs to.
        self._left: tuple[Any, Any] = (None, None)
        self._named: tuple[Any, tuple[str, ...]] = (None, ())

    @property
    def count(self) -> int:
        """How many there ever were."""
        return self._lower.size

    @property
    def lower(self) -> Floats:
        """Lower bounds by number, writable."""
        bounds: Floats = self._lower.view
        return bounds

    @property
    def upper(self) -> Floats:
        """Upper bounds by number, writable."""
        bounds: Floats = self._upper.view
        return bounds

    @property
    def alive(self) -> NDArray[np.bool_]:
        """Whether each is still there."""
        alive: NDArray[np.bool_] = self._alive.view
        return alive

    def name(self, number: int) -> str:
        """Return a name."""
        return self.names.name(number)

    @property
    def left(self) -> Any:
        """Numbers of those that were not removed; not to be changed."""
        state = self.count, self.removed
        if self._left[0] != state:
            every = np.arange(self.count, dtype=np.int32)
            self._left = state, every[self.alive] if self.removed else every
        return self._left[1]

    def all_names(self) -> tuple[str, ...] | None:
        """Return the names of those left, None if they are only numbered.

        Raises
        ------
        UsageError
            If a name occurs twice.
        """
        if not (self.names.given or self.removed):
            return None
        state = self.count, self.removed, self.names.given
        if self._named[0] != state:
            listed = tuple(map(self.name, self.left.tolist()))
            if len(set(listed)) < len(listed):
                twice = next(n for n, k in Counter(listed).items() if k > 1)
                raise UsageError(f"the name {twice!r} occurs twice")
            self._named = state, listed
        return self._named[1]

    def change(self, ids: Any, lower: Any, upper: Any) -> None:
        """Set bounds; None leaves them."""
        self.check(ids)
        for what, vector, values in (
            ("lower", self.lower, lower),
            ("upper", self.upper, upper),
        ):
            if values is not None:
                if np.isnan(values).any():
                    raise UsageError(f"a {what} bound is NaN")
                vector[ids] = values

    def check(self, ids: Any) -> None:
        """Refuse numbers that were removed."""
        if self.removed and not self.alive[ids].all():
            gone = np.ravel(ids)[~np.ravel(self.alive[ids])][0]
            raise UsageError(f"{self.name(int(gone))} was removed from the model")

    def remove(self, ids: Any) -> None:
        """Take some out."""
        self.check(ids)
        self.alive[ids] = False
        self.removed = int(self.count - np.count_nonzero(self.alive))

    def positions(self) -> Any:
        """Return each number's place among those that are left, -1 if removed."""
        places = np.cumsum(self.alive) - 1
        return np.where(self.alive, places, -1).astype(np.int32)


class Columns(_Part):
    """The variables of a model, by number."""

    def __init__(self) -> None:
        super().__init__("x")
        self._kind = _Growing(np.uint8)
        self._cost = _Growing(np.float64)

    @property
    def kind(self) -> NDArray[np.uint8]:
        """``CONTINUOUS``, ``INTEGER`` or ``SEMICONTINUOUS`` by number, writable."""
        kinds: NDArray[np.uint8] = self._kind.view
        return kinds

    @property
    def cost(self) -> Floats:
        """Linear objective by number, writable."""
        cost: Floats = self._cost.view
        return cost

    def add(
        self,
        shape: tuple[int, ...],
        axes: Axes,
        lower: Any,
        upper: Any,
        kind: int,
        name: str,
    ) -> Any:
        """Append variables and return their numbers, of their shape."""
        start, size = self.count, math.prod(shape)
        if name:
            self.names.add(start, name, shape, axes)
        self._lower.extend(lower, size)
        self._upper.extend(upper, size)
        self._kind.extend(kind, size)
        self._cost.extend(0.0, size)
        self._alive.extend(True, size)
        return np.arange(start, start + size, dtype=np.int32).reshape(shape)


class Rows(_Part):
    """The rows of a model, by number, and their coefficients."""

    def __init__(self) -> None:
        super().__init__("r")
        self._chunks: list[tuple[Any, Any, Any]] = []
        self._stored = sp.csr_array((0, 0))
        #: Every change of a coefficient so far: row, column, value.
        self.patches: list[tuple[Any, Any, Floats]] = []
        self._patched = 0
        self._next = 0
        self._clear_pending()

    def _clear_pending(self) -> None:
        self.cols, self.coefs = array("i"), array("d")
        self.sizes, self.lows, self.ups = array("i"), array("d"), array("d")

    @property
    def count(self) -> int:
        """How many there ever were."""
        return self._next

    @property
    def lower(self) -> Floats:
        """Lower bounds by number, writable."""
        self.flush()
        return super().lower

    @property
    def upper(self) -> Floats:
        """Upper bounds by number, writable."""
        self.flush()
        return super().upper

    @property
    def alive(self) -> NDArray[np.bool_]:
        """Whether each is still there."""
        self.flush()
        return super().alive

    def add_one(self, relation: Any) -> int:
        """Append a single row and return its number; fast, for loops."""
        cols, coefs, size = relation.cols, relation.coefs, relation.size
        if len(cols) != size:
            cols, coefs = cols[:size], coefs[:size]
        self.cols.extend(cols)
        self.coefs.extend(coefs)
        self.sizes.append(size)
        self.lows.append(relation.lower)
        self.ups.append(relation.upper)
        number = self._next
        self._next = number + 1
        return number

    def flush(self) -> None:
        """Store the rows that came one by one as a chunk."""
        if not self.sizes:
            return
        parts = (self.cols, self.coefs, self.sizes, self.lows, self.ups)
        # No copies: what comes next goes into new arrays.
        cols, coefs, sizes, lower, upper = map(np.asarray, parts)
        self._clear_pending()
        try:
            self._append(sizes, cols, coefs, lower, upper)
        except UsageError:
            self._next = self._lower.size
            raise

    def add(self, terms: Sparse, lower: Any, upper: Any) -> Any:
        """Append rows and return their numbers."""
        self.flush()
        start, sizes = self._next, np.diff(terms.start)
        self._append(sizes, terms.cols, terms.coefs, lower, upper)
        self._next += sizes.size
        return np.arange(start, self._next, dtype=np.int32)

    def _append(
        self, sizes: Any, cols: Any, coefs: Floats, lower: Any, upper: Any
    ) -> None:
        if not np.isfinite(coefs).all():
            raise UsageError("a coefficient of a constraint is not finite")
        if np.isnan(lower).any() or np.isnan(upper).any():
            raise UsageError("a bound of a constraint is NaN")
        self._chunks.append((sizes, cols, coefs))
        self._lower.extend(lower, sizes.size)
        self._upper.extend(upper, sizes.size)
        self._alive.extend(True, sizes.size)

    def patch(self, rows: Any, cols: Any, values: Floats) -> None:
        """Set coefficients, whether or not they were there."""
        self.check(rows)
        if not np.isfinite(values).all():
            raise UsageError("a coefficient is not finite")
        self.patches.append((rows, cols, values))

    def matrix(self, n: int) -> Any:
        """Return all coefficients as canonical CSR of n columns, not to be changed."""
        self.flush()
        if self._chunks:
            self._stored = _joined(self._stored, self._chunks, n)
        if self._patched < len(self.patches):
            self._stored = _patched(self._stored, self.patches[self._patched :], n)
            self._patched = len(self.patches)
        if self._stored.shape[1] != n:
            self._stored.resize((self._stored.shape[0], n))
        return self._stored


def _joined(stored: Any, chunks: list[tuple[Any, Any, Any]], n: int) -> Any:
    """Return stored rows and chunks as one matrix; empties the list of chunks."""
    if stored.shape[0]:
        chunks.insert(0, (np.diff(stored.indptr), stored.indices, stored.data))
    sizes = [sizes for sizes, _, _ in chunks]
    indptr = np.concatenate(([0], *sizes)).cumsum()
    if indptr[-1] >= 2**31:
        raise UsageError(f"{indptr[-1]} coefficients are too many")
    single = len(chunks) == 1
    # One field at a time, so that the parts and the whole exist together briefly.
    data = chunks[0][2] if single else np.concatenate([c[2] for c in chunks])
    cols = [c[1] for c in chunks]
    chunks.clear()
    indices = cols[0] if single else np.concatenate(cols)
    A = sp.csr_array(
        (data, indices.astype(np.int32, copy=False), indptr.astype(np.int32)),
        shape=(indptr.size - 1, n),
    )
    if not A.has_canonical_format or not data.all():
        if single:
            A = A.copy()
        A.sum_duplicates()
        A.eliminate_zeros()
    return A


def _patched(A: Any, patches: list[tuple[Any, Any, Floats]], n: int) -> Any:
    """Return a matrix with some coefficients set; the last one counts."""
    rows = np.concatenate([np.ravel(p[0]) for p in patches]).astype(np.int64)
    cols = np.concatenate([np.ravel(p[1]) for p in patches])
    values = np.concatenate([np.ravel(p[2]) for p in patches])
    keys = rows * n + cols
    keys, last = np.unique(keys[::-1], return_index=True)
    values = values[::-1][last]
    own = np.repeat(np.arange(A.shape[0], dtype=np.int64), np.diff(A.indptr))
    own = own * n + A.indices
    at = np.minimum(np.searchsorted(own, keys), max(own.size - 1, 0))
    there = own[at] == keys if own.size else np.zeros(keys.size, bool)
    data = A.data.copy()
    data[at[there]] = values[there]
    keep = np.concatenate((own, keys[~there]))
    data = np.concatenate((data, values[~there]))
    changed = sp.coo_array((data, (keep // n, keep % n)), shape=(A.shape[0], n))
    csr = sp.csr_array(changed)
    csr.sum_duplicates()
    csr.eliminate_zeros()
    return sp.csr_array(
        (csr.data, csr.indices.astype(np.int32), csr.indptr.astype(np.int32)),
        shape=csr.shape,
    )
