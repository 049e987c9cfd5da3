"""The learned divider: its graph, its walk, and its training from the command line."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'neural'")

from combkit.comb.solve import solve  # noqa: E402
from combkit.instances.cvrp import CVRP  # noqa: E402
from combkit.instances.errors import InstanceFormatError, UsageError  # noqa: E402
from combkit.instances.generators import generate  # noqa: E402
from combkit.instances.prizes import OP, PCTSP  # noqa: E402
from combkit.instances.seeds import generator  # noqa: E402
from combkit.instances.stop import MaxIterations  # noqa: E402
from combkit.instances.tsp import TSP  # noqa: E402
from combkit.neural.udc.construct import construct_anew  # noqa: E402
from combkit.neural.udc.graph import EDGE_FEATURES, NODE_FEATURES, graph_of  # noqa: E402
from combkit.neural.udc.heatmap import Heatmap  # noqa: E402
from combkit.neural.udc.labels import Example, collect  # noqa: E402
from combkit.neural.udc.network import Divider  # noqa: E402
from combkit.neural.udc.train import loss_of  # noqa: E402

KINDS = ("tsp", "cvrp", "op", "pctsp")


def moved(problem):
    """Return the problem turned, scaled and moved; what is measured in lengths too."""
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    places = 7.0 * problem.coords @ turn + 3.0
    if isinstance(problem, CVRP):
        return CVRP(places, problem.demands, problem.capacity)
    if isinstance(problem, OP):
        return OP(places, problem.prizes, 7.0 * problem.limit)
    if isinstance(problem, PCTSP):
        return PCTSP(places, problem.prizes, 7.0 * problem.penalties, problem.quota)
    return TSP(places)


@pytest.mark.parametrize("kind", KINDS)
def test_features_do_not_change_with_the_frame(kind: str) -> None:
    problem = generate(kind, 40, seed=1)
    first, second = graph_of(problem), graph_of(moved(problem))
    assert first.nodes.shape[1] == NODE_FEATURES
    assert first.edges.shape == (*first.near.shape, EDGE_FEATURES)
    assert np.isfinite(first.nodes).all()
    assert np.isfinite(first.edges).all()
    assert np.array_equal(first.near, second.near)
    assert np.allclose(first.nodes, second.nodes, atol=1e-4)
    assert np.allclose(first.edges, second.edges, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_orders_of_a_network_are_orders(kind: str) -> None:
    torch.manual_seed(0)
    problem = generate(kind, 130, seed=2)
    order = Heatmap(problem, Divider(16, 2).eval()).order(generator(0))
    assert len(set(order.tolist())) == order.size
    if kind == "tsp":
        assert sorted(order.tolist()) == list(range(130))
    elif kind == "cvrp":
        assert sorted(order.tolist()) == list(range(1, 131))
    else:
        assert order[0] == 0


def test_a_walk_is_one_at_a_time_and_in_a_batch() -> None:
    torch.manual_seed(0)
    network = Divider(16, 2).eval()
    graphs = [graph_of(generate("tsp", 50, seed=k)) for k in range(3)]
    arrays = [
        torch.as_tensor(np.stack([getattr(graph, name) for graph in graphs]))
        for name in ("near", "nodes", "edges")
    ]
    with torch.inference_mode():
        together = network(*arrays)
        for k in range(3):
            alone = network(*(array[k : k + 1] for array in arrays))
            for both, one in zip(together, alone, strict=True):
                assert torch.allclose(both[k], one[0], atol=1e-5)


def test_examples_are_solved_once(tmp_path) -> None:
    path = tmp_path / "examples.npz"
    first = collect("cvrp", [20], 0.3, path, 5)
    assert len(first) >= 2
    again = collect("cvrp", [20], 0.3, path, 5)
    assert len(again) == len(first)
    for a, b in zip(first, again, strict=True):
        assert np.array_equal(a.tour, b.tour)
        assert np.array_equal(a.leads, b.leads)
        assert sorted(a.tour.tolist()) == list(range(1, 21))
        assert not a.leads[-1]
    with pytest.raises(UsageError, match="examples of other options"):
        collect("cvrp", [20], 0.3, path, 6)


def test_a_network_learns_an_example() -> None:
    torch.manual_seed(0)
    problem = generate("tsp", 40, seed=1)
    tour = solve(problem, "lk", stop=MaxIterations(500)).solution.tour
    example = Example(graph_of(problem), np.array(tour), np.ones(40, bool))
    network, rng = Divider(16, 2), np.random.default_rng(0)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    losses = []
    for _ in range(80):
        loss = loss_of(network, [example] * 4, rng, torch.device("cpu"))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert np.mean(losses[-10:]) < 0.6 * np.mean(losses[:5])


@pytest.mark.parametrize("kind", KINDS)
def test_shipped_weights_divide(kind: str) -> None:
    problem = generate(kind, 150, seed=4)
    result = solve(problem, "udc", stop=MaxIterations(2), divider="neural")
    assert not problem.check(result.solution)
    assert any(point.source == "neural" for point in result.trace)


def test_damaged_weights_are_named(tmp_path) -> None:
    path = tmp_path / "udc-tsp.safetensors"
    path.write_bytes(json.dumps({"no": "weights"}).encode())
    with pytest.raises(InstanceFormatError, match="damaged weights"):
        solve(generate("tsp", 30, seed=1), "udc", divider="neural", weights=str(path))


@pytest.mark.parametrize(
    ("kind", "options"),
    [("tsp", {"cut": "windows", "piece": 30}), ("cvrp", {"piece": 30})],
)
def test_the_policy_alone_conquers(kind: str, options: dict[str, object]) -> None:
    problem = generate(kind, 90, seed=5)
    result = solve(
        problem, "udc", stop=MaxIterations(3), conquerors="construct", **options
    )
    assert not problem.check(result.solution)
    (row,) = result.extra["conquerors"]
    assert row["conqueror"] == "construct"
    assert row["gained"] > 0


def test_pieces_that_are_no_paths_are_not_constructed() -> None:
    def no() -> bool:
        return False

    assert construct_anew(TSP(np.random.default_rng(0).random((9, 2))), no) is None
    fixed = TSP(np.random.default_rng(0).random((9, 2)), fixed_edges=[[2, 3]])
    assert construct_anew(fixed, no) is None
    path = TSP(np.random.default_rng(0).random((9, 2)), fixed_edges=[[8, 0]])
    assert construct_anew(path, no) is not None
    assert construct_anew(path, lambda: True) is None
