"""Weighted pseudo-Boolean files, turned into plain pseudo-Boolean ones.

SCIP reads WBO, but as constraints that it does not let out. A soft constraint
``[w] f >= b`` is the hard one ``f + (b - min f) s >= b`` with a new variable s
that costs w: s = 1 makes it hold whatever f is, s = 0 leaves it as it was.
"""

from __future__ import annotations

import re

from combkit.instances.errors import UnsupportedFeatureError
from combkit.instances.source import Source

__all__ = ["as_opb"]

_COMMENT = re.compile(r"^[ \t]*\*[^\n]*", re.MULTILINE)
_TOP = re.compile(r"\s*soft\s*:\s*(\d*)\s*\Z", re.IGNORECASE)
_SOFT = re.compile(
    r"(?P<space>\s*)\[\s*(?P<cost>\d+)\s*\](?P<body>[^<>=]*)"
    r"(?P<relation>>=|<=|=)\s*(?P<right>[-+]?\s*\d+)\s*\Z"
)
_TERMS = re.compile(r"\s*(?:(?:[-+]\s*)?\d+\s*~?x\d+(?=\s|\Z)\s*)*\Z")
_TERM = re.compile(r"(?:([-+])\s*)?(\d+)\s*~?x\d+")
_VARIABLE = re.compile(r"x(\d+)")


def as_opb(source: Source) -> tuple[str, list[str]]:
    """Return the text of an OPB file and the names of its cost variables.

    Lines keep their numbers, for the errors of the reader.

    Raises
    ------
    InstanceFormatError
        With the line of a soft constraint that cannot be understood.
    UnsupportedFeatureError
        If a soft constraint is not linear.
    """
    text = _COMMENT.sub("", source.text)
    first = 1 + max((int(k) for k in _VARIABLE.findall(text)), default=0)
    costs: list[int] = []
    top: int | None = None
    done: list[str] = []
    line = 1
    head = 0
    for statement in text.split(";"):
        if match := _TOP.match(statement):
            top = int(match[1]) if match[1] else None
            head = len(done)
            done.append("\n" * statement.count("\n"))
        elif statement.lstrip().startswith("["):
            at = line + statement[: len(statement) - len(statement.lstrip())].count(
                "\n"
            )
            soft = _SOFT.match(statement)
            if soft is None:
                raise source.error(at, f"not a soft constraint: {statement.strip()!r}")
            done.append(_hard(source, at, soft, f"x{first + len(costs)}"))
            costs.append(int(soft["cost"]))
        else:
            done.append(statement)
        line += statement.count("\n")
    names = [f"x{first + k}" for k in range(len(costs))]
    total = " ".join(f"+{c} {x}" for c, x in zip(costs, names, strict=True))
    done[head] += f"min: {total} " if total else "min: "
    if top is not None and total:
        # The price of what is broken stays below the top cost.
        tail = " ".join(f"-{c} {x}" for c, x in zip(costs, names, strict=True))
        done[-1] = f" {tail} >= {1 - top} ;{done[-1]}"
    return ";".join(done), names


def _hard(source: Source, line: int, soft: re.Match[str], name: str) -> str:
    """Return the hard form of a soft constraint."""
    body = soft["body"]
    if not _TERMS.match(body):
        if re.search(r"x\d+\s+~?x\d+", body):
            raise UnsupportedFeatureError(
                f"{source.path}:{line}: more than a linear model: a product of "
                "variables in a soft constraint"
            )
        raise source.error(line, f"not a linear sum: {body.strip()!r}")
    values = [int(sign + digits) for sign, digits in _TERM.findall(body)]
    right = int(re.sub(r"\s", "", soft["right"]))
    least, most = sum(v for v in values if v < 0), sum(v for v in values if v > 0)
    parts = []
    if soft["relation"] in (">=", "="):
        parts.append(f"{body} {right - least:+d} {name} >= {right} ")
    if soft["relation"] in ("<=", "="):
        parts.append(f"{body} {right - most:+d} {name} <= {right} ")
    # The line ends of the body are counted once.
    flat = [parts[0], *(" ".join(part.split()) for part in parts[1:])]
    return soft["space"] + ";".join(flat)
