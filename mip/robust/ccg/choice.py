"""Which separation a problem gets."""

from __future__ import annotations

from combkit.instances.errors import UnsupportedFeatureError, UsageError, nearest
from combkit.instances.run import Run
from combkit.mip.robust.ccg.alternating import Alternating
from combkit.mip.robust.ccg.bilinear import Bilinear
from combkit.mip.robust.ccg.complementary import Complementary
from combkit.mip.robust.ccg.dual import DualSeparation
from combkit.mip.robust.ccg.enumeration import Enumeration
from combkit.mip.robust.ccg.mccormick import McCormick
from combkit.mip.robust.ccg.objective import ObjectiveCuts
from combkit.mip.robust.ccg.separation import Separation, Traits
from combkit.mip.robust.ccg.standard import Standard

__all__ = ["SEPARATIONS", "chosen", "heuristic"]

#: All separations by name; `auto` tries those that certify in this order.
SEPARATIONS: dict[str, type[Separation]] = {
    "objective": ObjectiveCuts,
    "enumeration": Enumeration,
    "mccormick": McCormick,
    "kkt": Complementary,
    "bilinear": Bilinear,
    "alternating": Alternating,
}


def chosen(
    name: str, standard: Standard, run: Run, big_m: float | None = None
) -> list[Separation]:
    """Return the separation of a name, or all that fit, to be tried in order.

    Parameters
    ----------
    name : str
        The name, or ``auto``.
    standard : Standard
        The recourse of the problem.
    run : Run
        Its run.
    big_m : float, optional
        A bound of the duals' factors that the user vouches for.

    Raises
    ------
    UsageError
        If there is none of that name, or it has no use for the bound.
    UnsupportedFeatureError
        If it does not fit, saying why.
    """
    traits = Traits.of(standard)
    if name == "auto":
        names = [known for known, class_ in SEPARATIONS.items() if class_.certified]
    elif name in SEPARATIONS:
        names = [name]
    else:
        raise UsageError(f"separation={name!r} is unknown{nearest(name, SEPARATIONS)}")
    refusals = {known: SEPARATIONS[known].refusal(standard, traits) for known in names}
    fitting = [SEPARATIONS[known] for known in names if refusals[known] is None]
    if not fitting:
        reasons = [f"{known}: {why}" for known, why in refusals.items()]
        raise UnsupportedFeatureError("; ".join(reasons))
    if big_m is None:
        return [class_(standard, run) for class_ in fitting]
    bounded = [class_ for class_ in fitting if issubclass(class_, DualSeparation)]
    if not bounded:
        raise UsageError("big_m: no separation that fits needs it")
    return [bounded[0](standard, run, big_m)]


def heuristic(standard: Standard, run: Run) -> Separation | None:
    """Return a separation that proves nothing but is quick, if one fits.

    Parameters
    ----------
    standard : Standard
        The recourse of the problem.
    run : Run
        Its run.
    """
    if Alternating.refusal(standard, Traits.of(standard)) is None:
        return Alternating(standard, run)
    return None
