import type { HonoRequest } from "hono";
import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import type { ByteLease } from "../../concurrency/byte_budget.ts";

/**
 * A client that sends nothing for so long counts as gone, whatever its connection says: an upload would keep its place.
 */
const MAX_SILENCE_MS = 60_000;

/**
 * A body may take so long, whatever comes of it, and beyond it so long as comes at least so much in all: single bytes
 * have an end.
 */
const PATIENCE_MS = 60_000;
const MIN_BYTES_PER_SECOND = 8_192;

/** How a body has to come; the times count only while its reader waits for it. */
export interface BodyPace {
  readonly maxSilenceMs?: number;
  readonly patienceMs?: number;
  readonly minBytesPerSecond?: number;
}

/** What bounds a body. */
export interface BodyBounds extends BodyPace {
  readonly maxBytes?: number;
}

/**
 * The bytes of a request's body as they come.
 *
 * @throws {CodeBeakerError} `invalid_request` when it ends before it is whole, nothing comes for a minute
 *   (`maxSilenceMs`), or less than 8 KiB a second in all (`minBytesPerSecond`) after a minute (`patienceMs`);
 *   `too_large` for more than `maxBytes`
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
        why: leftMs < maxSilenceMs ? "it came too slowly" : `nothing came for ${maxSilenceMs} ms`,
      });
      waitedMs += performance.now() - startedAt;
      if (bytes === undefined) return;
      size += bytes.length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      yield bytes;
    }
  } finally {
    await reader.cancel().catch(() => {}); // It has failed, which was told.
  }
}

/** What is told of a body over its bound. */
export function tooLarge(maxBytes: number): CodeBeakerError {
  return new CodeBeakerError("too_large", `Cannot take the body as it must be at most ${maxBytes} bytes long`);
}

/** @param options.why what is told when nothing comes in time */
async function readWithin(
  maxMs: number,
  { reader, why }: { readonly reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>; readonly why: string },
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    reader.cancel().catch(() => {}); // Whoever reads is told.
  }, maxMs);
  try {
    const { value } = await reader.read();
    if (isLate) throw new Error(why);
    return value;
  } catch (error) {
    throw brokenOff(error);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The body of a request as text. It takes as much memory as has come of it: `Request.text()` makes room for all that
 * the header announces, and a client that sends nothing more would hold it. The lease grows by what is announced before
 * anything of it is read, and by what is not as it comes.
 *
 * @throws {CodeBeakerError} as {@link bodyOf} does; `busy` when the lease cannot grow so far; `invalid_request` for what
 *   is no UTF-8
 */
export async function textBody(
  request: Pick<HonoRequest, "raw">,
  { lease, ...bounds }: BodyBounds & { readonly lease: Pick<ByteLease, "growTo"> },
): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let [text, size] = ["", 0];
  lease.growTo(Number(request.raw.headers.get("content-length") ?? 0));
  for await (const bytes of bodyOf(request, bounds)) {
    lease.growTo(size += bytes.length);
    text += decode(decoder, bytes);
  }
  return text + decode(decoder);
}

/** The end of a text is decoded without bytes. @throws {CodeBeakerError} `invalid_request` for what is no UTF-8 */
function decode(decoder: TextDecoder, bytes?: Uint8Array): string {
  try {
    return decoder.decode(bytes, { stream: bytes !== undefined });
  } catch (cause) {
    throw new CodeBeakerError("invalid_request", "Cannot read the body as it must be UTF-8", { cause });
  }
}

/** What is told of a body that could not be read: it is the client that does not send it. */
function brokenOff(cause: unknown): CodeBeakerError {
  return new CodeBeakerError("invalid_request", `Cannot read the body as it ended too soon: ${messageOf(cause)}`, {
    cause,
  });
}
