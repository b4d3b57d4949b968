import type { Context } from "hono";
import { z } from "zod";
import { CodeBeakerError, invalidField } from "../../../core/errors.ts";
import type { Execution } from "../../../core/execution.ts";
import { LIMITS } from "../../../core/limits.ts";
import { parseAs } from "../../../core/parsing/validation.ts";
import { parseJson } from "../../../core/parsing/parse_json.ts";
import type { EnginePort } from "../../../engine/port.ts";
import type { CommandResult } from "../../../sessions/port.ts";
import type { CompatOptions } from "../compat_options.ts";
import type { AppEnv } from "../../http/app_env.ts";
import { bytesBody } from "../../http/body.ts";
import { jsonBody } from "../../http/json_body.ts";
import { PacedStream, PING_MS } from "../../http/paced_stream.ts";
import { failureReason } from "../failure_reason.ts";
import { endEnvelope, envelope, NOT_SUPPORTED, openEnvelope, streamError } from "./connect.ts";
import { fromE2bPath } from "./paths.ts";

/** A program that was started here and runs. */
interface Running {
  readonly sandbox: string;
  readonly execution: string;
  readonly config: object;
}

const startSchema = z.looseObject({
  process: z.looseObject({
    cmd: z.string().min(1),
    args: z.array(z.string()).default([]),
    envs: z.record(z.string(), z.string()).default({}),
    cwd: z.string().nullish(),
  }),
  pty: z.unknown().optional(),
  stdin: z.boolean().default(true),
});

const selectorSchema = z.looseObject({ pid: z.int() });
const inputSchema = z.looseObject({ process: selectorSchema, input: z.looseObject({ stdin: z.string() }) });
const processSchema = z.looseObject({ process: selectorSchema });
const signalSchema = z.looseObject({
  process: selectorSchema,
  signal: z.enum(["SIGNAL_SIGKILL", "SIGNAL_SIGTERM"], "The signals here are SIGKILL and SIGTERM"),
});

/** The programs of sandboxes that run, by numbers that stand for process ids. */
export class Processes {
  readonly #options: CompatOptions;
  readonly #pingMs: number;
  readonly #running = new Map<number, Running>();
  #lastPid = 0;

  /** @param settings.pingMs interval of pings, in ms */
  constructor(options: CompatOptions, { pingMs = PING_MS }: { readonly pingMs?: number } = {}) {
    this.#options = options;
    this.#pingMs = pingMs;
  }

  /** Starts a program, and streams its events. A client that disconnects ends it. */
  async start(context: Context<AppEnv>, sandbox: string): Promise<Response> {
    const { process: config, pty, stdin } = await startRequest(context);
    if (pty !== undefined && pty !== null) return streamError({ code: "unimplemented", message: NOT_SUPPORTED });
    const stream = new PacedStream(context.req.raw.signal);
    const send = (event: object) => stream.write(envelope({ event }));
    const started = Promise.withResolvers<void>();
    const pid = ++this.#lastPid;
    const ended = this.#options.sessions.command(context.get("caller"), sandbox, {
      type: "execute_shell",
      command: config.cmd,
      args: config.args,
      env: config.envs,
      workingDirectory: fromE2bPath(config.cwd ?? ""),
      timeoutMs: timeoutOf(context),
    }, {
      signal: stream.abandoned,
      isInteractive: stdin,
      onStart: ({ id }) => {
        this.#running.set(pid, { sandbox, execution: id, config });
        send({ start: { pid } });
        started.resolve();
      },
      onOutput: ({ bytes, stream }) => send({ data: { [stream]: bytes.toBase64() } }),
    });
    context.get("lease").keepUntil(ended);
    const unstarted = await Promise.race([started.promise, ended]).finally(() => {
      if (!this.#running.has(pid)) stream.abandon(); // Another answer has the error.
    });
    if (unstarted !== undefined) return streamError(neverStarted(unstarted.result as Execution));
    this.#writeEnd(stream, pid, ended);
    return context.body(stream.body, 200, { "content-type": "application/connect+json" });
  }

  /** Lists the programs of a sandbox that run. */
  list(context: Context<AppEnv>, sandbox: string): Response {
    const own = [...this.#running].filter(([, running]) => running.sandbox === sandbox);
    return context.json({ processes: own.map(([pid, { config }]) => ({ pid, config })) });
  }

  /** Writes to the stdin of a program that was started with one. */
  async sendInput(context: Context<AppEnv>, sandbox: string): Promise<Response> {
    const { input, process } = parseAs(inputSchema, await jsonBody(context), { what: "the input" });
    await this.#feed(context, this.#find(sandbox, process.pid), { text: decodeText(input.stdin) });
    return context.json({});
  }

  /** Ends the stdin of a program. */
  async closeStdin(context: Context<AppEnv>, sandbox: string): Promise<Response> {
    const { process } = parseAs(processSchema, await jsonBody(context), { what: "the request" });
    await this.#feed(context, this.#find(sandbox, process.pid), { close: true });
    return context.json({});
  }

  /** Ends a program. */
  async sendSignal(context: Context<AppEnv>, sandbox: string): Promise<Response> {
    const { process } = parseAs(signalSchema, await jsonBody(context), { what: "the signal" });
    this.#options.engine.cancel(context.get("caller"), this.#find(sandbox, process.pid).execution);
    return context.json({});
  }

  /** Writes the end of a program that was started. */
  async #writeEnd(stream: PacedStream, pid: number, ended: Promise<CommandResult>): Promise<void> {
    using _pings = stream.pingEvery(this.#pingMs, () => void stream.write(envelope({ event: { keepalive: {} } })));
    try {
      const execution = (await ended).result as Execution;
      await stream.write(envelope({ event: { end: toEnd(execution) } }));
      await stream.write(endEnvelope(deadlineError(execution)));
    } catch {
      await stream.write(endEnvelope({ code: "internal", message: "The service lost the program" }));
    } finally {
      this.#running.delete(pid);
    }
    await stream.close();
  }

  #feed(context: Context<AppEnv>, { execution }: Running, input: Parameters<EnginePort["feed"]>[2]): Promise<void> {
    return this.#options.engine.feed(context.get("caller"), execution, input, { signal: context.req.raw.signal });
  }

  #find(sandbox: string, pid: number): Running {
    const running = this.#running.get(pid);
    if (running?.sandbox === sandbox) return running;
    throw new CodeBeakerError("not_found", `Cannot find the process ${pid} in this sandbox`);
  }
}

/** Reads the one message of a stream of the Connect protocol. */
async function startRequest(context: Context<AppEnv>): Promise<z.output<typeof startSchema>> {
  const body = await bytesBody(context.req, { ...context.get("bodyBounds"), lease: context.get("lease") });
  const text = openEnvelope(body);
  if (text === undefined) throw invalidField("", "The body must be one envelope of the Connect protocol, in UTF-8");
  try {
    return parseAs(startSchema, parseJson(text, { what: "the message" }), { what: "the process" });
  } catch (error) {
    if (error instanceof CodeBeakerError) throw error;
    throw invalidField("", "The message must be JSON");
  }
}

/** The time of a program, which the client names in a header. 0 and absence mean the longest. */
function timeoutOf(context: Context<AppEnv>): number {
  const wanted = Number(context.req.header("connect-timeout-ms") ?? 0);
  return wanted > 0 ? Math.min(Math.ceil(wanted), LIMITS.timeoutMs.max) : LIMITS.timeoutMs.max;
}

function toEnd({ exitCode, outcome }: Execution): object {
  const reason = failureReason(outcome);
  return {
    exited: outcome.kind === "exited",
    exitCode: exitCode ?? -1,
    status: reason ?? "exit status 0",
    ...(reason === undefined ? {} : { error: reason }),
  };
}

/** The error of a program that ended while it waited for another. */
function neverStarted(execution: Execution): NonNullable<Parameters<typeof endEnvelope>[0]> {
  const reason = failureReason(execution.outcome) ?? "it ended";
  return deadlineError(execution) ?? { code: "aborted", message: `the program did not start: ${reason}` };
}

/** The error of a program that was longer than its client waits. */
function deadlineError({ outcome }: Execution): Parameters<typeof endEnvelope>[0] {
  return outcome.kind === "timed_out" ? { code: "deadline_exceeded", message: "the program took too long" } : undefined;
}

function decodeText(base64: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.fromBase64(base64));
  } catch {
    throw invalidField("input.stdin", "Input must be UTF-8 in base64");
  }
}
