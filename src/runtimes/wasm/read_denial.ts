import { type DenialRecord, RULES } from "../../core/denials/denial_report.ts";
import type { ReportedDenial } from "../process/spec.ts";

/** Reads a child's report: an access, and a path or a host. Another runtime can grant a host. */
export function readDenial({ message }: ReportedDenial): DenialRecord | undefined {
  const [, host] = /^net (\S+)$/.exec(message) ?? [];
  if (host !== undefined) return { kind: "net", target: host, rule: RULES.netOff, grant: { allowNet: [host] } };
  const [, access, target] = /^(read|write) (\/[^]*)$/.exec(message) ?? [];
  if (target === undefined) return undefined;
  return access === "read"
    ? { kind: "read", target, rule: RULES.readUnlisted }
    : { kind: "write", target, rule: RULES.writeUnlisted };
}
