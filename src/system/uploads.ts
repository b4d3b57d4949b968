import { CodeBeakerError } from "../core/errors.ts";
import { CheckedArchive } from "./archive_check.ts";
import { Spool } from "./spool.ts";

/** More of them at a time are told to come again: each may take as much of the disk as its session may. */
const MAX_UPLOADS = 32;
const RETRY_MS = 1_000;

/** What a client sent, whole. Disposing gives back what it takes of the disk. */
export interface Upload extends Disposable {
  /** Its bytes, from the beginning. */
  stream(): ReadableStream<Uint8Array>;
}

/**
 * Where what clients send waits until all of it has come: a workspace never sees half a file because a client vanished, and
 * nothing of an archive before all of it is known to be harmless.
 */
export class Uploads {
  readonly #directory: string | undefined;
  #count = 0;

  /** @param directory where it waits; undefined where there is none, and nothing can be taken */
  constructor(directory: string | undefined) {
    this.#directory = directory;
  }

  /**
   * Takes a file of at most `maxBytes`.
   *
   * @throws {CodeBeakerError} `too_large`; `busy` when too many come at the same time; `runtime_unavailable`
   * @throws what its source throws
   */
  takeFile(body: ReadableStream<Uint8Array>, { maxBytes }: { readonly maxBytes: number }): Promise<Upload> {
    return this.#take(body, async (directory) => {
      const spool = Spool.open(directory);
      try {
        for await (const bytes of body) {
          if (spool.size + bytes.length > maxBytes) {
            throw new CodeBeakerError("too_large", `Cannot take the file as it must be at most ${maxBytes} bytes long`);
          }
          spool.append(bytes);
        }
      } catch (error) {
        spool[Symbol.dispose]();
        throw error;
      }
      return { stream: () => ReadableStream.from(spool.read()), [Symbol.dispose]: () => spool[Symbol.dispose]() };
    });
  }

  /** Takes a tar archive that unpacks to at most `maxBytes`. @throws as {@link takeFile} and {@link CheckedArchive.read} do */
  takeArchive(body: ReadableStream<Uint8Array>, { maxBytes }: { readonly maxBytes: number }): Promise<Upload> {
    return this.#take(body, (directory) => CheckedArchive.read(body, { directory, maxBytes }));
  }

  async #take(body: ReadableStream<Uint8Array>, take: (directory: string) => Promise<Upload>): Promise<Upload> {
    const directory = this.#directory;
    const refusal = directory === undefined
      ? new CodeBeakerError("runtime_unavailable", "Cannot keep an upload as this service has no temporary directory")
      : new CodeBeakerError("busy", `Cannot take more than ${MAX_UPLOADS} uploads at the same time`, {
        details: { retryAfterMs: RETRY_MS },
      });
    if (directory === undefined || this.#count >= MAX_UPLOADS) {
      await body.cancel(refusal);
      throw refusal;
    }
    this.#count++;
    using building = new DisposableStack();
    building.defer(() => this.#count--);
    const upload = building.use(await take(directory));
    const owned = building.move();
    return { stream: () => upload.stream(), [Symbol.dispose]: () => owned.dispose() };
  }
}
