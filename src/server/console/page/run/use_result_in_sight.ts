import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { RunState } from "../api/run_state.ts";

/** Widest window in which the result is below the program and not beside it. */
const BELOW = "(max-width: 960px)";

/**
 * Brings the result into sight as a program begins. It stays there while it grows, until the page is scrolled by hand.
 * Where it is below the program, the keyboard goes to the result too: a phone then takes its keys off the screen.
 */
export function useResultInSight({ phase }: RunState): RefObject<HTMLDivElement | null> {
  const place = useRef<HTMLDivElement>(null);
  const before = useRef(phase);
  const left = useRef<number>(undefined); // Where this hook has scrolled to.
  useLayoutEffect(() => {
    const wasBusy = before.current === "waiting" || before.current === "running";
    const begins = phase === "waiting" || (phase === "failed" && !wasBusy);
    before.current = phase;
    const column = place.current;
    if (column === null || (!begins && scrollY !== left.current)) return;
    const { top } = column.getBoundingClientRect();
    const isInSight = top >= 0 && top <= innerHeight / 2;
    if (!isInSight || !begins) column.scrollIntoView();
    left.current = isInSight && begins ? undefined : scrollY;
    if (begins && matchMedia(BELOW).matches) {
      column.querySelector<HTMLElement>("[tabindex='-1']")?.focus({ preventScroll: true });
    }
  }, [phase]);
  return place;
}
