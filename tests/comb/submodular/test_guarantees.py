"""Every solver against brute force: what it promises and its bound."""

import itertools
from typing import Any

import numpy as np
import pytest
from tests.comb.submodular import set_function_zoo as zoo

import combkit as ck
from combkit.comb.registry import find, solvers
from combkit.comb.submodular import _kernels_protocol as protocol
from combkit.comb.submodular import _kernels_streams as streams
from combkit.comb.submodular.bounds import heaviest
from combkit.comb.submodular.distorted import decomposition
from combkit.comb.submodular.session import Session
from combkit.instances.run import Run
from combkit.instances.submodular import (
    Cardinality,
    Coverage,
    Modular,
    Oracle,
    PartitionMatroid,
    Submodular,
)

SOLVERS = [row.name for row in solvers() if "submodular" in row.kinds]
NAMES = ("location", "graph-cut-sparse", "cut", "log-det", "revenue", "information")


def problems(seed: int) -> list[Submodular]:
    """Return problems of every goal and constraint."""
    rng = np.random.default_rng(seed)
    functions = zoo.functions(6, seed)
    found = [
        Submodular(functions[name], constraint)
        for name in NAMES
        for constraint in zoo.constraints(6, seed).values()
    ]
    for name in ("location", "coverage-weighted"):
        f = functions[name]
        quota = 0.6 * f.value(np.arange(6))
        found += [
            Submodular(f, minus=Modular(0.4 * rng.random(6))),
            Submodular(f, Cardinality(2), minus=Modular(0.4 * rng.random(6))),
            Submodular(f, minus=functions["sqrt"]),
            Submodular(f, over=Modular(rng.random(6) + 0.1)),
            Submodular(f, over=functions["sqrt"]),
            Submodular(f, quota=quota, costs=rng.random(6) + 0.1),
            Submodular(f, quota=quota),
            Submodular(f, Cardinality(3), include=[1], exclude=[4]),
        ]
    return found


@pytest.fixture(scope="module")
def judged() -> list[tuple[Submodular, float]]:
    """Return problems and their optima."""
    return [(p, zoo.optimum(p)) for p in problems(0)]


@pytest.mark.parametrize("name", SOLVERS)
def test_against_brute_force(
    name: str,
    judged: list[tuple[Submodular, float]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Compiling each search for each pair of function and constraint takes minutes;
    # the same code runs in Python. A few pairs are compiled elsewhere.
    monkeypatch.setattr(protocol, "is_compiled", lambda state: False)
    tried = 0
    for problem, best in judged:
        row = find(name, problem.kind)
        if row.unsupported(problem):
            continue
        tried += 1
        result = ck.solve(problem, name)
        slack = 1e-7 * max(1.0, abs(best))
        sign = 1.0 if problem.sense == "max" else -1.0
        assert result.objective is not None
        assert sign * result.objective <= sign * best + slack
        if result.bound is not None:
            assert sign * best <= sign * result.bound + slack
        if row.exact:
            assert result.status == ck.Status.OPTIMAL
            assert result.objective == pytest.approx(best, abs=slack)
        promise = result.extra.get("guarantee")
        if promise and promise["factor"] and not promise["expected"]:
            assert result.objective >= promised(problem, promise, best) - slack
    assert tried > 1


def promised(problem: Submodular, promise: dict[str, Any], best: float) -> float:
    """Return the least value that a guarantee allows."""
    factor: float = promise["factor"]
    if "c(O)" not in promise["statement"]:
        return factor * best
    if isinstance(problem.minus, Modular):
        costs = shift = problem.minus.values
        base = 0.0
    else:
        costs = decomposition(problem.function)
        shift, base = costs, 1.0
    return max(
        factor * (problem.function.value(s) + base * shift[s].sum()) - costs[s].sum()
        for s, _ in zoo.allowed(problem)
    )


@pytest.mark.parametrize(
    ("name", "problem", "factor"),
    [
        ("random-greedy", Submodular(zoo.functions()["cut"], Cardinality(3)), 0.3678),
        ("double-greedy", Submodular(zoo.functions()["cut"]), 0.5),
        ("double-greedy", Submodular(zoo.functions()["graph-cut-sparse"]), 0.5),
        ("stochastic", Submodular(zoo.functions()["location"], Cardinality(2)), 0.53),
        ("randgreedi", Submodular(zoo.functions()["location"], Cardinality(2)), 0.31),
    ],
)
def test_factors_in_the_mean(name: str, problem: Submodular, factor: float) -> None:
    best = zoo.optimum(problem)
    values = np.array([ck.solve(problem, name, seed=s).objective for s in range(60)])
    promise = ck.solve(problem, name, seed=0).extra["guarantee"]
    assert promise["expected"]
    assert promise["factor"] == pytest.approx(factor, abs=0.01)
    error = values.std(ddof=1) / np.sqrt(values.size)
    # The lower end of the interval, as the claim is about the mean.
    assert values.mean() + 3.0 * error >= promise["factor"] * best
    assert len(set(values.tolist())) > 1 or values.mean() == pytest.approx(best)


class TestBrokenVariants:
    """The same inequalities refuse algorithms that leave a step out."""

    def test_no_distortion(self) -> None:
        problem, broken, least = adversary()
        assert problem.evaluate(ck.Selection(broken)) < least
        result = ck.solve(problem, "distorted")
        assert result.objective is not None
        assert result.objective >= least

    def test_a_wrong_threshold(self) -> None:
        """Thresholds twice too high leave a set too small."""
        f = Coverage(np.eye(8, dtype=bool))
        problem = Submodular(f, Cardinality(8))
        session = Session(problem, Run(problem), "test")
        ones = np.ones(8)
        parts = session.state, session.rule, np.arange(8), ones
        # The optimum is 8: the right threshold of the scan is 8 / (2 * 8).
        streams.pass_through(*parts, 0.5, session.picks)
        assert session.picks.value[0] == 8
        session.restart()
        streams.pass_through(*parts, 1.01, session.picks)
        assert session.picks.value[0] < (0.5 - 0.1) * 8

    def test_a_skipped_filter(self) -> None:
        """An invalid bound is caught: without the gains of refused elements."""
        gains = np.array([3.0, 2.0, 1.0])
        assert heaviest(Cardinality(2), gains) == 5.0
        partition = PartitionMatroid([0, 0, 1], [1, 1])
        assert heaviest(partition, gains) == 4.0
        assert heaviest(partition, gains, [0]) == 1.0


def undistorted(problem: Submodular) -> list[int]:
    """Return the plain greedy set of g - c."""
    chosen: list[int] = []
    constraint = problem.constraint
    assert isinstance(constraint, Cardinality)
    for _ in range(constraint.k):
        left = [e for e in range(problem.n) if e not in chosen]
        values = [problem.evaluate(ck.Selection([*chosen, e])) for e in left]
        best = int(np.argmax(values))
        if values[best] <= problem.evaluate(ck.Selection(chosen)):
            break
        chosen.append(left[best])
    return chosen


def adversary() -> tuple[Submodular, list[int], float]:
    """Return a problem, the plain greedy set, and what the distorted one promises."""
    k, width = 8, 40
    member = np.zeros((k + 1, k * width), dtype=bool)
    for e in range(k):
        member[e, e * width : (e + 1) * width] = True
    member[k] = True
    costs = np.zeros(k + 1)
    costs[k] = (k - 1) * width - 1.0
    problem = Submodular(Coverage(member), Cardinality(k), minus=Modular(costs))
    return problem, undistorted(problem), (1 - 1 / np.e) * k * width


def test_ratio_prefix_inequality() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        f = Coverage(rng.random((7, 12)) < 0.3)
        c = Modular(rng.random(7) + 0.05)
        problem = Submodular(f, minus=c)
        result = ck.solve(problem, "ratio-greedy")
        assert result.objective is not None
        for s in zoo.subsets(7):
            worth, paid = f.value(s), c.value(s)
            if worth > paid > 0.0:
                least = worth - paid - paid * np.log(worth / paid)
                assert result.objective >= least - 1e-9


@pytest.mark.parametrize("labels", [1, 3])
def test_labels_against_brute_force(labels: int) -> None:
    for seed in range(6):
        rng = np.random.default_rng(seed)
        n = 4
        f = Coverage(rng.random((n * labels, 8)) < 0.3)
        single = np.zeros((n, labels), dtype=bool)
        single[np.arange(n), rng.integers(0, labels, n)] = True
        costs = rng.random((n, labels))
        for allowed, paid in itertools.product((None, single), (None, costs)):
            problem = ck.KSubmodular(f, labels, 3, allowed=allowed, costs=paid)
            values = {}
            for given in itertools.product(range(-1, labels), repeat=n):
                solution = ck.Labels(given)
                if not problem.check(solution):
                    values[given] = problem.evaluate(solution)
            best = max(values.values())
            name = "lazy" if paid is None else "distorted"
            result = ck.solve(problem, name)
            assert result.objective is not None
            assert result.objective <= best + 1e-9
            promise = result.extra.get("guarantee")
            if paid is None:
                assert result.objective >= 0.5 * best
                assert result.bound is not None
                assert result.bound >= best - 1e-9
            elif promise is not None:
                assert allowed is not None or labels == 1
                for given, value in values.items():
                    gross = f.value(problem.pairs(ck.Labels(given)))
                    least = promise["factor"] * gross - (gross - value)
                    assert result.objective >= least - 1e-9


@pytest.mark.parametrize("name", ["lazy", "naive", "local-search", "randgreedi"])
def test_nothing_is_promised_of_what_was_cut_short(name: str) -> None:
    f = Coverage(np.random.default_rng(0).random((60, 90)) < 0.1)
    problem = Submodular(f, Cardinality(20))
    cut = ck.solve(problem, name, stop=ck.MaxIterations(1))
    assert cut.solution is not None
    assert "guarantee" not in cut.extra
    assert "guarantee" in ck.solve(problem, name).extra


def test_an_oracle_runs_in_python() -> None:
    f = Oracle(lambda selected: float(np.sqrt(np.sum(selected + 1.0))), 6)
    result = ck.solve(Submodular(f, Cardinality(2)), "lazy")
    assert sorted(result.solution.selected.tolist()) == [4, 5]
    assert result.extra["guarantee"]["factor"] == pytest.approx(1 - 1 / np.e)
