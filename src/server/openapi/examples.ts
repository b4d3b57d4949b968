import type { Answer } from "../../core/answers/answer.ts";
import type { activitySchema } from "../../core/answers/activity.ts";
import type { commandAnswerSchema } from "../../core/answers/commands.ts";
import type { acceptedExecutionSchema, executionPageSchema } from "../../core/answers/execution_report.ts";
import type { treeSchema } from "../../core/answers/files.ts";
import type { legacyLanguageSchema, legacyStatusSchema } from "../../core/answers/legacy.ts";
import type { languageListSchema, runtimeListSchema } from "../../core/answers/runtime.ts";
import type { readinessSchema, serviceIndexSchema } from "../../core/answers/service.ts";
import type { contextSchema } from "../../core/answers/session.ts";
import type { ServiceDiagnosis } from "../../core/diagnosis.ts";
import type { Execution } from "../../core/execution.ts";
import type { Selection } from "../../core/selection.ts";
import type { SessionInfo } from "../../core/session.ts";
import { SERVICE_NAME, VERSION } from "../../core/version.ts";

const CREATED_AT = "2026-11-25T01:00:00.000Z";
const EXECUTION_ID = "exec_39c8a2b6f01f4c7a8a3d7cf2f39b2a55";
const SESSION_ID = "sess_0b5f3a53d2e84b3f9f0a4f6b7f1c2d3e";

/** An execution of a program that has exited. */
export const EXECUTION: Execution = {
  id: EXECUTION_ID,
  status: "ended",
  language: "python",
  runtime: "first",
  warm: true,
  outcome: { kind: "exited", exitCode: 0 },
  exitCode: 0,
  stdout: "42\n",
  stderr: "",
  truncated: { stdout: 0, stderr: 0 },
  usage: { wallMs: 4.8, startupMs: 0.4, cpuMs: 3.1, peakMemoryBytes: 9_076_736 },
  denials: [],
  createdAt: CREATED_AT,
};

/** An execution of a cell. */
export const CELL_EXECUTION: Execution = {
  ...EXECUTION,
  sessionId: SESSION_ID,
  contextId: "ctx_6d1e0f3c5b7a49d8a2c4e6f80b1d3f57",
  cell: "cell_1.py",
  stdout: "",
  value: 42,
  valueType: "json",
  text: "42",
};

/** An accepted execution. */
export const ACCEPTED: Answer<typeof acceptedExecutionSchema> = { id: EXECUTION_ID, status: "queued" };

/** The choice of a runtime of two. */
export const SELECTION: Selection = {
  chosen: "first",
  preference: "balanced",
  floor: 7,
  candidates: [
    {
      runtime: "first",
      passed: true,
      score: 0.83,
      inputs: { startupMs: 1, memoryMb: 12, isolationLevel: 8, source: "measured", path: "warm" },
    },
    {
      runtime: "second",
      passed: false,
      rejectedBecause: { code: "unavailable", detail: "it is not installed", remedy: "install it" },
      inputs: { startupMs: 2_000, memoryMb: 250, isolationLevel: 9, source: "declared" },
    },
  ],
};

/** A session that is idle. */
export const SESSION: SessionInfo = {
  id: SESSION_ID,
  language: "python",
  runtime: "first",
  state: "idle",
  createdAt: CREATED_AT,
  lastActivityAt: CREATED_AT,
  expiresAt: "2026-11-25T01:30:00.000Z",
  executionCount: 0,
  idleTimeoutMs: 1_800_000,
  maxLifetimeMs: 7_200_000,
  metadata: { ticket: 7 },
  selection: SELECTION,
};

/** A context of the session. */
export const CONTEXT: Answer<typeof contextSchema> = {
  id: "ctx_6d1e0f3c5b7a49d8a2c4e6f80b1d3f57",
  language: "python",
  createdAt: CREATED_AT,
};

/** The answer to a command that wrote a file. */
export const COMMAND_ANSWER: Answer<typeof commandAnswerSchema> = {
  success: true,
  result: { path: "data.csv", bytes: 8 },
  durationMs: 1.2,
};

/** A workspace with one file. */
export const TREE: Answer<typeof treeSchema> = {
  tree: {
    name: "",
    path: ".",
    type: "directory",
    size: 0,
    modifiedAt: CREATED_AT,
    children: [{ name: "data.csv", path: "data.csv", type: "file", size: 8, modifiedAt: CREATED_AT }],
  },
};

const { id, status, language, runtime, warm, outcome, exitCode, usage } = EXECUTION;

/** A page of one execution. */
export const EXECUTION_PAGE: Answer<typeof executionPageSchema> = {
  executions: [{
    id,
    status,
    language,
    runtime,
    warm,
    outcome,
    exitCode,
    usage,
    preview: "print(40 + 2)",
    createdAt: CREATED_AT,
  }],
  nextCursor: "1795222800000.exec_39c8a2b6f01f4c7a8a3d7cf2f39b2a55",
};

const SAMPLED = { p50: 1.2, p95: 4.8 };

/** One runtime, of which nothing is warm. */
export const RUNTIMES: Answer<typeof runtimeListSchema> = {
  runtimes: [{
    name: "first",
    type: "NativeProcess",
    environments: [{ name: "python", contexts: true, available: true }],
    available: true,
    capabilities: {
      startupTimeMs: 20,
      memoryOverheadMB: 12,
      isolationLevel: 8,
      supportsFilesystemPersistence: true,
      supportsNetworkAccess: true,
      maxConcurrentExecutions: 100,
    },
    measured: { samples: 12, startupMs: SAMPLED, memoryMb: { p50: 9, p95: 14 }, failures: 0 },
    isolation: { level: 8, layers: ["namespaces", "seccomp"], limits: ["timeoutMs", "memoryMb"] },
  }],
};

/** A machine whose one runtime has the highest level that it can have there. */
export const DIAGNOSIS: ServiceDiagnosis = {
  floor: 7,
  floorReached: true,
  memory: { machineMb: 16_384, budgetMb: 12_288 },
  checks: [{ name: "memory", good: true, detail: "12288 MB for programs" }],
  runtimes: [{
    runtime: "first",
    available: true,
    level: 8,
    layers: [{ name: "namespaces", active: true, detail: "programs see only what is theirs" }],
    canaries: [{ name: "read_home", promise: "reads no file of the service", kept: true }],
  }],
};

/** A service that is ready. */
export const READINESS: Answer<typeof readinessSchema> = {
  status: "ready",
  runtimes: [{ name: "first", available: true }],
};

/** A service none of whose runtimes is available. */
export const UNREADINESS: Answer<typeof readinessSchema> = {
  status: "not_ready",
  runtimes: [{ name: "first", available: false, reason: "it is not installed", remedy: "install it" }],
};

/** A service that has run one program. */
export const ACTIVITY: Required<Answer<typeof activitySchema>> = {
  startedAt: CREATED_AT,
  windowMs: 600_000,
  stepMs: 10_000,
  service: { running: 0, queued: 0, sessions: 0, contexts: 0 },
  runtimes: [{
    runtime: "first",
    executions: 1,
    startupMs: { p50: 0.4, p95: 0.4 },
    wallMs: { p50: 3.1, p95: 3.1 },
    steps: [{ at: CREATED_AT, executions: 1, startupMs: { p50: 0.4, p95: 0.4 }, wallMs: { p50: 3.1, p95: 3.1 } }],
  }],
};

/** The first paths of a service. */
export const INDEX: Answer<typeof serviceIndexSchema> = {
  name: SERVICE_NAME,
  version: VERSION,
  docs: "/docs",
  executions: "/v1/executions",
};

/** An execution in the original's fields. */
export const LEGACY_STATUS: Answer<typeof legacyStatusSchema> = {
  executionId: EXECUTION_ID,
  status: "completed",
  exitCode: 0,
  durationMs: 5,
  timeout: false,
  outcome: { kind: "exited", exitCode: 0 },
  stdout: "42\n",
  stderr: "",
  runtime: "first",
  denials: [],
  createdAt: CREATED_AT,
};

/** The answer of the original's interface about an execution that does not exist. */
export const LEGACY_MISSING: Answer<typeof legacyStatusSchema> = {
  executionId: EXECUTION_ID,
  status: "not_found",
  exitCode: null,
  durationMs: null,
  timeout: false,
  outcome: null,
  stdout: "",
  stderr: "",
};

/** A language in the original's fields. */
export const LEGACY_LANGUAGE: Answer<typeof legacyLanguageSchema> = { name: "python", runtime: "first" };

/** One language. */
export const LANGUAGES: Answer<typeof languageListSchema> = {
  languages: [{ name: "python", aliases: ["python3", "py"], available: true, runtimes: ["first"], contexts: true }],
};
