const STORED_AS = "codebeaker.theme";

type Theme = "dark" | "light";

const system = matchMedia("(prefers-color-scheme: dark)");
const changes = new EventTarget();

/** Whether the page is dark: as chosen here, else as the system is. */
export function isDark(): boolean {
  const chosen = localStorage.getItem(STORED_AS);
  return chosen === null ? system.matches : chosen === "dark";
}

/** Applies what was chosen before. */
export function applyTheme(): void {
  const chosen = localStorage.getItem(STORED_AS);
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset["theme"] = chosen;
}

/** Chooses a theme for this browser. */
export function storeTheme(theme: Theme): void {
  localStorage.setItem(STORED_AS, theme);
  applyTheme();
  changes.dispatchEvent(new Event("change"));
}

/** Calls a function at each change of the theme. Calling the result ends that. */
export function onTheme(call: () => void): () => void {
  const sources = [system, changes];
  for (const source of sources) source.addEventListener("change", call);
  return () => {
    for (const source of sources) source.removeEventListener("change", call);
  };
}
