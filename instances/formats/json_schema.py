"""JSON Schemas of combkit JSON, made from the classes and their docstrings.

The types of numpydoc sections say what a schema says: `array_like of int, shape
(p, 2)` is a list of pairs of integers. So the schemas cannot fall behind.

References
----------
.. [1] JSON Schema, draft 2020-12. https://json-schema.org/draft/2020-12
.. [2] numpydoc, "Style guide: Parameters".
   https://numpydoc.readthedocs.io/en/latest/format.html
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from combkit.instances.errors import UsageError, nearest
from combkit.instances.formats.json_format import VERSION, class_of, kinds
from combkit.instances.part_trees import part_classes

__all__ = ["json_schema"]

Schema = dict[str, Any]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_SIZES = {"type": "array", "items": {"type": "integer", "minimum": 0}}
#: An infinite bound is null.
_NUMBER: Schema = {"type": ["number", "null"]}
_ATOMS: dict[str, Schema] = {
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"enum": [True, False, 0, 1]},
    "str": {"type": "string"},
}
_ELEMENTS = {**_ATOMS, "float": _NUMBER, "": _NUMBER}
_SPARSE: Schema = {
    "type": "object",
    "properties": {
        "shape": {**_SIZES, "minItems": 2, "maxItems": 2},
        "indptr": _SIZES,
        "indices": _SIZES,
        "data": {"type": "array", "items": {"type": ["number", "boolean"]}},
    },
    "required": ["shape", "indptr", "indices"],
    "additionalProperties": False,
}
_SECTION = re.compile(
    r"^(?:Parameters|Attributes)\n-+\n(.*?)(?=^\w[^\n]*\n-+$|\Z)", re.M | re.S
)
_ENTRY = re.compile(r"^(\w+(?:, \w+)*)(?: : ([^\n]*))?\n((?:^[ ]+[^\n]*\n|\n)*)", re.M)
_SEQUENCE = re.compile(r"(?:nested )?sequence of ")
_ARRAY = re.compile(r"array_like(?: of (int|float|bool|str))?$")
_SHAPE = re.compile(r"\(([^()]*)\)")


class _Entry(NamedTuple):
    """What a docstring says of a field."""

    type: str
    text: str


def json_schema(kind: str) -> Schema:
    """Return the JSON Schema of the instances of a kind.

    Parameters
    ----------
    kind : str
        Kind of problem, such as ``"scheduling"``.

    Returns
    -------
    dict
        The schema, of draft 2020-12 of https://json-schema.org, with what the
        documentation says of each field.

    Raises
    ------
    UsageError
        If instances of this kind are not written as combkit JSON.

    Examples
    --------
    >>> json_schema("kp")["required"]
    ['format', 'kind', 'profits', 'weights', 'capacity']
    """
    if kind not in kinds():
        raise UsageError(f"kind {kind!r}: has no JSON Schema{nearest(kind, kinds())}")
    parts: dict[str, Schema] = {}
    body = _object(class_of(kind), parts)
    fixed = {"format": {"const": VERSION}, "kind": {"const": kind}}
    schema = {
        "$schema": _DRAFT,
        "title": f"combkit {kind}",
        **body,
        "properties": {**fixed, **body["properties"]},
        "required": [*fixed, *body["required"]],
    }
    return {**schema, "$defs": parts} if parts else schema


def _object(class_: type, parts: dict[str, Schema]) -> Schema:
    """Return the schema of the arguments of a class."""
    known = _documented(class_)
    properties, required = {}, []
    for name, parameter in inspect.signature(class_).parameters.items():
        if name in ("name", "comment"):
            properties[name] = _ATOMS["str"]
            continue
        entry = known[name]
        schema = _typed(entry.type.removesuffix(", optional"), parts)
        needed = parameter.default is parameter.empty
        if not needed and parameter.default is None:
            schema = {"anyOf": [schema, {"type": "null"}]}
        properties[name] = {**schema, "description": entry.text}
        if needed:
            required.append(name)
    summary = (inspect.getdoc(class_) or "").partition("\n")[0]
    return {
        "type": "object",
        "description": summary,
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _documented(class_: type) -> dict[str, _Entry]:
    """Return the entries of docstrings; a class without one has its parent's."""
    found: dict[str, _Entry] = {}
    for one in class_.__mro__:
        for owner in (one, vars(one).get("__init__", one)):
            for name, entry in _entries(inspect.cleandoc(owner.__doc__ or "")):
                if entry.type:
                    found.setdefault(name, entry)
    return found


def _entries(text: str) -> Iterator[tuple[str, _Entry]]:
    for section in _SECTION.finditer(text):
        for match in _ENTRY.finditer(section[1] + "\n"):
            words = " ".join(match[3].split()).replace("``", "")
            for name in match[1].split(", "):
                yield name, _Entry(match[2] or "", words)


def _typed(text: str, parts: dict[str, Schema]) -> Schema:
    """Return the schema of a type as numpydoc writes it: names, then a shape."""
    if text.startswith("{"):
        return {"enum": [word.strip(" \"'") for word in text.strip("{}").split(",")]}
    names, _, shapes = text.partition(", shape ")
    found = [_named(name, shapes, parts) for name in names.split(" or ")]
    return found[0] if len(found) == 1 else {"anyOf": found}


def _named(name: str, shapes: str, parts: dict[str, Schema]) -> Schema:
    if match := _SEQUENCE.match(name):
        items = _named(name[match.end() :], shapes, parts)
        return {"type": "array", "items": items}
    if name.startswith("("):
        return {"type": "array", "minItems": name.count(",") + 1}
    if match := _ARRAY.match(name):
        # One without a shape is a list.
        known = _SHAPE.findall(shapes) or ["n"]
        found = [_of_shape(match[1] or "", shape) for shape in known]
        return found[0] if len(found) == 1 else {"anyOf": found}
    if name.startswith("sparse"):
        return _SPARSE
    return _ATOMS[name] if name in _ATOMS else _part(name, parts)


def _of_shape(element: str, shape: str) -> Schema:
    schema = _ELEMENTS[element]
    for size in reversed([size.strip() for size in shape.split(",") if size.strip()]):
        schema = {"type": "array", "items": schema}
        if size.isdigit():
            schema |= {"minItems": int(size), "maxItems": int(size)}
    return schema


def _part(name: str, parts: dict[str, Schema]) -> Schema:
    """Return the schema of the parts that are of a class, by the name of it."""
    classes = part_classes(name)
    for type_, class_ in classes.items():
        if type_ not in parts:
            parts[type_] = {}
            body = _object(class_, parts)
            body["properties"] = {"type": {"const": type_}, **body["properties"]}
            body["required"] = ["type", *body["required"]]
            parts[type_] = body
    return {"anyOf": [{"$ref": f"#/$defs/{type_}"} for type_ in classes]}
