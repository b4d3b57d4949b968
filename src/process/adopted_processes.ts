import type { SystemCalls } from "../host/system_calls.ts";
import { groupOf } from "./process_tree.ts";

/**
 * Processes of programs whose own parents have ended. The kernel makes this service their parent
 * ({@link SystemCalls.adoptDescendants}), so that none is out of sight, and nothing else reaps them.
 */
export class AdoptedProcesses {
  readonly #calls: Pick<SystemCalls, "reap">;
  /** What this service started itself, and waits for. */
  readonly #leaders = new Set<number>();

  constructor(calls: Pick<SystemCalls, "reap">) {
    this.#calls = calls;
  }

  /** A program was started as this process, which leads the group of all its processes. */
  addLeader(pid: number): void {
    this.#leaders.add(pid);
  }

  /** All processes of its group are gone. */
  removeLeader(pid: number): void {
    this.#leaders.delete(pid);
  }

  /** Those of a leader's group. @throws what the system throws where this service has no descriptor left */
  of(leader: number): number[] {
    return childrenOfThisService().filter((pid) => !this.#leaders.has(pid) && groupOf(pid) === leader);
  }

  /** Frees the entry of one that has ended. Whether it had. */
  reap(pid: number): boolean {
    return this.#calls.reap(pid);
  }
}

/** The kernel gives them to the first thread. */
function childrenOfThisService(): number[] {
  const children = Deno.readTextFileSync(`/proc/${Deno.pid}/task/${Deno.pid}/children`);
  return children.split(" ").filter((child) => child !== "").map(Number);
}
