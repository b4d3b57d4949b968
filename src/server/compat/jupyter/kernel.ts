import { z } from "zod";
import { CodeBeakerError, hasCode } from "../../../core/errors.ts";
import { parseAs } from "../../../core/parsing/validation.ts";
import type { Caller } from "../../../engine/port.ts";
import type { ContextsPort, SessionsPort } from "../../../sessions/port.ts";
import { toProblem } from "../../http/problem.ts";
import { evaluate, RESTARTED, toFailure } from "./evaluate.ts";
import { type KernelClient, KernelClients } from "./kernel_clients.ts";
import { kernelInfo } from "./kernelspecs.ts";
import { type Header, type Message, PROTOCOL_VERSION, type Request } from "./messages.ts";

/** Most characters of a name that an answer repeats, and most names of a request. */
const [MAX_NAME_LENGTH, MAX_NAMES] = [128, 100];

const nameSchema = z.string().max(MAX_NAME_LENGTH);

const executeSchema = z.looseObject({
  code: z.string(),
  silent: z.boolean().default(false),
  store_history: z.boolean().default(true),
  stop_on_error: z.boolean().default(true),
  user_expressions: z.record(nameSchema, z.unknown()).nullish()
    .refine((asked) => Object.keys(asked ?? {}).length <= MAX_NAMES, `At most ${MAX_NAMES} expressions`),
});
const cursorSchema = z.int().catch(0);

/** Answers to requests for what is not here: nothing is found. */
const EMPTY_ANSWERS: Readonly<Record<string, (content: Request["content"]) => object>> = {
  complete_request: ({ cursor_pos }) => {
    const at = cursorSchema.parse(cursor_pos);
    return { status: "ok", matches: [], cursor_start: at, cursor_end: at, metadata: {} };
  },
  inspect_request: () => ({ status: "ok", found: false, data: {}, metadata: {} }),
  history_request: () => ({ status: "ok", history: [] }),
  is_complete_request: () => ({ status: "unknown" }),
  comm_info_request: () => ({ status: "ok", comms: {} }),
};

/** The value of each expression beside code. */
const NO_EXPRESSIONS = { status: "error", ...unsupported("user_expressions") };

/** The session of a kernel. */
export interface KernelOptions {
  readonly sessions: SessionsPort;
  readonly sessionId: string;
  readonly language: string;
  /** Aborted when the session closes. */
  readonly closing: AbortSignal;
}

/**
 * A kernel: the default context of a session. It answers the requests of its clients one at a time, but for those on
 * the control channel, and all its clients see what is published. It goes on while none is connected.
 */
export class Kernel {
  readonly #options: KernelOptions;
  readonly #clients = new KernelClients();
  /** Identifies the present interpreter to clients. */
  #incarnation = crypto.randomUUID();
  /** The context of the last code. Undefined after a restart. */
  #contextId: string | undefined;
  /** The last interpreter that ended by itself. */
  #lost: string | undefined;
  #executionCount = 0;
  #running: AbortController | undefined;
  #busy = 0;
  #answered = Promise.resolve();
  #received = 0;
  /** The last request that is not evaluated, as one before it failed. */
  #abortedUpTo = 0;

  constructor(options: KernelOptions) {
    this.#options = options;
    options.closing.addEventListener("abort", () => {
      this.#beginAnew();
      if (this.#busy === 0) this.#end();
    });
  }

  /** The number of connected clients. */
  get connections(): number {
    return this.#clients.count;
  }

  get state(): "busy" | "idle" {
    return this.#busy > 0 ? "busy" : "idle";
  }

  /** Connects a client. It gets what was sent to it since it left, and replaces an older connection of its own. */
  connect(client: KernelClient): void {
    this.#clients.connect(client);
    if (this.#options.closing.aborted) this.#end();
  }

  disconnect(client: KernelClient): void {
    this.#clients.disconnect(client);
  }

  /** Answers a request of a client. Returns when there was room for the answer, or the client is gone. */
  async answer(request: Request, client: KernelClient): Promise<void> {
    const { channel, header: { msg_type: type } } = request;
    if (channel === "iopub" || channel === "stdin") return; // These channels carry no requests here.
    if (channel === "control" && type !== "execute_request") return await (await this.#answer(request, client)).sent;
    const number = ++this.#received;
    const answered = this.#answered.then(() => this.#answer(request, client, number));
    this.#answered = answered.then(() => {}, () => {}); // An error is thrown below.
    await (await answered).sent;
  }

  /** Interrupts what runs. */
  interrupt(): void {
    this.#running?.abort();
  }

  /** Replaces the interpreter. Requests that wait are not evaluated. */
  async restart(caller: Caller): Promise<void> {
    this.#beginAnew();
    const contexts = this.#contextsOf(caller);
    const { language } = this.#options;
    await contexts.close(await contexts.findDefault(language)).catch((error: unknown) => {
      if (!hasCode(error, "not_found")) throw error; // Otherwise another restart was faster.
    });
    await contexts.findDefault(language);
    for (const state of ["starting", "idle"]) this.#publish("status", { execution_state: state });
  }

  /** Closes the session, and so the connections of all clients. */
  async stop(caller: Caller): Promise<void> {
    await this.#options.sessions.close(caller, this.#options.sessionId);
  }

  /** Answers a request. Clients are not waited for, so that none holds the others up. */
  async #answer(
    request: Request,
    client: KernelClient,
    number = Infinity,
  ): Promise<{ readonly sent: Promise<void> | undefined }> {
    const { channel, header } = request;
    this.#busy++;
    this.#publish("status", { execution_state: "busy" }, header);
    let sent: Promise<void> | undefined;
    try {
      const content = await this.#perform(request, client.caller, number).catch((error: unknown) => {
        const { code, detail } = toProblem(error, client.caller.requestId ?? "");
        return { status: "error", ...toFailure(code, detail) };
      });
      const type = header.msg_type.replace(/_request$/, "_reply");
      if (content !== undefined) {
        sent = this.#clients.send(client.id, this.#message(type, { channel, content, parent: header }));
      }
    } finally {
      this.#busy--;
    }
    this.#publish("status", { execution_state: "idle" }, header);
    if (this.#options.closing.aborted) {
      if (this.#busy === 0) this.#end();
    } else if (number !== Infinity && this.#lost === this.#incarnation) {
      this.#beginAnew();
      this.#publish("status", { execution_state: "restarting" });
    }
    return { sent };
  }

  /** Does what a request asks for. Returns the content of its reply; undefined where it has none. */
  async #perform(request: Request, caller: Caller, number: number): Promise<object | undefined> {
    const { content, header } = request;
    const { msg_type: type } = header;
    switch (type) {
      case "kernel_info_request":
        return kernelInfo(this.#options.language);
      case "execute_request":
        return number <= this.#abortedUpTo ? { status: "aborted" } : await this.#execute(request, caller);
      case "interrupt_request":
        this.interrupt();
        return { status: "ok" };
      case "shutdown_request": {
        const restart = content.restart === true;
        if (restart) await this.restart(caller);
        else await this.stop(caller);
        return { status: "ok", restart };
      }
      case "comm_open": { // Both ends of a comm close it when they do not know its target.
        const { data: comm_id } = nameSchema.safeParse(content.comm_id);
        if (comm_id !== undefined) this.#publish("comm_close", { comm_id, data: {} }, header);
        return undefined;
      }
    }
    if (Object.hasOwn(EMPTY_ANSWERS, type)) return EMPTY_ANSWERS[type]?.(content);
    return type.endsWith("_request") ? { status: "error", ...unsupported(type) } : undefined;
  }

  async #execute(request: Request, caller: Caller): Promise<object> {
    const abort = this.#running = new AbortController();
    try {
      return await this.#evaluate(request, caller, abort.signal);
    } finally {
      if (this.#running === abort) this.#running = undefined;
    }
  }

  async #evaluate({ content, header }: Request, caller: Caller, signal: AbortSignal): Promise<object> {
    const { code, silent, stop_on_error, store_history, user_expressions } = parseAs(executeSchema, content, {
      what: "the request",
    });
    const incarnation = this.#incarnation;
    let executionCount = this.#executionCount;
    let hasBegun = false;
    const publish = (type: string, content: object) =>
      silent ? Promise.resolve() : this.#print(type, content, { parent: header, signal });
    const begin = async (contextId: string) => {
      const isCurrent = incarnation === this.#incarnation; // Otherwise the kernel was restarted meanwhile.
      const known = this.#contextId ?? contextId;
      if (isCurrent) this.#contextId = contextId;
      if (!hasBegun) {
        hasBegun = true;
        if (isCurrent && !silent && store_history) executionCount = ++this.#executionCount;
        await publish("execute_input", { code, execution_count: executionCount });
      }
      if (!isCurrent || known === contextId) return executionCount;
      throw new CodeBeakerError("conflict", `Cannot evaluate this as the interpreter has exited since; ${RESTARTED}`);
    };
    const { closing, language } = this.#options;
    const options = { begin, closing, code, language, publish, signal };
    const { failure, isLost } = await evaluate(this.#contextsOf(caller), options).catch((error: unknown) => {
      const { code, detail } = toProblem(error, caller.requestId ?? "");
      return { failure: toFailure(code, detail), isLost: hasCode(error, "conflict") && !closing.aborted };
    });
    if (isLost) this.#lost = incarnation;
    const facts = { execution_count: executionCount };
    if (failure === undefined) {
      const expressions = Object.keys(user_expressions ?? {}).map((name) => [name, NO_EXPRESSIONS]);
      return { status: "ok", ...facts, user_expressions: Object.fromEntries(expressions), payload: [] };
    }
    if (stop_on_error && !silent && incarnation === this.#incarnation) this.#abortedUpTo = this.#received;
    await publish("error", failure);
    return { status: "error", ...facts, ...failure };
  }

  /** Ends what runs for a new interpreter. */
  #beginAnew(): void {
    this.#incarnation = crypto.randomUUID();
    this.#contextId = undefined;
    this.#executionCount = 0;
    this.#abortedUpTo = this.#received;
    this.#running?.abort();
  }

  /** Tells clients that the session is closed. */
  #end(): void {
    const dead = this.#message("status", { channel: "iopub", content: { execution_state: "dead" } });
    this.#clients.end(dead);
  }

  #contextsOf(caller: Caller): ContextsPort {
    return this.#options.sessions.contexts(caller, this.#options.sessionId);
  }

  /** Sends what code gives to all clients. Returns when there was room for it, or the code is to end. */
  async #print(
    type: string,
    content: object,
    { parent, signal }: { readonly parent: Header; readonly signal: AbortSignal },
  ): Promise<void> {
    // Code that is to end no longer waits. Its output is left out for clients that are behind, as it has no bound.
    const isCut = signal.aborted && (type === "stream" || type === "display_data");
    const over = Promise.withResolvers<void>();
    const end = () => over.resolve();
    signal.addEventListener("abort", end);
    this.#publish(type, content, parent, (client) => !isCut || !client.isBehind).then(end);
    if (!signal.aborted) await over.promise;
    signal.removeEventListener("abort", end);
  }

  /** Sends a message to clients: to all, unless a filter says otherwise. Returns when there was room for it. */
  #publish(
    type: string,
    content: object,
    parent?: Header,
    filter?: (client: KernelClient) => boolean,
  ): Promise<void> {
    return this.#clients.publish(this.#message(type, { channel: "iopub", content, parent }), filter);
  }

  #message(
    type: string,
    { channel, content, parent }: {
      readonly channel: string;
      readonly content: object;
      readonly parent?: Header | undefined;
    },
  ): Message {
    const header = {
      msg_id: crypto.randomUUID(),
      msg_type: type,
      username: "kernel",
      session: this.#incarnation,
      date: new Date().toISOString(),
      version: PROTOCOL_VERSION,
    };
    return { channel, header, parent_header: parent ?? {}, metadata: {}, content };
  }
}

function unsupported(what: string) {
  return toFailure("NotSupported", `${what} is not supported here`);
}
