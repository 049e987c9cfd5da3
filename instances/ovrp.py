"""The open vehicle routing problem: routes end at their last customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from combkit.instances.cvrp import CVRP

__all__ = ["OVRP"]


@dataclass(frozen=True, eq=False)
class OVRP(CVRP):
    """Capacitated vehicle routing without the way back to the depot.

    Everything is as in `combkit.instances.cvrp.CVRP`, but a route begins at the
    depot and ends at its last customer, for the objective and for the limit on
    its length. The number of routes is not part of the objective: limit it by
    ``vehicles`` where as few as possible are wanted.

    Examples
    --------
    >>> from combkit.instances.solutions import Routes
    >>> problem = OVRP([[0, 0], [3, 4], [0, 5]], demands=[0, 2, 3], capacity=5)
    >>> problem.evaluate(Routes([[1], [2]]))
    10.0
    """

    kind: ClassVar[str] = "ovrp"
    open_ended: ClassVar[bool] = True
