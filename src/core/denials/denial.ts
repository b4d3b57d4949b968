import type { PermissionSettings } from "../permissions/permissions.ts";

/** Most denials that an execution lists; further ones are counted. */
export const MAX_DENIALS = 32;

/** The kind of access that was denied; `capability` is a privilege of the operating system. */
export type DenialKind = "read" | "write" | "net" | "import" | "env" | "run" | "sys" | "ffi" | "capability";

/** One access that was denied to a program, as clients see it. */
export interface Denial {
  readonly kind: DenialKind;
  /** The path, `host:port` or name that the program asked for; `*` when unknown. */
  readonly target: string;
  /** The place in the program, as `file:line:column` below the workspace; absent when unknown. */
  readonly at?: string;
  /** The rule that denied the access. */
  readonly rule: string;
  /** The change of the request that would allow the access. Absent when no request can allow it. */
  readonly remedy?: Remedy;
}

/**
 * A JSON merge patch (RFC 7396) of the request that was denied. In a session it patches the session's request. As a
 * merge patch replaces lists, each list is whole: the entries of the request, and the missing ones.
 */
export interface Remedy {
  readonly permissions: Partial<PermissionSettings>;
}

/** The denials of one execution. */
export interface Denials {
  /** Each once, in the order of their first occurrence; at most {@link MAX_DENIALS}. */
  readonly denials: readonly Denial[];
  /** How many further denials were counted; absent when there are none. */
  readonly denialsOmitted?: number;
}
