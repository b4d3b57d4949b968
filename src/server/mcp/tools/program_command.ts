import type { Execution } from "../../../core/execution.ts";
import { toExecutionResult } from "../results/execution_result.ts";
import { inSession, outputBytesIn, type SessionChoice } from "./session_fields.ts";
import { submitOptions, type ToolCall, type ToolResult } from "./tool.ts";

/** A command that runs a program, and the tool that offers it. */
export interface ProgramCommand {
  readonly tool: string;
  readonly type: "execute_shell" | "install_packages";
  /** The fields of the session and those of the command. */
  readonly fields: SessionChoice;
}

/** Runs a command in its session, and translates its execution. */
export async function runProgramCommand({ fields, tool, type }: ProgramCommand, call: ToolCall): Promise<ToolResult> {
  const { language, limits, permissions, runtime, session, ...command } = fields;
  return await inSession({ language, limits, permissions, runtime, session }, call, async ({ id }) => {
    const options = { ...submitOptions(call), limits: { maxOutputBytes: outputBytesIn(call, id) } };
    const { result } = await call.sessions.command(call.caller, id, { type, ...command }, options);
    return toExecutionResult(result as Execution, { tool, session: id }); // As these commands answer.
  });
}
