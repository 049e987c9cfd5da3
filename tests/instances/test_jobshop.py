"""The job shop: construction, the checker against brute force, its formats."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from combkit.instances.errors import (
    InstanceFormatError,
    InvalidProblemError,
    InvalidSolutionError,
    UnsupportedFeatureError,
)
from combkit.instances.formats import FORMATS, SOLUTION_FORMATS
from combkit.instances.formats import jobshop as text
from combkit.instances.jobshop import JobShop
from combkit.instances.solutions import Schedule
from combkit.instances.source import Source

FT06 = """6 6
2  1  0  3  1  6  3  7  5  3  4  6
1  8  2  5  4 10  5 10  0 10  3  4
2  5  3  4  5  8  0  9  1  1  4  7
1  5  0  5  2  5  3  3  4  8  5  9
2  9  1  3  4  5  5  4  0  3  3  1
1  3  3  3  5  9  0 10  4  4  2  1
"""


def source(folder: Path, content: str, name: str = "shop.txt") -> Source:
    path = folder / name
    path.write_text(content)
    return Source(path)


@pytest.fixture
def ragged() -> JobShop:
    return JobShop([[0, 1, 0], [1]], [[3, 2, 1], [4]])


# -- the problem --------------------------------------------------------------


def test_arrays_and_rows_give_the_same_problem() -> None:
    machines, durations = np.array([[0, 1], [1, 0]]), np.array([[3, 2], [2, 4]])
    dense = JobShop(machines, durations, name="dense")
    rows = JobShop(machines.tolist(), tuple(durations.astype(np.float64)))
    assert dense == rows
    assert dense.fingerprint == rows.fingerprint
    assert dense.size == {"jobs": 2, "machines": 2, "operations": 4}
    with pytest.raises(ValueError, match="read-only"):
        dense.machines[0][0] = 1


def test_a_change_of_content_changes_the_fingerprint() -> None:
    shops = [
        JobShop([[0, 1]], [[1, 2]]),
        JobShop([[1, 0]], [[1, 2]]),
        JobShop([[0, 1]], [[1, 3]]),
        JobShop([[0], [1]], [[1], [2]]),
    ]
    assert len({shop.fingerprint for shop in shops}) == len(shops)


@pytest.mark.parametrize(
    ("machines", "durations", "message"),
    [
        ([], [], "no job"),
        ([[0], []], [[1], []], "job 1 has no operation"),
        ([[0, 1]], [[1]], "job 0 has 1 durations for 2 operations"),
        ([[0]], [[1], [2]], "2 jobs where machines has 1"),
        ([[-1]], [[1]], r"machines\[0\]\[0\] = -1 is below 0"),
        ([[0]], [[-2]], r"durations\[0\]\[0\] = -2"),
        ([[0.5]], [[1]], "not an integer"),
        ([[0]], [[np.nan]], "not finite"),
        ([[0]], [[2**53]], "too large"),
        ([[10**7]], [[1]], "out of proportion"),
        ([["0"]], [[1]], "not an array of numbers"),
        (np.zeros(3), [[1]], "shape"),
        (7, [[1]], "not a list of rows"),
        ([[[0]]], [[[1]]], "shape"),
        ([[0, [1]]], [[1, 1]], "not an array of numbers"),
    ],
)
def test_refuses_impossible_fields(machines, durations, message) -> None:
    with pytest.raises(InvalidProblemError, match=message):
        JobShop(machines, durations)


# -- evaluation ---------------------------------------------------------------


def test_names_what_overlaps(ragged: JobShop) -> None:
    assert ragged.check(Schedule([[0, 4, 6], [0]])) == []
    assert ragged.evaluate(Schedule([[0, 4, 6], [0]])) == 7
    assert ragged.check(Schedule([[0, 3, 5], [0]])) == [
        "machine 1: job 0, operation 1 starts at 3, before job 1, operation 0 ends at 4"
    ]
    assert ragged.check(Schedule([[-1, 4, 5], [0]])) == [
        "job 0, operation 0 starts at -1, before 0",
        "job 0, operation 2 starts at 5, before operation 1 ends at 6",
    ]


@pytest.mark.parametrize(
    ("starts", "message"),
    [
        ([[0, 4, 6]], "starts of 1 jobs where there are 2"),
        ([[0, 4], [0]], "job 0 has 2 starts for 3 operations"),
        ([[0, 4, 6], []], "job 1 has 0 starts for 1 operations"),
        ([[], [], []], "starts of 3 jobs"),
    ],
)
def test_reports_a_wrong_shape(ragged: JobShop, starts, message: str) -> None:
    solution = Schedule(starts)
    assert message in ragged.check(solution)[0]
    with pytest.raises(InvalidSolutionError, match=message):
        ragged.evaluate(solution)


def test_reports_modes_and_starts_out_of_range(ragged: JobShop) -> None:
    assert "no options" in ragged.check(Schedule([[0, 4, 6], [0]], [[0] * 3, [0]]))[0]
    far = ragged.check(Schedule([[0, 4, 2**63 - 1], [0]]))
    assert any("not below" in violation for violation in far)


def test_empty_operations_touch_but_do_not_cross() -> None:
    shop = JobShop([[0], [0], [0]], [[4], [0], [0]])
    assert shop.check(Schedule([[2], [2], [6]])) == []
    assert len(shop.check(Schedule([[2], [3], [6]]))) == 1


def test_one_long_operation_is_blamed_for_all_it_covers() -> None:
    shop = JobShop([[0], [0], [0]], [[100], [5], [5]])
    found = shop.check(Schedule([[0], [10], [30]]))
    assert len(found) == 2
    assert all("before job 0, operation 0 ends at 100" in line for line in found)


@st.composite
def shops(draw: st.DrawFn) -> JobShop:
    lengths = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    return JobShop(
        [draw(st.lists(st.integers(0, 2), min_size=k, max_size=k)) for k in lengths],
        [draw(st.lists(st.integers(0, 4), min_size=k, max_size=k)) for k in lengths],
    )


@given(st.data())
def test_check_agrees_with_brute_force(data: st.DataObject) -> None:
    shop = data.draw(shops())
    starts = [
        data.draw(st.lists(st.integers(-1, 12), min_size=row.size, max_size=row.size))
        for row in shop.machines
    ]
    operations = [
        (j, k, int(shop.machines[j][k]), s, s + int(shop.durations[j][k]))
        for j, row in enumerate(starts)
        for k, s in enumerate(row)
    ]
    good = all(start >= 0 for _, _, _, start, _ in operations)
    for a, b in itertools.combinations(operations, 2):
        if a[0] == b[0] and a[1] + 1 == b[1]:
            good &= a[4] <= b[3]
        if a[2] == b[2]:
            good &= a[4] <= b[3] or b[4] <= a[3]
    solution = Schedule(starts)
    assert (shop.check(solution) == []) == good
    assert shop.evaluate(solution) == max(end for *_, end in operations)


# -- formats ------------------------------------------------------------------


def test_reads_ft06_with_comments_tabs_and_no_last_line_end(tmp_path: Path) -> None:
    plain = text.read(source(tmp_path, FT06))
    assert plain.name == "shop"
    assert (plain.n_jobs, plain.n_machines, plain.n_operations) == (6, 6, 36)
    header = "#+++++\n# instance ft06\n#+++++\n# Fisher and Thompson 6x6\n"
    other = text.read(source(tmp_path, header + FT06.replace("  ", "\t").rstrip()))
    assert other == plain
    assert (other.name, other.comment) == ("ft06", "Fisher and Thompson 6x6")


def test_reads_ragged_rows_with_and_without_terminator(
    tmp_path: Path, ragged: JobShop
) -> None:
    for end in ("", " -1 -1"):
        content = f"2 2\n0 3 1 2 0 1{end}\n\n1 4{end}\n"
        assert text.sniff(content)
        assert text.read(source(tmp_path, content)) == ragged


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ("6\n" + FT06, 1, "jobs machines"),
        ("0 6\n", 1, "0 jobs"),
        ("2 2\n0 3 1 2\n", 2, "1 jobs where 2 are declared"),
        ("1 2\n0 3 1 2\n0 1 1 1\n", 3, "after the last of 1 jobs"),
        ("1 2\n0 3 1\n", 2, "3 numbers"),
        ("1 2\n0 3 2 1\n", 2, "machine 2 is not one of 0 to 1"),
        ("1 2\n0 3 1 -4\n", 2, "-4 is below -1"),
        ("1 2\n0 3 1 -1\n", 2, "duration -1 is negative"),
        ("1 2\n0 3 1 x\n", 2, "'x' is not an integer"),
        ("1 2\n0 3 1 1.5\n", 2, "'1.5' is not an integer"),
        ("1 2\n0 3 1 nan\n", 2, "'nan'"),
        ("1 2\n0 3 1 1_0\n", 2, "'1_0'"),
        ("1 2\n0 3 1 ٣\n", 2, "is not an integer"),
        ("1 2\n0 3 1 99999999999999999999\n", 2, "above"),
        ("1 2\n0 3 1 " + "9" * 5000 + "\n", 2, "is not an integer"),
        ("9999999999999 2\n0 3 1 1\n", 2, "1 jobs where 9999999999999"),
        ("# only\n", None, "jobs machines"),
    ],
)
def test_standard_names_the_bad_line(
    tmp_path: Path, content: str, line: int | None, reason: str
) -> None:
    with pytest.raises(InstanceFormatError) as caught:
        text.read(source(tmp_path, content))
    assert caught.value.line == line
    assert reason in caught.value.reason


@given(shop=shops())
def test_standard_round_trip(
    shop: JobShop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = "".join(text.write(shop))
    assert text.sniff(content)
    folder = tmp_path_factory.mktemp("shop")
    assert text.read(source(folder, content)) == shop


TAILLARD = """Nb of jobs, Nb of Machines, Time seed, Machine seed
 2 2 840612802 398197754
Times
 3 4
 2 5
Machines
 1 2
 2 1
"""


def test_taillard_round_trip(tmp_path: Path) -> None:
    shop = text.read_taillard(source(tmp_path, TAILLARD))
    assert shop == JobShop([[0, 1], [1, 0]], [[3, 4], [2, 5]])
    assert shop.name == "shop"
    assert "Time seed: 840612802" in shop.comment
    written = "".join(text.write_taillard(shop))
    assert text.sniff_taillard(written)
    assert not text.sniff(written)
    assert text.read_taillard(source(tmp_path, written)) == shop


def test_taillard_of_many_names_the_first_of_them(tmp_path: Path) -> None:
    many = source(tmp_path, TAILLARD * 3)
    assert text.read_taillard(many).name == "shop (1 of 3)"
    assert [s.name[-7:] for s in text.read_taillard_all(many)] == [
        "(1 of 3)"[-7:],
        "(2 of 3)"[-7:],
        "(3 of 3)"[-7:],
    ]


def test_taillard_cannot_hold_ragged_shops(ragged: JobShop) -> None:
    with pytest.raises(UnsupportedFeatureError, match="job 0 has 3"):
        list(text.write_taillard(ragged))


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("Times", "Tims", 3, "'Times' is missing"),
        ("Machines\n 1", "Masch\n 1", 6, "'Machines' is missing"),
        (" 2 1\n", "", None, "1 rows below 'Machines' where 2"),
        (" 1 2\n", " 0 1\n", 7, "machine 0 is not one of 1 to 2"),
        (" 3 4\n", " 3 4 5\n", 4, "3 numbers where 2"),
        (" 3 4\n", " 3 -4\n", 4, "negative"),
        (" 2 1\n", " 2 1\n7\n", 9, "names of the columns"),
        (" 2 2 8", " 9999999999 2 8", 6, "'Machines' is not an integer"),
    ],
)
def test_taillard_names_the_bad_line(
    tmp_path: Path, old: str, new: str, line: int | None, reason: str
) -> None:
    with pytest.raises(InstanceFormatError) as caught:
        text.read_taillard_all(source(tmp_path, TAILLARD.replace(old, new, 1)))
    assert caught.value.line == line
    assert reason in caught.value.reason


def test_schedule_round_trip(tmp_path: Path, ragged: JobShop) -> None:
    solution = Schedule([[0, 4, 6], [0]])
    written = "".join(text.write_schedule(ragged, solution, 7.0))
    assert text.sniff_schedule(written)
    file = source(tmp_path, written)
    assert text.read_schedule(file, ragged) == solution
    assert text.stated_makespan(file) == 7
    assert text.stated_makespan(source(tmp_path, "0 4 6\n0\n")) is None
    with pytest.raises(InstanceFormatError, match=":1: a number must follow"):
        text.stated_makespan(source(tmp_path, "# makespan seven\n0 4 6\n0\n"))


def test_other_texts_are_not_job_shops() -> None:
    knapsack = "3\n0 5 4\n1 6 3\n2 7 9\n10\n"
    kplib = "\n3\n10\n\n5 4\n6 3\n7 9\n"
    flexible = "2 3\n2 2 0 5 2 4 1 1 2\n2 1 2 3 2 0 1 1 6\n"
    edges = "3 4\n0 1\n1 2\n2 0\n0 2\n"
    open_shop = "2 3\n48 8 4\n39 98 46\n"
    for other in (knapsack, kplib, flexible, edges, open_shop, "", "x\n", "1 1\n"):
        assert not text.sniff(other)
        assert not text.sniff_taillard(other)


def test_table_names_functions_that_exist() -> None:
    for entry in (*FORMATS, *SOLUTION_FORMATS):
        if entry.name in ("jobshop", "taillard", "schedule"):
            assert all(map(callable, map(entry.function, ("sniff", "read", "write"))))


# -- the classical files ------------------------------------------------------


def test_every_classical_file_reads_and_round_trips(
    shared_data: Path, tmp_path: Path
) -> None:
    folder = shared_data / "scheduling" / "jsp"
    paths = [p for p in sorted(folder.rglob("*")) if p.is_file()]
    paths = [p for p in paths if p.suffix != ".csv"]
    assert paths
    for path in paths:
        file = Source(path)
        assert text.sniff(file.head) != text.sniff_taillard(file.head), path
        taillard = text.sniff_taillard(file.head)
        shop = text.read_taillard(file) if taillard else text.read(file)
        copy = source(tmp_path, "".join(text.write(shop)))
        assert text.sniff(copy.head), path
        assert text.read(copy) == shop, path


def test_open_and_flexible_shops_are_not_taken_for_job_shops(
    shared_data: Path,
) -> None:
    for name in ("fjsp", "fjsp_sdst", "ossp", "pfsp/taillard", "rcpsp"):
        folder = shared_data / "scheduling" / name
        for path in (p for p in folder.rglob("*") if p.is_file()):
            head = Source(path).head
            assert not text.sniff(head), path
            assert not text.sniff_taillard(head), path


@settings(max_examples=20)
@given(st.integers(1, 400))
def test_a_cut_head_is_still_recognised(kilobytes: int) -> None:
    content = "5000 3\n" + "0 17 1 4 2 99 0 5\n" * 5000
    head = content[: 32_000 + 64 * kilobytes]
    assert text.sniff(head)
