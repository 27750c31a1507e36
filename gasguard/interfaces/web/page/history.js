// A day as a timeline by burner, and burn time by day. Loaded once the first screen is there.

import { el, icon, remade, say, set, show } from "./dom.js";
import { dayPlus, moment, span, weekday } from "./times.js";
import { t, word } from "./words.js";

const DAY = 1440;
const BEFORE_H = 12;
const FURTHEST = 30;
const USAGE_DAYS = 14;

async function get(query) {
  const answer = await fetch(`api/history?${query}`, { cache: "no-store" });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

const source = (event) => word(t.sources, event.source ?? "guard");

/** What one burner's events mean on `day`: bars and shutoffs, each with its explanation. */
export function told(events, day, now, name) {
  const bars = [];
  const trips = [];
  const open = {};
  const end = (kind, when, how) => {
    const one = open[kind];
    if (!one) return;
    delete open[kind];
    bars.push({ ...one, kind, to: when, how });
  };
  let trip = null;
  let lastTimer = null;
  for (const event of events) {
    const when = moment(event.at);
    if (!when) continue;
    switch (event.type) {
      case "flame_lit":
        open.lit ??= { from: when, event };
        break;
      case "flame_out":
        end("lit", when);
        break;
      case "sensor_silent":
        if (event.sensor === "flame") end("lit", when);
        break;
      case "timer_started":
        end("timer", when, "over");
        if (!event.waiting) {
          open.timer = { from: when, event };
          lastTimer = open.timer;
        }
        break;
      case "timer_cancelled":
        end("timer", when, event.reason ? "over" : "cancelled");
        break;
      case "locked":
        open[`locked ${event.reason}`] ??= { from: when, event };
        break;
      case "unlocked":
        end(`locked ${event.reason}`, when);
        break;
      case "trip":
        trip = { when, event, timer: event.reason === "timer" ? lastTimer : null, name };
        trips.push(trip);
        end("timer", when, event.reason === "timer" ? "trip" : "over");
        break;
      case "trip_confirmed":
        if (trip && !trip.confirmed) trip.confirmed = event;
        break;
      case "trip_failed":
        if (trip) trip.failed = event;
        break;
      default:
    }
  }
  const here = moment(now);
  for (const kind of Object.keys(open)) bars.push({ ...open[kind], kind, to: null, how: "runs" });
  const place = (when) => (when.day < day ? 0 : when.day > day ? DAY : when.minutes);
  const inDay = (one) => one.from.day <= day && (one.to ?? here).day >= day;
  return {
    bars: bars.filter(inDay).map((one) => ({
      kind: one.kind.split(" ")[0], from: place(one.from), to: place(one.to ?? here), text: explainBar(one, here), name,
    })),
    trips: trips.filter((one) => one.when.day === day).map((one) => ({ ...one, at: one.when.minutes, text: explainTrip(one) })),
  };
}

function explainBar(one, here) {
  const { event, from, to, how } = one;
  const long = span(Math.max(60, ((to ?? here).ms - from.ms) / 1000));
  if (one.kind === "lit") return to ? t.litSpan(from.clock, to.clock, long) : t.litSince(from.clock, long);
  if (one.kind === "timer") {
    return `${t.timerSpan(from.clock, span(event.duration_s), event.label, source(event))} ${t.timerHow[how] ?? ""}`.trim();
  }
  const why = word(t.locksBy, event.reason);
  return to ? t.lockSpan(why, from.clock, to.clock) : t.lockSince(why, from.clock);
}

function explainTrip({ when, event, timer, confirmed, failed }) {
  const reason = event.away ? "away" : event.reason;
  const parts = [t.tripped(when.clock, word(t.reasons, reason), source(event))];
  if (event.sensor) parts.push(t.trippedSensor(event.sensor));
  if (timer) {
    const { duration_s: long, label } = timer.event;
    parts.push(t.trippedTimer(span(long), label, timer.from.clock, source(timer.event)));
  }
  if (event.message) parts.push(event.message);
  if (failed) parts.push(t.trippedFailed, failed.message ?? "");
  if (confirmed?.latency_ms !== undefined) parts.push(t.trippedConfirmed(confirmed.latency_ms));
  return parts.filter(Boolean).join(t.gap);
}

export class History {
  constructor(root, usage) {
    this.root = root;
    this.usage = new Usage(usage);
    this.back = 0;
    this.now = null;
    this.events = [];
    this.got = null;
    this.names = {};
    this.build();
  }

  build() {
    this.title = el("p", { class: "day" });
    this.before = el("button", { type: "button", class: "step", "aria-label": t.dayBefore, onclick: () => this.go(1) }, icon("left"));
    this.after = el("button", { type: "button", class: "step", "aria-label": t.dayAfter, onclick: () => this.go(-1) }, icon("left"));
    this.lanes = el("div", { class: "lanes", role: "img" });
    this.why = el("p", { class: "why", role: "status" }, t.historyHint);
    this.list = el("ul", { class: "happened" });
    const key = (name, text) => el("li", null, el("span", { class: `key ${name}` }), text);
    this.root.append(
      el("div", { class: "days" }, this.before, this.title, this.after),
      this.lanes,
      el("ul", { class: "legend" }, key("lit", t.legendLit), key("timer", t.legendTimer), key("locked", t.legendLocked), key("trip", t.legendTrip)),
      this.why, this.list);
  }

  get day() {
    return dayPlus(moment(this.now).day, -this.back);
  }

  /** The daemon's time, which moves the end of what still goes on. */
  state(told_) {
    const minute = told_.now.slice(0, 16);
    const names = Object.fromEntries(Object.entries(told_.burners).map(([id, state]) => [id, state.name ?? id]));
    const first = this.now === null;
    const same = minute === this.now?.slice(0, 16) && JSON.stringify(names) === JSON.stringify(this.names);
    this.now = told_.now;
    this.names = names;
    this.usage.state(names, moment(this.now).day);
    if (first) this.load();
    else if (!same && this.got) this.draw();
  }

  event(event) {
    if (this.back === 0 && this.got) {
      this.events.push(event);
      this.draw();
    }
  }

  /** Leave nothing behind but the headings. */
  clear() {
    for (const root of [this.root, this.usage.root]) {
      show(root, false);
      root.replaceChildren(root.firstElementChild);
    }
  }

  go(back) {
    this.back = Math.min(FURTHEST, Math.max(0, this.back + back));
    say(this.why, t.historyHint);
    this.load();
  }

  async load() {
    show(this.root, true);
    this.frame();
    const hours = Math.ceil(moment(this.now).minutes / 60) + 24 * this.back + BEFORE_H;
    const asked = this.back;
    try {
      const { events } = await get(`since=${hours}h`);
      if (asked !== this.back) return;
      this.events = events ?? [];
      this.got = true;
      this.draw();
    } catch {
      this.got = false;
      say(this.why, t.noHistory);
    }
  }

  frame() {
    const { day } = this;
    const called = this.back === 0 ? t.today : this.back === 1 ? t.yesterday : weekday(day);
    say(this.title, `${called} · ${day}`);
    set(this.lanes, "aria-label", t.dayPicture(day));
    this.before.disabled = this.back >= FURTHEST;
    this.after.disabled = this.back === 0;
  }

  draw() {
    this.frame();
    const { day } = this;
    const lanes = [];
    const items = [];
    for (const [id, name] of Object.entries(this.names)) {
      const own = told(this.events.filter((event) => event.burner === id), day, this.now, name);
      lanes.push(this.lane(name, own));
      for (const one of own.trips) items.push({ at: one.at, clock: one.when.clock, name, one, kind: one.failed && !one.confirmed ? "failed" : "trip" });
    }
    this.lanes.replaceChildren(...lanes, this.hours());
    items.sort((a, b) => b.at - a.at);
    remade(this.list, JSON.stringify([day, items.map(({ one }) => one.text)]), () =>
      items.length
        ? items.slice(0, 30).map(({ clock, name, one, kind }, n) =>
          el("li", null, el("button", {
            type: "button", "data-key": `trip-${items.length - n}`, "aria-expanded": "false", "data-kind": kind,
            onclick: (event) => this.expand(event.currentTarget, one.text),
          },
          el("span", { class: "glyph" }, icon(kind === "failed" ? "stop" : "check")),
          el("span", { class: "when" }, clock), el("span", { class: "what" }, t.of(name, word(t.reasons, one.event.away ? "away" : one.event.reason))))))
        : [el("li", { class: "nothing" }, t.nothing)]);
  }

  expand(button, text) {
    const opened = button.getAttribute("aria-expanded") === "true";
    set(button, "aria-expanded", String(!opened));
    if (opened) button.nextSibling.remove();
    else button.after(el("p", null, text));
  }

  lane(name, { bars, trips }) {
    const track = el("div", { class: "track" });
    const at = (node, from, to) => {
      node.style.left = `${(100 * from) / DAY}%`;
      if (to !== undefined) node.style.width = `${(100 * Math.max(to - from, 3)) / DAY}%`;
      return node;
    };
    for (const bar of bars) track.append(at(el("span", { class: `bar ${bar.kind}` }), bar.from, bar.to));
    for (const trip of trips) track.append(at(el("span", { class: "mark", "data-failed": trip.failed && !trip.confirmed ? "" : null }), trip.at));
    if (this.back === 0) track.append(at(el("span", { class: "now" }), moment(this.now).minutes));
    track.addEventListener("click", (event) => {
      const box = track.getBoundingClientRect();
      this.explain((DAY * (event.clientX - box.left)) / box.width, box.width, bars, trips, name);
    });
    return el("div", { class: "lane" }, el("p", null, name), track);
  }

  /** The shutoff under the finger, else the shortest bar there. */
  explain(minute, width, bars, trips, name) {
    const finger = (12 * DAY) / width;
    const near = trips.map((one) => ({ one, gap: Math.abs(one.at - minute) })).filter(({ gap }) => gap < finger).sort((a, b) => a.gap - b.gap)[0];
    const touched = near?.one ?? bars
      .filter((bar) => bar.from - finger <= minute && minute <= bar.to + finger)
      .sort((a, b) => a.to - a.from - (b.to - b.from))[0];
    say(this.why, touched ? t.of(name, touched.text) : t.historyHint);
  }

  hours() {
    return el("div", { class: "hours", "aria-hidden": "true" }, ...[0, 6, 12, 18, 24].map((hour) => el("span", null, String(hour))));
  }
}

// --- burn time and gas by day

let plotting = null;
function plotter() {
  plotting ??= new Promise((resolve, reject) => {
    const script = el("script", { src: "static/vendor/uplot-1.6.32.min.js" });
    script.onload = () => resolve(window.uPlot);
    script.onerror = () => {
      script.remove();
      plotting = null;
      reject(new Error("no connection"));
    };
    document.head.append(script);
  });
  return plotting;
}

class Usage {
  constructor(root) {
    this.root = root;
    this.what = "burned_s";
    this.plot = null;
    this.today = null;
    this.asked = false;
    this.picture = el("div", { class: "plot", role: "img", "aria-label": t.usagePicture });
    this.sums = el("p", { class: "sums" });
    this.table = el("table");
    const choice = (what, text) => el("button", {
      type: "button", "aria-pressed": String(what === this.what), "data-what": what, onclick: () => this.choose(what),
    }, text);
    this.choices = el("div", { class: "choices" }, choice("burned_s", t.usageMinutes), choice("gas_m3", t.usageGas));
    show(this.choices, false);
    this.note = el("p", { class: "hint" });
    root.append(this.choices, this.sums, this.picture, this.note, el("details", null, el("summary", null, t.usageTable), el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t.usageTable }, this.table)));
    this.seen = false;
    // What draws is a third of all that is loaded: not before somebody comes by.
    new IntersectionObserver((entries) => {
      this.seen ||= entries.some((one) => one.isIntersecting);
      this.load();
    }, { rootMargin: "200px" }).observe(root);
    new ResizeObserver(() => this.draw()).observe(this.picture);
  }

  choose(what) {
    this.what = what;
    for (const one of this.choices.children) set(one, "aria-pressed", String(one.dataset.what === what));
    this.draw(true);
  }

  state(names, today) {
    show(this.root, true);
    this.names = names;
    if (this.today === today) return;
    this.today = today;
    this.asked = false;
    this.load();
  }

  async load() {
    if (!this.seen || this.asked || !this.today) return;
    this.asked = true;
    try {
      const { burns } = await get(`since=${24 * (USAGE_DAYS - 1)}h`);
      this.update(burns ?? [], this.today);
    } catch {
      this.asked = false;
      say(this.note, t.noHistory);
    }
  }

  update(lines, today) {
    const { names } = this;
    this.days = Array.from({ length: USAGE_DAYS }, (_, n) => dayPlus(today, n - USAGE_DAYS + 1));
    this.lines = lines.filter((line) => line.day !== null && line.day !== undefined);
    this.totals = lines.filter((line) => line.day === null);
    this.known = Object.keys(names).filter((id) => this.totals.every((line) => line.burner !== id || line.burned_s !== null));
    show(this.choices, this.known.length > 0 && this.lines.some((line) => line.gas_m3 !== null));
    show(this.picture, this.known.length > 0);
    this.fillTable();
    this.draw(true);
  }

  value(day, id, what = this.what) {
    const line = this.lines.find((one) => one.day === day && one.burner === id);
    if (!line) return 0;
    const value = line[what];
    if (value === null) return null;
    return what === "burned_s" ? value / 60 : value;
  }

  shown(value, what = this.what) {
    if (value === null) return "–";
    return what === "burned_s" ? t.minutesOf(Math.round(value)) : t.gasOf(value.toFixed(value < 1 ? 2 : 1));
  }

  fillTable() {
    const head = el("tr", null, el("th", { scope: "col" }, t.day), ...this.known.map((id) => el("th", { scope: "col" }, this.names[id])));
    const rows = [...this.days].reverse().map((day) =>
      el("tr", null, el("th", { scope: "row" }, `${weekday(day)} ${day.slice(5)}`), ...this.known.map((id) => {
        const gas = this.value(day, id, "gas_m3");
        const long = this.shown(this.value(day, id, "burned_s"), "burned_s");
        return el("td", null, gas ? `${long} · ${this.shown(gas, "gas_m3")}` : long);
      })));
    this.table.replaceChildren(el("thead", null, head), el("tbody", null, ...rows));
    const unknown = Object.keys(this.names).filter((id) => !this.known.includes(id)).map((id) => this.names[id]);
    say(this.note, [unknown.length ? t.of(unknown.join(", "), t.usageNone) : "", this.lines.some((line) => line.gas_m3 !== null) ? t.usageEstimate : ""].join(" ").trim());
  }

  fillSums() {
    if (!this.days) return;
    say(this.sums, this.known.map((id) => {
      const all = this.days.map((day) => this.value(day, id));
      const known = all.some((one) => one !== null);
      return t.of(this.names[id], this.shown(known ? all.reduce((sum, one) => sum + (one ?? 0), 0) : null));
    }).join(" · "));
  }

  async draw(anew) {
    this.fillSums();
    const width = this.picture.clientWidth;
    if (!this.days || !this.known.length || !width) return;
    if (this.plot && !anew) {
      this.plot.setSize({ width, height: this.height() });
      return;
    }
    let UPlot;
    try {
      UPlot = await plotter();
    } catch {
      return; // The table says the same; the next look tries again.
    }
    const style = getComputedStyle(this.picture);
    const colours = ["--lit", "--blue", "--off", "--lock"].map((name) => style.getPropertyValue(name).trim());
    const ink = style.getPropertyValue("--soft").trim();
    const line = style.getPropertyValue("--line").trim();
    // Stacked: each burner's bar stands on those before it, so the last series is drawn first.
    const sums = this.days.map(() => 0);
    const stacks = this.known.map((id) => this.days.map((day, n) => (sums[n] += this.value(day, id) ?? 0)));
    const bars = UPlot.paths.bars({ size: [0.62, 40], radius: 0.2 });
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const axis = { stroke: ink, font: `${0.8 * rem}px ${style.fontFamily}`, grid: { stroke: line, width: 1 }, ticks: { show: false } };
    this.plot?.destroy();
    this.plot = new UPlot({
      width,
      height: this.height(),
      cursor: { show: false },
      legend: { show: false },
      scales: { x: { time: false, range: [-0.6, this.days.length - 0.4] }, y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.1 : 1] } },
      axes: [
        { ...axis, grid: { show: false }, size: 1.8 * rem, space: 2.6 * rem, incrs: [1, 2, 7], values: (_plot, ticks) => ticks.map((n) => (Number.isInteger(n) && this.days[n] ? `${Number(this.days[n].slice(8))}` : "")) },
        { ...axis, size: 2.9 * rem, space: 2.4 * rem },
      ],
      series: [{}, ...[...stacks.keys()].reverse().map((n) => ({ fill: colours[n % colours.length], width: 0, paths: bars, points: { show: false } }))],
    }, [this.days.map((_day, n) => n), ...[...stacks].reverse()], this.picture);
  }

  height() {
    return Math.round(11 * parseFloat(getComputedStyle(document.documentElement).fontSize));
  }
}
