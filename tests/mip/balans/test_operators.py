"""Operators: what they propose holds the incumbent, has the size, costs little."""

from __future__ import annotations

import dataclasses
from importlib import metadata
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from tests.mip.balans.models import cover, independent, knapsack, lot_sizing

from combkit.instances.errors import UsageError
from combkit.instances.mip import MIP
from combkit.instances.run import Run, execute
from combkit.mip import fix_propagate
from combkit.mip.balans.engine import minimised
from combkit.mip.balans.linear import LinearPart
from combkit.mip.balans.local import compiled
from combkit.mip.balans.operators import OPERATORS, Mutation, named, operators
from combkit.mip.balans.state import Pool, State, Structure

#: These do not hold the incumbent, or not within their bounds.
ELSEWHERE = {"rens"}
#: These search the whole model, near the incumbent.
WHOLE = {"local-branching", "proximity"}


def state_of(problem: MIP) -> State:
    own = minimised(problem)
    structure, run = Structure(own), Run(problem)
    found = execute(fix_propagate.solve, Run(problem), solver="fix-propagate")
    assert found.solution is not None
    x = found.solution.values
    pool = Pool(structure)
    value = own.evaluate(found.solution)
    pool.add(x, value)
    other = x.copy()
    flip = structure.discrete[:3]
    other[flip] = structure.lower[flip] + structure.upper[flip] - other[flip]
    pool.add(other, value + 1)
    linear = LinearPart(own, run)
    return State(
        structure,
        x,
        value,
        pool,
        linear.solve(10.0),
        lambda row: linear.solve(10.0, row),
    )


PROBLEMS = {"knapsack": knapsack(0, 40), "lots": lot_sizing(), "cover": cover()}
STATES = {name: state_of(problem) for name, problem in PROBLEMS.items()}
assert compiled(120.0)
#: Operators that need binaries, and have none there.
WITHOUT = {"knapsack": {"local-branching", "lb-relax", "proximity"}}


@pytest.mark.parametrize("kind", PROBLEMS)
@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("size", [1e-4, 0.2, 1.0])
def test_proposals_are_parts_of_the_model(name: str, kind: str, size: float) -> None:
    state, operator = STATES[kind], OPERATORS[name]()
    structure = state.structure
    assert operator.fits(structure) == (name not in WITHOUT.get(kind, ()))
    if not operator.fits(structure):
        return
    rng = np.random.default_rng(1)
    for _ in range(4):
        part = operator.propose(state, rng, size)
        assert part is not None
        assert (part.lower <= part.upper).all()
        assert (part.lower >= structure.lower - 1e-9).all()
        assert (part.upper <= structure.upper + 1e-9).all()
        loose = part.lower < part.upper
        assert part.free >= np.count_nonzero(loose[structure.discrete])
        if name not in WHOLE | ELSEWHERE:
            wanted = max(2, round(size * structure.discrete.size))
            assert part.free <= wanted
        # Continuous variables stay free.
        continuous = ~structure.integer
        assert (part.lower[continuous] == structure.lower[continuous]).all()
        assert (part.upper[continuous] == structure.upper[continuous]).all()
        if name not in ELSEWHERE:
            assert (state.x >= part.lower - 1e-9).all()
            assert (state.x <= part.upper + 1e-9).all()
            for row in part.rows:
                inside = row.values @ state.x[row.cols]
                assert row.lower - 1e-9 <= inside <= row.upper + 1e-9
        if part.objective is not None:
            assert np.isfinite(part.objective).all()


def test_what_follows_from_others_is_never_fixed() -> None:
    """A penalised slack is not decided on; a set-up between continuous ones is."""
    structure = Structure(independent())
    n = structure.discrete.size
    assert structure.discrete.tolist() == list(range(n))
    assert structure.follower.tolist() == list(range(n, structure.problem.n))
    x = structure.lower
    lower, upper = structure.fixing(x, np.zeros(x.size, dtype=bool))
    assert (lower[:n] == upper[:n]).all()
    assert (upper[n:] == 1.0).all()
    lower, upper = structure.holding(x)
    assert (lower == upper).all()
    lots = Structure(lot_sizing())
    assert lots.discrete.tolist() == np.flatnonzero(lots.integer).tolist()
    assert (lots.follower == -1).all()


@pytest.mark.parametrize("name", OPERATORS)
def test_the_generator_decides(name: str) -> None:
    state, operator = STATES["cover"], OPERATORS[name]()
    first, again = (
        operator.propose(state, np.random.default_rng(7), 0.3) for _ in range(2)
    )
    assert first is not None
    assert again is not None
    assert (first.lower == again.lower).all()
    assert (first.upper == again.upper).all()


@pytest.mark.parametrize(
    "name", ["rins", "rens", "dins", "reduced-cost", "lb-relax", "crossover"]
)
def test_nothing_to_go_by(name: str) -> None:
    full = STATES["cover"]
    bare = State(full.structure, full.x, full.value, Pool(full.structure))
    assert OPERATORS[name]().propose(bare, np.random.default_rng(0), 0.5) is None


def test_rins_frees_where_relaxation_and_incumbent_differ_first() -> None:
    state = dataclasses.replace(STATES["cover"], x=np.ones(60))
    assert state.relaxed is not None
    discrete = state.structure.discrete
    differ = np.abs(state.relaxed.x - state.x)[discrete] > 1e-6
    size = 0.5 * differ.sum() / discrete.size
    part = OPERATORS["rins"]().propose(state, np.random.default_rng(0), size)
    assert part is not None
    loose = (part.lower < part.upper)[discrete]
    assert differ[loose].all()


def test_a_graph_neighbourhood_is_connected() -> None:
    state = STATES["cover"]
    A = state.structure.problem.A
    busiest = int(np.argmax(A.sum(axis=0)))
    chosen = state.structure.around(busiest, 6, np.random.default_rng(3))
    loose = set(np.flatnonzero(chosen).tolist())
    assert len(loose) == 6
    assert busiest in loose
    edges = [set(np.flatnonzero(row).tolist()) for row in A.toarray()]
    reached = {next(iter(loose))}
    while True:
        more = {k for e in edges if e & reached for k in e & loose} - reached
        if not more:
            break
        reached |= more
    assert reached == loose


def test_communities_are_the_blocks_of_a_block_model() -> None:
    """Two lot-sizing models side by side share no row, so no community."""
    one = lot_sizing(6, 2)
    n = one.n
    both = MIP(
        np.tile(one.c, 2),
        sp.block_diag([one.A, one.A]),
        np.tile(one.row_lower, 2),
        np.tile(one.row_upper, 2),
        np.tile(one.lower, 2),
        np.tile(one.upper, 2),
        np.tile(one.integrality, 2),
    )
    structure = Structure(both)
    starts = structure.rows[0].copy()
    groups = structure.communities
    assert (structure.rows[0] == starts).all()
    assert sorted(np.concatenate(groups).tolist()) == structure.discrete.tolist()
    assert all((group < n).all() or (group >= n).all() for group in groups)
    # Set-ups of one item meet through production and stock.
    assert len(groups) < structure.discrete.size


def test_dins_moves_general_integers_towards_the_relaxation() -> None:
    state = STATES["knapsack"]
    assert state.relaxed is not None
    part = OPERATORS["dins"]().propose(state, np.random.default_rng(0), 1.0)
    assert part is not None
    reach = np.abs(state.x - state.relaxed.x)
    loose = (part.lower < part.upper) & (reach >= 0.5)
    assert loose.any()
    assert (np.abs(part.upper - state.relaxed.x)[loose] <= reach[loose] + 1e-5).all()


def test_a_pool_keeps_the_best_and_no_twins() -> None:
    structure = STATES["cover"].structure
    pool, x = Pool(structure, size=2), np.zeros(structure.problem.n)
    assert pool.add(x, 3.0)
    assert not pool.add(x.copy(), 3.0)
    for j, value in ((0, 1.0), (1, 2.0), (2, 4.0)):
        y = x.copy()
        y[j] = 1.0
        assert pool.add(y, value) == (value < 3.0)
    assert pool.values == [1.0, 2.0]
    assert len(pool) == 2


class Mine(Mutation):
    """A third party's operator."""

    name = "mine"


class Entry:
    """An entry point."""

    def __init__(self, name: str) -> None:
        self.name = name

    def load(self) -> type[Mine]:
        return Mine


def test_third_parties_join(monkeypatch: pytest.MonkeyPatch) -> None:
    def entries(*, group: str) -> list[Any]:
        assert group == "combkit.operators"
        return [Entry(there)]

    there = "mine"
    monkeypatch.setattr(metadata, "entry_points", entries)
    assert set(operators()) == {*OPERATORS, "mine"}
    assert [o.name for o in named(["mine:most=0.5", "rins"])] == ["mine", "rins"]
    own = Mine(most=0.25)
    assert named([own, "rins"])[0] is own
    there = "rins"
    with pytest.raises(UsageError, match="two operators"):
        operators()


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["mutatoin"], "did you mean 'mutation'"),
        (["rins", "rins"], "named twice"),
        ([], "at least one"),
        (["rins:mots=0.5"], "no option 'mots'; did you mean 'most'"),
        (["rins:most"], "not of the form"),
        (["rins:least=0.5:most=0.2"], "least=0.5 <= most=0.2"),
    ],
)
def test_names_are_checked(names: list[str], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        named(names)
