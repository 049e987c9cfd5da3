"""The answer of a run: what was found, what was proven, why it ended."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, Self

from combkit.instances.errors import InstanceFormatError, InvalidSolutionError
from combkit.instances.problem import Problem
from combkit.instances.solutions import (
    Routes,
    Schedule,
    Selection,
    Solution,
    Tour,
    Values,
)
from combkit.instances.source import Source, atomic_write
from combkit.instances.stop import Reason, relative_gap

__all__ = ["Result", "Status", "TracePoint"]

_BY_KEY: dict[str, type[Solution]] = {
    "tour": Tour,
    "routes": Routes,
    "starts": Schedule,
    "selected": Selection,
    "values": Values,
}


class Status(StrEnum):
    """What is known about the problem when the run ends."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    UNBOUNDED = "unbounded"
    INFEASIBLE_OR_UNBOUNDED = "infeasible_or_unbounded"
    NO_SOLUTION = "no_solution"
    ERROR = "error"


class TracePoint(NamedTuple):
    """A change of incumbent or bound."""

    time: float
    objective: float | None
    bound: float | None
    source: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """The answer of ``solve``.

    Parameters
    ----------
    status : Status
        What is known about the problem.
    reason : Reason
        Why the run ended.
    solution : Solution or None
        The best solution, checked by the problem.
    objective, bound : float or None
        Its recomputed objective and the best proven bound.
    runtime, time_to_best : float
        Wall seconds from the call of ``solve`` to its end, and to the last
        improvement (NaN without a solution).
    trace : tuple of TracePoint
        Every change of incumbent or bound, in time order.
    max_violation : float
        Largest violation of the solution, relative above 1 (mip only).
    """

    kind: str
    instance: str
    solver: str
    status: Status
    reason: Reason
    solution: Any = None
    objective: float | None = None
    bound: float | None = None
    runtime: float = 0.0
    time_to_best: float = math.nan
    iterations: int = 0
    trace: tuple[TracePoint, ...] = ()
    seed: int = 0
    threads: int = 1
    params: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    raw_status: str = ""
    max_violation: float = 0.0
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def gap(self) -> float:
        """``|objective - bound| / max(|objective|, |bound|)``."""
        return relative_gap(self.objective, self.bound)

    def summary(self) -> str:
        """Return a few lines for a human reader."""
        name = self.instance or "(unnamed)"
        lines = [
            f"instance   {name} ({self.kind})",
            f"solver     {self.solver}",
            f"status     {self.status} (ended by: {self.reason})",
        ]
        if self.objective is not None:
            lines.append(f"objective  {self.objective:.12g}")
        if self.bound is not None:
            lines.append(f"bound      {self.bound:.12g}")
        if math.isfinite(self.gap):
            lines.append(f"gap        {100 * self.gap:.4g} %")
        best = f", best after {self.time_to_best:.2f} s" if self.trace else ""
        lines.append(f"runtime    {self.runtime:.2f} s{best}")
        if self.max_violation > 0:
            lines.append(f"violation  {self.max_violation:.3g}")
        return "\n".join(lines)

    __str__ = summary

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON-able form; non-finite numbers become None."""
        return {
            "kind": self.kind,
            "instance": self.instance,
            "solver": self.solver,
            "status": str(self.status),
            "reason": str(self.reason),
            "objective": _finite(self.objective),
            "bound": _finite(self.bound),
            "gap": _finite(self.gap),
            "runtime": self.runtime,
            "time_to_best": _finite(self.time_to_best),
            "iterations": self.iterations,
            "trace": [
                [t.time, _finite(t.objective), _finite(t.bound), t.source]
                for t in self.trace
            ],
            "seed": self.seed,
            "threads": self.threads,
            "params": dict(self.params),
            "versions": dict(self.versions),
            "raw_status": self.raw_status,
            "max_violation": self.max_violation,
            "extra": dict(self.extra),
            "solution": None if self.solution is None else self.solution.to_dict(),
        }

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the result as JSON, whole or not at all."""
        atomic_write(path, json.dumps(self.to_dict(), default=str) + "\n")

    @classmethod
    def load(cls, path: str | os.PathLike[str], problem: Problem | None = None) -> Self:
        """Read a saved result.

        Parameters
        ----------
        path : str or PathLike
            What ``save`` wrote.
        problem : Problem, optional
            Gives a mip's values their full length and order; without it they
            are the named nonzeros.

        Raises
        ------
        InstanceFormatError
            If the file is not a saved result.
        """
        source = Source(path)
        try:
            data = json.loads(source.text)
            encoded = data.pop("solution")
            data.pop("gap")
            data["status"] = Status(data["status"])
            data["reason"] = Reason(data["reason"])
            data["trace"] = tuple(TracePoint(*point) for point in data["trace"])
            if data["time_to_best"] is None:
                data["time_to_best"] = math.nan
            if encoded is not None:
                kind = next(_BY_KEY[key] for key in _BY_KEY if key in encoded)
                decode = kind.from_dict if problem is None else problem.decode
                data["solution"] = decode(encoded)
            return cls(**data)
        except json.JSONDecodeError as error:
            raise source.error(error.lineno, f"not JSON: {error.msg}") from None
        except InstanceFormatError:
            raise
        except (
            KeyError,
            TypeError,
            ValueError,
            AttributeError,
            StopIteration,
            InvalidSolutionError,
        ) as error:
            raise source.error(None, f"not a saved result: {error!r}") from None


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
