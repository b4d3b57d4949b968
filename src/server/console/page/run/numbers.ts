import type { LimitName } from "../../../../core/limits.ts";
import { type Problem, problemOf } from "../api/request.ts";
import type { ProgramForm } from "./program_form.ts";

/** The limits that have a field, with its label and the service's default. */
export const LIMITS: readonly (readonly [name: LimitName, label: string, standard: string])[] = [
  ["timeoutMs", "Time, in ms", "10000"],
  ["cpuMs", "CPU time, in ms", "10000"],
  ["memoryMb", "Memory, in MB", "256"],
  ["diskMb", "Disk, in MB", "64"],
  ["maxProcesses", "Processes", "64"],
  ["maxOutputBytes", "Kept output, in bytes", "1048576"],
  ["maxTotalOutputBytes", "All output, in bytes", "67108864"],
];

/** The label of the field for a floor of isolation. */
export const LEAST_ISOLATION = "Least isolation, 0 to 10";

/** Finds the first field of a number that has something else. The service knows it by another name. */
export function findMistake({ limits, minIsolation }: ProgramForm): Problem | undefined {
  const fields = [...LIMITS.map(([name, label]) => [label, limits[name] ?? ""] as const), [
    LEAST_ISOLATION,
    minIsolation,
  ]];
  const found = fields.find(([, text = ""]) => !Number.isFinite(Number(text)));
  return found && problemOf("Not sent", `"${found[0]}" must be a number: ${found[1]}`);
}
