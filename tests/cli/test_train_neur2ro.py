"""combkit train neur2ro."""

import json

import pytest

pytest.importorskip("torch", reason="needs the extra 'neural'")

import combkit as ck
from combkit.neural.neur2ro.network import Config, load


def test_training_from_the_command_line_goes_on(cli, tmp_path):
    instance = tmp_path / "own.rkp"
    ck.write(ck.generate("rkp", 12, seed=1), instance)
    words = ["train", "neur2ro", "rkp", "--out", tmp_path / "out", "--instances", 20]
    words += ["--pairs", 10, "--hidden", 4, "--views", 8, "--data", instance]
    for minutes in (0.01, 0.02):
        done = cli(*words, "--minutes", minutes)
        assert done.code == 0, done.err
    weights = tmp_path / "out" / "neur2ro-rkp.safetensors"
    network, card = load(weights)
    assert network.config == Config(hidden=4, views=8)
    assert card["own"] == 1
    assert card["labels"] == 210
    assert 10 <= card["sizes"][0] <= 12  # the own one has 12 items
    assert 12 < card["sizes"][1] <= 80
    done = cli(
        *("solve", instance, "--solver", "neur2ro", "--time-limit", 2, "--json"),
        *("--param", f"weights={weights}"),
    )
    assert done.code == 0, done.err
    assert json.loads(done.out)["verified"] is True


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["kp"], "invalid choice"),
        (["rkp", "--minutes", "0"], "more than 0"),
        (["rkp", "--init", "shipped", "--views", "8"], "comes with the weights"),
        (["rkp", "--data", "none-*.rkp"], "no such file"),
        (["rkp", "--init", "none.safetensors", "--instances", "3"], "no such weights"),
    ],
)
def test_wrong_arguments_of_training(cli, tmp_path, words, said):
    done = cli("train", "neur2ro", *words, "--out", tmp_path / "out")
    assert done.code == 2
    assert said in done.err
