import { z } from "zod";
import type { Answer } from "../core/answers/answer.ts";
import type { readResultSchema } from "../core/answers/commands.ts";
import { encodingSchema } from "../core/requests/content.ts";
import { CodeBeakerError } from "../core/errors.ts";
import { strictObject } from "../core/parsing/validation.ts";
import { parseWorkspacePath } from "../core/workspace_path.ts";
import { concatBytes } from "../core/bytes/bytes.ts";
import { memoryOf } from "./answer_memory.ts";
import { defineFileCommand } from "./command.ts";
import { MAX_READ_BYTES } from "./texts/read_text.ts";

/** Memory of an answer for each byte of its file. Escapes in JSON take more. */
const ANSWER_BYTES = 3;

/** Reads a file or, by `offset` and `length`, a part of at most {@link MAX_READ_BYTES}. */
export const readFile = defineFileCommand({
  type: "read_file",
  aliases: [],
  fieldAliases: {},
  schema: strictObject({
    path: z.string().min(1),
    encoding: encodingSchema,
    offset: z.int().min(0).optional().describe("The first byte; absent, 0"),
    length: z.int().min(0).optional().describe("Most bytes; absent, all"),
  }),
  async run(environment, { path, encoding, offset, length }, { memory }): Promise<Answer<typeof readResultSchema>> {
    const target = parseWorkspacePath(path);
    const stream = await environment.files.read(target, {
      ...(offset === undefined ? {} : { offset }),
      length: Math.min(length ?? Infinity, MAX_READ_BYTES + 1),
    });
    const pieces: Uint8Array[] = [];
    let [size, counted] = [0, 0];
    const count = (most: number) => {
      if (most > counted) memory?.growBy(most - counted);
      counted = Math.max(most, counted);
    };
    for await (const piece of stream) {
      size += piece.length;
      if (size > MAX_READ_BYTES) throw tooLong(path);
      count(size * ANSWER_BYTES);
      pieces.push(piece);
    }
    const bytes = concatBytes(pieces);
    const content = encoding === "base64"
      ? bytes.toBase64()
      : new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    if (memory !== undefined) count(memoryOf({ content, encoding }, bytes));
    return { path: target, content, encoding, bytes: size };
  },
});

function tooLong(path: string): CodeBeakerError {
  return new CodeBeakerError(
    "too_large",
    `Cannot read more than ${MAX_READ_BYTES} bytes at once: read ${JSON.stringify(path)} in parts`,
  );
}
