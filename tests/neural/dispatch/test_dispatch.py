"""The learned rule: encoding, construction, decoding, labels."""

import copy
from collections import Counter
from itertools import product

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'neural'")

from combkit.instances.errors import InvalidProblemError  # noqa: E402
from combkit.instances.jobshop import JobShop  # noqa: E402
from combkit.instances.solutions import Schedule  # noqa: E402
from combkit.neural.dispatch.decode import decode  # noqa: E402
from combkit.neural.dispatch.encoding import (  # noqa: E402
    Encoding,
    collate,
    flexible_job_shop,
    job_shop,
    rcpsp,
)
from combkit.neural.dispatch.environment import Environment, Problems  # noqa: E402
from combkit.neural.dispatch.generate import draw, random_job_shop  # noqa: E402
from combkit.neural.dispatch.labels import label  # noqa: E402
from combkit.neural.dispatch.policy import Policy, PolicyConfig  # noqa: E402
from combkit.neural.dispatch.rollout import (  # noqa: E402
    RULES,
    Sampler,
    build,
    greedy,
    head_of,
    replay,
    row_of,
    rule_key,
    tables_of,
)

SHAPES = [("jsp", 6, 4), ("fjsp", 5, 4), ("rcpsp", 20, 3)]
CPU = torch.device("cpu")


@pytest.fixture
def policy() -> Policy:
    """A policy whose logits differ much, so that choices are clear."""
    torch.manual_seed(0)
    policy = Policy(PolicyConfig(width=16, layers=2, head=16))
    torch.nn.init.normal_(policy.score.weight)
    return policy.eval()


def violations(e: Encoding, modes: np.ndarray, starts: np.ndarray) -> list[str]:
    """Check a schedule against the encoding, sharing no code with its builders."""
    wrong = []
    task = e.task_of[modes]
    if sorted(task) != list(range(e.n_tasks)):
        wrong.append("not every task once")
    begin, end = dict(zip(task, starts, strict=True)), {}
    for t, m, s in zip(task, modes, starts, strict=True):
        end[t] = s + e.duration[m]
    for t in range(e.n_tasks):
        for after in e.successors[t]:
            if after < e.n_tasks and begin[after] < end[t]:
                wrong.append(f"{after} before the end of {t}")
    for now in set(starts):
        used = np.zeros(e.n_resources + 1)
        for t, m in zip(task, modes, strict=True):
            if begin[t] <= now < end[t]:
                np.add.at(used, e.resource[m], e.demand[m])
        if (used[:-1] > e.capacity[:-1]).any():
            wrong.append(f"overload at {now}")
    return wrong


@pytest.mark.parametrize("shape", SHAPES)
def test_environment_and_kernel_agree(shape, policy) -> None:
    """Same candidates, features and choices, for problems of different sizes."""
    rng = np.random.default_rng(1)
    encodings = [draw(shape, rng) for _ in range(4)]
    encodings.append(draw((shape[0], shape[1] - 2, shape[2] - 1), rng))
    batch = collate(encodings)
    problems = Problems(batch, CPU)
    environment = Environment(problems, 1, 8)
    static = policy.encode(problems)
    seen, taken = [], []
    with torch.no_grad():
        for _ in range(problems.n_tasks):
            now = environment.observe()
            best = policy(static, problems, now).argmax(2, keepdim=True)
            taken.append(now.mode.gather(2, best)[..., 0])
            seen.append(now)
            environment.apply(taken[-1], now.start.gather(2, best)[..., 0])
    for i, e in enumerate(encodings):
        head = head_of(policy, static[i].detach().numpy())
        modes, starts, makespan = greedy(row_of(batch, i), head, width=8)
        assert modes.tolist() == [int(m[i, 0]) for m in taken][: e.n_tasks]
        assert makespan == environment.makespan[i, 0]
        assert violations(e, modes, starts) == []
        key = np.full(batch.duration.shape[1] - 1, np.inf)
        key[modes] = np.arange(modes.size)
        record = replay(row_of(batch, i), key, width=8)
        wide = [s for s in seen if s.valid[i, 0].sum() > 1]
        assert len(wide) == record.count.size
        for row, s in enumerate(wide):
            k = record.count[row]
            assert k == s.valid[i, 0].sum()
            assert record.mode[row, :k].tolist() == s.mode[i, 0, :k].tolist()
            np.testing.assert_allclose(
                record.features[row, :k], s.features[i, 0, :k], atol=2e-4
            )


@pytest.mark.parametrize("shape", SHAPES)
def test_padding_changes_nothing(shape) -> None:
    """A problem is built alike alone and beside a larger one."""
    rng = np.random.default_rng(2)
    small, large = draw(shape, rng), draw((shape[0], 9, 5), rng)
    row = row_of(collate([small, large]), 0)
    for name in RULES:
        key = rule_key(name, small)
        padded = np.append(key, np.full(row.task_of.size - 1 - key.size, np.inf))
        alone, beside = build(tables_of(small), key), build(row, padded)
        assert alone[0].tolist() == beside[0].tolist()
        assert alone[2] == beside[2]


def test_every_choice_contains_an_optimum() -> None:
    """The best of all schedules that can be built is the best semi-active one."""
    rng = np.random.default_rng(3)
    for _ in range(5):
        shop = random_job_shop(3, 3, rng)
        tables = tables_of(job_shop(shop))
        # Random keys meet every active schedule of so small a problem.
        found = min(build(tables, rng.random(9))[2] for _ in range(400))
        assert found == _brute_force(shop)


def _brute_force(shop: JobShop) -> float:
    """Return the least makespan over all orders of the operations."""

    def extended(done, ready, free) -> float:
        ends = []
        for j, k in enumerate(done):
            if k < shop.machines[j].size:
                m = shop.machines[j][k]
                end = max(ready[j], free[m]) + int(shop.durations[j][k])
                ends.append(
                    extended(
                        (*done[:j], k + 1, *done[j + 1 :]),
                        (*ready[:j], end, *ready[j + 1 :]),
                        (*free[:m], end, *free[m + 1 :]),
                    )
                )
        return min(ends) if ends else max(ready)

    zeros = (0,) * shop.n_jobs
    return extended(zeros, zeros, (0,) * shop.n_machines)


def choices_of(e) -> set[tuple[int, ...]]:
    """Return every sequence of modes that choices among candidates lead to."""
    found = set()

    def go_on(environment: Environment, modes: tuple[int, ...]) -> None:
        if len(modes) == e.n_tasks:
            found.add(modes)
            return
        mode, start, _ = environment.candidates()
        for k in range(mode.shape[2]):
            if mode[0, 0, k] < e.n_modes:
                after = copy.deepcopy(environment)
                after.apply(mode[:, :, k], start[:, :, k])
                go_on(after, (*modes, int(mode[0, 0, k])))

    go_on(Environment(Problems(collate([e]), CPU), 1, 16), ())
    return found


@pytest.mark.parametrize("shape", [("jsp", 3, 2), ("fjsp", 2, 2), ("rcpsp", 4, 2)])
@pytest.mark.parametrize("temperature", [0.05, 1.0, 20.0])
def test_every_sequence_of_choices_is_drawn_once(shape, temperature, policy) -> None:
    e = draw(shape, np.random.default_rng(7))
    row = row_of(collate([e]), 0)
    with torch.no_grad():
        static = policy.encode(Problems(collate([e]), CPU))[0].numpy()
    sampler = Sampler(row, head_of(policy, static), np.ones(1, np.uint64), width=16)
    drawn = [*iter(lambda: sampler.draw(temperature), None)]
    sequences = [tuple(built[0].tolist()) for built in drawn]
    # Those whose chances are negligible beside others may be left out.
    assert len(set(sequences)) == len(sequences)
    assert set(sequences) <= choices_of(e)
    if temperature > 1.0:
        assert set(sequences) == choices_of(e)


def test_draws_follow_the_chances_of_the_rule(policy) -> None:
    """A second draw is as frequent as the chances tell without the first."""
    e = draw(("jsp", 3, 2), np.random.default_rng(7))
    row = row_of(collate([e]), 0)
    with torch.no_grad():
        static = policy.encode(Problems(collate([e]), CPU))[0].numpy()
    head, random = head_of(policy, static), np.ones(1, np.uint64)
    first, second = Counter(), Counter()
    for _ in range(2000):
        sampler = Sampler(row, head, random)
        one, other = sampler.draw(10.0), sampler.draw(10.0)
        first[tuple(one[0].tolist())] += 1
        second[tuple(one[0].tolist()), tuple(other[0].tolist())] += 1
    # Given the first, the second is drawn by the chances of what is left.
    for (a, b), count in second.items():
        chance = first[a] / 2000 * first[b] / (2000 - first[a])
        assert count / 2000 == pytest.approx(chance, abs=0.04)


def test_flexible_optimum_is_reachable() -> None:
    """All machine assignments of a flexible shop, against its own choices."""
    rng = np.random.default_rng(4)
    options = [
        [[(int(k), int(rng.integers(1, 9))) for k in rng.permutation(2)] for _ in "ab"]
        for _ in "ab"
    ]
    tables = tables_of(flexible_job_shop(options))
    found = min(build(tables, rng.random(8))[2] for _ in range(2000))
    best = np.inf
    for picks in product(range(2), repeat=4):
        chosen = [[options[j][k][picks[2 * j + k]] for k in range(2)] for j in range(2)]
        shop = JobShop(
            [[k for k, _ in job] for job in chosen],
            [[d for _, d in job] for job in chosen],
        )
        if shop.n_machines == 2:
            best = min(best, _brute_force(shop))
    assert found <= best


def test_units_of_a_cumulative_resource() -> None:
    """Three tasks of two units on three of them run one after the other."""
    e = rcpsp([3, 4, 5, 2], [[2], [2], [2], [1]], [3], [[], [], [], []])
    key = np.arange(4.0)
    modes, starts, makespan = build(tables_of(e), key)
    assert makespan == 12
    assert violations(e, modes, starts) == []
    assert dict(zip(modes.tolist(), starts.tolist(), strict=True))[3] == 0


def test_label_improves_and_stays_feasible() -> None:
    """A label is no worse than its schedule, and a job shop's is much better."""
    rng = np.random.default_rng(5)
    for shape in [("jsp", 10, 10), ("fjsp", 6, 4), ("rcpsp", 30, 3)]:
        tables = tables_of(draw(shape, rng))
        modes, _, makespan = build(tables, rng.random(tables.task_of.size - 1))
        made = label(tables, modes, width=16, improve=300, climbs=30, seed=1)
        assert made.makespan <= makespan * (0.9 if shape[0] == "jsp" else 1.0)
        again = label(tables, modes, width=16, improve=300, climbs=30, seed=1)
        assert made.makespan == again.makespan
        assert made.action.tolist() == again.action.tolist()


@pytest.mark.parametrize("shape", [("jsp", 8, 6), ("fjsp", 6, 4), ("rcpsp", 20, 3)])
def test_a_label_completes_what_was_cut(shape) -> None:
    """Choices before the cut are no labels, those after it go on from there."""
    rng = np.random.default_rng(6)
    tables = tables_of(draw(shape, rng))
    modes, _, makespan = build(tables, rng.random(tables.task_of.size - 1))
    options = {"width": 16, "improve": 300, "climbs": 100, "seed": 1}
    whole = label(tables, modes, **options)
    half = label(tables, modes, cut=0.5, **options)
    kept = modes[: modes.size // 2]
    taken = half.mode[np.arange(half.action.size), half.action]
    assert 0 < taken.size < whole.action.size
    assert not np.isin(taken, kept).any()
    assert whole.makespan <= half.makespan <= makespan
    assert half.makespan < makespan or shape[0] == "rcpsp"
    # What was kept and then taken is the schedule of that makespan.
    key = np.full(tables.task_of.size - 1, np.inf)
    key[kept] = np.arange(kept.size)
    first = replay(tables, key, width=16)
    before = first.action.size - first.without(kept).action.size
    np.testing.assert_array_equal(half.features[0], first.features[before])


def test_decode_is_deterministic_and_valid(policy) -> None:
    """Same seed, same schedules; each is a job shop's schedule by its own check."""
    shops = [random_job_shop(5, 4, np.random.default_rng(i)) for i in range(2)]
    problems = Problems(collate([job_shop(s) for s in shops]), CPU)

    def drawn(seed: int) -> tuple:
        generator = torch.Generator().manual_seed(seed)
        return decode(
            policy,
            problems,
            3,
            width=8,
            temperature=torch.tensor([0.2, 0.5, 1.0]),
            generator=generator,
        )

    (modes, ends), (again, _), (other, _) = drawn(1), drawn(1), drawn(2)
    assert torch.equal(modes, again)
    assert not torch.equal(modes, other)
    for i, s in product(range(2), range(3)):
        key = np.empty(20)
        key[modes[i, s].numpy()] = np.arange(20)
        order, starts, makespan = build(tables_of(job_shop(shops[i])), key, width=8)
        assert makespan == ends[i, s]
        begin = np.empty(20, dtype=np.int64)
        begin[order] = starts
        schedule = Schedule(begin.reshape(5, 4).tolist())
        assert shops[i].check(schedule) == []
        assert shops[i].evaluate(schedule) == makespan


def test_bounds_of_a_project() -> None:
    """Heads, tails and the deciding successor of a diamond."""
    e = rcpsp([2, 3, 7, 1], [[1]] * 4, [2], [[1, 2], [3], [3], []])
    assert e.head.tolist() == [0, 2, 2, 9, 0]
    assert e.tail.tolist() == [8, 1, 1, 0, 0]
    assert e.steps.tolist() == [2, 1, 1, 0, 0]
    assert e.critical.tolist() == [2, 3, 3, 4, 4]


@pytest.mark.parametrize(
    ("tasks", "pairs", "reason"),
    [
        ([[(1, {0: 3})]], [], "takes 3 of 2"),
        ([[]], [], "no mode"),
        ([[(-1, {})]], [], "duration -1"),
        ([[(1, {})], [(1, {})]], [(0, 1), (1, 0)], "cycle"),
    ],
)
def test_bad_problems_are_named(tasks, pairs, reason) -> None:
    with pytest.raises(InvalidProblemError, match=reason):
        _ = Encoding.build(tasks, pairs, [2]).head
