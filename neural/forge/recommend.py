"""Which solver is best for a program, told by programs like it that were solved before.

Expected is the mean of what the solvers did on all programs, drawn towards what they
did on those nearest in the embedding. Who is best on average stays the first unless
another one is expected to be better by a margin; both are learned by leaving programs
out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import InstanceFormatError, UsageError
from combkit.instances.mip import MIP
from combkit.instances.problem import Problem
from combkit.neural.forge.archive import read_made, write
from combkit.neural.forge.embedding import Embedding, embed
from combkit.neural.forge.encoder import Encoder, shipped
from combkit.neural.forge.source import Instance, program_of
from combkit.neural.shipped import weights_file

__all__ = [
    "Choice",
    "Recommendation",
    "Recommender",
    "advise",
    "recommend",
    "shipped_recommender",
]

Floats = NDArray[np.float64]

_VERSION = "forge-recommend-1"
#: Widths of the neighbourhood, programs that the average counts for, and margins, of
#: which leaving programs out chooses.
_WIDTHS = (0.02, 0.05, 0.1, 0.2)
_PRIORS = (0.1, 0.3, 1.0)
_MARGINS = (0.0, 0.05, 0.1, 0.2, 0.4)
#: Programs that are named as like the one asked about.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Choice:
    """A solver with its options.

    Parameters
    ----------
    label : str
        What it is called.
    solver : str
        Name of the solver.
    options : dict
        Its options.
    """

    label: str
    solver: str
    options: dict[str, Any]


class Recommendation(NamedTuple):
    """A solver and what is expected of it.

    Parameters
    ----------
    choice : Choice
        The solver.
    expected : float
        Mean primal gap over the time limit that is expected, from 0 to 1.
    average : float
        The same over all programs that were solved.
    """

    choice: Choice
    expected: float
    average: float


@dataclass(frozen=True, eq=False)
class Recommender:
    """What solvers did on programs, to be asked about others.

    Parameters
    ----------
    vectors : ndarray of float, shape (n, d)
        Embeddings of the programs.
    scores : ndarray of float, shape (n, c)
        Mean primal gap over the time limit of each solver on each.
    names : tuple of str
        Of the programs.
    choices : tuple of Choice
        The solvers.
    width, prior, margin : float
        What is learned: how far neighbours reach, how many of them the average counts
        for, and by which part of its score another solver must be better than the best
        on average.
    mark : str
        Mark of the weights that made the embeddings.
    card : dict
        Where the scores come from.
    """

    vectors: Floats
    scores: Floats
    names: tuple[str, ...]
    choices: tuple[Choice, ...]
    width: float
    prior: float
    margin: float
    mark: str
    card: dict[str, Any]

    @classmethod
    def fit(
        cls,
        vectors: Floats,
        scores: Floats,
        names: Sequence[str],
        choices: Sequence[Choice],
        mark: str,
        card: dict[str, Any],
    ) -> Recommender:
        """Learn how far to trust neighbours.

        Parameters
        ----------
        vectors, scores, names, choices, mark, card
            As above.

        Raises
        ------
        UsageError
            If there are fewer than two solvers or than three programs.
        """
        if scores.shape[0] < 3 or scores.shape[1] < 2:
            raise UsageError(
                f"{scores.shape[0]} programs and {scores.shape[1]} solvers: "
                "three and two at least"
            )
        best, least = (_WIDTHS[0], _PRIORS[0], _MARGINS[0]), np.inf
        place = np.arange(len(scores))
        # Nobody is left to ask about a program but the others.
        likeness = vectors @ vectors.T
        np.fill_diagonal(likeness, -np.inf)
        means = (scores.sum(axis=0) - scores) / (len(scores) - 1)
        for setting in product(_WIDTHS, _PRIORS, _MARGINS):
            expected = _expected(likeness, scores, means, *setting[:2])
            chosen = _chosen(expected, means, setting[2])
            value = float(scores[place, chosen].mean())
            # The more careful of equals: larger margins come later.
            if value <= least + 1e-12:
                best, least = setting, value
        return cls(
            vectors, scores, tuple(names), tuple(choices), *best, mark=mark, card=card
        )

    def recommend(self, embedding: Embedding) -> list[Recommendation]:
        """Return the solvers for a program, the one to use first.

        Parameters
        ----------
        embedding : Embedding
            The program.
        """
        means = self.scores.mean(axis=0)
        expected = _expected(
            (self.vectors @ embedding.vector)[None],
            self.scores,
            means[None],
            self.width,
            self.prior,
        )
        first = int(_chosen(expected, means[None], self.margin)[0])
        order = [first, *(k for k in np.argsort(expected[0]).tolist() if k != first)]
        return [
            Recommendation(self.choices[k], float(expected[0, k]), float(means[k]))
            for k in order
        ]

    def nearest(self, embedding: Embedding) -> list[tuple[str, float]]:
        """Return the programs most like one, with their cosines.

        Parameters
        ----------
        embedding : Embedding
            The program.
        """
        likeness = self.vectors @ embedding.vector
        order = np.argsort(-likeness, kind="stable")[:_NAMED]
        return [(self.names[k], float(likeness[k])) for k in order]

    def save(self, path: Path) -> None:
        """Write the table, replacing the file at once.

        Parameters
        ----------
        path : Path
            The file, ``.npz``.
        """
        choices = [[c.label, c.solver, c.options] for c in self.choices]
        arrays = {
            "vectors": self.vectors.astype(np.float32),
            "scores": self.scores.astype(np.float32),
            "names": np.array(self.names),
            "choices": np.array(json.dumps(choices)),
            "learned": np.array([self.width, self.prior, self.margin]),
        }
        write(path, _VERSION, arrays, {**self.card, "weights": self.mark})

    @classmethod
    def load(cls, path: Path, encoder: Encoder) -> Recommender:
        """Read a table.

        Parameters
        ----------
        path : Path
            The file.
        encoder : Encoder
            The network that it was made with.

        Raises
        ------
        InstanceFormatError
            If it is missing, damaged, of another version or made with other weights.
        """
        arrays, card = read_made(path, _VERSION, "table of solvers", encoder.mark)
        try:
            width, prior, margin = arrays["learned"].tolist()
            return cls(
                arrays["vectors"].astype(np.float64),
                arrays["scores"].astype(np.float64),
                tuple(arrays["names"].tolist()),
                tuple(Choice(*row) for row in json.loads(str(arrays["choices"]))),
                *(width, prior, margin),
                mark=encoder.mark,
                card=card,
            )
        except (KeyError, ValueError, TypeError) as error:
            raise InstanceFormatError(
                str(path), None, f"damaged table of solvers: {error}"
            ) from None


def _expected(
    likeness: Floats, scores: Floats, means: Floats, width: float, prior: float
) -> Floats:
    """Return expected scores, (programs asked about, solvers)."""
    weights = np.exp((likeness - 1.0) / width)
    total = weights.sum(axis=1, keepdims=True) + prior
    expected: Floats = (weights @ scores + prior * means) / total
    return expected


def _chosen(expected: Floats, means: Floats, margin: float) -> NDArray[np.int64]:
    """Return the solver for each program: the usual one unless another is better."""
    place = np.arange(len(expected))
    usual = means.argmin(axis=1)
    other = expected.argmin(axis=1)
    gain = expected[place, usual] - expected[place, other]
    better = gain > margin * expected[place, usual]
    chosen: NDArray[np.int64] = np.where(better, other, usual)
    return chosen


def recommend(program: Instance) -> list[Recommendation]:
    """Return solvers for a program, the one to use first.

    Parameters
    ----------
    program : MIP, Model, str or PathLike
        The program, a model or the path of a file.

    Raises
    ------
    UnsupportedFeatureError
        If the program is not linear.

    Examples
    --------
    >>> import combkit as ck
    >>> first = ck.recommend(ck.generate("mip", 60, seed=1))[0]
    >>> 0.0 <= first.expected <= 1.0
    True
    """
    return shipped_recommender().recommend(embed(program_of(program)))


def advise(problem: Problem, seconds: float) -> list[tuple[str, dict[str, Any]]]:
    """Return solvers for a problem with their options, the best first.

    Parameters
    ----------
    problem : Problem
        The problem; there is nothing to say of others than linear programs with
        integers.
    seconds : float
        Time that the solver will have.
    """
    if type(problem) is not MIP or not problem.integrality.any():
        return []
    return [(one.choice.solver, one.choice.options) for one in recommend(problem)]


@cache
def shipped_recommender() -> Recommender:
    """Return the table that comes with the package, read once.

    Raises
    ------
    InstanceFormatError
        If the installation lacks it.
    """
    with weights_file("forge-recommend.npz") as path:
        return Recommender.load(path, shipped())
