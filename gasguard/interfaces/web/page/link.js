// The stream of states, and whether what is shown may still be believed.
//
// A state is believed for 4 s. Two clocks must agree on that: the monotonic one stands still while
// some phones sleep, the other may be set. Neither is used for anything but an age.

const BELIEVED_FOR = 4000;
const LOOK_EVERY = 250;
const LATE = 4000;
const AGAIN_AFTER = 700;
const ANSWER_WITHIN = 3000;

export class Link {
  /** `on` has `state(document)`, `event(event)`, `fresh()`, `stale(why, seconds)`, `unauthorized()`. */
  constructor(on) {
    this.on = on;
    this.heard = null;
    this.fresh = false;
    this.why = "connecting";
    this.source = null;
    this.again = 0;
    this.looked = this.clocks();
    this.lost = performance.now();
    /** By how many ms the daemon's clock is ahead of this device's, as far as is known. */
    this.ahead = -Infinity;
    this.asking = false;
  }

  start() {
    setInterval(() => this.look(), LOOK_EVERY);
    addEventListener("pageshow", () => this.woken());
    addEventListener("pagehide", () => this.shut());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.woken();
    });
    this.open();
  }

  clocks() {
    return { steady: performance.now(), wall: Date.now() };
  }

  age() {
    if (this.heard === null) return Infinity;
    const now = this.clocks();
    return Math.max(now.steady - this.heard.steady, Math.abs(now.wall - this.heard.wall));
  }

  /** Seconds since the last state, for people; or since this page was opened. */
  silence() {
    return (this.heard === null ? performance.now() - this.lost : this.age()) / 1000;
  }

  look() {
    const before = this.looked;
    this.looked = this.clocks();
    const jumped =
      Math.abs(this.looked.wall - before.wall - (this.looked.steady - before.steady)) > 2000;
    // Either this device has slept, or its clock was set: only a new state tells.
    if (jumped) {
      this.fetchState();
    }
    if (this.why !== "unauthorized" && this.age() > BELIEVED_FOR) {
      this.stale(this.why ?? "silent");
      if (performance.now() - this.opened > BELIEVED_FOR) this.open();
    }
  }

  woken() {
    if (this.why === "unauthorized") this.why = null;
    this.look();
    if (this.source === null || this.source.readyState === EventSource.CLOSED) this.open();
    if (!this.fresh) this.fetchState();
  }

  /** Nothing that was heard before counts any more. */
  gone(why) {
    this.heard = null;
    this.lost = performance.now();
    this.why = why;
    this.stale(why);
  }

  stale(why) {
    this.fresh = false;
    this.on.stale(why, this.silence());
  }

  believe(text, asked = false) {
    let told;
    try {
      told = JSON.parse(text);
    } catch {
      return;
    }
    if (!told || typeof told.burners !== "object") return;
    // A phone that wakes is handed what had come while it slept. Only an answer is surely new.
    const ahead = Date.parse(told.now) - Date.now();
    if (!asked && ahead < this.ahead - LATE) {
      this.fetchState();
      return;
    }
    this.ahead = asked ? ahead : Math.max(this.ahead, ahead);
    this.heard = this.clocks();
    this.why = null;
    const back = !this.fresh;
    this.fresh = true;
    this.on.state(told);
    if (back) this.on.fresh();
  }

  shut() {
    this.source?.close();
    this.source = null;
  }

  open() {
    clearTimeout(this.again);
    this.shut();
    this.opened = performance.now();
    const source = new EventSource("api/events");
    this.source = source;
    source.addEventListener("state", (message) => this.believe(message.data));
    source.addEventListener("event", (message) => {
      try {
        this.on.event(JSON.parse(message.data));
      } catch {
        // What counts is in the state.
      }
    });
    source.addEventListener("unreachable", () => this.gone("unreachable"));
    source.onerror = () => {
      if (this.source !== source) return;
      this.shut();
      this.again = setTimeout(() => this.open(), AGAIN_AFTER);
      this.fetchState();
    };
  }

  /** Beside the stream: says at once whether the server is there, and whether it knows us. */
  async fetchState() {
    if (this.asking) return;
    this.asking = true;
    try {
      const answer = await fetch("api/state", {
        cache: "no-store",
        signal: AbortSignal.timeout?.(ANSWER_WITHIN),
      });
      if (answer.ok) this.believe(await answer.text(), true);
      else if (answer.status === 401) {
        // Whoever logs in comes back to this page: until then nothing is asked again.
        this.shut();
        clearTimeout(this.again);
        this.gone("unauthorized");
        this.on.unauthorized();
      } else if (answer.status === 503) this.gone("unreachable");
    } catch {
      if (this.heard === null || this.age() > BELIEVED_FOR) this.stale("silent");
    } finally {
      this.asking = false;
    }
  }
}
