import { z } from "zod";
import { countSchema, nextCursorSchema, timeSchema } from "./fields.ts";
import { selectionSchema } from "./selection.ts";
import { CLOSE_REASONS, SESSION_STATES } from "./vocabulary.ts";

/** A session as its owner sees it. */
export const sessionSchema = z.strictObject({
  id: z.string(),
  language: z.string(),
  runtime: z.string(),
  state: z.enum(SESSION_STATES).describe("active while it is in use, else idle"),
  createdAt: timeSchema,
  lastActivityAt: timeSchema,
  expiresAt: timeSchema.describe("When the session closes unless there is further activity"),
  executionCount: countSchema,
  idleTimeoutMs: countSchema,
  maxLifetimeMs: countSchema,
  metadata: z.record(z.string(), z.unknown()),
  selection: selectionSchema,
  closedBecause: z.enum(CLOSE_REASONS).exactOptional().describe("Present when the session is closed"),
}).meta({ id: "Session", description: "An execution environment that lasts" });

/** One page of a tenant's sessions. */
export const sessionPageSchema = z.strictObject({ sessions: z.array(sessionSchema), nextCursor: nextCursorSchema })
  .meta({ id: "SessionPage", description: "One page of sessions, the newest first" });

/** A stateful interpreter of a session. */
export const contextSchema = z.strictObject({ id: z.string(), language: z.string(), createdAt: timeSchema }).meta({
  id: "Context",
  description: "A stateful interpreter of a session",
});

/** The contexts of a session that are not lost. */
export const contextListSchema = z.strictObject({ contexts: z.array(contextSchema) }).meta({
  id: "ContextList",
  description: "The contexts of a session that are not lost, the oldest first",
});

/** Whether a cell was interrupted. */
export const interruptionSchema = z.strictObject({
  interrupted: z.boolean().describe("False when no cell ran"),
}).meta({ id: "Interruption", description: "Whether a cell was interrupted" });
