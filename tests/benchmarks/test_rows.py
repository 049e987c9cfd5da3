"""The rows of figures are batches that can be run, once, and are told."""

import importlib
import itertools
import sys
from pathlib import Path

import numpy as np
import pytest

import combkit as ck
from combkit.cli.bench.spec import parse_spec

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def load(monkeypatch):
    """Return a function that imports a script of the folder, and forget it later."""
    monkeypatch.syspath_prepend(str(FOLDER))
    names = ("rows", "routing", "udc")
    for name in names:
        sys.modules.pop(name, None)
    yield importlib.import_module
    for name in names:
        sys.modules.pop(name, None)


@pytest.mark.parametrize("script", ["routing", "udc"])
def test_every_row_is_a_batch(load, script, tmp_path):
    rows, module = load("rows"), load(script)
    for name, row in module.ROWS.items():
        text = rows.spec_of(name, row, tmp_path)
        spec = parse_spec(text, folder=tmp_path, name=name)
        assert [s.label for s in spec.solvers] == [*row.solvers, *row.peers]
        assert spec.limits.time == row.seconds
        count = len(row.files) + len(row.kept) + bool(row.generate)
        assert len(spec.instances) == count >= 1
        for solver in spec.solvers[len(row.solvers) :]:
            assert Path(solver.foreign.command[1]).is_file()


def test_options_of_a_solver_are_spelled_in_a_word(load):
    rows = load("rows")
    assert rows.spelled("auto") == ("auto", {})
    word = "udc:divider=neural,piece=300,conquerors=walk,sisr"
    options = {"divider": "neural", "piece": 300, "conquerors": "walk,sisr"}
    assert rows.spelled(word) == ("udc", options)


def test_a_row_is_run_once_and_told(load, tmp_path, monkeypatch, capsys):
    routing, rows = load("routing"), load("rows")
    generate = {"generate": "tsp", "n": 12, "count": 2, "suffix": "tsp"}
    tiny = rows.Row(seconds=0.3, generate=generate, peers=("fast-tsp",))
    monkeypatch.setattr(routing, "ROWS", {"tiny": tiny})
    command = ["routing.py", "tiny", "--no-peers", "--store", str(tmp_path / "runs")]
    monkeypatch.setattr(sys, "argv", command)
    routing.main()
    *_, first = capsys.readouterr().out.splitlines()
    assert first.startswith("| tiny | auto | 2 | 0.000 | 0.000 | 0.000 | 2 | ")
    routing.main()
    assert capsys.readouterr().out.splitlines()[-1] == first


def test_an_unknown_row_is_refused(load, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["routing.py", "tsp-1000"])
    with pytest.raises(SystemExit):
        load("routing").main()
    assert "no such row: tsp-1000" in capsys.readouterr().err


def test_stored_solutions_and_pairs_are_told(load, tmp_path, monkeypatch, capsys):
    udc, rows = load("udc"), load("rows")
    folder = tmp_path / "data" / "udc"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(1)
    lines = []
    for _ in range(2):
        places = rng.random((8, 2)).round(3)
        problem = ck.TSP(places)
        tours = [[0, *rest] for rest in itertools.permutations(range(1, 8))]
        best = min(tours, key=lambda tour: problem.evaluate(ck.Tour(tour)))
        cities = " ".join(str(k + 1) for k in (*best, best[0]))
        lines.append(f"{' '.join(map(str, places.ravel()))} output {cities}")
    (folder / "test_TSP500_n128.txt").write_text("\n".join(lines) + "\n")
    both = ("nearest-neighbour", "lk")
    tiny = rows.Row(seconds=0.5, kept=("sets/tsp500/*.json",), solvers=both)
    monkeypatch.setattr(udc, "ROWS", {"tiny": tiny})
    command = ["udc.py", "tiny", "--data", str(folder.parent)]
    monkeypatch.setattr(sys, "argv", [*command, "--store", str(tmp_path / "runs")])
    udc.main()
    *_, near, lk = (
        [cell.strip() for cell in line.split("|")]
        for line in capsys.readouterr().out.splitlines()
    )
    assert near[1:4] == ["tiny", "nearest-neighbour", "2"]
    assert near[6] == "0 ± 0"
    assert lk[1:4] == ["tiny", "lk", "2"]
    assert float(lk[5].split(" ± ")[0]) == pytest.approx(0.0, abs=1e-9)
    assert float(lk[6].split(" ± ")[0]) < 0.0
