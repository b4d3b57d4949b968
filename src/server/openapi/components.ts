import { z } from "zod";
import { limitsSchema } from "../../core/limits.ts";
import { permissionsSchema } from "../../core/permissions/permissions.ts";
import { cellSchema, contextSchema } from "../../core/requests/cell_request.ts";
import { executionRequestSchema } from "../../core/requests/execution_request.ts";
import { selectRequestSchema } from "../../core/requests/selection_request.ts";
import {
  sessionChangesSchema,
  sessionExecutionSchema,
  sessionRequestSchema,
} from "../../core/requests/session_request.ts";
import { inputSchema } from "../routes/executions.ts";

/** The schemas of requests that are components of the document, by their names in it. */
const REQUESTS: Readonly<Record<string, { readonly schema: z.ZodType; readonly description: string }>> = {
  ExecutionRequest: { schema: executionRequestSchema, description: "A program, and what it may use" },
  SelectionRequest: { schema: selectRequestSchema, description: "What a program would use" },
  SessionRequest: { schema: sessionRequestSchema, description: "A session, and what its programs may use" },
  SessionChanges: { schema: sessionChangesSchema, description: "Absent fields stay as they are" },
  SessionExecutionRequest: { schema: sessionExecutionSchema, description: "A program for a session" },
  ContextRequest: { schema: contextSchema, description: "An interpreter to start" },
  Cell: { schema: cellSchema, description: "Code that a context evaluates" },
  ProgramInput: { schema: inputSchema, description: "Input for a program; text, close or both" },
  Permissions: { schema: permissionsSchema, description: "What a program may touch beside its workspace" },
  Limits: { schema: limitsSchema, description: "How much a program may use" },
};

/**
 * Names the schemas of requests. The schemas themselves have no names, since a service names none unless its document
 * is requested.
 */
export function nameRequests(): void {
  for (const [id, { schema, description }] of Object.entries(REQUESTS)) {
    z.globalRegistry.add(schema, { id, description });
  }
}
