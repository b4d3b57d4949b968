import type { JSONValue } from "@modelcontextprotocol/server";
import { z } from "zod";
import type { OutputChunk } from "../../../core/execution.ts";
import type { Caller, EnginePort, SubmitOptions } from "../../../engine/port.ts";
import type { SessionsPort } from "../../../sessions/port.ts";

/** The ports that tools use. */
export interface ToolPorts {
  readonly engine: EnginePort;
  readonly sessions: SessionsPort;
}

/** One call of a tool. */
export interface ToolCall extends ToolPorts, Pick<SubmitOptions, "memory"> {
  readonly caller: Caller;
  /** Aborted when the client cancels the call or has disconnected. */
  readonly signal: AbortSignal;
  /** Receives what the program prints. Absent where the client asks for no progress. */
  readonly onOutput?: ((chunk: OutputChunk) => void) | undefined;
}

/** One block of a result. Every revision has these kinds; a client of an earlier one fails at others. */
export type ContentBlock =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "image"; readonly data: string; readonly mimeType: string }
  | { readonly type: "resource"; readonly resource: EmbeddedResource };

/** A file in a result. */
export type EmbeddedResource =
  & { readonly uri: string; readonly mimeType: string }
  & (
    | { readonly text: string }
    | { readonly blob: string }
  );

/** The result of a tool: for people and models, and as data. */
export interface ToolResult {
  readonly content: readonly ContentBlock[];
  readonly structuredContent: Readonly<Record<string, unknown>>;
}

/** What a tool does to its surroundings. Clients read it to decide whether to ask their user. */
interface Annotations {
  readonly readOnlyHint: boolean;
  readonly destructiveHint?: boolean;
  readonly idempotentHint?: boolean;
  /** Whether it may reach outside the sandbox. */
  readonly openWorldHint: boolean;
}

/** One tool that agents call. */
export interface Tool<Schema extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  readonly title: string;
  /** What it does and when to use it, for a model. */
  readonly description: string;
  readonly annotations: Annotations;
  /** Schema of the arguments. */
  readonly schema: Schema;
  /** Schema of `structuredContent`. */
  readonly output: z.ZodObject;
  /** Checks the scopes of the caller's key, and does the work. */
  run(fields: z.output<Schema>, call: ToolCall): Promise<ToolResult>;
}

/** Types the fields of `run` by the schema. */
export function defineTool<Schema extends z.ZodObject>(tool: Tool<Schema>): Tool<Schema> {
  return tool;
}

/** The options under which a call submits a program. */
export function submitOptions({ memory, onOutput, signal }: ToolCall): SubmitOptions {
  return { signal, memory, onOutput };
}

/** Describes a tool as `tools/list` does. */
export function describeTool({ name, title, description, annotations, schema, output }: Tool) {
  return {
    ...{ name, title, description },
    inputSchema: toJsonSchema(schema, "input"),
    outputSchema: toJsonSchema(output, "output"),
    annotations,
  };
}

/** Writes `true` for further fields of any kind. Some clients take an empty schema for a mistake. */
function openToAny({ jsonSchema }: { readonly jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  const { additionalProperties } = jsonSchema;
  const isEmpty = typeof additionalProperties === "object" && Object.keys(additionalProperties).length === 0;
  if (isEmpty) jsonSchema.additionalProperties = true;
}

function toJsonSchema(schema: z.ZodObject, io: "input" | "output") {
  const { $schema: _, ...described } = z.toJSONSchema(schema, { io, override: openToAny });
  const plain: Record<string, JSONValue> = JSON.parse(JSON.stringify(described));
  return { ...plain, type: "object" as const };
}
