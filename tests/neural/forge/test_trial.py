"""Cutoffs on trial: what they say holds for the program itself."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import combkit as ck
from combkit.instances.errors import UsageError
from combkit.instances.generators.programs import program
from combkit.instances.mip import MIP
from combkit.neural.forge.trial import trial_cutoff


@pytest.mark.parametrize("family", ["set-cover", "auction", "vertex-cover"])
@pytest.mark.parametrize("offset", [0.0, -1000.0])
def test_trials_find_or_prove(family, offset):
    p = dataclasses.replace(program(40, seed=2, family=family), offset=offset)
    best = ck.solve(p, "highs", time_limit=30, gap=0.0).objective
    better = 0.01 * (1 if p.maximize else -1)
    reached = trial_cutoff(p, best - better, 20.0)
    assert reached.reached is True
    assert p.check(reached.solution) == []
    assert reached.objective == pytest.approx(best)
    assert reached.bound == pytest.approx(best, abs=0.1)
    missed = trial_cutoff(p, best + better, 20.0)
    assert missed.reached is False
    assert missed.solution is None
    # All solutions are worse than the cutoff, which is a bound.
    assert missed.bound == pytest.approx(best + better)


def test_nothing_is_claimed_where_time_is_over():
    p = program(400, seed=1, family="independent-set", structure="erdos-renyi")
    trial = trial_cutoff(p, 152.0, 0.5)
    assert trial.reached is None
    assert trial.solution is None
    assert trial.bound >= 152.0


def test_cutoffs_are_finite():
    p = MIP([1.0, 1.0], [[1, 1]], 1, np.inf, 0, 1, 1)
    with pytest.raises(UsageError, match="nan is not finite"):
        trial_cutoff(p, np.nan, 1.0)
