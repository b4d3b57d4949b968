import { assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError, type ErrorCode } from "../../src/core/errors.ts";
import { parseSessionExecution, parseSessionRequest } from "../../src/core/requests/session_request.ts";
import type { SessionInfo } from "../../src/core/session.ts";
import { CALLER, callerOf } from "../support/engine_of.ts";
import { fakeExecution } from "../support/fake_ports.ts";
import { fakeRuntime } from "../support/fake_runtime.ts";
import { type GatedEnvironment, gatedEnvironment } from "../support/gated_program.ts";
import { fingerprintOf } from "../../src/core/fingerprint.ts";
import { sessionsOf } from "../support/sessions_of.ts";

const PROGRAM = parseSessionExecution({ code: "1" });
const CELL = { code: "1", limits: {}, explain: false };
const KEY = { idempotencyKey: "once" };

interface Held extends ReturnType<typeof sessionsOf> {
  readonly gate: GatedEnvironment;
  readonly session: SessionInfo;
}

/** One open session whose programs a test ends. */
async function withSession(test: (held: Held) => Promise<void>): Promise<void> {
  const gate = await gatedEnvironment();
  const parts = sessionsOf([fakeRuntime({ createEnvironment: () => Promise.resolve(gate.environment) })]);
  await using _sessions = parts.sessions;
  const session = await parts.sessions.create(CALLER, parseSessionRequest({ language: "typescript" }));
  await test({ ...parts, gate, session });
}

async function refusal(act: () => Promise<unknown>): Promise<ErrorCode> {
  return (await assertRejects(act, CodeBeakerError)).code;
}

Deno.test("Sessions gives a repeated submit the first execution: while it runs, when it is over, and when its session is", () =>
  withSession(async ({ sessions, session: { id }, gate }) => {
    const submit = () => sessions.submit(CALLER, id, PROGRAM, KEY);
    const first = await submit();
    await gate.untilBegun(1);
    const running = await submit();
    assertEquals([first.status, running.id, running.status], [undefined, first.id, "running"]);
    gate.endOne();
    const execution = await first.ended;
    assertEquals(await running.ended, execution);
    await sessions.close(CALLER, id);
    const again = await submit();
    assertEquals([again.id, again.status, await again.ended], [first.id, "ended", execution]);
    assertEquals(gate.begun(), 1);
  }));

Deno.test("Sessions tells of a session that is over to whoever repeats nothing of his own", () =>
  withSession(async ({ sessions, session: { id }, gate }) => {
    const { ended } = await sessions.submit(CALLER, id, PROGRAM, KEY);
    await gate.untilBegun(1);
    gate.endOne();
    await ended;
    await sessions.close(CALLER, id);
    const other = parseSessionExecution({ code: "2" });
    assertEquals(await refusal(() => sessions.submit(CALLER, id, PROGRAM)), "conflict");
    assertEquals(await refusal(() => sessions.submit(CALLER, id, PROGRAM, { idempotencyKey: "twice" })), "conflict");
    assertEquals(await refusal(() => sessions.submit(CALLER, id, other, KEY)), "conflict");
    assertEquals(await refusal(() => sessions.submit(callerOf("two"), id, PROGRAM, KEY)), "not_found");
  }));

Deno.test("Sessions gives a repeated command its first execution, plain or not, however its fields are written", () =>
  withSession(async ({ sessions, session: { id }, gate }) => {
    const first = sessions.command(CALLER, id, { type: "execute_shell", command: "ls", args: [], id: "one" }, KEY);
    await gate.untilBegun(1);
    gate.endOne();
    const { result } = await first;
    await sessions.close(CALLER, id);
    const again = { id: "two", args: [], command: "ls", type: "shell" };
    assertEquals((await sessions.command(CALLER, id, again, KEY)).result, result);
    assertEquals(await (await sessions.submitCommand(CALLER, id, again, KEY)).ended, result);
    const other = { type: "execute_shell", command: "ls" };
    assertEquals(await refusal(() => sessions.command(CALLER, id, other, KEY)), "conflict");
    assertEquals(await refusal(() => sessions.command(CALLER, id, again)), "conflict");
  }));

Deno.test("Sessions gives a repeated cell its first execution where its context, or its session, is gone", () =>
  withSession(async ({ sessions, session: { id }, store }) => {
    const execution = fakeExecution({ id: "exec_cell" });
    const fingerprint = fingerprintOf({ session: id, context: "ctx_1", request: CELL });
    store.begin({ tenant: "local", sessionId: id, draft: execution, idempotency: { key: "once", fingerprint } });
    store.end(execution);
    const submit = (options: object) => sessions.contexts(CALLER, id).submit("ctx_1", CELL, options);
    for (const refused of ["not_found", "conflict"]) {
      assertEquals(await (await submit(KEY)).ended, execution);
      assertEquals(await refusal(() => submit({})), refused as ErrorCode);
      await sessions.close(CALLER, id);
    }
  }));

Deno.test("Sessions cancels a program when everybody is gone who submitted it, and not before", () =>
  withSession(async ({ sessions, session: { id }, gate }) => {
    const [one, two] = [new AbortController(), new AbortController()];
    const first = await sessions.submit(CALLER, id, PROGRAM, { ...KEY, signal: one.signal });
    await gate.untilBegun(1);
    const second = await sessions.submit(CALLER, id, PROGRAM, { ...KEY, signal: two.signal });
    one.abort();
    assertEquals((await sessions.submit(CALLER, id, PROGRAM, { ...KEY, signal: one.signal })).status, "running");
    assertEquals(gate.environment.runs[0]?.options.signal?.aborted, false);
    two.abort();
    assertEquals((await second.ended).outcome, { kind: "cancelled" });
    assertEquals(await first.ended, await second.ended);
  }));

Deno.test("Sessions lets a program go on that somebody asked for without waiting, whoever else goes", () =>
  withSession(async ({ sessions, session: { id }, gate }) => {
    const gone = new AbortController();
    const { ended } = await sessions.submit(CALLER, id, PROGRAM, { ...KEY, signal: gone.signal });
    await gate.untilBegun(1);
    await sessions.submit(CALLER, id, PROGRAM, { ...KEY, isPatient: true });
    gone.abort();
    gate.endOne();
    assertEquals((await ended).outcome, { kind: "exited", exitCode: 0 });
  }));
