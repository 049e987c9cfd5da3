"""The trained network without torch: what runs when a program is embedded."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import InstanceFormatError
from combkit.neural.forge.archive import read, write
from combkit.neural.forge.graphs import Graph
from combkit.neural.shipped import weights_file

__all__ = ["FORMAT", "Encoder", "Encoding", "encoder_of", "shipped"]

Floats = NDArray[np.float32]

#: Version of features and network; older weights do not fit newer code.
FORMAT = "forge-1"
#: Scaled features are cut off here.
_FAR = 4.0


class Encoding(NamedTuple):
    """What the network makes of a program.

    Parameters
    ----------
    row_codes, column_codes : ndarray of int, shapes (m,) and (n,)
        Code of each row of the canonical form, and of each column.
    row_states, column_states : ndarray of float32, shapes (m, d) and (n, d)
        Their states of unit length, before they become codes.
    """

    row_codes: NDArray[np.int64]
    column_codes: NDArray[np.int64]
    row_states: Floats
    column_states: Floats


@dataclass(frozen=True, eq=False)
class Encoder:
    """A trained network, as arrays.

    Parameters
    ----------
    arrays : mapping of str to ndarray of float32
        Weights by their names in ``ForgeNetwork``, and the scales of statistics.
    card : dict
        Data, seed, command, time, hardware and measured quality.
    """

    arrays: Mapping[str, Floats]
    card: dict[str, Any]

    @property
    def rounds(self) -> int:
        """Times that messages go to the rows and back."""
        return sum(name.startswith("steps.") for name in self.arrays) // 4

    @property
    def codes(self) -> int:
        """Number of codes of the rows, and of the columns."""
        return int(self.arrays["books.0.book"].shape[0])

    @cached_property
    def mark(self) -> str:
        """A hash of the weights: vectors of different ones do not compare."""
        digest = hashlib.sha256(FORMAT.encode())
        for name in sorted(self.arrays):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(self.arrays[name]).tobytes())
        return digest.hexdigest()[:12]

    def encode(self, graph: Graph) -> Encoding:
        """Return codes and states of a program's rows and columns.

        Parameters
        ----------
        graph : Graph
            The program.
        """
        h = [
            self._norm(
                k, np.maximum(self._linear(f"enter.{k}", self._scaled(k, part)), 0.0)
            )
            for k, part in enumerate(graph[:2])
        ]
        for k in range(2 * self.rounds):
            side = k % 2
            other = h[1 - side]
            plain, by_entry = graph[2 + 2 * side : 4 + 2 * side]
            weight = self.arrays[f"steps.{k}.weight"].T
            width = other.shape[1]
            seen = h[side] @ weight[:width]
            # Narrow before the sparse products: they cost most.
            seen += plain @ (other @ weight[width : 2 * width])
            seen += by_entry @ (other @ weight[2 * width :])
            seen += self.arrays[f"steps.{k}.bias"]
            h[side] = self._norm(k + 2, h[side] + np.maximum(seen, 0.0))
        codes, states = [], []
        for k, part in enumerate(h):
            left = part @ self.arrays[f"leave.{k}.weight"].T
            length = np.linalg.norm(left, axis=1, keepdims=True)
            states.append(left / np.maximum(length, 1e-12))
            likeness = states[k] @ self.arrays[f"books.{k}.book"].T
            codes.append(likeness.argmax(axis=1))
        return Encoding(codes[0], codes[1], states[0], states[1])

    def _scaled(self, k: int, features: Floats) -> Floats:
        mean, deviation = self.arrays["scale_columns" if k else "scale_rows"]
        scaled: Floats = np.clip((features - mean) / deviation, -_FAR, _FAR)
        return scaled

    def _linear(self, name: str, part: Floats) -> Floats:
        out: Floats = part @ self.arrays[f"{name}.weight"].T
        out += self.arrays[f"{name}.bias"]
        return out

    def _norm(self, k: int, part: Floats) -> Floats:
        part = part - part.mean(axis=1, keepdims=True)
        deviation = np.sqrt((part * part).mean(axis=1, keepdims=True) + 1e-5)
        part /= deviation
        part *= self.arrays[f"norms.{k}.weight"]
        part += self.arrays[f"norms.{k}.bias"]
        return part

    def save(self, path: Path) -> None:
        """Write the weights and their card as ``.npz``.

        Parameters
        ----------
        path : Path
            The file; replaced at once.
        """
        write(path, FORMAT, self.arrays, self.card)

    @staticmethod
    def load(path: Path) -> Encoder:
        """Read weights.

        Parameters
        ----------
        path : Path
            The file.

        Raises
        ------
        InstanceFormatError
            If it is missing, damaged or of another version.
        """
        arrays, card = read(path, FORMAT, "weights")
        encoder = Encoder(arrays, card)
        needed = {"scale_rows", "scale_columns", "scale_statistics"}
        needed |= {f"books.{k}.book" for k in range(2)}
        needed |= {f"leave.{k}.weight" for k in range(2)}
        for name, count in (
            ("enter", 2),
            ("steps", 2 * encoder.rounds),
            ("norms", 2 * encoder.rounds + 2),
        ):
            for k in range(count):
                needed |= {f"{name}.{k}.weight", f"{name}.{k}.bias"}
        if missing := sorted(needed - arrays.keys()):
            raise InstanceFormatError(
                str(path), None, f"damaged weights: no {missing[0]}"
            )
        return encoder


def encoder_of(weights: Path | None) -> Encoder:
    """Return the network of a file, the shipped one without.

    Parameters
    ----------
    weights : Path or None
        The file.

    Raises
    ------
    InstanceFormatError
        If it cannot be read.
    """
    return shipped() if weights is None else Encoder.load(weights)


@cache
def shipped() -> Encoder:
    """Return the network that comes with the package, read once.

    Raises
    ------
    InstanceFormatError
        If the installation lacks it.
    """
    with weights_file("forge.npz") as path:
        return Encoder.load(path)
