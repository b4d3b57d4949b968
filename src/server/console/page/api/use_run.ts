import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { readEvents } from "./events.ts";
import { type RequestOptions, send, toProblem } from "./request.ts";
import { advance, IDLE, type RunState } from "./run_state.ts";

/** One execution at a time, and the means to start and stop it. */
export interface Run {
  readonly state: RunState;
  readonly isBusy: boolean;
  /** Requests the events of an execution, and follows them to the end. A running one is left first. */
  start(path: string, options: RequestOptions): Promise<RunState>;
  /** Ends the program. Its output stays. */
  stop(): void;
  reset(): void;
}

/** Follows one execution at a time. The page is painted at most once a frame, however much a program prints. */
export function useRun(): Run {
  const [state, setState] = useState(IDLE);
  const latest = useRef(IDLE);
  const current = useRef<AbortController | undefined>(undefined);
  const frame = useRef(0);

  const publish = useCallback((next: RunState, isLast: boolean) => {
    latest.current = next;
    if (isLast) {
      cancelAnimationFrame(frame.current);
      frame.current = 0;
      setState(next);
    } else if (frame.current === 0) {
      frame.current = requestAnimationFrame(() => {
        frame.current = 0;
        setState(latest.current);
      });
    }
  }, []);

  const start = useCallback(async (path: string, options: RequestOptions) => {
    current.current?.abort();
    const controller = new AbortController();
    current.current = controller;
    let next: RunState = { ...IDLE, phase: "waiting" };
    publish(next, true);
    try {
      for await (const event of readEvents(path, { ...options, signal: controller.signal })) {
        next = advance(next, event);
        if (!controller.signal.aborted) publish(next, false);
      }
      if (next.phase === "waiting" || next.phase === "running") throw new Error("The stream broke off");
    } catch (error) {
      if (controller.signal.aborted) return current.current === controller ? cancelled(publish) : next;
      next = { ...next, phase: next.phase === "running" ? "lost" : "failed", problem: toProblem(error) };
    }
    publish(next, true);
    return next;
  }, []);

  const stop = useCallback(() => {
    const { id } = latest.current;
    const controller = current.current;
    if (id === undefined) return controller?.abort(); // It waits still, and leaves the queue with its request.
    send(`/v1/executions/${id}`, { method: "DELETE" }).catch(() => controller?.abort());
  }, []);

  const reset = useCallback(() => {
    current.current?.abort();
    current.current = undefined;
    publish(IDLE, true);
  }, []);

  useEffect(() => () => current.current?.abort(), []);
  return { state, isBusy: state.phase === "waiting" || state.phase === "running", start, stop, reset };
}

function cancelled(publish: (next: RunState, isLast: boolean) => void): RunState {
  publish(IDLE, true);
  return IDLE;
}
