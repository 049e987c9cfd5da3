"""Reports as a page: one file that needs nothing else, no network either.

Its tables by solver stand in it as they are; the curves and the large tables are
made from data in the page by a script of its own (``assets/report.js``). That is
small: a plotting library would add megabytes to every report.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

import combkit
from combkit.cli.bench.report_data import page_data
from combkit.cli.bench.report_tables import Cell, Table

if TYPE_CHECKING:
    from combkit.cli.bench.reports import Contents, KindContents

__all__ = ["as_html"]


def as_html(contents: Contents) -> Iterator[str]:
    """Yield the parts of a page.

    Parameters
    ----------
    contents : Contents
        What it says.
    """
    style, script = _asset("report.css"), _asset("report.js")
    data, thinning = page_data(contents.analysis)
    sections = [
        *((f"kind-{k}", part.kind) for k, part in enumerate(contents.kinds)),
        ("runs", "All runs"),
        ("setting", "How it was run"),
    ]
    labels = contents.analysis.labels
    body = [
        _notes([*contents.found, str(thinning)], contents.conventions),
        *(_kind(k, part, labels) for k, part in enumerate(contents.kinds)),
        '<section id="runs"><h2>All runs</h2><div id="all-runs"></div></section>',
        _setting(contents, labels),
    ]
    # Only this style and this script run, and nothing is ever fetched.
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; "
        f"script-src '{_digest(script)}'; base-uri 'none'; form-action 'none'"
    )
    head, _, tail = _asset("report.html").partition("$data")
    parts = {
        "policy": escape(policy),
        "version": escape(combkit.__version__),
        "title": escape(contents.title),
        "overview": escape(contents.overview),
        "links": "".join(
            f'<li><a href="#{mark}">{escape(text)}</a></li>' for mark, text in sections
        ),
        "body": "\n".join(body),
        "style": style,
        "script": script,
    }
    yield Template(head).substitute(parts)
    # No text of the data can end the element that it is in.
    for mark, code in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        data = data.replace(mark, code)
    yield data
    yield Template(tail).substitute(parts)


def _asset(name: str) -> str:
    return (files("combkit.cli.bench") / "assets" / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


# -- sections ----------------------------------------------------------------


def _notes(found: Sequence[str], conventions: Sequence[str]) -> str:
    return (
        '<section class="notes" aria-label="Notes">'
        f"{_sentences(found)}<details><summary>How things are counted</summary>"
        f"{_sentences(conventions)}</details></section>"
    )


def _kind(number: int, part: KindContents, labels: Sequence[str]) -> str:
    more = [("How runs ended", [part.statuses])]
    if part.virtual_best is not None:
        more.append(("Virtual best solver", [part.virtual_best]))
    if part.significance:
        more.append(("Differences of all pairs", list(part.significance)))
    return (
        f'<section id="kind-{number}"><h2>{escape(part.kind)}</h2>'
        f"{_sentences(part.verdict, 'verdict')}"
        f"{_table(part.summary, labels)}"
        + "".join(
            f"<details><summary>{title}</summary>"
            f"{''.join(_table(table, labels) for table in tables)}</details>"
            for title, tables in more
        )
        + f'<div id="charts-{number}"></div><div id="instances-{number}"></div>'
        "</section>"
    )


def _setting(contents: Contents, labels: Sequence[str]) -> str:
    facts = "".join(
        f"<dt>{escape(word)}</dt><dd>{escape(what)}</dd>"
        for word, what in contents.setting
    )
    spec = ""
    if contents.spec_text:
        spec = f'<h3>The spec</h3><pre tabindex="0">{escape(contents.spec_text)}</pre>'
    return (
        '<section id="setting"><h2>How it was run</h2>'
        f'<dl class="setting">{facts}</dl>{_table(contents.solvers, labels)}{spec}'
        "</section>"
    )


def _sentences(texts: Iterable[str], mark: str = "") -> str:
    items = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return f'<ul class="sentences {mark}">{items}</ul>'


# -- tables ------------------------------------------------------------------


def _table(table: Table, labels: Sequence[str]) -> str:
    head = "".join(
        f'<th scope="col"{_class("number" if column.numeric else "")}'
        f"{_title(column.hint)}>{_with_unit(column.title)}</th>"
        for column in table.columns
    )
    rows = "".join(f"<tr>{_row(table, row, labels)}</tr>" for row in table.rows)
    note = f'<p class="notes">{escape(table.note)}</p>' if table.note else ""
    return (
        '<div class="scroll"><table class="sortable">'
        f"<caption>{escape(table.title)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{note}"
    )


def _row(table: Table, row: Sequence[Cell], labels: Sequence[str]) -> str:
    parts = []
    for k, (column, cell) in enumerate(zip(table.columns, row, strict=True)):
        if k in table.labels:
            tag = 'th scope="row"' if k == 0 else "td"
            inside = f"{_key(cell.text, labels)}{escape(cell.text)}"
            parts.append(f'<{tag} class="label">{inside}</{tag[:2]}>')
            continue
        mark = "number" if column.numeric else "long"
        best = " best" if cell.best else ""
        parts.append(
            f'<td class="{mark}{best}"{_value(cell.value)}>{escape(cell.text)}</td>'
        )
    return "".join(parts)


def _key(label: str, labels: Sequence[str]) -> str:
    """Return the line that stands for a solver in the charts."""
    if label not in labels:
        return ""
    k = labels.index(label)
    return (
        '<svg class="key" viewBox="0 0 26 11" aria-hidden="true">'
        f'<line class="s{k % 8} d{k // 8 % 4}" x1="0" x2="26" y1="6" y2="6"/></svg>'
    )


def _value(value: float | str) -> str:
    """Return the attribute that a numeric cell is sorted by."""
    if isinstance(value, str):
        return ""
    return f' data-value="{value:.10g}"' if math.isfinite(value) else ' data-value=""'


def _with_unit(title: str) -> str:
    """Return a title whose unit stays beside the word before it."""
    words, space, unit = title.rpartition(" ")
    return escape(f"{words}\u00a0{unit}" if space and len(unit) == 1 else title)


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""


def _title(hint: str) -> str:
    return f' title="{escape(hint)}"' if hint else ""
