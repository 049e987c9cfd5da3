"""The data behind the interactive parts of a page: compact, in columns.

A column is ``{"type": ..., "data": base64}`` of little-endian numbers; ``type``
is that of NumPy (``u1``, ``u2``, ``u4``, ``i4``, ``f2``, ``f4``, ``f8``), NaN is
nothing. Text is kept once and referred to by number.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from combkit.cli.bench.analysis import TARGETS, Analysis, Curve

__all__ = ["BUDGET", "Thinning", "encode", "page_data"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Bytes that the data of a page are kept to by thinning the curves of runs.
BUDGET = 26_000_000
#: Points that a curve of one run has at most: what a screen can show.
_MOST_POINTS = 200
#: Points of a profile or an ECDF.
_CURVE_POINTS = 400
#: Characters of a message.
_MESSAGE = 300


class Thinning:
    """How the curves of single runs were thinned.

    Parameters
    ----------
    most : int
        Points that a curve has at most.
    kept, total : int
        Points that are on the page, and that there were.
    """

    def __init__(self, most: int, kept: int, total: int) -> None:
        self.most, self.kept, self.total = most, kept, total

    def __str__(self) -> str:
        if self.kept == self.total:
            return "Curves of single runs are complete."
        return (
            f"Curves of single runs are thinned to at most {self.most} points each, "
            "first and last kept; averages, profiles and tables are from complete "
            "traces."
        )


def page_data(analysis: Analysis, budget: int = BUDGET) -> tuple[str, Thinning]:
    """Return the data of a page as JSON, and how it was thinned.

    Parameters
    ----------
    analysis : Analysis
        The figures.
    budget : int
        Bytes to keep to, as far as the curves of single runs allow it.
    """
    frame = analysis.frame
    # Runs of an instance and label lie together: found without a search.
    order = np.lexsort(
        [frame[name].to_numpy() for name in ("seed", "label", "instance", "kind")]
    )
    labels = analysis.labels
    instances = frame.iloc[order][["instance", "kind", "sense"]].drop_duplicates(
        "instance"
    )
    names = list(instances["instance"])
    references = analysis.references.loc[names]
    data: dict[str, Any] = {
        "labels": labels,
        "instances": {
            "name": names,
            "kind": encode(_codes(instances["kind"], analysis.kinds)),
            "maximise": encode((instances["sense"] != "min").to_numpy().astype("u1")),
            "reference": encode(references["reference"].to_numpy(dtype="f8")),
            "known": encode(references["known"].notna().to_numpy().astype("u1")),
            "best": encode(references["best"].to_numpy(dtype="f8")),
        },
        "kinds": [_kind_data(analysis, kind, labels) for kind in analysis.kinds],
        "runs": _run_data(frame.iloc[order], names, labels),
    }
    rest = len(json.dumps(data))
    data["curves"], thinning = _curve_data(analysis, order, budget - rest)
    return json.dumps(data, separators=(",", ":"), allow_nan=False), thinning


def encode(values: NDArray[Any]) -> dict[str, str]:
    """Return a column of the data."""
    little = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
    return {
        "type": little.dtype.str[1:],
        "data": base64.b64encode(little.tobytes()).decode("ascii"),
    }


def _codes(values: Iterable[str], known: Sequence[str]) -> NDArray[Any]:
    """Return the numbers of texts in a list, in as few bytes as it takes."""
    numbers = {text: k for k, text in enumerate(known)}
    return _narrow(np.array([numbers[value] for value in values], dtype=np.int64))


def _narrow(values: Integers) -> NDArray[Any]:
    low, high = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    for name in ("u1", "u2", "u4", "i4"):
        bounds = np.iinfo(name)
        if bounds.min <= low and high <= bounds.max:
            return values.astype(name)
    # Beyond, whole numbers are exact up to 2^53 in floating point.
    return values.astype("f8")


# -- runs --------------------------------------------------------------------


def _run_data(
    frame: pd.DataFrame, names: Sequence[str], labels: Sequence[str]
) -> dict[str, Any]:
    statuses = sorted(frame["status"].unique())
    remarks = [
        # A run that ended as it should has nothing to remark.
        f"{reason or ''}{': ' if reason and message else ''}{message or ''}"[:_MESSAGE]
        for reason, message in zip(
            frame["reason"].fillna(""), frame["message"].fillna(""), strict=True
        )
    ]
    texts = sorted(set(remarks))
    columns: dict[str, NDArray[Any]] = {
        "instance": _codes(frame["instance"], names),
        "label": _codes(frame["label"], labels),
        "seed": _narrow(frame["seed"].to_numpy(dtype=np.int64)),
        "status": _codes(frame["status"], statuses),
        "remark": _codes(remarks, texts),
        "objective": frame["objective"].to_numpy(dtype="f8"),
        "bound": frame["bound"].to_numpy(dtype="f8"),
        "gap": frame["gap"].to_numpy(dtype="f4"),
        "primal_integral": frame["primal_integral"].to_numpy(dtype="f4"),
        "runtime": frame["runtime"].to_numpy(dtype="f4"),
        "time_to_best": frame["time_to_best"].to_numpy(dtype="f4"),
        "cpu": frame["cpu"].to_numpy(dtype="f4"),
        "memory": (frame["peak_memory"].to_numpy(dtype="f8") / 1e6).astype("f4"),
        # As much of the name of its log as tells it from the others.
        "run": _prefixes(frame["run"]),
    }
    return {
        "count": len(frame),
        "statuses": statuses,
        "remarks": texts,
        "columns": {name: encode(values) for name, values in columns.items()},
    }


def _prefixes(runs: Iterable[str]) -> NDArray[Any]:
    """Return the first 8 hexadecimal digits of each identity as a number."""
    return np.array(
        [int(run[:8], 16) if _is_hash(run) else 0 for run in runs], dtype="u4"
    )


def _is_hash(run: str) -> bool:
    return len(run) >= 8 and all(c in "0123456789abcdef" for c in run[:8])


# -- kinds -------------------------------------------------------------------


def _kind_data(analysis: Analysis, kind: str, labels: Sequence[str]) -> dict[str, Any]:
    table = analysis.instances(kind)
    names = list(table.index.get_level_values("instance").unique())
    mean = analysis.convergence(kind)
    moments = mean.columns.to_numpy(dtype="f4")
    index = pd.MultiIndex.from_product([names, labels])
    return {
        "kind": kind,
        "order": analysis.labels_of(kind),
        "instances": names,
        "measures": {
            column: encode(table[column].reindex(index).to_numpy(dtype="f4"))
            for column in ("gap", "time", "primal_integral", "objective")
        },
        "profile": {
            "measure": analysis.profile_measure(kind),
            "curves": _curves(analysis.profile(kind)),
        },
        "ecdf": [
            {"target": target, "curves": _curves(analysis.ecdf(kind, target))}
            for target in TARGETS
        ],
        "moments": encode(moments),
        # Half precision holds three digits of a gap, down to 1e-7.
        "mean": encode(mean.reindex(index).to_numpy().astype("f2")),
    }


def _curves(curves: Iterable[Curve]) -> list[dict[str, Any]]:
    return [
        {
            "label": curve.label,
            "x": encode(curve.x[kept].astype("f4")),
            "y": encode(curve.y[kept].astype("f4")),
        }
        for curve in curves
        for kept in [_kept_of_curve(curve)]
    ]


def _kept_of_curve(curve: Curve) -> Integers:
    """Return the points of a rising curve to keep: its steps, evenly thinned."""
    if len(curve.y) == 0:
        return np.empty(0, dtype=np.int64)
    steps = np.flatnonzero(np.diff(curve.y, prepend=-1.0) > 0)
    if len(steps) <= _CURVE_POINTS:
        return steps
    picks = np.linspace(0, len(steps) - 1, _CURVE_POINTS).round().astype(np.int64)
    return steps[picks]


# -- curves of single runs ---------------------------------------------------


def _curve_data(
    analysis: Analysis, order: Integers, budget: int
) -> tuple[dict[str, Any], Thinning]:
    """Return incumbents and bounds over time, run by run in the given order."""
    traces = analysis.traces
    series = {
        name: _changes(traces.offsets, traces.time, values, order)
        for name, values in (("objective", traces.objective), ("bound", traces.bound))
    }
    # A point takes 8 bytes, as base64 4/3 of it.
    room = max(0, int(budget * 3 / 4 / 8))
    counts = np.concatenate([np.diff(offsets) for offsets, _, _ in series.values()])
    most = _most_points(counts, room)
    data, kept, total = {}, 0, 0
    for name, (offsets, time, values) in series.items():
        chosen = _thinned(offsets, most)
        ends = np.concatenate([[0], np.cumsum(chosen)])[offsets]
        data[name] = {
            "offsets": encode(ends.astype("u4")),
            "time": encode(time[chosen].astype("f4")),
            "value": encode(values[chosen].astype("f4")),
        }
        kept, total = kept + int(chosen.sum()), total + len(time)
    return data, Thinning(most, kept, total)


def _changes(
    offsets: Integers, time: Floats, values: Floats, order: Integers
) -> tuple[Integers, Floats, Floats]:
    """Return the points at which a series changes, runs in another order."""
    first = np.zeros(len(time), dtype=bool)
    starts = offsets[:-1][np.diff(offsets) > 0]
    first[starts] = True
    before = np.concatenate([[np.nan], values[:-1]])
    changed = ~np.isnan(values) & (first | (values != before))
    counts = np.concatenate([[0], np.cumsum(changed)])[offsets]
    lengths = np.diff(counts)[order]
    ends = np.concatenate([[0], np.cumsum(lengths)])
    # Point k of a run is so far from where the run begins in the old order.
    shift = np.repeat(counts[:-1][order] - ends[:-1], lengths)
    places = np.flatnonzero(changed)[np.arange(ends[-1]) + shift]
    return ends, time[places], values[places]


def _most_points(counts: Integers, room: int) -> int:
    """Return the largest number of points a curve for which all fit in the room."""
    most = _MOST_POINTS
    while most > 2 and int(np.minimum(counts, most).sum()) > room:
        most -= 1
    return most


def _thinned(offsets: Integers, most: int) -> NDArray[np.bool_]:
    """Return which points stay: of each run its first, its last, evenly between."""
    lengths = np.diff(offsets)
    count = np.repeat(lengths, lengths)
    place = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
    # Rank k of n stays where k * (most - 1) / (n - 1) passes a whole number.
    slot = place * (most - 1) // np.maximum(count - 1, 1)
    before = (place - 1) * (most - 1) // np.maximum(count - 1, 1)
    kept: NDArray[np.bool_] = (count <= most) | (place == 0) | (slot != before)
    return kept
