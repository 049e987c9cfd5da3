"""Compare the labels of a batch with one of them, with confidence intervals.

    combkit bench run benchmarks/batches/balans_bandits.toml -o bandits.bench
    combkit bench report bandits.bench --format csv > bandits.csv
    python benchmarks/balans_bandits.py bandits.csv --against uniform

The gap of a run is that of Berthold to the best value of the batch, 100 % without a
solution. Gaps are averaged over seeds, then over instances; the interval is that of
Student's t for the difference to the label, paired by instance.
"""

from __future__ import annotations

import argparse
import csv
import math
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from combkit.cli.bench.metrics import primal_gap

Gaps = dict[str, NDArray[np.float64]]


def gaps(rows: list[dict[str, str]]) -> Gaps:
    """Return the gap in per cent of each label's runs, instance by seed."""
    best: dict[str, float] = {}
    for row in rows:
        if row["objective"]:
            value, pick = float(row["objective"]), min if row["sense"] == "min" else max
            best[row["instance"]] = pick(best.get(row["instance"], value), value)
    runs: dict[str, dict[tuple[str, str], float]] = defaultdict(dict)
    for row in rows:
        value = float(row["objective"] or "nan")
        least = best.get(row["instance"], math.nan)
        gap = 100 * primal_gap(np.array([value]), np.array([least])).item()
        runs[row["label"]][row["instance"], row["seed"]] = gap
    seeds = len({row["seed"] for row in rows})
    return {
        label: np.array([found[key] for key in sorted(found)]).reshape(-1, seeds)
        for label, found in runs.items()
    }


def main() -> None:
    """Print the table, best mean gap first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path, metavar="RUNS.csv")
    parser.add_argument("--against", default="uniform", metavar="LABEL")
    options = parser.parse_args()
    with options.runs.open(newline="", encoding="utf-8") as file:
        found = gaps(list(csv.DictReader(file)))
    other = found[options.against]
    print(
        f"| bandit | mean gap % | median % | less than `{options.against}`, "
        "points, 95 % | runs better / worse |"
    )
    print("|---|---|---|---|---|")
    for label, gap in sorted(found.items(), key=lambda item: item[1].mean()):
        less = (other - gap).mean(axis=1)
        half = stats.t.ppf(0.975, less.size - 1) * stats.sem(less)
        print(
            f"| {label} | {gap.mean():.1f} | {np.median(gap.mean(axis=1)):.2f} | "
            f"{less.mean():.1f} ± {half:.1f} | "
            f"{(gap < other - 1e-7).sum()} / {(gap > other + 1e-7).sum()} |"
        )


if __name__ == "__main__":
    main()
