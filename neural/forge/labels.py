"""Programs with their proven integrality gaps, to learn from."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from combkit.comb.solve import solve
from combkit.instances.mip import MIP
from combkit.neural.forge.corpus import Drawn, draw
from combkit.neural.forge.probe import Probe, gap, probe

__all__ = ["Labelled", "collect", "provable"]

#: Sizes of the programs, of the usual sizes.
_SMALLEST, _LARGEST = 0.4, 0.45
#: Largest gap of a solution that counts as the optimum: what is learned is larger.
_PROVEN = 0.01
#: Seconds of the looks at the root: short ones leave as much open as long ones do of
#: larger programs.
_LOOKS = (0.1, 0.3, 1.0)


class Labelled(NamedTuple):
    """A program with its integrality gap.

    Parameters
    ----------
    drawn : Drawn
        The program.
    looks : tuple of Probe
        What the root says after some time, after more, and after a second.
    gap : float
        Distance of optimum and relaxation, relative to the larger.
    """

    drawn: Drawn
    looks: tuple[Probe, ...]
    gap: float


def provable(count: int, seed: int) -> Iterator[Drawn]:
    """Draw programs whose optima can be proven in seconds, most of them.

    Parameters
    ----------
    count : int
        Programs of each structure.
    seed : int
        Seed of the first of each.
    """
    return draw(count, seed, smallest=_SMALLEST, largest=_LARGEST)


def collect(
    programs: Iterable[Drawn], seconds: float, path: Path
) -> Iterator[Labelled]:
    """Yield those of some programs whose optimum is proven in time, with their gaps.

    Parameters
    ----------
    programs : iterable of Drawn
        The programs, of different names.
    seconds : float
        Time limit of each; proven is a gap of 1 % at most.
    path : Path
        File of lines of JSON, one a program: what is there is not solved again.
    """
    done: dict[str, dict[str, Any]] = {}
    if path.exists():
        for line in path.read_text().splitlines():
            # An interrupt may have torn the last line.
            with contextlib.suppress(ValueError):
                row = json.loads(line)
                done[row["name"]] = row
    for drawn in programs:
        found = done.get(drawn.program.name)
        if found is None:
            found = {"name": drawn.program.name, **_solved(drawn.program, seconds)}
            with path.open("a") as stream:
                stream.write(json.dumps(found) + "\n")
        if found.get("looks"):
            looks = (
                Probe(**{**look, "numbers": np.array(look["numbers"])})
                for look in found["looks"]
            )
            yield Labelled(drawn, tuple(looks), found["gap"])


def _solved(program: MIP, seconds: float) -> dict[str, Any]:
    """Return what is learned from a program; nothing if its optimum is not proven."""
    result = solve(program, "highs", time_limit=seconds, gap=_PROVEN / 4.0)
    if result.objective is None or result.gap is None or result.gap > _PROVEN:
        return {}
    looks = [look for time in _LOOKS if (look := probe(program, time)) is not None]
    if not looks:
        return {}
    distance = gap(looks[-1].relaxed, result.objective, program.offset)
    told = [{**asdict(look), "numbers": look.numbers.tolist()} for look in looks]
    return {"gap": distance, "looks": told}
