"""Set functions, constraints and the problems made of them."""

from combkit.instances._lazy import lazy_exports

_HERE = "combkit.instances.submodular"

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        f"{_HERE}.base": ("SetFunction",),
        f"{_HERE}.chains": ("ChainCriterion", "kept"),
        f"{_HERE}.composed": ("Conditional", "Mixture", "Mutual", "Oracle", "Rank"),
        f"{_HERE}.constraints": (
            "Cardinality",
            "Constraint",
            "GraphicMatroid",
            "Independence",
            "Knapsack",
            "LaminarMatroid",
            "PartitionMatroid",
            "Unconstrained",
        ),
        f"{_HERE}.coverage": (
            "ConcaveOverModular",
            "Coverage",
            "Modular",
            "ProbabilisticCoverage",
        ),
        f"{_HERE}.entropy": ("Entropy", "GaussianInformation", "LogDet"),
        f"{_HERE}.problem": ("KSubmodular", "Submodular"),
        f"{_HERE}.revenue": ("Revenue",),
        f"{_HERE}.similarity": (
            "Cut",
            "FacilityLocation",
            "FeatureLocation",
            "GraphCut",
            "SaturatedCoverage",
            "neighbours",
        ),
    },
)
