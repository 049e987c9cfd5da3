"""Two-stage robust optimisation: worst cases, exact methods, local search."""

from typing import TYPE_CHECKING

from combkit.instances._lazy import lazy_exports

if TYPE_CHECKING:
    from combkit.mip.robust.scenarios import with_worst_scenario as with_worst_scenario
    from combkit.mip.robust.worst_case import Worst as Worst
    from combkit.mip.robust.worst_case import evaluate as evaluate

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "combkit.mip.robust.scenarios": ("with_worst_scenario",),
        "combkit.mip.robust.worst_case": ("Worst", "evaluate"),
    },
)
