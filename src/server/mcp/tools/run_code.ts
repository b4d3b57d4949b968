import { z } from "zod";
import { invalidField } from "../../../core/errors.ts";
import type { Execution } from "../../../core/execution.ts";
import { parseCell } from "../../../core/requests/cell_request.ts";
import { executionRequestSchema, parseExecutionRequest } from "../../../core/requests/execution_request.ts";
import { parseSessionExecution } from "../../../core/requests/session_request.ts";
import { strictObject } from "../../../core/parsing/validation.ts";
import { checkScope } from "../../auth/auth.ts";
import { submitToDefault } from "../../submit_to_default.ts";
import { executionOutput, toExecutionResult } from "../results/execution_result.ts";
import { inSession, limits, outputBytesIn, stdin, type UsedSession, withOutputBytes } from "./session_fields.ts";
import { defineTool, submitOptions, type ToolCall } from "./tool.ts";

const NAME = "run_code";
/** The value of `session` that starts one. */
const NEW_SESSION = "new";

const request = executionRequestSchema.shape;

const schema = strictObject({
  language: request.language.describe("What the code is written for, such as python or typescript"),
  code: request.code.describe("The program. It prints what you want to read"),
  session: z.string().min(1).max(256).optional().describe(
    'The session of an earlier result, to find its files; "new" starts one whose files stay. Without it nothing stays',
  ),
  cell: z.boolean().default(false).describe(
    "Evaluate the code in the session's interpreter, as a notebook does: variables stay, and the last expression's value and charts are returned. Starts a session if none is named",
  ),
  files: request.files.describe("Files beside the program"),
  outputs: request.outputs.describe("Globs of files to return, such as *.png"),
  entrypoint: request.entrypoint.describe("The file to run in place of code"),
  args: request.args,
  stdin,
  env: request.env,
  compileArgs: request.compileArgs,
  tests: request.tests,
  stopAtFirstFailure: request.stopAtFirstFailure,
  timeoutMs: request.timeoutMs.describe("Deadline, 10000 by default"),
  permissions: request.permissions.describe("What the program may access beside its own files: nothing by default"),
  limits: limits.describe("How much the program may use"),
  runtime: request.runtime,
  preference: request.preference.removeDefault().optional().describe("How to rank the runtimes, balanced by default"),
  minIsolation: request.minIsolation,
});

type Fields = z.output<typeof schema>;

/** Runs a program: alone, in a session, or as a cell of the session's interpreter. */
export const runCode = defineTool({
  name: NAME,
  title: "Run code",
  description:
    "Runs a program in a sandbox and returns what it prints, its exit code, files and charts. Without a session it is the fastest, and leaves nothing behind. A program that fails is a normal result. What it is denied (network, other files, variables) is listed with the call that allows it.",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  schema,
  output: executionOutput,
  async run(fields, call) {
    const { session: given, cell, ...program } = fields;
    if (given === undefined && !cell) {
      checkScope(call.caller, "execute");
      const parsed = parseExecutionRequest(withOutputBytes(program));
      const { ended } = await call.engine.submit(call.caller, parsed, submitOptions(call));
      return toExecutionResult(await ended, { tool: NAME });
    }
    const isNew = given === undefined || given === NEW_SESSION;
    const { permissions, limits, runtime, preference, minIsolation } = fields;
    const settings = isNew
      ? { permissions, limits, runtime, preference, minIsolation }
      : { permissions, runtime, preference, minIsolation }; // The limits of one program in it may be lower.
    const choice = { session: isNew ? undefined : given, language: cell && !isNew ? undefined : fields.language };
    return await inSession({ ...settings, ...choice }, call, async (session) => {
      const execution = await (cell ? runCell(fields, session, call) : runInSession(fields, session, call));
      return toExecutionResult(execution, { tool: NAME, session: session.id });
    });
  },
});

async function runInSession(fields: Fields, session: UsedSession, call: ToolCall): Promise<Execution> {
  const { code, files, outputs, entrypoint, args, stdin, env, timeoutMs, compileArgs, tests, stopAtFirstFailure } =
    fields;
  const parsed = parseSessionExecution({
    ...{ code, files, outputs, entrypoint, args, stdin, env, timeoutMs, compileArgs, tests, stopAtFirstFailure },
    limits: limitsOf(fields, session, call),
  });
  const { ended } = await call.sessions.submit(call.caller, session.id, parsed, submitOptions(call));
  return await ended;
}

async function runCell(fields: Fields, session: UsedSession, call: ToolCall): Promise<Execution> {
  const { args, code, compileArgs, entrypoint, env, files, language, outputs, stdin, tests, timeoutMs } = fields;
  const other = Object.entries({ args, compileArgs, entrypoint, env, files, outputs, stdin, tests }).find(([, value]) =>
    value !== undefined && (typeof value !== "object" || Object.keys(value).length > 0)
  );
  if (other !== undefined) {
    throw invalidField(other[0], `A cell takes code, language, timeoutMs and limits, and no ${other[0]}`);
  }
  if (code === undefined) throw invalidField("code", "A cell needs code");
  const cell = parseCell({ code, timeoutMs, limits: limitsOf(fields, session, call) });
  const contexts = call.sessions.contexts(call.caller, session.id);
  const { ended } = await submitToDefault(contexts, {
    cell,
    language,
    options: submitOptions(call),
    signal: call.signal,
  });
  return await ended;
}

/** The limits of one program in a session. A new session has those of the call already. */
function limitsOf({ limits }: Fields, { id, isNew }: UsedSession, call: ToolCall): Fields["limits"] {
  return { maxOutputBytes: outputBytesIn(call, id), ...(isNew ? {} : limits) };
}
