"""From rows to tables: who is compared with whom, and what counts how."""

import math

import numpy as np
import pyarrow as pa
import pytest

from combkit.cli.bench.analysis import Analysis
from combkit.cli.bench.schema import runs_schema, trace_schema
from combkit.instances.errors import UsageError


def analysis(rows, **options):
    """An analysis of rows given as dictionaries; the trace is their key trace."""
    trace, runs = [], []
    for k, given in enumerate(rows):
        row = {
            "run": f"run{k:03d}",
            "kind": "tsp",
            "sense": "min",
            "label": "a",
            "seed": 0,
            "status": "feasible",
            "time_limit": 10.0,
            "wall": 10.0,
            "machine": "{}",
            **given,
        }
        for time, objective, bound in row.pop("trace", ()):
            trace.append(
                {"run": row["run"], "time": time, "objective": objective}
                | {"bound": bound, "source": "s"}
            )
        runs.append(row)
    return Analysis(
        pa.Table.from_pylist(runs, schema=runs_schema()),
        pa.Table.from_pylist(trace, schema=trace_schema()),
        **options,
    )


def grid(values, **common):
    """Rows of {label: {instance: [objective by seed]}}."""
    return [
        {"label": label, "instance": instance, "seed": seed, "objective": value}
        | {"trace": [(1.0, value, None)]}
        | common
        for label, by_instance in values.items()
        for instance, by_seed in by_instance.items()
        for seed, value in enumerate(by_seed)
    ]


def test_gaps_are_to_the_best_known_value_or_to_the_best_of_the_batch():
    found = analysis(
        [
            {"instance": "p", "objective": 110.0, "best_known": 100.0},
            {"instance": "q", "objective": 110.0},
            {"instance": "q", "objective": 88.0, "label": "b"},
            {"instance": "r", "objective": 90.0, "best_known": 100.0, "label": "b"},
            {"instance": "m", "objective": 90.0, "best_known": 100.0, "sense": "max"},
        ]
    )
    frame = found.frame.set_index(["instance", "label"])
    assert frame.loc[("p", "a"), "gap"] == pytest.approx(0.1)
    assert frame.loc[("q", "a"), "gap"] == pytest.approx(0.25)
    assert frame.loc[("q", "b"), "gap"] == 0.0
    assert frame.loc[("m", "a"), "gap"] == pytest.approx(0.1)
    # Better than known: a negative gap, and said.
    assert frame.loc[("r", "b"), "gap"] == pytest.approx(-0.1)
    assert frame.loc[("r", "b"), "gamma"] == 0.0
    assert any("Better than the best known" in n and "r" in n for n in found.notes)


def test_failures_count_at_the_limit():
    found = analysis(
        [
            {"instance": "p", "objective": 5.0, "best_known": 5.0, "status": "optimal"}
            | {"runtime": 2.0, "trace": [(1.0, 5.0, 5.0)]},
            {"instance": "p", "label": "b", "status": "crashed", "objective": 5.0}
            | {"runtime": 0.1, "trace": [(0.1, 5.0, 5.0)]},
            {"instance": "p", "label": "c", "status": "no_solution"},
            {"instance": "p", "label": "d", "objective": 50.0},
        ]
    )
    frame = found.frame.set_index("label")
    assert frame.loc["a", ["time", "par2", "gap"]].tolist() == [2.0, 2.0, 0.0]
    assert frame.loc["a", "primal_integral"] == pytest.approx(0.1)
    for label in "bc":
        row = frame.loc[label]
        assert (row["gap"], row["gamma"]) == (1.0, 1.0)
        assert (row["time"], row["par2"], row["par10"]) == (10.0, 20.0, 100.0)
        assert row["primal_integral"] == row["primal_dual_integral"] == 1.0
    assert frame.loc["d", "gap"] == 1.0, "a poor solution is not worse than none"
    summary = found.summary("tsp")
    assert summary["failed"].to_dict() == {"a": 0, "b": 1, "c": 0, "d": 0}
    assert summary["found"].to_dict() == {"a": 1, "b": 0, "c": 0, "d": 1}


def test_proof_of_infeasibility_is_an_answer():
    found = analysis(
        [
            {"instance": "p", "status": "infeasible", "runtime": 1.0},
            {"instance": "p", "status": "no_solution", "label": "b"},
        ]
    )
    frame = found.frame.set_index("label")
    assert frame.loc["a", ["gap", "gamma", "time"]].tolist() == [0.0, 0.0, 1.0]
    assert frame.loc["a", "primal_integral"] == pytest.approx(0.1)
    assert frame.loc["b", "gap"] == 1.0


def test_reference_of_zero_has_berthold_s_gap():
    found = analysis(
        [
            {"instance": "p", "objective": 0.0, "best_known": 0.0},
            {"instance": "p", "objective": 3.0, "best_known": 0.0, "label": "b"},
        ]
    )
    assert found.frame.set_index("label")["gap"].to_dict() == {"a": 0.0, "b": 1.0}


def test_averages_are_over_the_instances_that_all_have_run():
    rows = grid({"a": {"p": [1.0], "q": [2.0]}, "b": {"p": [2.0]}})
    found = analysis(rows, planned=4, left_out=3)
    assert found.common("tsp") == ["p"]
    assert found.common("tsp", ["a"]) == ["p", "q"]
    assert found.summary("tsp")["runs"].to_dict() == {"a": 1, "b": 1}
    text = " ".join(found.notes)
    assert "3 of 4 planned runs" in text
    assert "1 of 2 instances have all runs" in text
    assert "3 rows of other versions" in text


def test_seeds_that_one_lacks_are_no_basis_either():
    rows = grid({"a": {"p": [1.0, 1.0], "q": [2.0, 2.0]}, "b": {"p": [2.0, 2.0]}})
    rows.append({"label": "b", "instance": "q", "seed": 0, "objective": 3.0})
    assert analysis(rows).common("tsp") == ["p"]


def test_time_to_target():
    rows = [
        {"instance": "p", "objective": 101.0, "best_known": 100.0}
        | {"trace": [(1.0, 150.0, None), (2.0, 104.0, None), (3.0, 101.0, None)]},
        {"instance": "p", "objective": 100.0, "best_known": 100.0, "label": "b"}
        | {"status": "killed", "trace": [(1.0, 100.0, None)]},
    ]
    found = analysis(rows)
    assert found.times_to(0.05).tolist() == [2.0, math.inf]
    assert found.times_to(0.01).tolist() == [3.0, math.inf]
    assert found.times_to(0.0).tolist() == [math.inf, math.inf]
    (curve, _) = found.ecdf("tsp", 0.05)
    assert (curve.label, curve.x.tolist(), curve.y.tolist()) == ("a", [2.0], [1.0])


def test_mip_objectives_are_the_same_within_their_tolerance():
    row = {"instance": "p", "objective": 1e5 + 0.001, "best_known": 1e5}
    row |= {"trace": [(1.0, 1e5 + 0.001, None)]}
    assert analysis([row | {"kind": "mip"}]).times_to(0.0).tolist() == [1.0]
    assert analysis([row]).times_to(0.0).tolist() == [math.inf]


def test_significance_over_instances_with_seeds_averaged():
    rng = np.random.default_rng(1)
    values = {
        label: {f"i{k}": list(1000 + shift + rng.normal(0, 1, 4)) for k in range(12)}
        for label, shift in (("a", 0.0), ("b", 20.0), ("c", 0.0))
    }
    found = analysis(grid(values, best_known=1000.0))
    table = found.significance("tsp", "a").set_index(["measure", "second"])
    row = table.loc[("gap", "b")]
    assert row["verdict"] == "worse" and row["effect"] == 1.0
    assert row["instances"] == 12, "48 runs are no 48 instances"
    assert row["low"] < 0.02 < row["high"]
    assert table.loc[("gap", "c"), "verdict"] == "no evidence of a difference"
    assert (table["adjusted"] >= table["p"]).all()
    assert len(found.significance("tsp")) == 3 * 3
    assert "b: worse" in " ".join(found.verdict("tsp", "a"))
    with pytest.raises(UsageError, match="did you mean"):
        found.significance("tsp", "aa")


def test_virtual_best_is_evaluated_on_other_seeds_than_it_is_chosen_on():
    # Each label is lucky once, on the first seed, and poor on the second.
    values = {
        "a": {"p": [100.0, 200.0], "q": [150.0, 150.0]},
        "b": {"p": [150.0, 150.0], "q": [100.0, 200.0]},
    }
    found = analysis(grid(values, best_known=100.0)).virtual_best("tsp")
    gaps = dict(zip(found["label"], found["gap"], strict=True))
    assert gaps["virtual best"] == pytest.approx(1.0), "luck does not count"
    assert gaps["a"] == gaps["b"] == pytest.approx(0.75)
    assert not found["in_sample"].any()
    one = {label: {i: v[:1] for i, v in d.items()} for label, d in values.items()}
    found = analysis(grid(one, best_known=100.0)).virtual_best("tsp")
    assert found["in_sample"].all() and found["gap"][0] == 0.0


def test_wins_and_contribution():
    values = {"a": {"p": [100.0], "q": [150.0]}, "b": {"p": [120.0], "q": [100.0]}}
    table = analysis(grid(values, best_known=100.0)).summary("tsp")
    assert table["wins"].to_dict() == {"b": 1, "a": 1}
    assert table.loc["a", "contribution"] == pytest.approx(0.1)
    assert table.loc["b", "contribution"] == pytest.approx(0.25)
    assert list(table.index) == ["b", "a"], "the least mean gap first"


def test_profiles_are_by_time_to_proof_where_there_are_proofs():
    rows = [
        {"instance": "p", "objective": 1.0, "status": "optimal", "runtime": 1.0},
        {"instance": "p", "objective": 1.0, "status": "optimal", "runtime": 4.0}
        | {"label": "b"},
    ]
    found = analysis(rows)
    assert found.profile_measure("tsp") == "time to proof"
    curves = {c.label: dict(zip(c.x, c.y, strict=True)) for c in found.profile("tsp")}
    assert curves == {"a": {1.0: 1.0, 4.0: 1.0}, "b": {1.0: 0.0, 4.0: 1.0}}
    found = analysis(grid({"a": {"p": [1.0]}, "b": {"p": [2.0]}}))
    assert found.profile_measure("tsp") == "primal integral"
    # A few proofs among many runs say little about all of them.
    more = [{"instance": k, "objective": 1.0, "label": c} for k in "qr" for c in "ab"]
    assert analysis(rows + more).profile_measure("tsp") == "primal integral"


def test_convergence_is_the_mean_over_seeds():
    rows = grid({"a": {"p": [100.0, 200.0]}}, best_known=100.0)
    table = analysis(rows).convergence("tsp")
    assert table.index.tolist() == [("p", "a")]
    assert table.iloc[0, 0] == 1.0
    assert table.iloc[0, -1] == pytest.approx(0.25)


def test_shift_follows_the_limits():
    row = {"instance": "p", "objective": 1.0}
    assert analysis([row]).shift == 1.0
    assert analysis([row | {"time_limit": 61.0}]).shift == 10.0


def test_kinds_are_not_mixed():
    rows = grid({"a": {"p": [1.0]}}) + grid({"b": {"k": [1.0]}}, kind="kp")
    found = analysis(rows)
    assert found.kinds == ["kp", "tsp"]
    assert found.labels_of("kp") == ["b"] and found.labels_of("tsp") == ["a"]
    assert found.significance("kp").empty and found.profile("kp")


def test_order_of_rows_does_not_matter():
    rows = grid({"a": {"p": [1.0, 3.0], "q": [2.0, 2.5]}, "b": {"p": [2.0, 1.0]}})
    for k, row in enumerate(rows):
        row["run"] = f"run{k}"
    one, two = analysis(rows), analysis(rows[::-1])
    assert one.frame.equals(two.frame)


def test_nothing_done_is_an_error():
    with pytest.raises(UsageError, match="no run is done"):
        analysis([])
