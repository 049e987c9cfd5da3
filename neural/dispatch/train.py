"""Train the learned dispatching rule: imitate the best of one's own schedules.

Each round draws problems of one class and size, builds many schedules of each
with the current rule, takes the best, improved by a short search (tabu for shops,
the genetic one for projects), and fits the rule to its choices, as in self-labelling
[1]_.

    combkit train dispatch --out DIR --minutes 60

``DIR`` receives ``dispatch.safetensors`` (the averaged weights and their card),
``state.safetensors`` (to go on after an interruption) and ``curve.csv``.

References
----------
.. [1] A. Corsini, A. Porrello, S. Calderara, M. Dell'Amico, "Self-labeling the
   job shop scheduling problem", NeurIPS 2024.
"""

from __future__ import annotations

import argparse
import copy
import math
import multiprocessing
import platform
import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from combkit.instances.errors import UnsupportedFeatureError, UsageError
from combkit.instances.formats import read
from combkit.neural.dispatch.checkpoint import load, save, save_policy
from combkit.neural.dispatch.decode import decode
from combkit.neural.dispatch.encoding import Batch, Encoding, collate
from combkit.neural.dispatch.environment import Problems
from combkit.neural.dispatch.generate import Shape, draw
from combkit.neural.dispatch.labels import Choices, label, stacked
from combkit.neural.dispatch.policy import Policy, PolicyConfig
from combkit.neural.dispatch.problems import encoding_of, unsupported
from combkit.neural.dispatch.rollout import (
    RULES,
    WIDTH,
    Sampler,
    build,
    greedy,
    head_of,
    row_of,
    rule_key,
    tables_of,
)
from combkit.neural.dispatch.rule import loaded

__all__ = ["SHAPES", "TrainConfig", "Trainer", "run"]

#: Shapes trained on by default, and how often each is drawn.
SHAPES: dict[Shape, float] = {
    ("jsp", 6, 6): 0.03,
    ("jsp", 10, 10): 0.12,
    ("jsp", 15, 10): 0.08,
    ("jsp", 15, 15): 0.12,
    ("jsp", 20, 10): 0.08,
    ("jsp", 20, 15): 0.12,
    ("jsp", 20, 20): 0.10,
    ("jsp", 30, 10): 0.04,
    ("jsp", 30, 15): 0.04,
    ("fjsp", 10, 5): 0.08,
    ("fjsp", 10, 10): 0.05,
    ("fjsp", 15, 8): 0.06,
    ("rcpsp", 30, 4): 0.13,
    ("rcpsp", 60, 4): 0.13,
    ("rcpsp", 120, 4): 0.13,
}

#: Problems watched during training, by class.
_WATCHED: dict[str, tuple[Shape, ...]] = {
    "jsp": (("jsp", 10, 10), ("jsp", 15, 15)),
    "fjsp": (("fjsp", 10, 5), ("fjsp", 15, 8)),
    "rcpsp": (("rcpsp", 30, 4), ("rcpsp", 60, 4)),
}
_WATCHED_EACH = 12
_WATCHED_SEED = 987654321

_SAVE_EVERY_S = 120.0
#: What a card says of an earlier training.
_OF_A_TRAINING = ("iteration", "seconds", "hardware", "settings")

#: Lowest and highest temperature of the samples of a problem.
_TEMPERATURES = 0.2, 1.0
_COLUMNS = (
    "seconds,iteration,shape,loss,accuracy,sampled,labelled,rate,"
    "greedy_jsp,greedy_fjsp,greedy_rcpsp"
)


@dataclass(frozen=True)
class TrainConfig:
    """Settings of a training.

    Parameters
    ----------
    minutes : float
        Time budget; the learning rate is annealed over it.
    iterations : int
        Most rounds, 0 for no limit.
    seed : int
        Seed of problems, samples and weights.
    instances, samples : int
        Problems a round, and schedules of each.
    starts : int
        Schedules of each problem sampled where a search follows.
    improve : int
        Steps of the search on labels: of tabu search on those of shops, children
        of the genetic search on those of projects.
    climbs : int
        Random moves tried on labels of flexible job shops.
    cuts : float
        Part of the labels that complete a schedule cut at a random step.
    updates : int
        Gradient steps a round, on recent rounds.
    memory : int
        Rounds remembered for them.
    rate : float
        Learning rate at its peak.
    average : float
        Decay of the averaged weights.
    candidates : int
        Most candidates a step.
    workers : int
        Processes that draw problems, and threads that improve labels; 0: none.
    half : bool
        Sample in bfloat16.
    """

    minutes: float = 60.0
    iterations: int = 0
    seed: int = 0
    instances: int = 16
    samples: int = 32
    starts: int = 4
    improve: int = 1000
    climbs: int = 200
    cuts: float = 0.5
    updates: int = 4
    memory: int = 24
    rate: float = 1e-3
    average: float = 0.998
    candidates: int = WIDTH
    workers: int = 0
    half: bool = False


def _drawn(
    shape: Shape, count: int, seed: Sequence[int], own: Sequence[Encoding]
) -> Batch:
    """Return a batch of random problems, or of some of one's own."""
    rng = np.random.default_rng(seed)
    if own:
        return collate([own[k] for k in rng.integers(0, len(own), count)])
    return collate([draw(shape, rng) for _ in range(count)])


class Trainer:
    """A training that can be stopped and resumed.

    Parameters
    ----------
    out : Path
        Folder of its files.
    config : TrainConfig
        Settings.
    network : PolicyConfig
        Sizes of the network; those of ``init`` or of a saved state win.
    device : torch.device
        Where to train.
    shapes : dict of Shape to float
        What to draw, and how often.
    own : mapping of str to sequence of Encoding
        Own problems by class; half of the rounds are theirs.
    init : Policy, optional
        Policy to start from.
    before : sequence of mapping
        Trainings that made it, for the card.
    """

    def __init__(
        self,
        out: Path,
        config: TrainConfig,
        *,
        network: PolicyConfig | None = None,
        device: torch.device,
        shapes: dict[Shape, float] = SHAPES,
        own: Mapping[str, Sequence[Encoding]] = MappingProxyType({}),
        init: Policy | None = None,
        before: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.before = list(before)
        self.out, self.config, self.device = out, config, device
        self.own = own
        drawn = sum(shapes.values())
        count = sum(map(len, own.values()))
        # As many rounds of one's own as of others.
        chances = {
            **shapes,
            **{
                (kind, 0, 0): (drawn or 1.0) * len(found) / count
                for kind, found in own.items()
            },
        }
        self.shapes = list(chances)
        self.chances = np.array(list(chances.values())) / sum(chances.values())
        self.iteration, self.steps, self.elapsed = 0, 0, 0.0
        self.memory: deque[tuple[Problems, dict[str, Tensor]]] = deque(
            maxlen=config.memory
        )
        torch.manual_seed(config.seed)
        out.mkdir(parents=True, exist_ok=True)
        # The one given may be in use elsewhere.
        self.policy = copy.deepcopy(init) or Policy(network or PolicyConfig())
        state = self._state_file
        if state.exists():
            tensors, card = load(state)
            self.policy = Policy(PolicyConfig(**card["config"]))
        self.policy.to(device).train()
        self.averaged = copy.deepcopy(self.policy).eval()
        self.optimizer = torch.optim.AdamW(
            self.policy.parameters(), lr=config.rate, weight_decay=1e-4
        )
        if state.exists():
            self._restore(tensors, card)
        self.watched = {
            name: [
                draw(shape, rng)
                for shape in shapes
                for rng in np.random.default_rng(_WATCHED_SEED).spawn(_WATCHED_EACH)
            ]
            for name, shapes in _WATCHED.items()
            if any(shape[0] == name for shape in self.shapes)
        }
        self.rules = {
            name: np.array([_best_rule(e) for e in encodings])
            for name, encodings in self.watched.items()
        }

    @property
    def _state_file(self) -> Path:
        return self.out / "state.safetensors"

    def run(self) -> None:
        """Train until the budget is spent, saving now and then."""
        config = self.config
        started, before = time.perf_counter(), self.elapsed
        saved = started
        pool, threads = self._pools()
        ahead: deque[Future[Batch] | Batch] = deque()
        pending: tuple[Shape, Problems, list[Any], float] | None = None
        if self.iteration == 0:
            (self.out / "curve.csv").write_text(_COLUMNS + "\n")
            self._log(None, 0.0, 0.0, 0.0, 0.0, watch=True)
        while self.progress < 1.0:
            while len(ahead) <= 2 * config.workers:
                k = self.iteration + len(ahead)
                shape = self._shape(k)
                own = () if shape[1] else self.own[shape[0]]
                task = (shape, config.instances, (config.seed, k), own)
                ahead.append(pool.submit(_drawn, *task) if pool else _drawn(*task))
            head = ahead.popleft()
            batch = head.result() if isinstance(head, Future) else head
            shape = self._shape(self.iteration)
            problems = Problems(batch, self.device)
            modes, sampled = self._sampled(batch, problems)
            jobs = self._labels(batch, modes, threads)
            # With threads, the labels of a round are made during the next one.
            if pending is not None:
                self._learn(*pending)
            pending = (shape, problems, jobs, sampled)
            if threads is None:
                self._learn(*pending)
                pending = None
            self.iteration += 1
            now = time.perf_counter()
            self.elapsed = before + now - started
            if now - saved > _SAVE_EVERY_S:
                self._save()
                saved = now
        if pending is not None:
            self._learn(*pending)
        for one in (pool, threads):
            if one is not None:
                one.shutdown(cancel_futures=True)
        self._log(None, 0.0, 0.0, 0.0, 0.0, watch=True)
        self._save()

    @property
    def progress(self) -> float:
        """Part of the budget that is spent."""
        config = self.config
        spent = self.elapsed / (60.0 * config.minutes)
        if config.iterations:
            spent = max(spent, self.iteration / config.iterations)
        return spent

    def _pools(self) -> tuple[ProcessPoolExecutor | None, ThreadPoolExecutor | None]:
        workers = self.config.workers
        if workers == 0:
            return None, None
        spawn = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(workers, spawn), ThreadPoolExecutor(workers)

    def _shape(self, iteration: int) -> Shape:
        """Return the shape of a round; a function of seed and round alone."""
        rng = np.random.default_rng((self.config.seed, iteration, 1))
        return self.shapes[int(rng.choice(len(self.shapes), p=self.chances))]

    def _sampled(
        self, batch: Batch, problems: Problems
    ) -> tuple[NDArray[np.int64], float]:
        """Return the best of the schedules sampled, and its mean over the horizon."""
        config = self.config
        seed = int(
            np.random.default_rng((config.seed, self.iteration, 2)).integers(2**62)
        )
        count = config.starts if config.improve > 0 else config.samples
        # Cold samples are good, warm ones differ: a label needs both.
        temperatures = np.linspace(*_TEMPERATURES, count)
        if self.device.type == "cpu":
            modes, makespan = self._sampled_singly(batch, seed, temperatures)
        else:
            generator = torch.Generator(self.device).manual_seed(seed)
            all_modes, ends = decode(
                self.policy,
                problems,
                count,
                width=config.candidates,
                temperature=torch.as_tensor(temperatures, dtype=torch.float32),
                generator=generator,
                half=config.half,
            )
            least, best = ends.min(1)
            index = best[:, None, None].expand(-1, 1, all_modes.shape[2])
            modes = all_modes.gather(1, index)[:, 0].cpu().numpy()
            makespan = least.cpu().numpy()
        return modes, float((makespan / batch.horizon).mean())

    def _sampled_singly(
        self, batch: Batch, seed: int, temperatures: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Sample on the CPU, a schedule at a time."""
        config = self.config
        random = np.array([seed * 2 + 1], dtype=np.uint64)
        n, none = batch.tail.shape[1] - 1, batch.duration.shape[1] - 1
        modes = np.full((batch.unit.size, n), none)
        makespan = np.full(batch.unit.size, np.inf)
        with torch.no_grad():
            static = self.policy.encode(Problems(batch, self.device)).numpy()
        for i in range(batch.unit.size):
            tables = row_of(batch, i)
            head = head_of(self.policy, static[i])
            sampler = Sampler(tables, head, random, width=config.candidates)
            for temperature in temperatures.tolist():
                built = sampler.draw(temperature)
                if built is None:
                    break
                order, _, end = built
                if end < makespan[i]:
                    makespan[i] = end
                    modes[i, : order.size] = order
        return modes, makespan

    def _labels(
        self, batch: Batch, modes: NDArray[np.int64], threads: Executor | None
    ) -> list[Any]:
        """Return the labels of a round, or futures of them."""
        config = self.config

        def one(i: int) -> Any:
            draws = np.random.default_rng((config.seed, self.iteration, 4, i))
            is_cut, cut = draws.random() < config.cuts, float(draws.random())
            return label(
                row_of(batch, i),
                modes[i],
                width=config.candidates,
                improve=config.improve,
                climbs=config.climbs,
                seed=self.iteration * config.instances + i,
                cut=cut if is_cut else 0.0,
            )

        if threads is None:
            return [one(i) for i in range(batch.unit.size)]
        return [threads.submit(one, i) for i in range(batch.unit.size)]

    def _learn(
        self, shape: Shape, problems: Problems, jobs: list[Any], sampled: float
    ) -> None:
        """Add the labels of a round to the memory and take gradient steps."""
        rows = [job.result() if isinstance(job, Future) else job for job in jobs]
        choices = stacked(rows)
        horizon = problems.arrays["horizon"].cpu().numpy()
        labelled = float((choices.makespan / horizon).mean())
        if choices.action.size:
            self.memory.append((problems, self._tensors(problems, choices)))
        if not self.memory:
            return
        config = self.config
        rng = np.random.default_rng((config.seed, self.iteration, 3))
        picks = [len(self.memory) - 1]
        picks += rng.integers(0, len(self.memory), config.updates - 1).tolist()
        first = (0.0, 0.0)
        for k, pick in enumerate(picks):
            loss, accuracy = self._step(*self.memory[pick])
            if k == 0:
                first = float(loss), float(accuracy)
        watch = self.iteration % 50 == 0
        self._log(shape, *first, sampled, labelled, watch=watch)

    def _tensors(self, problems: Problems, choices: Choices) -> dict[str, Tensor]:
        moved = {
            f.name: torch.as_tensor(getattr(choices, f.name), device=self.device)
            for f in fields(Choices)
            if f.name != "makespan"
        }
        offset = moved.pop("instance")[:, None] * (problems.n_modes + 1)
        moved["row"] = moved.pop("mode") + offset
        place = torch.arange(moved["row"].shape[1], device=self.device)
        moved["valid"] = place < moved.pop("count")[:, None]
        return moved

    def _step(
        self, problems: Problems, choices: dict[str, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Take one gradient step; return loss and accuracy."""
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate()
        static = self.policy.encode(problems).flatten(0, 1)
        logits = self.policy.head(
            static[choices["row"]], choices["features"], choices["valid"]
        )
        loss = torch.nn.functional.cross_entropy(logits, choices["action"])
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.policy.parameters(), 1.0)
        self.optimizer.step()
        with torch.no_grad():
            # Early on the average would be of nearly untrained weights.
            self.steps += 1
            decay = min(self.config.average, self.steps / (self.steps + 10.0))
            pairs = zip(
                self.averaged.parameters(), self.policy.parameters(), strict=True
            )
            for mean, new in pairs:
                mean.lerp_(new, 1.0 - decay)
            accuracy = (logits.argmax(1) == choices["action"]).float().mean()
        return loss.detach(), accuracy

    def _rate(self) -> float:
        """Return the learning rate: a short rise, then half a cosine."""
        done = min(self.progress, 1.0)
        rise = min(1.0, (done + 1e-3) / 0.02)
        return (
            self.config.rate * rise * (0.02 + 0.49 * (1.0 + math.cos(math.pi * done)))
        )

    def watch(self) -> dict[str, float]:
        """Return makespans over those of the best static rule, means by class."""
        policy = copy.deepcopy(self.averaged).cpu()
        ratios = {}
        for name, encodings in self.watched.items():
            ends = []
            for e in encodings:
                with torch.no_grad():
                    batch = collate([e])
                    static = policy.encode(Problems(batch, torch.device("cpu")))
                head = head_of(policy, static[0].numpy())
                ends.append(greedy(tables_of(e), head)[2])
            ratios[name] = float((np.array(ends) / self.rules[name]).mean())
        return ratios

    def _log(
        self,
        shape: Shape | None,
        loss: float,
        accuracy: float,
        sampled: float,
        labelled: float,
        *,
        watch: bool,
    ) -> None:
        """Append a row to the curve; a row with the watched problems is printed."""
        name = _name(shape) if shape else "-"
        row = f"{self.elapsed:.1f},{self.iteration},{name},{loss:.4f},{accuracy:.4f}"
        row += f",{sampled:.4f},{labelled:.4f},{self._rate():.2e}"
        ratios = self.watch() if watch else {}
        row += "".join(f",{ratios[k]:.4f}" if k in ratios else "," for k in _WATCHED)
        with (self.out / "curve.csv").open("a") as file:
            file.write(row + "\n")
        if watch:
            print(row, flush=True)

    def _save(self) -> None:
        """Write the averaged weights, and the state to resume from."""
        card = {
            "name": "combkit dispatch",
            "settings": asdict(self.config),
            "shapes": dict(
                zip(map(_name, self.shapes), self.chances.tolist(), strict=True)
            ),
            "iteration": self.iteration,
            "seconds": round(self.elapsed, 1),
            "steps": self.steps,
            "hardware": _hardware(self.device),
            "watched_over_best_static_rule": self.watch(),
            "before": self.before,
        }
        save_policy(self.out / "dispatch.safetensors", self.averaged, card)
        tensors = {f"policy.{k}": v for k, v in self.policy.state_dict().items()}
        tensors |= {f"averaged.{k}": v for k, v in self.averaged.state_dict().items()}
        for i, slots in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{i}.{k}": v for k, v in slots.items()}
        card["config"] = self.policy.config.to_dict()
        save(self._state_file, tensors, card)

    def _restore(self, tensors: dict[str, Tensor], card: dict[str, Any]) -> None:
        def part(prefix: str) -> dict[str, Tensor]:
            return {
                k.removeprefix(prefix): v
                for k, v in tensors.items()
                if k.startswith(prefix)
            }

        self.policy.load_state_dict(part("policy."))
        self.averaged.load_state_dict(part("averaged."))
        state = self.optimizer.state_dict()
        for name, value in part("optimizer.").items():
            i, key = name.split(".", 1)
            state["state"].setdefault(int(i), {})[key] = value
        self.optimizer.load_state_dict(state)
        self.iteration, self.elapsed = card["iteration"], card["seconds"]
        self.steps, self.before = card["steps"], card.get("before", [])


def _name(shape: Shape) -> str:
    return "x".join(map(str, shape))


def _best_rule(encoding: Encoding) -> float:
    """Return the least makespan of the static rules."""
    tables = tables_of(encoding)
    return min(build(tables, rule_key(name, encoding))[2] for name in RULES)


def _hardware(device: torch.device) -> str:
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return f"{platform.machine()} CPU, {torch.get_num_threads()} thread(s)"


def run(options: argparse.Namespace) -> None:
    """Train as ``combkit train dispatch`` was told to; see ``command``."""
    from combkit.neural.devices import device_of

    torch.set_num_threads(options.threads)
    torch.set_float32_matmul_precision("high")
    shapes = {
        shape: chance
        for shape, chance in SHAPES.items()
        if shape[0] in options.kinds and _tasks(shape) <= options.largest
    }
    own = _own(options.files)
    if not shapes and not own:
        raise UsageError(f"--largest {options.largest}: nothing to draw is that small")
    config = TrainConfig(
        minutes=options.minutes,
        iterations=options.iterations,
        seed=options.seed,
        instances=options.instances,
        samples=options.samples,
        improve=options.improve,
        cuts=options.cuts,
        rate=options.rate or (1e-4 if options.init else 1e-3),
        workers=options.workers,
        half=options.half,
    )
    init, before = None, []
    if options.init is not None:
        init, card = loaded(options.init)
        before = [*card.get("before", []), {k: card.get(k) for k in _OF_A_TRAINING}]
    sizes = {n: getattr(options, n) for n in ("width", "layers", "head")}
    Trainer(
        options.out,
        config,
        network=PolicyConfig(**{n: v for n, v in sizes.items() if v}),
        device=device_of(options.device),
        shapes=shapes,
        own=own,
        init=init,
        before=before,
    ).run()


def _tasks(shape: Shape) -> int:
    return shape[1] * (1 if shape[0] == "rcpsp" else shape[2])


def _own(files: Sequence[str]) -> dict[str, list[Encoding]]:
    """Read instances, by kind."""
    own: dict[str, list[Encoding]] = {}
    for path in files:
        problem = read(path)
        if (reason := unsupported(problem)) is not None:
            raise UnsupportedFeatureError(f"{path}: {reason}")
        own.setdefault(problem.kind, []).append(encoding_of(problem))
    return own
