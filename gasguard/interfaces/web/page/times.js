// Durations and moments in words. Moments are shown as the daemon's own clock has them: this
// device's clock and time zone may be wrong.

import { t } from "./words.js";

/** "1 h 5 min", "8 min", "45 s"; seconds are left out beyond ten minutes. */
export function span(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const h = Math.floor(whole / 3600);
  const min = Math.floor((whole % 3600) / 60);
  const s = whole % 60;
  const parts = [];
  if (h) parts.push(`${h} ${t.units.h}`);
  if (min) parts.push(`${min} ${t.units.min}`);
  if ((s && whole < 600) || !parts.length) parts.push(`${s} ${t.units.s}`);
  return parts.join(" ");
}

/** A duration as gasguard writes it (3m, 1h30m, 90s), in words; what is no such one as it stands. */
export function written(text) {
  const [, h = 0, m = 0, s = 0] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text) ?? [];
  const seconds = h * 3600 + m * 60 + Number(s);
  return seconds ? span(seconds) : text;
}

/** A moment of the daemon: `{ms, day, minutes, clock}` in its own zone; null where it is none. */
export function moment(iso) {
  const found = /^(\d{4}-\d\d-\d\d)T(\d\d):(\d\d)/.exec(iso ?? "");
  const ms = Date.parse(iso);
  if (!found || Number.isNaN(ms)) return null;
  const [, day, h, min] = found;
  return { ms, day, minutes: h * 60 + Number(min), clock: `${h}:${min}` };
}

/** "18:30" today, else with its weekday. */
export function at(iso, now) {
  const when = moment(iso);
  if (!when) return "";
  if (when.day === moment(now)?.day) return when.clock;
  return `${weekday(when.day)} ${when.clock}`;
}

const short = new Intl.DateTimeFormat(t.lang, { weekday: "short", timeZone: "UTC" });
export const weekday = (day) => short.format(new Date(`${day}T12:00:00Z`));

/** The day so many days after another, both as 2026-11-27. */
export function dayPlus(day, days) {
  return new Date(Date.parse(`${day}T12:00:00Z`) + days * 86400000).toISOString().slice(0, 10);
}

/** Seconds between two moments of the daemon. */
export const between = (from, to) => (Date.parse(to) - Date.parse(from)) / 1000;
