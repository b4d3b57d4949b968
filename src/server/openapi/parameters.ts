import { z } from "zod";

function idOf(what: string, example: string) {
  return z.string().meta({ description: `The id of the ${what}`, example });
}

const sessionId = idOf("session", "sess_0b5f3a53d2e84b3f9f0a4f6b7f1c2d3e");

/** The path of an execution. */
export const executionPath = z.strictObject({ id: idOf("execution", "exec_39c8a2b6f01f4c7a8a3d7cf2f39b2a55") });

/** The path of a session. */
export const sessionPath = z.strictObject({ id: sessionId });

/** The path of a context. */
export const contextPath = z.strictObject({
  id: sessionId,
  cid: idOf("context", "ctx_6d1e0f3c5b7a49d8a2c4e6f80b1d3f57"),
});

/** The path of a file of a session. */
export const filePath = z.strictObject({
  id: sessionId,
  path: z.string().min(1).meta({
    description: "The path of the file in the workspace. Its slashes may be escaped as %2F, or sent as they are",
    example: "data.csv",
  }),
});

/** The headers of a request that submits a program. */
export const submitHeaders = z.strictObject({
  "Idempotency-Key": z.string().regex(/^[\x21-\x7e]{1,255}$/).optional().meta({
    description: "Makes a repeated submit with the same body return the first execution",
    example: "order-7",
  }),
  "Prefer": z.string().optional().meta({
    description:
      "`respond-async` answers 202 at once. `wait=N`, in seconds up to 60, bounds the time in the queue or, with respond-async, how long the answer waits for the end before it is 202 (RFC 7240)",
    example: "respond-async, wait=10",
  }),
});

/** The header of a client that takes a stream of events up again. */
export const followHeaders = z.strictObject({
  "Last-Event-ID": z.string().regex(/^\d{1,40}$/).optional().meta({
    description: "The id of the last event that the client has; it goes before ?lastEventId=",
    example: "17",
  }),
});

const ifMatch = z.string().optional().meta({
  description: "ETags of the file's versions that will do, or *; any other version is 409",
  example: '"19a5c0e1f00-8"',
});

/** The headers of a request that reads a file. */
export const readHeaders = z.strictObject({
  "Range": z.string().optional().meta({ description: "One range of bytes (RFC 9110, 14.2)", example: "bytes=0-99" }),
  "If-Range": z.string().optional().meta({
    description: "The ETag or time of the version that the range is of; another version is sent whole",
  }),
  "If-Match": ifMatch,
  "If-None-Match": z.string().optional().meta({ description: "ETags that the client has; a known version is 304" }),
  "If-Modified-Since": z.string().optional().meta({ description: "The time of the version that the client has" }),
});

/** The headers of a request that changes a file. */
export const changeHeaders = z.strictObject({
  "If-Match": ifMatch,
  "If-None-Match": z.string().optional().meta({
    description: "* changes no file that exists; an ETag, not that version of it. Else it is 409",
    example: "*",
  }),
});
