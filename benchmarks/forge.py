"""How good embeddings of mixed-integer programs are: one table a subcommand.

    python benchmarks/forge.py invariance [--weights W]
    python benchmarks/forge.py clusters
    python benchmarks/forge.py families --data DATA
    python benchmarks/forge.py codes
    python benchmarks/forge.py map --data DATA --out forge-map.svg
    python benchmarks/forge.py index --out forge-index.npz
    python benchmarks/forge.py gap --data DATA --labels labels.jsonl
    python benchmarks/forge.py speed

``gap`` solves the programs of its labels first, which takes half an hour, and goes on
where it was stopped.
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import numpy as np
import scipy.sparse as sp
from scipy.cluster.vq import kmeans2

import combkit as ck
from combkit.instances.best_known import best_known
from combkit.instances.generators.programs import FAMILIES
from combkit.instances.mip import MIP
from combkit.neural.forge.canonical import canonical
from combkit.neural.forge.corpus import draw
from combkit.neural.forge.embedding import embed, scaled_statistics
from combkit.neural.forge.encoder import Encoder, encoder_of
from combkit.neural.forge.gap import GapModel, Sample
from combkit.neural.forge.index import Index
from combkit.neural.forge.labels import Labelled, collect, provable
from combkit.neural.forge.probe import Probe, gap, probe
from combkit.neural.forge.signature import colours

#: Families of MIPLIB 3: programs of one model.
MIPLIB = (
    ("bell3a", "bell5"),
    ("gesa2", "gesa2_o", "gesa3", "gesa3_o"),
    ("stein27", "stein45"),
    ("vpm1", "vpm2"),
    ("mas74", "mas76"),
    ("markshare1", "markshare2"),
    ("qnet1", "qnet1_o"),
    ("pp08a", "pp08aCUTS"),
    ("p0033", "p0201", "p0282", "p0548", "p2756", "lseu"),
    ("misc03", "misc07"),
)
#: Seed of the programs that are tested on; training begins at 0.
SEED = 1_000_000
#: Families whose gaps are foretold, with the literature's parameters.
NINE = (
    "set-cover",
    "auction",
    "independent-set",
    "facility",
    "vertex-cover",
    "gisp",
    "multicommodity",
    "max-sat",
    "multi-knapsack",
)
#: Seed of the programs whose gaps are known.
LABELS = 500_000
#: Seed of those in the index of the package.
INDEXED = 700_000


# -- rewrites ------------------------------------------------------------------


def permuted(p: MIP, rng: np.random.Generator) -> MIP:
    """Rows and columns in another order."""
    rows, columns = rng.permutation(p.m), rng.permutation(p.n)
    return MIP(
        p.c[columns],
        p.A[rows][:, columns],
        p.row_lower[rows],
        p.row_upper[rows],
        p.lower[columns],
        p.upper[columns],
        p.integrality[columns],
        maximize=p.maximize,
    )


def scaled(p: MIP, rng: np.random.Generator) -> MIP:
    """Rows times 2^-3 to 2^3."""
    return _rows_times(p, 2.0 ** rng.integers(-3, 3, p.m, endpoint=True))


def flipped(p: MIP, rng: np.random.Generator) -> MIP:
    """All rows negated."""
    return _rows_times(p, np.full(p.m, -1.0))


def negated(p: MIP, rng: np.random.Generator) -> MIP:
    """The objective negated, minimised instead of maximised."""
    return dataclasses.replace(p, c=-p.c, maximize=not p.maximize)


def costly(p: MIP, rng: np.random.Generator) -> MIP:
    """The objective times 1000."""
    return dataclasses.replace(p, c=1000.0 * p.c)


def doubled(p: MIP, rng: np.random.Generator) -> MIP:
    """A tenth of the rows twice, and a tenth free."""
    some = rng.choice(p.m, max(1, p.m // 10), replace=False)
    free = rng.choice(p.m, max(1, p.m // 10), replace=False)
    return _more(
        p,
        sp.vstack([p.A[some], p.A[free]]),
        np.append(p.row_lower[some], np.full(free.size, -np.inf)),
        np.append(p.row_upper[some], np.full(free.size, np.inf)),
    )


def redundant(p: MIP, rng: np.random.Generator) -> MIP:
    """A row over all columns that nothing violates."""
    return _more(p, np.ones((1, p.n)), np.array([-np.inf]), np.array([1e6]))


def slack(p: MIP, rng: np.random.Generator) -> MIP:
    """One inequality as an equation with a slack variable."""
    row = int(rng.integers(p.m))
    column = sp.csr_array(([1.0], ([row], [0])), shape=(p.m, 1))
    spare = max(1.0, float(np.abs(p.A[[row]]).sum()))
    low, up = p.row_lower.copy(), p.row_upper.copy()
    if np.isfinite(up[row]):
        low[row] = up[row]
    else:
        column, up[row] = -column, low[row]
    return MIP(
        np.append(p.c, 0.0),
        sp.hstack([p.A, column]),
        low,
        up,
        np.append(p.lower, 0.0),
        np.append(p.upper, spare),
        np.append(p.integrality, 0),
        maximize=p.maximize,
    )


REWRITES: dict[str, Callable[[MIP, np.random.Generator], MIP]] = {
    "order of rows and columns": permuted,
    "rows times powers of 2": scaled,
    "rows negated": flipped,
    "objective negated": negated,
    "objective times 1000": costly,
    "double and free rows": doubled,
    "one redundant row": redundant,
    "one slack": slack,
}


def _rows_times(p: MIP, factor: np.ndarray) -> MIP:
    with np.errstate(invalid="ignore"):
        ends = np.sort(np.stack([p.row_lower * factor, p.row_upper * factor]), axis=0)
    return dataclasses.replace(
        p, A=sp.diags_array(factor) @ p.A, row_lower=ends[0], row_upper=ends[1]
    )


def _more(p: MIP, A: object, lower: np.ndarray, upper: np.ndarray) -> MIP:
    return dataclasses.replace(
        p,
        A=sp.vstack([p.A, sp.csr_array(A)]),
        row_lower=np.append(p.row_lower, lower),
        row_upper=np.append(p.row_upper, upper),
        row_names=None,
    )


# -- tables --------------------------------------------------------------------


def vectors(programs: list[MIP], encoder: Encoder) -> dict[str, np.ndarray]:
    """Return the embeddings of programs, and what they consist of."""
    found = [embed(p, encoder) for p in programs]
    whole = np.array([e.vector for e in found])
    codes = 2 * encoder.codes
    untrained = _untrained(encoder)
    return {
        "embedding": whole,
        "statistics": _units(
            np.array([scaled_statistics(encoder, e.statistics) for e in found])
        ),
        "codes": _units(whole[:, :codes]),
        "untrained": np.array([embed(p, untrained).vector for p in programs]),
        "colours": _units(np.array([_histogram(p) for p in programs])),
    }


def _untrained(encoder: Encoder) -> Encoder:
    """Return the network with random weights and codes, features scaled as ever."""
    rng = np.random.default_rng(0)
    arrays = {}
    for name, value in encoder.arrays.items():
        if name.startswith(("enter", "steps", "leave", "books")):
            spread = 1.0 / np.sqrt(value.shape[-1])
            value = rng.normal(0.0, spread, value.shape).astype(np.float32)
        arrays[name] = value
    for k in range(2):
        arrays[f"books.{k}.book"] = _units(arrays[f"books.{k}.book"])
    return Encoder(arrays, {})


def _histogram(p: MIP, bins: int = 256) -> np.ndarray:
    """Return how often a program has the colours of Weisfeiler and Lehman."""
    counts = [
        np.bincount((part % np.uint64(bins)).astype(np.int64), minlength=bins)
        / max(1, part.size)
        for part in colours(canonical(p))
    ]
    return np.sqrt(np.concatenate(counts))


def invariance(args: argparse.Namespace, encoder: Encoder) -> None:
    """Cosine of rewritten programs to the originals, and families of the nearest."""
    drawn = list(draw(2, SEED))
    families = [d.family for d in drawn]
    original = vectors([d.program for d in drawn], encoder)["embedding"]
    rng = np.random.default_rng(0)
    print(f"{len(drawn)} programs\n{'rewrite':28} cosine mean    least   1-NN family")
    for name, rewrite in REWRITES.items():
        new = vectors([rewrite(d.program, rng) for d in drawn], encoder)["embedding"]
        cosine = (new * original).sum(axis=1)
        likeness = new @ original.T
        np.fill_diagonal(likeness, -1.0)
        hits = np.mean(
            [families[i] == families[j] for i, j in enumerate(likeness.argmax(axis=1))]
        )
        print(f"{name:28} {cosine.mean():11.5f} {cosine.min():8.5f}   {hits:.3f}")


def clusters(args: argparse.Namespace, encoder: Encoder) -> None:
    """Normalised mutual information of k-means and families with structures."""
    drawn = list(draw(args.count, SEED, smallest=2.0, largest=1.5))
    labels = [f"{d.family} {d.structure}" for d in drawn]
    kinds = len(set(labels))
    print(f"{len(drawn)} programs of {kinds} labels, larger than those of training")
    print(f"{'vector':12} {'NMI':>6} {'+-':>6}  1-NN label")
    for name, table in vectors([d.program for d in drawn], encoder).items():
        values = [information(labels, _kmeans(table, kinds, s)) for s in range(5)]
        likeness = table @ table.T
        np.fill_diagonal(likeness, -9.0)
        near = likeness.argmax(axis=1)
        hits = np.mean([labels[i] == labels[j] for i, j in enumerate(near)])
        print(f"{name:12} {np.mean(values):6.3f} {np.std(values):6.3f}  {hits:.3f}")


def families(args: argparse.Namespace, encoder: Encoder) -> None:
    """Whether the nearest programs of MIPLIB 3 are of the same model."""
    folder = args.data / "mip" / "miplib3"
    paths = sorted(folder.glob("*.mps.gz"))
    names = [path.name.removesuffix(".mps.gz") for path in paths]
    programs = [ck.read(path) for path in paths]
    family = {name: k for k, members in enumerate(MIPLIB) for name in members}
    queries = [i for i, name in enumerate(names) if name in family]
    print(f"{len(names)} programs, {len(queries)} of {len(MIPLIB)} families")
    for kind, table in vectors(programs, encoder).items():
        likeness = table @ table.T
        np.fill_diagonal(likeness, -9.0)
        ranks = []
        for i in queries:
            order = np.argsort(-likeness[i])
            same = [family.get(names[j]) == family[names[i]] for j in order]
            ranks.append(same.index(True))
        missed = [names[i] for i, rank in zip(queries, ranks, strict=True) if rank]
        print(
            f"{kind:12} top-1 {sum(r < 1 for r in ranks)}, top-5 "
            f"{sum(r < 5 for r in ranks)}; not first: {', '.join(missed) or 'none'}"
        )


def gaps(args: argparse.Namespace, encoder: Encoder) -> None:
    """Errors of foretold integrality gaps, in families unseen and seen."""
    known = list(collect(provable(args.labelled, LABELS), 6.0, args.labels))
    family = np.array([one.drawn.family for one in known])
    truth = np.array([one.gap for one in known])
    tested = np.isin(family, NINE)
    print(
        f"{tested.sum()} programs of {len(NINE)} families, {(~tested).sum()} of others"
    )
    spread = np.abs(truth[tested] - truth[tested].mean()).mean()
    print(f"mean absolute error of their mean: {spread:.4f}")
    real = []
    for path in sorted((args.data / "mip" / "miplib3").glob("*.mps.gz")):
        p = ck.read(path)
        best, look = best_known(p), probe(p)
        if best is not None and look is not None:
            real.append((p, look, gap(look.relaxed, best.value, p.offset)))
    found = {
        name: vectors([one.drawn.program for one in known], encoder)[name]
        for name in ("embedding", "statistics")
    }
    rng = np.random.default_rng(0)
    found["random"] = _units(rng.normal(size=found["embedding"].shape))
    theirs = vectors([p for p, _, _ in real], encoder)
    theirs["random"] = _units(rng.normal(size=theirs["embedding"].shape))
    print(f"{'uses':11} {'vectors':11} {'test':13} {'error':>7}  90 % interval covers")
    for root in (False, True):
        for name, table in found.items():
            fitted = _Fitted(known, table, truth, root)
            unseen = [
                row
                for f in NINE
                for row in fitted.test(family != f, np.flatnonzero(family == f))
            ]
            fold = np.random.default_rng(1).integers(0, 5, len(known))
            seen = [
                row
                for k in range(5)
                for row in fitted.test(fold != k, np.flatnonzero((fold == k) & tested))
            ]
            model = fitted.model(np.ones(len(known), dtype=bool))
            miplib = [
                _judged(model, p, v, look, y, root)
                for (p, look, y), v in zip(real, theirs[name], strict=True)
            ]
            uses = "root" if root else "relaxation"
            for test, rows in (
                ("family unseen", unseen),
                ("family seen", seen),
                (f"{len(real)} MIPLIB 3", miplib),
            ):
                error, covered = np.mean(rows, axis=0)
                print(f"{uses:11} {name:11} {test:13} {error:7.4f}  {covered:.3f}")


class _Vector:
    """What a model of gaps needs of an embedding."""

    def __init__(self, vector: np.ndarray) -> None:
        self.vector = vector


class _Fitted:
    """Models of gaps from parts of what is known."""

    def __init__(
        self, known: list[Labelled], table: np.ndarray, truth: np.ndarray, root: bool
    ) -> None:
        self._known, self._table, self._truth, self._root = known, table, truth, root

    def model(self, used: np.ndarray) -> GapModel:
        """Return the model of some programs."""
        samples = [
            Sample(self._table[i], look, float(self._truth[i]), i)
            for i in np.flatnonzero(used).tolist()
            for look in self._known[i].looks
        ]
        return GapModel.fit(samples, "", {})

    def test(self, used: np.ndarray, asked: np.ndarray) -> list[tuple[float, bool]]:
        """Return errors of other programs, and whether intervals hold their gaps."""
        if asked.size == 0:
            return []
        model = self.model(used)
        return [
            _judged(
                model,
                self._known[i].drawn.program,
                self._table[i],
                self._known[i].looks[-1],
                float(self._truth[i]),
                self._root,
            )
            for i in asked.tolist()
        ]


def _judged(
    model: GapModel, p: MIP, vector: np.ndarray, look: Probe, truth: float, root: bool
) -> tuple[float, bool]:
    found = model.predict(p, _Vector(vector), look, root=root)  # type: ignore[arg-type]
    # Optima are known within a quarter of a per cent.
    covered = found.low - 0.0025 <= truth <= found.high + 0.0025
    return abs(found.gap - truth), covered


def picture(args: argparse.Namespace, encoder: Encoder) -> None:
    """A map: generated programs and those of MIPLIB 3, as far apart as they differ."""
    import matplotlib.pyplot as plt

    drawn = list(draw(4, SEED, smallest=2.0, largest=1.2))
    paths = sorted((args.data / "mip" / "miplib3").glob("*.mps.gz"))
    names = [path.name.removesuffix(".mps.gz") for path in paths]
    programs = [d.program for d in drawn] + [ck.read(path) for path in paths]
    table = vectors(programs, encoder)["embedding"]
    apart = np.sqrt(np.maximum(0.0, 2.0 - 2.0 * table @ table.T))
    far = {i: dict(enumerate(row.tolist())) for i, row in enumerate(apart)}
    at = nx.kamada_kawai_layout(nx.complete_graph(len(programs)), dist=far)
    figure, axes = plt.subplots(figsize=(9, 7))
    colours = plt.get_cmap("tab20")
    for k, family in enumerate(FAMILIES):
        mine = np.array([at[i] for i, d in enumerate(drawn) if d.family == family])
        axes.scatter(*mine.T, s=14, color=colours(k), label=family)
    real = np.array([at[len(drawn) + k] for k in range(len(names))])
    axes.scatter(*real.T, s=18, marker="x", color="black", linewidths=0.8)
    for name, place in zip(names, real, strict=True):
        axes.annotate(
            name, place, fontsize=5, xytext=(2, 2), textcoords="offset points"
        )
    axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))
    axes.axis("off")
    figure.savefig(args.out, bbox_inches="tight", metadata={"Date": None})
    print(args.out)


def codebook(args: argparse.Namespace, encoder: Encoder) -> None:
    """How many codes are in use, every program weighing the same."""
    shares = np.zeros((2, encoder.codes))
    for drawn in draw(args.count, SEED):
        found = embed(drawn.program, encoder).encoding
        for k, codes in enumerate((found.row_codes, found.column_codes)):
            shares[k] += np.bincount(codes, minlength=encoder.codes) / max(
                1, codes.size
            )
    for name, share in zip(("rows", "columns"), shares, strict=True):
        p = share[share > 0] / share.sum()
        print(
            f"{name:8} {encoder.codes} codes, perplexity "
            f"{np.exp(-(p * np.log(p)).sum()):.0f}, {(share == 0).sum()} never used"
        )


def packaged(args: argparse.Namespace, encoder: Encoder) -> None:
    """The index of the package: three programs of each structure."""
    index = Index(encoder)
    for drawn in draw(3, INDEXED):
        found = embed(drawn.program, encoder)
        index.add(found, group=f"{drawn.family} {drawn.structure}")
    index.save(args.out)
    print(f"{args.out}: {len(index)} programs")


def speed(args: argparse.Namespace, encoder: Encoder) -> None:
    """Seconds to read a file and to embed it."""
    print(f"{'entries':>9} {'read s':>8} {'embed s':>8}")
    for n, density in ((1000, 0.05), (2800, 0.05), (9000, 0.05)):
        rng = np.random.default_rng(n)
        A = sp.random_array((n // 2, n), density=density, rng=rng, format="csr")
        A.data[:] = 1.0
        costs = rng.integers(1, 100, n)
        program = MIP(costs, A, 1.0, np.inf, 0.0, 1.0, 1)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "cover.mps"
            ck.write(program, path)
            times = []
            for _ in range(args.repeats):
                start = time.perf_counter()
                read = ck.read(path)
                middle = time.perf_counter()
                embed(read, encoder)
                times.append((middle - start, time.perf_counter() - middle))
        reading, embedding = np.median(times, axis=0)
        print(f"{A.nnz:9} {reading:8.3f} {embedding:8.3f}")


def information(labels: list[str], found: np.ndarray) -> float:
    """Return the normalised mutual information of labels and clusters."""
    a = np.unique(labels, return_inverse=True)[1]
    b = np.unique(found, return_inverse=True)[1]
    joint = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(joint, (a, b), 1.0 / a.size)

    def entropy(p: np.ndarray) -> float:
        return float(-(p[p > 0] * np.log(p[p > 0])).sum())

    mine, yours = entropy(joint.sum(axis=1)), entropy(joint.sum(axis=0))
    return 2.0 * (mine + yours - entropy(joint.ravel())) / (mine + yours)


def _kmeans(table: np.ndarray, kinds: int, seed: int) -> np.ndarray:
    """Return the clusters of the best of ten runs."""
    best: tuple[float, np.ndarray] | None = None
    for run in range(10):
        centres, found = kmeans2(table, kinds, minit="++", seed=100 * seed + run)
        inertia = float(((table - centres[found]) ** 2).sum())
        if best is None or inertia < best[0]:
            best = inertia, found
    assert best is not None
    return best[1]


def _units(table: np.ndarray) -> np.ndarray:
    return table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-12)


TABLES = {
    "invariance": invariance,
    "clusters": clusters,
    "families": families,
    "codes": codebook,
    "gap": gaps,
    "map": picture,
    "index": packaged,
    "speed": speed,
}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("table", choices=TABLES)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--count", type=int, default=10, help="of each structure")
    parser.add_argument("--labels", type=Path, default=Path("labels.jsonl"))
    parser.add_argument("--out", type=Path, help="of the map or the index")
    parser.add_argument("--labelled", type=int, default=8, help="of each structure")
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    encoder = encoder_of(args.weights)
    TABLES[args.table](args, encoder)


if __name__ == "__main__":
    main()
