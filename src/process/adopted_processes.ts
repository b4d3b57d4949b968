import type { SystemCalls } from "../host/system_calls.ts";
import { groupOf } from "./process_tree.ts";
import { isGroup } from "./terminate.ts";

/**
 * Processes of programs whose own parents have ended. The kernel makes this service their parent
 * ({@link SystemCalls.adoptDescendants}), so that none is out of sight, and nothing else reaps them.
 */
export class AdoptedProcesses {
  readonly #calls: Pick<SystemCalls, "reap">;
  /** What this service started itself, and waits for. */
  readonly #leaders = new Set<number>();
  /** Leaders of groups that were not gone when they were given up. */
  readonly #unfinished = new Set<number>();

  constructor(calls: Pick<SystemCalls, "reap">) {
    this.#calls = calls;
  }

  /** Registers a program's first process, which leads the group of all its processes. */
  addLeader(pid: number): void {
    this.#unfinished.delete(pid);
    this.#leaders.add(pid);
  }

  /** Forgets a leader. What is left of its group is reaped when it ends. */
  removeLeader(pid: number): void {
    this.#leaders.delete(pid);
    if (isGroup(pid)) this.#unfinished.add(pid);
  }

  /** Adopted processes of a leader's group. @throws what the system throws where this service has no descriptor left */
  inGroupOf(leader: number): number[] {
    return childrenOfThisService().filter((pid) => {
      if (this.#leaders.has(pid)) return false;
      const group = groupOf(pid) ?? 0;
      if (this.#unfinished.has(group)) this.reap(pid);
      return group === leader;
    });
  }

  /** Frees the entry of a process that has ended. Returns whether it had. */
  reap(pid: number): boolean {
    return this.#calls.reap(pid);
  }
}

/** The kernel gives adopted processes to the first thread of the service. */
function childrenOfThisService(): number[] {
  const children = Deno.readTextFileSync(`/proc/${Deno.pid}/task/${Deno.pid}/children`);
  return children.split(" ").filter((child) => child !== "").map(Number);
}
