// Made by `deno task client:types` from the schemas by which the service checks requests.

/** An execution that was accepted. */
export interface AcceptedExecution {
  readonly id: string;
  /** More than queued only where the same request was submitted before. */
  readonly status: "queued" | "running" | "ended" | "failed";
}

/** Applies a unified diff; each file changes wholly or not at all. `dry_run` means `dryRun`. */
export interface ApplyPatchCommand {
  /** A unified diff. */
  readonly patch: string;
  /** Leading parts that paths lose. Default: `0`. */
  readonly strip?: number | undefined;
  /** Changes nothing. Default: `false`. */
  readonly dryRun?: boolean | undefined;
  readonly type: "apply_patch";
  /** Comes back in the answer. */
  readonly id?: string | undefined;
}

/** One failed attempt to create an environment, before any user code began. */
export interface Attempt {
  readonly runtime: string;
  readonly error: string;
}

/** One runtime in a selection. */
export interface Candidate {
  readonly runtime: string;
  readonly passed: boolean;
  readonly rejectedBecause?: Rejection;
  /** The rank by the request's preference; absent when rejected. The highest score wins, with these exceptions: a candidate with better declared figures has nearly the same score; only one of two candidates was measured, and their declared figures decide; another is ten times and 200 ms faster, and takes less than 64 MB more; or the highest lacks a feature that the program needs and another candidate has them all. */
  readonly score?: number;
  /** Features that the program uses and the runtime lacks, with their places; absent when rejected. */
  readonly lacks?: string;
  readonly inputs: ScoreInputs;
}

/** Code that a context evaluates. */
export interface Cell {
  /** The cell. */
  readonly code: string;
  /** Text that the cell reads, as by `input()`, in Python. Absent, it is empty. */
  readonly stdin?: string | undefined;
  /** Wall time of the program, by default at most 300000; absent, the session's own or by default 10000. */
  readonly timeoutMs?: number | undefined;
  readonly limits?: {
    /** User and system time over all threads, by default at most 1200000; absent, the session's own or by default 10000. */
    readonly cpuMs?: number | undefined;
    /** Bytes kept of each stream, head and tail, by default at most 4194304; absent, the session's own or by default 1048576. */
    readonly maxOutputBytes?: number | undefined;
    /** Bytes of both streams together; one more ends the program, by default at most 4294967296; absent, the session's own or by default 67108864. */
    readonly maxTotalOutputBytes?: number | undefined;
  } | undefined;
  /** Adds selection and attempts to the answer. Default: `false`. */
  readonly explain?: boolean | undefined;
}

/** An error that a cell did not handle; long texts lack their middle. */
export interface CellError {
  /** The name of the error's class; Uncaught for a thrown value that is no error. */
  readonly name: string;
  readonly message: string;
  /** The error with its stack, as stderr shows it. */
  readonly traceback: string;
}

/** One command, by its type. */
export type Command =
  | ExecuteCodeCommand
  | ExecuteShellCommand
  | WriteFileCommand
  | ReadFileCommand
  | CreateDirectoryCommand
  | CopyFileCommand
  | MoveFileCommand
  | DeleteFileCommand
  | ListDirectoryCommand
  | InstallPackagesCommand
  | DiffCommand
  | ApplyPatchCommand;

/** The result of a command, or why there is none. */
export type CommandAnswer = {
  /** The id of the command, if it had one. */
  readonly id?: string;
  readonly durationMs: number;
  /** Whether the command did its work; for a program, whether it exited with 0. */
  readonly success: boolean;
  /** The result by the type of the command. */
  readonly result:
    | Execution
    | WriteResult
    | ReadResult
    | PathResult
    | TransferResult
    | FileTree
    | DiffResult
    | PatchResult;
} | {
  /** The id of the command, if it had one. */
  readonly id?: string;
  readonly durationMs: number;
  readonly success: false;
  readonly error: Problem;
};

/** The result of the compiler, for a compiled language. */
export interface CompileResult {
  readonly outcome: Outcome;
  readonly stdout: string;
  readonly stderr: string;
  /** Bytes left out of the middle of each stream; present only where some are. */
  readonly truncated?: { readonly stdout: number; readonly stderr: number };
  /** User and system time of the compiler; null where it is unknown. */
  readonly cpuMs: number | null;
}

/** A stateful interpreter of a session. */
export interface Context {
  readonly id: string;
  readonly language: string;
  readonly createdAt: string;
}

/** The contexts of a session that are not lost, the oldest first. */
export interface ContextList {
  readonly contexts: readonly Context[];
}

/** Copies a file, or a directory with everything in it. `sourcePath` means `source`. `source_path` means `source`. `destinationPath` means `destination`. `destination_path` means `destination`. */
export interface CopyFileCommand {
  readonly source: string;
  readonly destination: string;
  /** Replaces what is at the destination. Default: `true`. */
  readonly overwrite?: boolean | undefined;
  readonly type: "copy_file";
  /** Comes back in the answer. */
  readonly id?: string | undefined;
}

/** Makes a directory. */
export interface CreateDirectoryCommand {
  readonly path: string;
  /** Makes those above it too. Default: `true`. */
  readonly recursive?: boolean | undefined;
  readonly type: "create_directory" | "create_dir";
  /** Comes back in the answer. */
  readonly id?: string | undefined;
}

/** Deletes a file or an empty directory; with `recursive`, also one with everything in it. */
export interface DeleteFileCommand {
  readonly path: string;
  /** Deletes what is in a directory. Default: `false`. */
  readonly recursive?: boolean | undefined;
  readonly type: "delete_file";
  /** Comes back in the answer. */
  readonly id?: string | undefined;
}

/** One access that was denied to a program. */
export interface Denial {
  /** The kind of access; capability is a privilege of the operating system. */
  readonly kind: "read" | "write" | "net" | "import" | "env" | "run" | "sys" | "ffi" | "capability";
  /** The path, host:port or name that the program asked for; * when unknown. */
  readonly target: string;
  /** The place in the program, as file:line:column; absent when unknown. */
  readonly at?: string;
  /** The rule that denied the access. */
  readonly rule: string;
  /** Absent when no request can allow the access. */
  readonly remedy?: Remedy;
}

/** Compares two files or given texts; gives a unified diff. `original_path` means `originalPath`. `original_content` means `originalContent`. `modified_path` means `modifiedPath`. `modified_content` means `modifiedContent`. `context_lines` means `contextLines`. */
export interface DiffCommand {
  /** A file, instead of originalContent. */
  readonly originalPath?: string | undefined;
  readonly originalContent?: string | undefined;
  /** A file, instead of modifiedContent. */
  readonly modifiedPath?: string | undefined;
  readonly modifiedContent?: string | undefined;
  /** Unchanged lines around each change. Default: `3`. */
  readonly contextLines?: number | undefined;
  readonly type: "diff";
  /** Comes back in the answer. */
  readonly id?: string | undefined;
}

/** The difference of two texts. */
export interface DiffResult {
  /** A unified diff that apply_patch takes; empty when the texts are identical. */
  readonly diff: string;
  readonly addedLines: number;
  readonly removedLines: number;
  readonly identical: boolean;
}

/** Writes code to the language's main file and runs it. `timeout_ms` means `timeoutMs`. */
export interface ExecuteCodeCommand {
  readonly code: string;
  /** The encoding of code, utf8 where it is absent. */
  readonly encoding?: "utf8" | "base64" | undefined;
  /** Absent, the session's. */
  readonly language?: string | undefined;
  /** Arguments of the program. Default: `[]`. */
  readonly args?: readonly string[] | undefined;
  readonly stdin?: string | undefined;
  /** Adds selection and attempts to the answer. Default: `false`. */
  readonly explain?: boolean | undefined;
  /** Wall time of the program, by default at most 300000; absent, the session's own or by default 10000. */
  readonly timeoutMs?: number | undefined;
  /** timeoutMs, in seconds. */
  readonly timeout?: number | undefined;
  readonly type: "execute_code" | "execute";
  /** Comes back in the answer. */
  readonly id?: string | undefined;
}

/** Runs a line for `sh -c` or, with `args` (even empty), an argument vector. `timeout_ms` means `timeoutMs`. `commandName` means `command`. `command_name` means `command`. `working_directory` means `workingDirectory`. */
export interface ExecuteShellCommand {
  /** A line for sh -c or, with args, the name of a program. */
  readonly command: string;
  /** Arguments of the program; absent, command is a line. */
  readonly args?: readonly string[] | undefined;
  /** Relative to the workspace. Default: `"."`. */
  readonly workingDirectory?: string | undefined;
  /** Default: `{}`. */
  readonly env?: { readonly [name: string]: string } | undefined;
  readonly stdin?: string | undefined;
  /** Adds selection and attempts to the answer. Default: `false`. */
  readonly explain?: boolean | undefined;
  /** Wall time of the program, by default at most 300000; absent, the session's own or by default 10000. */
  readonly timeoutMs?: number | undefined;
  /** timeoutMs, in seconds. */
  readonly timeout?: number | undefined;
  readonly type: "execute_shell" | "shell";
  /** Comes back in the answer. */
  readonly id?: string | undefined;
}

/** A program that has ended, whatever its outcome. When the compiler of its language failed, the outcome is the compiler's. */
export interface Execution {
  readonly id: string;
  readonly status: "ended";
  readonly language: string;
  /** Present when the program ran in a session. */
  readonly sessionId?: string;
  readonly runtime: string;
  /** Whether a warm environment was used. */
  readonly warm: boolean;
  readonly outcome: Outcome;
  /** The exit code of the program, or of the compiler that failed; null when there is none. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Bytes left out of the middle of each stream. */
  readonly truncated: { readonly stdout: number; readonly stderr: number };
  /** Where bytes of a text are left out, in UTF-16 code units; present only where some are. */
  readonly truncatedAt?: { readonly stdout?: number; readonly stderr?: number };
  readonly usage: Usage;
  /** Present for a compiled language. */
  readonly compile?: CompileResult;
  /** The results of the request's tests, in their order. Each has its own output, and all together keep at most maxOutputBytes of each stream. */
  readonly tests?: readonly TestResult[];
  /** Each once, in the order of their first occurrence. */
  readonly denials: readonly Denial[];
  /** How many further denials were counted; absent without any. */
  readonly denialsOmitted?: number;
  /** Present where a module is missing. */
  readonly notes?: readonly Note[];
  /** The value of the last expression of a cell; absent without one. */
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
  /** Present for a cell. */
  readonly contextId?: string;
  /** The cell's file name in stack traces. */
  readonly cell?: string;
  /** Present when the context was lost, with all its variables. */
  readonly contextLost?: true;
  /** Present with outputs. The files of the first glob come first, and each glob's in the order of their paths. */
  readonly outputFiles?: readonly OutputFile[];
  /** Present when files are missing. */
  readonly outputFilesOmitted?: OmittedFiles;
  /** Present with explain. */
  readonly selection?: Selection;
  /** Present with explain, and when an attempt failed. */
  readonly attempts?: readonly Attempt[];
  readonly createdAt: string;
}

/** One server-sent event: its name, its id, and its data as JSON. The first is started, the last is completed, or error when the service fails; dropped counts bytes and displays that are no longer kept. */
export type ExecutionEvent = {
  readonly event: "started";
  /** Grows from event to event. */
  readonly id: string;
  readonly data: { readonly id: string; readonly runtime: string };
} | {
  readonly event: "stdout";
  /** Grows from event to event. */
  readonly id: string;
  readonly data: { readonly text: string };
} | {
  readonly event: "stderr";
  /** Grows from event to event. */
  readonly id: string;
  readonly data: { readonly text: string };
} | {
  readonly event: "display";
  /** Grows from event to event. */
  readonly id: string;
  readonly data: { readonly data: MimeBundle };
} | {
  readonly event: "dropped";
  /** Grows from event to event. */
  readonly id: string;
  readonly data: { readonly stdout: number; readonly stderr: number; readonly displays: number };
} | {
  readonly event: "completed";
  /** Grows from event to event. */
  readonly id: string;
  readonly data: Execution;
} | {
  readonly event: "error";
  /** Grows from event to event. */
  readonly id: string;
  readonly data: Problem;
};

/** The state of an execution until its end, then its result. */
export type ExecutionReport = Execution | PendingExecution | FailedExecution;

/** A program, and what it may use. */
export interface ExecutionRequest {
  /** What the code is written for. */
  readonly language?: string | undefined;
  /** An alias of language. */
  readonly environment?: string | undefined;
  /** How to rank the runtimes that pass the filters. Default: `"balanced"`. */
  readonly preference?: "speed" | "security" | "memory" | "balanced" | undefined;
  /** Force one runtime, which runs the code in its own dialect; it still has to pass the filters that protect. */
  readonly runtime?: string | undefined;
  /** A floor; the server's own is never lowered by it. */
  readonly minIsolation?: number | undefined;
  readonly permissions?: Permissions | undefined;
  /** Wall time of the program, by default at most 300000; absent, the session's own or by default 10000. */
  readonly timeoutMs?: number | undefined;
  readonly limits?: Limits | undefined;
  /** The content of the language's main file, as main.py. */
  readonly code?: string | undefined;
  /** The encoding of code, utf8 where it is absent. */
  readonly encoding?: "utf8" | "base64" | undefined;
  /** Files of the workspace, beside or instead of code. Default: `[]`. */
  readonly files?:
    | readonly ({
      /** Relative to the workspace. */
      readonly path: string;
      readonly content: string;
      /** Default: `"utf8"`. */
      readonly encoding?: "utf8" | "base64" | undefined;
    })[]
    | undefined;
  /** The file to run; absent, the only file, or the main file. */
  readonly entrypoint?: string | undefined;
  /** Arguments of the program. Default: `[]`. */
  readonly args?: readonly string[] | undefined;
  /** Absent, a client that does not wait for a plain answer can feed it, and any other program has none. */
  readonly stdin?: string | undefined;
  /** Variables of the program. Default: `{}`. */
  readonly env?: { readonly [name: string]: string } | undefined;
  /** Globs of the workspace's files to return with the answer. Default: `[]`. */
  readonly outputs?: readonly string[] | undefined;
  /** Arguments for the compiler of a compiled language, after its own. */
  readonly compileArgs?: readonly string[] | undefined;
  /** Runs of the program, one after the other, each under the limits of the request. It is compiled once. */
  readonly tests?:
    | readonly ({
      /** Absent, its number, from 1. */
      readonly name?: string | undefined;
      /** Absent, that of the request. */
      readonly stdin?: string | undefined;
      /** Absent, those of the request. */
      readonly args?: readonly string[] | undefined;
      /** What it has to print; white space at the end of lines and of the text does not count. Absent, nothing is compared. */
      readonly expected?: string | undefined;
    })[]
    | undefined;
  /** Whether no test runs after one that was not accepted. */
  readonly stopAtFirstFailure?: boolean | undefined;
  /** Adds selection and attempts to the answer. Default: `false`. */
  readonly explain?: boolean | undefined;
}

/** An execution whose program the service could not run. */
export interface FailedExecution {
  readonly id: string;
  readonly status: "failed";
  readonly error: Problem;
}

/** One invalid field of a request. */
export interface FieldError {
  /** The field, as files[0].path; empty for the request as a whole. */
  readonly path: string;
  readonly message: string;
}

/** A file or directory. */
export interface FileEntry {
  readonly name: string;
  /** Relative to the workspace, which itself is .. */
  readonly path: string;
  readonly type: "file" | "directory" | "symlink" | "other";
  /** In bytes; 0 unless it is a file. */
  readonly size: number;
  readonly modifiedAt: string;
  /** Present for a directory whose content was requested. */
  readonly children?: readonly FileEntry[];
}

/** A directory, with the files and directories in it. */
export interface FileTree {
  readonly tree: FileEntry;
}

/** Installs packages for the programs of the session. `timeout_ms` means `timeoutMs`. */
export interface InstallPackagesCommand {
  /** Names, each with an optional version. */
  readonly packages: readonly string[];
  /** Adds selection and attempts to the answer. Default: `false`. */
  readonly explain?: boolean | undefined;
  /** Wall time of the program, by default at most 300000; absent, the session's own or by default 10000. */
  readonly timeoutMs?: number | undefined;
  /** timeoutMs, in seconds. */
  readonly timeout?: number | undefined;
  readonly type: "install_packages";
  /** Comes back in the answer. */
  readonly id?: string | undefined;
}

/** Whether a cell was interrupted. */
export interface Interruption {
  /** False when no cell ran. */
  readonly interrupted: boolean;
}

export interface Limits {
  /** Private memory, on and off the heap, by default at most 4096; absent, the session's own or by default 256. */
  readonly memoryMb?: number | undefined;
  /** User and system time over all threads, by default at most 1200000; absent, the session's own or by default 10000. */
  readonly cpuMs?: number | undefined;
  /** Bytes kept of each stream, head and tail, by default at most 4194304; absent, the session's own or by default 1048576. */
  readonly maxOutputBytes?: number | undefined;
  /** Bytes of both streams together; one more ends the program, by default at most 4294967296; absent, the session's own or by default 67108864. */
  readonly maxTotalOutputBytes?: number | undefined;
  /** Processes alive at the same time, by default at most 4096; absent, the session's own or by default 64. */
  readonly maxProcesses?: number | undefined;
  /** Size of the workspace, by default at most 16384; absent, the session's own or by default 64. */
  readonly diskMb?: number | undefined;
}

/** Lists the tree below a directory. `include_hidden` means `includeHidden`. `max_depth` means `maxDepth`. */
export interface ListDirectoryCommand {
  /** Default: `"."`. */
  readonly path?: string | undefined;
  /** Lists directories in it too. Default: `true`. */
  readonly recursive?: boolean | undefined;
  /** A glob of names or, with a slash in it, of paths. */
  readonly pattern?: string | undefined;
  /** Lists names that begin with a dot. Default: `false`. */
  readonly includeHidden?: boolean | undefined;
  /** Levels; 0 means all. Default: `0`. */
  readonly maxDepth?: number | undefined;
  readonly type: "list_directory" | "list_files";
  /** Comes back in the answer. */
  readonly id?: string | undefined;
}

/** A value in one or more forms, by MIME type. A form is text, base64 for bytes, or JSON. */
export type MimeBundle = { readonly [name: string]: unknown };

/** Renames a file or a directory. `sourcePath` means `source`. `source_path` means `source`. `destinationPath` means `destination`. `destination_path` means `destination`. */
export interface MoveFileCommand {
  readonly source: string;
  readonly destination: string;
  /** Replaces what is at the destination. Default: `true`. */
  readonly overwrite?: boolean | undefined;
  readonly type: "move_file";
  /** Comes back in the answer. */
  readonly id?: string | undefined;
}

/** A feature that a program uses and that some runtime of its language lacks. */
export interface Need {
  /** builtin is a module of the runtime, package comes from a registry, url from the web, module is one of Python, types is TypeScript that cannot run by erasing its types. */
  readonly kind: "global" | "builtin" | "package" | "url" | "module" | "syntax" | "types";
  /** The name as the program spells it: node:fs, npm:chalk, numpy, enum. */
  readonly name: string;
  /** The resource beside memory that the need uses; absent where none is known. */
  readonly effect?: "process" | "socket" | "thread" | "file";
  /** The file of the first use. */
  readonly file: string;
  /** The line of the first use. */
  readonly line: number;
  /** Whether the program cannot begin without it. */
  readonly certain: boolean;
}

/** The needs of a program, as far as its text shows. */
export interface Needs {
  /** Whether uses lists every need. */
  readonly known: boolean;
  /** Why uses may be incomplete; absent when known. */
  readonly reason?: string;
  readonly uses: readonly Need[];
}

/** What the service can say of a failure beyond the program's own words. */
export interface Note {
  readonly kind: "missing_module";
  readonly module: string;
  /** What installs the module, or who can. */
  readonly remedy: string;
}

/** The files that match outputs and are not in the answer. */
export interface OmittedFiles {
  readonly count: number;
  /** The first of them. */
  readonly paths: readonly string[];
  /** Why files could not be found or read; absent where files only did not fit. */
  readonly error?: string;
}

/** How a program ended. The first cause wins; a limit carries its value and the observed value. */
export type Outcome =
  | { readonly kind: "exited"; readonly exitCode: number }
  | { readonly kind: "signaled"; readonly signal: string }
  | { readonly kind: "timed_out"; readonly limitMs: number }
  | { readonly kind: "cpu_limit"; readonly limitMs: number; readonly observedMs: number }
  | { readonly kind: "memory_limit"; readonly limitMb: number; readonly observedMb: number }
  | { readonly kind: "output_limit"; readonly limitBytes: number; readonly observedBytes: number }
  | {
    readonly kind: "disk_limit";
    readonly limitMb: number;
    readonly observedMb: number;
    /** Present when the number of files and directories was exceeded. */
    readonly limitFiles?: number;
    readonly observedFiles?: number;
  }
  | { readonly kind: "process_limit"; readonly limit: number; readonly observed: number }
  | { readonly kind: "descriptor_limit"; readonly limit: number; readonly observed: number }
  | { readonly kind: "cancelled" }
  | { readonly kind: "interrupted"; readonly reason: string }
  | {
    readonly kind: "compile_failed";
    /** The compiler's exit code. */
    readonly exitCode: number;
  };

/** A file of the workspace in an answer. */
export interface OutputFile {
  readonly path: string;
  readonly content: string;
  /** utf8 where the bytes are UTF-8 without a NUL. */
  readonly encoding: "utf8" | "base64";
  readonly bytes: number;
}

/** The result of a patch. */
export interface PatchResult {
  /** Files that were changed, or would be with dryRun. */
  readonly filesPatched: number;
  readonly hunksApplied: number;
  /** All hunks of the files that were left unchanged. */
  readonly hunksFailed: number;
  /** Why each of those files was left unchanged. */
  readonly errors: readonly string[];
}

/** The path that was used, relative to the workspace. */
export interface PathResult {
  readonly path: string;
}

/** An execution that has not ended. */
export interface PendingExecution {
  readonly id: string;
  readonly status: "queued" | "running";
  readonly language: string;
  readonly sessionId?: string;
  readonly createdAt: string;
  /** Head and tail of the output so far. */
  readonly stdout: string;
  readonly stderr: string;
}

export interface Permissions {
  /** Absolute paths that the program may read beside its workspace. Default: `[]`. */
  readonly allowRead?: readonly string[] | undefined;
  /** Absolute paths that the program may write beside its workspace. Default: `[]`. */
  readonly allowWrite?: readonly string[] | undefined;
  /** true allows the public internet; a list names host or host:port. Default: `false`. */
  readonly allowNet?: boolean | readonly string[] | undefined;
  /** Variables that the program may read or set beside env. Default: `[]`. */
  readonly allowEnv?: readonly string[] | undefined;
  /** Whether the program may start other programs. Default: `false`. */
  readonly allowRun?: boolean | undefined;
}

/** An error (RFC 9457). */
export interface Problem {
  /** A URN of the code. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** The identity of the error. */
  readonly code:
    | "invalid_request"
    | "unauthorized"
    | "permission_denied"
    | "not_found"
    | "conflict"
    | "too_large"
    | "unsupported_language"
    | "no_suitable_runtime"
    | "busy"
    | "runtime_unavailable"
    | "internal";
  /** What is wrong, and what to do. */
  readonly detail: string;
  /** The id of the request in the service's log. */
  readonly requestId: string;
  /** The invalid fields of the request. */
  readonly errors?: readonly FieldError[];
  /** The supported languages. */
  readonly languages?: readonly string[];
  readonly selection?: Selection;
  readonly attempts?: readonly Attempt[];
  /** When the same request may pass; absent where waiting does not help. */
  readonly retryAfterMs?: number;
  /** What to install or to change on the service's machine. */
  readonly remedy?: string;
}

/** Reads a file or, by `offset` and `length`, a part of it. */
export interface ReadFileCommand {
  readonly path: string;
  /** Default: `"utf8"`. */
  readonly encoding?: "utf8" | "base64" | undefined;
  /** The first byte; absent, 0. */
  readonly offset?: number | undefined;
  /** Most bytes; absent, all. */
  readonly length?: number | undefined;
  readonly type: "read_file";
  /** Comes back in the answer. */
  readonly id?: string | undefined;
}

/** The content of a file, or of a part of it. */
export interface ReadResult {
  readonly path: string;
  readonly content: string;
  readonly encoding: "utf8" | "base64";
  /** The bytes that were read. */
  readonly bytes: number;
}

/** Why a candidate is rejected. */
export interface Rejection {
  readonly code:
    | "unsupported_language"
    | "not_requested"
    | "below_isolation_floor"
    | "cannot_honour_permissions"
    | "cannot_enforce_limits"
    | "exceeds_memory"
    | "circuit_open"
    | "unavailable"
    | "missing_capability";
  readonly detail: string;
  /** The fields of the request at fault; absent, code determines the field, where there is one. */
  readonly fields?: readonly string[];
  /** What to install or to change on the service's machine; absent where the obstacle may pass by itself. */
  readonly remedy?: string;
  /** When the same request may pass; absent when unknown. */
  readonly retryAfterMs?: number;
}

/** A JSON merge patch (RFC 7396) of the request that was denied; in a session it patches the session's request. As a merge patch replaces lists, each list is whole: the entries of the request, and the missing ones. */
export interface Remedy {
  readonly permissions: {
    readonly allowRead?: readonly string[];
    readonly allowWrite?: readonly string[];
    readonly allowNet?: boolean | readonly string[];
    readonly allowEnv?: readonly string[];
    readonly allowRun?: boolean;
  };
}

/** The inputs of a score. */
export interface ScoreInputs {
  readonly startupMs: number;
  readonly memoryMb: number;
  /** The isolation of the environment that this request would get. */
  readonly isolationLevel: number;
  /** The source of start-up and memory: the runtime's declaration, or medians of its latest executions. */
  readonly source: "declared" | "measured";
  /** The path of the measured starts; absent without any. */
  readonly path?: "cold" | "warm";
}

/** The explained choice of a runtime. */
export interface Selection {
  /** The name of the runtime, or null when none passed. */
  readonly chosen: string | null;
  readonly preference: "speed" | "security" | "memory" | "balanced";
  /** The isolation floor in force: the server's, raised by the request. */
  readonly floor: number;
  /** The needs of the program; absent where its language is not analysed, a runtime is forced, or there is no program yet. */
  readonly needs?: Needs;
  /** Those that passed, best first, then the rejected ones. */
  readonly candidates: readonly Candidate[];
}

/** An execution environment that lasts. */
export interface Session {
  readonly id: string;
  readonly language: string;
  readonly runtime: string;
  /** active while it is in use, else idle. */
  readonly state: "creating" | "active" | "idle" | "closing" | "closed";
  readonly createdAt: string;
  readonly lastActivityAt: string;
  /** When the session closes unless there is further activity. */
  readonly expiresAt: string;
  readonly executionCount: number;
  readonly idleTimeoutMs: number;
  readonly maxLifetimeMs: number;
  readonly metadata: { readonly [name: string]: unknown };
  readonly selection: Selection;
  /** Present when the session is closed. */
  readonly closedBecause?:
    | "closed_by_owner"
    | "idle_timeout"
    | "max_lifetime"
    | "environment_ended"
    | "key_revoked"
    | "service_stopped"
    | "service_lost";
}

/** Absent fields stay as they are. */
export interface SessionChanges {
  readonly idleTimeoutMs?: number | undefined;
  readonly maxLifetimeMs?: number | undefined;
  readonly metadata?: { readonly [name: string]: unknown } | undefined;
}

/** A program for a session. */
export interface SessionExecutionRequest {
  /** The content of the language's main file, as main.py. */
  readonly code?: string | undefined;
  /** The encoding of code, utf8 where it is absent. */
  readonly encoding?: "utf8" | "base64" | undefined;
  /** Files of the workspace, beside or instead of code. Default: `[]`. */
  readonly files?:
    | readonly ({
      /** Relative to the workspace. */
      readonly path: string;
      readonly content: string;
      /** Default: `"utf8"`. */
      readonly encoding?: "utf8" | "base64" | undefined;
    })[]
    | undefined;
  /** The file to run; absent, the only file, or the main file. */
  readonly entrypoint?: string | undefined;
  /** Arguments of the program. Default: `[]`. */
  readonly args?: readonly string[] | undefined;
  /** Absent, a client that does not wait for a plain answer can feed it, and any other program has none. */
  readonly stdin?: string | undefined;
  /** Variables of the program. Default: `{}`. */
  readonly env?: { readonly [name: string]: string } | undefined;
  /** Globs of the workspace's files to return with the answer. Default: `[]`. */
  readonly outputs?: readonly string[] | undefined;
  /** Arguments for the compiler of a compiled language, after its own. */
  readonly compileArgs?: readonly string[] | undefined;
  /** Runs of the program, one after the other, each under the limits of the request. It is compiled once. */
  readonly tests?:
    | readonly ({
      /** Absent, its number, from 1. */
      readonly name?: string | undefined;
      /** Absent, that of the request. */
      readonly stdin?: string | undefined;
      /** Absent, those of the request. */
      readonly args?: readonly string[] | undefined;
      /** What it has to print; white space at the end of lines and of the text does not count. Absent, nothing is compared. */
      readonly expected?: string | undefined;
    })[]
    | undefined;
  /** Whether no test runs after one that was not accepted. */
  readonly stopAtFirstFailure?: boolean | undefined;
  /** Adds selection and attempts to the answer. Default: `false`. */
  readonly explain?: boolean | undefined;
  /** Wall time of the program, by default at most 300000; absent, the session's own or by default 10000. */
  readonly timeoutMs?: number | undefined;
  readonly limits?: Limits | undefined;
}

/** A session, and what its programs may use. */
export interface SessionRequest {
  /** What the code is written for. */
  readonly language?: string | undefined;
  /** An alias of language. */
  readonly environment?: string | undefined;
  /** How to rank the runtimes that pass the filters. Default: `"balanced"`. */
  readonly preference?: "speed" | "security" | "memory" | "balanced" | undefined;
  /** Force one runtime, which runs the code in its own dialect; it still has to pass the filters that protect. */
  readonly runtime?: string | undefined;
  /** A floor; the server's own is never lowered by it. */
  readonly minIsolation?: number | undefined;
  readonly permissions?: Permissions | undefined;
  /** Wall time of the program, by default at most 300000; absent, the session's own or by default 10000. */
  readonly timeoutMs?: number | undefined;
  readonly limits?: Limits | undefined;
  /** Variables of every program in the session. Default: `{}`. */
  readonly env?: { readonly [name: string]: string } | undefined;
  /** Longest time without activity. Default: `1800000`. */
  readonly idleTimeoutMs?: number | undefined;
  /** Longest life, whatever the activity. Default: `7200000`. */
  readonly maxLifetimeMs?: number | undefined;
  /** Data of the owner, as JSON. Default: `{}`. */
  readonly metadata?: { readonly [name: string]: unknown } | undefined;
}

/** The result of one test of a program. */
export interface TestResult {
  readonly name: string;
  readonly verdict:
    | "accepted"
    | "wrong_answer"
    | "time_limit"
    | "memory_limit"
    | "output_limit"
    | "runtime_error"
    | "compile_error";
  readonly outcome: Outcome;
  readonly stdout: string;
  readonly stderr: string;
  /** Bytes left out of the middle of each stream; present only where some are. */
  readonly truncated?: { readonly stdout: number; readonly stderr: number };
  readonly usage: Usage;
}

/** The paths of a copied or moved file, relative to the workspace. */
export interface TransferResult {
  readonly source: string;
  readonly destination: string;
}

/** The usage of an execution. */
export interface Usage {
  /** From the program's begin to its end. */
  readonly wallMs: number;
  /** From the request for the environment, without the queue, to the program's begin. */
  readonly startupMs: number;
  /** User and system time of the program and its children; null if unknown. */
  readonly cpuMs: number | null;
  /** Peak of the memory that memoryMb limits, as far as it was sampled. It counts private memory, that of the start included, and files in memory that counts for the limit. It also counts an interpreter that the limit leaves out. Null if unknown. */
  readonly peakMemoryBytes: number | null;
}

/** Writes a file, and makes the directories above it. */
export interface WriteFileCommand {
  readonly path: string;
  /** Text, or bytes in base64. */
  readonly content: string;
  /** Default: `"utf8"`. */
  readonly encoding?: "utf8" | "base64" | undefined;
  /** Create and Overwrite replace a file, CreateNew does not. Default: `"Create"`. */
  readonly mode?: "Create" | "Overwrite" | "Append" | "CreateNew" | undefined;
  readonly type: "write_file";
  /** Comes back in the answer. */
  readonly id?: string | undefined;
}

/** What was written. */
export interface WriteResult {
  readonly path: string;
  /** The bytes that were written. */
  readonly bytes: number;
}

/** The result of each command, by its type. */

export interface CommandResults {
  readonly execute_code: Execution;
  readonly execute_shell: Execution;
  readonly write_file: WriteResult;
  readonly read_file: ReadResult;
  readonly create_directory: PathResult;
  readonly copy_file: TransferResult;
  readonly move_file: TransferResult;
  readonly delete_file: PathResult;
  readonly list_directory: FileTree;
  readonly install_packages: Execution;
  readonly diff: DiffResult;
  readonly apply_patch: PatchResult;
}
