import { constants } from "node:os";
import { z } from "zod";
import { CodeBeakerError, hasCode, invalidField } from "../../../core/errors.ts";
import { readJson } from "../../../core/parsing/parse_json.ts";
import { parseAs } from "../../../core/parsing/validation.ts";
import { VERSION } from "../../../core/version.ts";
import type { ByteLease } from "../../../concurrency/byte_budget.ts";
import { type CompileResult, failedCompile, type Outcome } from "../../../core/execution.ts";
import type { Caller, ExecutionEvent, Submitted } from "../../../engine/port.ts";
import { EventSender } from "../../http/event_sender.ts";
import { toProblem } from "../../http/problem.ts";
import type { SocketPeer, SocketProtocol } from "../../sockets/mod.ts";
import type { CompatOptions } from "../compat_options.ts";
import { parseJob } from "./job.ts";
import { toPiston } from "./languages.ts";
import { endOf } from "./stages.ts";

/** Time in which a client must name its job. */
const INITIALISE_WITHIN_MS = 1_000;

/** Memory of a waiting message beside its text. */
const MESSAGE_BYTES = 1_024;

/** Signals that end no program by default (signal(7)). They have no effect here. */
const HARMLESS_SIGNALS = ["SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGWINCH"];

const messageSchema = z.record(z.string(), z.unknown());

/** Parts of a connection. */
export interface PistonConnectionOptions extends Pick<CompatOptions, "engine" | "observer"> {
  readonly caller: Caller;
  /** Default: 1,000 ms. */
  readonly initialiseWithinMs?: number;
}

/** One job of Piston's on a WebSocket: `init`, then `data` and `signal` from the client. */
export class PistonConnection implements SocketProtocol {
  /** Input waits until the program reads it. Its bytes are bounded, and not the number of its messages. */
  readonly maxPending = Infinity;
  readonly #peer: SocketPeer;
  readonly #options: PistonConnectionOptions;
  #job: Promise<Submitted> | undefined;
  #signal: string | undefined;

  constructor(peer: SocketPeer, options: PistonConnectionOptions) {
    this.#peer = peer;
    this.#options = options;
  }

  begin(): void {
    const close = () => this.#peer.close(4001, "Initialization Timeout");
    const { initialiseWithinMs = INITIALISE_WITHIN_MS } = this.#options;
    const timer = setTimeout(() => this.#job ?? close(), initialiseWithinMs);
    this.#peer.signal.addEventListener("abort", () => clearTimeout(timer));
  }

  async answer(data: unknown, lease: ByteLease): Promise<void> {
    const { caller, observer } = this.#options;
    try {
      if (typeof data !== "string") throw invalidField("", "A message must be text");
      lease.growTo(MESSAGE_BYTES + data.length);
      await this.#take(parseAs(messageSchema, readJson(data, { what: "the message" }), { what: "the message" }));
    } catch (error) {
      if (error instanceof CodeBeakerError) observer.refused?.({ caller, what: "a message of Piston's", error });
      this.#send({ type: "error", message: toProblem(error, caller.requestId ?? "").detail });
      await this.#peer.finish(4002, "Notified Error");
    }
  }

  async #take(message: z.output<typeof messageSchema>): Promise<void> {
    const { data, stream, signal, type } = message;
    if (type === "init") {
      return this.#job === undefined ? await this.#run(message) : this.#peer.close(4000, "Already Initialized");
    }
    if (type !== "data" && type !== "signal") return; // Piston, too, ignores others.
    if (this.#job === undefined) return this.#peer.close(4003, "Not yet initialized");
    if (type === "data" && stream !== "stdin") return this.#peer.close(4004, "Can only write to stdin");
    const isSignal = typeof signal === "string" && Object.hasOwn(constants.signals, signal);
    if (type === "signal" && !isSignal) return this.#peer.close(4005, "Invalid signal");
    const submitted = await this.#job.catch(() => undefined);
    if (submitted === undefined) return; // The answer to `init` reports the failure.
    return type === "data" ? await this.#feed(submitted, data) : this.#end(submitted, String(signal));
  }

  /** Runs the job to its end. */
  async #run(message: object): Promise<void> {
    this.#job = this.#submit(message);
    await (await this.#job).ended;
    await this.#peer.finish(4999, "Job Completed");
  }

  async #submit(message: object): Promise<Submitted> {
    const { stdin: _unused, ...request } = parseJob(message); // Piston, too, takes input from messages alone.
    const { caller, engine } = this.#options;
    const sender = new EventSender((event) => this.#sendEvent(event, toPiston(request.language)));
    const { signal } = this.#peer;
    const { id, ended } = await engine.submit(caller, request, { signal, isInteractive: true, ...sender.options });
    return { id, ended: sender.sendEnd(ended) };
  }

  #sendEvent(event: ExecutionEvent, language: string): Promise<void> | void {
    switch (event.kind) {
      case "started":
        this.#send({ type: "runtime", language, version: VERSION });
        if (event.compile !== undefined) this.#sendCompilation(event.compile);
        if (failedCompile(event) === undefined) this.#send({ type: "stage", stage: "run" });
        return;
      case "output":
        return this.#send({ type: "data", stream: event.stream, data: event.text });
      case "ended":
        if (failedCompile(event.execution) === undefined) this.#sendExit("run", event.execution.outcome);
    }
  }

  #sendCompilation({ outcome, ...output }: CompileResult): void {
    this.#send({ type: "stage", stage: "compile" });
    for (const stream of ["stdout", "stderr"] as const) {
      if (output[stream] !== "") this.#send({ type: "data", stream, data: output[stream] });
    }
    this.#sendExit("compile", outcome);
  }

  #sendExit(stage: "compile" | "run", outcome: Outcome): void {
    const { code, signal } = endOf(outcome);
    const sent = outcome.kind === "cancelled" ? this.#signal ?? signal : signal;
    this.#send({ type: "exit", stage, code, signal: sent });
  }

  /** Sends a message. Returns when the client has read most of the earlier ones, or is gone. */
  #send(message: object): Promise<void> {
    return this.#peer.send(() => JSON.stringify(message));
  }

  /** Writes to the program's stdin. Input for a program that reads no more is dropped, as Piston drops it. */
  async #feed({ id }: Submitted, text: unknown): Promise<void> {
    if (typeof text !== "string") throw invalidField("data", "data is required as a string");
    try {
      await this.#options.engine.feed(this.#options.caller, id, { text }, { signal: this.#peer.signal });
    } catch (error) {
      if (!hasCode(error, "conflict") && !this.#peer.signal.aborted) throw error;
    }
  }

  #end({ id }: Submitted, signal: string): void {
    if (HARMLESS_SIGNALS.includes(signal)) return;
    this.#signal = signal;
    this.#options.engine.cancel(this.#options.caller, id);
  }
}
