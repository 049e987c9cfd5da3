"""A selector of rows in the manner of scikit-learn: fit, transform, partial_fit."""

from __future__ import annotations

import inspect
import math
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.comb.solve import solve
from combkit.comb.submodular import _kernels_greedy as greedy
from combkit.comb.submodular import _kernels_streams as streams
from combkit.comb.submodular.states import compiled, gains_of, picks_of, state_of
from combkit.instances.errors import UsageError, nearest
from combkit.instances.result import Result
from combkit.instances.submodular.arrays import floats
from combkit.instances.submodular.base import SetFunction
from combkit.instances.submodular.constraints import Cardinality
from combkit.instances.submodular.coverage import ConcaveOverModular
from combkit.instances.submodular.entropy import LogDet
from combkit.instances.submodular.problem import Submodular
from combkit.instances.submodular.similarity import (
    FacilityLocation,
    FeatureLocation,
    Metric,
    neighbours,
)

__all__ = ["SubsetSelector"]

Floats = NDArray[np.float64]

_FUNCTIONS = ("facility-location", "features", "log-det")
#: Logarithm of the ratio of the guesses of a stream.
_BASE = math.log(1.1)


class _Kept(NamedTuple):
    """What a sieve keeps: numbers, rows, and what each added."""

    names: NDArray[np.int64]
    rows: Floats
    gains: Floats

    @property
    def value(self) -> float:
        return float(self.gains.sum())


class SubsetSelector:
    """Chooses rows of a table that represent it.

    Parameters
    ----------
    k : int
        Number of rows to choose.
    function : {"facility-location", "features", "log-det"}
        What is maximised: how well each row is represented by a similar one, how much
        of each non-negative column is covered (by the root), or how different the
        rows are (``log det(I + K)``).
    metric : {"cosine", "rbf", "inverse"}
        Similarity of rows, see `combkit.instances.submodular.FeatureLocation`.
    n_neighbors : int, optional
        Similarities that are kept of each row; all are computed when needed without.
    solver : str
        Name of a solver, see ``combkit solvers``.
    random_state : int
        Seed.

    Attributes
    ----------
    ranking_ : ndarray of int64, shape (k,)
        The chosen rows, in the order of choice.
    gains_ : ndarray of float64, shape (k,)
        What each added.
    result_ : Result
        Value and bound; after `fit` only.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
    >>> SubsetSelector(2).fit(X).ranking_.tolist()
    [1, 2]
    """

    def __init__(
        self,
        k: int = 10,
        *,
        function: Literal["facility-location", "features", "log-det"] = (
            "facility-location"
        ),
        metric: Metric = "cosine",
        n_neighbors: int | None = None,
        solver: str = "auto",
        random_state: int = 0,
    ) -> None:
        self.k = k
        self.function = function
        self.metric: Metric = metric
        self.n_neighbors = n_neighbors
        self.solver = solver
        self.random_state = random_state

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name, as scikit-learn asks for them."""
        return {name: getattr(self, name) for name in _names(self)}

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name.

        Raises
        ------
        UsageError
            If one is unknown.
        """
        for name, value in params.items():
            known = _names(self)
            if name not in known:
                raise UsageError(f"unknown parameter {name!r}{nearest(name, known)}")
            setattr(self, name, value)
        return self

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Choose rows of a table.

        Parameters
        ----------
        X : array_like, shape (n, d)
            The table.
        y : object
            Ignored.

        Raises
        ------
        InvalidProblemError
            If an entry is not finite or there are fewer rows than k.
        """
        table = floats("X", X, (None, None))
        function = self._of(table)
        problem = Submodular(function, Cardinality(self.k))
        self.result_: Result = solve(problem, self.solver, seed=self.random_state)
        assert self.result_.solution is not None
        self.ranking_ = self.result_.solution.selected
        self.gains_ = np.zeros(self.ranking_.size)
        state = state_of(function, self.k)
        add = compiled(greedy.one_by_one, state)
        add(state, self.ranking_, self.gains_)
        return self

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Return the chosen rows of a table, in the order of choice.

        Parameters
        ----------
        X : array_like, shape (n, d)
            The table that was fitted.
        """
        rows: NDArray[Any] = np.asarray(X)[self.ranking_]
        return rows

    def fit_transform(self, X: ArrayLike, y: object = None) -> NDArray[Any]:
        """Choose rows of a table and return them; see `fit`."""
        return self.fit(X, y).transform(X)

    def partial_fit(self, X: ArrayLike, y: object = None) -> Self:
        """Look at more rows, once; what is not kept is forgotten.

        A sieve keeps a set of at most k rows for each guess of the optimum.
        ``ranking_`` counts rows from the first call on, and ``rows_`` holds the chosen
        ones. Facility location represents the rows of the first call.

        Parameters
        ----------
        X : array_like, shape (n, d)
            New rows.
        y : object
            Ignored.

        References
        ----------
        A. Badanidiyuru et al., "Streaming submodular maximization: massive data
        summarization on the fly", KDD 2014.
        """
        table = floats("X", X, (None, None))
        if not hasattr(self, "_sieves"):
            self._sieves: dict[int, _Kept] = {}
            self._seen, self._largest, self._reference = 0, 0.0, table
        names = np.arange(self._seen, self._seen + len(table))
        self._seen += len(table)
        block = self._of(table, self._reference)
        single = gains_of(state_of(block, 1), np.arange(block.n))
        self._largest = max(self._largest, float(single.max(initial=0.0)))
        if self._largest > 0.0:
            low = math.ceil(math.log(self._largest) / _BASE)
            high = math.floor(math.log(2.0 * self.k * self._largest) / _BASE)
            self._sieves = {
                j: self._pass(j, self._sieves.get(j), table, names)
                for j in range(low, high + 1)
            }
        best = max(self._sieves.values(), key=lambda kept: kept.value, default=None)
        if best is not None:
            self.ranking_, self.rows_, self.gains_ = best.names, best.rows, best.gains
        return self

    def _pass(
        self, j: int, kept: _Kept | None, table: Floats, names: NDArray[np.int64]
    ) -> _Kept:
        """Let new rows go through the sieve of a guess."""
        if kept is None:
            kept = _Kept(names[:0], table[:0], np.zeros(0))
        old = len(kept.rows)
        rows = np.concatenate([kept.rows, table])
        state = state_of(self._of(rows, self._reference), self.k)
        add = compiled(greedy.one_by_one, state)
        add(state, np.arange(old), np.zeros(old))
        picks = picks_of(self.k)
        picks.value[0], picks.count[greedy.CHOSEN] = kept.value, old
        guess = math.exp(_BASE * j)
        search = compiled(streams.sieve, state)
        search(state, np.arange(old, len(rows)), guess, self.k, picks)
        new = picks.chosen[old : picks.count[greedy.CHOSEN]]
        gains = picks.gained[old : picks.count[greedy.CHOSEN]]
        return _Kept(
            np.concatenate([kept.names, names[new - old]]),
            np.concatenate([kept.rows, rows[new]]),
            np.concatenate([kept.gains, gains]),
        )

    def _of(self, table: Floats, reference: Floats | None = None) -> SetFunction:
        """Return the function of a table's rows."""
        if self.function == "features":
            return ConcaveOverModular(table)
        if self.function == "log-det":
            kernel = FeatureLocation(table, self.metric).similarity_of(
                np.arange(len(table))
            )
            return LogDet(0.5 * (kernel + kernel.T), ridge=1.0)
        if self.function != "facility-location":
            raise UsageError(
                f"function={self.function!r}: {', '.join(_FUNCTIONS)}"
                f"{nearest(str(self.function), _FUNCTIONS)}"
            )
        if reference is None and self.n_neighbors is not None:
            return FacilityLocation(neighbours(table, self.n_neighbors, self.metric))
        return FeatureLocation(table, self.metric, represented=reference)


def _names(selector: SubsetSelector) -> list[str]:
    return list(inspect.signature(type(selector)).parameters)
