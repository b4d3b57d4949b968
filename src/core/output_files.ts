import type { Answer } from "./answers/answer.ts";
import type { outputFileSchema, outputFilesSchema } from "./answers/execution.ts";

/** A file of the workspace in an answer. Its content is text where its bytes are UTF-8 without a NUL, else base64. */
export type OutputFile = Answer<typeof outputFileSchema>;

/** The files that a request asks for with `outputs`. */
export type OutputFiles = Answer<typeof outputFilesSchema>;

/** Most bytes of a file in an answer. */
export const MAX_OUTPUT_FILE_BYTES = 4_194_304;
/** Most bytes of all files in an answer. */
export const MAX_OUTPUT_FILES_BYTES = 16_777_216;
