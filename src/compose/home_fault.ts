import type { Clock } from "../concurrency/clock.ts";
import type { Config } from "../config.ts";
import { whyUnwritable } from "../host/writable.ts";
import type { ServiceFault } from "../server/mod.ts";

/** How long an answer is kept: anyone may ask, and each question writes a file. */
const TTL_MS = 2_000;

/** Asks whether the home can be written, as where its disk is full. Returns the fault, or none. */
export function homeFaultsOf({ home }: Config, clock: Pick<Clock, "elapsed">): () => Promise<ServiceFault[]> {
  let last: { readonly at: number; readonly answer: Promise<ServiceFault[]> } | undefined;
  return async () => {
    if (home === undefined) return [];
    const at = clock.elapsed();
    if (last === undefined || at - last.at >= TTL_MS) last = { at, answer: findFaults(home) };
    return await last.answer;
  };
}

async function findFaults(home: string): Promise<ServiceFault[]> {
  const why = await whyUnwritable(home);
  if (why === undefined) return [];
  const reason = `the home directory with the database cannot be written: ${why}`;
  return [{ name: "storage", reason, remedy: "make room on its disk, and let the service's user write there" }];
}
