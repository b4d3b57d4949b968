import { z } from "zod";
import { hasCode } from "../../../core/errors.ts";
import { parseAs } from "../../../core/parsing/validation.ts";
import type { Caller } from "../../../engine/port.ts";
import type { ContextsPort, SessionsPort } from "../../../sessions/port.ts";
import { toProblem } from "../../http/problem.ts";
import { evaluate, toFailure } from "./evaluate.ts";
import { kernelInfo } from "./kernelspecs.ts";
import { type Header, type Message, PROTOCOL_VERSION, type Request } from "./messages.ts";

/** Most characters that are kept for a client without a connection. The oldest messages go first. */
const MAX_KEPT_LENGTH = 1_048_576;

const executeSchema = z.looseObject({
  code: z.string(),
  silent: z.boolean().default(false),
  store_history: z.boolean().default(true),
  stop_on_error: z.boolean().default(true),
  user_expressions: z.record(z.string(), z.unknown()).nullish(),
});

/** Answers to requests for what is not here: nothing is found. */
const EMPTY_ANSWERS: Readonly<Record<string, (content: Request["content"]) => object>> = {
  complete_request: ({ cursor_pos: at = 0 }) => ({
    ...{ status: "ok", matches: [], cursor_start: at, cursor_end: at, metadata: {} },
  }),
  inspect_request: () => ({ status: "ok", found: false, data: {}, metadata: {} }),
  history_request: () => ({ status: "ok", history: [] }),
  is_complete_request: () => ({ status: "unknown" }),
  comm_info_request: () => ({ status: "ok", comms: {} }),
};

/** A connected client of a kernel. */
export interface KernelClient {
  /** The client's name for itself. It is the same when the client connects again. */
  readonly id: string;
  readonly caller: Caller;
  /** Sends a message after the earlier ones. Returns when there was room for it, or the client is gone. */
  send(message: Message): Promise<void>;
  close(code: number, reason: string): void;
}

/** The session of a kernel. */
export interface KernelOptions {
  readonly sessions: SessionsPort;
  readonly sessionId: string;
  readonly language: string;
  /** The caller that asked for the kernel first. */
  readonly owner: Caller;
}

/**
 * A kernel: the default context of a session. It answers the requests of its clients one at a time, but for those on
 * the control channel, and all its clients see what is published. It goes on while none is connected.
 */
export class Kernel {
  readonly #options: KernelOptions;
  readonly #clients = new Map<string, KernelClient>();
  /** The last client that left, and what was sent since. */
  #absent: { readonly id: string; readonly messages: Message[]; length: number } | undefined;
  /** Identifies the present interpreter to clients. */
  #incarnation = crypto.randomUUID();
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
  }

  /** The number of connected clients. */
  get connections(): number {
    return this.#clients.size;
  }

  get state(): "busy" | "idle" {
    return this.#busy > 0 ? "busy" : "idle";
  }

  /** Whether its session is open. */
  get isOpen(): boolean {
    const { owner, sessionId, sessions } = this.#options;
    try {
      return !["closing", "closed"].includes(sessions.show(owner, sessionId).state);
    } catch {
      return false;
    }
  }

  /** Connects a client. It gets what was sent to it since it left, and replaces an older connection of its own. */
  connect(client: KernelClient): void {
    this.#clients.get(client.id)?.close(1000, "Another connection of the same session_id replaces this one");
    this.#clients.set(client.id, client);
    const absent = this.#absent;
    this.#absent = undefined;
    if (absent?.id === client.id) { for (const message of absent.messages) client.send(message); }
  }

  disconnect(client: KernelClient): void {
    if (this.#clients.get(client.id) !== client) return;
    this.#clients.delete(client.id);
    if (this.#clients.size === 0) this.#absent = { id: client.id, messages: [], length: 0 };
  }

  /** Answers a request of a client. Returns when the client has the answer, or is gone. */
  async answer(request: Request, client: KernelClient): Promise<void> {
    const { channel, header: { msg_type: type } } = request;
    if (channel === "iopub" || channel === "stdin") return; // Nobody was asked for input.
    if (channel === "control" && type !== "execute_request") return await this.#answer(request, client);
    const number = ++this.#received;
    const answered = this.#answered.then(() => this.#answer(request, client, number));
    this.#answered = answered.catch(() => {}); // It is thrown below.
    await answered;
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

  /** Closes the session, and the connections of all clients. */
  async stop(caller: Caller): Promise<void> {
    this.#beginAnew();
    await this.#options.sessions.close(caller, this.#options.sessionId);
    this.#end();
  }

  async #answer(request: Request, client: KernelClient, number = Infinity): Promise<void> {
    const { channel, header } = request;
    this.#busy++;
    await this.#publish("status", { execution_state: "busy" }, header);
    try {
      const content = await this.#perform(request, client.caller, number).catch((error: unknown) => {
        const { code, detail } = toProblem(error, client.caller.requestId ?? "");
        return { status: "error", ...toFailure(code, detail) };
      });
      const type = header.msg_type.replace(/_request$/, "_reply");
      if (content !== undefined) await this.#send(client.id, this.#message(type, { channel, content, parent: header }));
    } finally {
      this.#busy--;
    }
    await this.#publish("status", { execution_state: "idle" }, header);
    if (!this.isOpen) this.#end();
    else if (this.#lost === this.#incarnation) {
      this.#beginAnew();
      await this.#publish("status", { execution_state: "restarting" });
    }
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
        else await this.#options.sessions.close(caller, this.#options.sessionId);
        return { status: "ok", restart };
      }
      case "comm_open": // Both ends of a comm close it when they do not know its target.
        await this.#publish("comm_close", { comm_id: content.comm_id, data: {} }, header);
        return undefined;
    }
    if (Object.hasOwn(EMPTY_ANSWERS, type)) return EMPTY_ANSWERS[type]?.(content);
    return type.endsWith("_request") ? { status: "error", ...unsupported(type) } : undefined;
  }

  async #execute({ content, header }: Request, caller: Caller): Promise<object> {
    const { code, silent, stop_on_error, store_history, user_expressions } = parseAs(executeSchema, content, {
      what: "the request",
    });
    if (!silent && store_history) this.#executionCount++;
    const executionCount = this.#executionCount;
    const publish = async (type: string, content: object) => {
      if (!silent) await this.#publish(type, content, header);
    };
    const abort = this.#running = new AbortController();
    await publish("execute_input", { code, execution_count: executionCount });
    const incarnation = this.#incarnation;
    const options = { code, executionCount, language: this.#options.language, publish, signal: abort.signal };
    const { failure, isLost } = await evaluate(this.#contextsOf(caller), options).catch((error: unknown) => {
      const { code, detail } = toProblem(error, caller.requestId ?? "");
      return { failure: toFailure(code, detail), isLost: false };
    }).finally(() => {
      if (this.#running === abort) this.#running = undefined;
    });
    if (isLost) this.#lost = incarnation;
    const facts = { execution_count: executionCount };
    if (failure === undefined) {
      const asked = Object.keys(user_expressions ?? {}).map((
        name,
      ) => [name, { status: "error", ...unsupported(name) }]);
      return { status: "ok", ...facts, user_expressions: Object.fromEntries(asked), payload: [] };
    }
    if (stop_on_error) this.#abortedUpTo = this.#received;
    await publish("error", failure);
    return { status: "error", ...facts, ...failure };
  }

  /** Ends what runs for a new interpreter. */
  #beginAnew(): void {
    this.#incarnation = crypto.randomUUID();
    this.#executionCount = 0;
    this.#abortedUpTo = this.#received;
    this.#running?.abort();
  }

  /** Tells clients that the session is closed. */
  #end(): void {
    const dead = this.#message("status", { channel: "iopub", content: { execution_state: "dead" } });
    for (const client of this.#clients.values()) {
      client.send(dead).then(() => client.close(1000, "The kernel is shut down"));
    }
    this.#clients.clear();
  }

  #contextsOf(caller: Caller): ContextsPort {
    return this.#options.sessions.contexts(caller, this.#options.sessionId);
  }

  /** Sends a message to all clients. Returns when there was room for it. */
  async #publish(type: string, content: object, parent?: Header): Promise<void> {
    const message = this.#message(type, { channel: "iopub", content, parent });
    if (this.#clients.size === 0) this.#keep(message);
    await Promise.all([...this.#clients.values()].map((client) => client.send(message)));
  }

  /** Sends a message to one client, by whatever connection it has now. */
  async #send(id: string, message: Message): Promise<void> {
    if (this.#absent?.id === id) this.#keep(message);
    await this.#clients.get(id)?.send(message);
  }

  #keep(message: Message): void {
    if (this.#absent === undefined) return;
    const { messages } = this.#absent;
    messages.push(message);
    this.#absent.length += lengthOf(message);
    while (this.#absent.length > MAX_KEPT_LENGTH) this.#absent.length -= lengthOf(messages.shift());
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

function lengthOf(message: Message | undefined): number {
  return JSON.stringify(message ?? "").length;
}

function unsupported(what: string) {
  return toFailure("NotSupported", `${what} is not supported here`);
}
