// What a burner's state means, in one mood and in words. Decides nothing else: no document here.
// What is not known never becomes a mood that looks safe.

import { at, between, span } from "./times.js";
import { t, word } from "./words.js";

/** Of each mood its shape and its tone of colour. A question mark is for what is not known alone. */
export const LOOKS = {
  old: ["question", "red"],
  starting: ["question", "warn"],
  lit: ["flame", "lit"],
  out: ["out", "calm"],
  blind: ["question", "calm"],
  silent: ["question", "warn"],
  tripping: ["turning", "warn"],
  off: ["check", "off"],
  hot: ["flame", "warn"],
  locked: ["padlock", "lock"],
  failed: ["stop", "red"],
  unknown: ["question", "warn"],
};

function moodOf(state) {
  const { phase, contact, flame } = state;
  if (phase === "trip_failed") return "failed";
  if (phase === "tripping") return "tripping";
  if (phase === "starting") return "starting";
  if (contact !== "open" && contact !== "closed") return "unknown";
  if (phase === "tripped") {
    if (contact !== "open") return "unknown";
    return flame === "lit" ? "hot" : "off";
  }
  if (phase === "locked_out") {
    if (contact !== "open") return "unknown";
    return flame === "lit" ? "hot" : "locked";
  }
  if (phase !== "ready" || contact !== "closed") return "unknown";
  if (flame === "lit") return "lit";
  if (flame === "out") return "out";
  // Nobody expects a word of a flame that has no sensor; of one that has, somebody should look.
  return state.flame_evidence ? "silent" : "blind";
}

const unread = (state) => state.contact !== "open" && state.contact !== "closed";

/** One short line under the word: what is known beyond it. */
function detail(state, mood, now) {
  const trip = state.last_trip;
  switch (mood) {
    case "failed":
      return t.failedText;
    case "tripping":
      return trip ? word(t.reasons, trip.reason) : t.unconfirmed;
    case "off": {
      const ms = trip?.confirmed ? trip.latency_ms : null;
      return ms === null || ms === undefined ? t.rearmsItself : t.confirmedIn(ms);
    }
    case "hot":
      return t.stillHot;
    case "locked":
      return (state.locks ?? []).map((lock) => word(t.locksBy, lock)).join(" · ");
    case "unknown":
      if (!unread(state)) return state.contact === "open" ? t.openUnasked : t.lockedUnread;
      return state.phase === "locked_out" ? t.lockedUnread : t.noAnswer;
    case "blind":
      return t.noSensor;
    case "silent":
      return t.noSensorWord;
    case "lit": {
      const parts = [];
      if (state.burning_since) parts.push(t.litFor(span(Math.max(60, between(state.burning_since, now)))));
      if (state.flame_evidence === "inferred") parts.push(t.inferred);
      else if (state.must_end_at && !state.timer) parts.push(t.atMost(at(state.must_end_at, now)));
      return parts.join(" · ");
    }
    case "out":
      return trip ? t.lastOff(at(trip.at, now), word(t.reasons, trip.reason)) : "";
    default:
      return "";
  }
}

/** `{mood, word, detail}` of a burner; `fresh` false where what is known of it is old. */
export function verdict(state, now, fresh) {
  if (!fresh) return { mood: "old", word: t.moods.old, detail: "" };
  const mood = moodOf(state);
  return { mood, word: t.moods[mood], detail: detail(state, mood, now) };
}
