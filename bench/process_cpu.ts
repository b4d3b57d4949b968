import { childrenOf, familyOf, statFieldsOf } from "../src/process/process_tree.ts";

/** Clock ticks a second, in which Linux counts. Source: sysconf(3), the same on every architecture. */
const TICKS = 100;
/** Where user and system time stand behind the name of a process, and those of the children that it has waited for. */
const OWN = [11, 12];
const WAITED_FOR = [13, 14];

/** Processor time of a process and of everything below it so far, in ms, in steps of 10. Source: proc_pid_stat(5). */
export function cpuMsOf(pid: number): number {
  return timesOf(pid, [...OWN, ...WAITED_FOR]) + below(pid, undefined);
}

/** That of everything below a process, without one child and what is below that. */
export function cpuMsBelow(pid: number, { except }: { readonly except: number }): number {
  return timesOf(pid, WAITED_FOR) + below(pid, except);
}

/** That of this process alone. */
export function ownCpuMs(): number {
  return timesOf(Deno.pid, OWN);
}

/** Everything below a process. */
export function processesBelow(pid: number): number[] {
  return familyOf(pid).slice(1);
}

function below(pid: number, except: number | undefined): number {
  return childrenOf(pid).filter((child) => child !== except).reduce((sum, child) => sum + cpuMsOf(child), 0);
}

function timesOf(pid: number, fields: readonly number[]): number {
  try {
    const values = statFieldsOf(pid);
    return fields.reduce((sum, field) => sum + Number(values[field] ?? 0), 0) * 1_000 / TICKS;
  } catch {
    return 0; // It has ended.
  }
}
