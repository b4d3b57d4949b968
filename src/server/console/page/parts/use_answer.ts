import { useEffect, useState } from "preact/hooks";
import { type Problem, sendForJson, toProblem } from "../api/request.ts";

/** An answer that is read again and again, or an error. */
export interface Answered<Result> {
  readonly answer?: Result;
  readonly problem?: Problem;
  /** Reads it again now. */
  refresh(): void;
}

/** Options of an answer. */
export interface AnswerOptions {
  /** Time between two readings, in ms; absent, it is read once. */
  readonly everyMs?: number;
  /** Whether it is read at all. */
  readonly isOn?: boolean;
}

/** Reads an answer while its page is in sight, until it needs a key. After an error the last answer stays. */
export function useAnswer<Result>(path: string, { everyMs, isOn = true }: AnswerOptions = {}): Answered<Result> {
  const [state, setState] = useState<{ readonly answer?: Result; readonly problem?: Problem }>({});
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (!isOn) return;
    const leaving = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    async function read(): Promise<void> {
      if (document.visibilityState !== "visible") {
        return document.addEventListener("visibilitychange", read, { once: true, signal: leaving.signal });
      }
      try {
        const answer = await sendForJson<Result>(path, { signal: leaving.signal, isBackground: true });
        setState({ answer });
      } catch (error) {
        if (leaving.signal.aborted) return;
        const problem = toProblem(error);
        setState((last) => ({ ...last, problem }));
        if (problem.status === 401) return; // Every page begins anew with a key.
      }
      if (everyMs !== undefined && !leaving.signal.aborted) timer = setTimeout(read, everyMs);
    }
    read();
    return () => {
      leaving.abort();
      clearTimeout(timer);
    };
  }, [path, everyMs, isOn, turn]);
  return { ...state, refresh: () => setTurn((last) => last + 1) };
}
