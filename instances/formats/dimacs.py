"""Graphs: DIMACS text and binary, PACE, METIS and plain edge lists.

DIMACS
    Comments ``c ...``; ``p edge N M`` (or ``col``, ``clq``, ``mis``, ...); lines
    ``e U V``, vertices from 1; optionally ``n V WEIGHT`` for vertex weights.
    PACE's vertex cover files are the same with ``p td N M`` and bare ``U V``;
    published complements of clique graphs write their edges as ``p U V``.
DIMACS binary (``.clq.b``)
    The length of the preamble, the preamble (as above, without edges), and the
    lower triangle of the adjacency matrix, one bit an entry, rows in bytes.
METIS
    ``N M [FMT [NCON]]``, then one line a vertex: its weight if FMT has a one in
    the tens, then its neighbours from 1, each followed by an edge weight
    (ignored) if FMT has a one at the end. Comments start with ``%``.
Edge list
    Lines ``U V``, vertices from 0; comments start with ``#``. Isolated vertices
    above the largest that is named do not exist.

A graph does not say what is asked of it. The suffix decides: ``.clq`` asks for a
clique, ``.vc`` and ``.gr`` for a vertex cover, anything else for an independent
set; ``--format dimacs-clique``, ``dimacs-vc`` or ``dimacs-mis`` decide otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import UnsupportedFeatureError
from combkit.instances.formats._tokens import (
    LONG_HEAD,
    integers,
    numbers,
    one_line,
)
from combkit.instances.graph_sets import Clique, GraphSet, IndependentSet, VertexCover
from combkit.instances.source import Source

__all__ = [
    "read",
    "read_binary",
    "read_clique",
    "read_edge_list",
    "read_metis",
    "read_mis",
    "read_vc",
    "sniff",
    "sniff_binary",
    "sniff_metis",
    "write",
    "write_binary",
    "write_edge_list",
    "write_metis",
]

Integers = NDArray[np.int64]

_PROBLEM = re.compile(r"p[ \t]+\S+[ \t]+\d+[ \t]+\d+[ \t]*$", re.MULTILINE)
_BINARY = re.compile(rb"\s*(\d{1,7})\s*\n")
#: A preamble of a binary file is some text, never megabytes.
_MAX_PREAMBLE = 1 << 20
#: Problem lines that belong to other formats.
_FOREIGN = ("cnf", "wcnf", "max", "min", "asn", "sp")


# -- DIMACS text --------------------------------------------------------------


def sniff(head: str) -> bool:
    """Whether a text has a problem line ``p NAME N M`` of a graph."""
    for line in head.split("\n"):
        if line.startswith("p"):
            words = line.split()
            return bool(_PROBLEM.match(line)) and words[1].lower() not in _FOREIGN
        if line.strip() and line.split()[0] != "c":
            return False
    return False


def read(source: Source) -> GraphSet:
    """Read a graph; the suffix says what is asked of it.

    Raises
    ------
    InstanceFormatError
        If a line is not what the format demands.
    """
    return _read(source, _asked(source))


def read_mis(source: Source) -> GraphSet:
    """Read a graph and ask for an independent set; else as `read`."""
    return _read(source, IndependentSet)


def read_clique(source: Source) -> GraphSet:
    """Read a graph and ask for a clique; else as `read`."""
    return _read(source, Clique)


def read_vc(source: Source) -> GraphSet:
    """Read a graph and ask for a vertex cover; else as `read`."""
    return _read(source, VertexCover)


def _asked(source: Source) -> type[GraphSet]:
    suffixes = source.path.name.lower().split(".")[1:]
    if "clq" in suffixes:
        return Clique
    if "vc" in suffixes or "gr" in suffixes:
        return VertexCover
    return IndependentSet


def _read(source: Source, asked: type[GraphSet]) -> GraphSet:
    n = 0
    edges: list[list[int]] = []
    weights: dict[int, int | float] = {}
    for line, text in enumerate(source.lines, 1):
        words = text.split()
        if not words or words[0] == "c":
            continue
        if words[0] == "p" and not (n and len(words) == 3):
            if n:
                raise source.error(line, "a second problem line")
            n = _problem_line(source, line, words)
        elif not n:
            raise source.error(line, "a line before the problem line 'p edge N M'")
        elif words[0] == "n":
            vertex, weight = _node_line(source, line, words, n)
            if vertex in weights:
                raise source.error(line, f"vertex {vertex + 1} has a weight already")
            weights[vertex] = weight
        else:
            ends = words[1:] if words[0] in ("e", "p") else words
            pair = integers(source, line, " ".join(ends), minimum=1, maximum=n)
            if len(pair) != 2:
                raise source.error(line, f"{len(pair)} numbers where 'e U V' is")
            if pair[0] == pair[1]:
                raise source.error(line, f"vertex {pair[0]} is joined to itself")
            edges.append(pair)
    if not n:
        raise source.error(None, "the problem line 'p edge N M' is missing")
    found: list[int | float] | None = None
    if weights:
        found = [weights.get(vertex, 1) for vertex in range(n)]
    pairs = np.array(edges, dtype=np.int64).reshape(-1, 2) - 1
    name = source.name.removesuffix(".clq-compliment")
    return asked(n, pairs, found, name=name)


def _problem_line(source: Source, line: int, words: list[str]) -> int:
    if len(words) != 4:
        raise source.error(line, "the problem line must read 'p edge N M'")
    n, _ = integers(source, line, " ".join(words[2:]), minimum=0, maximum=2**31 - 1)
    if n == 0:
        raise source.error(line, "the graph has no vertex")
    return n


def _node_line(
    source: Source, line: int, words: list[str], n: int
) -> tuple[int, int | float]:
    if len(words) != 3:
        raise source.error(line, "'n VERTEX WEIGHT' is needed")
    (vertex,) = integers(source, line, words[1], minimum=1, maximum=n)
    (weight,) = numbers(source, line, words[2])
    return vertex - 1, weight


def write(problem: GraphSet) -> Iterator[str]:
    """Yield a graph as DIMACS text."""
    yield from _preamble(problem)
    for u, v in (problem.edges + 1).tolist():
        yield f"e {u} {v}\n"


def _preamble(problem: GraphSet) -> Iterator[str]:
    if problem.name:
        yield f"c {one_line(problem.name)}\n"
    yield f"p edge {problem.n} {len(problem.edges)}\n"
    if problem.weights is not None:
        for vertex, weight in enumerate(problem.weights.tolist(), 1):
            yield f"n {vertex} {weight!r}\n"


# -- DIMACS binary ------------------------------------------------------------


def sniff_binary(head: bytes) -> bool:
    """Whether bytes begin with the length of a preamble that has a problem line."""
    start = _BINARY.match(head)
    if start is None:
        return False
    preamble = head[start.end() : start.end() + int(start[1])]
    return sniff(preamble.decode("latin-1").replace("\r\n", "\n"))


def read_binary(source: Source) -> GraphSet:
    """Read a binary graph; the suffix says what is asked of it.

    Raises
    ------
    InstanceFormatError
        If the preamble or the matrix is not what the format demands.
    """
    data = source.data
    start = _BINARY.match(data)
    if start is None or int(start[1]) > min(len(data), _MAX_PREAMBLE):
        raise source.error(1, "the length of the preamble is needed")
    end = start.end() + int(start[1])
    n, weights = _binary_preamble(source, data[start.end() : end].decode("latin-1"))
    lengths = np.arange(n, dtype=np.int64) // 8 + 1
    size = int(lengths.sum())
    if len(data) - end < size:
        raise source.error(
            None, f"{len(data) - end} bytes where the matrix of {n} vertices has {size}"
        )
    bits = np.frombuffer(data, np.uint8, size, end)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    pairs: list[Integers] = []
    for v in range(n):
        row = np.unpackbits(bits[offsets[v] : offsets[v + 1]], count=v + 1)
        if row[v]:
            raise source.error(None, f"vertex {v + 1} is joined to itself")
        u = np.flatnonzero(row)
        pairs.append(np.stack([u, np.full(u.size, v)], axis=1))
    name = source.name.removesuffix(".clq")
    return _asked(source)(n, np.concatenate(pairs), weights, name=name)


def _binary_preamble(source: Source, text: str) -> tuple[int, list[int | float] | None]:
    n = 0
    weights: dict[int, int | float] = {}
    for line, content in enumerate(text.split("\n"), 2):
        words = content.split()
        if words[:1] == ["p"]:
            n = _problem_line(source, line, words)
        elif words[:1] == ["n"] and n:
            vertex, weight = _node_line(source, line, words, n)
            weights[vertex] = weight
    if not n:
        raise source.error(None, "the problem line 'p edge N M' is missing")
    if not weights:
        return n, None
    return n, [weights.get(vertex, 1) for vertex in range(n)]


def write_binary(problem: GraphSet) -> bytes:
    """Return a graph in binary form."""
    preamble = "".join(_preamble(problem)).encode()
    parts = [f"{len(preamble)}\n".encode(), preamble]
    edges = problem.edges[np.argsort(problem.edges[:, 1], kind="stable")]
    starts = np.searchsorted(edges[:, 1], np.arange(problem.n + 1))
    for v in range(problem.n):
        row = np.zeros(8 * (v // 8 + 1), dtype=np.uint8)
        row[edges[starts[v] : starts[v + 1], 0]] = 1
        parts.append(np.packbits(row).tobytes())
    return b"".join(parts)


# -- METIS --------------------------------------------------------------------


def sniff_metis(head: str) -> bool:
    """Whether a text lists neighbours that list each other, all or those it shows."""
    lines = [line for line in head.split("\n") if not line.lstrip().startswith("%")]
    cut = len(head) > LONG_HEAD
    if cut:
        lines.pop()
    try:
        rows = [[int(word) for word in line.split()] for line in lines]
    except ValueError:
        return False
    if not rows or not 2 <= len(rows[0]) <= 4 or rows[0][0] < 2 or rows[0][1] < 1:
        return False
    n, m, form = rows[0][0], rows[0][1], (rows[0][2] if len(rows[0]) > 2 else 0)
    if form not in (0, 1, 10, 11):
        return False
    near = [set(row[form // 10 :: 1 + form % 10]) for row in rows[1 : n + 1]]
    if not cut and (len(near) < n or sum(map(len, near)) != 2 * m):
        return False
    pairs = [(u, v) for u, row in enumerate(near, 1) for v in row if v <= len(near)]
    return bool(pairs) and all(0 < v != u and u in near[v - 1] for u, v in pairs)


def read_metis(source: Source) -> GraphSet:
    """Read a METIS graph and ask for an independent set.

    Raises
    ------
    InstanceFormatError
        If a line is not what the format demands.
    UnsupportedFeatureError
        If vertices have sizes or several weights.
    """
    rows = [
        (line, text)
        for line, text in enumerate(source.lines, 1)
        if not text.lstrip().startswith("%")
    ]
    while rows and not rows[0][1].strip():
        rows.pop(0)
    if not rows:
        raise source.error(None, "the line 'N M' is missing")
    line, text = rows[0]
    head = integers(source, line, text, minimum=0, maximum=2**31 - 1)
    if not 2 <= len(head) <= 4 or head[0] == 0:
        raise source.error(line, "'N M [FMT [NCON]]' is needed, N above 0")
    n, form = head[0], (head[2] if len(head) > 2 else 0)
    if form not in (0, 1, 10, 11) or head[3:] not in ([], [1]):
        raise UnsupportedFeatureError(f"{source.path}: METIS FMT with vertex sizes")
    body = rows[1:]
    while len(body) > n and not body[-1][1].strip():
        body.pop()
    if len(body) != n:
        raise source.error(None, f"{len(body)} lines for {n} vertices")
    weighted, step = form >= 10, 1 + form % 10
    weights: list[int | float] = []
    pairs: list[tuple[int, int]] = []
    for vertex, (line, text) in enumerate(body):
        row = integers(source, line, text, minimum=0)
        if weighted:
            if not row:
                raise source.error(line, "the weight of the vertex is missing")
            weights.append(row.pop(0))
        if len(row) % step:
            raise source.error(line, "a neighbour without its edge weight")
        for other in row[::step]:
            if not 1 <= other <= n or other == vertex + 1:
                raise source.error(line, f"neighbour {other} of vertex {vertex + 1}")
            pairs.append((vertex, other - 1))
    edges = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return IndependentSet(n, edges, weights or None, name=source.name)


def write_metis(problem: GraphSet) -> Iterator[str]:
    """Yield a graph in METIS text.

    Raises
    ------
    UnsupportedFeatureError
        If weights are not integers.
    """
    weights = problem.weights
    if weights is not None and weights.dtype != np.int64:
        raise UnsupportedFeatureError("METIS graphs have integer weights")
    both = np.concatenate([problem.edges, problem.edges[:, ::-1]])
    both = both[np.lexsort((both[:, 1], both[:, 0]))]
    near = np.split(both[:, 1] + 1, np.searchsorted(both[:, 0], range(1, problem.n)))
    yield f"{problem.n} {len(problem.edges)}{'' if weights is None else ' 10'}\n"
    for vertex, others in enumerate(near):
        row: list[Any] = [] if weights is None else [int(weights[vertex])]
        yield " ".join(map(str, [*row, *others.tolist()])) + "\n"


# -- edge lists ---------------------------------------------------------------


def read_edge_list(source: Source) -> GraphSet:
    """Read an edge list and ask for an independent set.

    Raises
    ------
    InstanceFormatError
        If a line is not what the format demands.
    """
    pairs: list[list[int]] = []
    for line, text in enumerate(source.lines, 1):
        if not text.strip() or text.lstrip().startswith(("#", "%")):
            continue
        pair = integers(source, line, text, minimum=0, maximum=2**31 - 2)
        if len(pair) != 2:
            raise source.error(line, f"{len(pair)} numbers where 'U V' is")
        if pair[0] == pair[1]:
            raise source.error(line, f"vertex {pair[0]} is joined to itself")
        pairs.append(pair)
    if not pairs:
        raise source.error(None, "there is no edge")
    edges = np.array(pairs, dtype=np.int64)
    return IndependentSet(int(edges.max()) + 1, edges, name=source.name)


def write_edge_list(problem: GraphSet) -> Iterator[str]:
    """Yield the edges of a graph.

    Raises
    ------
    UnsupportedFeatureError
        If the last vertex is isolated or vertices have weights.
    """
    if (
        problem.weights is not None
        or int(problem.edges.max(initial=-1)) < problem.n - 1
    ):
        raise UnsupportedFeatureError(
            "an edge list has no weights and no isolated vertices at its end"
        )
    for u, v in problem.edges.tolist():
        yield f"{u} {v}\n"
