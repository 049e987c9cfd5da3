"""submodlib's lazy greedy for a facility location in a .npy or .npz file.

    run_submodlib.py SIMILARITY K

A dense similarity is a .npy array. Prints seconds and the chosen elements as JSON; the
clock starts when the array is in memory.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
from submodlib import FacilityLocationFunction


def main() -> None:
    similarity, k = np.load(sys.argv[1]), int(sys.argv[2])
    started = time.perf_counter()
    function = FacilityLocationFunction(
        n=len(similarity), mode="dense", sijs=similarity, separate_rep=False
    )
    chosen = function.maximize(
        budget=k,
        optimizer="LazyGreedy",
        stopIfZeroGain=False,
        stopIfNegativeGain=False,
        show_progress=False,
    )
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "chosen": [int(e) for e, _ in chosen]}))


if __name__ == "__main__":
    main()
