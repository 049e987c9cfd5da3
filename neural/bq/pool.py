"""Labelled instances on the device, refilled from a folder that still grows."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from combkit.neural.bq.base import Problem

__all__ = ["Pool"]

#: Bytes of labels that are kept on the device, for each label set.
_ROOM = 1 << 30


class Pool:
    """All labels of a problem, as tensors of fixed size of which a part is filled.

    Parameters
    ----------
    problem : Problem
        The problem.
    folder : Path
        Where shards are, and where more may appear.
    device : torch.device
        Where to keep them.
    sets : mapping of str to float, optional
        Label sets and their shares of a batch; the problem's own by default.
    room : int
        Most bytes of a label set; further shards replace the oldest.
    """

    def __init__(
        self,
        problem: Problem,
        folder: Path,
        device: torch.device,
        sets: Mapping[str, float] | None = None,
        room: int = _ROOM,
    ) -> None:
        self._problem = problem
        self._sets = problem.sets if sets is None else sets
        self._folder = folder
        self._device = device
        self._room = room
        self._seen: set[str] = set()
        self._reader = ThreadPoolExecutor(1)
        self._reading: Future[list[tuple[str, dict[str, NDArray[Any]]]]] | None = None
        self._buffers: dict[str, dict[str, Tensor]] = {}
        self._written = dict.fromkeys(self._sets, 0)
        #: Instances that may be drawn, by label set, on the device.
        self.count = {
            name: torch.zeros((), device=device, dtype=torch.float64)
            for name in self._sets
        }

    @property
    def size(self) -> dict[str, int]:
        """Number of instances by label set."""
        return {
            name: min(self._written[name], self._capacity(name)) for name in self._sets
        }

    def complete(self) -> bool:
        """Whether every label set has an instance."""
        return all(self._written.values())

    def refresh(self, *, wait: bool = False) -> None:
        """Take up what was read meanwhile; start to read what is new."""
        if self._reading is None:
            self._reading = self._reader.submit(self._read)
        if wait or self._reading.done():
            for name, arrays in self._reading.result():
                self._add(name, arrays)
            self._reading = None

    def _read(self) -> list[tuple[str, dict[str, NDArray[Any]]]]:
        found = []
        for path in sorted(self._folder.glob("*.npz")):
            name = path.name.split(".")[0]
            if name not in self._sets or path.name in self._seen:
                continue
            self._seen.add(path.name)
            with np.load(path) as shard:
                found.append((name, self._problem.decode(dict(shard))))
            # A few at a time, so that the first ones are not waited for.
            if len(found) >= 64:
                break
        return found

    def _capacity(self, name: str) -> int:
        buffers = self._buffers.get(name)
        return len(next(iter(buffers.values()))) if buffers else 0

    def _add(self, name: str, arrays: dict[str, NDArray[Any]]) -> None:
        if name not in self._buffers:
            row = sum(array[0].nbytes for array in arrays.values())
            capacity = max(1, self._room // row)
            self._buffers[name] = {
                key: torch.zeros(
                    (capacity, *array.shape[1:]),
                    dtype=torch.from_numpy(array[:0]).dtype,
                    device=self._device,
                )
                for key, array in arrays.items()
            }
        capacity = self._capacity(name)
        count = len(next(iter(arrays.values())))
        at = self._written[name] % capacity
        count = min(count, capacity - at)
        for key, array in arrays.items():
            self._buffers[name][key][at : at + count] = torch.from_numpy(
                array[:count]
            ).to(self._device)
        self._written[name] += count
        self.count[name].fill_(self.size[name])

    def draw(self, batch: int) -> list[dict[str, Tensor]]:
        """Return random instances of every label set, by its share of a batch."""
        rows = []
        left = batch
        names = list(self._sets)
        for k, name in enumerate(names):
            last = k == len(names) - 1
            part = left if last else round(batch * self._sets[name])
            left -= part
            count = self.count[name]
            chance = torch.rand(part, device=self._device, dtype=torch.float64)
            index = (chance * count).long().clamp(min=0)
            rows.append(
                {key: buffer[index] for key, buffer in self._buffers[name].items()}
            )
        return rows
