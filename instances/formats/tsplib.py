"""TSPLIB 95, CVRPLIB and OPLib instances: TSP, ATSP, CVRP, OVRP, VRPTW and OP.

What the reader decides where the files leave it open:

- *Node numbers.* Numbers that are a permutation of 1..n (or of 0..n-1) are
  taken as such; any other set of distinct numbers is mapped in file order. The
  depot of a CVRP becomes node 0, the other nodes keep their order.
- *Unrounded distances.* TSPLIB has no word for them; ``EXACT_2D`` and
  ``EXACT_3D``, the words of LKH-3, are read and written. The CVRPLIB sets CMT,
  Golden, Li and Tai say ``EUC_2D`` but publish unrounded values: a CVRP whose
  only comment is a number with a fractional part, the value of its best
  solution, cannot mean integer distances and is read as unrounded.
- *Fixed edges* must be part of a tour; in an ATSP from the first node to the
  second.
- ``DISTANCE`` limits the length plus the service times of a route;
  ``VEHICLES`` is the largest number of routes. A number of routes in the name
  of an instance is not a limit.
- An ``OVRP`` is a CVRP whose routes do not return. A ``VRPTW`` has a
  ``TIME_WINDOW_SECTION`` (node, earliest, latest) besides; driving takes as long
  as the way is, rounded as its ``EDGE_WEIGHT_TYPE`` says.
- An ``OP`` has a ``COST_LIMIT`` and a ``NODE_SCORE_SECTION``; without a
  ``DEPOT_SECTION`` the first node is the depot.

References
----------
.. [1] G. Reinelt, "TSPLIB 95", Universität Heidelberg, 1995.
.. [2] CVRPLIB, http://vrp.galgos.inf.puc-rio.br
.. [3] G. Kobeaga, M. Merino, J. A. Lozano, "An efficient evolutionary algorithm for
   the orienteering problem", Computers & Operations Research 90, 2018 (OPLib).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from combkit.instances.cvrp import CVRP
from combkit.instances.errors import (
    InvalidProblemError,
    UnsupportedFeatureError,
    nearest,
)
from combkit.instances.formats.tsplib_nodes import UNROUNDED, Nodes
from combkit.instances.formats.tsplib_text import Document, parse, short
from combkit.instances.ovrp import OVRP
from combkit.instances.prizes import OP
from combkit.instances.source import Source
from combkit.instances.tsp import ATSP, TSP
from combkit.instances.vrptw import VRPTW

__all__ = ["read", "sniff", "write"]

Array = NDArray[Any]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
#: What the format can hold.
Readable = TSP | ATSP | CVRP | OP

_OTHER_TYPE = re.compile(r"\w*(TSP|VRP|TRP)\w*|SOP|HCP|HPP|PTP|MLP")
#: Headers of other problems and dialects: dropping one changes the problem.
_OTHER_HEADER = re.compile(r"EDGE_DATA_FORMAT|SALESMEN|VEHICLES_\w+")
_CVRP_KEYWORDS = (
    "CAPACITY",
    "DISTANCE",
    "SERVICE_TIME",
    "VEHICLES",
    "DEMAND_SECTION",
    "DEPOT_SECTION",
    "SERVICE_TIME_SECTION",
    "TIME_WINDOW_SECTION",
)
#: TSPSOL, the length of a tour of all nodes, is for information.
_OP_KEYWORDS = ("COST_LIMIT", "NODE_SCORE_SECTION", "DEPOT_SECTION", "TSPSOL")
_KEYWORDS = (
    "NAME",
    "TYPE",
    "COMMENT",
    "DIMENSION",
    "EDGE_WEIGHT_TYPE",
    "EDGE_WEIGHT_FORMAT",
    "NODE_COORD_TYPE",
    "DISPLAY_DATA_TYPE",
    "NODE_COORD_SECTION",
    "EDGE_WEIGHT_SECTION",
    "FIXED_EDGES_SECTION",
    "DISPLAY_DATA_SECTION",
    *_CVRP_KEYWORDS,
    *_OP_KEYWORDS,
)
#: Which keyword holds a field of a problem, for the line of an error.
_KEY_OF_FIELD = {
    "coords": "NODE_COORD_SECTION",
    "matrix": "EDGE_WEIGHT_SECTION",
    "metric": "EDGE_WEIGHT_TYPE",
    "fixed_edges": "FIXED_EDGES_SECTION",
    "display": "DISPLAY_DATA_SECTION",
    "demands": "DEMAND_SECTION",
    "capacity": "CAPACITY",
    "max_distance": "DISTANCE",
    "service_time": "SERVICE_TIME",
    "vehicles": "VEHICLES",
    "ready": "TIME_WINDOW_SECTION",
    "due": "TIME_WINDOW_SECTION",
    "prizes": "NODE_SCORE_SECTION",
    "limit": "COST_LIMIT",
}

#: Blanks only, never line ends: a search stays linear in the text.
_HEADER = re.compile(
    r"^[ \t]*(TYPE[ \t]*:[ \t]*(\w*TSP|\w*VRP|SOP|HCP|OP)\b|DIMENSION[ \t]*:"
    r"|EDGE_WEIGHT_TYPE[ \t]*:|NODE_COORD_SECTION|EDGE_WEIGHT_SECTION|DEMAND_SECTION)",
    re.MULTILINE,
)
_TOUR = re.compile(r"^[ \t]*(TYPE[ \t]*:[ \t]*TOUR\b|TOUR_SECTION)", re.MULTILINE)


def sniff(head: str) -> bool:
    """Whether a text has the keywords of a TSPLIB instance."""
    return bool(_HEADER.search(head)) and not _TOUR.search(head)


def read(source: Source) -> Readable:
    """Read an instance.

    Raises
    ------
    InstanceFormatError
        With the line of what is wrong.
    UnsupportedFeatureError
        If it is another problem (SOP, HCP, ...) or has a keyword, weight type
        or weight format that is not supported; it is named.
    """
    document = parse(source)
    build = _reader_of(document)
    for key in [*document.headers, *document.sections]:
        if key not in _KEYWORDS:
            hint = nearest(key, _KEYWORDS)
            if key in document.sections or _OTHER_HEADER.fullmatch(key):
                raise document.unsupported(key, f"{short(key)} is not supported{hint}")
            raise document.error(key, f"unknown keyword {short(key)}{hint}")
        if key == "FIXED_EDGES_SECTION" and not document.word("TYPE").endswith("TSP"):
            raise document.unsupported(
                key, f"{key} is not supported in a {document.word('TYPE')}"
            )
        if not _belongs(key, document.word("TYPE")):
            raise document.error(key, f"{key} in a {document.word('TYPE')}")
    try:
        return build(document, document.labels())
    except InvalidProblemError as error:
        key = _KEY_OF_FIELD.get(error.field.partition("[")[0], "TYPE")
        raise document.error(key, str(error)) from None


def _belongs(key: str, kind: str) -> bool:
    """Whether a known keyword may be in a file of a type."""
    if kind == "OP" and key in _OP_KEYWORDS:
        return True
    if key == "TIME_WINDOW_SECTION":
        return kind == "VRPTW"
    if key in _CVRP_KEYWORDS:
        return kind in ("CVRP", "OVRP", "VRPTW")
    return key not in _OP_KEYWORDS


def _read_tsp(document: Document, labels: dict[str, Any]) -> TSP:
    nodes = Nodes(document)
    return TSP(
        nodes.coords,
        matrix=nodes.matrix,
        metric=nodes.metric,
        display=nodes.display,
        fixed_edges=_fixed_edges(document, nodes),
        **labels,
    )


def _read_atsp(document: Document, labels: dict[str, Any]) -> ATSP:
    nodes = Nodes(document)
    if nodes.matrix is None:
        raise document.unsupported(
            "EDGE_WEIGHT_TYPE", f"an ATSP of {nodes.metric} distances is a TSP"
        )
    return ATSP(
        nodes.matrix,
        display=nodes.display,
        fixed_edges=_fixed_edges(document, nodes),
        **labels,
    )


def _read_cvrp(document: Document, labels: dict[str, Any]) -> CVRP:
    nodes = Nodes(document)
    capacity = document.number("CAPACITY")
    if capacity <= 0:
        raise document.error("CAPACITY", f"CAPACITY {capacity:g} is not positive")
    demands = _demands(document, nodes, capacity)
    depot = _depot(document, nodes)
    order, fields = _depot_first(nodes, depot)
    service = _service_times(document, nodes, depot)
    fields |= {
        "demands": demands[order],
        "capacity": capacity,
        "metric": _meant_metric(document, nodes.metric),
        "max_distance": document.optional("DISTANCE"),
        "service_time": None if service is None else service[order],
        "vehicles": document.integer("VEHICLES")
        if "VEHICLES" in document.headers
        else None,
        **labels,
    }
    if document.word("TYPE") == "OVRP":
        return OVRP(**fields)
    if document.word("TYPE") == "VRPTW":
        places, windows = nodes.table("TIME_WINDOW_SECTION", 2)
        ready, due = nodes.sorted(places, windows)[order].T
        return VRPTW(**fields, ready=ready, due=due)
    return CVRP(**fields)


def _read_op(document: Document, labels: dict[str, Any]) -> OP:
    nodes = Nodes(document)
    places, scores = nodes.table("NODE_SCORE_SECTION", 1)
    depot = _depot(document, nodes) if "DEPOT_SECTION" in document.sections else 0
    order, fields = _depot_first(nodes, depot)
    return OP(
        **fields,
        prizes=nodes.sorted(places, scores[:, 0])[order],
        limit=document.number("COST_LIMIT"),
        **labels,
    )


def _depot_first(nodes: Nodes, depot: int) -> tuple[Integers, dict[str, Any]]:
    """Return the nodes' order with the depot first, and where they then are."""
    order = np.concatenate(([depot], np.delete(np.arange(nodes.n), depot)))
    matrix = nodes.matrix
    if matrix is not None and depot != 0:
        matrix = matrix[np.ix_(order, order)]
    return order, {
        "coords": None if nodes.coords is None else nodes.coords[order],
        "matrix": matrix,
        "metric": nodes.metric,
        "display": None if nodes.display is None else nodes.display[order],
    }


_READERS: dict[str, Callable[[Document, dict[str, str]], Readable]] = {
    "TSP": _read_tsp,
    "ATSP": _read_atsp,
    "CVRP": _read_cvrp,
    "OVRP": _read_cvrp,
    "VRPTW": _read_cvrp,
    "OP": _read_op,
}


def _reader_of(document: Document) -> Callable[[Document, dict[str, str]], Readable]:
    kind = document.word("TYPE")
    if kind in _READERS:
        return _READERS[kind]
    if _OTHER_TYPE.fullmatch(kind):
        raise document.unsupported("TYPE", f"TYPE {kind} is not supported")
    hint = "; this is a solution" if kind == "TOUR" else nearest(kind, _READERS)
    raise document.error("TYPE", f"unknown TYPE {short(kind)}{hint}")


def _fixed_edges(document: Document, nodes: Nodes) -> Integers | None:
    if "FIXED_EDGES_SECTION" not in document.sections:
        return None
    section = document.section("FIXED_EDGES_SECTION")
    ends = [nodes.place(line, node) for line, node in section.integers_to_end()]
    if len(ends) % 2:
        raise document.source.error(section.end, f"{section.name}: half an edge")
    return np.array(ends, dtype=np.int64).reshape(-1, 2)


def _demands(document: Document, nodes: Nodes, capacity: float) -> Floats:
    places, values = nodes.table("DEMAND_SECTION", 1)
    demands = values[:, 0]
    for bad, reason in (
        (demands < 0, "is negative"),
        (demands > capacity, f"exceeds the CAPACITY {capacity:.15g}"),
    ):
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            line = document.section("DEMAND_SECTION").line_of_row(row)
            raise document.source.error(line, f"demand {demands[row]:.15g} {reason}")
    return nodes.sorted(places, demands)


def _depot(document: Document, nodes: Nodes) -> int:
    """Return the place of the one depot."""
    section = document.section("DEPOT_SECTION")
    depots = [nodes.place(line, node) for line, node in section.integers_to_end()]
    if not depots:
        raise document.error("DEPOT_SECTION", "DEPOT_SECTION names no depot")
    if len(depots) > 1:
        raise document.unsupported(
            "DEPOT_SECTION",
            f"{document.word('TYPE')} with {len(depots)} depots is not supported",
        )
    return depots[0]


def _service_times(document: Document, nodes: Nodes, depot: int) -> Floats | None:
    if "SERVICE_TIME_SECTION" in document.sections:
        if "SERVICE_TIME" in document.headers:
            raise document.error(
                "SERVICE_TIME_SECTION", "SERVICE_TIME is given as header and section"
            )
        places, values = nodes.table("SERVICE_TIME_SECTION", 1)
        return nodes.sorted(places, values[:, 0])
    time = document.optional("SERVICE_TIME")
    if time is None:
        return None
    return np.where(np.arange(nodes.n) == depot, 0.0, time)


def _meant_metric(document: Document, metric: str) -> str:
    """Return the metric that a CVRP means, see the module's second rule."""
    if metric != "EUC_2D" or len(document.comments) != 1:
        return metric
    return "euclidean" if _is_fractional(document.comments[0]) else metric


def _is_fractional(text: str) -> bool:
    """Whether a text is one number with a fractional part."""
    return bool(re.fullmatch(r"[0-9]+\.[0-9]+", text)) and float(text) % 1 != 0


def write(problem: Readable) -> Iterator[str]:
    """Yield the lines of an instance; it reads back as the equal problem.

    Raises
    ------
    UnsupportedFeatureError
        If the format has no words for its objective or its truncation.
    """
    if isinstance(problem, VRPTW) and (
        problem.objective != "distance" or problem.decimals is not None
    ):
        raise UnsupportedFeatureError(
            f"TSPLIB has no word for what this problem minimises: {problem.convention}"
        )
    if isinstance(problem, TSP | ATSP) and problem.ends is not None:
        raise UnsupportedFeatureError(
            "TSPLIB has no word for the ends of an open path; JSON has"
        )
    yield f"NAME : {_one_line(problem.name)}\n"
    for line in problem.comment.splitlines():
        # A lone fractional number would make the distances of a CVRP unrounded.
        yield f"COMMENT : {'value ' if _is_fractional(line) else ''}{line.strip()}\n"
    yield f"TYPE : {problem.kind.upper()}\n"
    nodes = problem.n + 1 if isinstance(problem, CVRP | OP) else problem.n
    yield f"DIMENSION : {nodes}\n"
    if isinstance(problem, CVRP):
        yield from _write_limits(problem)
    if isinstance(problem, OP):
        yield f"COST_LIMIT : {_plain(problem.limit)}\n"
    if problem.coords is not None:
        yield from _write_coords(problem.coords, problem.metric)
    if problem.matrix is not None:
        yield from _write_matrix(problem.matrix)
    if problem.display is not None:
        yield "DISPLAY_DATA_TYPE : TWOD_DISPLAY\nDISPLAY_DATA_SECTION\n"
        yield from _numbered(problem.display)
    if isinstance(problem, CVRP):
        yield from _write_demands(problem)
    elif isinstance(problem, OP):
        yield "NODE_SCORE_SECTION\n"
        yield from _numbered(problem.prizes[:, None])
        yield "DEPOT_SECTION\n1\n-1\n"
    elif problem.fixed_edges is not None:
        yield "FIXED_EDGES_SECTION\n"
        yield from (f"{i + 1} {j + 1}\n" for i, j in problem.fixed_edges.tolist())
        yield "-1\n"
    yield "EOF\n"


def _write_limits(problem: CVRP) -> Iterator[str]:
    yield f"CAPACITY : {_plain(problem.capacity)}\n"
    if problem.max_distance is not None:
        yield f"DISTANCE : {_plain(problem.max_distance)}\n"
    if problem.vehicles is not None:
        yield f"VEHICLES : {problem.vehicles}\n"


def _write_demands(problem: CVRP) -> Iterator[str]:
    yield "DEMAND_SECTION\n"
    yield from _numbered(problem.demands[:, None])
    if problem.service_time is not None:
        yield "SERVICE_TIME_SECTION\n"
        yield from _numbered(problem.service_time[:, None])
    if isinstance(problem, VRPTW):
        yield "TIME_WINDOW_SECTION\n"
        yield from _numbered(np.column_stack([problem.ready, problem.due]))
    yield "DEPOT_SECTION\n1\n-1\n"


def _write_coords(coords: Floats, metric: str) -> Iterator[str]:
    dimensions = coords.shape[1]
    words = {count: word for word, count in UNROUNDED.items()}
    word = words[dimensions] if metric == "euclidean" else metric
    yield f"EDGE_WEIGHT_TYPE : {word}\n"
    if dimensions == 3:
        yield "NODE_COORD_TYPE : THREED_COORDS\n"
    yield "NODE_COORD_SECTION\n"
    yield from _numbered(coords)


def _write_matrix(matrix: Array) -> Iterator[str]:
    symmetric = bool((matrix == matrix.T).all())
    layout = "UPPER_ROW" if symmetric else "FULL_MATRIX"
    yield f"EDGE_WEIGHT_TYPE : EXPLICIT\nEDGE_WEIGHT_FORMAT : {layout}\n"
    yield "EDGE_WEIGHT_SECTION\n"
    for i, row in enumerate(matrix):
        yield " ".join(map(repr, row[i + 1 if symmetric else 0 :].tolist())) + "\n"


def _numbered(rows: Array) -> Iterator[str]:
    for number, row in enumerate(rows.tolist(), 1):
        yield f"{number} {' '.join(map(_plain, row))}\n"


def _plain(value: float) -> str:
    """Return the shortest text that reads back as the same number."""
    return repr(value).removesuffix(".0")


def _one_line(text: str) -> str:
    return " ".join(text.split())
