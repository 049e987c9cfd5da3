"""How often hints are right: the surest half of them, four fifths, and all.

    python benchmarks/hints.py [--solutions DIR]

Trains on four programs of each structure and asks about a fifth one, with and without
the embedding's states of the columns, with random vectors in their place, and compares
with the nearest roundings of the relaxation. Programs are solved first, 5 s each, which
takes a quarter of an hour; ``--solutions`` keeps what was found, and
``combkit train forge-hints --out runs/hints`` leaves it in ``runs/hints/solutions``.
Means over families, in per cent.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from combkit.neural.forge.corpus import draw
from combkit.neural.forge.encoder import shipped
from combkit.neural.forge.features import COLUMN
from combkit.neural.forge.hint_labels import collect_solutions
from combkit.neural.forge.hint_train import Example, example_of, fit
from combkit.neural.forge.hints import HintModel
from combkit.neural.forge.relaxation import RELAXED

#: Programs of each structure; the last one is asked about.
_COUNT = 5
_SHARES = (0.5, 0.8, 1.0)
#: Inputs before the states.
_PLAIN = len(RELAXED) + len(COLUMN)

Change = Callable[[np.ndarray], np.ndarray]


def right(kept: np.ndarray, confidence: np.ndarray) -> list[float]:
    """Return the part of right hints among the surest ones."""
    order = np.argsort(-confidence, kind="stable")
    return [float(kept[order[: max(1, int(s * kept.size))]].mean()) for s in _SHARES]


def learned(
    train: list[Example], asked: list[tuple[str, Example]], change: Change
) -> list[tuple[str, list[float]]]:
    """Return how often a model that sees changed inputs is right, by family."""
    arrays = fit([Example(change(e.inputs), e.kept) for e in train], 0)
    model = HintModel(arrays, "", {})
    rows = []
    for family, e in asked:
        chance = np.interp(model.logits(change(e.inputs)), *arrays["calibration"])
        kept = np.where(chance >= 0.5, e.kept, 1.0 - e.kept)
        rows.append((family, right(kept, np.maximum(chance, 1.0 - chance))))
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--solutions", type=Path, default=Path("solutions"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    train: list[Example] = []
    asked: list[tuple[str, Example]] = []
    seen: dict[tuple[str, str], int] = {}
    for solved in collect_solutions(draw(_COUNT, 1000), 5.0, options.solutions):
        drawn = solved.drawn
        key = drawn.family, drawn.structure
        seen[key] = seen.get(key, 0) + 1
        example = example_of(solved, shipped(), 30.0)
        if example is None:
            continue
        if seen[key] == _COUNT:
            asked.append((drawn.family, example))
        else:
            train.append(example)
    rng = np.random.default_rng(0)

    def without(inputs: np.ndarray) -> np.ndarray:
        return inputs[:, :_PLAIN]

    def noise(inputs: np.ndarray) -> np.ndarray:
        width = inputs.shape[1] - _PLAIN
        return np.hstack([without(inputs), rng.normal(size=(len(inputs), width))])

    rounded = [(f, right(e.kept, 0.5 - e.inputs[:, 1])) for f, e in asked]
    rows = {
        "learned": learned(train, asked, lambda inputs: inputs),
        "learned, no states": learned(train, asked, without),
        "learned, random vectors for states": learned(train, asked, noise),
        "roundings of the relaxation": rounded,
    }
    print("| hints | surest half | four fifths | all |")
    print("|---|---|---|---|")
    for name, found in rows.items():
        families = sorted({family for family, _ in found})
        means = [np.mean([r for f, r in found if f == one], axis=0) for one in families]
        cells = " | ".join(f"{100.0 * x:.1f}" for x in np.mean(means, axis=0))
        print(f"| {name} | {cells} |")


if __name__ == "__main__":
    main()
