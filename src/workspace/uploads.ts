import { CodeBeakerError } from "../core/errors.ts";
import { CheckedArchive } from "./archive_check.ts";
import { Spool } from "./spool.ts";

/** More of them at a time are told to come again: each may take as much of the disk as its session may. */
const MAX_UPLOADS = 32;
/** Those of one tenant among them, so that it leaves some to the others. */
const MAX_UPLOADS_PER_TENANT = 16;
const RETRY_MS = 1_000;

/** Whose upload it is, and how large it may be, unpacked. */
export interface UploadOptions {
  readonly tenant: string;
  readonly maxBytes: number;
}

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
  /** Whose uploads are there. */
  readonly #owners: string[] = [];

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
  takeFile(body: ReadableStream<Uint8Array>, { tenant, maxBytes }: UploadOptions): Promise<Upload> {
    return this.#take(body, { tenant, take: (directory) => spoolFile(body, { directory, maxBytes }) });
  }

  /** Takes a tar archive that unpacks to at most `maxBytes`. @throws as {@link takeFile} and {@link CheckedArchive.read} do */
  takeArchive(body: ReadableStream<Uint8Array>, { tenant, maxBytes }: UploadOptions): Promise<Upload> {
    return this.#take(body, { tenant, take: (directory) => CheckedArchive.read(body, { directory, maxBytes }) });
  }

  async #take(
    body: ReadableStream<Uint8Array>,
    { tenant, take }: { readonly tenant: string; take(directory: string): Promise<Upload> },
  ): Promise<Upload> {
    const directory = this.#directory;
    const refusal = this.#whyNot(tenant);
    if (directory === undefined || refusal !== undefined) {
      await body.cancel(refusal);
      throw refusal;
    }
    this.#owners.push(tenant);
    using building = new DisposableStack();
    building.defer(() => this.#owners.splice(this.#owners.indexOf(tenant), 1));
    const upload = building.use(await take(directory));
    const owned = building.move();
    return { stream: () => upload.stream(), [Symbol.dispose]: () => owned.dispose() };
  }

  #whyNot(tenant: string): CodeBeakerError | undefined {
    if (this.#directory === undefined) {
      return new CodeBeakerError(
        "runtime_unavailable",
        "Cannot keep an upload as there is no temporary directory for it",
      );
    }
    const own = this.#owners.filter((owner) => owner === tenant).length;
    if (this.#owners.length < MAX_UPLOADS && own < MAX_UPLOADS_PER_TENANT) return undefined;
    const why = own < MAX_UPLOADS_PER_TENANT ? `${MAX_UPLOADS} come already` : `${own} of this tenant come already`;
    return new CodeBeakerError("busy", `Cannot take an upload now as ${why}`, { details: { retryAfterMs: RETRY_MS } });
  }
}

async function spoolFile(
  body: ReadableStream<Uint8Array>,
  { directory, maxBytes }: { readonly directory: string; readonly maxBytes: number },
): Promise<Upload> {
  using opening = new DisposableStack();
  const spool = opening.adopt(Spool.open(directory), (spool) => spool[Symbol.dispose]());
  for await (const bytes of body) {
    if (spool.size + bytes.length > maxBytes) {
      throw new CodeBeakerError("too_large", `Cannot take the file as it must be at most ${maxBytes} bytes long`);
    }
    spool.append(bytes);
  }
  const owned = opening.move();
  return { stream: () => ReadableStream.from(spool.read()), [Symbol.dispose]: () => owned.dispose() };
}
