"""Set functions and constraints: values, refusals, files, the chains of the notes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

import combkit as ck
from combkit.instances.errors import (
    InstanceFormatError,
    InvalidProblemError,
    UnsupportedFeatureError,
)
from combkit.instances.generators import generate
from combkit.instances.generators.set_functions import bernoulli_laplace, curie_weiss
from combkit.instances.submodular import (
    Cardinality,
    ChainCriterion,
    Coverage,
    Cut,
    Entropy,
    FacilityLocation,
    FeatureLocation,
    GaussianInformation,
    GraphCut,
    GraphicMatroid,
    Independence,
    Knapsack,
    KSubmodular,
    LaminarMatroid,
    LogDet,
    Mixture,
    Modular,
    Oracle,
    PartitionMatroid,
    ProbabilisticCoverage,
    Revenue,
    SaturatedCoverage,
    Submodular,
    kept,
    neighbours,
)

ONE = np.eye(2)

REFUSED: dict[str, tuple[Any, str]] = {
    "negative": (lambda: FacilityLocation([[1, -1]]), r"similarity\[0, 1\] = -1"),
    "nan": (lambda: FacilityLocation([[1, np.nan]]), r"\[0, 1\] = nan is not finite"),
    "nan-single": (
        lambda: FacilityLocation(np.array([[np.nan]], np.float32)),
        "is not finite",
    ),
    "nan-sparse": (
        lambda: FacilityLocation(sp.csr_array([[np.nan]])),
        "is not finite",
    ),
    "empty": (lambda: FacilityLocation(np.zeros((0, 3))), "no element"),
    "weights": (lambda: FacilityLocation(ONE, [1, -2]), r"weights\[1\] = -2"),
    "share": (lambda: SaturatedCoverage(ONE, 1.5), "saturation: 1.5"),
    "asymmetric": (
        lambda: GraphCut([[0, 1], [2, 0]]),
        r"similarity\[0, 1\] = 1 and similarity\[1, 0\] = 2: not symmetric",
    ),
    "asymmetric-sparse": (
        lambda: GraphCut(sp.csr_array([[0.0, 1.0], [0.0, 0.0]])),
        "not symmetric",
    ),
    "oblong": (lambda: GraphCut(np.ones((2, 3))), "2 x 3 is not square"),
    "oblong-cut": (lambda: Cut(np.ones((2, 3))), "2 x 3 is not square"),
    "metric": (lambda: FeatureLocation(ONE, "cosin"), "did you mean 'cosine'"),
    "zero-row": (lambda: FeatureLocation(np.zeros((2, 2))), r"features\[0\] is zero"),
    "chance": (lambda: ProbabilisticCoverage([[1.5]]), "1.5 is above 1"),
    "item": (lambda: Coverage.of_sets([[4]], items=3), "item 4: there are 3"),
    "indefinite": (lambda: LogDet([[1, 2], [2, 1]]), "eigenvalue -1"),
    "singular": (lambda: GaussianInformation(np.ones((2, 2))), "positive definite"),
    "sample": (lambda: Entropy([[0, -1]]), r"samples\[0, 1\] = -1"),
    "sample-weight": (lambda: Entropy([[0, 1]], [0]), r"weights\[0\] = 0"),
    "rows": (
        lambda: ChainCriterion([[0.5, 0.4], [0, 1]], [2], [0.5, 0.5]),
        "row 0 sums to 0.9",
    ),
    "law": (
        lambda: ChainCriterion([[0, 1], [1, 0]], [2], [0.9, 0.1]),
        "not a stationary law",
    ),
    "outside": (lambda: Revenue([1], [1], 0.0), "outside: 0 is not positive"),
    "parts": (lambda: Mixture((Modular([1]), Modular([1, 2])), [1, 1]), r"parts\[1\]"),
    "oracle": (lambda: Oracle(3, 4), "cannot be called"),  # type: ignore[arg-type]
    "k": (lambda: Cardinality(0), "k: 0 is not positive"),
    "k-of-n": (lambda: Submodular(Modular([1]), Cardinality(2)), "k: 2 of 1"),
    "free": (lambda: Knapsack([1, 0], 3), r"costs\[0, 1\] = 0 is not positive"),
    "budget": (lambda: Knapsack([1, 2], -3), r"budgets\[0\] = -3"),
    "group": (lambda: PartitionMatroid([0, 2], [1, 1]), "group 2 has no limit"),
    "cross": (
        lambda: LaminarMatroid.of_sets([[0, 1], [1, 2]], [1, 1], 3),
        "set 0 and set 1 cross",
    ),
    "hereditary": (lambda: Independence(lambda s: False, 3), "refuses the empty set"),
    "sizes": (
        lambda: Submodular(Modular([1, 2]), PartitionMatroid([0], [1])),
        "speaks of 1 elements, the function has 2",
    ),
    "both": (
        lambda: Submodular(Modular([1, 2]), include=[1], exclude=[1]),
        "is included, too",
    ),
    "too-many": (
        lambda: Submodular(Modular([1, 2]), Cardinality(1), include=[0, 1]),
        "include: 2 elements are selected",
    ),
    "goals": (
        lambda: Submodular(Modular([1]), minus=Modular([1]), over=Modular([1])),
        "minus and over",
    ),
    "stray": (lambda: Submodular(Modular([1]), costs=[1]), "belong to a quota"),
    "free-cover": (
        lambda: Submodular(Modular([1]), quota=1, costs=[0]),
        r"costs\[0\] = 0 is not positive",
    ),
    "duplicate": (
        lambda: Submodular(Modular([1, 2]), include=[1, 1]),
        "element 1 is given twice",
    ),
    "labels": (lambda: KSubmodular(Modular([1, 2, 3]), 2), "2 for 3 pairs"),
    "missing": (lambda: Submodular(), "function: is missing"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    make, message = REFUSED[name]
    with pytest.raises(InvalidProblemError, match=message):
        make()


class TestProblems:
    problem = Submodular(Coverage.of_sets([[0, 1], [1, 2], [2]]), Cardinality(2))

    def test_violations(self) -> None:
        assert self.problem.check(ck.Selection([0, 1])) == []
        assert self.problem.check(ck.Selection([0, 1, 2])) == [
            "3 elements are selected, at most 2 are allowed"
        ]
        assert "selected 2 times" in self.problem.check(ck.Selection([1, 1]))[0]
        assert "does not exist" in self.problem.check(ck.Selection([5]))[0]
        fixed = Submodular(self.problem.function, include=[1], exclude=[2])
        assert fixed.check(ck.Selection([0, 2])) == [
            "element 1 must be selected",
            "element 2 must not be selected",
        ]
        cover = Submodular(self.problem.function, quota=3)
        assert cover.check(ck.Selection([0])) == ["the value 2 is below 3"]
        assert cover.evaluate(ck.Selection([0, 1])) == 2

    def test_a_set_without_a_value_is_no_solution(self) -> None:
        singular = Submodular(LogDet(np.ones((2, 2))))
        assert singular.check(ck.Selection([0, 1])) == ["the value is -inf"]

    def test_an_infeasible_cover(self) -> None:
        result = ck.solve(Submodular(self.problem.function, quota=4))
        assert result.status == ck.Status.INFEASIBLE
        assert "all elements together are worth 3" in result.raw_status

    def test_duplicates_are_chosen_once(self) -> None:
        rows = np.tile(np.random.default_rng(0).random((1, 4)), (5, 1))
        result = ck.solve(Submodular(FacilityLocation(rows), Cardinality(3)))
        assert result.solution.selected.size == 1
        assert result.status == ck.Status.OPTIMAL

    def test_labels(self) -> None:
        problem = KSubmodular(
            Modular([1, 2, 3, 4]), 2, limit=1, allowed=[[1, 0], [1, 1]]
        )
        assert problem.evaluate(ck.Labels([0, 1])) == 5
        assert problem.check(ck.Labels([1, 1])) == [
            "2 elements have a label, at most 1 may",
            "element 0 must not have label 1",
        ]
        assert "1 labels for 2 elements" in problem.check(ck.Labels([0]))
        assert "labels are -1 to 1" in problem.check(ck.Labels([0, 2]))[0]


FAMILIES = ["facility", "coverage", "cut", "sensors", "assortment", "chain"]


class TestFiles:
    @pytest.mark.parametrize("suffix", ["json", "npz", "json.gz"])
    @pytest.mark.parametrize("family", FAMILIES)
    def test_round_trip(self, tmp_path: Path, family: str, suffix: str) -> None:
        problem = generate("submodular", 5, seed=1, family=family)
        ck.write(problem, tmp_path / f"x.{suffix}")
        assert ck.read(tmp_path / f"x.{suffix}") == problem

    @pytest.mark.parametrize("suffix", ["json", "npz"])
    def test_round_trip_of_labels(self, tmp_path: Path, suffix: str) -> None:
        problem = generate("ksubmodular", 6, seed=1)
        ck.write(problem, tmp_path / f"x.{suffix}")
        assert ck.read(tmp_path / f"x.{suffix}") == problem
        ck.write_solution(problem, ck.Labels([0] + 5 * [-1]), tmp_path / "s.json")
        assert ck.read_solution(tmp_path / "s.json", problem) == ck.Labels(
            [0] + 5 * [-1]
        )

    def test_single_precision_stays(self, tmp_path: Path) -> None:
        problem = Submodular(FacilityLocation(ONE.astype(np.float32)))
        ck.write(problem, tmp_path / "x.npz")
        assert ck.read(tmp_path / "x.npz") == problem

    @pytest.mark.parametrize(
        ("path", "value", "message"),
        [
            (("function", "type"), "facility", "'facility' is unknown"),
            (("function", "similarity"), None, '"similarity" of a facility'),
            (("function", "similarity"), [[1, -1]], r":6: similarity"),
            (("function", "weigths"), [1], "did you mean 'weights'"),
            (("constraint", "k"), 9, "9 of 2 elements"),
            (("constraint", "type"), None, '"type" is missing'),
        ],
    )
    def test_bad_json(
        self, tmp_path: Path, path: tuple[str, str], value: Any, message: str
    ) -> None:
        data: dict[str, Any] = {
            "format": "combkit-1",
            "kind": "submodular",
            "function": {"type": "facility-location", "similarity": [[1, 0], [0, 1]]},
            "constraint": {"type": "cardinality", "k": 1},
        }
        file = tmp_path / "x.json"
        file.write_text(json.dumps(data, indent=1))
        assert ck.read(file).size == {"n": 2, "most": 1}
        if value is None:
            del data[path[0]][path[1]]
        else:
            data[path[0]][path[1]] = value
        file.write_text(json.dumps(data, indent=1))
        with pytest.raises(InstanceFormatError, match=message):
            ck.read(file)

    def test_bad_npz(self, tmp_path: Path) -> None:
        path = tmp_path / "x.npz"
        np.savez(path, a=np.ones(3))
        with pytest.raises(InstanceFormatError, match='"header" is missing'):
            ck.read(path)
        ck.write(generate("submodular", 5, seed=1), path)
        whole = path.read_bytes()
        for end in (40, len(whole) // 2, len(whole) - 30):
            path.write_bytes(whole[:end])
            with pytest.raises(InstanceFormatError):
                ck.read(path)

    def test_functions_in_python_stay_in_python(self, tmp_path: Path) -> None:
        with pytest.raises(UnsupportedFeatureError, match="cannot hold the oracle"):
            ck.write(Submodular(Oracle(len, 3)), tmp_path / "x.json")
        assert not list(tmp_path.iterdir())


class TestChains:
    def test_distances_of_the_literature(self) -> None:
        """Projection on {1, 3} and {3} of the chain of 4 spins: the right values.

        A reference implementation gives 0.4204 and 0.33324, since it compares states
        in different orders of coordinates.
        """
        chain = curie_weiss(4, criterion="factorizability")
        assert chain.value(np.array([1, 3])) == pytest.approx(0.4263, abs=5e-5)
        assert chain.value(np.array([3])) == pytest.approx(0.33291, abs=5e-6)

    def test_the_wrong_values_come_from_the_order(self) -> None:
        chain = curie_weiss(4)
        wrong = self.divergence(chain, np.array([1, 3]), ordered=False)
        right = self.divergence(chain, np.array([1, 3]), ordered=True)
        assert right == pytest.approx(0.4263, abs=5e-5)
        assert wrong == pytest.approx(0.4204, abs=5e-5)

    @staticmethod
    def divergence(chain: ChainCriterion, part: np.ndarray, *, ordered: bool) -> float:
        """Return KL(P || P_S x P_rest) from its definition."""
        rest = np.setdiff1d(np.arange(chain.n), part)
        first, second = kept(chain, part)[0], kept(chain, rest)[0]
        product = np.kron(first, second)
        if ordered:
            states = np.arange(2**chain.n)
            place = chain.labels(states, np.concatenate([part, rest]))
            product = product[np.ix_(place, place)]
        step = chain.transitions.toarray()
        used = step > 0.0
        terms = np.zeros_like(step)
        terms[used] = step[used] * np.log(step[used] / product[used])
        return float(chain.stationary @ terms.sum(axis=1))

    def test_identities(self) -> None:
        """All criteria from the entropy rate, which is that of the kept chain."""
        chain = curie_weiss(4, field=0.3)
        for part in ([0], [1, 3], [0, 1, 2, 3]):
            step, law = kept(chain, np.array(part))
            used = np.where(step > 0.0, step, 1.0)
            rate = -float(law @ (step * np.log(used)).sum(axis=1))
            assert chain.value(np.array(part)) == pytest.approx(rate)
            still = curie_weiss(4, field=0.3, criterion="stationarity")
            entropy = -float((law * np.log(law)).sum())
            assert still.value(np.array(part)) == pytest.approx(entropy - rate)

    def test_urns(self) -> None:
        chain = bernoulli_laplace((1, 2, 1), left=2)
        assert chain.n == 3
        # What is left of the balls follows from the others.
        whole, part = chain.rate(np.arange(3)), chain.rate(np.arange(2))
        assert whole == pytest.approx(part)
        with pytest.raises(ck.UsageError, match="leave an urn empty"):
            bernoulli_laplace((1, 1), left=2)


def test_neighbours_are_the_nearest() -> None:
    rows = np.random.default_rng(0).standard_normal((30, 3))
    near = neighbours(rows, 4, "rbf")
    whole = FeatureLocation(rows, "rbf").similarity_of(np.arange(30))
    assert near.shape == (30, 30)
    for point in range(30):
        column = near[:, [point]].toarray().ravel()
        top = np.sort(whole[:, point])[-4:]
        assert np.sort(column[column > 0]) == pytest.approx(top)


def test_costs_of_several_budgets_are_separate() -> None:
    constraint = Knapsack([[1, 2], [3, 1]], [3, 3])
    assert constraint.violations(np.array([0, 1])) == ["cost 4 exceeds the budget 3"]
    assert constraint.most(2) == 1


def test_loops_close_cycles() -> None:
    assert GraphicMatroid([[0, 0], [0, 1]]).violations(np.array([0])) == [
        "the edges close 1 cycles"
    ]
