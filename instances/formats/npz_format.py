"""combkit npz: an instance of set functions with its arrays as they are in memory.

A zip file of NumPy arrays. ``header`` is the JSON object of the instance, in which
``{"array": "a0"}`` stands for the array of that name.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from combkit.instances.errors import InvalidProblemError
from combkit.instances.formats.json_format import VERSION, nested_fields, problem_of
from combkit.instances.part_trees import tree_of
from combkit.instances.problem import Problem
from combkit.instances.source import Source

__all__ = ["read", "sniff", "write"]

#: What damaged files make NumPy and the zip reader raise.
_BROKEN = (
    ValueError,
    OSError,
    EOFError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
)


def sniff(head: bytes) -> bool:
    """Whether bytes are those of a zip file of arrays."""
    return head.startswith(b"PK\x03\x04") and b".npy" in head[:256]


def read(source: Source) -> Problem:
    """Read an instance.

    Raises
    ------
    InstanceFormatError
        If it is no such file, or what it holds is no instance.
    """
    try:
        with np.load(io.BytesIO(source.data), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        header = json.loads(str(arrays.pop("header")))
    except KeyError:
        raise source.error(None, 'the array "header" is missing') from None
    except _BROKEN as error:
        raise source.error(None, f"not a file of arrays: {error}") from None
    if not isinstance(header, dict):
        raise source.error(None, "the header is not a JSON object")

    def array(entry: Any) -> Any:
        if not isinstance(entry, Mapping):
            return entry
        name = entry.get("array")
        if name not in arrays:
            raise InvalidProblemError("array", f"{name!r} is not in the file")
        return arrays[name]

    return problem_of(source, header, array)


def write(problem: Problem) -> bytes:
    """Return an instance, its arrays compressed."""
    arrays: dict[str, Any] = {}

    def array(value: Any) -> Any:
        if value.ndim == 0:
            return value.item()
        name = f"a{len(arrays)}"
        arrays[name] = value
        return {"array": name}

    fields = {"format": VERSION, "kind": problem.kind}
    for name, value in nested_fields(problem):
        fields[name] = tree_of(value, array)
    out = io.BytesIO()
    np.savez_compressed(out, header=np.array(json.dumps(fields)), **arrays)
    return out.getvalue()
