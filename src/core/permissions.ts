import { z } from "zod";
import { environmentNameSchema } from "./environment_variables.ts";
import { CodeBeakerError } from "./errors.ts";
import { isClosedAddress } from "./private_networks.ts";
import { strictObject } from "./validation.ts";

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

/** The most that one key's requests may ask for, below what the operator's policy lets anybody; what is absent adds no bound. */
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

/** What a request gets that asks for nothing. */
export const NO_PERMISSIONS: PermissionSettings = {
  allowRead: [],
  allowWrite: [],
  allowNet: false,
  allowEnv: [],
  allowRun: false,
};

const HOST =
  /^(?<host>[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::(?<port>[1-9][0-9]{0,4}))?$/;

const pathSchema = z.string().max(4096)
  .refine((path) => path.startsWith("/"), "A path in a permission is absolute")
  .refine((path) => !path.includes("\0"), "A path holds no NUL")
  .refine((path) => !path.split("/").includes(".."), 'A path in a permission holds no ".."');

const hostSchema = z.string()
  .refine(
    (entry) => HOST.test(entry),
    'A host is "name", "address" or "[address]", with ":port" where only one port is meant',
  )
  .refine((entry) => Number(HOST.exec(entry)?.groups?.["port"] ?? 1) <= 65_535, "A port is at most 65535");

/** The wire form of `permissions`; what is absent is not granted. */
export const permissionsSchema = strictObject({
  allowRead: z.array(pathSchema).max(64).default([]),
  allowWrite: z.array(pathSchema).max(64).default([]),
  allowNet: z.union([z.boolean(), z.array(hostSchema).max(256)], {
    error: 'Must be true, false or a list of "host[:port]"',
  }).default(false).transform((hosts) => typeof hosts === "object" && hosts.length === 0 ? false : hosts),
  allowEnv: z.array(environmentNameSchema).max(256).default([]),
  allowRun: z.boolean().default(false),
});

/**
 * What remains of a request's permissions under the operator's policy: all of it, or an error; nothing is dropped silently.
 *
 * @throws {CodeBeakerError} `permission_denied` that names the field and what the operator would have to allow
 */
export function narrowPermissions(requested: PermissionSettings, policy: PermissionPolicy): PermissionSettings {
  checkRoots("allowRead", { paths: requested.allowRead, roots: policy.readRoots });
  checkRoots("allowWrite", { paths: requested.allowWrite, roots: policy.writeRoots });
  if (typeof requested.allowNet === "object") checkHosts(requested.allowNet, policy.openNetworks);
  return requested;
}

function checkRoots(
  field: "allowRead" | "allowWrite",
  { paths, roots }: { readonly paths: readonly string[]; readonly roots: readonly string[] },
): void {
  paths.forEach((path, index) => {
    if (roots.some((root) => isBelow(path, root))) return;
    throw denied(`permissions.${field}[${index}]`, {
      value: path,
      why: `it must lie below a root that the operator lists (${
        roots.length === 0 ? "none is listed" : roots.join(", ")
      })`,
    });
  });
}

function isBelow(path: string, root: string): boolean {
  return root === "/" || path === root || path.startsWith(root.endsWith("/") ? root : `${root}/`);
}

function checkHosts(hosts: readonly string[], opened: readonly string[]): void {
  hosts.forEach((entry, index) => {
    const address = addressOf(entry);
    if (address === undefined || !isClosedAddress(address, opened)) return;
    throw denied(`permissions.allowNet[${index}]`, {
      value: entry,
      why: "it must not lie in a private network that the operator has not opened",
    });
  });
}

/** The IPv4 address that an entry names in any of the spellings a URL takes (`127.1`, `0x7f000001`, `localhost`), or undefined. */
function addressOf(entry: string): string | undefined {
  const host = HOST.exec(entry)?.groups?.["host"] ?? "";
  if (host.toLowerCase() === "localhost" || host.toLowerCase().endsWith(".localhost")) return "127.0.0.1";
  if (!URL.canParse(`http://${host}/`)) return undefined;
  const { hostname } = new URL(`http://${host}/`);
  return /^[0-9.]+$/.test(hostname) ? hostname : undefined;
}

function denied(field: string, { value, why }: { readonly value: string; readonly why: string }): CodeBeakerError {
  return new CodeBeakerError(
    "permission_denied",
    `Cannot grant ${field} as ${why}: current value is ${JSON.stringify(value)}`,
    {
      details: { errors: [{ path: field, message: `Not allowed here: ${why}` }] },
    },
  );
}
