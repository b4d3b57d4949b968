import { type Denial, type Denials, MAX_DENIALS } from "./denial.ts";
import { CodeBeakerError } from "../errors.ts";
import {
  narrowPermissions,
  NO_PERMISSIONS,
  type PermissionBounds,
  type PermissionSettings,
  permissionsSchema,
} from "../permissions/permissions.ts";

/** Different refusals of one program that are told apart; what comes after them is not even counted. */
export const MAX_REFUSALS = 1_000;

/** Characters of a target, and of a place, that are told. */
const MAX_TEXT_LENGTH = 256;

/** Permissions beside those that a program has. */
export type PermissionGrant = Partial<PermissionSettings>;

/** A denial as a runtime knows it. */
export interface Refusal extends Omit<Denial, "remedy"> {
  /** What would have to be granted beside; absent where nothing would help on this runtime or any. */
  readonly grant?: PermissionGrant;
}

/** What a runtime refused one program. */
export interface RefusalReport {
  /** What the program had. */
  readonly permissions: PermissionSettings;
  readonly refusals: readonly Refusal[];
}

/** The report of a runtime that has refused nothing, or tells of nothing. */
export const NO_REFUSALS: RefusalReport = { permissions: NO_PERMISSIONS, refusals: [] };

/** The refusals of one program as they come: each kind and target once, where it was met first. */
export class RefusalLog {
  readonly #met = new Map<string, Refusal>();

  get refusals(): readonly Refusal[] {
    return [...this.#met.values()];
  }

  add(refusal: Refusal): void {
    const key = `${refusal.kind} ${refusal.target}`;
    if (this.#met.size < MAX_REFUSALS && !this.#met.has(key)) this.#met.set(key, refusal);
  }
}

/** What refuses, in words; the same on every runtime. */
export const RULES = {
  netOff: "permissions.allowNet is false",
  netUnlisted: "permissions.allowNet does not list it",
  privateNetwork: "private networks and this host are refused unless the operator opens them",
  ipv4Only: "programs reach the network over IPv4 only",
  readUnlisted: "only the workspace and permissions.allowRead can be read",
  writeUnlisted: "only the workspace and permissions.allowWrite can be written",
  runOff: "permissions.allowRun is false",
  envUnlisted: "neither env nor permissions.allowEnv names it",
} as const;

/** What an operator's policy and a key bound when nobody says so: nothing beside the form of a request. */
const UNBOUNDED: PermissionBounds = { readRoots: ["/"], writeRoots: ["/"], openNetworks: [] };

/**
 * The denials that a client is told, each with the smallest change of the request that would allow it. Whether the
 * change would be granted is judged as a request is: where it would not, the rule says what stands in the way.
 */
export function explainRefusals(
  { permissions, refusals }: RefusalReport,
  { bounds = UNBOUNDED }: { readonly bounds?: PermissionBounds | undefined } = {},
): Denials {
  const omitted = refusals.length - MAX_DENIALS;
  return {
    denials: refusals.slice(0, MAX_DENIALS).map((refusal) => explain(refusal, { permissions, bounds })),
    ...(omitted > 0 ? { denialsOmitted: omitted } : {}),
  };
}

function explain(
  { kind, target, at, rule, grant }: Refusal,
  { permissions, bounds }: { readonly permissions: PermissionSettings; readonly bounds: PermissionBounds },
): Denial {
  const wanted = grant === undefined ? undefined : widen(permissions, grant);
  const obstacle = wanted === undefined ? undefined : obstacleTo(wanted, bounds);
  return {
    kind,
    target: clip(target),
    ...(at === undefined ? {} : { at: clip(at) }),
    rule: obstacle === undefined ? rule : `${rule}. ${obstacle}`,
    ...(wanted === undefined || grant === undefined || obstacle !== undefined ? {} : { remedy: told(wanted, grant) }),
  };
}

function clip(text: string): string {
  return text.length <= MAX_TEXT_LENGTH ? text : `${text.slice(0, MAX_TEXT_LENGTH - 1)}…`;
}

/** Permissions with a grant beside them. */
function widen(has: PermissionSettings, grant: PermissionGrant): PermissionSettings {
  const both = (one: readonly string[], other: readonly string[] = []) => [...new Set([...one, ...other])];
  return {
    allowRead: both(has.allowRead, grant.allowRead),
    allowWrite: both(has.allowWrite, grant.allowWrite),
    allowNet: typeof grant.allowNet === "object"
      ? both(typeof has.allowNet === "object" ? has.allowNet : [], grant.allowNet)
      : grant.allowNet ?? has.allowNet,
    allowEnv: both(has.allowEnv, grant.allowEnv),
    allowRun: grant.allowRun ?? has.allowRun,
  };
}

/** Why a request for these permissions would be refused, or undefined. */
function obstacleTo(wanted: PermissionSettings, bounds: PermissionBounds): string | undefined {
  const parsed = permissionsSchema.safeParse(wanted);
  if (!parsed.success) return parsed.error.issues[0]?.message ?? "No request can ask for it";
  try {
    narrowPermissions(wanted, bounds);
    return undefined;
  } catch (error) {
    if (!(error instanceof CodeBeakerError)) throw error;
    return error.details.errors?.[0]?.message ?? error.message;
  }
}

function told(wanted: PermissionSettings, grant: PermissionGrant): string {
  const fields = Object.keys(grant) as (keyof PermissionSettings)[];
  return fields.map((field) => `permissions.${field}: ${JSON.stringify(wanted[field])}`).join(", ");
}
