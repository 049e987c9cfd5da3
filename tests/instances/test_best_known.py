"""The table of best known values: matched by content, extended by users."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from combkit.instances import best_known as module
from combkit.instances.best_known import (
    COLUMNS,
    BestKnown,
    add_table,
    best_known,
    write_table,
)
from combkit.instances.errors import InstanceFormatError, InvalidProblemError
from combkit.instances.formats import jobshop as text
from combkit.instances.formats import read
from combkit.instances.generators.scheduling import taillard
from combkit.instances.jobshop import JobShop
from combkit.instances.knapsack import Knapsack
from combkit.instances.source import Source


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_added", [])
    monkeypatch.delenv("COMBKIT_BEST_KNOWN", raising=False)


@pytest.fixture
def problem() -> Knapsack:
    return Knapsack([5, 6, 7], [4, 3, 9], 10, name="mine")


def table(path: Path, *rows: BestKnown) -> Path:
    write_table(path, rows)
    return path


def test_generated_instances_are_found_by_content() -> None:
    row = best_known(taillard(1))
    assert row is not None
    assert (row.name, row.value, row.status) == ("ta01", 1231, "optimal")
    assert row.source
    shop = taillard(1)
    renamed = JobShop(shop.machines, shop.durations, name="something else")
    assert best_known(renamed) == row


def test_unknown_instances_have_none(problem: Knapsack) -> None:
    assert best_known(problem) is None


def test_packaged_table_is_sound() -> None:
    rows = module._packaged().values()
    assert {row.kind for row in rows} == {
        *("tsp", "atsp", "cvrp", "vrp", "kp", "mip"),
        *("jsp", "fjsp", "pfsp", "ossp", "rcpsp"),
    }
    assert all(row.name and row.source for row in rows)
    assert [(r.kind, r.name) for r in rows] == sorted((r.kind, r.name) for r in rows)
    values = {(row.kind, row.name): row.value for row in rows}
    assert values["tsp", "berlin52"] == 7542
    assert values["atsp", "br17"] == 39
    assert values["cvrp", "X-n101-k25"] == 27591
    assert values["jsp", "ft10"] == 930
    assert values["fjsp", "mk01"] == 40
    assert values["pfsp", "tai20_5_0"] == 1278
    assert values["rcpsp", "j301_1"] == 43
    assert values["mip", "mas76"] == pytest.approx(40005.054, abs=1e-3)
    assert values["mip", "noswot"] == -41


def test_terms_of_every_source_are_told(repo_root: Path) -> None:
    text = (repo_root / "docs" / "verification.md").read_text()
    cells = [row.split("|")[1] for row in text.splitlines() if row.count("|") == 4]
    known = tuple(name for cell in cells for name in cell.split("`")[1::2])
    sources = {row.source for row in module._packaged().values()}
    assert sorted(s for s in sources if not s.startswith(known)) == []


def test_published_job_shops_are_found(shared_data: Path) -> None:
    folder = shared_data / "scheduling" / "jsp" / "standard"
    for path in folder.rglob("*.txt"):
        row = best_known(text.read(Source(path)))
        assert row is not None, path
        assert row.name == path.stem


def test_published_fleets_are_found(shared_data: Path) -> None:
    folder = shared_data / "routing"
    files = ("pdptw/li_lim_100/lc101.txt", "mdvrp/cordeau/p01.txt")
    for path in (*files, "pyvrp/MTVRPTWR/C205R0.5.vrp"):
        row = best_known(read(folder / path))
        assert row is not None, path
        assert row.name == Path(path).stem


def test_added_tables_win(problem: Knapsack, tmp_path: Path) -> None:
    first = BestKnown.of(problem, 10, "best", "first")
    second = BestKnown.of(problem, 11, "optimal", "second", "a note, with a comma")
    add_table(table(tmp_path / "a.csv", first))
    assert best_known(problem) == first
    add_table(table(tmp_path / "b.csv", second))
    assert best_known(problem) == second


def test_environment_names_tables(
    problem: Knapsack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [BestKnown.of(problem, value) for value in (10.5, 11)]
    paths = [table(tmp_path / f"{i}.csv", row) for i, row in enumerate(rows)]
    monkeypatch.setenv("COMBKIT_BEST_KNOWN", os.pathsep.join(map(str, paths)))
    assert best_known(problem) == rows[1]
    monkeypatch.setenv("COMBKIT_BEST_KNOWN", f"{paths[0]}{os.pathsep}")
    assert best_known(problem) == rows[0]
    monkeypatch.setenv("COMBKIT_BEST_KNOWN", str(tmp_path / "missing.csv"))
    with pytest.raises(InstanceFormatError, match=r"missing\.csv"):
        best_known(problem)


PRINT = "a" * 64


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ("kind,name\n", 1, "the columns must be"),
        (f"{','.join(COLUMNS)}\nkp,x\n", 2, "2 cells for 7 columns"),
        (f"{','.join(COLUMNS)}\nkp,x,abc,1,best,s,\n", 2, "64 hexadecimal"),
        (f"{','.join(COLUMNS)}\n\nkp,x,{PRINT},one,best,s,\n", 3, "value"),
        (f"{','.join(COLUMNS)}\nkp,x,{PRINT},nan,best,s,\n", 2, "not finite"),
        (f"{','.join(COLUMNS)}\nkp,x,{PRINT},1,proven,s,\n", 2, "'proven'"),
        (f'{",".join(COLUMNS)}\nkp,x,"{PRINT}"x,1,best,s,\n', 2, "not CSV"),
        ("\n", 1, "the columns must be"),
    ],
)
def test_bad_rows_are_named(
    content: str, line: int, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(content)
    with pytest.raises(InstanceFormatError) as caught:
        add_table(path)
    assert caught.value.line == line
    assert reason in caught.value.reason
    assert module._added == []


def test_rows_are_validated(problem: Knapsack) -> None:
    with pytest.raises(InvalidProblemError, match="value: inf"):
        BestKnown.of(problem, float("inf"))


def test_the_table_is_not_read_before_it_is_asked(repo_root: Path) -> None:
    code = (
        "import combkit.instances.best_known as m\n"
        "assert m._packaged.cache_info().currsize == 0\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(repo_root / "src")}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
