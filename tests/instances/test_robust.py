"""Two-stage robust problems: evaluation, checks, text and generators."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import combkit as ck
from combkit.instances.generators.robust_knapsack import FAMILIES
from combkit.instances.robust.knapsack import RobustKnapsack

TEXT = "# two items\n2 6 1.5\n6 4 2 3 8\n\n5 1 1 3 7\n"


def small(**changes: object) -> RobustKnapsack:
    fields = {
        "profits": [6, 5],
        "degradations": [4, 1],
        "repairs": [2, 1],
        "weights": [3, 3],
        "outsourcing": [8, 7],
        "capacity": 6,
        "budget": 1.5,
    }
    return RobustKnapsack(**{**fields, **changes})


@given(st.integers(0, 10**6), st.integers(1, 5))
@settings(max_examples=100, deadline=None)
def test_values_by_brute_force(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    p, lost, f = rng.integers(0, 20, (3, n))
    t, c = rng.integers(0, 8, (2, n))
    problem = RobustKnapsack(p, lost, t, c, f, int(rng.integers(0, 20)), n)
    x, xi = rng.integers(0, 2, n), rng.random(n)
    best = -np.inf
    for states in itertools.product(*(range(3) if a else (0,) for a in x)):
        made, fixed = np.array(states) > 0, np.array(states) == 2
        if c @ made + t @ fixed <= problem.capacity:
            worth = made @ (f - lost * xi) + fixed @ (lost * xi)
            best = max(best, (p - f) @ x + worth)
    assert problem.evaluate(ck.FirstStage(x, xi)) == pytest.approx(best)


@pytest.mark.parametrize(
    ("solution", "violation"),
    [
        (ck.FirstStage([1], [0, 0]), "1 first-stage values for 2 items"),
        (ck.FirstStage([1, 0.5], [0, 0]), "0.5 of item 1 is neither 0 nor 1"),
        (ck.FirstStage([1, 0]), "no scenario comes with the first stage"),
        (ck.FirstStage([1, 0], [0]), "1 shares in the scenario for 2 items"),
        (ck.FirstStage([1, 0], [1.5, 0]), "share 1.5 of item 0 is not between"),
        (ck.FirstStage([1, 0], [1, 0.6]), "shares of 1.6 exceed the budget 1.5"),
    ],
)
def test_violations(solution: ck.FirstStage, violation: str) -> None:
    assert violation in small().check(solution)[0]


def test_a_solution_that_cannot_be_judged_has_no_value() -> None:
    with pytest.raises(ck.CombkitError, match="no scenario"):
        small().evaluate(ck.FirstStage([1, 0]))


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("profits", [], "there is no item"),
        ("profits", [6, np.nan], "profits"),
        ("degradations", [1], "degradations"),
        ("weights", [3, 2.5], "weights"),
        ("repairs", [-1, 1], "repairs"),
        ("outsourcing", [np.inf, 1], "outsourcing"),
        ("capacity", 2.5, "capacity"),
        ("capacity", -1, "capacity"),
        ("budget", -0.5, "budget"),
        ("budget", np.nan, "budget"),
    ],
)
def test_bad_fields(field: str, value: object, reason: str) -> None:
    with pytest.raises(ck.InvalidProblemError, match=reason):
        small(**{field: value})


def test_text_and_json(tmp_path) -> None:
    path = tmp_path / "x.rkp"
    path.write_text(TEXT)
    problem = ck.read(path)
    assert problem == small()
    for name in ("y.rkp", "y.json", "y.rkp.gz"):
        ck.write(problem, tmp_path / name)
        assert ck.read(tmp_path / name) == problem
    solution = ck.FirstStage([1, 0], [0.25, 0.0])
    ck.write_solution(problem, solution, tmp_path / "s.json")
    assert ck.read_solution(tmp_path / "s.json", problem) == solution
    (tmp_path / "s.json").write_text('{"first_stage": [1, 0]}')
    assert ck.read_solution(tmp_path / "s.json", problem).scenario is None


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("2 6\n", 1, "2 numbers where 'n capacity budget' is"),
        ("0 6 1\n", 1, "0 items"),
        ("2 6.5 1\n1 1 1 1 1\n1 1 1 1 1\n", 1, "capacity 6.5: a whole number"),
        ("2 6 1\n1 1 1 1 1\n", 2, "1 items where 2 are declared"),
        ("1 6 1\n1 1 1 1 1\n1 1 1 1 1\n", 3, "a line after the last of 1 items"),
        ("1 6 1\n1 1 1 1\n", 2, "4 numbers where 'profit degradation"),
        ("1 6 1\n1 1 1 0.5 1\n", 2, "weight 0.5: a whole number"),
        ("1 6 1\n1 -1 1 1 1\n", 2, "-1"),
        ("1 6 1\n1 x 1 1 1\n", 2, "x"),
    ],
)
def test_bad_text(tmp_path, text: str, line: int, reason: str) -> None:
    path = tmp_path / "x.rkp"
    path.write_text(text)
    with pytest.raises(ck.InstanceFormatError, match=reason) as error:
        ck.read(path, "robust-knapsack")
    assert error.value.line == line


@pytest.mark.parametrize("family", FAMILIES)
def test_generated_ranges(family: str) -> None:
    p = ck.generate(
        "rkp", 400, seed=1, family=family, h=80, deviation=0.15, degradation=0.5
    )
    c, middle = p.weights, p.profits - p.weights
    assert p.capacity == 80 * int(c.sum()) // 101
    assert p.budget == pytest.approx(60)
    assert c.min() >= 1 and c.max() <= 1000
    share = p.degradations / p.profits
    large = p.profits > 100
    assert 0.24 < share[large].min() < 0.3 and 0.7 < share[large].max() < 0.76
    assert ((p.outsourcing >= 1.09 * p.profits) | ~large).all()
    repairs = p.repairs - 0.5 * p.degradations
    spread = {"UN": None, "WC": 50, "ASC": 1, "SC": 0}[family]
    if spread is None:
        assert (p.repairs <= np.maximum(c, 1)).all()
        return
    offset, base = (0, 0.0) if family == "WC" else (100, c / 10)
    assert (np.abs(middle - offset) <= spread + 1)[p.profits > 1].all()
    width = 25 if family == "WC" else spread
    assert (np.abs(repairs - base) <= width + 1)[p.repairs > 1].all()


def test_generators_refuse() -> None:
    for bad, reason in (
        ({"family": "wc"}, "did you mean|none of"),
        ({"degradation": 1.5}, "between 0 and 1"),
        ({"deviation": -1.0}, "negative"),
        ({"h": 0}, "not in 1..100"),
    ):
        with pytest.raises(ck.CombkitError, match=reason):
            ck.generate("rkp", 5, seed=1, **bad)


def test_published_files_look_generated(shared_data) -> None:
    """The capacities of all files are those of the generator's rule."""
    paths = sorted((shared_data / "robust" / "rkp").glob("RKP_*"))
    assert len(paths) == 504
    for path in paths[::10]:
        problem = ck.read(path)
        _, _, n, _, _, h, deviation, _ = path.name.split("_")
        assert problem.n == int(n[1:])
        assert problem.capacity == int(h[1:]) * int(problem.weights.sum()) // 101
        assert problem.budget == pytest.approx(float(deviation[3:]) * problem.n)
