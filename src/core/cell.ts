/** A value in one or more forms, each by its MIME type: text, base64 for bytes, JSON. */
export type MimeBundle = Readonly<Record<string, unknown>>;

/** What the answer to a cell has beside that to any program. */
export interface CellAnswer {
  /** What the last expression came to; absent for nothing. */
  readonly value?: unknown;
  /** Whether the value is JSON, or a MIME bundle. */
  readonly valueType?: "json" | "mime";
  /** What the cell showed, in order. */
  readonly displays?: readonly MimeBundle[];
  /** How many of them were left out, as all together were too long. */
  readonly displaysOmitted?: number;
}

/** Where a cell ran, and whether its context ended with it. */
export interface CellLocation {
  readonly contextId?: string;
  /** What its lines are called in stack traces. */
  readonly cell?: string;
  /** Present where the context, with all its variables, is no more. */
  readonly contextLost?: true;
}
