import { z } from "zod";
import { invalidField } from "./errors.ts";
import { strictObject } from "./parsing/validation.ts";

/** What a limit in MB counts, in bytes. */
export const MEBIBYTE = 1_048_576;

const FILES_PER_MB = 256;
/** Threads beside the first that the processes of a program may have together: runtimes start some on each core. */
const THREADS = 128;

interface LimitRange {
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

/** How much a program may use: what holds when a request is silent, and what it may ask for. */
export const LIMITS = {
  /** Wall time of the program. */
  timeoutMs: { default: 10_000, min: 1, max: 300_000 },
  /** Private memory, on and off the heap. */
  memoryMb: { default: 256, min: 32, max: 4_096 },
  /** User and system time over all threads. */
  cpuMs: { default: 10_000, min: 10, max: 1_200_000 },
  /** What is kept of each stream, head and tail. It is answered in one piece of JSON, where a byte may take six. */
  maxOutputBytes: { default: 1_048_576, min: 0, max: 4_194_304 },
  /** What both streams together may carry before the program is ended. */
  maxTotalOutputBytes: { default: 67_108_864, min: 0, max: 4_294_967_296 },
  /** Processes alive at the same time. */
  maxProcesses: { default: 64, min: 1, max: 4_096 },
  /** What lies in the workspace; {@link filesFor} says how many files. */
  diskMb: { default: 64, min: 1, max: 16_384 },
} as const satisfies Record<string, LimitRange>;

/** The name of a limit, in code and on the wire. */
export type LimitName = keyof typeof LIMITS;
/** A value for every limit. */
export type Limits = Readonly<Record<LimitName, number>>;

function limit(name: LimitName): z.ZodOptional<z.ZodNumber> {
  return z.int().min(LIMITS[name].min).max(LIMITS[name].max).optional();
}

/** The wire form of `timeoutMs`, which stands beside `limits` in a request. */
export const timeoutSchema = limit("timeoutMs");

/** The wire form of `limits`; what is absent takes its default. */
export const limitsSchema = strictObject({
  memoryMb: limit("memoryMb"),
  cpuMs: limit("cpuMs"),
  maxOutputBytes: limit("maxOutputBytes"),
  maxTotalOutputBytes: limit("maxTotalOutputBytes"),
  maxProcesses: limit("maxProcesses"),
  diskMb: limit("diskMb"),
});

/** What a request said about limits; a name that is absent or undefined was not named. */
export type RequestedLimits = { readonly [Name in LimitName]?: number | undefined };

/** The limits that a request named itself, which a runtime must be able to enforce. */
export function namedLimits(requested: RequestedLimits): LimitName[] {
  return limitNames().filter((name) => requested[name] !== undefined);
}

/** Every limit, the absent ones filled in from the defaults. */
export function resolveLimits(requested: RequestedLimits): Limits {
  return mapLimits((name) => requested[name] ?? LIMITS[name].default);
}

/** What bounds the limits of programs in a session. */
export interface SessionLimits {
  /** Those that the session named. */
  readonly named: RequestedLimits;
  /** Those that its environment enforces. */
  readonly enforced: readonly LimitName[];
}

/**
 * The limits of a program in a session: what it names, else the session's. Time is bounded by the session only where
 * that names it; a program of any other session may ask for as much as a one-shot. The disk is the session's.
 *
 * @throws {CodeBeakerError} `invalid_request` for a limit above the session's, or one that is not enforced for each
 *   program
 */
export function lowerLimits({ named, enforced }: SessionLimits, requested: RequestedLimits): Limits {
  const caps = { ...resolveLimits(named), timeoutMs: named.timeoutMs ?? LIMITS.timeoutMs.max };
  for (const name of namedLimits(requested)) {
    const why = whyNotLowered(name, { value: requested[name] ?? 0, cap: caps[name], enforced });
    if (why !== undefined) throw invalidField(name === "timeoutMs" ? name : `limits.${name}`, why);
  }
  return mapLimits((name) => requested[name] ?? named[name] ?? LIMITS[name].default);
}

function whyNotLowered(
  name: LimitName,
  { value, cap, enforced }: { readonly value: number; readonly cap: number; readonly enforced: readonly LimitName[] },
): string | undefined {
  if (value > cap) return `At most the session's own ${cap}`;
  if (name === "diskMb" && value < cap) return `The workspace is the session's, with its ${cap} MB`;
  return enforced.includes(name) ? undefined : "The session's runtime does not enforce this limit";
}

/**
 * Limits with the time that a command asks for: at most `maxTimeoutMs` or, where that is absent, what the limits say.
 */
export function withTimeout(
  { limits, maxTimeoutMs = limits.timeoutMs }: { readonly limits: Limits; readonly maxTimeoutMs?: number | undefined },
  timeoutMs: number | undefined,
): Limits {
  return { ...limits, timeoutMs: Math.min(timeoutMs ?? limits.timeoutMs, maxTimeoutMs) };
}

/** Files and directories that may lie in a workspace of so many MB. */
export function filesFor(diskMb: number): number {
  return diskMb * FILES_PER_MB;
}

/** Threads, which the kernel counts as it counts processes, that so many processes may have together. */
export function tasksFor(processes: number): number {
  return processes + THREADS;
}

/** What holds for a request that names no limit. */
export const DEFAULT_LIMITS: Limits = mapLimits((name) => LIMITS[name].default);

function limitNames(): LimitName[] {
  return Object.keys(LIMITS) as LimitName[];
}

function mapLimits(value: (name: LimitName) => number): Limits {
  return Object.fromEntries(limitNames().map((name) => [name, value(name)])) as Limits;
}
