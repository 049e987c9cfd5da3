"""What every set function and every constraint is."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["Part", "SetFunction", "spread"]

Integers = NDArray[np.int64]


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


class SetFunction(Part, ABC):
    """A function of the subsets of elements 0 to n - 1, zero for the empty set.

    Subclasses are frozen dataclasses. ``value`` recomputes from the data and shares
    no code with any optimiser.
    """

    @property
    @abstractmethod
    def n(self) -> int:
        """Number of elements of the ground set."""

    @property
    def monotone(self) -> bool:
        """Whether more elements are never worth less."""
        return True

    @property
    def submodular(self) -> bool:
        """Whether an element never adds more to a larger set."""
        return True

    @property
    def non_negative(self) -> bool:
        """Whether no set is worth less than nothing."""
        return self.monotone

    @abstractmethod
    def value(self, selected: Integers) -> float:
        """Return the value of a set of distinct elements.

        Parameters
        ----------
        selected : ndarray of int64, shape (k,)
            The elements, in any order.
        """
