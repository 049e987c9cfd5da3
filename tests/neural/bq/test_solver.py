"""The solver ``bq``: efforts, limits, inputs good and bad, batches."""

import json
import warnings
from itertools import pairwise

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'neural'")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from combkit.comb.solve import solve, solve_many  # noqa: E402
from combkit.instances.cvrp import CVRP  # noqa: E402
from combkit.instances.errors import (  # noqa: E402
    InstanceFormatError,
    SolverError,
    UnsupportedFeatureError,
    UsageError,
)
from combkit.instances.knapsack import Knapsack  # noqa: E402
from combkit.instances.result import Status  # noqa: E402
from combkit.instances.solutions import Selection, Tour  # noqa: E402
from combkit.instances.stop import MaxIterations  # noqa: E402
from combkit.instances.tsp import ATSP, TSP  # noqa: E402
from combkit.neural.bq import model, weights  # noqa: E402
from combkit.neural.bq.evaluate import instances_of  # noqa: E402
from combkit.neural.bq.problems import PROBLEMS  # noqa: E402
from combkit.neural.bq.starts import propose  # noqa: E402


def some(kind: str, n: int, seed: int = 0):
    """A random problem of n nodes."""
    rng = np.random.default_rng(seed)
    if kind == "tsp":
        return TSP(rng.random((n, 2)))
    if kind == "atsp":
        return ATSP(rng.random((n, n)))
    if kind == "kp":
        return Knapsack(rng.integers(1, 99, n), rng.integers(1, 99, n), 25 * n)
    demands = np.concatenate([[0], rng.integers(1, 9, n)])
    return CVRP(rng.random((n + 1, 2)), demands, 20)


@pytest.fixture
def tiny(tmp_path, tiny_policy):
    """Files of small weights, by problem: ``weights=`` of fast runs."""

    def path(name: str) -> str:
        file = tmp_path / f"{name}.safetensors"
        if not file.exists():
            weights.save(tiny_policy(name), file, name, {}, torch.float32)
        return str(file)

    return path


@pytest.mark.parametrize("kind", ["tsp", "atsp", "cvrp", "kp"])
def test_more_effort_is_never_worse(kind, tiny) -> None:
    problem = some(kind, 14)
    found = []
    for effort in ("greedy", "starts", "beam", "sample", "reconstruct"):
        result = solve(
            problem,
            "bq",
            effort=effort,
            guard=False,
            weights=tiny(kind),
            stop=MaxIterations(400),
        )
        assert result.status is Status.FEASIBLE
        assert all(point.source.startswith("bq ") for point in result.trace)
        found.append(result.objective)
    best = max if kind == "kp" else min
    assert all(best(a, b) == b for a, b in pairwise(found))
    assert found[-1] != found[0]


@pytest.mark.parametrize("kind", ["tsp", "atsp", "cvrp", "kp"])
def test_a_guard_comes_first_and_search_last(kind) -> None:
    problem = some(kind, 8)
    result = solve(problem, "bq", time_limit=3)
    assert not result.trace[0].source.startswith("bq")
    alone = solve(problem, "bq", guard=False, effort="greedy")
    assert not problem.better(alone.objective, result.objective)
    assert result.extra["chain"]


def test_the_same_seed_gives_the_same(tiny) -> None:
    problem = some("cvrp", 12)
    runs = [
        solve(
            problem,
            "bq",
            guard=False,
            weights=tiny("cvrp"),
            effort="reconstruct",
            stop=MaxIterations(250),
            seed=seed,
        )
        for seed in (3, 3, 4)
    ]
    steps = [[(p.objective, p.source) for p in run.trace] for run in runs]
    assert steps[0] == steps[1]
    assert runs[0].iterations == runs[1].iterations


def test_no_time_leaves_the_guard(tiny) -> None:
    result = solve(some("tsp", 300), "bq", time_limit=0.0)
    assert result.status is Status.FEASIBLE
    assert [point.source for point in result.trace] == ["greedy"]


def test_a_start_is_kept_and_improved(tiny) -> None:
    problem = some("tsp", 12)
    start = Tour(np.arange(12))
    result = solve(
        problem, "bq", initial=start, guard=False, effort="greedy", weights=tiny("tsp")
    )
    assert result.trace[0].source == "initial"
    assert result.objective <= problem.evaluate(start)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
@pytest.mark.parametrize("kind", ["tsp", "atsp", "cvrp", "kp"])
def test_few_nodes(kind, n, tiny) -> None:
    problem = some(kind, n)
    result = solve(
        problem,
        "bq",
        effort="reconstruct",
        guard=False,
        weights=tiny(kind),
        stop=MaxIterations(120),
    )
    assert result.solution is not None
    assert problem.check(result.solution) == []


@pytest.mark.parametrize(
    "problem",
    [
        TSP(np.zeros((6, 2))),
        TSP(np.full((5, 2), 1e9), metric="EUC_2D"),
        ATSP(np.zeros((5, 5))),
        ATSP(-np.ones((5, 5))),
        TSP(matrix=np.ones((6, 6)) - np.eye(6)),
        TSP(np.random.default_rng(0).random((6, 3))),
        CVRP(np.zeros((5, 2)), [0, 1, 1, 1, 1], 2),
        CVRP(np.random.default_rng(0).random((4, 2)), [0, 7, 7, 7], 7),
        CVRP(np.random.default_rng(0).random((4, 2)), [0, 0, 0, 0], 7),
        CVRP(np.random.default_rng(0).random((4, 2)), [0, 0.1, 0.2, 0.3], 0.3),
        Knapsack([5, 4, 3], [0, 0, 9], 7),
        Knapsack([5, 4, 3], [8, 8, 9], 7),
        Knapsack([0, 0], [1, 2], 7),
        Knapsack([0.1, 0.2, 0.7], [0.1, 0.2, 0.7], 0.3),
    ],
    ids=lambda problem: problem.kind,
)
def test_odd_instances(problem, tiny) -> None:
    name = "atsp" if problem.kind == "tsp" and problem.metric == "EXPLICIT" else None
    if problem.kind == "tsp" and problem.coords is not None:
        name = "tsp" if problem.coords.shape[1] == 2 else "atsp"
    result = solve(
        problem,
        "bq",
        effort="reconstruct",
        guard=False,
        weights=tiny(name or problem.kind),
        stop=MaxIterations(120),
    )
    assert result.solution is not None


@settings(max_examples=20, deadline=None)
@given(
    kind=st.sampled_from(["tsp", "atsp", "cvrp", "kp"]),
    n=st.integers(1, 12),
    seed=st.integers(0, 1000),
    effort=st.sampled_from(["greedy", "starts", "beam", "sample"]),
)
def test_every_solution_is_feasible(kind, n, seed, effort, tmp_path_factory) -> None:
    """Also of a network that has learned nothing."""
    from combkit.neural.bq.network import Config, Policy
    from combkit.neural.bq.problems import problem_of

    torch.manual_seed(seed)
    config = Config.of(problem_of(kind), dim=8, depth=1, heads=1, hidden=8)
    policy = Policy(config)
    torch.nn.init.normal_(policy.score.weight)
    file = tmp_path_factory.mktemp("weights") / "w.safetensors"
    weights.save(policy, file, kind, {}, torch.float32)
    problem = some(kind, n, seed)
    result = solve(problem, "bq", effort=effort, guard=False, weights=str(file))
    assert problem.check(result.solution) == []


# -- bad input ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"effort": "gredy"}, "did you mean 'greedy'"),
        ({"device": "tpu"}, "one of auto, cpu, cuda"),
        ({"guard": 1}, "guard=1: true or false"),
        ({"precision": "float8"}, "precision='float8'"),
        ({"beams": 3}, "no option 'beams'"),
    ],
)
@pytest.mark.parametrize("many", [False, True])
def test_wrong_options(options, said, many) -> None:
    problem = some("kp", 5)
    with pytest.raises(UsageError, match=said):
        if many:
            solve_many([problem], "bq", **options)
        else:
            solve(problem, "bq", **options)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_no_gpu() -> None:
    with pytest.raises(UsageError, match="cuda: there is no such device"):
        solve(some("kp", 5), "bq", device="cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@pytest.mark.parametrize("kind", ["tsp", "atsp", "cvrp", "kp"])
def test_devices_agree(kind) -> None:
    costs = [
        solve(
            some(kind, 60),
            "bq",
            effort="greedy",
            guard=False,
            precision="float32",
            device=device,
        ).objective
        for device in ("cpu", "cuda")
    ]
    assert costs[0] == pytest.approx(costs[1], rel=0.02)


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (TSP(np.eye(4, 2), fixed_edges=[[0, 1]]), "no fixed edges"),
        (CVRP(np.eye(3, 2), [0, 1, 1], 2, vehicles=2), "vehicles"),
        (CVRP(np.eye(3, 2), [0, 1, 1], 2, max_distance=9.0), "max_distance"),
        (
            CVRP(matrix=np.ones((3, 3)), demands=[0, 1, 1], capacity=2),
            "plane coordinates",
        ),
        (Knapsack([1], [1], 2**60), "beyond exact floats"),
        (TSP(np.zeros((5000, 3))), "at most 4096"),
    ],
)
def test_what_the_model_does_not_know(problem, said) -> None:
    with pytest.raises(UnsupportedFeatureError, match=said):
        solve(problem, "bq")
    with pytest.raises(UnsupportedFeatureError, match=said):
        solve_many([problem], "bq")


def test_bad_weights(tmp_path, tiny) -> None:
    from safetensors.torch import save_file

    def refused(path) -> str:
        with pytest.raises(InstanceFormatError) as error:
            solve(some("kp", 5), "bq", weights=str(path), guard=False)
        assert str(path) in str(error.value)
        return str(error.value)

    assert "no such weights" in refused(tmp_path / "none.safetensors")
    assert "weights for tsp, not kp" in refused(tiny("tsp"))
    whole = (tmp_path / "tsp.safetensors").read_bytes()
    for size in (0, 20, len(whole) - 10):
        (tmp_path / "part").write_bytes(whole[:size])
        assert "damaged" in refused(tmp_path / "part")
    save_file({}, str(tmp_path / "old"), {"format": "bq-0"})
    assert "version bq-0, not bq-1" in refused(tmp_path / "old")
    config = json.dumps({"features": 3})
    meta = {"format": "bq-1", "problem": "kp", "config": config, "card": "{}"}
    save_file({}, str(tmp_path / "odd"), meta)
    assert "do not fit" in refused(tmp_path / "odd")


def test_scores_that_are_no_numbers_leave_the_incumbent(tmp_path, tiny_policy) -> None:
    policy = tiny_policy("tsp")
    with torch.no_grad():
        policy.score.bias.fill_(float("nan"))
    file = tmp_path / "nan.safetensors"
    weights.save(policy, file, "tsp", {}, torch.float32)
    problem = some("tsp", 9)
    with pytest.warns(RuntimeWarning, match="not finite numbers; the incumbent stays"):
        result = solve(problem, "bq", weights=str(file))
    assert result.status is Status.FEASIBLE
    assert "not finite" in result.raw_status
    with pytest.raises(SolverError, match="not finite"):
        solve(problem, "bq", weights=str(file), guard=False)


# -- many ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["tsp", "atsp", "cvrp", "kp"])
def test_many_are_solved_in_order(kind, tiny) -> None:
    problems = [some(kind, n, n) for n in (9, 3, 12, 1, 7)]
    results = solve_many(
        problems, "bq", guard=False, effort="beam", weights=tiny(kind), workers=1
    )
    for problem, result in zip(problems, results, strict=True):
        assert problem.check(result.solution) == []
        assert result.objective == problem.evaluate(result.solution)
        assert result.solver == "bq"


def test_many_matrices_and_planes_at_once() -> None:
    rng = np.random.default_rng(0)
    matrix = rng.random((6, 6))
    problems = [TSP(rng.random((6, 2))), TSP(matrix=matrix + matrix.T)] * 2
    results = solve_many(problems, "bq", effort="greedy", workers=1, seed=1)
    assert [r.status for r in results] == [Status.FEASIBLE] * 4
    assert results[0].objective == results[2].objective


def test_many_searches_follow() -> None:
    problems = [some("kp", 20, seed) for seed in range(3)]
    starts = [None, Selection([]), None]
    results = solve_many(problems, "bq", time_limit=20, initial=starts, workers=2)
    assert [r.status for r in results] == [Status.OPTIMAL] * 3
    assert results[1].trace[0].source == "initial"


@pytest.mark.parametrize("kind", ["tsp", "atsp", "cvrp", "kp"])
def test_proposals_differ_and_come_in_order(kind) -> None:
    problem = some(kind, 10)
    found = propose(problem, 5, seed=1)
    assert 1 < len(found) == len(set(found)) <= 5
    assert all(problem.check(solution) == [] for solution in found)
    values = [problem.evaluate(solution) for solution in found]
    assert values == sorted(values, reverse=kind == "kp")
    assert propose(problem, 5, seed=1, deadline=0.0) == []
    assert propose(TSP(np.eye(4, 2), fixed_edges=[[0, 1]]), 5, seed=1) == []


# -- the package -----------------------------------------------------------------


@pytest.mark.parametrize("name", list(PROBLEMS))
def test_shipped_weights_have_cards(name) -> None:
    policy, card = model.shipped(name)
    for key in ("data", "seed", "command", "hardware", "quality"):
        assert card[key] not in (None, "")
    numbers = sum(p.numel() for p in policy.parameters())
    assert 2 * numbers < 8 << 20


def test_test_instances_are_those_of_the_literature() -> None:
    first = instances_of("tsp", 1)["xy"][0, 0]
    assert first.tolist() == pytest.approx([0.19151945, 0.62210877])


def test_no_warning_on_a_plain_run() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert solve(some("tsp", 6), "bq", effort="greedy").solution is not None
