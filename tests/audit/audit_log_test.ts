import { assert, assertEquals } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import type { EndedExecution } from "../../src/engine/observer.ts";
import type { Caller } from "../../src/engine/port.ts";
import { log } from "../../src/log.ts";
import { AuditLog } from "../../src/audit/mod.ts";
import { openStorage } from "../../src/storage/mod.ts";
import type { AuditStore } from "../../src/storage/storage.ts";
import { endOf, principalOf, sessionOf } from "../storage/samples.ts";

const CALLER: Caller = { principal: principalOf("one"), requestId: "req_1" };
const SECRETS = { code: "console.log('s3cret-code')", stdin: "s3cret-stdin", env: { TOKEN: "s3cret-env" } };
const NOW = Date.UTC(2026, 0, 1);
const ENDED_AT = NOW - 10;

function endedOf(result: EndedExecution["result"] = endOf("exec_1")): EndedExecution {
  const facts = { id: "exec_1", language: "typescript", floor: 7, endedAt: ENDED_AT, queuedMs: 2 };
  return { ...facts, caller: CALLER, result, source: SECRETS };
}

function denied(message: string, path?: string): CodeBeakerError {
  const details = path === undefined ? {} : { errors: [{ path, message: "Not allowed here" }] };
  return new CodeBeakerError("permission_denied", message, { details });
}

/** The lines that a log has written, after something happened. */
function linesOf(happen: (log: AuditLog) => void, options: { readonly keepsSource?: boolean } = {}) {
  using storage = openStorage(undefined);
  happen(new AuditLog(storage.audit, { ...options, now: () => NOW }));
  return storage.audit.read({ limit: 1_000 });
}

Deno.test("AuditLog.executionEnded() writes who ran what where, what came of it, and nothing of what was run", () => {
  const [line, ...more] = linesOf((audit) => audit.executionEnded({ ...endedOf(), sessionId: "sess_1" }));
  assertEquals(more, []);
  const { runtime, outcome, usage } = endOf("exec_1");
  assertEquals(line, {
    number: 1,
    at: "2025-12-31T23:59:59.990Z",
    tenant: "one",
    key: "one's key",
    action: "execution",
    subject: "exec_1",
    facts: {
      requestId: "req_1",
      language: "typescript",
      sessionId: "sess_1",
      runtime,
      warm: false,
      floor: 7,
      outcome,
      exitCode: 0,
      usage,
      queuedMs: 2,
    },
  });
});

Deno.test("AuditLog.executionEnded() names the error and the runtimes it was tried on, and not what a runtime said of it", () => {
  const attempts = [{ runtime: "docker", error: "s3cret-env is no variable" }];
  const error = new CodeBeakerError("runtime_unavailable", "Cannot start: s3cret-code", { details: { attempts } });
  const lines = linesOf((audit) => audit.executionEnded(endedOf(error)));
  assertEquals(lines.map(({ facts }) => [facts["error"], facts["failedOn"]]), [["runtime_unavailable", ["docker"]]]);
  assert(!JSON.stringify(lines).includes("s3cret"));
});

Deno.test("AuditLog keeps code, stdin and variables only when it is told to", () => {
  const happen = (audit: AuditLog) => audit.executionEnded(endedOf(endOf("exec_1", "s3cret-output")));
  assert(!JSON.stringify(linesOf(happen)).includes("s3cret"));
  assertEquals(linesOf(happen, { keepsSource: true }).map(({ facts }) => facts["source"]), [SECRETS]);
});

Deno.test("AuditLog writes when a session is opened and closed, and why", () => {
  const { info } = sessionOf("sess_1", { executionCount: 3 });
  const lines = linesOf((audit) => {
    audit.sessionOpened(CALLER, { ...info, metadata: { note: "s3cret" } });
    audit.sessionClosed({ principal: CALLER.principal }, { ...info, state: "closed", closedBecause: "idle_timeout" });
  });
  const facts = { runtime: "deno", language: "typescript", floor: 7 };
  assertEquals(lines.map((line) => [line.action, line.subject, line.tenant, line.facts]), [
    ["session.open", "sess_1", "one", { requestId: "req_1", ...facts }],
    ["session.close", "sess_1", "one", { ...facts, executionCount: 3, closedBecause: "idle_timeout" }],
  ]);
});

Deno.test("AuditLog.refused() writes what somebody was not let do, and no mere mistake", () => {
  const lines = linesOf((audit) => {
    const refuse = (error: CodeBeakerError, caller?: Caller) =>
      audit.refused({ what: "POST /v1/executions", error, caller });
    for (const code of ["invalid_request", "not_found", "conflict", "too_large", "internal"] as const) {
      refuse(new CodeBeakerError(code, "no"), CALLER);
    }
    refuse(new CodeBeakerError("unauthorized", "Cannot serve without a key"));
    refuse(new CodeBeakerError("busy", "Cannot run now as its quota"), CALLER);
    refuse(new CodeBeakerError("busy", "Cannot run now as the service is shutting down"));
    refuse(denied("Cannot grant permissions.allowNet[0]: evil.example", "permissions.allowNet[0]"), CALLER);
  });
  const what = "POST /v1/executions";
  assertEquals(lines.map(({ tenant, action, facts }) => [tenant, action, facts]), [
    [null, "refused", { what, code: "unauthorized", message: "Cannot serve without a key" }],
    ["one", "refused", { requestId: "req_1", what, code: "busy", message: "Cannot run now as its quota" }],
    ["one", "refused", {
      requestId: "req_1",
      what,
      code: "permission_denied",
      message: "Cannot grant permissions.allowNet[0]: evil.example",
      fields: ["permissions.allowNet[0]"],
    }],
  ]);
});

Deno.test("AuditLog.refused() leaves out what quotes a command, and cuts what quotes without end", () => {
  const lines = linesOf((audit) => {
    audit.refused({ what: "execute_shell", error: denied('Cannot run "echo s3cret"'), caller: CALLER });
    audit.refused({ what: "write_file", error: denied("😀".repeat(100_000), "path"), caller: CALLER });
  });
  assertEquals(lines[0]?.facts, { requestId: "req_1", what: "execute_shell", code: "permission_denied" });
  assertEquals(String(lines[1]?.facts["message"]).length, 500);
});

Deno.test("AuditLog.refused() writes 60 lines a minute of one key's refusals of a kind, then says how many it left out", () => {
  using storage = openStorage(undefined);
  let now = NOW;
  const audit = new AuditLog(storage.audit, { now: () => now });
  const error = new CodeBeakerError("unauthorized", "Cannot serve without a key");
  for (let index = 0; index < 100; index++) audit.refused({ what: "GET /v1/sessions", error });
  audit.refused({ what: "POST /v1/executions", error: denied("no"), caller: CALLER });
  assertEquals(storage.audit.read({ limit: 1_000 }).length, 61);
  now += 59_999;
  audit.refused({ what: "GET /v1/sessions", error });
  now += 1;
  for (const _ of "12") audit.refused({ what: "GET /v1/sessions", error });
  const lines = storage.audit.read({ after: 61, limit: 1_000 });
  assertEquals(lines.map(({ facts }) => facts["leftOut"]), [41, undefined]);
});

Deno.test("AuditLog.refused() writes on when the clock is put back", () => {
  using storage = openStorage(undefined);
  let now = NOW;
  const audit = new AuditLog(storage.audit, { now: () => now });
  const error = new CodeBeakerError("unauthorized", "Cannot serve without a key");
  for (let index = 0; index < 62; index++) audit.refused({ what: "GET /v1/sessions", error });
  now -= 3_600_000;
  for (const _ of "12") audit.refused({ what: "GET /v1/sessions", error });
  const lines = storage.audit.read({ after: 60, limit: 1_000 });
  assertEquals(lines.map(({ facts }) => facts["leftOut"]), [2, undefined]);
});

Deno.test("AuditLog throws nothing when a line cannot be written: the service's log tells of it", async () => {
  const { configure, reset } = await import("@logtape/logtape");
  const told: unknown[] = [];
  await configure({
    reset: true,
    sinks: { told: ({ properties }) => void told.push([properties["action"], properties["error"]]) },
    loggers: [{ category: [...log.category], lowestLevel: "error", sinks: ["told"] }, {
      category: ["logtape", "meta"],
      lowestLevel: "fatal",
      sinks: [],
    }],
  });
  try {
    const full: AuditStore = {
      append: () => {
        throw new Error("database or disk is full");
      },
      read: () => [],
    };
    const audit = new AuditLog(full);
    audit.executionEnded(endedOf());
    audit.sessionOpened(CALLER, sessionOf("sess_1").info);
    audit.sessionClosed(CALLER, sessionOf("sess_1").info);
    audit.refused({ what: "GET /", error: denied("no") });
  } finally {
    await reset();
  }
  const actions = ["execution", "session.open", "session.close", "refused"];
  assertEquals(told, actions.map((action) => [action, "database or disk is full"]));
});
