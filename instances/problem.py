"""What every problem is: a frozen dataclass that can judge its solutions."""

from __future__ import annotations

import dataclasses
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.instances.errors import InvalidProblemError
from combkit.instances.solutions import Solution

__all__ = [
    "Problem",
    "Sense",
    "as_vector",
    "frozen_array",
    "missing",
    "require",
]

Sense = Literal["min", "max"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Problem(ABC):
    """Base class of every problem.

    Subclasses are frozen dataclasses of NumPy arrays, validated on
    construction. Equality and ``fingerprint`` compare what defines the
    problem: the fields declared with ``compare=True``.

    Parameters
    ----------
    name : str
        Name of the instance, for reports only.
    comment : str
        Free text that the file carried, for reports only.
    """

    kind: ClassVar[str]
    solution_type: ClassVar[type[Solution]]
    #: What ``encode`` says beside the fields of a solution; not read.
    told_besides: ClassVar[tuple[str, ...]] = ()
    #: False where a solver's tolerances are part of the game (mip): there a
    #: slightly violated solution is reported, everywhere else it is a bug.
    exact: ClassVar[bool] = True
    #: Relative gap at which an answer counts as optimal, and the default limit.
    optimality_gap: ClassVar[float] = 0.0

    name: str = field(default="", compare=False)
    comment: str = field(default="", compare=False, repr=False)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        # A dataclass would print its arrays.
        cls.__repr__ = Problem.__repr__  # type: ignore[method-assign]

    def __repr__(self) -> str:
        size = "".join(f", {key}={value}" for key, value in self.size.items())
        return f"{type(self).__name__}({self.name!r}{size})"

    @property
    def sense(self) -> Sense:
        """Whether the objective is minimised or maximised."""
        return "min"

    @property
    @abstractmethod
    def size(self) -> dict[str, int]:
        """The dimensions that matter, e.g. ``{"n": 100}``; all integers."""

    @abstractmethod
    def evaluate(self, solution: Any) -> float:
        """Return the objective of a solution, recomputed from the data."""

    @abstractmethod
    def check(self, solution: Any) -> list[str]:
        """Return every violation in plain words; empty means feasible.

        Never raises for a solution of the right type, whatever it contains.
        """

    def adapted(self, params: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Return the problem that some options ask for, and the other options.

        Most kinds have one reading only: all options are the solver's.
        """
        return self, params

    def remarks(self, solution: Any) -> dict[str, Any]:
        """Return what a result should say beside the objective; nothing by default.

        Parameters
        ----------
        solution : Solution or None
            The solution, if there is one.
        """
        return {}

    def encode(self, solution: Any) -> dict[str, Any]:
        """Return a JSON-able form of a solution, without its objective."""
        encoded: dict[str, Any] = solution.to_dict()
        return encoded

    def decode(self, data: Mapping[str, Any]) -> Any:
        """Return the solution that ``encode`` wrote.

        Raises
        ------
        InvalidSolutionError
            If ``data`` does not have the form of this kind's solution.
        """
        return self.solution_type.from_dict(data)

    def better(self, a: float, b: float) -> bool:
        """Whether objective ``a`` is strictly better than ``b``."""
        return a < b if self.sense == "min" else a > b

    def content(self) -> dict[str, Any]:
        """Return the fields that define the problem, by name."""
        return {
            f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.compare
        }

    @cached_property
    def fingerprint(self) -> str:
        """Hexadecimal SHA-256 of the kind and of the defining fields."""
        digest = hashlib.sha256(self.kind.encode())
        for key, value in self.content().items():
            if value is not None:
                digest.update(f"\0{key}\0".encode())
                _feed(digest, value)
        return digest.hexdigest()

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.fingerprint == other.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)


def _feed(digest: Any, value: Any) -> None:
    """Add a field's value to a hash, independent of platform and layout."""
    if isinstance(value, np.ndarray):
        little = value.astype(value.dtype.newbyteorder("<"), copy=False)
        digest.update(f"{little.dtype.str}{value.shape}".encode())
        digest.update(np.ascontiguousarray(little).tobytes())
    elif isinstance(value, tuple):
        digest.update(f"({len(value)}".encode())
        for item in value:
            _feed(digest, item)
    elif hasattr(value, "tocsr"):
        matrix = value.tocsr()
        for part in (matrix.data, matrix.indices, matrix.indptr):
            _feed(digest, np.asarray(part))
    else:
        digest.update(repr(value).encode())


def require(condition: bool, field: str, reason: str) -> None:
    """Raise ``InvalidProblemError(field, reason)`` unless ``condition`` holds."""
    if not condition:
        raise InvalidProblemError(field, reason)


def missing(field: str) -> Callable[[], Any]:
    """Return a default that refuses to be one, for a field after optional ones."""

    def refuse() -> Any:
        raise InvalidProblemError(field, "is missing")

    return refuse


def frozen_array(
    field: str,
    values: ArrayLike,
    dtype: type[np.generic],
    shape: tuple[int | None, ...],
    *,
    minimum: float | None = None,
    finite: bool = True,
) -> NDArray[Any]:
    """Convert a field to a read-only C-contiguous array and validate it.

    Parameters
    ----------
    field : str
        Name used in errors.
    values : array_like
        The data. Integer dtypes accept floats only where they are integral.
    dtype : numpy scalar type
        Target type, ``np.int64`` or ``np.float64`` in this suite.
    shape : tuple of int or None
        Required shape; None leaves an axis free.
    minimum : float, optional
        Smallest allowed value.
    finite : bool
        Whether NaN and infinities are refused.

    Raises
    ------
    InvalidProblemError
        Naming the field, the place and the offending value.
    """
    try:
        raw = np.asarray(values)
        if raw.dtype.kind not in "iubfO":
            raise TypeError(f"its type is {raw.dtype.name}")
        array = raw.astype(np.float64 if raw.dtype.kind not in "iub" else raw.dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidProblemError(field, f"not an array of numbers: {error}") from None
    if array.ndim != len(shape) or any(
        want is not None and want != got
        for want, got in zip(shape, array.shape, strict=True)
    ):
        wanted = ", ".join("any" if s is None else str(s) for s in shape)
        raise InvalidProblemError(
            field, f"shape {array.shape} where ({wanted}) is needed"
        )
    if array.dtype.kind == "f":
        bad = np.isnan(array) if not finite else ~np.isfinite(array)
        _refuse(field, array, bad, "is not finite" if finite else "is NaN")
        if np.issubdtype(dtype, np.integer):
            _refuse(field, array, array != np.floor(array), "is not an integer")
            _refuse(field, array, np.abs(array) >= 2.0**62, "is too large")
    elif array.dtype == np.uint64:
        _refuse(field, array, array >= np.uint64(2**62), "is too large")
    if minimum is not None:
        _refuse(field, array, array < minimum, f"is below {minimum:g}")
    result = np.array(array, dtype=dtype, order="C")
    result.flags.writeable = False
    return result


def as_vector(
    field: str, values: ArrayLike, n: int, dtype: type[np.generic], **limits: Any
) -> NDArray[Any]:
    """Convert a field to a vector of length ``n``; a scalar is repeated.

    Parameters
    ----------
    field : str
        Name used in errors.
    values : array_like
        The data, or one number for all.
    n : int
        Required length.
    dtype : numpy scalar type
        Target type.
    **limits
        Further arguments of ``frozen_array``.
    """
    if np.ndim(values) == 0:
        values = np.full(n, values)
    return frozen_array(field, values, dtype, (n,), **limits)


def _refuse(field: str, array: NDArray[Any], bad: NDArray[np.bool_], what: str) -> None:
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        place = field if not where else f"{field}[{', '.join(map(str, where))}]"
        raise InvalidProblemError(field, f"{place} = {array[where]} {what}")
