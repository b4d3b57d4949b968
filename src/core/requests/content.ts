import { z } from "zod";
import { CodeBeakerError } from "../errors.ts";
import { oneOf } from "../parsing/validation.ts";

/** Most bytes of `code`; larger programs go into `files`. */
export const MAX_CODE_BYTES = 1_048_576;

/** Linux allows 131,072 bytes for one argument with its NUL (MAX_ARG_STRLEN of execve(2)), and some 2 MB for all. */
const MAX_ARGUMENT_BYTES = 131_000;
const MAX_ARGUMENTS_BYTES = 1_048_576;

/** The encoding of bytes in a text field. */
export const encodingSchema = oneOf(["utf8", "base64"]).default("utf8");

/** The wire form of `explain`. */
export const explainSchema = z.boolean().default(false).describe("Adds selection and attempts to the answer");

/** The wire form of one argument of a program. */
export const argumentSchema = z.string()
  .refine((text) => !text.includes("\0"), "An argument holds no NUL")
  .refine((text) => text.isWellFormed(), "An argument is well-formed Unicode")
  .refine((text) => byteLength(text) <= MAX_ARGUMENT_BYTES, `An argument is at most ${MAX_ARGUMENT_BYTES} bytes long`);

/** The wire form of a list of arguments. */
export const argumentListSchema = z.array(argumentSchema).max(1_000).refine(
  (args) => args.reduce((sum, text) => sum + byteLength(text), 0) <= MAX_ARGUMENTS_BYTES,
  `All arguments together are at most ${MAX_ARGUMENTS_BYTES} bytes long`,
);

/** The wire form of `args`. */
export const argumentsSchema = argumentListSchema.default([]);

/** Bytes in a JSON field. */
export interface EncodedContent {
  readonly content: string;
  readonly encoding: "utf8" | "base64";
}

/** Decodes a text field. @throws {CodeBeakerError} `invalid_request` for malformed base64 */
export function decodeContent({ content, encoding }: EncodedContent, field: string): Uint8Array<ArrayBuffer> {
  if (encoding === "utf8") return new TextEncoder().encode(content);
  try {
    return Uint8Array.fromBase64(content);
  } catch (cause) {
    throw new CodeBeakerError("invalid_request", `Cannot decode ${field} as it must be base64`, {
      cause,
      details: { errors: [{ path: field, message: "Not base64" }] },
    });
  }
}

/** Checks the size of code. @throws {CodeBeakerError} `too_large` */
export function checkCodeSize(code: string): void {
  const bytes = byteLength(code);
  if (bytes <= MAX_CODE_BYTES) return;
  throw new CodeBeakerError(
    "too_large",
    `Cannot take code as it must be at most ${MAX_CODE_BYTES} bytes long: current value is ${bytes}`,
    {
      details: { errors: [{ path: "code", message: `At most ${MAX_CODE_BYTES} bytes` }] },
    },
  );
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
