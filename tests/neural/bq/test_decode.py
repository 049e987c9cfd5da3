"""Greedy, beams, samples, horizons, re-construction."""

from itertools import product

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'neural'")

from combkit.instances.cvrp import CVRP  # noqa: E402
from combkit.instances.errors import SolverError  # noqa: E402
from combkit.instances.solutions import Routes  # noqa: E402
from combkit.instances.tsp import ATSP, TSP  # noqa: E402
from combkit.neural.bq import horizon  # noqa: E402
from combkit.neural.bq.beam import beam  # noqa: E402
from combkit.neural.bq.decode import construct, greedy, ranked, sampled  # noqa: E402
from combkit.neural.bq.forms import form_of, stacked  # noqa: E402
from combkit.neural.bq.problems import PROBLEMS, problem_of  # noqa: E402
from combkit.neural.bq.reconstruct import Fleets, Tours  # noqa: E402
from combkit.neural.bq.window import fingerprint  # noqa: E402

CPU = torch.device("cpu")


def value_of(problem, rows, nodes, ways) -> torch.Tensor:
    return problem.objective(rows, nodes, ways).double()


@pytest.mark.parametrize("name", list(PROBLEMS))
def test_a_beam_of_one_is_greedy(name, small, tiny_policy) -> None:
    problem, policy, rows = problem_of(name), tiny_policy(name), small(name, 3, 9)
    found = value_of(problem, rows, *beam(problem, policy, rows, 16, 1))
    expected = value_of(problem, rows, *greedy(problem, policy, rows, 16))
    assert found.tolist() == pytest.approx(expected.tolist())


@pytest.mark.parametrize("name", list(PROBLEMS))
def test_a_beam_that_keeps_all_states_is_exact(name, small, tiny_policy) -> None:
    """Merging equal states loses nothing: a wide beam is dynamic programming."""
    problem, policy, rows = problem_of(name), tiny_policy(name), small(name, 2, 5)
    nodes, ways = beam(problem, policy, rows, 16, 400)
    found = value_of(problem, rows, nodes, ways)
    sign = 1.0 if problem.maximised else -1.0
    draws = torch.Generator().manual_seed(0)
    for _ in range(40):
        other = construct(
            problem, policy, problem.start(rows), 16, choose=sampled(draws, 20.0)
        )
        assert (sign * (found - value_of(problem, rows, *other)) > -1e-5).all()


@pytest.mark.parametrize("name", list(PROBLEMS))
def test_shipped_weights_beat_chance_and_beams_beat_greedy(name, small) -> None:
    from combkit.neural.bq.model import shipped

    policy, card = shipped(name)
    assert card["quality"]["gap"] < 10.0
    problem, rows = problem_of(name), small(name, 4, 14)
    width = policy.config.width
    sign = 1.0 if problem.maximised else -1.0
    one = value_of(problem, rows, *greedy(problem, policy, rows, width)).mean()
    many = value_of(problem, rows, *beam(problem, policy, rows, width, 8)).mean()
    assert sign * (many - one) >= -1e-6
    draws = torch.Generator().manual_seed(0)
    wild = construct(
        problem, policy, problem.start(rows), width, choose=sampled(draws, 1e4)
    )
    assert sign * (one - value_of(problem, rows, *wild).mean()) > 0.0


def test_half_precision_changes_little(small) -> None:
    from combkit.neural.bq.model import shipped

    policy, _ = shipped("tsp")
    problem, rows = problem_of("tsp"), small("tsp", 8, 20)
    exact = greedy(problem, policy, rows, 48)
    half = greedy(problem, policy.rounded(torch.bfloat16), rows, 48)
    a, b = (float(value_of(problem, rows, *found).mean()) for found in (exact, half))
    assert a == pytest.approx(b, rel=0.02)


@pytest.mark.parametrize("name", list(PROBLEMS))
def test_variations_keep_the_instance(name, small, tiny_policy) -> None:
    """Whatever a variation finds is worth the same in the instance as it is."""
    problem, policy, rows = problem_of(name), tiny_policy(name), small(name, 2, 9)
    varied, lead = problem.vary(rows, 12)
    nodes, ways = construct(
        problem, policy, problem.start(varied), 16, choose=ranked(lead)
    )
    seen = {tuple(row) for row in nodes[:12].tolist()}
    assert len(seen) > 1
    if "first" in varied:
        assert len(set(varied["first"][:12].tolist())) == 9
        return
    plain = {key: value.repeat_interleave(12, 0) for key, value in rows.items()}
    torch.testing.assert_close(
        problem.objective(varied, nodes, ways), problem.objective(plain, nodes, ways)
    )


def test_states_are_told_apart() -> None:
    sets = torch.tensor(list(product([False, True], repeat=8)))
    keys = fingerprint(sets, torch.rand(len(sets), 2))
    assert len(set(keys.tolist())) == len(sets)
    same = fingerprint(sets[:1].expand(2, -1), torch.full((2, 2), 0.5))
    assert same[0] == same[1]


@pytest.mark.parametrize("way", ["greedy", "beam"])
def test_scores_that_are_no_numbers_end_it(way, small, tiny_policy) -> None:
    problem, policy, rows = problem_of("tsp"), tiny_policy("tsp"), small("tsp", 2, 6)
    with torch.no_grad():
        policy.score.bias.fill_(float("nan"))
    with pytest.raises(SolverError, match="not finite"):
        if way == "beam":
            beam(problem, policy, rows, 16, 2)
        else:
            greedy(problem, policy, rows, 16)


def test_a_horizon_hides_nothing_that_matters(tiny_policy, monkeypatch) -> None:
    monkeypatch.setattr(horizon, "_NEAR", 60)
    policy = tiny_policy("tsp", width=12)
    xy = np.random.default_rng(0).random((200, 2))
    tour = horizon.greedy_tour(policy, xy, 12, CPU)
    rows = stacked([form_of(TSP(xy))])
    rows["xy"] = torch.tensor(xy[None], dtype=torch.float32)
    nodes, _ = greedy(problem_of("tsp"), policy, rows, 12)
    assert tour.tolist() == [0, *nodes[0].tolist()]


@pytest.mark.parametrize("kind", ["tsp", "atsp"])
def test_new_segments_shorten_tours(kind, tiny_policy) -> None:
    rng = np.random.default_rng(1)
    if kind == "tsp":
        problems = [TSP(rng.random((n, 2))) for n in (12, 15)]
    else:
        problems = [ATSP(rng.random((n, n))) for n in (12, 15)]
    forms = [form_of(problem) for problem in problems]
    tours = Tours(forms, [rng.permutation(form.n) for form in forms], CPU)
    lengths = [p.evaluate(tours.solution(k)) for k, p in enumerate(problems)]
    adapter, policy = problem_of(kind), tiny_policy(kind)
    changes = 0
    for _ in range(10):
        cut = tours.cut([0, 0, 0, 1, 1], rng)
        nodes, ways = construct(adapter, policy, cut.state, 16)
        changed = tours.join(cut, nodes.numpy(), ways.numpy())
        changes += len(changed)
        for k, problem in enumerate(problems):
            assert problem.check(tours.solution(k)) == []
            length = problem.evaluate(tours.solution(k))
            if k in changed:
                assert length < lengths[k]
            else:
                assert length == pytest.approx(lengths[k])
            lengths[k] = length
    assert changes > 0


def test_new_groups_of_routes_shorten_the_whole(tiny_policy) -> None:
    rng = np.random.default_rng(1)
    demands = np.concatenate([[0], rng.integers(1, 9, 30)])
    problem = CVRP(rng.random((31, 2)), demands, 20)
    routes = [[k] for k in range(1, 31)]
    fleets = Fleets([form_of(problem)], [routes], CPU)
    cost = problem.evaluate(Routes(routes))
    adapter, policy = problem_of("cvrp"), tiny_policy("cvrp", width=40)
    changes = 0
    for _ in range(6):
        cut = fleets.cut([0, 0, 0], rng)
        nodes, ways = construct(adapter, policy, cut.state, 40)
        changed = fleets.join(cut, nodes.numpy(), ways.numpy())
        changes += len(changed)
        assert problem.check(fleets.solution(0)) == []
        now = problem.evaluate(fleets.solution(0))
        assert now < cost if changed else now == pytest.approx(cost)
        cost = now
    assert changes > 0
