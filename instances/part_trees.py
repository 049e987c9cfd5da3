"""Parts of problems as trees of JSON, by their types."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from combkit.instances.errors import (
    InvalidProblemError,
    UnsupportedFeatureError,
    nearest,
)
from combkit.instances.parts import Part

__all__ = ["part_classes", "tree_of", "value_of"]

_HERE = "combkit.instances"

#: Type of a part, as files name it, to module and class.
_CLASSES = {
    "facility-location": ("submodular.similarity", "FacilityLocation"),
    "feature-location": ("submodular.similarity", "FeatureLocation"),
    "saturated-coverage": ("submodular.similarity", "SaturatedCoverage"),
    "graph-cut": ("submodular.similarity", "GraphCut"),
    "cut": ("submodular.similarity", "Cut"),
    "coverage": ("submodular.coverage", "Coverage"),
    "probabilistic-coverage": ("submodular.coverage", "ProbabilisticCoverage"),
    "concave-over-modular": ("submodular.coverage", "ConcaveOverModular"),
    "modular": ("submodular.coverage", "Modular"),
    "log-det": ("submodular.entropy", "LogDet"),
    "entropy": ("submodular.entropy", "Entropy"),
    "gaussian-information": ("submodular.entropy", "GaussianInformation"),
    "markov-chain": ("submodular.chains", "ChainCriterion"),
    "revenue": ("submodular.revenue", "Revenue"),
    "mixture": ("submodular.composed", "Mixture"),
    "conditional": ("submodular.composed", "Conditional"),
    "mutual-information": ("submodular.composed", "Mutual"),
    "rank": ("submodular.composed", "Rank"),
    "unconstrained": ("submodular.constraints", "Unconstrained"),
    "cardinality": ("submodular.constraints", "Cardinality"),
    "knapsack": ("submodular.constraints", "Knapsack"),
    "partition-matroid": ("submodular.constraints", "PartitionMatroid"),
    "laminar-matroid": ("submodular.constraints", "LaminarMatroid"),
    "graphic-matroid": ("submodular.constraints", "GraphicMatroid"),
    "stage": ("robust.two_stage", "Stage"),
    "box": ("robust.uncertainty", "Box"),
    "budget": ("robust.uncertainty", "Budget"),
    "polyhedral": ("robust.uncertainty", "Polyhedral"),
    "factor": ("robust.uncertainty", "Factor"),
    "discrete": ("robust.uncertainty", "Discrete"),
    "product": ("robust.uncertainty", "Product"),
    "intersection": ("robust.uncertainty", "Intersection"),
}


def part_classes(name: str) -> dict[str, type[Part]]:
    """Return the classes of parts that are of one, by their types in files.

    Parameters
    ----------
    name : str
        Name of the class, such as ``"UncertaintySet"``.
    """
    found = {type_: _class(type_) for type_ in _CLASSES}
    return {
        type_: class_
        for type_, class_ in found.items()
        if any(one.__name__ == name for one in class_.__mro__)
    }


def _class(type_: str) -> type[Part]:
    module, name = _CLASSES[type_]
    class_: type[Part] = getattr(import_module(f"{_HERE}.{module}"), name)
    return class_


def tree_of(value: Any, array: Callable[[Any], Any]) -> Any:
    """Return a field's value as JSON knows it.

    Parameters
    ----------
    value : Part, tuple of Part, ndarray, sparse array, number or text
        The value.
    array : callable
        What to write for an array.

    Raises
    ------
    UnsupportedFeatureError
        If it is a function in Python.
    """
    if isinstance(value, Part):
        if value.type not in _CLASSES:
            raise UnsupportedFeatureError(f"a file cannot hold the {value.type}")
        names = inspect.signature(type(value)).parameters
        fields = {name: getattr(value, name) for name in names}
        return {
            "type": value.type,
            **{
                name: tree_of(field, array)
                for name, field in fields.items()
                if field is not None
            },
        }
    if isinstance(value, tuple | list):
        return [tree_of(item, array) for item in value]
    if hasattr(value, "tocsr"):
        sparse = value.tocsr()
        parts = ["indptr", "indices"] + (["data"] if sparse.dtype != bool else [])
        arrays = {name: array(getattr(sparse, name)) for name in parts}
        return {"shape": list(sparse.shape), **arrays}
    if isinstance(value, np.ndarray):
        return array(value)
    return value.item() if isinstance(value, np.generic) else value


def value_of(field: str, tree: Any, array: Callable[[Any], Any]) -> Any:
    """Return the value of a field that `tree_of` wrote.

    Parameters
    ----------
    field : str
        Name of the field, for errors.
    tree : object
        What the file says.
    array : callable
        Returns the array that an entry stands for, or the entry.

    Raises
    ------
    InvalidProblemError
        Naming the field that is wrong, unknown or missing.
    """
    if isinstance(tree, list) and any(isinstance(item, Mapping) for item in tree):
        return tuple(value_of(field, item, array) for item in tree)
    if not isinstance(tree, Mapping):
        return array(tree)
    if "array" in tree:
        return array(tree)
    if "indptr" in tree:
        return _sparse(field, tree, array)
    return _part(field, tree, array)


def _part(field: str, tree: Mapping[str, Any], array: Callable[[Any], Any]) -> Any:
    type_ = tree.get("type")
    if type_ is None:
        raise InvalidProblemError(field, 'the field "type" is missing')
    if type_ not in _CLASSES:
        hint = nearest(str(type_), _CLASSES)
        raise InvalidProblemError(field, f'"type": {type_!r} is unknown{hint}')
    class_ = _class(type_)
    parameters = inspect.signature(class_).parameters
    for key in tree:
        if key != "type" and key not in parameters:
            hint = nearest(key, parameters)
            raise InvalidProblemError(key, f"is not a field of a {type_}{hint}")
    for key, parameter in parameters.items():
        if parameter.default is parameter.empty and key not in tree:
            raise InvalidProblemError(
                field, f'the field "{key}" of a {type_} is missing'
            )
    values = {k: value_of(k, v, array) for k, v in tree.items() if k != "type"}
    try:
        return class_(**values)
    except (TypeError, ValueError, AttributeError) as error:
        if isinstance(error, InvalidProblemError):
            raise
        raise InvalidProblemError(field, f"not a {type_}: {error}") from None


def _sparse(field: str, tree: Mapping[str, Any], array: Callable[[Any], Any]) -> Any:
    # Late: every reader of JSON would wait for it otherwise.
    import scipy.sparse as sp

    wrong = set(tree) - {"shape", "indptr", "indices", "data"}
    if wrong or "shape" not in tree or "indices" not in tree:
        raise InvalidProblemError(
            field, "a sparse array has shape, indptr, indices and perhaps data"
        )
    try:
        first = np.asarray(array(tree["indptr"]))
        columns = np.asarray(array(tree["indices"]))
        if not columns.size:  # an empty list says nothing of its type
            columns = columns.astype(np.int64)
        shape = tuple(int(size) for size in tree["shape"])
        if first.dtype.kind not in "iu" or columns.dtype.kind not in "iu":
            raise ValueError("indptr and indices are integers")
        data = (
            np.asarray(array(tree["data"]))
            if "data" in tree
            else np.ones(columns.size, bool)
        )
        sparse = sp.csr_array((data, columns, first), shape=shape)
        sparse.check_format(full_check=True)
    except (TypeError, ValueError, IndexError) as error:
        raise InvalidProblemError(field, f"not a sparse array: {error}") from None
    return sparse
