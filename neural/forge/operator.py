"""A destroy operator of Balans that frees what the hints doubt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from combkit.instances.mip import MIP
from combkit.mip.balans.operators import Plain
from combkit.mip.balans.state import Neighbourhood, State, Structure
from combkit.neural.forge.encoder import shipped
from combkit.neural.forge.hints import shipped_hint_model, view_of

__all__ = ["ForgeOperator"]

Floats = NDArray[np.float64]

#: Seconds that the relaxation may take, once.
_PATIENCE = 20.0
#: What every variable is doubted at least.
_LEAST = 0.02


@dataclass(frozen=True)
class ForgeOperator(Plain):
    """Free variables whose values the hints doubt, or contradict."""

    name: ClassVar[str] = "forge"
    _known: dict[int, tuple[MIP, Floats, Floats] | None] = field(
        default_factory=dict, repr=False, compare=False
    )

    def propose(
        self, state: State, rng: np.random.Generator, size: float
    ) -> Neighbourhood | None:
        """Return the part where doubtful values are free; None without a relaxation."""
        structure = state.structure
        hinted = self._hints(structure)
        if hinted is None:
            return None
        values, confidence = hinted
        doubt = np.where(np.abs(state.x - values) < 0.5, 1.0 - confidence, confidence)[
            structure.discrete
        ]
        # The largest of exponential variates are a draw without replacement.
        keys = np.log(np.maximum(doubt, _LEAST)) + rng.gumbel(size=doubt.size)
        count = min(doubt.size, max(2, round(size * doubt.size)))
        free = np.zeros(state.x.size, dtype=np.bool_)
        free[structure.discrete[np.argsort(-keys, kind="stable")[:count]]] = True
        lower, upper = structure.fixing(state.x, free)
        return Neighbourhood(lower, upper, count)

    def _hints(self, structure: Structure) -> tuple[Floats, Floats] | None:
        """Return hinted values and confidences of all variables, made once a model."""
        program = structure.problem
        if id(program) not in self._known:
            view = view_of(program, shipped(), _PATIENCE)
            made = None
            if view is not None:
                found = shipped_hint_model().hints(program, view)
                values, confidence = np.zeros(program.n), np.full(program.n, 0.5)
                values[found.columns] = found.values
                confidence[found.columns] = found.confidence
                made = program, values, confidence
            self._known[id(program)] = made
        known = self._known[id(program)]
        return None if known is None else known[1:]
