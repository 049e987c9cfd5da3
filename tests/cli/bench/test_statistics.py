"""Tests of significance: known values, symmetry, coverage, small samples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from combkit.cli.bench.statistics import (
    Difference,
    compare_paired,
    holm,
    nested_bootstrap,
    rank_biserial,
    signed_rank,
)

rng = np.random.default_rng(7)


def test_signed_rank_is_exact_by_enumeration():
    differences = np.array([1.5, -0.5, 2.5, 3.0, 4.0, -1.0, 6.0])
    ranks = stats.rankdata(np.abs(differences))
    signs = 1 - 2 * ((np.arange(2**7)[:, None] >> np.arange(7)) & 1)
    null = np.abs((signs * ranks).sum(axis=1))
    seen = abs((np.sign(differences) * ranks).sum())
    assert signed_rank(differences) == pytest.approx(np.mean(null >= seen))


def test_zeros_count_in_the_ranks():
    # Pratt: zeros are ranked, then dropped; dropping them first gives another p.
    differences = np.array([0.0] * 10 + [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, -0.5])
    expected = stats.wilcoxon(differences, zero_method="pratt").pvalue
    assert signed_rank(differences) == pytest.approx(expected)
    assert signed_rank(differences) != pytest.approx(signed_rank(differences[10:]))


@pytest.mark.parametrize("count", range(6))
def test_too_few_instances_are_never_significant(count):
    differences = np.append(np.zeros(20), np.arange(1.0, count + 1))
    assert signed_rank(differences) == 1.0
    values = differences[:, None]
    found = compare_paired(np.zeros_like(values), values)
    assert found.verdict(0.0) == "too few instances"


def test_rank_biserial():
    assert rank_biserial(np.array([1.0, 2.0, 3.0])) == 1.0
    assert rank_biserial(np.array([-1.0, -2.0, 0.0])) == -1.0
    assert rank_biserial(np.zeros(4)) == 0.0
    assert rank_biserial(np.array([1.0, -2.0, 3.0])) == pytest.approx(2 / 6)


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=8))
def test_holm_is_its_definition(p):
    adjusted = holm(np.array(p))
    order = sorted(range(len(p)), key=lambda k: p[k])
    running = 0.0
    for position, k in enumerate(order):
        running = max(running, (len(p) - position) * p[k])
        assert adjusted[k] == pytest.approx(min(1.0, running))
    assert holm(np.array([])).tolist() == []


def test_interval_covers_the_truth_about_as_often_as_it_says():
    covered = 0
    for trial in range(300):
        first = rng.normal(0.0, 1.0, (25, 1)) + rng.normal(0.0, 0.5, (25, 3))
        second = first.mean(axis=1, keepdims=True) + rng.normal(0.3, 1.0, (25, 3))
        low, high = nested_bootstrap(first, second, seed=trial)
        covered += low <= 0.3 <= high
    assert 0.88 <= covered / 300 <= 1.0


def test_interval_is_wider_than_one_that_takes_seeds_for_instances():
    # Ten seeds of six instances are not sixty instances.
    instance = rng.normal(0.0, 1.0, (6, 1))
    second = instance + rng.normal(0.0, 0.01, (6, 10))
    first = np.zeros((6, 10))
    low, high = nested_bootstrap(first, second)
    naive = 2 * 1.96 * second.std() / np.sqrt(second.size)
    assert high - low > 1.5 * naive


def test_comparison_is_deterministic_and_antisymmetric():
    first, second = rng.normal(0, 1, (12, 4)), rng.normal(0.8, 1, (12, 4))
    found, again = compare_paired(first, second), compare_paired(first, second)
    assert found == again
    mirrored = compare_paired(second, first)
    assert mirrored.mean == pytest.approx(-found.mean)
    assert mirrored.p == pytest.approx(found.p)
    assert mirrored.effect == pytest.approx(-found.effect)


def test_missing_seeds_are_left_out():
    first = np.array([[1.0, np.nan], [2.0, 4.0]])
    second = np.array([[2.0, 4.0], [5.0, np.nan]])
    found = compare_paired(first, second)
    assert (found.instances, found.different) == (2, 2)
    assert found.mean == pytest.approx(((3 - 1) + (5 - 3)) / 2)
    assert np.isfinite([found.low, found.high]).all()
    assert found.low <= found.mean <= found.high


@pytest.mark.parametrize(
    ("mean", "low", "high", "adjusted", "words"),
    [
        (-0.1, -0.2, -0.05, 0.01, "better"),
        (0.1, 0.05, 0.2, 0.01, "worse"),
        (0.1, 0.05, 0.2, 0.06, "no evidence of a difference"),
        (0.1, -0.05, 0.2, 0.01, "no evidence of a difference"),
    ],
)
def test_verdict_needs_both_test_and_interval(mean, low, high, adjusted, words):
    found = Difference(
        instances=9, different=9, mean=mean, low=low, high=high, p=0.01, effect=1.0
    )
    assert found.verdict(adjusted) == words
