"""Job shops of Taillard's generator, his 80 benchmark instances among them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import UsageError
from combkit.instances.jobshop import JobShop
from combkit.instances.seeds import spawn

__all__ = ["jobshop", "taillard", "taillard_jobshop"]

#: Multiplier and modulus of the linear congruential generator.
_MULTIPLIER = 16807
_MODULUS = 2**31 - 1

#: (jobs, machines) to the time and machine seeds of ten instances, in the
#: order ta01, ta02, ...: published in [1]_ of ``taillard``.
_SEEDS: dict[tuple[int, int], tuple[tuple[int, int], ...]] = {
    (15, 15): (
        (840612802, 398197754),
        (1314640371, 386720536),
        (1227221349, 316176388),
        (342269428, 1806358582),
        (1603221416, 1501949241),
        (1357584978, 1734077082),
        (44531661, 1374316395),
        (302545136, 2092186050),
        (1153780144, 1393392374),
        (73896786, 1544979948),
    ),
    (20, 15): (
        (533484900, 317419073),
        (1894307698, 1474268163),
        (874340513, 509669280),
        (1124986343, 1209573668),
        (1463788335, 529048107),
        (1056908795, 25321885),
        (195672285, 1717580117),
        (961965583, 1353003786),
        (1610169733, 1734469503),
        (532794656, 998486810),
    ),
    (20, 20): (
        (1035939303, 773961798),
        (5997802, 1872541150),
        (1357503601, 722225039),
        (806159563, 1166962073),
        (1902815253, 1879990068),
        (1503184031, 1850351876),
        (1032645967, 99711329),
        (229894219, 1158117804),
        (823349822, 108033225),
        (1297900341, 489486403),
    ),
    (30, 15): (
        (98640593, 1981283465),
        (1839268120, 248890888),
        (573875290, 2081512253),
        (1670898570, 788294565),
        (1118914567, 1074349202),
        (178750207, 294279708),
        (1549372605, 596993084),
        (798174738, 151685779),
        (553410952, 1329272528),
        (1661531649, 1173386294),
    ),
    (30, 20): (
        (1841414609, 1357882888),
        (2116959593, 1546338557),
        (796392706, 1230864158),
        (532496463, 254174057),
        (2020525633, 978943053),
        (524444252, 185526083),
        (1569394691, 487269855),
        (1460267840, 1631446539),
        (198324822, 1937476577),
        (38071822, 1541985579),
    ),
    (50, 15): (
        (17271, 718939),
        (660481279, 449650254),
        (352229765, 949737911),
        (1197518780, 166840558),
        (1376020303, 483922052),
        (2106639239, 955932362),
        (1765352082, 1209982549),
        (1105092880, 1349003108),
        (907248070, 919544535),
        (2011630757, 1845447001),
    ),
    (50, 20): (
        (8493988, 2738939),
        (1991925010, 709517751),
        (342093237, 786960785),
        (1634043183, 973178279),
        (341706507, 286513148),
        (320167954, 1411193018),
        (1089696753, 298068750),
        (433032965, 1589656152),
        (615974477, 331205412),
        (236150141, 592292984),
    ),
    (100, 20): (
        (302034063, 1203569070),
        (1437643198, 1692025209),
        (1792475497, 1039908559),
        (1647273132, 1012841433),
        (696480901, 1689682358),
        (1785569423, 1092647459),
        (117806902, 739059626),
        (1639154709, 1319962509),
        (2007423389, 749368241),
        (682761130, 262763021),
    ),
}


def jobshop(
    n: int, *, seed: int, machines: int | None = None, low: int = 1, high: int = 99
) -> JobShop:
    """Generate a job shop whose jobs visit every machine once.

    Durations are uniform on the integers ``low..high`` and routes are random
    permutations, both drawn by Taillard's generator from two seeds that are
    spawned from ``seed``.

    Parameters
    ----------
    n : int
        Number of jobs.
    seed : int
        Non-negative seed.
    machines : int, optional
        Number of machines; as many as jobs without.
    low, high : int
        Shortest and longest duration.

    Raises
    ------
    UsageError
        If a parameter has an impossible value.
    """
    m = n if machines is None else machines
    time_seed, machine_seed = (1 + s % (_MODULUS - 1) for s in spawn(seed, 2))
    return taillard_jobshop(
        n,
        m,
        time_seed,
        machine_seed,
        low=low,
        high=high,
        name=f"jsp-{n}x{m}-s{seed}",
    )


def taillard(k: int) -> JobShop:
    """Generate Taillard's benchmark instance ``ta<k>``, 1 to 80.

    Raises
    ------
    UsageError
        If there is no such instance.

    References
    ----------
    .. [1] E. Taillard, "Benchmarks for basic scheduling problems", European
       Journal of Operational Research 64 (1993) 278-285,
       https://doi.org/10.1016/0377-2217(93)90182-M

    Examples
    --------
    >>> taillard(1).durations[0][:5].tolist()
    [94, 66, 10, 53, 26]
    """
    rows = [(shape, pair) for shape, pairs in _SEEDS.items() for pair in pairs]
    if not 1 <= k <= len(rows):
        raise UsageError(f"Taillard's job shops are numbered 1 to {len(rows)}, not {k}")
    (n, m), (time_seed, machine_seed) = rows[k - 1]
    return taillard_jobshop(n, m, time_seed, machine_seed, name=f"ta{k:02d}")


def taillard_jobshop(
    n: int,
    machines: int,
    time_seed: int,
    machine_seed: int,
    *,
    low: int = 1,
    high: int = 99,
    name: str = "",
) -> JobShop:
    """Generate a job shop exactly as Taillard's published procedure does.

    Parameters
    ----------
    n, machines : int
        Numbers of jobs and of machines.
    time_seed, machine_seed : int
        Seeds in 1..2^31 - 2 of the durations and of the routes.
    low, high : int
        Shortest and longest duration.

    Raises
    ------
    UsageError
        If a parameter has an impossible value.
    """
    for field, value, least, most in (
        ("n", n, 1, None),
        ("machines", machines, 1, None),
        ("low", low, 0, None),
        ("high", high, low, None),
        ("time_seed", time_seed, 1, _MODULUS - 1),
        ("machine_seed", machine_seed, 1, _MODULUS - 1),
    ):
        if not isinstance(value, int) or value < least or (most and value > most):
            limit = f"at least {least}" if most is None else f"{least}..{most}"
            raise UsageError(f"{field}: {value!r} is not an integer, {limit}")
    draws = _states(time_seed)
    span = high - low + 1
    durations = [
        [low + next(draws) * span // _MODULUS for _ in range(machines)]
        for _ in range(n)
    ]
    draws = _states(machine_seed)
    routes = [_permutation(machines, draws) for _ in range(n)]
    return JobShop(_matrix(routes), _matrix(durations), name=name)


def _states(seed: int) -> Iterator[int]:
    """Yield the generator's states; a uniform number is state / modulus."""
    while True:
        seed = seed * _MULTIPLIER % _MODULUS
        yield seed


def _permutation(m: int, draws: Iterator[int]) -> list[int]:
    """Return a random order of ``range(m)``: each place swaps with a later one."""
    order = list(range(m))
    for i in range(m):
        j = i + next(draws) * (m - i) // _MODULUS
        order[i], order[j] = order[j], order[i]
    return order


def _matrix(rows: list[list[int]]) -> NDArray[np.int64]:
    return np.array(rows, dtype=np.int64)
