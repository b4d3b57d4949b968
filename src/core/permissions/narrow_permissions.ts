import { CodeBeakerError } from "../errors.ts";
import { addressOf, hostFilter } from "./hosts.ts";
import {
  NO_PERMISSIONS,
  type PermissionBounds,
  type PermissionCeiling,
  type PermissionSettings,
} from "./permissions.ts";
import { isClosedAddress } from "./private_networks.ts";

/** The name of a key's ceiling in messages. */
const CEILING = "the key's ceiling";
/** The name of the operator's list of hosts in messages. */
const OPERATOR = "the operator's ceiling (allowedHosts)";
/** Most entries of a list in a message. */
const MAX_LISTED = 10;

/**
 * Checks a request's permissions against the operator's policy and the key's ceiling. Returns all of them or throws:
 * nothing is dropped silently.
 *
 * @throws {CodeBeakerError} `permission_denied` that names the field and what the operator would have to allow
 */
export function narrowPermissions(requested: PermissionSettings, bounds: PermissionBounds): PermissionSettings {
  if (requested === NO_PERMISSIONS) return requested;
  checkRoots(requested, { allowRead: bounds.readRoots, allowWrite: bounds.writeRoots, who: "the operator" });
  if (typeof requested.allowNet === "object") checkPrivateHosts(requested.allowNet, bounds.openNetworks);
  checkNetwork(requested.allowNet, { allowed: bounds.allowedHosts ?? true, who: OPERATOR });
  if (bounds.ceiling !== undefined) checkCeiling(requested, bounds.ceiling);
  return requested;
}

/** Whether bounds allow the whole network, as the installation of packages requires. */
export function leavesNetwork({ allowedHosts, ceiling }: PermissionBounds): boolean {
  return allowedHosts === undefined && (ceiling?.allowNet ?? true) === true;
}

function checkCeiling(requested: PermissionSettings, ceiling: PermissionCeiling): void {
  checkRoots(requested, { ...ceiling, who: CEILING });
  checkNetwork(requested.allowNet, { allowed: ceiling.allowNet ?? true, who: CEILING });
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

function checkNetwork(
  requested: PermissionSettings["allowNet"],
  { allowed, who }: { readonly allowed: boolean | readonly string[]; readonly who: string },
): void {
  if (requested === false || allowed === true) return;
  const hosts = allowed === false ? [] : allowed;
  const why = hosts.length === 0
    ? `it must be false under ${who}`
    : `it must name hosts that ${who} lists (${listed(hosts)})`;
  if (requested === true) throw denied("permissions.allowNet", { value: requested, why });
  const isCovered = hostFilter(hosts);
  requested.forEach((entry, index) => {
    if (!isCovered(entry)) throw denied(`permissions.allowNet[${index}]`, { value: entry, why });
  });
}

/** Formats the first entries of a list for a message. */
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
