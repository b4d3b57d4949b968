import { CodeBeakerError } from "../core/errors.ts";
import { fileTooLarge } from "../core/files.ts";
import { Spool } from "./spool.ts";

/** Most uploads at the same time. Each may take as much disk space as its session. */
const MAX_UPLOADS = 32;
/** Most uploads of one tenant at the same time. */
const MAX_UPLOADS_PER_TENANT = 16;
const RETRY_MS = 1_000;

/** The owner of an upload, and its most bytes when unpacked. */
export interface UploadOptions {
  readonly tenant: string;
  readonly maxBytes: number;
}

/** A complete upload. Disposing frees its disk space. */
export interface Upload extends Disposable {
  stream(): ReadableStream<Uint8Array>;
}

/**
 * Stores uploads until they are complete. So a workspace never gets a part of a file because its client disconnected,
 * nor any of an archive before all of it is checked.
 */
export class Uploads {
  readonly #directory: string | undefined;
  /** The tenant of each present upload. */
  readonly #owners: string[] = [];

  /** @param directory the directory for uploads; undefined when there is none, and every upload is refused */
  constructor(directory: string | undefined) {
    this.#directory = directory;
  }

  /**
   * Receives a file of at most `maxBytes`.
   *
   * @throws {CodeBeakerError} `too_large`; `busy` for too many uploads at the same time; `runtime_unavailable`
   * @throws the error of the body
   */
  receiveFile(body: ReadableStream<Uint8Array>, { tenant, maxBytes }: UploadOptions): Promise<Upload> {
    return this.#receive(body, { tenant, read: (directory) => spoolFile(body, { directory, maxBytes }) });
  }

  /**
   * Receives a tar archive that unpacks to at most `maxBytes`.
   *
   * @throws as {@link receiveFile} and `CheckedArchive.read()` do
   */
  receiveArchive(body: ReadableStream<Uint8Array>, { tenant, maxBytes }: UploadOptions): Promise<Upload> {
    return this.#receive(body, {
      tenant,
      read: async (directory) => {
        const { CheckedArchive } = await import("./archive/checked_archive.ts"); // The start does not wait for it.
        return await CheckedArchive.read(body, { directory, maxBytes });
      },
    });
  }

  async #receive(
    body: ReadableStream<Uint8Array>,
    { tenant, read }: { readonly tenant: string; read(directory: string): Promise<Upload> },
  ): Promise<Upload> {
    const directory = this.#directory;
    const error = this.#findObstacle(tenant);
    if (directory === undefined || error !== undefined) {
      await body.cancel(error);
      throw error;
    }
    this.#owners.push(tenant);
    using building = new DisposableStack();
    building.defer(() => this.#owners.splice(this.#owners.indexOf(tenant), 1));
    const upload = building.use(await read(directory));
    const owned = building.move();
    return { stream: () => upload.stream(), [Symbol.dispose]: () => owned.dispose() };
  }

  #findObstacle(tenant: string): CodeBeakerError | undefined {
    if (this.#directory === undefined) {
      return new CodeBeakerError(
        "runtime_unavailable",
        "Cannot take an upload as the service has no temporary directory for it: its operator names one with --scratch",
      );
    }
    const own = this.#owners.filter((owner) => owner === tenant).length;
    if (this.#owners.length < MAX_UPLOADS && own < MAX_UPLOADS_PER_TENANT) return undefined;
    const why = own < MAX_UPLOADS_PER_TENANT
      ? `${MAX_UPLOADS} others are under way`
      : `${own} others of this tenant are under way`;
    return new CodeBeakerError("busy", `Cannot take an upload now as ${why}`, { details: { retryAfterMs: RETRY_MS } });
  }
}

async function spoolFile(
  body: ReadableStream<Uint8Array>,
  { directory, maxBytes }: { readonly directory: string; readonly maxBytes: number },
): Promise<Upload> {
  using opening = new DisposableStack();
  const spool = opening.use(Spool.open(directory));
  for await (const bytes of body) {
    if (spool.size + bytes.length > maxBytes) throw fileTooLarge(maxBytes);
    spool.append(bytes);
  }
  const owned = opening.move();
  return { stream: () => ReadableStream.from(spool.read()), [Symbol.dispose]: () => owned.dispose() };
}
