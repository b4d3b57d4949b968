import { CodeBeakerError, invalidField } from "../../core/errors.ts";

/** Most messages of one body. */
const MAX_MESSAGES = 32;
/** Longest id and progress token, in UTF-16 units. They are in every message of an answer. */
const MAX_TOKEN_LENGTH = 256;
/** Longest body of `initialize`. A protocol session keeps what the client says of itself. */
const MAX_INITIALIZE_BYTES = 16_384;

/**
 * Checks the bounds of a body, which is one message or a batch.
 *
 * @param options.bytes the length of the body
 * @throws {CodeBeakerError} `invalid_request` for too many messages, or a long id or progress token; `too_large` for a
 *   long `initialize`
 */
export function checkMessages(body: unknown, { bytes }: { readonly bytes: number }): void {
  const messages = Array.isArray(body) ? body : [body];
  if (messages.length > MAX_MESSAGES) {
    const message = `Cannot take the batch as it must hold at most ${MAX_MESSAGES} messages`;
    throw new CodeBeakerError("invalid_request", `${message}: current value is ${messages.length}`);
  }
  for (const message of messages) {
    const { id, method, params } = toFields(message);
    if (method === "initialize" && bytes > MAX_INITIALIZE_BYTES) {
      const message = `Cannot take initialize as its body must be at most ${MAX_INITIALIZE_BYTES} bytes long`;
      throw new CodeBeakerError("too_large", message);
    }
    checkLength("id", id);
    checkLength("params._meta.progressToken", toFields(toFields(params)["_meta"])["progressToken"]);
  }
}

function checkLength(path: string, token: unknown): void {
  if (typeof token !== "string" || token.length <= MAX_TOKEN_LENGTH) return;
  throw invalidField(path, `At most ${MAX_TOKEN_LENGTH} characters`);
}

function toFields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
