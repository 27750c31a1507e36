// Puts the page together: the stream on one side, the parts that show it on the other.

import * as alarm from "./alarm.js";
import { Burner } from "./burner.js";
import { Condition, Locks } from "./condition.js";
import { el, icon, remade, say, set, show } from "./dom.js";
import { askMinutes, askRearm } from "./dialogs.js";
import { Link } from "./link.js";
import { ask, freshId, off, refusal } from "./orders.js";
import { at, moment, span } from "./times.js";
import { keep, language, t, word } from "./words.js";

const $ = (id) => document.getElementById(id);
const kiosk = new URLSearchParams(location.search).has("kiosk");
const TICK = 200;
const SHOWN_FOR = 6000;

const burners = new Map();
const alarms = new Map();
let told = null;
let fresh = false;
let history = null;

const nameOf = (id) => told?.burners[id]?.name ?? id;

// --- what is spoken

function speak(text, how = "polite") {
  const place = $(how);
  // The same words twice are news twice.
  place.textContent = place.textContent === text ? `${text}\u00a0` : text;
}

// --- alarms: a burner that is not off

function raise(key, title, text, more) {
  const { hazard, closable } = more ?? {};
  if (!alarms.has(key)) speak(`${title}. ${hazard ? text : t.byHandNow}`, "urgent");
  alarms.set(key, { title, text, closable, hazard });
  showAlarms();
}

function lower(key) {
  if (alarms.delete(key)) showAlarms();
}

/** Which burners: one that was silenced stays so, in whatever other way it is told again. */
const cause = () => [...new Set([...alarms].filter(([, one]) => !one.hazard).map(([key]) => key.split(" ")[1]))].sort().join(" ");

function showAlarms() {
  show($("alarm"), alarms.size > 0);
  // An alarm in the kitchen is loud itself: sound is for what is not off.
  const loud = cause();
  if (loud) alarm.ring(loud);
  else alarm.quiet();
  const all = [...alarms.values()];
  const title = loud ? t.byHandNow : all[0]?.title ?? "gasguard";
  document.title = title;
  if (!all.length) return;
  remade($("alarm"), JSON.stringify(all), () => [
    icon("stop"),
    el("div", null,
      el("h2", { id: "alarm-title" }, title),
      ...all.map((one) => el("p", null, one.title === title ? null : el("strong", null, `${one.title} `), one.text))),
    el("div", { class: "acts" },
      loud ? el("button", { type: "button", "data-key": "silence", onclick: () => alarm.silence(cause()) }, t.silence) : null,
      all.every((one) => one.closable)
        ? el("button", { type: "button", "data-key": "close", onclick: () => { alarms.clear(); showAlarms(); } }, t.close)
        : null),
  ]);
}

/** What the states say. What a request has raised stays until its circuit is read back open. */
function judgeAlarms() {
  const held = new Map();
  for (const [id, state] of Object.entries(told.burners)) {
    if (state.phase === "trip_failed") {
      held.set(`failed ${id}`, [t.notOffOf(nameOf(id)), (language === "en" && state.relay?.problem) || t.stillTrying]);
    }
    if (state.contact === "open") lower(`unconfirmed ${id}`);
  }
  for (const [name, { kind, says }] of Object.entries(told.sensors ?? {})) {
    if (says === "alarm") held.set(`hazard ${name}`, [word(t.locksBy, kind), t.alarmDo[kind] ?? "", { hazard: true }]);
  }
  if (Object.values(told.burners).every((state) => state.contact === "open")) lower("unconfirmed all");
  for (const key of alarms.keys()) if (/^(failed|hazard) /.test(key) && !held.has(key)) lower(key);
  for (const [key, about] of held) raise(key, ...about);
}

// --- OFF

async function shutOff(id, path) {
  const key = id ?? "all";
  const ids = id === null ? [...burners.keys()] : [id];
  for (const one of ids) burners.get(one)?.change({ shutting: true });
  if (id === null) bigOff("waiting", t.offWaiting);
  const result = await off(path, () => raise(`silent ${key}`, t.noAnswerOff, t.noAnswerOffText));
  for (const one of ids) burners.get(one)?.change({ shutting: false });
  lower(`silent ${key}`);
  if (result.confirmed) {
    lower("unconfirmed all");
    for (const one of ids) lower(`unconfirmed ${one}`);
    if (id === null) bigOff("done", allDone(result.acks), SHOWN_FOR);
    return;
  }
  if (id === null) bigOff("", "");
  const failed = Object.entries(result.acks).filter(([, ack]) => ack.status !== "confirmed");
  const text = result.code === "network" ? t.noAnswerOffText : failed[0]?.[1].message ?? result.message ?? "";
  if (failed.length) for (const [one] of failed) raise(`unconfirmed ${one}`, t.notOffOf(nameOf(one)), text, { closable: true });
  else raise(`unconfirmed ${key}`, id === null ? t.notOff : t.notOffOf(nameOf(id)), text, { closable: true });
}

/** The slowest read-back, as the acknowledgements have it. */
function allDone(acks) {
  const times = Object.values(acks).map((ack) => Number(/(\d+) ms/.exec(ack.message ?? "")?.[1])).filter((ms) => ms >= 0);
  return times.length ? t.offDone(Math.max(...times)) : t.offDoneNoTime;
}

let bigOffEnds = 0;
function bigOff(look, text, lasts) {
  clearTimeout(bigOffEnds);
  set($("off-all"), "data-look", look || null);
  say($("off-word"), t.off);
  say($("off-what"), text || t.all);
  if (lasts) bigOffEnds = setTimeout(() => bigOff("", ""), lasts);
}

// --- everything else that is asked for

async function order(id, what, body, done, tell) {
  const burner = burners.get(id);
  if (burner.waiting) return;
  burner.change({ waiting: true, said: null });
  // A double tap is one tap.
  const bounce = new Promise((over) => setTimeout(over, 500));
  const answer = await ask(`api/burners/${encodeURIComponent(id)}/${what}`, body && { ...body, id: freshId() });
  await bounce;
  burner.change({ waiting: false });
  conclude(answer, done, (text) => {
    burner.change({ said: text });
    tell?.(text);
    setTimeout(() => burner.said === text && burner.change({ said: null }), 12000);
  });
}

function conclude(answer, done, tell) {
  if (answer.ok) {
    speak(done);
    return;
  }
  if (answer.code === "unauthorized") unauthorized();
  const text = refusal(answer);
  tell(text);
  speak(text);
}

async function skip(name) {
  conclude(await ask(`api/schedules/${encodeURIComponent(name)}/skip`), t.spoken.skipped(name), locks.tell);
}

const does = {
  off: shutOff,
  order,
  skip,
  other: (id) =>
    askMinutes(nameOf(id), (duration, label) =>
      order(id, "timer", label ? { duration, label } : { duration },
        t.spoken.timerSet(nameOf(id), duration))),
  rearm: (id) =>
    askRearm(nameOf(id), () =>
      order(id, "rearm", undefined, t.spoken.rearmed(nameOf(id)))),
};

const condition = new Condition($("condition"));
const locks = new Locks($("locks"), does);

// --- states

function onState(document_) {
  told = document_;
  show($("sign-in"), false);
  const names = Object.keys(told.burners);
  for (const id of burners.keys()) {
    if (!names.includes(id)) {
      burners.get(id).root.remove();
      burners.delete(id);
    }
  }
  for (const id of names) {
    if (!burners.has(id)) {
      const burner = new Burner(id, does);
      burners.set(id, burner);
      $("burners").append(burner.root);
    }
    burners.get(id).update(told.burners[id], told.now, told.schedules);
  }
  set($("burners"), "data-count", names.length);
  const problems = condition.update(told);
  show($("problems"), problems > 0);
  say($("problems"), problems ? t.problems(problems) : "");
  locks.update(told);
  say($("clock"), moment(told.now)?.clock ?? "");
  judgeAlarms();
  if (!history && !kiosk) loadHistory();
  else history?.state(told);
}

function onFresh() {
  const was = document.body.dataset.link;
  fresh = true;
  set(document.body, "data-link", "live");
  say($("link-word"), t.live);
  show($("old"), false);
  if (was === "old") speak(t.back);
  lastWarnings();
}

function onStale(why, seconds) {
  const first = why === "connecting" && seconds < 4;
  set(document.body, "data-link", first ? "connecting" : "old");
  say($("link-word"), first ? t.connecting : t.old);
  if (why === "unauthorized") {
    set(document.body, "data-link", "closed");
    say($("link-word"), "");
    show($("old"), false);
  } else if (!first) {
    const text = why === "unreachable" ? t.unreachableText : t.oldText(span(seconds));
    say($("old-text"), text);
    if ($("old").hidden) speak(`${text} ${t.byHand}`, "urgent");
    show($("old"), true);
  }
  if (!fresh && !first && burners.size === 0) return;
  fresh = false;
  for (const burner of burners.values()) burner.stale();
  condition.stale();
  locks.stale();
}

function unauthorized() {
  for (const burner of burners.values()) burner.root.remove();
  burners.clear();
  told = null;
  condition.clear();
  locks.clear();
  history?.clear();
  history = null;
  show($("sign-in"), true);
}

// --- events: told once, in words

/** What ends a warning. No timer puts off a schedule. */
const ended = (type, warning) => /^(trip|flame_out|locked|trip_confirmed)$/.test(type)
  || (warning?.reason === "schedule" ? type === "schedule_skipped" : type.startsWith("timer_"));

function onEvent(event) {
  const burner = burners.get(event.burner);
  history?.event(event);
  if (!burner) return;
  const name = nameOf(event.burner);
  if (ended(event.type, burner.warning)) burner.change({ warning: null });
  switch (event.type) {
    case "trip":
      speak(t.spoken.trip(name, word(t.reasons, event.reason)));
      break;
    case "trip_confirmed":
      speak(t.spoken.confirmed(name, event.latency_ms ?? null));
      break;
    case "trip_failed":
      speak(t.spoken.failed(name), "urgent");
      break;
    case "locked":
      speak(t.spoken.locked(name, word(t.locksBy, event.reason)));
      break;
    case "prewarning":
      warn(burner, event, 0);
      alarm.chime();
      speak(t.of(name, burner.note.textContent));
      break;
    case "reminder":
      alarm.chime();
      burner.change({ said: t.spoken.reminder(name, event.label) });
      speak(t.spoken.reminder(name, event.label));
      break;
    default:
  }
}

function warn(burner, event, agoMs) {
  const reason = event.away ? "away" : event.reason ?? "timer";
  const only = event.shuts_off === false;
  const ends = only ? null : performance.now() - agoMs + (event.remaining_s ?? 60) * 1000;
  const until = only ? performance.now() + 600000 : ends + 3000;
  burner.change({ warning: { reason, ends, until, schedule: reason === "schedule" && event.schedule } });
}

/** A warning that came before this page was opened still holds. */
async function lastWarnings() {
  try {
    const answer = await fetch("api/history?since=15m", { cache: "no-store" });
    if (!answer.ok || !told) return;
    const { events } = await answer.json();
    const last = new Map();
    for (const event of events) {
      if (event.type === "prewarning") last.set(event.burner, event);
      else if (ended(event.type, last.get(event.burner))) last.delete(event.burner);
    }
    for (const [id, event] of last) {
      const ago = Date.parse(told.now) - Date.parse(event.at);
      const over = event.shuts_off !== false && ago > (event.remaining_s ?? 60) * 1000;
      if (burners.has(id) && !over) warn(burners.get(id), event, ago);
    }
  } catch {
    // The states are there without it.
  }
}

// --- history, once the first screen is there

async function loadHistory() {
  history = { event() {}, state() {}, clear() {} };
  try {
    const { History } = await import("./history.js");
    history = new History($("history"), $("usage"));
    if (told) history.state(told);
  } catch {
    history = null; // No connection: with the next state it is tried again.
  }
}

// --- the frame

function frame() {
  document.documentElement.lang = t.lang;
  set(document.body, "data-kiosk", kiosk ? "" : null);
  for (const node of document.querySelectorAll("[data-text]")) say(node, t[node.dataset.text]);
  $("language").lang = language === "en" ? "zh-CN" : "en";
  $("language").addEventListener("click", () => {
    keep(language === "en" ? "zh" : "en");
    location.reload();
  });
  bigOff("", "");
  $("off").addEventListener("submit", (event) => {
    event.preventDefault();
    shutOff(null, "api/off");
  });
}

frame();
alarm.allowSound();
const link = new Link({ state: onState, event: onEvent, fresh: onFresh, stale: onStale, unauthorized });
// A sleeping phone wakes with the picture it fell asleep with: let that be one without a countdown.
document.addEventListener("visibilitychange", () =>
  set(document.body, "data-asleep", document.visibilityState === "hidden" ? "" : null));
link.start();
setInterval(() => {
  for (const burner of burners.values()) burner.tick();
}, TICK);
const stayAwake = () => kiosk && document.visibilityState === "visible" && navigator.wakeLock?.request("screen").catch(() => {});
stayAwake();
document.addEventListener("visibilitychange", stayAwake);
if (window.isSecureContext) navigator.serviceWorker?.register("sw.js").catch(() => {});
