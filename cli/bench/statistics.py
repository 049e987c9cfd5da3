"""Whether a difference between two solvers is more than chance.

The instances are the sample: seeds of one instance are not independent of each
other, so they are averaged (tests) or resampled within it (intervals).

References
----------
.. [1] J. W. Pratt, "Remarks on zeros and ties in the Wilcoxon signed rank
   procedures", Journal of the American Statistical Association 54 (1959),
   doi:10.1080/01621459.1959.10501526.
.. [2] S. Holm, "A simple sequentially rejective multiple test procedure",
   Scandinavian Journal of Statistics 6 (1979).
.. [3] D. S. Kerby, "The simple difference formula", Comprehensive Psychology 3
   (2014), doi:10.2466/11.IT.3.1.
.. [4] A. C. Davison and D. V. Hinkley, "Bootstrap Methods and their
   Application", Cambridge University Press (1997), section 3.8.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Difference",
    "compare_paired",
    "holm",
    "nested_bootstrap",
    "rank_biserial",
    "resampled_means",
    "signed_rank",
]

Floats = NDArray[np.float64]

#: Fewer instances than this with a difference cannot reach p < 0.05.
LEAST_INSTANCES = 6
#: Significance level, and that of the intervals.
LEVEL = 0.05
#: Resamples of a bootstrap, and the numbers that one may draw in all.
_RESAMPLES, _LEAST_RESAMPLES, _DRAWS = 2_000, 200, 20_000_000
#: Numbers drawn at a time: enough for speed, little enough for the cache.
_CHUNK = 100_000


@dataclass(frozen=True, slots=True)
class Difference:
    """A paired comparison over instances: second minus first.

    Parameters
    ----------
    instances : int
        Instances that both have.
    different : int
        Those whose means differ.
    mean : float
        Mean difference.
    low, high : float
        Its confidence interval.
    p : float
        Two-sided p-value of the signed-rank test; 1 where there are too few
        instances for it.
    effect : float
        Matched-pairs rank-biserial correlation: 1 where the second is larger
        everywhere, -1 where it is smaller everywhere.
    """

    instances: int
    different: int
    mean: float
    low: float
    high: float
    p: float
    effect: float

    def verdict(self, adjusted: float, smaller_is_better: bool = True) -> str:
        """Return what can be said of the second against the first.

        Parameters
        ----------
        adjusted : float
            p-value, adjusted for the number of comparisons.
        smaller_is_better : bool
            Direction of the figure.
        """
        if self.different < LEAST_INSTANCES:
            return "too few instances"
        if adjusted >= LEVEL or self.low <= 0.0 <= self.high:
            return "no evidence of a difference"
        return "better" if (self.mean < 0) == smaller_is_better else "worse"


def compare_paired(
    first: Floats,
    second: Floats,
    seed: int = 0,
    resampled: tuple[Floats, Floats] | None = None,
) -> Difference:
    """Compare two solvers on the same instances.

    Parameters
    ----------
    first, second : ndarray of float, shape (instances, seeds)
        The figure of each run; NaN where an instance has fewer seeds.
    seed : int
        Of the bootstrap.
    resampled : pair of ndarray, optional
        What ``resampled_means`` says of both, where it is at hand: of many
        solvers each needs it once, not once a pair.
    """
    differences = np.nanmean(second, axis=1) - np.nanmean(first, axis=1)
    if resampled is None:
        low, high = nested_bootstrap(first, second, seed)
    else:
        low, high = _interval(*resampled)
    return Difference(
        instances=len(differences),
        different=int(np.count_nonzero(differences)),
        mean=float(differences.mean()),
        low=low,
        high=high,
        p=signed_rank(differences),
        effect=rank_biserial(differences),
    )


def signed_rank(differences: Floats) -> float:
    """Return the two-sided p-value of Wilcoxon's test with Pratt's zeros ([1]_).

    It is 1 where fewer than six differ from zero: no outcome of so few could
    be significant.
    """
    if np.count_nonzero(differences) < LEAST_INSTANCES:
        return 1.0
    from scipy.stats import wilcoxon

    return float(wilcoxon(differences, zero_method="pratt").pvalue)


def rank_biserial(differences: Floats) -> float:
    """Return the matched-pairs rank-biserial correlation ([3]_).

    The rank sum of the positive differences minus that of the negative ones,
    divided by both together; zeros are left out.
    """
    from scipy.stats import rankdata

    some = differences[differences != 0]
    if len(some) == 0:
        return 0.0
    ranks = rankdata(np.abs(some))
    return float((ranks * np.sign(some)).sum() / ranks.sum())


def nested_bootstrap(
    first: Floats, second: Floats, seed: int = 0
) -> tuple[float, float]:
    """Return the percentile interval of the mean difference ([4]_).

    Instances are resampled, and within each of them the seeds of both solvers.

    Parameters
    ----------
    first, second : ndarray of float, shape (instances, seeds)
        The figure of each run; NaN where an instance has fewer seeds.
    seed : int
        The same seed gives the same interval.
    """
    return _interval(
        resampled_means(first, seed, stream=0), resampled_means(second, seed, stream=1)
    )


def resampled_means(values: Floats, seed: int = 0, stream: int = 0) -> Floats:
    """Return the mean of a solver's figures in each resample of a bootstrap.

    Solvers on the same instances, with the same seed and streams of their own,
    have the resampled instances in common: the differences of their means are
    those of a paired bootstrap.

    Parameters
    ----------
    values : ndarray of float, shape (instances, seeds)
        The figure of each run; NaN where an instance has fewer seeds.
    seed : int
        Of the resampled instances.
    stream : int
        With the seed, of the seeds that are resampled within them.

    Returns
    -------
    ndarray of float, shape (resamples,)
    """
    values, counts = _compact(values)
    size, width = values.shape
    count = int(np.clip(_DRAWS // (2 * size * width), _LEAST_RESAMPLES, _RESAMPLES))
    across = np.random.default_rng(seed)
    within = np.random.default_rng([seed, stream])
    whole = bool((counts == width).all())
    means = np.empty(count)
    step = max(1, _CHUNK // (size * width))
    for start in range(0, count, step):
        part = means[start : start + step]
        chosen = across.integers(size, size=(len(part), size))
        if whole:
            picks = within.integers(width, size=(*chosen.shape, width))
            drawn = values.ravel()[chosen[..., None] * width + picks]
            part[:] = drawn.mean(axis=(1, 2))
        else:
            number = counts[chosen][..., None]
            picks = (within.random((*chosen.shape, width)) * number).astype(np.int64)
            drawn = values[chosen[..., None], picks]
            drawn[np.arange(width) >= number] = 0.0
            part[:] = (drawn.sum(axis=-1) / number[..., 0]).mean(axis=1)
    return means


def _interval(first: Floats, second: Floats) -> tuple[float, float]:
    """Return the percentile interval of second minus first, resample by resample."""
    # With fewer seeds a solver may have more resamples.
    count = min(len(first), len(second))
    differences = second[:count] - first[:count]
    low, high = np.quantile(differences, [LEVEL / 2, 1 - LEVEL / 2])
    return float(low), float(high)


def _compact(values: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Return the values with the NaN of each row last, and how many are none."""
    order = np.argsort(np.isnan(values), axis=1, kind="stable")
    return np.take_along_axis(values, order, axis=1), (~np.isnan(values)).sum(axis=1)


def holm(p: Floats) -> Floats:
    """Return p-values adjusted by Holm's method ([2]_).

    Parameters
    ----------
    p : ndarray of float, shape (comparisons,)
        p-values of one family of comparisons.
    """
    order = np.argsort(p)
    factors = len(p) - np.arange(len(p))
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * factors))
    return adjusted
