"""A program as a vector: how often it has which codes, and its statistics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from combkit.neural.forge.canonical import Canonical, canonical
from combkit.neural.forge.encoder import Encoder, Encoding, shipped
from combkit.neural.forge.features import features
from combkit.neural.forge.graphs import graph_of
from combkit.neural.forge.source import Instance, program_of
from combkit.neural.forge.statistics import SIZES, statistics

__all__ = ["Embedding", "embed", "scaled_statistics", "vector_of"]

Floats = NDArray[np.float64]

#: Scaled statistics are cut off here.
_FAR = 3.0
#: What a size weighs, of what another statistic weighs.
_SIZE = 0.3
#: Part of the squared length that the statistics have: of several, the one by which
#: clusters of programs of other seeds are families and structures most.
_STATISTICS = 0.8


@dataclass(frozen=True, eq=False)
class Embedding:
    """What is known of a program without solving it.

    Parameters
    ----------
    name : str
        Name of the program.
    vector : ndarray of float, shape (d,)
        The embedding, of length 1: roots of how often its rows, and its columns, have
        each code, then its scaled statistics.
    statistics : ndarray of float
        The statistics by ``combkit.neural.forge.statistics.NAMES``.
    form : Canonical
        The program in canonical form.
    encoding : Encoding
        Codes and states of its rows and columns.
    """

    name: str
    vector: Floats
    statistics: Floats
    form: Canonical
    encoding: Encoding

    def cosine(self, other: Embedding) -> float:
        """Return the likeness of two programs, 1 for the same.

        Parameters
        ----------
        other : Embedding
            Made with the same weights.
        """
        return float(self.vector @ other.vector)


def embed(program: Instance, encoder: Encoder | None = None) -> Embedding:
    """Return the embedding of a mixed-integer program.

    The same for all ways to write it: rows in another order, scaled or negated, a
    maximised objective, rows that are free or double.

    Parameters
    ----------
    program : MIP, Model, str or PathLike
        The program, a model or the path of a file; a linear program without integers
        has an embedding too.
    encoder : Encoder, optional
        A trained network; the one of the package without.

    Raises
    ------
    UnsupportedFeatureError
        If it has quadratic terms, indicators or special ordered sets.

    Examples
    --------
    >>> import combkit as ck
    >>> cover, auction = (
    ...     ck.embed(ck.generate("mip", 60, seed=1, family=family))
    ...     for family in ("set-cover", "auction")
    ... )
    >>> cover.cosine(auction) < 0.5
    True
    """
    encoder = shipped() if encoder is None else encoder
    program = program_of(program)
    form = canonical(program)
    known = features(form)
    encoding = encoder.encode(graph_of(form, known))
    found = statistics(form, known)
    return Embedding(
        name=program.name,
        vector=vector_of(encoder, encoding, found),
        statistics=found,
        form=form,
        encoding=encoding,
    )


def vector_of(encoder: Encoder, encoding: Encoding, found: Floats) -> Floats:
    """Return the embedding of what a network and the statistics say.

    Parameters
    ----------
    encoder : Encoder
        The network.
    encoding : Encoding
        Codes of rows and columns.
    found : ndarray of float
        The statistics.
    """
    parts = []
    for codes in (encoding.row_codes, encoding.column_codes):
        counts = np.bincount(codes, minlength=encoder.codes)
        parts.append(np.sqrt(counts / max(1, codes.size)))
    codes_part = np.concatenate(parts)
    scaled = scaled_statistics(encoder, found)
    vector = np.concatenate(
        [
            np.sqrt(1.0 - _STATISTICS) * _unit(codes_part),
            np.sqrt(_STATISTICS) * _unit(scaled),
        ]
    )
    return _unit(vector)


def scaled_statistics(encoder: Encoder, found: Floats) -> Floats:
    """Return statistics of zero mean and unit deviation over the training programs.

    Parameters
    ----------
    encoder : Encoder
        Knows means and deviations.
    found : ndarray of float
        The statistics.
    """
    mean, deviation = encoder.arrays["scale_statistics"].astype(np.float64)
    scaled: Floats = np.clip((found - mean) / deviation, -_FAR, _FAR)
    scaled[: len(SIZES)] *= _SIZE
    return scaled


def _unit(vector: Floats) -> Floats:
    length = float(np.linalg.norm(vector))
    unit: Floats = vector / length if length > 0.0 else vector
    return unit
