"""Draw a scene with matplotlib: figures of our own, never pyplot's state."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from combkit.instances._scene import (
    INK,
    MOST_NAMES,
    Bars,
    Dots,
    Line,
    Mark,
    Scene,
    color,
)

__all__ = ["encode", "figure"]

#: Share of the axis that a bar must be wide for each character of its text.
_LEGIBLE = 0.01


def figure(scene: Scene) -> Figure:
    """Return the figure of a scene."""
    size = (8.0, 7.0) if scene.equal_axes else (10.0, 5.5)
    canvas = Figure(figsize=size, dpi=130, layout="constrained")
    axes = canvas.add_subplot()
    for shape in scene.shapes:
        _DRAW[type(shape)](axes, shape)
    axes.set_title(scene.title, fontsize=11, color=INK, loc="left")
    axes.set_xlabel(scene.x_label)
    axes.set_ylabel(scene.y_label)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=9)
    if scene.log_x:
        axes.set_xscale("log")
    if scene.dates:
        locator = AutoDateLocator()  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        formatter = ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_formatter(formatter)
    if scene.grid:
        axes.grid(alpha=0.25, linewidth=0.6)
    if scene.equal_axes:
        axes.set_aspect("equal", adjustable="datalim")
    if scene.hide_axes:
        axes.set_axis_off()
    if scene.downwards:
        axes.invert_yaxis()
    elif any(isinstance(shape, Bars) for shape in scene.shapes):
        axes.set_ylim(bottom=0)
    if scene.y_ticks is not None:
        axes.yaxis.set_major_locator(MaxNLocator(20, integer=True))
        if scene.y_names is not None and len(scene.y_names) <= MOST_NAMES:
            axes.set_yticks(list(scene.y_ticks), list(scene.y_names))
    if scene.legend and axes.get_legend_handles_labels()[0]:
        canvas.legend(loc="outside right upper", fontsize=8, frameon=False)
    return canvas


def encode(canvas: Figure, suffix: str) -> bytes:
    """Return the figure as the bytes of a file, the same on every call."""
    stamp = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(suffix)
    buffer = io.BytesIO()
    canvas.savefig(buffer, format=suffix, metadata=stamp)
    return buffer.getvalue()


def _line(axes: Axes, line: Line) -> None:
    axes.plot(
        line.x,
        line.y,
        color=color(line.color),
        linewidth=line.width,
        linestyle="--" if line.dashed else "-",
        alpha=0.35 if line.faded else 1.0,
        label=line.label,
        solid_joinstyle="round",
        zorder=1 if line.faded else 2,
    )


def _dots(axes: Axes, dots: Dots) -> None:
    axes.plot(
        dots.x,
        dots.y,
        linestyle="none",
        marker="s" if dots.square else "o",
        markersize=dots.size,
        markeredgewidth=0,
        color=color(dots.color),
        label=dots.label,
        zorder=3,
    )
    if dots.labelled:
        for x, y, text in zip(dots.x, dots.y, dots.hover, strict=True):
            axes.annotate(
                text,
                (x, y),
                xytext=(4, 4),
                textcoords="offset points",
                fontsize=7,
                color=INK,
                zorder=4,
            )


def _bars(axes: Axes, bars: Bars) -> None:
    boxes = [
        Rectangle((x, y), w, h)
        for x, y, w, h in zip(
            bars.left, bars.bottom, bars.width, bars.height, strict=True
        )
    ]
    edge = 0.4 if len(boxes) <= 2000 else 0.0
    axes.add_collection(
        PatchCollection(
            boxes,
            facecolors=[color(k) for k in bars.colors],
            edgecolors="white",
            linewidths=edge,
        )
    )
    axes.autoscale_view()
    end = float(np.max(bars.left + bars.width, initial=bars.begin))
    span = end - bars.begin
    axes.set_xlim(bars.begin, bars.begin + (span * 1.01 if span > 0 else 1.0))
    for k, text in enumerate(bars.texts):
        if bars.width[k] >= _LEGIBLE * len(text) * span:
            axes.text(
                bars.left[k] + bars.width[k] / 2,
                bars.bottom[k] + bars.height[k] / 2,
                text,
                ha="center",
                va="center",
                fontsize=7,
                color="white",
            )


def _mark(axes: Axes, mark: Mark) -> None:
    axes.axvline(mark.x, color=INK, linewidth=1.0, linestyle="--")
    axes.annotate(
        mark.label,
        (mark.x, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(4, -10),
        textcoords="offset points",
        fontsize=9,
        color=INK,
    )


_DRAW: Mapping[type, Callable[[Axes, Any], None]] = {
    Line: _line,
    Dots: _dots,
    Bars: _bars,
    Mark: _mark,
}
