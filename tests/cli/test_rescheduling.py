"""``combkit solve --now``: the rest of a plan."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

#: The first operation took 3 when this was planned, and takes 6 now.
SHOP = "3 2\n0 6 1 2\n1 2 0 4\n1 1 0 3\n"
PLAN = [[0, 3], [0, 3], [5, 7]]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.txt"
    path.write_text(SHOP)
    return path


def plan_of(folder: Path, starts: list[list[int]]) -> Path:
    path = folder / "plan.json"
    data = {"starts": starts}
    path.write_text(json.dumps(data))
    return path


def test_reschedules_a_file(shop: Path, cli: Callable) -> None:
    out = shop.with_name("new.json")
    done = cli(
        *("solve", shop, "--initial", plan_of(shop.parent, PLAN), "--now", 1),
        *("--movement", 100, "--time-limit", 20, "--json", "--quiet", "-o", out),
    )
    told = json.loads(done.out)
    assert (done.code, told["status"], told["verified"]) == (0, "optimal", True)
    # What was written is a schedule of the file itself.
    assert cli("check", shop, out).code == 0
    starts = json.loads(out.read_text())["starts"]
    assert [starts[0][0], starts[1][0]] == [0, 0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--now", "3"], "--now: needs a plan"),
        (["--movement", "3"], "--movement: needs a time"),
        (["--now", "-3"], "--now"),
    ],
)
def test_says_what_is_missing(options, message, shop: Path, cli: Callable) -> None:
    done = cli("solve", shop, *options)
    assert done.code == 2
    assert message in done.err


def test_names_the_file_of_a_plan_that_does_not_fit(shop: Path, cli: Callable) -> None:
    plan = plan_of(shop.parent, [[0, 1]])
    done = cli("solve", shop, "--initial", plan, "--now", 3)
    assert done.code == 2
    assert f"{plan}: plan: 2 starts for 6 tasks" in done.err


def test_names_the_kind_that_has_no_schedule(files, cli: Callable) -> None:
    tour = files["square.tsp"].with_name("square.tour")
    assert cli("solve", files["square.tsp"], "-o", tour, "--time-limit", 1).code == 0
    done = cli("solve", files["square.tsp"], "--initial", tour, "--now", 3)
    assert done.code == 2
    assert "a tsp has no schedule to change" in done.err
