"""Embeddings, indexes and foretold gaps, with the weights of the package."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

import combkit as ck
from combkit.instances.errors import InstanceFormatError, SolverError, UsageError
from combkit.instances.generators.programs import program
from combkit.instances.mip import MIP
from combkit.neural.forge.corpus import draw
from combkit.neural.forge.embedding import embed
from combkit.neural.forge.encoder import Encoder, shipped
from combkit.neural.forge.gap import GapModel, Sample, predict_gap, shipped_gap_model
from combkit.neural.forge.index import Index, shipped_index
from combkit.neural.forge.probe import PROBED, gap, probe


def weighted(change: float) -> Encoder:
    """Weights that are not quite those of the package."""
    arrays = dict(shipped().arrays)
    arrays["enter.0.bias"] = arrays["enter.0.bias"] + np.float32(change)
    return Encoder(arrays, {})


def test_embeddings_do_not_depend_on_how_a_program_is_written():
    first = program(80, seed=1, family="auction")
    rng = np.random.default_rng(0)
    rows, columns = rng.permutation(first.m), rng.permutation(first.n)
    factor = rng.choice([0.5, 2.0, 3.0], first.m)
    second = MIP(
        -7.0 * first.c[columns],
        (sp.diags_array(-factor) @ first.A)[rows][:, columns],
        (-factor * first.row_upper)[rows],
        np.full(first.m, np.inf),
        0.0,
        1.0,
        1,
        offset=100.0,
    )
    one, other = embed(first), embed(second)
    assert one.cosine(other) > 0.9999
    assert np.linalg.norm(one.vector) == pytest.approx(1.0)
    # A row that nothing violates is none.
    more = sp.vstack([first.A, np.ones((1, first.n))])
    idle = MIP(
        first.c,
        more,
        np.append(first.row_lower, -np.inf),
        np.append(first.row_upper, 1e6),
        0.0,
        1.0,
        1,
        maximize=True,
    )
    assert one.cosine(embed(idle)) > 0.9999


def test_states_belong_to_the_rows_and_columns_of_the_program():
    p = program(30, seed=2, family="facility")
    found = embed(p)
    assert found.encoding.row_states.shape[0] == found.form.row_of.size
    assert found.encoding.column_codes.size == found.form.column_of.size == p.n
    lengths = np.linalg.norm(found.encoding.column_states, axis=1)
    np.testing.assert_allclose(lengths, 1.0, rtol=1e-5)
    # Facilities are not customers served: no code is shared.
    codes, whole = found.encoding.column_codes, p.integrality == 1
    assert not set(codes[whole].tolist()) & set(codes[~whole].tolist())


def test_structures_are_told_apart_in_larger_programs():
    near = list(draw(1, 77, smallest=0.5, largest=0.5))
    far = list(draw(1, 78, smallest=1.0, largest=0.8))
    index = Index()
    for k, drawn in enumerate(near):
        index.add(embed(drawn.program), name=str(k), group=drawn.family)
    hits = sum(
        index.similar(embed(drawn.program), 1)[0].group == drawn.family for drawn in far
    )
    assert hits >= 0.9 * len(far)


@pytest.mark.parametrize(
    "p",
    [
        MIP([1.0], np.zeros((0, 1)), [], [], 0, 1, 1),
        MIP([0.0, 0.0], [[1, 1]], 1, np.inf, 0, 1, 0),
        MIP([], np.zeros((0, 0)), [], [], [], [], []),
    ],
)
def test_nothing_is_too_small(p):
    assert np.isfinite(embed(p).vector).all()


def test_index_round_trip_and_matches(tmp_path):
    index = Index()
    kinds = (("knapsack", 1), ("knapsack", 2), ("gisp", 1), ("gisp", 2))
    programs = [program(40, seed=seed, family=family) for family, seed in kinds]
    for p in programs:
        index.add(embed(p), group=p.name.split("-", maxsplit=1)[0])
    path = tmp_path / "mine.npz"
    index.save(path)
    again = Index.load(path)
    assert list(again) == list(index)
    scaled = MIP(
        programs[0].c * 2,
        programs[0].A,
        programs[0].row_lower,
        programs[0].row_upper,
        0.0,
        1.0,
        1,
        maximize=True,
    )
    best, second, *_ = again.similar(embed(scaled))
    assert best.name == programs[0].name
    assert best.same
    assert best.cosine == pytest.approx(1.0, abs=2e-3)
    assert second.group == "knapsack"
    assert not second.same
    assert second.agree
    assert Index().similar(embed(scaled)) == []
    with pytest.raises(UsageError, match="in the index already"):
        again.add(embed(programs[0]))
    with pytest.raises(UsageError, match="without one needs it"):
        again.add(embed(scaled))


def test_indexes_of_other_weights_and_damaged_ones_are_refused(tmp_path):
    other = weighted(0.5)
    path = tmp_path / "other.npz"
    index = Index(other)
    index.add(embed(program(20, seed=1), other))
    index.save(path)
    assert len(Index.load(path, other)) == 1
    with pytest.raises(InstanceFormatError, match=r"made with weights .* add its pro"):
        Index.load(path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InstanceFormatError, match="damaged index"):
        Index.load(path, other)
    with pytest.raises(InstanceFormatError, match="no such index"):
        Index.load(tmp_path / "none.npz")


def test_weights_round_trip_and_versions(tmp_path, monkeypatch):
    path = tmp_path / "w.npz"
    other = weighted(0.25)
    other.save(path)
    again = Encoder.load(path)
    assert again.mark == other.mark != shipped().mark
    lacking = {k: v for k, v in other.arrays.items() if k != "norms.1.bias"}
    Encoder(lacking, {}).save(path)
    with pytest.raises(
        InstanceFormatError, match=r"damaged weights: no norms\.1\.bias"
    ):
        Encoder.load(path)
    other.save(path)
    monkeypatch.setattr("combkit.neural.forge.encoder.FORMAT", "forge-0")
    with pytest.raises(InstanceFormatError, match="weights of version forge-1"):
        Encoder.load(path)


def test_the_index_of_the_package_knows_its_families():
    index = shipped_index()
    assert len({group for _, group in index}) >= 24
    match = index.similar(embed(program(260, seed=99, family="gisp")), 1)[0]
    assert match.group.startswith("gisp")


# -- gaps ----------------------------------------------------------------------


def test_gaps_are_within_what_the_root_proves():
    p = program(60, seed=3, family="vertex-cover", structure="erdos-renyi")
    known = probe(p)
    best = ck.solve(p, "highs", time_limit=60, gap=0.0)
    truth = gap(known.relaxed, best.objective, 0.0)
    names = dict(zip(PROBED, known.numbers, strict=True))
    assert names["gap of the root bound"] <= truth + 1e-6
    assert names["gap of the root incumbent"] >= truth - 1e-6
    for root in (True, False):
        found = predict_gap(p, root=root)
        assert found.low <= found.gap <= found.high
        assert found.objective_low <= found.objective <= found.objective_high
        assert found.relaxed == pytest.approx(known.relaxed)
    assert predict_gap(p).gap == pytest.approx(truth, abs=0.05)


def test_objectives_belong_to_gaps_for_both_senses_and_signs():
    for maximize, cost in ((False, 1.0), (True, 1.0), (False, -1.0), (True, -1.0)):
        # One of three items of weight 2 in a knapsack of 3: the relaxation has 1.5.
        senses = {"row_upper": 3.0} if (cost > 0) == maximize else {"row_lower": 3.0}
        p = MIP(
            cost * np.ones(3),
            [[2, 2, 2]],
            senses.get("row_lower", -np.inf),
            senses.get("row_upper", np.inf),
            0.0,
            1.0,
            1,
            offset=10.0,
            maximize=maximize,
        )
        best = ck.solve(p, "highs", time_limit=10).objective
        found = predict_gap(p)
        assert found.relaxed == pytest.approx(10.0 + 1.5 * cost)
        assert found.objective == pytest.approx(best)
        assert found.gap == pytest.approx(1 / 3 if abs(best - 10.0) == 1 else 0.25)


def test_what_has_no_relaxed_optimum_has_no_gap():
    infeasible = MIP([-1.0, 0.0], [[1.0, 1.0]], 3.0, np.inf, 0.0, 1.0, 1)
    unbounded = MIP([-1.0, 0.0], [[1.0, -1.0]], -np.inf, 1.0, 0.0, np.inf, 1)
    for p in (infeasible, unbounded):
        with pytest.raises(SolverError, match="no optimum"):
            predict_gap(p)
    with pytest.raises(UsageError, match="seconds"):
        predict_gap(program(10, seed=1), 0.0)


def test_gap_models_learn_and_keep(tmp_path):
    """A gap that is one of the numbers is learned from a few programs."""
    samples = []
    for k, drawn in enumerate(draw(2, 5, smallest=0.3, largest=0.2)):
        if drawn.family in ("set-cover", "knapsack", "vertex-cover", "gisp"):
            known = probe(drawn.program, 0.2)
            low, high = known.numbers[7:9]
            truth = float(low + 0.25 * (high - low))
            samples.append(Sample(embed(drawn.program).vector, known, truth, k))
    model = GapModel.fit(samples, shipped().mark, {"programs": len(samples)})
    path = tmp_path / "gap.npz"
    model.save(path)
    again = GapModel.load(path, shipped())
    p = program(50, seed=8, family="vertex-cover")
    found, known = embed(p), probe(p, 0.2)
    for root in (True, False):
        one = model.predict(p, found, known, root=root)
        other = again.predict(p, found, known, root=root)
        assert one.gap == pytest.approx(other.gap, abs=1e-5)
    low, high = known.numbers[7:9]
    assert again.predict(p, found, known).gap == pytest.approx(
        low + 0.25 * (high - low), abs=0.05 * max(high - low, 1e-6)
    )
    with pytest.raises(InstanceFormatError, match="make it anew"):
        GapModel.load(path, weighted(1.0))
    GapModel({}, shipped().mark, {}).save(path)
    with pytest.raises(InstanceFormatError, match="damaged gap model"):
        GapModel.load(path, shipped())


def test_the_model_of_the_package_is_of_its_weights():
    assert shipped_gap_model().mark == shipped().mark
