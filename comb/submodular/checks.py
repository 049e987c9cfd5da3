"""Looking for sets that show that a function is not what it is said to be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from combkit.instances.submodular.base import SetFunction

__all__ = ["Counterexample", "spot_check"]

#: Differences that rounding explains, relative to the values.
_NOISE = 1e-9


@dataclass(frozen=True, slots=True)
class Counterexample:
    """Sets that contradict a claim.

    Parameters
    ----------
    claim : {"monotone", "submodular"}
        What does not hold.
    smaller, larger : tuple of int
        A set and one that holds it.
    element : int
        The element that is added to both.
    gains : tuple of float
        What it adds to the smaller and to the larger set.
    """

    claim: str
    smaller: tuple[int, ...]
    larger: tuple[int, ...]
    element: int
    gains: tuple[float, float]

    def __str__(self) -> str:
        a, b = (f"{gain:.6g}" for gain in self.gains)
        small, large = (
            "{" + ", ".join(map(str, s)) + "}" for s in (self.smaller, self.larger)
        )
        if self.claim == "monotone":
            return f"not monotone: element {self.element} adds {b} to {large}"
        return (
            f"not submodular: element {self.element} adds {a} to {small}, "
            f"but {b} to {large}"
        )


def spot_check(
    function: SetFunction, trials: int = 100, seed: int = 0
) -> Counterexample | None:
    """Look for a counter-example to what a function claims, in random sets.

    Parameters
    ----------
    function : SetFunction
        The function; nothing is looked for that it does not claim.
    trials : int
        Triples of two nested sets and an element.
    seed : int
        Seed of the sets.

    Returns
    -------
    Counterexample or None
        None where none was found, which proves nothing.

    Examples
    --------
    >>> from combkit.instances.submodular import Oracle
    >>> print(spot_check(Oracle(lambda selected: len(selected) ** 2, 3)))
    not submodular: element 1 adds 1 to {}, but 3 to {2}
    """
    rng = np.random.default_rng(seed)
    n = function.n
    for _ in range(trials):
        order = rng.permutation(n)
        e = int(order[0])
        large = int(rng.integers(0, n))
        small = int(rng.integers(0, large + 1))
        outer, inner = np.sort(order[1 : large + 1]), np.sort(order[1 : small + 1])
        values = [function.value(outer), function.value(inner)]
        gains = [
            function.value(np.append(s, e)) - value
            for s, value in zip((outer, inner), values, strict=True)
        ]
        if not np.all(np.isfinite(values + gains)):
            continue
        slack = _NOISE * max(1.0, *map(abs, values))
        if function.monotone and min(gains) < -slack:
            claim = "monotone"
            if gains[1] < -slack:
                outer, gains = inner, [gains[1], gains[1]]
        elif function.submodular and gains[0] > gains[1] + slack:
            claim = "submodular"
        else:
            continue
        return Counterexample(
            claim,
            tuple(inner.tolist()),
            tuple(outer.tolist()),
            e,
            (gains[1], gains[0]),
        )
    return None
