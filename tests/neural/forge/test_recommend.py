"""Recommendations: neighbours decide, the average stays unless it is beaten clearly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import combkit as ck
from combkit.comb import registry
from combkit.comb.solve import solve
from combkit.instances.errors import (
    InstanceFormatError,
    UnsupportedFeatureError,
    UsageError,
)
from combkit.neural.forge.embedding import Embedding, embed
from combkit.neural.forge.encoder import shipped
from combkit.neural.forge.recommend import Choice, Recommender, advise, recommend

CHOICES = (
    Choice("one", "highs", {}),
    Choice("two", "scip", {}),
    Choice("three", "highs", {"heuristic_effort": 0.3}),
)


def programs(count: int = 6) -> list[Embedding]:
    """Return embeddings of covers, then of auctions."""
    return [
        embed(ck.generate("mip", 60, seed=seed, family=family))
        for family in ("set-cover", "auction")
        for seed in range(count)
    ]


def table(scores: np.ndarray, found: list[Embedding]) -> Recommender:
    vectors = np.stack([one.vector for one in found])
    names = [one.name for one in found]
    return Recommender.fit(vectors, scores, names, CHOICES, shipped().mark, {})


def test_neighbours_decide() -> None:
    """Covers are best by the first, auctions by the second, all fair by the third."""
    found = programs()
    scores = np.array([[0.1, 0.5, 0.2]] * 6 + [[0.5, 0.1, 0.2]] * 6)
    made = table(scores, found)
    for family, label in (("set-cover", "one"), ("auction", "two")):
        asked = embed(ck.generate("mip", 60, seed=99, family=family))
        ranking = made.recommend(asked)
        assert ranking[0].choice.label == label
        assert [one.choice.label for one in ranking[1:]] == [
            "three",
            "two" if label == "one" else "one",
        ]
        assert ranking[0].expected < ranking[0].average
        names = [name for name, _ in made.nearest(asked)]
        assert all(name.startswith(family) for name in names)


def test_the_best_on_average_stays_where_nothing_can_be_told() -> None:
    found = programs()
    rng = np.random.default_rng(0)
    scores = np.array([0.2, 0.25, 0.26]) + rng.normal(0.0, 0.02, (12, 3))
    made = table(scores, found)
    assert all(made.recommend(one)[0].choice.label == "one" for one in found)


def test_tables_are_kept_and_checked(tmp_path: Path) -> None:
    found = programs(2)
    made = table(np.random.default_rng(1).random((4, 3)), found)
    path = tmp_path / "table.npz"
    made.save(path)
    again = Recommender.load(path, shipped())
    assert again.choices == CHOICES and again.names == made.names
    for one in found:
        ranks = [[r.choice for r in t.recommend(one)] for t in (made, again)]
        assert ranks[0] == ranks[1]
    replace(made, mark="other").save(path)
    with pytest.raises(InstanceFormatError, match="made with weights other"):
        Recommender.load(path, shipped())
    with pytest.raises(InstanceFormatError, match="no such table of solvers"):
        Recommender.load(tmp_path / "none.npz", shipped())
    with pytest.raises(UsageError, match="2 programs and 3 solvers"):
        table(np.zeros((2, 3)), found[:2])


def test_the_package_has_a_table() -> None:
    ranking = recommend(ck.generate("mip", 100, seed=5, family="gisp"))
    kinds = {row.name for row in ck.solvers("mip")}
    assert len(ranking) > 1 and {one.choice.solver for one in ranking} <= kinds
    assert all(0.0 <= one.expected <= 1.0 for one in ranking)
    model = ck.Model()
    x = model.add_variable(kind="binary")
    model.minimize(x * x + x)
    with pytest.raises(UnsupportedFeatureError):
        recommend(model)


def test_auto_asks_an_adviser(monkeypatch: pytest.MonkeyPatch) -> None:
    program = ck.generate("mip", 60, seed=3)
    first = advise(program, 10.0)[0][0]
    result = solve(program, adviser="forge", time_limit=20)
    assert result.extra["chain"][0] == first
    assert result.objective == solve(program, "highs").objective
    with pytest.raises(UsageError, match="adviser='froge'; did you mean 'forge'"):
        solve(program, adviser="froge")
    # One that names solvers that are not there, or nothing, changes nothing.
    tour = ck.generate("tsp", 8, seed=1)
    assert solve(tour, adviser="forge").extra == solve(tour).extra
    monkeypatch.setitem(registry._ADVISERS, "mine", "tests.neural.forge.advice:nobody")
    usual = solve(program, time_limit=20)
    assert solve(program, adviser="mine", time_limit=20).extra == usual.extra
