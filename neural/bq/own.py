"""A user's own instances: labelled by the suite's solvers, some of them held out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from combkit.comb.solve import solve
from combkit.instances.errors import UsageError
from combkit.instances.formats import read
from combkit.instances.problem import Problem
from combkit.neural.bq import forms
from combkit.neural.bq.base import Problem as Engine
from combkit.neural.bq.decode import greedy
from combkit.neural.bq.draw import SCALE
from combkit.neural.bq.network import Policy

__all__ = ["OWN", "Held", "gap_of", "label"]

#: Name of the label set.
OWN = "own"
#: Every so-manieth file is held out.
_HELD_OUT = 5

#: Instances that are not learned from, with what is known of them.
Held = list[tuple[forms.Form, float]]
Array = NDArray[Any]


def label(
    name: str, files: Sequence[str], folder: Path, seconds: float, seed: int
) -> Held:
    """Solve instance files and write the solutions as a shard of labels.

    Parameters
    ----------
    name : str
        Problem of the engine.
    files : sequence of str
        Instance files.
    folder : Path
        Where the shard is written.
    seconds : float
        Time for each file, by ``auto``.
    seed : int
        Seed of the solvers.

    Returns
    -------
    list of (Form, float)
        Every fifth instance, which is not in the shard, and its objective in the
        engine's units.

    Raises
    ------
    UsageError
        If a file is no instance of the problem, or there are too few.
    """
    rows: list[dict[str, Array]] = []
    held: Held = []
    for number, file in enumerate(files):
        problem = read(file)
        reason = forms.unsupported(problem)
        if reason is None and forms.policy_name(problem) != name:
            reason = f"it is a {problem.kind}"
        if reason is None and problem.size["n"] < 8:
            reason = "fewer than 8 nodes have nothing to teach"
        if reason is not None:
            raise UsageError(f"{file}: not for {name}: {reason}")
        row, objective = _row(problem, seconds, seed, file)
        if number % _HELD_OUT == _HELD_OUT - 1:
            held.append((forms.form_of(problem), objective))
        else:
            rows.append(row)
    if not held:
        raise UsageError(f"{len(files)} instances: at least {_HELD_OUT}, one held out")
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{OWN}.{os.getpid()}"
    with open(temporary, "wb") as stream:
        np.savez_compressed(stream, **_padded(rows))  # type: ignore[arg-type]
    temporary.replace(folder / f"{OWN}.{seed}.00000.npz")
    return held


def _row(
    problem: Problem, seconds: float, seed: int, file: str
) -> tuple[dict[str, Array], float]:
    """Return an instance in the order of a solution, as in a shard, and its value."""
    solution = solve(problem, time_limit=seconds, seed=seed).solution
    if solution is None:
        raise UsageError(f"{file}: no solution within {seconds:g} s to learn from")
    form = forms.form_of(problem)
    data = form.row
    n = np.asarray(form.n, np.int32)
    if form.name == "tsp":
        xy = data["xy"][solution.tour]
        legs = np.linalg.norm(xy - np.roll(xy, -1, axis=0), axis=1)
        return {"xy": _packed(xy), "n": n}, float(legs.sum())
    if form.name == "atsp":
        costs = data["costs"][np.ix_(solution.tour, solution.tour)]
        total = float(np.diagonal(np.roll(costs, -1, axis=1)).sum())
        return {"costs": _packed(costs / max(float(costs.max()), 1e-9)), "n": n}, total
    if form.name == "kp":
        chosen = np.zeros(form.n, bool)
        chosen[solution.selected] = True
        order = np.argsort(~chosen, kind="stable")
        row = {
            "values": data["value"][order],
            "weights": data["weight"][order],
            "capacity": data["capacity"],
            "n": n,
            "chosen": np.asarray(chosen.sum(), np.int32),
        }
        return row, float(data["value"][chosen].sum())
    return _routes(solution.routes, data, n)


def _routes(
    routes: Sequence[Array], data: dict[str, Array], n: Array
) -> tuple[dict[str, Array], float]:
    routes = [route - 1 for route in routes if route.size]
    # The fullest first: what is left open is one route with room.
    routes.sort(key=lambda route: -float(data["demand"][route].sum()))
    order = np.concatenate(routes)
    total = 0.0
    for route in routes:
        points = np.concatenate([[data["depot"]], data["xy"][route], [data["depot"]]])
        total += float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
    row = {
        "depot": _packed(data["depot"]),
        "xy": _packed(data["xy"][order]),
        "demand": data["demand"][order],
        "route": np.repeat(np.arange(len(routes)), [len(route) for route in routes]),
        "capacity": np.asarray(1.0),
        "n": n,
    }
    return row, total


def _packed(values: Array) -> NDArray[np.uint16]:
    steps: Array = np.rint(np.clip(values, 0.0, 1.0) * SCALE)
    return steps.astype(np.uint16)


def _padded(rows: Sequence[dict[str, Array]]) -> dict[str, Array]:
    """Return rows as arrays, smaller ones padded with zeros."""
    shard: dict[str, Array] = {}
    for name, first in rows[0].items():
        shape = np.max([np.shape(row[name]) for row in rows], axis=0)
        array = np.zeros((len(rows), *np.asarray(shape, int)), np.asarray(first).dtype)
        for k, row in enumerate(rows):
            place: tuple[int | slice, ...] = (k, *map(slice, np.shape(row[name])))
            array[place] = row[name]
        shard[name] = array
    return shard


def gap_of(engine: Engine, policy: Policy, held: Held, device: torch.device) -> float:
    """Return the mean gap of greedy constructions of held-out instances, in %.

    Negative where they are better than what the solvers found.
    """
    gaps = []
    sign = -1.0 if engine.maximised else 1.0
    for form, known in held:
        rows = {name: value.to(device) for name, value in forms.stacked([form]).items()}
        nodes, ways = greedy(engine, policy, rows, policy.config.width)
        value = float(engine.objective(rows, nodes, ways)[0])
        gaps.append(sign * (value / known - 1.0) if known else 0.0)
    return 100.0 * float(np.mean(gaps))
