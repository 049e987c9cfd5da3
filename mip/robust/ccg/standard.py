"""The recourse in standard form, for the duals that separations work with.

Every finite bound of a row or of a variable is one *side* ``G @ z >= rhs``, or an
equation; variables are non-negative or free. Costs are minimised. For a first stage x
and a point w of the uncertainty set's program, right-hand sides, costs and
coefficients are affine in w.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from combkit.instances.robust.two_stage import TwoStage

__all__ = ["Fixed", "Standard", "contracted"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Fixed:
    """The recourse of one first stage: ``min cost(w) @ z, G(w) @ z >= rhs(w)``.

    Parameters
    ----------
    x : ndarray of float64, shape (nx,)
        The first stage.
    matrix : sparse array, shape (sides, n)
        G where it does not depend on w.
    slopes : sparse array, shape (sides, q * n), or None
        ``[G_1, ..., G_q]`` with ``G(w) = G + sum_k w_k G_k``.
    rhs, rhs_slopes : ndarray (sides,), sparse array (sides, q)
        The right-hand sides are ``rhs + rhs_slopes @ w``.
    cost, cost_slopes : ndarray (n,), sparse array (n, q)
        The costs are ``cost + cost_slopes @ w``.
    constant, constant_slopes : float, ndarray (q,)
        What is paid whatever z is.
    equation : ndarray of bool, shape (sides,)
        Which sides hold with equality.
    free : ndarray of bool, shape (n,)
        Which variables may be negative.
    integral : ndarray of bool, shape (n,)
        Which variables are integral.
    """

    x: Floats
    matrix: Any
    slopes: Any
    rhs: Floats
    rhs_slopes: Any
    cost: Floats
    cost_slopes: Any
    constant: float
    constant_slopes: Floats
    equation: Flags
    free: Flags
    integral: Flags

    def matrix_at(self, w: Floats) -> Any:
        """Return G(w).

        Parameters
        ----------
        w : ndarray of float64, shape (q,)
            A point of the uncertainty set's program.
        """
        if self.slopes is None:
            return self.matrix
        return self.matrix + contracted(self.slopes, w)

    def rhs_at(self, w: Floats) -> Floats:
        """Return the right-hand sides.

        Parameters
        ----------
        w : ndarray of float64, shape (q,)
            A point of the uncertainty set's program.
        """
        found: Floats = self.rhs + self.rhs_slopes @ w
        return found

    def cost_at(self, w: Floats) -> Floats:
        """Return the costs.

        Parameters
        ----------
        w : ndarray of float64, shape (q,)
            A point of the uncertainty set's program.
        """
        found: Floats = self.cost + self.cost_slopes @ w
        return found

    def constant_at(self, w: Floats) -> float:
        """Return what is paid whatever z is.

        Parameters
        ----------
        w : ndarray of float64, shape (q,)
            A point of the uncertainty set's program.
        """
        return float(self.constant + self.constant_slopes @ w)

    @cached_property
    def slack(self) -> Fixed:
        """The least total violation of the sides, as a recourse of its own.

        Its duals lie between -1 and 1.
        """
        sides = self.rhs.size
        one = sp.eye_array(sides, format="csr")
        other = -one[np.flatnonzero(self.equation)].T
        extra = sides + other.shape[1]
        wide = self.slopes
        if wide is not None:
            q, n = self.rhs_slopes.shape[1], self.cost.size
            blocks = [wide[:, k * n : (k + 1) * n] for k in range(q)]
            nothing = sp.csr_array((sides, extra))
            wide = sp.hstack([part for b in blocks for part in (b, nothing)])
        none = np.zeros(extra, dtype=bool)
        return Fixed(
            self.x,
            sp.hstack([self.matrix, one, other], format="csr"),
            wide,
            self.rhs,
            self.rhs_slopes,
            np.r_[np.zeros(self.cost.size), np.ones(extra)],
            sp.csr_array((self.cost.size + extra, self.rhs_slopes.shape[1])),
            0.0,
            np.zeros_like(self.constant_slopes),
            self.equation,
            np.r_[self.free, none],
            np.r_[self.integral, none],
        )


class Standard:
    """Brings the recourse of a problem into standard form, for any first stage.

    Parameters
    ----------
    problem : TwoStage
        The problem; profits become costs.

    Attributes
    ----------
    region : Region
        Its uncertainty set.
    sign : float
        -1 where the problem is maximised.
    uncertain : ndarray of bool, shape (sides,)
        Which right-hand sides depend on the scenario.
    most : ndarray of float64, shape (n,)
        Upper bounds of the variables in standard form.
    """

    def __init__(self, problem: TwoStage) -> None:
        self.problem = problem
        self.region = region = problem.uncertainty.region()
        self.sign = -1.0 if problem.maximize else 1.0
        stage = problem.recourse
        program = stage.program()
        n = program.n
        integral = program.integrality == 1
        lower = np.where(integral, np.ceil(program.lower - 1e-9), program.lower)
        upper = np.where(integral, np.floor(program.upper + 1e-9), program.upper)
        low, high = np.isfinite(lower), np.isfinite(upper)
        # y = start + turn * z
        self._start = np.where(low, lower, np.where(high, upper, 0.0))
        self._turn = np.where(~low & high, -1.0, 1.0)
        self.free = ~low & ~high
        self.integral = integral
        self.most = np.where(low & high, upper - lower, np.inf)
        capped = np.flatnonzero(low & high)
        caps = sp.csr_array(
            (-np.ones(capped.size), (np.arange(capped.size), capped)),
            shape=(capped.size, n),
        )
        equal = program.row_lower == program.row_upper
        at_least = np.flatnonzero(np.isfinite(program.row_lower) & ~equal)
        at_most = np.flatnonzero(np.isfinite(program.row_upper) & ~equal)
        exactly = np.flatnonzero(equal)
        rows = np.concatenate([at_least, at_most, exactly])
        sign = np.r_[
            np.ones(at_least.size), -np.ones(at_most.size), np.ones(exactly.size)
        ]
        self._pick = sp.csr_array(
            (sign, (np.arange(rows.size), rows)), shape=(rows.size, program.m)
        )
        base = np.concatenate(
            [
                program.row_lower[at_least],
                -program.row_upper[at_most],
                program.row_lower[exactly],
            ]
        )
        base -= self._pick @ (program.A @ self._start)
        self._rhs = np.r_[base, lower[capped] - upper[capped]]
        self._caps = capped.size
        self.equation = np.zeros(self._rhs.size, dtype=bool)
        self.equation[at_least.size + at_most.size : rows.size] = True
        turned = sp.diags_array(self._turn)
        self._matrix = sp.vstack([self._pick @ program.A @ turned, caps], format="csr")
        m, q = region.basis.shape
        self._slopes = None
        if problem.recourse_slopes.nnz:
            # W(u) y: what depends on u alone moves the sides, the rest multiplies z.
            self._W = sp.csr_array(problem.recourse_slopes)
            wide = self._pick @ self._W @ sp.kron(region.basis, turned)
            self._slopes = self._with_caps(sp.csr_array(wide))
            at_origin = contracted(self._W, region.origin)
            self._matrix = self._matrix + self._with_caps(
                self._pick @ at_origin @ turned
            )
        self._m, self._q, self._n = m, q, n
        moved = np.zeros(program.m)
        for slopes in (problem.shift, problem.technology_slopes):
            moved += np.abs(slopes).sum(axis=1)
        self.uncertain = np.r_[
            np.abs(self._pick) @ moved > 0, np.zeros(self._caps, dtype=bool)
        ]

    def at(self, x: Floats) -> Fixed:
        """Return the recourse of a first stage.

        Parameters
        ----------
        x : ndarray of float64, shape (nx,)
            The first stage.
        """
        problem, region, nx = self.problem, self.region, self.problem.first.n
        by_u = problem.shift
        if problem.technology_slopes.nnz:
            weigh = sp.kron(sp.eye_array(self._m), x[:, None])  # (m nx, m)
            by_u = by_u + problem.technology_slopes @ weigh
        if problem.recourse_slopes.nnz:
            weigh = sp.kron(sp.eye_array(self._m), self._start[:, None])
            by_u = by_u + self._W @ weigh
        moved = problem.technology @ x + by_u @ region.origin
        rhs = self._rhs.copy()
        rhs[: rhs.size - self._caps] -= self._pick @ moved
        slopes = self._with_caps(-(self._pick @ by_u @ region.basis))
        Q = self.sign * problem.recourse_cost_slopes
        cost = self.sign * problem.recourse.cost + Q @ region.origin
        by_w = sp.csr_array(Q @ region.basis)
        F = self.sign * problem.first_cost_slopes
        assert x.size == nx
        constant = (self.sign * problem.first.cost + F @ region.origin) @ x
        constant += cost @ self._start
        constant_slopes = region.basis.T @ (F.T @ x) + by_w.T @ self._start
        turned = sp.diags_array(self._turn)
        return Fixed(
            x,
            self._matrix,
            self._slopes,
            rhs,
            slopes,
            self._turn * cost,
            sp.csr_array(turned @ by_w),
            float(constant),
            np.asarray(constant_slopes, dtype=np.float64),
            self.equation,
            self.free,
            self.integral,
        )

    def _with_caps(self, matrix: Any) -> Any:
        nothing = sp.csr_array((self._caps, matrix.shape[1]))
        return sp.vstack([matrix, nothing], format="csr")


def contracted(wide: Any, weights: Floats) -> Any:
    """Return ``sum_k weights_k * M_k`` of ``[M_1, ..., M_q]``.

    Parameters
    ----------
    wide : sparse array, shape (rows, q * n)
        The matrices, side by side.
    weights : ndarray of float64, shape (q,)
        The weights.
    """
    n = wide.shape[1] // weights.size
    weigh = sp.kron(weights[:, None], sp.eye_array(n))
    return sp.csr_array(wide @ weigh)
