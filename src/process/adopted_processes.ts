import type { SystemCalls } from "../host/system_calls.ts";
import { groupOf } from "./process_tree.ts";
import { isGroup } from "./terminate.ts";

/**
 * Processes of programs whose own parents have ended. The kernel makes this service their parent ({@link
 * SystemCalls.adoptDescendants}), so that the service sees all of them, and has to reap them.
 */
export class AdoptedProcesses {
  readonly #calls: Pick<SystemCalls, "reap">;
  /** Processes that this service started itself, and waits for. */
  readonly #leaders = new Set<number>();
  /** Removed leaders whose groups still had processes. */
  readonly #unfinished = new Set<number>();

  constructor(calls: Pick<SystemCalls, "reap">) {
    this.#calls = calls;
  }

  /** Registers a program's first process, which leads the group of all its processes. */
  addLeader(pid: number): void {
    this.#unfinished.delete(pid);
    this.#leaders.add(pid);
  }

  /** Forgets a leader. Remaining processes of its group are reaped when they end. */
  removeLeader(pid: number): void {
    this.#leaders.delete(pid);
    if (isGroup(pid)) this.#unfinished.add(pid);
  }

  /**
   * Finds the adopted processes of a leader's group.
   *
   * @throws the error of the system where this service has no descriptor left
   */
  inGroupOf(leader: number): number[] {
    return childrenOfThisService().filter((pid) => {
      if (this.#leaders.has(pid)) return false;
      const group = groupOf(pid) ?? 0;
      if (this.#unfinished.has(group)) this.reap(pid);
      return group === leader;
    });
  }

  /** Frees the entry of a process that has ended. Returns whether it had ended. */
  reap(pid: number): boolean {
    return this.#calls.reap(pid);
  }
}

/** Reads the children of this service. The kernel gives adopted processes to its first thread. */
function childrenOfThisService(): number[] {
  const children = Deno.readTextFileSync(`/proc/${Deno.pid}/task/${Deno.pid}/children`);
  return children.split(" ").filter((child) => child !== "").map(Number);
}
