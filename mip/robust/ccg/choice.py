"""Which separation a problem gets."""

from __future__ import annotations

from collections.abc import Sequence

from combkit.instances.errors import UnsupportedFeatureError, UsageError, nearest
from combkit.instances.run import Run
from combkit.mip.robust.ccg.alternating import Alternating
from combkit.mip.robust.ccg.bilinear import Bilinear
from combkit.mip.robust.ccg.complementary import Complementary
from combkit.mip.robust.ccg.dual import DualSeparation
from combkit.mip.robust.ccg.enumeration import Enumeration
from combkit.mip.robust.ccg.mccormick import McCormick
from combkit.mip.robust.ccg.objective import ObjectiveCuts
from combkit.mip.robust.ccg.policies import Nested, Policies
from combkit.mip.robust.ccg.separation import Separation, Traits
from combkit.mip.robust.ccg.spatial import Spatial
from combkit.mip.robust.ccg.standard import Standard

__all__ = ["SEPARATIONS", "chosen", "heuristic", "names_of", "usable"]

#: All separations by name; `auto` tries those that certify in this order.
SEPARATIONS: dict[str, type[Separation]] = {
    "objective": ObjectiveCuts,
    "enumeration": Enumeration,
    "mccormick": McCormick,
    "kkt": Complementary,
    "bilinear": Bilinear,
    "spatial": Spatial,
    "policies": Policies,
    "nested": Nested,
    "alternating": Alternating,
}


def names_of(separation: str) -> tuple[str, ...]:
    """Return the separations that a name stands for.

    Parameters
    ----------
    separation : str
        A name, or ``auto``: all that certify.

    Raises
    ------
    UsageError
        If there is none of that name.
    """
    if separation == "auto":
        return tuple(name for name, class_ in SEPARATIONS.items() if class_.certified)
    if separation not in SEPARATIONS:
        hint = nearest(separation, SEPARATIONS)
        raise UsageError(f"separation={separation!r} is unknown{hint}")
    return (separation,)


def usable(
    names: Sequence[str], standard: Standard
) -> tuple[list[type[Separation]], list[str]]:
    """Return which separations bear a problem, and why the others do not.

    Parameters
    ----------
    names : sequence of str
        Names of separations.
    standard : Standard
        The recourse of the problem.
    """
    traits = Traits.of(standard)
    classes, refusals = [], []
    for name in names:
        why = SEPARATIONS[name].refusal(standard, traits)
        if why is None:
            classes.append(SEPARATIONS[name])
        else:
            refusals.append(f"{name}: {why}")
    return classes, refusals


def chosen(
    names: Sequence[str], standard: Standard, run: Run, big_m: float | None = None
) -> list[Separation]:
    """Return the separations among some that fit, to be tried in order.

    Parameters
    ----------
    names : sequence of str
        Their names.
    standard : Standard
        The recourse of the problem.
    run : Run
        Its run.
    big_m : float, optional
        A bound of the duals' factors that the user vouches for.

    Raises
    ------
    UsageError
        If none of them has a use for the bound.
    UnsupportedFeatureError
        If none fits, saying why.
    """
    classes, refusals = usable(names, standard)
    if not classes:
        raise UnsupportedFeatureError("; ".join(refusals))
    if big_m is None:
        return [class_(standard, run) for class_ in classes]
    bounded = [class_ for class_ in classes if issubclass(class_, DualSeparation)]
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
