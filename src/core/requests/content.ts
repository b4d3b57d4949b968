import { z } from "zod";
import { CodeBeakerError, invalidField } from "../errors.ts";
import { oneOf } from "../parsing/validation.ts";

/** Most bytes of `code`; larger programs go into `files`. */
export const MAX_CODE_BYTES = 1_048_576;

/** Most bytes of UTF-8 for a unit of a string's length. */
const MAX_UNIT_BYTES = 3;

/**
 * Most bytes of one argument, and of all. Linux allows 131,072 for one with its NUL (MAX_ARG_STRLEN of execve(2)), and
 * some 2 MB for all.
 */
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
export const argumentsSchema = argumentListSchema.default([]).describe("Arguments of the program");

/** Bytes in a JSON field. */
export interface EncodedContent {
  readonly content: string;
  readonly encoding: "utf8" | "base64";
}

/**
 * Decodes a text field.
 *
 * @throws {CodeBeakerError} `invalid_request` for malformed base64
 */
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

/** Encodes bytes for a text field. They become text where they are UTF-8 without a NUL, else base64. */
export function encodeContent(bytes: Uint8Array): EncodedContent {
  const text = decodeText(bytes);
  return text === undefined ? { content: bytes.toBase64(), encoding: "base64" } : { content: text, encoding: "utf8" };
}

/** Decodes bytes that are UTF-8 without a NUL; undefined for others. */
export function decodeText(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The code of a request in its wire form. */
export interface EncodedCode {
  readonly code?: string | undefined;
  /** The encoding of `code`; absent means UTF-8. */
  readonly encoding?: EncodedContent["encoding"] | undefined;
}

/** The wire form of the encoding of `code`. */
export const codeEncodingSchema = oneOf(["utf8", "base64"]).optional()
  .describe("The encoding of code, utf8 where it is absent");

/**
 * Decodes the code of a request; undefined where it has none.
 *
 * @throws {CodeBeakerError} `invalid_request` for malformed base64, and for an encoding of nothing; `too_large`
 */
export function decodeCode({ code, encoding }: EncodedCode): Uint8Array<ArrayBuffer> | undefined {
  if (code === undefined && encoding !== undefined) throw invalidField("encoding", "It is the encoding of code");
  if (code === undefined) return undefined;
  const bytes = decodeContent({ content: code, encoding: encoding ?? "utf8" }, "code");
  checkBytes(bytes.length);
  return bytes;
}

/**
 * Checks the size of code that is text.
 *
 * @throws {CodeBeakerError} `too_large`
 */
export function checkCodeSize(code: string): void {
  if (code.length * MAX_UNIT_BYTES > MAX_CODE_BYTES) checkBytes(byteLength(code));
}

function checkBytes(bytes: number): void {
  if (bytes <= MAX_CODE_BYTES) return;
  throw new CodeBeakerError(
    "too_large",
    `Cannot take code as it must be at most ${MAX_CODE_BYTES} bytes long, and has ${bytes}: send a longer program in files`,
    {
      details: { errors: [{ path: "code", message: `At most ${MAX_CODE_BYTES} bytes` }] },
    },
  );
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
