"""Formats that SCIP reads and writes, in a child process.

Foreign parsers may crash, hang or ask for any amount of memory; in a process of
their own all that becomes an ``InstanceFormatError``.
"""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import InstanceFormatError, UnsupportedFeatureError
from combkit.instances.formats import scip_child
from combkit.instances.formats.mip_text import mps_text
from combkit.instances.formats.wbo import as_opb
from combkit.instances.source import Source

if TYPE_CHECKING:
    from combkit.instances.mip import MIP

__all__ = [
    "read_cip",
    "read_cnf",
    "read_fzn",
    "read_lp",
    "read_opb",
    "read_pip",
    "read_wbo",
    "sniff_cip",
    "sniff_cnf",
    "sniff_fzn",
    "sniff_opb",
    "sniff_pip",
    "sniff_wbo",
    "write_cip",
    "write_fzn",
    "write_opb",
    "write_pip",
]

_INFINITE = 1e20
#: What a child gets: seconds and bytes, to start with and per byte of the file.
_SECONDS, _SECONDS_A_BYTE = 30.0, 5e-6
_MEMORY, _MEMORY_A_BYTE = 4 << 30, 400

_MESSAGE = re.compile(r"ERROR: (?!Error <)(?:\s*)(?P<text>[^\n]*)")
_LINE = re.compile(r"\bline (\d+)")
_CNF_HEAD = re.compile(r"^p\s+cnf\s+\d+\s+\d+\s*$", re.MULTILINE)
_OPB_HEAD = re.compile(
    r"\A(?:\*[^\n]*\n|\s)*(?:(?:min|max)\s*:|[-+]?\d+\s+~?x\d+\s|[-+]\s*x\d+)",
    re.IGNORECASE,
)
_WBO_HEAD = re.compile(r"^[ \t]*soft\s*:\s*\d*\s*;", re.MULTILINE | re.IGNORECASE)
_FZN_HEAD = re.compile(
    r"^[ \t]*(?:var\s+(?:bool|int|float|set|\{|[-\d])|array\s*\[|predicate\s"
    r"|constraint\s|solve\s+(?:satisfy|minimize|maximize|:))",
    re.MULTILINE,
)
_PIP_HEAD = re.compile(r"\A\s*(?:min|max)(?:imi[sz]e|imum)?\b(?!\s*:)", re.IGNORECASE)


# -- recognising ---------------------------------------------------------------


def sniff_cip(head: str) -> bool:
    """Whether a text looks like CIP: its sections stand on lines of their own."""
    return re.search(r"^STATISTICS\s*$", head, re.MULTILINE) is not None or (
        re.search(r"^OBJECTIVE[ \t]*\n\s*Sense\s*:", head, re.MULTILINE) is not None
    )


def sniff_opb(head: str) -> bool:
    """Whether a text looks like OPB: comments, then a sum over x1, x2, ..."""
    return _OPB_HEAD.match(head) is not None and not sniff_wbo(head)


def sniff_wbo(head: str) -> bool:
    """Whether a text looks like WBO: OPB with a ``soft:`` line."""
    return _WBO_HEAD.search(head) is not None


def sniff_pip(head: str) -> bool:
    """Whether a text looks like PIP, whose linear part is that of LP."""
    return _PIP_HEAD.match(re.sub(r"\\[^\n]*", "", head)) is not None


def sniff_fzn(head: str) -> bool:
    """Whether a text looks like FlatZinc."""
    return _FZN_HEAD.search(re.sub(r"%[^\n]*", "", head)) is not None


def sniff_cnf(head: str) -> bool:
    """Whether a text has the problem line of DIMACS CNF."""
    return _CNF_HEAD.search(head) is not None


# -- reading -------------------------------------------------------------------


def read_cip(source: Source) -> MIP:
    """Read a CIP file whose constraints are linear, logical or/and."""
    return _read(source, "cip")


def read_opb(source: Source) -> MIP:
    """Read a linear pseudo-Boolean file."""
    return _read(source, "opb")


def read_wbo(source: Source) -> MIP:
    """Read a weighted pseudo-Boolean file.

    What it costs to break the k-th soft constraint is the objective, through a
    variable of its own, ``soft1``, ``soft2``, ...
    """
    text, costs = as_opb(source)
    problem = _read(source, "opb", text)
    label = {name: f"soft{k}" for k, name in enumerate(costs, start=1)}
    names = [label.get(name, name) for name in problem.col_names or ()]
    return dataclasses.replace(problem, col_names=names)


def read_pip(source: Source) -> MIP:
    """Read a PIP file whose polynomials are linear."""
    return _read(source, "pip")


def read_fzn(source: Source) -> MIP:
    """Read a FlatZinc file whose constraints are linear."""
    return _read(source, "fzn")


def read_cnf(source: Source) -> MIP:
    """Read a DIMACS CNF file: a model of clauses, without an objective.

    Raises
    ------
    InstanceFormatError
        Also if the file declares more clauses than it holds.
    """
    _check_cnf(source)
    return _read(source, "cnf")


def read_lp(source: Source) -> MIP:
    """Read an LP file that HiGHS' reader rejects or would misread."""
    return _read(source, "lp")


def _check_cnf(source: Source) -> None:
    """Refuse a declared size that the file cannot hold."""
    for number, line in enumerate(source.lines, start=1):
        words = line.split()
        if words[:2] != ["p", "cnf"]:
            continue
        if len(words) != 4 or not (words[2].isdecimal() and words[3].isdecimal()):
            raise source.error(number, "the problem line is not 'p cnf N M'")
        tokens = sum(len(text.split()) for text in source.lines[number:])
        if int(words[3]) > tokens or int(words[2]) > max(1000, 100 * tokens):
            raise source.error(number, f"declares more than {tokens} tokens can hold")
        return


def _read(source: Source, suffix: str, text: str | None = None) -> MIP:
    """Read a file in a child process, or a text in its place.

    Raises
    ------
    InstanceFormatError
        If SCIP refuses the file, crashes or exceeds its bounds.
    UnsupportedFeatureError
        If a constraint is not linear, naming it.
    """
    with (
        tempfile.TemporaryDirectory(prefix="combkit-") as folder,
        source.plain_path(suffix) as path,
    ):
        if text is not None:
            path = Path(folder) / f"model.{suffix}"
            path.write_text(text, encoding="utf-8")
        out = Path(folder) / "model.npz"
        done = _run("read", path, out)
        if done.returncode == scip_child.UNSUPPORTED:
            raise UnsupportedFeatureError(
                f"{source.path}: {done.stdout.strip()}, which has no linear form here"
            )
        if done.returncode != 0:
            raise _refusal(source, done)
        with np.load(out, allow_pickle=False) as arrays:
            return _problem(dict(arrays), source.name)


def _run(command: str, path: Path, out: Path) -> subprocess.CompletedProcess[str]:
    size = path.stat().st_size
    arguments = [command, str(path.absolute()), str(out)]
    memory = _MEMORY + _MEMORY_A_BYTE * size
    try:
        return subprocess.run(
            [sys.executable, scip_child.__file__, *arguments, str(memory)],
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS + _SECONDS_A_BYTE * size,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(arguments, 1, "", "ERROR: SCIP hangs on it")


def _refusal(
    source: Source, done: subprocess.CompletedProcess[str]
) -> InstanceFormatError:
    """Return the error for a file that SCIP could not read, with its line."""
    if done.returncode < 0:
        return source.error(None, f"SCIP crashed on it (signal {-done.returncode})")
    said = _MESSAGE.search(done.stderr)
    if said is None:
        return source.error(None, "SCIP cannot read the file")
    text = said["text"].strip()
    line = _LINE.search(text)
    reason = re.sub(r"\s+", " ", text).strip(" :.")
    return source.error(int(line[1]) if line else None, reason or "a syntax error")


def _problem(arrays: dict[str, NDArray[np.generic]], name: str) -> MIP:
    """Return the model of a child's arrays."""
    import scipy.sparse as sp

    from combkit.instances.mip import MIP

    names, row_names = _unpacked(arrays["names"]), _unpacked(arrays["row_names"])
    n, bounds = arrays["cost"].size, arrays["bounds"]
    matrix = sp.coo_array(
        (arrays["values"], (arrays["rows"], arrays["columns"])),
        shape=(bounds.shape[0], n),
    ).tocsr()
    cost = arrays["cost"]
    maximize = bool(arrays["maximize"]) and bool(np.any(cost))
    used = np.diff(matrix.tocsc().indptr) > 0
    # FlatZinc's constants come as variables; without a use they are noise.
    idle = {"true", "false"} if {"true", "false"} <= set(names[:2]) else set()
    keep = np.array([used[j] or v not in idle for j, v in enumerate(names)], dtype=bool)
    return MIP(
        cost[keep],
        matrix[:, keep],
        _open(bounds[:, 0]),
        _open(bounds[:, 1]),
        _open(arrays["lower"][keep]),
        _open(arrays["upper"][keep]),
        arrays["integrality"][keep].astype(np.uint8),
        offset=float(arrays["offset"]),
        maximize=maximize,
        col_names=[v for v, kept in zip(names, keep, strict=True) if kept],
        row_names=row_names,
        name=name,
    )


def _unpacked(names: NDArray[np.generic]) -> list[str]:
    return names.tobytes().decode().split("\n") if names.size else []


def _open(values: NDArray[np.generic]) -> NDArray[np.float64]:
    bounds = np.array(values, dtype=np.float64) + 0.0  # no negative zeros
    bounds[bounds >= _INFINITE] = np.inf
    bounds[bounds <= -_INFINITE] = -np.inf
    return bounds


# -- writing -------------------------------------------------------------------


def write_cip(problem: MIP) -> str:
    """Return a CIP file; SCIP writes 15 digits of each number."""
    return _write(problem, "cip")


def write_pip(problem: MIP) -> str:
    """Return a PIP file; SCIP writes 15 digits of each number."""
    return _write(problem, "pip")


def write_fzn(problem: MIP) -> str:
    """Return a FlatZinc file; SCIP writes 15 digits of each number."""
    return _write(problem, "fzn")


def write_opb(problem: MIP) -> str:
    """Return an OPB file.

    Raises
    ------
    UnsupportedFeatureError
        If a variable is not binary, a coefficient not integral, or the
        objective is maximised or has a constant: OPB cannot say that.
    """
    binary = (problem.integrality == 1) & (problem.lower == 0) & (problem.upper == 1)
    if not binary.all():
        name = problem.col_name(int(np.argmin(binary)))
        raise UnsupportedFeatureError(f"OPB cannot hold {name!r}: it is not binary")
    ends = np.concatenate((problem.row_lower, problem.row_upper))
    numbers = np.concatenate((problem.c, problem.A.data, ends[np.isfinite(ends)]))
    if (numbers != np.round(numbers)).any():
        raise UnsupportedFeatureError("OPB cannot hold coefficients with a fraction")
    if problem.maximize or problem.offset:
        what = "maximise" if problem.maximize else "hold a constant objective term"
        raise UnsupportedFeatureError(f"OPB cannot {what}")
    return _write(problem, "opb")


def _write(problem: MIP, suffix: str) -> str:
    with tempfile.TemporaryDirectory(prefix="combkit-") as folder:
        given, out = Path(folder) / "model.mps", Path(folder) / f"model.{suffix}"
        given.write_text("".join(mps_text(problem)))
        done = _run("write", given, out)
        if done.returncode != 0 or not out.exists():
            said = _MESSAGE.search(done.stderr)
            reason = said["text"].strip() if said else "SCIP cannot write it"
            raise UnsupportedFeatureError(f"{suffix.upper()}: {reason}")
        return out.read_text(errors="replace")
