import type { PermissionSettings } from "../permissions/permissions.ts";

/** Most denials that an execution lists; further ones are counted. */
export const MAX_DENIALS = 32;

/** The kind of access that was denied; `capability` is a privilege of the operating system. */
export type DenialKind = "read" | "write" | "net" | "import" | "env" | "run" | "sys" | "ffi" | "capability";

/** One access that a program was refused, as clients see it. */
export interface Denial {
  readonly kind: DenialKind;
  /** The path, `host:port` or name that the program asked for; `*` when unknown. */
  readonly target: string;
  /** The place in the program, as `file:line:column` below the workspace; absent when unknown. */
  readonly at?: string;
  /** The rule that refused it. */
  readonly rule: string;
  /** The change of the request that would allow it; absent when no request can allow it. */
  readonly remedy?: Remedy;
}

/**
 * A JSON merge patch (RFC 7396) of the request; in a session, of the session's request. As a merge patch replaces lists,
 * a list is whole: what the request holds, and what is missing.
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
