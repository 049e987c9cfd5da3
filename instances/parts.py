"""Parts of problems: frozen dataclasses that files can hold."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

__all__ = ["Part", "spread"]


@dataclass(frozen=True, eq=False)
class Part:
    """A frozen dataclass of arrays that is a part of a problem.

    Its fields are arrays, sparse arrays, numbers, texts, other parts and tuples of
    parts, so that files can hold it.
    """

    #: Name of the type in files.
    type: ClassVar[str]

    def content(self) -> dict[str, Any]:
        """Return the fields by dotted names, those of nested parts too."""
        fields = dataclasses.fields(self)
        values = {field.name: getattr(self, field.name) for field in fields}
        return {"type": self.type, **spread(values)}


def spread(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields with those of parts, by dotted names, in the place of the parts.

    Parameters
    ----------
    fields : mapping of str to object
        The fields by name.
    """
    found: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, Part):
            inner = value.content()
        elif isinstance(value, tuple) and any(isinstance(v, Part) for v in value):
            inner = spread({str(i): item for i, item in enumerate(value)})
        else:
            found[name] = value
            continue
        found.update({f"{name}.{key}": item for key, item in inner.items()})
    return found
