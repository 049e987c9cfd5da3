"""The scheduling model: what it refuses, what its checker finds, what it counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.instances.scheduling_models import random_model, violated

from combkit.instances.errors import InvalidProblemError, InvalidSolutionError
from combkit.instances.formats import read, write
from combkit.instances.generators import generate
from combkit.instances.project import Project
from combkit.instances.scheduling import Scheduling
from combkit.instances.shops import FlexibleJobShop, FlowShop, OpenShop
from combkit.instances.solutions import Schedule


def chain(n: int = 2, **fields) -> Scheduling:
    """Return n tasks of 3 on one machine, with further fields."""
    tasks = np.arange(n)
    ones, zeros = np.ones(n, int), np.zeros(n, int)
    return Scheduling(tasks, 3 * ones, tasks, zeros, ones, [1], **fields)


def cumulative(**fields) -> Scheduling:
    return Scheduling([0, 1], [3, 3], [0, 1], [0, 0], [2, 2], [3], **fields)


@pytest.mark.parametrize(
    ("problem", "good", "bad", "message"),
    [
        (chain(), [0, 3], [0, 2], "resource 0: task 1 starts at 2, before task 0"),
        (chain(), [3, 0], [-1, 3], "task 0 starts at -1, before 0"),
        (chain(), [3, 0], [2**63 - 1, 0], "not below"),
        (chain(release=[1, 0]), [3, 0], [0, 3], "before its release at 1"),
        (chain(deadline=[4, 9]), [1, 4], [3, 0], "task 0 ends at 6, after its"),
        (cumulative(), [0, 3], [0, 2], "resource 0: 4 of 3 units taken at 2"),
        (
            cumulative(before=[0], after=[1], relation=[0], lag=[1]),
            [0, 4],
            [0, 3],
            "precedence 0: task 1 starts at 3, less than 1 after task 0 ends at 3",
        ),
        (
            cumulative(before=[1], after=[0], relation=[2], lag=[-1]),
            [0, 4],
            [0, 5],
            "precedence 0: task 0 ends at 3, less than -1 after task 1 starts at 5",
        ),
        (
            chain(break_resource=[0], break_start=[2], break_end=[4]),
            [4, 7],
            [0, 4],
            "task 0 meets the break from 2 to 4",
        ),
        (
            chain(
                interruptible=[True, True],
                break_resource=[0],
                break_start=[2],
                break_end=[4],
            ),
            [0, 5],
            [3, 6],
            "task 0 meets the break",
        ),
        (
            chain(setup_resource=[0], setup_time=[[[2], [1]]]),
            [1, 6],
            [1, 5],
            "task 1 starts at 5, after task 0: its set-up from 4 takes 2",
        ),
        (
            chain(setup_resource=[0], setup_time=[[[2], [1]]]),
            [1, 6],
            [0, 5],
            "task 0 starts at 0, first: its set-up from 0 takes 1",
        ),
        (
            chain(
                family=[0, 1],
                setup_resource=[0],
                setup_time=[[[0, -1], [0, 0], [0, 0]]],
            ),
            [3, 0],
            [0, 3],
            "task 1 must not run after task 0",
        ),
        (chain(no_idle=[True]), [4, 1], [0, 4], "idles from 3 until task 1 at 4"),
        (
            Scheduling(
                [0, 1], [3, 3], [0, 1], [0, 1], [1, 1], [1, 1], blocked_until=[1, -1]
            ),
            [0, 3],
            [0, 2],
            "task 1 starts at 2, before task 0, which waits for it, ends at 3",
        ),
        (
            chain(3, blocked_until=[2, -1, -1]),
            [0, 8, 5],
            [0, 3, 6],
            "task 1 starts at 3, before task 0 frees it at 6",
        ),
    ],
)
def test_names_what_is_violated(problem, good, bad, message) -> None:
    assert problem.check(Schedule([good])) == []
    found = problem.check(Schedule([bad]))
    assert any(message in line for line in found), found


def test_consumed_units_and_modes() -> None:
    problem = Scheduling(
        [0, 0, 1], [1, 5, 2], [0, 2], [0, 0], [3, 2], [4], consumable=[True]
    )
    assert problem.check(Schedule([[0, 0]], [[1, 0]])) == []
    assert problem.check(Schedule([[0, 0]], [[0, 0]])) == [
        "resource 0: 5 of 4 units used up"
    ]
    assert problem.evaluate(Schedule([[0, 0]], [[1, 0]])) == 5
    assert problem.check(Schedule([[0, 0]], [[2, 0]])) == [
        "task 0 has mode 2, not one of 0 to 1"
    ]
    assert "modes: missing" in problem.check(Schedule([[0, 0]]))[0]
    with pytest.raises(InvalidSolutionError, match="3 starts for 2 tasks"):
        problem.evaluate(Schedule([[0, 0, 0]], [[0, 0]]))


def test_absent_tasks_do_not_count() -> None:
    fields = {"before": [1], "after": [0], "relation": [0], "lag": [0]}
    problem = chain(optional=[False, True], **fields)
    assert problem.check(Schedule([[0, 0]], [[0, -1]])) == []
    assert problem.evaluate(Schedule([[0, 0]], [[0, -1]])) == 3
    assert len(problem.check(Schedule([[0, 0]], [[0, 0]]))) == 2


def test_measures_by_hand() -> None:
    fields = {"due": [2, 9], "due_from": [0, 8], "weight": [2, 3], "release": [1, 0]}
    schedule = Schedule([[1, 4]])  # ends at 4 and 7
    for name, value in (
        ("makespan", 7),
        ("tardiness", 2 * 2),
        ("earliness", 3 * 1),
        ("flow_time", 2 * 3 + 3 * 7),
        ("late_tasks", 2),
        ("max_lateness", 2),
        ("setup_time", 1 + 2),
    ):
        problem = chain(
            setup_resource=[0],
            setup_time=[[[2], [1]]],
            objective=[(name, 1)],
            **fields,
        )
        assert problem.evaluate(schedule) == value, name
    both = chain(objective=[("makespan", 2), ("tardiness", 5)], **fields)
    assert both.evaluate(schedule) == 2 * 7 + 5 * 4


@given(st.integers(0, 10**6), st.data())
@settings(max_examples=500, deadline=None)
def test_the_checker_agrees_with_a_slot_by_slot_one(seed: int, data) -> None:
    model = random_model(seed, tasks=4)
    n = model.n_tasks
    starts = data.draw(st.lists(st.integers(0, 6), min_size=n, max_size=n))
    modes = [
        data.draw(st.integers(-1 if model.optional[t] else 0, count - 1))
        for t, count in enumerate(np.diff(model.first_mode).tolist())
    ]
    schedule = Schedule([starts], [modes])
    assert bool(model.check(schedule)) == violated(model, schedule)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"release": [0]}, "release"),
        ({"before": [0], "after": [2], "relation": [0], "lag": [0]}, "there are 2"),
        ({"before": [0], "after": [1], "relation": [4], "lag": [0]}, "there are 4"),
        ({"before": [0], "after": [1], "relation": [0]}, None),
        ({"objective": [("speed", 1)]}, "'speed' is none of"),
        ({"objective": []}, "there is none"),
        ({"objective": [("makespan", -1)]}, "weight -1"),
        (
            {"break_resource": [0], "break_start": [4], "break_end": [4]},
            "does not end after its start",
        ),
        ({"break_resource": [0], "break_start": [4]}, "differ in length"),
        ({"setup_resource": [0], "setup_time": [[[0]]]}, "shape"),
        ({"setup_resource": [1]}, "there are 1 resources"),
        ({"blocked_until": [-2, 0]}, "below -1"),
    ],
)
def test_refuses_fields_that_do_not_fit(fields, message) -> None:
    if message is None:
        assert chain(**fields).lag.tolist() == [0]
        return
    with pytest.raises(InvalidProblemError, match=message):
        chain(**fields)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0, 2], [1, 1], [], [], [], []), "task 1 has no mode"),
        (([1, 0], [1, 1], [], [], [], []), "task 0 has no mode"),
        (([], [], [], [], [], []), "there is no task"),
        (([0], [-1], [], [], [], []), "below 0"),
        (([0], [1], [0], [0], [2], [1]), "takes 2 of 1 units"),
        (([0], [1], [0, 0], [0, 0], [1, 1], [2]), "lists a resource twice"),
        (([0], [1], [1], [0], [1], [2]), "there are 1 modes"),
    ],
)
def test_refuses_modes_that_cannot_be(arguments, message) -> None:
    with pytest.raises(InvalidProblemError, match=message):
        Scheduling(*arguments)


def test_empty_tasks_at_one_time_have_no_order() -> None:
    shop = FlowShop([[0, 0, 1], [1, 0, 0]])
    # On machine 1 both jobs run at time 1, in the order of the others.
    assert shop.check(Schedule([[1, 1, 1], [0, 1, 1]])) == []
    shop = FlowShop([[1, 0, 1], [1, 0, 1]])
    (message,) = shop.check(Schedule([[1, 2, 2], [0, 2, 3]]))
    assert message == "jobs 0 and 1 run in one order here and in another one there"


def test_only_disjunctive_resources_have_sequences() -> None:
    for field in ({"no_idle": [True]}, {"same_order": [0]}):
        with pytest.raises(InvalidProblemError, match="is not disjunctive"):
            cumulative(**field)


def test_shops_refuse_what_is_no_shop() -> None:
    for jobs, message in (
        ([], "there is no job"),
        ([[]], "has no operation"),
        ([[[]]], "has no machine"),
        ([[[(0, -1)]]], "below 0"),
        ([[[(0, 1), (0, 2)]]], "names a machine twice"),
        ([[3]], "not a list"),
    ):
        with pytest.raises(InvalidProblemError, match=message):
            FlexibleJobShop(jobs)
    with pytest.raises(InvalidProblemError, match="circle"):
        FlexibleJobShop([[[(0, 1)], [(0, 1)]]], [[0, 1], [1, 0]])
    for kind in (FlowShop, OpenShop):
        with pytest.raises(InvalidProblemError, match="there is no operation"):
            kind(np.zeros((0, 3)))
    with pytest.raises(InvalidProblemError, match="circle"):
        Project([[1], [1]], [[[]], [[]]], [], [[0, 1], [1, 0]])


def test_rows_of_a_shop_are_its_jobs() -> None:
    shop = FlexibleJobShop([[[(0, 1)], [(1, 1)]], [[(0, 1), (1, 3)]]])
    assert shop.check(Schedule([[0, 1], [0]], [[0, 0], [1]])) == [
        "resource 1: task 1 starts at 1, before task 2 frees it at 3"
    ]
    assert "job 0 has 1 starts for 2" in shop.check(Schedule([[0], [0, 1]]))[0]
    assert "starts of 1 jobs" in shop.check(Schedule([[0, 1, 0]]))[0]


@pytest.mark.parametrize("kind", ["fjsp", "pfsp", "ossp", "rcpsp"])
def test_json_holds_every_kind(kind: str, tmp_path) -> None:
    problem = generate(kind, 4, seed=1)
    for form in (problem, problem.model):
        write(form, tmp_path / "problem.json")
        assert read(tmp_path / "problem.json") == form


@given(st.integers(0, 10**6))
@settings(max_examples=50, deadline=None)
def test_json_holds_the_whole_model(tmp_path_factory, seed: int) -> None:
    path = tmp_path_factory.mktemp("model") / "model.json"
    problem = random_model(seed)
    write(problem, path)
    assert read(path) == problem
