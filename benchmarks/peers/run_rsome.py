"""RSOME's affine rules on a location-transportation problem of combkit.

    python run_rsome.py INSTANCE.json

Prints one JSON object: what the best affine reaction guarantees, and the seconds.
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np
import scipy.sparse as sp
from rsome import ro


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("instance")
    args = parser.parse_args()
    with open(args.instance, encoding="utf-8") as file:
        data = json.load(file)
    start = time.perf_counter()
    first, recourse, budget = data["first"], data["recourse"], data["uncertainty"]
    c, q = np.array(first["cost"]), np.array(recourse["cost"])
    whole = np.flatnonzero(first["integrality"])
    model = ro.Model()
    opened = model.dvar(whole.size, "B")
    rest = model.dvar(c.size - whole.size)
    u = model.rvar(budget["size"])
    y = model.ldr(q.size)
    y.adapt(u)
    within = (u >= 0, u <= 1, u.sum() <= budget["budget"])
    n = whole.size
    cost = c[:n] @ opened + c[n:] @ rest
    model.minmax(cost + q @ y, within)
    A = matrix(first["matrix"])
    model.st(A[:, :n] @ opened + A[:, n:] @ rest >= numbers(first["row_lower"]))
    T, W, H = (
        matrix(m) for m in (data["technology"], recourse["matrix"], data["shift"])
    )
    model.st(T[:, n:] @ rest + W @ y + H @ u >= numbers(recourse["row_lower"]))
    model.st(rest >= 0, y >= 0)
    model.solve(display=False)
    seconds = time.perf_counter() - start
    print(json.dumps({"objective": float(model.get()), "seconds": seconds}))


def matrix(data: dict) -> np.ndarray:
    parts = (data["data"], data["indices"], data["indptr"])
    return sp.csr_array(parts, shape=data["shape"]).toarray()


def numbers(values: list) -> np.ndarray:
    return np.array([-np.inf if value is None else value for value in values])


if __name__ == "__main__":
    main()
