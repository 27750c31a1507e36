// Which of the two languages the page speaks.

/** The language that was chosen here, else the household's, else the browser's. */
export function chooseLanguage(fixed, chosen, offered) {
  if (chosen === "en" || chosen === "zh") return chosen;
  if (fixed === "en" || fixed === "zh") return fixed;
  for (const one of offered) {
    if (/^zh\b/i.test(one)) return "zh";
    if (/^en\b/i.test(one)) return "en";
  }
  return "en";
}

const key = "gasguard.language";

/** What was chosen on this device, or null. Private windows may refuse to keep anything. */
export function chosen() {
  try {
    return new URLSearchParams(location.search).get("lang") ?? localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function keep(language) {
  try {
    localStorage.setItem(key, language);
  } catch {
    // It holds for this visit then.
  }
}

export const language = chooseLanguage(
  document.documentElement.dataset.language, chosen(), navigator.languages ?? [navigator.language],
);
export const t = (await import(`./words-${language}.js`)).default;
/** A word of the daemon's vocabulary; one without a text is shown as it is. */
export const word = (table, one) => (Object.hasOwn(table, one) ? table[one] : String(one).replaceAll("_", " "));
