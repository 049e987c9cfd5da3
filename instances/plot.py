"""Pictures of problems, solutions and runs; needs the extra ``[plot]``.

A picture is first a ``Scene``, a few shapes in data coordinates; the suffix of
its path decides who draws it: matplotlib (``.png``, ``.svg``, ``.pdf``) or
plotly (``.html``, one self-contained interactive file).
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from combkit.instances._gantt import gantt
from combkit.instances._scene import Bars, Dots, Line, Mark, Scene
from combkit.instances.cvrp import CVRP
from combkit.instances.errors import (
    MissingDependencyError,
    UnsupportedFeatureError,
    UsageError,
)
from combkit.instances.fleet.problem import RichVRP
from combkit.instances.fleet.solution import FleetRoutes
from combkit.instances.mtsp import MTSP
from combkit.instances.ovrp import OVRP
from combkit.instances.prizes import Outing
from combkit.instances.problem import Problem
from combkit.instances.result import Result
from combkit.instances.solutions import Routes, Schedule
from combkit.instances.source import Source, atomic_write
from combkit.instances.timescale import Timescale
from combkit.instances.tsp import ATSP, TSP

__all__ = ["Curve", "plot", "plot_arms", "plot_trace", "read_trace"]

Floats = NDArray[np.float64]

#: Backend by suffix: its module and the packages that it needs.
_BACKENDS: Mapping[str, str] = {
    "png": "combkit.instances._draw_matplotlib",
    "svg": "combkit.instances._draw_matplotlib",
    "pdf": "combkit.instances._draw_matplotlib",
    "html": "combkit.instances._draw_plotly",
}

#: Largest distance matrix whose positions are worth reconstructing.
_MOST_SCALED = 2000
#: Nodes up to which each one carries its number.
_MOST_LABELS = 60
#: Nonzeros drawn of a matrix; more are thinned out evenly.
_MOST_NONZEROS = 50_000

_ACCENT, _FAINT = 0, -1

#: What the objective of a kind is called.
_NOUNS = {
    **dict.fromkeys(("tsp", "atsp", "cvrp", "ovrp", "vrptw", "mtsp"), "length"),
    **dict.fromkeys(("jsp", "fjsp", "ossp", "rcpsp"), "makespan"),
    "kp": "profit",
}


def plot(
    problem: Problem,
    solution: Any = None,
    path: str | os.PathLike[str] | None = None,
    *,
    title: str | None = None,
    by: str = "machine",
    timescale: Timescale | None = None,
) -> Any:
    """Draw a problem, alone or with a solution.

    Tours and routes on the map, schedules as Gantt charts, knapsacks as items
    in order of their density, a mip as the pattern of its matrix.

    Parameters
    ----------
    problem : Problem
        What to draw.
    solution : Solution, optional
        A solution of it, which need not be feasible.
    path : str or PathLike, optional
        Where to write the picture: ``.png``, ``.svg``, ``.pdf`` or ``.html``.
    title : str, optional
        Title instead of name and objective.
    by : {"machine", "job"}
        What the rows of a Gantt chart are; ``.html`` has buttons for both.
    timescale : Timescale, optional
        The dates of the times of a schedule, which the chart then shows.

    Returns
    -------
    matplotlib.figure.Figure or plotly.graph_objects.Figure
        The second for ``.html``.

    Raises
    ------
    UsageError
        If the suffix, or ``by``, is another one, or what has no times is to be
        drawn with dates.
    UnsupportedFeatureError
        If there is nothing to draw, e.g. no positions.
    MissingDependencyError
        If the extra is not installed.
    """
    draw = _SCENES.get(problem.kind)
    if problem.solution_type is Schedule:
        scene = gantt(problem, solution, by, timescale)
    elif timescale is not None:
        raise UsageError(f"timescale: a {problem.kind} has no times")
    elif draw is not None:
        scene = draw(problem, solution)
    else:
        raise UnsupportedFeatureError(f"no picture of kind {problem.kind!r}")
    scene.title = _title(problem, solution) if title is None else title
    return _render(scene, path)


@dataclass(frozen=True, slots=True)
class Curve:
    """The convergence of a run.

    Parameters
    ----------
    name : str
        What the legend calls it.
    points : sequence of (time, objective, bound)
        Changes in time order; None where there was no value yet.
    runtime : float
        Seconds until the run ended.
    """

    name: str
    points: Sequence[tuple[float, float | None, float | None]]
    runtime: float

    @classmethod
    def of(cls, result: Result) -> Curve:
        """Return the curve of a result."""
        name = f"{result.instance or result.kind}, {result.solver}"
        points = [(p.time, p.objective, p.bound) for p in result.trace]
        return cls(name, points, result.runtime)


def plot_trace(
    runs: Result | Curve | Sequence[Result | Curve],
    path: str | os.PathLike[str] | None = None,
    *,
    title: str | None = None,
) -> Any:
    """Draw how the objective (solid) and the bound (dashed) of runs changed.

    Parameters
    ----------
    runs : Result, Curve or sequence of them
        The runs.
    path : str or PathLike, optional
        Where to write the picture.
    title : str, optional
        Title instead of "Convergence".

    Returns
    -------
    matplotlib.figure.Figure or plotly.graph_objects.Figure
        The second for ``.html``.
    """
    several = [runs] if isinstance(runs, Result | Curve) else list(runs)
    curves = [Curve.of(r) if isinstance(r, Result) else r for r in several]
    if not any(curve.points for curve in curves):
        raise UnsupportedFeatureError("no run has found anything: nothing to draw")
    scene = Scene(
        title="Convergence" if title is None else title,
        x_label="seconds",
        y_label="objective",
        grid=True,
    )
    for color, curve in enumerate(curves):
        for what, column, dashed in (("objective", 1, False), ("bound", 2, True)):
            x, y = _steps(curve, column)
            if x.size:
                label = f"{curve.name}: {what}"
                scene.shapes.append(Line(x, y, color, 1.8, label, dashed))
    first = min(p[0] for curve in curves for p in curve.points)
    last = max(curve.runtime for curve in curves)
    # Most of what happens early is invisible on a linear axis of a long run.
    scene.log_x = first > 0 and last / first > 100
    return _render(scene, path)


def plot_arms(
    result: Result,
    path: str | os.PathLike[str] | None = None,
    *,
    title: str | None = None,
) -> Any:
    """Draw which arms an adaptive search chose over time.

    One line an arm: the seconds that it has got so far. A dot is a choice that
    improved the incumbent.

    Parameters
    ----------
    result : Result
        Of a solver that keeps its choices, as ``balans`` does.
    path : str or PathLike, optional
        Where to write the picture.
    title : str, optional
        Title instead of "Arms over time".

    Returns
    -------
    matplotlib.figure.Figure or plotly.graph_objects.Figure
        The second for ``.html``.

    Raises
    ------
    UnsupportedFeatureError
        If the result has no choices.
    """
    choices = result.extra.get("choices", {})
    if not choices.get("rows"):
        raise UnsupportedFeatureError(f"{result.solver}: no choices to draw")
    columns = choices["columns"]
    by_name = {c: [row[k] for row in choices["rows"]] for k, c in enumerate(columns)}
    times, seconds, best = (
        np.array(by_name[name], dtype=np.float64)
        for name in ("time", "seconds", "best")
    )
    improved = np.concatenate([[False], np.diff(best) != 0])
    scene = Scene(
        title="Arms over time" if title is None else title,
        x_label="seconds",
        y_label="seconds of the arm",
        grid=True,
    )
    for color, name in enumerate(dict.fromkeys(by_name["arm"])):
        mine = np.array([arm == name for arm in by_name["arm"]])
        spent = np.cumsum(seconds[mine])
        x = np.concatenate([times[mine], [result.runtime]])
        y = np.concatenate([spent, spent[-1:]])
        scene.shapes.append(Line(x, y, color, 1.8, name))
        gains = improved[mine]
        if gains.any():
            hover = [f"{name}: {value:g}" for value in best[mine][gains]]
            scene.shapes.append(
                Dots(times[mine][gains], spent[gains], color, 6.0, hover)
            )
    return _render(scene, path)


def read_trace(path: str | os.PathLike[str]) -> list[Curve]:
    """Read runs for ``plot_trace`` from a file.

    Parameters
    ----------
    path : str or PathLike
        What ``Result.save`` wrote, or what ``combkit solve --json`` printed,
        one object a line.

    Raises
    ------
    InstanceFormatError
        If a line is something else.
    """
    source = Source(path)
    curves = []
    for number, line in enumerate(source.lines, 1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
            points = [_point(*entry[:3]) for entry in data["trace"]]
            name = f"{data['instance']}, {data['solver']}"
            curves.append(Curve(name, points, float(data["runtime"] or 0.0)))
        except json.JSONDecodeError as error:
            raise source.error(number, f"not JSON: {error.msg}") from None
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise source.error(number, f"not a saved result: {error!r}") from None
    return curves


def _point(
    time: float, objective: float | None, bound: float | None
) -> tuple[float, float | None, float | None]:
    return (
        float(time),
        None if objective is None else float(objective),
        None if bound is None else float(bound),
    )


def _steps(curve: Curve, column: int) -> tuple[Floats, Floats]:
    """Return the corners of a step function, held until the end of the run."""
    known = [(p[0], p[column]) for p in curve.points if p[column] is not None]
    if not known:
        return np.zeros(0), np.zeros(0)
    times = np.array([t for t, _ in known] + [max(curve.runtime, known[-1][0])])
    values = np.array([v for _, v in known], dtype=np.float64)
    x = np.repeat(times, 2)[1:-1]
    return x, np.repeat(values, 2)


def _render(scene: Scene, path: str | os.PathLike[str] | None) -> Any:
    suffix = "png" if path is None else Path(path).suffix.lower().lstrip(".")
    if suffix not in _BACKENDS:
        known = ", ".join(f".{s}" for s in _BACKENDS)
        raise UsageError(f"{path}: no picture with suffix {suffix!r} (known: {known})")
    try:
        backend = import_module(_BACKENDS[suffix])
    except ModuleNotFoundError as error:
        if error.name not in ("matplotlib", "plotly"):
            raise
        raise MissingDependencyError("plotting", "plot") from None
    figure = backend.figure(scene)
    if path is not None:
        atomic_write(path, backend.encode(figure, suffix))
    return figure


def _title(problem: Problem, solution: Any) -> str:
    name = problem.name or problem.kind
    if solution is None:
        size = ", ".join(f"{key} = {value}" for key, value in problem.size.items())
        return f"{name} ({size})"
    suffix = "" if not problem.check(solution) else ", infeasible"
    noun = _NOUNS.get(problem.kind, "objective")
    return f"{name}: {noun} {problem.evaluate(solution):.10g}{suffix}"


def _map(problem: Any, solution: Any) -> Scene:
    """Cities with a tour, or customers with routes and their depot."""
    xy = _positions(problem)
    scene = Scene(equal_axes=True, hide_axes=True)
    if isinstance(problem, CVRP | MTSP):
        routes = [] if solution is None else [r for r in solution.routes if r.size]
        for k, route in enumerate(routes):
            label = f"{k + 1}: {_about(problem, route)}"
            end = [] if isinstance(problem, OVRP) else [0]
            stops = xy[np.concatenate(([0], route, end)).astype(np.int64)]
            # The legs to the depot are light, or they bury everything near it.
            inner = xy[route]
            scene.shapes.append(Line(*_columns(stops), k, 0.6, None, faded=True))
            scene.shapes.append(Line(*_columns(inner), k, 1.6, label))
        scene.legend = 0 < len(routes) <= 16
    elif solution is not None:
        if isinstance(problem, TSP | ATSP) and problem.ends is not None:
            order = problem.path(solution)
        else:
            order = np.append(solution.tour, solution.tour[:1])
        scene.shapes.append(Line(*_columns(xy[order]), _ACCENT, 1.3))
    first = 1 if isinstance(problem, CVRP | MTSP | Outing) else 0
    numbers = [str(k) for k in range(first, len(xy))]
    size = float(np.clip(60.0 / math.sqrt(len(xy)), 0.8, 7.0))
    scene.shapes.append(
        Dots(*_columns(xy[first:]), None, size, numbers, len(xy) <= _MOST_LABELS)
    )
    if first:
        scene.shapes.append(Dots(*_columns(xy[:1]), None, 11.0, ["depot"], square=True))
    return scene


def _fleet_map(problem: RichVRP, solution: FleetRoutes | None) -> Scene:
    """Clients with routes and depots; a colour a route, clients of none are light."""
    if problem.coords is None:
        raise UnsupportedFeatureError(f"{problem.name or 'vrp'}: no coordinates")
    scene = Scene(equal_axes=True, hide_axes=True)
    xy, clients = problem.coords, problem.clients
    routes = [] if solution is None else [r for r in solution.routes if r.visits.size]
    for k, route in enumerate(routes):
        kind = route.vehicle_type
        table = problem.timetable(route)
        label = f"{k + 1}: type {kind}, {route.visits.size} clients"
        label += f", {table.distance:.6g} long"
        stops = problem.path(route)
        inner = xy[clients[route.visits]]
        scene.shapes.append(Line(*_columns(xy[stops]), k, 0.6, None, faded=True))
        scene.shapes.append(Line(*_columns(inner), k, 1.6, label))
    scene.legend = 0 < len(routes) <= 16
    size = float(np.clip(60.0 / math.sqrt(problem.n), 0.8, 7.0))
    missed = np.zeros(problem.n, bool)
    if solution is not None:
        missed[problem.unserved(solution)] = True
    for who, shade in ((~missed, None), (missed, _FAINT)):
        if who.any():
            names = [str(k) for k in np.flatnonzero(who)]
            dots = _columns(xy[clients[who]])
            shown = problem.n <= _MOST_LABELS
            scene.shapes.append(Dots(*dots, shade, size, names, shown))
    depots = [f"depot {k}" for k in range(problem.depots.size)]
    where = _columns(xy[problem.depots])
    scene.shapes.append(Dots(*where, None, 11.0, depots, square=True))
    return scene


def _about(problem: CVRP | MTSP, route: Any) -> str:
    """Return what a legend says of a route."""
    if isinstance(problem, CVRP):
        return f"{route.size} customers, load {float(problem.demands[route].sum()):g}"
    return f"{route.size} cities, length {problem.evaluate(Routes([route])):.6g}"


def _positions(problem: Any) -> Floats:
    """Return where to draw the nodes, shape (n, 2)."""
    if problem.display is not None:
        return np.asarray(problem.display, dtype=np.float64)[:, :2]
    coords = getattr(problem, "coords", None)
    if coords is not None:
        # TSPLIB's geographical coordinates are latitude, longitude.
        columns = [1, 0] if problem.metric == "GEO" else [0, 1]
        return np.asarray(coords[:, columns])
    matrix = np.asarray(problem.matrix, dtype=np.float64)
    if len(matrix) > _MOST_SCALED:
        raise UnsupportedFeatureError(
            f"{problem.name or problem.kind}: {len(matrix)} nodes without positions"
        )
    return _scaled(matrix)


def _scaled(matrix: Floats) -> Floats:
    """Return positions whose distances resemble a matrix (classical scaling).

    References
    ----------
    Torgerson, Multidimensional scaling: I. Theory and method, Psychometrika 17
    (1952), 401-419. doi:10.1007/BF02288916
    """
    squares = ((matrix + matrix.T) / 2) ** 2
    np.fill_diagonal(squares, 0.0)
    centred = squares - squares.mean(axis=0)
    centred = -(centred - centred.mean(axis=1)[:, None]) / 2
    values, vectors = np.linalg.eigh(centred)
    if len(values) < 2:
        return np.zeros((len(values), 2))
    top: Floats = vectors[:, -2:] * np.sqrt(np.maximum(values[-2:], 0.0))
    return top[:, ::-1]


def _columns(xy: Floats) -> tuple[Floats, Floats]:
    return xy[:, 0], xy[:, 1]


def _knapsack(problem: Any, solution: Any) -> Scene:
    """Items by falling density: width is weight, height is profit a weight."""
    weights = np.asarray(problem.weights, dtype=np.float64)
    profits = np.asarray(problem.profits, dtype=np.float64)
    density = profits / np.where(weights > 0, weights, np.nan)
    density = np.nan_to_num(density, nan=float(np.nanmax(density, initial=1.0)))
    order = np.argsort(-density, kind="stable")
    chosen = np.zeros(weights.size, dtype=bool)
    if solution is not None:
        chosen[solution.selected] = True
    right = np.cumsum(weights[order])
    hover = [
        f"item {i}: profit {profits[i]:g}, weight {weights[i]:g}"
        + (", selected" if chosen[i] else "")
        for i in order.tolist()
    ]
    bars = Bars(
        left=right - weights[order],
        width=weights[order],
        bottom=np.zeros(weights.size),
        height=density[order],
        colors=np.where(chosen[order], _ACCENT, _FAINT).tolist(),
        hover=hover,
    )
    marked = " (blue: selected)" if chosen.any() else ""
    return Scene(
        shapes=[bars, Mark(float(problem.capacity), "capacity")],
        x_label=f"weight, items by falling density{marked}",
        y_label="profit a unit of weight",
    )


def _matrix(problem: Any, solution: Any) -> Scene:
    """Return the pattern of the constraint matrix, integer columns apart."""
    rows, cols = problem.A.nonzero()
    keep = np.arange(0, rows.size, max(1, math.ceil(rows.size / _MOST_NONZEROS)))
    rows, cols = rows[keep], cols[keep]
    integer = problem.integrality[cols] == 1
    size = float(np.clip(300.0 / max(problem.m, problem.n, 1), 0.6, 5.0))
    scene = Scene(x_label="column", y_label="row", downwards=True, legend=True)
    for label, part, color in (
        ("integer", integer, _ACCENT),
        ("continuous", ~integer, 1),
    ):
        if part.any():
            x, y = cols[part].astype(np.float64), rows[part].astype(np.float64)
            scene.shapes.append(Dots(x, y, color, size, label=label))
    return scene


_SCENES: Mapping[str, Callable[[Any, Any], Scene]] = {
    "tsp": _map,
    "atsp": _map,
    "cvrp": _map,
    "ovrp": _map,
    "vrptw": _map,
    "op": _map,
    "pctsp": _map,
    "spctsp": _map,
    "mtsp": _map,
    "vrp": _fleet_map,
    "kp": _knapsack,
    "mip": _matrix,
}
