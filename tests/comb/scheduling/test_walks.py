"""Compiled searches side by side."""

from combkit.comb.scheduling.walks import advance
from combkit.instances.generators import generate
from combkit.instances.run import Run
from combkit.instances.stop import MaxIterations


def gone(run: Run, bound: float | None = None) -> list[int]:
    """Return the moves of each slice of a walk whose cost is that of its moves."""
    slices: list[int] = []

    def step(walk: str, moves: int) -> int:
        slices.append(moves)
        return moves

    if bound is not None:
        run.report_bound(bound, "test")
    advance(run, ["walk"], step, lambda: 10.0 - sum(slices), moves=3)
    return slices


def test_the_limit_is_met_exactly() -> None:
    run = Run(generate("jsp", 3, seed=1), stop=MaxIterations(100))
    assert sum(gone(run)) == 100


def test_one_slice_is_made_where_the_run_has_ended() -> None:
    run = Run(generate("jsp", 3, seed=1), stop=MaxIterations(1))
    run.interrupt()
    assert gone(run) == [1]


def test_a_bound_that_is_met_ends_the_search() -> None:
    run = Run(generate("jsp", 3, seed=1), stop=MaxIterations(10**6))
    assert gone(run, 9.0) == [3]
