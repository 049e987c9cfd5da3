"""``combkit train forge-recommend``: a table of solvers from batches of experiments."""

from __future__ import annotations

import argparse
from pathlib import Path

from combkit.instances.errors import UsageError

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the method."""
    add = parser.add_argument
    add("--out", type=Path, required=True, help="folder of the result")
    add(
        "--store",
        type=Path,
        action="append",
        required=True,
        metavar="STORE",
        help="results of combkit bench run on programs; may be repeated",
    )
    add("--weights", type=Path, metavar="W", help="of combkit train forge [shipped]")


def run(options: argparse.Namespace) -> None:
    """Embed the programs of batches and write down what the solvers did.

    Raises
    ------
    UsageError
        If a store cannot be used, or has too little in it.
    InstanceFormatError
        If a program or the weights cannot be read.
    """
    import numpy as np

    from combkit.cli.bench.analysis import Analysis
    from combkit.cli.bench.store import Store
    from combkit.neural.forge.embedding import embed
    from combkit.neural.forge.encoder import encoder_of
    from combkit.neural.forge.recommend import Choice, Recommender
    from combkit.neural.training import say

    encoder = encoder_of(options.weights)
    choices: dict[str, Choice] = {}
    files: dict[str, str] = {}
    scores: dict[tuple[str, str], float] = {}
    for path in options.store:
        store = Store.open(path)
        for plan in store.plans:
            files |= {one.name: one.file for one in plan.instances if one.kind == "mip"}
            for one in plan.configs:
                if one.foreign is None:
                    choices[one.label] = Choice(one.label, one.name, dict(one.params))
        frame = Analysis.of(store).frame
        frame = frame[frame["instance"].isin(files) & frame["label"].isin(choices)]
        means = frame.groupby(["instance", "label"])["primal_integral"].mean()
        scores |= {(str(i), str(k)): float(x) for (i, k), x in means.items()}
    # A program counts where every solver had a turn.
    names = [n for n in files if all((n, label) in scores for label in choices)]
    if not names:
        raise UsageError("no program on which all solvers of these batches were run")
    given = [f"--store {path.name}" for path in options.store]
    found = [embed(files[name], encoder) for name in names]
    table = Recommender.fit(
        np.stack([one.vector for one in found]),
        np.array([[scores[name, label] for label in choices] for name in names]),
        [one.name or name for one, name in zip(found, names, strict=True)],
        list(choices.values()),
        encoder.mark,
        {
            "programs": len(names),
            "command": " ".join(["combkit train forge-recommend", *given]),
        },
    )
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "forge-recommend.npz"
    table.save(path)
    say(f"written {path}: {len(names)} programs, {len(choices)} solvers")
