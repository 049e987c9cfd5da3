"""The rules of the house: floors, links, names, what loads what, what is shipped."""

from __future__ import annotations

import ast
import importlib
import shutil
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import combkit

#: From the ground up; a module imports from its own floor and those below.
FLOORS = ("instances", "mip", "comb", "neural", "cli")

#: What the front door promises. Taking a name away breaks users.
NAMES = [
    "ATSP",
    "Assignment",
    "CVRP",
    "Clique",
    "CombkitError",
    "CombkitWarning",
    "Events",
    "FirstFeasible",
    "FirstStage",
    "FleetRoutes",
    "FlexibleJobShop",
    "FlowShop",
    "IndependentSet",
    "Index",
    "InstanceFormatError",
    "InvalidProblemError",
    "InvalidSolutionError",
    "JobShop",
    "KSubmodular",
    "Knapsack",
    "Labels",
    "MIP",
    "MTSP",
    "MaxCut",
    "MaxIterations",
    "MaxRuntime",
    "MissingDependencyError",
    "Model",
    "MultiKnapsack",
    "NoImprovement",
    "OP",
    "OVRP",
    "OpenShop",
    "PCTSP",
    "Problem",
    "Project",
    "QuadraticAssignment",
    "Reason",
    "RelativeGap",
    "Rescheduling",
    "Result",
    "RichVRP",
    "RobustKnapsack",
    "Route",
    "Routes",
    "RoutingProblem",
    "SPCTSP",
    "Schedule",
    "Scheduling",
    "Selection",
    "SetCover",
    "Solution",
    "SolverError",
    "Status",
    "Stop",
    "Submodular",
    "TSP",
    "TargetObjective",
    "Timescale",
    "Tour",
    "TwoStage",
    "UnsupportedFeatureError",
    "UsageError",
    "VRPTW",
    "Values",
    "VertexCover",
    "__version__",
    "bench",
    "best_known",
    "embed",
    "generate",
    "hints",
    "json_schema",
    "plot",
    "predict_gap",
    "read",
    "read_solution",
    "recommend",
    "solve",
    "solve_many",
    "solvers",
    "submodular",
    "write",
    "write_solution",
]

#: Packages that take long to load; loaded when a solver or a picture needs them.
HEAVY = (
    "torch",
    "ortools",
    "highspy",
    "pyscipopt",
    "numba",
    "pyvrp",
    "matplotlib",
    "plotly",
    "rich",
)

#: Solver packages without which most of the suite has to work.
BLOCKED = ("ortools", "highspy", "pyscipopt")


def modules(root: Path, floor: str) -> Iterator[Path]:
    return (p for p in sorted((root / floor).rglob("*.py")))


def run_python(code: str, *arguments: str) -> str:
    """Run code in a fresh interpreter that sees the checkout's package."""
    source = Path(combkit.__file__).resolve().parents[1]
    program = f"import sys\nsys.path.insert(0, {str(source)!r})\n"
    done = subprocess.run(
        [
            *(sys.executable, "-W", "error", "-c", program + textwrap.dedent(code)),
            *arguments,
        ],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# -- floors -------------------------------------------------------------------


def imported(path: Path) -> Iterator[tuple[int, int, str]]:
    """Yield line, level and dotted name of every import, wherever it stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, 0, alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.lineno, node.level, f"{node.module or ''}.{alias.name}"


@pytest.mark.parametrize("floor", FLOORS)
def test_imports_are_absolute_and_never_point_up(repo_root: Path, floor: str) -> None:
    above = FLOORS[FLOORS.index(floor) + 1 :]
    wrong = []
    for path in modules(repo_root, floor):
        for line, level, name in imported(path):
            parts = name.split(".")
            where = f"{path.relative_to(repo_root)}:{line}: {name}"
            if level > 0:
                wrong.append(f"{where} is relative")
            elif parts[0] in FLOORS:
                wrong.append(f"{where} is bare: import combkit.{parts[0]}")
            elif parts[0] == "combkit":
                if len(parts) > 1 and parts[1] in above:
                    wrong.append(f"{where} points up from {floor}")
                elif floor != "cli" and (len(parts) < 2 or parts[1] not in FLOORS):
                    wrong.append(f"{where} goes through the front door")
    assert wrong == []


def test_links_lead_to_the_floors(repo_root: Path) -> None:
    door = repo_root / "src" / "combkit"
    for floor in FLOORS:
        link = door / floor
        assert link.is_symlink(), f"src/combkit/{floor} is not a link"
        assert link.readlink() == Path("..") / ".." / floor
        assert link.resolve() == (repo_root / floor).resolve()
    kept = {p.name for p in door.iterdir()} - {"__pycache__"}
    assert kept == {"__init__.py", "py.typed", *FLOORS}


def test_every_folder_of_modules_is_a_package(repo_root: Path) -> None:
    for floor in FLOORS:
        for folder in {path.parent for path in modules(repo_root, floor)}:
            assert (folder / "__init__.py").is_file(), folder


def test_a_checkout_without_links_imports(repo_root: Path, tmp_path: Path) -> None:
    """As a zip download or a Windows checkout: the floors lie beside src."""
    door = tmp_path / "src" / "combkit"
    door.mkdir(parents=True)
    for name in ("__init__.py", "py.typed"):
        (door / name).write_bytes((repo_root / "src" / "combkit" / name).read_bytes())
    for floor in FLOORS:
        (tmp_path / floor).symlink_to(repo_root / floor)
    done = subprocess.run(
        [sys.executable, "-c", "import combkit; print(combkit.TSP.__module__)"],
        env={"PYTHONPATH": str(tmp_path / "src"), "PATH": ""},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.strip() == "combkit.instances.tsp", done.stderr


# -- names --------------------------------------------------------------------


def test_the_front_door_exports_exactly_these_names() -> None:
    assert sorted(combkit.__all__) == NAMES
    for name in NAMES:
        assert getattr(combkit, name) is not None
    assert set(dir(combkit)) >= set(NAMES) - {"__version__"}


@pytest.mark.parametrize("package", ["combkit", *(f"combkit.{f}" for f in FLOORS)])
def test_packages_keep_what_they_promise(package: str) -> None:
    module = importlib.import_module(package)
    for name in getattr(module, "__all__", []):
        assert getattr(module, name) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        module.no_such_name  # noqa: B018


def test_type_checkers_see_the_lazy_names(repo_root: Path) -> None:
    tree = ast.parse((repo_root / "src" / "combkit" / "__init__.py").read_text())
    (block,) = (
        node
        for node in tree.body
        if isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )
    seen = {
        alias.asname
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == set(NAMES) - {"__version__"}


def is_public(path: Path) -> bool:
    return not any(
        part.startswith("_") and part != "__init__.py" for part in path.parts
    )


@pytest.mark.parametrize("floor", ["instances", "mip", "comb"])
def test_public_functions_are_documented(repo_root: Path, floor: str) -> None:
    """What a module exports has a docstring, with its parameters if it has any."""
    missing = []
    for path in modules(repo_root, floor):
        if not is_public(path.relative_to(repo_root)):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        exported = names_in_all(tree)
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef | ast.ClassDef):
                continue
            if node.name not in exported or is_overload(node):
                continue
            where = f"{path.relative_to(repo_root)}:{node.lineno}: {node.name}"
            text = ast.get_docstring(node)
            if text is None:
                missing.append(f"{where} has no docstring")
            elif needs_parameters(node) and "Parameters\n----------" not in text:
                missing.append(f"{where} does not describe its parameters")
    assert missing == []


def names_in_all(tree: ast.Module) -> set[str]:
    """Return what ``__all__`` lists, where it is a plain list of strings."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and "__all__" in map(ast.unparse, node.targets):
            return {
                c.value for c in ast.walk(node.value) if isinstance(c, ast.Constant)
            }
    return set()


def is_overload(node: ast.FunctionDef | ast.ClassDef) -> bool:
    """Whether it only tells types; the implementation has the docstring."""
    return any(
        isinstance(d, ast.Name) and d.id == "overload" for d in node.decorator_list
    )


def needs_parameters(node: ast.stmt) -> bool:
    """Whether it is a function with more options than one sentence explains."""
    if not isinstance(node, ast.FunctionDef):
        return False
    given = node.args
    return len([*given.posonlyargs, *given.args, *given.kwonlyargs]) > 3


# -- what loads what ------------------------------------------------------------


@pytest.mark.parametrize(
    "package",
    ["combkit", "combkit.instances", "combkit.mip", "combkit.comb", "combkit.neural"],
)
def test_importing_loads_nothing_heavy(package: str) -> None:
    loaded = run_python(
        f"""
        import {package}
        print(*(name for name in {HEAVY!r} if name in sys.modules))
        """
    )
    assert loaded.split() == []


def test_problems_and_the_solver_table_load_nothing_heavy() -> None:
    loaded = run_python(
        f"""
        import combkit as ck
        ck.TSP([[0, 0], [0, 3], [4, 3]])
        ck.Knapsack([1, 2], [1, 2], 2)
        ck.generate("jsp", 3, seed=1)
        assert ck.solvers()
        print(*(name for name in {HEAVY!r} if name in sys.modules))
        """
    )
    assert loaded.split() == []


def test_reading_text_loads_no_scipy(repo_root: Path) -> None:
    """It takes a quarter of a second, and most formats do without."""
    loaded = run_python(
        """
        import combkit as ck
        ck.read(sys.argv[1])
        print("scipy" in sys.modules)
        """,
        str(repo_root / "examples" / "instances" / "cities.tsp"),
    )
    assert loaded.strip() == "False"


def test_to_look_for_a_tour_needs_no_scipy_at_first() -> None:
    """Nor does its start: where the limit is a second, it would take a quarter."""
    loaded = run_python(
        """
        import combkit as ck
        points = [[0, 0], [0, 3], [4, 0], [4, 3]]
        ck.solve(ck.TSP(points), "greedy", time_limit=60)
        print("scipy" in sys.modules)
        """
    )
    assert loaded.strip() == "False"


def test_the_suite_works_without_the_solver_packages(repo_root: Path) -> None:
    """Without OR-Tools, HiGHS and SCIP: generators, constructives, kernels."""
    run_python(
        """
        import importlib.abc, warnings

        class Blocker(importlib.abc.MetaPathFinder):
            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] in sys.argv[1].split(","):
                    raise ImportError(f"{name} is blocked", name=name)
                return None

        sys.meta_path.insert(0, Blocker())
        for name in sys.argv[1].split(","):
            try:
                __import__(name)
            except ImportError:
                continue
            raise SystemExit(f"{name} is not blocked")

        import combkit as ck
        import combkit.comb, combkit.mip, combkit.neural
        from combkit.instances.generators import GENERATORS

        made = {kind: ck.generate(kind, 30, seed=1) for kind in GENERATORS}
        assert set(made) >= {"tsp", "atsp", "cvrp", "jsp", "kp"}
        for name, kind in (
            ("greedy", "tsp"),
            ("nearest-neighbour", "tsp"),
            ("nearest-neighbour", "atsp"),
            ("savings", "cvrp"),
            ("ils", "tsp"),
            ("dispatch", "jsp"),
            ("greedy", "kp"),
            ("knapsack-dp", "kp"),
        ):
            stop = ck.MaxIterations(50) | ck.MaxRuntime(20)
            result = ck.solve(made[kind], name, stop=stop)
            assert made[kind].check(result.solution) == [], name
        assert not set(sys.argv[1].split(",")) & set(sys.modules)
        """,
        ",".join(BLOCKED),
    )


# -- what is shipped ------------------------------------------------------------


@pytest.mark.slow
def test_the_wheel_holds_the_package_and_nothing_else(
    repo_root: Path, tmp_path: Path
) -> None:
    # Built from a copy: an old build folder would leak what has since been removed.
    checkout = tmp_path / "checkout"
    leave = shutil.ignore_patterns(".*", "build", "__pycache__", "*.egg-info")
    shutil.copytree(repo_root, checkout, symlinks=True, ignore=leave)
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"),
            *("--wheel-dir", str(tmp_path), str(checkout)),
        ],
        check=True,
        timeout=240,
    )
    (wheel,) = tmp_path.glob("combkit-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    tops = {name.split("/")[0] for name in names}
    assert {t for t in tops if not t.endswith(".dist-info")} == {"combkit"}
    floors = {n.split("/")[1] for n in names if n.startswith("combkit/")}
    assert floors == {"__init__.py", "py.typed", *FLOORS}
    wanted = {
        f"combkit/{path.relative_to(repo_root)}"
        for floor in FLOORS
        for path in modules(repo_root, floor)
    }
    assert wanted <= names
    others = {n for n in names if n.startswith("combkit/") and not n.endswith(".py")}
    assert others == {
        "combkit/py.typed",
        *(
            f"combkit/{path.relative_to(repo_root)}"
            for path in (
                *(repo_root / "instances" / "data").glob("*.csv"),
                *(repo_root / "cli" / "bench" / "assets").iterdir(),
                *(repo_root / "neural" / "weights").glob("*.safetensors"),
                *(repo_root / "neural" / "weights").glob("*.npz"),
            )
        ),
    }
