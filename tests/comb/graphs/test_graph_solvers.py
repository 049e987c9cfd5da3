"""Independent set, vertex cover, clique: brute force, parts, known optima, limits."""

from __future__ import annotations

import itertools
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from combkit.comb.graphs import bounds, branch_and_bound, local_search
from combkit.comb.graphs.greedy import independent_set
from combkit.comb.graphs.reductions import reduce
from combkit.comb.graphs.view import View, view_of
from combkit.comb.solve import solve
from combkit.instances.errors import UnsupportedFeatureError, UsageError
from combkit.instances.events import Events
from combkit.instances.generators import generate
from combkit.instances.graph_sets import Clique, GraphSet, IndependentSet, VertexCover
from combkit.instances.run import Run
from combkit.instances.solutions import Selection
from combkit.instances.stop import MaxIterations, MaxRuntime, Reason

#: Proven optima of DIMACS graphs.
CLIQUES = {"C125.9": 34, "keller4": 11, "brock200_4": 17, "gen200_p0.9_55": 55}


@st.composite
def graph_sets(draw: st.DrawFn, most: int = 9) -> GraphSet:
    n = draw(st.integers(1, most))
    pairs = list(itertools.combinations(range(n), 2))
    dense = draw(st.floats(0, 1))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    edges = [pair for pair in pairs if rng.random() < dense]
    weights = draw(
        st.none()
        | st.lists(st.integers(0, 9), min_size=n, max_size=n)
        | st.lists(st.floats(0, 9, width=32), min_size=n, max_size=n)
    )
    kind = draw(st.sampled_from([IndependentSet, VertexCover, Clique]))
    return kind(n, edges, weights)


def enumerated(problem: GraphSet) -> float:
    values = [
        problem.evaluate(Selection(chosen))
        for k in range(problem.n + 1)
        for chosen in itertools.combinations(range(problem.n), k)
        if problem.check(Selection(chosen)) == []
    ]
    return min(values) if problem.sense == "min" else max(values)


def by_networkx(view: View) -> float:
    """Return the heaviest independent set of a view with integer weights."""
    graph = nx.from_numpy_array(~view.graph.matrix())
    graph.remove_edges_from(nx.selfloop_edges(graph))
    for v, weight in enumerate(view.weights.tolist()):
        graph.nodes[v]["weight"] = int(weight)
    return float(nx.max_weight_clique(graph)[1])


def is_independent(view: View, chosen: NDArray[np.bool_]) -> bool:
    matrix = view.graph.matrix()
    return not matrix[np.ix_(chosen, chosen)].any()


@pytest.mark.slow
@given(graph_sets())
@settings(max_examples=60, deadline=None)
def test_exact_on_all_small_graphs(problem: GraphSet) -> None:
    best = enumerated(problem)
    result = solve(problem, "branch-and-bound")
    assert result.status == "optimal"
    assert result.objective == pytest.approx(best)
    for name in ("greedy", "local-search"):
        result = solve(problem, name, stop=MaxIterations(200))
        assert result.objective == pytest.approx(best) or name == "greedy"
        if result.bound is not None:
            assert not problem.better(best, result.bound) or result.bound == (
                pytest.approx(best)
            )


@pytest.mark.slow
@given(
    st.sampled_from(["mis", "clique", "vc"]),
    st.integers(10, 36),
    st.floats(0.1, 0.7),
    st.sampled_from([1, 7]),
    st.integers(0, 10**6),
)
@settings(max_examples=12, deadline=None)
def test_searches_agree_with_networkx(
    kind: str, n: int, p: float, largest: int, seed: int
) -> None:
    """Large enough for kernels that are not empty and trees of some depth."""
    problem = generate(kind, n, seed=seed, p=p, largest=largest)
    view = view_of(problem)
    best = view.bound(by_networkx(view))
    exact = solve(problem, "branch-and-bound")
    assert (exact.status, exact.objective, exact.bound) == ("optimal", best, best)
    found = solve(problem, "local-search", stop=MaxIterations(5_000))
    assert found.objective == best
    assert not problem.better(best, found.bound or best)


@given(graph_sets(most=14))
@settings(max_examples=80, deadline=None)
def test_the_kernel_has_the_optimum_of_the_graph(problem: GraphSet) -> None:
    view = view_of(problem)
    kernel = reduce(view.graph, np.round(view.weights))
    rounded = View(view.graph, np.round(view.weights), False, True, False)
    inner = View(kernel.graph, kernel.weights, False, True, False)
    best = by_networkx(inner) if kernel.graph.n else 0.0
    assert best + kernel.offset == by_networkx(rounded)
    start = independent_set(kernel.graph, kernel.weights)
    chosen = kernel.restore(start)
    assert is_independent(rounded, chosen)
    value = kernel.offset + float(kernel.weights[start].sum())
    assert float(rounded.weights[chosen].sum()) == value


@given(graph_sets(most=14))
@settings(max_examples=60, deadline=None)
def test_bounds_are_bounds(problem: GraphSet) -> None:
    view = view_of(problem)
    weights = np.round(view.weights)
    best = by_networkx(View(view.graph, weights, False, True, False))
    assert bounds.clique_cover(view.graph, weights) >= best
    alone = View(view.graph, np.ones(problem.n), True, True, False)
    assert bounds.half_integral(view.graph) >= by_networkx(alone)


def test_bounds_where_they_are_known() -> None:
    odd = view_of(IndependentSet.from_networkx(nx.cycle_graph(7))).graph
    assert bounds.half_integral(odd) == 3.5
    three = view_of(IndependentSet.from_networkx(nx.caveman_graph(3, 4))).graph
    assert bounds.clique_cover(three, np.ones(12)) == 3
    assert bounds.upper_bound(three, np.ones(12), integral=True) == 3


def test_kept_scores_are_those_of_their_definition() -> None:
    """After thousands of moves, scores and lists are as if counted anew."""
    from combkit.comb.graphs import _kernels_cover as kernels

    view = view_of(generate("mis", 60, seed=3, p=0.2, largest=9))
    cover = local_search.cover_of(view.graph, view.weights, 0, 0)
    for move in (kernels.advance, kernels.advance_weighted):
        kernels.load(cover, np.zeros(60, dtype=np.bool_))
        move(cover, 5_000, 30, 0.3)
        inside = cover.inside.astype(bool)
        covered = inside[cover.ends].sum(axis=1)
        scores = np.zeros(60, dtype=np.int64)
        for (u, v), weight in zip(cover.ends, cover.weight, strict=True):
            for end, other in ((u, v), (v, u)):
                scores[end] += weight if not inside[other] else 0
        assert np.array_equal(cover.score, scores)
        n_open = int(cover.counters[kernels.OPEN])
        assert set(cover.open[:n_open]) == set(np.flatnonzero(covered == 0))
        members = cover.cover[: cover.counters[kernels.COVERED]]
        assert set(members) == set(np.flatnonzero(inside))
        assert cover.counters[kernels.TOTAL] == cover.weight.sum()
        assert is_independent(view, cover.best == 0)
        assert cover.values[1] == view.weights[cover.best == 1].sum()


@pytest.mark.parametrize("name", CLIQUES)
def test_cliques_of_dimacs(shared_data: Path, name: str) -> None:
    path = shared_data / "routing" / "graphs" / "clique" / f"{name}.clq"
    result = solve(path, "branch-and-bound", time_limit=60)
    assert (result.status, result.objective) == ("optimal", CLIQUES[name])


@pytest.mark.parametrize(
    ("name", "size"), [("keller5", 27), ("C250.9", 44), ("brock200_2", 12)]
)
def test_independent_sets_of_complements(
    shared_data: Path, name: str, size: int
) -> None:
    folder = shared_data / "routing" / "graphs" / "mis"
    path = folder / f"{name}.clq-compliment.txt"
    result = solve(path, "local-search", target=size, time_limit=30)
    assert result.objective == size


def test_sparse_graphs_are_reduced_to_nothing_or_little() -> None:
    tree = IndependentSet.from_networkx(nx.random_labeled_tree(500, seed=1))
    result = solve(tree, "local-search")
    assert (result.status, result.extra["kernel"]) == ("optimal", 0)
    graph = generate("vc", 2000, seed=1, model="geometric", degree=4)
    result = solve(graph, "local-search", stop=MaxIterations(1000))
    assert result.extra["kernel"] < 400


def test_parts_are_solved_one_by_one() -> None:
    """Twenty parts of 30 vertices are easy, a graph of 600 like them is not."""
    parts = [nx.gnp_random_graph(30, 0.3, seed=k) for k in range(20)]
    problem = IndependentSet.from_networkx(nx.disjoint_union_all(parts))
    result = solve(problem, "branch-and-bound", time_limit=60)
    assert result.status == "optimal"
    name = "branch-and-bound"
    alone = [solve(IndependentSet.from_networkx(part), name) for part in parts]
    assert result.objective == sum(one.objective for one in alone)


@pytest.mark.parametrize("name", ["local-search", "branch-and-bound"])
def test_limits_are_kept_and_the_incumbent_returned(name: str) -> None:
    problem = generate("mis", 400, seed=1, p=0.1)
    result = solve(problem, name, time_limit=0.5)
    assert (result.status, result.reason) == ("feasible", Reason.TIME)
    assert result.runtime < 1.5
    assert result.bound is None or result.objective < result.bound
    assert solve(problem, name, time_limit=0).status == "feasible"

    class Impatient(Events):
        def should_stop(self) -> bool:
            return True

    result = solve(problem, name, events=Impatient())
    assert result.reason is Reason.INTERRUPTED


def test_an_iteration_limit_gives_equal_runs() -> None:
    problem = generate("vc", 200, seed=1, largest=20)

    def run(seed: int, threads: int = 1) -> tuple[float | None, list[int]]:
        stop = MaxIterations(3_000)
        result = solve(problem, "local-search", stop=stop, seed=seed, threads=threads)
        assert result.reason is Reason.ITERATIONS
        return result.objective, result.solution.selected.tolist()

    assert run(1) == run(1)
    assert run(1, threads=2)[0] <= run(1)[0]


def test_the_initial_solution_is_where_it_starts() -> None:
    problem = generate("clique", 120, seed=5)
    best = solve(problem, "branch-and-bound", time_limit=60)
    for name in ("local-search", "branch-and-bound"):
        again = solve(problem, name, initial=best.solution, stop=MaxIterations(1))
        assert again.objective == best.objective
        assert again.trace[0].source == "initial"


def test_auto_proves_what_is_small() -> None:
    problem = generate("vc", 60, seed=1, p=0.2)
    result = solve(problem)
    assert result.status == "optimal"
    assert result.extra["chain"][-1] == "branch-and-bound"


@pytest.mark.parametrize("kind", [IndependentSet, VertexCover, Clique])
def test_graphs_without_edges_and_without_others(kind: type[GraphSet]) -> None:
    for problem in (kind(1, []), kind(5, []), kind.from_networkx(nx.complete_graph(5))):
        for name in ("greedy", "local-search", "branch-and-bound"):
            result = solve(problem, name)
            assert result.objective == enumerated(problem)


def test_what_is_too_large_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = Clique(20_000, [[0, 1]])
    with pytest.raises(UnsupportedFeatureError, match="are not adjacent, too many"):
        solve(problem, "local-search")
    monkeypatch.setattr(branch_and_bound, "_LARGEST_PART", 10)
    run = Run(generate("mis", 60, seed=1, p=0.5), stop=MaxRuntime(60))
    outcome = branch_and_bound.solve(run.problem, run)
    assert outcome.reason is Reason.MEMORY


@pytest.mark.parametrize("params", [{"mean": 0}, {"keep": 1.0}, {"keep": -0.1}])
def test_parameters_out_of_range(params: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="mean > 0"):
        solve(generate("mis", 9, seed=1), "local-search", **params)


@pytest.mark.slow
def test_hard_independent_sets(shared_data: Path) -> None:
    """What published searches of this kind find."""
    folder = shared_data / "routing" / "graphs"
    for name, size in (
        ("mis/C1000.9.clq-compliment.txt", 68),
        ("mis/MANN_a45.clq-compliment.txt", 344),
        ("frb/frb50-23-1.mis", 49),
    ):
        result = solve(folder / name, time_limit=120, target=size)
        assert result.objective >= size, name
