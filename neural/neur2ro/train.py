"""Training of the value network: labels in seconds, then least squares in minutes."""

from __future__ import annotations

import argparse
import math
import platform
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from combkit.instances.errors import UsageError
from combkit.instances.formats import read
from combkit.instances.robust.knapsack import RobustKnapsack
from combkit.neural.devices import device_of
from combkit.neural.neur2ro.labels import Labels, collect, draw_instances
from combkit.neural.neur2ro.model import shipped
from combkit.neural.neur2ro.network import Config, ValueNetwork, load, save
from combkit.neural.training import resume, save_state, say

__all__ = ["run"]

#: Part of the instances that is for tests only.
_HELD_OUT = 0.1
#: Seconds between checkpoints.
_EVERY = 60.0


@dataclass(frozen=True, slots=True)
class _Data:
    """Tensors of some labels."""

    features: Tensor
    accepted: Tensor
    values: Tensor

    def rows(self, at: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return a batch without the padding that all of it has."""
        accepted = self.accepted[at]
        width = max(1, int((accepted > 0).sum(dim=1).max()))
        return self.features[at, :width], accepted[:, :width], self.values[at]


def run(options: argparse.Namespace) -> None:
    """Train a network; ``combkit train neur2ro`` says what the options are.

    Parameters
    ----------
    options : Namespace
        The options.
    """
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    device = device_of(options.device)
    options.out.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    rng = np.random.default_rng(options.seed)
    problems = _problems(options, rng)
    labels = collect(problems, options.pairs, rng)
    seconds = time.perf_counter() - started
    say(f"{labels.values.size} labels in {seconds:.1f} s")
    train, test = _split(labels, device, options.seed)
    trainer = _Trainer(options, device)
    while trainer.progress < 1.0:
        trainer.epoch(train)
        error = trainer.error(test)
        say(
            f"{trainer.spent / 60:6.1f} min  epoch {trainer.epochs}  "
            f"mean error {error:.5f} of the outsourcing costs"
        )
    card = {
        "problem": options.problem,
        "labels": int(labels.values.size),
        "label_seconds": round(seconds, 1),
        "instances": options.instances,
        "own": len(options.files),
        "sizes": [min(p.n for p in problems), max(p.n for p in problems)],
        "seed": options.seed,
        "minutes": round(trainer.spent / 60, 1),
        "epochs": trainer.epochs,
        "mean_error": trainer.error(test),
        "init": options.init,
        "device": device.type,
        "python": platform.python_version(),
        "torch": torch.__version__,
    }
    path = options.out / f"neur2ro-{options.problem}.safetensors"
    save(trainer.network, path, card)
    say(f"written {path}")


def _problems(
    options: argparse.Namespace, rng: np.random.Generator
) -> list[RobustKnapsack]:
    """Return what is learned from: drawn instances, then own ones."""
    problems: list[RobustKnapsack] = list(draw_instances(options.instances, rng))
    for file in options.files:
        problem = read(file)
        if not isinstance(problem, RobustKnapsack):
            raise UsageError(f"--data {file}: a {problem.kind}, not a rkp")
        problems.append(problem)
    return problems


def _split(labels: Labels, device: torch.device, seed: int) -> tuple[_Data, _Data]:
    """Return labels to learn from and to test on, of different instances."""
    count = int(labels.instances.max()) + 1
    order = np.random.default_rng([seed, 1]).permutation(count)
    held = np.isin(labels.instances, order[: max(1, int(_HELD_OUT * count))])
    parts = []
    for mine in (~held, held):
        arrays = (labels.features[mine], labels.accepted[mine], labels.values[mine])
        parts.append(_Data(*(torch.from_numpy(a).to(device) for a in arrays)))
    return parts[0], parts[1]


class _Trainer:
    """Network and optimiser, with their checkpoint in a folder."""

    def __init__(self, options: argparse.Namespace, device: torch.device) -> None:
        self._options, self._device = options, device
        self.network = self._begin().to(device)
        self._optimizer = torch.optim.Adam(self.network.parameters(), lr=options.rate)
        self.spent, self.epochs = 0.0, 0
        self._path: Path = options.out / "checkpoint.pt"
        self._saved = 0.0
        if self._path.is_file():
            self._resume()

    @property
    def progress(self) -> float:
        """Part of the time that is over."""
        part: float = self.spent / (60.0 * self._options.minutes)
        return part

    def _begin(self) -> ValueNetwork:
        options = self._options
        if options.init is not None:
            if options.init == "shipped":
                return shipped(options.problem)[0]
            return load(Path(options.init))[0]
        sizes = {
            name: getattr(options, name)
            for name in ("hidden", "views")
            if getattr(options, name)
        }
        return ValueNetwork(Config(**sizes))

    def epoch(self, data: _Data) -> None:
        """Learn from all labels once, or until the time is over."""
        options, count = self._options, data.values.numel()
        self.network.train()
        order = torch.randperm(count, device=self._device)
        for at in torch.split(order, options.batch):
            began = time.perf_counter()
            # Half a cosine from the given rate to nothing.
            rate = options.rate * 0.5 * (1.0 + math.cos(math.pi * self.progress))
            for group in self._optimizer.param_groups:
                group["lr"] = rate
            features, accepted, values = data.rows(at)
            loss = (self.network(features, accepted) - values).square().mean()
            self._optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self._optimizer.step()
            self.spent += time.perf_counter() - began
            if self.progress >= 1.0:
                break
            if self.spent - self._saved > _EVERY:
                self._checkpoint()
        self.epochs += 1

    @torch.no_grad()
    def error(self, data: _Data) -> float:
        """Return the mean absolute error on some labels."""
        self.network.eval()
        total, count = 0.0, data.values.numel()
        for at in torch.split(torch.arange(count, device=self._device), 4_096):
            features, accepted, values = data.rows(at)
            total += float((self.network(features, accepted) - values).abs().sum())
        return total / count

    def _checkpoint(self) -> None:
        self._saved = self.spent
        rest = {"spent": self.spent, "epochs": self.epochs}
        save_state(self._path, self.network, self._optimizer, rest)

    def _resume(self) -> None:
        rest = resume(self._path, self.network, self._optimizer, self._device)
        self.spent, self.epochs = rest["spent"], rest["epochs"]
        self._saved = self.spent
        say(f"going on at {self.spent / 60:.1f} min")
