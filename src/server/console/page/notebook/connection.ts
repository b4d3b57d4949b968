import type { ContextInfo } from "../../../../core/requests/cell_request.ts";
import type { SessionInfo } from "../../../../core/session.ts";
import { storedKey } from "../api/key.ts";
import { ProblemError, type RequestOptions, send, sendForJson } from "../api/request.ts";

/** Time without a cell after which the service closes the session, in ms. */
const IDLE_TIMEOUT_MS = 900_000;

/** A session for a notebook, and its context. Both are opened when a cell first needs them, and are of one key. */
export class Connection {
  readonly language: string;
  readonly #key = storedKey();
  #opening: Promise<string> | undefined;
  #session: SessionInfo | undefined;
  #context: ContextInfo | undefined;

  constructor(language: string) {
    this.language = language;
  }

  /** The runtime of the session; undefined before there is one. */
  get runtime(): string | undefined {
    return this.#session?.runtime;
  }

  /** Whether cells have a context with their variables. */
  get isOpen(): boolean {
    return this.#context !== undefined;
  }

  /**
   * Opens what is missing, and returns the path of the context.
   *
   * @throws {ProblemError} as the service answers
   */
  async open(): Promise<string> {
    this.#opening = this.#openOrReplace();
    try {
      return await this.#opening;
    } finally {
      this.#opening = undefined;
    }
  }

  /** Ends the cell that runs. The variables stay, unless it does not listen. */
  async interrupt(): Promise<void> {
    if (this.#context !== undefined) await send(`${this.#path()}/interrupt`, this.#as({ method: "POST" }));
  }

  /** Gives the context up, with its variables. The files of the session stay. */
  async restart(): Promise<void> {
    const path = this.#context === undefined ? undefined : this.#path();
    this.#context = undefined;
    if (path !== undefined) await ignoreMissing(send(path, this.#as({ method: "DELETE" })));
  }

  /** Notes that the service has lost the context. */
  forget(): void {
    this.#context = undefined;
  }

  /** Closes the session, also while the page goes away. One that is being opened is closed after that. */
  async close(): Promise<void> {
    if (this.#opening !== undefined) await this.#opening.catch(() => {}); // The cell that needs it has the error.
    const session = this.#session;
    this.#session = undefined;
    this.#context = undefined;
    if (session === undefined) return;
    await ignoreMissing(send(`/v1/sessions/${session.id}`, this.#as({ method: "DELETE", keepalive: true })));
  }

  async #openOrReplace(): Promise<string> {
    try {
      return await this.#open();
    } catch (error) {
      if (!isMissing(error)) throw error;
      this.#session = undefined; // It has ended, as it was idle for too long: another one takes its place.
      return await this.#open();
    }
  }

  async #open(): Promise<string> {
    const { language } = this;
    this.#session ??= await sendForJson<SessionInfo>(
      "/v1/sessions",
      this.#as({
        method: "POST",
        body: { language, idleTimeoutMs: IDLE_TIMEOUT_MS, metadata: { openedBy: "console" } },
      }),
    );
    this.#context ??= await sendForJson<ContextInfo>(
      `/v1/sessions/${this.#session.id}/contexts`,
      this.#as({ method: "POST", body: {} }),
    );
    return this.#path();
  }

  /** Sends a request with the key that opens the session. The tab may have another one by now. */
  #as(options: RequestOptions): RequestOptions {
    return this.#key === undefined ? options : { ...options, key: this.#key };
  }

  #path(): string {
    return `/v1/sessions/${this.#session?.id}/contexts/${this.#context?.id}`;
  }
}

/** What is gone already needs no closing. */
async function ignoreMissing(closing: Promise<Response>): Promise<void> {
  try {
    await closing;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Whether an error says that a session or a context has ended. At first it is `conflict`, later `not_found`. */
function isMissing(error: unknown): boolean {
  return error instanceof ProblemError && ["not_found", "conflict"].includes(error.problem.code);
}
