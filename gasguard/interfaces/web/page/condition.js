// Further down: locks and schedules, and whether sensors and relays can be relied on.

import { el, icon, remade, say, show } from "./dom.js";
import { at, span } from "./times.js";
import { t, word } from "./words.js";

const PEOPLE = new Set(["presence", "home"]);

function remedy(sensor) {
  if (sensor.says === "alarm") return t.alarmDo[sensor.kind] ?? "";
  const kind = sensor.kind === "flame" ? "flame" : PEOPLE.has(sensor.kind) ? "people" : "alarm";
  return t.sensorLook + t.gap + t.sensorDo[kind];
}

const row = ({ bad, unsure, title, says, more }) =>
  el("li", { class: "row", "data-bad": bad ? "" : null, "data-unsure": unsure && !bad ? "" : null },
    el("span", { class: "glyph" }, icon(bad ? "stop" : unsure ? "question" : "check")),
    el("div", null, el("h3", null, title), el("p", null, says), ...more.filter(Boolean).map((text) => el("p", { class: "todo" }, text))));

/** How long ago, coarsely: a list that changes every second is read by nobody. */
const coarse = (seconds) => span(seconds < 60 ? 60 : Math.round(seconds / 60) * 60);

export class Condition {
  constructor(root) {
    this.root = root;
    this.list = root.querySelector("ul");
  }

  /** Shows it all; answers how many problems there are. */
  update(told) {
    show(this.root, true);
    const rows = [];
    for (const [id, state] of Object.entries(told.burners)) {
      const name = state.name ?? id;
      const relay = state.relay ?? {};
      const gone = relay.reachable === false;
      const series = (relay.in_series ?? []).map((one, n) => t.of(t.inSeries(n + 1), one.problem ?? (one.reachable ? t.relayOk(null) : t.relayGone)));
      rows.push({
        bad: gone || Boolean(relay.problem),
        title: t.relay(name),
        says: gone ? t.relayGone : t.relayOk(relay.latency_ms === null || relay.latency_ms === undefined ? null : Math.ceil(relay.latency_ms / 10) * 10),
        more: [relay.problem, gone ? t.relayDo : "", ...series, state.voice_armed === false ? t.voiceOff : ""],
      });
    }
    const untested = new Set(Object.values(told.burners).flatMap((state) => state.untested_sensors ?? []));
    for (const [name, sensor] of Object.entries(told.sensors ?? {})) {
      const bad = Boolean(sensor.problem) || ["silent", "alarm"].includes(sensor.says);
      const heard = sensor.heard_s === null || sensor.heard_s === undefined ? t.neverHeard : t.heard(coarse(sensor.heard_s));
      rows.push({
        bad,
        unsure: sensor.says === "unknown",
        title: `${word(t.kinds, sensor.kind)} · ${name}`,
        says: `${word(t.says, sensor.says)} · ${heard}`,
        more: [sensor.problem, bad ? remedy(sensor) : "", untested.has(name) ? t.untested : ""],
      });
    }
    for (const [part, text] of Object.entries(told.troubles ?? {})) {
      rows.push({ bad: true, title: `${t.trouble} · ${part}`, says: text, more: [] });
    }
    rows.sort((one, other) => Number(other.bad) - Number(one.bad));
    remade(this.list, JSON.stringify(rows), () => rows.map(row));
    return rows.filter((one) => one.bad).length;
  }

  stale() {
    this.clear();
  }

  clear() {
    remade(this.list, "", () => []);
    show(this.root, false);
  }
}

export class Locks {
  constructor(root, does) {
    this.root = root;
    this.does = does;
    this.list = root.querySelector("ul");
    this.answer = el("p", { class: "answer", hidden: true });
    root.append(this.answer);
    this.tell = (text) => {
      show(this.answer, true);
      say(this.answer, text);
      setTimeout(() => show(this.answer, false), 12000);
    };
  }

  update(told) {
    show(this.root, true);
    const locks = Object.entries(told.burners).map(([id, state]) => [id, state.name ?? id, (state.locks ?? []).includes("child")]);
    const schedules = Object.entries(told.schedules ?? {}).map(([id, one]) => [
      id, one.active, Boolean(one.skipped_until),
      one.skipped_until ? t.skipped(at(one.skipped_until, told.now))
        : one.active ? t.active(at(one.until, told.now))
          : one.next_at ? t.next(at(one.next_at, told.now)) : t.never,
    ]);
    remade(this.list, JSON.stringify([locks, schedules]), () => [
      ...locks.map(([id, name, locked]) => this.lockRow(id, name, locked)),
      ...schedules.map(([id, active, skipped, says]) => this.scheduleRow(id, skipped, says)),
    ]);
  }

  lockRow(id, name, locked) {
    const press = () => {
      const what = locked ? "unlock" : "lock";
      const done = locked ? t.spoken.unlocked(name) : t.spoken.locked(name, t.locksBy.child);
      this.does.order(id, what, undefined, done, this.tell);
    };
    return el("li", { class: "row" },
      el("span", { class: "glyph" }, icon("padlock")),
      el("div", null, el("h3", null, name), el("p", null, t.of(t.lock, locked ? t.lockOn : t.lockOff))),
      el("button", {
        type: "button", role: "switch", class: "switch", "aria-checked": String(locked), "data-key": `lock-${id}`,
        "aria-label": t.lockOf(name), onclick: press,
      }, el("span", { class: "knob" })));
  }

  scheduleRow(id, skipped, says) {
    return el("li", { class: "row" },
      el("span", { class: "glyph" }, icon("clock")),
      el("div", null, el("h3", null, id), el("p", null, says)),
      skipped ? null : el("button", { type: "button", "data-key": `skip-${id}`, "aria-label": `${t.skip} · ${id}`, onclick: () => this.does.skip(id) }, t.skip));
  }

  stale() {
    this.clear();
  }

  clear() {
    remade(this.list, "", () => []);
    show(this.root, false);
  }
}
