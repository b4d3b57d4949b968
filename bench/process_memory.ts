/** Resident memory of a process now, in MB. Source: proc_pid_status(5). */
export function residentMb(pid: number): number {
  return readMb(pid, "VmRSS");
}

/** Peak resident memory since the process began, or since {@link forgetPeak}, by the kernel's exact count. */
export function peakMb(pid: number): number {
  return readMb(pid, "VmHWM");
}

/** Resets the peak to the present resident memory. Source: proc_pid_clear_refs(5). */
export function forgetPeak(pid: number): void {
  Deno.writeTextFileSync(`/proc/${pid}/clear_refs`, "5");
}

/** Proportional set size, in MB. Source: proc_pid_smaps_rollup(5). */
export function proportionalMb(pid: number): number {
  const rollup = Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`);
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1]) / 1024;
}

function readMb(pid: number, field: string): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024;
}
