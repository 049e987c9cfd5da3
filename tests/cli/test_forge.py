"""combkit embed, similar, index and predict-gap; combkit train forge."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import numpy as np
import pytest

import combkit as ck


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "auction.mps"
    ck.write(ck.generate("mip", 60, seed=5, family="auction"), path)
    return path


def test_embed_prints_and_writes(cli, tmp_path, model):
    done = cli("embed", model, "--statistics")
    assert done.code == 0, done.err
    row = json.loads(done.out)
    assert row["columns"] == 60
    assert np.linalg.norm(row["vector"]) == pytest.approx(1.0, abs=1e-3)
    assert row["statistics"]["rows: set packing, mean"] > 0.5
    other = tmp_path / "cover.lp"
    ck.write(ck.generate("mip", 40, seed=1), other)
    out = tmp_path / "vectors.npz"
    assert cli("embed", model, other, "--nodes", "-o", out).code == 0
    with np.load(out) as file:
        assert file["vector"].shape == (2, len(row["vector"]))
        np.testing.assert_allclose(file["vector"][0], row["vector"], atol=1e-5)
        assert file["column_codes.0"].size == 60
        assert file["column_codes.1"].size == 40
    lines = tmp_path / "vectors.jsonl"
    assert cli("embed", model, other, "-o", lines).code == 0
    assert [json.loads(x)["columns"] for x in lines.read_text().splitlines()] == [
        60,
        40,
    ]


def test_nothing_of_this_loads_torch(model):
    code = (
        "import sys; from combkit.cli.main import run; "
        f"assert run(['embed', {str(model)!r}]) == 0; "
        f"assert run(['similar', {str(model)!r}]) == 0; "
        f"assert run(['hints', {str(model)!r}]) == 0; "
        f"assert run(['predict-gap', {str(model)!r}]) == 0; "
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_embed_writes_tables(cli, tmp_path, model):
    pq = pytest.importorskip("pyarrow.parquet", reason="needs the extra 'bench'")
    out = tmp_path / "vectors.parquet"
    assert cli("embed", model, "--statistics", "-o", out).code == 0
    table = pq.read_table(out)
    assert table.num_rows == 1
    assert "log rows" in table.column_names


def test_own_index(cli, tmp_path, model):
    index = tmp_path / "mine.npz"
    done = cli("index", "add", index, model, "--group", "sales")
    assert done.code == 0, done.err
    assert "1 programs" in done.out
    assert "[sales]" in cli("index", "list", index).out
    assert "made with weights" in cli("index", "verify", index).out
    done = cli("similar", model, "--index", index)
    assert "the same program" in done.out
    done = cli("similar", model, "-k", 2, "--json")
    assert done.code == 0, done.err
    matches = json.loads(done.out)["matches"]
    assert len(matches) == 2
    assert matches[0]["group"].startswith("auction")
    assert cli("index", "add", index, model).code == 2


def test_predict_gap(cli, model):
    done = cli("predict-gap", model, "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert found["low"] <= found["gap"] <= found["high"]
    done = cli("predict-gap", model, "--relaxation")
    assert "optimum" in done.out
    done = cli("predict-gap", model, "--try", 5)
    assert "reached" in done.out
    tried = json.loads(cli("predict-gap", model, "--try", 5, "--json").out)["trial"]
    assert tried["reached"] in (True, False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["embed", "MODEL", "-o", "x.txt"], "suffix is none of"),
        (["embed", "MODEL", "--nodes", "-o", "x.parquet"], "use .npz"),
        (["embed", "TOUR"], "a tsp, not a mixed-integer program"),
        (["embed", "MODEL", "--weights", "none.npz"], "no such weights"),
        (["similar", "MODEL", "--index", "none.npz"], "no such index"),
        (["similar", "MODEL", "--weights", "w.npz"], "name an index"),
        (["predict-gap", "MODEL", "--seconds", "0"], "0 is not above 0"),
        (["hints", "MODEL", "--sure", "2"], "from 0 to 1"),
        (["hints", "TOUR"], "a tsp, not a mixed-integer program"),
        (["hints", "MODEL", "--solve", "--then", "hihgs"], "did you mean 'highs'"),
        (["index", "verify", "MODEL"], "damaged index"),
    ],
)
def test_wrong_usage(cli, tmp_path, model, words, said):
    tour = tmp_path / "a.tsp"
    ck.write(ck.generate("tsp", 5, seed=1), tour)
    done = cli(*(str({"MODEL": model, "TOUR": tour}.get(w, w)) for w in words))
    assert done.code == 2
    assert said in done.err


def test_training_goes_on(cli, tmp_path, model):
    pytest.importorskip("torch", reason="needs the extra 'neural'")
    words = ["train", "forge", "--out", tmp_path / "out", "--instances", 1]
    words += ["--views", 2, "--batch", 4, "--width", 8, "--rounds", 1]
    words += ["--codes", 4, "--code-width", 4]
    for minutes in (0.02, 0.04):
        done = cli(*words, "--minutes", minutes, "--data", model)
        assert done.code == 0, done.err
    weights = tmp_path / "out" / "forge.npz"
    done = cli("embed", model, "--weights", weights)
    assert done.code == 0, done.err
    done = cli(
        *("train", "forge", "--out", tmp_path / "more", "--instances", 1),
        *("--init", weights, "--minutes", 0.01),
    )
    assert done.code == 0, done.err
    with np.load(weights) as before, np.load(tmp_path / "more" / "forge.npz") as after:
        assert before["books.0.book"].shape == after["books.0.book"].shape == (4, 4)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["forge", "--minutes", "0"], "more than 0"),
        (["forge", "--views", "1"], "2 at least"),
        (["forge", "--batch", "1"], "2 at least"),
        (["forge", "--init", "shipped", "--codes", "4"], "comes with the weights"),
        (["forge", "--init", "none.npz"], "no such weights"),
        (["forge", "--data", "none-*.mps"], "no such file"),
        (["forge-gap", "--seconds", "-1"], "more than 0"),
        (["forge-gap", "--weights", "none.npz"], "no such weights"),
        (["forge-hints", "--instances", "0"], "more than 0"),
        (["forge-hints", "--weights", "none.npz"], "no such weights"),
    ],
)
def test_wrong_arguments_of_training(cli, tmp_path, words, said):
    done = cli("train", *words, "--out", tmp_path / "out")
    assert done.code == 2
    assert said in done.err


def test_gaps_are_learned_from_the_command_line(cli, tmp_path, monkeypatch):
    from combkit.instances.generators import programs

    few = {name: programs.FAMILIES[name] for name in ("set-cover", "vertex-cover")}
    monkeypatch.setattr("combkit.neural.forge.corpus.FAMILIES", few)
    monkeypatch.setattr("combkit.neural.forge.labels._LOOKS", (0.1,))
    words = ["train", "forge-gap", "--out", tmp_path, "--instances", 3]
    done = cli(*words, "--seconds", 1)
    assert done.code == 0, done.err
    assert (tmp_path / "forge-gap.npz").stat().st_size < 500_000


def test_hints_are_printed_and_written(cli, tmp_path, model):
    out = tmp_path / "hints.json"
    done = cli("hints", model, "-o", str(out))
    assert done.code == 0
    rows = json.loads(out.read_text())["hints"]
    assert f"{len(rows)} hints for" in done.out
    chances = [row["chance"] for row in rows]
    assert chances == sorted(chances, reverse=True) and chances[-1] >= 0.5
    sure = cli("hints", model, "--sure", "0.9", "--json")
    kept = json.loads(sure.out)["hints"]
    assert kept == [row for row in rows if row["chance"] >= 0.9]


def test_hints_solve(cli, model):
    done = cli("hints", model, "--solve", "--then", "scip", "--json")
    result = json.loads(done.out)
    assert (done.code, result["status"], result["solver"]) == (
        *(0, "optimal"),
        "forge-hints",
    )


def test_hints_are_learned_from_the_command_line(cli, tmp_path, monkeypatch):
    pytest.importorskip("torch", reason="needs the extra 'neural'")
    from combkit.instances.generators import programs
    from combkit.neural.forge import hint_train

    few = {name: programs.FAMILIES[name] for name in ("set-cover", "auction")}
    monkeypatch.setattr("combkit.neural.forge.corpus.FAMILIES", few)
    monkeypatch.setattr(hint_train, "_EPOCHS", 3)
    words = ["train", "forge-hints", "--out", tmp_path, "--instances", 2]
    done = cli(*words, "--seconds", 0.5)
    assert done.code == 0, done.err
    first = (tmp_path / "forge-hints.npz").read_bytes()
    solved = len(list((tmp_path / "solutions").iterdir()))
    assert solved == 8
    # What is solved is not solved again, and the same is learned from it.
    assert cli(*words, "--seconds", 100).code == 0
    with (
        np.load(tmp_path / "forge-hints.npz") as again,
        np.load(io.BytesIO(first)) as before,
    ):
        assert (again["weight0"] == before["weight0"]).all()


@pytest.fixture
def batch(cli, tmp_path):
    """Return the results of two solvers on three programs."""
    spec = tmp_path / "small.toml"
    spec.write_text(
        '[limits]\ntime = 2\n[[instances]]\ngenerate = "mip"\nn = [20, 25, 30]\n'
        'suffix = "mps"\nparams = {family = "auction"}\n'
        '[[solver]]\nname = "highs"\n[[solver]]\nname = "scip"\n'
    )
    store = tmp_path / "small.bench"
    done = cli("bench", "run", spec, "-o", store, "--quiet")
    assert done.code == 0, done.err
    return store


def test_solvers_are_recommended_from_a_batch(cli, tmp_path, batch, model):
    done = cli("train", "forge-recommend", "--store", batch, "--out", tmp_path / "out")
    assert done.code == 0, done.err
    assert "3 programs, 2 solvers" in done.err
    table = tmp_path / "out" / "forge-recommend.npz"
    told = json.loads(cli("recommend", model, "--table", table, "--json").out)
    assert {row["solver"] for row in told["ranking"]} == {"highs", "scip"}
    assert all("auction" in row["name"] for row in told["like"])
    solved = cli("recommend", model, "--table", table, "--run", "--json")
    first = told["ranking"][0]["solver"]
    result = json.loads(solved.out)
    assert (solved.code, result["solver"], result["status"]) == (0, first, "optimal")
    shown = cli("recommend", model)
    assert shown.code == 0 and "expected" in shown.out


def test_tables_of_solvers_need_programs(cli, tmp_path, model):
    out = tmp_path / "out"
    done = cli("train", "forge-recommend", "--store", tmp_path / "no", "--out", out)
    assert done.code == 2 and "no" in done.err
    spec, store = tmp_path / "tours.toml", tmp_path / "tours.bench"
    spec.write_text(
        '[limits]\ntime = 2\n[[instances]]\ngenerate = "tsp"\nn = 5\n'
        '[[solver]]\nname = "greedy"\n'
    )
    assert cli("bench", "run", spec, "-o", store, "--quiet").code == 0
    done = cli("train", "forge-recommend", "--store", store, "--out", out)
    assert done.code == 2 and "no program on which all solvers" in done.err
    assert not out.exists()
    done = cli("recommend", model, "--table", tmp_path / "none.npz")
    assert done.code == 2 and "no such table of solvers" in done.err
