"""Max-cut and quadratic assignment: problems, formats, known values."""

from pathlib import Path

import networkx as nx
import numpy as np
import pytest

import combkit as ck
from combkit.instances.errors import (
    InstanceFormatError,
    InvalidProblemError,
    InvalidSolutionError,
)
from combkit.instances.formats import stated_objective
from combkit.instances.generators import generate


class TestMaxCut:
    def test_parallel_edges_add_up(self) -> None:
        problem = ck.MaxCut(3, [[0, 1], [1, 0], [1, 2]], [1, 2, -4])
        assert problem == ck.MaxCut(3, [[1, 2], [0, 1]], [-4, 3])
        assert problem.evaluate(ck.Selection([0])) == 3
        assert problem.evaluate(ck.Selection([1])) == -1
        assert problem.check(ck.Selection([0, 0])) == ["vertex 0 is selected 2 times"]
        with pytest.raises(InvalidSolutionError, match="vertex 5"):
            problem.evaluate(ck.Selection([5]))

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ((0, []), "n: 0"),
            ((2, [[0, 2]]), "edge 0-2: vertices are 0 to 1"),
            ((2, [[1, 1]]), "edge 1-1 is a loop"),
            ((2, [[0, 1]], [np.inf]), r"weights\[0\] = inf"),
            ((2, [[0, 1]], [1, 2]), r"shape \(2,\)"),
            ((2, [[0, 1]], [2**53]), "are too large"),
        ],
    )
    def test_refused(self, arguments: tuple[object, ...], message: str) -> None:
        with pytest.raises(InvalidProblemError, match=message):
            ck.MaxCut(*arguments)  # type: ignore[arg-type]

    def test_networkx(self) -> None:
        graph = nx.petersen_graph()
        graph.edges[0, 1]["weight"] = 7
        problem = ck.MaxCut.from_networkx(graph)
        assert problem.size == {"n": 10, "edges": 15}
        assert ck.MaxCut.from_networkx(problem.to_networkx()) == problem

    @pytest.mark.parametrize("seed", range(4))
    def test_quadratic_forms(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        form = rng.integers(-5, 6, (5, 5))
        problem = ck.MaxCut.from_qubo(form)
        for number in range(2**6):
            selection = ck.Selection(
                np.flatnonzero([number >> i & 1 for i in range(6)])
            )
            x = problem.qubo_vector(selection)
            assert problem.evaluate(selection) == -(x @ form @ x)
        with pytest.raises(InvalidProblemError, match="2 x 3 is not square"):
            ck.MaxCut.from_qubo(np.zeros((2, 3)))

    @pytest.mark.parametrize("suffix", ["json", "rud", "mc"])
    @pytest.mark.parametrize("signs", [False, True])
    def test_round_trip(self, tmp_path: Path, suffix: str, signs: bool) -> None:
        problem = generate("maxcut", 12, seed=1, signs=signs)
        path = tmp_path / f"x.{suffix}"
        ck.write(problem, path)
        assert ck.read(path) == problem

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("3 2\n1 2 1\n", ":1: 2 edges are announced, 1 follow"),
            ("3 1\n1 1 1\n", ":2: vertex 1 is joined to itself"),
            ("3 1\n1 4 1\n", ":2: .*4"),
            ("3 1\n1 2 x\n", ":2: .*x"),
            ("3 1\n1 2 3 4\n", ":2: 4 words"),
        ],
    )
    def test_bad_rudy(self, tmp_path: Path, text: str, message: str) -> None:
        path = tmp_path / "x.rud"
        path.write_text(text)
        with pytest.raises(InstanceFormatError, match=message):
            ck.read(path, "rudy")

    def test_published_files(self, shared_data: Path) -> None:
        for name, edges in (("G1", 19_176), ("G6", 19_176), ("G11", 1_600)):
            problem = ck.read(shared_data / "routing" / "maxcut" / f"{name}.txt")
            assert problem.kind == "maxcut"
            assert problem.size == {"n": 800, "edges": edges}


class TestQuadraticAssignment:
    problem = ck.QuadraticAssignment([[0, 3], [0, 0]], [[0, 5], [2, 0]])

    def test_values(self) -> None:
        assert self.problem.evaluate(ck.Assignment([0, 1])) == 15
        assert self.problem.check(ck.Assignment([0, 0])) == ["place 0 has 2 facilities"]
        assert self.problem.check(ck.Assignment([0])) == ["1 places for 2 facilities"]
        assert "places are 0 to 1" in self.problem.check(ck.Assignment([0, 2]))[0]

    @pytest.mark.parametrize(
        ("flow", "distance", "message"),
        [
            ([[0, 1]], [[0]], "1 x 2 is not square"),
            (np.zeros((2, 2)), np.zeros((3, 3)), r"shape \(3, 3\)"),
            ([[np.nan]], [[0]], "is not finite"),
            (np.full((2, 2), 1e200), np.full((2, 2), 1e200), "are too large"),
        ],
    )
    def test_refused(self, flow: object, distance: object, message: str) -> None:
        with pytest.raises(InvalidProblemError, match=message):
            ck.QuadraticAssignment(flow, distance)  # type: ignore[arg-type]

    @pytest.mark.parametrize("suffix", ["json", "dat"])
    def test_round_trip(self, tmp_path: Path, suffix: str) -> None:
        problem = generate("qap", 5, seed=2)
        ck.write(problem, tmp_path / f"x.{suffix}")
        assert ck.read(tmp_path / f"x.{suffix}") == problem
        place = ck.Assignment([4, 2, 0, 1, 3])
        for solution in ("x.sln", "s.json"):
            ck.write_solution(problem, place, tmp_path / solution)
            assert ck.read_solution(tmp_path / solution, problem) == place
        stated = stated_objective(tmp_path / "x.sln", problem)
        assert stated == problem.evaluate(place)

    def test_bad_text(self, tmp_path: Path) -> None:
        path = tmp_path / "x.dat"
        path.write_text("2\n0 1\n1 0\n0 1\n1\n")
        with pytest.raises(InstanceFormatError, match="7 numbers where two matrices"):
            ck.read(path, "qaplib")
        path.write_text("2\n0 1\n1 a\n")
        with pytest.raises(InstanceFormatError, match=":3: "):
            ck.read(path, "qaplib")

    def test_published_solutions(self, shared_data: Path) -> None:
        folder = shared_data / "routing" / "qaplib"
        wrong = []
        for path in sorted(folder.glob("*.sln")):
            problem = ck.read(path.with_suffix(".dat"))
            if path.stem == "tai40a":
                # It has 41 numbers where the permutation is.
                with pytest.raises(InstanceFormatError):
                    ck.read_solution(path, problem)
                continue
            solution = ck.read_solution(path, problem)
            if problem.check(solution):
                wrong.append(path.stem)
            elif problem.evaluate(solution) != stated_objective(path, problem):
                # Some files list the facility of each place.
                inverse = ck.Assignment(np.argsort(solution.assigned))
                if problem.evaluate(inverse) != stated_objective(path, problem):
                    wrong.append(path.stem)
        assert set(wrong) <= {"kra32"}
