"""Acceptance, rewards, sizes, names: the small rules of the search."""

from __future__ import annotations

import numpy as np
import pytest

from combkit.instances.errors import UsageError
from combkit.mip.balans.accept import ACCEPT, make_accept
from combkit.mip.balans.bandit import make_bandit
from combkit.mip.balans.board import FULL, Arm, Board
from combkit.mip.balans.naming import parsed
from combkit.mip.balans.operators import Mutation
from combkit.mip.balans.reward import Event, make_reward


@pytest.mark.parametrize("name", ACCEPT)
@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e6])
def test_acceptance_does_not_know_the_unit_of_the_objective(
    name: str, unit: float
) -> None:
    def threshold(unit: float, spent: float) -> float | None:
        rng = np.random.default_rng(3)
        return make_accept(name).threshold(-100 * unit, -99 * unit, spent, rng)

    for spent in (0.0, 0.4, 1.0):
        base = threshold(1.0, spent)
        if base is None:
            assert threshold(unit, spent) is None
        else:
            assert threshold(unit, spent) == pytest.approx(unit * base)


def test_acceptance_gets_stricter() -> None:
    rng = np.random.default_rng(0)
    record = make_accept("record-to-record:deviation=0.1")
    assert record.threshold(100.0, 103.0, 0.0, rng) == pytest.approx(110.0)
    assert record.threshold(100.0, 103.0, 1.0, rng) == 100.0
    annealing = make_accept("annealing:temperature=0.1")
    early = [annealing.threshold(100.0, 103.0, 0.0, rng) for _ in range(4000)]
    # An exponential distribution above the current solution, of mean 10.
    assert min(early) >= 103.0  # type: ignore[type-var]
    assert np.mean(early) == pytest.approx(113.0, abs=0.6)  # type: ignore[arg-type]
    assert annealing.threshold(100.0, 103.0, 1.0, rng) == 103.0
    assert make_accept("hill-climbing").threshold(1.0, 2.0, 0.0, rng) is None


def event(gain: float, seconds: float, **rest: bool) -> Event:
    best = gain > 0
    return Event(best, rest.get("better", best), rest.get("accepted", best), gain,
                 seconds, 1.0)  # fmt: skip


def test_the_rate_pays_gains_per_second() -> None:
    rate = make_reward("rate")
    usual = rate(event(0.01, 0.5))
    assert rate(event(0.01, 0.1)) > rate(event(0.01, 0.9))
    assert 0.5 <= rate(event(1e-6, 1.0)) < usual
    quick, slow = rate(event(0.0, 0.1)), rate(event(0.0, 1.0))
    assert 0.0 <= slow < quick <= 0.05


def test_scores_are_those_of_balans() -> None:
    scores = make_reward("8,4,2,1")
    assert scores(event(0.1, 1.0)) == 1.0
    assert scores(event(0.0, 1.0, better=True)) == 0.5
    assert scores(event(0.0, 1.0, accepted=True)) == 0.25
    assert scores(event(0.0, 1.0)) == 0.125


@pytest.mark.parametrize("text", ["8,4,2", "1,2,3,-4", "0,0,0,0", "a,b,c,d", "rates"])
def test_other_rewards_are_usage_errors(text: str) -> None:
    with pytest.raises(UsageError, match="unknown reward"):
        make_reward(text)


@pytest.mark.parametrize(
    ("exhausted", "improved", "spent", "bigger"),
    [
        (True, False, 0.05, True),
        (True, True, 0.05, True),
        (True, False, 0.8, None),
        (False, False, 1.0, False),
        (False, True, 1.0, False),
    ],
)
def test_sizes_follow_what_the_engine_masters(
    exhausted: bool, improved: bool, spent: float, bigger: bool | None
) -> None:
    arm = Arm("mutation", Mutation(least=0.05, most=0.4), size=0.2)
    before = arm.size
    arm.adapt(exhausted, improved, spent)
    assert (arm.size > before) if bigger else (arm.size <= before)
    assert (arm.size < before) == (bigger is False)
    for _ in range(50):
        arm.adapt(exhausted, improved, spent)
    assert arm.size == {True: 0.4, None: 0.2, False: 0.05}[bigger]


def test_the_whole_model_can_be_barred() -> None:
    arms = [Arm("mutation", Mutation()), Arm(FULL)]
    bandit = make_bandit("epsilon-greedy", 2, epsilon=0.0)
    board = Board(arms, bandit, make_reward("rate"), 10)
    board.pay(arms[1], event(0.5, 0.1), 1.0, 5.0)
    board.pay(arms[0], event(0.0, 1.0), 2.0, 5.0)
    assert board.choose(full=True).name == FULL
    assert board.choose(full=False).name == "mutation"
    board.retire(arms[0], ValueError("broken"))
    assert not board.alive
    assert board.statistics()["arms"][0]["error"] == "ValueError: broken"


def test_names_with_options() -> None:
    assert parsed("accept", "annealing : temperature = 0.5") == (
        "annealing",
        {"temperature": 0.5},
    )
    with pytest.raises(UsageError, match="'fast' is not of the form option=number"):
        parsed("accept", "annealing:fast")
