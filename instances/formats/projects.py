"""Projects: PSPLIB's ``.sm`` and ``.mm``, Patterson's ``.rcp``, ``.sch`` with lags.

PSPLIB
    Sections ``PRECEDENCE RELATIONS``, ``REQUESTS/DURATIONS`` and
    ``RESOURCEAVAILABILITIES`` between lines of stars; activities count from 1.
Patterson
    ``n k``, the k capacities, then for each activity its duration, k demands,
    the number of its successors and the successors, counted from 1; line breaks
    mean nothing.
Lags (RCPSP/max)
    ``n k 0 0``; for each of n + 2 activities ``id 1 successors s1 s2 ... [l1]
    [l2] ...``, lags between starts; then ``id mode duration`` and k demands; the
    capacities last. Activities count from 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from combkit.instances.formats._tokens import data_lines, integers
from combkit.instances.project import Project
from combkit.instances.source import Source

__all__ = [
    "read_lags",
    "read_patterson",
    "read_psplib",
    "sniff_lags",
    "sniff_patterson",
    "sniff_psplib",
]

_Line = tuple[int, str]

_RELATIONS = "PRECEDENCE RELATIONS"
_REQUESTS = "REQUESTS/DURATIONS"
_CAPACITIES = "RESOURCEAVAILABILITIES"
_COUNT = re.compile(r"-\s*(renewable|nonrenewable|doubly constrained)\s*:\s*(\d+)")
_JOBS = re.compile(r"jobs\s*\(incl\. supersource/sink \):\s*(\d+)")


# -- PSPLIB -------------------------------------------------------------------


def sniff_psplib(head: str) -> bool:
    """Whether a text has the titles of PSPLIB."""
    return "supersource/sink" in head or _RELATIONS in head


def read_psplib(source: Source) -> Project:
    """Read a project with one or several modes an activity.

    Raises
    ------
    InstanceFormatError
        If a section is missing or a line is not what the format demands.
    UnsupportedFeatureError
        If there are doubly constrained resources.
    """
    n, kinds = _psplib_header(source)
    sections = _sections(source)
    if n > len(source.lines):
        raise source.error(None, f"{n} activities are announced, with a line each")
    r = kinds["renewable"] + kinds["nonrenewable"]
    modes, pairs = [0] * n, []
    rows = _number_rows(source, sections[_RELATIONS])
    for expected, (line, row) in enumerate(rows, start=1):
        if len(row) < 3 or row[0] != expected or len(row) != 3 + row[2]:
            raise source.error(
                line, f"not 'activity {expected}, modes, successors' and as many"
            )
        if row[0] > n:
            raise source.error(line, f"activity {row[0]} of {n}")
        modes[row[0] - 1] = row[1]
        for after in row[3:]:
            if not 1 <= after <= n:
                raise source.error(line, f"successor {after} is not one of 1 to {n}")
            pairs.append((expected - 1, after - 1))
    if len(rows) < n:
        raise source.error(None, f"{len(rows)} activities where {n} are declared")
    requests = iter(_number_rows(source, sections[_REQUESTS]))
    durations, demands = [], []
    last = len(source.lines)
    for i, count in enumerate(modes):
        times, needs = [], []
        for k in range(count):
            line, row = next(requests, (last, []))
            head = [i + 1, k + 1] if k == 0 else [k + 1]
            if row[: len(head)] != head or len(row) != len(head) + 1 + r:
                raise source.error(
                    line, f"not mode {k + 1} of activity {i + 1} with {r} demands"
                )
            times.append(row[len(head)])
            needs.append(row[len(head) + 1 :])
        durations.append(times)
        demands.append(np.array(needs).reshape(len(needs), r))
    capacities = [
        k for _, row in _number_rows(source, sections[_CAPACITIES]) for k in row
    ]
    if len(capacities) != r:
        raise source.error(None, f"{len(capacities)} capacities of {r} resources")
    flags = [False] * kinds["renewable"] + [True] * kinds["nonrenewable"]
    return Project(
        durations, demands, capacities, pairs, flags if r else None, name=source.name
    )


def _psplib_header(source: Source) -> tuple[int, dict[str, int]]:
    """Return the number of activities and those of resources by their kind."""
    found = _JOBS.search(source.text)
    if found is None:
        raise source.error(None, "the line with the number of jobs is missing")
    kinds = {kind: int(count) for kind, count in _COUNT.findall(source.text)}
    for kind in ("renewable", "nonrenewable"):
        if kind not in kinds:
            raise source.error(None, f"the number of {kind} resources is missing")
    if kinds.get("doubly constrained"):
        raise source.error(None, "doubly constrained resources are not supported")
    return int(found[1]), kinds


def _sections(source: Source) -> dict[str, list[_Line]]:
    """Return the lines below each title, up to the next stars."""
    sections: dict[str, list[_Line]] = {}
    current: list[_Line] | None = None
    for line, text in enumerate(source.lines, start=1):
        stripped = text.strip()
        title = stripped.rstrip(": ").replace("RESOURCE AVAIL", "RESOURCEAVAIL")
        if title in (_RELATIONS, _REQUESTS, _CAPACITIES):
            current = sections.setdefault(title, [])
        elif stripped.startswith("***"):
            current = None
        elif current is not None and stripped:
            current.append((line, stripped))
    for title in (_RELATIONS, _REQUESTS, _CAPACITIES):
        if title not in sections:
            raise source.error(None, f"the section {title} is missing")
    return sections


def _number_rows(source: Source, lines: list[_Line]) -> list[tuple[int, list[int]]]:
    """Return the rows of numbers of a section, without titles and rules."""
    return [
        (line, integers(source, line, text, minimum=0))
        for line, text in lines
        if text[0].isdigit()
    ]


# -- Patterson ----------------------------------------------------------------


def sniff_patterson(head: str) -> bool:
    """Whether the numbers of a text are those of a project, to the last one."""
    try:
        tokens = [int(token) for token in head.split()]
    except ValueError:
        return False
    if len(tokens) < 2:
        return False
    n, k = tokens[:2]
    at = 2 + k
    for _ in range(max(n, 0)):
        if not 0 < at + 1 + k < len(tokens) or k < 0:
            return False
        count = tokens[at + 1 + k]
        if not 0 <= count < n:
            return False
        at += 2 + k + count
    return n > 1 and at == len(tokens) and tokens[2 + k] == 0


def read_patterson(source: Source) -> Project:
    """Read a project in Patterson's format.

    Raises
    ------
    InstanceFormatError
        If the numbers do not fit together.
    """
    tokens = _tokens(source)
    line, n = _take(source, tokens, "the number of activities")
    line, k = _take(source, tokens, "the number of resources")
    if n < 1:
        raise source.error(line, "there is no activity")
    capacities = [_take(source, tokens, "a capacity")[1] for _ in range(k)]
    durations, demands, pairs = [], [], []
    for i in range(n):
        what = f"activity {i + 1} of {n}"
        durations.append([_take(source, tokens, what)[1]])
        need = [_take(source, tokens, what)[1] for _ in range(k)]
        demands.append(np.array([need]).reshape(1, k))
        for _ in range(_take(source, tokens, what)[1]):
            line, after = _take(source, tokens, f"a successor of {what}")
            if not 1 <= after <= n:
                raise source.error(line, f"successor {after} is not one of 1 to {n}")
            pairs.append((i, after - 1))
    if (extra := next(tokens, None)) is not None:
        raise source.error(extra[0], "a number after the last activity")
    return Project(durations, demands, capacities, pairs, name=source.name)


def _tokens(source: Source) -> Iterator[tuple[int, int]]:
    for line, text in data_lines(source):
        for value in integers(source, line, text, minimum=0):
            yield line, value


def _take(
    source: Source, tokens: Iterator[tuple[int, int]], what: str
) -> tuple[int, int]:
    found = next(tokens, None)
    if found is None:
        raise source.error(None, f"the file ends before {what}")
    return found


# -- lags ---------------------------------------------------------------------


def sniff_lags(head: str) -> bool:
    """Whether a text starts as a project with lags in brackets."""
    first = head.lstrip().split("\n", 1)[0].split()
    return len(first) == 4 and first[2:] == ["0", "0"] and "[" in head


def read_lags(source: Source) -> Project:
    """Read a project with minimal and maximal lags between starts.

    Raises
    ------
    InstanceFormatError
        If a line is not what the format demands.
    """
    lines = data_lines(source)
    line, text = next(lines, (None, ""))
    header = [] if line is None else integers(source, line, text, minimum=0)
    if len(header) != 4:
        raise source.error(line, "the first line must be 'activities resources 0 0'")
    n, k = header[0] + 2, header[1]
    triples: list[tuple[int, int, int]] = []
    for i in range(n):
        line, row = _row(source, lines, f"activity {i}")
        count = row[2] if len(row) > 2 else -1
        if count < 0 or row[0] != i or len(row) != 3 + 2 * count:
            raise source.error(line, f"not activity {i} with its successors and lags")
        for after, lag in zip(row[3 : 3 + count], row[3 + count :], strict=True):
            if not 0 <= after < n:
                raise source.error(line, f"successor {after} of {n} activities")
            triples.append((i, after, lag))
    durations, demands = [], []
    for i in range(n):
        line, row = _row(source, lines, f"demands of activity {i}")
        if len(row) != 3 + k or row[0] != i or min(row) < 0:
            raise source.error(line, f"not activity {i}, mode, duration, {k} demands")
        durations.append([row[2]])
        demands.append(np.array([row[3:]]).reshape(1, k))
    line, capacities = _row(source, lines, "the capacities")
    if len(capacities) != k:
        raise source.error(line, f"{len(capacities)} capacities of {k} resources")
    return Project(
        durations,
        demands,
        capacities,
        np.array(triples).reshape(-1, 3),
        name=source.name,
    )


def _row(source: Source, lines: Iterator[_Line], what: str) -> tuple[int, list[int]]:
    line, text = next(lines, (None, ""))
    if line is None:
        raise source.error(None, f"the file ends before {what}")
    return line, integers(source, line, text.replace("[", " ").replace("]", " "))
