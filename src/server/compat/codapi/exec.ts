import type { Context } from "hono";
import { hasCode } from "../../../core/errors.ts";
import { type Execution, hasCompiled } from "../../../core/execution.ts";
import type { EnginePort } from "../../../engine/port.ts";
import type { AppEnv } from "../../http/app_env.ts";
import { jsonBody } from "../../http/json_body.ts";
import { failureReason } from "../failure_reason.ts";
import { type CodapiRequest, parseCodapiRequest } from "./request.ts";

/** An execution as codapi answers it. */
interface CodapiExecution {
  readonly id: string;
  readonly ok: boolean;
  /** In whole ms. */
  readonly duration: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a sandbox's command `run`, and answers with its result. A client that disconnects cancels it. */
export async function exec(context: Context<AppEnv>, engine: Pick<EnginePort, "submit">): Promise<Response> {
  const body = await jsonBody(context);
  const parsed = parseOrFail(body);
  if ("ok" in parsed) return context.json(parsed);
  const { ended } = await engine.submit(context.get("caller"), parsed.request, { signal: context.req.raw.signal });
  return context.json(toCodapi(await ended, parsed));
}

/** Parses a request. A file name that leaves the workspace, and a version, fail as executions, as in codapi. */
function parseOrFail(body: unknown): CodapiRequest | CodapiExecution {
  try {
    const parsed = parseCodapiRequest(body);
    const { sandbox, version } = parsed;
    return version === "" ? parsed : failed("-", `unknown box ${sandbox}:${version}`);
  } catch (error) {
    if (hasCode(error, "permission_denied")) return failed("-", error.message);
    throw error;
  }
}

/** Translates an execution. A program that fails has its output and the reason in `stderr`, as in codapi. */
function toCodapi(execution: Execution, { command, sandbox }: CodapiRequest): CodapiExecution {
  const { compile, outcome, usage } = execution;
  const { stderr, stdout } = compile !== undefined && !hasCompiled(compile) ? compile : execution;
  const id = `${sandbox}_${command}_${execution.id}`;
  const duration = Math.round(usage.startupMs + usage.wallMs);
  const reason = failureReason(outcome);
  if (reason === undefined) return { id, ok: true, duration, stdout: stdout.trim(), stderr: stderr.trim() };
  const printed = `${stdout.trim()}${stderr.trim()}`;
  return { ...failed(id, printed === "" ? reason : `${printed} (${reason})`), duration };
}

function failed(id: string, stderr: string): CodapiExecution {
  return { id, ok: false, duration: 0, stdout: "", stderr };
}
