import { z } from "zod";
import type { Answer } from "../core/answers/answer.ts";
import type { readResultSchema } from "../core/answers/commands.ts";
import { encodingSchema } from "../core/requests/content.ts";
import { CodeBeakerError } from "../core/errors.ts";
import { strictObject } from "../core/parsing/validation.ts";
import { parseWorkspacePath } from "../core/workspace_path.ts";
import { defineFileCommand } from "./command.ts";
import { MAX_READ_BYTES } from "./texts/read_text.ts";

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
  async run(environment, { path, encoding, offset, length }): Promise<Answer<typeof readResultSchema>> {
    const target = parseWorkspacePath(path);
    const stream = await environment.files.read(target, {
      ...(offset === undefined ? {} : { offset }),
      length: Math.min(length ?? Infinity, MAX_READ_BYTES + 1),
    });
    const bytes = await new Response(stream).bytes();
    if (bytes.length > MAX_READ_BYTES) {
      throw new CodeBeakerError(
        "too_large",
        `Cannot read more than ${MAX_READ_BYTES} bytes at once: read ${JSON.stringify(path)} in parts`,
      );
    }
    const content = encoding === "base64"
      ? bytes.toBase64()
      : new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    return { path: target, content, encoding, bytes: bytes.length };
  },
});
