// Two questions: how long, and whether somebody has looked.

import { el } from "./dom.js";
import { t } from "./words.js";

function ask(title, make) {
  const dialog = el("dialog", { "aria-labelledby": "dialog-title" });
  const close = () => dialog.close();
  dialog.append(el("h2", { id: "dialog-title" }, title), ...make(close));
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && close());
  document.body.append(dialog);
  dialog.showModal();
}

/** Calls `then(duration, label)`. Any number of minutes: the daemon says what is too long. */
export function askMinutes(name, then) {
  ask(t.otherTitle(name), (close) => {
    const minutes = el("input", {
      id: "minutes", type: "number", inputmode: "decimal", min: "0.1", step: "any", required: true, value: "10",
    });
    const label = el("input", { id: "label", type: "text", maxlength: "64", autocomplete: "off" });
    const step = (by) =>
      el("button", {
        type: "button", "aria-label": `${by > 0 ? "+" : "−"}${Math.abs(by)} ${t.minutes}`,
        onclick: () => { minutes.value = String(Math.max(1, Math.round(Number(minutes.value) || 0) + by)); },
      }, by > 0 ? `+${by}` : `−${-by}`);
    return [
      el("form", {
        onsubmit: (event) => {
          event.preventDefault();
          close();
          then(`${Math.round(Number(minutes.value) * 60)}s`, label.value.trim());
        },
      },
      el("label", { for: "minutes" }, t.minutes),
      el("div", { class: "stepper" }, step(-5), step(-1), minutes, step(1), step(5)),
      el("label", { for: "label" }, t.label), label,
      el("div", { class: "acts" },
        el("button", { type: "submit", class: "strong" }, t.start),
        el("button", { type: "button", class: "quiet", onclick: close }, t.no))),
    ];
  });
}

export function askRearm(name, then) {
  ask(t.rearmTitle(name), (close) => [
    el("p", null, t.rearmText),
    el("div", { class: "acts" },
      el("button", { type: "button", class: "strong", onclick: () => { close(); then(); } }, t.rearmYes),
      el("button", { type: "button", class: "quiet", onclick: close }, t.no)),
  ]);
}
