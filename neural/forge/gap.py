"""The integrality gap of a program, foretold from its embedding and its root."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import InstanceFormatError, SolverError
from combkit.instances.mip import MIP
from combkit.neural.forge.archive import read_made, write
from combkit.neural.forge.embedding import Embedding, embed
from combkit.neural.forge.encoder import Encoder, shipped
from combkit.neural.forge.probe import PROBED, Probe, probe
from combkit.neural.forge.source import Instance, program_of
from combkit.neural.shipped import weights_file

__all__ = ["GapModel", "GapPrediction", "Sample", "predict_gap", "shipped_gap_model"]

Floats = NDArray[np.float64]

_VERSION = "forge-gap-1"
#: How many of the numbers of a probe the relaxation alone tells.
_RELAXED = 7
#: Share of the truths that an interval is to cover.
_COVERAGE = 0.9
#: Gaps are known no better than this.
_PRECISE = 0.0025
#: Folds of programs by which the intervals are made.
_FOLDS = 5
#: Programs nearer than all but this share of the learned ones are familiar.
_FAR = 0.98


class Sample(NamedTuple):
    """A program whose gap is known.

    Parameters
    ----------
    vector : ndarray of float
        Its embedding.
    probe : Probe
        A look at its root.
    gap : float
        Distance of optimum and relaxation, relative to the larger.
    program : int
        Number of the program: one may be looked at several times.
    """

    vector: Floats
    probe: Probe
    gap: float
    program: int


@dataclass(frozen=True, slots=True)
class GapPrediction:
    """What is foretold.

    Parameters
    ----------
    gap : float
        Distance of the optimum and the relaxation, relative to the larger one; 1 at
        most.
    low, high : float
        An interval that holds it in nine of ten cases like those learned from, within
        what the root proves.
    objective : float
        The optimum that belongs to ``gap``.
    objective_low, objective_high : float
        Those that belong to the ends, the smaller one first.
    relaxed : float
        Objective of the relaxation.
    bound : float
        What is proven so far.
    incumbent : float or None
        What the look at the root found.
    familiar : bool
        Whether programs like it were learned from; if not, the interval is what the
        root proves.
    """

    gap: float
    low: float
    high: float
    objective: float
    objective_low: float
    objective_high: float
    relaxed: float
    bound: float
    incumbent: float | None
    familiar: bool


@dataclass(frozen=True, eq=False)
class _Head:
    """Kernel ridge regression of where in its bracket a gap lies."""

    points: Floats
    weights: Floats
    mean: float
    centre: Floats
    spread: Floats
    width: float
    reach: float

    def place(self, vector: Floats, numbers: Floats) -> float:
        """Return the place in the bracket, 0 to 1."""
        near = np.exp(-_GAMMA * self._distances(vector, numbers))
        return float(np.clip(self.mean + near @ self.weights, 0.0, 1.0))

    def familiar(self, vector: Floats, numbers: Floats) -> bool:
        """Tell whether something like it was learned from."""
        return bool(self._distances(vector, numbers).min() <= self.reach)

    def _distances(self, vector: Floats, numbers: Floats) -> Floats:
        point = _points(vector[None], numbers[None], self.centre, self.spread)[0]
        distances: Floats = ((self.points - point) ** 2).sum(axis=1)
        return distances


#: Width of the kernel, ridge, and what the embedding weighs against the probe.
_GAMMA, _RIDGE, _VECTOR = 0.5, 0.03, 0.5


@dataclass(frozen=True, eq=False)
class GapModel:
    """A regression for the relaxation alone, and one for a look at the root.

    Parameters
    ----------
    heads : dict
        The regressions by "relaxation" and "root".
    mark : str
        Mark of the weights that made the embeddings.
    card : dict
        Data, seed, command and measured quality.
    """

    heads: dict[str, _Head]
    mark: str
    card: dict[str, Any]

    @classmethod
    def fit(
        cls, samples: Sequence[Sample], mark: str, card: dict[str, Any]
    ) -> GapModel:
        """Learn from programs whose gaps are known.

        Parameters
        ----------
        samples : sequence of Sample
            The programs; of several looks at one, the longest comes last.
        mark : str
            Mark of the weights that made the embeddings.
        card : dict
            Any JSON.
        """
        heads = {}
        for name in ("relaxation", "root"):
            # The relaxation is the same however long the root was looked at, and
            # intervals are for the longest look, the last one.
            last = {s.program: s for s in samples}
            used = list(last.values()) if name == "relaxation" else list(samples)
            owner = np.array([s.program for s in used])
            fold = np.random.default_rng(0).permutation(owner.max() + 1)[owner] % _FOLDS
            errors = []
            for k in range(_FOLDS):
                learned = [s for s, f in zip(used, fold, strict=True) if f != k]
                head = _fit(learned, name, 0.0)
                errors += [
                    _error(head, s, name)
                    for s, f in zip(used, fold, strict=True)
                    if f == k and s is last[s.program]
                ]
            heads[name] = _fit(used, name, float(np.quantile(errors, _COVERAGE)))
        return cls(heads, mark, card)

    def predict(
        self, program: MIP, embedding: Embedding, known: Probe, *, root: bool = True
    ) -> GapPrediction:
        """Foretell the gap of a program.

        Parameters
        ----------
        program : MIP
            The program.
        embedding : Embedding
            Its embedding.
        known : Probe
            A look at its root.
        root : bool
            Whether more than the relaxation is used of it.
        """
        name = "root" if root else "relaxation"
        head = self.heads[name]
        low, high = _bracket(known, name)
        numbers = _numbers(known, name)
        span = high - low
        value = low + span * head.place(embedding.vector, numbers)
        familiar = span <= 1e-9 or head.familiar(embedding.vector, numbers)
        reach = head.width * span if familiar else np.inf
        ends = max(low, value - reach), min(high, value + reach)
        objective, *others = (_objective(program, known, g) for g in (value, *ends))
        return GapPrediction(
            gap=value,
            low=ends[0],
            high=ends[1],
            objective=objective,
            objective_low=min(others),
            objective_high=max(others),
            relaxed=known.relaxed,
            bound=known.bound,
            incumbent=known.objective,
            familiar=familiar,
        )

    def save(self, path: Path) -> None:
        """Write the model, replacing the file at once.

        Parameters
        ----------
        path : Path
            The file, ``.npz``.
        """
        arrays = {}
        for name, head in self.heads.items():
            arrays[f"{name}.points"] = head.points.astype(np.float32)
            arrays[f"{name}.weights"] = head.weights.astype(np.float32)
            arrays[f"{name}.scales"] = np.stack([head.centre, head.spread])
            arrays[f"{name}.rest"] = np.array([head.mean, head.width, head.reach])
        write(path, _VERSION, arrays, {**self.card, "weights": self.mark})

    @classmethod
    def load(cls, path: Path, encoder: Encoder) -> GapModel:
        """Read a model.

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
        arrays, card = read_made(path, _VERSION, "gap model", encoder.mark)
        heads = {}
        try:
            for name in ("relaxation", "root"):
                mean, width, reach = arrays[f"{name}.rest"].tolist()
                centre, spread = arrays[f"{name}.scales"]
                heads[name] = _Head(
                    arrays[f"{name}.points"].astype(np.float64),
                    arrays[f"{name}.weights"].astype(np.float64),
                    *(mean, centre, spread, width, reach),
                )
        except (KeyError, ValueError) as error:
            raise InstanceFormatError(
                str(path), None, f"damaged gap model: {error}"
            ) from None
        return cls(heads, encoder.mark, card)


def predict_gap(
    program: Instance, seconds: float = 1.0, *, root: bool = True
) -> GapPrediction:
    """Foretell the integrality gap of a program, and with it the optimum.

    Parameters
    ----------
    program : MIP, Model, str or PathLike
        The program, a model or the path of a file.
    seconds : float
        Time that HiGHS gets at the root.
    root : bool
        Whether to use more than the relaxation: without, the embedding decides more,
        and intervals are wider.

    Raises
    ------
    SolverError
        If the relaxation is infeasible, unbounded or takes too long.
    UnsupportedFeatureError
        If the program is not linear.

    Examples
    --------
    >>> import combkit as ck
    >>> found = ck.predict_gap(ck.generate("mip", 60, seed=1))
    >>> found.low <= found.gap <= found.high
    True
    """
    program = program_of(program)
    embedding = embed(program)
    known = probe(program, seconds)
    if known is None:
        raise SolverError(
            "the relaxation has no optimum, or none in time", "no optimum"
        )
    return shipped_gap_model().predict(program, embedding, known, root=root)


@cache
def shipped_gap_model() -> GapModel:
    """Return the model that comes with the package, read once.

    Raises
    ------
    InstanceFormatError
        If the installation lacks it.
    """
    with weights_file("forge-gap.npz") as path:
        return GapModel.load(path, shipped())


def _fit(samples: Sequence[Sample], name: str, width: float) -> _Head:
    """Return the regression of places in brackets, long ones weighing more."""
    vectors = np.array([s.vector for s in samples])
    numbers = np.array([_numbers(s.probe, name) for s in samples])
    brackets = np.array([_bracket(s.probe, name) for s in samples])
    span = brackets[:, 1] - brackets[:, 0]
    gaps = np.array([s.gap for s in samples])
    place = np.clip((gaps - brackets[:, 0]) / np.maximum(span, 1e-9), 0.0, 1.0)
    centre, spread = numbers.mean(axis=0), np.maximum(numbers.std(axis=0), 1e-6)
    points = _points(vectors, numbers, centre, spread)
    distances = np.maximum(
        0.0,
        (points**2).sum(axis=1)[:, None]
        + (points**2).sum(axis=1)[None]
        - 2.0 * points @ points.T,
    )
    # What a bracket leaves open is what an error of the place costs.
    weight = np.clip(span, 1e-4, 1.0)
    mean = float((weight * place).sum() / weight.sum())
    kernel = np.exp(-_GAMMA * distances)
    ridge = _RIDGE * np.diag(weight.mean() / weight)
    owner = np.array([s.program for s in samples])
    others = np.where(owner[:, None] == owner[None], np.inf, distances)
    return _Head(
        points=points,
        weights=np.linalg.solve(kernel + ridge, place - mean),
        mean=mean,
        centre=centre,
        spread=spread,
        width=width,
        reach=float(np.quantile(others.min(axis=1), _FAR)) if len(samples) > 1 else 0.0,
    )


def _error(head: _Head, sample: Sample, name: str) -> float:
    """Return how far off a place is, of the length of the bracket."""
    low, high = _bracket(sample.probe, name)
    if high - low < 1e-9:
        return 0.0
    place = head.place(sample.vector, _numbers(sample.probe, name))
    off = abs((sample.gap - low) / (high - low) - place)
    return off if off * (high - low) > _PRECISE else 0.0


def _points(vectors: Floats, numbers: Floats, centre: Floats, spread: Floats) -> Floats:
    scaled = np.clip((numbers - centre) / spread, -4.0, 4.0)
    return np.hstack([_VECTOR * vectors, scaled / np.sqrt(numbers.shape[1])])


def _numbers(known: Probe, name: str) -> Floats:
    """Return what a regression sees of a probe: small shares told apart by roots."""
    assert len(PROBED) == known.numbers.size
    numbers = known.numbers if name == "root" else known.numbers[:_RELAXED]
    return np.concatenate([numbers, np.sqrt(numbers[[0, 2]])])


def _bracket(known: Probe, name: str) -> tuple[float, float]:
    """Return the gaps that are possible."""
    if name == "relaxation":
        return 0.0, 1.0
    low, high = known.numbers[_RELAXED], known.numbers[_RELAXED + 1]
    return float(low), float(max(low, high))


def _objective(program: MIP, known: Probe, value: float) -> float:
    """Return the objective at a gap from the relaxation."""
    sign = -1.0 if program.maximize else 1.0
    relaxed = sign * (known.relaxed - program.offset)
    if relaxed > 0.0:
        worse = relaxed / max(1.0 - value, 1e-9)
    else:
        worse = relaxed * (1.0 - value)
    return float(sign * worse + program.offset)
