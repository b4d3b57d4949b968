import type { Execution } from "../../../core/execution.ts";
import { toExecutionResult } from "../results/execution_result.ts";
import { inSession, outputBytesIn, type SessionChoice } from "./session_fields.ts";
import { submitOptions, type ToolCall, type ToolResult } from "./tool.ts";

/** A command that runs a program, with its session and tool. */
export interface ProgramCommand {
  readonly tool: string;
  readonly choice: SessionChoice;
  readonly command: { readonly type: "execute_shell" | "install_packages"; readonly [field: string]: unknown };
}

/** Runs a command in its session, and translates its execution. */
export async function runProgramCommand(
  { choice, command, tool }: ProgramCommand,
  call: ToolCall,
): Promise<ToolResult> {
  return await inSession(choice, call, async ({ id }) => {
    const limits = { maxOutputBytes: outputBytesIn(call, id) };
    const { result } = await call.sessions.command(call.caller, id, command, { ...submitOptions(call), limits });
    return toExecutionResult(result as Execution, { tool, session: id }); // As these commands answer.
  });
}
