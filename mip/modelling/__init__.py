"""The modelling layer: blocks of variables, expressions, constraints."""

from typing import TYPE_CHECKING

from combkit.instances._lazy import lazy_exports

if TYPE_CHECKING:
    from combkit.mip.modelling.arrays import ScaleWarning as ScaleWarning
    from combkit.mip.modelling.hierarchy import Objective as Objective
    from combkit.mip.modelling.joining import concatenate as concatenate
    from combkit.mip.modelling.joining import stack as stack
    from combkit.mip.modelling.model import Model as Model

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "combkit.mip.modelling.arrays": ("ScaleWarning",),
        "combkit.mip.modelling.hierarchy": ("Objective",),
        "combkit.mip.modelling.joining": ("concatenate", "stack"),
        "combkit.mip.modelling.model": ("Model",),
    },
)
