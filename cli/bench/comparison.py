"""Two batches, solver by solver: what was changed, and what that did.

A solver of one batch is compared with the solver of the same label in the
other, over the instances of the same content that both have run. Which of them
is which is said by the words before and after.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from combkit.cli.bench.analysis import MEASURES, Analysis
from combkit.cli.bench.figures import figure, markdown_table
from combkit.cli.bench.store import Store
from combkit.instances.errors import UsageError, nearest

if TYPE_CHECKING:
    import os

    import pyarrow

__all__ = ["Comparison", "compare"]

_SIDES = ("before", "after")
#: Instances shown of those that changed most, for each solver and direction.
_SHOWN = 5
#: Changes of a mean gap below this are those of the last digit.
_NOTICED = 1e-6
#: The best that can be said of a run comes first.
_OUTCOMES = ("proven", "found", "nothing", "failed")


@dataclass(frozen=True, slots=True)
class _Side:
    """A store and its rows, keyed by label, content and name of the instance."""

    store: Store
    runs: pyarrow.Table
    frame: pd.DataFrame

    @classmethod
    def of(cls, store: Store) -> _Side:
        columns = [
            *("label", "instance", "fingerprint", "version", "commit", "machine"),
            *("time_limit", "memory_limit", "threads", "work_limit", "gap_limit"),
        ]
        runs = store.runs()
        if len(runs) == 0:
            raise UsageError(f"{store.path}: no run is done")
        return cls(store, runs, runs.select(columns).to_pandas().astype(object))


class Comparison:
    """What is different between two batches.

    Parameters
    ----------
    before, after : Store
        The batches.
    pairs : mapping of str to str, optional
        Labels of the first batch and the ones of the second that they are
        compared with; equal labels by default.

    Attributes
    ----------
    labels : dict of str to str
        The labels that are compared.
    analysis : Analysis
        Figures of the runs that are compared, labelled ``before: LABEL`` and
        ``after: LABEL``; gaps of both are to the same values.

    Raises
    ------
    UsageError
        If there is no such label, or nothing that both batches have run.
    """

    def __init__(
        self, before: Store, after: Store, pairs: Mapping[str, str] | None = None
    ) -> None:
        self._sides = tuple(_Side.of(store) for store in (before, after))
        self.labels = self._match(pairs)
        self._names, self._reworked = self._same_instances()
        self.analysis = self._analyse()

    # -- what is compared with what ----------------------------------------

    def _match(self, pairs: Mapping[str, str] | None) -> dict[str, str]:
        first, second = (set(side.frame["label"]) for side in self._sides)
        if pairs is None:
            shared = sorted(first & second)
            if not shared:
                raise UsageError(
                    "the batches have no label in common: "
                    f"{', '.join(sorted(first))}; {', '.join(sorted(second))}"
                )
            return {label: label for label in shared}
        for label, known, side in (
            *((label, first, self._sides[0]) for label in pairs),
            *((label, second, self._sides[1]) for label in pairs.values()),
        ):
            if label not in known:
                raise UsageError(
                    f"{side.store.path}: no solver has the label {label!r}"
                    f"{nearest(label, known)}"
                )
        return dict(pairs)

    def _same_instances(self) -> tuple[dict[str, str], list[str]]:
        """Return the name by fingerprint, and names that changed their content."""
        keys = ["instance", "fingerprint"]
        first, second = (side.frame[keys].drop_duplicates() for side in self._sides)
        names = dict(zip(first["fingerprint"], first["instance"], strict=True))
        common = set(names) & set(second["fingerprint"])
        if not common:
            raise UsageError("the batches have no instance in common")
        joined = first.merge(second, on="instance")
        changed = joined[joined["fingerprint_x"] != joined["fingerprint_y"]]
        return {f: names[f] for f in common}, sorted(changed["instance"])

    def _analyse(self) -> Analysis:
        import pyarrow as pa

        parts = [
            _labelled(side, name, self._names, labels)
            for side, name, labels in (
                (self._sides[0], "before", list(self.labels)),
                (self._sides[1], "after", list(self.labels.values())),
            )
        ]
        runs, traces = zip(*parts, strict=True)
        return Analysis(pa.concat_tables(runs), pa.concat_tables(traces))

    def _pairs(self, kind: str) -> list[tuple[str, str]]:
        present = set(self.analysis.labels_of(kind))
        pairs = [(f"before: {a}", f"after: {b}") for a, b in self.labels.items()]
        return [pair for pair in pairs if present.issuperset(pair)]

    # -- what was changed --------------------------------------------------

    @property
    def changes(self) -> list[str]:
        """What is not the same in the two batches, in sentences."""
        first, second = (side.frame for side in self._sides)
        found = [
            *self._version_changes(first, second),
            *_setting_changes(first, second),
            *_only("solvers", set(first["label"]), set(second["label"]), self.labels),
        ]
        fingerprints = [set(side.frame["fingerprint"]) for side in self._sides]
        alone = [len(prints - set(self._names)) for prints in fingerprints]
        if any(alone):
            found.append(
                f"Not compared: {alone[0]} instances that only the batch before has, "
                f"{alone[1]} that only the one after has."
            )
        if self._reworked:
            found.append(
                "The content of these instances has changed, so that they are two "
                f"different ones: {_listed(self._reworked)}."
            )
        return found or ["Nothing: code, versions, limits and machine are the same."]

    def _version_changes(
        self, first: pd.DataFrame, second: pd.DataFrame
    ) -> Iterable[str]:
        changes: dict[str, list[str]] = {}
        for a, b in self.labels.items():
            old, new = (
                {
                    word
                    for text in _values(frame[own], "version")
                    for word in text.split()
                }
                for frame, own in (
                    (first, first["label"] == a),
                    (second, second["label"] == b),
                )
            )
            if old != new:
                said = (", ".join(sorted(words)) for words in (old - new, new - old))
                text = "version {} before, {} after".format(*said)
                changes.setdefault(text, []).append(a)
        for text, labels in changes.items():
            yield f"{', '.join(labels)}: {text}."
        commits = [_values(frame, "commit") for frame in (first, second)]
        if commits[0] != commits[1]:
            short = [", ".join(c[:10] for c in side) or "none" for side in commits]
            yield f"Revision {short[0]} before, {short[1]} after."

    # -- what that did -----------------------------------------------------

    @property
    def kinds(self) -> list[str]:
        """Problem kinds that are compared."""
        return [kind for kind in self.analysis.kinds if self._pairs(kind)]

    def differences(self, kind: str) -> pd.DataFrame:
        """Return the differences of a kind, after minus before.

        Returns
        -------
        DataFrame
            Columns label, measure, before, after (means over instances),
            instances, different, mean (their difference), low, high (95 %
            interval), p, adjusted (Holm, over the labels), effect, verdict.
        """
        table = self.analysis.compare(kind, self._pairs(kind), apart=True)
        means = {
            (measure.column, label): self._mean(kind, measure.column, pair, label)
            for pair in self._pairs(kind)
            for label in pair
            for measure in MEASURES
        }
        for side in ("first", "second"):
            name = _SIDES[("first", "second").index(side)]
            keys = zip(table["measure"], table[side], strict=True)
            table[name] = [means[key] for key in keys]
        table["label"] = table["first"].map(self._titles)
        return table.sort_values("label", kind="stable", ignore_index=True)[
            [
                *("label", "measure", "before", "after", "instances", "different"),
                *("mean", "low", "high", "p", "adjusted", "effect", "verdict"),
            ]
        ]

    @property
    def _titles(self) -> dict[str, str]:
        """What to call the labels of the analysis in tables."""
        found: dict[str, str] = {}
        for a, b in self.labels.items():
            title = a if a == b else f"{a} -> {b}"
            found |= {f"before: {a}": title, f"after: {b}": title}
        return found

    def _mean(self, kind: str, column: str, pair: tuple[str, str], label: str) -> float:
        frame = self.analysis.frame
        common = self.analysis.common(kind, pair)
        chosen = (frame["label"] == label) & frame["instance"].isin(common)
        return float(frame[chosen].groupby("instance")[column].mean().mean())

    def outcomes(self, kind: str) -> pd.DataFrame:
        """Return how many runs ended how, by label.

        Returns
        -------
        DataFrame
            Index (label, side), columns proven, found, nothing, failed.
        """
        part = self._part(kind)
        table = pd.crosstab([part["of"], part["side"]], part["outcome"])
        return table.reindex(columns=_OUTCOMES, fill_value=0)

    def instances(self, kind: str) -> pd.DataFrame:
        """Return the instances whose mean gap or outcomes have changed.

        Returns
        -------
        DataFrame
            Columns label, instance, before, after (mean gaps), change, and
            outcomes (``"2 proven -> 1 proven, 1 failed"``, empty where equal);
            the worst change first.
        """
        part = self._part(kind)
        rows = []
        for (label, instance), group in part.groupby(["of", "instance"]):
            sides = dict(list(group.groupby("side")))
            if len(sides) < len(_SIDES):
                continue
            old, new = (sides[side] for side in _SIDES)
            gaps = float(old["gap"].mean()), float(new["gap"].mean())
            ends = _counted(old["outcome"]), _counted(new["outcome"])
            moved = "" if ends[0] == ends[1] else f"{ends[0]} -> {ends[1]}"
            if abs(gaps[1] - gaps[0]) > _NOTICED or moved:
                rows.append((label, instance, *gaps, gaps[1] - gaps[0], moved))
        columns = ["label", "instance", "before", "after", "change", "outcomes"]
        table = pd.DataFrame(rows, columns=columns)
        return table.sort_values(
            ["change", "label", "instance"], ascending=[False, True, True]
        ).reset_index(drop=True)

    def _part(self, kind: str) -> pd.DataFrame:
        frame = self.analysis.frame
        part = frame[frame["kind"] == kind].copy()
        part["side"] = part["label"].str.partition(":")[0]
        part["of"] = part["label"].map(self._titles)
        part["side"] = pd.Categorical(part["side"], _SIDES)
        part["outcome"] = "nothing"
        part.loc[part["has"], "outcome"] = "found"
        part.loc[part["proven"], "outcome"] = "proven"
        part.loc[part["failed"], "outcome"] = "failed"
        return part

    # -- in words ----------------------------------------------------------

    def to_markdown(self) -> str:
        """Return the comparison as a text in Markdown."""
        before, after = (side.store for side in self._sides)
        lines = [
            f"# {before.name}: before and after",
            "",
            f"Before: `{before.path}`, {len(self._sides[0].runs)} runs. "
            f"After: `{after.path}`, {len(self._sides[1].runs)} runs.",
            "",
            "## What was changed",
            "",
            *(f"- {sentence}" for sentence in self.changes),
            "",
        ]
        for kind in self.kinds:
            lines += [f"## {kind}", "", *self._kind_lines(kind)]
        notes = self.analysis.notes
        if notes:
            lines += ["## Notes", "", *(f"- {note}" for note in notes), ""]
        return "\n".join(lines)

    def _kind_lines(self, kind: str) -> list[str]:
        units = {m.column: m for m in MEASURES}
        rows = []
        for row in self.differences(kind).itertuples():
            measure = units[str(row.measure)]
            scale = 100.0 if measure.unit == "%" else 1.0
            low, high = (figure(scale * x) for x in (row.low, row.high))
            rows.append(
                [
                    str(row.label),
                    measure.title,
                    figure(row.before, measure.unit),
                    figure(row.after, measure.unit),
                    f"{figure(row.mean, measure.unit)} [{low}, {high}]",
                    f"{row.adjusted:.3f}",
                    str(row.instances),
                    str(row.verdict),
                ]
            )
        header = ["solver", "measure", *_SIDES, "change, 95 % interval"]
        lines = [
            *markdown_table([*header, "p", "instances", "verdict"], rows),
            "",
            "p is of Wilcoxon's signed-rank test over instances, adjusted by Holm's "
            "method.",
            "",
        ]
        outcomes = self.outcomes(kind)
        counts = [[*map(str, key), *map(str, row)] for key, row in _rows_of(outcomes)]
        lines += [*markdown_table(["solver", "", *_OUTCOMES], counts), ""]
        table = self.instances(kind)
        return [*lines, *_largest(table)]


def compare(
    before: Store | str | os.PathLike[str],
    after: Store | str | os.PathLike[str],
    pairs: Mapping[str, str] | None = None,
) -> Comparison:
    """Compare two batches.

    Parameters
    ----------
    before, after : Store or path
        The batches.
    pairs : mapping of str to str, optional
        Labels of the first and those of the second that they are compared with;
        equal labels by default.

    Raises
    ------
    UsageError
        If a path is no store, there is no such label, or nothing that both
        batches have run.
    """
    first, second = (
        store if isinstance(store, Store) else Store.open(store)
        for store in (before, after)
    )
    return Comparison(first, second, pairs)


def _labelled(
    side: _Side, name: str, names: Mapping[str, str], labels: Iterable[str]
) -> tuple[pyarrow.Table, pyarrow.Table]:
    """Return the rows and traces that are compared, under names of their side."""
    import pyarrow as pa
    import pyarrow.compute as pc

    # Dictionaries differ between the sides: plain strings do not.
    runs = pa.table(
        {
            c: (v.cast(pa.string()) if pa.types.is_dictionary(v.type) else v)
            for c, v in zip(side.runs.column_names, side.runs.columns, strict=True)
        }
    )
    kept = pc.and_(
        pc.is_in(runs["label"], value_set=pa.array(list(labels))),
        pc.is_in(runs["fingerprint"], value_set=pa.array(list(names))),
    )
    runs = runs.filter(kept)
    trace = side.store.trace()
    trace = trace.filter(pc.is_in(trace["run"], value_set=runs["run"]))

    def put(table: pyarrow.Table, column: str, values: Any) -> pyarrow.Table:
        return table.set_column(table.column_names.index(column), column, values)

    def marked(values: Any, mark: str) -> Any:
        return pc.binary_join_element_wise(mark, values.cast(pa.string()), "")

    instances = [names[f] for f in runs["fingerprint"].to_pylist()]
    runs = put(runs, "instance", pa.array(instances, pa.string()))
    runs = put(runs, "label", marked(runs["label"], f"{name}: "))
    runs = put(runs, "run", marked(runs["run"], f"{name} "))
    trace = put(trace, "source", trace["source"].cast(pa.string()))
    return runs, put(trace, "run", marked(trace["run"], f"{name} "))


def _setting_changes(first: pd.DataFrame, second: pd.DataFrame) -> Iterable[str]:
    for column, what in (
        ("time_limit", "Time limit in seconds"),
        ("memory_limit", "Memory limit in bytes"),
        ("threads", "Threads"),
        ("work_limit", "Work limit"),
        ("gap_limit", "Gap limit"),
        ("machine", "Machine"),
    ):
        old, new = (_values(frame, column) for frame in (first, second))
        if old != new:
            said = [", ".join(map(_machine, side)) or "none" for side in (old, new)]
            yield f"{what}: {said[0]} before, {said[1]} after."


def _machine(text: str) -> str:
    """Return a machine in words; any other text as it is."""
    if not text.startswith("{"):
        return text
    facts = json.loads(text)
    return ", ".join(f"{key} {value}" for key, value in facts.items())


def _only(
    what: str, first: set[str], second: set[str], labels: Mapping[str, str]
) -> Iterable[str]:
    for alone, side in (
        (first - set(labels), "before"),
        (second - set(labels.values()), "after"),
    ):
        if alone:
            yield f"Not compared: {what} of the batch {side} {_listed(sorted(alone))}."


def _values(frame: pd.DataFrame, column: str) -> list[str]:
    """Return the different values of a column, as text."""
    values = frame[column].dropna().unique()
    return sorted(
        figure(v, "") if isinstance(v, float) else str(v) for v in values.tolist()
    )


def _counted(outcomes: pd.Series[Any]) -> str:
    counts = outcomes.value_counts()
    return ", ".join(f"{counts[o]} {o}" for o in _OUTCOMES if o in counts)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:10])
    return shown if len(names) <= 10 else f"{shown} and {len(names) - 10} more"


def _rows_of(table: pd.DataFrame) -> Iterable[tuple[Any, list[Any]]]:
    return ((key, row.tolist()) for key, row in table.iterrows())


def _largest(table: pd.DataFrame) -> list[str]:
    """Return the instances that changed most, of each solver and direction."""
    if table.empty:
        return ["No instance has changed.", ""]
    keep = []
    for _, group in table.groupby("label", sort=False):
        better, worse = group[group["change"] < 0], group[group["change"] > 0]
        same = group[group["change"] == 0]
        keep += [*worse.index[:_SHOWN], *better.index[-_SHOWN:], *same.index[:_SHOWN]]
    shown = table.loc[sorted(keep)]
    rows = [
        [
            str(row.label),
            str(row.instance),
            figure(row.before, "%"),
            figure(row.after, "%"),
            figure(row.change, "%"),
            str(row.outcomes),
        ]
        for row in shown.itertuples()
    ]
    header = ["solver", "instance", "gap before", "gap after", "change", "outcomes"]
    more = len(table) - len(shown)
    rest = [f"{more} further instances have changed less.", ""] if more else []
    return [*markdown_table(header, rows), "", *rest]
