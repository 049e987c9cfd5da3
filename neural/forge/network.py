"""The network that is trained: messages between rows and columns, then codes.

A graph auto-encoder with a vector-quantised middle, after FORGE [1]_, with what its
published code lacks: entries that keep sign and size, separate codes of rows and
columns that start at clusters and come back when they die, and pairs of parts of one
program that are to have like codes.

References
----------
.. [1] Z. Shafi, S. Kadioglu, "FORGE: foundational optimization representations from
   graph embeddings", arXiv 2508.20330, 2025.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from combkit.neural.forge.features import COLUMN, ROW
from combkit.neural.forge.graphs import Graph

__all__ = ["Config", "ForgeNetwork", "Quantiser", "Sparse", "tensors"]


@dataclass(frozen=True, slots=True)
class Config:
    """Sizes of the network.

    Parameters
    ----------
    width : int
        Numbers that a row or a column carries.
    rounds : int
        Times that messages go to the rows and back.
    codes : int
        Codes of the rows, and of the columns.
    code_width : int
        Numbers of a code.
    """

    width: int = 48
    rounds: int = 3
    codes: int = 128
    code_width: int = 16


class Sparse:
    """A constant sparse matrix that multiplies what has gradients.

    Parameters
    ----------
    matrix : csr_array of float32
        The matrix.
    transposed : csr_array of float32
        Its transpose.
    device : torch.device
        Where it lies.
    """

    def __init__(self, matrix, transposed, device) -> None:  # type: ignore[no-untyped-def]
        with warnings.catch_warnings():
            # That these are new to torch is no news to the user.
            warnings.filterwarnings("ignore", message="Sparse CSR tensor support")
            self.matrix, self.transposed = (
                self._tensor(part, device) for part in (matrix, transposed)
            )

    @staticmethod
    def _tensor(part, device) -> Tensor:  # type: ignore[no-untyped-def]
        return torch.sparse_csr_tensor(
            torch.from_numpy(np.asarray(part.indptr, dtype=np.int64)),
            torch.from_numpy(np.asarray(part.indices, dtype=np.int64)),
            torch.from_numpy(np.asarray(part.data, dtype=np.float32)),
            size=part.shape,
            device=device,
            check_invariants=False,
        )

    def __matmul__(self, dense: Tensor) -> Tensor:
        product: Tensor = _Product.apply(dense, self)  # type: ignore[no-untyped-call]
        return product


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx, dense, sparse):  # type: ignore[no-untyped-def]
        ctx.sparse = sparse
        return sparse.matrix @ dense

    @staticmethod
    def backward(ctx, gradient):  # type: ignore[no-untyped-def]
        return ctx.sparse.transposed @ gradient.contiguous(), None


def tensors(graph: Graph, device: torch.device) -> tuple[Tensor, Tensor, list[Sparse]]:
    """Return a graph on a device: features, and its four means.

    Parameters
    ----------
    graph : Graph
        One graph, or several side by side.
    device : torch.device
        The device.
    """
    means = [Sparse(mean, mean.T.tocsr(), device) for mean in graph[2:]]
    rows, columns = (torch.from_numpy(part).to(device) for part in graph[:2])
    return rows, columns, means


class Quantiser(nn.Module):
    """Codes by the cosine, kept as running means of what they stand for.

    Parameters
    ----------
    codes, width : int
        Number and size of the codes.
    decay : float
        Of the running means.
    """

    book: Tensor
    counts: Tensor

    def __init__(self, codes: int, width: int, decay: float = 0.97) -> None:
        super().__init__()
        self.decay = decay
        self.register_buffer(
            "book", functional.normalize(torch.randn(codes, width), dim=1)
        )
        self.register_buffer("counts", torch.ones(codes))

    def start(self, states: Tensor) -> None:
        """Put the codes at clusters of states, by k-means on the sphere.

        Parameters
        ----------
        states : Tensor, shape (k, width)
            States of unit length; more than there are codes.
        """
        chosen = [int(torch.randint(len(states), ()))]
        near = states @ states[chosen[0]]
        # Far from the codes so far: k-means++.
        for _ in range(1, len(self.book)):
            far = (1.0 - near).clamp(min=0.0) ** 2 + 1e-12
            chosen.append(int(torch.multinomial(far, 1)))
            near = torch.maximum(near, states @ states[chosen[-1]])
        book = states[chosen]
        for _ in range(10):
            sums = torch.zeros_like(book)
            sums.index_add_(0, (states @ book.T).argmax(dim=1), states)
            empty = sums.norm(dim=1) < 1e-9
            book = torch.where(empty[:, None], book, functional.normalize(sums, dim=1))
        self.book.copy_(book)
        self.counts.fill_(len(states) / len(self.book))

    def forward(self, states: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return what states become, their codes and the commitment loss.

        Parameters
        ----------
        states : Tensor, shape (k, width)
            States of unit length.
        """
        likeness = states @ self.book.T
        codes = likeness.argmax(dim=1)
        chosen = self.book[codes]
        commitment = (1.0 - (states * chosen).sum(dim=1)).mean()
        if self.training:
            self._learn(states.detach(), codes)
        return states + (chosen - states).detach(), codes, commitment

    @torch.no_grad()
    def _learn(self, states: Tensor, codes: Tensor) -> None:
        counts = torch.bincount(codes, minlength=len(self.book)).to(states.dtype)
        sums = torch.zeros_like(self.book).index_add_(0, codes, states)
        weight = (1.0 - self.decay) * counts[:, None]
        kept = self.decay * self.counts[:, None] * self.book
        self.book.copy_(functional.normalize(kept + (1.0 - self.decay) * sums, dim=1))
        self.counts.mul_(self.decay).add_(weight[:, 0])
        # Codes that hardly stand for anything start anew at some state.
        dead = self.counts < 0.03 * self.counts.mean()
        if dead.any():
            at = torch.randint(len(states), (int(dead.sum()),), device=states.device)
            self.book[dead] = states[at]
            self.counts[dead] = self.counts.mean()


class ForgeNetwork(nn.Module):
    """The auto-encoder.

    Parameters
    ----------
    config : Config
        Its sizes.
    """

    scale_rows: Tensor
    scale_columns: Tensor

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        width, short = config.width, config.code_width
        for side, names in (("rows", ROW), ("columns", COLUMN)):
            # Means and deviations of the features, set from the training programs.
            scale = torch.stack([torch.zeros(len(names)), torch.ones(len(names))])
            self.register_buffer(f"scale_{side}", scale)
        self.enter = nn.ModuleList(
            nn.Linear(len(names), width) for names in (ROW, COLUMN)
        )
        self.steps = nn.ModuleList(
            nn.Linear(3 * width, width) for _ in range(2 * config.rounds)
        )
        self.norms = nn.ModuleList(
            nn.LayerNorm(width) for _ in range(2 * config.rounds + 2)
        )
        self.leave = nn.ModuleList(
            nn.Linear(width, short, bias=False) for _ in range(2)
        )
        self.books = nn.ModuleList(Quantiser(config.codes, short) for _ in range(2))
        self.decode = nn.ModuleList(
            nn.Sequential(
                nn.Linear(short, width), nn.ReLU(), nn.Linear(width, len(names) + other)
            )
            for names, other in ((ROW, len(COLUMN)), (COLUMN, len(ROW)))
        )
        self.pair = nn.Bilinear(short, short, 2)

    @property
    def quantisers(self) -> list[Quantiser]:
        """Those of the rows and of the columns."""
        return [book for book in self.books if isinstance(book, Quantiser)]

    def scaled(self, rows: Tensor, columns: Tensor) -> tuple[Tensor, Tensor]:
        """Return features of zero mean and unit deviation, far ones cut off.

        Parameters
        ----------
        rows, columns : Tensor
            Features.
        """
        parts = []
        for features, scale in ((rows, self.scale_rows), (columns, self.scale_columns)):
            parts.append(((features - scale[0]) / scale[1]).clamp(-4.0, 4.0))
        return parts[0], parts[1]

    def states(
        self, rows: Tensor, columns: Tensor, means: list[Sparse]
    ) -> tuple[Tensor, Tensor]:
        """Return the states of rows and columns, of unit length.

        Parameters
        ----------
        rows, columns : Tensor
            Scaled features.
        means : list of Sparse
            The four means of the graph.
        """
        h = [
            norm(torch.relu(enter(part)))
            for enter, norm, part in zip(
                self.enter, self.norms[:2], (rows, columns), strict=True
            )
        ]
        for k, (step, norm) in enumerate(zip(self.steps, self.norms[2:], strict=True)):
            side = k % 2
            other = h[1 - side]
            plain, by_entry = means[2 * side : 2 * side + 2]
            seen = torch.cat([h[side], plain @ other, by_entry @ other], dim=1)
            h[side] = norm(h[side] + torch.relu(step(seen)))
        found = [
            functional.normalize(leave(part), dim=1)
            for leave, part in zip(self.leave, h, strict=True)
        ]
        return found[0], found[1]
