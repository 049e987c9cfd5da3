"""What an executor tells while it runs a batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from combkit.cli.bench.plan import Task

__all__ = ["Event", "Finished", "Started"]


@dataclass(frozen=True, slots=True)
class Started:
    """A worker has taken a task."""

    task: Task
    worker: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A run has ended, and its row is in the store."""

    row: Mapping[str, Any]


Event = Started | Finished
