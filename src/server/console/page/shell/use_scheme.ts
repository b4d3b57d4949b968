import { useEffect, useState } from "preact/hooks";
import { isDark, onTheme } from "./theme.ts";

/** Follows whether the page is dark or light. */
export function useScheme(): "dark" | "light" {
  const [dark, setDark] = useState(isDark);
  useEffect(() => onTheme(() => setDark(isDark())), []);
  return dark ? "dark" : "light";
}
