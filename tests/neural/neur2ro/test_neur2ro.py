"""Neur2RO: labels, network, predictions, the main problem, the solver, training."""

import itertools

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'neural'")

import combkit as ck  # noqa: E402
from combkit.mip.highs_model import build, run_native  # noqa: E402
from combkit.mip.robust import evaluate  # noqa: E402
from combkit.mip.robust.recourse import Recourse  # noqa: E402
from combkit.neural.neur2ro.features import FEATURES, Items  # noqa: E402
from combkit.neural.neur2ro.labels import (  # noqa: E402
    collect,
    draw_instances,
    draw_pairs,
)
from combkit.neural.neur2ro.model import shipped  # noqa: E402
from combkit.neural.neur2ro.network import (  # noqa: E402
    Config,
    ValueNetwork,
    load,
    save,
)
from combkit.neural.neur2ro.predictor import Predictor  # noqa: E402
from combkit.neural.neur2ro.solver import main_problem  # noqa: E402


@pytest.fixture(scope="module")
def network():
    return shipped("rkp")[0]


@pytest.fixture(scope="module")
def problem():
    return ck.generate("rkp", 25, seed=3, family="WC", h=60, deviation=0.15)


def test_labels_are_values_of_best_reactions():
    rng = np.random.default_rng(1)
    problems = list(draw_instances(3, rng, 5, 9))
    labels = collect(problems, 20, rng)
    assert labels.features.shape == (60, max(p.n for p in problems), FEATURES)
    assert labels.instances.tolist() == np.repeat([0, 1, 2], 20).tolist()
    assert (labels.values >= 0).all()
    assert (labels.values <= 1 + 1e-6).all()
    rng = np.random.default_rng(2)
    one = problems[0]
    again = collect([one], 5, rng)
    pairs = list(draw_pairs(one, 5, np.random.default_rng(2)))
    for k, (accepted, scenario) in enumerate(pairs):
        # A plain evaluation, less what accepting costs, is the reaction's worth.
        x = accepted.astype(float)
        sunk = (one.profits - one.outsourcing) @ x
        value = one.evaluate(ck.FirstStage(x, scenario)) - sunk
        assert again.values[k] * one.outsourcing.sum() == pytest.approx(value, rel=1e-5)


def test_scenarios_that_are_drawn_are_in_their_set(problem):
    for accepted, scenario in draw_pairs(problem, 50, np.random.default_rng(0)):
        solution = ck.FirstStage(accepted.astype(float), scenario)
        assert problem.check(solution) == []


def test_features_do_not_depend_on_scale(problem):
    larger = ck.RobustKnapsack(
        7 * problem.profits,
        7 * problem.degradations,
        3 * problem.repairs,
        3 * problem.weights,
        7 * problem.outsourcing,
        3 * problem.capacity,
        problem.budget,
    )
    u = np.random.default_rng(0).random(problem.n)
    assert Items(larger).features(u) == pytest.approx(Items(problem).features(u))


def test_an_untrained_network_never_says_too_little(problem):
    """At first its views are bounds: the weight at a price."""
    predictor = Predictor(ValueNetwork(Config(views=64)), problem)
    recourse = Recourse(problem)
    for accepted, scenario in draw_pairs(problem, 30, np.random.default_rng(4)):
        value = recourse.react(accepted, scenario)[0]
        assert predictor.value(accepted, scenario[None])[0] >= value - 1e-3


def test_the_shipped_network_is_as_good_as_its_card_says(network):
    card = shipped("rkp")[1]
    rng = np.random.default_rng(1234)
    labels = collect(list(draw_instances(40, rng)), 20, rng)
    with torch.no_grad():
        tensors = (torch.from_numpy(a) for a in (labels.features, labels.accepted))
        error = (network(*tensors) - torch.from_numpy(labels.values)).abs().mean()
        plain = ValueNetwork(Config(views=256))
        tensors = (torch.from_numpy(a) for a in (labels.features, labels.accepted))
        bound = (plain(*tensors) - torch.from_numpy(labels.values)).abs().mean()
    assert error < 1.5 * card["mean_error"]
    assert error < 0.5 * bound
    assert card["labels"] == 250_000


def test_relabelled_items_have_the_same_value(network, problem):
    order = np.random.default_rng(0).permutation(problem.n)
    fields = ("profits", "degradations", "repairs", "weights", "outsourcing")
    shuffled = ck.RobustKnapsack(
        *(getattr(problem, field)[order] for field in fields),
        problem.capacity,
        problem.budget,
    )
    accepted = np.random.default_rng(1).random(problem.n) < 0.5
    u = np.random.default_rng(2).random((1, problem.n))
    here = Predictor(network, problem).value(accepted, u)
    there = Predictor(network, shuffled).value(accepted[order], u[:, order])
    assert here == pytest.approx(there, rel=1e-5)


def test_the_main_problem_is_the_network(network, problem):
    """Fixed to a first stage, the program's value is what the network says."""
    predictor = Predictor(network, problem)
    rng = np.random.default_rng(5)
    scenarios = np.array([u for _, u in draw_pairs(problem, 4, rng)])
    program = main_problem(predictor, scenarios)
    for _ in range(5):
        accepted = rng.random(problem.n) < 0.6
        highs = build(program)
        for i, value in enumerate(accepted.astype(float)):
            highs.changeColBounds(i, value, value)
        run_native(highs, 1)
        sunk = (problem.profits - problem.outsourcing) @ accepted
        said = sunk + predictor.value(accepted, scenarios).min()
        assert highs.getInfo().objective_function_value == pytest.approx(said, rel=1e-5)


def test_the_feared_scenario_is_the_worst_of_whole_deviations(network):
    problem = ck.generate("rkp", 10, seed=1, deviation=0.25)
    predictor = Predictor(network, problem)
    accepted = np.random.default_rng(0).random(10) < 0.7
    value, scenario = predictor.worst(accepted)
    assert problem.check(ck.FirstStage(accepted.astype(float), scenario)) == []
    assert value == pytest.approx(predictor.value(accepted, scenario[None])[0])
    # Views add up item by item: no two whole deviations and a half one are worse.
    others = []
    for first, second, third in itertools.product(range(10), repeat=3):
        u = np.zeros(10)
        u[third] = 0.5
        u[[first, second]] = 1.0
        if u.sum() <= problem.budget:
            others.append(u * accepted)
    seen = predictor.value(accepted, np.array(others))
    assert value <= seen.min() + 0.01 * problem.outsourcing.sum()


def test_the_solver_is_near_the_optimum(problem):
    result = ck.solve(problem, "neur2ro", time_limit=4, seed=1)
    best = ck.solve(problem, "branch-and-cut", time_limit=30)
    assert result.objective >= best.objective * 0.99
    worst = evaluate(problem, ck.FirstStage(result.solution.first_stage))
    assert worst.certified
    assert worst.upper == pytest.approx(result.objective)
    assert result.bound is None
    assert 0 <= result.extra["error"] < 0.05
    assert result.extra["card"]["problem"] == "rkp"


def test_sizes_that_the_weights_did_not_see_are_warned_of():
    problem = ck.generate("rkp", 5, seed=1)
    with pytest.warns(UserWarning, match="10 to 80 items judge 5"):
        result = ck.solve(problem, "neur2ro", time_limit=2)
    assert result.objective > 0
    assert result.extra["error"] is not None


def test_weights_are_written_and_read(tmp_path):
    network = ValueNetwork(Config(hidden=4, views=3))
    path = tmp_path / "w.safetensors"
    save(network, path, {"problem": "rkp"})
    again, card = load(path)
    assert card == {"problem": "rkp"}
    assert again.config == network.config
    for name, tensor in network.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor)
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(path.read_bytes()[:50])
    with pytest.raises(ck.InstanceFormatError, match="damaged"):
        load(damaged)
    with pytest.raises(ck.InstanceFormatError, match="no such weights"):
        load(tmp_path / "none.safetensors")


def test_weights_of_another_method_are_refused():
    from importlib.resources import files

    with pytest.raises(ck.InstanceFormatError, match="version"):
        load(files("combkit.neural") / "weights" / "bq-kp.safetensors")


@pytest.mark.parametrize("params", [{"rounds": 0}, {"seconds": 0.0}, {"views": 0}])
def test_wrong_parameters(problem, params):
    with pytest.raises(ck.UsageError, match="positive"):
        ck.solve(problem, "neur2ro", time_limit=2, **params)
