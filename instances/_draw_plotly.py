"""Draw a scene with plotly, as one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

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

_DAY_MS = 86_400_000.0


def figure(scene: Scene) -> go.Figure:
    """Return the figure of a scene."""
    canvas = go.Figure()
    views = {scene.view: scene, **scene.others}
    drawn = []
    for one in views.values():
        before = len(canvas.data)
        for shape in one.shapes:
            _DRAW[type(shape)](canvas, shape)
        drawn.append((one, range(before, len(canvas.data))))
    if scene.dates:
        for trace in canvas.data:
            _to_milliseconds(trace)
    if scene.others:
        for k, trace in enumerate(canvas.data):
            trace.visible = k in drawn[0][1]
        _add_buttons(canvas, list(views), drawn)
    canvas.update_layout(
        title={"text": scene.title, "font": {"size": 16}},
        template="simple_white",
        showlegend=scene.legend and any(t.showlegend for t in canvas.data),
        margin={"l": 60, "r": 30, "t": 60, "b": 50},
    )
    canvas.update_xaxes(
        title=scene.x_label,
        visible=not scene.hide_axes,
        type="log" if scene.log_x else "date" if scene.dates else "linear",
        showgrid=scene.grid,
    )
    canvas.update_yaxes(
        title=scene.y_label,
        visible=not scene.hide_axes,
        showgrid=scene.grid,
        autorange="reversed" if scene.downwards else True,
    )
    if scene.equal_axes:
        canvas.update_yaxes(scaleanchor="x")
    canvas.update_yaxes(**_ticks(scene))
    return canvas


def _to_milliseconds(trace: Any) -> None:
    """Turn days into the unit of plotly's axes of dates."""
    trace.x = np.asarray(trace.x) * _DAY_MS
    if isinstance(trace, go.Bar):
        trace.base = np.asarray(trace.base) * _DAY_MS


def _ticks(scene: Scene) -> dict[str, Any]:
    """Return what the axis of the rows says."""
    ticks: dict[str, Any] = {"tickvals": None, "ticktext": None}
    if scene.y_ticks is not None and len(scene.y_ticks) <= MOST_NAMES:
        ticks["tickvals"] = list(scene.y_ticks)
        ticks["ticktext"] = None if scene.y_names is None else list(scene.y_names)
    return ticks


def _add_buttons(
    canvas: go.Figure, names: Sequence[str], drawn: Sequence[tuple[Scene, range]]
) -> None:
    """Add a button for each view, which shows its shapes and hides the others."""
    count = len(canvas.data)
    buttons = []
    for name, (scene, own) in zip(names, drawn, strict=True):
        layout = {f"yaxis.{key}": value for key, value in _ticks(scene).items()}
        layout["yaxis.title.text"] = scene.y_label
        visible = [k in own for k in range(count)]
        buttons.append(
            {"label": name, "method": "update", "args": [{"visible": visible}, layout]}
        )
    menu = {"type": "buttons", "direction": "right", "buttons": buttons}
    place = {"x": 1.0, "xanchor": "right", "y": 1.0, "yanchor": "bottom"}
    canvas.update_layout(updatemenus=[{**menu, **place}])


def encode(canvas: go.Figure, suffix: str) -> str:
    """Return the page, with plotly's own code inside."""
    page: str = canvas.to_html(include_plotlyjs=True, full_html=True)
    return page


def _line(canvas: go.Figure, line: Line) -> None:
    canvas.add_trace(
        go.Scattergl(
            x=line.x,
            y=line.y,
            mode="lines",
            line={
                "color": color(line.color),
                "width": line.width,
                "dash": "dash" if line.dashed else "solid",
            },
            opacity=0.35 if line.faded else 1.0,
            name=line.label,
            showlegend=line.label is not None,
            hoverinfo="skip" if line.faded else None,
        )
    )


def _dots(canvas: go.Figure, dots: Dots) -> None:
    canvas.add_trace(
        go.Scattergl(
            x=dots.x,
            y=dots.y,
            mode="markers",
            marker={
                "color": color(dots.color),
                "size": max(dots.size, 2.5),
                "symbol": "square" if dots.square else "circle",
            },
            text=list(dots.hover) or None,
            hoverinfo="text" if dots.hover else "x+y",
            name=dots.label,
            showlegend=dots.label is not None,
        )
    )


def _bars(canvas: go.Figure, bars: Bars) -> None:
    canvas.add_trace(
        go.Bar(
            orientation="h",
            base=bars.left,
            x=bars.width,
            y=bars.bottom + bars.height / 2,
            width=bars.height,
            marker={
                "color": [color(k) for k in bars.colors],
                "line": {"color": "white", "width": 0.5},
            },
            text=list(bars.texts) or None,
            textposition="inside",
            insidetextanchor="middle",
            hovertext=list(bars.hover),
            hoverinfo="text",
            showlegend=False,
        )
    )


def _mark(canvas: go.Figure, mark: Mark) -> None:
    canvas.add_vline(
        x=mark.x, line={"color": INK, "dash": "dash"}, annotation_text=mark.label
    )


_DRAW: Mapping[type, Callable[[go.Figure, Any], None]] = {
    Line: _line,
    Dots: _dots,
    Bars: _bars,
    Mark: _mark,
}
