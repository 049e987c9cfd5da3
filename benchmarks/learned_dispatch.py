"""Gaps of the learned dispatching rule and of static rules to best known values.

    python benchmarks/learned_dispatch.py --data DIR [--weights FILE] [--out gaps.csv]

``DIR`` (default ``$COMBKIT_DATA/scheduling``) holds ``jsp``, ``fjsp`` and ``rcpsp``
as described in docs/bench.md. No local search follows the rules. Samples of one
problem are drawn from the softmax at a temperature; ``greedy`` is one schedule.
"""

from __future__ import annotations

import argparse
import csv
import os
import time
from collections import defaultdict
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from combkit.instances.formats import read
from combkit.neural.dispatch.decode import decode
from combkit.neural.dispatch.encoding import Encoding, collate
from combkit.neural.dispatch.environment import Problems
from combkit.neural.dispatch.generate import draw
from combkit.neural.dispatch.policy import Policy
from combkit.neural.dispatch.problems import encoding_of
from combkit.neural.dispatch.rollout import (
    RULES,
    WIDTH,
    Sampler,
    build,
    greedy,
    head_of,
    rule_key,
    tables_of,
)
from combkit.neural.dispatch.rule import SHIPPED, loaded

#: Schedules built at once on a device, times modes: bounds its memory.
_CELLS = 4_000_000


class Case(NamedTuple):
    """A benchmark problem."""

    name: str
    group: str
    encoding: Encoding
    best_known: float


def cases(data: Path) -> list[Case]:
    """Read every problem of the three classes."""

    def table(path: str) -> list[dict[str, str]]:
        with (data / path).open() as file:
            return list(csv.DictReader(file))

    def case(path: str, name: str, group: str, best: str) -> Case:
        encoding = encoding_of(read(data / path))
        return Case(name, group, encoding, float(best))

    found = []
    best = {row["instance"]: row["ub"] for row in table("jsp/bks.csv")}
    for path in sorted((data / "jsp/standard/ta").glob("*.txt")):
        name = str(path.relative_to(data))
        size = "x".join(path.read_text().split()[:2])
        found.append(case(name, path.stem, f"ta {size}", best[path.stem]))
    for row in table("fjsp/bks.csv"):
        for folder in ("brandimarte", "hurink/edata"):
            if row["file"].startswith(f"standard0/{folder}/"):
                name = f"fjsp/{row['file']}"
                found.append(case(name, row["instance"], folder, row["ub"]))
    for row in table("rcpsp/bks.csv"):
        name, group = f"rcpsp/{row['file']}", "rcpsp " + row["file"].split("/")[0]
        found.append(case(name, row["file"], group, row["best_known_makespan"]))
    return found


def by_rules(case: Case) -> dict[str, float]:
    """Return the makespan of each static rule."""
    tables = tables_of(case.encoding)
    return {name: build(tables, rule_key(name, case.encoding))[2] for name in RULES}


def on_cpu(
    policy: Policy, case: Case, samples: int, seed: int, temperature: float
) -> tuple[float, float]:
    """Return the makespan of the greedy schedule and the best sampled one."""
    with torch.no_grad():
        problems = Problems(collate([case.encoding]), torch.device("cpu"))
        static = policy.encode(problems)[0].numpy()
    tables, head = tables_of(case.encoding), head_of(policy, static)
    random = np.array([2 * seed + 1], dtype=np.uint64)
    sampler = Sampler(tables, head, random)
    drawn = iter(lambda: sampler.draw(temperature), None)
    ends = [built[2] for built in islice(drawn, samples)]
    first = greedy(tables, head)[2]
    return first, min(ends, default=first)


def on_device(
    policy: Policy,
    batch: list[Case],
    samples: int,
    seed: int,
    temperature: float,
    device: torch.device,
) -> list[tuple[float, float]]:
    """Return what ``on_cpu`` does, for several problems at once."""
    problems = Problems(collate([case.encoding for case in batch]), device)
    generator = torch.Generator(device).manual_seed(seed)
    greedy = decode(policy, problems, 1, width=WIDTH, temperature=0.0)[1][:, 0]
    _, ends = decode(
        policy,
        problems,
        samples,
        width=WIDTH,
        temperature=temperature,
        generator=generator,
    )
    return list(zip(greedy.tolist(), ends.amin(1).tolist(), strict=True))


def throughput(policy: Policy, device: torch.device) -> float:
    """Return schedules a second of 1,024 at once, 8 job shops of 15x15."""
    rng = np.random.default_rng(0)
    batch = collate([draw(("jsp", 15, 15), rng) for _ in range(8)])
    problems = Problems(batch, device)
    generator = torch.Generator(device).manual_seed(0)
    for _ in range(2):  # the first one warms up
        started = time.perf_counter()
        decode(policy, problems, 128, width=15, generator=generator)[1].sum().item()
        seconds = time.perf_counter() - started
    return 1024 / seconds


def main() -> None:
    """Measure and write one row a problem, then print the means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", default=SHIPPED, help="a file; shipped without")
    root = Path(os.environ.get("COMBKIT_DATA", "."))
    parser.add_argument("--data", type=Path, default=root / "scheduling")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--samples", type=int, default=128)
    parser.add_argument("--temperature", type=float, default=0.2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--groups", default="", help="only groups starting with this")
    parser.add_argument("--every", type=int, default=1, help="every k-th problem")
    parser.add_argument("--untrained", action="store_true", help="random weights")
    options = parser.parse_args()
    torch.set_num_threads(1)
    device = torch.device(options.device)
    policy, card = loaded(options.weights)
    if options.untrained:
        torch.manual_seed(options.seed)
        policy = Policy(policy.config)
    found = [c for c in cases(options.data) if c.group.startswith(options.groups)]
    found = found[:: options.every]
    started = time.perf_counter()
    results: dict[str, tuple[float, float]] = {}
    how = options.samples, options.seed, options.temperature
    if device.type == "cpu":
        for case in found:
            results[case.name] = on_cpu(policy, case, *how)
    else:
        policy.to(device)
        alike = defaultdict(list)
        for case in found:
            alike[case.group, case.encoding.n_tasks].append(case)
        for batch in alike.values():
            most = max(case.encoding.n_modes for case in batch)
            step = max(1, _CELLS // (most * options.samples))
            for k in range(0, len(batch), step):
                part = batch[k : k + step]
                ends = on_device(policy, part, *how, device)
                results |= {c.name: e for c, e in zip(part, ends, strict=True)}
    seconds = time.perf_counter() - started
    names = [*RULES, "greedy", f"best{options.samples}"]
    rows = []
    for case in found:
        ends = [*by_rules(case).values(), *results[case.name]]
        gaps = [100.0 * (end / case.best_known - 1.0) for end in ends]
        rows.append((case, gaps))
    if options.out:
        with options.out.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["instance", "group", "best_known", *names])
            for case, gaps in rows:
                known = f"{case.best_known:g}"
                writer.writerow(
                    [case.name, case.group, known, *(f"{gap:.3f}" for gap in gaps)]
                )
    rate = throughput(policy, device)
    print(f"{rate:.0f} schedules a second, 1,024 of 15x15 at once on {device}")
    print(f"{card.get('seconds')} s of training; decoding {seconds:.1f} s")
    print(f"{'mean gap %':16}{'n':>4}", *(f"{name:>8}" for name in names))
    groups: dict[str, list[list[float]]] = defaultdict(list)
    for case, gaps in rows:
        groups[case.group].append(gaps)
        groups["all " + case.group.split()[0]].append(gaps)
    for group in sorted(groups):
        means = np.mean(groups[group], axis=0)
        print(f"{group:16}{len(groups[group]):4}", *(f"{mean:8.2f}" for mean in means))


if __name__ == "__main__":
    main()
