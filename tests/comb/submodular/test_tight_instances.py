"""Instances on which an algorithm reaches its factor, and no more."""

import math

import numpy as np
import pytest
from tests.comb.submodular import set_function_zoo as zoo

import combkit as ck
from combkit.instances.submodular import (
    Cardinality,
    Coverage,
    Cut,
    GraphCut,
    Knapsack,
    Modular,
    PartitionMatroid,
    ProbabilisticCoverage,
    Submodular,
)

E = 1.0 - 1.0 / math.e


def steps_and_rows(k: int, share: float) -> ProbabilisticCoverage:
    """Return k steps, each of which takes a share of what is left of k rows, and rows.

    A step is worth a little more than a row, so that greedy algorithms choose it:
    Nemhauser, Wolsey, Fisher, Math. Programming 14, 1978.
    """
    steps = np.full((k, k), share * (1.0 + 1e-9))
    return ProbabilisticCoverage(np.vstack([steps, np.eye(k)]))


def hills(k: int, thresholds: list[float], columns: int = 2000) -> Coverage:
    """Return elements that add just a threshold each, level by level, then k rows.

    The optimum is the rows of a table. An element of a level covers some columns: the
    first ones disjoint, until a row adds less than the threshold of those who chose
    them. The columns of levels are independent, so other levels add less, too.
    """
    rng = np.random.default_rng(0)
    levels = []
    for threshold in thresholds:
        width = math.ceil(threshold * columns / k)
        worth, count = width * k / columns, 1
        while count < k and (1 - count * worth / k) * (k - count) >= (
            k * threshold - count * worth
        ):
            count += 1
        parts = rng.permutation(columns)[: count * width].reshape(count, width)
        member = np.zeros((count, columns), dtype=bool)
        np.put_along_axis(member, parts, True, axis=1)
        levels.append(np.tile(member, k))
    rows = np.repeat(np.eye(k, dtype=bool), columns, axis=1)
    cells = np.full(k * columns, 1.0 / columns)
    return Coverage(np.vstack([*levels, rows]), cells)


def grid(k: int, epsilon: float, least: float, most: float) -> list[float]:
    """Return the thresholds of the guesses ``(1 + epsilon)^j`` of the optimum."""
    count = math.ceil(math.log(2 * k) / math.log1p(epsilon))
    guesses = [(1.0 + epsilon) ** j / (2 * k) for j in range(count + 1)]
    return [g for g in guesses if least <= g <= most]


def mean(problem: Submodular, solver: str, runs: int = 400) -> tuple[float, float]:
    """Return the mean objective over seeds, and three times its standard error."""
    values = np.array(
        [ck.solve(problem, solver, seed=s).objective for s in range(runs)]
    )
    return float(values.mean()), 3.0 * float(values.std(ddof=1)) / math.sqrt(runs)


@pytest.mark.parametrize("solver", ["lazy", "naive", "threshold", "distorted"])
@pytest.mark.parametrize("k", [3, 40])
def test_greedy_under_a_cardinality(solver: str, k: int) -> None:
    """The value is ``1 - (1 - 1/k)^k`` of the optimum; without costs, a distorted one.

    Thresholds that fall by a tenth meet steps late, but no row before.
    """
    free = {"minus": Modular(np.zeros(2 * k))} if solver == "distorted" else {}
    problem = Submodular(steps_and_rows(k, 1.0 / k), Cardinality(k), **free)
    wanted = k * (1.0 - (1.0 - 1.0 / k) ** k)
    assert ck.solve(problem, solver).objective == pytest.approx(wanted, rel=1e-6)
    assert problem.evaluate(ck.Selection(range(k, 2 * k))) == k


def test_partial_enumeration() -> None:
    """A seed of three rows leaves the same trap, of k - 3 rows and steps."""

    def best(k: int) -> float:
        trap = k - 3
        return max(
            rows + (k - rows) * (1.0 - (1.0 - 1.0 / trap) ** (k - rows))
            for rows in range(4)
        )

    for k in (6, 11):
        f = steps_and_rows(k, 1.0 / (k - 3))
        problem = Submodular(f, Knapsack(np.ones(2 * k), k))
        found = ck.solve(problem, "enumeration").objective
        assert found == pytest.approx(best(k), rel=1e-6)
    assert best(10**6) / 10**6 == pytest.approx(E, abs=1e-5)


@pytest.mark.parametrize("solver", ["sieve", "ordered"])
def test_guesses_of_the_optimum(solver: str) -> None:
    """Each guess finds a hill of its own, and no row; in the limit, half of them."""
    k, epsilon = 20, 0.05
    problem = Submodular(hills(k, grid(k, epsilon, 0.5, 1.0)), Cardinality(k))
    value = ck.solve(problem, solver, epsilon=epsilon).objective
    assert 0.5 - epsilon <= value / k <= 0.56
    rows = ck.Selection(range(problem.n - k, problem.n))
    assert problem.evaluate(rows) == pytest.approx(k)


def test_scan_with_swaps() -> None:
    """Each element adds twice what the one before it did, and takes its place.

    The last one holds all that they had, and adds just less than what it must.
    """
    worth = 2.0 ** np.arange(11)
    member = np.eye(12, dtype=bool)
    member[11] = True
    f = Coverage(member, np.r_[worth, 2.0 * worth[-1] - 0.5])
    problem = Submodular(f, PartitionMatroid(np.zeros(12, dtype=int), [1]))
    found, best = ck.solve(problem, "ordered").objective, zoo.optimum(problem)
    assert found == worth[-1]
    assert 0.25 <= found / best < 0.2503


def test_random_greedy() -> None:
    """A leaf that is drawn before the centre takes its share of the centre's worth.

    Not tight, but far from the optimum, and the mean is known: in a round, the centre
    is drawn with chance 1/k, and each of up to k - 1 leaves; it tends to
    (1 - exp(-2)) / 2 = 0.43, the factor is 0.37.
    """
    k, crumb = 10, 1e-9
    arcs = np.zeros((k + 1, k + 1))
    arcs[0, 1:] = 1.0 / k
    arcs[1:, 0] = crumb  # A leaf that adds nothing would stand for no element.

    def expected(rounds: int, leaves: int) -> float:
        if rounds == 0:
            return 0.0
        chance = min(leaves, k - 1) / k
        value = leaves / k / k + (1.0 - chance - 1.0 / k) * expected(rounds - 1, leaves)
        return value + (chance * expected(rounds - 1, leaves - 1) if leaves else 0.0)

    found, error = mean(Submodular(Cut(arcs), Cardinality(k)), "random-greedy")
    wanted = expected(k, k)
    assert found == pytest.approx(wanted, abs=error)
    assert 1.0 / math.e < wanted < 0.46


def test_double_greedy() -> None:
    """In a star, fair coins fall for all leaves; then the centre has the choice.

    The mean is E max(B, m - B) / m of a binomial B, which tends to 1/2. Linear
    programming finds no worse function of 2, 4, 6 or 8 elements with fair coins.
    """
    leaves = 60
    edges = np.zeros((leaves + 1, leaves + 1))
    edges[-1, :-1] = edges[:-1, -1] = 1.0 / leaves
    problem = Submodular(GraphCut(edges, 1.0))
    wanted = sum(
        math.comb(leaves, j) / 2.0**leaves * max(j, leaves - j) / leaves
        for j in range(leaves + 1)
    )
    found, error = mean(problem, "double-greedy")
    assert found == pytest.approx(wanted, abs=error)
    assert 0.5 < wanted < 0.56


def test_greedy_under_a_matroid() -> None:
    # Element 0 leaves only 2, which adds nothing; no exchange of one is better.
    f = Coverage.of_sets([[0], [1], [0]])
    problem = Submodular(f, PartitionMatroid([0, 0, 1], [1, 1]))
    assert ck.solve(problem, "naive").objective == 1
    assert ck.solve(problem, "local-search").objective == 1
    assert ck.solve(problem, "branch-and-bound").objective == 2


def test_density_with_completion() -> None:
    # The dense element leaves no room for either half of the optimum.
    values, costs = [0.5151, 0.5, 0.5], [0.51, 0.5, 0.5]
    problem = Submodular(Modular(values), Knapsack(costs, 1.0))
    assert ck.solve(problem, "density").objective == pytest.approx(0.5151)
    assert ck.solve(problem, "enumeration").objective == pytest.approx(1.0)


def test_greedy_labels() -> None:
    # Element 0 takes the label that element 1 is needed for.
    f = Coverage.of_sets([[0], [1], [0], []])
    problem = ck.KSubmodular(f, 2)
    assert ck.solve(problem, "lazy").objective == 1
    assert problem.evaluate(ck.Labels([1, 0])) == 2


def test_costs_that_are_scaled() -> None:
    # f(S) - c(S) = 0 = f(O) / 2 - c(O), though the element is worth 1/2.
    problem = Submodular(Modular([1.0]), minus=Modular([0.5]))
    assert ck.solve(problem, "bisection").objective == 0
    assert zoo.optimum(problem) == 0.5


def test_density_needs_its_completion() -> None:
    """Density alone takes the crumb; the completed prefix takes the loaf."""
    problem = Submodular(Modular([2.0, 10.0]), Knapsack([1.0, 10.0], 10.0))
    assert ck.solve(problem, "density", certificate=0).objective == 10
