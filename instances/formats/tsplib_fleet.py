"""The dialect of VRPLIB for fleets: several depots, vehicle types, prizes, groups.

A section ``VEHICLES_*`` has a row a vehicle, a header of that name holds for all;
vehicles that are alike become one type. What the reader decides:

- *Rounding.* The files of all sets say ``EUC_2D`` but mean different things. A
  ``VRPB`` or ``GVRP`` has distances rounded to integers as TSPLIB says, with
  prizes (``PCVRPTW``) or several trips (``MTVRPTWR``) they are truncated to one
  decimal; all others are unrounded.
- Without ``VEHICLES`` there are as many as clients, without a ``DEPOT_SECTION`` the
  first node is the depot.
- A client with a prize need not be served; of a group one client must be.
- Of a ``PICKUP_AND_DELIVERY_SECTION`` a row is a node with its demand, window, service
  time, and the nodes where its goods come from and go to, 0 for none: as in Li and
  Lim's files, but that distance is what counts.
- A demand with a mark in ``BACKHAUL_SECTION`` is picked up, behind all deliveries.

References
----------
.. [1] N. A. Wouda, L. Lan and W. Kool, "PyVRP: a high-performance VRP solver
   package", INFORMS J. Computing 36(4), 2024: supported VRPLIB fields.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.instances.errors import InvalidProblemError, nearest
from combkit.instances.fleet.problem import RichVRP
from combkit.instances.formats.tsplib_nodes import Nodes
from combkit.instances.formats.tsplib_text import Document, integer, parse, short
from combkit.instances.source import Source

__all__ = ["read", "sniff"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: Values of ``TYPE`` that are read here.
_TYPES = (
    *("HFVRP", "HVRP", "MDVRP", "MDVRPTW", "SDVRPTW"),
    *("PCVRP", "PCVRPTW", "VRPB", "GVRP", "MTVRPTWR", "PDPTW"),
)
_ROUNDED = ("VRPB", "GVRP")
_TRUNCATED = ("PCVRP", "PCVRPTW", "MTVRPTWR")

#: Attributes of vehicles: keyword to field; headers of the same name are for all.
_OF_VEHICLES = {
    "CAPACITY": "capacity",
    "VEHICLES_FIXED_COST": "fixed_cost",
    "VEHICLES_UNIT_DISTANCE_COST": "distance_cost",
    "VEHICLES_MAX_DISTANCE": "max_distance",
    "VEHICLES_MAX_DURATION": "max_duration",
    "VEHICLES_MAX_RELOADS": "max_reloads",
    "VEHICLES_DEPOT": "start_depot",
}
_KEYWORDS = (
    *("NAME", "TYPE", "COMMENT", "DIMENSION", "EDGE_WEIGHT_TYPE"),
    *("EDGE_WEIGHT_FORMAT", "EDGE_WEIGHT_SECTION", "NODE_COORD_TYPE"),
    *("NODE_COORD_SECTION", "DISPLAY_DATA_TYPE", "DISPLAY_DATA_SECTION"),
    *("SERVICE_TIME", "VEHICLES", "DISTANCE", *list(_OF_VEHICLES)[:-1]),
    *(f"{key}_SECTION" for key in _OF_VEHICLES),
    *("DEMAND_SECTION", "SERVICE_TIME_SECTION", "TIME_WINDOW_SECTION"),
    *("RELEASE_TIME_SECTION", "PRIZE_SECTION", "BACKHAUL_SECTION"),
    *("MUTUALLY_EXCLUSIVE_GROUP_SECTION", "VEHICLES_ALLOWED_CLIENTS_SECTION"),
    *("VEHICLES_RELOAD_DEPOT_SECTION", "DEPOT_SECTION"),
    "PICKUP_AND_DELIVERY_SECTION",
)


#: Which keyword holds a field of a problem, for the line of an error.
_KEY_OF_FIELD = {
    **{field: f"{key}_SECTION" for key, field in _OF_VEHICLES.items()},
    "coords": "NODE_COORD_SECTION",
    "distance": "EDGE_WEIGHT_SECTION",
    "delivery": "DEMAND_SECTION",
    "clients": "DEMAND_SECTION",
    "pickup": "BACKHAUL_SECTION",
    "service": "SERVICE_TIME_SECTION",
    "window_end": "TIME_WINDOW_SECTION",
    "depot_end": "TIME_WINDOW_SECTION",
    "release": "RELEASE_TIME_SECTION",
    "prize": "PRIZE_SECTION",
    "available": "VEHICLES",
    "shipments": "PICKUP_AND_DELIVERY_SECTION",
    "shipment_load": "PICKUP_AND_DELIVERY_SECTION",
}
_TYPE = re.compile(rf"^[ \t]*TYPE[ \t]*:[ \t]*({'|'.join(_TYPES)})[ \t]*$", re.M)


def sniff(head: str) -> bool:
    """Whether a text is an instance of one of the types that are read here."""
    return bool(_TYPE.search(head))


def read(source: Source) -> RichVRP:
    """Read an instance.

    Raises
    ------
    InstanceFormatError
        With the line of what is wrong.
    UnsupportedFeatureError
        If it is another problem or has a section that is not supported.
    """
    document = parse(source)
    kind = document.word("TYPE")
    if kind not in _TYPES:
        raise document.unsupported("TYPE", f"TYPE {short(kind)} is no fleet")
    for key in [*document.headers, *document.sections]:
        if key not in _KEYWORDS:
            hint = nearest(key, _KEYWORDS)
            raise document.unsupported(key, f"{short(key)} is not supported{hint}")
    try:
        return _read(document, document.labels())
    except InvalidProblemError as error:
        key = _KEY_OF_FIELD.get(error.field.partition("[")[0], "TYPE")
        raise document.error(key, str(error)) from None


def _read(document: Document, labels: dict[str, str]) -> RichVRP:
    nodes = Nodes(document)
    depots = [0]
    if "DEPOT_SECTION" in document.sections:
        section = document.section("DEPOT_SECTION")
        depots = [nodes.place(line, node) for line, node in section.integers_to_end()]
    if not depots:
        raise document.error("DEPOT_SECTION", "DEPOT_SECTION names no depot")
    clients = np.setdiff1d(np.arange(nodes.n), depots)
    if not clients.size:
        raise document.error("DIMENSION", "there is no client")
    vehicles = clients.size
    if "VEHICLES" in document.headers:
        vehicles = document.integer("VEHICLES")
    fields: dict[str, Any] = {**_places(document, nodes), **labels}
    fields |= {"clients": clients, "depots": np.array(depots)}
    fields |= _of_clients(document, nodes, clients, np.array(depots))
    if "PICKUP_AND_DELIVERY_SECTION" in document.sections:
        fields |= _shipments(document, nodes, clients, np.array(depots))
    return RichVRP(**fields, **_types(document, nodes, vehicles, clients, depots))


def _places(document: Document, nodes: Nodes) -> dict[str, Any]:
    kind = document.word("TYPE")
    if nodes.matrix is not None:
        return {"distance": np.asarray(nodes.matrix, np.float64)[None]}
    fields: dict[str, Any] = {"coords": nodes.coords, "metric": nodes.metric}
    if kind in _ROUNDED or nodes.metric != "EUC_2D" or nodes.coords is None:
        return fields
    fields["metric"] = "euclidean"
    if kind in _TRUNCATED:
        gaps = nodes.coords[:, None] - nodes.coords[None]
        exact = np.sqrt((gaps * gaps).sum(axis=2))
        # Products like 0.3 * 10 are whole numbers up to noise.
        fields["distance"] = (np.floor(np.round(exact * 10.0, 9)) / 10.0)[None]
    return fields


def _column(document: Document, nodes: Nodes, key: str) -> Floats | None:
    """Return a section with one number a node, by place."""
    if key not in document.sections:
        return None
    places, values = nodes.table(key, 1)
    return nodes.sorted(places, values[:, 0])


def _of_clients(
    document: Document, nodes: Nodes, clients: Integers, depots: Integers
) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    demand = _column(document, nodes, "DEMAND_SECTION")
    back = _column(document, nodes, "BACKHAUL_SECTION")
    if back is not None:
        # Either marks, or the amounts that are picked up.
        marked = demand is not None and set(np.unique(back)) <= {0.0, 1.0}
        if marked and demand is not None:
            back, demand = np.where(back > 0, demand, 0), np.where(back > 0, 0, demand)
        fields |= {"pickup": back[clients, None], "backhaul": "last"}
    if demand is not None:
        fields["delivery"] = demand[clients, None]
    service = _column(document, nodes, "SERVICE_TIME_SECTION")
    if service is not None:
        fields["service"] = service[clients]
    elif "SERVICE_TIME" in document.headers:
        fields["service"] = np.full(clients.size, document.number("SERVICE_TIME"))
    if "TIME_WINDOW_SECTION" in document.sections:
        places, rows = nodes.table("TIME_WINDOW_SECTION", 2)
        fields |= _windows(nodes.sorted(places, rows), clients, depots)
    release = _column(document, nodes, "RELEASE_TIME_SECTION")
    if release is not None:
        fields["release"] = release[clients]
    prize = _column(document, nodes, "PRIZE_SECTION")
    if prize is not None:
        fields |= {"prize": prize[clients], "required": prize[clients] == 0}
    if "MUTUALLY_EXCLUSIVE_GROUP_SECTION" in document.sections:
        group = np.full(clients.size, -1)
        key = "MUTUALLY_EXCLUSIVE_GROUP_SECTION"
        lists = _lists(document, nodes, key, clients, "client")
        for number, members in enumerate(lists.values()):
            group[members] = number
        fields["group"] = group
    return fields


def _windows(windows: Floats, clients: Integers, depots: Integers) -> dict[str, Any]:
    """Return the windows of clients and depots, by place."""
    return {
        "window_client": np.arange(clients.size),
        "window_start": windows[clients, 0],
        "window_end": windows[clients, 1],
        "depot_start": windows[depots, 0],
        "depot_end": windows[depots, 1],
    }


def _shipments(
    document: Document, nodes: Nodes, clients: Integers, depots: Integers
) -> dict[str, Any]:
    """Return shipments, and the windows and service times of their clients."""
    key = "PICKUP_AND_DELIVERY_SECTION"
    places, rows = nodes.table(key, 6)
    table, line = nodes.sorted(places, rows), document.line(key)
    at = {int(place): k for k, place in enumerate(clients)}
    pairs, amounts = [], []
    for place in clients.tolist():
        demand, *_, source, target = table[place].tolist()
        if source == 0 and target > 0:
            there = nodes.place(line, int(target))
            back = int(table[there, 4])
            if there not in at or back < 1 or nodes.place(line, back) != place:
                raise document.error(key, f"node {target:g} does not get them back")
            pairs.append((at[place], at[there]))
            amounts.append((demand,))
    return {
        **_windows(table[:, 1:3], clients, depots),
        "service": table[clients, 3],
        "shipments": pairs,
        "shipment_load": amounts,
    }


def _lists(
    document: Document, nodes: Nodes, key: str, known: ArrayLike, what: str
) -> dict[int, list[int]]:
    """Return a section of rows with a number and clients, or depots."""
    section, found = document.section(key), {}
    at = {int(place): k for k, place in enumerate(np.asarray(known))}
    for line, tokens in section.filled():
        values = [integer(token) for token in tokens]
        if None in values:
            bad = tokens[values.index(None)]
            reason = f"{short(bad)} in {section.name} is not an integer"
            raise section.source.error(line, reason)
        head, *members = [value for value in values if value is not None]
        places = [nodes.place(line, member) for member in members]
        for member, place in zip(members, places, strict=True):
            if place not in at:
                raise section.source.error(line, f"node {member} is no {what}")
        found[head] = [at[place] for place in places]
    return found


def _types(
    document: Document,
    nodes: Nodes,
    vehicles: int,
    clients: Integers,
    depots: list[int],
) -> dict[str, Any]:
    """Return the fields of vehicle types: vehicles that are alike."""
    known: dict[str, Floats] = {}
    for key, field in _OF_VEHICLES.items():
        if f"{key}_SECTION" in document.sections:
            section = document.section(f"{key}_SECTION")
            rows = section.rows(vehicles, 2)
            known[field] = rows[np.argsort(rows[:, 0], kind="stable"), 1]
            if field == "start_depot":
                known[field] = _depots(document, nodes, known[field], depots)
        elif key in document.headers:
            known[field] = np.full(vehicles, document.number(key))
    lists: dict[str, Flags] = {}
    for key, field, places, what in (
        ("VEHICLES_ALLOWED_CLIENTS_SECTION", "allowed", clients, "client"),
        ("VEHICLES_RELOAD_DEPOT_SECTION", "reload", depots, "depot"),
    ):
        if key not in document.sections:
            continue
        # Whoever is not named may serve all, and reload nowhere.
        flags = np.full((vehicles, len(places)), field == "allowed")
        for number, members in _lists(document, nodes, key, places, what).items():
            if not 1 <= number <= vehicles:
                raise document.error(key, f"there is no vehicle {number}")
            flags[number - 1] = False
            flags[number - 1, members] = True
        lists[field] = flags
    columns = [*known.values(), *(row for flags in lists.values() for row in flags.T)]
    table = np.column_stack([np.zeros(vehicles), *columns])
    _, first, kind = np.unique(table, axis=0, return_index=True, return_inverse=True)
    count = np.bincount(kind.ravel())
    order = np.argsort(first)
    fields: dict[str, Any] = {"available": count[order]}
    for field, values in known.items():
        chosen = values[first[order]]
        fields[field] = chosen[:, None] if field == "capacity" else chosen
    for field in ("start_depot", "max_reloads"):
        if field in fields:
            fields[field] = fields[field].astype(np.int64)
    return fields | {field: flags[first[order]] for field, flags in lists.items()}


def _depots(
    document: Document, nodes: Nodes, numbers: Floats, depots: list[int]
) -> Floats:
    key = "VEHICLES_DEPOT_SECTION"
    line = document.line(key)
    places = [nodes.place(line, int(number)) for number in numbers]
    for number, place in zip(numbers, places, strict=True):
        if place not in depots:
            raise document.error(key, f"node {number:g} is no depot")
    return np.array([depots.index(place) for place in places], np.float64)
