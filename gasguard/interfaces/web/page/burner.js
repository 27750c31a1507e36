// One burner: its state in word, colour and shape, its countdown, and what can be done.

import { el, icon, remade, say, set, show, svg } from "./dom.js";
import { at, span, written } from "./times.js";
import { LOOKS, verdict } from "./verdict.js";
import { t, word } from "./words.js";

const USUAL_PRESETS = ["3m", "8m", "20m"];
const JITTER = 1500;

/** The digits of a countdown: the part that is read from afar, the rest, and the unit. */
export function face(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  const two = (n) => String(n).padStart(2, "0");
  if (whole >= 3600) {
    return [String(Math.floor(whole / 3600)), `:${two(Math.floor((whole % 3600) / 60))}`, t.units.h];
  }
  if (whole >= 60) return [String(Math.floor(whole / 60)), `:${two(whole % 60)}`, t.units.min];
  return [String(whole), "", t.units.s];
}

export class Burner {
  /** `does` has `off(id, path)`, `order(id, path, body, spoken)`, `other(id)`, `rearm(id)`, `skip(name)`. */
  constructor(id, does) {
    this.id = id;
    this.does = does;
    this.state = null;
    this.fresh = false;
    this.ends = null;
    this.waiting = false;
    this.shutting = false;
    this.said = null;
    this.warning = null;
    this.build();
  }

  build() {
    this.name = el("h2", { id: `name-${this.id}` });
    this.glyph = el("span", { class: "glyph" });
    this.word = el("span");
    this.chip = el("p", { class: "chip" }, this.glyph, this.word);
    this.arc = svg("circle", { class: "arc", cx: 100, cy: 100, r: 88, pathLength: 100 });
    this.big = el("b");
    this.small = el("span");
    this.unit = el("small");
    this.digits = el("div", { class: "digits", "aria-hidden": "true" }, this.big, this.small);
    set(this.unit, "aria-hidden", "true");
    this.count = el("div", { class: "count", role: "timer", hidden: true }, this.digits, this.unit);
    this.shape = el("div", { class: "shape", "aria-hidden": "true" });
    this.dial = el("div", { class: "dial" },
      svg("svg", { viewBox: "0 0 200 200", "aria-hidden": "true", class: "ring" },
        svg("circle", { class: "track", cx: 100, cy: 100, r: 88, pathLength: 100 }), this.arc),
      this.shape, this.count);
    this.detail = el("p", { class: "detail" });
    this.off = el("button", { class: "off-one", type: "submit" });
    const action = `api/burners/${encodeURIComponent(this.id)}/off`;
    const form = el("form", {
      method: "post",
      action,
      onsubmit: (event) => {
        event.preventDefault();
        this.does.off(this.id, action);
      },
    }, this.off);
    this.acts = el("div", { class: "acts" });
    this.note = el("p", { class: "note" });
    this.answer = el("p", { class: "answer", hidden: true });
    this.below = el("div", { class: "below" });
    this.root = el("article", { class: "burner", "aria-labelledby": this.name.id, id: `burner-${this.id}` },
      el("header", null, this.name, this.chip),
      el("div", { class: "face" }, this.dial, el("div", { class: "side" }, this.detail, form, this.acts)),
      this.note, this.answer, this.below);
  }

  /** What was read back; `now` is the daemon's own time, `schedules` its schedules. */
  update(state, now, schedules) {
    this.state = state;
    this.now = now;
    this.schedules = schedules;
    this.fresh = true;
    this.follow(state.timer);
    if (this.warning && performance.now() > this.warning.until) this.warning = null;
    this.render();
  }

  stale() {
    this.fresh = false;
    this.ends = null;
    this.render();
  }

  /** The end of the timer on this device's steady clock: rounding at the daemon does not shake it. */
  follow(timer) {
    if (!timer || timer.waiting) {
      this.ends = null;
      return;
    }
    const ends = performance.now() + timer.remaining_s * 1000;
    // What comes late, or rounded up, makes an end late: the earliest of those that agree is nearest.
    this.ends = this.ends === null || Math.abs(this.ends - ends) > JITTER ? ends : Math.min(this.ends, ends);
  }

  /** `shutting` and `waiting` for an answer, a `warning`, and what is `said` of a request, or null. */
  change(what) {
    Object.assign(this, what);
    this.render();
  }

  remaining() {
    return this.ends === null ? null : Math.max(0, (this.ends - performance.now()) / 1000);
  }

  /** Called several times a second: nothing but the countdown moves. */
  tick() {
    if (!this.fresh || !this.state) return;
    const left = this.remaining();
    if (left !== null) this.showCount(left, this.state.timer.duration_s);
    if (this.warning?.ends) this.showWarning();
  }

  showCount(left, whole) {
    const [big, small, unit] = face(left);
    say(this.big, big);
    say(this.small, small);
    say(this.unit, unit);
    set(this.digits, "data-long", big.length > 1 && small ? "" : null);
    set(this.count, "aria-label", t.left(span(left > 90 ? Math.ceil(left / 60) * 60 : Math.ceil(left))));
    const share = whole > 0 ? Math.min(100, (100 * left) / whole) : 0;
    this.arc.style.strokeDasharray = `${share.toFixed(2)} 100`;
  }

  showWarning() {
    const { reason, ends } = this.warning;
    const why = word(t.warn, reason);
    const left = ends === null ? null : (ends - performance.now()) / 1000;
    say(this.note, left === null ? t.warnOnly(why) : t.warnOff(why, span(Math.max(0, Math.ceil(left)))));
  }

  render() {
    const { state, fresh } = this;
    if (!state) return;
    const { mood, word: said, detail } = verdict(state, this.now, fresh);
    const timer = fresh ? state.timer : null;
    const shown = this.shutting && mood !== "failed" && mood !== "old" && state.contact !== "open" ? "tripping" : mood;
    const [shape, tone] = LOOKS[shown];
    set(this.root, "data-mood", shown);
    set(this.root, "data-shape", shape);
    set(this.root, "data-tone", tone);
    set(this.root, "data-warned", this.warning && fresh ? "" : null);
    set(this.root, "data-waits", timer?.waiting ? "" : null);
    set(this.root, "data-unsure", timer && !timer.guaranteed ? "" : null);
    say(this.name, state.name ?? this.id);
    say(this.word, shown === "tripping" ? t.moods.tripping : said);
    for (const place of [this.glyph, this.shape]) remade(place, shape, () => [icon(shape)]);
    say(this.detail, detail);

    const counting = timer !== null && timer !== undefined && shown !== "failed" && shown !== "tripping";
    show(this.count, counting);
    show(this.shape, !counting);
    if (counting) this.showCount(timer.waiting ? timer.remaining_s : this.remaining(), timer.duration_s);
    else this.arc.style.strokeDasharray = "";

    say(this.off, t.off);
    set(this.off, "aria-label", `${t.off} · ${state.name ?? this.id}`);
    set(this.off, "data-waiting", this.shutting ? "" : null);
    this.renderNote(timer);
    show(this.answer, Boolean(this.said));
    if (this.said) say(this.answer, this.said);
    this.renderActs(timer, shown);
  }

  renderNote(timer) {
    const { state, fresh } = this;
    set(this.note, "data-kind", null);
    if (!fresh) return say(this.note, "");
    if (this.warning) {
      set(this.note, "data-kind", "warning");
      return this.showWarning();
    }
    const parts = [];
    if (timer) {
      if (timer.label) parts.push(`“${timer.label}”`);
      if (!timer.guaranteed) {
        set(this.note, "data-kind", "warning");
        parts.push(t.timerNotSure);
      } else parts.push(timer.waiting ? t.timerWaits : t.timerEnds(at(timer.ends_at, this.now)));
    }
    if (state.locks?.includes("schedule")) {
      for (const [key, one] of this.holding()) parts.push(t.of(key, t.active(at(one.until, this.now))));
    }
    for (const one of (state.reminders ?? []).slice(0, 2)) {
      parts.push(t.reminderAt(one.label, at(one.ends_at, this.now)));
    }
    if (state.relay?.problem && !parts.length && state.phase !== "trip_failed") {
      set(this.note, "data-kind", "problem");
      parts.push(state.relay.problem);
    }
    return say(this.note, parts.join(" · "));
  }

  /** The schedules whose window it is. */
  holding() {
    return Object.entries(this.schedules ?? {}).filter(([, one]) => one.active);
  }

  renderActs(timer, mood) {
    const { state, id } = this;
    const name = state.name ?? id;
    const dead = this.waiting || !this.fresh;
    const button = (key, label, press, kind = "", title = `${label} · ${name}`) =>
      el("button", {
        type: "button", class: kind, "data-key": key, "aria-label": title, onclick: () => dead || press(),
        // Not `disabled`: that would take the keyboard's place away.
        "aria-disabled": dead ? "true" : null, "aria-busy": this.waiting ? "true" : null,
      }, label);
    const extend = () => this.does.order(id, "timer/extend", { duration: "5m" }, t.spoken.extended(name));
    // More time puts off no schedule: that is skipped.
    const coming = this.warning?.schedule;
    const warned = Boolean(this.warning) && !coming;
    remade(this.acts, JSON.stringify([coming, !timer, warned, dead, name]), () => [
      coming && button(`skip-${coming}`, t.skipNow(coming), () => this.does.skip(coming), "strong"),
      (timer || warned)
        && button("extend", warned && !timer ? t.stay : t.plus5, extend, warned ? "strong" : ""),
      timer && button("cancel", t.cancel,
        () => this.does.order(id, "timer/cancel", undefined, t.spoken.cancelled(name)), "quiet"),
    ]);

    const locks = state.locks ?? [];
    const latched = locks.filter((one) => one !== "child" && one !== "schedule");
    const holding = locks.includes("schedule") ? this.holding().map(([key]) => key) : [];
    const presets = state.presets?.length ? state.presets : USUAL_PRESETS;
    const free = !timer && !locks.length && !["failed", "starting", "tripping"].includes(mood);
    remade(this.below, JSON.stringify([free, locks, holding, presets, dead, name]), () => [
      locks.includes("child") && button("unlock", t.unlock,
        () => this.does.order(id, "unlock", undefined, t.spoken.unlocked(name)), "wide"),
      ...holding.map((key) => button(`skip-${key}`, t.skipNow(key), () => this.does.skip(key), "wide")),
      latched.length && button("rearm", t.rearm, () => this.does.rearm(id), "wide"),
      ...(free ? [el("span", { class: "hint" }, t.timerHint),
        ...presets.slice(0, 4).map((preset) => {
          const long = written(preset);
          return button(`preset-${preset}`, long, () =>
            this.does.order(id, "timer", { duration: preset }, t.spoken.timerSet(name, long)), "preset", t.presetOf(name, long));
        }),
        button("other", t.other, () => this.does.other(id), "preset quiet")] : []),
    ]);
  }
}
