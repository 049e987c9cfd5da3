"""What the network is trained on: drawn programs, own ones, and parts of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from combkit.instances.generators.programs import FAMILIES, program
from combkit.instances.mip import MIP
from combkit.neural.forge.canonical import canonical
from combkit.neural.forge.features import features
from combkit.neural.forge.graphs import Graph, graph_of

__all__ = ["Drawn", "draw", "part_of", "view"]

#: Largest parts of rows and columns that a part of a program lacks.
_ROWS_OFF, _COLUMNS_OFF = 0.2, 0.4


class Drawn(NamedTuple):
    """A drawn program.

    Parameters
    ----------
    family, structure : str
        What it is.
    program : MIP
        The program.
    """

    family: str
    structure: str
    program: MIP


def draw(
    count: int,
    seed: int,
    *,
    smallest: float = 1.0,
    largest: float = 1.0,
    families: tuple[str, ...] = tuple(FAMILIES),
) -> Iterator[Drawn]:
    """Draw programs of every structure of every family.

    Parameters
    ----------
    count : int
        Programs of each structure.
    seed : int
        Seed of the first of each; the others follow.
    smallest, largest : float
        Sizes, log-uniform between the least usual one times ``smallest`` and the
        largest usual one times ``largest``.
    families : tuple of str
        Which families.
    """
    for k, (name, family) in enumerate(FAMILIES.items()):
        if name not in families:
            continue
        for s, structure in enumerate(family.structures):
            rng = np.random.default_rng([seed, k, s])
            low, high = family.sizes[0] * smallest, family.sizes[1] * largest
            for i in range(count):
                n = max(2, round(float(np.exp(rng.uniform(np.log(low), np.log(high))))))
                made = program(n, seed=seed + i, family=name, structure=structure)
                yield Drawn(name, structure, made)


def part_of(program: MIP, rng: np.random.Generator) -> MIP:
    """Return a program without some of its rows and columns.

    Parameters
    ----------
    program : MIP
        The program.
    rng : Generator
        Draws how many, and which.
    """
    rows = rng.random(program.m) >= rng.uniform(0.0, _ROWS_OFF)
    columns = rng.random(program.n) >= rng.uniform(0.0, _COLUMNS_OFF)
    if not rows.any() or not columns.any():
        return program
    return MIP(
        program.c[columns],
        program.A[rows][:, columns],
        program.row_lower[rows],
        program.row_upper[rows],
        program.lower[columns],
        program.upper[columns],
        program.integrality[columns],
        maximize=program.maximize,
    )


def view(program: MIP) -> Graph:
    """Return the graph of a program in canonical form.

    Parameters
    ----------
    program : MIP
        The program.
    """
    form = canonical(program)
    return graph_of(form, features(form))
