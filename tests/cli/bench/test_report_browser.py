"""The page of a report in a browser: headless Chromium, as Debian packages it."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from combkit.cli.bench import report

PROGRAMS = ("chromium", "chromedriver")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,1000",
)
NASTY = "</script><img src=x onerror=document.title='no'>"
LABELS = ("exact", "quick", NASTY)
INSTANCES = (*(("tsp", f"tsp-n{k}") for k in (5, 10, 50, 100)), ("mip", "knap<i>sack"))
SEEDS = 8


def outcome(task):
    """Better for exact, earlier for quick, and some runs fail."""
    best = 1000.0
    if task.config.label == NASTY and task.seed % 2:
        return {"status": "crashed", "reason": "failed", "message": f"by {NASTY}"}
    late, last = {"exact": (5.0, 0.0), "quick": (0.1, 4.0)}.get(
        task.config.label, (1.0, 90.0)
    )
    value = best + last + task.seed
    trace = [(late / 8, 2 * best, 0.5 * best), (late, value, 0.9 * best)]
    return {
        "status": "optimal" if task.instance.kind == "mip" else "feasible",
        "reason": "time",
        "objective": value,
        "bound": 0.9 * best,
        "runtime": 9.0 if task.config.label == "exact" else 2.0,
        "wall": 9.1,
        "trace": trace,
    }


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory):
    """A browser with a profile of its own."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        reason = f"{' and '.join(missing)} not installed"
        # Where everything has to be tested a skip would hide that it was not.
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability(
        "goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"}
    )
    service = Service(shutil.which("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory, store_in) -> Path:
    """The file of the page."""
    folder = tmp_path_factory.mktemp("report")
    options = {"labels": LABELS, "instances": INSTANCES, "seeds": SEEDS}
    store = store_in(folder / "s", outcome, name=NASTY, spec=f"# {NASTY}", **options)
    return report(store, folder / "report.html")


class View:
    """The page in the browser."""

    def __init__(self, driver, path):
        self.driver = driver
        driver.get_log("browser"), driver.get_log("performance")
        driver.get(path.as_uri())

    def js(self, code, *arguments):
        return self.driver.execute_script(code, *arguments)

    def one(self, css):
        return self.driver.find_element("css selector", css)

    def all(self, css):
        return self.driver.find_elements("css selector", css)

    def click(self, css):
        # As a keyboard or a screen reader does: whatever may lie above it.
        self.js("arguments[0].focus(); arguments[0].click()", self.one(css))

    def choose(self, css, value):
        self.js(
            "arguments[0].value = arguments[1];"
            "arguments[0].dispatchEvent(new Event('change'))",
            self.one(css),
            value,
        )

    def texts(self, css):
        return self.js(
            "return Array.from(document.querySelectorAll(arguments[0]), "
            "e => e.textContent)",
            css,
        )

    def column(self, number, table="#all-runs"):
        return self.texts(f"{table} tbody td:nth-child({number})")

    def titles(self, table="#all-runs"):
        titles = self.texts(f"{table} thead th")
        return [title.replace("\u00a0", " ") for title in titles]

    def paths(self, chart):
        return self.js(
            "return Array.from(document.querySelectorAll(arguments[0] + ' .curve'), "
            "e => e.getAttribute('d'))",
            chart,
        )

    def until(self, holds):
        """Wait for a filter, which waits for the end of typing."""
        end = time.monotonic() + 20
        while not holds():
            assert time.monotonic() < end
            time.sleep(0.02)

    def errors(self):
        return [entry["message"] for entry in self.driver.get_log("browser")]


@pytest.fixture
def view(browser, path) -> View:
    """The page, freshly opened; it must have had nothing to complain about."""
    view = View(browser, path)
    yield view
    assert view.errors() == []


PROFILE = "#charts-1 .charts .chart:nth-child(1)"
TARGET = "#charts-1 .charts .chart:nth-child(2)"
CONVERGENCE = "#charts-1 .convergence"


def test_page_renders_and_asks_for_nothing(view, path):
    assert view.driver.title == f"Batch {NASTY}"
    assert view.texts("h2") == ["mip", "tsp", "All runs", "How it was run"]
    assert view.all("img") == []
    assert len(view.paths(PROFILE)) == len(LABELS)
    assert len(view.paths(TARGET)) == len(LABELS)
    assert all("NaN" not in d and d for d in view.paths("body"))
    assert set(view.column(3)) == set(LABELS)
    assert view.js("return performance.getEntriesByType('resource')") == []
    asked = [
        json.loads(entry["message"])["message"]
        for entry in view.driver.get_log("performance")
    ]
    urls = {
        message["params"]["request"]["url"]
        for message in asked
        if message["method"] == "Network.requestWillBeSent"
    }
    assert urls <= {path.as_uri()}


def test_policy_of_the_page_stops_other_scripts(view):
    view.js(
        "const s = document.createElement('script'); s.textContent = 'window.x = 1';"
        "document.body.append(s)"
    )
    assert view.js("return window.x") is None
    assert "Content Security Policy" in " ".join(view.errors())


def test_sorting_by_click_and_by_key(view):
    from selenium.webdriver.common.keys import Keys

    seed = view.titles().index("seed") + 1
    head = f"#all-runs thead th:nth-child({seed})"
    assert view.one(head).get_attribute("aria-sort") == "none"
    view.click(f"{head} button")
    assert view.one(head).get_attribute("aria-sort") == "ascending"
    assert set(view.column(seed)) == {"0", "1"}
    view.one(f"{head} button").send_keys(Keys.ENTER)
    assert view.one(head).get_attribute("aria-sort") == "descending"
    assert set(view.column(seed)) == {"7", "6"}
    states = [th.get_attribute("aria-sort") for th in view.all("#all-runs thead th")]
    assert states.count("none") == len(states) - 1
    # Text sorts as people count: n5, n10, n50, n100.
    view.click("#instances-1 thead th:nth-child(1) button")
    assert view.column(1, "#instances-1") == [
        "tsp-n5",
        "tsp-n10",
        "tsp-n50",
        "tsp-n100",
    ]
    # Runs without an objective come last, in both directions.
    number = view.titles().index("objective") + 1
    for _ in range(2):
        view.click(f"#all-runs thead th:nth-child({number}) button")
        assert "\u2013" not in view.column(number)


def test_tables_by_solver_sort(view):
    head = "#kind-1 table thead th:nth-child(7)"
    rows = "#kind-1 table:first-of-type tbody th"
    view.click(f"{head} button")
    assert view.one(head).get_attribute("aria-sort") == "ascending"
    first = view.texts(rows)[:3]
    view.click(f"{head} button")
    assert view.texts(rows)[:3] == first[::-1]


def test_filters_and_pages(view):
    total = len(LABELS) * len(INSTANCES) * SEEDS
    status = view.titles().index("status") + 1

    def count():
        return view.texts("#all-runs .count")[0]

    assert count() == f"1\u201325 of {total} runs"
    view.click("#all-runs .pages button[title='last page']")
    assert count().startswith("101\u2013120 of")
    crashed = len(INSTANCES) * SEEDS // 2
    choices = view.texts("#all-runs select.status option")
    view.choose("#all-runs select.status", str(choices.index("crashed") - 1))
    view.until(lambda: count() == f"1\u2013{crashed} of {crashed} (of {total}) runs")
    assert set(view.column(status)) == {"crashed"}
    view.one("#all-runs .filter").send_keys("N50")
    view.until(lambda: count() == f"1\u20134 of 4 (of {total}) runs")
    assert set(view.column(2)) == {"tsp-n50"}
    view.one("#all-runs .filter").send_keys(" nothing")
    view.until(lambda: count() == f"no runs match (of {total})")
    view.click("#all-runs .controls button")
    assert count() == f"1\u201325 of {total} runs"
    view.choose("#all-runs select.kind", "0")
    view.until(lambda: f"of {len(LABELS) * SEEDS} (of" in count())
    assert set(view.column(1)) == {"mip"}
    view.one("#instances-1 .filter").send_keys("n5")
    assert view.column(1, "#instances-1") == ["tsp-n5", "tsp-n50"]


def test_legend_hides_a_solver_everywhere(view):
    button = f"{PROFILE} .legend li:nth-child(1) button"
    label = view.one(button).get_attribute("data-label")
    before = [len(view.paths(c)) for c in (PROFILE, TARGET, CONVERGENCE)]
    view.click(button)
    assert view.one(button).get_attribute("aria-pressed") == "false"
    after = [len(view.paths(c)) for c in (PROFILE, TARGET, CONVERGENCE)]
    assert after == [number - 1 for number in before]
    assert view.all(f'.curve[data-label="{label}"]') == []
    view.click(button)
    assert [len(view.paths(c)) for c in (PROFILE, TARGET, CONVERGENCE)] == before


def test_target_changes_the_curves(view):
    before = view.paths(TARGET)
    for value in ("0", "3"):
        view.choose(f"{TARGET} select.target", value)
        assert view.paths(TARGET) != before
    view.choose(f"{TARGET} select.target", "2")
    assert view.paths(TARGET) == before


def test_instance_and_view_change_the_convergence(view):
    before = view.paths(CONVERGENCE)
    view.choose(f"{CONVERGENCE} .instance", "n50")
    assert view.one(f"{CONVERGENCE} .instance").get_property("value") == "tsp-n50"
    assert "tsp-n50" in view.one(f"{CONVERGENCE} .plot svg").get_attribute("aria-label")
    view.choose(f"{CONVERGENCE} .instance", "no such thing")
    assert view.one(f"{CONVERGENCE} .instance").get_attribute("aria-invalid") == "true"
    view.click(f"{CONVERGENCE} .each")
    thin = view.all(f"{CONVERGENCE} .curve.thin")
    assert len(thin) == len(LABELS) * SEEDS
    view.choose(f"{CONVERGENCE} select.view", "objective")
    assert view.paths(CONVERGENCE) != before
    assert view.all(f"{CONVERGENCE} .curve.bound")
    assert len(view.all(f"{CONVERGENCE} .curve.reference")) == 1
    # A link in a table leads to the curve of its instance.
    view.click("#instances-1 tbody tr:nth-child(1) button")
    chosen = view.one(f"{CONVERGENCE} .instance").get_property("value")
    assert chosen == view.column(1, "#instances-1")[0]


def test_readout_follows_the_pointer_and_the_keys(view):
    from selenium.webdriver.common.keys import Keys

    readout, plot = f"{PROFILE} .readout", view.one(f"{PROFILE} .plot svg")
    assert view.one(readout).get_property("hidden")
    view.js(
        "arguments[0].dispatchEvent(new PointerEvent('pointermove', "
        "{clientX: arguments[0].getBoundingClientRect().left + 300}))",
        plot,
    )
    assert not view.one(readout).get_property("hidden")
    assert len(view.all(f"{readout} tr")) == len(LABELS)
    before = view.texts(readout)
    plot.send_keys(Keys.ARROW_RIGHT * 5)
    assert view.texts(readout) != before
    plot.send_keys(Keys.ESCAPE)
    assert view.one(readout).get_property("hidden")


def test_dark_screens_and_paper(view):
    def ink():
        return view.js("return getComputedStyle(document.body).backgroundColor")

    media = "Emulation.setEmulatedMedia"
    scheme = {"name": "prefers-color-scheme", "value": "dark"}
    light = ink()
    view.driver.execute_cdp_cmd(media, {"features": [scheme]})
    assert ink() != light
    view.driver.execute_cdp_cmd(media, {"media": "print", "features": [scheme]})
    assert ink() == light
    assert not view.one(".controls").is_displayed()
    view.driver.execute_cdp_cmd(media, {"media": "", "features": []})
    view.js("dispatchEvent(new Event('beforeprint'))")
    assert all(part.get_property("open") for part in view.all("details"))


def test_narrow_screens_do_not_scroll_sideways(view):
    metrics = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    view.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        wide = view.js("return document.documentElement.scrollWidth")
        assert wide <= 390
    finally:
        view.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
