import { storedKey } from "../api/key.ts";
import { addressOf, type PageName, PAGES } from "./route.ts";
import { ThemeButton } from "./theme_button.tsx";

/** The head of every page. */
export function Header({ onKeyWanted, page }: { readonly page: PageName; onKeyWanted(): void }) {
  return (
    <header class="site-head">
      <a class="brand" href={addressOf("run")}>
        <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
          <path d="M10 4h12M12 4v8L5.500 24.500A2.500 2.500 0 0 0 7.700 28h16.600a2.500 2.500 0 0 0 2.200-3.500L20 12V4" />
          <path d="M9 20h14" />
        </svg>
        CodeBeaker
      </a>
      <nav aria-label="Pages">
        {PAGES.map(([name, title]) => (
          <a key={name} href={addressOf(name)} aria-current={name === page ? "page" : undefined}>{title}</a>
        ))}
      </nav>
      <div class="spacer" />
      {storedKey() !== undefined && (
        <button type="button" class="button button-quiet" onClick={onKeyWanted}>
          Key
        </button>
      )}
      <ThemeButton />
    </header>
  );
}
