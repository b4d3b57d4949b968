import { z } from "zod";
import { CodeBeakerError } from "../../../core/errors.ts";
import { canonicalLanguage } from "../../../core/languages.ts";
import { MOST } from "../../../core/limits.ts";
import { parseSessionRequest } from "../../../core/requests/session_request.ts";
import type { SessionInfo } from "../../../core/session.ts";
import type { Caller } from "../../../engine/port.ts";
import type { CompatOptions } from "../compat_options.ts";
import { Kernel } from "./kernel.ts";
import { kernelNameOf, listSpecs } from "./kernelspecs.ts";

/** The name under which a session's metadata has the name of its kernel. */
const KERNEL = "jupyter.kernel";

const HOUR_MS = 3_600_000;
/** Longest time in which a kernel may do nothing, and its longest life. */
const LIFE = { idleTimeoutMs: HOUR_MS, maxLifetimeMs: 24 * HOUR_MS };

/** A name or an id. An empty one is none. */
export const nameSchema = z.string().nullish().transform((name) => name === null || name === "" ? undefined : name);

/** A kernel with the session that it is. */
export interface OpenKernel {
  readonly session: SessionInfo;
  readonly kernel: Kernel;
}

/** What a new kernel is asked for with. */
export interface KernelRequest {
  /** Undefined, the default kernel. */
  readonly name: string | undefined;
  readonly env?: Readonly<Record<string, string>> | null | undefined;
  /** Metadata of the session beside the kernel's name. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}

/** The kernels of all tenants: sessions that Jupyter's clients have started. */
export class Kernels {
  readonly #options: Pick<CompatOptions, "engine" | "missed" | "sessions">;
  /** Those that someone has asked for, by their sessions. */
  readonly #kernels = new Map<string, Kernel>();

  constructor(options: Pick<CompatOptions, "engine" | "missed" | "sessions">) {
    this.#options = options;
  }

  /**
   * Starts a kernel. Returns when it can evaluate.
   *
   * @throws {CodeBeakerError} the errors of a new session, and of a new context
   */
  async start(caller: Caller, { env, metadata, name, signal }: KernelRequest): Promise<OpenKernel> {
    const { engine, sessions } = this.#options;
    const language = canonicalLanguage(name ?? (await listSpecs(engine)).default);
    const request = parseSessionRequest({
      ...LIFE,
      language,
      env: env ?? {},
      metadata: { ...metadata, [KERNEL]: kernelNameOf(language) },
    });
    const session = await sessions.create(caller, { ...request, limits: { cpuMs: MOST } }, { signal });
    await using unfinished = new AsyncDisposableStack();
    unfinished.defer(() => sessions.close(caller, session.id));
    await sessions.contexts(caller, session.id).findDefault(language);
    signal.throwIfAborted();
    unfinished.move();
    return this.#open(caller, session);
  }

  /**
   * Finds a kernel of the caller's tenant.
   *
   * @throws {CodeBeakerError} `not_found`
   */
  find(caller: Caller, id: string): OpenKernel {
    const session = this.#options.sessions.show(caller, `sess_${id.replaceAll("-", "")}`);
    if (isKernel(session)) return this.#open(caller, session);
    throw new CodeBeakerError("not_found", `Cannot find the kernel ${id} as it is shut down, or was never one`);
  }

  /** Lists the kernels of the caller's tenant, the newest first. */
  list(caller: Caller): OpenKernel[] {
    const { sessions } = this.#options.sessions.list(caller, { limit: Infinity });
    return sessions.filter(isKernel).map((session) => this.#open(caller, session));
  }

  /** Has the state of a kernel until its session closes. */
  #open(caller: Caller, session: SessionInfo): OpenKernel {
    const known = this.#kernels.get(session.id);
    if (known !== undefined) return { session, kernel: known };
    const closing = this.#options.sessions.closing(caller, session.id);
    const language = canonicalLanguage(String(session.metadata[KERNEL]));
    const kernel = new Kernel({ ...this.#options, closing, sessionId: session.id, language });
    if (!closing.aborted) this.#kernels.set(session.id, kernel);
    closing.addEventListener("abort", () => this.#kernels.delete(session.id));
    return { session, kernel };
  }
}

/** A kernel as Jupyter's clients see it. */
export function toModel({ kernel, session }: OpenKernel): object {
  return {
    id: idOf(session),
    name: session.metadata[KERNEL],
    last_activity: session.lastActivityAt,
    execution_state: kernel.state,
    connections: kernel.clients.count,
  };
}

/** The id of a kernel: its session's, in the form that Jupyter's servers ask for. */
export function idOf({ id }: SessionInfo): string {
  return id.replace(/^sess_(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function isKernel({ metadata, state }: SessionInfo): boolean {
  return typeof metadata[KERNEL] === "string" && state !== "closing" && state !== "closed";
}
