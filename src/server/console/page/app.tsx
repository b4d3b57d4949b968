import { useEffect, useState } from "preact/hooks";
import { onUnauthorized } from "./api/request.ts";
import { Header } from "./shell/header.tsx";
import { KeyDialog } from "./shell/key_dialog.tsx";
import { RunPage } from "./run/run_page.tsx";

/** The console: its head, its pages, and the dialog that asks for a key. */
export function App() {
  const [isAsking, setIsAsking] = useState(false);
  const [generation, setGeneration] = useState(0); // Another key sees other things: every page begins anew.
  useEffect(() => onUnauthorized(() => setIsAsking(true)), []);
  const onKey = () => {
    setIsAsking(false);
    setGeneration((last) => last + 1);
  };
  return (
    <>
      <a class="skip" href="#main">Skip to the page</a>
      <Header key={`header${generation}`} onKeyWanted={() => setIsAsking(true)} />
      <div id="main" key={generation} tabindex={-1}>
        <RunPage isVisible />
      </div>
      {isAsking && <KeyDialog onDone={onKey} onClose={() => setIsAsking(false)} />}
    </>
  );
}
