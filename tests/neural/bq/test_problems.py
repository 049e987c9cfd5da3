"""The five problems of the engine: states, tails, frames, label draws."""

from itertools import permutations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'neural'")

from combkit.neural.bq import labels  # noqa: E402
from combkit.neural.bq.decode import construct, converge, sampled  # noqa: E402
from combkit.neural.bq.pool import Pool  # noqa: E402
from combkit.neural.bq.problems import PROBLEMS, problem_of  # noqa: E402
from combkit.neural.bq.train import target_of  # noqa: E402

CPU = torch.device("cpu")


def best_tail(problem, state) -> float:
    """Best that can still be gained from a state, by trying every action."""
    view = problem.observe(state, 64)
    allowed = view.allowed[0]
    if int(problem.left(state)[0]) == 0 or not bool(allowed.any()):
        return float(problem.closing(state)[0])
    found = []
    moving = torch.ones(1, dtype=torch.bool)
    for token, way in allowed.nonzero().tolist():
        node, how = view.node[:1, token], torch.tensor([way])
        gain = float(problem.gain(state, node, how)[0])
        found.append(gain + best_tail(problem, problem.step(state, node, how, moving)))
    if problem.maximised:
        # Whoever may go on may also stop.
        found.append(float(problem.closing(state)[0]))
        return max(found)
    return min(found)


def brute_tsp(xy, path) -> float:
    """Shortest closed tour that begins with a path of cities."""
    rest = [k for k in range(len(xy)) if k not in path]
    found = []
    for order in permutations(rest):
        points = xy[[*path, *order, path[0]]]
        found.append(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
    return min(found)


def test_the_tail_of_a_tour_is_worth_what_the_rest_of_it_is(small) -> None:
    problem, instance = problem_of("tsp"), small("tsp", 1, 7)
    xy = instance["xy"][0].double().numpy()
    state = problem.start(instance)
    path, gained = [0], 0.0
    for node in (4, 2):
        action = torch.tensor([node]), torch.tensor([0])
        gained += float(problem.gain(state, *action)[0])
        state = problem.step(state, *action, torch.tensor([True]))
        path.append(node)
        assert gained + best_tail(problem, state) == pytest.approx(
            brute_tsp(xy, path), rel=1e-5
        )


def test_the_tail_of_a_matrix_tour_is_worth_what_the_rest_of_it_is(small) -> None:
    problem, instance = problem_of("atsp"), small("atsp", 1, 6)
    costs = instance["costs"][0].double().numpy()
    state = problem.start(instance)
    action = torch.tensor([3]), torch.tensor([0])
    gained = float(problem.gain(state, *action)[0])
    state = problem.step(state, *action, torch.tensor([True]))
    best = min(
        sum(costs[a, b] for a, b in zip((0, 3, *o), (3, *o, 0), strict=True))
        for o in permutations([1, 2, 4, 5])
    )
    assert gained + best_tail(problem, state) == pytest.approx(best, rel=1e-5)


def test_the_tail_of_routes_is_worth_what_the_rest_of_them_is(small) -> None:
    problem, instance = problem_of("cvrp"), small("cvrp", 1, 5)
    xy = np.concatenate([instance["depot"], instance["xy"][0]]).astype(float)
    demand = instance["demand"][0].numpy()

    def leg(a: int, b: int) -> float:
        return float(np.linalg.norm(xy[a + 1] - xy[b + 1]))

    def brute(here: int, room: float, rest: frozenset) -> float:
        if not rest:
            return leg(here, -1)
        found = []
        for k in rest:
            if demand[k] <= room:
                tail = brute(k, room - demand[k], rest - {k})
                found.append(leg(here, k) + tail)
            if here >= 0:
                tail = brute(k, 1.0 - demand[k], rest - {k})
                found.append(leg(here, -1) + leg(-1, k) + tail)
        return min(found)

    state = problem.start(instance)
    everyone = frozenset(range(5))
    assert best_tail(problem, state) == pytest.approx(
        brute(-1, 1.0, everyone), rel=1e-5
    )
    moving = torch.tensor([True])
    state = problem.step(state, torch.tensor([2]), torch.tensor([0]), moving)
    assert best_tail(problem, state) == pytest.approx(
        brute(2, 1.0 - demand[2], everyone - {2}), rel=1e-5
    )


def test_the_tail_of_a_packing_is_worth_what_the_rest_of_it_is(small) -> None:
    problem, instance = problem_of("kp"), small("kp", 1, 8)
    value, weight = (instance[key][0].numpy() for key in ("value", "weight"))

    def brute(room: float, items: list) -> float:
        table = {0.0: 0.0}
        for k in items:
            for used, worth in list(table.items()):
                if used + weight[k] <= room:
                    key = used + weight[k]
                    table[key] = max(table.get(key, 0.0), worth + value[k])
        return max(table.values())

    state = problem.start(instance)
    assert best_tail(problem, state) == brute(30.0, list(range(8)))
    item = int(weight.argmin())
    action = torch.tensor([item]), torch.tensor([0])
    state = problem.step(state, *action, torch.tensor([True]))
    rest = [k for k in range(8) if k != item]
    assert best_tail(problem, state) == brute(30.0 - weight[item], rest)


def test_the_tail_of_a_prize_tour_is_worth_what_the_rest_of_it_is(small) -> None:
    problem, instance = problem_of("op"), small("op", 1, 6)
    xy = np.concatenate([instance["depot"], instance["xy"][0]]).astype(float)
    prize = instance["prize"][0].numpy()

    def brute(here: int, budget: float, rest: frozenset) -> float:
        found = [0.0]
        for k in rest:
            near = np.linalg.norm(xy[here + 1] - xy[k + 1])
            if near + np.linalg.norm(xy[k + 1] - xy[0]) <= budget:
                found.append(prize[k] + brute(k, budget - near, rest - {k}))
        return max(found)

    state = problem.start(instance)
    expected = brute(-1, 1.6, frozenset(range(6)))
    assert best_tail(problem, state) == pytest.approx(expected, rel=1e-5)


def turned(rows: dict) -> dict:
    """The same instances, scaled, turned and moved."""
    matrix = torch.tensor([[0.6, 0.8], [-0.8, 0.6]]) * 3.0
    moved = dict(rows)
    for key in ("xy", "depot"):
        if key in moved:
            moved[key] = moved[key] @ matrix + 5.0
    if "budget" in moved:
        moved["budget"] = moved["budget"] * 3.0
    return moved


@pytest.mark.parametrize("name", ["tsp", "cvrp", "op"])
def test_shifts_turns_and_scales_are_not_seen(name, small) -> None:
    problem = problem_of(name)
    views = []
    for rows in (small(name, 3, 12), turned(small(name, 3, 12))):
        state = problem.start(rows)
        step = torch.tensor([1, 2, 3]), torch.zeros(3, dtype=torch.int64)
        state = problem.step(state, *step, torch.ones(3, dtype=torch.bool))
        views.append(problem.observe(state, 16))
    # Tokens have no order.
    for a, b in zip(views[0].node, views[1].node, strict=True):
        assert sorted(a.tolist()) == sorted(b.tolist())
    for mine, other in zip(views[0].tokens, views[1].tokens, strict=True):
        torch.testing.assert_close(
            mine.sum(0), other.sum(0), atol=2e-4, rtol=1e-3, check_dtype=False
        )


@pytest.mark.parametrize("name", list(PROBLEMS))
def test_sizes_may_be_mixed(name, small, tiny_policy) -> None:
    """A padded row is constructed as it would be alone."""
    problem, policy = problem_of(name), tiny_policy(name)
    large = small(name, 2, 9)
    large["n"] = torch.tensor([9, 5])
    alone = {
        key: value[1:, :5, :5]
        if key == "costs"
        else value[1:, :5]
        if value.dim() > 1 and key != "depot"
        else value[1:]
        for key, value in large.items()
    }
    both, ways = construct(problem, policy, problem.start(large), 16)
    one, way = construct(problem, policy, problem.start(alone), 16)
    steps = one.shape[1]
    assert both[1, :steps].tolist() == one[0].tolist()
    assert ways[1, :steps].tolist() == way[0].tolist()
    assert (both[1, steps:] == -1).all()


@pytest.mark.parametrize("name", ["tsp", "atsp", "op"])
def test_both_ends_meet(name, small, tiny_policy) -> None:
    problem, policy = problem_of(name), tiny_policy(name)
    rows = small(name, 4, 9)
    rows["n"] = torch.tensor([9, 9, 6, 3])
    draws = torch.Generator().manual_seed(2)
    nodes, ways = converge(
        problem, policy, problem.start(rows), 16, choose=sampled(draws, 1.0)
    )
    for row, n in zip(nodes.tolist(), rows["n"].tolist(), strict=True):
        taken = [k for k in row if k >= 0]
        assert len(taken) == len(set(taken))
        if name != "op":
            assert sorted([0, *taken]) == list(range(n))
    # In this order, the engine's own steps are allowed and add up.
    state, gained = problem.start(rows), torch.zeros(4)
    for node in nodes.T:
        moving = node >= 0
        way = torch.zeros_like(node)
        gained += problem.gain(state, node.clamp(min=0), way) * moving
        state = problem.step(state, node.clamp(min=0), way, moving)
    if name == "op":
        home = torch.linalg.vector_norm(state.here - rows["depot"], dim=1)
        assert (home <= state.budget + 1e-5).all()
    torch.testing.assert_close(
        gained + problem.closing(state), problem.objective(rows, nodes, ways)
    )


@pytest.mark.slow  # compiles the searches that make labels
@pytest.mark.parametrize("name", list(PROBLEMS))
def test_what_labels_want_is_allowed(name, tmp_path, monkeypatch) -> None:
    """Sub-problems that are drawn from labels have their right action in view."""
    monkeypatch.setattr(labels, "_REMOVALS", 2)
    monkeypatch.setattr(labels, "_SWAPS", 50)
    monkeypatch.setattr(labels, "_MATRIX_KICKS", 1)
    problem = problem_of(name)
    first = next(iter(problem.sets))
    labels.make(first, tmp_path, 0, 0)
    pool = Pool(problem, tmp_path, CPU, {first: 1.0})
    pool.refresh(wait=True)
    torch.manual_seed(0)
    (rows,) = pool.draw(64)
    state, wanted = problem.draw(rows)
    view = problem.observe(state, 256)
    found = target_of(view, wanted).sum(1)
    assert found.max() == pytest.approx(1.0)
    # A tour that reaches nothing wants nothing, and rounding may forbid little.
    assert (found > 0.99).float().mean() > 0.9
