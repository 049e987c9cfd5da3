"""OR-Library's multidimensional knapsacks (``mknap``).

``K``, then K times: ``n m value``, where value is the best known profit or 0; n
profits; m rows of n weights; m capacities. Only the order of the numbers
matters, not their lines. ``FILE#k`` names the k-th problem, from 0, of a file
with several; ``read`` returns the first and says so in its name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from combkit.instances.formats import knapsack
from combkit.instances.formats._tokens import LONG_HEAD, number_lines, numbers
from combkit.instances.multi_knapsack import MultiKnapsack
from combkit.instances.source import Source

__all__ = ["read", "read_all", "sniff", "write"]

Number = int | float


def sniff(head: str) -> bool:
    """Whether a text starts as ``K`` and ``n m value``, with as many numbers."""
    lines = number_lines(head)
    if not lines or knapsack.sniff(head) or [len(r) for r in lines[:2]] != [1, 3]:
        return False
    values = [value for row in lines for value in row]
    cut = len(head) > LONG_HEAD
    at, left = 1, values[0]
    while left >= 1 and at < len(values):
        if len(values) < at + 3:
            return cut
        n, m = values[at], values[at + 1]
        if not (n >= 1 and m >= 1 and n == int(n) and m == int(m)):
            return False
        at += 3 + int(n) * (1 + int(m)) + int(m)
        left -= 1
    return at > 1 and (at >= len(values) if cut else at == len(values) and left == 0)


def read(source: Source) -> MultiKnapsack:
    """Read a problem: the one that ``FILE#k`` names, the first without.

    Raises
    ------
    InstanceFormatError
        If a number is missing or impossible, or the file has no such problem.
    """
    wanted = source.member or 0
    problems = list(read_all(source))
    if wanted >= len(problems):
        raise source.error(None, f"there is no problem {wanted}: they count from 0")
    return problems[wanted]


def read_all(source: Source) -> Iterator[MultiKnapsack]:
    """Yield every problem of a file.

    Raises
    ------
    InstanceFormatError
        If a number is missing or impossible.
    """
    tokens = _Tokens(source)
    count = tokens.count("the number of problems")
    for k in range(count):
        n, m = tokens.count("the number of items"), tokens.count("that of resources")
        value = tokens.take(1, "the best known value")[0]
        profits = tokens.take(n, "profits")
        weights = np.array(tokens.take(m * n, "weights")).reshape(m, n)
        capacities = tokens.take(m, "capacities")
        yield MultiKnapsack(
            profits,
            weights,
            capacities,
            name=source.name if count == 1 else f"{source.name}#{k}",
            comment=f"best known value in the file: {value:.17g}" if value else "",
        )
    tokens.end()


def write(problem: MultiKnapsack) -> Iterator[str]:
    """Yield a file with one problem."""
    yield f"1\n{problem.n} {problem.m} 0\n"
    for row in (problem.profits, *problem.weights, problem.capacities):
        yield " ".join(map(repr, row.tolist())) + "\n"


class _Tokens:
    """The numbers of a file, one after the other, with their lines."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._lines = iter(enumerate(source.lines, 1))
        self._line = 1
        self._row: list[Number] = []

    def take(self, count: int, what: str) -> list[Any]:
        """Return the next numbers."""
        taken: list[Number] = []
        while len(taken) < count:
            if not self._row and not self._next():
                raise self._source.error(
                    self._line, f"the file ends after {len(taken)} of {count}: {what}"
                )
            need = count - len(taken)
            taken += self._row[:need]
            self._row = self._row[need:]
        return taken

    def count(self, what: str) -> int:
        """Return the next number, which must be a positive integer."""
        value = self.take(1, what)[0]
        if not isinstance(value, int) or not 1 <= value < 2**31:
            raise self._source.error(self._line, f"{value} is not {what}, 1 or more")
        return value

    def end(self) -> None:
        """Refuse what follows the last problem."""
        while not self._row and self._next():
            pass
        if self._row:
            raise self._source.error(self._line, "a number after the last problem")

    def _next(self) -> bool:
        for line, text in self._lines:
            if text.strip() and not text.lstrip().startswith("#"):
                self._line = line
                self._row = numbers(self._source, line, text)
                return True
        return False
