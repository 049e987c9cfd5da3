"""A classic instance."""

from __future__ import annotations

import pytest

from combkit.instances.jobshop import JobShop


@pytest.fixture
def ft06() -> JobShop:
    """The 6x6 instance of Fisher and Thompson (1963); its optimum is 55."""
    rows = """
        2 1 0 3 1 6 3 7 5 3 4 6
        1 8 2 5 4 10 5 10 0 10 3 4
        2 5 3 4 5 8 0 9 1 1 4 7
        1 5 0 5 2 5 3 3 4 8 5 9
        2 9 1 3 4 5 5 4 0 3 3 1
        1 3 3 3 5 9 0 10 4 4 2 1
    """
    table = [[int(x) for x in row.split()] for row in rows.strip().splitlines()]
    return JobShop([r[0::2] for r in table], [r[1::2] for r in table], name="ft06")
