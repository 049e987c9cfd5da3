"""Where to put sensors: mutual information, log-determinants, and what is proven."""

import numpy as np

import combkit as ck
from combkit import submodular as sm


def main() -> None:
    rng = np.random.default_rng(4)
    places = rng.random((120, 2))
    apart = np.linalg.norm(places[:, None] - places, axis=2)
    covariance = np.exp(-apart / 0.3)
    noise = 0.1 * np.eye(len(places))

    # What sensors tell of the other places: greedy is good, and nothing is proven.
    information = sm.GaussianInformation(covariance + noise)
    told = ck.solve(ck.Submodular(information, sm.Cardinality(8)), "lazy")
    chosen = sorted(told.solution.selected.tolist())
    print(f"information {told.objective:.3f} nats of {chosen}")

    # What noisy sensors tell of the field is monotone: a guarantee, and a bound.
    field = sm.LogDet(covariance / 0.1, ridge=1.0)
    learnt = ck.solve(ck.Submodular(field, sm.Cardinality(8)), "lazy")
    print(f"log-determinant {learnt.objective:.3f}, at most {learnt.bound:.3f}")

    # Two regions of at most three sensors, places that cost more or less.
    region = (places[:, 0] > 0.5).astype(int)
    split = ck.Submodular(field, sm.PartitionMatroid(region, [3, 3]))
    print(f"three in each half: {ck.solve(split, 'local-search').objective:.3f}")
    cost = 1.0 + 4.0 * places[:, 1]
    priced = ck.Submodular(field, sm.Knapsack(cost, 20.0))
    print(f"a budget of 20: {ck.solve(priced, 'density').objective:.3f}")


if __name__ == "__main__":
    main()
