/** A file of the workspace in an answer. Its content is text where its bytes are UTF-8 without a NUL, else base64. */
export interface OutputFile {
  readonly path: string;
  readonly content: string;
  readonly encoding: "utf8" | "base64";
  readonly bytes: number;
}

/** The files that match `outputs` and are not in the answer. */
export interface OmittedFiles {
  readonly count: number;
  /** The first of them; at most {@link MAX_OUTPUT_FILES}. */
  readonly paths: readonly string[];
  /** Why files could not be found or read; absent where files only did not fit. */
  readonly error?: string;
}

/** The files that a request asks for with `outputs`. */
export interface OutputFiles {
  /** Present with `outputs`. The files of the first glob come first, and each glob's in the order of their paths. */
  readonly outputFiles?: readonly OutputFile[];
  /** Present when files are missing. */
  readonly outputFilesOmitted?: OmittedFiles;
}

/** Most files of an answer. */
export const MAX_OUTPUT_FILES = 64;
/** Most bytes of a file in an answer. */
export const MAX_OUTPUT_FILE_BYTES = 4_194_304;
/** Most bytes of all files in an answer. */
export const MAX_OUTPUT_FILES_BYTES = 16_777_216;
