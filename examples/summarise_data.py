"""Rows that stand for a table: a summary, its picture, and the same from a stream."""

from pathlib import Path

import numpy as np

from combkit import submodular as sm


def main(folder: Path = Path("build")) -> None:
    rng = np.random.default_rng(2)
    centres = 4.0 * rng.standard_normal((6, 2))
    rows = centres[rng.integers(6, size=2_000)] + rng.standard_normal((2_000, 2))

    selector = sm.SubsetSelector(12, metric="inverse").fit(rows)
    result = selector.result_
    print(f"12 of 2000 rows: {result.objective:.1f}, at most {result.bound:.1f}")

    stream = sm.SubsetSelector(12, metric="inverse")
    for first in range(0, 2_000, 250):
        stream.partial_fit(rows[first : first + 250])
    whole = sm.FeatureLocation(rows, "inverse")
    print(f"seen once, in parts: {whole.value(stream.ranking_):.1f}")

    picture = folder / "summary.png"
    picture.parent.mkdir(parents=True, exist_ok=True)
    draw(rows, selector.ranking_, picture)
    print(f"the picture is {picture}")


def draw(rows: np.ndarray, chosen: np.ndarray, path: Path) -> None:
    """Draw the table with the chosen rows numbered in the order of choice."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.subplots()
    axes.scatter(*rows.T, s=3, color="0.75")
    axes.scatter(*rows[chosen].T, s=40, color="C3")
    for place, e in enumerate(chosen.tolist(), 1):
        axes.annotate(str(place), rows[e], xytext=(4, 4), textcoords="offset points")
    axes.set_aspect("equal")
    figure.savefig(path)


if __name__ == "__main__":
    main()
