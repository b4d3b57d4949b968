/** The original's version, with whose requests and answers this door is compatible. */
const ORIGINAL_VERSION = "0.2.0";

/**
 * The first version whose clients are strict: an unknown field is an error and not a warning, names are spelled as REST
 * spells them, and answers are REST's bodies with the ids that methods take (`executionId`, `sessionId`, `contextId`)
 * beside them.
 */
const STRICT_VERSION = "2026-11";

/** A version after the original's is a year and a month, and maybe a day, so that a later one is greater as text. */
const DATED = /^\d{4}-\d{2}(?:-\d{2})?$/;

/** The version that holds for a connection. */
export interface ProtocolVersion {
  readonly name: typeof ORIGINAL_VERSION | typeof STRICT_VERSION;
  readonly isStrict: boolean;
}

/**
 * Finds the version that holds for a client. It is {@link STRICT_VERSION} where the client asks for that or a newer one,
 * else {@link ORIGINAL_VERSION}, also for a client that asks for none or for a version of another form.
 */
export function negotiateVersion(asked: string | undefined): ProtocolVersion {
  const isStrict = asked !== undefined && DATED.test(asked) && asked >= STRICT_VERSION;
  return { name: isStrict ? STRICT_VERSION : ORIGINAL_VERSION, isStrict };
}
