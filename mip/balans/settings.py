"""The options of a search: by name, from a TOML file, checked before it begins."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from combkit.instances.errors import UsageError, nearest
from combkit.mip.balans.accept import Accept, make_accept
from combkit.mip.balans.bandit import Bandit, make_bandit
from combkit.mip.balans.board import WALK
from combkit.mip.balans.engines import known_engine
from combkit.mip.balans.naming import parsed
from combkit.mip.balans.operators import DEFAULT, Operator, named
from combkit.mip.balans.reward import Reward, make_reward
from combkit.mip.balans.starts import Start, make_starts

__all__ = ["DEFAULTS", "Settings", "settings"]

#: What the options are where nobody says.
DEFAULTS: dict[str, Any] = {
    "operators": (*DEFAULT, WALK),
    "bandit": "exp3-ix",
    "accept": "hill-climbing",
    "reward": "rate",
    "engine": "highs",
    "starts": ("fix-propagate", "rens", "local", "bounds"),
    "share": 0.2,
    "isolate": False,
    "deterministic": False,
}


@dataclass(frozen=True)
class Settings:
    """What makes up a search.

    Parameters
    ----------
    operators : sequence of Operator
        The arms with an operator.
    walk : bool
        Whether the local search is an arm.
    make_bandit : callable
        Makes the bandit of a number of arms with a seed.
    accept : Accept
        When to go on from a solution.
    reward : Reward
        What an arm is paid.
    engine : str
        Name of what solves the parts.
    starts : sequence of Start
        What looks for first solutions.
    share : float
        Share of the time for the whole model, if there is one thread.
    isolate, deterministic : bool
        As the options.
    """

    operators: Sequence[Operator]
    walk: bool
    make_bandit: Callable[[int, int], Bandit]
    accept: Accept
    reward: Reward
    engine: str
    starts: Sequence[Start]
    share: float
    isolate: bool
    deterministic: bool


def settings(config: str | None, **given: Any) -> Settings:
    """Return the settings of options.

    Parameters
    ----------
    config : str or None
        Path of a TOML file with options.
    **given
        Options, None where they are not given; they come before the file's.

    Raises
    ------
    UsageError
        If the file cannot be read, or an option is unknown or wrong.
    """
    chosen = DEFAULTS | (_from_file(config) if config is not None else {})
    chosen |= {key: value for key, value in given.items() if value is not None}
    wanted = _list("operators", chosen["operators"])
    policy, options = parsed("bandit", _text("bandit", chosen["bandit"]))
    make_bandit(policy, 1, seed=0, **options)
    engine = _text("engine", chosen["engine"])
    known_engine(engine)
    share = chosen["share"]
    if isinstance(share, bool) or not isinstance(share, int | float):
        raise UsageError(f"share={share!r} is not a number")
    if not 0 <= share <= 1:
        raise UsageError(f"share={share} is not between 0 and 1")
    for switch in ("isolate", "deterministic"):
        if not isinstance(chosen[switch], bool):
            raise UsageError(f"{switch}={chosen[switch]!r} is neither true nor false")
    others = [one for one in wanted if one != WALK]
    return Settings(
        # The local search alone is a search, too.
        named(others) if others or not wanted else [],
        WALK in wanted,
        lambda arms, seed: make_bandit(policy, arms, seed=seed, **options),
        make_accept(_text("accept", chosen["accept"])),
        make_reward(_text("reward", chosen["reward"])),
        engine,
        make_starts(_list("starts", chosen["starts"])),
        float(share),
        chosen["isolate"],
        chosen["deterministic"],
    )


def _from_file(path: str) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            found = tomllib.load(file)
    except OSError as error:
        raise UsageError(f"config {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"config {path}: {error}") from None
    for key in found:
        if key not in DEFAULTS:
            raise UsageError(
                f"config {path}: no option {key!r}{nearest(key, DEFAULTS)} "
                f"(options: {', '.join(DEFAULTS)})"
            )
    return found


def _list(option: str, value: Any) -> list[Any]:
    """Return the parts of a text with commas, or of a sequence."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, Sequence):
        raise UsageError(f"{option}={value!r} is no list of names")
    return list(value)


def _text(option: str, value: Any) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{option}={value!r} is not a name")
    return value
