import { basename } from "@std/path";
import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import { languageOfFile } from "../../core/languages.ts";
import { encodeContent, type EncodedCode } from "../../core/requests/content.ts";

/** The language of code without a file name that implies one. */
const DEFAULT_LANGUAGE = "typescript";

/** The source of a program. */
export type ProgramSource =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "stdin" }
  | { readonly kind: "code"; readonly code: string };

/** A source, and the arguments of its program. */
export interface GivenProgram {
  readonly source: ProgramSource;
  readonly args: readonly string[];
}

/**
 * Finds the source of a program in the arguments. With code there is no file.
 *
 * @throws {CodeBeakerError} `invalid_request` where neither is given
 */
export function findSource(operands: readonly string[], code: string | undefined): GivenProgram {
  if (code !== undefined) return { source: { kind: "code", code }, args: operands };
  const [path, ...args] = operands;
  if (path === undefined) {
    throw new CodeBeakerError(
      "invalid_request",
      'Cannot run a program as none is given: name its file, "-" for standard input, or its code with --eval',
    );
  }
  return { source: path === "-" ? { kind: "stdin" } : { kind: "file", path }, args };
}

/**
 * Reads a program into the fields of a request. A file keeps its name, so that its extension counts.
 *
 * @throws {CodeBeakerError} `invalid_request`
 */
export async function readProgram(
  source: ProgramSource,
  { language, stdin }: { readonly language: string | undefined; stdin(): ReadableStream<Uint8Array<ArrayBuffer>> },
): Promise<Record<string, unknown>> {
  switch (source.kind) {
    case "code":
      return { language: language ?? DEFAULT_LANGUAGE, code: source.code };
    case "stdin":
      return { language: language ?? DEFAULT_LANGUAGE, ...encodeCode(await new Response(stdin()).bytes()) };
    case "file":
      return await readProgramFile(source.path, language);
  }
}

async function readProgramFile(path: string, language: string | undefined): Promise<Record<string, unknown>> {
  const byExtension = languageOfFile(path);
  if (byExtension === undefined && language === undefined) {
    throw new CodeBeakerError(
      "invalid_request",
      `Cannot find out the language by the file's extension: name it with --language: ${path}`,
    );
  }
  const bytes = await readBytes(path);
  if (byExtension === undefined || language !== undefined) return { language, ...encodeCode(bytes) };
  const name = basename(path);
  return { language: byExtension, files: [{ path: name, ...encodeContent(bytes) }], entrypoint: name };
}

/** Encodes code as the fields of a request. */
function encodeCode(bytes: Uint8Array): EncodedCode {
  const { content, encoding } = encodeContent(bytes);
  return { code: content, encoding };
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (cause) {
    throw new CodeBeakerError("invalid_request", `Cannot read the program: ${messageOf(cause)}`, { cause });
  }
}
