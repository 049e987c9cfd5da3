"""The table of file formats: a row each, whose functions are imported when used.

Functions are named, and found in the module of the row:

``sniff(head) -> bool``
    whether the first 64 kB, as text or as bytes, look like the format;
``read(source) -> Problem``, ``write(problem) -> str or iterable of str``
    for an instance format;
``read(source, problem) -> Solution``,
``write(problem, solution, objective) -> str or iterable of str``
    for a solution format;
``stated(source) -> float | None``
    the objective that a solution file claims, where the format has a place
    for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from combkit.instances.errors import UsageError

__all__ = ["FORMATS", "SOLUTION_FORMATS", "Format"]


@dataclass(frozen=True, slots=True)
class Format:
    """A row of the format table.

    Parameters
    ----------
    name : str
        What ``--format`` takes.
    title : str
        The field's own name of the format.
    kinds : tuple of str
        Problem kinds that it can hold.
    suffixes : tuple of str
        Usual file suffixes, without dots.
    module : str
        Module of its functions.
    sniff, read, write, stated : str or None
        Names of functions in ``module``; None where it cannot.
    binary : bool
        Whether it is recognised by its bytes, not its text.
    many : bool
        Whether a file can hold several problems, named ``FILE#k``.
    """

    name: str
    title: str
    kinds: tuple[str, ...]
    suffixes: tuple[str, ...]
    module: str
    sniff: str | None = None
    read: str | None = None
    write: str | None = None
    stated: str | None = None
    binary: bool = False
    many: bool = False

    def function(self, role: str) -> Callable[..., Any]:
        """Return the function of a role (``sniff``, ``read``, ...)."""
        name: str | None = getattr(self, role)
        if name is None:
            raise UsageError(f"format {self.name!r} cannot {role}")
        function: Callable[..., Any] = getattr(import_module(self.module), name)
        return function


_HERE = "combkit.instances.formats"

FORMATS: tuple[Format, ...] = (
    Format(
        "vroom",
        "VROOM's JSON with matrices",
        ("vrp",),
        ("json",),
        f"{_HERE}.vroom",
        "sniff",
        "read",
    ),
    Format(
        "json",
        "combkit JSON",
        (
            "tsp",
            "atsp",
            "cvrp",
            "ovrp",
            "vrptw",
            "vrp",
            "op",
            "pctsp",
            "spctsp",
            "mtsp",
            "jsp",
            "fjsp",
            "pfsp",
            "ossp",
            "rcpsp",
            "scheduling",
            "kp",
            "mkp",
            "setcover",
            "mis",
            "clique",
            "vc",
            "maxcut",
            "qap",
            "submodular",
            "ksubmodular",
            "rkp",
            "robust",
        ),
        ("json",),
        f"{_HERE}.json_format",
        "sniff",
        "read",
        "write",
    ),
    Format(
        "npz",
        "combkit npz: arrays as they are in memory",
        ("submodular", "ksubmodular"),
        ("npz",),
        f"{_HERE}.npz_format",
        "sniff",
        "read",
        "write",
        binary=True,
    ),
    Format(
        "vrplib",
        "VRPLIB with fleets, PyVRP's dialect",
        ("vrp",),
        ("vrp",),
        f"{_HERE}.tsplib_fleet",
        "sniff",
        "read",
    ),
    Format(
        "tsplib",
        "TSPLIB 95 / CVRPLIB",
        ("tsp", "atsp", "cvrp", "ovrp", "vrptw", "op"),
        ("tsp", "atsp", "vrp", "oplib"),
        f"{_HERE}.tsplib",
        "sniff",
        "read",
        "write",
    ),
    Format(
        "cordeau",
        "Cordeau's text of several depots",
        ("vrp",),
        ("txt", ""),
        f"{_HERE}.fleet_text",
        "sniff_cordeau",
        "read_cordeau",
    ),
    Format(
        "fleetmix",
        "vehicle types, Taillard's text",
        ("vrp",),
        ("txt",),
        f"{_HERE}.fleet_text",
        "sniff_types",
        "read_types",
    ),
    Format(
        "li-lim",
        "pickups and deliveries, Li and Lim's text",
        ("vrp",),
        ("txt",),
        f"{_HERE}.fleet_text",
        "sniff_li_lim",
        "read_li_lim",
    ),
    Format(
        "solomon",
        "Solomon / Gehring and Homberger",
        ("vrptw",),
        ("txt",),
        f"{_HERE}.solomon",
        "sniff",
        "read",
        "write",
    ),
    Format(
        "taillard",
        "Taillard's job-shop specification",
        ("jsp",),
        ("txt",),
        f"{_HERE}.jobshop",
        "sniff_taillard",
        "read_taillard",
        "write_taillard",
    ),
    Format(
        "jobshop",
        "standard job-shop text",
        ("jsp",),
        ("txt", "jsp"),
        f"{_HERE}.jobshop",
        "sniff",
        "read",
        "write",
    ),
    Format(
        "taillard-flow",
        "Taillard's flow-shop text",
        ("pfsp",),
        ("fsp", "txt"),
        f"{_HERE}.flowshop",
        "sniff_taillard",
        "read_taillard",
        "write_taillard",
    ),
    Format(
        "vrf",
        "flow shop as machine duration pairs (Vallada, Ruiz, Framinan)",
        ("pfsp",),
        ("vrf",),
        f"{_HERE}.flowshop",
        None,
        "read_vrf",
        "write_vrf",
    ),
    Format(
        "psplib",
        "PSPLIB project, one or several modes",
        ("rcpsp",),
        ("sm", "mm"),
        f"{_HERE}.projects",
        "sniff_psplib",
        "read_psplib",
    ),
    Format(
        "rcpsp-max",
        "project with time lags (ProGen/max)",
        ("rcpsp",),
        ("sch",),
        f"{_HERE}.projects",
        "sniff_lags",
        "read_lags",
    ),
    Format(
        "patterson",
        "Patterson's project text",
        ("rcpsp",),
        ("rcp",),
        f"{_HERE}.projects",
        "sniff_patterson",
        "read_patterson",
    ),
    Format(
        "assembly",
        "flexible job shop with precedences",
        ("fjsp",),
        ("txt", "fajsp", ""),
        f"{_HERE}.flexible",
        "sniff_assembly",
        "read_assembly",
    ),
    Format(
        "flexible",
        "flexible job-shop text, with set-up times",
        ("fjsp",),
        ("fjs", "txt"),
        f"{_HERE}.flexible",
        "sniff",
        "read",
        "write",
    ),
    Format(
        "openshop",
        "open-shop text",
        ("ossp",),
        ("osp", "txt"),
        f"{_HERE}.flowshop",
        "sniff_open",
        "read_open",
        "write_open",
    ),
    Format(
        "knapsack",
        "knapsack text (Jooken: n, items, capacity)",
        ("kp",),
        ("in", "txt", "kp"),
        f"{_HERE}.knapsack",
        "sniff",
        "read",
        "write",
    ),
    Format(
        "kplib",
        "knapsack text (kplib: n, capacity, items)",
        ("kp",),
        ("kp", "txt"),
        f"{_HERE}.knapsack",
        "sniff_kplib",
        "read_kplib",
        "write_kplib",
    ),
    Format(
        "robust-knapsack",
        "two-stage robust knapsack text",
        ("rkp",),
        ("rkp", "txt"),
        f"{_HERE}.robust_text",
        "sniff_knapsack",
        "read_knapsack",
        "write_knapsack",
    ),
    Format(
        "capital-budgeting",
        "two-stage capital budgeting text",
        ("robust",),
        ("cb", "txt"),
        f"{_HERE}.robust_text",
        "sniff_capital",
        "read_capital",
        None,
    ),
    Format(
        "mknap",
        "OR-Library multidimensional knapsack",
        ("mkp",),
        ("txt", "mkp"),
        f"{_HERE}.mknap",
        "sniff",
        "read",
        "write",
        many=True,
    ),
    Format(
        "rudy",
        "rudy (Gset): graph with weights of edges",
        ("maxcut",),
        ("rud", "mc", "txt"),
        f"{_HERE}.quadratic",
        "sniff_rudy",
        "read_rudy",
        "write_rudy",
    ),
    Format(
        "scp",
        "OR-Library set cover, by rows",
        ("setcover",),
        ("txt", "scp"),
        f"{_HERE}.scp",
        "sniff",
        "read",
        "write",
    ),
    Format(
        "rail",
        "OR-Library set cover, by columns",
        ("setcover",),
        ("rail", "txt", ""),
        f"{_HERE}.scp",
        "sniff_rail",
        "read_rail",
        "write_rail",
    ),
    Format(
        "dimacs",
        "DIMACS or PACE graph; the suffix says what is asked of it",
        ("mis", "clique", "vc"),
        ("mis", "clq", "vc", "col", "gr", "txt"),
        f"{_HERE}.dimacs",
        "sniff",
        "read",
        "write",
    ),
    Format(
        "dimacs-binary",
        "DIMACS binary graph",
        ("mis", "clique", "vc"),
        ("b",),
        f"{_HERE}.dimacs",
        "sniff_binary",
        "read_binary",
        "write_binary",
        binary=True,
    ),
    *(
        Format(
            f"dimacs-{kind}",
            f"DIMACS graph that asks for {what}",
            (kind,),
            (),
            f"{_HERE}.dimacs",
            None,
            f"read_{kind}",
            "write",
        )
        for kind, what in (
            ("mis", "an independent set"),
            ("clique", "a clique"),
            ("vc", "a vertex cover"),
        )
    ),
    Format(
        "metis",
        "METIS graph",
        ("mis", "clique", "vc"),
        ("graph", "metis"),
        f"{_HERE}.dimacs",
        "sniff_metis",
        "read_metis",
        "write_metis",
    ),
    Format(
        "qaplib",
        "QAPLIB: flows and distances",
        ("qap",),
        ("dat", "qap"),
        f"{_HERE}.quadratic",
        "sniff_qaplib",
        "read_qaplib",
        "write_qaplib",
    ),
    Format(
        "edgelist",
        "edge list, vertices from 0",
        ("mis", "clique", "vc"),
        ("edges", "el"),
        f"{_HERE}.dimacs",
        None,
        "read_edge_list",
        "write_edge_list",
    ),
    Format(
        "mps",
        "MPS",
        ("mip",),
        ("mps",),
        f"{_HERE}.highs",
        "sniff_mps",
        "read_mps",
        "write_mps",
    ),
    Format(
        "lp",
        "CPLEX LP",
        ("mip",),
        ("lp",),
        f"{_HERE}.highs",
        "sniff_lp",
        "read_lp",
        "write_lp",
    ),
    Format(
        "cip",
        "SCIP constraint integer program",
        ("mip",),
        ("cip",),
        f"{_HERE}.scip",
        "sniff_cip",
        "read_cip",
        "write_cip",
    ),
    Format(
        "opb",
        "pseudo-Boolean OPB",
        ("mip",),
        ("opb",),
        f"{_HERE}.scip",
        "sniff_opb",
        "read_opb",
        "write_opb",
    ),
    Format(
        "wbo",
        "weighted pseudo-Boolean WBO",
        ("mip",),
        ("wbo",),
        f"{_HERE}.scip",
        "sniff_wbo",
        "read_wbo",
        None,
    ),
    Format(
        "pip",
        "polynomial PIP",
        ("mip",),
        ("pip",),
        f"{_HERE}.scip",
        "sniff_pip",
        "read_pip",
        "write_pip",
    ),
    Format(
        "fzn",
        "FlatZinc",
        ("mip",),
        ("fzn",),
        f"{_HERE}.scip",
        "sniff_fzn",
        "read_fzn",
        "write_fzn",
    ),
    Format(
        "cnf",
        "DIMACS CNF",
        ("mip",),
        ("cnf",),
        f"{_HERE}.scip",
        "sniff_cnf",
        "read_cnf",
        None,
    ),
)

SOLUTION_FORMATS: tuple[Format, ...] = (
    Format(
        "json",
        "combkit JSON",
        ("*",),
        ("json",),
        f"{_HERE}.json_format",
        "sniff_solution",
        "read_solution",
        "write_solution",
        "stated_objective",
    ),
    Format(
        "tour",
        "TSPLIB tour",
        ("tsp", "atsp"),
        ("tour",),
        f"{_HERE}.tsplib_solutions",
        "sniff_tour",
        "read_tour",
        "write_tour",
        "stated_in_tour",
    ),
    Format(
        "oplib",
        "OPLib solution",
        ("op",),
        ("sol",),
        f"{_HERE}.tsplib_solutions",
        "sniff_sequence",
        "read_sequence",
        "write_sequence",
        "stated_in_sequence",
    ),
    Format(
        "sol",
        "CVRPLIB solution",
        ("cvrp", "ovrp", "vrptw", "vrp", "mtsp", "tsp", "atsp"),
        ("sol",),
        f"{_HERE}.tsplib_solutions",
        "sniff_sol",
        "read_sol",
        "write_sol",
        "stated_in_sol",
    ),
    Format(
        "mipsol",
        "name value lines (MIPLIB, SCIP, HiGHS)",
        ("mip",),
        ("sol", "mst"),
        f"{_HERE}.mip_solution",
        "sniff",
        "read",
        "write",
    ),
    Format(
        "schedule",
        "start times, one line a job",
        ("jsp", "pfsp", "ossp"),
        ("txt", "sol"),
        f"{_HERE}.jobshop",
        "sniff_schedule",
        "read_schedule",
        "write_schedule",
        "stated_makespan",
    ),
    Format(
        "items",
        "0/1 values, one an item",
        ("kp", "mkp"),
        ("txt", "sol"),
        f"{_HERE}.knapsack",
        "sniff_items",
        "read_items",
        "write_items",
        "stated_profit",
    ),
    Format(
        "sln",
        "QAPLIB solution",
        ("qap",),
        ("sln",),
        f"{_HERE}.quadratic",
        "sniff_sln",
        "read_sln",
        "write_sln",
        "stated_in_sln",
    ),
    Format(
        "members",
        "chosen members, one number a line, from 1",
        ("setcover", "mis", "clique", "vc", "maxcut"),
        ("sol", "txt", "vc"),
        f"{_HERE}.members",
        "sniff",
        "read",
        "write",
        "stated",
    ),
)
