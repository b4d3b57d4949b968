/** The original's version; this door accepts its requests and gives its answers. */
const ORIGINAL_VERSION = "0.2.0";

/**
 * The first version whose clients are strict.
 *
 * For a strict client an unknown field is an error and not a warning, names are spelled as in REST, and answers are
 * REST's bodies with the ids that methods take (`executionId`, `sessionId`, `contextId`) beside them.
 */
const STRICT_VERSION = "2026-11";

/** The form of later versions: year and month, and maybe a day. So a later version is greater as text. */
const DATED = /^\d{4}-\d{2}(?:-\d{2})?$/;

/** The version in force on a connection. */
export interface ProtocolVersion {
  readonly name: typeof ORIGINAL_VERSION | typeof STRICT_VERSION;
  readonly isStrict: boolean;
}

/**
 * Finds the version in force for a client. It is {@link STRICT_VERSION} where the client asks for that or a newer one,
 * else {@link ORIGINAL_VERSION}, also for a client that asks for none or for a version of another form.
 */
export function negotiateVersion(asked: string | undefined): ProtocolVersion {
  const isStrict = asked !== undefined && DATED.test(asked) && asked >= STRICT_VERSION;
  return { name: isStrict ? STRICT_VERSION : ORIGINAL_VERSION, isStrict };
}
