"""What a picture consists of, whoever draws it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "FAINT",
    "INK",
    "MOST_NAMES",
    "PALETTE",
    "Bars",
    "Dots",
    "Line",
    "Mark",
    "Scene",
    "color",
]

Floats = NDArray[np.float64]

#: Rows up to which each one is named.
MOST_NAMES = 40
INK = "#333333"
FAINT = "#cfd4da"
#: Colours that stay apart on white, also side by side.
PALETTE = (
    "#1f77b4",
    "#e6550d",
    "#2ca02c",
    "#9467bd",
    "#d62728",
    "#17a2b8",
    "#8c564b",
    "#e377c2",
    "#b8a500",
    "#5b6c8f",
    "#00897b",
    "#c2185b",
)


def color(index: int | None) -> str:
    """Return a colour by number, in rotation; None is ink, below 0 is faint."""
    if index is None:
        return INK
    return FAINT if index < 0 else PALETTE[index % len(PALETTE)]


@dataclass(frozen=True, slots=True)
class Line:
    """A polyline."""

    x: Floats
    y: Floats
    color: int | None
    width: float
    label: str | None = None
    dashed: bool = False
    faded: bool = False


@dataclass(frozen=True, slots=True)
class Dots:
    """Points, with texts shown beside them or when pointed at."""

    x: Floats
    y: Floats
    color: int | None
    size: float
    hover: Sequence[str] = ()
    labelled: bool = False
    square: bool = False
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Bars:
    """Rectangles, each with a colour, a text inside and one to point at."""

    left: Floats
    width: Floats
    bottom: Floats
    height: Floats
    colors: Sequence[int]
    hover: Sequence[str]
    texts: Sequence[str] = ()
    #: Where the axis begins.
    begin: float = 0.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A vertical line with a name."""

    x: float
    label: str


@dataclass(slots=True)
class Scene:
    """Shapes and axes; other views of the same thing, for pictures that can change."""

    shapes: list[Any] = field(default_factory=list)
    title: str = ""
    x_label: str = ""
    y_label: str = ""
    y_ticks: Sequence[int] | None = None
    y_names: Sequence[str] | None = None
    equal_axes: bool = False
    hide_axes: bool = False
    downwards: bool = False
    grid: bool = False
    legend: bool = True
    log_x: bool = False
    #: Whether x are days since the beginning of 1970.
    dates: bool = False
    view: str = ""
    others: Mapping[str, Scene] = field(default_factory=dict)
