/**
 * A client of CodeBeaker, for Deno, Node, Bun and browsers.
 *
 * @module
 */
export { CodeBeakerError, type ErrorCode, type ErrorFacts, hasCode } from "./errors.ts";
export { type ConnectOptions, run, Sandbox, start } from "./sandbox.ts";
export { Commands, type FileCommandType, type InstallOptions, type ShellCommand } from "./commands.ts";
export { Context, Contexts } from "./contexts.ts";
export { type FileContent, Files, type ListOptions } from "./files.ts";
export { Program, type ProgramEvent } from "./program.ts";
export type { CallOptions, ServiceOptions } from "./service.ts";
export type * from "./types.ts";
