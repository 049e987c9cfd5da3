"""Train a policy to imitate labels within a number of minutes.

The learning rate follows the clock and reaches 0 when the minutes are over.
Everything stays on the device: each step draws instances, cuts sub-problems
out of them and learns their next actions. On a GPU the whole step is one CUDA
graph over compiled code, as far as either works there.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from combkit.instances.errors import UsageError
from combkit.neural.bq.base import Problem, View
from combkit.neural.bq.network import PAPER, Config, Policy, masked_logits
from combkit.neural.bq.optimizer import Optimizer
from combkit.neural.bq.pool import Pool
from combkit.neural.bq.problems import problem_of
from combkit.neural.bq.window import pick
from combkit.neural.devices import device_of

__all__ = ["Plan", "run", "target_of", "train"]

#: Part of the time in which the learning rate rises, and after which it falls.
_RISE, _FALL = 0.02, 0.25
#: Highest learning rate from given weights, as a share of that from none, and the
#: share of drawn instances in a batch beside own ones.
_GENTLE, _OWN = 0.1, 0.5
#: Seconds between looks for new labels, and between checkpoints.
_LOOK, _SAVE = 4.0, 120.0
#: Steps between looks at the clock.
_STRIDE = 10


@dataclass(frozen=True)
class Plan:
    """How to train.

    Attributes
    ----------
    minutes : float
        Time to train, that of earlier parts included.
    batch : int
        Sub-problems of a step.
    rate : float
        Highest learning rate.
    muon : bool
        Whether matrices are updated by Muon.
    seed : int
        Seed of weights and sub-problems.
    mode : str
        ``"graph"``, ``"compile"`` or ``"eager"``; each falls back to the next.
    begin : float
        When to begin, in seconds since the epoch; what comes before it
        (compiling, reading labels) does not count.
    """

    minutes: float
    batch: int
    rate: float = 2e-3
    muon: bool = True
    seed: int = 0
    mode: str = "graph"
    begin: float = 0.0


def target_of(view: View, wanted: Tensor) -> Tensor:
    """Return the weights of the right actions among those of a window.

    Parameters
    ----------
    view : View
        The window.
    wanted : Tensor, shape (b, n, actions)
        Weights of the right actions by node.

    Returns
    -------
    Tensor, shape (b, t * actions)
        The same by token; all 0 where no right action is in the window.
    """
    return (pick(wanted, view.node) * view.allowed).flatten(1)


class _Step:
    """One training step, and how it is run on the device."""

    def __init__(
        self, problem: Problem, policy: Policy, pool: Pool, plan: Plan
    ) -> None:
        self.device = next(policy.parameters()).device
        self.policy = policy
        self.optimizer = Optimizer(policy, rate=plan.rate, muon=plan.muon)
        # Sums since they were last read: loss, right choices, covered labels, steps.
        self.sums = torch.zeros(4, device=self.device)
        self._problem = problem
        self._pool = pool
        self._plan = plan
        self._measure: Callable[[View, Tensor], tuple[Tensor, Tensor]] = self._loss
        self._graph: Any = None
        self.mode = self._start(plan.mode)

    @torch.no_grad()
    def _sample(self) -> tuple[View, Tensor]:
        views, targets = [], []
        for rows in self._pool.draw(self._plan.batch):
            state, wanted = self._problem.draw(rows)
            view = self._problem.observe(state, self.policy.config.width)
            if self.device.type == "cuda":
                # Read by every layer: half the memory traffic.
                view = view._replace(edges=view.edges.bfloat16())
            views.append(view)
            targets.append(target_of(view, wanted))
        joined = View(*(torch.cat(parts) for parts in zip(*views, strict=True)))
        return joined, torch.cat(targets)

    def _precision(self) -> AbstractContextManager[Any]:
        if self.device.type != "cuda":
            return nullcontext()
        return torch.autocast("cuda", torch.bfloat16, cache_enabled=False)

    def _loss(self, view: View, target: Tensor) -> tuple[Tensor, Tensor]:
        with self._precision():
            scores = self.policy(view.tokens, view.edges, view.valid)
        logits = masked_logits(scores, view)
        covered = target.sum()
        loss = -(torch.log_softmax(logits, 1) * target).sum() / covered.clamp(min=1.0)
        with torch.no_grad():
            best = logits.argmax(1, keepdim=True)
            right = (target.gather(1, best)[:, 0] > 0).float().mean()
            sums = torch.stack([loss.detach(), right, covered / len(target)])
        return loss, sums

    def _once(self) -> None:
        view, target = self._sample()
        loss, sums = self._measure(view, target)
        grads = torch.autograd.grad(loss, self.optimizer.parameters)
        self.optimizer.step(list(grads))
        self.sums[:3] += sums
        self.sums[3] += 1.0

    def _start(self, mode: str) -> str:
        """Compile and capture as far as that works; return how far that was."""
        if self.device.type != "cuda" or mode == "eager":
            return "eager"
        measure, reached = self._measure, "compile"
        try:
            self._measure = torch.compile(measure, dynamic=False)
            self._warm_up()
        except Exception as error:
            print(f"not compiled: {error}", file=sys.stderr)
            self._measure, reached = measure, "eager"
        if mode == "graph":
            try:
                self._warm_up()
                graph = torch.cuda.CUDAGraph()
                with torch.cuda.graph(graph):
                    self._once()
                self._graph, reached = graph, f"graph of {reached}"
            except Exception as error:
                print(f"no CUDA graph: {error}", file=sys.stderr)
        return reached

    def _warm_up(self) -> None:
        """Run a few steps with rate 0 beside the main stream."""
        self.optimizer.factor.zero_()
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                self._once()
        torch.cuda.current_stream().wait_stream(stream)
        torch.cuda.synchronize()

    def run(self, factor: float) -> None:
        """Take a step with a share of the highest learning rate."""
        self.optimizer.factor.fill_(factor)
        if self._graph is None:
            self._once()
        else:
            self._graph.replay()

    def read(self) -> list[float]:
        """Return the means since the last call; waits for the device."""
        values: list[float] = self.sums.tolist()
        self.sums.zero_()
        return [value / max(1.0, values[3]) for value in values[:3]]


def _factor(progress: float) -> float:
    """Return the learning rate at a part of the time: up, level, down to 0."""
    return max(0.0, min(1.0, progress / _RISE, (1.0 - progress) / (1.0 - _FALL)))


def train(
    problem: Problem,
    config: Config,
    plan: Plan,
    labels: Path,
    out: Path,
    device: torch.device,
    *,
    init: Policy | None = None,
    sets: Mapping[str, float] | None = None,
) -> tuple[Policy, list[dict[str, float]]]:
    """Train until the minutes are over; return the averaged policy and the curve.

    Parameters
    ----------
    problem : Problem
        What to learn.
    config : Config
        The network.
    plan : Plan
        How to train.
    labels : Path
        Folder with shards; more may appear during training.
    out : Path
        Folder of the checkpoint; training goes on from one that is there.
    device : torch.device
        Where to train.
    init : Policy, optional
        Where to start from, of the same configuration.
    sets : mapping of str to float, optional
        Label sets and their shares of a batch; the problem's own by default.
    """
    began = time.perf_counter()
    torch.manual_seed(plan.seed)
    out.mkdir(parents=True, exist_ok=True)
    pool = Pool(problem, labels, device, sets)
    while not pool.complete():
        pool.refresh(wait=True)
        if not pool.complete():
            time.sleep(0.5)
    policy = Policy(config).to(device)
    if init is not None:
        policy.load_state_dict(init.state_dict())
    step = _Step(problem, policy, pool, plan)
    checkpoint = out / f"{problem.name}.ckpt"
    curve: list[dict[str, float]] = []
    steps, earlier = 0, 0.0
    if checkpoint.exists():
        steps, earlier, curve = _resume(checkpoint, policy, step.optimizer, plan.seed)
    else:
        # The warm-up moved the average's counters.
        step.optimizer.forget()
    step.read()
    setup = time.perf_counter() - began
    print(
        f"{problem.name}: {step.mode}, set up in {setup:.0f} s, {pool.size}", flush=True
    )
    while time.time() < plan.begin:
        pool.refresh(wait=True)
        time.sleep(min(1.0, max(0.0, plan.begin - time.time())))
    started = looked = saved = noted = time.perf_counter()
    # The set-up counts, unless its time was given.
    whole = 60.0 * plan.minutes
    if not earlier and not plan.begin:
        whole -= min(setup, 0.5 * whole)
    origin = started - earlier
    while True:
        for _ in range(_STRIDE):
            now = time.perf_counter()
            step.run(_factor((now - origin) / whole))
            steps += 1
        if device.type == "cuda":
            torch.cuda.synchronize()
        now = time.perf_counter()
        elapsed = now - origin
        done = elapsed >= whole
        if done or now - noted >= max(1.0, whole / 60.0):
            loss, right, covered = step.read()
            noted = now
            curve.append(
                {
                    "seconds": round(elapsed, 2),
                    "steps": steps,
                    "loss": round(loss, 5),
                    "right": round(right, 5),
                    "covered": round(covered, 5),
                    "labels": sum(pool.size.values()),
                }
            )
            print(f"{problem.name}: {json.dumps(curve[-1])}", flush=True)
        if done:
            break
        if now - looked >= _LOOK:
            looked = now
            pool.refresh()
        if now - saved >= _SAVE:
            saved = now
            _save(checkpoint, policy, step.optimizer, steps, elapsed, curve)
    _save(checkpoint, policy, step.optimizer, steps, whole, curve)
    final = Policy(config).to(device)
    with torch.no_grad():
        for mine, average in zip(
            final.parameters(), step.optimizer.average, strict=True
        ):
            mine.copy_(average)
    return final.eval(), curve


def _save(
    path: Path,
    policy: Policy,
    optimizer: Optimizer,
    steps: int,
    elapsed: float,
    curve: list[dict[str, float]],
) -> None:
    temporary = path.with_name(f".{path.name}")
    torch.save(
        {
            "config": policy.config.to_dict(),
            "policy": policy.state_dict(),
            "optimizer": optimizer.state_dict(),
            "steps": steps,
            "elapsed": elapsed,
            "curve": curve,
        },
        temporary,
    )
    temporary.replace(path)


def _resume(
    path: Path, policy: Policy, optimizer: Optimizer, seed: int
) -> tuple[int, float, list[dict[str, float]]]:
    state = torch.load(path, map_location="cpu", weights_only=True)
    if state["config"] != policy.config.to_dict():
        raise UsageError(f"{path}: a checkpoint of another network")
    with torch.no_grad():
        for name, value in policy.state_dict().items():
            value.copy_(state["policy"][name])
    optimizer.load_state_dict(state["optimizer"])
    # The sub-problems of the first part must not come again.
    torch.manual_seed(seed + state["steps"])
    return state["steps"], state["elapsed"], state["curve"]


def _hardware(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()}, {torch.get_num_threads()} threads"


def run(options: argparse.Namespace) -> None:
    """Train as the arguments of ``combkit.neural.bq.command`` say."""
    from combkit.neural.bq import evaluate, own, weights

    torch.set_num_threads(options.threads)
    device = device_of(options.device)
    problem = problem_of(options.problem)
    init = _initial(options)
    config = _config(options, problem, device) if init is None else init.config
    rate = options.rate or (Plan.rate if init is None else _GENTLE * Plan.rate)
    plan = Plan(
        options.minutes,
        options.batch or (1024 if device.type == "cuda" else 256),
        rate,
        not options.adamw,
        options.seed,
        options.mode,
        options.begin,
    )
    labels = options.labels or options.out / "labels"
    held: own.Held = []
    sets = dict(problem.sets)
    if options.files:
        print(f"labelling {len(options.files)} instances", flush=True)
        held = own.label(
            problem.name, options.files, labels, options.label_seconds, options.seed
        )
        # Without drawn instances beside them, own ones are all there is.
        drawn = options.workers or any(labels.glob(f"{next(iter(sets))}.*.npz"))
        share = _OWN if drawn else 0.0
        sets = {name: part * share for name, part in sets.items() if share}
        sets[own.OWN] = 1.0 - share
    for name in sets:
        if not options.workers and not any(labels.glob(f"{name}.*.npz")):
            raise UsageError(f"no labels {name!r} in {labels}: --workers makes some")
    maker = _make_labels(problem, labels, options) if options.workers else None
    try:
        policy, curve = train(
            problem, config, plan, labels, options.out, device, init=init, sets=sets
        )
    finally:
        if maker is not None:
            maker.terminate()
            maker.wait()
    quality: dict[str, float] = evaluate.measure(
        problem, policy, options.test, device, options.references
    )
    if held:
        if init is not None:
            before = own.gap_of(problem, init.to(device).eval(), held, device)
            quality["held_out_gap_before"] = round(before, 4)
        after = own.gap_of(problem, policy, held, device)
        quality["held_out_gap"] = round(after, 4)
        quality["held_out"] = len(held)
    card = {
        "data": "labels of the project's own search, "
        + ", ".join(f"{k}: {v:g}" for k, v in sets.items()),
        "seed": options.seed,
        "command": _command(options),
        "minutes": round(curve[-1]["seconds"] / 60.0, 2),
        "steps": curve[-1]["steps"],
        "batch": plan.batch,
        "labels": curve[-1]["labels"],
        "hardware": _hardware(device),
        "torch": torch.__version__,
        "quality": quality,
    }
    weights.save(
        policy,
        options.out / f"{problem.name}.safetensors",
        problem.name,
        card,
        torch.float16,
    )
    (options.out / f"{problem.name}.curve.json").write_text(
        json.dumps({"card": card, "curve": curve})
    )
    print(f"{problem.name}: {json.dumps(quality)}", flush=True)


def _initial(options: argparse.Namespace) -> Policy | None:
    """Return the policy to start from, if one was named."""
    from combkit.neural.bq import model, weights

    if options.init is None:
        return None
    if options.init == "shipped":
        return model.shipped(options.problem)[0]
    return weights.load(Path(options.init), options.problem)[0]


def _config(
    options: argparse.Namespace, problem: Problem, device: torch.device
) -> Config:
    sizes: dict[str, int | str | bool] = dict(PAPER) if options.paper else {}
    if not options.paper and device.type == "cpu":
        sizes |= {"dim": 64, "depth": 4, "heads": 4, "hidden": 256}
    for name in ("dim", "depth", "heads", "hidden", "width"):
        if getattr(options, name):
            sizes[name] = getattr(options, name)
    return Config.of(problem, **sizes)


def _command(options: argparse.Namespace) -> str:
    """Return the command line of the arguments that say what was learned."""
    names = ("minutes", "init", "data", "batch", "seed", "rate", "paper", "adamw")
    words = ["combkit train bq", options.problem]
    for name in names:
        value = getattr(options, name)
        if value is not None and value is not False:
            words.append(f"--{name}" if value is True else f"--{name} {value}")
    return " ".join(words)


def _make_labels(
    problem: Problem, folder: Path, options: argparse.Namespace
) -> subprocess.Popen[bytes]:
    """Start worker processes that fill a folder with labels."""
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "combkit.neural.bq.labels",
            *(f"{name}={options.shards}" for name in problem.sets),
            "--out",
            str(folder),
            "--seed",
            str(options.seed),
            "--workers",
            str(options.workers),
        ]
    )
