"""Texts of flexible shops, assemblies and projects: read, and refused by line."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.instances.texts import SEEDS

import combkit as ck
from combkit.instances.errors import InstanceFormatError, UnsupportedFeatureError

NAMES = ("flexible", "assembly", "psplib", "patterson", "rcpsp-max")
FLEXIBLE, ASSEMBLY, PSPLIB, PATTERSON, LAGS = (SEEDS[name] for name in NAMES)
FORMATS = {SEEDS[name]: name for name in NAMES}


def test_what_the_texts_say(tmp_path: Path) -> None:
    problems = []
    for number, text in enumerate(FORMATS):
        path = tmp_path / f"{number}.txt"
        path.write_text(text)
        problems.append(ck.read(path, FORMATS[text]))
    flexible, assembly, psplib, patterson, lags = problems
    # Machines count from 1 here, and from 0 there.
    assert flexible.jobs == (((((0, 3),)), ((0, 4), (1, 5))), (((1, 6),),))
    assert flexible.setups[1].tolist() == [[0, 1, 2], [3, 0, 4], [5, 6, 0]]
    assert assembly.jobs == ((((0, 3),), ((0, 4), (1, 5)), ((1, 6),)),)
    assert assembly.precedences.tolist() == [[0, 2], [1, 2]]
    # The slow mode needs less of the renewable resource and nothing of the other.
    assert [list(row) for row in psplib.durations] == [[0], [3, 5], [0]]
    assert psplib.demands[1].tolist() == [[2, 1], [1, 0]]
    assert psplib.capacities.tolist() == [2, 1]
    assert ck.solve(psplib, time_limit=60).objective == 3
    assert ck.solve(patterson, time_limit=60).objective == 9
    # The last activity begins 4 after the start of the one before it.
    assert ck.solve(lags, time_limit=60).objective == 4


#: Text, what is replaced by what, the line that is named and what is said.
BAD = [
    (FLEXIBLE, "2 2 1.5", "2", 1, "the first line must be 'jobs machines'"),
    (FLEXIBLE, "2 2 1.5", "0 2", 1, "0 jobs and 2 machines are not a shop"),
    (FLEXIBLE, "1 1 2 6\n\n", "1 1 2\n\n", 3, "has not the options it declares"),
    (FLEXIBLE, "1 1 2 6\n\n", "1 1 2 6 7\n\n", 3, "1 numbers after the last operation"),
    (FLEXIBLE, "1 1 2 6\n\n", "1 1 2 -6\n\n", 3, "-6"),
    # From 1 there is no machine 3, and from 0 none either.
    (FLEXIBLE, "1 1 2 6\n\n", "1 1 3 6\n\n", 3, "machine 3 where there are 2"),
    (FLEXIBLE, "2 1 1 3 2 1 4 2 5", "2 1 0 3 2 1 4 2 5", 3, "machine 2 where there"),
    (FLEXIBLE, "3 0 4\n5 6 0\n0", "3 0\n5 6 0\n0", 6, "3 set-up times are needed"),
    (FLEXIBLE, "5 6 0\n0", "0", 9, "5 rows of set-up times, not 6"),
    (ASSEMBLY, "3 2 2", "3 2", 1, "must be 'operations precedences machines'"),
    (ASSEMBLY, "1 2\n1 0", "1 3\n1 0", 3, "not a pair of operations"),
    (ASSEMBLY, "2 0 4 1 5", "2 0 4 1", 5, "not as many options as declared"),
    (ASSEMBLY, "2 0 4 1 5", "2 0 4 2 5", 5, "machine 2 of 2"),
    (ASSEMBLY, "1 2\n1 0", "2 0\n1 0", None, "circle"),
    (PSPLIB, "PRECEDENCE RELATIONS", "PRECEDENCES", None, "RELATIONS is missing"),
    (PSPLIB, "REQUESTS/DURATIONS", "REQUESTS", None, "REQUESTS/DURATIONS is missing"),
    (PSPLIB, "RESOURCEAVAILABILITIES", "ROOM", None, "AVAILABILITIES is missing"),
    (PSPLIB, "supersource/sink", "dummies", None, "number of jobs is missing"),
    (PSPLIB, "- nonrenewable ", "- used up ", None, "number of nonrenewable resources"),
    (PSPLIB, ":  0   D", ":  2   D", None, "doubly constrained resources"),
    (PSPLIB, "   2        2          1           3", "   2  2  1  4", 10, "successor"),
    (PSPLIB, "   2        2          1           3", "   2  2  1  1", None, "circle"),
    (PSPLIB, "   2        2          1           3", "   3  2  1  3", 10, "activity 2"),
    (PSPLIB, "   2        2          1           3", "   2  0  1  3", 17, "not mode 1"),
    (PSPLIB, "         2     5       1    0", "    2  5  1", 18, "mode 2 of activity"),
    (PSPLIB, "   2    1\n***", "   2\n***", None, "1 capacities of 2 resources"),
    (PSPLIB, "  2      1     3       2    1", "  2  1  3  3  1", None, "3 of 2 units"),
    (PATTERSON, "4 1\n3", "0 1\n3", 1, "there is no activity"),
    (PATTERSON, "5 3 1 4", "5 3 1 5", 5, "successor 5 is not one of 1 to 4"),
    (PATTERSON, "0 0 0\n", "0 0 1\n", None, "ends before a successor of activity 4"),
    (PATTERSON, "0 0 0\n", "0 0 0 7\n", 6, "a number after the last activity"),
    (LAGS, "1 1 0 0\n0", "1 1\n0", 1, "must be 'activities resources 0 0'"),
    (LAGS, "1 1 1 2 [4]", "1 1 2 2 [4]", 3, "not activity 1 with its successors"),
    (LAGS, "1 1 1 2 [4]", "1 1 1 3 [4]", 3, "successor 3 of 3 activities"),
    (LAGS, "1 1 4 2\n", "1 1 4\n", 6, "not activity 1, mode, duration, 1 demands"),
    (LAGS, "0 0\n3\n", "0 0\n3 3\n", 8, "2 capacities of 1 resources"),
    (LAGS, "0 0\n3\n", "0 0\n", None, "the file ends before the capacities"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "old", "new", "line", "said"), BAD)
def test_bad_texts_name_the_line(  # type: ignore[no-untyped-def]
    text, old, new, line, said, tmp_path
) -> None:
    path = tmp_path / "p.txt"
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    with pytest.raises((InstanceFormatError, UnsupportedFeatureError)) as caught:
        ck.read(path, FORMATS[text])
    where = f"{path}:{line}: " if line else f"{path}: "
    assert str(caught.value).startswith(where)
    assert said in str(caught.value)
