import { z } from "zod";
import { environmentNameSchema } from "./environment_variables.ts";
import { hostSchema } from "./hosts.ts";
import { strictObject } from "../parsing/validation.ts";

/** The resources that a program may access besides its workspace. */
export interface PermissionSettings {
  /** Absolute paths. */
  readonly allowRead: readonly string[];
  /** Absolute paths. */
  readonly allowWrite: readonly string[];
  /** `true` allows the public internet; a list, never empty, names `host` or `host:port`. */
  readonly allowNet: boolean | readonly string[];
  /** Variables that the program may read or set beside the request's `env`. */
  readonly allowEnv: readonly string[];
  /** Whether the program may start other programs. */
  readonly allowRun: boolean;
}

/** The operator's bounds for every request. */
export interface PermissionPolicy {
  /** Absolute directories below which `allowRead` may lie. */
  readonly readRoots: readonly string[];
  /** Absolute directories below which `allowWrite` may lie. */
  readonly writeRoots: readonly string[];
  /** Private IPv4 networks (CIDR) that programs with network may reach. */
  readonly openNetworks: readonly string[];
  /** The hosts that `allowNet` may name; absent, every one, and the whole network. */
  readonly allowedHosts?: readonly string[] | undefined;
}

/** The bounds of one key's requests, within the operator's policy. An absent field does not bound. */
export interface PermissionCeiling {
  /** Absolute directories below which `allowRead` may lie. */
  readonly allowRead?: readonly string[];
  /** Absolute directories below which `allowWrite` may lie. */
  readonly allowWrite?: readonly string[];
  /** `false` forbids the network; a list allows these entries only. */
  readonly allowNet?: boolean | readonly string[];
  /** Names that `allowEnv` may hold. */
  readonly allowEnv?: readonly string[];
  readonly allowRun?: boolean;
}

/** All bounds of a request's permissions. */
export interface PermissionBounds extends PermissionPolicy {
  /** The ceiling of the caller's key. */
  readonly ceiling?: PermissionCeiling | undefined;
}

/** The permissions of a request that names none. */
export const NO_PERMISSIONS: PermissionSettings = {
  allowRead: [],
  allowWrite: [],
  allowNet: false,
  allowEnv: [],
  allowRun: false,
};

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

/** The wire form of `permissions`; an absent field grants nothing. */
export const permissionsSchema = strictObject({
  allowRead: pathsSchema.default([]).describe("Absolute paths that the program may read beside its workspace"),
  allowWrite: pathsSchema.default([]).describe("Absolute paths that the program may write beside its workspace"),
  allowNet: networkSchema.default(false).transform((hosts) =>
    typeof hosts === "object" && hosts.length === 0 ? false : hosts
  ).describe("true allows the public internet; a list names host or host:port"),
  allowEnv: namesSchema.default([]).describe("Variables that the program may read or set beside env"),
  allowRun: z.boolean().default(false).describe("Whether the program may start other programs"),
});

/** The written form of a key's ceiling; an absent field does not bound. */
export const permissionCeilingSchema = strictObject({
  allowRead: pathsSchema.exactOptional(),
  allowWrite: pathsSchema.exactOptional(),
  allowNet: networkSchema.exactOptional(),
  allowEnv: namesSchema.exactOptional(),
  allowRun: z.boolean().exactOptional(),
});
