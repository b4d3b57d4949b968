import { z } from "zod";
import { CodeBeakerError, invalidField } from "../../../core/errors.ts";
import type { Execution } from "../../../core/execution.ts";
import { LIMITS } from "../../../core/limits.ts";
import { readJson } from "../../../core/parsing/parse_json.ts";
import { parseAs } from "../../../core/parsing/validation.ts";
import type { EnginePort, FeedInput } from "../../../engine/port.ts";
import type { CommandResult } from "../../../sessions/port.ts";
import { bytesBody } from "../../http/body.ts";
import { bodyAs } from "../../http/json_body.ts";
import { PacedStream, PING_MS } from "../../http/paced_stream.ts";
import { failureReason } from "../failure_reason.ts";
import { type ConnectError, endEnvelope, envelope, NOT_SUPPORTED, openEnvelope, streamError } from "./connect.ts";
import { fromE2bPath } from "./paths.ts";
import type { SandboxCall, SandboxCalls } from "./sandbox_call.ts";

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
  /** What a sandbox does with processes. */
  readonly calls: SandboxCalls = {
    "POST /process.Process/Start": (call) => this.#start(call),
    "POST /process.Process/List": ({ context, id }) => {
      const own = [...this.#running].filter(([, { sandbox }]) => sandbox === id);
      return context.json({ processes: own.map(([pid, { config }]) => ({ pid, config })) });
    },
    "POST /process.Process/SendInput": async (call) => {
      const { input, process } = await bodyAs(call.context, inputSchema, { what: "the input" });
      return await this.#feed(call, process.pid, { text: decodeText(input.stdin) });
    },
    "POST /process.Process/CloseStdin": async (call) => {
      const { process } = await bodyAs(call.context, processSchema, { what: "the request" });
      return await this.#feed(call, process.pid, { close: true });
    },
    "POST /process.Process/SendSignal": async (call) => {
      const { process } = await bodyAs(call.context, signalSchema, { what: "the signal" });
      this.#engine.cancel(call.caller, this.#find(call, process.pid).execution);
      return call.context.json({});
    },
  };
  readonly #engine: Pick<EnginePort, "cancel" | "feed">;
  readonly #pingMs: number;
  readonly #running = new Map<number, Running>();
  #lastPid = 0;

  /** @param settings.pingMs interval of pings, in ms */
  constructor(
    { engine }: { readonly engine: Pick<EnginePort, "cancel" | "feed"> },
    { pingMs = PING_MS }: { readonly pingMs?: number } = {},
  ) {
    this.#engine = engine;
    this.#pingMs = pingMs;
  }

  /** Starts a program, and streams its events. A client that disconnects ends it. */
  async #start({ caller, context, id: sandbox, sessions }: SandboxCall): Promise<Response> {
    const { process: config, pty, stdin } = await startRequest(context);
    if (pty !== undefined && pty !== null) return streamError({ code: "unimplemented", message: NOT_SUPPORTED });
    const stream = new PacedStream(context.req.raw.signal);
    const send = (event: object) => stream.write(envelope({ event }));
    const started = Promise.withResolvers<void>();
    const pid = ++this.#lastPid;
    const ended = sessions.command(caller, sandbox, {
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

  /** Writes to the stdin of a program that was started with one, or ends it. */
  async #feed(call: SandboxCall, pid: number, input: FeedInput): Promise<Response> {
    const { caller, context } = call;
    await this.#engine.feed(caller, this.#find(call, pid).execution, input, { signal: context.req.raw.signal });
    return context.json({});
  }

  #find({ id }: SandboxCall, pid: number): Running {
    const running = this.#running.get(pid);
    if (running?.sandbox === id) return running;
    throw new CodeBeakerError("not_found", `Cannot find the process ${pid} in this sandbox`);
  }
}

/** Reads the one message of a stream of the Connect protocol. */
async function startRequest({ req, var: { bodyBounds, lease } }: SandboxCall["context"]) {
  const text = openEnvelope(await bytesBody(req, { ...bodyBounds, lease }));
  if (text === undefined) throw invalidField("", "The body must be one envelope of the Connect protocol, in UTF-8");
  return parseAs(startSchema, readJson(text, { what: "the message" }), { what: "the process" });
}

/** The time of a program, which the client names in a header. 0 and absence mean the longest. */
function timeoutOf({ req }: SandboxCall["context"]): number {
  const wanted = Number(req.header("connect-timeout-ms") ?? 0);
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
function neverStarted(execution: Execution): ConnectError {
  const reason = failureReason(execution.outcome) ?? "it ended";
  return deadlineError(execution) ?? { code: "aborted", message: `the program did not start: ${reason}` };
}

/** The error of a program that was longer than its client waits. */
function deadlineError({ outcome }: Execution): ConnectError | undefined {
  return outcome.kind === "timed_out" ? { code: "deadline_exceeded", message: "the program took too long" } : undefined;
}

function decodeText(base64: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.fromBase64(base64));
  } catch {
    throw invalidField("input.stdin", "Input must be UTF-8 in base64");
  }
}
