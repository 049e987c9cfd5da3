"""combkit JSON: what no format of a field can say, and every kind's solutions.

An instance is one object: ``"format": "combkit-1"``, ``"kind"``, optionally
``"name"`` and ``"comment"``, and the arguments of the kind's class by name,
e.g. ``{"format": "combkit-1", "kind": "kp", "profits": [3, 4], "weights":
[2, 3], "capacity": 4}``. Numbers are written so that they read back exactly.
A solution is the kind's own object, e.g. ``{"tour": [0, 2, 1]}``, with or
without its ``"objective"``.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from combkit.instances.errors import (
    InstanceFormatError,
    InvalidProblemError,
    nearest,
)
from combkit.instances.part_trees import tree_of, value_of
from combkit.instances.problem import Problem
from combkit.instances.solutions import Solution
from combkit.instances.source import Source

__all__ = [
    "VERSION",
    "class_of",
    "kinds",
    "load_object",
    "nested_fields",
    "problem_of",
    "read",
    "read_solution",
    "sniff",
    "sniff_solution",
    "stated_objective",
    "write",
    "write_solution",
]

VERSION = "combkit-1"

#: Classes that are written argument by argument.
_CLASSES = {
    "tsp": ("combkit.instances.tsp", "TSP"),
    "atsp": ("combkit.instances.tsp", "ATSP"),
    "cvrp": ("combkit.instances.cvrp", "CVRP"),
    "ovrp": ("combkit.instances.ovrp", "OVRP"),
    "vrptw": ("combkit.instances.vrptw", "VRPTW"),
    "vrp": ("combkit.instances.fleet.problem", "RichVRP"),
    "op": ("combkit.instances.prizes", "OP"),
    "pctsp": ("combkit.instances.prizes", "PCTSP"),
    "spctsp": ("combkit.instances.prizes", "SPCTSP"),
    "mtsp": ("combkit.instances.mtsp", "MTSP"),
    "jsp": ("combkit.instances.jobshop", "JobShop"),
    "fjsp": ("combkit.instances.shops", "FlexibleJobShop"),
    "pfsp": ("combkit.instances.shops", "FlowShop"),
    "ossp": ("combkit.instances.shops", "OpenShop"),
    "rcpsp": ("combkit.instances.project", "Project"),
    "scheduling": ("combkit.instances.scheduling", "Scheduling"),
    "kp": ("combkit.instances.knapsack", "Knapsack"),
    "mkp": ("combkit.instances.multi_knapsack", "MultiKnapsack"),
    "setcover": ("combkit.instances.set_cover", "SetCover"),
    "mis": ("combkit.instances.graph_sets", "IndependentSet"),
    "clique": ("combkit.instances.graph_sets", "Clique"),
    "vc": ("combkit.instances.graph_sets", "VertexCover"),
    "maxcut": ("combkit.instances.quadratic", "MaxCut"),
    "qap": ("combkit.instances.quadratic", "QuadraticAssignment"),
    "submodular": ("combkit.instances.submodular.problem", "Submodular"),
    "ksubmodular": ("combkit.instances.submodular.problem", "KSubmodular"),
    "rkp": ("combkit.instances.robust.knapsack", "RobustKnapsack"),
    "robust": ("combkit.instances.robust.two_stage", "TwoStage"),
}
#: Kinds whose fields may be objects.
_NESTED = ("submodular", "ksubmodular", "robust")


def sniff(head: str) -> bool:
    """Whether a text is a JSON object."""
    return head.lstrip().startswith("{")


def read(source: Source) -> Problem:
    """Read an instance.

    Raises
    ------
    InstanceFormatError
        If it is not JSON, of another version, of an unknown kind or has a
        field that the kind does not have.
    """
    return problem_of(source, load_object(source), lambda entry: entry)


def problem_of(
    source: Source, data: dict[str, Any], array: Callable[[Any], Any]
) -> Problem:
    """Return the problem of a JSON object.

    Parameters
    ----------
    source : Source
        Where it was read, for errors.
    data : dict
        The object.
    array : callable
        Returns the array that an entry of a part stands for, or the entry.

    Raises
    ------
    InstanceFormatError
        As of `read`.
    """
    version = data.pop("format", None)
    if version != VERSION:
        line = _line_of(source, "format")
        raise source.error(line, f'"format": {version!r} where {VERSION!r} is needed')
    kind = data.pop("kind", None)
    if not isinstance(kind, str) or kind not in _CLASSES:
        hint = nearest(str(kind), _CLASSES)
        raise source.error(_line_of(source, "kind"), f'"kind": {kind!r}{hint}')
    parameters = _parameters(kind)
    _refuse_unknown(source, data, parameters, f"a {kind} instance")
    missing = [
        name
        for name, parameter in parameters.items()
        if parameter.default is parameter.empty and name not in data
    ]
    if missing:
        raise source.error(None, f'the field "{missing[0]}" of a {kind} is missing')
    for field in ("name", "comment"):
        if not isinstance(data.setdefault(field, ""), str):
            raise source.error(_line_of(source, field), f'"{field}" is not a text')
    data["name"] = data["name"] or source.name
    for field, value in data.items() if kind not in _NESTED else ():
        if isinstance(value, Mapping):
            raise source.error(_line_of(source, field), f'"{field}" is an object')
    try:
        if kind in _NESTED:
            data = {name: value_of(name, v, array) for name, v in data.items()}
        problem: Problem = class_of(kind)(**data)
    except InvalidProblemError as error:
        field = error.field.partition("[")[0]
        raise source.error(_line_of(source, field), str(error)) from None
    except (TypeError, ValueError, OverflowError) as error:
        raise source.error(None, f"not a {kind} instance: {error}") from None
    return problem


def write(problem: Problem) -> Iterable[str]:
    """Yield an instance, one field a line; what is at its default is left out."""
    fields: dict[str, Any] = {"format": VERSION, "kind": problem.kind}
    for name, value in nested_fields(problem):
        fields[name] = tree_of(value, _listed)
    lines = (f"{json.dumps(k)}: {_dumps(v)}" for k, v in fields.items())
    yield "{"
    for i, line in enumerate(lines):
        yield f"{',' if i else ''}\n  {line}"
    yield "\n}\n"


def nested_fields(problem: Problem) -> Iterable[tuple[str, Any]]:
    """Yield the fields of a problem that a file holds, without defaults."""
    for name, parameter in _parameters(problem.kind).items():
        value = getattr(problem, name)
        if value is None or (isinstance(value, str) and value == parameter.default):
            continue
        yield name, value


def sniff_solution(head: str) -> bool:
    """Whether a text is a JSON object."""
    return sniff(head)


def read_solution(source: Source, problem: Problem) -> Solution:
    """Read a solution, with or without its objective, which is not judged.

    Raises
    ------
    InstanceFormatError
        If it is not JSON or not the object of this kind's solutions.
    """
    data = load_object(source)
    data.pop("objective", None)
    known = [field.name for field in dataclasses.fields(problem.solution_type)]  # type: ignore[arg-type]
    for name in problem.told_besides:
        data.pop(name, None)
    _refuse_unknown(source, data, known, f"a solution of {problem.kind}")
    solution: Solution = problem.decode(data)
    return solution


def stated_objective(source: Source) -> float | None:
    """Return the ``"objective"`` of a solution, if it has one.

    Raises
    ------
    InstanceFormatError
        If it is not a number.
    """
    value = load_object(source).get("objective")
    if value is None:
        return None
    try:
        if isinstance(value, bool | str):
            raise TypeError
        objective = float(value)
    except (TypeError, OverflowError):
        line = _line_of(source, "objective")
        raise source.error(line, '"objective" is not a number') from None
    return objective


def write_solution(problem: Problem, solution: Solution, objective: float) -> str:
    """Return a solution with its objective."""
    return _dumps({**problem.encode(solution), "objective": float(objective)}) + "\n"


def kinds() -> tuple[str, ...]:
    """Return the kinds whose instances can be written."""
    return tuple(_CLASSES)


def class_of(kind: str) -> type[Problem]:
    """Return the class of a kind."""
    module, name = _CLASSES[kind]
    found: type[Problem] = getattr(import_module(module), name)
    return found


def _parameters(kind: str) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(class_of(kind)).parameters


def _listed(array: np.ndarray[Any, Any]) -> Any:
    """Return an array as lists; an infinite bound, which is none, as null."""
    if array.dtype.kind == "f" and np.isinf(array).any():
        open_ = array.astype(object)
        open_[np.isinf(array)] = None
        return open_.tolist()
    return array.tolist()


def _dumps(value: Any) -> str:
    return json.dumps(value, allow_nan=False)


def load_object(source: Source) -> dict[str, Any]:
    """Return the JSON object of a file, refusing what JSON itself lets pass.

    Raises
    ------
    InstanceFormatError
        If it is not JSON, or not an object.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise source.error(_line_of(source, twice), f'"{twice}" is given twice')
        return result

    def constant(name: str) -> Any:
        raise source.error(None, f"{name} is not a number of JSON")

    try:
        data = json.loads(
            source.text, object_pairs_hook=unique, parse_constant=constant
        )
    except json.JSONDecodeError as error:
        raise source.error(error.lineno, f"not JSON: {error.msg}") from None
    except InstanceFormatError:
        raise
    except ValueError as error:  # an integer of thousands of digits
        raise source.error(None, f"not JSON of numbers: {error}") from None
    except RecursionError:
        raise source.error(None, "not JSON of an instance: nested too deep") from None
    if not isinstance(data, dict):
        raise source.error(1, "not a JSON object")
    return data


def _refuse_unknown(
    source: Source, data: Mapping[str, Any], known: Iterable[str], what: str
) -> None:
    for key in data:
        if key not in known:
            hint = nearest(key, known)
            raise source.error(
                _line_of(source, key), f'"{key}" is not a field of {what}{hint}'
            )


def _line_of(source: Source, key: str) -> int | None:
    """Return the line where a key first stands."""
    place = source.text.find(json.dumps(key))
    return None if place < 0 else source.text.count("\n", 0, place) + 1
