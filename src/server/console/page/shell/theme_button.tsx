import { IconButton } from "../parts/icon.tsx";
import { storeTheme } from "./theme.ts";
import { useScheme } from "./use_scheme.ts";

/** Changes between dark and light. */
export function ThemeButton() {
  const isDark = useScheme() === "dark";
  return (
    <IconButton
      icon={isDark ? "sun" : "moon"}
      label={isDark ? "Light colours" : "Dark colours"}
      onClick={() => storeTheme(isDark ? "light" : "dark")}
    />
  );
}
