"""Readers and writers of mip files: round trips, refusals, foreign traps."""

from __future__ import annotations

import contextlib
import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from combkit.instances.errors import (
    CombkitError,
    InstanceFormatError,
    UnsupportedFeatureError,
)
from combkit.instances.formats import (
    highs_arrays,
    mps_text,
    read,
    read_solution,
    write,
    write_solution,
)
from combkit.instances.formats import scip as scip_formats
from combkit.instances.formats.mps_text import regular_rows
from combkit.instances.mip import MIP
from combkit.instances.solutions import Values

INF = np.inf

MPS = """NAME test
ROWS
 N  obj
 L  r1
 G  r2
COLUMNS
    x  obj 1 r1 1
    x  r2 1
    y  obj 2 r1 1
RHS
    RHS r1 4 r2 1
BOUNDS
 UP BND x 4
ENDATA
"""

LP = """\\ comment
minimize
 obj: x + 2 y + 3
subject to
 r1: x + y >= 2
 r2: x - y <= 3
bounds
 x <= 4
 y free
general
 x
end
"""

CIP = """STATISTICS
  Problem name     : t
OBJECTIVE
  Sense            : minimize
  Offset           : +3
VARIABLES
  [binary] <a>: obj=1, original bounds=[0,1]
  [binary] <b>: obj=2, original bounds=[0,1]
  [binary] <r>: obj=-2, original bounds=[0,1]
  [continuous] <z>: obj=-2, original bounds=[-inf,7.5]
CONSTRAINTS
  [and] <c1>: <r> == and(<a>,<b>);
  [setppc] <c4>: +<a>[B] +<b>[B] <= 1;
  [logicor] <c5>: logicor(<a>[B],<~b>[B]);
  [knapsack] <c6>: 2<a>[B] +3<b>[B] <= 4;
  [varbound] <c7>: 0 <= <z>[C] +2<a>[B] <= 5;
END
"""


def parse(folder: Path, text: str | bytes, suffix: str) -> MIP:
    path = folder / f"given.{suffix}"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    problem = read(path)
    assert isinstance(problem, MIP)
    return problem


def refusal(folder: Path, text: str, suffix: str) -> CombkitError:
    with pytest.raises((InstanceFormatError, UnsupportedFeatureError)) as caught:
        parse(folder, text, suffix)
    return caught.value


def by_name(problem: MIP) -> dict[str, Any]:
    """A form that does not depend on the order of rows and columns."""
    A = problem.A.tocoo()
    entries = zip(A.row.tolist(), A.col.tolist(), A.data.tolist(), strict=True)
    columns = zip(
        problem.c, problem.lower, problem.upper, problem.integrality, strict=True
    )
    rows = zip(problem.row_lower, problem.row_upper, strict=True)
    return {
        "sense": (problem.sense, problem.offset),
        "columns": {
            problem.col_name(j): tuple(map(float, v)) for j, v in enumerate(columns)
        },
        "rows": {problem.row_name(i): tuple(map(float, v)) for i, v in enumerate(rows)},
        "entries": {
            (problem.row_name(i), problem.col_name(j)): v for i, j, v in entries
        },
    }


# -- MPS -----------------------------------------------------------------------


def test_mps(tmp_path: Path) -> None:
    problem = parse(tmp_path, MPS, "mps")
    assert problem.name == "given"
    assert problem.col_names == ("x", "y")
    assert problem.row_names == ("r1", "r2")
    assert problem.A.toarray().tolist() == [[1, 1], [1, 0]]
    assert problem.row_lower.tolist() == [-INF, 1]
    assert problem.row_upper.tolist() == [4, INF]
    assert problem.upper.tolist() == [4, INF]


@pytest.mark.parametrize(
    ("old", "new", "field", "value"),
    [
        ("RHS r1 4", "RHS obj 4", "offset", -4.0),
        ("ROWS", "OBJSENSE\n    MAX\nROWS", "maximize", True),
        ("ROWS", "OBJSENSE MAXIMIZE\nROWS", "maximize", True),
        ("ROWS", "OBJSENSE\n  MINIMIZE\nROWS", "maximize", False),
        ("BOUNDS", "RANGES\n RNG r1 3 r2 2\nBOUNDS", "row_lower", [1, 1]),
        ("BOUNDS", "RANGES\n RNG r1 3 r2 2\nBOUNDS", "row_upper", [4, 3]),
        (" UP BND x 4", " BV BND x", "integrality", [1, 0]),
        (" UP BND x 4", " FR BND y", "lower", [0, -INF]),
        (" UP BND x 4", " MI BND y\n UP BND y 2", "lower", [0, -INF]),
        (" UP BND x 4", " LI BND x 2", "lower", [2, 0]),
        (" UP BND x 4", " UP BND x 4\n LO BND x 7", "lower", [7, 0]),
        ("y  obj 2 r1 1", "y  obj 2 r1 1e17", "A", [[1, 1e17], [1, 0]]),
        ("y  obj 2 r1 1", "y  obj 2 r1 1e-11", "A", [[1, 1e-11], [1, 0]]),
        # A free row is dropped with its right-hand side.
        (" G  r2", " N  r2", "offset", 0.0),
        (" G  r2", " N  r2", "row_upper", [4]),
        ("NAME test", "* comment\nNAME test", "upper", [4, INF]),
        ("COLUMNS", "* comment\nCOLUMNS", "upper", [4, INF]),
    ],
)
def test_mps_features(
    tmp_path: Path, old: str, new: str, field: str, value: Any
) -> None:
    problem = parse(tmp_path, MPS.replace(old, new, 1), "mps")
    found = getattr(problem, field)
    if hasattr(found, "toarray"):
        found = found.toarray()
    assert np.array_equal(found, value)


@pytest.mark.parametrize("ends", ["\r\n", "\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("packed", [False, True])
def test_mps_packaging(tmp_path: Path, ends: str, bom: str, packed: bool) -> None:
    data = (bom + MPS.replace("\n", ends)).encode()
    problem = parse(
        tmp_path, gzip.compress(data) if packed else data, "mps.gz" if packed else "mps"
    )
    assert problem == parse(tmp_path, MPS, "mps")


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (MPS, 3),
        ("* comment\n" + MPS, 3),
        (MPS.replace("    y", "    M 'MARKER' 'INTORG'\n    y"), 3),
        (MPS.replace("x  obj 1 r1 1", "x  obj 1"), 3),
        (MPS.replace("r1 4", "r1 4e+00"), 3),
        (MPS.replace("RHS r1 4", "RHS r1 four"), None),
        (MPS.replace("    x", "    12", 1), None),
        (MPS.replace("COLUMNS", "* comment\nCOLUMNS"), None),
        (MPS.replace("ENDATA", ""), None),
    ],
)
def test_bulk_check_passes_ordinary_files_only(
    tmp_path: Path, text: str, rows: int | None
) -> None:
    path = tmp_path / "x.mps"
    path.write_text(text)
    assert regular_rows(path) == rows


def test_bulk_check_does_not_depend_on_its_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.mps"
    path.write_text(MPS)
    for size in (30, 31, 32, 47, 64, 100):
        monkeypatch.setattr(mps_text, "_BLOCK", size)
        assert regular_rows(path) == 3


@pytest.mark.parametrize("text", [MPS, MPS.replace(" UP BND x 4", " LI BND x 2")])
def test_arrays_are_the_same_by_every_route(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    fast = parse(tmp_path, text, "mps")
    monkeypatch.setattr(highs_arrays, "_ABIS", ())
    assert parse(tmp_path, text, "mps") == fast


def test_content_wins_over_suffix(tmp_path: Path) -> None:
    assert parse(tmp_path, MPS, "txt") == parse(tmp_path, MPS, "mps")
    assert parse(tmp_path, LP, "dat") == parse(tmp_path, LP, "lp")
    assert parse(tmp_path, MPS, "MPS") == parse(tmp_path, MPS, "mps")


def test_fixed_mps_with_blanks_in_names(tmp_path: Path) -> None:
    text = "\n".join(
        [
            "NAME          SP",
            "ROWS",
            " N  COST",
            " L  LIM 1",
            "COLUMNS",
            "    X ONE     COST               1.0   LIM 1              3.0",
            "RHS",
            "    RHS       LIM 1              4.0",
            "ENDATA",
            "",
        ]
    )
    problem = parse(tmp_path, text, "mps")
    assert problem.col_names == ("X ONE",)
    assert problem.A.toarray().tolist() == [[3.0]]
    assert problem.row_upper.tolist() == [4.0]


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("y  obj 2 r1 1", "y  obj 2 rr 1", 9, "unknown row 'rr'"),
        ("BND x 4", "BND z 4", 13, "unknown column 'z'"),
        ("r2 1\nB", "r9 1\nB", 11, "unknown row 'r9'"),
        (" G  r2", " G  r1", 5, "row 'r1' is declared twice"),
        ("x  r2 1", "x  r1 3", 8, "two entries in row 'r1'"),
        ("RHS\n", "    x r2 1\nRHS\n", 10, "column 'x' is split"),
        ("y  obj 2 r1 1", "y  obj 2 r1 nan", 9, "NaN"),
        ("y  obj 2 r1 1", "y  obj 2 r1 inf", 9, "not finite"),
        ("y  obj 2 r1 1", "y  obj 2 r1 1e400", 9, "not finite"),
        ("y  obj 2 r1 1", "y  obj 2 r1 1x", 9, "'1x' is not a number"),
        ("y  obj 2 r1 1", "y  obj 2 r1 1,5", 9, "'1,5' is not a number"),
        ("y  obj 2 r1 1", "y  obj 2 r1 1D5", 9, "'1D5' is not a number"),
        ("y  obj 2 r1 1", "y  obj 2 r1", 9, "3 or 5 fields"),
        ("r1 4", "r1 nan", 11, "NaN"),
        ("BND x 4", "BND x nan", 13, "NaN"),
        ("BND x 4", "BND x", 13, "unknown column"),
        (" UP BND", " XX BND", 13, "unknown bound type 'XX'"),
        ("BOUNDS", "FOO", 12, "unknown section FOO"),
        ("BOUNDS", "ROWS", 12, "section ROWS occurs twice"),
        ("ENDATA\n", "", 14, "ENDATA is missing"),
        ("ROWS", "OBJSENSE UP\nROWS", 2, "'UP' is not MAX or MIN"),
        (" L  r1", " X  r1", 4, "a row needs a type"),
    ],
)
def test_mps_refusals(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    assert old in MPS
    error = refusal(tmp_path, MPS.replace(old, new, 1), "mps")
    assert isinstance(error, InstanceFormatError)
    assert words in str(error)
    assert error.line == line


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("QUADOBJ\n    x x 2\n", "quadratic objective"),
        ("QCMATRIX r1\n    x x 2\n", "quadratic constraints"),
        ("SOS\n S1 SOS s 1\n    SOS x 1\n", "special ordered sets"),
        ("INDICATORS\n IF r1 x 1\n", "indicator constraints"),
    ],
)
def test_mps_beyond_linear(tmp_path: Path, section: str, words: str) -> None:
    error = refusal(tmp_path, MPS.replace("ENDATA", section + "ENDATA"), "mps")
    assert isinstance(error, UnsupportedFeatureError)
    assert words in str(error)
    assert ":14:" in str(error)


def test_mps_semi_continuous(tmp_path: Path) -> None:
    error = refusal(tmp_path, MPS.replace(" UP BND x 4", " SC BND x 4"), "mps")
    assert isinstance(error, UnsupportedFeatureError)
    assert "semi-continuous 'x'" in str(error)


# -- LP ------------------------------------------------------------------------


def test_lp(tmp_path: Path) -> None:
    problem = parse(tmp_path, LP, "lp")
    assert problem.offset == 3
    assert problem.A.toarray().tolist() == [[1, 1], [1, -1]]
    assert problem.integrality.tolist() == [1, 0]
    assert problem.lower.tolist() == [0, -INF]
    assert parse(tmp_path, LP.replace("minimize", "maximize"), "lp").sense == "max"


@pytest.mark.parametrize(
    "row", ["-1 <= x - y <= 3", "3 >= x - y >= -1", "-1 <= + 1 x\n - 1 y <= 3"]
)
@pytest.mark.parametrize("label", ["r2: ", ""])
def test_lp_rows_with_two_bounds(tmp_path: Path, row: str, label: str) -> None:
    """HiGHS' own reader makes something else of these, without a word."""
    text = LP.replace(" r2: x - y <= 3", f" {label}{row}")
    problem = parse(tmp_path, text, "lp")
    assert problem.A.toarray().tolist() == [[1, 1], [1, -1]]
    assert problem.row_lower.tolist() == [2, -1]
    assert problem.row_upper.tolist() == [INF, 3]


def test_lp_names_with_digits_after_punctuation(tmp_path: Path) -> None:
    """CPLEX allows many characters in names; a number may seem to stand there."""
    text = "min\n obj: y#1 + y#2\n + x(3)\nst\n c#1: y#1 + x(3)\n + y#2 >= 2\nend\n"
    path = tmp_path / "names.lp"
    path.write_text(text)
    problem = read(path)
    assert [problem.col_name(j) for j in range(3)] == ["y#1", "y#2", "x(3)"]
    assert problem.row_lower.tolist() == [2.0]


def test_lp_with_a_very_long_line(tmp_path: Path) -> None:
    terms = " + ".join(f"{k} a_rather_long_name_{k}" for k in range(1, 3000))
    problem = parse(tmp_path, LP.replace("x + 2 y + 3", terms), "lp")
    assert problem.n == 3001


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("2 y", "2 y + [ x^2 ] / 2", "quadratic objective"),
        ("x + y >= 2", "x + [ x^2 ] >= 2", "Quadratic constraints"),
        ("general\n x", "semi-continuous\n x", "semi-continuous 'x'"),
        ("end", "sos\n s1: S1:: x:1 y:2\nend", "SOS"),
        ("r1: x + y", "r1: x = 1 -> y", "indicator"),
    ],
)
def test_lp_beyond_linear(tmp_path: Path, old: str, new: str, words: str) -> None:
    if "[" in new and "obj" not in old:
        new = new.replace("+ 3", "")
    error = refusal(tmp_path, LP.replace(old, new, 1).replace("/ 2 + 3", "/ 2"), "lp")
    assert isinstance(error, UnsupportedFeatureError)
    assert words in str(error)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("x + y >= 2", "x + y + 3 >= 2", 5),
        ("x + y >= 2", "x >= y", 5),
        ("r2:", "r1:", 6),
        ("end", "", 13),
        ("2 y", "nan y", None),
        ("subject to", "@@@ $$$", 5),
    ],
)
def test_lp_refusals(tmp_path: Path, old: str, new: str, line: int | None) -> None:
    error = refusal(tmp_path, LP.replace(old, new, 1), "lp")
    assert isinstance(error, InstanceFormatError)
    assert error.line == line


# -- round trips ---------------------------------------------------------------

FLOATS = st.one_of(
    st.integers(-20, 20).map(float), st.floats(-1e6, 1e6, allow_subnormal=False)
).filter(lambda v: v == 0 or abs(v) > 1e-9)


@st.composite
def problems(draw: st.DrawFn) -> MIP:
    m, n = draw(st.integers(0, 4)), draw(st.integers(1, 4))
    vector = lambda k: draw(st.lists(FLOATS, min_size=k, max_size=k))  # noqa: E731
    pairs = [sorted(p) for p in zip(vector(m), vector(m), strict=True)]
    bounds = [sorted(p) for p in zip(vector(n), vector(n), strict=True)]
    ends = st.sampled_from(["both", "lower", "upper", "none", "equal"])

    def cut(pair: list[float]) -> tuple[float, float]:
        low, high = pair
        return {
            "both": (low, high),
            "lower": (low, INF),
            "upper": (-INF, high),
            "none": (-INF, INF),
            "equal": (low, low),
        }[draw(ends)]

    rows, cols = [cut(p) for p in pairs], [cut(p) for p in bounds]
    return MIP(
        vector(n),
        np.array(vector(m * n)).reshape(m, n),
        [r[0] for r in rows],
        [r[1] for r in rows],
        [c[0] for c in cols],
        [c[1] for c in cols],
        draw(st.lists(st.integers(0, 1), min_size=n, max_size=n)),
        offset=draw(FLOATS),
        maximize=draw(st.booleans()),
        col_names=[f"x{j}_" for j in range(n)],
        row_names=[f"row{i}" for i in range(m)],
    )


@pytest.mark.parametrize("suffix", ["mps", "lp"])
@settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(problem=problems())
def test_round_trip_is_exact(tmp_path: Path, suffix: str, problem: MIP) -> None:
    path = tmp_path / f"round.{suffix}"
    write(problem, path)
    again = read(path)
    wanted, found = by_name(problem), by_name(again)
    rows, read_rows = wanted.pop("rows"), found.pop("rows")
    assert found == wanted
    assert again.col_names == problem.col_names
    assert rows.keys() == read_rows.keys()
    for name, bounds in rows.items():
        # The width of a range is rounded, so its other end may be too.
        assert read_rows[name] == pytest.approx(bounds, rel=1e-12, abs=1e-9)


def test_writers_refuse_what_they_cannot_say(tmp_path: Path) -> None:
    blank = MIP([1], [[1]], 0, 1, 0, 1, 0, col_names=["a b"])
    crossed = MIP([1], [[1]], 2, 1, 0, 1, 0)
    number = MIP([1], [[1]], 0, 1, 0, 1, 0, col_names=["1"])
    cases = [(blank, "mps"), (blank, "lp"), (crossed, "mps"), (crossed, "lp")]
    for problem, suffix in [*cases, (number, "lp"), (number, "opb")]:
        with pytest.raises(UnsupportedFeatureError):
            write(problem, tmp_path / f"x.{suffix}")
        assert not (tmp_path / f"x.{suffix}").exists()


# -- SCIP's formats ------------------------------------------------------------


def test_cip(tmp_path: Path) -> None:
    problem = parse(tmp_path, CIP, "cip")
    assert problem.offset == 3
    assert problem.col_names == ("a", "b", "r", "z")
    assert problem.upper.tolist() == [1, 1, 1, 7.5]
    rows = by_name(problem)
    # r = a and b: r <= a, r <= b, a + b - r <= 1
    assert rows["entries"]["c1", "r"] == -1
    assert rows["rows"]["c1"] == (-INF, 1)
    # a or not b: a - b >= 0
    assert rows["entries"]["c5", "b"] == -1
    assert rows["rows"]["c5"] == (0, INF)
    assert rows["rows"]["c7"] == (0, 5)


@pytest.mark.parametrize("suffix", ["cip", "pip", "fzn"])
def test_scip_round_trip(tmp_path: Path, suffix: str) -> None:
    problem = MIP(
        [1, -2, 0],
        [[1, 1, 0], [2, 0, -3]],
        [-INF, 1],
        [4, 1],
        [0, -1, 0],
        [3, 2, 1],
        [1, 1, 1],
        maximize=True,
        col_names=["a", "b", "c"],
        row_names=["cap", "eq"],
    )
    path = tmp_path / f"round.{suffix}"
    write(problem, path)
    again = by_name(read(path))
    wanted = by_name(problem)
    assert again["sense"] == wanted["sense"]
    assert again["columns"] == wanted["columns"]
    assert sorted(again["rows"].values()) == sorted(wanted["rows"].values())


def test_opb(tmp_path: Path) -> None:
    text = "* #variable= 3 #constraint= 2\nmin: +2 x1 +1 x2 ;\n"
    text += "+1 x1 +2 x2 -1 ~x3 >= 1 ;\n+1 x1 +1 x3 <= 1 ;\n"
    problem = parse(tmp_path, text, "opb")
    assert problem.size == {"rows": 2, "cols": 3, "nnz": 5, "integers": 3}
    # -1 (1 - x3) moves to the right-hand side
    assert sorted(problem.row_lower.tolist()) == [-INF, 2]
    write(problem, tmp_path / "again.opb")
    assert sorted(read(tmp_path / "again.opb").c) == sorted(problem.c)


def test_wbo(tmp_path: Path) -> None:
    text = "soft: 6 ;\n[2] +1 x1 >= 1 ;\n[3] +1 x1 +1 x2 <= 1 ;\n+1 x2 >= 1 ;\n"
    problem = parse(tmp_path, text, "wbo")
    assert dict(zip(problem.col_names or (), problem.c, strict=True)) == {
        "soft1": 2,
        "soft2": 3,
        "x1": 0,
        "x2": 0,
    }
    start = {name: j for j, name in enumerate(problem.col_names or ())}

    def cost(**values: float) -> float | None:
        x = np.zeros(4)
        for name, value in values.items():
            x[start[name]] = value
        return problem.evaluate(Values(x)) if not problem.check(Values(x)) else None

    assert cost(x2=1, soft1=1) == 2
    assert cost(x1=1, x2=1, soft2=1) == 3
    assert cost(x1=1, x2=1) is None
    assert cost(x1=1, soft2=1) is None


def test_cnf(tmp_path: Path) -> None:
    problem = parse(tmp_path, "c t\np cnf 3 3\n-2 -3 0\n3 2 1 0\n-1 0\n", "cnf")
    assert problem.sense == "min"
    assert problem.check(Values([0, 1, 0])) == []
    assert len(problem.check(Values([0, 0, 0]))) == 1
    assert len(problem.check(Values([0, 1, 1]))) == 1


@pytest.mark.parametrize(
    ("suffix", "text", "words"),
    [
        ("cip", CIP.replace("[and] <c1>: <r> == and(<a>,<b>);",
                            "[xor] <c1>: xor(<a>,<b>) = 1;"), "of type xor"),
        ("pip", "minimize\n obj: x\nsubject to\n c1: x y >= 1\nend\n", "nonlinear"),
        ("opb", "* #variable= 2\nmin: +1 x1 x2 ;\n+1 x1 x2 +1 x1 >= 1 ;\n", "of type"),
        ("wbo", "soft: ;\n[1] +1 x1 x2 >= 1 ;\n", "product"),
    ],
)  # fmt: skip
def test_scip_beyond_linear(tmp_path: Path, suffix: str, text: str, words: str) -> None:
    error = refusal(tmp_path, text, suffix)
    assert isinstance(error, UnsupportedFeatureError)
    assert words in str(error)


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        ("cip", "STATISTICS\n Problem name : x\nfoo bar\n"),
        ("cnf", "p cnf 3 10000000000\n1 2 0\n"),
        ("cnf", "p cnf 10000000000 1\n1 2 0\n"),
        ("opb", "min: +1 x1 ;\n+1 x1 >= ;\n"),
        ("fzn", "var 0..5: x;\nconstraint nonsense(x);\nsolve satisfy;\n"),
        ("pip", "minimize\n obj: x +\nsubject to\n ==\nend\n"),
        ("wbo", "soft: 3 ;\n[1] +1 x1 ;\n"),
    ],
)
def test_scip_refusals(tmp_path: Path, suffix: str, text: str) -> None:
    error = refusal(tmp_path, text, suffix)
    assert "given." in str(error)


@pytest.mark.parametrize(
    "code", ["import os; os.abort()", "import time; time.sleep(60)", "[0] * 10**12"]
)
def test_a_reader_that_dies_hangs_or_grows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    child = tmp_path / "child.py"
    child.write_text(code)
    monkeypatch.setattr(scip_formats.scip_child, "__file__", str(child))
    monkeypatch.setattr(scip_formats, "_SECONDS", 0.5)
    assert isinstance(refusal(tmp_path, CIP, "cip"), InstanceFormatError)


@pytest.mark.slow
@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(where=st.integers(0, len(CIP)), junk=st.text(max_size=6), cut=st.booleans())
def test_damaged_cip(tmp_path: Path, where: int, junk: str, cut: bool) -> None:
    path = tmp_path / "x.cip"
    path.write_text(CIP[:where] + junk + ("" if cut else CIP[where:]), encoding="utf-8")
    try:
        read(path, "cip")
    except (InstanceFormatError, UnsupportedFeatureError) as error:
        assert "\n" not in str(error)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("suffix", ["mps", "lp", "cip", "wbo", "fzn", "opb"])
@pytest.mark.parametrize(
    "filler", [" ", "\n", "1", "+ ", "x", ":", "1 <= ", "+1  x1  ", "end\n", "[1] "]
)
def test_time_is_linear_in_the_text(tmp_path: Path, suffix: str, filler: str) -> None:
    """Half a megabyte of almost anything must be judged in moments."""
    long = filler * (500_000 // len(filler))
    seeds = {
        "mps": MPS.replace("RHS\n", f"RHS\n{long}\n", 1),
        "lp": LP.replace("r1:", f"{long}\n r1:"),
        "wbo": f"soft: 6 ;\n[2] {long} ? >= 1 ;\n",
        "cip": f"STATISTICS\nOBJECTIVE{long}\nVARIABLES\nEND\n",
        "fzn": f"var 0..5: x;{long}\nsolve satisfy;\n",
        "opb": f"min: +1 x1 ;\n{long} ? >= 1 ;\n",
    }
    path = tmp_path / f"long.{suffix}"
    path.write_text(seeds[suffix])
    with contextlib.suppress(InstanceFormatError, UnsupportedFeatureError):
        read(path, suffix)
    with contextlib.suppress(InstanceFormatError, UnsupportedFeatureError):
        read(path)


# -- solutions -----------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "=obj= 5\nx 1\ny 2.0\n",
        "objective value:                 5\nx             1 \t(obj:1)\n"
        "y             2 \t(obj:2)\n",
        "# Objective value = 5\nx 1\ny 2\n",
        "Model status\nOptimal\n\n# Primal solution values\nFeasible\nObjective 5\n"
        "# Columns 2\nx 1\ny 2\n# Rows 1\nr1 3\n\n# Dual solution values\nNone\n",
        "x 1\ny 2\n",
    ],
)
def test_solution_flavours(tmp_path: Path, text: str) -> None:
    problem = parse(tmp_path, MPS, "mps")
    path = tmp_path / "x.sol"
    path.write_text(text)
    assert read_solution(path, problem) == Values([1, 2], ["x", "y"])


def test_solution_round_trip(tmp_path: Path) -> None:
    problem = parse(tmp_path, MPS, "mps")
    for suffix in ("sol", "json"):
        path = tmp_path / f"x.{suffix}"
        write_solution(problem, Values([1 / 3, 0], problem.col_names), path)
        assert read_solution(path, problem).values.tolist() == [1 / 3, 0]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("=obj= 5\nx 1\nz 2\n", 3, "unknown variable 'z'"),
        ("=obj= 5\nx 1\nx 2\n", 3, "listed twice"),
        ("=obj= 5\nx nan\n", 2, "not finite"),
        ("=obj= 5\nx\n", 2, "not 'name value'"),
    ],
)
def test_solution_refusals(tmp_path: Path, text: str, line: int, words: str) -> None:
    problem = parse(tmp_path, MPS, "mps")
    path = tmp_path / "x.sol"
    path.write_text(text)
    with pytest.raises(InstanceFormatError, match=words) as caught:
        read_solution(path, problem)
    assert caught.value.line == line


# -- real files ----------------------------------------------------------------


def test_every_small_mps_round_trips(shared_data: Path, tmp_path: Path) -> None:
    files = sorted((shared_data / "mip" / "small").glob("*.mps"))
    assert len(files) == 20
    for file in files:
        problem = read(file)
        write(problem, tmp_path / "again.mps")
        assert read(tmp_path / "again.mps") == problem, file.name


@pytest.mark.parametrize("name", ["basic", "large_linear"])
def test_one_model_in_every_format(shared_data: Path, name: str) -> None:
    folder = shared_data / "mip" / "formats"
    wanted = by_name(read(folder / f"{name}.mps"))
    for suffix in ("lp", "cip", "pip"):
        assert by_name(read(folder / f"{name}.{suffix}")) == wanted, suffix
    flat = by_name(read(folder / f"{name}.fzn"))
    assert flat["columns"] == wanted["columns"]
    assert sorted(flat["rows"].values()) == sorted(wanted["rows"].values())


@pytest.mark.slow
def test_every_miplib3_file_reads(shared_data: Path) -> None:
    files = sorted((shared_data / "mip" / "miplib3").glob("*.mps.gz"))
    for file in files:
        assert read(file).size["cols"] > 0
