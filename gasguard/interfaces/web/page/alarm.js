// Loud where a burner is not off: two tones and vibration, until it is off or somebody says so.
// Browsers allow sound only after the page was touched once.

let context = null;
let touched = false;
let ringing = 0;
let silenced = "";

export function allowSound() {
  const wake = () => {
    touched = true;
    context ??= typeof AudioContext === "function" ? new AudioContext() : null;
    context?.resume?.();
  };
  addEventListener("pointerup", wake);
  addEventListener("keydown", wake);
}

function tone(from, to, pitch) {
  const oscillator = context.createOscillator();
  const gain = context.createGain();
  oscillator.type = "square";
  oscillator.frequency.value = pitch;
  gain.gain.setValueAtTime(0.0001, from);
  gain.gain.exponentialRampToValueAtTime(0.35, from + 0.02);
  gain.gain.setValueAtTime(0.35, to - 0.03);
  gain.gain.exponentialRampToValueAtTime(0.0001, to);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(from);
  oscillator.stop(to);
}

function once() {
  if (context?.state === "running") {
    const now = context.currentTime;
    tone(now, now + 0.32, 880);
    tone(now + 0.36, now + 0.68, 660);
  }
  if (touched) navigator.vibrate?.([320, 80, 320]);
}

/** Ring for `cause`, unless that very one was silenced. */
export function ring(cause) {
  if (silenced === cause || ringing) return;
  once();
  ringing = setInterval(once, 1000);
}

export function quiet() {
  clearInterval(ringing);
  ringing = 0;
  silenced = "";
  if (touched) navigator.vibrate?.(0);
}

export function silence(cause) {
  quiet();
  silenced = cause;
}

/** Two soft notes: something asks to be looked at. */
export function chime() {
  if (context?.state !== "running" || ringing) return;
  const now = context.currentTime;
  tone(now, now + 0.12, 587);
  tone(now + 0.16, now + 0.28, 784);
}
