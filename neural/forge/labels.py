"""Programs with their proven integrality gaps, to learn from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from combkit.comb.solve import solve
from combkit.neural.forge.corpus import Drawn
from combkit.neural.forge.embedding import Embedding, embed
from combkit.neural.forge.encoder import Encoder
from combkit.neural.forge.probe import Probe, gap, probe

__all__ = ["Labelled", "label"]

#: Largest gap of a solution that counts as the optimum: what is learned is larger.
_PROVEN = 0.01


class Labelled(NamedTuple):
    """A program with its integrality gap.

    Parameters
    ----------
    drawn : Drawn
        The program.
    embedding : Embedding
        Its embedding.
    probe : Probe
        What the root says.
    gap : float
        Distance of optimum and relaxation, relative to the larger.
    """

    drawn: Drawn
    embedding: Embedding
    probe: Probe
    gap: float


def label(
    programs: Iterable[Drawn], seconds: float, encoder: Encoder
) -> Iterator[Labelled]:
    """Yield those of some programs whose optimum is proven in time, with their gaps.

    Parameters
    ----------
    programs : iterable of Drawn
        The programs.
    seconds : float
        Time limit of each; proven is a gap of 1 % at most.
    encoder : Encoder
        The network that embeds them.
    """
    for drawn in programs:
        known = probe(drawn.program)
        if known is None:
            continue
        result = solve(drawn.program, "highs", time_limit=seconds, gap=_PROVEN / 4.0)
        if result.objective is None or result.gap is None or result.gap > _PROVEN:
            continue
        distance = gap(known.relaxed, result.objective, drawn.program.offset)
        yield Labelled(drawn, embed(drawn.program, encoder), known, distance)
