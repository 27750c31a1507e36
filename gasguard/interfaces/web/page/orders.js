// Requests to the daemon, each with what came of it. Nothing here touches the document.

import { t } from "./words.js";

/** An id, so that a request that arrives twice counts once. */
export function freshId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `web-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

async function post(path, body, signal) {
  const answer = await fetch(path, {
    method: "POST",
    ...(body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
    signal,
  });
  let told = {};
  try {
    told = await answer.json();
  } catch {
    // A proxy's own page: the status says enough.
  }
  return { ok: answer.ok, ...told, http: answer.status };
}

const ANSWER_WITHIN = 12000;

/** Ask for anything but an off: `{ok, code, message}`; never throws, never asks twice. */
export async function ask(path, body) {
  try {
    const told = await post(path, body, AbortSignal.timeout?.(ANSWER_WITHIN));
    if (told.ok) return { ok: true, ...told };
    return { ...told, ok: false, code: told.code ?? (told.http === 401 ? "unauthorized" : "other") };
  } catch {
    return { ok: false, code: "network", message: "" };
  }
}

/** What to tell of a request that failed: our words, and the daemon's own, which are English. */
export function refusal(told) {
  const known = t.answers[told.code];
  const said = told.message && (t.lang === "en" || !known) ? ` (${told.message})` : "";
  return `${known ?? t.answers.other}${said}`;
}

const TRY_EVERY = 900;
const LOUD_AFTER = 3000;
const GIVE_UP_AFTER = 30000;
const WAITS_FOR_READ_BACK = 8000;

/**
 * Shut off; an off may be sent as often as one likes. Asks at once, again where nobody answers, and
 * at most every `TRY_EVERY` ms. `onSilence` is called after 3 s without an answer.
 * The end: `{confirmed: true, acks}` or `{confirmed: false, acks, code, message}`; without any
 * answer at all code `network`.
 */
export function off(path, onSilence) {
  return new Promise((resolve) => {
    const began = performance.now();
    let settled = false;
    let open = 0;
    let timer = 0;
    const loud = setTimeout(() => settled || onSilence(), LOUD_AFTER);

    const end = (result) => {
      if (settled) return;
      settled = true;
      clearTimeout(loud);
      clearInterval(timer);
      resolve(result);
    };
    const attempt = async () => {
      if (settled || open > 3) return;
      if (performance.now() - began > GIVE_UP_AFTER) {
        end({ confirmed: false, acks: {}, code: "network", message: "" });
        return;
      }
      open += 1;
      try {
        const told = await post(path, undefined, AbortSignal.timeout?.(WAITS_FOR_READ_BACK));
        const acks = told.acks ?? (told.burner ? { [told.burner]: told } : {});
        if (told.ok) end({ confirmed: true, acks });
        else if (told.http === 504) end({ confirmed: false, acks, code: told.code, message: told.message });
        else if (told.http < 500 && told.http !== 429) {
          end({ confirmed: false, acks, code: told.code ?? "other", message: told.message });
        }
      } catch {
        // No connection, or no answer: the next attempt is under way.
      } finally {
        open -= 1;
      }
    };
    timer = setInterval(attempt, TRY_EVERY);
    attempt();
    // A connection that had died unnoticed fails at once: do not wait for the next round.
    setTimeout(() => open === 0 && attempt(), 150);
  });
}
