"""Tables of the documentation, made from those of the code."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from combkit.comb.policy import POLICY, Step
from combkit.comb.registry import solvers
from combkit.instances.formats import FORMATS, SOLUTION_FORMATS

__all__ = ["TABLES"]


def _instances() -> Iterable[Sequence[str]]:
    yield "name", "format", "kinds", "suffixes", "written"
    for entry in FORMATS:
        written = "yes" if entry.write else "no"
        yield (
            entry.name,
            entry.title,
            _list(entry.kinds),
            _dots(entry.suffixes),
            written,
        )


def _solutions() -> Iterable[Sequence[str]]:
    yield "name", "format", "kinds", "suffixes", "states its objective"
    for entry in SOLUTION_FORMATS:
        kinds = "all" if entry.kinds == ("*",) else _list(entry.kinds)
        stated = "yes" if entry.stated else "no"
        yield entry.name, entry.title, kinds, _dots(entry.suffixes), stated


def _solvers() -> Iterable[Sequence[str]]:
    yield "name", "kinds", "exact", "extra", "what"
    for row in solvers():
        exact = "yes" if row.exact else "no"
        yield f"`{row.name}`", _list(row.kinds), exact, row.extra or "", row.summary


def _policy() -> Iterable[Sequence[str]]:
    yield "kind", "solvers", "why"
    for rule in POLICY:
        yield rule.kind, ", then ".join(map(_step, rule.chain)), rule.why


def _step(step: Step) -> str:
    if step.share == 1 and math.isinf(step.most):
        return f"`{step.name}`"
    return f"`{step.name}` ({step.share:.0%} of the time, at most {step.most:g} s)"


def _list(words: Iterable[str]) -> str:
    return ", ".join(words)


def _dots(suffixes: Iterable[str]) -> str:
    return ", ".join(f"`.{suffix}`" for suffix in suffixes)


def _markdown(rows: Callable[[], Iterable[Sequence[str]]]) -> str:
    head, *body = rows()
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


#: Marker in a page, as ``<!-- table: NAME -->``, to the table that replaces it.
TABLES: Mapping[str, str] = {
    name: _markdown(rows)
    for name, rows in (
        ("instances", _instances),
        ("solutions", _solutions),
        ("solvers", _solvers),
        ("policy", _policy),
    )
}
