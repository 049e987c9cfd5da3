"""The rows of figures on routing are batches that can be run."""

import importlib.util
import sys
from pathlib import Path

import pytest

from combkit.cli.bench.spec import parse_spec

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "routing.py"


@pytest.fixture
def routing():
    spec = importlib.util.spec_from_file_location("benchmarks_routing", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_every_row_is_a_batch(routing, tmp_path):
    for name, row in routing.ROWS.items():
        text = routing.spec_of(name, row, tmp_path)
        spec = parse_spec(text, folder=tmp_path, name=name)
        assert [s.label for s in spec.solvers] == ["auto", *row.peers]
        assert spec.limits.time == row.seconds
        assert len(spec.instances) == len(row.files) + bool(row.generate)
        for solver in spec.solvers[1:]:
            assert Path(solver.foreign.command[1]).is_file()


def test_a_row_is_run_once_and_told(routing, tmp_path, monkeypatch, capsys):
    generate = {"generate": "tsp", "n": 12, "count": 2, "suffix": "tsp"}
    tiny = routing.Row(seconds=0.3, generate=generate, peers=("fast-tsp",))
    monkeypatch.setattr(routing, "ROWS", {"tiny": tiny})
    command = ["routing.py", "tiny", "--data", str(tmp_path), "--no-peers"]
    monkeypatch.setattr(sys, "argv", [*command, "--store", str(tmp_path / "runs")])
    routing.main()
    *_, first = capsys.readouterr().out.splitlines()
    assert first.startswith("| tiny | auto | 2 | 0.000 | 0.000 | 0.000 | 2 | ")
    routing.main()
    assert capsys.readouterr().out.splitlines()[-1] == first


def test_an_unknown_row_is_refused(routing, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["routing.py", "tsp-1000"])
    with pytest.raises(SystemExit):
        routing.main()
    assert "no such row: tsp-1000" in capsys.readouterr().err
