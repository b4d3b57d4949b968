import { z } from "zod";
import { unlessAborted } from "../../../commands/mod.ts";
import { ignore } from "../../../core/errors.ts";
import { parseAs } from "../../../core/parsing/validation.ts";
import type { Caller, SubmitOptions } from "../../../engine/port.ts";
import { toFailure } from "../../http/problem.ts";
import type { CompatOptions } from "../compat_options.ts";
import { type CellFailure, describeFailure, Interpreter } from "./interpreter.ts";
import { type KernelClient, KernelClients } from "./kernel_clients.ts";
import { kernelInfo } from "./kernelspecs.ts";
import { Message, type MessageOptions, type Request } from "./messages.ts";

const executeSchema = z.looseObject({
  code: z.string(),
  silent: z.boolean().default(false),
  store_history: z.boolean().default(true),
  stop_on_error: z.boolean().default(true),
  allow_stdin: z.boolean().default(false),
});
const inputSchema = z.looseObject({ value: z.string().catch("") });
/** The id of a comm. One that is longer belongs to no client. */
const commIdSchema = z.string().max(128).catch("");

/** The session of a kernel. */
export interface KernelOptions extends Pick<CompatOptions, "missed" | "sessions"> {
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
  readonly clients: KernelClients;
  readonly #options: KernelOptions;
  #interpreter = new Interpreter();
  /** Takes the line that a client was asked for. */
  #question: { readonly clientId: string; answer(line: string): void } | undefined;
  /** Interrupts the last code. */
  #running = new AbortController();
  /** Incremented to abort the requests that came so far. */
  #generation = 0;
  #answered = Promise.resolve();
  #unanswered = 0;

  constructor(options: KernelOptions) {
    this.#options = options;
    this.clients = new KernelClients(options.missed);
    options.closing.addEventListener("abort", () => {
      this.#beginAnew();
      this.#endIfClosed();
    });
    this.#endIfClosed();
  }

  get state(): "busy" | "idle" {
    return this.#unanswered > 0 ? "busy" : "idle";
  }

  /** Answers a request of a client. */
  async answer(request: Request, client: KernelClient): Promise<void> {
    const { channel, header: { msg_type: type } } = request;
    if (channel === "stdin" && type === "input_reply" && this.#question?.clientId === client.id) {
      this.#question.answer(inputSchema.parse(request.content).value);
    }
    if (channel === "iopub" || channel === "stdin") return; // These channels carry no requests here.
    this.#unanswered++;
    if (channel === "control" && type !== "execute_request") return await this.#answer(request, client);
    const generation = this.#generation;
    this.#answered = this.#answered.then(async () => {
      await this.#answer(request, client, generation);
      if (!this.#interpreter.isLost) return;
      this.#beginAnew();
      this.#publish("status", { execution_state: "restarting" });
    });
    await this.#answered;
  }

  /** Interrupts what runs. */
  interrupt(): void {
    this.#running.abort();
  }

  /** Replaces the interpreter. Requests that wait are not evaluated. */
  async restart(caller: Caller): Promise<void> {
    this.#beginAnew();
    const { language, sessionId, sessions } = this.#options;
    const contexts = sessions.contexts(caller, sessionId);
    const old = await contexts.findDefault(language);
    await contexts.close(old).catch(ignore("not_found")); // Another restart may be faster.
    await contexts.findDefault(language);
    for (const state of ["starting", "idle"]) this.#publish("status", { execution_state: state });
  }

  /** Makes what clients get last. */
  lastMessage(): Message {
    return this.#message({ channel: "iopub", type: "status", content: { execution_state: "dead" } });
  }

  /** Answers a request. Clients are not waited for, so that none holds the others up. */
  async #answer(request: Request, client: KernelClient, generation = this.#generation): Promise<void> {
    const { channel, header } = request;
    this.#publish("status", { execution_state: "busy" }, { parent: header });
    const content = await this.#perform(request, client, generation).catch((error: unknown) => ({
      status: "error",
      ...failureOf(error, client.caller),
    }));
    const type = header.msg_type.replace(/_request$/, "_reply");
    if (content !== undefined) this.clients.send(client.id, this.#message({ channel, type, content, parent: header }));
    this.#unanswered--;
    this.#publish("status", { execution_state: "idle" }, { parent: header });
    this.#endIfClosed();
  }

  /** Does what a request asks for. Returns the content of its reply; undefined where it has none. */
  async #perform(request: Request, client: KernelClient, generation: number): Promise<object | undefined> {
    const { content, header } = request;
    const { caller } = client;
    switch (header.msg_type) {
      case "kernel_info_request":
        return kernelInfo(this.#options.language);
      case "execute_request":
        if (generation !== this.#generation) return { status: "aborted" };
        return await this.#execute(request, client);
      case "interrupt_request":
        this.interrupt();
        return { status: "ok" };
      case "shutdown_request": {
        const { sessionId, sessions } = this.#options;
        const restart = content.restart === true;
        await (restart ? this.restart(caller) : sessions.close(caller, sessionId));
        return { status: "ok", restart };
      }
      case "comm_open": // Both ends of a comm close it when they do not know its target.
        this.#publish("comm_close", { comm_id: commIdSchema.parse(content.comm_id), data: {} }, { parent: header });
        return undefined;
      // What is not here is found to be empty.
      case "complete_request":
        return { status: "ok", matches: [], cursor_start: 0, cursor_end: 0, metadata: {} };
      case "inspect_request":
        return { status: "ok", found: false, data: {}, metadata: {} };
      case "history_request":
        return { status: "ok", history: [] };
      case "is_complete_request":
        return { status: "unknown" };
      case "comm_info_request":
        return { status: "ok", comms: {} };
    }
    if (!header.msg_type.endsWith("_request")) return undefined;
    return { status: "error", ...describeFailure("NotSupported", `${header.msg_type} is not supported here`) };
  }

  /** Evaluates code. Returns the content of the reply. */
  async #execute({ content, header }: Request, { caller, id }: KernelClient): Promise<object> {
    const wire = parseAs(executeSchema, content, { what: "the request" });
    const { allow_stdin, code, silent, stop_on_error, store_history } = wire;
    const [interpreter, generation] = [this.#interpreter, this.#generation];
    const { signal } = this.#running = new AbortController();
    if (!silent && store_history) interpreter.executionCount++;
    const publish = async (type: string, content: object) => {
      // Code that is to end no longer waits. Its output is left out for clients that are behind, as it has no bound.
      const isCut = signal.aborted && (type === "stream" || type === "display_data");
      const filter = (client: KernelClient) => !isCut || !client.isBehind();
      if (!silent) await unlessAborted(signal, this.#publish(type, content, { parent: header, filter }));
    };
    const { closing, language, sessionId, sessions } = this.#options;
    const onInput = allow_stdin ? this.#asker(id, header) : undefined;
    const options = { closing, code, language, onInput, publish, signal };
    const failure = await interpreter.evaluate(sessions.contexts(caller, sessionId), options)
      .catch((error: unknown) => failureOf(error, caller));
    const facts = { execution_count: interpreter.executionCount };
    if (failure === undefined) return { status: "ok", ...facts, user_expressions: {}, payload: [] };
    if (stop_on_error && !silent && generation === this.#generation) this.#generation++;
    publish("error", failure);
    return { status: "error", ...facts, ...failure };
  }

  /** Makes the function that asks a client for a line. A question ends without an answer when its code is interrupted. */
  #asker(clientId: string, parent: Request["header"]): NonNullable<SubmitOptions["onInput"]> {
    return async ({ isSecret, prompt }, { signal }) => {
      const { promise, resolve } = Promise.withResolvers<string | undefined>();
      this.#question = { clientId, answer: resolve };
      const end = () => resolve(undefined);
      signal.addEventListener("abort", end);
      if (signal.aborted) end();
      const content = { prompt, password: isSecret };
      this.clients.send(clientId, this.#message({ channel: "stdin", type: "input_request", content, parent }));
      const line = await promise;
      signal.removeEventListener("abort", end);
      this.#question = undefined;
      return line;
    };
  }

  /** Ends what runs for a new interpreter. */
  #beginAnew(): void {
    this.#interpreter = new Interpreter();
    this.#generation++;
    this.#running.abort();
  }

  /** Tells clients that the session is closed, once every request is answered. */
  #endIfClosed(): void {
    if (this.#options.closing.aborted && this.#unanswered === 0) this.clients.end(this.lastMessage());
  }

  /** Sends a message to clients: to all, unless a filter says otherwise. Returns when there was room for it. */
  #publish(
    type: string,
    content: object,
    { filter, parent }: Pick<MessageOptions, "parent"> & { filter?(client: KernelClient): boolean } = {},
  ): Promise<void> {
    return this.clients.publish(this.#message({ channel: "iopub", type, content, parent }), filter);
  }

  #message(options: Omit<MessageOptions, "session">): Message {
    return new Message({ ...options, session: this.#interpreter.id });
  }
}

/** The failure of a request for which the service, and not code, is the cause. */
function failureOf(error: unknown, { requestId = "" }: Caller): CellFailure {
  const { code, message } = toFailure(error, requestId);
  return describeFailure(code, message);
}
