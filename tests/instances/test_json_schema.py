"""JSON Schemas say what instances look like, and nothing else passes."""

from __future__ import annotations

import json

import pytest

import combkit as ck
from combkit.instances.errors import InstanceFormatError, UsageError
from combkit.instances.formats import json_format

jsonschema = pytest.importorskip("jsonschema")

#: Every field of the full scheduling model at once.
SCHEDULING = ck.Scheduling(
    mode_task=[0, 0, 1, 2],
    mode_duration=[3, 4, 2, 5],
    use_mode=[0, 1, 2, 3],
    use_resource=[0, 1, 0, 1],
    use_demand=[1, 1, 1, 2],
    capacity=[1, 2],
    consumable=[False, False],
    before=[0],
    after=[1],
    relation=[2],
    lag=[1],
    release=[0, 1, 0],
    deadline=[90, 90, 90],
    due=[4, 9, 9],
    due_from=[0, 1, 0],
    weight=[1, 2, 3],
    optional=[False, True, False],
    interruptible=[False, False, True],
    break_resource=[1],
    break_start=[2],
    break_end=[4],
    family=[0, 1, 0],
    setup_resource=[0],
    setup_time=[[[0, 1], [2, 0], [1, 1]]],
    job=[0, 0, 1],
    planned=[0, 5, 0],
    planned_mode=[0, 0, 0],
    objective=[("makespan", 1), ("tardiness", 2)],
)


PROBLEMS = [
    SCHEDULING if kind == "scheduling" else ck.generate(kind, 6, seed=3)
    for kind in json_format.kinds()
]


def document(problem) -> dict:  # type: ignore[no-untyped-def,type-arg]
    return json.loads("".join(json_format.write(problem)))


def judge(kind: str):  # type: ignore[no-untyped-def]
    return jsonschema.Draft202012Validator(ck.json_schema(kind))


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda one: one.kind)
def test_what_is_written_is_valid(problem) -> None:
    judge(problem.kind).check_schema(ck.json_schema(problem.kind))
    errors = [e.message for e in judge(problem.kind).iter_errors(document(problem))]
    assert not errors


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda one: one.kind)
def test_what_is_invalid_is_not_read(problem, tmp_path) -> None:
    """Without a field, with another one, or with one of another type."""
    schema, whole = ck.json_schema(problem.kind), document(problem)
    validator = judge(problem.kind)
    broken = [
        {key: value for key, value in whole.items() if key != name}
        for name in schema["required"]
    ]
    broken += [{**whole, "colour": 1}]
    broken += [{**whole, name: {"a": "b"}} for name in whole]
    path = tmp_path / "x.json"
    for one in broken:
        assert not validator.is_valid(one)
        path.write_text(json.dumps(one))
        with pytest.raises(InstanceFormatError):
            ck.read(path)


@pytest.mark.parametrize("kind", json_format.kinds())
def test_every_field_is_explained(kind: str) -> None:
    schema = ck.json_schema(kind)
    for body in (schema, *schema.get("$defs", {}).values()):
        for name, field in body["properties"].items():
            plain = "const" in field or name in ("name", "comment")
            assert plain or field["description"], name


def test_shapes_and_choices() -> None:
    fields = ck.json_schema("scheduling")["properties"]
    cube = fields["setup_time"]["anyOf"][0]
    assert cube["items"]["items"]["items"] == {"type": "integer"}
    points = ck.json_schema("cvrp")["properties"]["coords"]["anyOf"][0]["anyOf"]
    assert [one["items"]["minItems"] for one in points] == [2, 3]
    assert ck.json_schema("pfsp")["properties"]["objective"]["enum"] == [
        "makespan",
        "flow_time",
    ]
    sets = ck.json_schema("robust")["properties"]["uncertainty"]["anyOf"]
    assert {"$ref": "#/$defs/budget"} in sets
    assert {"$ref": "#/$defs/stage"} not in sets


def test_refuses_kinds_without_json() -> None:
    with pytest.raises(UsageError, match="did you mean 'scheduling'"):
        ck.json_schema("schedulin")
