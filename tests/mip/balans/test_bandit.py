"""Bandits against simulated arms, and as state machines."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from combkit.instances.errors import UsageError
from combkit.mip.balans.bandit import POLICIES, Bandit, make_bandit

LEARNING = [name for name in POLICIES if name != "uniform"]
NAMES = [*POLICIES, *(f"discounted-{name}" for name in POLICIES)]
MEANS = np.array([0.2, 0.35, 0.5, 0.3, 0.8])


def play(bandit: Bandit, means: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pull once a row of means; return the regret of each pull."""
    regret = np.zeros(len(means))
    for t, row in enumerate(means):
        arm = bandit.select()
        bandit.update(arm, float(rng.random() < row[arm]))
        regret[t] = row.max() - row[arm]
    return regret


def total_regret(name: str, means: np.ndarray, **options: float) -> float:
    """Mean over a few seeds."""
    return float(
        np.mean(
            [
                play(
                    make_bandit(name, means.shape[1], seed=seed, **options),
                    means,
                    np.random.default_rng([seed, 1]),
                ).sum()
                for seed in range(4)
            ]
        )
    )


@pytest.mark.parametrize("name", LEARNING)
def test_regret_is_well_below_that_of_uniform_choice(name: str) -> None:
    steady = np.tile(MEANS, (600, 1))
    assert total_regret(name, steady) < 0.5 * total_regret("uniform", steady)


@pytest.mark.parametrize("name", ["ucb1", "thompson", "epsilon-greedy"])
def test_a_discount_follows_arms_that_change(name: str) -> None:
    bloomers = [[0.5, 0.1, 0.3], [0.5, 0.9, 0.3]]
    changing = np.repeat(np.array(bloomers), 600, axis=0)
    plain = total_regret(name, changing)
    assert total_regret(f"discounted-{name}", changing) < plain


def test_exp3_ix_survives_an_adversary() -> None:
    """Arms that pay in turns defeat a greedy choice, not exponential weights."""
    paid = {}
    for name in ("exp3-ix", "epsilon-greedy"):
        bandit = make_bandit(name, 2, seed=3)
        total = 0.0
        for t in range(2000):
            arm = bandit.select()
            # Arm 0 lures at first; then arm 1 alone pays.
            reward = float(arm == (0 if t < 200 else 1))
            bandit.update(arm, reward)
            total += reward
        paid[name] = total
    assert paid["exp3-ix"] > 1000


def test_a_context_tells_which_arm_pays() -> None:
    def regret(name: str) -> int:
        rng, bandit, lost = np.random.default_rng(5), make_bandit(name, 2, seed=1), 0
        for _ in range(600):
            side = float(rng.choice([-1.0, 1.0]))
            arm = bandit.select([side])
            good = int(side > 0)
            bandit.update(arm, float(arm == good), [side])
            lost += arm != good
        return lost

    assert regret("linear-ucb") < 0.2 * regret("ucb1")


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_fixes_all_choices(name: str) -> None:
    def choices(seed: int) -> list[int]:
        bandit, chosen = make_bandit(name, 4, seed=seed), []
        for t in range(60):
            arm = bandit.select([t % 3])
            bandit.update(arm, (arm * 7 + t) % 5 / 4, [t % 3])
            chosen.append(arm)
        return chosen

    assert choices(1) == choices(1)
    assert choices(1) != choices(2)


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=12)
@given(
    steps=st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=30),
    arms=st.integers(1, 5),
)
def test_any_course_of_events(
    name: str, steps: list[tuple[float, bool]], arms: int
) -> None:
    bandit, retired = make_bandit(name, arms), set()
    for reward, retire in steps:
        arm = bandit.select()
        assert 0 <= arm < arms
        assert arm not in retired
        bandit.update(arm, reward)
        if retire and len(retired) < arms - 1:
            bandit.retire(arm)
            retired.add(arm)
    assert set(bandit.active) == set(range(arms)) - retired
    statistics = json.loads(json.dumps(bandit.statistics()))
    assert sum(row["pulls"] for row in statistics) == len(steps)
    assert {k for k, row in enumerate(statistics) if row["retired"]} == retired


def test_statistics_are_plain_means() -> None:
    bandit = make_bandit("discounted-ucb1", 2)
    for reward in (1.0, 0.5):
        bandit.update(1, reward)
    assert bandit.statistics() == [
        {"pulls": 0, "mean_reward": None, "retired": False},
        {"pulls": 2, "mean_reward": 0.75, "retired": False},
    ]


def test_bad_use_is_refused_in_one_line() -> None:
    with pytest.raises(UsageError, match="did you mean 'thompson'"):
        make_bandit("tompson", 2)
    with pytest.raises(UsageError, match=r"no option 'epsilom'.*'epsilon'"):
        make_bandit("epsilon-greedy", 2, epsilom=0.5)
    for name, options in [
        ("ucb1", {"alpha": -1}),
        ("softmax", {"temperature": 0}),
        ("epsilon-greedy", {"epsilon": 2}),
        ("exp3-ix", {"rate": 0}),
        ("thompson", {"discount": 0}),
        ("linear-ucb", {"alpha": np.nan}),
    ]:
        with pytest.raises(UsageError, match="out of range"):
            make_bandit(name, 2, **options)
    with pytest.raises(UsageError, match="arms=0"):
        make_bandit("uniform", 0)
    bandit = make_bandit("linear-ucb", 2)
    for reward in (-0.1, 1.1, np.nan):
        with pytest.raises(UsageError, match="reward"):
            bandit.update(0, reward)
    with pytest.raises(UsageError, match="arm=2"):
        bandit.update(2, 0.5)
    with pytest.raises(UsageError, match="arm=-1"):
        bandit.retire(-1)
    with pytest.raises(UsageError, match="finite"):
        bandit.select([np.inf])
    bandit.update(0, 1.0, [1.0, 2.0])
    with pytest.raises(UsageError, match="1 numbers where 2"):
        bandit.select([1.0])
    bandit.retire(0)
    bandit.retire(1)
    with pytest.raises(UsageError, match="every arm is retired"):
        bandit.select()
