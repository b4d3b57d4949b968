import { storeTheme } from "./theme.ts";
import { useScheme } from "./use_scheme.ts";

/** Changes between dark and light. */
export function ThemeButton() {
  const other = useScheme() === "dark" ? "light" : "dark";
  return (
    <button type="button" class="button button-quiet" onClick={() => storeTheme(other)}>
      {other === "light" ? "Light" : "Dark"}
      <span class="unseen">colours</span>
    </button>
  );
}
