"""Every reader, fed with damage: only the two documented errors may escape."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.instances.texts import SEEDS

from combkit.instances.errors import (
    InstanceFormatError,
    InvalidSolutionError,
    UnsupportedFeatureError,
)
from combkit.instances.formats import FORMATS, SOLUTION_FORMATS, read, read_solution
from combkit.instances.knapsack import Knapsack
from combkit.instances.problem import Problem
from combkit.instances.tsp import TSP

#: A text that is of another format as well; the user must say what it is.
AMBIGUOUS = {"vrf", "dimacs-clique", "dimacs-vc", "edgelist"}

TOKENS = st.sampled_from(
    [
        *("-1", "0", "1e400", "nan", "inf", "-inf", "99999999999999999999", "x", ""),
        *("EOF", "DIMENSION : 10000000000", "CAPACITY : -1", "\t", "#", "{", "]"),
        *("NODE_COORD_SECTION", "EDGE_WEIGHT_TYPE : FOO", "\x0b", "é", "Times"),
    ]
)
DAMAGE = st.lists(
    st.tuples(
        st.sampled_from(["cut", "drop", "token", "line", "swap"]),
        st.integers(0, 10_000),
        TOKENS,
    ),
    min_size=1,
    max_size=4,
)
FUZZ = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def damaged(text: str, damage: list[tuple[str, int, str]]) -> str:
    for what, where, token in damage:
        lines = text.split("\n")
        at = where % len(lines)
        if what == "cut":
            text = text[: where % (len(text) + 1)]
        elif what == "drop":
            text = "\n".join(lines[:at] + lines[at + 1 :])
        elif what == "line":
            text = "\n".join([*lines[:at], token, *lines[at:]])
        elif what == "swap":
            lines[at], lines[0] = lines[0], lines[at]
            text = "\n".join(lines)
        else:
            parts = lines[at].split(" ")
            parts[where % len(parts)] = token
            lines[at] = " ".join(parts)
            text = "\n".join(lines)
    return text


def read_or_refuse(path: Path, format: str | None) -> None:
    try:
        read(path, format)
    except InstanceFormatError as error:
        assert str(path) in str(error)
        assert "\n" not in str(error)
    except UnsupportedFeatureError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("name", SEEDS)
def test_seed_text_is_valid(name: str, tmp_path: Path) -> None:
    """The damage below starts from something that can be read."""
    path = tmp_path / f"seed.{name}"
    path.write_text(SEEDS[name])
    assert name in AMBIGUOUS or read(path, name) == read(path)


@pytest.mark.parametrize("name", SEEDS)
@settings(FUZZ, max_examples=120)
@given(damage=DAMAGE, forced=st.booleans())
def test_damaged_text(
    name: str, tmp_path: Path, damage: list[tuple[str, int, str]], forced: bool
) -> None:
    path = tmp_path / f"x.{name}"
    path.write_text(damaged(SEEDS[name], damage), encoding="utf-8")
    read_or_refuse(path, name if forced else None)


@settings(FUZZ, max_examples=200)
@given(content=st.binary(max_size=400), packed=st.booleans())
def test_any_bytes(tmp_path: Path, content: bytes, packed: bool) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes(gzip.compress(content) if packed else content)
    read_or_refuse(path, None)


@pytest.mark.parametrize(
    "problem",
    [
        TSP([[0, 0], [1, 0], [1, 1], [0, 1]]),
        Knapsack([1, 2, 3], [3, 4, 5], 6),
    ],
    ids=lambda p: p.kind,
)
@settings(FUZZ, max_examples=120)
@given(
    text=st.one_of(
        st.text(max_size=80),
        st.lists(TOKENS | st.integers(-2, 6).map(str), max_size=12).map(" ".join),
        st.sampled_from(
            ['{"tour": [0, "a"]}', '{"selected": 3}', '{"tour": null}', "[]", "{}"]
        ),
    )
)
def test_damaged_solutions(tmp_path: Path, problem: Problem, text: str) -> None:
    path = tmp_path / "x.sol"
    path.write_text(text, encoding="utf-8")
    fitting = [f.name for f in SOLUTION_FORMATS if problem.kind in f.kinds]
    for name in (None, "json", *fitting):
        try:
            solution = read_solution(path, problem, name)
        except (InstanceFormatError, InvalidSolutionError):
            continue
        problem.check(solution)


def test_every_text_format_is_fuzzed() -> None:
    """SCIP's formats are read by a child process; binary ones are damaged elsewhere."""
    in_process = {
        f.name for f in FORMATS if not (f.binary or f.module.endswith(".scip"))
    }
    assert in_process == set(SEEDS)
