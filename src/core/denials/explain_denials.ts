import { CodeBeakerError } from "../errors.ts";
import { narrowPermissions } from "../permissions/narrow_permissions.ts";
import { type PermissionBounds, type PermissionSettings, permissionsSchema } from "../permissions/permissions.ts";
import { describeFault } from "../parsing/describe_fault.ts";
import { MAX_DENIALS } from "../answers/vocabulary.ts";
import type { Denial, Denials, Remedy } from "./denial.ts";
import type { DenialRecord, DenialReport, PermissionGrant } from "./denial_report.ts";

/** Most characters of a target, and of a place. */
const MAX_TEXT_LENGTH = 256;

/** Bounds that leave only the form of a request to check. */
const UNBOUNDED: PermissionBounds = { readRoots: ["/"], writeRoots: ["/"], openNetworks: [] };

/**
 * Turns a runtime's report into the denials that a client sees. Each has the smallest change of the request that would
 * allow it. The change is checked as a request is: where it would be refused, the rule says why.
 */
export function explainDenials(
  { permissions, denials }: DenialReport,
  { bounds = UNBOUNDED }: { readonly bounds?: PermissionBounds | undefined } = {},
): Denials {
  const omitted = denials.length - MAX_DENIALS;
  return {
    denials: denials.slice(0, MAX_DENIALS).map((record) => explain(record, { permissions, bounds })),
    ...(omitted > 0 ? { denialsOmitted: omitted } : {}),
  };
}

function explain(
  { kind, target, at, rule, grant }: DenialRecord,
  { permissions, bounds }: { readonly permissions: PermissionSettings; readonly bounds: PermissionBounds },
): Denial {
  const denial = { kind, target: clip(target), ...(at === undefined ? {} : { at: clip(at) }) };
  if (grant === undefined) return { ...denial, rule };
  const widened = widen(permissions, grant);
  const obstacle = findObstacle(widened, bounds);
  return obstacle === undefined
    ? { ...denial, rule, remedy: toRemedy(widened, grant) }
    : { ...denial, rule: `${rule}. ${obstacle}` };
}

function clip(text: string): string {
  return text.length <= MAX_TEXT_LENGTH ? text : `${text.slice(0, MAX_TEXT_LENGTH - 1)}…`;
}

/** Adds a grant to permissions. */
function widen(permissions: PermissionSettings, grant: PermissionGrant): PermissionSettings {
  const union = (one: readonly string[], other: readonly string[] = []) => [...new Set([...one, ...other])];
  return {
    allowRead: union(permissions.allowRead, grant.allowRead),
    allowWrite: union(permissions.allowWrite, grant.allowWrite),
    allowNet: typeof grant.allowNet === "object"
      ? union(typeof permissions.allowNet === "object" ? permissions.allowNet : [], grant.allowNet)
      : grant.allowNet ?? permissions.allowNet,
    allowEnv: union(permissions.allowEnv, grant.allowEnv),
    allowRun: grant.allowRun ?? permissions.allowRun,
  };
}

/** Why a request for these permissions would be refused, or undefined. */
function findObstacle(wanted: PermissionSettings, bounds: PermissionBounds): string | undefined {
  const parsed = permissionsSchema.safeParse(wanted, { error: describeFault });
  if (!parsed.success) return parsed.error.issues[0]?.message ?? "No request can ask for it";
  try {
    narrowPermissions(wanted, bounds);
    return undefined;
  } catch (error) {
    if (!(error instanceof CodeBeakerError)) throw error;
    return error.details.errors?.[0]?.message ?? error.message;
  }
}

/** The fields of the grant, with their widened values. */
function toRemedy(widened: PermissionSettings, grant: PermissionGrant): Remedy {
  const fields = Object.keys(grant) as (keyof PermissionSettings)[];
  return { permissions: Object.fromEntries(fields.map((field) => [field, widened[field]])) };
}
