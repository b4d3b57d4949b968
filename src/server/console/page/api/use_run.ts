import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { readEvents } from "./events.ts";
import { type Problem, type RequestOptions, send, toProblem } from "./request.ts";
import { advance, IDLE, type RunState } from "./run_state.ts";

/** Options of a run. */
export interface StartOptions extends RequestOptions {
  /** The id of the execution; absent, its events tell it. */
  readonly id?: string;
}

/** One execution at a time, and the means to start and stop it. */
export interface Run {
  readonly state: RunState;
  readonly isBusy: boolean;
  /** Requests the events of an execution, and follows them to the end. A running one is left first. */
  start(path: string, options: StartOptions): Promise<RunState>;
  /** Ends the program. Its output stays. Where that fails, the state has the problem while the program runs on. */
  stop(): void;
  reset(): void;
  /** Shows why there is no request. */
  refuse(problem: Problem): void;
}

/** Follows one execution at a time. The page is painted at most once a frame, however much a program prints. */
export function useRun(): Run {
  const [state, setState] = useState(IDLE);
  const [unstopped, setUnstopped] = useState<Problem>();
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

  const start = useCallback(async (path: string, { id, ...options }: StartOptions) => {
    current.current?.abort();
    setUnstopped(undefined);
    const controller = new AbortController();
    current.current = controller;
    let next: RunState = { ...IDLE, phase: "waiting", ...(id === undefined ? {} : { id }) };
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
    setUnstopped(undefined);
    send(`/v1/executions/${encodeURIComponent(id)}`, { method: "DELETE" }).catch((error: unknown) => {
      if (current.current === controller) setUnstopped(toProblem(error));
    });
  }, []);

  const reset = useCallback(() => {
    current.current?.abort();
    current.current = undefined;
    publish(IDLE, true);
  }, []);

  const refuse = useCallback((problem: Problem) => publish({ ...IDLE, phase: "failed", problem }, true), []);

  useEffect(() => () => current.current?.abort(), []);
  const isBusy = state.phase === "waiting" || state.phase === "running";
  return { state: isBusy && unstopped ? { ...state, problem: unstopped } : state, isBusy, start, stop, reset, refuse };
}

function cancelled(publish: (next: RunState, isLast: boolean) => void): RunState {
  publish(IDLE, true);
  return IDLE;
}
