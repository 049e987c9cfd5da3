"""Column-and-constraint generation: optima, brackets, bounds of duals, bad input."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mip.robust.tiny import SETS, corners, optimum, tiny, worst_of

import combkit as ck
from combkit.instances.robust import Box, Budget, Polyhedral, Stage, TwoStage
from combkit.instances.robust.families import location_transportation
from combkit.instances.run import Run
from combkit.mip.robust import evaluate, evaluate_sampled
from combkit.mip.robust.ccg._kernels_spatial import _react
from combkit.mip.robust.ccg.dual import Dual
from combkit.mip.robust.ccg.master import Master
from combkit.mip.robust.ccg.network import extreme_duals
from combkit.mip.robust.ccg.points import finite_points, vertices
from combkit.mip.robust.ccg.reaction import Reactions
from combkit.mip.robust.ccg.standard import Standard

SEEDS = st.integers(0, 10**6)
FLAGS = st.booleans()


def zeng_zhao():
    """Return the example of the paper, whose optimum is 33680."""
    return location_transportation(
        np.array([400, 414, 326]),
        np.array([18, 25, 20]),
        np.array([800, 800, 800]),
        np.array([[22, 33, 24], [33, 23, 30], [20, 25, 27]]),
        np.array([206, 274, 220]),
        np.array([40, 40, 40]),
        Polyhedral([[1, 1, 1], [1, 1, 0]], [1.8, 1.2], [0] * 3, [1] * 3),
    )


def agrees(problem, result, value):
    """Assert that a result is the value that brute force finds."""
    if np.isinf(value):
        proven = "infeasible" if (value > 0) != problem.maximize else "unbounded"
        assert result.status == proven
        return
    # Near zero, tolerances of programs are gaps of any size.
    if abs(value) >= 1:
        assert result.status == "optimal"
        assert result.extra["certified"]
    assert result.objective == pytest.approx(value, rel=1e-5, abs=1e-5)
    assert result.bound == pytest.approx(value, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("separation", ["auto", "enumeration", "kkt", "bilinear"])
def test_the_example_of_zeng_and_zhao(separation):
    result = ck.solve(zeng_zhao(), "ccg", time_limit=60, separation=separation)
    assert result.status == "optimal"
    assert result.objective == pytest.approx(33680, abs=0.01)
    assert result.extra["certified"]
    assert result.extra["scenarios"]
    opened = result.solution.first_stage
    assert opened[:3].tolist() == [1, 0, 1]
    assert opened[3:].sum() == pytest.approx(772, abs=0.01)  # the worst demand


def test_alternating_alone_certifies_nothing():
    result = ck.solve(zeng_zhao(), "ccg", time_limit=20, separation="alternating")
    assert result.status == "feasible"
    assert result.objective == pytest.approx(33680, abs=0.01)
    assert not result.extra["certified"]


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.sampled_from(SETS), FLAGS, FLAGS, FLAGS)
def test_uncertain_right_hand_sides(seed, kind, technology, complete, maximize):
    problem = tiny(
        seed, kind, technology=technology, complete=complete, maximize=maximize
    )
    result = ck.solve(problem, "ccg", time_limit=30, gap=1e-5)
    agrees(problem, result, optimum(problem))


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.sampled_from(["enumeration", "mccormick", "kkt"]), FLAGS)
def test_each_separation_by_itself(seed, separation, technology):
    problem = tiny(seed, "budget", technology=technology)
    result = ck.solve(problem, "ccg", time_limit=30, gap=1e-5, separation=separation)
    assert list(result.extra["separations"]) == [separation]
    value = optimum(problem)
    if separation == "mccormick" and result.status == "feasible":
        # It found no proof of its bounds, and says so.
        assert not result.extra["certified"]
        assert result.bound <= value + 1e-6
    else:
        agrees(problem, result, value)


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.sampled_from(["binary", "discrete"]), FLAGS, FLAGS)
def test_integer_recourse_and_everything_uncertain_in_a_finite_set(
    seed, kind, complete, maximize
):
    problem = tiny(
        seed,
        kind,
        integer=True,
        costs=True,
        matrix=True,
        technology=True,
        complete=complete,
        maximize=maximize,
    )
    result = ck.solve(problem, "ccg", time_limit=30, gap=1e-5)
    agrees(problem, result, optimum(problem))


@settings(max_examples=12, deadline=None)
@given(SEEDS, st.sampled_from(["budget", "binary", "box", "discrete"]), FLAGS)
def test_uncertain_costs_with_integer_recourse(seed, kind, integer):
    problem = tiny(seed, kind, integer=integer, costs=True, sides=False)
    result = ck.solve(problem, "ccg", time_limit=30, gap=1e-5, separation="objective")
    x, value = result.solution.first_stage, result.objective
    assert result.status == "optimal" or abs(value) < 1
    # Between extreme points the adversary may do better than at any of them.
    assert value >= worst_of(problem, x) - 1e-6
    for u in grid(problem.uncertainty):
        assert problem.evaluate(ck.FirstStage(x, u)) <= value + 1e-5
    for other in np.ndindex(*(2,) * problem.first.n):
        worst = evaluate(problem, ck.FirstStage(np.array(other, float)))
        assert worst.certified
        assert worst.upper >= value - 1e-5


def grid(uncertainty, seed=0):
    """Return random points of the hull of a set's extreme points, if it is convex."""
    points = np.array(corners(uncertainty))
    if uncertainty.type == "discrete" or getattr(uncertainty, "integral", False):
        return points
    shares = np.random.default_rng(seed).dirichlet(np.ones(len(points)), 200)
    return [*points, *(shares @ points)]


def with_integers(problem):
    """Return the problem with whole, bounded reactions."""
    stage = problem.recourse
    upper = np.minimum(stage.upper, 3)
    whole = Stage(
        stage.cost,
        stage.matrix,
        stage.row_lower,
        stage.row_upper,
        upper=upper,
        integrality=np.ones(stage.n),
    )
    return replace(problem, recourse=whole)


@settings(max_examples=40, deadline=None)
@given(
    SEEDS,
    st.sampled_from(["binary", "discrete"]),
    FLAGS,
    FLAGS,
    st.sampled_from(["policies", "spatial"]),
)
def test_integer_recourse_alone(seed, kind, everything, complete, separation):
    problem = with_integers(
        tiny(seed, kind, costs=everything, matrix=everything, complete=complete)
    )
    result = ck.solve(problem, "ccg", time_limit=30, gap=1e-5, separation=separation)
    value = optimum(problem)
    if np.isinf(value):
        assert result.status == "infeasible"
    else:
        assert result.objective == pytest.approx(value, rel=1e-5, abs=1e-5)


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.sampled_from(["budget", "box", "polyhedral", "factor"]), FLAGS)
def test_few_factors_between_extreme_points(seed, kind, everything):
    problem = with_integers(tiny(seed, kind, costs=True, matrix=everything))
    first = ck.FirstStage(np.ones(problem.first.n))
    # A scenario that alone has a reaction at an end of all others takes long to find.
    worst = evaluate(problem, first, time_limit=0.5, separation="spatial")
    if worst.lower == np.inf:
        assert problem.evaluate(worst.solution) == np.inf
        return
    scale = max(1.0, abs(worst.upper))
    assert problem.evaluate(worst.solution) == pytest.approx(worst.lower, abs=1e-4)
    for u in grid(problem.uncertainty):
        cost = problem.evaluate(ck.FirstStage(first.first_stage, u))
        assert cost <= worst.upper + 1e-5 * scale


@pytest.mark.parametrize("kind", ["budget", "polyhedral", "factor"])
@pytest.mark.parametrize("seed", range(6))
def test_boxes_of_few_factors_close_brackets(seed, kind):
    problem = with_integers(tiny(seed, kind, costs=True, matrix=True))
    first = ck.FirstStage(np.ones(problem.first.n))
    worst = evaluate(problem, first, time_limit=20, separation="spatial")
    assert worst.certified or worst.lower == np.inf


@settings(max_examples=200, deadline=None)
@given(SEEDS)
def test_reactions_of_the_kernel(seed):
    rng = np.random.default_rng(seed)
    n, s = rng.integers(1, 5, 2)
    cost, z = rng.integers(-5, 6, n).astype(float), np.zeros(n)
    matrix = rng.integers(-4, 5, (s, n)).astype(float)
    rhs = rng.integers(-4, 6, s).astype(float)
    upper = rng.integers(0, 4, n)
    every = (np.array(y) for y in np.ndindex(*(upper + 1)))
    best = min((cost @ y for y in every if (matrix @ y >= rhs).all()), default=np.inf)
    lower = np.zeros(n)
    ends = (lower, upper.astype(float))
    assert _react(cost, matrix, rhs, *ends, z, np.inf, -np.inf) == best
    if best < np.inf:
        assert cost @ z == best and (matrix @ z >= rhs).all()
        assert ((z >= 0) & (z <= upper)).all()


def test_capital_budgeting_is_solved_exactly():
    problem = ck.generate("robust", 4, seed=3, family="capital-budgeting")
    result = ck.solve(problem, time_limit=60)
    assert result.status == "optimal"
    value = result.objective
    rng = np.random.default_rng(0)
    x = result.solution.first_stage
    for u in rng.uniform(-1, 1, (100, 4)):
        assert problem.evaluate(ck.FirstStage(x, u)) >= value - 1e-3
    for other in np.ndindex(2, 2, 2, 2):
        worst = evaluate(problem, ck.FirstStage(np.array(other, float)))
        assert worst.lower <= value + 1e-3


def test_a_row_that_nearly_whole_binaries_hold():
    """Seven of twenty projects cost 8e-6 more than there is: the master takes them."""
    problem = ck.generate("robust", 5, seed=2, family="capital-budgeting")
    dear = 1.5 * problem.recourse.matrix.toarray()[0, :5]
    budget = dear[:3].sum() - 8e-7
    limits = np.r_[budget, problem.recourse.row_upper[1:]]
    problem = replace(problem, recourse=replace(problem.recourse, row_upper=limits))
    result = ck.solve(problem, "ccg", time_limit=60)
    assert result.status == "optimal"
    assert problem.check(result.solution) == []


def test_a_forbidden_first_stage_is_not_proposed():
    problem = ck.generate("robust", 3, seed=1, family="capital-budgeting")
    master = Master(problem)
    master.add(np.ones(4))
    run = Run(problem)
    seen = set()
    while True:
        proposal = master.solve(run, 0.0)
        if proposal.infeasible:
            break
        assert tuple(proposal.x) not in seen
        seen.add(tuple(proposal.x))
        assert master.forbid(proposal.x)
    dear = 1.5 * problem.recourse.matrix.toarray()[0, :3]
    every = np.array(list(np.ndindex(2, 2, 2)))
    assert len(seen) == (every @ dear <= problem.recourse.row_upper[0]).sum()
    assert not Master(ck.generate("robust", 3, seed=1)).forbid(np.zeros(6))


def test_a_supremum_that_is_only_approached():
    """One unit of demand too many makes the cheap policy break its row.

    The reaction y = 1 covers demands up to 1; at any demand above it takes y = 2. The
    worst case over ``[0, 1]`` is 1, over ``[0, 1.1]`` it is 2 at all demands above 1.
    """
    for most, value in (1.0, 1.0), (1.1, 2.0):
        problem = TwoStage(
            Stage([0.0], upper=[1.0]),
            Stage([1.0], [[1.0]], row_lower=[0.0], upper=[5], integrality=[1]),
            Box([0.0], [most]),
            shift=[[-1.0]],
        )
        for separation in ("policies", "spatial"):
            result = ck.solve(problem, "ccg", time_limit=20, separation=separation)
            assert result.extra["separations"][separation] > 0
            assert result.objective == pytest.approx(value)
            assert result.status == "optimal"


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_nested_generation_of_mixed_recourse(seed):
    problem = tiny(seed, "binary", integer=True)
    try:
        result = ck.solve(problem, "ccg", time_limit=30, gap=1e-5, separation="nested")
    except ck.UnsupportedFeatureError as error:
        assert "not mixed" in str(error)
        return
    value = optimum(problem)
    assert result.objective == pytest.approx(value, rel=1e-5, abs=1e-5)
    assert result.bound <= value + 1e-5 * max(1.0, abs(value))


def test_a_bracket_as_wide_as_the_gap_is_an_answer():
    problem = tiny(2839, "binary", integer=True)
    result = ck.solve(problem, "ccg", time_limit=30, gap=1e-5, separation="nested")
    assert result.status == "optimal"
    assert result.objective == pytest.approx(optimum(problem), rel=1e-5)


def test_recourse_that_integers_may_spoil_is_refused():
    problem = tiny(1, "binary", integer=True)
    spoilt = Stage([1.0, 1.0], [[1.0, 1.0]], [2.0], upper=[3, 1], integrality=[1, 0])
    problem = TwoStage(
        Stage([0.0]), spoilt, Budget(1, 1, integral=True), shift=[[-1.0]]
    )
    with pytest.raises(ck.UnsupportedFeatureError, match="relatively complete"):
        ck.solve(problem, "ccg", separation="nested")


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.sampled_from(SETS), FLAGS)
def test_brackets_hold_the_worst_case(seed, kind, complete):
    problem = tiny(seed, kind, complete=complete)
    x = np.random.default_rng(seed).integers(0, 2, problem.first.n).astype(float)
    worst = evaluate(problem, ck.FirstStage(x))
    truth = worst_of(problem, x)
    assert worst.lower == pytest.approx(truth, rel=1e-6, abs=1e-6)
    assert worst.certified or np.isinf(truth)
    if np.isfinite(truth):
        assert problem.check(worst.solution) == []
        assert problem.evaluate(worst.solution) == pytest.approx(worst.lower)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.sampled_from(SETS))
def test_sampled_scenarios_are_in_the_set_and_never_worse(seed, kind):
    problem = tiny(seed, kind)
    x = np.random.default_rng(seed).integers(0, 2, problem.first.n).astype(float)
    sampled = evaluate_sampled(problem, ck.FirstStage(x), samples=20, seed=seed)
    assert problem.check(sampled) == []
    assert problem.evaluate(sampled) <= worst_of(problem, x) + 1e-5
    again = evaluate_sampled(problem, ck.FirstStage(x), samples=20, seed=seed)
    assert again == sampled


def test_sampled_knapsacks_are_optimistic():
    problem = ck.generate("rkp", 12, seed=1)
    x = ck.FirstStage(np.ones(12))
    sampled = evaluate_sampled(problem, x, samples=50)
    assert problem.check(sampled) == []
    assert problem.evaluate(sampled) >= evaluate(problem, x).lower - 1e-6
    with pytest.raises(ck.UsageError, match="at least 1"):
        evaluate_sampled(problem, x, samples=0)
    with pytest.raises(ck.InvalidSolutionError):
        evaluate_sampled(zeng_zhao(), ck.FirstStage(np.full(6, -1.0)))


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.sampled_from(["polyhedral", "intersection", "box", "budget"]))
def test_vertices(seed, kind):
    which = tiny(seed, kind).uncertainty
    region = which.region()
    found = vertices(region, 10**5)
    assert found is not None
    points = np.array([region.scenario(w) for w in found])
    for corner in corners(which):
        assert np.abs(points - corner).max(axis=1).min() < 1e-8
    for point in points:
        assert which.violations(point) == []


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.sampled_from(["binary", "discrete"]))
def test_points_of_finite_sets(seed, kind):
    which = tiny(seed, kind).uncertainty
    region = which.region()
    found = finite_points(region, 100)
    assert found is not None
    points = {tuple(region.scenario(w)) for w in found}
    assert points == {tuple(p) for p in corners(which)}
    assert finite_points(region, len(found) - 1) is None


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_extreme_duals_of_networks_are_within_their_bounds(seed):
    problem = ck.generate("robust", 3, seed=seed, customers=4)
    standard = Standard(problem)
    rng = np.random.default_rng(seed)
    fixed = standard.at(np.r_[np.ones(3), rng.uniform(0, 700, 3)])
    bounds = extreme_duals(fixed)
    assert bounds is not None
    lower, upper = bounds
    # The customers pay at most for the dearest site, whatever the capacities are.
    assert np.isfinite(upper[3:]).all()
    reactions = Reactions(fixed)
    for _ in range(20):
        answer = reactions.solve(rng.random(4))
        if np.isfinite(answer.value):  # the simplex method returns extreme duals
            assert (answer.duals <= upper + 1e-6).all()
            assert (answer.duals >= lower - 1e-6).all()


def test_no_bounds_of_a_recourse_that_is_no_network():
    problem = tiny(3)
    assert extreme_duals(Standard(problem).at(np.zeros(problem.first.n))) is None


def test_a_planted_big_m_that_is_too_small_is_not_believed():
    problem = ck.generate("robust", 4, seed=3, budget=2)
    sound = ck.solve(problem, "ccg", time_limit=30)
    assert sound.status == "optimal"
    planted = ck.solve(
        problem, "ccg", time_limit=30, separation="mccormick", big_m=1e-3
    )
    assert planted.status == "feasible"
    assert not planted.extra["certified"]
    large = ck.solve(problem, "ccg", time_limit=30, separation="mccormick", big_m=1e6)
    assert large.objective == pytest.approx(sound.objective)
    assert not large.extra["certified"]


def test_bounds_of_factors_do_not_cut_off_the_worst_scenario():
    problem = ck.generate("robust", 4, seed=5, budget=2)
    standard = Standard(problem)
    fixed = standard.at(ck.solve(problem, "ccg").solution.first_stage)
    from combkit.instances.run import Run
    from combkit.mip.robust.ccg.mccormick import McCormick

    separation = McCormick(standard, Run(problem))
    dual = Dual(fixed, standard.region.program)
    reactions = Reactions(fixed)
    values = {w: reactions.solve(np.array(w)) for w in np.ndindex(2, 2, 2, 2)}
    allowed = {w: a for w, a in values.items() if sum(w) <= 2}
    floor = np.median([a.value for a in allowed.values()])
    infinite = np.outer([0.0, np.inf], dual.ones)
    bounds = separation._proven(dual, infinite, floor)
    for answer in allowed.values():
        if answer.value > floor:
            factors = dual.factors.T @ answer.duals
            assert (factors <= bounds[1] + 1e-6).all()


def test_location_transportation_is_proven():
    problem = ck.generate("robust", 8, seed=1, budget=3)
    result = ck.solve(problem, time_limit=60)
    assert result.status == "optimal"
    truth = max(
        problem.evaluate(ck.FirstStage(result.solution.first_stage, np.array(u, float)))
        for u in np.ndindex(*(2,) * 8)
        if sum(u) <= 3
    )
    assert result.objective == pytest.approx(truth)


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_more_budget_is_never_cheaper(seed):
    values = [
        ck.solve(
            ck.generate("robust", 3, seed=seed, budget=budget), time_limit=30
        ).objective
        for budget in (0, 1, 2)
    ]
    assert values[0] <= values[1] * (1 + 2e-4)
    assert values[1] <= values[2] * (1 + 2e-4)


def test_the_same_twice():
    problem = ck.generate("robust", 6, seed=2)
    one, other = (ck.solve(problem, seed=4, time_limit=60) for _ in range(2))
    assert one.solution == other.solution
    assert one.extra["scenarios"] == other.extra["scenarios"]


def test_a_first_stage_to_start_from(tmp_path):
    problem = ck.generate("robust", 5, seed=2)
    best = ck.solve(problem, time_limit=60)
    again = ck.solve(
        problem, time_limit=60, initial=ck.FirstStage(best.solution.first_stage)
    )
    assert again.objective == pytest.approx(best.objective)


# -- bad input and proven endings ----------------------------------------------


def lone(uncertainty, **fields):
    """Return a problem of one variable a stage: cover ``2 + u`` by x and y."""
    stages = {
        "first": Stage([1.0], upper=[5.0]),
        "recourse": Stage([3.0], [[1.0]], row_lower=[2.0]),
        "technology": [[1.0]],
        "shift": [[-1.0]],
    }
    stages.update(fields)
    first, recourse = stages.pop("first"), stages.pop("recourse")
    return TwoStage(first, recourse, uncertainty, **stages)


def test_recourse_that_is_infeasible_for_every_first_stage():
    narrow = Stage([3.0], [[1.0]], row_lower=[2.0], upper=[0.5])
    problem = lone(Box([0], [9]), recourse=narrow)
    assert ck.solve(problem, time_limit=20).status == "infeasible"


def test_the_nominal_optimum_may_have_no_reaction():
    # Without the surprise nothing need be built; with it half a unit must be.
    narrow = Stage([0.1], [[1.0]], row_lower=[0.0], upper=[1.0])
    problem = lone(Box([0], [1.5]), recourse=narrow)
    result = ck.solve(problem, time_limit=20)
    assert result.status == "optimal"
    assert result.solution.first_stage == pytest.approx([0.5])


def test_unbounded_recourse():
    problem = lone(Box([0], [1]), recourse=Stage([-1.0], [[1.0]], row_lower=[2.0]))
    assert ck.solve(problem, time_limit=20).status == "unbounded"


@pytest.mark.parametrize(
    ("first", "recourse", "links", "value"),
    [
        # Nothing to do, nothing to react with, nothing to decide, an equation.
        (Stage([1.0], upper=[1]), Stage([1.0], upper=[1]), {}, 0.0),
        (
            Stage([1.0], upper=[5]),
            Stage([], np.zeros((1, 0)), row_lower=[1.0]),
            {"technology": [[1.0]], "shift": [[-1.0]]},
            2.0,
        ),
        (Stage([]), Stage([1.0], [[1.0]], [1.0]), {"shift": [[-1.0]]}, 2.0),
        (
            Stage([1.0], upper=[5]),
            Stage([2.0, 1.0], [[1.0, -1.0]], [1.0], [1.0]),
            {"technology": [[1.0]], "shift": [[-1.0]]},
            7 / 3,
        ),
        (
            Stage([1e6], upper=[5e6]),
            Stage([2e6], [[1.0]], [1e6]),
            {"technology": [[1.0]], "shift": [[-1e5]]},
            1.1e12,
        ),
    ],
)
def test_stages_at_their_edges(first, recourse, links, value):
    problem = TwoStage(first, recourse, Budget(1, 1), **links)
    result = ck.solve(problem, time_limit=10)
    assert result.status == "optimal"
    assert result.objective == pytest.approx(value)


def test_what_no_separation_bears_is_named():
    problem = TwoStage(
        Stage([1.0]),
        Stage([1.0, 3.0], [[1.0, 1.0]], [0.5], upper=[3, 9], integrality=[1, 0]),
        Box([0.0], [1.0]),
        shift=[[-1.0]],
        recourse_cost_slopes=[[1.0], [0.0]],
    )
    with pytest.raises(ck.UnsupportedFeatureError, match="integer variables"):
        ck.solve(problem, "ccg", time_limit=5)


def test_the_nested_solver_takes_what_has_integers():
    problem = tiny(7, "binary", integer=True)
    assert not problem.recourse.continuous
    result = ck.solve(problem, "nested-ccg", time_limit=20)
    assert result.objective == pytest.approx(optimum(problem), rel=1e-4)
    assert list(result.extra["separations"]) == ["nested"]
    with pytest.raises(ck.UnsupportedFeatureError, match="not mixed"):
        ck.solve(zeng_zhao(), "nested-ccg")


def test_unknown_separations_are_refused():
    with pytest.raises(ck.UsageError, match="mccormick"):
        ck.solve(zeng_zhao(), "ccg", separation="mcormick")
    with pytest.raises(ck.UsageError, match="big_m"):
        ck.solve(zeng_zhao(), "ccg", separation="kkt", big_m=3.0)
    with pytest.raises(ck.UnsupportedFeatureError, match="between the bounds"):
        ck.solve(zeng_zhao(), "ccg", separation="mccormick")


def test_a_limit_leaves_valid_bounds():
    problem = ck.generate("robust", 16, seed=1, budget=5)
    result = ck.solve(problem, time_limit=1)
    best = ck.solve(problem, time_limit=60)
    assert best.status == "optimal"
    assert result.bound is None or result.bound <= best.objective * (1 + 1e-9)
    low, high = result.extra["bracket"]
    assert low is None or low <= best.objective * (1 + 1e-9)
    assert high is None or high >= best.bound * (1 - 1e-9)


def test_check_refuses_a_kinder_scenario(tmp_path, capsys):
    from combkit.cli.main import run

    problem = zeng_zhao()
    result = ck.solve(problem, time_limit=20)
    ck.write(problem, tmp_path / "p.json")
    x = result.solution.first_stage.tolist()
    for scenario, code in ([0, 0, 0], 1), (result.solution.scenario.tolist(), 0):
        text = json.dumps({"first_stage": x, "scenario": scenario})
        (tmp_path / "s.json").write_text(text)
        assert (
            run(["check", str(tmp_path / "p.json"), str(tmp_path / "s.json")]) == code
        )
    assert Budget(3, 1).violations(np.array([1, 1, 0.0])) != []
