"""apricot's lazy greedy for a facility location, dense or sparse.

    run_apricot.py SIMILARITY K

A dense similarity is a .npy array, a sparse one what ``scipy.sparse.save_npz`` wrote.
Prints the seconds of two fits and the chosen elements as JSON: apricot compiles its
kernels in every fit.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import scipy.sparse as sp
from apricot import FacilityLocationSelection


def main() -> None:
    path, k = sys.argv[1], int(sys.argv[2])
    if path.endswith(".npz"):
        similarity = sp.csr_matrix(sp.load_npz(path)).astype(np.float64)
    else:
        similarity = np.load(path).astype(np.float64)
    seconds = []
    for _ in range(2):
        started = time.perf_counter()
        selector = FacilityLocationSelection(k, metric="precomputed", optimizer="lazy")
        selector.fit(similarity)
        seconds.append(time.perf_counter() - started)
    chosen = [int(e) for e in selector.ranking]
    print(json.dumps({"seconds": min(seconds), "chosen": chosen}))


if __name__ == "__main__":
    main()
