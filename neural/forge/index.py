"""Collections of embedded programs, to find those like a new one in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import InstanceFormatError, UsageError
from combkit.neural.forge.archive import read, write
from combkit.neural.forge.embedding import Embedding, scaled_statistics
from combkit.neural.forge.encoder import Encoder, shipped
from combkit.neural.forge.signature import signature
from combkit.neural.forge.statistics import NAMES
from combkit.neural.shipped import weights_file

__all__ = ["Index", "Match", "shipped_index"]

#: Version of the file.
_VERSION = "forge-index-1"


@dataclass(frozen=True, slots=True)
class Match:
    """A program of an index that is like another.

    Parameters
    ----------
    name : str
        Its name.
    group : str
        What it belongs to, e.g. its family; empty where nobody said.
    cosine : float
        Likeness of the embeddings, 1 for the same.
    same : bool
        Whether it is the same program but for how it is written.
    agree : tuple of str
        The statistics that speak most for the likeness.
    size : tuple of int
        Its rows, columns and entries in canonical form.
    """

    name: str
    group: str
    cosine: float
    same: bool
    agree: tuple[str, ...]
    size: tuple[int, int, int]


class Index:
    """Embedded programs, all by one network.

    Parameters
    ----------
    encoder : Encoder, optional
        The network; the one of the package without.
    """

    def __init__(self, encoder: Encoder | None = None) -> None:
        self._encoder = shipped() if encoder is None else encoder
        self.names: list[str] = []
        self.groups: list[str] = []
        self._signatures: list[str] = []
        self._sizes: list[tuple[int, int, int]] = []
        self._vectors: list[NDArray[np.float32]] = []
        self._statistics: list[NDArray[np.float32]] = []

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(zip(self.names, self.groups, strict=True))

    def add(self, embedding: Embedding, name: str = "", group: str = "") -> None:
        """Add a program.

        Parameters
        ----------
        embedding : Embedding
            Made with the network of the index.
        name : str
            Its name; that of the program without.
        group : str
            What it belongs to, e.g. its family.

        Raises
        ------
        UsageError
            If there is one of that name, or none.
        """
        name = name or embedding.name
        if not name:
            raise UsageError("name: a program without one needs it here")
        if name in self.names:
            raise UsageError(f"name: {name!r} is in the index already")
        form = embedding.form
        self.names.append(name)
        self.groups.append(group)
        self._signatures.append(signature(form))
        self._sizes.append((form.m, form.n, int(form.A.nnz)))
        self._vectors.append(embedding.vector.astype(np.float32))
        self._statistics.append(embedding.statistics.astype(np.float32))

    def similar(self, embedding: Embedding, k: int = 5, agree: int = 3) -> list[Match]:
        """Return the programs most like another, the most alike first.

        Parameters
        ----------
        embedding : Embedding
            Made with the network of the index.
        k : int
            Number of programs.
        agree : int
            Number of statistics that are named.
        """
        if not self.names:
            return []
        cosines = np.array(self._vectors) @ embedding.vector
        mark = signature(embedding.form)
        scaled = scaled_statistics(self._encoder, embedding.statistics)
        matches = []
        for i in np.argsort(-cosines, kind="stable")[:k].tolist():
            theirs = scaled_statistics(self._encoder, self._statistics[i])
            # Unusual in the same way counts most: what they share of each product.
            shared = scaled * theirs - (scaled - theirs) ** 2
            best = np.argsort(-shared, kind="stable")[:agree]
            matches.append(
                Match(
                    name=self.names[i],
                    group=self.groups[i],
                    cosine=float(min(1.0, cosines[i])),
                    same=self._signatures[i] == mark,
                    agree=tuple(NAMES[j] for j in best if shared[j] > 0.0),
                    size=self._sizes[i],
                )
            )
        return matches

    def save(self, path: Path) -> None:
        """Write the index, replacing the file at once.

        Parameters
        ----------
        path : Path
            The file, ``.npz``.
        """
        arrays = {
            "names": np.array(self.names, dtype=np.str_),
            "groups": np.array(self.groups, dtype=np.str_),
            "signatures": np.array(self._signatures, dtype=np.str_),
            "sizes": np.array(self._sizes, dtype=np.int64).reshape(-1, 3),
            "vectors": _table(self._vectors),
            "statistics": _table(self._statistics),
        }
        write(path, _VERSION, arrays, {"weights": self._encoder.mark})

    @classmethod
    def load(cls, path: Path, encoder: Encoder | None = None) -> Index:
        """Read an index.

        Parameters
        ----------
        path : Path
            The file.
        encoder : Encoder, optional
            The network that it was made with; the one of the package without.

        Raises
        ------
        InstanceFormatError
            If it is missing, damaged, of another version or made with other weights.
        """
        arrays, card = read(path, _VERSION, "index")
        index = cls(encoder)
        made = card.get("weights") if isinstance(card, dict) else None
        if made != index._encoder.mark:
            raise InstanceFormatError(
                str(path),
                None,
                f"made with weights {made}, not {index._encoder.mark}: add its "
                "programs to a new index, or name those weights",
            )
        try:
            index._fill(arrays)
        except (KeyError, ValueError) as error:
            raise InstanceFormatError(
                str(path), None, f"damaged index: {error}"
            ) from None
        return index

    def _fill(self, arrays: dict[str, NDArray[Any]]) -> None:
        self.names = _strings(arrays["names"])
        self.groups = _strings(arrays["groups"])
        self._signatures = _strings(arrays["signatures"])
        self._sizes = [tuple(row) for row in arrays["sizes"].tolist()]
        self._vectors = list(arrays["vectors"].astype(np.float32))
        self._statistics = list(arrays["statistics"].astype(np.float32))
        parts = (self.groups, self._signatures, self._sizes, self._vectors)
        for part in (*parts, self._statistics):
            if len(part) != len(self.names):
                raise ValueError("parts of different lengths")
        if self.names and not (
            arrays["vectors"].shape[1] == 2 * self._encoder.codes + len(NAMES)
            and arrays["statistics"].shape[1] == len(NAMES)
            and np.isfinite(arrays["vectors"]).all()
        ):
            raise ValueError("vectors of another kind")


def shipped_index() -> Index:
    """Return the index that comes with the package: generated programs, by family.

    Raises
    ------
    InstanceFormatError
        If the installation lacks it.
    """
    with weights_file("forge-index.npz") as path:
        return Index.load(path)


def _strings(values: Iterable[Any]) -> list[str]:
    return [str(value) for value in values]


def _table(rows: Sequence[NDArray[np.float32]]) -> NDArray[np.float16]:
    """Return rows as a table of half precision, for which cosines are exact enough."""
    return np.array(rows, dtype=np.float16).reshape(len(rows), -1)
