"""Which coordinates of a Markov chain to keep: spins of a magnet, balls in urns."""

import numpy as np

import combkit as ck
from combkit import submodular as sm


def main() -> None:
    spins = sm.curie_weiss(8)
    for k in (2, 4, 6):
        problem = ck.Submodular(spins, sm.Cardinality(k))
        plain = ck.solve(problem, "lazy")
        exact = ck.solve(problem, "branch-and-bound")
        print(f"{k} spins: entropy rate {plain.objective:.4f} of {exact.objective:.4f}")

    # Subtracting what the others lose makes the rest monotone: a guarantee.
    distorted = ck.solve(ck.Submodular(spins, sm.Cardinality(4)), "distorted")
    print(distorted.extra["guarantee"]["statement"])

    # The pair that is nearest to a chain of its own, apart from the others.
    apart = sm.curie_weiss(8, criterion="factorizability")
    pairs = {(i, j): apart.value(np.array([i, j])) for i in range(8) for j in range(i)}
    best = min(pairs, key=lambda pair: pairs[pair])
    print(f"spins {best} lose {pairs[best]:.4f} nats when cut off")

    urns = sm.bernoulli_laplace((2, 2, 2, 2), left=4)
    result = ck.solve(ck.Submodular(urns, sm.Cardinality(2)), "branch-and-bound")
    kept = sorted(result.solution.selected.tolist())
    print(f"colours {kept} keep {result.objective:.4f} nats")


if __name__ == "__main__":
    main()
