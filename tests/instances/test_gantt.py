"""Gantt charts, as shapes and as an interactive page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

import combkit as ck
from combkit.instances._gantt import gantt
from combkit.instances._scene import Bars, Line
from combkit.instances.errors import UnsupportedFeatureError, UsageError


def bars_of(scene) -> Bars:  # type: ignore[no-untyped-def]
    return next(shape for shape in scene.shapes if isinstance(shape, Bars))


def spans(scene) -> set[tuple[float, float, float]]:  # type: ignore[no-untyped-def]
    """Return (left, right, row) of all bars."""
    bars = bars_of(scene)
    middle = np.floor(bars.bottom + bars.height / 2 + 0.5)
    return set(zip(bars.left, bars.left + bars.width, middle, strict=True))


def model(**changes) -> ck.Scheduling:  # type: ignore[no-untyped-def]
    fields = {
        "due": [3, 9, 6],
        "break_resource": [0],
        "break_start": [4],
        "break_end": [6],
        "job": [0, 0, 1],
        "objective": [("tardiness", 1)],
    }
    return ck.Scheduling(
        *([0, 1, 2], [4, 3, 5], [0, 1, 2], [0, 0, 1], [1, 1, 1], [1, 1]),
        **(fields | changes),
    )


def test_rows_are_machines_or_jobs() -> None:
    shop = ck.JobShop([[0, 1], [1, 0]], [[3, 2], [2, 4]])
    plan = ck.Schedule([[0, 3], [0, 3]])
    by_machine = gantt(shop, plan)
    assert spans(by_machine) == {(0, 3, 0), (3, 5, 1), (0, 2, 1), (3, 7, 0)}
    by_job = gantt(shop, plan, "job")
    assert spans(by_job) == {(0, 3, 0), (3, 5, 0), (0, 2, 1), (3, 7, 1)}
    assert spans(by_machine.others["by job"]) == spans(by_job)
    assert "job 1, operation 1: 3 to 7<br>on 0" in bars_of(by_job).hover


def test_shows_due_dates_and_breaks() -> None:
    plan = ck.Schedule([[0, 6, 0]])
    by_job = gantt(model(), plan, "job")
    due = {float(s.x[0]): s.color for s in by_job.shapes if isinstance(s, Line)}
    assert set(due) == {3.0, 9.0, 6.0}
    # One colour for what is late, another one for the rest.
    assert due[3.0] != due[9.0] == due[6.0]
    hover = bars_of(by_job).hover
    assert "task 0: 0 to 4<br>on 0<br>due 3, 1 late" in hover
    assert (4, 6, 0) in spans(gantt(model(), plan))
    assert "break: 4 to 6" in bars_of(gantt(model(), plan)).hover


def test_shows_how_much_of_a_shared_resource_is_taken() -> None:
    project = ck.Project([[3], [2]], [[[1]], [[2]]], [4], [])
    bars = bars_of(gantt(project, ck.Schedule([[0, 1]])))
    taken = dict(zip(bars.left.tolist(), bars.height.tolist(), strict=True))
    assert taken == pytest.approx({0.0: 0.2, 1.0: 0.6})
    assert "3 of 4 units, 1 to 3<br>task 0: 1<br>task 1: 2" in bars.hover


def test_says_what_a_new_plan_moves() -> None:
    shop = ck.JobShop([[0, 1]], [[3, 2]])
    rest = ck.Rescheduling(shop, ck.Schedule([[0, 3]]), now=1)
    hover = bars_of(gantt(rest, ck.Schedule([[0, 5]]))).hover
    assert any(text.endswith("frozen") for text in hover)
    assert any(text.endswith("moved by +2") for text in hover)


@pytest.mark.parametrize("kind", ["jsp", "fjsp", "pfsp", "ossp", "rcpsp"])
def test_draws_every_kind_without_a_schedule(kind: str) -> None:
    problem = ck.generate(kind, 4, seed=1)
    for by in ("machine", "job"):
        scene = gantt(problem, None, by)
        assert "no schedule" in scene.x_label
        assert bars_of(scene).width.size > 0


def test_open_shops_show_machines_only() -> None:
    scene = gantt(ck.OpenShop([[1, 2, 3], [4, 5, 6]]), None)
    assert scene.y_names == ["0", "1", "2"]


def test_absent_tasks_are_not_drawn() -> None:
    plan = ck.Schedule([[0, 6, 0]], [[0, -1, 0]])
    scene = gantt(model(optional=[False, True, False]), plan, "job")
    assert bars_of(scene).width.size == 2


def test_an_interactive_page_changes_between_views() -> None:
    figure = pytest.importorskip("combkit.instances._draw_plotly").figure(
        gantt(model(), ck.Schedule([[0, 6, 0]]))
    )
    shown = [bool(trace.visible) for trace in figure.data]
    first, second = figure.layout.updatemenus[0].buttons
    assert (first.label, second.label) == ("by machine", "by job")
    assert list(first.args[0]["visible"]) == shown
    assert list(second.args[0]["visible"]) == [not one for one in shown]
    assert second.args[1]["yaxis.title.text"] == "job"


QUARTERS = ck.Timescale(datetime(2027, 3, 1, 6), timedelta(minutes=15))


def test_times_can_be_dates() -> None:
    plan = ck.Schedule([[0, 6, 0]])
    scene = gantt(model(), plan, "job", QUARTERS)
    bars, plain = bars_of(scene), bars_of(gantt(model(), plan, "job"))
    # Days since 1970, on an axis that begins where time does.
    begin = (datetime(2027, 3, 1, 6) - datetime(1970, 1, 1)) / timedelta(days=1)
    assert scene.dates and bars.begin == begin
    assert bars.left == pytest.approx(begin + plain.left / 96)
    assert bars.width == pytest.approx(plain.width / 96)
    assert bars.hover[0] == (
        "task 0: 2027-03-01 06:00 to 2027-03-01 07:00<br>on 0"
        "<br>due 2027-03-01 06:45, 0:15 late"
    )
    due = sorted(s.x[0] for s in scene.shapes if isinstance(s, Line))
    assert due == pytest.approx([begin + k / 96 for k in (3, 6, 9)])
    machines = scene.others["by machine"]
    assert "break: 2027-03-01 07:00 to 2027-03-01 07:30" in bars_of(machines).hover


def test_both_kinds_of_pictures_have_dates() -> None:
    scene = gantt(model(), ck.Schedule([[0, 6, 0]]), "machine", QUARTERS)
    canvas = pytest.importorskip("combkit.instances._draw_matplotlib").figure(scene)
    axes = canvas.axes[0]
    labels = [text.get_text() for text in axes.get_xticklabels()]
    assert any(label.startswith("07:") for label in labels), labels
    assert axes.get_xlim()[0] == bars_of(scene).begin
    page = pytest.importorskip("combkit.instances._draw_plotly").figure(scene)
    assert page.layout.xaxis.type == "date"
    stamp = datetime(2027, 3, 1, 6, tzinfo=UTC).timestamp()
    assert min(page.data[0].base) == 1000 * stamp
    assert max(page.data[0].x) == 1000 * 60 * 15 * 5


def test_what_has_no_times_has_no_dates(tmp_path) -> None:
    with pytest.raises(UsageError, match="a tsp has no times"):
        ck.plot(
            ck.generate("tsp", 5, seed=0), None, tmp_path / "x.png", timescale=QUARTERS
        )


def test_refuses_other_rows_and_other_schedules(tmp_path) -> None:
    with pytest.raises(UsageError, match="did you mean 'machine'"):
        ck.plot(model(), None, tmp_path / "x.png", by="machin")
    with pytest.raises(UnsupportedFeatureError, match="one start a task"):
        gantt(model(), ck.Schedule([[0, 1]]))
