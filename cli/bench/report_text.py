"""Reports as text: Markdown, CSV and LaTeX."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from combkit.cli.bench.figures import markdown_table
from combkit.cli.bench.report_tables import Table

if TYPE_CHECKING:
    from combkit.cli.bench.reports import Contents

__all__ = ["as_csv", "as_latex", "as_markdown"]

#: Columns of the CSV, in order.
_CSV = (
    *("instance", "kind", "sense", "label", "seed", "status", "reason", "message"),
    *("objective", "bound", "best_known", "gap", "gamma", "primal_integral"),
    *("primal_dual_integral", "time", "par2", "par10", "runtime", "time_to_best"),
    *("wall", "cpu", "peak_memory", "time_limit", "failed", "proven", "version"),
    "run",
)
#: Rows of a CSV that are written at a time.
_ROWS = 20_000


# -- Markdown ----------------------------------------------------------------


def as_markdown(contents: Contents) -> Iterator[str]:
    """Yield the parts of a report in Markdown (CommonMark with tables).

    Parameters
    ----------
    contents : Contents
        What it says.
    """
    yield f"# {_md(contents.title)}\n\n{_md(contents.overview)}\n\n"
    yield _md_list(_md_block(note) for note in (*contents.found, *contents.conventions))
    for part in contents.kinds:
        yield f"## {_md(part.kind)}\n\n"
        yield _md_list(_md_block(sentence) for sentence in part.verdict)
        yield _md_table(part.summary)
        yield _md_table(part.statuses)
        if part.virtual_best is not None:
            yield _md_table(part.virtual_best)
        for table in part.significance:
            yield _md_table(table)
    yield "## How it was run\n\n"
    yield _md_table(contents.solvers)
    yield _md_list(f"**{word}**: {_md(what)}" for word, what in contents.setting)
    if contents.spec_text:
        # A fence that the text itself does not close.
        longest = max(map(len, re.findall("`+", contents.spec_text)), default=0)
        fence = "`" * max(3, longest + 1)
        yield f"The spec:\n\n{fence}toml\n{contents.spec_text.rstrip()}\n{fence}\n"


def _md_table(table: Table) -> str:
    right = [k for k, column in enumerate(table.columns) if column.numeric]
    rows = [
        [f"**{_md(c.text)}**" if c.best else _md(c.text) for c in row]
        for row in table.rows
    ]
    lines = markdown_table([_md(c.title) for c in table.columns], rows, right)
    note = f"{_md_block(table.note)}\n\n" if table.note else ""
    return f"{_md_block(table.title)}:\n\n{chr(10).join(lines)}\n\n{note}"


def _md_list(items: Iterable[str]) -> str:
    return "".join(f"- {item}\n" for item in items) + "\n"


def _md_block(text: str) -> str:
    """Return a text that Markdown takes literally as a paragraph or an item."""
    line = _md(text)
    # What would begin another list, a rule, a comment or a target.
    line = re.sub(r"^([-+=%(])", r"\\\1", line)
    return re.sub(r"^(\d+)([.)])(?= |$)", r"\1\\\2", line)


def _md(text: str) -> str:
    """Return a text that Markdown takes literally within a line.

    Bars are left to the tables.
    """
    return re.sub(r"([\\`*_{}\[\]<>$~&#^@])", r"\\\1", " ".join(text.split()))


# -- CSV ---------------------------------------------------------------------


def as_csv(contents: Contents) -> Iterator[str]:
    """Yield the parts of a CSV with a row a run: what came out, and the figures.

    Ratios are not in per cent here; times are in seconds, memory is in bytes.

    Parameters
    ----------
    contents : Contents
        What it says.
    """
    frame = contents.analysis.frame[list(_CSV)]
    frame = frame.sort_values(["kind", "instance", "label", "seed"], kind="stable")
    for start in range(0, len(frame), _ROWS):
        out = io.StringIO()
        frame.iloc[start : start + _ROWS].to_csv(
            out, index=False, header=start == 0, float_format="%.10g"
        )
        yield out.getvalue()


# -- LaTeX -------------------------------------------------------------------

_TEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "·": r"\textperiodcentered{}",
}


def as_latex(contents: Contents) -> Iterator[str]:
    """Yield the parts of a file of tables to include in an article.

    Parameters
    ----------
    contents : Contents
        What it says.
    """
    yield (
        "% Tables of combkit bench report; they need, in the preamble:\n"
        "%   \\usepackage[T1]{fontenc}\n"
        "%   \\usepackage{booktabs}\n"
    )
    for number, part in enumerate(contents.kinds, 1):
        yield _tex_table(
            part.summary, f"{contents.title}: {part.kind}. {contents.overview}.", number
        )


def _tex_table(table: Table, caption: str, number: int) -> str:
    kept = [k for k, column in enumerate(table.columns) if column.core]
    align = "".join("r" if table.columns[k].numeric else "l" for k in kept)
    head = [_tex(table.columns[k].title) for k in kept]
    rows = [
        [rf"\textbf{{{_tex(c.text)}}}" if c.best else _tex(c.text) for c in row]
        for row in ([row[k] for k in kept] for row in table.rows)
    ]

    def line(cells: Iterable[str]) -> str:
        return f"    {' & '.join(cells)} \\\\\n"

    return (
        "\n\\begin{table}\n  \\centering\n"
        f"  \\caption{{{_tex(caption)}}}\n"
        f"  \\label{{tab:combkit-{number}}}\n"
        f"  \\begin{{tabular}}{{{align}}}\n    \\toprule\n"
        f"{line(head)}    \\midrule\n{''.join(map(line, rows))}"
        "    \\bottomrule\n  \\end{tabular}\n\\end{table}\n"
    )


def _tex(text: str) -> str:
    """Return a text that every LaTeX takes literally, in one line."""
    return "".join(map(_tex_character, " ".join(text.split())))


def _tex_character(character: str) -> str:
    if character in _TEX:
        return _TEX[character]
    if " " <= character <= "~" or "À" <= character <= "ÿ":
        return character
    # Which others a document can print, its preamble decides.
    return f"[U+{ord(character):04X}]"
