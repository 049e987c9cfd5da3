"""How figures and tables are written in reports."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

__all__ = ["figure", "markdown_table"]


def figure(value: float, unit: str = "") -> str:
    """Return a figure with three significant digits and its unit.

    Parameters
    ----------
    value : float
        The figure; NaN is a dash.
    unit : str
        ``%`` multiplies by 100; others are appended as they are.
    """
    if math.isnan(value):
        return "-"
    if unit == "%":
        value *= 100
    if math.isinf(value):
        text = "inf" if value > 0 else "-inf"
    elif value == 0:
        text = "0"
    else:
        digits = max(0, 2 - math.floor(math.log10(abs(value))))
        # Whole numbers keep all their digits; a tiny one does not need twenty.
        text = f"{value:.{digits}f}" if digits <= 8 else f"{value:.2e}"
        text = text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text
    return f"{text} {unit}" if unit else text


def markdown_table(
    header: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()
) -> list[str]:
    """Return the lines of a Markdown table, aligned for reading as text, too.

    Parameters
    ----------
    header : sequence of str
        Titles of the columns.
    rows : iterable of sequence of str
        Cells; a bar in them is escaped.
    right : sequence of int
        Columns to align right.
    """
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (header, *rows)]
    widths = [max(3, *map(len, column)) for column in zip(*cells, strict=True)]

    def line(row: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if k in right else cell.ljust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        return f"| {' | '.join(padded)} |"

    rule = [
        "-" * (width - 1) + (":" if k in right else "-")
        for k, width in enumerate(widths)
    ]
    return [line(cells[0]), line(rule), *map(line, cells[1:])]
