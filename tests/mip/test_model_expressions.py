"""Expressions against dense NumPy: what they mean at random points."""

from __future__ import annotations

import gc
import operator
import weakref

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from combkit.instances.errors import UsageError
from combkit.mip.modelling import Model, concatenate, stack
from combkit.mip.modelling.blocks import Variables
from combkit.mip.modelling.expressions import as_block
from combkit.mip.modelling.scalars import Linear, Variable

INF = np.inf


def at(block, point):
    """Value of a block at a point, from its terms alone."""
    block = as_block(block)
    rows = block.assembled()
    out = np.zeros(block.size)
    for k in range(block.size):
        inside = slice(rows.start[k], rows.start[k + 1])
        out[k] = rows.coefs[inside] @ point[rows.cols[inside]]
    return out.reshape(block.shape) + block.constant


class Pair:
    """A block and the array that it must equal at the model's point."""

    def __init__(self, block, array):
        self.block, self.array = block, np.asarray(array, dtype=float)
        assert self.block.shape == self.array.shape


def fresh(shape, seed):
    rng = np.random.default_rng(seed)
    model = Model()
    model.add_variables(3)
    x, y = model.add_variables(shape), model.add_variables(shape)
    point = rng.integers(-5, 6, model.columns.count).astype(float)
    return rng, point, [Pair(x, point[x.ids]), Pair(y, point[y.ids])]


UNARY = [
    lambda rng, e: -e,
    lambda rng, e: 2.5 * e - 1,
    lambda rng, e: 3 - e,
    lambda rng, e: e / 4,
    lambda rng, e: e.T,
    lambda rng, e: e.reshape(-1).reshape(e.shape),
    lambda rng, e: e.sum(axis=0),
    lambda rng, e: e.sum(axis=-1),
    lambda rng, e: e[::-1],
    lambda rng, e: e[1:],
    lambda rng, e: e[..., 0],
    lambda rng, e: e[[0, 0, -1]],
    lambda rng, e: e[np.arange(e.shape[0]) % 2 == 0],
    lambda rng, e: e[..., None][..., 0],
]
NEUTRAL = [operator.add, operator.sub]


@settings(deadline=None, max_examples=150)
@given(
    shape=st.sampled_from([(3,), (2, 3), (3, 2, 2)]),
    seed=st.integers(0, 2**16),
    steps=st.lists(st.integers(0, 10**6), min_size=1, max_size=6),
)
def test_algebra_means_what_numpy_means(shape, seed, steps):
    rng, point, pairs = fresh(shape, seed)
    for step in steps:
        pair = pairs[step % len(pairs)]
        if step % 3 == 0:
            others = [p for p in pairs if p.array.shape == pair.array.shape]
            other = others[step % len(others)]
            apply = NEUTRAL[step % 2]
            made = Pair(apply(pair.block, other.block), apply(pair.array, other.array))
        elif step % 3 == 1:
            factor = rng.integers(-3, 4, pair.array.shape).astype(float)
            made = Pair(factor * pair.block + factor, factor * pair.array + factor)
        else:
            change = UNARY[step % len(UNARY)]
            try:
                array = change(rng, pair.array)
            except (IndexError, ValueError):  # too few dimensions for it
                continue
            if not array.size:
                continue
            made = Pair(change(rng, pair.block), array)
        np.testing.assert_allclose(at(made.block, point), made.array)
        pairs.append(made)
        if not made.array.shape:
            break


@pytest.mark.parametrize(
    "form", [np.asarray, sp.csr_array, sp.csr_matrix, sp.coo_array]
)
@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_matrix_products(form, ndim):
    shape = (4, 3, 2)[:ndim]
    rng, point, (x, y) = fresh(shape, ndim)
    A = rng.integers(-2, 3, (5, 4)).astype(float)
    B = rng.integers(-2, 3, (shape[-1], 6)).astype(float)
    for e, a in (
        (x.block, x.array),
        (2 * x.block + 1, 2 * x.array + 1),
        (x.block - y.block, x.array - y.array),
        (rng.random(shape) * 0 + 3 * x.block, 3 * x.array),
    ):
        product = form(A) @ e
        np.testing.assert_allclose(at(product, point), np.tensordot(A, a, 1))
        product = e @ form(B)
        np.testing.assert_allclose(at(product, point), np.tensordot(a, B, 1))
    np.testing.assert_allclose(
        at(A[0] @ x.block, point), np.tensordot(A[0], x.array, 1)
    )
    np.testing.assert_allclose(at(x.block @ B[:, 0], point), x.array @ B[:, 0])


def test_sums_by_group():
    _, point, (x, y) = fresh((5, 3), 1)
    e, a = 2 * x.block - y.block + 1, 2 * x.array - y.array + 1
    groups = ["b", "a", "b", "c", "a"]
    series = pd.DataFrame(a).groupby(groups, sort=False).sum()
    by = e.sum_by(groups)
    assert by.labels == (("b", "a", "c"), None)
    np.testing.assert_allclose(at(by, point), series.to_numpy())
    by = e.sum_by([1, 0, 1], axis=1, order=[0, 1, 7])
    expected = np.stack([a[:, 1], a[:, 0] + a[:, 2], np.zeros(5)], axis=1)
    np.testing.assert_allclose(at(by, point), expected)
    with pytest.raises(UsageError, match="2 groups for an axis of 5"):
        e.sum_by([0, 1])
    with pytest.raises(UsageError, match="no label 'c'"):
        e.sum_by(groups, order=["a", "b"])


def test_joining():
    _, point, (x, y) = fresh((2, 3), 2)
    joined = concatenate([x.block, 2 * y.block + 1], axis=1)
    expected = np.concatenate([x.array, 2 * y.array + 1], axis=1)
    np.testing.assert_allclose(at(joined, point), expected)
    for axis in (0, 1, 2):
        stacked = stack([x.block, x.block - y.block], axis=axis)
        expected = np.stack([x.array, x.array - y.array], axis=axis)
        np.testing.assert_allclose(at(stacked, point), expected)
    singles = stack([x.block[0, 0], x.block[0, 1] + y.block[1, 1] - 3])
    expected = [x.array[0, 0], x.array[0, 1] + y.array[1, 1] - 3]
    np.testing.assert_allclose(at(singles, point), expected)
    with pytest.raises(UsageError, match="shapes"):
        concatenate([x.block, y.block[:, :2]])
    with pytest.raises(UsageError, match="list of expressions"):
        stack([x.block, 3])


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-3, 3)), max_size=12))
def test_scalar_loops(terms):
    model = Model()
    x = model.add_variables(6)
    point = np.arange(1.0, 7.0)
    total = sum(c * x[k] for k, c in terms) + 0 * x[0]
    assert at(total, point) == sum(c * point[k] for k, c in terms)
    minus = 1 - total + x[2] * 2 - x[1] / 2
    assert at(minus, point) == 1 - at(total, point) + 2 * point[2] - point[1] / 2


def test_expressions_never_change():
    """Sharing lists is invisible: an old expression keeps its terms."""
    model = Model()
    x = model.add_variables(4)
    point = np.array([1.0, 10.0, 100.0, 1000.0])
    base = x[0] + x[1]
    first, second = base + x[2], base + x[3]
    third = first + x[0]
    total = base
    total += x[3]
    shifted = base + 1
    fourth, fifth = shifted + x[2], shifted - x[2]
    values = [at(e, point) for e in (base, first, second, third, total, fourth, fifth)]
    assert values == [11, 111, 1011, 112, 1011, 112, -88]
    row = base <= 5
    base + x[2]
    added = model.add(row)
    assert model.arrays().A.toarray().tolist() == [[1, 1, 0, 0]]
    assert added.upper == 5


def test_scalars_and_blocks_mix():
    _, point, (x, _) = fresh((2, 3), 3)
    z = x.block[1, 1]
    assert isinstance(z, Variable) and isinstance(z + 1, Linear)
    numbers = np.arange(6.0).reshape(2, 3)
    value = x.array[1, 1]
    for e, expected in (
        (x.block + z, x.array + value),
        (z - x.block, value - x.array),
        ((z + 2) - x.block, value + 2 - x.array),
        (numbers + z, numbers + value),
        (numbers * z, numbers * value),
        (z * numbers - z, numbers * value - value),
        (x.block - x.block.sum(), x.array - x.array.sum()),
    ):
        assert e.shape == (2, 3)
        np.testing.assert_allclose(at(e, point), expected)
    model = z.model
    rows = model.add(z <= numbers)
    assert rows.shape == (2, 3)
    assert model.add(numbers >= z + 1).upper.tolist() == (numbers - 1).tolist()
    assert model.add(np.float64(3) >= z).upper == 3
    assert model.add(3 >= x.block.sum()).upper == 3  # noqa: SIM300


def test_nothing_is_broadcast_silently():
    model = Model()
    x, y = model.add_variables((3, 4)), model.add_variables(4)
    one = model.add_variables(1)
    for bad in (
        lambda: x + y,
        lambda: x - np.ones(4),
        lambda: np.ones((1, 4)) * x,
        lambda: x <= np.ones((3, 1)),
        lambda: y + one,
        lambda: x.between(np.zeros(4), 1),
        lambda: x.T @ np.ones(4),
        lambda: np.ones((2, 2)) @ y,
        lambda: model.add_variables((3, 4), lower=np.zeros(4)),
        lambda: model.add_variables((), lower=np.zeros(4)),
        lambda: y.dot(x),
    ):
        with pytest.raises(UsageError, match=r"\(.*\).*\(.*\)"):
            bad()


def test_none_opens_an_axis():
    _, point, (x, y) = fresh((2, 3), 4)
    a, b = x.block[:, 0], y.block[0]
    grid = a[:, None] - b[None, :]
    expected = x.array[:, 0][:, None] - y.array[0][None, :]
    np.testing.assert_allclose(at(grid, point), expected)
    grid = x.block <= (2 * a)[:, None]
    assert grid.shape == (2, 3)
    wide = a.broadcast_to((4, 2))
    np.testing.assert_allclose(at(wide, point), np.broadcast_to(x.array[:, 0], (4, 2)))
    with pytest.raises(UsageError, match="does not fit"):
        a.broadcast_to((2, 4))


def test_open_axes_stretch_to_arrays():
    model = Model()
    x = model.add_variables(["a", "b"], upper=3, name="x")
    A = np.arange(6.0).reshape(2, 3)
    point = np.array([2.0, 5.0])
    for block, expected in (
        (A * x[:, None], A * point[:, None]),
        (x[:, None] + A, A + point[:, None]),
        (A - 2 * x[:, None], A - 2 * point[:, None]),
        (x[None] * A.T, A.T * point),
    ):
        np.testing.assert_array_equal(block.value_at(point), expected)
    rows = model.add(x[:, None] <= A)
    assert rows.shape == (2, 3) and rows.upper.tolist() == A.tolist()
    assert (A * x[:, None]).labels == (("a", "b"), None)
    for wrong in (A.T, A[None], [1, 2, 3]):
        with pytest.raises(UsageError, match="shapes"):
            x[:, None] * wrong


def test_labels():
    model = Model()
    cities = pd.Index(["rome", "oslo", "bonn"], name="city")
    x = model.add_variables((cities, range(2020, 2024)), name="x")
    assert x.shape == (3, 4)
    assert x.loc["oslo", 2021] == x[1, 1]
    assert x.loc["oslo"].shape == (4,)
    assert x.loc[["bonn", "rome"], 2021:2022].ids.tolist() == [[9, 10], [1, 2]]
    assert x.loc["rome":"oslo", [2023]].shape == (2, 1)
    assert x.loc["bonn", 2023].name == "x[bonn,2023]"
    assert x[1:].labels == (("oslo", "bonn"), (2020, 2021, 2022, 2023))
    assert x[[2, 0]].sum(axis=1).labels == (("bonn", "rome"),)
    assert (x.T @ np.ones(3)).labels == (x.labels[1],)
    with pytest.raises(UsageError, match="did you mean 'oslo'"):
        x.loc["osla"]
    with pytest.raises(UsageError, match=r"use \.loc"):
        x["oslo"]
    other = model.add_variables((["rome", "bonn", "oslo"], 4))
    with pytest.raises(UsageError, match="labels of axis 0 differ: 'oslo' and 'bonn'"):
        x + other
    good = pd.Series([1.0, 2.0, 3.0], index=cities)
    assert model.add(x.sum(axis=1) <= good).upper.tolist() == [1, 2, 3]
    with pytest.raises(UsageError, match="labels"):
        model.add(x.sum(axis=1) <= good.sort_index())
    pairs = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])
    z = model.add_variables(pairs)
    assert z.loc["b", 2] == z[1]
    assert z.loc[[("b", 2)]].shape == (1,)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (["a", "a"], "'a' occurs twice"),
        ("ab", "neither"),
        (("a", "b"), "neither"),
        (-1, "length -1"),
        (2.5, "neither"),
        ([[1], [2]], "hashable"),
    ],
)
def test_bad_shapes(shape, message):
    with pytest.raises(UsageError, match=message):
        Model().add_variables(shape)


def test_bad_numbers():
    model = Model()
    x = model.add_variables(2)
    nan = float("nan")
    for bad in (
        lambda: x <= nan,
        lambda: x * nan,
        lambda: x + np.array([1, nan]),
        lambda: x * INF,
        lambda: x / 0,
        lambda: x[0] / 0,
        lambda: x.between(nan, 1),
        lambda: x + "a",
        lambda: np.array([[1, nan]]) @ x,
        lambda: model.add_variables(2, lower=nan),
        lambda: model.add_variables(2, lower=[0, nan]),
        lambda: model.add_variables(2, kind="binary", upper=2),
        lambda: model.add_variables(2, kind="boolean"),
        lambda: model.minimize(x[0] * nan),
        lambda: model.minimize(x),
        lambda: model.minimize("x"),
        lambda: x != 3,
        lambda: x[0] != 3,
        lambda: x * x,
        lambda: x @ x <= 3,
        lambda: x[0] ** 3,
        lambda: x.sum(axis=2),
        lambda: x.sum(axis=(0, 0)),
        lambda: x.reshape(3),
        lambda: x.transpose(1),
        lambda: setattr(x, "lower", [0, nan]),
    ):
        with pytest.raises(UsageError):
            bad()
    for bad in (x[0] <= nan, x[0] + nan >= 0, nan * x[0] >= 0, INF * x[0] >= 0):
        broken = Model()
        broken.add_variables(2)
        bad.model = broken
        broken.add(bad)
        with pytest.raises(UsageError, match=r"NaN|not finite"):
            broken.arrays()


def test_constraints_have_no_truth_value():
    model = Model()
    x = model.add_variables(3)
    for chained in (
        lambda: 0 <= x[0] <= 1,
        lambda: 0 <= x <= 1,
        lambda: 0 <= x[0] + x[1] <= 1,
        lambda: bool(x[0] == 1),
    ):
        with pytest.raises(UsageError, match="between"):
            chained()
    assert x[0] == x[0] and x[0] != x[1] and not bool(x[0] == x[1])
    assert x[0] in [x[1], x[0]] and len({x[0], x[0], x[1]}) == 2
    with pytest.raises(UsageError, match="constraint is needed, not bool"):
        model.add(sum([]) <= 3)
    assert model.add(x[0] == x[1]).lower == 0


def test_operands_of_two_models():
    x, y = Model().add_variables(2), Model().add_variables(2)
    for bad in (
        lambda: x + y,
        lambda: x[0] + y[0],
        lambda: x[0] - y[0],
        lambda: x[0] + 1 + y[0],
        lambda: (x[0] + 1) - (y[0] + 1),
        lambda: x @ y,
        lambda: concatenate([x, y]),
        lambda: x.model.add(y <= 1),
        lambda: x.model.add(y[0] <= 1),
        lambda: x.model.minimize(y.sum()),
        lambda: x.model.remove(y),
    ):
        with pytest.raises(UsageError, match="two models"):
            bad()


def test_indices_that_do_not_exist():
    x = Model().add_variables((2, 3))
    for bad in ((2, 0), (0, 0, 0), (slice(None), 3), ([5],), (..., ...), (1.5, 0)):
        with pytest.raises(IndexError):
            x[bad]
    assert isinstance(x[1], Variables) and x[1].shape == (3,)
    assert [v.index for v in x[1]] == [3, 4, 5]


def test_user_arrays_are_not_kept():
    model = Model()
    x = model.add_variables(2)
    factor, A, upper = np.ones(2), sp.csr_array(np.eye(2)), np.ones(2)
    rows = model.add(factor * x + A @ x <= upper)
    factor[:], A.data[:], upper[:] = 7, 7, 7
    assert model.arrays().A.toarray().tolist() == [[2, 0], [0, 2]]
    assert rows.upper.tolist() == [1, 1]


def test_models_are_freed():
    model = Model()
    model.add(model.add_variables(3).sum() <= 1)
    seen = weakref.ref(model)
    del model
    gc.collect()
    assert seen() is None
