"""Two-stage robust optimisation: models, worst cases, exact methods, local search."""

from typing import TYPE_CHECKING

from combkit.instances._lazy import lazy_exports

if TYPE_CHECKING:
    from combkit.instances.robust import Box as Box
    from combkit.instances.robust import Budget as Budget
    from combkit.instances.robust import Discrete as Discrete
    from combkit.instances.robust import Factor as Factor
    from combkit.instances.robust import Intersection as Intersection
    from combkit.instances.robust import Polyhedral as Polyhedral
    from combkit.instances.robust import Product as Product
    from combkit.instances.robust import Stage as Stage
    from combkit.instances.robust import TwoStage as TwoStage
    from combkit.mip.robust.model import TwoStageModel as TwoStageModel
    from combkit.mip.robust.sampled import evaluate_sampled as evaluate_sampled
    from combkit.mip.robust.worst import Worst as Worst
    from combkit.mip.robust.worst import as_start as as_start
    from combkit.mip.robust.worst import evaluate as evaluate

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "combkit.instances.robust": (
            "Box",
            "Budget",
            "Discrete",
            "Factor",
            "Intersection",
            "Polyhedral",
            "Product",
            "Stage",
            "TwoStage",
        ),
        "combkit.mip.robust.model": ("TwoStageModel",),
        "combkit.mip.robust.sampled": ("evaluate_sampled",),
        "combkit.mip.robust.worst": ("Worst", "as_start", "evaluate"),
    },
)
