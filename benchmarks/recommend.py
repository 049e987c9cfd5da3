"""What recommendations are worth: between the single best solver and the virtual best.

    combkit bench run benchmarks/batches/recommend_test.toml -o test.bench
    python benchmarks/recommend.py test.bench [--table forge-recommend.npz]

Mean primal gaps over the time limit, in per cent, on programs that nothing was learned
from. The single best is the best on average on what was learned from; the virtual best
is chosen, for each program, by its other seeds, and in hindsight by all of them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from combkit.cli.bench.analysis import Analysis
from combkit.cli.bench.store import Store
from combkit.neural.forge.embedding import embed
from combkit.neural.forge.encoder import shipped
from combkit.neural.forge.recommend import Recommender, shipped_recommender


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("--table", type=Path)
    options = parser.parse_args()
    table = shipped_recommender()
    if options.table is not None:
        table = Recommender.load(options.table, shipped())
    store = Store.open(options.store)
    files = {one.name: one.file for plan in store.plans for one in plan.instances}
    labels = [choice.label for choice in table.choices]
    frame = Analysis.of(store).frame
    runs = frame.pivot_table(
        index=["instance", "seed"], columns="label", values="primal_integral"
    )[labels].dropna()
    seeds = runs.index.get_level_values("seed").unique()
    usual = int(table.scores.mean(axis=0).argmin())
    rows: dict[str, list[float]] = {label: [] for label in labels}
    told: list[float] = []
    best: list[float] = []
    hindsight: list[float] = []
    changed = 0
    for name in runs.index.get_level_values("instance").unique():
        scores = runs.loc[name]
        if len(scores) < max(2, len(seeds)):
            continue
        first = table.recommend(embed(files[name]))[0].choice.label
        changed += first != labels[usual]
        for label in labels:
            rows[label].append(float(scores[label].mean()))
        told.append(float(scores[first].mean()))
        other = [
            scores.loc[seed, scores.drop(seed).mean().idxmin()] for seed in scores.index
        ]
        best.append(float(np.mean(other)))
        hindsight.append(float(scores.mean().min()))
    if not told:
        parser.error("no program on which all solvers were run with two seeds")
    single, ours, virtual = np.mean(rows[labels[usual]]), np.mean(told), np.mean(best)
    print("| solver | mean primal gap |")
    print("|---|---|")
    for label in labels:
        print(f"| {label} | {100.0 * np.mean(rows[label]):.2f} |")
    print(f"| recommended | {100.0 * ours:.2f} |")
    print(f"| virtual best | {100.0 * virtual:.2f} |")
    print(f"| virtual best in hindsight | {100.0 * np.mean(hindsight):.2f} |")
    worst = float(np.max(np.array(told) - rows[labels[usual]]))
    for name, value in (("", virtual), (" in hindsight", np.mean(hindsight))):
        part = (single - ours) / (single - value)
        print(f"closes {part:.0%} of the gap to the virtual best{name}")
    print(
        f"{len(told)} programs, {changed} with another than {labels[usual]}, at worst "
        f"{100.0 * worst:.2f} points worse than it"
    )


if __name__ == "__main__":
    main()
