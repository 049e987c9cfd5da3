"""The nodes of a TSPLIB file: their numbers, coordinates and distances."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from combkit.instances.distances import EXPLICIT, METRICS
from combkit.instances.errors import nearest
from combkit.instances.formats.tsplib_text import Document, Section, short

__all__ = ["UNROUNDED", "Nodes"]

Array = NDArray[Any]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: What TSPLIB has no word for; the words are LKH-3's.
UNROUNDED = {"EXACT_2D": 2, "EXACT_3D": 3}
#: SPECIAL is TSPLIB's, the others are known from LKH.
_OTHER_WEIGHT = re.compile(r"SPECIAL|CEIL_3D|(FLOOR|TOR)_[23]D|GEOM?(_MEEUS)?")
#: Format to (upper triangle, with diagonal). A triangle by columns is the
#: other triangle of the symmetric matrix by rows.
_TRIANGLES = {
    "UPPER_ROW": (True, False),
    "LOWER_COL": (True, False),
    "LOWER_ROW": (False, False),
    "UPPER_COL": (False, False),
    "UPPER_DIAG_ROW": (True, True),
    "LOWER_DIAG_COL": (True, True),
    "LOWER_DIAG_ROW": (False, True),
    "UPPER_DIAG_COL": (False, True),
}
_FORMATS = ("FULL_MATRIX", "FUNCTION", *_TRIANGLES)
_COLUMNS = {"TWOD_COORDS": 2, "THREED_COORDS": 3, "NO_COORDS": 0}
_DISPLAYS = ("COORD_DISPLAY", "TWOD_DISPLAY", "NO_DISPLAY")


class Nodes:
    """What a file says of its nodes, in the order of their places 0..n-1.

    Parameters
    ----------
    document : Document
        The parsed file.

    Attributes
    ----------
    n : int
        Number of nodes.
    metric : str
        Metric of the coordinates, or "EXPLICIT".
    coords : ndarray of float64, shape (n, 2) or (n, 3), or None
        Coordinates, where they define the distances.
    matrix : ndarray, shape (n, n), or None
        Distances, where the file lists them.
    display : ndarray of float64, shape (n, 2), or None
        Positions for drawing only.

    Raises
    ------
    InstanceFormatError, UnsupportedFeatureError
        If the file cannot be read.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self.n = document.integer("DIMENSION")
        self._ids: Integers | None = None
        self._places: Integers = np.zeros(0, dtype=np.int64)
        self.metric, dimensions = _metric(document)
        self.coords: Floats | None = None
        self.matrix: Array | None = None
        self.display: Floats | None = None
        positions = self._positions(dimensions)
        if self.metric == EXPLICIT:
            self.matrix = _matrix(document, self.n)
            self.display = None if positions is None else positions[:, :2]
        elif "EDGE_WEIGHT_SECTION" in document.sections:
            raise document.error(
                "EDGE_WEIGHT_SECTION",
                f"EDGE_WEIGHT_SECTION with EDGE_WEIGHT_TYPE {self.metric}",
            )
        else:
            self.coords = positions
        if "DISPLAY_DATA_SECTION" in document.sections:
            self.display = self.sorted(*self.table("DISPLAY_DATA_SECTION", 2))

    def table(self, key: str, columns: int) -> tuple[Integers, Floats]:
        """Return a section with a row a node: places and values by row.

        Raises
        ------
        InstanceFormatError
            If a row is wrong, a node is unknown or has two rows.
        """
        section = self._document.section(key)
        rows = section.rows(self.n, columns + 1)
        numbers = rows[:, 0]
        wrong = np.flatnonzero(
            (numbers != np.floor(numbers)) | (abs(numbers) > 2.0**53)
        )
        if wrong.size:
            raise self._row_error(
                section, wrong[0], f"{numbers[wrong[0]]:g} is not a node number"
            )
        ids = numbers.astype(np.int64)
        unique, first = np.unique(ids, return_index=True)
        if unique.size < self.n:
            row = np.setdiff1d(np.arange(self.n), first)[0]
            raise self._row_error(section, row, f"node {ids[row]} has two rows")
        if self._ids is None:
            self._number(unique, first)
        places = self._find(ids)
        if (places < 0).any():
            row = np.flatnonzero(places < 0)[0]
            raise self._row_error(section, row, f"there is no node {ids[row]}")
        return places, rows[:, 1:]

    @staticmethod
    def sorted(places: Integers, values: Floats) -> Floats:
        """Return the rows of a table in the order of their places."""
        result = np.empty_like(values)
        result[places] = values
        return result

    def place(self, line: int, number: int) -> int:
        """Return the place of a node that is named in some line.

        Raises
        ------
        InstanceFormatError
            If there is no such node.
        """
        place = int(self._find(np.array([number]))[0])
        if place < 0:
            raise self._document.source.error(line, f"there is no node {number}")
        return place

    def _positions(self, dimensions: int) -> Floats | None:
        """Return the coordinates, None where an explicit matrix has none."""
        document = self._document
        kind = document.word("NODE_COORD_TYPE", "")
        if kind and kind not in _COLUMNS:
            raise document.error(
                "NODE_COORD_TYPE",
                f"unknown NODE_COORD_TYPE {short(kind)}{nearest(kind, _COLUMNS)}",
            )
        shown = document.word("DISPLAY_DATA_TYPE", "")
        if shown and shown not in _DISPLAYS:
            raise document.error(
                "DISPLAY_DATA_TYPE",
                f"unknown DISPLAY_DATA_TYPE {short(shown)}{nearest(shown, _DISPLAYS)}",
            )
        if self.metric == EXPLICIT:
            if "NODE_COORD_SECTION" not in document.sections:
                return None
            dimensions = _COLUMNS.get(kind, 2) or 2
        elif kind and _COLUMNS[kind] != dimensions:
            raise document.error(
                "NODE_COORD_TYPE",
                f"NODE_COORD_TYPE {kind} does not fit EDGE_WEIGHT_TYPE {self.metric}",
            )
        return self.sorted(*self.table("NODE_COORD_SECTION", dimensions))

    def _number(self, ids: Integers, rows: Integers) -> None:
        """Settle which place a node number means, from sorted distinct ones.

        A permutation of 1..n or of 0..n-1 means what it says, anything else
        counts in file order.
        """
        self._ids = ids
        consecutive = int(ids[-1]) - int(ids[0]) == self.n - 1 and ids[0] in (0, 1)
        self._places = np.arange(self.n) if consecutive else rows

    def _find(self, ids: Integers) -> Integers:
        """Return the places of nodes, -1 where there is no such node."""
        if self._ids is None:
            return np.where((ids >= 1) & (ids <= self.n), ids - 1, -1)
        at = np.minimum(np.searchsorted(self._ids, ids), self.n - 1)
        return np.where(self._ids[at] == ids, self._places[at], -1)

    def _row_error(self, section: Section, row: int, reason: str) -> Exception:
        line = section.line_of_row(int(row))
        return section.source.error(line, f"{section.name}: {reason}")


def _metric(document: Document) -> tuple[str, int]:
    """Return the metric and its number of coordinates, 0 for EXPLICIT."""
    word = document.word("EDGE_WEIGHT_TYPE")
    if word == EXPLICIT:
        return EXPLICIT, 0
    if word in UNROUNDED:
        return "euclidean", UNROUNDED[word]
    if word not in METRICS and _OTHER_WEIGHT.fullmatch(word):
        raise document.unsupported(
            "EDGE_WEIGHT_TYPE", f"EDGE_WEIGHT_TYPE {word} is not supported"
        )
    if word not in METRICS:
        hint = nearest(word, METRICS)
        raise document.error(
            "EDGE_WEIGHT_TYPE", f"unknown EDGE_WEIGHT_TYPE {short(word)}{hint}"
        )
    return word, 3 if word.endswith("_3D") or word.startswith("XRAY") else 2


def _matrix(document: Document, n: int) -> Array:
    """Return the matrix of the EDGE_WEIGHT_SECTION."""
    layout = document.word("EDGE_WEIGHT_FORMAT")
    if layout not in _FORMATS:
        raise document.error(
            "EDGE_WEIGHT_FORMAT",
            f"unknown EDGE_WEIGHT_FORMAT {short(layout)}{nearest(layout, _FORMATS)}",
        )
    if layout == "FUNCTION":
        raise document.unsupported(
            "EDGE_WEIGHT_FORMAT", "EXPLICIT weights by FUNCTION are not supported"
        )
    section = document.section("EDGE_WEIGHT_SECTION")
    if layout == "FULL_MATRIX":
        return section.numbers(n * n).reshape(n, n)
    upper, diagonal = _TRIANGLES[layout]
    # Counted before anything of n x n is allocated.
    weights = section.numbers(n * (n + 1) // 2 if diagonal else n * (n - 1) // 2)
    triangle = np.tri(n, k=0 if diagonal else -1, dtype=np.bool_)
    matrix = np.zeros((n, n), dtype=weights.dtype)
    if upper:
        triangle = triangle.T
    matrix[triangle] = weights
    np.fill_diagonal(matrix, 0)
    return matrix + matrix.T
