import { CodeBeakerError, type ErrorCode, systemCodeOf } from "../core/errors.ts";
import { outside } from "../core/workspace_path.ts";

/** The client's error for an error number: its code, and a sentence about the path. */
type ClientError = readonly [code: ErrorCode, sentence: (shown: string) => string];

const EXISTS: ClientError = ["conflict", (path) => `Cannot create ${path} as it exists already`];
const DENIED: ClientError = ["permission_denied", (path) => `Cannot use ${path} as its permissions do not allow it`];
const IN_USE: ClientError = [
  "conflict",
  (path) => `Cannot use ${path} as a program holds it: try again when it has ended`,
];
const IRREGULAR: ClientError = ["invalid_request", (path) => `Cannot open ${path} as it must be a regular file`];
const TOO_LARGE: ClientError = ["too_large", (path) => `Cannot use ${path} as the file is too large for this machine`];
const LONG_NAME: ClientError = [
  "invalid_request",
  (path) => `Cannot use ${path} as a name in it is too long or malformed`,
];
const NO_ROOM: ClientError = [
  "runtime_unavailable",
  (path) => `Cannot use ${path} now as this machine has no room for it`,
];

/** What a program can bring about in its workspace, by error number: errno(3). */
const BY_NUMBER: Readonly<Record<string, ClientError>> = {
  ENOENT: ["not_found", (path) => `Cannot find ${path} in the workspace`],
  EEXIST: EXISTS,
  ENOTEMPTY: ["conflict", (path) => `Cannot use ${path} as the directory is not empty`],
  ENOTDIR: ["invalid_request", (path) => `Cannot use ${path} as a part of the path is no directory`],
  EISDIR: ["invalid_request", (path) => `Cannot use ${path} as a file as it is a directory`],
  EXDEV: ["invalid_request", (path) => `Cannot move ${path} to another file system`],
  EINVAL: ["invalid_request", (path) => `Cannot use ${path} this way`],
  EMLINK: ["too_large", (path) => `Cannot use ${path} as it has too many links or directories`],
  ESTALE: ["conflict", (path) => `Cannot use ${path} as a program changed it meanwhile`],
  ENAMETOOLONG: LONG_NAME,
  EILSEQ: LONG_NAME,
  EACCES: DENIED,
  EPERM: DENIED,
  EAGAIN: IN_USE,
  EWOULDBLOCK: IN_USE,
  EBUSY: IN_USE,
  EDEADLK: IN_USE,
  ENOLCK: IN_USE,
  ETXTBSY: IN_USE,
  ENODEV: IRREGULAR,
  ENOTSUP: IRREGULAR,
  ENOTTY: IRREGULAR,
  ENXIO: IRREGULAR,
  EOPNOTSUPP: IRREGULAR,
  EPIPE: IRREGULAR,
  ESPIPE: IRREGULAR,
  EFBIG: TOO_LARGE,
  EOVERFLOW: TOO_LARGE,
  EDQUOT: NO_ROOM,
  EMFILE: NO_ROOM,
  ENFILE: NO_ROOM,
  ENOMEM: NO_ROOM,
  ENOSPC: NO_ROOM,
  EROFS: NO_ROOM,
};

/**
 * Turns a file system error into the client's error, whatever its number. An error that no program brings about is
 * `runtime_unavailable`. Any other error is returned unchanged.
 */
export function toClientError(error: unknown, path: string): unknown {
  const number = systemCodeOf(error);
  if (number === "ELOOP") return outside(path, { why: "it holds a symlink" });
  if (number === undefined || !/^E[A-Z0-9]+$/.test(number)) return error;
  const [code, sentence] = BY_NUMBER[number] ?? UNFORESEEN;
  const reason = BY_NUMBER[number] === undefined ? `: ${number}` : "";
  return new CodeBeakerError(code, sentence(JSON.stringify(path)) + reason, { cause: error });
}

const UNFORESEEN: ClientError = [
  "runtime_unavailable",
  (path) => `Cannot use ${path} now as this machine's file system fails`,
];
