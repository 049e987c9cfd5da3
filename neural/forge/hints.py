"""Hints: which values integer variables take in good solutions, and how surely.

A small network looks at what the relaxation says of a column, at its features and at
its state in the embedding, and tells the chance that it keeps the value to which the
relaxation rounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import InstanceFormatError, SolverError
from combkit.instances.mip import MIP
from combkit.instances.solutions import Values
from combkit.neural.forge.archive import read_made, write
from combkit.neural.forge.canonical import canonical
from combkit.neural.forge.encoder import Encoder, shipped
from combkit.neural.forge.features import features
from combkit.neural.forge.graphs import graph_of
from combkit.neural.forge.relaxation import described, relax
from combkit.neural.forge.source import Instance, program_of
from combkit.neural.shipped import weights_file

__all__ = [
    "HintModel",
    "Hints",
    "View",
    "hints",
    "scaled",
    "shipped_hint_model",
    "view_of",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_VERSION = "forge-hints-1"
#: Scaled inputs are cut off here.
_FAR = 4.0
#: Seconds that the relaxation may take unless told otherwise.
_PATIENCE = 60.0


@dataclass(frozen=True, eq=False)
class View:
    """What the network sees of the integer variables of a program.

    Parameters
    ----------
    columns : ndarray of int, shape (k,)
        Variables of the program: integer ones that are not fixed.
    values : ndarray of float, shape (k,)
        Where the relaxation rounds to.
    inputs : ndarray of float, shape (k, f)
        What is known of each.
    point : ndarray of float, shape (k,)
        Values in the relaxation.
    """

    columns: Integers
    values: Floats
    inputs: Floats
    point: Floats


@dataclass(frozen=True, eq=False)
class Hints:
    """Values that integer variables should take.

    Parameters
    ----------
    columns : ndarray of int, shape (k,)
        Variables of the program.
    values : ndarray of float, shape (k,)
        Their values.
    confidence : ndarray of float, shape (k,)
        Chance of each to be right, from 0.5 to 1 for a binary variable.
    """

    columns: Integers
    values: Floats
    confidence: Floats

    def surest(self, count: int) -> Hints:
        """Return the hints that are most likely right, the surest first.

        Parameters
        ----------
        count : int
            How many at most.
        """
        order = np.argsort(-self.confidence, kind="stable")[:count]
        return Hints(self.columns[order], self.values[order], self.confidence[order])

    def within(self, errors: float) -> int:
        """Return how many of the surest hints have this part of errors, expected.

        Parameters
        ----------
        errors : float
            Part of the hints that may be wrong, 0 to 1.
        """
        wrong = 1.0 - np.sort(self.confidence)[::-1]
        mean = np.cumsum(wrong) / np.arange(1, wrong.size + 1)
        return int((mean <= errors).sum())

    def partial(self, program: MIP) -> Values:
        """Return a partial solution, to start a solver from; what is open is NaN.

        Parameters
        ----------
        program : MIP
            The program.
        """
        x = np.full(program.n, np.nan)
        x[self.columns] = self.values
        return Values(x)


@dataclass(frozen=True, eq=False)
class HintModel:
    """A trained network, as arrays.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        Scales, weights, and the calibration of its chances.
    mark : str
        Mark of the embedding's weights that it was trained with.
    card : dict
        Data, seed, command and measured quality.
    """

    arrays: Mapping[str, NDArray[Any]]
    mark: str
    card: dict[str, Any]

    def logits(self, inputs: Floats) -> Floats:
        """Return the logit of each column to be where the relaxation rounds to.

        Parameters
        ----------
        inputs : ndarray of float, shape (k, f)
            What is known of each.
        """
        h = scaled(inputs, self.arrays["scale"])
        layers = sum(name.startswith("weight") for name in self.arrays)
        for k in range(layers):
            h = h @ self.arrays[f"weight{k}"].T + self.arrays[f"bias{k}"]
            if k < layers - 1:
                np.maximum(h, 0.0, out=h)
        logits: Floats = h[:, 0].astype(np.float64)
        return logits

    def hints(self, program: MIP, view: View) -> Hints:
        """Return the hints of a program.

        Parameters
        ----------
        program : MIP
            The program.
        view : View
            What is known of it.
        """
        chance = np.interp(self.logits(view.inputs), *self.arrays["calibration"])
        values = view.values.copy()
        columns = view.columns
        binary = (program.lower[columns] == 0.0) & (program.upper[columns] == 1.0)
        other = binary & (chance < 0.5)
        values[other] = 1.0 - values[other]
        return Hints(columns, values, np.where(other, 1.0 - chance, chance))

    def save(self, path: Path) -> None:
        """Write the model, replacing the file at once.

        Parameters
        ----------
        path : Path
            The file, ``.npz``.
        """
        write(path, _VERSION, self.arrays, {**self.card, "weights": self.mark})

    @classmethod
    def load(cls, path: Path, encoder: Encoder) -> HintModel:
        """Read a model.

        Parameters
        ----------
        path : Path
            The file.
        encoder : Encoder
            The network whose states it takes.

        Raises
        ------
        InstanceFormatError
            If it is missing, damaged, of another version or made with other weights.
        """
        arrays, card = read_made(path, _VERSION, "hint model", encoder.mark)
        missing = {"scale", "calibration", "weight0", "bias0"} - arrays.keys()
        if missing:
            reason = f"damaged hint model: no {sorted(missing)[0]}"
            raise InstanceFormatError(str(path), None, reason)
        return cls(arrays, encoder.mark, card)


def scaled(inputs: Floats, scale: Floats) -> NDArray[np.float32]:
    """Return inputs as the network takes them.

    Parameters
    ----------
    inputs : ndarray of float, shape (k, f)
        What is known of columns.
    scale : ndarray of float, shape (2, f)
        Means and deviations.
    """
    mean, deviation = scale
    found = np.clip((inputs - mean) / deviation, -_FAR, _FAR)
    return np.asarray(found, np.float32)


def view_of(program: MIP, encoder: Encoder, seconds: float) -> View | None:
    """Return what is known of the integer variables of a program.

    Parameters
    ----------
    program : MIP
        The program; not an extended one.
    encoder : Encoder
        The network that gives columns their states.
    seconds : float
        Time limit of the relaxation.

    Returns
    -------
    View or None
        None where the relaxation has no optimum, or none in time.
    """
    form = canonical(program)
    optimum = relax(form, seconds)
    if optimum is None:
        return None
    known = features(form)
    states = encoder.encode(graph_of(form, known)).column_states
    told = np.hstack([described(form, optimum), known.columns, states])
    lower, upper = program.lower[form.column_of], program.upper[form.column_of]
    lower, upper = np.ceil(lower - 1e-6), np.floor(upper + 1e-6)
    k = np.flatnonzero(form.integer & (lower < upper))
    return View(
        columns=form.column_of[k],
        # Of zeros, no negative ones.
        values=np.clip(np.round(optimum.x[k]), lower[k], upper[k]) + 0.0,
        inputs=told[k],
        point=optimum.x[k],
    )


def hints(program: Instance, seconds: float = _PATIENCE) -> Hints:
    """Return which values the integer variables of a program should take.

    Parameters
    ----------
    program : MIP, Model, str or PathLike
        The program, a model or the path of a file.
    seconds : float
        Time limit of its relaxation.

    Raises
    ------
    SolverError
        If the relaxation is infeasible, unbounded or takes too long.
    UnsupportedFeatureError
        If the program is not linear.

    Examples
    --------
    >>> import combkit as ck
    >>> program = ck.generate("mip", 60, seed=1)
    >>> sure = ck.hints(program).surest(20)
    >>> start = sure.partial(program)
    >>> ck.solve(program, "highs", initial=start).status
    <Status.OPTIMAL: 'optimal'>
    """
    program = program_of(program)
    view = view_of(program, shipped(), seconds)
    if view is None:
        raise SolverError(
            "the relaxation has no optimum, or none in time", "no optimum"
        )
    return shipped_hint_model().hints(program, view)


@cache
def shipped_hint_model() -> HintModel:
    """Return the model that comes with the package, read once.

    Raises
    ------
    InstanceFormatError
        If the installation lacks it.
    """
    with weights_file("forge-hints.npz") as path:
        return HintModel.load(path, shipped())
