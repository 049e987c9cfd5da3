"""Running the command line, in this process or in one of its own."""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from combkit.cli.main import run

#: A process that runs the command line as the installed script does.
COMMAND = [sys.executable, "-c", "from combkit.cli.main import main; main()"]

SQUARE = """\
NAME: square
TYPE: TSP
DIMENSION: 4
EDGE_WEIGHT_TYPE: EUC_2D
NODE_COORD_SECTION
1 0 0
2 0 3
3 4 3
4 4 0
EOF
"""

DELIVERY = """\
NAME: delivery
TYPE: CVRP
DIMENSION: 5
CAPACITY: 10
EDGE_WEIGHT_TYPE: EUC_2D
NODE_COORD_SECTION
1 0 0
2 0 10
3 10 0
4 0 -10
5 -10 0
DEMAND_SECTION
1 0
2 5
3 5
4 5
5 5
DEPOT_SECTION
1
-1
EOF
"""

SHOP = """\
2 2
0 3 1 2
1 2 0 4
"""

MODEL = """\
Maximize
 obj: 3 x + 2 y
Subject To
 c1: x + y <= 4
 c2: x + 3 y <= 6
Bounds
 0 <= x <= 3
Generals
 x y
End
"""

INFEASIBLE = """\
Minimize
 obj: x
Subject To
 c1: x >= 2
 c2: x <= 1
End
"""

UNBOUNDED = """\
Maximize
 obj: x + y
Subject To
 c1: x - y <= 1
Generals
 x y
End
"""


class Completed(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def cli() -> Callable[..., Completed]:
    """Run a command in this process."""

    def call(*words: object) -> Completed:
        out, err = (
            io.TextIOWrapper(io.BytesIO(), "utf-8", newline="", write_through=True)
            for _ in range(2)
        )
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run([str(word) for word in words])
        said = [stream.buffer.getvalue().decode() for stream in (out, err)]  # type: ignore[attr-defined]
        return Completed(int(code), *said)

    return call


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Tiny instances of each kind, by name."""
    contents = {
        "square.tsp": SQUARE,
        "delivery.vrp": DELIVERY,
        "shop.txt": SHOP,
        "model.lp": MODEL,
        "infeasible.lp": INFEASIBLE,
        "unbounded.lp": UNBOUNDED,
        "items.json": '{"format": "combkit-1", "kind": "kp", "profits": [6, 5, 4], '
        '"weights": [3, 2, 2], "capacity": 4}',
    }
    folder = tmp_path / "instances"
    folder.mkdir()
    for name, content in contents.items():
        (folder / name).write_text(content)
    return {name: folder / name for name in contents}


def environment(**changes: str) -> dict[str, str]:
    """Return this process's environment, able to import the checkout."""
    source = str(Path(__file__).resolve().parents[2] / "src")
    path = os.pathsep.join([source, *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path, **changes}


def start(*words: object, **changes: str) -> "subprocess.Popen[str]":
    """Start a command in a process, and a process group, of its own."""
    return subprocess.Popen(
        [*COMMAND, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**changes),
        start_new_session=True,
    )


def finish(process: "subprocess.Popen[str]", timeout: float = 60) -> Completed:
    """Wait for a command."""
    out, err = process.communicate(timeout=timeout)
    return Completed(process.returncode, out, err)
