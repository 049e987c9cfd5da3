"""Batch experiments: run, shard, resume, report."""

from typing import TYPE_CHECKING

from combkit.instances._lazy import lazy_exports

if TYPE_CHECKING:
    from combkit.cli.bench.comparison import Comparison as Comparison
    from combkit.cli.bench.comparison import compare as compare
    from combkit.cli.bench.driver import preview as preview
    from combkit.cli.bench.driver import resume as resume
    from combkit.cli.bench.driver import run as run
    from combkit.cli.bench.reports import report as report
    from combkit.cli.bench.spec import Spec as Spec
    from combkit.cli.bench.spec import load_spec as load_spec
    from combkit.cli.bench.store import Store as Store
    from combkit.cli.bench.store import merge as merge

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "combkit.cli.bench.comparison": ("Comparison", "compare"),
        "combkit.cli.bench.driver": ("preview", "resume", "run"),
        "combkit.cli.bench.reports": ("report",),
        "combkit.cli.bench.spec": ("Spec", "load_spec"),
        "combkit.cli.bench.store": ("Store", "merge"),
    },
)
