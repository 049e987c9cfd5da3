"""From the rows of a batch to its tables, curves and verdicts.

Conventions, which every report states: a failed run, and one without a
solution, counts at the time limit and with a gap of 100 %; a comparison of
several solvers is over the instances that all of them have run; kinds are not
mixed in averages.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from combkit.cli.bench.metrics import (
    Traces,
    gap_to_reference,
    marginal_contribution,
    penalised_time,
    performance_profile,
    primal_gap,
    shifted_geometric_mean,
)
from combkit.cli.bench.schema import FAILED, PROVEN
from combkit.cli.bench.statistics import compare_paired, holm, resampled_means
from combkit.instances.errors import MissingDependencyError, UsageError, nearest

try:
    import pandas as pd
except ImportError:
    raise MissingDependencyError("a report on a batch", "bench") from None

if TYPE_CHECKING:
    import pyarrow

    from combkit.cli.bench.store import Store

__all__ = ["MEASURES", "Analysis", "Curve", "Measure"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of a run that solvers are compared by; smaller is better.

    Parameters
    ----------
    column : str
        Column of ``Analysis.frame``.
    title : str
        For tables.
    unit : {"%", "s", "share"}
        ``%``: a ratio to be shown in per cent.
    """

    column: str
    title: str
    unit: str


MEASURES = (
    Measure("gap", "gap", "%"),
    Measure("primal_integral", "primal integral", "%"),
    Measure("par2", "PAR2 time", "s"),
)

#: Targets of the ECDF, as gaps to the reference.
TARGETS = (0.0, 0.001, 0.01, 0.05)
#: Points of a convergence curve.
_MOMENTS = 40
#: Gap at which a run without a solution counts, and the largest that counts:
#: a poor solution is never worse than none.
_NO_SOLUTION = 1.0
#: Relative difference within which objectives are the same, by kind: those of
#: floating point models hold within their tolerance of feasibility.
_SAME, _SAME_AS = 1e-9, {"mip": 1e-6}


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve of a label: y over x."""

    label: str
    x: Floats
    y: Floats


class Analysis:
    """The figures of a batch.

    Parameters
    ----------
    runs, trace : pyarrow.Table
        Columns as in ``schema.RUNS`` and ``schema.TRACE``; the trace sorted by
        run and time.
    planned : int, optional
        Runs in the plan; as many as there are by default.
    left_out : int
        Rows of older plans that are not in ``runs``.

    Attributes
    ----------
    frame : DataFrame
        One row a run: the columns of ``runs`` that matter here, and ``failed``,
        ``proven``, ``has`` (a solution that counts), ``gap`` (to the best known
        value, or to the best of the batch), ``gamma`` (Berthold's gap, in
        [0, 1]), ``time`` (seconds, of unproven runs the limit), ``par2``,
        ``par10``, ``primal_integral``, ``primal_dual_integral`` (means over the
        limit, in [0, 1]).

    Raises
    ------
    UsageError
        If no run is done.
    """

    def __init__(
        self,
        runs: pyarrow.Table,
        trace: pyarrow.Table,
        *,
        planned: int | None = None,
        left_out: int = 0,
    ) -> None:
        if len(runs) == 0:
            raise UsageError("no run is done: there is nothing to report")
        self.planned = len(runs) if planned is None else planned
        self.left_out = left_out
        self.frame = _frame(runs)
        self.references = _references(self.frame)
        self._traces, order = _traces(trace, self.frame["run"].to_numpy())
        self.frame = self.frame.iloc[order].reset_index(drop=True)
        self._means: dict[tuple[str, str], dict[str, Floats]] = {}
        self._times: dict[float, Floats] = {}
        self._measure()

    @classmethod
    def of(cls, store: Store) -> Analysis:
        """Return the figures of a store."""
        return cls(
            store.runs(), store.trace(), planned=store.planned, left_out=store.left_out
        )

    # -- figures of runs ---------------------------------------------------

    @property
    def traces(self) -> Traces:
        """The traces of the runs, in the order of ``frame``."""
        return self._traces

    def _measure(self) -> None:
        frame = self.frame
        minimise = (frame["sense"] == "min").to_numpy()
        limit = frame["time_limit"].to_numpy(dtype=float)
        reference = self._reference("reference")
        best = self._reference("best")
        value = frame["objective"].to_numpy(dtype=float)
        gap = gap_to_reference(value, reference, minimise)
        gamma = primal_gap(value, best)
        # A reference of 0 has no relative gap: Berthold's takes its place.
        gap = np.where(frame["has"] & np.isnan(gap) & ~np.isnan(reference), gamma, gap)
        settled = (frame["proven"] & ~frame["has"]).to_numpy()
        gap = np.where(np.isnan(gap), _NO_SOLUTION, np.minimum(gap, _NO_SOLUTION))
        frame["gap"] = np.where(settled, 0.0, gap)
        frame["gamma"] = np.where(settled, 0.0, gamma)
        frame["primal_integral"] = self._traces.primal_integral(best, limit)
        frame["primal_dual_integral"] = self._traces.primal_dual_integral(limit)
        proven = frame["proven"].to_numpy()
        time = frame["runtime"].to_numpy(dtype=float)
        # A proof ends both integrals; without one of the gap's ends it counts 1.
        share = np.minimum(np.nan_to_num(time, nan=np.inf), limit) / limit
        for column in ("primal_integral", "primal_dual_integral"):
            values = frame[column].to_numpy()
            values = np.where(settled, share, values)
            values = np.where(frame["failed"].to_numpy(), 1.0, values)
            frame[column] = values
        frame["time"] = penalised_time(time, proven, limit, 1.0)
        frame["par2"] = penalised_time(time, proven, limit, 2.0)
        frame["par10"] = penalised_time(time, proven, limit, 10.0)

    def _reference(self, column: str) -> Floats:
        """Return a column of the references for each run."""
        values = self.references[column]
        found: Floats = self.frame["instance"].map(values).to_numpy(dtype=float)
        return found

    def times_to(self, target: float) -> Floats:
        """Return when each run first was within a gap of its reference.

        Parameters
        ----------
        target : float
            Relative gap, e.g. 0.01.

        Returns
        -------
        ndarray of float, shape (runs,)
            Seconds; infinite where it never was, or where the run failed.
        """
        if target not in self._times:
            frame = self.frame
            minimise = (frame["sense"] == "min").to_numpy()
            reference = self._reference("reference")
            same = frame["kind"].map(_same).to_numpy(dtype=float)
            slack = np.maximum(target, same) * np.abs(reference)
            wanted = np.where(minimise, reference + slack, reference - slack)
            limit = frame["time_limit"].to_numpy(dtype=float)
            times = self._traces.time_to(wanted, minimise, limit)
            failed = frame["failed"].to_numpy()
            self._times[target] = np.where(failed, np.inf, times)
        return self._times[target]

    # -- what is compared --------------------------------------------------

    @property
    def kinds(self) -> list[str]:
        """Problem kinds of the batch."""
        return sorted(self.frame["kind"].unique())

    @property
    def labels(self) -> list[str]:
        """Labels of the solvers."""
        return sorted(self.frame["label"].unique())

    def labels_of(self, kind: str) -> list[str]:
        """Return the labels that have run a kind, the best one first."""
        return list(self.summary(kind).index)

    def common(self, kind: str, labels: Collection[str] | None = None) -> list[str]:
        """Return the instances of a kind that all labels have run.

        With the same number of seeds each; an instance that lacks a run of
        any label is no basis for a comparison.

        Parameters
        ----------
        kind : str
            Problem kind.
        labels : collection of str, optional
            Labels to look at; all that have run the kind by default.
        """
        counts = self._counts[kind]
        if labels is not None:
            counts = counts.reindex(columns=sorted(labels)).dropna(how="all")
        whole = counts.notna().all(axis=1) & (counts.nunique(axis=1) == 1)
        return list(counts.index[whole])

    @cached_property
    def _counts(self) -> dict[str, pd.DataFrame]:
        """Return the number of runs by instance and label for each kind."""
        return {
            str(kind): part.pivot_table(
                index="instance", columns="label", values="run", aggfunc="count"
            )
            for kind, part in self.frame.groupby("kind")
        }

    def _comparable(
        self, kind: str, labels: Collection[str] | None = None
    ) -> pd.DataFrame:
        """Return the runs of the labels on the instances that all of them have."""
        frame = self.frame
        chosen = (frame["kind"] == kind) & frame["instance"].isin(
            self.common(kind, labels)
        )
        return frame[chosen if labels is None else chosen & frame["label"].isin(labels)]

    @cached_property
    def notes(self) -> list[str]:
        """What was left out and how things were counted, in sentences."""
        frame, notes = self.frame, []
        if len(frame) < self.planned:
            notes.append(
                f"{len(frame)} of {self.planned} planned runs are done; the others are "
                "not in any figure."
            )
        if self.left_out:
            notes.append(
                f"{self.left_out} rows of other versions, limits or instance contents "
                "are in the store and not in this report."
            )
        for kind in self.kinds:
            part = frame[frame["kind"] == kind]
            total, common = part["instance"].nunique(), len(self.common(kind))
            if common < total:
                notes.append(
                    f"{kind}: {common} of {total} instances have all runs of all "
                    "solvers; averages and comparisons are over these."
                )
            missing = self.references.loc[part["instance"].unique(), "known"]
            unknown = int(missing.isna().sum())
            if unknown:
                notes.append(
                    f"{kind}: for {unknown} of {total} instances no best known value "
                    "is on record; the best of this batch stands in its place."
                )
        beaten = self.references["beaten"]
        if beaten.any():
            notes.append(
                "Better than the best known value on record: "
                + ", ".join(sorted(beaten.index[beaten]))
                + "."
            )
        failed = int(frame["failed"].sum())
        if failed:
            notes.append(
                f"{failed} runs failed; they count at the time limit and with a gap of "
                "100 %."
            )
        limits = frame["time_limit"].nunique()
        if limits > 1:
            notes.append(f"The runs have {limits} different time limits.")
        machines = frame["machine"].nunique()
        if machines > 1:
            notes.append(f"The runs are from {machines} different machines.")
        return notes

    # -- tables ------------------------------------------------------------

    @property
    def shift(self) -> float:
        """Shift of geometric means in seconds: 10, or 1 for limits up to 60 s."""
        return 1.0 if self.frame["time_limit"].max() <= 60.0 else 10.0

    def summary(self, kind: str) -> pd.DataFrame:
        """Return the table of labels for a kind, the smallest mean gap first.

        Returns
        -------
        DataFrame
            Index label. Columns: runs, instances, proven, failed, found (runs
            with a solution), gap_mean, gap_median, gap_worst (over runs),
            time_sgm, par2, par10 (seconds), primal_integral,
            primal_dual_integral, wins (instances on which the mean gap is the
            least, ties counted for all), contribution (rise of the mean gap of
            the virtual best solver without it).
        """
        return self._summaries[kind]

    @cached_property
    def _summaries(self) -> dict[str, pd.DataFrame]:
        return {kind: self._summary(kind) for kind in self.kinds}

    def _summary(self, kind: str) -> pd.DataFrame:
        part = self._comparable(kind)
        if part.empty:
            part = self.frame[self.frame["kind"] == kind]
        by_label = part.groupby("label")
        table = pd.DataFrame(
            {
                "runs": by_label.size(),
                "instances": by_label["instance"].nunique(),
                "proven": by_label["proven"].sum(),
                "failed": by_label["failed"].sum(),
                "found": by_label["has"].sum(),
                "gap_mean": by_label["gap"].mean(),
                "gap_median": by_label["gap"].median(),
                "gap_worst": by_label["gap"].max(),
                "time_sgm": by_label["time"].agg(
                    lambda t: shifted_geometric_mean(t.to_numpy(), self.shift)
                ),
                "par2": by_label["par2"].mean(),
                "par10": by_label["par10"].mean(),
                "primal_integral": by_label["primal_integral"].mean(),
                "primal_dual_integral": by_label["primal_dual_integral"].mean(),
            }
        )
        means = part.pivot_table(index="instance", columns="label", values="gap")
        means = means.dropna()[list(table.index)]
        best = means.min(axis=1).to_numpy()[:, None]
        table["wins"] = (means.to_numpy() <= best + 1e-12).sum(axis=0)
        if len(means):
            table["contribution"] = marginal_contribution(means.to_numpy())
        else:
            table["contribution"] = np.nan
        return table.sort_values(["gap_mean", "par2"], kind="stable")

    def statuses(self, kind: str) -> pd.DataFrame:
        """Return the number of runs of each status (columns) by label."""
        part = self.frame[self.frame["kind"] == kind]
        return pd.crosstab(part["label"], part["status"])

    def instances(self, kind: str) -> pd.DataFrame:
        """Return mean gap, time and primal integral by instance and label.

        Returns
        -------
        DataFrame
            Index (instance, label); means over the seeds.
        """
        part = self.frame[self.frame["kind"] == kind]
        columns = ["gap", "time", "primal_integral", "objective", "proven", "failed"]
        return part.groupby(["instance", "label"])[columns].mean()

    def significance(self, kind: str, baseline: str | None = None) -> pd.DataFrame:
        """Return every pairwise comparison, or those with a baseline.

        p-values are adjusted by Holm's method over all comparisons of a
        measure within the kind.

        Parameters
        ----------
        kind : str
            Problem kind.
        baseline : str, optional
            Label that the others are compared with; all pairs by default.

        Returns
        -------
        DataFrame
            Columns: measure, first, second, instances, different, mean (second
            minus first), low, high (95 % interval), p, adjusted, effect,
            verdict (on the second, against the first).

        Raises
        ------
        UsageError
            If there is no such label.
        """
        labels = self.labels_of(kind)
        if baseline is not None and baseline not in labels:
            if baseline not in self.labels:
                raise UsageError(
                    f"no solver has the label {baseline!r}{nearest(baseline, labels)}"
                )
            pairs: list[tuple[str, str]] = []
        elif baseline is not None:
            pairs = [(baseline, label) for label in labels if label != baseline]
        else:
            pairs = list(combinations(labels, 2))
        return self.compare(kind, pairs)

    def compare(
        self, kind: str, pairs: Sequence[tuple[str, str]], *, apart: bool = False
    ) -> pd.DataFrame:
        """Return comparisons of pairs of labels, as ``significance`` does.

        Parameters
        ----------
        kind : str
            Problem kind.
        pairs : sequence of (str, str)
            What is compared with what.
        apart : bool
            Whether each pair is compared on all instances that the two of them
            have run, instead of those that all labels have.
        """
        rows: list[dict[str, Any]] = []
        for measure in MEASURES:
            rows.extend(self._compare(kind, measure, pairs, apart))
        return pd.DataFrame(rows, columns=_SIGNIFICANCE)

    def _compare(
        self,
        kind: str,
        measure: Measure,
        pairs: Sequence[tuple[str, str]],
        apart: bool,
    ) -> list[dict[str, Any]]:
        column = measure.column
        common = {} if apart else self._by_seed(kind, column)
        means = {} if apart else self._resampled(kind, column)
        found = []
        for a, b in pairs:
            if apart:
                values = self._by_seed(kind, column, (a, b))
                if values:
                    found.append((a, b, compare_paired(values[a], values[b])))
            elif common:
                resampled = (means[a], means[b])
                difference = compare_paired(common[a], common[b], resampled=resampled)
                found.append((a, b, difference))
        adjusted = holm(np.array([d.p for _, _, d in found]))
        return [
            {
                "measure": measure.column,
                "first": a,
                "second": b,
                "instances": d.instances,
                "different": d.different,
                "mean": d.mean,
                "low": d.low,
                "high": d.high,
                "p": d.p,
                "adjusted": float(p),
                "effect": d.effect,
                "verdict": d.verdict(float(p)),
            }
            for (a, b, d), p in zip(found, adjusted, strict=True)
        ]

    def _resampled(self, kind: str, column: str) -> dict[str, Floats]:
        """Return the means in the resamples of a bootstrap for each label."""
        if (kind, column) not in self._means:
            values = self._by_seed(kind, column)
            self._means[kind, column] = {
                label: resampled_means(own, stream=k)
                for k, (label, own) in enumerate(values.items())
            }
        return self._means[kind, column]

    def _by_seed(
        self, kind: str, column: str, labels: Collection[str] | None = None
    ) -> dict[str, Floats]:
        """Return values by label, shape (common instances, seeds); NaN for none."""
        part = self._comparable(kind, labels)
        if part.empty:
            return {}
        table = part.pivot_table(
            index="instance", columns=["label", "seed"], values=column
        )
        return {
            str(label): table[label].to_numpy(dtype=float)
            for label in table.columns.get_level_values("label").unique()
        }

    def virtual_best(self, kind: str) -> pd.DataFrame:
        """Return the virtual best solver, chosen by instance on some seeds.

        For each instance the label with the least mean gap on the first half of
        the seeds is chosen and evaluated on the other half: choosing and
        evaluating on the same runs would reward luck. With a single seed there
        is no other way; the column ``in_sample`` says so.

        Returns
        -------
        DataFrame
            One row each for the virtual best and for every label, on the same
            runs: columns label, gap, in_sample.
        """
        part = self._comparable(kind)
        cube = part.pivot_table(
            index="instance", columns=["seed", "label"], values="gap"
        )
        # Both halves need every label; merged batches may have other seeds.
        cube = cube.dropna()
        if cube.empty:
            return pd.DataFrame(columns=["label", "gap", "in_sample"])
        seeds = cube.columns.get_level_values("seed").unique()
        half = len(seeds) // 2
        train, test = (
            cube[list(chosen)].T.groupby(level="label").mean().to_numpy()
            for chosen in ((seeds[:half], seeds[half:]) if half else (seeds, seeds))
        )
        labels = sorted(part["label"].unique())
        best = test[train.argmin(axis=0), np.arange(len(cube))].mean()
        rows = [("virtual best", best), *zip(labels, test.mean(axis=1), strict=True)]
        return pd.DataFrame(
            [(label, float(gap), half == 0) for label, gap in rows],
            columns=["label", "gap", "in_sample"],
        )

    # -- curves ------------------------------------------------------------

    def profile(self, kind: str) -> list[Curve]:
        """Return the performance profiles of the labels by time to proof.

        Where no label has proven half of its runs they are by the primal
        integral instead, with every run that has a solution as solved.
        """
        part = self._comparable(kind)
        if part.empty:
            return []
        if self._is_proven(part):
            cost = np.where(part["proven"], np.maximum(part["time"], 1e-3), np.inf)
        else:
            cost = np.where(
                part["has"], np.maximum(part["primal_integral"], 1e-4), np.inf
            )
        keys = ["instance", "seed", "label"]
        table = part.assign(cost=cost).set_index(keys)["cost"].unstack("label")
        labels = self.labels_of(kind)
        times = table[labels].fillna(np.inf).to_numpy(dtype=float)
        ratios, shares = performance_profile(times)
        return [Curve(label, ratios, shares[:, k]) for k, label in enumerate(labels)]

    def profile_measure(self, kind: str) -> str:
        """Return what the profiles of a kind are by."""
        proven = self._is_proven(self._comparable(kind))
        return "time to proof" if proven else "primal integral"

    @staticmethod
    def _is_proven(part: pd.DataFrame) -> bool:
        """Whether some label has proven at least half of its runs."""
        return bool(part.groupby("label")["proven"].mean().max() >= 0.5)

    def ecdf(self, kind: str, target: float) -> list[Curve]:
        """Return the share of runs within a gap of the reference, over time.

        Parameters
        ----------
        kind : str
            Problem kind.
        target : float
            Relative gap.
        """
        times = pd.Series(self.times_to(target), index=self.frame.index)
        part = self._comparable(kind)
        curves = []
        for label in self.labels_of(kind):
            own = np.sort(times[part.index[part["label"] == label]].to_numpy())
            reached = own[np.isfinite(own)]
            shares = np.arange(1, len(reached) + 1) / max(1, len(own))
            curves.append(Curve(label, reached, shares))
        return curves

    def convergence(self, kind: str) -> pd.DataFrame:
        """Return the mean primal gap over the seeds at moments of the run.

        Returns
        -------
        DataFrame
            Index (instance, label), columns the moments in seconds (at most 40,
            spaced evenly in their logarithm up to the longest limit).
        """
        rows = np.flatnonzero(self.frame["kind"] == kind)
        moments, gaps = self._gaps_at_moments
        part = self.frame.iloc[rows]
        table = pd.DataFrame(gaps[rows], columns=moments)
        table["instance"] = part["instance"].to_numpy()
        table["label"] = part["label"].to_numpy()
        return table.groupby(["instance", "label"]).mean()

    @cached_property
    def _gaps_at_moments(self) -> tuple[Floats, Floats]:
        """Return the moments of convergence curves, and each run's gaps at them."""
        limit = float(self.frame["time_limit"].max())
        moments = np.geomspace(min(0.01, limit / 10), limit, _MOMENTS)
        return moments, self._traces.gaps_at(self._reference("best"), moments)

    # -- words -------------------------------------------------------------

    def verdict(self, kind: str, baseline: str | None = None) -> list[str]:
        """Return what the comparisons of a kind amount to, in sentences.

        Parameters
        ----------
        kind : str
            Problem kind.
        baseline : str, optional
            Label to compare with; the one of the least mean gap by default.
        """
        labels = self.labels_of(kind)
        summary = self.summary(kind)
        first = baseline if baseline in labels else labels[0]
        row = summary.loc[first]
        sentences = [
            f"{kind}: {first} has a mean gap of {100 * row['gap_mean']:.3g} % over "
            f"{int(row['instances'])} instances and proves {int(row['proven'])} of "
            f"{int(row['runs'])} runs."
        ]
        # The best one was not chosen beforehand: all pairs count in the adjustment.
        table = self.significance(kind, first if first == baseline else None)
        table = table[table["first"] == first]
        for measure in MEASURES:
            rows = table[table["measure"] == measure.column]
            for verdict, group in rows.groupby("verdict", sort=False):
                names = ", ".join(group["second"])
                sentences.append(
                    f"By {measure.title}, against {first}: {names}: {verdict}."
                )
        return sentences


_SIGNIFICANCE = [
    *("measure", "first", "second", "instances", "different", "mean", "low", "high"),
    *("p", "adjusted", "effect", "verdict"),
]

#: Columns of the runs that figures and tables need.
_KEPT = (
    *("run", "instance", "kind", "sense", "label", "seed", "status", "reason"),
    *("message", "objective", "bound", "best_known", "runtime", "wall", "cpu"),
    *("peak_memory", "time_to_best", "time_limit", "machine", "version"),
)


def _frame(runs: pyarrow.Table) -> pd.DataFrame:
    frame = runs.select(_KEPT).to_pandas()
    for column in frame.columns:
        if isinstance(frame[column].dtype, pd.CategoricalDtype):
            # Plain strings: groups must not run over absent categories.
            frame[column] = frame[column].astype(object)
    frame["failed"] = frame["status"].isin(FAILED)
    frame["proven"] = frame["status"].isin(PROVEN)
    frame["objective"] = frame["objective"].where(~frame["failed"])
    frame["has"] = frame["objective"].notna()
    frame["runtime"] = frame["runtime"].fillna(frame["wall"])
    return frame


def _references(frame: pd.DataFrame) -> pd.DataFrame:
    """Return what the runs of each instance are compared with.

    Returns
    -------
    DataFrame
        Index instance. Columns: known (best known value on record), found (best
        of the batch), reference (known, else found), best (the better of the
        two) and beaten (whether found is better than known).
    """
    by_instance = frame.groupby("instance")
    minimise = by_instance["sense"].first() == "min"
    known = by_instance["best_known"].first().astype(float)
    low, high = by_instance["objective"].min(), by_instance["objective"].max()
    found = low.where(minimise, high).astype(float)
    smaller, larger = np.fmin(known, found), np.fmax(known, found)
    table = pd.DataFrame({"known": known, "found": found})
    table["reference"] = known.fillna(found)
    table["best"] = smaller.where(minimise, larger)
    slack = by_instance["kind"].first().map(_same) * known.abs()
    table["beaten"] = (table["best"] - known).abs() > slack
    return table


def _same(kind: str) -> float:
    return _SAME_AS.get(kind, _SAME)


def _traces(
    trace: pyarrow.Table, runs: NDArray[Any]
) -> tuple[Traces, NDArray[np.int64]]:
    """Return the traces, and the order of the runs that they are in."""
    order = np.argsort(runs.astype(str), kind="stable")
    ranked = runs.astype(str)[order]
    import pyarrow as pa
    import pyarrow.compute as pc

    if len(trace) == 0:
        owners = np.empty(0, dtype=np.int64)
    else:
        # Look the names up once a run, not once a point.
        coded = trace["run"].dictionary_encode().unify_dictionaries().combine_chunks()
        position = pc.index_in(coded.dictionary, value_set=pa.array(ranked))
        found = position.to_numpy(zero_copy_only=False)
        owners = found[coded.indices.to_numpy()].astype(np.int64)
    counts = np.bincount(owners, minlength=len(ranked))
    columns = {
        name: trace[name].to_numpy(zero_copy_only=False).astype(float)
        for name in ("time", "objective", "bound")
    }
    # Sorted by run and time already, unless names are sorted in another way here.
    if (np.diff(owners) < 0).any():
        sorting = np.lexsort((columns["time"], owners))
        columns = {name: values[sorting] for name, values in columns.items()}
    return Traces(np.concatenate([[0], np.cumsum(counts)]), **columns), order
