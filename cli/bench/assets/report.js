// The interactive parts of a report: curves, and tables that sort and filter.
// Everything comes from the JSON in this page. Text gets into it as text nodes
// only, so that a name can hold whatever it likes.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const collator = new Intl.Collator("en", { numeric: true });

  // -- columns ---------------------------------------------------------------

  const ARRAYS = {
    u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i4: Int32Array,
    f4: Float32Array, f8: Float64Array,
  };
  const decoded = new Map();

  /** Numbers of a column, decoded when they are first asked for. */
  function column(coded) {
    if (!decoded.has(coded)) {
      const text = atob(coded.data);
      const bytes = new Uint8Array(text.length);
      for (let k = 0; k < text.length; k++) bytes[k] = text.charCodeAt(k);
      decoded.set(
        coded,
        coded.type === "f2"
          ? Float32Array.from(new Uint16Array(bytes.buffer), half)
          : new ARRAYS[coded.type](bytes.buffer),
      );
    }
    return decoded.get(coded);
  }

  /** Value of the bits of a half-precision number. */
  function half(bits) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return exponent
      ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024)
      : sign * 2 ** -24 * fraction;
  }

  // -- numbers as text -------------------------------------------------------

  /** Three significant digits, whole numbers whole. */
  function figure(value) {
    if (!Number.isFinite(value)) return "–";
    if (value === 0) return "0";
    const digits = 2 - Math.floor(Math.log10(Math.abs(value)));
    if (digits > 7) return value.toExponential(1);
    const text = value.toFixed(Math.max(0, digits));
    return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  }
  const percent = (value) => figure(100 * value);

  /** An objective: all its digits up to ten. */
  function exact(value) {
    if (!Number.isFinite(value)) return "–";
    return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(10)));
  }

  /** How to write a column of numbers, each with as many decimals: at most 4. */
  function aligned(values) {
    let large = 0, small = Infinity, integers = true;
    for (const v of values) {
      const size = Math.abs(v);
      if (!Number.isFinite(size) || size === 0) continue;
      large = Math.max(large, size);
      small = Math.min(small, size);
      integers &&= Number.isInteger(size);
    }
    const power = (size) => Math.floor(Math.log10(size));
    const places = large === 0 || integers ? 0 : Math.min(4, Math.max(0, 2 - power(large), 1 - power(small)));
    const least = (10 ** -places).toFixed(places);
    return (value) => {
      if (!Number.isFinite(value)) return "–";
      const text = value.toFixed(places);
      return value > 0 && Number(text) === 0 ? `<${least}` : text;
    };
  }
  const alignedPercent = (values) => {
    const text = aligned(Float64Array.from(values, (v) => 100 * v));
    return (value) => text(100 * value);
  };
  const whole = (value) => value.toLocaleString("en");

  // -- elements --------------------------------------------------------------

  function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.filter((child) => child !== null));
    return node;
  }
  const element = (tag, attributes, ...children) =>
    fill(document.createElement(tag), attributes, children);
  const drawn = (tag, attributes, ...children) =>
    fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

  const style = (label) => {
    const k = data.labels.indexOf(label);
    return `s${k % 8} d${Math.floor(k / 8) % 4}`;
  };
  const key = (label) =>
    drawn("svg", { class: "key", viewBox: "0 0 26 11", "aria-hidden": "true" },
      drawn("line", { class: style(label), x1: 0, x2: 26, y1: 6, y2: 6 }));

  function choice(title, options, onchange) {
    const select = element("select", { onchange: () => onchange(select.value) },
      ...options.map(([value, text]) => element("option", { value }, text)));
    return { select, node: element("label", {}, title, select) };
  }

  // -- curves ----------------------------------------------------------------

  const hidden = new Set();
  const redraw = new Set();
  const MARGIN = { top: 12, right: 14, bottom: 44, left: 58 };
  const HEIGHT = 300;
  const BAND = 0.09; // of the height, between zero and the least gap that is told apart

  const SCALES = {
    linear: (axis) => (v) => (v - axis.from) / (axis.to - axis.from),
    log: (axis) => (v) => Math.log(v / axis.from) / Math.log(axis.to / axis.from),
    gap: (axis) => (v) =>
      v <= 0 ? 0 : BAND + (1 - BAND) * Math.max(0, Math.log(v / axis.from) / Math.log(axis.to / axis.from)),
  };

  function ticks(axis) {
    if (axis.scale === "linear") {
      const raw = (axis.to - axis.from) / 5;
      const unit = 10 ** Math.floor(Math.log10(raw));
      const step = unit * [1, 2, 2.5, 5, 10].find((m) => m * unit >= raw * 0.999);
      const found = [];
      for (let k = Math.ceil(axis.from / step - 1e-9); k * step <= axis.to + 1e-9 * step; k++) found.push(k * step);
      return found;
    }
    const first = Math.floor(Math.log10(axis.from) + 1e-9), last = Math.ceil(Math.log10(axis.to) - 1e-9);
    const decades = Math.log10(axis.to / axis.from);
    const multiples = decades < 1 ? [1, 1.5, 2, 3, 5, 7] : decades < 3 ? [1, 2, 5] : [1];
    const stride = Math.max(1, Math.ceil((last - first) / 7));
    const found = axis.scale === "gap" ? [0] : [];
    for (let k = first; k <= last; k += stride)
      for (const m of multiples) {
        const value = m * 10 ** k;
        if (value >= axis.from * 0.999 && value <= axis.to * 1.001) found.push(value);
      }
    return found;
  }

  /** Last value of a step function up to x. */
  function valueAt(series, x) {
    let low = 0, high = series.x.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (series.x[middle] <= x) low = middle + 1;
      else high = middle;
    }
    return low ? series.y[low - 1] : series.before;
  }

  class Plot {
    /** A chart of step functions below a heading, with a legend that hides. */
    constructor(host, labels) {
      this.svg = drawn("svg", { tabindex: 0, role: "img", height: HEIGHT });
      this.readout = element("div", { class: "readout", hidden: true, "aria-live": "polite" });
      this.host = element("div", { class: "plot" }, this.svg, this.readout);
      host.append(this.host, legend(labels));
      this.svg.addEventListener("pointermove", (event) => this.point(event.offsetX));
      this.svg.addEventListener("pointerleave", () => this.leave());
      this.svg.addEventListener("blur", () => this.leave());
      this.svg.addEventListener("keydown", (event) => this.press(event));
      new ResizeObserver(() => this.render()).observe(this.host);
      redraw.add(() => this.render());
    }

    show(spec) {
      this.spec = spec;
      this.svg.setAttribute("aria-label", spec.about);
      this.leave();
      this.render();
    }

    render() {
      if (!this.spec || !this.host.clientWidth) return;
      const { x, y, series } = this.spec;
      const width = this.host.clientWidth;
      this.svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
      const inner = { width: width - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom };
      const sx = SCALES[x.scale](x), sy = SCALES[y.scale](y);
      this.place = (v) => MARGIN.left + inner.width * Math.min(1, Math.max(0, sx(v)));
      const high = (v) => MARGIN.top + inner.height * (1 - Math.min(1, Math.max(0, sy(v))));
      this.invert = (pixel) => {
        const share = Math.min(1, Math.max(0, (pixel - MARGIN.left) / inner.width));
        return x.scale === "log" ? x.from * (x.to / x.from) ** share : x.from + share * (x.to - x.from);
      };
      this.svg.replaceChildren(this.axes(inner, high), ...series
        .filter((s) => !hidden.has(s.label))
        .map((s) => drawn("path", {
          class: ["curve", s.kind || "", s.label === undefined ? "" : style(s.label)].join(" "),
          "data-label": s.label === undefined ? null : s.label,
          d: this.path(s, high),
        })));
      this.cursor = drawn("line", { class: "cursor", y1: MARGIN.top, y2: MARGIN.top + inner.height, visibility: "hidden" });
      this.svg.append(this.cursor);
    }

    axes(inner, high) {
      const { x, y } = this.spec;
      const bottom = MARGIN.top + inner.height, right = MARGIN.left + inner.width;
      const group = drawn("g", { class: "axis", "aria-hidden": "true" });
      for (const value of ticks(y))
        group.append(
          drawn("line", { x1: MARGIN.left, x2: right, y1: high(value), y2: high(value) }),
          drawn("text", { x: MARGIN.left - 8, y: high(value) + 4, "text-anchor": "end" }, y.text(value)));
      let free = -Infinity;
      for (const value of ticks(x)) {
        const place = this.place(value), text = x.text(value);
        group.append(drawn("line", { x1: place, x2: place, y1: MARGIN.top, y2: bottom }));
        if (place - 4 * text.length < free) continue;
        free = place + 4 * text.length + 6;
        group.append(drawn("text", { x: place, y: bottom + 17, "text-anchor": "middle" }, text));
      }
      group.append(
        drawn("path", { d: `M${MARGIN.left} ${MARGIN.top}V${bottom}H${right}` }),
        drawn("text", { class: "title", x: MARGIN.left + inner.width / 2, y: HEIGHT - 6, "text-anchor": "middle" }, x.title),
        drawn("text", { class: "title", transform: `translate(13 ${MARGIN.top + inner.height / 2}) rotate(-90)`, "text-anchor": "middle" }, y.title));
      return group;
    }

    path(series, high) {
      const parts = [];
      const { x, y } = this.spec;
      if (series.before !== undefined)
        parts.push(`M${this.place(x.from).toFixed(1)} ${high(series.before).toFixed(1)}`);
      for (let k = 0; k < series.x.length; k++) {
        const px = this.place(series.x[k]).toFixed(1), py = high(series.y[k]).toFixed(1);
        parts.push(parts.length ? `H${px}V${py}` : `M${px} ${py}`);
      }
      if (parts.length) parts.push(`H${this.place(Math.min(x.to, series.end ?? x.to)).toFixed(1)}`);
      return parts.join("");
    }

    point(pixel) {
      if (!this.spec || !this.invert) return;
      const { x, y, series } = this.spec;
      this.at = Math.min(this.host.clientWidth - MARGIN.right, Math.max(MARGIN.left, pixel));
      const value = this.invert(this.at);
      for (const end of ["x1", "x2"]) this.cursor.setAttribute(end, this.at);
      this.cursor.setAttribute("visibility", "visible");
      const rows = series
        .filter((s) => s.name && !hidden.has(s.label))
        .map((s) => [s, valueAt(s, value)])
        .filter(([, v]) => v !== undefined && !Number.isNaN(v))
        .sort((a, b) => b[1] - a[1]);
      this.readout.replaceChildren(
        element("div", {}, `${x.name} ${x.text(value)}`),
        element("table", {}, ...rows.slice(0, 14).map(([s, v]) =>
          element("tr", {}, element("td", {}, s.label === undefined ? "" : key(s.label), s.name), element("td", { class: "number" }, y.text(v))))));
      this.readout.hidden = false;
      const wide = this.readout.offsetWidth;
      const left = this.at + 14 + wide > this.host.clientWidth ? this.at - 14 - wide : this.at + 14;
      this.readout.style.left = `${Math.max(0, left)}px`;
    }

    press(event) {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.key === "Escape") this.leave();
      if (!step) return;
      event.preventDefault();
      const width = this.host.clientWidth;
      this.point((this.at ?? width / 2) + (step * width) / 60);
    }

    leave() {
      this.readout.hidden = true;
      this.at = undefined;
      if (this.cursor) this.cursor.setAttribute("visibility", "hidden");
    }
  }

  function legend(labels) {
    const list = element("ul", { class: "legend", "aria-label": "Solvers; press to hide or show" });
    const refresh = () => list.replaceChildren(...labels.map((label) => element("li", {},
      element("button", {
        type: "button",
        "data-label": label,
        "aria-pressed": String(!hidden.has(label)),
        onclick: () => {
          if (!hidden.delete(label)) hidden.add(label);
          const place = labels.indexOf(label);
          redraw.forEach((draw) => draw());
          list.querySelectorAll("button")[place].focus();
        },
      }, key(label), label))));
    refresh();
    redraw.add(refresh);
    return list;
  }

  function figureOf(host, title, about, ...controls) {
    const body = element("figure", { class: "chart" },
      element("figcaption", {}, title),
      about ? element("p", { class: "about" }, about) : null,
      controls.length ? element("div", { class: "controls" }, ...controls) : null);
    host.append(body);
    return body;
  }

  const share = { scale: "linear", from: 0, to: 1, text: (v) => `${figure(100 * v)} %` };
  const seconds = (v) => `${figure(v)} s`;
  const ends = (curves) => {
    const all = curves.flatMap((c) => [c.x[0], c.x[c.x.length - 1]]).filter((v) => v > 0);
    return all.length ? [Math.min(...all), Math.max(...all)] : null;
  };
  const curvesOf = (coded) => coded.map((c) => ({ label: c.label, name: c.label, x: column(c.x), y: column(c.y), before: 0 }));

  function profileChart(host, kind) {
    const { measure, curves } = kind.profile;
    const found = curvesOf(curves);
    const body = figureOf(host, "Performance profile",
      `Share of (instance, seed) pairs that a solver settled within a factor of the best solver's ${measure}.`);
    const range = ends(found);
    if (!range) return void body.append(element("p", { class: "empty" }, "No instance that all solvers have run was settled."));
    new Plot(body, kind.order).show({
      about: `Performance profile by ${measure}`,
      x: { scale: "log", from: 1, to: Math.max(2, range[1] * 1.05), title: `factor of the best ${measure}`, name: "within a factor of", text: figure },
      y: { ...share, title: "share of pairs" },
      series: found,
    });
  }

  function ecdfChart(host, kind) {
    const name = (target) => (target === 0 ? "gap 0 (as good as the reference)" : `gap ${percent(target)} %`);
    const picker = choice("target", kind.ecdf.map((e, k) => [k, name(e.target)]), show);
    picker.select.classList.add("target");
    const body = figureOf(host, "Time to a target", "Share of runs that had reached the target, over time.", picker.node);
    const plot = new Plot(body, kind.order);
    const all = kind.ecdf.map((e) => curvesOf(e.curves));
    const range = ends(all.flat()) || [0.01, 1];
    const limit = column(kind.moments).at(-1);
    function show(chosen) {
      plot.show({
        about: `Share of runs within ${name(kind.ecdf[chosen].target)} over time`,
        x: { scale: "log", from: Math.min(Math.max(range[0] / 1.2, 1e-3), limit / 10), to: limit, title: "seconds", name: "after", text: seconds },
        y: { ...share, title: "share of runs" },
        series: all[chosen],
      });
    }
    picker.select.value = "2" in kind.ecdf ? "2" : "0";
    show(picker.select.value);
  }

  // -- convergence -----------------------------------------------------------

  const runs = Object.fromEntries(Object.entries(data.runs.columns).map(([name, coded]) => [name, () => column(coded)]));
  const instanceNumber = new Map(data.instances.name.map((name, k) => [name, k]));
  let begins; // first run of each instance; runs of an instance lie together

  function runsOf(instance) {
    if (!begins) {
      begins = new Int32Array(data.instances.name.length + 1);
      for (const k of runs.instance()) begins[k + 1]++;
      for (let k = 1; k < begins.length; k++) begins[k] += begins[k - 1];
    }
    return [begins[instance], begins[instance + 1]];
  }

  /** The primal gap of values to a reference, in [0, 1]. */
  function gap(value, reference) {
    if (Number.isNaN(value) || Number.isNaN(reference) || value * reference < 0) return 1;
    const scale = Math.max(Math.abs(value), Math.abs(reference));
    const away = Math.abs(value - reference);
    return away <= 1e-7 * scale ? 0 : Math.min(1, away / scale);
  }

  function curveOf(what, run) {
    const coded = data.curves[what];
    const offsets = column(coded.offsets);
    const part = (c) => column(c).subarray(offsets[run], offsets[run + 1]);
    return [part(coded.time), part(coded.value)];
  }

  const shown = new Map(); // kind to what shows an instance's convergence

  function convergenceChart(host, kind) {
    const list = `instances-${kind.kind}`;
    const input = element("input", { type: "search", class: "instance", list, autocomplete: "off", spellcheck: "false" });
    const step = (by, title) => element("button", { type: "button", title, "aria-label": title, onclick: () => move(by) }, by < 0 ? "‹" : "›");
    const view = choice("view", [["gap", "primal gap, mean over seeds"], ["objective", "objective and bound of each run"]], draw);
    view.select.classList.add("view");
    const each = element("input", { type: "checkbox", class: "each", onchange: draw });
    const many = data.runs.count > kind.instances.length * kind.order.length;
    const body = figureOf(host, "Convergence", null,
      element("label", {}, "instance", input), step(-1, "previous instance"), step(1, "next instance"), view.node,
      many ? element("label", { class: "check" }, each, "each run") : null);
    body.classList.add("convergence");
    body.append(element("datalist", { id: list }, ...kind.instances.map((name) => element("option", { value: name }))));
    const plot = new Plot(body, kind.order);
    const moments = column(kind.moments);
    let current = 0;

    function choose(name) {
      const word = name.trim().toLowerCase();
      let k = kind.instances.indexOf(name);
      if (k < 0) k = kind.instances.findIndex((other) => other.toLowerCase().includes(word));
      input.setAttribute("aria-invalid", String(k < 0));
      if (k < 0) return;
      current = k;
      input.value = kind.instances[k];
      draw();
    }
    function move(by) {
      const count = kind.instances.length;
      choose(kind.instances[(current + by + count) % count]);
    }
    input.addEventListener("change", () => choose(input.value));
    // The list offers only what matches: a click shows all of it again.
    input.addEventListener("focus", () => input.select());

    function draw() {
      const name = kind.instances[current];
      const x = { scale: "log", from: moments[0], to: moments.at(-1), title: "seconds", name: "after", text: seconds };
      const spec = view.select.value === "gap" ? gaps(name) : objectives(name);
      each.disabled = view.select.value !== "gap";
      plot.show({ x, about: `Convergence on ${name}: ${view.select.selectedOptions[0].textContent}`, ...spec });
    }

    function gaps(name) {
      const mean = column(kind.mean);
      const series = [];
      const instance = instanceNumber.get(name);
      if (each.checked) {
        const [from, to] = runsOf(instance);
        const best = column(data.instances.best)[instance];
        for (let run = from; run < to; run++) {
          const [time, value] = curveOf("objective", run);
          series.push({ label: data.labels[runs.label()[run]], kind: "thin", before: 1, x: time, y: Array.from(value, (v) => gap(v, best)) });
        }
      }
      data.labels.forEach((label, k) => {
        const at = (current * data.labels.length + k) * moments.length;
        const y = mean.subarray(at, at + moments.length);
        if (!Number.isNaN(y[0])) series.push({ label, name: label, before: 1, x: moments, y });
      });
      const least = Math.min(1, ...series.flatMap((s) => Array.from(s.y).filter((v) => v > 0)));
      const from = 10 ** Math.max(-6, Math.min(-1, Math.floor(Math.log10(least))));
      return { series, y: { scale: "gap", from, to: 1, title: "primal gap", text: (v) => `${percent(v)} %` } };
    }

    function objectives(name) {
      const instance = instanceNumber.get(name);
      const [from, to] = runsOf(instance);
      const series = [];
      for (let run = from; run < to; run++) {
        const label = data.labels[runs.label()[run]];
        const end = runs.runtime()[run];
        const [time, value] = curveOf("objective", run);
        series.push({ label, name: `${label}, seed ${runs.seed()[run]}`, kind: "run", x: time, y: value, end });
        const [moment, bound] = curveOf("bound", run);
        if (bound.length) series.push({ label, kind: "bound", x: moment, y: bound, end });
      }
      const reference = column(data.instances.reference)[instance];
      const known = column(data.instances.known)[instance];
      if (!Number.isNaN(reference))
        series.push({ name: known ? "best known" : "best of the batch", kind: "reference", x: [moments[0]], y: [reference] });
      const values = series.flatMap((s) => Array.from(s.y)).filter(Number.isFinite);
      let low = Math.min(...values), high = Math.max(...values);
      if (!values.length) [low, high] = [0, 1];
      const scale = low > 0 && high / low > 30 ? "log" : "linear";
      const pad = scale === "linear" ? (high - low || Math.abs(high) || 1) * 0.04 : 0;
      return { series, y: { scale, from: low - pad, to: high + pad, title: "objective", text: exact3 } };
    }

    shown.set(kind.kind, (name) => {
      choose(name);
      body.scrollIntoView({ block: "nearest" });
    });
    choose(kind.instances[0]);
  }

  /** Axis text of an objective: short, but exact where it is short anyway. */
  function exact3(value) {
    const size = Math.abs(value);
    if (size >= 1e6 && size < 1e15) {
      const [unit, name] = size >= 1e12 ? [1e12, "T"] : size >= 1e9 ? [1e9, "G"] : [1e6, "M"];
      return `${Number((value / unit).toPrecision(5))} ${name}`;
    }
    return String(Number(value.toPrecision(6)));
  }

  function showInstance(kind, name) {
    shown.get(kind)(name);
  }

  // -- tables that sort, filter and turn pages -------------------------------

  class Grid {
    /** A table of many rows; columns are {title, hint, numeric, value(row), cell(row)}. */
    constructor(host, caption, count, noun) {
      this.count = count;
      this.noun = noun;
      this.head = element("tr");
      this.body = element("tbody");
      this.caption = caption;
      this.size = 25;
      this.page = 0;
      this.sorting = null;
      this.status = element("span", { class: "count", role: "status" });
      const turn = (text, title, to) => element("button", { type: "button", "aria-label": title, title, onclick: () => this.turn(to()) }, text);
      this.back = [turn("«", "first page", () => 0), turn("‹", "previous page", () => this.page - 1)];
      this.forth = [turn("›", "next page", () => this.page + 1), turn("»", "last page", () => this.last())];
      const sizes = element("select", { "aria-label": "rows a page", onchange: () => { this.size = Number(sizes.value); this.turn(0); } },
        ...[25, 100, 500].map((n) => element("option", { value: n }, `${n} a page`)));
      host.append(
        element("div", { class: "scroll" }, element("table", { class: "grid" },
          element("caption", {}, caption), element("thead", {}, this.head), this.body)),
        element("div", { class: "pages" }, this.status, ...this.back, ...this.forth, sizes));
    }

    setColumns(columns) {
      this.columns = columns;
      this.head.replaceChildren(...columns.map((c, k) => header(c, () => this.sort(k))));
      if (this.sorting && !columns[this.sorting.column]) this.sorting = null;
      this.update();
    }

    setFilter(test) {
      this.test = test;
      this.page = 0;
      this.update();
    }

    sort(k) {
      const again = this.sorting && this.sorting.column === k;
      this.sorting = { column: k, down: again && !this.sorting.down };
      this.page = 0;
      this.update();
    }

    update() {
      let rows = [];
      for (let k = 0; k < this.count; k++) if (!this.test || this.test(k)) rows.push(k);
      if (this.sorting) {
        const { column: k, down } = this.sorting;
        const values = Array.from({ length: this.count }, (_, row) => this.columns[k].value(row));
        rows = sorted(rows, values, down);
        mark(this.head.children, k, down);
      }
      this.rows = rows;
      this.turn(this.page);
    }

    last() {
      return Math.max(0, Math.ceil(this.rows.length / this.size) - 1);
    }

    turn(page) {
      this.page = Math.min(Math.max(0, page), this.last());
      const from = this.page * this.size;
      const part = this.rows.slice(from, from + this.size);
      this.body.replaceChildren(...part.map((row) => element("tr", {},
        ...this.columns.map((c) => {
          const cell = c.cell(row);
          const inside = Array.isArray(cell) ? cell : [cell];
          return element("td", { class: [c.numeric ? "number" : "", c.class || "", c.best && c.best(row) ? "best" : ""].join(" ").trim() || null }, ...inside);
        }))));
      const total = this.rows.length === this.count ? "" : ` (of ${whole(this.count)})`;
      this.status.textContent = part.length
        ? `${whole(from + 1)}–${whole(from + part.length)} of ${whole(this.rows.length)}${total} ${this.noun}`
        : `no ${this.noun} match${total}`;
      for (const button of this.back) button.disabled = this.page === 0;
      for (const button of this.forth) button.disabled = this.page === this.last();
    }
  }

  function header(c, onclick) {
    return element("th", { scope: "col", "aria-sort": "none", title: c.hint || null, class: c.numeric ? "number" : null },
      element("button", { type: "button", onclick }, c.title));
  }

  function mark(cells, chosen, down) {
    Array.from(cells).forEach((cell, k) =>
      cell.setAttribute("aria-sort", k !== chosen ? "none" : down ? "descending" : "ascending"));
  }

  /** Rows by value; equal ones keep their order, and nothing comes last. */
  function sorted(rows, values, down) {
    const missing = (v) => v === "" || Number.isNaN(v);
    return rows
      .map((row, place) => [values[row], place, row])
      .sort(([a, i], [b, j]) => {
        if (missing(a) || missing(b)) return missing(a) - missing(b) || i - j;
        const order = typeof a === "string" ? collator.compare(a, b) : a - b;
        return (down ? -order : order) || i - j;
      })
      .map((entry) => entry[2]);
  }

  function instanceTable(host, kind) {
    const MEASURES = {
      gap: ["mean gap\u00a0%", alignedPercent, Math.min],
      time: ["mean time\u00a0s", aligned, Math.min],
      primal_integral: ["mean primal integral\u00a0%", alignedPercent, Math.min],
      objective: ["mean objective", () => exact, null],
    };
    const picker = choice("figure", Object.entries(MEASURES).map(([name, [title]]) => [name, title]), show);
    picker.select.classList.add("figure");
    const search = element("input", { type: "search", class: "filter", placeholder: "part of a name" });
    host.append(element("h3", {}, "Instances"),
      element("div", { class: "controls" }, element("label", {}, "instances", search), picker.node));
    const grid = new Grid(host, "Means over the seeds, all runs counted; the best of a row is bold.", kind.instances.length, "instances");
    grid.size = 10;
    grid.body.closest("table").parentNode.nextSibling.querySelector("select").prepend(element("option", { value: 10, selected: true }, "10 a page"));
    const reference = (row) => column(data.instances.reference)[instanceNumber.get(kind.instances[row])];
    const known = (row) => column(data.instances.known)[instanceNumber.get(kind.instances[row])];

    function show(name) {
      const [, writing, better] = MEASURES[name];
      const values = column(kind.measures[name]);
      const text = writing(values);
      const at = (row, label) => values[row * data.labels.length + data.labels.indexOf(label)];
      const best = (row) => better(...kind.order.map((label) => at(row, label)).filter((v) => !Number.isNaN(v)));
      const differ = (row) => new Set(kind.order.map((label) => at(row, label))).size > 1;
      grid.setColumns([
        { title: "instance", value: (row) => kind.instances[row], cell: (row) => link(kind.kind, kind.instances[row]), class: "name" },
        { title: "reference", hint: "Best known value, or (in brackets) best of the batch", numeric: true, value: reference,
          cell: (row) => (known(row) ? exact(reference(row)) : Number.isNaN(reference(row)) ? "–" : `(${exact(reference(row))})`) },
        ...kind.order.map((label) => ({
          title: label, numeric: true, value: (row) => at(row, label), cell: (row) => text(at(row, label)),
          best: (row) => better && differ(row) && at(row, label) === best(row),
        })),
      ]);
    }
    search.addEventListener("input", () => {
      const word = search.value.trim().toLowerCase();
      grid.setFilter(word ? (row) => kind.instances[row].toLowerCase().includes(word) : null);
    });
    show("gap");
  }

  const link = (kind, name) =>
    element("button", { type: "button", class: "link", title: "show its convergence", onclick: () => showInstance(kind, name) }, name);

  function runTable(host) {
    const kinds = data.kinds.map((k) => k.kind);
    const kindOf = column(data.instances.kind);
    const { statuses, remarks } = data.runs;
    const r = Object.fromEntries(Object.entries(runs).map(([name, get]) => [name, get()]));
    const number = (title, values, text, hint) => ({ title, hint, numeric: true, value: (row) => values[row], cell: (row) => text(values[row]) });
    const word = (title, get, more) => ({ title, value: get, cell: get, ...more });
    const id = (row) => r.run[row].toString(16).padStart(8, "0");
    const columns = [
      kinds.length > 1 ? word("kind", (row) => kinds[kindOf[r.instance[row]]]) : null,
      word("instance", (row) => data.instances.name[r.instance[row]],
        { cell: (row) => link(kinds[kindOf[r.instance[row]]], data.instances.name[r.instance[row]]), class: "name" }),
      word("solver", (row) => data.labels[r.label[row]], { cell: (row) => [key(data.labels[r.label[row]]), data.labels[r.label[row]]], class: "label" }),
      number("seed", r.seed, String),
      word("status", (row) => statuses[r.status[row]]),
      number("objective", r.objective, exact),
      r.bound.some((v) => !Number.isNaN(v)) ? number("bound", r.bound, exact) : null,
      number("gap\u00a0%", r.gap, alignedPercent(r.gap), "To the best known value; 100 without a solution"),
      number("primal integral\u00a0%", r.primal_integral, alignedPercent(r.primal_integral), "Mean primal gap over the time limit"),
      number("time\u00a0s", r.runtime, aligned(r.runtime), "The solver's own clock"),
      number("to best\u00a0s", r.time_to_best, aligned(r.time_to_best), "When the last improvement was found"),
      number("processor\u00a0s", r.cpu, aligned(r.cpu), "Time of all its processes and threads"),
      number("memory\u00a0MB", r.memory, (v) => (Number.isNaN(v) ? "–" : whole(Math.round(v))), "At most resident"),
      word("ended\u00a0by", (row) => remarks[r.remark[row]], { class: "long remark quiet" }),
      word("run", id, { hint: "Begin of the name of its log", class: "quiet" }),
    ].filter(Boolean);

    const search = element("input", { type: "search", class: "filter", placeholder: "words in any column of text" });
    const pick = (title, texts) => choice(title, [["", "all"], ...texts.map((text, k) => [k, text])], later);
    const kind = pick("kind", kinds), label = pick("solver", data.labels), status = pick("status", statuses);
    for (const [name, { select }] of Object.entries({ kind, label, status })) select.classList.add(name);
    const clear = element("button", { type: "button", onclick: () => {
      search.value = "";
      for (const { select } of [kind, label, status]) select.value = "";
      filter();
    } }, "Clear");
    host.append(element("div", { class: "controls" }, element("label", {}, "search", search),
      kinds.length > 1 ? kind.node : null, label.node, status.node, clear));
    const grid = new Grid(host, "All runs of the batch.", data.runs.count, "runs");
    grid.setColumns(columns);

    let waiting;
    function later() {
      clearTimeout(waiting);
      waiting = setTimeout(filter, 120);
    }
    function filter() {
      // Each text is looked at once, however many runs it stands in.
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean).map((w) => {
        const has = (texts) => Uint8Array.from(texts, (text) => text.toLowerCase().includes(w));
        return { w, instance: has(data.instances.name), label: has(data.labels), status: has(statuses), remark: has(remarks), kind: has(kinds), hex: /^[0-9a-f]{2,8}$/.test(w) };
      });
      const chosen = (select) => (select.value === "" ? -1 : Number(select.value));
      const [k, l, s] = [kind, label, status].map((p) => chosen(p.select));
      const open = words.length === 0 && k < 0 && l < 0 && s < 0;
      grid.setFilter(open ? null : (row) =>
        (k < 0 || kindOf[r.instance[row]] === k) && (l < 0 || r.label[row] === l) && (s < 0 || r.status[row] === s) &&
        words.every((x) => x.instance[r.instance[row]] || x.label[r.label[row]] || x.status[r.status[row]] ||
          x.remark[r.remark[row]] || x.kind[kindOf[r.instance[row]]] || (x.hex && id(row).startsWith(x.w))));
    }
    search.addEventListener("input", later);
  }

  /** Let the tables that are in the page sort, too. */
  function makeSortable(table) {
    const cells = Array.from(table.tHead.rows[0].cells);
    cells.forEach((cell, k) => {
      const onclick = () => {
        const down = cell.getAttribute("aria-sort") === "ascending";
        const rows = Array.from(table.tBodies[0].rows);
        const values = rows.map((row) => {
          const given = row.cells[k].dataset.value;
          return given === undefined ? row.cells[k].textContent : given === "" ? NaN : Number(given);
        });
        table.tBodies[0].append(...sorted(rows.map((_, i) => i), values, down).map((i) => rows[i]));
        mark(cells, k, down);
      };
      cell.setAttribute("aria-sort", "none");
      cell.replaceChildren(element("button", { type: "button", onclick }, cell.textContent));
    });
  }

  document.querySelectorAll("table.sortable").forEach(makeSortable);
  data.kinds.forEach((kind, k) => {
    const charts = document.getElementById(`charts-${k}`);
    const pair = element("div", { class: "charts" });
    charts.append(pair);
    profileChart(pair, kind);
    ecdfChart(pair, kind);
    convergenceChart(charts, kind);
    instanceTable(document.getElementById(`instances-${k}`), kind);
  });
  runTable(document.getElementById("all-runs"));

  // On paper nothing can be opened.
  addEventListener("beforeprint", () => {
    for (const part of document.querySelectorAll("details")) part.open = true;
  });
})();
