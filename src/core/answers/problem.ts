import { z } from "zod";
import { durationSchema } from "./fields.ts";
import { attemptSchema, selectionSchema } from "./selection.ts";
import { ERROR_KINDS } from "./vocabulary.ts";

/** One invalid field of a request. */
export const fieldErrorSchema = z.strictObject({
  path: z.string().describe("The field, as files[0].path; empty for the request as a whole"),
  message: z.string(),
}).meta({ id: "FieldError", description: "One invalid field of a request" });

/** Facts for the caller in addition to the message. */
export const errorDetailsSchema = z.strictObject({
  errors: z.array(fieldErrorSchema).exactOptional().describe("The invalid fields of the request"),
  languages: z.array(z.string()).exactOptional().describe("The supported languages"),
  selection: selectionSchema.exactOptional(),
  attempts: z.array(attemptSchema).exactOptional(),
  retryAfterMs: durationSchema.exactOptional().describe(
    "When the same request may pass; absent where waiting does not help",
  ),
  remedy: z.string().exactOptional().describe("What to install or to change on the service's machine"),
});

/** The identity of an error. */
export const codeSchema = z.enum(
  Object.keys(ERROR_KINDS) as [keyof typeof ERROR_KINDS, ...(keyof typeof ERROR_KINDS)[]],
);

/** An error on the wire (RFC 9457). */
export const problemSchema = z.strictObject({
  type: z.string().describe("A URN of the code"),
  title: z.string(),
  status: z.int().min(400).max(599),
  code: codeSchema.describe("The identity of the error"),
  detail: z.string().describe("What is wrong, and what to do"),
  requestId: z.string().describe("The id of the request in the service's log"),
  ...errorDetailsSchema.shape,
}).meta({ id: "Problem", description: "An error (RFC 9457)" });
