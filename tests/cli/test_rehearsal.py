"""Tiny problems for whatever comes after them."""

import pytest

from combkit.cli.rehearsal import rehearse, tiny
from combkit.comb.registry import solvers

KINDS = sorted({kind for row in solvers() for kind in row.kinds})


@pytest.mark.parametrize("kind", KINDS)
def test_every_solver_can_rehearse(kind):
    problem = tiny(kind)
    assert problem is not None and problem.kind == kind
    supported = [r for r in solvers(kind) if r.available and not r.unsupported(problem)]
    assert supported
    rehearse("auto", kind, seconds=0.2)


def test_unknown_kind_has_no_rehearsal():
    assert tiny("no-such-kind") is None
    rehearse("auto", "no-such-kind")
