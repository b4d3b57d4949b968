import { z } from "zod";
import { CodeBeakerError, invalidField } from "./errors.ts";
import { strictObject } from "./parsing/validation.ts";

/** Bytes of one MB in a limit. */
export const MEBIBYTE = 1_048_576;

const FILES_PER_MB = 256;
/** Threads that a program may have beside its processes. Runtimes start some on each core. */
const THREADS = 128;

interface LimitRange {
  /** The meaning of the limit, for clients. */
  readonly means: string;
  readonly default: number;
  readonly min: number;
  /** The ceiling where the operator sets none. */
  readonly max: number;
  /** The largest ceiling that an operator may set. Default: `max`. */
  readonly most?: number;
}

/** The limits of a program: their defaults and ranges. */
export const LIMITS = {
  timeoutMs: { means: "Wall time of the program", default: 10_000, min: 1, max: 300_000, most: 3_600_000 },
  memoryMb: { means: "Private memory, on and off the heap", default: 256, min: 32, max: 4_096, most: 1_048_576 },
  cpuMs: {
    means: "User and system time over all threads",
    default: 10_000,
    min: 10,
    max: 1_200_000,
    most: 86_400_000,
  },
  /** JSON carries them, where one byte may take six. */
  maxOutputBytes: { means: "Bytes kept of each stream, head and tail", default: 1_048_576, min: 0, max: 4_194_304 },
  maxTotalOutputBytes: {
    means: "Bytes of both streams together; one more ends the program",
    default: 67_108_864,
    min: 0,
    max: 4_294_967_296,
  },
  maxProcesses: { means: "Processes alive at the same time", default: 64, min: 1, max: 4_096 },
  /** {@link filesFor} gives the number of files. */
  diskMb: { means: "Size of the workspace", default: 64, min: 1, max: 16_384, most: 1_048_576 },
} as const satisfies Record<string, LimitRange>;

/** Limits of a compiler. It has at most this time ({@link compilerTimeout}), at least this memory and these processes. */
export const COMPILER_LIMITS = { timeoutMs: 60_000, memoryMb: 1_024, maxProcesses: 64 } as const;

/** The name of a limit, in code and on the wire. */
export type LimitName = keyof typeof LIMITS;
/** A value for every limit. */
export type Limits = Readonly<Record<LimitName, number>>;

/** The time of a compiler in ms, where its request gives it `compileMs`. */
export function compilerTimeout(compileMs: number = COMPILER_LIMITS.timeoutMs): number {
  return Math.min(compileMs, COMPILER_LIMITS.timeoutMs);
}

function limit(name: LimitName): z.ZodOptional<z.ZodNumber> {
  const { means, default: fallback, min, max } = LIMITS[name];
  const text = `${means}, by default at most ${max}; absent, the session's own or by default ${fallback}`;
  return z.int().min(min).max(mostOf(name)).optional().describe(text);
}

function mostOf(name: LimitName): number {
  const range: LimitRange = LIMITS[name];
  return range.most ?? range.max;
}

/** A value for some limits, as the operator sets them: an object, or `timeoutMs=60000,memoryMb=8192`. */
export const limitSettingSchema = z.preprocess(
  (value) => typeof value === "string" ? readAssignments(value) : value,
  z.strictObject(
    Object.fromEntries(
      limitNames().map((name) => [name, z.int().min(LIMITS[name].min).max(mostOf(name)).exactOptional()]),
    ) as Record<LimitName, z.ZodExactOptional<z.ZodInt>>,
    { error: `Must be limits as timeoutMs=60000,memoryMb=8192; their names are ${limitNames().join(", ")}` },
  ),
);

/** Reads JSON, or assignments with commas between them. */
function readAssignments(text: string): unknown {
  if (!text.trimStart().startsWith("{")) return Object.fromEntries(text.split(",").map(readAssignment));
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // The schema refuses it.
  }
}

function readAssignment(text: string): [string, unknown] {
  const [name = "", value = ""] = text.split("=", 2).map((part) => part.trim());
  return [name, /^\d+$/.test(value) ? Number(value) : value];
}

/** The wire form of `timeoutMs`, a field next to `limits`. */
export const timeoutSchema = limit("timeoutMs");

/** What to do instead of giving `timeoutMs` in `limits`. */
export const TIMEOUT_BESIDE_LIMITS = { timeoutMs: "Give timeoutMs beside limits, not in it" } as const;

/** The wire form of `limits`; an absent field takes its default. */
export const limitsSchema = strictObject({
  memoryMb: limit("memoryMb"),
  cpuMs: limit("cpuMs"),
  maxOutputBytes: limit("maxOutputBytes"),
  maxTotalOutputBytes: limit("maxTotalOutputBytes"),
  maxProcesses: limit("maxProcesses"),
  diskMb: limit("diskMb"),
}, { elsewhere: TIMEOUT_BESIDE_LIMITS });

/** The limits of a request; absent and undefined ones are not requested. */
export type RequestedLimits = { readonly [Name in LimitName]?: number | undefined };

/** Names of the limits in a request. A runtime must be able to enforce each. */
export function namedLimits(requested: RequestedLimits): LimitName[] {
  return limitNames().filter((name) => requested[name] !== undefined);
}

/** The operator's limits: the ceilings of every request, and the values of absent ones. */
export interface LimitPolicy {
  readonly ceilings: Limits;
  readonly defaults: Limits;
}

/** The operator's settings of limits; an absent one is the service's own. */
export interface LimitSettings {
  readonly limitCeilings: RequestedLimits;
  readonly limitDefaults: RequestedLimits;
}

/** A requested limit that stands for as much as may be had. No request on the wire has it. */
export const MOST = Infinity;

/**
 * Makes the policy of an operator's settings. A default above its ceiling becomes the ceiling, unless it is set too.
 *
 * @throws {CodeBeakerError} `invalid_request` for a default that is set above its ceiling
 */
export function limitPolicyOf({ limitCeilings, limitDefaults }: LimitSettings): LimitPolicy {
  const ceilings = mapLimits((name) => limitCeilings[name] ?? LIMITS[name].max);
  for (const name of namedLimits(limitDefaults)) {
    const value = limitDefaults[name] ?? 0;
    if (value <= ceilings[name]) continue;
    const why = `${name} must be at most its ceiling ${ceilings[name]} (limitCeilings): current value is ${value}`;
    throw new CodeBeakerError("invalid_request", `Cannot use the default limits (limitDefaults) as ${why}`);
  }
  return {
    ceilings,
    defaults: mapLimits((name) => limitDefaults[name] ?? Math.min(LIMITS[name].default, ceilings[name])),
  };
}

/** The policy of an operator who sets none. */
export const OWN_LIMIT_POLICY: LimitPolicy = limitPolicyOf({ limitCeilings: {}, limitDefaults: {} });

/**
 * Checks a request's limits against the operator's ceilings. {@link MOST} becomes the ceiling.
 *
 * @throws {CodeBeakerError} `invalid_request` that names the field and the ceiling
 */
export function narrowLimits(requested: RequestedLimits, { ceilings }: LimitPolicy): RequestedLimits {
  const named = namedLimits(requested);
  for (const name of named) {
    const value = requested[name] ?? 0;
    if (value > ceilings[name] && value !== MOST) throw invalidField(fieldOf(name), aboveCeiling(name, ceilings[name]));
  }
  if (!named.some((name) => requested[name] === MOST)) return requested;
  return Object.fromEntries(
    named.map((name) => [name, requested[name] === MOST ? mostUnder(ceilings, name) : requested[name]]),
  );
}

/** As much as may be had. A program computes no longer than it may last. */
function mostUnder(ceilings: Limits, name: LimitName): number {
  return name === "cpuMs" ? Math.min(ceilings.cpuMs, ceilings.timeoutMs) : ceilings[name];
}

function aboveCeiling(name: LimitName, ceiling: number): string {
  return `${fieldOf(name)} is at most ${ceiling}, the operator's ceiling (limitCeilings)`;
}

/** Fills absent limits in from the defaults. */
export function resolveLimits(requested: RequestedLimits, { defaults }: LimitPolicy = OWN_LIMIT_POLICY): Limits {
  return mapLimits((name) => requested[name] ?? defaults[name]);
}

/** The bounds of programs in a session. */
export interface SessionLimits {
  /** The limits that the session named. */
  readonly named: RequestedLimits;
  /** The limits that its environment enforces. */
  readonly enforced: readonly LimitName[];
  /** Default: {@link OWN_LIMIT_POLICY}. */
  readonly policy?: LimitPolicy;
}

/**
 * Resolves the limits of a program in a session: its own, else the session's. The session bounds the time only when it
 * names a time; otherwise a program may ask for as much as a one-shot. The disk is always the session's.
 *
 * @throws {CodeBeakerError} `invalid_request` for a limit above the session's, or one that is not enforced for each
 * program
 */
export function lowerLimits(
  { named, enforced, policy = OWN_LIMIT_POLICY }: SessionLimits,
  requested: RequestedLimits,
): Limits {
  const { ceilings, defaults } = policy;
  // An earlier process may have opened the session under higher ceilings. The workspace stays as it was made.
  const lowered = (name: LimitName, value: number) => name === "diskMb" ? value : Math.min(value, ceilings[name]);
  const capOf = (name: LimitName) =>
    lowered(name, named[name] ?? (name === "timeoutMs" ? ceilings.timeoutMs : defaults[name]));
  for (const name of namedLimits(requested)) {
    const [value, cap] = [requested[name] ?? 0, capOf(name)];
    if (value === MOST) continue;
    const isCeiling = named[name] === undefined && cap === ceilings[name];
    const fault = isCeiling && value > cap ? aboveCeiling(name, cap) : findFault(name, { value, cap, enforced });
    if (fault !== undefined) throw invalidField(fieldOf(name), fault);
  }
  return mapLimits((name) => {
    const value = requested[name];
    return value === MOST ? capOf(name) : value ?? lowered(name, named[name] ?? defaults[name]);
  });
}

function findFault(
  name: LimitName,
  { value, cap, enforced }: { readonly value: number; readonly cap: number; readonly enforced: readonly LimitName[] },
): string | undefined {
  if (value > cap) {
    return `${fieldOf(name)} is at most the session's ${cap}: open the session with a larger ${fieldOf(name)}`;
  }
  if (name === "diskMb" && value < cap) return `The workspace is the session's, with its ${cap} MB`;
  return enforced.includes(name) ? undefined : "The session's runtime does not enforce this limit";
}

/** Where a program's request names a limit. */
function fieldOf(name: LimitName): string {
  return name === "timeoutMs" ? name : `limits.${name}`;
}

/** Replaces the time limit by that of a command, at most `maxTimeoutMs` (default: the limit). */
export function withTimeout(
  { limits, maxTimeoutMs = limits.timeoutMs }: { readonly limits: Limits; readonly maxTimeoutMs?: number | undefined },
  timeoutMs: number | undefined,
): Limits {
  return { ...limits, timeoutMs: Math.min(timeoutMs ?? limits.timeoutMs, maxTimeoutMs) };
}

/** Most files and directories in a workspace of this size. */
export function filesFor(diskMb: number): number {
  return diskMb * FILES_PER_MB;
}

/** Most tasks (processes and threads, as the kernel counts them) for a number of processes. */
export function tasksFor(processes: number): number {
  return processes + THREADS;
}

/** The limits of a request that names none. */
export const DEFAULT_LIMITS: Limits = mapLimits((name) => LIMITS[name].default);

function limitNames(): LimitName[] {
  return Object.keys(LIMITS) as LimitName[];
}

/** Spelled out, as every request maps its limits several times. */
function mapLimits(value: (name: LimitName) => number): Limits {
  return {
    timeoutMs: value("timeoutMs"),
    memoryMb: value("memoryMb"),
    cpuMs: value("cpuMs"),
    maxOutputBytes: value("maxOutputBytes"),
    maxTotalOutputBytes: value("maxTotalOutputBytes"),
    maxProcesses: value("maxProcesses"),
    diskMb: value("diskMb"),
  };
}
