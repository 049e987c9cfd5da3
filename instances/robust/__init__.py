"""Two-stage robust problems: decide, be surprised, react."""

from typing import TYPE_CHECKING

from combkit.instances._lazy import lazy_exports

if TYPE_CHECKING:
    from combkit.instances.robust.knapsack import RobustKnapsack as RobustKnapsack
    from combkit.instances.robust.two_stage import Stage as Stage
    from combkit.instances.robust.two_stage import TwoStage as TwoStage
    from combkit.instances.robust.uncertainty import Box as Box
    from combkit.instances.robust.uncertainty import Budget as Budget
    from combkit.instances.robust.uncertainty import Discrete as Discrete
    from combkit.instances.robust.uncertainty import Factor as Factor
    from combkit.instances.robust.uncertainty import Intersection as Intersection
    from combkit.instances.robust.uncertainty import Polyhedral as Polyhedral
    from combkit.instances.robust.uncertainty import Product as Product
    from combkit.instances.robust.uncertainty import UncertaintySet as UncertaintySet

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "combkit.instances.robust.knapsack": ("RobustKnapsack",),
        "combkit.instances.robust.two_stage": ("Stage", "TwoStage"),
        "combkit.instances.robust.uncertainty": (
            "Box",
            "Budget",
            "Discrete",
            "Factor",
            "Intersection",
            "Polyhedral",
            "Product",
            "UncertaintySet",
        ),
    },
)
