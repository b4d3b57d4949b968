import { useEffect, useState } from "preact/hooks";
import { applyTheme, isDark, storeTheme } from "./theme.ts";

/** Changes between dark and light. */
export function ThemeButton() {
  const [dark, setDark] = useState(isDark);
  useEffect(() => {
    applyTheme();
    const system = matchMedia("(prefers-color-scheme: dark)");
    const onChange = () => setDark(isDark());
    system.addEventListener("change", onChange);
    return () => system.removeEventListener("change", onChange);
  }, []);
  const change = () => {
    storeTheme(dark ? "light" : "dark");
    setDark(!dark);
  };
  return (
    <button type="button" class="button button-quiet" onClick={change}>
      {dark ? "Light" : "Dark"}
      <span class="unseen">colours</span>
    </button>
  );
}
