import { CodeBeakerError } from "../../core/errors.ts";
import { parseAs } from "../../core/parsing/validation.ts";
import type { Observer } from "../../engine/observer.ts";
import { log } from "../../log.ts";
import { type FailedResult, toFailure } from "./results/failure.ts";
import type { Tool, ToolCall } from "./tools/mod.ts";
import type { ToolResult } from "./tools/tool.ts";

/** Deepest arguments. On stdio, nothing else bounds them. */
const MAX_DEPTH = 64;

/**
 * Calls a tool. An error of the caller, such as a wrong argument, is a result, so that the model reads it and calls
 * again.
 */
export async function callTool(
  tool: Tool,
  given: unknown,
  { observer, ...call }: ToolCall & { readonly observer: Observer },
): Promise<ToolResult | FailedResult> {
  const { caller, signal } = call;
  const { requestId = "" } = caller;
  const startedAt = performance.now();
  let code: string | undefined;
  try {
    const fields = parseAs(tool.schema, withoutNulls(given ?? {}), { what: `the arguments of ${tool.name}` });
    return await tool.run(fields, call);
  } catch (error) {
    signal.throwIfAborted(); // The client has left and reads no answer.
    const failed = toFailure(error, requestId);
    code = failed._meta["codebeaker/problem"].code;
    if (error instanceof CodeBeakerError) observer.refused?.({ caller, what: tool.name, error });
    return failed;
  } finally {
    const durationMs = Math.round(performance.now() - startedAt);
    log.info("mcp.call", { requestId, tool: tool.name, durationMs, ...(code === undefined ? {} : { code }) });
  }
}

/**
 * Leaves out fields that are null. Some clients send every optional field, and null for none.
 *
 * @throws {CodeBeakerError} `invalid_request` for arguments that are too deep
 */
function withoutNulls(value: unknown, depth = 0): unknown {
  if (depth > MAX_DEPTH) {
    throw new CodeBeakerError("invalid_request", `Cannot read the arguments as they are over ${MAX_DEPTH} levels deep`);
  }
  if (Array.isArray(value)) return value.map((item) => withoutNulls(item, depth + 1));
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([, field]) => field !== null);
  return Object.fromEntries(kept.map(([name, field]) => [name, withoutNulls(field, depth + 1)]));
}
