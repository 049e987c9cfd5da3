"""Reports in every format: what they say, what they escape, what they survive."""

import base64
import csv
import gzip
import io
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import combkit as ck
from combkit.cli.bench.analysis import Analysis
from combkit.cli.bench.report_data import _changes, _thinned, encode, page_data
from combkit.cli.bench.report_html import as_html
from combkit.cli.bench.report_tables import _decimals, _fixed, summary_table
from combkit.cli.bench.report_text import as_csv, as_latex, as_markdown
from combkit.cli.bench.reports import FORMATS, Contents, choose_format, report
from combkit.instances.errors import UsageError

#: Names that end an element, a string, a cell, a command or a comment.
NASTY = (
    "</script><img src=x onerror=alert(1)>",
    "a|b *c* _d_ `e` $f$ {g} [h](i) %j \\k #l & ~m ^n",
    "]]><!-- \u2028 é 中 \"'",
)


def solved(task):
    """A run that ends well, better for label two, with a trace of three points."""
    value = 100.0 + task.seed + (10.0 if task.config.label == "one" else 0.0)
    return {
        "status": "feasible",
        "reason": "time",
        "objective": value,
        "runtime": 10.0,
        "wall": 10.1,
        "time_to_best": 2.0,
        "started": 1.7e9 + task.seed,
        "trace": [(0.5, 2 * value, None), (1.0, 1.5 * value, None), (2.0, value, None)],
    }


def failed(task):
    return {"status": "crashed", "reason": "failed", "message": "ended by SIGSEGV"}


def infeasible(task):
    return {"status": "infeasible", "runtime": 1.0, "wall": 1.0}


def proven(task):
    row = solved(task)
    trace = [(t, v, 0.5 * v) for t, v, _ in row["trace"]]
    trace.append((3.0, row["objective"], row["objective"]))
    return row | {"status": "optimal", "bound": row["objective"], "trace": trace}


def mixed(task):
    """Every kind of ending."""
    turn = (len(task.instance.name) + 2 * task.seed + len(task.config.label)) % 4
    return (solved, failed, infeasible, proven)[turn](task)


# -- pages, taken apart --------------------------------------------------------


class Page(HTMLParser):
    """The tags, the text and the scripts of a page."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.texts, self.scripts, self._inside = [], [], [], None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._inside = tag

    def handle_endtag(self, tag):
        self._inside = None

    def handle_data(self, data):
        (self.scripts if self._inside == "script" else self.texts).append(data)

    @property
    def data(self):
        return json.loads(self.scripts[0])


def decoded(column):
    return np.frombuffer(base64.b64decode(column["data"]), "<" + column["type"])


def page_of(store):
    return Page("".join(report(store, format="html").read_text()))


# -- formats -------------------------------------------------------------------


def test_formats_go_by_suffix_and_option(store_of, cli, tmp_path):
    store = store_of(solved)
    begins = {"html": "<!DOCTYPE html>", "md": "# Batch batch", "csv": "instance,kind"}
    begins["latex"] = "% Tables"
    for suffix, format in (("html", "html"), ("MD", "md"), ("csv", "csv")):
        done = cli("bench", "report", store.path, "-o", tmp_path / f"r.{suffix}")
        assert (done.code, done.out, done.err) == (0, "", "")
        assert (tmp_path / f"r.{suffix}").read_text().startswith(begins[format])
    for format in ("md", "csv", "latex"):
        done = cli("bench", "report", store.path, "--format", format)
        assert done.code == 0 and done.out.startswith(begins[format])
    done = cli("bench", "report", store.path, "-o", tmp_path / "r.x", "--format", "csv")
    assert done.code == 0
    assert (tmp_path / "r.x").read_text().startswith(begins["csv"])


def test_a_page_without_a_name_goes_beside_the_store(store_of, cli, tmp_path):
    store = store_of(solved, folder="v1.2.bench")
    done = cli("bench", "report", store.path)
    assert done.out.strip() == str(tmp_path / "v1.2.html")
    assert (tmp_path / "v1.2.html").exists()


def test_from_python(store_of, tmp_path):
    store = store_of(solved)
    assert ck.bench.report(store.path, format="md").startswith("# Batch batch\n")
    packed = ck.bench.report(store, tmp_path / "runs.csv.gz")
    assert packed == tmp_path / "runs.csv.gz"
    text = gzip.decompress(packed.read_bytes()).decode()
    assert text == ck.bench.report(store, format="csv")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--format", "latx"], "no format 'latx'; did you mean 'latex'?"),
        (["-o", "x.htlm"], "x.htlm: the suffix stands for no format; did you mean"),
        (["-o", "report"], "report: the suffix stands for no format"),
        (["-o", "no/such/x.md"], "No such file or directory"),
        (["-o", "folder.md"], "folder.md: is a folder"),
    ],
)
def test_bad_usage_is_one_line(store_of, cli, tmp_path, monkeypatch, words, reason):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.md").mkdir()
    done = cli("bench", "report", store_of(solved).path, *words)
    assert done.code == 2 and reason in done.err
    assert len(done.err.splitlines()) == 1 and done.out == ""


def test_store_without_runs_is_one_line(store_of, cli, tmp_path):
    for store in (store_of(lambda task: None).path, tmp_path / "none"):
        done = cli("bench", "report", store, "-o", tmp_path / "r.html")
        assert done.code == 2 and len(done.err.splitlines()) == 1
        assert not (tmp_path / "r.html").exists()
    assert "not a store of runs" in done.err


def test_formats_have_names():
    assert choose_format(None, None) == "html"
    assert choose_format("a.TEX", None) == "latex"
    with pytest.raises(UsageError, match="no format"):
        choose_format("a.html", "pdf")


# -- what they say -------------------------------------------------------------


def test_the_same_store_gives_the_same_report(store_of):
    first = store_of(mixed, folder="a.bench")
    second = store_of(mixed, folder="b.bench")
    second.compact()
    for format in FORMATS:
        texts = []
        for store in (first, second, second):
            made = report(store, format=format)
            texts.append(made if isinstance(made, str) else made.read_text())
        assert len(set(texts)) == 1, format


def test_csv_is_the_frame(store_of):
    store = store_of(mixed, instances=[("tsp", "a"), ("mip", "bb")])
    frame = Analysis.of(store).frame.set_index("run")
    rows = list(csv.DictReader(io.StringIO(report(store, format="csv"))))
    assert len(rows) == 8
    keys = [(r["kind"], r["instance"], r["label"], int(r["seed"])) for r in rows]
    assert keys == sorted(keys)
    for row in rows:
        mine = frame.loc[row["run"]]
        assert (row["status"], row["label"]) == (mine["status"], mine["label"])
        for name in ("gap", "gamma", "primal_integral", "par2", "par10", "time"):
            assert float(row[name]) == pytest.approx(mine[name], rel=1e-9)
        assert (row["objective"] == "") == (not mine["has"])


def test_page_has_the_figures_of_every_run(store_of):
    store = store_of(mixed, labels=("one", "two", "three"), seeds=3)
    frame = Analysis.of(store).frame.sort_values(["instance", "label", "seed"])
    data = page_of(store).data
    runs = {name: decoded(c) for name, c in data["runs"]["columns"].items()}
    assert data["labels"] == ["one", "three", "two"]
    names = data["instances"]["name"]
    assert [names[k] for k in runs["instance"]] == list(frame["instance"])
    assert [data["labels"][k] for k in runs["label"]] == list(frame["label"])
    statuses = [data["runs"]["statuses"][k] for k in runs["status"]]
    assert statuses == list(frame["status"])
    np.testing.assert_array_equal(runs["objective"], frame["objective"])
    np.testing.assert_allclose(runs["gap"], frame["gap"], rtol=1e-6)
    assert [f"{run:08x}" for run in runs["run"]] == [r[:8] for r in frame["run"]]


def test_page_has_the_curves_of_every_run(store_of):
    store = store_of(proven)
    data = page_of(store).data
    curves = {
        what: {name: decoded(c) for name, c in columns.items()}
        for what, columns in data["curves"].items()
    }
    labels = decoded(data["runs"]["columns"]["label"])
    seeds = decoded(data["runs"]["columns"]["seed"])
    for run, (label, seed) in enumerate(zip(labels, seeds, strict=True)):
        last = 100.0 + seed + (10.0 if data["labels"][label] == "one" else 0.0)
        for what, times, values in (
            # The proof changes the bound alone.
            ("objective", [0.5, 1, 2], [2 * last, 1.5 * last, last]),
            ("bound", [0.5, 1, 2, 3], [last, 0.75 * last, last / 2, last]),
        ):
            part = slice(*curves[what]["offsets"][run : run + 2])
            np.testing.assert_allclose(curves[what]["time"][part], times)
            np.testing.assert_allclose(curves[what]["value"][part], values)


def test_page_has_means_profiles_and_targets(store_of):
    analysis = Analysis.of(store_of(solved))
    (kind,) = json.loads(page_data(analysis)[0])["kinds"]
    mean = analysis.convergence("tsp")
    shape = (len(kind["instances"]), len(analysis.labels), mean.shape[1])
    means = decoded(kind["mean"]).reshape(shape)
    for i, instance in enumerate(kind["instances"]):
        for k, label in enumerate(analysis.labels):
            expected = mean.loc[(instance, label)].to_numpy()
            np.testing.assert_allclose(means[i, k], expected, rtol=1e-3)
    gaps = decoded(kind["measures"]["gap"]).reshape(shape[:2])
    table = analysis.instances("tsp")["gap"].unstack("label")
    np.testing.assert_allclose(gaps, table.to_numpy(), rtol=1e-6)
    assert [row["target"] for row in kind["ecdf"]] == [0.0, 0.001, 0.01, 0.05]
    curve = next(c for c in kind["ecdf"][2]["curves"] if c["label"] == "two")
    assert decoded(curve["y"])[-1] == 1.0 and decoded(curve["x"])[-1] == 2.0
    assert {c["label"] for c in kind["profile"]["curves"]} == {"one", "two"}


def test_texts_tell_verdict_notes_limits_and_spec(store_of):
    spec = "# ``` in a comment\nseeds = 2\n"
    store = store_of(solved, spec=spec, instances=[("tsp", f"i{k}") for k in range(8)])
    page, text = page_of(store), report(store, format="md")
    analysis = Analysis.of(store)
    told = " ".join(page.texts)
    for sentence in (*analysis.verdict("tsp"), *analysis.notes):
        assert sentence in told
        assert sentence in text.replace("\\", "")
    assert "By gap, against two: one: worse." in told
    assert spec in told
    assert f"````toml\n{spec}````\n" in text
    for fact in ("time 10 s", "0, 1", "x, 2 processors", "numpy 2.0", "2023-11-14"):
        assert fact in told and fact in text


def test_partial_batch_says_so(store_of):
    store = store_of(lambda task: solved(task) if task.seed == 0 else None)
    for format in ("html", "md"):
        made = report(store, format=format)
        text = made if isinstance(made, str) else made.read_text()
        assert "4 of 8 planned runs are done" in text


# -- what they survive ---------------------------------------------------------

STORES = {
    "single label": (solved, {"labels": ["one"]}),
    "one seed": (solved, {"seeds": 1}),
    "one run": (solved, {"seeds": 1, "labels": ["x"], "instances": [("tsp", "a")]}),
    "no trace": (lambda task: solved(task) | {"trace": []}, {}),
    "failed only": (failed, {}),
    "infeasible": (infeasible, {"instances": [("mip", "a"), ("mip", "b")]}),
    "maximum": (proven, {"sense": "max", "instances": [("kp", "a")]}),
    "objective 0": (lambda task: solved(task) | {"objective": 0.0, "trace": []}, {}),
    "negative": (
        lambda task: solved(task) | {"objective": -1.0, "trace": [(1.0, -1.0, None)]},
        {},
    ),
    "several kinds": (
        mixed,
        {"instances": [("tsp", "a"), ("mip", "bb"), ("kp", "c"), ("mip", "d")]},
    ),
    "many labels": (mixed, {"labels": [f"solver {k}" for k in range(26)], "seeds": 1}),
    "disjoint": (
        lambda task: (
            solved(task)
            if (task.instance.name == "a") == (task.config.label == "one")
            else None
        ),
        {},
    ),
    "nasty": (mixed, {"labels": NASTY, "instances": [("tsp", n) for n in NASTY]}),
}


@pytest.mark.parametrize("name", STORES)
def test_every_store_has_every_report(store_of, name):
    outcome, options = STORES[name]
    store = store_of(outcome, name=NASTY[0] if name == "nasty" else name, **options)
    analysis = Analysis.of(store)
    contents = Contents(store)
    page = Page("".join(as_html(contents)))
    assert len(page.data["kinds"]) == len(analysis.kinds)
    assert page.data["runs"]["count"] == len(analysis.frame)
    for write in (as_markdown, as_csv, as_latex):
        assert "".join(write(contents))
    for kind in analysis.kinds:
        table = summary_table(analysis, kind)
        assert {len(row) for row in table.rows} == {len(table.columns)}


def test_names_do_no_harm_in_a_page(store_of, tmp_path):
    store = store_of(
        lambda task: failed(task) | {"message": NASTY[0]},
        labels=NASTY,
        instances=[("tsp", name) for name in NASTY],
        name=NASTY[0],
        spec=f"# {NASTY[0]}\n",
    )
    page = page_of(store)
    assert [tag for tag, _ in page.tags].count("script") == 2
    assert not {"img", "link", "iframe", "object", "b"} & {tag for tag, _ in page.tags}
    assert page.data["labels"] == sorted(NASTY)
    assert f"failed: {NASTY[0]}" in page.data["runs"]["remarks"]
    texts = "".join(page.texts)
    assert f"# {NASTY[0]}\n" in texts and f"Batch {NASTY[0]}" in texts


def test_a_page_refers_to_nothing(store_of):
    text = report(store_of(solved), format="html").read_text()
    page = Page(text)
    for tag, attributes in page.tags:
        assert not {"src", "srcset", "action", "style"} & set(attributes), tag
        assert attributes.get("href", "#").startswith("#")
        assert not any(name.startswith("on") for name in attributes)
    assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest|import\(", text)
    # The name of a namespace is no address.
    assert re.findall(r"\w+://\S*?(?=[\"'\s])", text) == ["http://www.w3.org/2000/svg"]
    (policy,) = (a["content"] for _, a in page.tags if "http-equiv" in a)
    assert policy.startswith("default-src 'none';") and "unsafe" not in policy


def test_markdown_takes_names_literally_and_without_warnings(store_of, tmp_path):
    from docutils.core import publish_doctree
    from myst_parser.parsers.docutils_ import Parser

    for name in ("several kinds", "nasty"):
        outcome, options = STORES[name]
        store = store_of(outcome, folder=f"{name}.bench", **options)
        warnings = io.StringIO()
        tree = publish_doctree(
            report(store, format="md"),
            parser=Parser(),
            settings_overrides={"warning_stream": warnings},
        )
        assert warnings.getvalue() == ""
    told = tree.astext()
    # Lines are joined: a table has no line breaks.
    for name in NASTY:
        assert " ".join(name.split()) in told
    assert "raw" not in {node.tagname for node in tree.findall()}


def test_latex_takes_names_literally(store_of):
    store = store_of(mixed, labels=NASTY, name=NASTY[1])
    text = report(store, format="latex")
    body = text[text.index("\\begin{table}") :]
    plain = re.sub(r"\\text[a-z]+\{\}|\\[{}$&#%_]", "", body)
    assert plain.count("{") == plain.count("}")
    assert not set(plain) & set('$#%_~^<>|"`')
    rows = body[body.index("\\midrule") : body.index("\\bottomrule")].splitlines()[1:-1]
    widths = {row.replace("\\&", "").count("&") for row in rows}
    assert len(rows) == 3 and len(widths) == 1
    assert "[U+4E2D]" in body and "é" in body and body.isprintable() is False
    assert all(c < "Ā" for c in body)


@pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0, reason="mounts a small file system"
)
def test_full_disk_leaves_the_old_report(store_of, cli, tmp_path):
    store = store_of(solved)
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "none", str(small)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("file systems cannot be mounted here")
    try:
        (small / "r.html").write_text("old")
        done = cli("bench", "report", store.path, "-o", small / "r.html")
        assert done.code == 2 and "No space left on device" in done.err
        assert (small / "r.html").read_text() == "old"
        assert [p.name for p in small.iterdir()] == ["r.html"]
    finally:
        subprocess.run(["umount", str(small)], check=True)


# -- parts ---------------------------------------------------------------------


@given(st.lists(st.integers(0, 40), min_size=1, max_size=8), st.integers(2, 20))
def test_thinning_keeps_ends_and_no_more_than_it_may(lengths, most):
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    kept = _thinned(offsets, most)
    for k, length in enumerate(lengths):
        own = kept[offsets[k] : offsets[k + 1]]
        assert own.sum() == min(length, most)
        if length:
            assert own[0] and own[-1]
        if 1 < most < length:
            # Evenly: no stretch that is left out is twice another one.
            steps = np.diff(np.flatnonzero(own))
            assert steps.max() - steps.min() <= 1


@given(st.data())
def test_changes_of_a_series(data):
    value = st.sampled_from([np.nan, 1.0, 2.0])
    series = data.draw(st.lists(st.lists(value, max_size=6), min_size=1, max_size=5))
    order = np.array(data.draw(st.permutations(range(len(series)))))
    offsets = np.concatenate([[0], np.cumsum([len(s) for s in series])])
    values = np.array([v for s in series for v in s])
    ends, time, found = _changes(
        offsets, np.arange(len(values), dtype=float), values, order
    )
    for place, k in enumerate(order):
        expected = []
        for j, v in enumerate(series[k]):
            if not np.isnan(v) and (j == 0 or v != series[k][j - 1]):
                expected.append((float(offsets[k] + j), v))
        own = slice(ends[place], ends[place + 1])
        assert list(zip(time[own], found[own], strict=True)) == expected


def test_data_keep_to_their_budget_and_say_so(store_of):
    def long(task):
        points = [(0.01 * k, 1000.0 - k, float(k)) for k in range(1, 400)]
        return solved(task) | {"objective": 601.0, "trace": points}

    analysis = Analysis.of(store_of(long))
    whole, complete = page_data(analysis)
    # 8 runs, two series each; 200 points are what a screen can show.
    assert (complete.kept, complete.total) == (8 * 2 * 200, 8 * 2 * 399)
    assert "at most 200 points" in str(complete)
    small, thinned = page_data(analysis, budget=len(whole) - 8_000)
    assert len(small) <= len(whole) - 8_000
    assert 2 < thinned.most < 200 and f"at most {thinned.most} points" in str(thinned)
    few, least = page_data(analysis, budget=0)
    assert least.most == 2 and len(few) < len(small)


@pytest.mark.parametrize(
    ("numbers", "texts"),
    [
        ([1, 20, 300], ["1", "20", "300"]),
        ([0.0112, 15.3, 17.5], ["0.011", "15.300", "17.500"]),
        ([0.0, 1e-9, 1.0], ["0.0000", "<0.0001", "1.0000"]),
        ([float("nan"), 0.5], ["-", "0.500"]),
        ([1234.56, 2345.67], ["1235", "2346"]),
        ([], []),
    ],
)
def test_columns_have_as_many_decimals_as_tell_them_apart(numbers, texts):
    places = _decimals(numbers)
    assert [_fixed(x, places) for x in numbers] == texts


def test_columns_are_little_endian_whatever_they_were():
    for dtype in ("u1", "i4", "<f4", ">f4", "f8", "f2"):
        values = np.array([1, 2, 3], dtype=dtype)
        np.testing.assert_array_equal(decoded(encode(values)), values)
