"""What rows, bounds and a linear objective cannot say, as a problem."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.instances.mip import MIP, TOLERANCE
from combkit.instances.solutions import Values

__all__ = ["SOS", "ExtendedMIP", "Indicators", "build_quadratic", "is_convex"]

Floats = NDArray[np.float64]

#: Smallest eigenvalue, relative to the largest entry, that counts as negative.
_NEGATIVE = -1e-10
#: Variables up to which all eigenvalues are computed.
_DENSE = 1500


class Indicators(NamedTuple):
    """Rows that hold where a binary variable has a value.

    Parameters
    ----------
    columns : ndarray of int, shape (k,)
        The binary variable of each row.
    active : ndarray of bool, shape (k,)
        The value at which the row holds.
    A : csr_array, shape (k, n)
        Coefficients.
    lower, upper : ndarray of float, shape (k,)
        Row bounds.
    """

    columns: Any
    active: Any
    A: Any
    lower: Floats
    upper: Floats


class SOS(NamedTuple):
    """A special ordered set: at most ``order`` neighbours are not zero.

    Parameters
    ----------
    order : int
        1 or 2.
    columns : ndarray of int
        The variables, in order.
    """

    order: int
    columns: Any


@dataclass(frozen=True, eq=False)
class ExtendedMIP(MIP):
    """A mixed-integer program with a quadratic objective, indicators or sets.

    Parameters
    ----------
    hessian : csc_array, shape (n, n), optional
        Lower triangle of H; the objective is ``c @ x + x @ H @ x / 2 + offset``.
    indicators : Indicators, optional
        Rows that hold conditionally.
    sets : tuple of SOS
        Special ordered sets.
    """

    _: KW_ONLY
    hessian: Any = None
    indicators: Indicators | None = None
    sets: tuple[SOS, ...] = ()

    kind: ClassVar[str] = "mip-extended"

    def evaluate(self, solution: Values) -> float:
        """Return ``c @ x + x @ H @ x / 2 + offset``."""
        linear = super().evaluate(solution)
        if self.hessian is None:
            return linear
        x, H = solution.values, self.hessian
        return linear + float(x @ (H @ x) - H.diagonal() @ (x * x) / 2)

    def violation(self, values: ArrayLike) -> float:
        """Return the largest violation, also of indicators and sets."""
        x = np.asarray(getattr(values, "values", values), dtype=np.float64)
        base = super().violation(x)
        if not np.isfinite(base):
            return base
        return max((base, *(size for size, _ in self._broken(x))))

    def check(self, solution: Values) -> list[str]:
        """Return every violation above ``TOLERANCE`` in plain words."""
        found = super().check(solution)
        x = solution.values
        if x.shape == (self.n,) and np.isfinite(x).all():
            found.extend(text for size, text in self._broken(x) if size > TOLERANCE)
        return found

    def _broken(self, x: Floats) -> list[tuple[float, str]]:
        """Return how far, and in which words, indicators and sets are violated."""
        found = []
        if self.indicators is not None:
            columns, active, A, lower, upper = self.indicators
            activity = A @ x
            size = np.maximum(np.abs(activity), 1.0)
            beyond = np.maximum(lower - activity, activity - upper) / size
            holds = np.abs(x[columns] - active) <= 0.5
            for k in np.flatnonzero(holds & (beyond > 0)).tolist():
                name = self.col_name(int(columns[k]))
                text = f"indicator {k}: {name} = {int(active[k])} and the row is "
                text += f"{activity[k]:.10g}, outside [{lower[k]:g}, {upper[k]:g}]"
                found.append((float(beyond[k]), text))
        for k, one in enumerate(self.sets):
            used = np.abs(x[one.columns])
            windows = np.lib.stride_tricks.sliding_window_view(
                used, min(one.order, used.size)
            )
            best = int(np.argmax(windows.sum(axis=1)))
            rest = np.delete(used, np.arange(best, best + one.order)[: used.size])
            if rest.size and rest.max() > 0:
                text = f"SOS{one.order} {k}: too many variables are not zero"
                found.append((float(rest.max()), text))
        return found


def build_quadratic(problem: MIP) -> Any:
    """Return a silent HiGHS model of a problem, without indicators and sets."""
    import highspy

    from combkit.mip.highs_model import build

    highs = build(problem)
    H = getattr(problem, "hessian", None)
    if H is not None:
        # The lower triangle: HiGHS before 1.14 mistakes an upper one.
        highs.passHessian(
            problem.n,
            H.nnz,
            int(highspy.HessianFormat.kTriangular),
            H.indptr.astype(np.int32),
            H.indices.astype(np.int32),
            H.data,
        )
    return highs


def is_convex(hessian: Any, maximize: bool) -> bool:
    """Whether a quadratic objective is convex in the sense of optimisation.

    Parameters
    ----------
    hessian : sparse array, shape (n, n)
        Its lower triangle.
    maximize : bool
        Whether it is maximised: then minus the objective has to be convex.
    """
    lower = hessian.tocsc()
    full = lower + lower.T - _diagonal(lower)
    if maximize:
        full = -full
    used = np.flatnonzero(np.diff(full.indptr))
    full = full[used][:, used]
    scale = max(1.0, float(abs(full).max()) if full.nnz else 1.0)
    diagonal = full.diagonal()
    dominant = 2 * diagonal - np.asarray(abs(full).sum(axis=1)).ravel()
    if (diagonal >= 0).all() and (dominant >= 0).all():
        return True
    if used.size <= _DENSE:
        least = np.linalg.eigvalsh(full.toarray())[0]
    else:
        from scipy.sparse.linalg import eigsh

        least = eigsh(full, k=1, which="SA", return_eigenvectors=False)[0]
    return bool(least >= _NEGATIVE * scale)


def _diagonal(matrix: Any) -> Any:
    import scipy.sparse as sp

    return sp.diags_array(matrix.diagonal())
