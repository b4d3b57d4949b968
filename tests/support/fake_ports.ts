import type { Execution } from "../../src/core/execution.ts";
import { LOCAL_USER } from "../../src/core/principal.ts";
import type { SessionInfo } from "../../src/core/session.ts";
import type { Caller, EnginePort, SubmitOptions, Submitted } from "../../src/engine/port.ts";
import type { SessionsPort } from "../../src/sessions/port.ts";

/** Who asks in tests of the doors. */
export const TESTER: Caller = { principal: { ...LOCAL_USER, tenant: "tester" }, requestId: "request-1" };

function unexpected(): never {
  throw new Error("not expected");
}

/** An engine that does what a test says, and expects nothing else. */
export function fakeEngine(parts: Partial<EnginePort> = {}): EnginePort {
  return {
    submit: unexpected,
    report: unexpected,
    list: unexpected,
    follow: unexpected,
    cancel: unexpected,
    feed: unexpected,
    select: unexpected,
    describeRuntimes: () => Promise.resolve([]),
    describeLanguages: () => Promise.resolve([]),
    readiness: () => Promise.resolve([]),
    diagnose: unexpected,
    isOpen: true,
    ...parts,
  };
}

/** Sessions that do what a test says, and expect nothing else. */
export function fakeSessions(parts: Partial<SessionsPort> = {}): SessionsPort {
  return {
    create: unexpected,
    show: unexpected,
    list: unexpected,
    change: unexpected,
    close: unexpected,
    closing: unexpected,
    submit: unexpected,
    contexts: unexpected,
    command: unexpected,
    submitCommand: unexpected,
    files: unexpected,
    lockFile: unexpected,
    limits: unexpected,
    permissions: unexpected,
    ...parts,
  };
}

/** The end of a program that printed what a test says. */
export function fakeExecution(parts: Partial<Execution> = {}): Execution {
  return {
    id: "exec_1",
    status: "ended",
    language: "typescript",
    runtime: "fake",
    outcome: { kind: "exited", exitCode: 0 },
    exitCode: 0,
    stdout: "",
    stderr: "",
    truncated: { stdout: 0, stderr: 0 },
    denials: [],
    usage: { wallMs: 1, startupMs: 1, cpuMs: null, peakMemoryBytes: null },
    warm: false,
    createdAt: "2026-01-01T00:00:00.000Z",
    ...parts,
  };
}

/** A session that is as a test says. */
export function fakeSession(parts: Partial<SessionInfo> = {}): SessionInfo {
  return {
    id: "sess_1",
    language: "typescript",
    runtime: "fake",
    state: "idle",
    createdAt: "2026-01-01T00:00:00.000Z",
    lastActivityAt: "2026-01-01T00:00:00.000Z",
    expiresAt: "2026-01-01T00:30:00.000Z",
    executionCount: 0,
    idleTimeoutMs: 1_800_000,
    maxLifetimeMs: 7_200_000,
    metadata: {},
    selection: { chosen: "fake", preference: "balanced", floor: 7, candidates: [] },
    ...parts,
  };
}

/** What a fake program does between its start and its end. */
export type ProgramBody = (
  print: (text: string | Uint8Array) => Promise<void>,
  options: SubmitOptions,
) => Promise<void>;

/** An execution that starts at once, does what a test says, and ends as {@link fakeExecution}. */
export function submitted(options: SubmitOptions, body: ProgramBody = () => Promise.resolve()): Submitted {
  const execution = fakeExecution();
  async function run(): Promise<Execution> {
    await Promise.resolve();
    options.onStart?.({ id: execution.id, runtime: execution.runtime });
    await body(async (text) => {
      const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
      await options.onOutput?.({ stream: "stdout", bytes });
    }, options);
    return execution;
  }
  const ended = run();
  ended.catch(() => {}); // Whoever asks for it is told.
  return { id: execution.id, ended };
}
