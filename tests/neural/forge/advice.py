"""An adviser with nothing to say."""

from __future__ import annotations

from typing import Any


def nobody(problem: Any, seconds: float) -> list[Any]:
    return []
