import { z } from "zod";
import { environmentNameSchema } from "./environment_variables.ts";
import { CodeBeakerError } from "../errors.ts";
import { addressOf, hostFilter, hostSchema } from "./hosts.ts";
import { isClosedAddress } from "./private_networks.ts";
import { strictObject } from "../parsing/validation.ts";

/** What a program may touch beside its workspace. */
export interface PermissionSettings {
  /** Absolute paths. */
  readonly allowRead: readonly string[];
  /** Absolute paths. */
  readonly allowWrite: readonly string[];
  /** `true` is the public internet; a list, which is not empty, names `host` or `host:port`. */
  readonly allowNet: boolean | readonly string[];
  /** Variables that the program may read or set, beside those of the request's `env`. */
  readonly allowEnv: readonly string[];
  /** Whether the program may start other programs. */
  readonly allowRun: boolean;
}

/** What the operator lets any request ask for. */
export interface PermissionPolicy {
  /** Absolute directories below which `allowRead` may point. */
  readonly readRoots: readonly string[];
  /** Absolute directories below which `allowWrite` may point. */
  readonly writeRoots: readonly string[];
  /** Private IPv4 networks (CIDR) that programs with network may reach. */
  readonly openNetworks: readonly string[];
}

/**
 * The most that one key's requests may ask for, below what the operator's policy lets anybody; what is absent adds no
 * bound.
 */
export interface PermissionCeiling {
  /** Absolute directories below which `allowRead` may point. */
  readonly allowRead?: readonly string[];
  /** Absolute directories below which `allowWrite` may point. */
  readonly allowWrite?: readonly string[];
  /** `false`: no network; a list: these entries only. */
  readonly allowNet?: boolean | readonly string[];
  /** Names that `allowEnv` may hold. */
  readonly allowEnv?: readonly string[];
  readonly allowRun?: boolean;
}

/** Everything that bounds what a request may ask for. */
export interface PermissionBounds extends PermissionPolicy {
  /** That of the caller's key. */
  readonly ceiling?: PermissionCeiling | undefined;
}

/** What a request gets that asks for nothing. */
export const NO_PERMISSIONS: PermissionSettings = {
  allowRead: [],
  allowWrite: [],
  allowNet: false,
  allowEnv: [],
  allowRun: false,
};

/** Whose bound it is, in messages. */
const CEILING = "the key's ceiling";
/** A message names no more entries of a list. */
const MAX_LISTED = 10;

const pathSchema = z.string().max(4096)
  .refine((path) => path.startsWith("/"), "A path in a permission is absolute")
  .refine((path) => !path.includes("\0"), "A path holds no NUL")
  .refine((path) => path.isWellFormed(), "A path is well-formed Unicode")
  .refine((path) => !path.split("/").includes(".."), 'A path in a permission holds no ".."');

const pathsSchema = z.array(pathSchema).max(64);
const networkSchema = z.union([z.boolean(), z.array(hostSchema).max(256)], {
  error: 'Must be true, false or a list of "host[:port]"',
});
const namesSchema = z.array(environmentNameSchema).max(256);

/** The wire form of `permissions`; what is absent is not granted. */
export const permissionsSchema = strictObject({
  allowRead: pathsSchema.default([]),
  allowWrite: pathsSchema.default([]),
  allowNet: networkSchema.default(false).transform((hosts) =>
    typeof hosts === "object" && hosts.length === 0 ? false : hosts
  ),
  allowEnv: namesSchema.default([]),
  allowRun: z.boolean().default(false),
});

/** A key's ceiling as operators write it; what is absent adds no bound. */
export const permissionCeilingSchema = strictObject({
  allowRead: pathsSchema.exactOptional(),
  allowWrite: pathsSchema.exactOptional(),
  allowNet: networkSchema.exactOptional(),
  allowEnv: namesSchema.exactOptional(),
  allowRun: z.boolean().exactOptional(),
});

/**
 * What remains of a request's permissions under the operator's policy and the ceiling of the caller's key: all of it,
 * or an error; nothing is dropped silently.
 *
 * @throws {CodeBeakerError} `permission_denied` that names the field and what the operator would have to allow
 */
export function narrowPermissions(requested: PermissionSettings, bounds: PermissionBounds): PermissionSettings {
  checkRoots(requested, { allowRead: bounds.readRoots, allowWrite: bounds.writeRoots, who: "the operator" });
  if (typeof requested.allowNet === "object") checkPrivateHosts(requested.allowNet, bounds.openNetworks);
  if (bounds.ceiling !== undefined) checkCeiling(requested, bounds.ceiling);
  return requested;
}

/** Whether a ceiling leaves the network as a whole: what installs packages reaches hosts that no list names. */
export function leavesNetwork({ allowNet = true }: PermissionCeiling): boolean {
  return allowNet === true;
}

function checkCeiling(requested: PermissionSettings, ceiling: PermissionCeiling): void {
  checkRoots(requested, { ...ceiling, who: CEILING });
  checkNetwork(requested.allowNet, ceiling.allowNet ?? true);
  requested.allowEnv.forEach((name, index) => {
    if (ceiling.allowEnv === undefined || ceiling.allowEnv.includes(name)) return;
    const why = `it must be a name that ${CEILING} lists (${listed(ceiling.allowEnv)})`;
    throw denied(`permissions.allowEnv[${index}]`, { value: name, why });
  });
  if (requested.allowRun && ceiling.allowRun === false) {
    throw denied("permissions.allowRun", { value: true, why: `it must be false under ${CEILING}` });
  }
}

function checkRoots(
  requested: PermissionSettings,
  bounds: Pick<PermissionCeiling, "allowRead" | "allowWrite"> & { readonly who: string },
): void {
  for (const field of ["allowRead", "allowWrite"] as const) {
    const roots = bounds[field];
    requested[field].forEach((path, index) => {
      if (roots === undefined || roots.some((root) => isBelow(path, root))) return;
      const why = `it must lie below a root that ${bounds.who} lists (${listed(roots)})`;
      throw denied(`permissions.${field}[${index}]`, { value: path, why });
    });
  }
}

function isBelow(path: string, root: string): boolean {
  return root === "/" || path === root || path.startsWith(root.endsWith("/") ? root : `${root}/`);
}

function checkPrivateHosts(hosts: readonly string[], opened: readonly string[]): void {
  hosts.forEach((entry, index) => {
    const address = addressOf(entry);
    if (address === undefined || !isClosedAddress(address, opened)) return;
    throw denied(`permissions.allowNet[${index}]`, {
      value: entry,
      why: "it must not lie in a private network that the operator has not opened",
    });
  });
}

function checkNetwork(requested: PermissionSettings["allowNet"], allowed: boolean | readonly string[]): void {
  if (requested === false || allowed === true) return;
  const hosts = allowed === false ? [] : allowed;
  const why = hosts.length === 0
    ? `it must be false under ${CEILING}`
    : `it must name hosts that ${CEILING} lists (${listed(hosts)})`;
  if (requested === true) throw denied("permissions.allowNet", { value: requested, why });
  const isCovered = hostFilter(hosts);
  requested.forEach((entry, index) => {
    if (!isCovered(entry)) throw denied(`permissions.allowNet[${index}]`, { value: entry, why });
  });
}

/** Entries for a message, which holds no more than some of them. */
function listed(entries: readonly string[]): string {
  if (entries.length === 0) return "none is listed";
  const rest = entries.length - MAX_LISTED;
  return entries.slice(0, MAX_LISTED).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

function denied(field: string, { value, why }: { readonly value: unknown; readonly why: string }): CodeBeakerError {
  return new CodeBeakerError(
    "permission_denied",
    `Cannot grant ${field} as ${why}: current value is ${JSON.stringify(value)}`,
    {
      details: { errors: [{ path: field, message: `Not allowed here: ${why}` }] },
    },
  );
}
