/** An execution tells no more denials than these; the others are counted. */
export const MAX_DENIALS = 32;

/** What a program may be refused; `capability` is a privilege of the operating system. */
export type DenialKind = "read" | "write" | "net" | "import" | "env" | "run" | "sys" | "ffi" | "capability";

/** Something that a program was refused. */
export interface Denial {
  readonly kind: DenialKind;
  /** What was asked for: a path, `host:port`, a name; `*` where that is not known. */
  readonly target: string;
  /** Where in the program, as `file:line:column` below the workspace; absent where that is not known. */
  readonly at?: string;
  /** Which rule refused it. */
  readonly rule: string;
  /** The field of the request that would allow it, with the value that does; absent where no request can. */
  readonly remedy?: string;
}

/** The denials of one execution. */
export interface Denials {
  /** Each once, at most {@link MAX_DENIALS}, in the order in which they were met. */
  readonly denials: readonly Denial[];
  /** How many more there were, as far as they were counted; absent where these are all. */
  readonly denialsOmitted?: number;
}
