import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CodeBeakerError, Sandbox } from "@codebeaker/client";
import { EVENTS } from "../../client/program.ts";
import { EXECUTION_EVENTS } from "../../src/core/answers/execution_report.ts";
import { freePort } from "../support/free_port.ts";

/** A request that a service got. */
interface Got {
  readonly line: string;
  readonly headers: Headers;
}

type Answer = (request: Got) => Response | Promise<Response>;

/** A service that answers as a test wants: each route in turn, its last answer again and again. */
class FakeService implements AsyncDisposable {
  readonly got: Got[] = [];
  readonly url: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #stopped = new AbortController();

  constructor(routes: Readonly<Record<string, readonly Answer[]>>) {
    const all: typeof routes = { "POST /v1/sessions": [() => Response.json(SESSION, { status: 201 })], ...routes };
    const counts = new Map<string, number>();
    const { signal } = this.#stopped;
    this.#server = Deno.serve({ signal, hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
      const line = `${request.method} ${new URL(request.url).pathname}`;
      await request.body?.cancel();
      this.got.push({ line, headers: request.headers });
      const answers = all[line] ?? [() => new Response(null, { status: 204 })];
      const count = counts.get(line) ?? 0;
      counts.set(line, count + 1);
      return await answers[Math.min(count, answers.length - 1)]?.({ line, headers: request.headers }) ??
        new Response(null, { status: 204 });
    });
    this.url = `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Its requests after the first, which creates the sandbox. */
  get lines(): string[] {
    return this.got.slice(1).map(({ line }) => line);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort(); // Some answers have no end.
    await this.#server.finished;
  }
}

const SESSION = { id: "sess_1", language: "python", state: "idle" };
const RUN = "POST /v1/sessions/sess_1/executions";
const SHOW = "GET /v1/executions/exec_1";
const FOLLOW = `${SHOW}/events`;
const CANCEL = "DELETE /v1/executions/exec_1";
const EXECUTION = { id: "exec_1", status: "ended", outcome: { kind: "exited", exitCode: 0 }, stdout: "héllo" };
const accepted: Answer = () => Response.json({ id: "exec_1", status: "queued" }, { status: 202 });
const ended: Answer = () => Response.json(EXECUTION);
/** An answer whose connection is cut within it. */
const cut: Answer = () => new Response(pieces(['{ "id": ']), { headers: { "content-length": "1000" } });
const never: Answer = () => new Promise(() => {});

function refuse(code: string, status: number, headers: Record<string, string> = {}): Answer {
  const problem = { type: `urn:codebeaker:error:${code}`, title: code, status, code, detail: `It is ${code}` };
  return () => Response.json(problem, { status, headers: { "content-type": "application/problem+json", ...headers } });
}

/** A stream of events, which ends in order or is cut. */
function stream(parts: readonly (string | Uint8Array)[], { isCut = false } = {}): Answer {
  return () => new Response(pieces(parts, isCut), { headers: { "content-type": "text/event-stream" } });
}

function pieces(parts: readonly (string | Uint8Array)[], isCut = true): ReadableStream<Uint8Array> {
  const left = parts.map((part) => typeof part === "string" ? new TextEncoder().encode(part) : part);
  return new ReadableStream({
    async pull(controller) {
      const part = left.shift();
      if (part !== undefined) return controller.enqueue(part);
      if (!isCut) return controller.close();
      await new Promise((resolve) => setTimeout(resolve, 20)); // What was sent before arrives.
      controller.error(new Error("cut"));
    },
  });
}

function event(id: number, name: string, data: unknown): string {
  return `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

async function rejects(promise: Promise<unknown>, code: string): Promise<CodeBeakerError> {
  const error = await assertRejects(() => promise, CodeBeakerError);
  assertEquals(error.code, code, error.message);
  return error;
}

Deno.test("EVENTS are those of the service, but the one that is thrown", () => {
  assertEquals(EVENTS.toSorted(), Object.keys(EXECUTION_EVENTS).filter((name) => name !== "error").toSorted());
});

Deno.test("a request that the service was too busy for is repeated when the service says", async () => {
  const busy = refuse("busy", 429, { "retry-after": "0" });
  const unavailable = refuse("runtime_unavailable", 503, { "retry-after": "0" });
  await using service = new FakeService({
    "POST /v1/sessions": [busy, unavailable, () => Response.json(SESSION, { status: 201 })],
    [RUN]: [busy, ended],
  });
  const sandbox = await Sandbox.create("python", { url: `${service.url}/`, key: "secret" });
  assertEquals((await sandbox.run("1")).stdout, "héllo");
  assertEquals(new Set(service.got.map(({ headers }) => headers.get("authorization"))), new Set(["Bearer secret"]));
  const keys = service.got.slice(3).map(({ headers }) => headers.get("idempotency-key"));
  assertEquals(keys.length, 2);
  assert(keys[0] !== null && keys[0] === keys[1]);
});

Deno.test("an error is thrown at once where waiting does not help, or takes too long", async () => {
  await using service = new FakeService({
    [RUN]: [refuse("busy", 429, { "retry-after": "3600" }), refuse("runtime_unavailable", 503), ended],
  });
  const sandbox = await Sandbox.create("python", service);
  assertEquals((await rejects(sandbox.run("1"), "busy")).retryAfterMs, 3_600_000);
  const error = await rejects(sandbox.run("1"), "runtime_unavailable");
  assertEquals([error.status, error.problem?.title, error.retryAfterMs], [503, "runtime_unavailable", undefined]);
  assertEquals(service.lines, [RUN, RUN]);
});

Deno.test("run() survives cut connections under one key, and waits longer than one request does", async () => {
  const running: Answer = () => Response.json({ id: "exec_1", status: "running" });
  await using service = new FakeService({ [RUN]: [cut, accepted], [SHOW]: [running, cut, ended] });
  const sandbox = await Sandbox.create("python", service);
  assertEquals((await sandbox.run("1")).id, "exec_1");
  assertEquals(service.lines, [RUN, RUN, SHOW, SHOW, SHOW]);
  assertEquals(new Set(service.got.slice(1, 3).map(({ headers }) => headers.get("idempotency-key"))).size, 1);
});

Deno.test("what may have been done is not repeated without a key", async () => {
  await using service = new FakeService({ "POST /v1/sessions/sess_1/contexts": [cut] });
  const sandbox = await Sandbox.create("python", service);
  await rejects(sandbox.contexts.create(), "unreachable");
  assertEquals(service.lines.length, 1);
});

Deno.test("a stream that is cut within a character is taken up again after its last whole event", async () => {
  const [second, third] = [event(2, "stdout", { text: "hé" }), event(3, "stdout", { text: "llo" })];
  const bytes = new TextEncoder().encode(second);
  const withinCharacter = bytes.indexOf(0xc3) + 1;
  await using service = new FakeService({
    [RUN]: [accepted],
    [FOLLOW]: [
      stream([event(1, "started", { id: "exec_1", runtime: "x" }), bytes.subarray(0, withinCharacter)], {
        isCut: true,
      }),
      stream([": ping\n\n", bytes.subarray(0, withinCharacter), bytes.subarray(withinCharacter)]),
      stream([third, event(4, "novelty", {}), event(5, "completed", EXECUTION)]),
    ],
  });
  const sandbox = await Sandbox.create("python", service);
  const seen: unknown[] = [];
  for await (const { data, event, id } of await sandbox.start("1")) {
    seen.push([id, event, event === "stdout" ? data.text : ""]);
  }
  assertEquals(seen, [["1", "started", ""], ["2", "stdout", "hé"], ["3", "stdout", "llo"], ["5", "completed", ""]]);
  const after = service.got.filter(({ line }) => line === FOLLOW).map(({ headers }) => headers.get("last-event-id"));
  assertEquals(after, [null, "1", "2"]);
});

Deno.test("the events of a program that was lost with its service end with its record", async () => {
  await using service = new FakeService({
    [RUN]: [accepted],
    [FOLLOW]: [stream([event(8, "stdout", { text: "x" })]), refuse("invalid_request", 400)],
    [SHOW]: [ended],
  });
  const program = await (await Sandbox.create("python", service)).start("1");
  const seen = await Array.fromAsync(program, ({ event, id }) => [id, event]);
  assertEquals(seen, [["8", "stdout"], ["8", "completed"]]);
  await rejects(Array.fromAsync(program.events({ lastEventId: "9" })), "invalid_request");
});

Deno.test("events that break off for good are stream_lost, and an error event is that error", async () => {
  await using service = new FakeService({
    [RUN]: [accepted],
    [FOLLOW]: [
      ...Array(2).fill(stream([])),
      stream([event(1, "error", { code: "internal", detail: "Internal error", status: 500 })]),
      stream(["event: stdout\ndata: {\n\n"]),
    ],
  });
  const sandbox = await Sandbox.create("python", { url: service.url, retries: 1 });
  const program = await sandbox.start("1");
  await rejects(Array.fromAsync(program), "stream_lost");
  await rejects(Array.fromAsync(program), "internal");
  await rejects(Array.fromAsync(program), "bad_answer");
});

Deno.test("an answer that is none of CodeBeaker says so, and shows its beginning", async () => {
  const page = (status: number) => () =>
    new Response("<html>nginx", { status, headers: { "content-type": "text/html" } });
  await using service = new FakeService({
    [RUN]: [page(200), page(404), page(308), page(502), () => Response.json(null), accepted],
    [FOLLOW]: [page(200)],
    [SHOW]: [() => Response.json({ id: "exec_1", status: "novel" })],
  });
  const sandbox = await Sandbox.create("python", { url: service.url, retries: 0 });
  for (const code of ["bad_answer", "bad_answer", "bad_answer", "unreachable"]) {
    assertStringIncludes((await rejects(sandbox.run("1"), code)).message, "nginx");
  }
  await rejects(sandbox.run("1"), "bad_answer");
  const program = await sandbox.start("1");
  await rejects(Array.fromAsync(program), "bad_answer");
  await rejects(program.wait(), "bad_answer");
});

Deno.test("a service that is not there, or says nothing, is unreachable", async () => {
  const nowhere = { url: `http://127.0.0.1:${freePort()}`, retries: 1 };
  assertStringIncludes((await rejects(Sandbox.create("python", nowhere), "unreachable")).message, nowhere.url);
  await using service = new FakeService({
    "POST /v1/sessions/sess_1/contexts": [never],
    [RUN]: [accepted],
    [FOLLOW]: [() => new Response(new ReadableStream(), { headers: { "content-type": "text/event-stream" } })],
  });
  const sandbox = await Sandbox.create("python", { url: service.url, retries: 0, silenceMs: 50 });
  assertStringIncludes((await rejects(sandbox.contexts.create(), "unreachable")).message, "said nothing for 50 ms");
  await rejects(Array.fromAsync(await sandbox.start("1")), "stream_lost");
});

Deno.test("an aborted run() ends its program, whether its id is known or not, and throws the signal's reason", async () => {
  await using service = new FakeService({ [RUN]: [never, accepted, accepted], [SHOW]: [never], [CANCEL]: [] });
  const sandbox = await Sandbox.create("python", service);
  for (const path of [RUN, SHOW]) {
    const controller = new AbortController();
    const running = sandbox.run("1", { signal: controller.signal });
    while (service.lines.at(-1) !== path) await new Promise((resolve) => setTimeout(resolve, 5));
    const reason = new Error("enough");
    controller.abort(reason);
    assertEquals(await running.catch((error) => error), reason);
  }
  assertEquals(service.lines, [RUN, RUN, CANCEL, RUN, SHOW, RUN, CANCEL]);
  const after = service.got.length;
  assertEquals(await sandbox.run("1", { signal: AbortSignal.abort("late") }).catch((error) => error), "late");
  assertEquals(service.got.length, after);
});

Deno.test("an aborted stream ends with the signal's reason, also between two attempts", async () => {
  await using service = new FakeService({ [RUN]: [accepted], [FOLLOW]: [stream([event(1, "started", {})]), never] });
  const program = await (await Sandbox.create("python", service)).start("1");
  const controller = new AbortController();
  const seen: string[] = [];
  const reading = (async () => {
    for await (const { event } of program.events({ signal: controller.signal })) seen.push(event);
  })();
  while (service.lines.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  controller.abort("enough");
  assertEquals(await reading.catch((error) => error), "enough");
  assertEquals(seen, ["started"]);
});

Deno.test("a sandbox that has ended is a conflict, and killing one that is forgotten is no error", async () => {
  const closed: Answer = () => Response.json({ ...SESSION, state: "closed", closedBecause: "idle_timeout" });
  await using service = new FakeService({
    [RUN]: [refuse("conflict", 409)],
    "GET /v1/sessions/sess_1": [closed],
    "DELETE /v1/sessions/sess_1": [refuse("not_found", 404)],
  });
  await using sandbox = await Sandbox.create("python", service);
  await rejects(sandbox.run("1"), "conflict");
  assertStringIncludes((await rejects(Sandbox.connect("sess_1", service), "conflict")).message, "idle_timeout");
});

Deno.test("Files names each path so that neither a URL nor a proxy changes it", async () => {
  await using service = new FakeService({});
  const { files } = await Sandbox.create("python", service);
  const table: [path: string, sent: string][] = [
    ["a/b c.txt", "a/b%20c.txt"],
    ["q?#%.txt", "q%3F%23%25.txt"],
    ["/workspace/a", "%2Fworkspace%2Fa"],
    ["..", ".%2F.."],
    ["a/../../commands", "a%2F..%2F..%2Fcommands"],
    ["a//b", "a%2F%2Fb"],
    ["", ".%2F"],
  ];
  for (const [path, sent] of table) {
    await files.write(path, "x");
    assertEquals(service.lines.at(-1), `PUT /v1/sessions/sess_1/files/${sent}`, path);
  }
});
