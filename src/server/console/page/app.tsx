import type { FunctionComponent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { declineKey, onUnauthorized } from "./api/request.ts";
import { ExecutionsPage } from "./executions/executions_page.tsx";
import { LivePage } from "./live/live_page.tsx";
import { NotebookPage } from "./notebook/notebook_page.tsx";
import { RunPage } from "./run/run_page.tsx";
import { Header } from "./shell/header.tsx";
import { KeyDialog } from "./shell/key_dialog.tsx";
import { type PageName, PAGES, type Route } from "./shell/route.ts";
import { useRoute } from "./shell/use_route.ts";

/** What a page gets. A page that was left stays as it is, and is shown again. */
interface PageProps {
  readonly isVisible: boolean;
  readonly id?: string | undefined;
}

const COMPONENTS: Readonly<Record<PageName, FunctionComponent<PageProps>>> = {
  run: RunPage,
  notebook: NotebookPage,
  executions: ExecutionsPage,
  live: LivePage,
};

/** The console: its head, its pages, and the dialog that asks for a key. */
export function App() {
  const route = useRoute();
  const [isAsking, setIsAsking] = useState(false);
  const [generation, setGeneration] = useState(0); // Another key sees other things: every page begins anew.
  useEffect(() => onUnauthorized(() => setIsAsking(true)), []);
  const onKey = () => {
    setIsAsking(false);
    setGeneration((last) => last + 1);
  };
  const onClose = () => {
    declineKey();
    setIsAsking(false);
  };
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>Skip to the page</a>
      <Header key={`header${generation}`} page={route.page} onKeyWanted={() => setIsAsking(true)} />
      <div id="main" key={generation} tabindex={-1}>
        <Pages route={route} />
      </div>
      {isAsking && <KeyDialog onDone={onKey} onClose={onClose} />}
    </>
  );
}

/** The pages that were opened, one of them in sight. */
function Pages({ route }: { readonly route: Route }) {
  const opened = useRef(new Set<PageName>());
  opened.current.add(route.page);
  useEffect(() => {
    const title = PAGES.find(([name]) => name === route.page)?.[1];
    document.title = `${title} – CodeBeaker`;
  }, [route.page]);
  return (
    <>
      {PAGES.map(([name]) => name).filter((name) => opened.current.has(name)).map((name) => {
        const Page = COMPONENTS[name];
        const isVisible = name === route.page;
        return (
          <main key={name} class={`page ${name}`} hidden={!isVisible}>
            <Page isVisible={isVisible} id={isVisible ? route.id : undefined} />
          </main>
        );
      })}
    </>
  );
}

/** Skips the head. The address names a page, and so no place on it. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}
