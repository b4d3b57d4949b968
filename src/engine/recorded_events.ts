import type { KeptBytes } from "../core/bytes/kept_bytes.ts";
import type { RawOutput } from "../core/execution.ts";
import type { EventSource, ExecutionEnd } from "./event_reader.ts";
import { recordedBytes } from "./raw_output.ts";

const NO_OUTPUT: KeptBytes = { head: new Uint8Array(), gapBytes: 0, tail: [] };
const UNCHANGING: EventSource["changes"] = { count: 0, changedSince: () => Promise.resolve() };

/** Makes the events of an ended execution from its record. A failed execution has its failure as the only event. */
export function recordedEvents(end: ExecutionEnd, raw: RawOutput = {}): EventSource {
  if (end.kind === "failed") {
    const nothing = { seen: 0, from: () => undefined };
    return {
      start: undefined,
      output: { stdout: NO_OUTPUT, stderr: NO_OUTPUT },
      displays: nothing,
      end,
      changes: UNCHANGING,
    };
  }
  const { execution } = end;
  const { id, runtime, displays = [] } = execution;
  return {
    start: { id, runtime },
    output: {
      stdout: recordedBytes(execution, raw, "stdout"),
      stderr: recordedBytes(execution, raw, "stderr"),
    },
    displays: {
      seen: displays.length,
      from(index) {
        const data = displays[index];
        return data === undefined ? undefined : { index, data };
      },
    },
    end,
    changes: UNCHANGING,
  };
}
