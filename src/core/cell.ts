/** A value in one or more forms, by MIME type. A form is text, base64 for bytes, or JSON. */
export type MimeBundle = Readonly<Record<string, unknown>>;

/** Most displays of one cell. */
export const MAX_DISPLAYS = 1_000;

/** An error that a cell did not handle; long texts lack their middle. */
export interface CellError {
  /** The name of the error's class; `Uncaught` for a thrown value that is no error. */
  readonly name: string;
  readonly message: string;
  /** The error with its stack, as stderr shows it. */
  readonly traceback: string;
}

/** The fields of a cell's result that other programs' results lack. */
export interface CellAnswer {
  /** The value of the last expression; absent without one. */
  readonly value?: unknown;
  /** Whether the value is JSON, or a MIME bundle. */
  readonly valueType?: "json" | "mime";
  /** The value as the language's own prompt shows it; a long text lacks its middle. */
  readonly text?: string;
  /** Present when the cell failed. */
  readonly error?: CellError;
  /** The values that the cell displayed, in order. */
  readonly displays?: readonly MimeBundle[];
  /** How many displays are left out because all together were too long. */
  readonly displaysOmitted?: number;
}

/** The context of a cell, and whether the context was lost. */
export interface CellLocation {
  readonly contextId?: string;
  /** The cell's file name in stack traces. */
  readonly cell?: string;
  /** Present when the context was lost, with all its variables. */
  readonly contextLost?: true;
}
