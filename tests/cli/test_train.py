"""combkit train."""

import pytest

pytest.importorskip("torch", reason="needs the extra 'neural'")


def test_nothing_to_learn_from(cli, tmp_path) -> None:
    done = cli("train", "bq", "kp", "--minutes", "0.01", "--out", tmp_path / "out")
    assert done.code == 2
    assert "no labels 'kp'" in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["bq", "jsp"], "invalid choice"),
        (["nobody"], "invalid choice"),
        (["bq", "kp", "--minutes", "0"], "more than 0"),
        (["bq", "kp", "--init", "shipped", "--dim", "8"], "comes with the weights"),
        (["bq", "kp", "--init", "none.safetensors"], "no such weights"),
        (["bq", "kp", "--data", "none-*.kp"], "no such file"),
        (["bq", "op", "--data", __file__], "no instance files"),
    ],
)
def test_wrong_arguments(cli, tmp_path, words, said) -> None:
    done = cli("train", *words, "--out", tmp_path / "out")
    assert done.code == 2
    assert said in done.err


@pytest.mark.slow
def test_own_instances_are_learned_and_training_goes_on(cli, tmp_path) -> None:
    """From nothing, a tiny network, for moments; then from its checkpoint."""
    files = tmp_path / "my.kp"
    words = ("generate", "kp", "--n", 12, "--count", 6, "--seed", 1, "-o", files)
    assert cli(*words).code == 0
    out = tmp_path / "out"
    small = ["--dim", 8, "--depth", 1, "--heads", 1, "--hidden", 8, "--width", 14]
    for minutes in (0.01, 0.02):
        done = cli(
            *("train", "bq", "kp", "--data", tmp_path / "my-*.kp", "--out", out),
            *("--minutes", minutes, "--batch", 4, "--test", 1, *small),
        )
        assert done.code == 0
        assert '"held_out": 1' in done.out
    curve = (out / "kp.curve.json").read_text()
    assert "combkit train bq kp" in curve
    steps = [int(part.split(",")[0]) for part in curve.split('"steps": ')[2:]]
    assert steps == sorted(steps)
    weights = f"weights={out / 'kp.safetensors'}"
    done = cli(
        *("solve", tmp_path / "my-1.kp", "--solver", "bq", "--param", weights),
        *("--param", "guard=false", "--param", "effort=greedy", "--json", "--quiet"),
    )
    assert done.code == 0
    assert '"bq greedy"' in done.out
    done = cli(
        *("train", "bq", "kp", "--data", tmp_path / "my-*.kp", "--out", out),
        *("--minutes", 0.03, "--dim", 16),
    )
    assert done.code == 2
    assert "a checkpoint of another network" in done.err
