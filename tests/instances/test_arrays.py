"""Array sets: every form, damage, and the published means."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from combkit.instances.arrays import load_array_set
from combkit.instances.cvrp import CVRP
from combkit.instances.errors import InstanceFormatError
from combkit.instances.solutions import Routes, Tour
from combkit.instances.tsp import TSP

TSP_LINE = "0 0 0 1 1 1 output 1 2 3 1"
CVRP_LINE = (
    "depot,0,0,customer,0,1,1,1,capacity,5,demand,2,3,cost,4.5,node_flag,2,1,1,1"
)


def save_npz(path: Path, **arrays: np.ndarray) -> Path:
    np.savez(path, **arrays)
    return path


@pytest.fixture
def tsp_arrays() -> dict[str, np.ndarray]:
    return {
        "coords": np.array([[[0, 0], [0, 1], [1, 1]], [[0, 0], [3, 0], [0, 4]]]),
        "tours": np.array([[0, 1, 2], [2, 1, 0]]),
        "tour_lens": np.array([3.4, 12.0]),
    }


def test_tsp_npz(tmp_path: Path, tsp_arrays: dict[str, np.ndarray]) -> None:
    found = load_array_set(save_npz(tmp_path / "set.npz", **tsp_arrays))
    assert len(found) == 2
    assert found.problems[1] == TSP([[0, 0], [3, 0], [0, 4]])
    assert found.problems[1].name == "set-1"
    assert found.references == (3.4, 12.0)
    assert found.solutions == (Tour([0, 1, 2]), Tour([2, 1, 0]))
    del tsp_arrays["tours"], tsp_arrays["tour_lens"]
    found = load_array_set(save_npz(tmp_path / "bare.npz", **tsp_arrays))
    assert (found.references, found.solutions) == ((None, None), (None, None))


def test_cvrp_npz(tmp_path: Path) -> None:
    path = save_npz(
        tmp_path / "set.npz",
        coords=np.zeros((1, 4, 2)),
        demands=np.array([[0.0, 2, 3, 4]]),
        capacities=np.array([5.0]),
        sol_nodes=np.array([[3, 2, 1]]),
        sol_via_depot=np.array([[1, 1, 0]]),
    )
    found = load_array_set(path)
    assert found.problems == (CVRP(np.zeros((4, 2)), [0, 2, 3, 4], 5),)
    assert found.solutions == (Routes([[3], [2, 1]]),)


@pytest.mark.parametrize(
    ("line", "problem", "reference", "solution"),
    [
        (TSP_LINE, TSP([[0, 0], [0, 1], [1, 1]]), None, Tour([0, 1, 2])),
        ("0 0 0 1 1 1 ", TSP([[0, 0], [0, 1], [1, 1]]), None, None),
        (
            CVRP_LINE,
            CVRP([[0, 0], [0, 1], [1, 1]], [0, 2, 3], 5),
            4.5,
            Routes([[2], [1]]),
        ),
        ("['a3', '7', '0', '0', '3', '4']", TSP([[0, 0], [3, 4]]), 7.0, None),
        (
            "['name', 'A-n2', 'depot', 0, 0, 'customer', 3, 4, 'demand', 0, 2, "
            "'capacity', 3, 'cost', 10, 'end']",
            CVRP([[0, 0], [3, 4]], [0, 2], 3),
            10.0,
            None,
        ),
    ],
)
def test_text_forms(
    tmp_path: Path,
    line: str,
    problem: TSP | CVRP,
    reference: float | None,
    solution: Tour | Routes | None,
) -> None:
    path = tmp_path / "set.txt"
    path.write_text(f"{line}\n\n{line}")
    found = load_array_set(path)
    assert found.problems == (problem, problem)
    assert found.references == (reference, reference)
    assert found.solutions == (solution, solution)
    if solution is not None:
        assert problem.check(solution) == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("0 0 0", "3 numbers are not pairs"),
        ("0 0 x 1", "could not convert"),
        ("0 0 nan 1", "nan is not a finite number"),
        ("0 0 1 1 output 1 a", "invalid literal"),
        ("['a', 'b']", "is needed"),
        ("depot,0,0,customer,1,1,demand,1", "the field 'capacity' is missing"),
        (
            CVRP_LINE.replace("capacity,5", "capacity,-5"),
            "capacity: -5 is not positive",
        ),
        (CVRP_LINE.replace("demand,2", "demand,9"), r"demands\[1\] = 9 exceeds"),
        (CVRP_LINE.replace("demand", "cost"), "the field 'cost' is given twice"),
        (CVRP_LINE + ",1", "a flag for each node"),
        (
            CVRP_LINE.replace("node_flag,2", "node_flag," + "9" * 30),
            "not a list of int",
        ),
        ("output", "there is no node"),
    ],
)
def test_bad_text(tmp_path: Path, line: str, reason: str) -> None:
    path = tmp_path / "set.txt"
    path.write_text(f"{TSP_LINE}\n{line}\n")
    with pytest.raises(InstanceFormatError, match=reason) as caught:
        load_array_set(path)
    assert caught.value.line == 2


def test_blank_text(tmp_path: Path) -> None:
    path = tmp_path / "set.txt"
    path.write_text("\n \n")
    with pytest.raises(InstanceFormatError, match="there is no instance"):
        load_array_set(path)


def test_pickled_arrays_are_refused(tmp_path: Path) -> None:
    path = save_npz(tmp_path / "set.npz", coords=np.array([{"a": 1}], dtype=object))
    with pytest.raises(InstanceFormatError, match=r"coords\.npy is pickled"):
        load_array_set(path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"coords": None}, "the array 'coords' is missing"),
        ({"coords": np.zeros((0, 3, 2))}, "the array 'coords' is empty"),
        ({"tours": np.zeros((5, 3))}, r"'tours' has shape \(5, 3\) for 2 instances"),
        ({"coords": np.full((2, 3, 2), np.nan)}, "instance 0: coords"),
        ({"coords": np.zeros((2, 3))}, "instance 0: coords: shape"),
        ({"tours": np.full((2, 3), 0.5)}, "instance 0: tour: not a list of integers"),
        ({"demands": np.zeros((2, 3))}, "the array 'capacities' is missing"),
        ({"tour_lens": np.zeros((2, 3))}, "instance 0"),
    ],
)
def test_bad_arrays(
    tmp_path: Path,
    tsp_arrays: dict[str, np.ndarray],
    change: dict[str, np.ndarray | None],
    reason: str,
) -> None:
    arrays = {k: v for k, v in {**tsp_arrays, **change}.items() if v is not None}
    path = save_npz(tmp_path / "set.npz", **arrays)
    with pytest.raises(InstanceFormatError, match=reason):
        load_array_set(path)


def test_a_declared_size_is_not_believed(tmp_path: Path) -> None:
    """A header that claims terabytes in a file of some hundred bytes."""
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (10**6, 10**6, 2), }\n"
    header = header.replace(b"10**6", b"1000000")
    member = io.BytesIO()
    member.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)
    path = tmp_path / "set.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("coords.npy", member.getvalue())
    with pytest.raises(InstanceFormatError, match="claims 16000000000000 bytes"):
        load_array_set(path)


def test_damaged_npz(tmp_path: Path, tsp_arrays: dict[str, np.ndarray]) -> None:
    """Every single flipped byte and every cut gives a set or the one error."""
    whole = save_npz(tmp_path / "set.npz", **tsp_arrays).read_bytes()
    path = tmp_path / "damaged.npz"
    rng = np.random.default_rng(0)
    for cut in rng.integers(2, len(whole), 60).tolist():
        path.write_bytes(whole[:cut])
        with pytest.raises(InstanceFormatError):
            load_array_set(path)
    for place in rng.integers(2, len(whole), 150).tolist():
        flipped = bytearray(whole)
        flipped[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(bytes(flipped))
        try:
            load_array_set(path)
        except InstanceFormatError as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("file", "count", "mean"),
    [
        ("bq/tsp200_128_gumbeldore_seed777.npz", 128, 10.69355),
        ("bq/tsp500_128_gumbeldore_seed777.npz", 128, 16.55083),
        ("bq/tsp1000_128_gumbeldore_seed777.npz", 128, 23.15606),
        ("bq/cvrp200_128_gumbeldore.npz", 128, 20.17264),
        ("bq/cvrp500_128_gumbeldore.npz", 128, 37.22919),
        ("bq/cvrp1000_128_gumbeldore.npz", 128, 37.09048),
        ("udc/test_TSP500_n128.txt", 128, 16.52147),
        ("udc/vrp500_test_lkh.txt", 128, 37.22919),
    ],
)
def test_published_sets(shared_data: Path, file: str, count: int, mean: float) -> None:
    found = load_array_set(shared_data / file)
    assert len(found) == count
    values = []
    for problem, reference, solution in zip(
        found.problems, found.references, found.solutions, strict=True
    ):
        assert problem.check(solution) == []
        values.append(problem.evaluate(solution))
        if reference is not None:
            assert values[-1] == pytest.approx(reference, rel=1e-9)
    assert round(float(np.mean(values)), 5) == mean


@pytest.mark.parametrize(
    ("file", "count", "kind"),
    [
        ("udc/TSPlib_70instances.txt", 70, "tsp"),
        ("udc/vrplib_192instances.txt", 192, "cvrp"),
        ("udc/tsp2000_random16_xy.txt", 16, "tsp"),
    ],
)
def test_sets_without_solutions(
    shared_data: Path, file: str, count: int, kind: str
) -> None:
    found = load_array_set(shared_data / file)
    assert len(found) == count
    assert {problem.kind for problem in found.problems} == {kind}
    assert set(found.solutions) == {None}
    assert ("tsp2000" in file) == (found.references[0] is None)
