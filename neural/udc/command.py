"""The arguments of ``combkit train udc``; torch is loaded when it runs."""

from __future__ import annotations

import argparse
import platform
import time
from pathlib import Path

from combkit.instances.errors import UsageError
from combkit.neural.own_files import files_of
from combkit.neural.training import say

__all__ = ["configure", "run"]

#: Share of the time for solving examples, and of the examples that are held out.
_SOLVING, _HELD = 0.4, 0.05
#: Examples that a network is trained on at least.
_LEAST = 20
#: Numbers of nodes of drawn instances; few different ones, so that they batch.
_SIZES = 4


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the method."""
    add = parser.add_argument
    add("problem", choices=("tsp", "cvrp", "ovrp", "op", "pctsp"))
    add("--out", type=Path, required=True, help="folder of examples and the result")
    add("--minutes", type=float, default=60.0, help="in all (default 60)")
    add("--nodes", default="100,200", help="least and most nodes (default 100,200)")
    add("--init", metavar="W", help="weights to begin with: a file, or 'shipped'")
    add("--data", nargs="+", metavar="FILE", help="own instances beside random ones")
    add("--device", default="auto", help="cpu, cuda or auto")
    add("--seed", type=int, default=1_000)


def run(options: argparse.Namespace) -> None:
    """Solve examples, then learn from them; go on where it stopped.

    Raises
    ------
    UsageError
        If an argument is wrong, or too few examples were solved.
    InstanceFormatError
        If weights or an instance cannot be read.
    """
    import torch

    from combkit.neural.devices import device_of
    from combkit.neural.networks import save_network
    from combkit.neural.udc.labels import collect
    from combkit.neural.udc.network import VERSION, Divider, network_of
    from combkit.neural.udc.train import Plan, fit

    if not options.minutes > 0:
        raise UsageError(f"--minutes {options.minutes:g}: more than 0")
    nodes = _nodes(options.nodes)
    device = device_of(options.device)
    own = files_of(options.data)
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    kind = options.problem
    network = network_of(kind, options.init)[0] if options.init else Divider()
    started = time.perf_counter()
    examples = collect(
        kind,
        nodes,
        _SOLVING * 60.0 * options.minutes,
        options.out / "examples.npz",
        options.seed,
        own,
    )
    if len(examples) < _LEAST:
        raise UsageError(f"{len(examples)} examples: {_LEAST} at least; more --minutes")
    say(f"{time.perf_counter() - started:7.0f} s  {len(examples)} examples")
    held = max(1, int(_HELD * len(examples)))
    seconds = (1.0 - _SOLVING) * 60.0 * options.minutes
    plan = Plan(seconds, options.out, options.seed, device)
    curve = fit(network, examples[held:], examples[:held], plan)
    card = {
        "problem": kind,
        "examples": len(examples),
        "nodes": list(nodes),
        "own": [Path(name).name for name in own],
        "command": f"combkit train udc {kind} --minutes {options.minutes:g}"
        f" --nodes {options.nodes} --seed {options.seed}"
        + (f" --init {options.init}" if options.init else ""),
        "seed": options.seed,
        "device": device.type,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "curve": curve,
    }
    path = options.out / f"udc-{kind}.safetensors"
    save_network(
        path, network, VERSION, network.config, card, dtype=torch.float16, problem=kind
    )
    say(f"written {path}")


def _nodes(text: str) -> tuple[int, ...]:
    """Return numbers of nodes between two that are given."""
    try:
        least, most = (int(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"--nodes {text}: two numbers, as in 100,200") from None
    if not 10 <= least <= most:
        raise UsageError(f"--nodes {text}: at least 10, the second not less")
    steps = {least + (most - least) * k // (_SIZES - 1) for k in range(_SIZES)}
    return tuple(sorted(steps))
