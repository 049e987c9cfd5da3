"""Bad input: one clear line with the file and the place, exit code 2, no output."""

import resource
import signal
from contextlib import contextmanager

import pytest
from tests.cli.conftest import DELIVERY, MODEL, SHOP, SQUARE

HUGE = 10**10


def changed(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


#: Name to content, the line that the message must name (None: the whole file or
#: the last line), and a word that it must contain.
BAD = {
    "missing_section.tsp": (
        "TYPE: TSP\nDIMENSION: 4\nEDGE_WEIGHT_TYPE: EUC_2D\nEOF\n",
        None,
        "NODE_COORD_SECTION",
    ),
    "duplicate_section.tsp": (
        changed(
            SQUARE, "EOF\n", "NODE_COORD_SECTION\n1 0 0\n2 0 3\n3 4 3\n4 4 0\nEOF\n"
        ),
        10,
        "NODE_COORD_SECTION",
    ),
    "section_before_its_dimension.tsp": (
        "TYPE: TSP\nEDGE_WEIGHT_TYPE: EUC_2D\nNODE_COORD_SECTION\n1 0 0\n2 0 3\n"
        "3 4 3\nDIMENSION: 4\nEOF\n",
        None,
        "",
    ),
    "too_few_nodes.tsp": (changed(SQUARE, "4 4 0\n", ""), None, ""),
    "too_many_nodes.tsp": (changed(SQUARE, "EOF", "5 1 1\nEOF"), None, ""),
    "duplicate_node.tsp": (changed(SQUARE, "4 4 0", "3 4 0"), 9, "3"),
    "negative_dimension.tsp": (changed(SQUARE, "DIMENSION: 4", "DIMENSION: -4"), 3, ""),
    "text_dimension.tsp": (changed(SQUARE, "DIMENSION: 4", "DIMENSION: x"), 3, ""),
    "nan.tsp": (changed(SQUARE, "3 4 3", "3 nan 3"), 8, ""),
    "inf.tsp": (changed(SQUARE, "3 4 3", "3 inf 3"), 8, ""),
    "overflow.tsp": (changed(SQUARE, "3 4 3", "3 1e999 3"), 8, ""),
    "unknown_weight_type.tsp": (changed(SQUARE, "EUC_2D", "EUC_9D"), 4, "EUC_9D"),
    "huge.tsp": (changed(SQUARE, "DIMENSION: 4", f"DIMENSION: {HUGE}"), None, ""),
    "sop.sop": (changed(SQUARE, "TYPE: TSP", "TYPE: SOP"), None, "SOP"),
    "hcp.hcp": (changed(SQUARE, "TYPE: TSP", "TYPE: HCP"), None, "HCP"),
    "negative_capacity.vrp": (
        changed(DELIVERY, "CAPACITY: 10", "CAPACITY: -10"),
        None,
        "capacity",
    ),
    "zero_capacity.vrp": (
        changed(DELIVERY, "CAPACITY: 10", "CAPACITY: 0"),
        None,
        "capacity",
    ),
    "no_capacity.vrp": (changed(DELIVERY, "CAPACITY: 10\n", ""), None, "CAPACITY"),
    "demand_above_capacity.vrp": (changed(DELIVERY, "3 5\n", "3 50\n"), None, "50"),
    "negative_demand.vrp": (changed(DELIVERY, "3 5\n", "3 -5\n"), None, "-5"),
    "truncated.vrp": (DELIVERY[: DELIVERY.index("DEMAND")], None, "DEMAND_SECTION"),
    "missing_job.txt": (changed(SHOP, "2 2\n", "3 2\n"), None, ""),
    "unknown_machine.txt": (changed(SHOP, "0 3 1 2", "0 3 9 2"), 2, "9"),
    "negative_duration.txt": (changed(SHOP, "0 3 1 2", "0 3 1 -2"), 2, "-2"),
    "huge.txt": (changed(SHOP, "2 2\n", f"{HUGE} {HUGE}\n"), None, ""),
    "huge.kp": (f"{HUGE}\n1 2 3\n4 5 6\n7\n", None, ""),
    "unknown_kind.json": ('{"format": "combkit-1", "kind": "tps"}', None, "tps"),
    "not.json": ('{"format": "combkit-1", "kind": ', None, "JSON"),
    "syntax.lp": (changed(MODEL, "x + 3 y <= 6", "x + 3 <= <= y"), None, ""),
    "unknown_row.mps": (
        "NAME m\nROWS\n N obj\n L c1\nCOLUMNS\n x obj 1 c9 1\nRHS\n rhs c1 4\nENDATA\n",
        6,
        "c9",
    ),
    "unknown_column.mps": (
        "NAME m\nROWS\n N obj\n L c1\nCOLUMNS\n x obj 1 c1 1\nRHS\n rhs c1 4\n"
        "BOUNDS\n UP bnd z 4\nENDATA\n",
        10,
        "z",
    ),
    "binary.tsp": (bytes(range(256)) * 8, None, "binary"),
    "empty.tsp": ("", None, "empty"),
    "words.tsp": ("this is not an instance\n", None, "format"),
    "broken.tsp.gz": (b"\x1f\x8b\x08\x00nothing", None, "gzip"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_instance(cli, tmp_path, name):
    content, line, word = BAD[name]
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    out = tmp_path / "out.json"
    with limited():
        done = cli("solve", path, "-o", out, "--quiet", "--time-limit", 2)
    assert done.code == 2, done
    assert done.out == ""
    assert done.err.count("\n") == 1
    where = str(path) if line is None else f"{path}:{line}: "
    assert done.err.startswith(f"combkit: error: {where}")
    assert word.lower() in done.err.lower()
    assert not out.exists()


@pytest.mark.parametrize("command", ["solve", "info"])
def test_folder_and_missing_file(cli, tmp_path, command):
    done = cli(command, tmp_path)
    assert done.code == 2
    assert done.err == f"combkit: error: {tmp_path}: is a directory, not a file\n"
    done = cli(command, tmp_path / "missing.tsp")
    assert done.code == 2
    assert "missing.tsp: No such file" in done.err


@pytest.mark.parametrize(
    "content",
    [SQUARE.replace("\n", "\r\n"), "\ufeff" + SQUARE],
    ids=["windows line ends", "byte order mark"],
)
def test_harmless_oddities_are_accepted(cli, tmp_path, content):
    path = tmp_path / "odd.tsp"
    path.write_bytes(content.encode())
    assert cli("info", path).code == 0


def test_content_wins_over_a_wrong_suffix(cli, tmp_path):
    path = tmp_path / "square.mps"
    path.write_text(SQUARE)
    assert "tsp (minimise)" in cli("info", path).out


@contextmanager
def limited():
    """Let neither memory nor time run away."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    resource.setrlimit(resource.RLIMIT_AS, (used + (8 << 30), hard))
    signal.alarm(30)
    try:
        yield
    finally:
        signal.alarm(0)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
