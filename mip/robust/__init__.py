"""Two-stage robust optimisation: worst cases, exact methods, local search."""

from typing import TYPE_CHECKING

from combkit.instances._lazy import lazy_exports

if TYPE_CHECKING:
    from combkit.mip.robust.worst import Worst as Worst
    from combkit.mip.robust.worst import as_start as as_start
    from combkit.mip.robust.worst import evaluate as evaluate

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "combkit.mip.robust.worst": ("Worst", "as_start", "evaluate"),
    },
)
