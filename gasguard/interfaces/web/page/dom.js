// The only way into the document. Text goes in as text, whatever it holds.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** An element: `el("p", {class: "note"}, "text", otherElement)`. */
export const el = (tag, attributes, ...children) =>
  fill(document.createElement(tag), attributes, children);

export const svg = (tag, attributes, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);

/** One of the shapes that index.html defines. Decoration: beside it stand words. */
export const icon = (name) =>
  svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("use", { href: `#i-${name}` }));

/** Change only what is different: screen readers and focus are left in peace. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function set(node, name, value) {
  if (value === null || value === false) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
  } else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

export function show(node, visible) {
  if (node.hidden === visible) node.hidden = !visible;
}

let pressed = null;
addEventListener("pointerdown", (event) => { pressed = event.target; }, true);
for (const end of ["pointerup", "pointercancel"]) {
  addEventListener(end, () => setTimeout(() => { pressed = null; }), true);
}

/**
 * Build a part anew only when what it is made of has changed, and never under a finger: what is
 * pressed must be there when it is let go. The next state is at most two seconds away.
 */
export function remade(node, key, make) {
  if (node.madeOf === key || (pressed && node.contains(pressed))) return;
  node.madeOf = key;
  const focused = node.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  node.replaceChildren(...make().filter(Boolean));
  if (!focused) return;
  const again = node.querySelector(`[data-key="${CSS.escape(focused)}"]`);
  // What was pressed is gone: what can be done now stands next to it.
  (again ?? node.closest(".burner")?.querySelector("[data-key]"))?.focus();
}
