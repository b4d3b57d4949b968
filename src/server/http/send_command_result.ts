import type { Context } from "hono";
import { z } from "zod";
import { COMMANDS } from "../../commands/mod.ts";
import { type ErrorCode, invalidField } from "../../core/errors.ts";
import { parseAs } from "../../core/parsing/validation.ts";
import type { Observer } from "../../engine/observer.ts";
import type { CommandResult, SessionsPort } from "../../sessions/port.ts";
import type { AppEnv } from "./app_env.ts";
import { isCommandFault } from "./command_fault.ts";
import { jsonBody } from "./json_body.ts";
import { parsePrefer } from "./prefer.ts";
import { type Problem, toProblem } from "./problem.ts";
import { sendExecution } from "./send_execution.ts";
import { idempotencyKey, submitMode } from "./submit_mode.ts";

/** Fields of every command object. */
const commandSchema = z.looseObject({ type: z.string(), id: z.string().max(256).optional() });

/**
 * Error codes for a command's own fields. Where results follow REST, these errors belong in the command's result too.
 */
export const FURTHER_FAULTS: readonly ErrorCode[] = ["invalid_request", "unsupported_language", "no_suitable_runtime"];

/**
 * Runs one command in a session and answers with its result. A command that fails (an unknown type, a path outside the
 * workspace, a missing file) answers 200 with `success: false` and its problem. A session that does not exist or is
 * closed, a body that is no command object, and a service that cannot run the command now (`busy`) are problems with
 * their own status.
 *
 * A command that runs a program is answered as an execution is where the headers ask for events or for 202. Only such
 * a command can have an idempotency key.
 */
export async function sendCommandResult(
  context: Context<AppEnv>,
  { sessions, observer, id }: { readonly sessions: SessionsPort; readonly observer: Observer; readonly id: string },
): Promise<Response> {
  const caller = context.get("caller");
  sessions.show(caller, id);
  const command = parseAs(commandSchema, await jsonBody(context), { what: "the command" });
  const key = idempotencyKey(context);
  const preferences = parsePrefer(context.req.header("prefer") ?? "");
  const known = COMMANDS.find(({ type, aliases }) => type === command.type || aliases.includes(command.type));
  if (known?.runsProgram === false && key !== undefined) {
    throw invalidField("Idempotency-Key", `Only commands that run a program can have a key: ${known.type} runs none`);
  }
  if (known?.runsProgram === true && submitMode(context, preferences) !== "plain") {
    return await sendExecution(context, (options) => sessions.submitCommand(caller, id, command, options));
  }
  const { waitMs } = preferences;
  if (known?.runsProgram === true && waitMs !== undefined) {
    context.header("preference-applied", `wait=${waitMs / 1_000}`);
  }
  const startedAt = performance.now();

  async function attempt(): Promise<CommandResult | { readonly success: false; readonly error: Problem }> {
    try {
      const { success, result } = await sessions.command(caller, id, command, {
        signal: context.req.raw.signal,
        idempotencyKey: key,
        maxQueueMs: waitMs,
        memory: context.get("lease"),
      });
      return { success, result };
    } catch (error) {
      if (!isCommandFault(error, { sessions, caller, id, also: FURTHER_FAULTS })) throw error;
      observer.refused?.({ caller, what: `POST ${context.req.path}`, error });
      return { success: false, error: toProblem(error, context.get("requestId")) };
    }
  }

  const answer = await attempt();
  const durationMs = Math.round((performance.now() - startedAt) * 1000) / 1000;
  return context.json({ ...(command.id === undefined ? {} : { id: command.id }), ...answer, durationMs });
}
