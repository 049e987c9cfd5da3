"""The ground floor: errors, problems, solutions, sources, stops, results."""

from __future__ import annotations

import gzip
import itertools
import math
import os
import pickle
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from combkit.instances import source as source_module
from combkit.instances.errors import (
    CombkitError,
    InstanceFormatError,
    InvalidProblemError,
    InvalidSolutionError,
    MissingDependencyError,
    SolverError,
    UnsupportedFeatureError,
    UsageError,
    nearest,
)
from combkit.instances.jobshop import JobShop
from combkit.instances.knapsack import Knapsack
from combkit.instances.problem import as_vector, frozen_array
from combkit.instances.result import Result, Status, TracePoint
from combkit.instances.seeds import generator, native_seed, spawn
from combkit.instances.solutions import (
    Routes,
    Schedule,
    Selection,
    Tour,
    Values,
)
from combkit.instances.source import Source, atomic_write
from combkit.instances.stop import (
    FirstFeasible,
    MaxIterations,
    MaxRuntime,
    NoImprovement,
    Progress,
    Reason,
    RelativeGap,
    TargetObjective,
    relative_gap,
)

# -- errors -------------------------------------------------------------------

ERRORS: list[CombkitError] = [
    InstanceFormatError(Path("a.tsp"), 7, "a reason"),
    InstanceFormatError("a.tsp", None, "a reason"),
    InvalidProblemError("capacity", "-1 is not positive"),
    InvalidSolutionError([f"violation {i}" for i in range(9)]),
    UnsupportedFeatureError("no"),
    MissingDependencyError("solver 'x'", "routing"),
    UsageError("what?"),
    SolverError("highs failed", "kError"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
def test_errors_survive_pickling(error: CombkitError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


def test_errors_say_where() -> None:
    assert str(ERRORS[0]) == "a.tsp:7: a reason"
    assert str(ERRORS[1]) == "a.tsp: a reason"
    assert str(ERRORS[3]).endswith("violation 4; and 4 more")
    assert "pip install 'combkit[routing]'" in str(ERRORS[5])
    assert nearest("hihgs", ["scip", "highs"]) == "; did you mean 'highs'?"
    assert nearest("zzz", ["scip", "highs"]) == ""


# -- problems -----------------------------------------------------------------


def test_equal_content_is_an_equal_problem() -> None:
    one = Knapsack([1, 2], [3, 4], 5, name="one", comment="first")
    two = Knapsack([1, 2], [3, 4], 5, name="two")
    assert one == two
    assert hash(one) == hash(two)
    assert one != Knapsack([1, 2], [3, 4], 6)
    assert one != Knapsack([1, 2.5], [3, 4], 5)
    assert one != JobShop([[0]], [[1]])
    assert one != "a knapsack"
    assert len({one, two, Knapsack([1, 2], [3, 4], 6)}) == 2


def test_a_problem_prints_as_name_and_size() -> None:
    assert repr(Knapsack([1, 2], [3, 4], 5, name="bag")) == "Knapsack('bag', n=2)"


def test_fingerprints_do_not_depend_on_layout_or_platform() -> None:
    rows = np.array([[1, 2, 3], [0, 1, 2]])
    shop = JobShop(rows, rows)
    assert shop == JobShop(np.asfortranarray(rows), rows.astype(">i4"))
    # A fixed value: tables of best known values outlive a release.
    assert Knapsack([1, 2], [3, 4], 5).fingerprint == (
        "d2b75a898678b705bc2f5c7b2e144774b88572284b13c323e47bd38995cc574e"
    )


def test_problems_survive_pickling() -> None:
    shop = JobShop([[0, 1], [1]], [[1, 2], [3]], name="x")
    copy = pickle.loads(pickle.dumps(shop))
    assert copy == shop
    assert copy.name == "x"


@pytest.mark.parametrize(
    ("values", "dtype", "shape", "limits", "message"),
    [
        ([1.5], np.int64, (None,), {}, r"f\[0\] = 1.5 is not an integer"),
        ([math.nan], np.float64, (None,), {}, "not finite"),
        ([math.nan], np.float64, (None,), {"finite": False}, "is NaN"),
        ([2.0**62], np.int64, (None,), {}, "too large"),
        ([2**63], np.int64, (None,), {}, "too large"),
        ([2**80], np.int64, (None,), {}, "too large"),
        ([[1]], np.int64, (None,), {}, r"shape \(1, 1\) where \(any\)"),
        ([1], np.int64, (2,), {}, r"shape \(1,\) where \(2\)"),
        ([-1], np.int64, (None,), {"minimum": 0}, "below 0"),
        (["1"], np.int64, (None,), {}, "not an array of numbers"),
        ([1j], np.float64, (None,), {}, "not an array of numbers"),
        ([[1], [1, 2]], np.float64, (None,), {}, "not an array of numbers"),
        ([{}], np.float64, (None,), {}, "not an array of numbers"),
    ],
)
def test_frozen_array_refuses(values, dtype, shape, limits, message) -> None:
    with pytest.raises(InvalidProblemError, match=message):
        frozen_array("f", values, dtype, shape, **limits)


def test_frozen_array_copies_and_freezes() -> None:
    raw = np.array([1.0, 2.0])
    frozen = frozen_array("f", raw, np.int64, (2,))
    raw[0] = 9
    assert frozen.tolist() == [1, 2]
    assert frozen.dtype == np.int64
    assert not frozen.flags.writeable
    assert as_vector("f", 3, 2, np.float64).tolist() == [3.0, 3.0]


# -- solutions ----------------------------------------------------------------


@pytest.mark.parametrize(
    "solution",
    [
        Tour([2, 0, 1]),
        Routes([[1, 2], []]),
        Schedule([[0, 3], [1]]),
        Schedule([[0]], [[1]]),
        Selection([]),
        Values([0.0, 1.5], ["a", "b"]),
    ],
    ids=lambda s: type(s).__name__,
)
def test_solutions_round_trip(solution: Any) -> None:
    copy = type(solution).from_dict(solution.to_dict())
    assert copy.to_dict() == solution.to_dict()
    assert pickle.loads(pickle.dumps(solution)) == solution
    assert hash(copy) == hash(solution) or isinstance(solution, Values)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (Tour, {}),
        (Tour, {"tour": ["a"]}),
        (Tour, {"tour": [1.5]}),
        (Tour, {"tour": [2**70]}),
        (Tour, {"tour": [[1], [2, 3]]}),
        (Tour, []),
        (Routes, {"routes": 3}),
        (Routes, {"routes": [3]}),
        (Schedule, {"starts": None}),
        (Schedule, {"starts": [[0]], "modes": 3}),
        (Values, {"values": [1]}),
        (Values, {"values": {"a": "x"}}),
    ],
)
def test_solutions_refuse_other_forms(kind: Any, data: Any) -> None:
    with pytest.raises(InvalidSolutionError):
        kind.from_dict(data)


# -- seeds --------------------------------------------------------------------


def test_seeds_are_reproducible_and_apart() -> None:
    assert spawn(5, 3) == spawn(5, 4)[:3]
    assert len(set(spawn(5, 50) + spawn(6, 50))) == 100
    assert generator(5, 1).random() == generator(5, 1).random()
    assert generator(5, 1).random() != generator(5).random()
    assert 0 <= native_seed(2**40 + 7) == 7 < 2**31


# -- sources ------------------------------------------------------------------

TEXT = "first\nsecond é\n"


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        TEXT.encode("latin-1"),
        gzip.compress(TEXT.encode()),
    ],
    ids=["plain", "bom", "crlf", "cr", "latin-1", "gz"],
)
def test_sources_read_alike(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "case.TXT"
    path.write_bytes(data)
    file = Source(path)
    assert file.text == file.head == TEXT
    assert file.lines == ["first", "second é", ""]
    assert (file.name, file.suffix) == ("case", "txt")
    assert str(file.error(3, "why")) == f"{path}:3: why"


def test_source_names_ignore_gz(tmp_path: Path) -> None:
    path = tmp_path / "a.b.mps.GZ"
    path.write_bytes(gzip.compress(b"x"))
    assert (Source(path).name, Source(path).suffix) == ("a.b", "mps")


def test_sources_refuse_what_is_no_text_file(tmp_path: Path) -> None:
    with pytest.raises(InstanceFormatError, match="is a directory"):
        Source(tmp_path)
    with pytest.raises(InstanceFormatError, match="No such file"):
        Source(tmp_path / "missing")
    empty = tmp_path / "empty"
    empty.touch()
    with pytest.raises(InstanceFormatError, match="is empty"):
        Source(empty)


def test_sources_refuse_binary_and_nul(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"one\n\0" * 100)
    with pytest.raises(InstanceFormatError, match="is binary"):
        _ = Source(path).head
    path.write_bytes(b"one\ntwo\0\n" + b"text\n" * 1000)
    with pytest.raises(InstanceFormatError, match="x:2: a NUL byte"):
        _ = Source(path).text


@pytest.mark.parametrize("cut", [15, 25])
def test_sources_refuse_damaged_gzip(cut: int, tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(TEXT.encode() * 10)[:cut])
    with pytest.raises(InstanceFormatError, match="damaged gzip"):
        _ = Source(path).text
    refused = pytest.raises(InstanceFormatError, match="damaged gzip")
    with refused, Source(path).plain_path():
        pass


def test_a_gzip_bomb_stays_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "MAX_BYTES", 1000)
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(b"0" * 1001))
    with pytest.raises(InstanceFormatError, match="holds more than"):
        _ = Source(path).text
    refused = pytest.raises(InstanceFormatError, match="holds more than")
    with refused, Source(path).plain_path():
        pass
    path.write_bytes(gzip.compress(b"0" * 1000))
    assert len(Source(path).text) == 1000


def test_plain_path_unpacks_and_renames(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.mps", tmp_path / "b.mps.gz"
    plain.write_text(TEXT)
    packed.write_bytes(gzip.compress(TEXT.encode()))
    with Source(plain).plain_path() as path:
        assert path == plain
    for file, suffix in ((plain, "lp"), (packed, None)):
        with Source(file).plain_path(suffix) as path:
            assert path.suffix == f".{suffix or 'mps'}"
            assert path.read_text() == TEXT
        assert not path.exists()


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("x")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(InstanceFormatError, match="Permission denied"):
        Source(path)


# -- writing ------------------------------------------------------------------


def test_writes_text_bytes_and_parts(tmp_path: Path) -> None:
    path = tmp_path / "out"
    for content in (TEXT, TEXT.encode(), iter(["first\n", "second é\n"])):
        atomic_write(path, content)
        assert path.read_text(encoding="utf-8") == TEXT
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask
    atomic_write(tmp_path / "out.gz", TEXT)
    assert gzip.decompress((tmp_path / "out.gz").read_bytes()).decode() == TEXT


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    def parts():
        yield "first"
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        atomic_write(tmp_path / "new", parts())
    assert list(tmp_path.iterdir()) == []
    old = tmp_path / "old"
    old.write_text("kept")
    with pytest.raises(RuntimeError, match="stop"):
        atomic_write(old, parts())
    assert [p.name for p in tmp_path.iterdir()] == ["old"]
    assert old.read_text() == "kept"
    with pytest.raises(OSError, match="No such file"):
        atomic_write(tmp_path / "nowhere" / "x", TEXT)


# -- stop criteria ------------------------------------------------------------


def progress(**changes: Any) -> Progress:
    return Progress(**{"elapsed": 5.0, "objective": 10.0, "bound": 8.0, **changes})


@pytest.mark.parametrize(
    ("stop", "state", "reason"),
    [
        (MaxRuntime(5), progress(), Reason.TIME),
        (MaxRuntime(5.1), progress(), None),
        (MaxIterations(3), progress(iterations=3), Reason.ITERATIONS),
        (MaxIterations(3), progress(iterations=2), None),
        (NoImprovement(2), progress(improved_at=3.0), Reason.NO_IMPROVEMENT),
        (NoImprovement(2), progress(improved_at=3.1), None),
        (NoImprovement(2), progress(objective=None), None),
        (TargetObjective(10), progress(), Reason.TARGET),
        (TargetObjective(9), progress(), None),
        (TargetObjective(9), progress(sense="max"), Reason.TARGET),
        (TargetObjective(9), progress(objective=None), None),
        (RelativeGap(0.2), progress(), Reason.GAP),
        (RelativeGap(0.19), progress(), None),
        (RelativeGap(0.2), progress(bound=None), None),
        (FirstFeasible(), progress(), Reason.FIRST_FEASIBLE),
        (FirstFeasible(), progress(objective=None), None),
    ],
)
def test_criteria(stop: Any, state: Progress, reason: Reason | None) -> None:
    assert stop(state) is reason


CRITERIA = [
    MaxRuntime(6),
    MaxRuntime(4),
    MaxIterations(9),
    MaxIterations(7),
    TargetObjective(9),
    RelativeGap(0.1),
    RelativeGap(0.3),
    FirstFeasible(),
    NoImprovement(1),
]


@given(st.lists(st.sampled_from(CRITERIA), min_size=2, max_size=5))
def test_a_combination_stops_with_its_first_reason(parts: list[Any]) -> None:
    combined = parts[0]
    for part in parts[1:]:
        combined = combined | part
    state = progress()
    reasons = [r for part in parts if (r := part(state))]
    assert combined(state) is (reasons[0] if reasons else None)
    grouped = parts[0]
    if len(parts) > 2:
        grouped = parts[0] | (parts[1] | parts[2])
        for part in parts[3:]:
            grouped = grouped | part
        assert grouped == combined


def test_limits_are_the_tightest() -> None:
    for order in itertools.permutations(CRITERIA[:4] + CRITERIA[5:8], 3):
        combined = order[0] | order[1] | order[2]
        limits = combined.limits()
        single = [part.limits() for part in order]
        assert limits.time == min(one.time for one in single)
        iterations = [one.iterations for one in single if one.iterations is not None]
        assert limits.iterations == (min(iterations) if iterations else None)
        gaps = [one.gap for one in single if one.gap is not None]
        assert limits.gap == (max(gaps) if gaps else None)
        assert limits.first_feasible == any(one.first_feasible for one in single)


@pytest.mark.parametrize(
    "make",
    [
        lambda: MaxRuntime(-1),
        lambda: MaxRuntime(math.nan),
        lambda: MaxIterations(-1),
        lambda: NoImprovement(0),
        lambda: TargetObjective(math.nan),
        lambda: RelativeGap(-0.1),
    ],
)
def test_criteria_refuse_impossible_limits(make: Any) -> None:
    with pytest.raises(UsageError, match="not allowed"):
        make()


@pytest.mark.parametrize(
    ("objective", "bound", "gap"),
    [
        (10, 8, 0.2),
        (8, 10, 0.2),
        (-8, -10, 0.2),
        (0, 0, 0),
        (0, 5, 1),
        (1, -1, 2),
        (None, 1, math.inf),
        (1, None, math.inf),
        (1, -math.inf, math.inf),
        (math.inf, math.inf, 0),
    ],
)
def test_relative_gap(objective, bound, gap) -> None:
    assert relative_gap(objective, bound) == pytest.approx(gap)


# -- results ------------------------------------------------------------------


def result(**changes: Any) -> Result:
    fields: dict[str, Any] = {
        "kind": "kp",
        "instance": "small",
        "solver": "dp",
        "status": Status.OPTIMAL,
        "reason": Reason.GAP,
        "solution": Selection([1]),
        "objective": 6.0,
        "bound": 6.0,
        "runtime": 0.5,
        "time_to_best": 0.25,
        "iterations": 3,
        "trace": (TracePoint(0.25, 6.0, None, "dp"), TracePoint(0.5, 6.0, 6.0, "dp")),
        "seed": 4,
        "params": {"x": 1},
        "versions": {"python": "3"},
        "raw_status": "done",
        "extra": {"nodes": 7},
    }
    return Result(**{**fields, **changes})


def test_results_survive_saving(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    full = result()
    full.save(path)
    assert Result.load(path) == full
    assert Result.load(path, Knapsack([5, 6], [4, 3], 5)) == full
    assert full.gap == 0
    assert "status     optimal (ended by: gap)" in full.summary()


def test_empty_results_survive_saving(tmp_path: Path) -> None:
    path = tmp_path / "result.json.gz"
    empty = result(
        status=Status.NO_SOLUTION,
        reason=Reason.TIME,
        solution=None,
        objective=None,
        bound=-math.inf,
        time_to_best=math.nan,
        trace=(),
    )
    empty.save(path)
    copy = Result.load(path)
    assert (copy.status, copy.reason) == (Status.NO_SOLUTION, Reason.TIME)
    assert (copy.solution, copy.objective, copy.bound) == (None, None, None)
    assert math.isnan(copy.time_to_best)
    assert copy.gap == math.inf


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "{}",
        '{"solution": {"what": 1}, "gap": 0}',
        '{"solution": null, "gap": 0, "status": "fine"}',
    ],
)
def test_other_files_are_no_results(content: str, tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text(content)
    with pytest.raises(InstanceFormatError, match=r"result\.json"):
        Result.load(path)
