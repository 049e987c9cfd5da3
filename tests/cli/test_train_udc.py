"""``combkit train udc``: trains, goes on, refuses."""

import pytest

pytest.importorskip("torch", reason="needs the extra 'neural'")

from combkit.comb.solve import solve
from combkit.instances.errors import InstanceFormatError
from combkit.instances.formats import write
from combkit.instances.generators import generate
from combkit.instances.stop import MaxIterations
from combkit.neural.udc.heatmap import heatmap_of


def test_training_from_the_command_line_goes_on(cli, tmp_path) -> None:
    out = tmp_path / "run"
    own = tmp_path / "own.json"
    write(generate("op", 25, seed=3), own)
    words = ("train", "udc", "op", "--minutes", "0.15", "--nodes", "20,30")
    done = cli(*words, "--out", out, "--data", own)
    assert done.code == 0, done.err
    weights = out / "udc-op.safetensors"
    assert weights.exists()
    again = cli(*words, "--out", out, "--data", own)
    assert again.code == 0, again.err
    problem = generate("op", 60, seed=1)
    result = solve(
        problem,
        "udc",
        stop=MaxIterations(4),
        divider="neural",
        weights=str(weights),
    )
    assert not problem.check(result.solution)
    assert result.objective > 0
    with pytest.raises(InstanceFormatError, match="weights for op, not pctsp"):
        heatmap_of(generate("pctsp", 30, seed=1), str(weights), "cpu")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("tsp", "--minutes", "0"), "--minutes 0: more than 0"),
        (("tsp", "--nodes", "9,5"), "--nodes 9,5"),
        (("tsp", "--nodes", "many"), "two numbers"),
        (("tsp", "--data", "none*.tsp"), "no such file"),
        (("tsp", "--init", "missing.safetensors"), "no such weights"),
    ],
)
def test_wrong_arguments(cli, tmp_path, words, message) -> None:
    done = cli("train", "udc", *words, "--out", tmp_path / "run")
    assert done.code == 2
    assert message in done.err
