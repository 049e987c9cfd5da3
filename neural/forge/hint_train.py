"""Training of the hints: the chance that a variable keeps its rounded value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from combkit.neural.forge.encoder import Encoder
from combkit.neural.forge.hint_labels import Solved
from combkit.neural.forge.hints import View, scaled, view_of

__all__ = ["Example", "example_of", "fit"]

Floats = NDArray[np.float64]

#: Columns of a program that are learned from in an epoch.
_COLUMNS = 512
_EPOCHS, _BATCH, _RATE = 300, 16, 2e-3
_WIDTH = 64
#: Part of the programs whose chances calibrate.
_HELD = 0.2
#: Bins of the calibration, equally filled.
_BINS = 24


class Example(NamedTuple):
    """What is learned from a program.

    Parameters
    ----------
    inputs : ndarray of float, shape (k, f)
        What is known of its integer variables.
    kept : ndarray of float, shape (k,)
        Weight of the good solutions in which each is where the relaxation rounds to.
    """

    inputs: Floats
    kept: Floats


def example_of(solved: Solved, encoder: Encoder, seconds: float) -> Example | None:
    """Return what is learned from a program with good solutions.

    Parameters
    ----------
    solved : Solved
        The program.
    encoder : Encoder
        The network that gives columns their states.
    seconds : float
        Time limit of the relaxation.

    Returns
    -------
    Example or None
        None without a relaxation, or without integer variables.
    """
    view = view_of(solved.drawn.program, encoder, seconds)
    if view is None or not view.columns.size:
        return None
    return Example(view.inputs, kept(view, solved))


def kept(view: View, solved: Solved) -> Floats:
    """Return the weight of solutions in which columns are where they round to."""
    same = np.abs(solved.points[:, view.columns] - view.values) < 0.5
    part: Floats = solved.weights @ same
    return part


def fit(examples: Sequence[Example], seed: int) -> dict[str, NDArray[Any]]:
    """Return the arrays of a hint model.

    Parameters
    ----------
    examples : sequence of Example
        At least five.
    seed : int
        Seed of weights and of what is drawn.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(examples))
    cut = max(1, round(_HELD * len(examples)))
    held, learned = ([examples[i] for i in part] for part in (order[:cut], order[cut:]))
    every = np.concatenate([e.inputs for e in learned])
    scale = np.stack([every.mean(axis=0), every.std(axis=0) + 1e-6])
    network = torch.nn.Sequential(
        torch.nn.Linear(every.shape[1], _WIDTH),
        torch.nn.ReLU(),
        torch.nn.Linear(_WIDTH, _WIDTH),
        torch.nn.ReLU(),
        torch.nn.Linear(_WIDTH, 1),
    )
    steps = _EPOCHS * -(-len(learned) // _BATCH)
    optimizer = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    ready = [(_scaled(e.inputs, scale), torch.tensor(e.kept).float()) for e in learned]
    for _ in range(_EPOCHS):
        shuffled = rng.permutation(len(ready))
        for k in range(0, shuffled.size, _BATCH):
            _step(network, optimizer, [ready[i] for i in shuffled[k : k + _BATCH]], rng)
            schedule.step()
    arrays: dict[str, NDArray[Any]] = {"scale": scale}
    linear = [layer for layer in network if isinstance(layer, torch.nn.Linear)]
    for k, layer in enumerate(linear):
        arrays[f"weight{k}"] = layer.weight.detach().numpy()
        arrays[f"bias{k}"] = layer.bias.detach().numpy()
    with torch.no_grad():
        logits = [network(_scaled(e.inputs, scale))[:, 0].numpy() for e in held]
    arrays["calibration"] = _calibration(
        np.concatenate(logits).astype(np.float64),
        np.concatenate([e.kept for e in held]),
    )
    return arrays


def _scaled(inputs: Floats, scale: Floats) -> Tensor:
    return torch.from_numpy(scaled(inputs, scale))


def _step(
    network: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    batch: Sequence[tuple[Tensor, Tensor]],
    rng: np.random.Generator,
) -> None:
    """Take a step on columns of some programs, each of the same weight."""
    inputs, targets = [], []
    for known, part in batch:
        picked = rng.integers(0, len(part), _COLUMNS)
        inputs.append(known[picked])
        targets.append(part[picked])
    logits = network(torch.cat(inputs))[:, 0]
    loss = torch.nn.functional.binary_cross_entropy_with_logits(
        logits, torch.cat(targets)
    )
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def _calibration(logits: Floats, kept: Floats) -> Floats:
    """Return logits and the chances that belong to them, both ascending."""
    order = np.argsort(logits, kind="stable")
    bins = np.array_split(order, _BINS)
    at = np.array([logits[b].mean() for b in bins if b.size])
    chance = np.array([kept[b].mean() for b in bins if b.size])
    count = np.array([float(b.size) for b in bins if b.size])
    # Pool neighbours until the chances ascend (isotonic regression).
    pools: list[list[float]] = []
    for value, weight in zip(chance.tolist(), count.tolist(), strict=True):
        pools.append([value, weight, 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            last = pools.pop()
            total = pools[-1][1] + last[1]
            mean = (pools[-1][0] * pools[-1][1] + last[0] * last[1]) / total
            pools[-1] = [mean, total, pools[-1][2] + last[2]]
    rising = np.concatenate([np.full(int(k), value) for value, _, k in pools])
    return np.stack([at, rising])
