"""Training of the learned rule: it learns, stops, and goes on."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'neural'")

from combkit.cli.main import run as run_command  # noqa: E402
from combkit.comb.solve import solve  # noqa: E402
from combkit.instances.formats import write  # noqa: E402
from combkit.instances.generators import generate  # noqa: E402
from combkit.neural.dispatch.checkpoint import load, load_policy  # noqa: E402
from combkit.neural.dispatch.policy import PolicyConfig  # noqa: E402
from combkit.neural.dispatch.train import TrainConfig, Trainer  # noqa: E402

SMALL = {("jsp", 4, 3): 1.0, ("rcpsp", 12, 2): 1.0}
NETWORK = PolicyConfig(width=8, layers=1, head=8)


def trained(out, rounds: int, limit: int) -> Trainer:
    """Run until round ``rounds`` of a training planned for ``limit`` rounds."""
    config = TrainConfig(
        minutes=1e6, iterations=limit, instances=3, samples=4, updates=1, improve=50
    )
    trainer = Trainer(
        out, config, network=NETWORK, device=torch.device("cpu"), shapes=SMALL
    )
    planned = Trainer.progress

    class Cut(Trainer):
        progress = property(
            lambda self: 1.0 if self.iteration >= rounds else planned.fget(self)
        )

    trainer.__class__ = Cut
    trainer.run()
    return trainer


def test_resumed_training_is_the_same(tmp_path) -> None:
    """Two halves give the weights of a training without interruption."""
    trained(tmp_path / "whole", 6, 6)
    trained(tmp_path / "halves", 3, 6)
    trained(tmp_path / "halves", 6, 6)
    whole, _ = load(tmp_path / "whole" / "state.safetensors")
    halves, card = load(tmp_path / "halves" / "state.safetensors")
    assert card["iteration"] == 6
    assert whole.keys() == halves.keys()
    for name, tensor in whole.items():
        torch.testing.assert_close(tensor, halves[name], msg=name)


def test_weights_and_card(tmp_path) -> None:
    """The weights load without pickle, and say how they came about."""
    trained(tmp_path, 2, 2)
    policy, card = load_policy(tmp_path / "dispatch.safetensors")
    assert policy.config == NETWORK
    assert card["iteration"] == 2
    assert card["settings"]["seed"] == 0
    assert set(card["watched_over_best_static_rule"]) == {"jsp", "rcpsp"}
    rows = (tmp_path / "curve.csv").read_text().splitlines()
    assert rows[0].startswith("seconds,iteration,shape,loss")
    assert np.isfinite(float(rows[-2].split(",")[3]))


def test_the_command_learns_from_own_instances(tmp_path) -> None:
    """Half of the rounds are theirs; the weights can be used at once."""
    shop = generate("fjsp", 4, seed=0, machines=3)
    write(shop, tmp_path / "a.fjs")
    words = "--classes jsp --largest 36 --iterations 3 --instances 2 --samples 2"
    words += f" --init shipped --data {tmp_path}/*.fjs --out {tmp_path}/run --seed 1"
    assert run_command(["train", "dispatch", *words.split()]) == 0
    rows = (tmp_path / "run" / "curve.csv").read_text().splitlines()
    assert (
        {"fjspx0x0"}
        <= {row.split(",")[2] for row in rows}
        <= {*("shape", "-", "fjspx0x0", "jspx6x6")}
    )
    weights = str(tmp_path / "run" / "dispatch.safetensors")
    result = solve(shop, "learned-dispatch", samples=2, guard=False, weights=weights)
    assert shop.check(result.solution) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--minutes 0", "--minutes 0: more than 0"),
        ("--classes kp", "--classes kp: not one of"),
        ("--data nothing/*", "no such file"),
        ("--init shipped --width 8", "comes with the weights"),
        ("--largest 1", "nothing to draw"),
    ],
)
def test_the_command_names_what_is_wrong(tmp_path, capsys, words, message) -> None:
    """Bad arguments end in one line."""
    assert run_command(["train", "dispatch", "--out", str(tmp_path), *words.split()])
    assert message in capsys.readouterr().err
