import { CodeBeakerError, hasCode } from "./errors.ts";
import type { CallOptions, Read, Service } from "./service.ts";
import type { FileEntry, FileTree } from "./types.ts";

/** What a listing contains. */
export interface ListOptions extends CallOptions {
  /** Whether directories are listed with their content. Default: false. */
  readonly recursive?: boolean | undefined;
  /** A glob of names or, with a slash in it, of paths below the directory. */
  readonly pattern?: string | undefined;
  /** Whether names that begin with a dot are listed. Default: false. */
  readonly includeHidden?: boolean | undefined;
  /** Most levels; 0 means all. Default: 0. */
  readonly maxDepth?: number | undefined;
}

/** The content of a file to write. A stream needs HTTP/2 in a browser. */
export type FileContent = string | Uint8Array | Blob | ReadableStream<Uint8Array>;

/** Statuses of answers to HEAD, which has no body, that the same GET explains. */
const EXPLAINED: readonly (number | undefined)[] = [400, 401, 403, 409];

/**
 * The files of a sandbox's workspace.
 *
 * A path is relative to the workspace, and `/workspace/…` means the same file; any other is `permission_denied`. A file
 * that is not there is `not_found`, and a directory in place of a file is `invalid_request`.
 */
export class Files {
  readonly #service: Service;
  readonly #path: string;

  /** @param path the path of the session */
  constructor(service: Service, path: string) {
    this.#service = service;
    this.#path = path;
  }

  /** Reads a file as UTF-8 text. */
  async read(path: string, options: CallOptions = {}): Promise<string> {
    return new TextDecoder().decode(await this.readBytes(path, options));
  }

  /** Reads the bytes of a file. */
  async readBytes(path: string, options: CallOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    return await this.#get(path, options, async (_, readBytes) => new Uint8Array(await readBytes()));
  }

  /** Opens a file as a stream, which the caller reads or cancels. Aborting the signal ends the stream. */
  async stream(path: string, options: CallOptions = {}): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    return await this.#get(path, options, (response) => Promise.resolve(response.body ?? new Blob([]).stream()));
  }

  /**
   * Writes or replaces a file, and makes the directories above it. It is there when all of it has arrived. A stream is
   * read once, so its request is not repeated; what it throws is thrown.
   *
   * @throws {CodeBeakerError} `invalid_request` for no content, which a program without types may give
   */
  async write(path: string, content: FileContent, { signal }: CallOptions = {}): Promise<void> {
    if (content === undefined || content === null) {
      throw new CodeBeakerError("invalid_request", `Cannot write ${JSON.stringify(path)}: its content is ${content}`);
    }
    const isRepeatable = !(content instanceof ReadableStream);
    const failures: unknown[] = [];
    const body = (isRepeatable ? content : watch(content, failures)) as BodyInit;
    try {
      await this.#service.json("PUT", this.#url(path), { body, signal, isRepeatable });
    } catch (error) {
      throw failures.length === 0 || signal?.aborted ? error : failures[0];
    }
  }

  /** Lists the entries of a directory. */
  async list(path = ".", { signal, recursive = false, ...filter }: ListOptions = {}): Promise<readonly FileEntry[]> {
    const fields = Object.entries({ path, recursive, ...filter }).filter(([, value]) => value !== undefined);
    const query = new URLSearchParams(fields.map(([name, value]) => [name, String(value)]));
    const { tree } = await this.#service.resource<FileTree>("GET", `${this.#path}/files?${query}`, {
      signal,
      isRepeatable: true,
      field: "tree",
    });
    return tree.children ?? [];
  }

  /** Deletes a file or an empty directory; with `recursive`, also one with everything in it. */
  async delete(
    path: string,
    { recursive = false, signal }: CallOptions & { readonly recursive?: boolean | undefined } = {},
  ): Promise<void> {
    await this.#service.json("DELETE", `${this.#url(path)}?recursive=${recursive}`, { signal });
  }

  /** The size of a file in bytes; undefined where there is none. A symlink is followed. */
  async size(path: string, { signal }: CallOptions = {}): Promise<number | undefined> {
    const ask = (method: string) =>
      this.#service.request(method, this.#url(path), { signal, isRepeatable: true }, async ({ body, headers }) => {
        await body?.cancel();
        const length = headers.get("content-length");
        if (length !== null) return Number(length);
        throw new CodeBeakerError("bad_answer", "The answer has no Content-Length: a proxy may have removed it");
      });
    try {
      return await ask("HEAD");
    } catch (error) {
      if (hasCode(error, "not_found")) return undefined;
      if (!(error instanceof CodeBeakerError) || !EXPLAINED.includes(error.status)) throw error;
      return await ask("GET");
    }
  }

  #get<Result>(path: string, { signal }: CallOptions, read: Read<Result>): Promise<Result> {
    return this.#service.request("GET", this.#url(path), { signal, isRepeatable: true }, read);
  }

  /**
   * The path of a file in a URL. A URL drops the segments `.` and `..`, and a proxy an empty one; then the slashes are
   * escaped, so that it is the service which decides.
   */
  #url(path: string): string {
    if (!path.isWellFormed()) {
      throw new CodeBeakerError("invalid_request", "A path must be Unicode, without half of a character");
    }
    const segments = path.split("/");
    const isPlain = segments.every((segment) => segment !== "" && segment !== "." && segment !== "..");
    const whole = path === "" || path === "." || path === ".." ? `./${path}` : path;
    const encoded = isPlain ? segments.map(encodeURIComponent).join("/") : encodeURIComponent(whole);
    return `${this.#path}/files/${encoded}`;
  }
}

/** Reads a stream for its upload, and keeps what it throws, which `fetch` may hide. */
function watch(content: ReadableStream<Uint8Array>, failures: unknown[]): ReadableStream<Uint8Array> {
  const reader = content.getReader();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        failures.push(error);
        throw error;
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
