const STORED_AS = "codebeaker.theme";

type Theme = "dark" | "light";

/** Whether the page is dark: as chosen here, else as the system is. */
export function isDark(): boolean {
  const chosen = localStorage.getItem(STORED_AS);
  return chosen === null ? matchMedia("(prefers-color-scheme: dark)").matches : chosen === "dark";
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
}
