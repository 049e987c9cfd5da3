"""Build the packaged table of best known values from a benchmark data folder.

    python benchmarks/build_best_known.py --data DIR [-o instances/data/best_known.csv]

Every value is a fact published elsewhere; where it comes from stands in its
row. An instance is read with combkit's own readers and entered by fingerprint,
so copies of it are found under any file name. Files that cannot be read and
values that contradict each other are listed on stderr.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from combkit.instances.best_known import BestKnown, write_table
from combkit.instances.errors import CombkitError
from combkit.instances.formats import read, read_solution

ROOT = Path(__file__).resolve().parent.parent
#: Kinds of the routing table that the suite reads, by their name there.
ROUTING = {"TSP", "ATSP", "CVRP", "KP"}
#: Folders of PyVRP's collection that the suite reads.
FLEETS = {"GVRP", "HFVRP", "MDVRPTW", "MTVRPTWR", "PCVRPTW", "SDVRPTW", "VRPB"}
#: Published values that are not what they seem: the value, whether it is proven
#: optimal, and why.
CORRECTED = {
    "noswot": (-41.0, True, "exact optimum; tables print -41.00000885 or -43"),
    "P-n55-k8": (576.0, False, "found here with 7 routes; 588 is for exactly 8"),
}
#: Digits of MIPLIB's .solu file that are not rounding noise of a solver.
SOLU_DIGITS = 11


@dataclass(frozen=True)
class Fact:
    """A published value of a file."""

    path: Path
    name: str
    value: float
    optimal: bool
    source: str
    note: str = ""
    #: Of the file, where its content does not tell it.
    format: str | None = None


def routing(folder: Path) -> Iterator[Fact]:
    """Yield the values of routing/best_known.csv: tsp, atsp, cvrp, kp."""
    with (folder / "best_known.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            if row["problem"] not in ROUTING:
                continue
            path, status = folder / row["file"], row["status"]
            family = row["file"].split("/")[1]
            unrounded = "unrounded" in status
            note = "unrounded distances, value rounded" if unrounded else ""
            yield Fact(
                path,
                # kplib numbers its files from s000 in every folder.
                "/".join(path.parts[-4:-1]) if family == "kplib" else path.stem,
                float(row["best_known"]),
                # The XML100 set is published with proven optima only.
                status.startswith("optimal") or family == "XML",
                row["source"].replace("computed here", "own dynamic programme"),
                "; ".join(filter(None, (note, row["note"]))),
            )


def fleets(folder: Path) -> Iterator[Fact]:
    """Yield the values of fleets: Cordeau's, vehicle types, shipments, PyVRP's.

    Those of PyVRP's collection are published in different units: the value is that
    of the published routes, without rounding.
    """
    for name, pattern in (("mdvrp", "cordeau/*.txt"), ("hvrp", "*/*.txt")):
        known = json.loads((folder / name / "BKS.json").read_text())
        for path in sorted((folder / name).glob(pattern)):
            value = known[path.stem]["best_known_cost"]
            yield Fact(path, path.stem, value, False, f"VROOM scripts, {name}/BKS.json")
    known = json.loads((folder / "pdptw" / "BKS.json").read_text())
    for path in sorted((folder / "pdptw").glob("*/*.txt")):
        # Vehicles count first: each has a fixed cost.
        row = known[path.stem]
        fixed = float(read(path).fixed_cost[0])
        value = fixed * row["solved_with_vehicles"] + row["best_known_cost"]
        yield Fact(path, path.stem, value, False, "VROOM scripts, pdptw/BKS.json")
    for path in sorted((folder / "pyvrp").glob("*/*.vrp")):
        if path.parent.name in FLEETS:
            problem = read(path)
            routes = read_solution(path.with_suffix(".sol"), problem)
            value = problem.evaluate(routes)
            yield Fact(path, path.stem, value, False, "PyVRP/Instances 2026-01")


def job_shops(folder: Path) -> Iterator[Fact]:
    """Yield the values of scheduling/jsp/bks.csv."""
    files = {p.stem: p for p in sorted(folder.rglob("*")) if p.is_file()}
    with (folder / "bks.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            if (path := files.get(row["instance"])) is not None:
                upper = float(row["ub"])
                yield Fact(
                    path,
                    row["instance"],
                    upper,
                    upper == float(row["lb"]),
                    "ScheduleOpt/benchmarks jobshop bks.json, 2026-06",
                    "" if upper == float(row["lb"]) else f"lower bound {row['lb']}",
                )


def flexible_shops(folder: Path) -> Iterator[Fact]:
    """Yield the values of scheduling/fjsp/bks.csv."""
    with (folder / "bks.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            if row["file"]:
                upper, lower = float(row["ub"]), float(row["lb"])
                yield Fact(
                    folder / row["file"],
                    row["instance"],
                    upper,
                    upper == lower,
                    "ScheduleOpt/benchmarks fjsp bks.json, 2026-06",
                    "" if upper == lower else f"lower bound {row['lb']}",
                )


def flow_shops(folder: Path) -> Iterator[Fact]:
    """Yield the values of the lists in scheduling/pfsp: makespans of permutations."""
    count: dict[tuple[str, str], int] = {}
    for line in (folder / "taillard_optimal_PBBPerm.txt").read_text().splitlines():
        words = line.split()
        if len(words) == 4 and words[1].isdigit():
            _, jobs, machines, value = words
            k = count[jobs, machines] = count.get((jobs, machines), -1) + 1
            name = f"tai{jobs}_{machines}_{k}"
            path = folder / "taillard" / f"{name}.fsp"
            source = "jangmys/PBBPerm instances.data, 2020"
            yield Fact(path, name, float(value), False, source)
    for line in (folder / "vrf_bounds_PBBPerm.txt").read_text().splitlines():
        words = line.split()
        if len(words) == 6 and words[1].isdigit():
            path = folder / "vrf_small" / f"{words[0]}_Gap.txt"
            source = "jangmys/PBBPerm instancesVRF.data"
            upper, lower = float(words[4]), float(words[5])
            yield Fact(path, words[0], upper, upper == lower, source, format="vrf")


def open_shops(folder: Path) -> Iterator[Fact]:
    """Yield the values of scheduling/ossp/bks_taillard.csv, all optimal."""
    with (folder / "bks_taillard.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            path = folder / "Taillard1993" / f"{row['instance']}.txt"
            value, source = float(row["best_known"]), "ScheduleOpt/benchmarks openshop"
            yield Fact(path, row["instance"], value, True, source)


def projects(folder: Path) -> Iterator[Fact]:
    """Yield the values of scheduling/rcpsp: PSPLIB, its j30 optimal, Patterson."""
    with (folder / "bks.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            path, value = folder / row["file"], float(row["best_known_makespan"])
            yield Fact(path, path.stem, value, row["n"] == "30", "PSPLIB hrs files")
    with (folder / "patterson" / "optimum.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            path = folder / "patterson" / row["problem"]
            yield Fact(path, path.stem, float(row["optimum"]), True, "Patterson set")


def mips(folder: Path) -> Iterator[Fact]:
    """Yield the values of the mip folders, the most trusted source first."""
    hard, classic, small = folder / "hard", folder / "miplib3", folder / "small"
    published = list(_solu(hard / "miplib2017-v36.solu"))
    solu = {name: (value, optimal) for name, value, optimal in published}
    catalogue = dict(_catalogue(classic / "miplib3.cat"))
    for row in json.loads((hard / "instances.json").read_text()):
        name = row["file"].split(".")[0]
        if row["best"] is not None:
            optimal = row["best_status"] == "opt"
            source = re.sub(r"^(miplib2017-v36\.solu) .*", r"\1", row["best_source"])
            yield _corrected(
                Fact(
                    hard / row["file"],
                    name,
                    row["best"],
                    optimal,
                    source.replace(" here", " in own runs"),
                )
            )
    for path in sorted(classic.glob("*.mps.gz")):
        name = path.name.split(".")[0]
        if name in solu:
            yield _corrected(Fact(path, name, *solu[name], "miplib2017-v36.solu"))
        elif name in catalogue:
            yield _corrected(Fact(path, name, *catalogue[name], "miplib3.cat"))
    solved = re.compile(r"(\S+)\.mps .* Optimal +obj (\S+)")
    for line in (small / "solved.txt").read_text().splitlines():
        if found := solved.match(line):
            path = small / f"{found[1]}.mps"
            yield Fact(path, found[1], float(found[2]), True, "HiGHS 1.13.1, gap 0")


def _solu(path: Path) -> Iterator[tuple[str, float, bool]]:
    for line in path.read_text().splitlines():
        words = line.split()
        if len(words) == 3 and words[0] in ("=opt=", "=best="):
            value = float(f"{float(words[2]):.{SOLU_DIGITS}g}")
            yield words[1], value, words[0] == "=opt="


def _catalogue(path: Path) -> Iterator[tuple[str, tuple[float, bool]]]:
    """Yield name, value and whether it is proven of MIPLIB 3's catalogue."""
    lines = path.read_text().partition("PART A")[2].splitlines()
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        words = line.split()
        if len(words) == 8 and words[1].isdigit():
            yield words[0], (float(words[6]), "not opt" not in after)


def _corrected(fact: Fact) -> Fact:
    if fact.name not in CORRECTED:
        return fact
    value, optimal, note = CORRECTED[fact.name]
    return replace(fact, value=value, optimal=optimal, note=note)


def build(data: Path) -> list[BestKnown]:
    """Return the table of a data folder."""
    table: dict[str, BestKnown] = {}
    facts = [
        *routing(data / "routing"),
        *fleets(data / "routing"),
        *job_shops(data / "scheduling" / "jsp"),
        *flexible_shops(data / "scheduling" / "fjsp"),
        *flow_shops(data / "scheduling" / "pfsp"),
        *open_shops(data / "scheduling" / "ossp"),
        *projects(data / "scheduling" / "rcpsp"),
        *mips(data / "mip"),
    ]
    for fact in facts:
        if not fact.path.is_file():
            continue
        try:
            problem = read(fact.path, fact.format)
        except CombkitError as error:
            print(error, file=sys.stderr)
            continue
        row = BestKnown.of(
            problem,
            fact.value,
            "optimal" if fact.optimal else "best",
            fact.source,
            fact.note,
        )
        first = table.setdefault(row.fingerprint, replace(row, name=fact.name))
        if not math.isclose(first.value, row.value, rel_tol=1e-4):
            print(
                f"{fact.path}: {row.value} ({row.source}) is not the "
                f"{first.value} ({first.source}) of the same {first.name}",
                file=sys.stderr,
            )
    return list(table.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--data",
        type=Path,
        default=os.environ.get("COMBKIT_DATA"),
        help="folder with routing/, scheduling/ and mip/ (default: $COMBKIT_DATA)",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        default=ROOT / "instances" / "data" / "best_known.csv",
    )
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.error("--data or $COMBKIT_DATA must name the benchmark folder")
    rows = build(arguments.data)
    write_table(arguments.output, rows)
    print(f"{arguments.output}: {len(rows)} instances")


if __name__ == "__main__":
    main()
