import type { Context } from "hono";
import type { Execution } from "../../../core/execution.ts";
import type { EnginePort } from "../../../engine/port.ts";
import type { AppEnv } from "../../http/app_env.ts";
import { jsonBody } from "../../http/json_body.ts";
import { failureReason } from "../failure_reason.ts";
import { printedText } from "../printed_text.ts";
import { parseLibreChatRequest } from "./request.ts";

/** Runs a program, and answers with its output. A client that disconnects cancels it. */
export async function exec(context: Context<AppEnv>, engine: Pick<EnginePort, "submit">): Promise<Response> {
  const profile = context.req.header("x-codeapi-expected-profile");
  const request = parseLibreChatRequest(await jsonBody(context), profile);
  const { ended } = await engine.submit(context.get("caller"), request, { signal: context.req.raw.signal });
  return context.json(toResult(await ended));
}

/** Translates an execution. Why a program failed is the last line of its stderr, since no other field tells it. */
function toResult(execution: Execution): object {
  const { id, outcome } = execution;
  const { stderr, stdout } = printedText(execution);
  const reason = failureReason(outcome);
  const separator = stderr === "" || stderr.endsWith("\n") ? "" : "\n";
  return {
    session_id: id,
    stdout,
    stderr: reason === undefined ? stderr : `${stderr}${separator}${reason}\n`,
    files: [],
  };
}
