import { type DenialRecord, RULES } from "../../core/denials/denial_report.ts";
import type { ReportedDenial } from "../process/spec.ts";

/** Reads what path_denials.js reports: an access and a path, which no permission would grant here. */
export function readDenial({ message }: ReportedDenial): DenialRecord | undefined {
  const [, access, target] = /^(read|write) (\/[^]*)$/.exec(message) ?? [];
  if (target === undefined) return undefined;
  return access === "read"
    ? { kind: "read", target, rule: RULES.readUnlisted }
    : { kind: "write", target, rule: RULES.writeUnlisted };
}
