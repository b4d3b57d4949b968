import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { RunState } from "../api/run_state.ts";
import { isGood } from "./outcome.ts";
import { applyControls } from "./terminal.ts";

/** Distance from the end within which the output follows itself, in pixels. */
const NEAR_END_PX = 40;

/** What the program printed, both streams in their order. */
export function Output({ state }: { readonly state: RunState }) {
  const { execution, isShortened, phase, pieces } = state;
  const box = useRef<HTMLPreElement>(null);
  const follows = useRef(true);
  const shown = useMemo(() => applyControls(pieces), [pieces]);
  useLayoutEffect(() => {
    if (follows.current && phase === "running" && box.current !== null) {
      box.current.scrollTop = box.current.scrollHeight;
    }
  }, [pieces, phase]);
  const omitted = (execution?.truncated.stdout ?? 0) + (execution?.truncated.stderr ?? 0);
  if (pieces.length === 0) {
    return <p class="empty">{phase === "ended" ? "It printed nothing." : "Nothing printed so far."}</p>;
  }
  return (
    <>
      <pre
        ref={box}
        class={execution === undefined || isGood(execution.outcome) ? "output" : "output output-failed"}
        tabindex={0}
        role="log"
        aria-label="Output"
        onScroll={({ currentTarget: { clientHeight, scrollHeight, scrollTop } }) => {
          follows.current = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
        }}
      >{shown.map(({ look, stream, text }, index) => <span key={index} class={`${stream} ${look}`}>{text}</span>)}</pre>
      {isShortened && <p class="hint output-note">Earlier output is left out on this page.</p>}
      {omitted > 0 && <p class="hint output-note">The service kept all but {omitted} bytes of the output.</p>}
    </>
  );
}
