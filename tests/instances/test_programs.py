"""Generated mixed-integer programs: every structure of every family."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import combkit as ck
from combkit.instances.errors import UsageError
from combkit.instances.generators import generate
from combkit.instances.generators.programs import FAMILIES, program
from combkit.instances.mip import MIP

STRUCTURES = [
    (name, structure)
    for name, family in FAMILIES.items()
    for structure in family.structures
]


def of(n: int, family: str, structure: str | None = None, seed: int = 1) -> MIP:
    return program(n, seed=seed, family=family, structure=structure)


@pytest.mark.parametrize(("family", "structure"), STRUCTURES)
def test_structures_are_drawn_by_their_seed(family, structure):
    first = generate("mip", 20, seed=3, family=family, structure=structure)
    assert first == of(20, family, structure, 3)
    assert first != of(20, family, structure, 4)
    assert first.name == f"{family}-{structure}-n20-s3"
    others = [s for s in FAMILIES[family].structures if s != structure]
    assert all(of(20, family, other, 3) != first for other in others)
    # No size is too small, no row of a family is empty.
    for n in (2, 3, 30):
        assert (np.diff(of(n, family, structure).A.indptr) > 0).all()


@pytest.mark.parametrize(("family", "structure"), STRUCTURES)
def test_programs_have_solutions(family, structure):
    for seed in range(2):
        result = ck.solve(of(7, family, structure, seed), "highs", time_limit=20)
        assert result.status in ("optimal", "feasible"), result.status


def test_independent_sets_and_covers_are_those_of_their_graphs():
    """The largest independent set by enumeration of what the rows allow."""
    sets = of(10, "independent-set", "erdos-renyi")
    best = max(
        sum(chosen)
        for chosen in itertools.product((0, 1), repeat=10)
        if not sets.check(ck.Values(np.array(chosen, dtype=float)))
    )
    assert ck.solve(sets, "highs", time_limit=20).objective == best
    # Ends of a move of a king exclude each other, directly or by a clique.
    grid = of(100, "independent-set", "grid")
    conflicts = (grid.A.T @ grid.A).toarray() > 0
    moves = 0
    for u, v in itertools.combinations(range(100), 2):
        near = max(abs(u % 10 - v % 10), abs(u // 10 - v // 10)) == 1
        assert near or not conflicts[u, v]
        moves += near
    assert 0.8 * moves < np.triu(conflicts, 1).sum() < moves


def test_assignments_may_leave_jobs_out_and_lots_start_with_stock():
    jobs = of(10, "assignment", "d")
    assert jobs.n == 10 * 2 + 10
    assert (jobs.c[20:] == 3.0 * jobs.c[:20].max()).all()
    lots = of(12, "lot-sizing", "capacitated")
    assert lots.integrality.sum() == 3 * 12


def test_triplets_fill_their_bins():
    bins = of(9, "bin-packing", "triplets")
    assert ck.solve(bins, "highs", time_limit=30).objective == 3


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"family": "set-cver"}, "family: 'set-cver' is unknown; did you mean"),
        ({"structure": "plantd"}, "structure: 'plantd' is unknown to set-cover; did"),
        ({"n": 1}, "n: 1 is less than 2"),
    ],
)
def test_unknown_families_are_refused(params, message):
    with pytest.raises(UsageError, match=message):
        generate("mip", params.pop("n", 10), seed=1, **params)
