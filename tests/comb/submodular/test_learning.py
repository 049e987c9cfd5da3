"""Streams, dynamic sets, semi-bandits, the selector, spot checks."""

import numpy as np
import pytest
from tests.comb.submodular import set_function_zoo as zoo

import combkit as ck
from combkit.comb.submodular import (
    DynamicMaximizer,
    GreedyLearner,
    Polymatroid,
    Sieve,
    SubsetSelector,
    ThreeSieves,
    regret,
    spot_check,
)
from combkit.instances.errors import InvalidProblemError, UsageError
from combkit.instances.submodular import (
    Cardinality,
    Coverage,
    FacilityLocation,
    GraphicMatroid,
    Modular,
    Oracle,
    Rank,
    SetFunction,
    Submodular,
)


def coverage(n: int = 60, seed: int = 0) -> Coverage:
    rng = np.random.default_rng(seed)
    return Coverage(rng.random((n, 80)) ** 3 < 0.001 + 0.2 * rng.random((n, 1)))


class TestStreams:
    @pytest.mark.parametrize("block", [1, 7, 60])
    def test_blocks_do_not_matter(self, block: int) -> None:
        f = coverage()
        sieve = Sieve(f, 5)
        for first in range(0, 60, block):
            sieve.partial_fit(np.arange(first, min(60, first + block)))
        whole = Sieve(f, 5).partial_fit(np.arange(60))
        assert f.value(sieve.selected) == f.value(whole.selected)

    @pytest.mark.parametrize("seed", range(5))
    def test_half_of_the_optimum(self, seed: int) -> None:
        f = zoo.functions(6, seed)["location"]
        best = zoo.optimum(Submodular(f, Cardinality(2)))
        for order in np.random.default_rng(seed).permuted(
            np.tile(np.arange(6), (10, 1)), axis=1
        ):
            sieve = Sieve(f, 2).partial_fit(order)
            assert f.value(sieve.selected) >= 0.4 * best

    def test_three_sieves_choose_well_in_random_order(self) -> None:
        f = coverage(300)
        order = np.random.default_rng(0).permutation(300)
        chosen = ThreeSieves(f, 5, patience=20).partial_fit(order).selected
        best = ck.solve(Submodular(f, Cardinality(5)), "lazy").objective
        assert best is not None
        assert f.value(chosen) >= 0.6 * best
        assert np.unique(chosen).size == chosen.size <= 5

    def test_bad_elements(self) -> None:
        sieve = Sieve(coverage(), 3)
        with pytest.raises(InvalidProblemError, match="there are 60 elements"):
            sieve.partial_fit([60])
        with pytest.raises(InvalidProblemError, match="element 2 is given twice"):
            sieve.partial_fit([2, 2])
        sieve.partial_fit([2])
        with pytest.raises(UsageError, match="element 2 came before"):
            sieve.partial_fit([2])
        for arguments in ({"k": 0}, {"k": 61}, {"k": 3, "epsilon": 1.0}):
            with pytest.raises(UsageError):
                Sieve(coverage(), **arguments)


class TestDynamic:
    @pytest.mark.parametrize("seed", range(3))
    def test_any_updates(self, seed: int) -> None:
        """Factor against brute force, structure, values, after every update."""
        f: SetFunction = zoo.functions(6, seed)["coverage-weighted"]
        rng = np.random.default_rng(seed)
        keeper = DynamicMaximizer(f, 2, epsilon=0.2, seed=seed)
        present: set[int] = set()
        for _ in range(150):
            e = int(rng.integers(6))
            if e in present:
                keeper.delete(e)
            else:
                keeper.insert(e)
            present ^= {e}
            assert set(keeper.present.tolist()) == present
            chosen = keeper.selected
            assert set(chosen.tolist()) <= present
            assert keeper.value == pytest.approx(f.value(chosen))
            away = np.array(sorted(set(range(6)) - present), dtype=np.int64)
            best = zoo.optimum(Submodular(f, Cardinality(2), exclude=away))
            assert keeper.value >= best / (2.0 * 1.2) - 1e-9

    def test_draws_are_uniform(self) -> None:
        """Of equal elements each is chosen equally often, whatever came and went."""
        f = Modular(np.ones(5))
        counts = np.zeros(5)
        for seed in range(400):
            keeper = DynamicMaximizer(f, 1, seed=seed)
            for e in range(5):
                keeper.insert(e)
            keeper.delete(0)
            keeper.insert(0)
            counts[keeper.selected] += 1
        expected = 400 / 5
        assert ((counts - expected) ** 2 / expected).sum() < 18.5  # 0.1 % of chi^2(4)

    def test_fewer_calls_than_starting_over(self) -> None:
        f = coverage(400, 1)
        keeper = DynamicMaximizer(f, 10, epsilon=0.2)
        for e in range(400):
            keeper.insert(e)
        rng = np.random.default_rng(0)
        before = keeper.calls
        for e in rng.permutation(400)[:200].tolist():
            keeper.delete(e)
        assert (keeper.calls - before) / 200 < 100
        away = np.setdiff1d(np.arange(400), keeper.present)
        again = ck.solve(Submodular(f, Cardinality(10), exclude=away), "lazy")
        assert again.objective is not None
        assert keeper.value >= 0.7 * again.objective

    def test_an_oracle_in_python(self) -> None:
        f = Oracle(lambda selected: float(np.sqrt(np.sum(selected))), 8)
        keeper = DynamicMaximizer(f, 2)
        for e in range(8):
            keeper.insert(e)
        assert keeper.value > 2.0

    def test_bad_updates(self) -> None:
        keeper = DynamicMaximizer(coverage(), 3)
        keeper.insert(4)
        with pytest.raises(UsageError, match="element 4 is present already"):
            keeper.insert(4)
        with pytest.raises(UsageError, match="element 5 is not present"):
            keeper.delete(5)
        with pytest.raises(UsageError, match="elements are 0 to 59"):
            keeper.insert(60)
        with pytest.raises(UsageError):
            DynamicMaximizer(coverage(), 0)
        with pytest.raises(UsageError):
            DynamicMaximizer(coverage(), 3, epsilon=0.0)


class TestSemiBandit:
    def test_bases_of_a_graph_are_trees_of_largest_weight(self) -> None:
        edges = np.array([[0, 1], [1, 2], [0, 2], [2, 3]])
        polymatroid = Polymatroid(Rank(GraphicMatroid(edges)))
        assert polymatroid.basis([0.9, 0.5, 0.7, 0.1]).tolist() == [1, 0, 1, 1]

    @pytest.mark.parametrize("rule", ["opm", "cucb", "thompson"])
    def test_regret_flattens(self, rule: str) -> None:
        f = Rank(GraphicMatroid(zoo.constraints()["graphic"].edges))  # type: ignore[attr-defined]
        means = np.array([0.9, 0.2, 0.8, 0.4, 0.6, 0.1])
        lost = regret(f, means, episodes=4_000, rule=rule, seed=1)  # type: ignore[arg-type]
        assert (np.diff(lost) >= -1e-12).all()
        assert lost[-1] - lost[-1000] < 0.5 * lost[1000] + 1.0

    def test_every_element_is_played_at_first(self) -> None:
        polymatroid = Polymatroid(Coverage(np.eye(5, dtype=bool)))
        learner = GreedyLearner(polymatroid)
        learner.observe(learner.choose(), np.full(5, 0.5))
        with pytest.raises(UsageError, match="between 0 and 1"):
            learner.observe(np.ones(5), np.full(5, 1.5))
        with pytest.raises(UsageError, match="opm"):
            GreedyLearner(polymatroid, "opn")  # type: ignore[arg-type]


class TestSelector:
    X = np.random.default_rng(3).random((80, 4))

    def test_it_is_the_solver(self) -> None:
        selector = SubsetSelector(5, solver="lazy")
        rows = selector.fit_transform(self.X)
        assert rows.tolist() == self.X[selector.ranking_].tolist()
        assert (np.diff(selector.gains_) <= 1e-5).all()
        assert selector.result_.objective == pytest.approx(selector.gains_.sum(), 1e-5)
        assert selector.get_params()["k"] == 5
        assert selector.set_params(k=7).fit(self.X).ranking_.size == 7

    @pytest.mark.parametrize("function", ["facility-location", "features", "log-det"])
    def test_a_stream_is_nearly_as_good(self, function: str) -> None:
        whole = SubsetSelector(5, function=function).fit(self.X)  # type: ignore[arg-type]
        stream = SubsetSelector(5, function=function)  # type: ignore[arg-type]
        stream.partial_fit(self.X[:40])
        stream.partial_fit(self.X[40:])
        assert stream.rows_.tolist() == self.X[stream.ranking_].tolist()
        if function != "facility-location":
            assert stream.gains_.sum() >= 0.45 * whole.gains_.sum()

    def test_neighbours_only(self) -> None:
        near = SubsetSelector(5, n_neighbors=20).fit(self.X)
        assert isinstance(near._of(self.X), FacilityLocation)
        assert near.ranking_.size == 5

    def test_bad_input(self) -> None:
        with pytest.raises(InvalidProblemError, match="90 of 80 elements"):
            SubsetSelector(90).fit(self.X)
        with pytest.raises(InvalidProblemError, match=r"X\[0, 1\] = nan"):
            SubsetSelector(1).fit([[1.0, np.nan]])
        with pytest.raises(UsageError, match="facility-location"):
            SubsetSelector(2, function="facility").fit(self.X)  # type: ignore[arg-type]
        with pytest.raises(UsageError, match="unknown parameter 'kk'"):
            SubsetSelector().set_params(kk=3)


class TestSpotChecks:
    def test_what_is_found(self) -> None:
        square = Oracle(lambda s: float(len(s) ** 2), 5)
        found = spot_check(square)
        assert found is not None
        assert found.claim == "submodular"
        small, large = set(found.smaller), set(found.larger)
        assert small < large
        assert found.element not in large
        assert found.gains[0] < found.gains[1]
        falling = spot_check(Oracle(lambda s: float(-len(s)), 5))
        assert falling is not None
        assert "not monotone: element" in str(falling)
        honest = Oracle(lambda s: float(-len(s)), 5, claims_monotone=False)
        assert spot_check(honest) is None

    @pytest.mark.parametrize("name", zoo.functions())
    def test_nothing_is_found(self, name: str) -> None:
        assert spot_check(zoo.functions()[name], trials=50) is None

    def test_solvers_look(self) -> None:
        problem = Submodular(Oracle(lambda s: float(len(s) ** 2), 6), Cardinality(2))
        with pytest.raises(InvalidProblemError, match="not submodular: element"):
            ck.solve(problem, "lazy")
