import type { Context } from "hono";
import type { Execution } from "../../../core/execution.ts";
import type { EnginePort } from "../../../engine/port.ts";
import type { AppEnv } from "../../http/app_env.ts";
import { jsonBody } from "../../http/json_body.ts";
import { failureReason } from "../failure_reason.ts";
import { printedText } from "../printed_text.ts";
import { type CodapiRequest, parseCodapiRequest } from "./request.ts";

/** Longest name in a message. */
const MAX_SHOWN = 64;

/** Runs a sandbox's command `run`, and answers with its result. A client that disconnects cancels it. */
export async function exec(context: Context<AppEnv>, engine: Pick<EnginePort, "submit">): Promise<Response> {
  const parsed = parseCodapiRequest(await jsonBody(context));
  const { sandbox, version } = parsed;
  if (version !== "") {
    return context.json(failed("-", `unknown box ${sandbox.slice(0, MAX_SHOWN)}:${version.slice(0, MAX_SHOWN)}`));
  }
  const { ended } = await engine.submit(context.get("caller"), parsed.request, { signal: context.req.raw.signal });
  return context.json(toCodapi(await ended, parsed));
}

/** Translates an execution. A program that fails has its output and the reason in `stderr`, as in codapi. */
function toCodapi(execution: Execution, { command, sandbox }: CodapiRequest): object {
  const { outcome, usage } = execution;
  const { stderr, stdout } = printedText(execution);
  const id = `${sandbox}_${command}_${execution.id}`;
  const duration = Math.round(usage.startupMs + usage.wallMs);
  const reason = failureReason(outcome);
  if (reason === undefined) return { id, ok: true, duration, stdout: stdout.trim(), stderr: stderr.trim() };
  const printed = `${stdout.trim()}${stderr.trim()}`;
  return { ...failed(id, printed === "" ? reason : `${printed} (${reason})`), duration };
}

/** An execution that failed, as codapi answers it. Its duration is in whole ms. */
function failed(id: string, stderr: string) {
  return { id, ok: false, duration: 0, stdout: "", stderr };
}
