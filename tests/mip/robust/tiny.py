"""Tiny two-stage problems of all sorts, and their optima by looking at everything."""

import itertools

import numpy as np

import combkit as ck
from combkit.instances.robust import (
    Box,
    Budget,
    Discrete,
    Factor,
    Intersection,
    Polyhedral,
    Stage,
    TwoStage,
)

SETS = ("budget", "binary", "box", "polyhedral", "factor", "discrete", "intersection")


def uncertainty(kind, m, rng):
    if kind == "budget":
        return Budget(m, float(rng.integers(0, m + 1)))
    if kind == "binary":
        return Budget(m, float(rng.integers(0, m + 1)), integral=True)
    if kind == "box":
        return Box(rng.integers(-2, 1, m), rng.integers(1, 3, m))
    if kind == "polyhedral":
        limits = rng.integers(1, 5, 2)
        return Polyhedral(rng.integers(0, 3, (2, m)), limits, [0.0] * m, [1.5] * m)
    if kind == "factor":
        return Factor(rng.random(m), rng.integers(-2, 3, (m, 2)), Budget(2, 1.0))
    if kind == "discrete":
        return Discrete(rng.integers(-2, 3, (4, m)))
    return Intersection((Box([0] * m, [1] * m), Polyhedral([[1] * m], [1], [-1] * m)))


def tiny(
    seed,
    kind="budget",
    *,
    integer=False,
    costs=False,
    sides=True,
    technology=False,
    matrix=False,
    complete=True,
    maximize=False,
):
    """Return a problem of at most three variables a stage, rows and parameters."""
    rng = np.random.default_rng(seed)
    nx, ny, m, rows = rng.integers(1, 4, 4).tolist()
    cost = rng.integers(-5, 10, nx)
    W = rng.integers(-2, 5, (rows, ny)).astype(float)
    low = rng.integers(-3, 8, rows).astype(float)
    T, H = rng.integers(-2, 4, (rows, nx)), rng.integers(-4, 3, (rows, m))
    upper = np.full(ny, float(rng.integers(1, 6)))
    spent = rng.integers(-3, 9, ny).astype(float)
    high = np.where(rng.random(rows) < 0.3, low + 5, np.inf)
    flags = rng.integers(0, 2, ny) if integer else np.zeros(ny)
    if complete:
        high = np.full(rows, np.inf)
        W, upper = np.hstack([W, np.eye(rows)]), np.r_[upper, np.full(rows, np.inf)]
        spent, flags = np.r_[spent, np.full(rows, 20.0)], np.r_[flags, np.zeros(rows)]
    n = spent.size
    sign = -1 if maximize else 1
    slopes = {}
    if costs:
        slopes["recourse_cost_slopes"] = rng.integers(-2, 3, (n, m))
        slopes["first_cost_slopes"] = rng.integers(-2, 3, (nx, m))
    if technology:
        slopes["technology_slopes"] = rng.integers(-2, 2, (rows, m * nx))
    if matrix:
        slopes["recourse_slopes"] = rng.integers(-1, 2, (rows, m * n))
    return TwoStage(
        Stage(sign * cost, upper=np.ones(nx), integrality=np.ones(nx)),
        Stage(sign * spent, W, low, high, upper=upper, integrality=flags),
        uncertainty(kind, m, rng),
        technology=T,
        shift=H if sides else None,
        maximize=maximize,
        **slopes,
    )


def corners(which):
    """Return the extreme points of a set, by definitions of their own."""
    if isinstance(which, Box):
        return [
            np.array(p)
            for p in itertools.product(*zip(which.lower, which.upper, strict=True))
        ]
    if isinstance(which, Budget):
        every = itertools.product([0.0, 1.0], repeat=which.size)
        return [np.array(p) for p in every if sum(p) <= which.budget]
    if isinstance(which, Discrete):
        return list(which.points)
    if isinstance(which, Factor):
        return [which.center + which.loadings @ z for z in corners(which.factors)]
    parts = which.sets if isinstance(which, Intersection) else (which,)
    m = which.dimension
    rows = [np.vstack([np.eye(m), -np.eye(m)]) for _ in parts]
    ends = [np.r_[part.upper, -part.lower] for part in parts]
    for part in parts:
        if isinstance(part, Polyhedral):
            rows.append(part.matrix.toarray())
            ends.append(part.limits)
    A, b = np.vstack(rows), np.concatenate(ends)
    found = []
    for chosen in itertools.combinations(range(len(A)), m):
        square = A[list(chosen)]
        if np.isfinite(b[list(chosen)]).all() and abs(np.linalg.det(square)) > 1e-9:
            point = np.linalg.solve(square, b[list(chosen)])
            if (A @ point <= b + 1e-9).all():
                found.append(point)
    return found


def worst_of(problem, x):
    """Return the worst value of a first stage over the extreme points."""
    values = [
        problem.evaluate(ck.FirstStage(x, u)) for u in corners(problem.uncertainty)
    ]
    return min(values) if problem.maximize else max(values)


def optimum(problem):
    """Return the best worst value of all binary first stages."""
    every = itertools.product([0.0, 1.0], repeat=problem.first.n)
    values = [worst_of(problem, np.array(x)) for x in every]
    return max(values) if problem.maximize else min(values)
