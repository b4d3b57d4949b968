import { z } from "zod";
import { concatBytes } from "../../../core/bytes/bytes.ts";
import { CodeBeakerError, invalidField } from "../../../core/errors.ts";
import type { Execution } from "../../../core/execution.ts";
import { LIMITS } from "../../../core/limits.ts";
import { decodeContent, decodeText } from "../../../core/requests/content.ts";
import { readJson } from "../../../core/parsing/parse_json.ts";
import { parseAs } from "../../../core/parsing/validation.ts";
import type { FeedInput } from "../../../engine/port.ts";
import { bytesBody } from "../../http/body.ts";
import type { EventFormat } from "../../http/execution_events.ts";
import { bodyAs } from "../../http/json_body.ts";
import { streamExecution } from "../../http/send_execution.ts";
import { failureReason } from "../failure_reason.ts";
import { endEnvelope, envelope, notSupported, openEnvelope, STREAM_TYPE, toConnectError } from "./connect.ts";
import { fromE2bPath } from "./paths.ts";
import { MAX_QUEUE_MS, type SandboxCall, type SandboxCalls } from "./sandbox_call.ts";

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

const processSchema = z.looseObject({ process: z.looseObject({ pid: z.int() }) });
const inputSchema = processSchema.extend({ input: z.looseObject({ stdin: z.string() }) });
const signalSchema = processSchema.extend({
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
      const text = decodeText(decodeContent({ content: input.stdin, encoding: "base64" }, "input.stdin"));
      if (text === undefined) throw invalidField("input.stdin", "Text must be UTF-8");
      return await this.#feed(call, process.pid, { text });
    },
    "POST /process.Process/CloseStdin": async (call) => {
      const { process } = await bodyAs(call.context, processSchema);
      return await this.#feed(call, process.pid, { close: true });
    },
    "POST /process.Process/SendSignal": async (call) => {
      const { process } = await bodyAs(call.context, signalSchema, { what: "the signal" });
      call.engine.cancel(call.caller, this.#find(call, process.pid).execution);
      return call.context.json({});
    },
  };
  readonly #running = new Map<number, Running>();
  #lastPid = 0;

  /** Makes the format of a program's events. The program is known here from its start to its end. */
  events(sandbox: string, config: object): EventFormat {
    const pid = ++this.#lastPid;
    return {
      type: STREAM_TYPE,
      ping: () => this.#running.has(pid) ? envelope({ event: { keepalive: {} } }) : undefined, // The start goes first.
      encode: (event) => {
        switch (event.kind) {
          case "started":
            this.#running.set(pid, { sandbox, execution: event.id, config });
            return envelope({ event: { start: { pid } } });
          case "output":
            return envelope({ event: { data: { [event.stream]: new TextEncoder().encode(event.text).toBase64() } } });
          case "ended":
            this.#running.delete(pid);
            return encodeEnd(event.execution);
          case "failed":
            this.#running.delete(pid);
            return endEnvelope(toConnectError(event.error));
        }
      },
    };
  }

  /** Starts a program, and streams its events. A client that disconnects ends it. */
  async #start({ caller, context, id, sessions }: SandboxCall): Promise<Response> {
    const { process, pty, stdin } = await startRequest(context);
    if (pty !== undefined && pty !== null) return notSupported(context);
    const command = {
      type: "execute_shell",
      command: process.cmd,
      args: process.args,
      env: process.envs,
      workingDirectory: fromE2bPath(process.cwd ?? ""),
      timeoutMs: timeoutOf(context),
    };
    return await streamExecution(
      context,
      (options) =>
        sessions.submitCommand(caller, id, command, { ...options, isInteractive: stdin, maxQueueMs: MAX_QUEUE_MS }),
      this.events(id, process),
    );
  }

  /** Writes to the stdin of a program that was started with one, or ends it. */
  async #feed(call: SandboxCall, pid: number, input: FeedInput): Promise<Response> {
    const { caller, context, engine } = call;
    await engine.feed(caller, this.#find(call, pid).execution, input, { signal: context.req.raw.signal });
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
  return parseAs(startSchema, readJson(text, { what: "the message" }), { what: "the process" });
}

/** The time of a program, which the client names in a header. 0 and absence mean the longest. */
function timeoutOf({ req }: SandboxCall["context"]): number {
  const wanted = Number(req.header("connect-timeout-ms") ?? 0);
  return wanted > 0 ? Math.min(Math.ceil(wanted), LIMITS.timeoutMs.most) : LIMITS.timeoutMs.most;
}

/** The end of a program. One that took longer than its client waits is an error too. */
function encodeEnd({ exitCode, outcome }: Execution): Uint8Array<ArrayBuffer> {
  const error = failureReason(outcome);
  const end = {
    exited: outcome.kind === "exited",
    exitCode: exitCode ?? -1,
    status: error ?? "exit status 0",
    error,
  };
  const late = { code: "deadline_exceeded", message: "the program took too long" };
  return concatBytes([envelope({ event: { end } }), endEnvelope(outcome.kind === "timed_out" ? late : undefined)]);
}
