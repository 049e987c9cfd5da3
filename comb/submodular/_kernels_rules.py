"""Constraints: their rules and kernels."""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from combkit.comb.submodular._kernels_protocol import register_rule
from combkit.instances.kernels import kernel

__all__ = ["AtMost", "Budgets", "Forest", "Groups", "Nested"]


class AtMost(NamedTuple):
    """At most so many elements."""

    most: int
    count: Any


@kernel
def _at_most_fits(rule: Any, e: int) -> bool:
    return rule.count[0] < rule.most


@kernel
def _at_most_take(rule: Any, e: int) -> None:
    rule.count[0] += 1


@kernel
def _at_most_free(rule: Any) -> None:
    rule.count[0] = 0


class Budgets(NamedTuple):
    """Total costs (d, n) within limits (d,)."""

    costs: Any
    limits: Any
    spent: Any


@kernel
def _budgets_fits(rule: Any, e: int) -> bool:
    for d in range(rule.limits.size):
        if rule.spent[d] + rule.costs[d, e] > rule.limits[d]:
            return False
    return True


@kernel
def _budgets_take(rule: Any, e: int) -> None:
    for d in range(rule.limits.size):
        rule.spent[d] += rule.costs[d, e]


@kernel
def _budgets_free(rule: Any) -> None:
    rule.spent[:] = 0.0


class Groups(NamedTuple):
    """At most so many elements of each group."""

    groups: Any
    limits: Any
    counts: Any


@kernel
def _groups_fits(rule: Any, e: int) -> bool:
    g = rule.groups[e]
    return rule.counts[g] < rule.limits[g]


@kernel
def _groups_take(rule: Any, e: int) -> None:
    rule.counts[rule.groups[e]] += 1


@kernel
def _groups_free(rule: Any) -> None:
    rule.counts[:] = 0


class Nested(NamedTuple):
    """At most so many elements of each set; element e is in ``sets[first[e]:...]``."""

    first: Any
    sets: Any
    limits: Any
    counts: Any


@kernel
def _nested_fits(rule: Any, e: int) -> bool:
    for k in range(rule.first[e], rule.first[e + 1]):
        j = rule.sets[k]
        if rule.counts[j] >= rule.limits[j]:
            return False
    return True


@kernel
def _nested_take(rule: Any, e: int) -> None:
    for k in range(rule.first[e], rule.first[e + 1]):
        rule.counts[rule.sets[k]] += 1


@kernel
def _nested_free(rule: Any) -> None:
    rule.counts[:] = 0


class Forest(NamedTuple):
    """Edges without a cycle: the trees of the vertices."""

    edges: Any
    parent: Any


@kernel
def _root(parent: Any, v: int) -> int:
    while parent[v] != v:
        parent[v] = parent[parent[v]]
        v = parent[v]
    return v


@kernel
def _forest_fits(rule: Any, e: int) -> bool:
    return _root(rule.parent, rule.edges[e, 0]) != _root(rule.parent, rule.edges[e, 1])


@kernel
def _forest_take(rule: Any, e: int) -> None:
    a, b = _root(rule.parent, rule.edges[e, 0]), _root(rule.parent, rule.edges[e, 1])
    rule.parent[a] = b


@kernel
def _forest_free(rule: Any) -> None:
    for v in range(rule.parent.size):
        rule.parent[v] = np.int64(v)


register_rule(AtMost, _at_most_fits, _at_most_take, _at_most_free)
register_rule(Budgets, _budgets_fits, _budgets_take, _budgets_free)
register_rule(Groups, _groups_fits, _groups_take, _groups_free)
register_rule(Nested, _nested_fits, _nested_take, _nested_free)
register_rule(Forest, _forest_fits, _forest_take, _forest_free)
