"""Orienteering, prize-collecting and min-max salesmen: judging, formats, generators."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from combkit.instances.errors import (
    InstanceFormatError,
    InvalidProblemError,
    InvalidSolutionError,
    UnsupportedFeatureError,
    UsageError,
)
from combkit.instances.formats import (
    read,
    read_solution,
    stated_objective,
    write,
    write_solution,
)
from combkit.instances.generators import generate
from combkit.instances.mtsp import MTSP
from combkit.instances.prizes import OP, PCTSP, SPCTSP
from combkit.instances.solutions import Routes, Tour

SQUARE = [[0, 0], [0, 3], [4, 3], [4, 0]]
OPLIB = Path("../shared/data/routing/oplib")


def op(**changes: Any) -> OP:
    fields: dict[str, Any] = {"coords": SQUARE, "prizes": [1, 5, 7, 2], "limit": 12}
    return OP(**{**fields, **changes})


def pctsp(**changes: Any) -> PCTSP:
    fields: dict[str, Any] = {
        "coords": SQUARE,
        "prizes": [0, 5, 7, 2],
        "penalties": [9, 1, 2, 4],
        "quota": 7,
    }
    return PCTSP(**{**fields, **changes})


class TestOP:
    def test_the_depot_counts(self) -> None:
        assert op().evaluate(Tour([0])) == 1
        assert op().evaluate(Tour([1, 2, 0])) == 13
        assert op().length(Tour([0, 1, 2])) == 12
        assert op().check(Tour([0, 1, 2])) == []
        assert op().check(Tour([0, 1, 2, 3])) == ["length 14 exceeds the limit 12"]

    def test_every_violation_is_named(self) -> None:
        assert op().check(Tour([1, 2, 2, 9])) == [
            "unknown node 9 (nodes are 0..3)",
            "node 2 is visited 2 times",
            "the depot, node 0, is not visited",
        ]
        with pytest.raises(InvalidSolutionError, match="unknown node -1"):
            op().evaluate(Tour([0, -1]))

    def test_integral_limits_are_exact(self) -> None:
        exact = op(metric="EUC_2D", limit=12 - 1e-10)
        assert exact.check(Tour([0, 1, 2])) != []
        assert op(limit=12 - 1e-10).check(Tour([0, 1, 2])) == []

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"prizes": [1, 5, 7]}, "prizes: shape"),
            ({"prizes": [1, 5, 7, -2]}, r"prizes\[3\] = -2"),
            ({"prizes": [1, 5, 7, float("nan")]}, "prizes"),
            ({"limit": -1}, "limit"),
            ({"limit": float("inf")}, "limit"),
            ({"coords": None, "matrix": np.arange(16).reshape(4, 4)}, "not symmetric"),
            ({"matrix": np.ones((4, 4))}, "give coords or matrix"),
            ({"metric": "EUC2D"}, "metric"),
        ],
    )
    def test_bad_fields(self, changes: dict[str, Any], message: str) -> None:
        with pytest.raises(InvalidProblemError, match=message):
            op(**changes)

    def test_a_missing_field_is_named(self) -> None:
        with pytest.raises(InvalidProblemError, match="limit: is missing"):
            OP(SQUARE, [1, 2, 3, 4])


class TestPCTSP:
    def test_way_and_penalties(self) -> None:
        assert pctsp().evaluate(Tour([0, 2])) == 10 + 1 + 4
        assert pctsp().check(Tour([0, 2])) == []
        assert pctsp().check(Tour([0, 1])) == [
            "collected prizes 5 are below the quota 7"
        ]
        assert pctsp().evaluate(Tour([0])) == 7

    def test_real_prizes_count(self) -> None:
        real = {"real_prizes": [0, 1, 2, 3]}
        fields = {"coords": SQUARE, "prizes": [0, 5, 7, 2], "penalties": [0, 1, 2, 4]}
        problem = SPCTSP(**fields, quota=7, **real)
        assert problem.check(Tour([0, 2])) == [
            "collected prizes 2 are below the quota 7"
        ]
        # Nobody can do more than visit everybody.
        assert problem.check(Tour([0, 1, 2, 3])) == []
        with pytest.raises(InvalidProblemError, match="real_prizes: is missing"):
            SPCTSP(**fields, quota=7)

    def test_bad_fields(self) -> None:
        with pytest.raises(InvalidProblemError, match=r"penalties\[1\]"):
            pctsp(penalties=[0, -1, 0, 0])
        with pytest.raises(InvalidProblemError, match="quota"):
            pctsp(quota=float("nan"))
        with pytest.raises(InvalidProblemError, match="penalties: is missing"):
            PCTSP(SQUARE, [1, 2, 3, 4])


class TestMTSP:
    def test_the_longest_tour_counts(self) -> None:
        problem = MTSP(SQUARE, salesmen=2)
        assert problem.evaluate(Routes([[1, 2], [3]])) == 12
        assert problem.check(Routes([[1, 2], [3], []])) == []
        assert problem.check(Routes([[1], [2], [3]])) == ["3 tours of 2 salesmen"]
        assert problem.check(Routes([[1, 1], [4]])) == [
            "unknown city 4 (cities are 1..3)",
            "city 1 is visited 2 times",
            "city 2 is not visited",
            "city 3 is not visited",
        ]
        with pytest.raises(InvalidSolutionError, match="tour 1: unknown city 4"):
            problem.evaluate(Routes([[4]]))

    @pytest.mark.parametrize("count", [0, -1, 1.5, float("nan")])
    def test_bad_numbers_of_salesmen(self, count: float) -> None:
        with pytest.raises(InvalidProblemError, match="salesmen"):
            MTSP(SQUARE, salesmen=count)  # type: ignore[arg-type]

    def test_a_depot_alone_is_no_problem(self) -> None:
        with pytest.raises(InvalidProblemError, match="there is no city"):
            MTSP([[0, 0]], salesmen=1)


class TestFormats:
    @pytest.mark.parametrize("kind", ["op", "pctsp", "spctsp", "mtsp"])
    @pytest.mark.parametrize("metric", ["euclidean", "EUC_2D"])
    def test_json_round_trip(self, tmp_path: Path, kind: str, metric: str) -> None:
        problem = generate(kind, 12, seed=4, metric=metric)
        write(problem, tmp_path / "x.json")
        assert read(tmp_path / "x.json") == problem

    @pytest.mark.parametrize("metric", ["euclidean", "EUC_2D", "CEIL_2D"])
    def test_oplib_round_trip(self, tmp_path: Path, metric: str) -> None:
        problem = generate("op", 12, seed=4, metric=metric, prizes="uniform")
        write(problem, tmp_path / "x.oplib")
        assert read(tmp_path / "x.oplib") == problem
        tour = Tour([0, 3, 7])
        write_solution(problem, tour, tmp_path / "x.sol")
        assert read_solution(tmp_path / "x.sol", problem) == tour
        stated = stated_objective(tmp_path / "x.sol", problem)
        assert stated == problem.evaluate(tour)

    def test_oplib_matrix_and_depot(self, tmp_path: Path) -> None:
        text = (
            "NAME : t\nTYPE : OP\nDIMENSION : 3\nCOST_LIMIT : 9\nTSPSOL : 11\n"
            "EDGE_WEIGHT_TYPE : EXPLICIT\nEDGE_WEIGHT_FORMAT : UPPER_ROW\n"
            "EDGE_WEIGHT_SECTION\n2 3\n4\nNODE_SCORE_SECTION\n1 5\n2 6\n3 7\n"
            "DEPOT_SECTION\n2\n-1\nEOF\n"
        )
        path = tmp_path / "x.oplib"
        path.write_text(text)
        problem = read(path)
        assert isinstance(problem, OP)
        assert problem.prizes.tolist() == [6, 5, 7]
        assert problem.distances().tolist() == [[0, 2, 4], [2, 0, 3], [4, 3, 0]]
        for old, new, message in (
            ("COST_LIMIT : 9\n", "", "COST_LIMIT is missing"),
            ("1 5\n2 6\n", "1 5\n1 6\n", ":13: NODE_SCORE_SECTION: node 1 has two"),
            ("3 7\n", "3 -7\n", r"prizes\[2\] = -7"),
            ("TYPE : OP", "TYPE : TSP", "COST_LIMIT in a TSP"),
            ("COST_LIMIT : 9", "CAPACITY : 9", "CAPACITY in a OP"),
        ):
            path.write_text(text.replace(old, new))
            with pytest.raises(InstanceFormatError, match=message):
                read(path)
        path.write_text(text.replace("DEPOT_SECTION\n2\n", "DEPOT_SECTION\n2\n3\n"))
        with pytest.raises(UnsupportedFeatureError, match="2 depots"):
            read(path)

    def test_mtsp_routes(self, tmp_path: Path) -> None:
        problem = generate("mtsp", 4, seed=1)
        routes = Routes([[1, 4], [2, 3]])
        write_solution(problem, routes, tmp_path / "x.sol")
        assert read_solution(tmp_path / "x.sol", problem) == routes

    def test_published_solutions(self, shared_data: Path) -> None:
        folder = shared_data / "routing" / "oplib"
        wrong = []
        for path in sorted((folder / "instances").rglob("*.oplib")):
            problem = read(path)
            name = path.relative_to(folder / "instances").with_suffix(".sol")
            file = folder / "solutions" / name
            if not file.exists():
                continue
            solution = read_solution(file, problem)
            value = stated_objective(file, problem)
            if problem.check(solution) or problem.evaluate(solution) != value:
                wrong.append(name.stem)
        # Its stated score is not that of its nodes.
        assert wrong == ["rat783-gen3-50"]


class TestGenerators:
    @pytest.mark.parametrize("kind", ["op", "pctsp", "spctsp", "mtsp"])
    @given(n=st.integers(1, 40), seed=st.integers(0, 5))
    def test_any_size(self, kind: str, n: int, seed: int) -> None:
        problem = generate(kind, n, seed=seed)
        assert problem.size == {"n": n}
        assert problem == generate(kind, n, seed=seed)

    def test_distributions(self) -> None:
        problem = generate("pctsp", 4_000, seed=1)
        assert problem.prizes.sum() == pytest.approx(2.0, rel=0.05)
        assert problem.penalties.sum() == pytest.approx(30.0, rel=0.05)
        stochastic = generate("spctsp", 4_000, seed=1)
        assert np.array_equal(stochastic.prizes, problem.prizes)
        assert stochastic.real_prizes.sum() == pytest.approx(2.0, rel=0.05)
        assert generate("op", 500, seed=1).limit == 4.0
        assert generate("op", 20, seed=1).limit == 2.0
        far = generate("op", 50, seed=1)
        assert far.prizes[1:].max() == 1.0
        assert far.prizes[1:].min() >= 0.01

    def test_bad_parameters(self) -> None:
        for parameters in ({"prizes": "distant"}, {"limit": 0.0}):
            with pytest.raises(UsageError, match=next(iter(parameters))):
                generate("op", 5, seed=1, **parameters)
        with pytest.raises(UsageError, match="scale"):
            generate("pctsp", 5, seed=1, scale=-1.0)
