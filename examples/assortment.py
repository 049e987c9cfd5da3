"""What to stock: revenue under multinomial logit choice, with shelves that are full."""

import numpy as np

import combkit as ck
from combkit import submodular as sm


def main() -> None:
    rng = np.random.default_rng(7)
    prices, attractions = 10.0 + 90.0 * rng.random(60), rng.random(60)
    revenue = sm.Revenue(prices, attractions, outside=5.0)

    ten = ck.solve(ck.Submodular(revenue, sm.Cardinality(10)), "ordered", epsilon=0.02)
    offered = revenue.offered(ten.solution.selected)
    print(f"ten products: {ten.objective:.2f} a customer, {offered.size} are offered")
    best = ck.solve(ck.Submodular(revenue, sm.Cardinality(10)))
    print(f"{ten.extra['guarantee']['statement']}; here f(O) = {best.objective:.2f}")

    # Two of each of six brands: a matroid, and one scan with exchanges.
    brands = sm.PartitionMatroid(np.arange(60) % 6, [2] * 6)
    fair = ck.solve(ck.Submodular(revenue, brands), "ordered")
    print(f"two of each brand: {fair.objective:.2f}")

    # Shelf space.
    space = sm.Knapsack(1.0 + 4.0 * rng.random(60), 25.0)
    shelf = ck.solve(ck.Submodular(revenue, space), "ordered")
    print(f"on 25 m: {shelf.objective:.2f}")


if __name__ == "__main__":
    main()
