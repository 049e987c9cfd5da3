"""``combkit embed``: mixed-integer programs as vectors."""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from combkit.cli.exits import Exit
from combkit.cli.interrupts import Interrupts
from combkit.cli.models import add_weights, encoder_of
from combkit.cli.output import ensure_writable
from combkit.cli.parser import examples
from combkit.instances.errors import MissingDependencyError, UsageError
from combkit.instances.source import atomic_write

__all__ = ["configure", "run"]

_SUFFIXES = (".jsonl", ".npz", ".parquet")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Turn mixed-integer programs into vectors of length 1 whose product says how\n"
        "alike they are, however they are written. One JSON object a file goes to\n"
        "stdout, or all of them to OUT: JSON lines, an .npz with arrays, or .parquet."
    )
    parser.epilog = examples(
        "combkit embed model.mps",
        "combkit embed models/*.mps.gz -o vectors.npz",
        "combkit embed model.mps --nodes -o nodes.jsonl",
    )
    add = parser.add_argument
    add("files", metavar="FILE", nargs="+", help="files of mixed-integer programs")
    add("--nodes", action="store_true", help="codes and states of rows and columns too")
    add("--statistics", action="store_true", help="the named statistics too")
    add_weights(parser)
    add("-o", "--output", metavar="OUT", help="file to write")


def run(args: argparse.Namespace, interrupts: Interrupts) -> int:
    """Embed the files."""
    target = None if args.output is None else Path(args.output)
    if target is not None:
        if target.suffix not in _SUFFIXES:
            known = ", ".join(_SUFFIXES)
            raise UsageError(f"-o {target}: the suffix is none of {known}")
        if target.suffix == ".parquet" and args.nodes:
            raise UsageError("--nodes: rows of a table have one length; use .npz")
        ensure_writable(target)
    encoder = encoder_of(args)
    rows = []
    for file in args.files:
        rows.append(_row(file, args, encoder))
        if target is None:
            print(json.dumps(rows.pop(), default=_plain))
    if target is not None:
        atomic_write(target, _packed(rows, target.suffix))
        print(target)
    return Exit.OK


def _row(file: str, args: argparse.Namespace, encoder: Any) -> dict[str, Any]:
    from combkit.neural.forge.embedding import embed
    from combkit.neural.forge.signature import signature
    from combkit.neural.forge.source import program_of
    from combkit.neural.forge.statistics import NAMES

    program = program_of(file)
    found = embed(program, encoder)
    row: dict[str, Any] = {
        "path": file,
        "instance": found.name,
        "rows": program.m,
        "columns": program.n,
        "entries": int(program.A.nnz),
        "signature": signature(found.form),
        "weights": encoder.mark,
        "vector": found.vector.astype(np.float32),
    }
    if args.statistics:
        row["statistics"] = dict(zip(NAMES, found.statistics.tolist(), strict=True))
    if args.nodes:
        row |= {
            "row_of": found.form.row_of,
            "row_codes": found.encoding.row_codes,
            "row_states": found.encoding.row_states,
            "column_of": found.form.column_of,
            "column_codes": found.encoding.column_codes,
            "column_states": found.encoding.column_states,
        }
    return row


def _plain(value: Any) -> Any:
    return np.asarray(value).round(6).tolist()


def _packed(rows: list[dict[str, Any]], suffix: str) -> bytes:
    if suffix == ".jsonl":
        return "".join(json.dumps(row, default=_plain) + "\n" for row in rows).encode()
    if suffix == ".parquet":
        return _parquet(rows)
    arrays: dict[str, Any] = {}
    for key in rows[0]:
        if isinstance(rows[0][key], np.ndarray) and key != "vector":
            # Programs have different numbers of rows and columns.
            arrays |= {f"{key}.{k}": row[key] for k, row in enumerate(rows)}
        elif key == "statistics":
            arrays["statistics"] = np.array([list(row[key].values()) for row in rows])
            arrays["statistic_names"] = np.array(list(rows[0][key]))
        else:
            arrays[key] = np.array([row[key] for row in rows])
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


def _parquet(rows: list[dict[str, Any]]) -> bytes:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError:
        raise MissingDependencyError("-o OUT.parquet", "bench") from None
    flat = [
        {k: v for k, v in row.items() if k != "statistics"} | row.get("statistics", {})
        for row in rows
    ]
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(flat), stream)
    return stream.getvalue()
