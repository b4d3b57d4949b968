import type { HonoRequest } from "hono";
import { growBuffer } from "../../core/bytes/bytes.ts";
import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import type { ByteLease } from "../../concurrency/byte_budget.ts";
import { withDeadline } from "../../concurrency/deadline.ts";
import { settlesAtOnce } from "../../concurrency/delay.ts";

/** Longest silence of a client that sends a body. Then the client counts as gone, and its upload frees its slot. */
const MAX_SILENCE_MS = 60_000;

/** Time that every body may take. A longer body must have the average rate below, so that single bytes end. */
const PATIENCE_MS = 60_000;
const MIN_BYTES_PER_SECOND = 8_192;

/** Most bytes of a body that is read in one call. A piece of a longer one takes as much memory. */
const WHOLE_BYTES = 65_536;
/** Decodes texts that are whole, with a replacement for what is not UTF-8. */
const LENIENT_DECODER = new TextDecoder();
const REPLACEMENT = "\ufffd";

/** Slowest pace of a body. Only time in which its reader waits counts. */
export interface BodyPace {
  readonly maxSilenceMs?: number;
  readonly patienceMs?: number;
  readonly minBytesPerSecond?: number;
}

/** Bounds of a body. */
export interface BodyBounds extends BodyPace {
  readonly maxBytes?: number;
}

/**
 * Yields the bytes of a request's body as they arrive.
 *
 * @throws {CodeBeakerError} `invalid_request` when the body ends early, nothing arrives for `maxSilenceMs`, or fewer
 *   than `minBytesPerSecond` on average after `patienceMs`; `too_large` for more than `maxBytes`
 */
export async function* bodyOf(
  request: Pick<HonoRequest, "raw">,
  {
    maxBytes = Infinity,
    maxSilenceMs = MAX_SILENCE_MS,
    patienceMs = PATIENCE_MS,
    minBytesPerSecond = MIN_BYTES_PER_SECOND,
  }: BodyBounds = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = request.raw.body?.getReader();
  if (reader === undefined) return;
  let [size, waitedMs] = [0, 0];
  try {
    for (;;) {
      const leftMs = patienceMs + size / minBytesPerSecond * 1_000 - waitedMs;
      const startedAt = performance.now();
      const bytes = await readWithin(Math.max(Math.min(maxSilenceMs, leftMs), 0), {
        reader,
        why: leftMs < maxSilenceMs ? "it arrived too slowly" : `nothing arrived for ${maxSilenceMs} ms`,
      });
      waitedMs += performance.now() - startedAt;
      if (bytes === undefined) return;
      size += bytes.length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      yield bytes;
    }
  } finally {
    await reader.cancel().catch(() => {}); // The reader has failed already; its error was thrown.
  }
}

/** The error for a body over its bound. */
export function tooLarge(maxBytes: number): CodeBeakerError {
  return new CodeBeakerError(
    "too_large",
    `Cannot take the body as it must be at most ${maxBytes} bytes long: send large files one by one to a session, ` +
      "by PUT /v1/sessions/{id}/files/{path}",
  );
}

/**
 * Reads within a time.
 *
 * @param options.why the error's reason when nothing arrives in time
 */
async function readWithin(
  maxMs: number,
  { reader, why }: { readonly reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>; readonly why: string },
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    reader.cancel().catch(() => {}); // The read below fails.
  }, maxMs);
  try {
    const { value } = await reader.read();
    if (isLate) throw new Error(why);
    return value;
  } catch (error) {
    throw endedEarly(error);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Reads the body of a request as text. `Request.bytes()` allocates the declared length at once, which a silent client
 * could hold. For a long body this function allocates what has arrived. The lease grows by the declared length before
 * anything is read, and by undeclared bytes as they arrive.
 *
 * @throws {CodeBeakerError} as {@link bodyOf} does; `busy` or `too_large` when the lease cannot grow so far;
 * `invalid_request` for text that is not UTF-8
 */
export async function textBody(
  request: Pick<HonoRequest, "raw">,
  { lease, ...bounds }: BodyBounds & { readonly lease: Pick<ByteLease, "growTo"> },
): Promise<string> {
  const header = request.raw.headers.get("content-length");
  const declared = Number(header ?? 0);
  lease.growTo(declared);
  if (header !== null && declared <= WHOLE_BYTES) {
    const bytes = await wholeBody(request, { ...bounds, declared });
    const text = LENIENT_DECODER.decode(bytes); // It takes half the time of a strict decoder.
    return text.includes(REPLACEMENT) ? decodeStrictly(bytes) : text;
  }
  const decoder = strictDecoder();
  let [text, size] = ["", 0];
  let last: Uint8Array | undefined; // Most bodies come in one piece, which is decoded in one go.
  for await (const bytes of bodyOf(request, bounds)) {
    lease.growTo(size += bytes.length);
    if (last !== undefined) text += decodeStrictly(last, { decoder, stream: true });
    last = bytes;
  }
  return text + decodeStrictly(last, { decoder });
}

/**
 * Reads the body of a request as bytes, under a lease as {@link textBody} does. A body of a declared length is held once:
 * the lease covers that length, and the system gives memory only to what has arrived.
 *
 * @throws {CodeBeakerError} as {@link bodyOf} does; `busy` or `too_large` when the lease cannot grow so far
 */
export async function bytesBody(
  request: Pick<HonoRequest, "raw">,
  { lease, ...bounds }: BodyBounds & { readonly lease: Pick<ByteLease, "growTo"> },
): Promise<Uint8Array<ArrayBuffer>> {
  const declared = Number(request.raw.headers.get("content-length") ?? 0);
  lease.growTo(declared);
  const { maxBytes = Infinity } = bounds;
  let body: Uint8Array<ArrayBuffer> = new Uint8Array(Math.min(declared, maxBytes));
  let size = 0;
  for await (const bytes of bodyOf(request, bounds)) {
    const neededBytes = size + bytes.length;
    lease.growTo(neededBytes);
    body = growBuffer(body, { neededBytes, maxBytes });
    body.set(bytes, size);
    size = neededBytes;
  }
  return body.subarray(0, size);
}

/**
 * Reads a short body in one call. A body that has arrived with its head then takes no stream, and no timer. Any other
 * has the time that one of its length may take at the slowest pace.
 */
async function wholeBody(
  { raw }: Pick<HonoRequest, "raw">,
  { declared, maxBytes = Infinity, minBytesPerSecond = MIN_BYTES_PER_SECOND, patienceMs = PATIENCE_MS }: BodyBounds & {
    readonly declared: number;
  },
): Promise<Uint8Array> {
  try {
    const reading = raw.bytes();
    const bytes = await settlesAtOnce(reading) ? await reading : await withDeadline(() => reading, {
      timeoutMs: patienceMs + declared / minBytesPerSecond * 1_000,
      toError: () => new Error("it arrived too slowly"), // The answer ends the read that is left.
    });
    if (bytes.length <= maxBytes) return bytes;
  } catch (error) {
    throw endedEarly(error);
  }
  throw tooLarge(maxBytes);
}

/** Makes a decoder that throws for what is not UTF-8. */
function strictDecoder(): TextDecoder {
  return new TextDecoder("utf-8", { fatal: true });
}

/**
 * Decodes a piece of a body's text: the last one, unless more will come.
 *
 * @throws {CodeBeakerError} `invalid_request` for text that is not UTF-8
 */
export function decodeStrictly(
  piece: Uint8Array | undefined,
  { decoder = strictDecoder(), ...options }: TextDecodeOptions & { readonly decoder?: TextDecoder } = {},
): string {
  try {
    return decoder.decode(piece, options);
  } catch (cause) {
    throw new CodeBeakerError("invalid_request", "Cannot read the body as it must be UTF-8", { cause });
  }
}

/** Makes the error for a body of which the client has not sent everything. */
function endedEarly(cause: unknown): CodeBeakerError {
  return new CodeBeakerError("invalid_request", `Cannot read the body as it ended early: ${messageOf(cause)}`, {
    cause,
  });
}
