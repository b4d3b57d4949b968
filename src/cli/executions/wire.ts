import { z } from "zod";
import { type ErrorCode, isErrorCode } from "../../core/errors.ts";
import type { Execution } from "../../core/execution.ts";

/** The shown fields of a service's error. */
export const problemSchema = z.looseObject({
  code: z.string().transform((code): ErrorCode => isErrorCode(code) ? code : "internal"),
  detail: z.string(),
});

/** An execution in a list. */
const listedSchema = z.looseObject({
  id: z.string(),
  status: z.string(),
  language: z.string().optional(),
  runtime: z.string().optional(),
  sessionId: z.string().optional(),
  createdAt: z.string().optional(),
});

/** A page of `GET /v1/executions`. */
export const pageSchema = z.looseObject({ executions: z.array(listedSchema), nextCursor: z.string().optional() });

/** The answer of `GET /v1/executions/{id}`. The execution may run, or the service could not run it. */
export const reportSchema = listedSchema.extend({
  stdout: z.string().optional(),
  stderr: z.string().optional(),
  outcome: z.looseObject({ kind: z.string() }).optional(),
  usage: z.looseObject({ wallMs: z.number(), startupMs: z.number() }).optional(),
  error: problemSchema.optional(),
});

const shownSchema = z.looseObject({
  id: z.string(),
  outcome: z.union([
    z.looseObject({ kind: z.literal("exited"), exitCode: z.int() }),
    z.looseObject({ kind: z.literal("signaled"), signal: z.string() }),
    z.looseObject({ kind: z.string() }),
  ]),
  denials: z.array(z.looseObject({
    kind: z.string(),
    target: z.string(),
    rule: z.string(),
    remedy: z.looseObject({ permissions: z.record(z.string(), z.unknown()) }).optional(),
  })),
});

/** An execution that has ended. Only its shown fields are checked. */
export const executionSchema = z.custom<Execution>((value) => shownSchema.safeParse(value).success);
