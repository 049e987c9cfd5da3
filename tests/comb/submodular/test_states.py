"""States against the values that functions state themselves, and rules likewise."""

import numpy as np
import pytest
from tests.comb.submodular import set_function_zoo as zoo

from combkit.comb.submodular import _kernels_greedy as greedy
from combkit.comb.submodular import _kernels_protocol as protocol
from combkit.comb.submodular.states import compiled, rule_of, state_of
from combkit.instances.submodular import Oracle

FUNCTIONS = zoo.functions()
CONSTRAINTS = zoo.constraints()
SINGLE = ("location-single", "cosine", "rbf", "inverse")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gains_are_differences_of_values(name: str) -> None:
    f = FUNCTIONS[name]
    state = state_of(f)
    rng = np.random.default_rng(1)
    slack = 1e-5 if name in SINGLE else 1e-12
    for _ in range(4):
        protocol.clear(state)
        order = rng.permutation(f.n)
        for size in range(f.n):
            chosen = order[:size]
            others = order[size:]
            wanted = [f.value(np.append(chosen, e)) - f.value(chosen) for e in others]
            found = np.zeros(others.size)
            protocol.gains(state, others, found)
            assert found == pytest.approx(wanted, abs=slack)
            assert protocol.gain(state, int(others[0])) == pytest.approx(
                wanted[0], abs=slack
            )
            protocol.add(state, int(others[0]))


@pytest.mark.parametrize("name", ["nested", "mutual", "rank", "given", "dpp"])
def test_compiled_searches_see_the_same(name: str) -> None:
    f = FUNCTIONS[name]
    state, order = state_of(f), np.arange(f.n)
    added, again = np.zeros(f.n), np.zeros(f.n)
    compiled(greedy.one_by_one, state)(state, order, added)
    protocol.clear(state)
    greedy.one_by_one.py_func(state, order, again)  # type: ignore[attr-defined]
    assert added == pytest.approx(again, abs=1e-12)


def test_a_function_of_numba_is_compiled_into_the_search() -> None:
    numba = pytest.importorskip("numba")

    @numba.njit
    def spread(selected: np.ndarray) -> float:
        return 5.0 + np.sqrt(selected.sum())

    f = Oracle(spread, 5)
    state, added = state_of(f), np.zeros(5)
    search = compiled(greedy.one_by_one, state)
    assert hasattr(search, "signatures")
    search(state, np.array([4, 0, 2]), added[:3])
    assert added[:3] == pytest.approx([2.0, 0.0, np.sqrt(6.0) - 2.0])


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_rules_are_the_constraints(name: str) -> None:
    constraint = CONSTRAINTS[name]
    rule = rule_of(constraint, 6)
    for chosen in zoo.subsets(6):
        protocol.free(rule)
        fits = True
        for e in chosen.tolist():
            fits = fits and bool(protocol.fits(rule, e))
            protocol.take(rule, e)
        assert fits == (constraint.violations(chosen) == [])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_claims_hold(name: str) -> None:
    """Monotone, submodular, non-negative: over all sets."""
    f = FUNCTIONS[name]
    value = {frozenset(s.tolist()): f.value(s) for s in zoo.subsets(f.n)}
    assert abs(value[frozenset()]) < 1e-12
    slack = 1e-9
    for s, worth in value.items():
        assert not f.non_negative or worth >= -slack
        for e in set(range(f.n)) - s:
            gain = value[s | {e}] - worth
            assert not f.monotone or gain >= -slack
            for other in set(range(f.n)) - s - {e} if f.submodular else ():
                assert value[s | {e, other}] - value[s | {other}] <= gain + slack
