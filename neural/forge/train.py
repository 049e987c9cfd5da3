"""Training of the network: reconstruction, and parts of one program alike."""

from __future__ import annotations

import argparse
import math
import platform
import time
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from combkit.instances.errors import UsageError
from combkit.instances.formats import read
from combkit.instances.mip import MIP
from combkit.neural.devices import device_of
from combkit.neural.forge.canonical import canonical
from combkit.neural.forge.corpus import draw, part_of, view
from combkit.neural.forge.encoder import Encoder, shipped
from combkit.neural.forge.features import features
from combkit.neural.forge.graphs import Graph, join
from combkit.neural.forge.network import Config, ForgeNetwork, tensors
from combkit.neural.forge.statistics import statistics
from combkit.neural.training import resume, save_state, say

__all__ = ["run"]

#: Largest size of a drawn program, of the usual largest: learned on small, used on all.
_LARGEST = 0.7
#: Seconds between checkpoints, and steps between lines of progress.
_EVERY, _TOLD = 120.0, 50
#: Steps before there are codes, and states they start from.
_CONTINUOUS, _START = 200, 20_000
#: Entries of a batch whose existence and value are to be told.
_PAIRS = 4_096
#: Rows, and columns, of a program whose soft codes are compared.
_SEEN = 256
#: Temperatures of soft codes and of the contrast.
_SOFT, _CONTRAST = 0.1, 0.1
#: What commitment and contrast weigh.
_COMMITMENT, _ALIKE = 0.25, 2.0
#: Terms of the loss.
_TERMS = ("features", "neighbours", "entries", "commitment", "contrast")


def run(options: argparse.Namespace) -> None:
    """Train a network; ``combkit train forge`` says what the options are.

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
    programs = _programs(options)
    pool = _Pool(programs, options.views, options.seed)
    say(f"{len(programs)} programs in {time.perf_counter() - started:.1f} s")
    trainer = _Trainer(options, device, pool)
    while trainer.progress < 1.0:
        trainer.step()
    card = {
        "programs": len(programs),
        "own": len(options.files),
        "command": _command(options),
        "seed": options.seed,
        "minutes": round(trainer.spent / 60, 1),
        "steps": trainer.steps,
        "perplexity": trainer.perplexity(),
        "device": device.type,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "curve": trainer.curve,
    }
    path = options.out / "forge.npz"
    Encoder({**trainer.arrays(), **_scales(programs)}, card).save(path)
    say(f"written {path}")


def _weights(name: str) -> Encoder:
    """Return the network of a file, or the shipped one."""
    return shipped() if name == "shipped" else Encoder.load(Path(name))


def _config(options: argparse.Namespace, init: Encoder | None) -> Config:
    """Return the sizes of the network: those of given weights, or of the options."""
    if init is not None:
        return Config(
            width=int(init.arrays["enter.0.weight"].shape[0]),
            rounds=init.rounds,
            codes=init.codes,
            code_width=int(init.arrays["leave.0.weight"].shape[0]),
        )
    given = {f.name: getattr(options, f.name) for f in fields(Config)}
    return Config(**{name: value for name, value in given.items() if value})


def _programs(options: argparse.Namespace) -> list[MIP]:
    """Return what is learned from: drawn programs, then own ones."""
    programs = [
        drawn.program
        for drawn in draw(options.instances, options.seed, largest=_LARGEST)
    ]
    for file in options.files:
        problem = read(file)
        if type(problem) is not MIP:
            raise UsageError(f"--data {file}: a {problem.kind}, not a plain mip")
        programs.append(problem)
    return programs


def _command(options: argparse.Namespace) -> str:
    """Return the command of the training, without its folder."""
    names = ("minutes", "instances", "views", "batch", "rate", "threads", "seed")
    sizes = ("width", "rounds", "codes", "code_width", "init")
    given = {name: getattr(options, name) for name in (*names, *sizes)}
    words = [
        f"--{name.replace('_', '-')} {value}"
        for name, value in given.items()
        if value is not None
    ]
    return " ".join(["combkit train forge", *words])


def _scales(programs: Sequence[MIP]) -> dict[str, np.ndarray]:
    """Return means and deviations of the statistics of the programs."""
    found = []
    for program in programs:
        form = canonical(program)
        found.append(statistics(form, features(form)))
    table = np.array(found)
    deviation = table.std(axis=0)
    scale = np.stack([table.mean(axis=0), np.where(deviation < 1e-6, 1.0, deviation)])
    return {"scale_statistics": scale.astype(np.float32)}


class _Pool:
    """Graphs of parts of the programs, drawn once."""

    def __init__(self, programs: Sequence[MIP], views: int, seed: int) -> None:
        rng = np.random.default_rng([seed, 1])
        self.graphs = [
            [view(part_of(program, rng)) for _ in range(views)] for program in programs
        ]
        self.rng = rng

    def pairs(self, count: int) -> list[Graph]:
        """Return two parts of each of some programs, first ones first."""
        chosen = self.rng.choice(
            len(self.graphs), min(count, len(self.graphs)), replace=False
        )
        first, second = [], []
        for program in chosen.tolist():
            a, b = self.rng.choice(len(self.graphs[program]), 2, replace=False)
            first.append(self.graphs[program][a])
            second.append(self.graphs[program][b])
        return first + second

    def scales(self) -> list[Tensor]:
        """Return means and deviations of the features of rows and of columns."""
        scales = []
        for k in range(2):
            # Every program weighs the same, whatever its size.
            parts = [views[0][k] for views in self.graphs if len(views[0][k])]
            mean = np.mean([p.mean(axis=0) for p in parts], axis=0)
            variance = np.mean([((p - mean) ** 2).mean(axis=0) for p in parts], axis=0)
            deviation = np.maximum(np.sqrt(variance), 0.05)
            scales.append(
                torch.from_numpy(np.stack([mean, deviation]).astype(np.float32))
            )
        return scales


class _Trainer:
    """Network and optimiser, with their checkpoint in a folder."""

    def __init__(
        self, options: argparse.Namespace, device: torch.device, pool: _Pool
    ) -> None:
        self._options, self._device, self._pool = options, device, pool
        init = None if options.init is None else _weights(options.init)
        self.network = ForgeNetwork(_config(options, init))
        for name, scale in zip(("rows", "columns"), pool.scales(), strict=True):
            getattr(self.network, f"scale_{name}").copy_(scale)
        if init is not None:
            self._adopt(init)
        self.network.to(device)
        self._optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=options.rate, weight_decay=1e-4
        )
        self.spent, self.steps = 0.0, 0
        self.curve: list[list[float]] = []
        self._recent: list[list[float]] = []
        self._usage = [torch.zeros(self.network.config.codes) for _ in range(2)]
        self._path: Path = options.out / "checkpoint.pt"
        self._saved = 0.0
        if self._path.is_file():
            self._resume()

    @property
    def progress(self) -> float:
        """Part of the time that is over."""
        part: float = self.spent / (60.0 * self._options.minutes)
        return part

    def step(self) -> None:
        """Learn from one batch."""
        began = time.perf_counter()
        # Half a cosine from the given rate to nothing.
        rate = self._options.rate * 0.5 * (1.0 + math.cos(math.pi * self.progress))
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self.network.train()
        losses = self._losses(self._pool.pairs(self._options.batch))
        loss = torch.stack(losses).sum()
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self._optimizer.step()
        self.steps += 1
        self.spent += time.perf_counter() - began
        self._recent.append([float(value.detach()) for value in losses])
        if self.steps % _TOLD == 0:
            means = np.mean(self._recent, axis=0).round(4).tolist()
            self._recent.clear()
            rows, columns = self.perplexity()
            self.curve.append([round(self.spent, 1), self.steps, *means, rows, columns])
            say(
                f"{self.spent / 60:6.1f} min  step {self.steps}  "
                + "  ".join(
                    f"{term} {value:.3f}"
                    for term, value in zip(_TERMS, means, strict=True)
                )
                + f"  codes {rows:.0f} {columns:.0f}"
            )
        if self.spent - self._saved > _EVERY:
            self._checkpoint()

    def _losses(self, graphs: list[Graph]) -> list[Tensor]:
        """Return the terms of the loss of pairs of graphs."""
        network, device = self.network, self._device
        rows, columns, means = tensors(join(graphs), device)
        parts = network.scaled(rows, columns)
        states = network.states(*parts, means)
        # Given weights have their codes.
        fresh = self._options.init is None
        if fresh and self.steps == _CONTINUOUS:
            for book, side in zip(network.quantisers, states, strict=True):
                at = torch.randperm(len(side), device=device)[:_START]
                book.start(side[at].detach())
        coded, commitments = [], []
        for k, (book, side) in enumerate(zip(network.quantisers, states, strict=True)):
            if fresh and self.steps < _CONTINUOUS:
                coded.append(side)
                commitments.append(side.new_zeros(()))
                continue
            code, used, commitment = book(side)
            coded.append(code)
            commitments.append(commitment)
            counts = torch.bincount(used, minlength=len(book.book)).float().cpu()
            self._usage[k].mul_(0.98).add_(counts / counts.sum())
        neighbours = (means[0] @ parts[1], means[2] @ parts[0])
        own, around = [], []
        for decode, code, part, near in zip(
            network.decode, coded, parts, neighbours, strict=True
        ):
            told = decode(code)
            width = part.shape[1]
            own.append(functional.smooth_l1_loss(told[:, :width], part))
            around.append(functional.smooth_l1_loss(told[:, width:], near))
        return [
            own[0] + own[1],
            around[0] + around[1],
            self._entries(graphs, coded),
            _COMMITMENT * (commitments[0] + commitments[1]),
            _ALIKE * self._contrast(graphs, states),
        ]

    def _entries(self, graphs: list[Graph], coded: list[Tensor]) -> Tensor:
        """Return how badly codes tell which entries exist, and their values."""
        rng = self._pool.rng
        share = _PAIRS // len(graphs)
        at_row = at_column = 0
        rows, columns, others, values = [], [], [], []
        for graph in graphs:
            m, n = graph.to_rows.shape
            matrix = graph.to_rows_by_entry
            count = np.diff(matrix.indptr)
            if matrix.nnz:
                entry = rng.integers(matrix.nnz, size=share)
                row = np.searchsorted(matrix.indptr, entry, side="right") - 1
                rows.append(row + at_row)
                columns.append(matrix.indices[entry] + at_column)
                others.append(rng.integers(n, size=share) + at_column)
                values.append(matrix.data[entry] * count[row])
            at_row, at_column = at_row + m, at_column + n
        at, column, other, value = (
            torch.from_numpy(np.concatenate(part)).to(self._device)
            for part in (rows, columns, others, values)
        )
        here = self.network.pair(coded[0][at], coded[1][column])
        not_here = self.network.pair(coded[0][at], coded[1][other])
        exists = functional.softplus(-here[:, 0]).mean()
        missing = functional.softplus(not_here[:, 0]).mean()
        size = functional.smooth_l1_loss(here[:, 1], value.to(here.dtype))
        loss: Tensor = 0.5 * (exists + missing) + size
        return loss

    def _contrast(self, graphs: list[Graph], states: tuple[Tensor, Tensor]) -> Tensor:
        """Return how much more alike parts of one program could be than others."""
        pooled = []
        for k, (book, side) in enumerate(
            zip(self.network.quantisers, states, strict=True)
        ):
            chosen, owner, at = [], [], 0
            for number, graph in enumerate(graphs):
                size = len(graph[k])
                some = min(size, _SEEN)
                chosen.append(self._pool.rng.choice(size, some, replace=False) + at)
                owner.append(np.full(some, number))
                at += size
            where, whose = (
                torch.from_numpy(np.concatenate(part)).to(self._device)
                for part in (chosen, owner)
            )
            soft = torch.softmax(side[where] @ book.book.T / _SOFT, dim=1)
            total = soft.new_zeros(len(graphs), soft.shape[1]).index_add_(
                0, whose, soft
            )
            share = total / total.sum(dim=1, keepdim=True).clamp(min=1e-6)
            pooled.append((share + 1e-6).sqrt())
        vectors = functional.normalize(torch.cat(pooled, dim=1), dim=1)
        likeness = vectors @ vectors.T / _CONTRAST
        count = len(graphs)
        likeness.fill_diagonal_(-1e4)
        partner = (torch.arange(count, device=self._device) + count // 2) % count
        return functional.cross_entropy(likeness, partner)

    def perplexity(self) -> list[float]:
        """Return how many codes are in use, of rows and of columns."""
        found = []
        for usage in self._usage:
            share = usage / usage.sum().clamp(min=1e-12)
            entropy = -(share * (share + 1e-12).log()).sum()
            found.append(round(float(entropy.exp()), 1))
        return found

    def arrays(self) -> dict[str, np.ndarray]:
        """Return what the encoder needs."""
        return {
            name: value.detach().cpu().numpy()
            for name, value in self.network.state_dict().items()
            if not name.startswith(("decode.", "pair.")) and not name.endswith("counts")
        }

    def _adopt(self, encoder: Encoder) -> None:
        kept = {
            name: torch.from_numpy(np.asarray(value))
            for name, value in encoder.arrays.items()
            if name != "scale_statistics"
        }
        self.network.load_state_dict(kept, strict=False)

    def _checkpoint(self) -> None:
        self._saved = self.spent
        rest = {
            "spent": self.spent,
            "steps": self.steps,
            "curve": self.curve,
            "usage": self._usage,
        }
        save_state(self._path, self.network, self._optimizer, rest)

    def _resume(self) -> None:
        rest = resume(self._path, self.network, self._optimizer, self._device)
        self.spent, self.steps = rest["spent"], rest["steps"]
        self.curve, self._usage = rest["curve"], rest["usage"]
        self._saved = self.spent
        say(f"going on at {self.spent / 60:.1f} min")
