// The stream of states, and whether what is shown may still be believed.
//
// A state is believed for 4 s. Two clocks must agree on that: the monotonic one stands still while
// some phones sleep, the other may be set. Neither is used for anything but an age.

const BELIEVED_FOR = 4000;
const LOOK_EVERY = 250;
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
  }

  start() {
    setInterval(() => this.look(), LOOK_EVERY);
    addEventListener("pageshow", () => this.woken());
    addEventListener("online", () => this.open());
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
    const since = this.heard === null ? this.lost : this.heard.steady;
    const slept = this.heard === null ? 0 : Math.abs(Date.now() - this.heard.wall);
    return Math.max(performance.now() - since, slept < 86400000 ? slept : 0) / 1000;
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

  stale(why) {
    this.fresh = false;
    this.on.stale(why, this.silence());
  }

  believe(text) {
    let told;
    try {
      told = JSON.parse(text);
    } catch {
      return;
    }
    if (!told || typeof told.burners !== "object") return;
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
        // One event that cannot be read: the state says what counts.
      }
    });
    source.addEventListener("unreachable", () => {
      this.heard = null;
      this.lost = performance.now();
      this.why = "unreachable";
      this.stale("unreachable");
    });
    source.onerror = () => {
      if (this.source !== source) return;
      this.shut();
      this.again = setTimeout(() => this.open(), AGAIN_AFTER);
      this.fetchState();
    };
  }

  /** Beside the stream: says at once whether the server is there, and whether it knows us. */
  async fetchState() {
    try {
      const answer = await fetch("api/state", {
        cache: "no-store",
        credentials: "same-origin",
        headers: { Accept: "application/json" },
        signal: AbortSignal.timeout(ANSWER_WITHIN),
      });
      if (answer.ok) this.believe(await answer.text());
      else if (answer.status === 401) {
        // Whoever logs in comes back to this page: until then nothing is asked again.
        this.shut();
        clearTimeout(this.again);
        this.heard = null;
        this.why = "unauthorized";
        this.stale(this.why);
        this.on.unauthorized();
      } else if (answer.status === 503) {
        this.heard = null;
        this.why = "unreachable";
        this.stale("unreachable");
      }
    } catch {
      if (this.heard === null || this.age() > BELIEVED_FOR) this.stale("silent");
    }
  }
}
