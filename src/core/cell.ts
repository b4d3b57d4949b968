import type { Answer } from "./answers/answer.ts";
import type { cellAnswerSchema, cellErrorSchema, mimeBundleSchema } from "./answers/execution.ts";

/** A value in one or more forms, by MIME type. A form is text, base64 for bytes, or JSON. */
export type MimeBundle = Answer<typeof mimeBundleSchema>;

/** An error that a cell did not handle; long texts lack their middle. */
export type CellError = Answer<typeof cellErrorSchema>;

/** The fields of a cell's result that other programs' results lack. */
export type CellAnswer = Answer<typeof cellAnswerSchema>;
