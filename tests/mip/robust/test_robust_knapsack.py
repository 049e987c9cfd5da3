"""Robust knapsacks: the kernel, worst cases and solvers against brute force."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import combkit as ck
from combkit.instances.robust.knapsack import RobustKnapsack
from combkit.mip.robust import evaluate
from combkit.mip.robust._kernels_climb import climb
from combkit.mip.robust._kernels_knapsack import fill
from combkit.mip.robust.recourse import Recourse
from combkit.mip.robust.relaxed import relaxation
from combkit.mip.robust.safe import safe_start
from combkit.mip.robust.worst_case import Adversary, largest_loss

SOLVERS = ["branch-and-cut", "bp", "robust-ls", "auto"]


def problem_of(rng: np.random.Generator, n: int) -> RobustKnapsack:
    """Return a small problem of small numbers, where ties are common."""
    profits = rng.integers(0, 20, n)
    return RobustKnapsack(
        profits,
        rng.integers(0, 12, n),
        rng.integers(0, 6, n),
        rng.integers(0, 9, n),
        rng.integers(0, 30, n),
        int(rng.integers(0, 4 * n + 1)),
        float(rng.choice([0.0, 0.5, 1.0, 1.5, 2.0, n])),
    )


@st.composite
def problems(draw: st.DrawFn) -> RobustKnapsack:
    n = draw(st.integers(1, 5))
    return problem_of(np.random.default_rng(draw(st.integers(0, 10**6))), n)


def worst_of(problem: RobustKnapsack, accepted: tuple[int, ...]) -> float:
    """Return a worst case by listing all policies, for a linear program."""
    rows, limits = [], []
    for policy in itertools.product(*(range(3) if a else (0,) for a in accepted)):
        made = np.array(policy) > 0
        repaired = np.array(policy) == 2
        weight = problem.weights @ made + problem.repairs @ repaired
        if weight <= problem.capacity:
            # theta >= worth - loss' xi
            rows.append(np.r_[-(problem.degradations * (made & ~repaired)), -1.0])
            limits.append(-float(problem.outsourcing @ made))
    n = problem.n
    least = linprog(
        np.r_[np.zeros(n), 1.0],
        np.vstack([rows, np.r_[np.ones(n), 0.0]]),
        np.r_[limits, problem.budget],
        bounds=[(0, 1)] * n + [(None, None)],
    )
    sunk = (problem.profits - problem.outsourcing) @ np.array(accepted)
    return float(sunk + least.fun)


def optimum(problem: RobustKnapsack) -> float:
    return max(
        worst_of(problem, x) for x in itertools.product((0, 1), repeat=problem.n)
    )


@given(st.integers(0, 10**6), st.integers(1, 7))
@settings(max_examples=300, deadline=None)
def test_the_knapsack_of_three_states(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    profit = np.zeros((n, 3))
    weight = np.zeros((n, 3), dtype=np.int64)
    profit[:, 1:] = rng.integers(-5, 30, (n, 2))
    weight[:, 1] = rng.integers(0, 30, n)
    weight[:, 2] = weight[:, 1] + rng.integers(0, 20, n)
    capacity = int(rng.integers(0, 80))
    best = max(
        sum(profit[i, o] for i, o in enumerate(states))
        for states in itertools.product(range(3), repeat=n)
        if sum(weight[i, o] for i, o in enumerate(states)) <= capacity
    )
    choice = np.empty(n, dtype=np.int64)
    assert fill(profit, weight, capacity, choice) == pytest.approx(best)
    items = np.arange(n)
    assert profit[items, choice].sum() == pytest.approx(best)
    assert weight[items, choice].sum() <= capacity


@given(problems(), st.integers(0, 31))
@settings(max_examples=100, deadline=None)
def test_worst_cases(problem: RobustKnapsack, number: int) -> None:
    accepted = tuple(number >> i & 1 for i in range(problem.n))
    wanted = worst_of(problem, accepted)
    worst = evaluate(problem, ck.FirstStage(accepted))
    assert worst.certified
    assert worst.lower == pytest.approx(wanted, abs=1e-6)
    assert worst.upper == pytest.approx(wanted, abs=1e-6)
    assert problem.check(worst.solution) == []
    assert problem.evaluate(worst.solution) == pytest.approx(worst.upper, abs=1e-9)
    # No scenario is below what the mixture promises.
    rng = np.random.default_rng(number)
    for _ in range(20):
        xi = rng.random(problem.n) * rng.integers(0, 2, problem.n)
        xi *= min(1.0, problem.budget / max(xi.sum(), 1e-12))
        value = problem.evaluate(ck.FirstStage(accepted, xi))
        assert value >= worst.lower - 1e-9


@pytest.mark.parametrize("solver", SOLVERS)
@given(problem=problems())
@settings(max_examples=25, deadline=None)
def test_optima(solver: str, problem: RobustKnapsack) -> None:
    best = optimum(problem)
    limits = {"stop": ck.MaxIterations(100)} if solver == "robust-ls" else {}
    result = ck.solve(problem, solver, **limits)
    assert result.objective == pytest.approx(best, abs=1e-5)
    if solver != "robust-ls":
        assert result.status == ck.Status.OPTIMAL
        assert result.bound == pytest.approx(best, abs=1e-5)
    assert problem.check(result.solution) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(500))
def test_five_hundred_optima(seed: int) -> None:
    problem = problem_of(np.random.default_rng(seed), 1 + seed % 6)
    result = ck.solve(problem)
    assert result.status == ck.Status.OPTIMAL
    assert result.objective == pytest.approx(optimum(problem), abs=1e-5)


@given(problems())
@settings(max_examples=60, deadline=None)
def test_no_scenario_harms_a_safe_start(problem: RobustKnapsack) -> None:
    start = safe_start(problem)
    profit = problem.profits @ start.first_stage
    assert problem.evaluate(start) == pytest.approx(profit)
    worst = evaluate(problem, start)
    assert worst.lower == pytest.approx(profit)
    assert worst.upper == pytest.approx(profit)


def test_a_worst_case_that_is_not_looked_for_any_further() -> None:
    problem = ck.generate("rkp", 30, seed=1)
    everything = np.ones(30, dtype=bool)
    exact = Adversary(problem).worst(everything)
    floor = exact.upper + 0.3 * abs(exact.upper)
    adversary = Adversary(problem)
    early = adversary.worst(everything, floor)
    assert exact.upper - 1e-6 <= early.upper <= floor
    assert adversary.recourse.calls < 15
    assert problem.evaluate(early.solution) == pytest.approx(early.upper)


def test_the_relaxation_bounds_every_first_stage() -> None:
    for seed in range(5):
        problem = problem_of(np.random.default_rng(seed), 5)
        bound = ck.solve(relaxation(problem), "highs").objective
        assert bound >= optimum(problem) - 1e-6


def test_budgets() -> None:
    """Without a budget it is deterministic; profit falls as the budget grows."""
    values = []
    for budget in (0.0, 1.0, 2.5, 8.0):
        base = ck.generate("rkp", 8, seed=3, family="WC")
        problem = RobustKnapsack(
            base.profits,
            base.degradations,
            base.repairs,
            base.weights,
            base.outsourcing,
            base.capacity,
            budget,
        )
        values.append(ck.solve(problem).objective)
    kp = ck.Knapsack(base.profits, base.weights, base.capacity)
    assert values[0] == pytest.approx(ck.solve(kp, time_limit=10).objective)
    assert all(a >= b - 1e-6 for a, b in itertools.pairwise(values))


def static(problem: RobustKnapsack) -> float:
    """Return the best guarantee of one policy, by listing all of them."""
    best = -np.inf
    for policy in itertools.product(range(3), repeat=problem.n):
        made, repaired = np.array(policy) > 0, np.array(policy) == 2
        if problem.weights @ made + problem.repairs @ repaired > problem.capacity:
            continue
        # What is accepted beyond the policy is given away, where that pays.
        away = np.maximum(problem.profits - problem.outsourcing, 0.0) * ~made
        exposed = problem.degradations * (made & ~repaired)
        loss = largest_loss(exposed, problem.budget)
        best = max(best, problem.profits @ made + away.sum() - loss)
    return float(best)


@pytest.mark.parametrize("seed", range(8))
def test_a_few_policies(seed: int) -> None:
    """One is static, more are better, many are as good as any reaction."""
    problem = problem_of(np.random.default_rng(100 + seed), 4)
    best = optimum(problem)
    values = []
    for k in (1, 2, 4):
        result = ck.solve(problem, "kadapt", policies=k)
        guarantee = result.extra["guarantee"]
        assert result.extra["guarantee_bound"] == pytest.approx(guarantee, abs=1e-4)
        assert guarantee <= result.objective + 1e-5 <= best + 2e-5
        assert len(result.extra["policies"]) == k
        for policy in np.array(result.extra["policies"]):
            assert (np.array(result.extra["first_stage"]) >= (policy > 0)).all()
            used = problem.weights @ (policy > 0) + problem.repairs @ (policy == 2)
            assert used <= problem.capacity
        values.append(guarantee)
    assert values[0] == pytest.approx(static(problem), abs=1e-5)
    assert all(a <= b + 1e-5 for a, b in itertools.pairwise(values))
    assert values[-1] == pytest.approx(best, abs=1e-5)


def test_largest_loss() -> None:
    losses = np.array([3.0, 5.0, 1.0])
    assert [largest_loss(losses, g) for g in (0, 1, 1.5, 3, 9)] == [0, 5, 6.5, 9, 9]


def test_estimates_are_never_too_small() -> None:
    rng = np.random.default_rng(0)
    for seed in range(20):
        problem = problem_of(np.random.default_rng(seed), 6)
        recourse = Recourse(problem)
        xi = rng.random(6) * min(1.0, problem.budget / 6)
        constant, slopes = recourse.estimate(rng.random(6) < 0.5, xi)
        for x in itertools.product((0, 1), repeat=6):
            value = problem.evaluate(ck.FirstStage(x, xi))
            assert constant + slopes @ np.array(x) >= value - 1e-9


def test_climbs_end_where_no_move_is_better() -> None:
    rng = np.random.default_rng(0)
    slopes = rng.normal(size=(4, 7))
    x = np.zeros(7, dtype=bool)
    value = climb(x, slopes, np.zeros(4), 100)
    assert value == pytest.approx((slopes @ x).min())
    for i, j in itertools.combinations_with_replacement(range(7), 2):
        y = x.copy()
        y[[i, j]] ^= True
        if i == j or y.sum() == x.sum():
            assert (slopes @ y).min() <= value + 1e-9


def test_runs_repeat() -> None:
    problem = ck.generate("rkp", 25, seed=1, family="SC")
    stop = ck.MaxIterations(20)
    first, second = (
        ck.solve(problem, "robust-ls", seed=4, stop=stop) for _ in range(2)
    )
    assert first.objective == second.objective
    assert first.solution == second.solution


def test_an_interrupted_run_has_a_valid_bracket() -> None:
    problem = ck.generate("rkp", 60, seed=1, family="ASC")
    result = ck.solve(problem, time_limit=1.5)
    assert result.status in (ck.Status.FEASIBLE, ck.Status.OPTIMAL)
    assert result.objective > 0
    assert result.bound is not None
    assert result.bound >= result.objective
    worst = evaluate(problem, result.solution)
    assert worst.lower == pytest.approx(result.objective)


def test_it_goes_on_from_a_first_stage() -> None:
    problem = ck.generate("rkp", 20, seed=2)
    best = ck.solve(problem).solution
    stop = ck.MaxIterations(1)
    again = ck.solve(problem, "robust-ls", initial=best, stop=stop)
    assert again.objective == pytest.approx(problem.evaluate(best))


def test_bad_parameters() -> None:
    problem = ck.generate("rkp", 5, seed=2)
    for solver, bad in (
        ("robust-ls", {"estimates": 0}),
        ("robust-ls", {"shake": 0}),
        ("kadapt", {"policies": 0}),
    ):
        with pytest.raises(ck.CombkitError, match="at least 1"):
            ck.solve(problem, solver, **bad)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RKP_UN_n20_R1000_H100_h80_dev0.15_d1", 7273.56),
        ("RKP_SC_n20_R1000_H100_h40_dev0.1_d1", 4785.19),
        ("RKP_WC_n30_R1000_H100_h80_dev0.2_d0.1", 9820.73),
        ("RKP_ASC_n20_R1000_H100_h40_dev0.15_d0.5", 3733.45),
    ],
)
def test_published_optima(shared_data: Path, name: str, value: float) -> None:
    result = ck.solve(shared_data / "robust" / "rkp" / name, time_limit=60)
    assert result.status == ck.Status.OPTIMAL
    assert result.objective == pytest.approx(value, rel=1e-5)
